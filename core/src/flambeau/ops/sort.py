"""Sorting and searching."""

from __future__ import annotations

from ..table.dispatch import primitive
from ..table.registry import Dim
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor

_SORTED = (lambda: [Sample(arr(5, distinct=True), 0), Sample(arr(2, 3, distinct=True), -1),
                    Sample(arr(2, 3, distinct=True), 0, descending=True), Sample(arr(), 0), Sample(arr(0), 0)])


@primitive(name="sort", saves="indices input_shape", dtype="same int64", outputs="values indices", dtypes="real",
           exact=True,
           samples=_SORTED)
def sort_op(input: Tensor, dim: Dim, descending: bool = False) -> Tensor:
    """The elements along `dim` in order, stable, and where they came from; NaN is largest."""


@primitive(name="searchsorted", dtype="int64", dtypes="real number", differentiable=False,
           samples=lambda: [Sample(arr(4, fill=[1, 2, 4, 5]), arr(3, fill=[0, 2, 6]), True),
                            Sample(arr(2, 3, fill=[1, 2, 3, 1, 3, 5]), arr(2, 2, fill=[2, 4, 0, 5]), False)])
def searchsorted_op(sorted_sequence: Tensor, input: Tensor, right: bool = False) -> Tensor:
    """Where each element would be inserted to keep the last dim sorted."""
