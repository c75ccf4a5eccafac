"""Order statistics: the element in the middle."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..table.dispatch import composite
from ..table.lifting import lift
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor
from .arithmetic import maximum
from .compare import eq, ne, where_op
from .create import cast, zeros_of
from .index import gather
from .movement import reshape
from .reduce import argmax, shared_by_all, sum
from .sort import rank_place, sort_op


def ordered(input: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The elements in order and their places, outside the graph; at least one dimension."""
    return sort_op(rows(input), dim)  # type: ignore[no-any-return]


def rows(input: Tensor) -> Tensor:
    """The tensor outside the graph, with at least one dimension."""
    flat = input.detach()
    return flat if flat.ndim else reshape(flat, (1,))


def as_input(place: Tensor, input: Tensor) -> Tensor:
    return place if input.ndim else reshape(place, ())


def median_place(name: str, input: Tensor, dim: int) -> Tensor:
    if name == "nanmedian":
        values, order = ordered(input, dim)
        numbers = sum(eq(values, values), dim, True)
        return as_input(gather(order, dim, maximum((numbers - 1) // 2, lift(numbers, 0))), input)
    flat = rows(input)
    place = rank_place(flat, (flat._array.shape[dim] - 1) // 2, dim)
    if not input.dtype.is_floating_point:
        return as_input(place, input)
    unknown = cast(ne(flat, flat), dtypes.uint8)
    first = argmax(unknown, dim, True)
    return as_input(where_op(gather(unknown, dim, first).bool(), first, place), input)


def _median_op(name: str) -> Any:
    def body(input: Tensor) -> Tensor:
        if not input.numel():
            return zeros_of(input, ()) + (float("nan") if input.dtype.is_floating_point else 0)
        flat = reshape(input, (-1,))
        return reshape(gather(flat, 0, median_place(name, flat, 0)), ())

    body.__name__, body.__doc__ = name, "The lower median of all elements. Ties share the gradient."
    made = composite(compute="float32", name=name, saves="input out", dtypes="real number", out=False,
                     samples=lambda: [Sample(arr(5, distinct=True)), Sample(arr(2, 3, distinct=True)),
                                      Sample(arr())])(body)
    made.grad("input")(shared_by_all)
    return made


median_all = _median_op("median")
nanmedian_all = _median_op("nanmedian")
