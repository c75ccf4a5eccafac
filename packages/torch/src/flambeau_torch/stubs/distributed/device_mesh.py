"""`torch.distributed.device_mesh`: meshes whose every dimension has one rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flambeau
from flambeau.errors import ArgumentError, UnsupportedError, ValueRangeError

from .groups import ProcessGroup, group


class DeviceMesh:
    """The one process as a mesh of one or more dimensions, all of size one.

    Raises UnsupportedError if there are more ranks in the mesh, ValueRangeError if its rank is not 0.
    """

    def __init__(self, device_type: str, mesh: Any, *, mesh_dim_names: Sequence[str] | None = None,
                 **options: Any) -> None:
        ranks = flambeau.as_tensor(mesh, dtype=flambeau.int64)
        if ranks.numel() != 1:
            raise UnsupportedError(f"a mesh of {ranks.numel()} processes was asked for, and there is none but of one",
                                   op="DeviceMesh")
        if ranks.item() != 0:
            raise ValueRangeError(f"rank {ranks.item()} is not in a world of one", op="DeviceMesh")
        if mesh_dim_names is not None and len(mesh_dim_names) != max(ranks.ndim, 1):
            raise ArgumentError(f"mesh_dim_names has {len(mesh_dim_names)} names for {ranks.ndim} dimensions",
                                op="DeviceMesh")
        self.device_type, self.mesh = device_type, ranks
        self.mesh_dim_names = None if mesh_dim_names is None else tuple(mesh_dim_names)

    @property
    def ndim(self) -> int:
        """How many dimensions the mesh has."""
        return int(self.mesh.ndim)

    @property
    def shape(self) -> tuple[int, ...]:
        """One for each dimension."""
        return tuple(self.mesh.shape)

    def size(self, mesh_dim: int | None = None) -> int:
        """1."""
        return 1 if mesh_dim is None else int(self.mesh.shape[mesh_dim])

    def get_rank(self) -> int:
        """0."""
        return 0

    def get_local_rank(self, mesh_dim: int | str | None = None) -> int:
        """0."""
        return 0

    def get_coordinate(self) -> list[int]:
        """Zeros: the one process stands at the beginning of each dimension."""
        return [0] * self.ndim

    def get_group(self, mesh_dim: int | str | None = None) -> Any:
        """The world's group, or a group of one where the world has not begun."""
        return group.WORLD or ProcessGroup()

    def __getitem__(self, names: str | tuple[str, ...]) -> DeviceMesh:
        """The mesh of the dimensions of these names."""
        wanted = (names,) if isinstance(names, str) else names
        unknown = [name for name in wanted if name not in (self.mesh_dim_names or ())]
        if unknown:
            raise ArgumentError(f"{unknown[0]!r} is not in mesh_dim_names {self.mesh_dim_names}", op="DeviceMesh")
        return DeviceMesh(self.device_type, self.mesh.reshape([1] * len(wanted)), mesh_dim_names=wanted)

    def __repr__(self) -> str:
        return f"DeviceMesh({self.device_type!r}, {self.mesh.tolist()}, mesh_dim_names={self.mesh_dim_names})"


def init_device_mesh(device_type: str, mesh_shape: Sequence[int], *, mesh_dim_names: Sequence[str] | None = None,
                     **options: Any) -> DeviceMesh:
    """A mesh of this shape, each size of which is one.

    Raises UnsupportedError if the shape has room for more processes.
    """
    total = 1
    for size in mesh_shape:
        total *= size
    if total != 1:
        raise UnsupportedError(f"a mesh of {total} processes was asked for, and there is none but of one",
                               op="init_device_mesh")
    return DeviceMesh(device_type, flambeau.zeros(tuple(mesh_shape), dtype=flambeau.int64),
                      mesh_dim_names=mesh_dim_names)


__all__ = ["DeviceMesh", "init_device_mesh"]
