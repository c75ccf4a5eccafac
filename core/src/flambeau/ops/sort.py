"""Sorting and searching."""

from __future__ import annotations

from ..table.dispatch import composite, primitive
from ..table.registry import Dim
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from .common import underived
from .movement import copy

_SORTED = (lambda: [Sample(arr(5, distinct=True), 0), Sample(arr(2, 3, distinct=True), -1),
                    Sample(arr(2, 3, distinct=True), 0, descending=True), Sample(arr(), 0), Sample(arr(0), 0)])


@primitive(laws="items:input",
           name="sort", saves="indices input_shape", dtype="same int64", outputs="values indices", dtypes="real",
           exact=True,
           samples=_SORTED)
def sort_op(input: Tensor, dim: Dim, descending: bool = False) -> Tensor:
    """The elements along `dim` in order, stable, and where they came from; NaN is largest."""


_TIES = [3, 1, 3, 2, 3, 1, 2, 2]
_TOP = (lambda: [Sample(arr(7, distinct=True), 3, 0), Sample(arr(2, 5, distinct=True), 2, -1),
                 Sample(arr(4, 3, distinct=True), 2, 0, largest=False),
                 Sample(arr(8, fill=_TIES), 4, 0, gradcheck=False),
                 Sample(arr(8, fill=_TIES), 5, 0, False, gradcheck=False),
                 Sample(arr(16, fill=_TIES * 2), 3, 0, gradcheck=False), Sample(arr(3), 3, 0), Sample(arr(3), 0, 0),
                 Sample(arr(0), 0, 0), Sample(arr(0, 4), 2, 1)])


@composite(laws="items:input",
           name="topk", saves="indices input_shape", dtype="same int64", outputs="values indices", dtypes="real",
           out=False, samples=_TOP)
def topk_op(input: Tensor, k: int, dim: Dim, largest: bool = True) -> Tensor:
    """The first `k` of the stable order along `dim`, largest or smallest first, and where they came from."""
    values, indices = sort_op(input, dim, largest)
    return copy(values.narrow(dim, 0, k)), copy(indices.narrow(dim, 0, k))  # type: ignore[return-value]


@composite(laws="items:input",
           name="rank_place", dtype="int64", dtypes="real", out=False, differentiable=False, fusable=True,
           samples=lambda: [Sample(arr(7, distinct=True), 3, 0), Sample(arr(3, 5, distinct=True), 0, 1),
                            Sample(arr(4, 3, distinct=True), 3, 0), Sample(arr(8, fill=_TIES), 3, 0),
                            Sample(arr(2, 8, fill=_TIES * 2), 6, 1), Sample(arr(0, 4), 2, 1)])
def rank_place(input: Tensor, rank: int, dim: Dim) -> Tensor:
    """Where element number `rank`, from 0, in the stable ascending order along `dim` stands; `dim` has size 1."""
    return copy(sort_op(input, dim)[1].narrow(dim, rank, 1))  # type: ignore[no-any-return]


@primitive(laws="items:sorted_sequence,input",
           name="searchsorted", dtype="int64", dtypes="real number", differentiable=False,
           samples=lambda: [Sample(arr(4, fill=[1, 2, 4, 5]), arr(3, fill=[0, 2, 6]), True),
                            Sample(arr(2, 3, fill=[1, 2, 3, 1, 3, 5]), arr(2, 2, fill=[2, 4, 0, 5]), False)])
def searchsorted_op(sorted_sequence: Tensor, input: Tensor, right: bool = False) -> Tensor:
    """Where each element would be inserted to keep the last dim sorted."""


@composite(name="unique", saves="", nondiff="values", grad_name="NotImplemented", out=False,
           samples=lambda: [Sample(arr(2, 3), arr(4)), Sample(arr(), arr(1))])
def found_in(input: Tensor, values: Tensor) -> Tensor:
    """`values`, the different elements of `input`, in the graph: the walk back stops here."""
    return copy(values)


underived(found_in, "input")
