"""Computing 16-bit floats in float32, rounded once at the end.

An op with `compute="float32"` is computed so, forward (`registry` makes its kernel) and back (`walk.rules` widens what
its gradient rules read). `in_single` does the same for a function of tensors that is composed of several ops. All of it
is recorded where anything is, as the casts that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

from ..contract.device import Kind
from ..dtypes import DType
from ..errors import DTypeError
from ..modes import grad_enabled
from ..tensors.tensor import Tensor
from .registry import TABLE

F = TypeVar("F", bound=Callable[..., Any])


def widened(value: Any) -> Any:
    """float16 and bfloat16 tensors, also those in a list or tuple, as float32; anything else as it is."""
    if isinstance(value, Tensor):
        return value if value._kind.single is None else recast(value, value._kind.single.dtype)
    if type(value) in (tuple, list):
        return type(value)(map(widened, value))
    return value


def narrowed(result: Any, kind: Kind) -> Any:
    """A result of `widened` inputs, or several, rounded to the dtype of `kind`; what is not float32 as it is."""
    if isinstance(result, Tensor):
        return recast(result, kind.dtype) if result._kind.plain is kind.single else result
    if isinstance(result, tuple):
        made = [narrowed(r, kind) for r in result]
        return type(result)(*made) if hasattr(result, "_fields") else tuple(made)
    return result


def as_first(result: Any, kind: Kind) -> Any:
    """`narrowed`, but only the first of several results: what a layer with float32 parameters makes of 16-bit input."""
    if isinstance(result, tuple):
        return type(result)(narrowed(result[0], kind), *result[1:])
    return narrowed(result, kind)


def recast(tensor: Tensor, dtype: DType) -> Tensor:
    """The tensor in that dtype. Raises DTypeError for integers where it requires a gradient, as PyTorch does."""
    if dtype.category < 2 and tensor._requires_grad and grad_enabled():
        raise DTypeError(f"Autograd not support dtype: {dtype!r}; leave the graph first, with detach()", dtype=dtype)
    cast: Any = TABLE["cast"].call
    return cast(tensor, dtype)  # type: ignore[no-any-return]


def in_single(function: F) -> F:
    """`function` of tensors: where all floating ones are of the same 16-bit dtype, computed in float32, rounded once.

    Where they differ it is called as it is: it refuses them, or they promote to float32 at the least.
    """
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for value in args:  # the first floating one mostly decides, without a look at the others
            kind = getattr(value[0] if type(value) is list and value else value, "_kind", None)
            if kind is not None and kind.dtype.category > 1 and kind.single is None:
                return function(*args, **kwargs)
        kinds = {t._kind.plain for t in _tensors((*args, *kwargs.values())) if t._kind.dtype.category > 1}
        if len(kinds) != 1 or next(iter(kinds)).single is None:
            return function(*args, **kwargs)
        return narrowed(function(*widened(args), **{name: widened(v) for name, v in kwargs.items()}), *kinds)

    return call  # type: ignore[return-value]


def _tensors(values: Any) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif type(value) in (tuple, list):
            yield from _tensors(value)
