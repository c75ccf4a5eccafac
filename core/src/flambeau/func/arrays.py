"""The arrays of a level of `vmap`: tensors of the level below."""

from __future__ import annotations

from ..tensors.tensor import Tensor


class Batched:
    """An array of a level: `value` is a tensor of the level below, `size` the length of its first dim, the batch.

    `size` is None where every example has the same elements, and then `value` has no batch.
    """

    __slots__ = ("shape", "size", "value")

    def __init__(self, value: Tensor, size: int | None) -> None:
        self.value, self.size = value, size
        shape = value._array.shape
        self.shape = tuple(shape) if size is None else tuple(shape[1:])
