"""Sorting and searching."""

from __future__ import annotations

from typing import Any

from ..dispatch import primitive, return_type
from ..errors import ValueRangeError
from ..registry import Dim
from ..samples import Sample, arr
from ..shapes import canonical_dim
from ..tensor import Tensor, attach

_SORTED = (lambda: [Sample(arr(5, distinct=True), 0), Sample(arr(2, 3, distinct=True), -1),
                    Sample(arr(2, 3, distinct=True), 0, descending=True), Sample(arr(), 0), Sample(arr(0), 0)])


@primitive(name="sort", saves="indices input_shape", dtype="same int64", outputs="values indices", dtypes="real",
           samples=_SORTED)
def sort_op(input: Tensor, dim: Dim, descending: bool = False) -> Tensor:
    """The elements along `dim` in order, stable, and where they came from; NaN is largest."""


@sort_op.grad("input")
def _(g, indices, input_shape, *, dim):
    from .create import zeros_of
    from .index import scatter_add

    return scatter_add(zeros_of(g, input_shape), dim, indices, g)


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None, *, out: Any = None) -> Any:
    """The elements along `dim` in order and the indices they came from; always stable."""
    return sort_op(input, dim, descending, out=out)


attach(sort, "sort")


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort the elements along `dim`; always stable."""
    return sort_op(input, dim, descending)[1]  # type: ignore[no-any-return]


attach(argsort, "argsort")

topk_result = return_type("topk", ("values", "indices"))
max_result = return_type("max", ("values", "indices"))
min_result = return_type("min", ("values", "indices"))
median_result = return_type("median", ("values", "indices"))


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: Any = None) -> Any:
    """The `k` largest (or smallest) elements along `dim`, in order, and their indices."""
    dim = canonical_dim("topk", dim, input.ndim)
    size = input._array.shape[dim] if input.ndim else 1
    if not 0 <= k <= size:
        raise ValueRangeError(f"selected index k={k} out of range for a dim of size {size}", op="topk")
    values, indices = sort_op(input, dim, largest)
    if not input.ndim:
        return topk_result(values, indices)
    return topk_result(values.narrow(dim, 0, k), indices.narrow(dim, 0, k))


attach(topk, "topk")


@primitive(name="searchsorted", dtype="int64", dtypes="real number", differentiable=False,
           samples=lambda: [Sample(arr(4, fill=[1, 2, 4, 5]), arr(3, fill=[0, 2, 6]), True),
                            Sample(arr(2, 3, fill=[1, 2, 3, 1, 3, 5]), arr(2, 2, fill=[2, 4, 0, 5]), False)])
def searchsorted_op(sorted_sequence: Tensor, input: Tensor, right: bool = False) -> Tensor:
    """Where each element would be inserted to keep the last dim sorted."""


def searchsorted(sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False,
                 side: str | None = None, sorter: Tensor | None = None, out: Tensor | None = None) -> Tensor:
    """Where each element of `input` would go in the sorted last dimension, before or after equals."""
    if sorter is not None:
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    if not isinstance(input, Tensor):
        input = sorted_sequence.new_tensor(input)
    found = searchsorted_op(sorted_sequence, input, right or side == "right", out=out)
    return found.int() if out_int32 else found


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False,
              out: Tensor | None = None) -> Tensor:
    """The bucket between sorted `boundaries` that each element falls in."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)

__all__ = [
    "argsort", "bucketize", "searchsorted", "sort", "topk",
]
