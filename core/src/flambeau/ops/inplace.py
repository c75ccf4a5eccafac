"""What in-place writes leave on the tape."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..table.dispatch import composite
from ..table.registry import TABLE
from ..table.samples import Sample, arr
from ..tensors import views
from ..tensors.tensor import Tensor, wrap
from .create import nothing
from .index import laid, scatter
from .movement import copy, expand_op, reshape


@composite(laws="elementwise",
           name="copied", saves="src_shape", dtype="same", grad_name="CopyBackwards", kinds="T T", out=False,
           samples=lambda: [Sample(arr(2, 3), arr(3)), Sample(arr(2), arr())])
def _copied(input: Tensor, src: Tensor) -> Tensor:
    """`src` spread over the shape of `input`: what copying into it leaves."""
    return copy(expand_op(src, tuple(input._array.shape)))


@_copied.grad("input")
def _(g):
    return nothing(g)


@_copied.grad("src")
def _(g):
    return g  # the walk sums it to the source's shape


@composite(name="copy_slices", saves="", grad_name="CopySlices", out=False)
def _copy_slices(input: Tensor, src: Tensor, replay: Any, layout: Any = None) -> Tensor:
    """`input` with the region that the view ops in `replay` lead to replaced by `src`.

    `layout` says where input's elements lie in memory, if the ops ask for that.
    """
    made = _copied_out(input, layout)
    views.replay(made, replay).copy_(src)
    return made


def _copied_out(g, layout):
    return copy(g) if layout is None else laid(g, layout)


@_copy_slices.grad("input")
def _(g, *, replay, layout):
    rest = _copied_out(g, layout)
    try:
        region = views.replay(rest, replay)
    except ShapeError:  # the base was laid out in another order than the gradient
        return _without(g, replay)
    region.copy_(region.new_zeros(()))
    return rest


@_copy_slices.grad("src")
def _(g, *, replay, layout):
    return _region(g if layout is None else laid(g, layout), replay)


def _region(g, replay):
    """The region of a tensor of any layout: a view that its strides do not allow becomes a copy."""
    for op, attrs in replay:
        g = reshape(g, attrs["size"]) if op.name == "view" else op.call(g, **(attrs or {}))
    return g


def _without(g, replay):
    """`g` with zeros in the region, by the numbers of its elements."""
    numbers = TABLE["arange"].kernels[g._kind.int64](start=0, step=1, length=g.numel(), dtype=g._kind.int64.dtype)
    positions = _region(reshape(wrap(numbers, g._kind.int64), tuple(g.shape)), replay)
    flat = reshape(positions, (-1,))
    kept = scatter(reshape(g, (-1,)), 0, flat, g.new_zeros(tuple(flat.shape)))
    return reshape(kept, tuple(g.shape))
