"""Transforms that put several others side by side along a dim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...functions import cat, stack
from ...tensors.tensor import Tensor
from .. import constraints
from ..utils import lazy_property, sum_rightmost
from .base import Transform, require


class _Parts(Transform):
    """A list of transforms along `dim`."""

    def __init__(self, tseq: Sequence[Transform], dim: int, cache_size: int) -> None:
        require(all(isinstance(t, Transform) for t in tseq), "All elements of tseq must be Transform instances")
        super().__init__(cache_size=cache_size)
        self.transforms = [t.with_cache(cache_size) for t in tseq] if cache_size else list(tseq)
        self.dim = dim

    @property
    def bijective(self) -> Any:
        return all(t.bijective for t in self.transforms)

    def _require_size(self, name: str, value: Tensor, size: int, what: str) -> None:
        require(-value.dim() <= self.dim < value.dim(),
                f"dim {self.dim} out of range for {name} with {value.dim()} dimensions")
        require(value.size(self.dim) == size,
                f"{name}.size({self.dim}) = {value.size(self.dim)} must equal {what} {size}")


class CatTransform(_Parts):
    """Each transform on its stretch of `dim`, of the lengths given.

    >>> import flambeau
    >>> from flambeau.distributions import ComposeTransform, ExpTransform
    >>> both = CatTransform([ExpTransform(), ComposeTransform([])], dim=0, lengths=[1, 2])
    >>> both(flambeau.zeros(3))
    tensor([1., 0., 0.])
    """

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, lengths: Sequence[int] | None = None,
                 cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        require(len(self.lengths) == len(self.transforms),
                f"lengths ({len(self.lengths)}) must match transforms ({len(self.transforms)})")

    @lazy_property
    def event_dim(self) -> int:
        return max(t.event_dim for t in self.transforms)

    @lazy_property
    def length(self) -> int:
        return sum(self.lengths)

    def with_cache(self, cache_size: int = 1) -> Transform:
        if self._cache_size == cache_size:
            return self
        return CatTransform(self.transforms, self.dim, self.lengths, cache_size)

    def _pieces(self, name: str, value: Tensor) -> list[Tensor]:
        self._require_size(name, value, self.length, "length")
        starts = [sum(self.lengths[:i]) for i in range(len(self.lengths))]
        return [value.narrow(self.dim, start, n) for start, n in zip(starts, self.lengths, strict=True)]

    def _call(self, x: Tensor) -> Tensor:
        return cat([t(piece) for t, piece in zip(self.transforms, self._pieces("x", x), strict=True)], dim=self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        pieces = self._pieces("y", y)
        return cat([t.inv(piece) for t, piece in zip(self.transforms, pieces, strict=True)], dim=self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        terms = []
        for t, part, image in zip(self.transforms, self._pieces("x", x), self._pieces("y", y), strict=True):
            terms.append(sum_rightmost(t.log_abs_det_jacobian(part, image), self.event_dim - t.event_dim))
        dim = self.dim - x.dim() if self.dim >= 0 else self.dim
        dim += self.event_dim
        if dim < 0:
            return cat(terms, dim=dim)
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    @constraints.dependent_property
    def domain(self) -> Any:
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @constraints.dependent_property
    def codomain(self) -> Any:
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)


class StackTransform(_Parts):
    """Each transform on its place along `dim`.

    >>> import flambeau
    >>> from flambeau.distributions import ComposeTransform, ExpTransform
    >>> both = StackTransform([ExpTransform(), ComposeTransform([])], dim=0)
    >>> both(flambeau.zeros(2))
    tensor([1., 0.])
    """

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self._cache_size == cache_size else StackTransform(self.transforms, self.dim, cache_size)

    def _slices(self, name: str, value: Tensor) -> list[Tensor]:
        self._require_size(name, value, len(self.transforms), "len(transforms)")
        return [value.select(self.dim, i) for i in range(value.size(self.dim))]

    def _call(self, x: Tensor) -> Tensor:
        return stack([t(part) for part, t in zip(self._slices("x", x), self.transforms, strict=True)], dim=self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        slices = self._slices("y", y)
        return stack([t.inv(part) for part, t in zip(slices, self.transforms, strict=True)], dim=self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        pairs = zip(self._slices("x", x), self._slices("y", y), self.transforms, strict=True)
        return stack([t.log_abs_det_jacobian(part, image) for part, image, t in pairs], dim=self.dim)

    @constraints.dependent_property
    def domain(self) -> Any:
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @constraints.dependent_property
    def codomain(self) -> Any:
        return constraints.stack([t.codomain for t in self.transforms], self.dim)
