"""`torch.distributed.tensor.placement_types`: how a tensor would lie on a mesh; values that plans are written with."""

from __future__ import annotations

from dataclasses import dataclass, field


class Placement:
    """How a tensor lies along one dimension of a mesh."""

    def is_shard(self, dim: int | None = None) -> bool:
        """Whether each rank has a part, and, if `dim` is given, along that dimension."""
        return isinstance(self, Shard) and dim in (None, self.dim)

    def is_replicate(self) -> bool:
        """Whether each rank has the whole."""
        return isinstance(self, Replicate)

    def is_partial(self) -> bool:
        """Whether each rank has a term of the whole."""
        return isinstance(self, Partial)


@dataclass(frozen=True)
class Shard(Placement):
    """Each rank has a part along a dimension."""

    dim: int


@dataclass(frozen=True)
class _StridedShard(Shard):
    """A part of each of `split_factor` groups along a dimension."""

    split_factor: int = field(kw_only=True)


@dataclass(frozen=True)
class Replicate(Placement):
    """Each rank has the whole."""


@dataclass(frozen=True)
class Partial(Placement):
    """Each rank has a term of the whole."""

    reduce_op: str = "sum"


__all__ = ["Partial", "Placement", "Replicate", "Shard"]
