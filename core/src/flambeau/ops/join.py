"""Joining tensors and taking them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..dispatch import primitive
from ..errors import ArgumentError, DimError, ShapeError, ValueRangeError
from ..registry import Dim
from ..samples import Sample, arr
from ..shapes import as_size, canonical_dim
from ..tensor import Tensor, attach
from .movement import narrow_op, reshape, select, unsqueeze


def _cat_rule(tensors: Any, *, dim: int) -> None:
    first = tensors[0]
    for i, x in enumerate(tensors):
        if x.ndim != first.ndim:
            raise ShapeError(f"tensors must have the same number of dimensions: got {first.ndim} and {x.ndim}"
                             f" (tensor {i})", op="cat")
        for d, (a, b) in enumerate(zip(first.shape, x.shape, strict=True)):
            if a != b and d != dim:
                raise ShapeError(f"sizes of tensors must match except in dimension {dim}. Expected size {a} but got"
                                 f" size {b} for tensor number {i} in the list", op="cat")


@primitive(name="cat", saves="tensors", shape_rule=_cat_rule,
           samples=lambda: [Sample([arr(2, 3), arr(1, 3)], 0), Sample([arr(2, 3), arr(2, 2), arr(2, 0)], 1)])
def cat_op(tensors: Sequence[Tensor], dim: Dim) -> Tensor:
    """Tensors joined along an existing dimension."""


@cat_op.grad("tensors")
def _(g, tensors, *, dim):
    grads, start = [], 0
    for x in tensors:
        length = x._array.shape[dim]
        grads.append(narrow_op(g, dim, start, length))
        start += length
    return grads


def cat(tensors: Any, dim: int = 0, *, out: Tensor | None = None, axis: int | None = None) -> Tensor:
    """Tensors joined along `dim`; sizes must agree elsewhere, dtypes are promoted.

    >>> import flambeau
    >>> flambeau.cat([flambeau.zeros(2), flambeau.ones(1)])
    tensor([0., 0., 1.])
    """
    if not isinstance(tensors, (tuple, list)):
        raise ArgumentError(f"tensors must be a tuple or list of Tensors, got {type(tensors).__name__}", op="cat")
    if not tensors:
        raise ValueRangeError("expected a non-empty list of Tensors", op="cat")
    for x in tensors:
        if not isinstance(x, Tensor):
            raise ArgumentError(f"expected Tensors, got {type(x).__name__}", op="cat")
        if not x.ndim:
            raise ShapeError("zero-dimensional tensor cannot be concatenated", op="cat")
    dim = dim if axis is None else axis
    like = next((x for x in tensors if x._array.shape != (0,)), None)
    if like is not None and any(x._array.shape == (0,) for x in tensors):
        tensors = _beside(tensors, tuple(like._array.shape), canonical_dim("cat", dim, like.ndim))
    return cat_op(tensors, dim, out=out)


def _beside(tensors: Any, shape: tuple[int, ...], dim: int) -> list[Tensor]:
    """PyTorch's legacy: an empty 1-d tensor joins anything, as a part of size 0."""
    empty = (*shape[:dim], 0, *shape[dim + 1 :])
    return [reshape(x, empty) if x._array.shape == (0,) else x for x in tensors]


concat = concatenate = cat


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The parts along `dim`, that dimension dropped; views."""
    if not input.ndim:
        raise DimError("dimension specified as 0 but tensor has no dimensions", op="unbind", dim=dim, ndim=0)
    dim = canonical_dim("unbind", dim, input.ndim)
    return tuple(select(input, dim, i) for i in range(input._array.shape[dim]))


attach(unbind, "unbind")


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts along `dim`: each of the given size (the last may be smaller), or of the sizes listed; views."""
    if not tensor.ndim:
        raise ShapeError("split expects at least a 1-dimensional tensor", op="split")
    dim = canonical_dim("split", dim, tensor.ndim)
    size = tensor._array.shape[dim]
    sections = split_size_or_sections
    if isinstance(sections, int):
        if sections < 0 or (sections == 0 and size):
            raise ShapeError(f"split expects split_size be positive, got {sections} for a dim of size {size}",
                             op="split")
        sections = [min(sections, size - i) for i in range(0, size, sections)] if size else [size]
    sections = as_size("split", sections, "split_size_or_sections")
    if sum(sections) != size or min(sections, default=0) < 0:
        raise ShapeError(f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at"
                         f" dimension {dim}), but got split_sizes={list(sections)}", op="split")
    parts, start = [], 0
    for length in sections:
        parts.append(narrow_op(tensor, dim, start, length))
        start += length
    return tuple(parts)


attach(lambda self, split_size, dim=0: split(self, split_size, dim), "split")
split_with_sizes = split
attach(split, "split_with_sizes")


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of one size along `dim` (the last may be smaller); views."""
    if chunks < 1:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}", op="chunk")
    if not input.ndim:
        raise ShapeError("chunk expects at least a 1-dimensional tensor", op="chunk")
    size = input._array.shape[canonical_dim("chunk", dim, input.ndim)]
    if not size:
        return split(input, [0] * chunks, dim)
    return split(input, -(-size // chunks), dim)


attach(chunk, "chunk")


def stack(tensors: Any, dim: int = 0, *, out: Tensor | None = None, axis: int | None = None) -> Tensor:
    """Tensors of one shape joined along a new dimension `dim`."""
    if not tensors:
        raise ShapeError("stack expects a non-empty TensorList", op="stack")
    dim = dim if axis is None else axis
    first = tensors[0]
    for i, x in enumerate(tensors):
        if x._array.shape != first._array.shape:
            raise ShapeError(f"stack expects each tensor to be equal size, but got {list(first.shape)} at entry 0 and"
                             f" {list(x.shape)} at entry {i}", op="stack")
    dim = canonical_dim("stack", dim, first.ndim + 1)
    return cat([unsqueeze(x, dim) for x in tensors], dim, out=out)

__all__ = [
    "cat", "chunk", "concat", "concatenate", "split", "split_with_sizes", "stack", "unbind",
]
