"""Joining tensors and taking them apart."""

from __future__ import annotations

from typing import Any

from ...errors import DimError, ShapeError
from ...ops.movement import cat, narrow_op, stack
from ...shapes import as_size, canonical_dim
from ...tensors.tensor import Tensor, attach
from .views import select

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

__all__ = [
    "cat", "chunk", "concat", "concatenate", "split", "split_with_sizes", "stack", "unbind",
]
