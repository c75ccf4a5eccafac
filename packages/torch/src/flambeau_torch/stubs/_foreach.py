"""`torch._foreach_*`: one function over lists of tensors, as optimizers and schedulers of programs call them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flambeau
from flambeau import Tensor
from flambeau.errors import ShapeError

_UNARY = (
    "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "erf", "erfc", "exp", "expm1", "floor", "frac", "lgamma",
    "log", "log10", "log1p", "log2", "neg", "reciprocal", "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "sqrt",
    "tan", "tanh", "trunc", "zero",
)
_BINARY = ("add", "sub", "mul", "div", "maximum", "minimum", "clamp_max", "clamp_min", "pow")
_TERNARY = ["addcmul", "addcdiv"]


def _rows(op: str, count: int, other: Any) -> list[Any]:
    """What meets each tensor: the elements of a list of as many, or one number or tensor for all."""
    if isinstance(other, (list, tuple)):
        if len(other) != count:
            raise ShapeError(f"Tensor lists must have the same number of tensors, got {count} and {len(other)}", op=op)
        return list(other)
    if isinstance(other, Tensor) and other.ndim == 1 and other.numel() == count and op.startswith("_foreach_addc"):
        return other.tolist()
    return [other] * count


def _method(tensor: Any, name: str, inplace: bool, *args: Any, **kwargs: Any) -> Any:
    if name in ("maximum", "minimum") or (name in ("clamp_max", "clamp_min") and isinstance(args[0], Tensor)):
        made = getattr(flambeau, "minimum" if name in ("minimum", "clamp_max") else "maximum")(
            tensor, args[0] if isinstance(args[0], Tensor) else tensor.new_full((), args[0]))
        return tensor.copy_(made) if inplace else made
    return getattr(tensor, f"{name}_" if inplace else name)(*args, **kwargs)


def _made(name: str, inplace: bool, run: Callable[..., list[Any]]) -> Callable[..., Any]:
    def call(self: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        made = run(self, *args, **kwargs)
        return None if inplace else made

    call.__name__ = call.__qualname__ = f"_foreach_{name}{'_' if inplace else ''}"
    call.__doc__ = f"`{name}` of every tensor of a list{', in place' if inplace else ''}."
    return call


def _unary(name: str, inplace: bool) -> Any:
    return _made(name, inplace, lambda self: [_method(t, name, inplace) for t in self])


def _binary(name: str, inplace: bool) -> Any:
    def run(self: Any, other: Any, *, alpha: Any = 1) -> list[Any]:
        extra = {"alpha": alpha} if alpha != 1 else {}
        return [_method(t, name, inplace, o, **extra)
                for t, o in zip(self, _rows(f"_foreach_{name}", len(self), other), strict=True)]

    return _made(name, inplace, run)


def _ternary(name: str, inplace: bool) -> Any:
    def run(self: Any, tensor1: Any, tensor2: Any, value: Any = 1, *, scalars: Any = None) -> list[Any]:
        values = _rows(f"_foreach_{name}", len(self), value if scalars is None else scalars)
        return [_method(t, name, inplace, a, b, value=v)
                for t, a, b, v in zip(self, tensor1, tensor2, values, strict=True)]

    return _made(name, inplace, run)


def _lerp(inplace: bool) -> Any:
    def run(self: Any, tensors1: Any, weight: Any = None, *, weights: Any = None) -> list[Any]:
        chosen = _rows("_foreach_lerp", len(self), weight if weights is None else weights)
        return [_method(t, "lerp", inplace, o, w) for t, o, w in zip(self, tensors1, chosen, strict=True)]

    return _made("lerp", inplace, run)


for _inplace in (False, True):
    for _names, _maker in ((_UNARY, _unary), (_BINARY, _binary), (_TERNARY, _ternary)):
        for _name in _names:
            globals()[f"_foreach_{_name}{'_' if _inplace else ''}"] = _maker(_name, _inplace)
    globals()[f"_foreach_lerp{'_' if _inplace else ''}"] = _lerp(_inplace)


def _foreach_norm(self: Sequence[Any], ord: float = 2, dtype: Any = None) -> list[Any]:
    """The norm of every tensor of a list."""
    return [flambeau.norm(t if dtype is None else t.to(dtype), ord) for t in self]


def _foreach_max(self: Sequence[Any]) -> list[Any]:
    """The largest element of every tensor of a list."""
    return [t.max() for t in self]


def _foreach_clone(self: Sequence[Any]) -> list[Any]:
    """A copy of every tensor of a list."""
    return [t.clone() for t in self]


def _foreach_copy_(self: Sequence[Any], src: Sequence[Any], non_blocking: bool = False) -> None:
    """Writes every tensor of one list into the one of the other."""
    for target, source in zip(self, _rows("_foreach_copy_", len(self), src), strict=True):
        target.copy_(source)


def _amp_foreach_non_finite_check_and_unscale_(self: Sequence[Any], found_inf: Any, inv_scale: Any) -> None:
    """Multiplies every tensor by a 0-d or 1-element one; `found_inf` becomes 1 where an element is not finite."""
    for tensor in self:
        if not bool(flambeau.isfinite(tensor).all()):
            found_inf.fill_(1.0)
        tensor.mul_(inv_scale.reshape(()))


__all__ = [_name for _name in globals() if _name.startswith(("_foreach_", "_amp_foreach"))]
