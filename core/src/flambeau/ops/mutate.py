"""In-place writes: copy_, fill_, zero_, masked_fill_ and the in-place forms of handwritten functions."""

from __future__ import annotations

from typing import Any

from .. import views
from ..dispatch import composite
from ..errors import ArgumentError, ShapeError
from ..registry import TABLE
from ..samples import Sample, arr
from ..shapes import expanded_size
from ..tensor import Tensor, alias, attach, wrap
from . import index as indexed
from . import movement


@composite(name="copied", saves="src_shape", dtype="same", grad_name="CopyBackwards", kinds="T T", out=False,
           samples=lambda: [Sample(arr(2, 3), arr(3)), Sample(arr(2), arr())])
def _copied(input: Tensor, src: Tensor) -> Tensor:
    """`src` spread over the shape of `input`: what copying into it leaves."""
    return movement.copy(movement.expand_op(src, tuple(input._array.shape)))


@_copied.grad("input")
def _(g):
    return g * 0


@_copied.grad("src")
def _(g):
    return g  # the walk sums it to the source's shape


@composite(name="copy_slices", saves="", grad_name="CopySlices", out=False)
def _copy_slices(input: Tensor, src: Tensor, replay: Any) -> Tensor:
    """`input` with the region that the view ops in `replay` lead to replaced by `src`."""
    made = movement.copy(input)
    views.replay(made, replay).copy_(src)
    return made


@_copy_slices.grad("input")
def _(g, *, replay):
    rest = movement.copy(g)
    try:
        region = views.replay(rest, replay)
    except ShapeError:  # the base was laid out in another order than the gradient
        return _without(g, replay)
    region.copy_(region.new_zeros(()))
    return rest


@_copy_slices.grad("src")
def _(g, *, replay):
    return _region(g, replay)


def _region(g, replay):
    """The region of a tensor of any layout: a view that its strides do not allow becomes a copy."""
    for op, attrs in replay:
        g = movement.reshape(g, attrs["size"]) if op.name == "view" else op.call(g, **(attrs or {}))
    return g


def _without(g, replay):
    """`g` with zeros in the region, by the numbers of its elements."""
    numbers = TABLE["arange"].kernels[g._kind.int64](start=0, step=1, length=g.numel(), dtype=g._kind.int64.dtype)
    positions = _region(movement.reshape(wrap(numbers, g._kind.int64), tuple(g.shape)), replay)
    flat = movement.reshape(positions, (-1,))
    kept = indexed.scatter(movement.reshape(g, (-1,)), 0, flat, g.new_zeros(tuple(flat.shape)))
    return movement.reshape(kept, tuple(g.shape))


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Writes `src`, broadcast and converted to this dtype and device, into this tensor."""
    if not isinstance(src, Tensor):
        raise ArgumentError(f"src must be a Tensor, got {type(src).__name__}", op="copy_")
    if self._view is not None:
        views.check_distinct("copy_", self)
    return _write("copy_", self, src)


def _write(op: str, self: Tensor, src: Tensor) -> Tensor:
    expanded_size(op, tuple(src._array.shape), tuple(self._array.shape))
    if src._kind.device is not self._kind.device:
        src = src.to(self.device)
    if not self._requires_grad and not src._requires_grad:
        return views.store(self, src)
    src = src.to(self.dtype)
    return views.update(self, _copied, src, op_name=op)


def fill_(self: Tensor, value: Any) -> Tensor:
    """Sets every element to `value`, a number or a 0-d tensor."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise ShapeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim}"
                             " dimensions.", op="fill_")
        return _write("fill_", self, value)
    return _write("fill_", self, self.new_full((), value))


attach(copy_, "copy_")
attach(fill_, "fill_")
attach(lambda self: fill_(self, 0), "zero_")


def in_place(name: str, function: Any) -> None:
    """Attaches `name_` to Tensor as the in-place form of `function(self, ...)`."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return views.update(self, function, *args, op_name=f"{name}_", **kwargs)

    method.__name__ = method.__qualname__ = f"{name}_"
    method.__doc__ = f"In-place version of `{name}`."
    setattr(Tensor, f"{name}_", method)


in_place("masked_fill", indexed.masked_fill)
in_place("scatter", indexed.scatter)


def _comparison(name: str) -> Any:
    call = TABLE[name].call
    return lambda self, other: call(self, other).to(self.dtype)


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    in_place(_name, _comparison(_name))


def _reshaping(name: str, function: Any) -> None:
    """In-place changes of shape: the tensor becomes the view."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        views.check_writable(f"{name}_", self)
        made = function(self if self._node is None else alias(self), *args, **kwargs)
        self._array, self._node = made._array, made._node
        return self

    method.__doc__ = f"In-place version of `{name}`."
    setattr(Tensor, f"{name}_", method)


for _name in ("squeeze", "unsqueeze", "transpose", "t", "swapaxes", "swapdims", "as_strided"):
    _reshaping(_name, getattr(Tensor, _name))
