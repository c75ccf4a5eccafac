"""Layers that only change the shape."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from ..tensors.tensor import Tensor
from .module import Module


class Flatten(Module):
    """Joins the dims from `start_dim` to `end_dim` into one; by default all but the first.

    >>> import flambeau
    >>> Flatten()(flambeau.ones(2, 3, 4)).shape
    flambeau.Size([2, 12])
    """

    __constants__ = ("start_dim", "end_dim")

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Splits the dim `dim` into the sizes `unflattened_size`. Raises ArgumentError unless these are ints."""

    __constants__ = ("dim", "unflattened_size")

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            raise ArgumentError("unflattened_size must be a tuple of ints, but found type "
                                f"{type(unflattened_size).__name__}")
        for position, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise ArgumentError("unflattened_size must be tuple of ints, but found element of type "
                                    f"{type(size).__name__} at pos {position}")
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
