"""In-place writes: copy_, fill_, zero_, and the in-place forms of handwritten functions."""

from __future__ import annotations

from typing import Any

from ...contract.device import Kind
from ...errors import ArgumentError, ShapeError
from ...modes import grad_enabled
from ...ops.inplace import _copied
from ...shapes import canonical_dim, expanded_size
from ...table.registry import TABLE, TakeSlowPath
from ...tensors import views
from ...tensors.tensor import Tensor, alias, attach, named

_assigns = TABLE["assign"].kernels


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Writes `src`, broadcast and converted to this dtype and device, into this tensor."""
    try:
        kind = self._kind
        if (src._kind is kind and src._array.shape == self._array.shape and _alone(self, kind)
                and not (src._requires_grad and grad_enabled())):
            _assigns[kind](self._array, src._array)
            views.bump(self)
            return self
    except (AttributeError, TakeSlowPath):
        pass
    return _copy(self, src)


def _copy(self: Tensor, src: Any) -> Tensor:
    if not isinstance(src, Tensor):
        raise ArgumentError(f"src must be a Tensor, got {type(src).__name__}", op="copy_")
    if self._view is not None:
        views.check_distinct("copy_", self)
    return _write("copy_", self, src)


def _alone(target: Tensor, kind: Kind) -> bool:
    """Whether a write into the tensor's own memory is all there is to do."""
    return (not target._requires_grad and (target._view is None or views.writable(target._view))
            and kind.device.backend.shared_views)


def _write(op: str, self: Tensor, src: Tensor) -> Tensor:
    expanded_size(op, tuple(src._array.shape), tuple(self._array.shape))
    if src._kind.device is not self._kind.device:
        src = src.to(self.device)
    if not self._requires_grad and not src._requires_grad:
        views.check_writable(op, self)
        return views.store(self, src)
    src = src.to(self.dtype)
    return views.update(self, _copied, src, op_name=op)


_fillings: dict[tuple[Any, ...], Any] = {}  # (kind, type, number) that fits -> its array; no zeros with a sign


def fill_(self: Tensor, value: Any) -> Tensor:
    """Sets every element to `value`, a number or a 0-d tensor."""
    try:
        kind = self._kind
        filling = _fillings[kind, type(value), value]
        if _alone(self, kind):
            _assigns[kind](self._array, filling)
            views.bump(self)
            return self
    except (KeyError, TypeError):
        pass
    return _fill(self, value)


def _fill(self: Tensor, value: Any) -> Tensor:
    if isinstance(value, Tensor):
        if value.ndim:
            raise ShapeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim}"
                             " dimensions.", op="fill_")
        return _write("fill_", self, value)
    filling = self.new_full((), value)
    if value == value and (value or isinstance(value, int)):
        if len(_fillings) > 4096:
            _fillings.clear()
        _fillings[self._kind.plain, type(value), value] = filling._array
    return _write("fill_", self, filling)


_zeros: dict[Kind, Any] = {}  # of backends whose arrays can change


def zero_(self: Tensor) -> Tensor:
    """Sets every element to zero."""
    kind = self._kind
    if self._view is None and not self._requires_grad and kind in _zeros:
        _assigns[kind](self._array, _zeros[kind])
        cell = self._version
        if cell is None:
            self._version = [1, None]
        else:
            cell[0] += 1
        return self
    if kind.plain not in _zeros and kind.device.backend.shared_views:
        _zeros[kind.plain] = self.new_zeros(())._array
    return fill_(self, 0)


attach(copy_, "copy_")
attach(fill_, "fill_")
attach(zero_, "zero_")


def in_place(name: str, function: Any) -> None:
    """Attaches `name_` to Tensor as the in-place form of `function(self, ...)`."""
    attach(views.inplace_method(name, function), f"{name}_")


def _comparison(name: str) -> Any:
    call = TABLE[name].call
    return lambda self, other: call(self, other).to(self.dtype)


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    in_place(_name, _comparison(_name))


def _running(name: str) -> Any:
    """`cumsum` or `cumprod` in the tensor's own dtype, for which bool has no numbers."""
    op = TABLE[name]

    def run(self: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
        canonical_dim(f"{name}_", dim, self.ndim)
        if self.ndim and self.numel():  # one number, and no number, are what they are
            op.check_sums(self._kind.dtype)
        made = op.call(self, dim, dtype=dtype)
        return made if self._kind.dtype.category else made.to(self._kind.dtype)  # type: ignore[no-any-return]

    return run


for _name in ("cumsum", "cumprod"):
    in_place(_name, _running(_name))


def _reshaping(name: str, function: Any) -> None:
    """In-place changes of shape: the tensor becomes the view."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        views.check_writable(f"{name}_", self)
        return views.take_shape(self, function(alias(self), *args, **kwargs))

    method.__doc__ = f"In-place version of `{name}`."
    attach(named(method, f"{name}_"), f"{name}_")


for _name in ("squeeze", "unsqueeze", "transpose", "t", "swapaxes", "swapdims", "as_strided"):
    _reshaping(_name, getattr(Tensor, _name))
