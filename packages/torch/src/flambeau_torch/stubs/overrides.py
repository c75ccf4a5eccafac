"""`torch.overrides`: flambeau dispatches on subclasses of Tensor by itself and asks no `__torch_function__`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flambeau import Tensor
from flambeau.errors import UnsupportedError


def is_tensor_like(inp: Any) -> bool:
    """Whether it is a tensor, or says that it behaves like one by having `__torch_function__`."""
    return type(inp) is Tensor or hasattr(inp, "__torch_function__") or isinstance(inp, Tensor)


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether one of the arguments is no tensor of flambeau's and has `__torch_function__`."""
    return any(not isinstance(arg, Tensor) and hasattr(arg, "__torch_function__") for arg in relevant_args)


def has_torch_function_unary(arg: Any) -> bool:
    """`has_torch_function` of one argument."""
    return has_torch_function((arg,))


def has_torch_function_variadic(*args: Any) -> bool:
    """`has_torch_function` of several arguments."""
    return has_torch_function(args)


def handle_torch_function(public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any,
                          **kwargs: Any) -> Any:
    """What the first argument with `__torch_function__` answers; raises TypeError where none does."""
    for arg in relevant_args:
        if hasattr(arg, "__torch_function__"):
            found = arg.__torch_function__(public_api, (type(arg),), args, kwargs)
            if found is not NotImplemented:
                return found
    raise TypeError(f"no implementation found for {getattr(public_api, '__name__', public_api)!r}")


def wrap_torch_function(dispatcher: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator: arguments that `dispatcher` picks may answer for the function."""
    def decorate(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            relevant = dispatcher(*args, **kwargs)
            if has_torch_function(relevant):
                return handle_torch_function(function, relevant, *args, **kwargs)
            return function(*args, **kwargs)

        return call

    return decorate


def resolve_name(f: Any) -> str:
    """The dotted name of a function."""
    return f"{getattr(f, '__module__', '')}.{getattr(f, '__qualname__', f)}"


class TorchFunctionMode:
    """Raises UnsupportedError where it is entered: functions are not handed to a mode."""

    def __init__(self) -> None:
        pass

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))

    def __enter__(self) -> TorchFunctionMode:
        raise UnsupportedError("functions are not handed to a mode", op="TorchFunctionMode")

    def __exit__(self, *error: Any) -> None:
        pass


BaseTorchFunctionMode = TorchFunctionMode

__all__ = [
    "BaseTorchFunctionMode", "TorchFunctionMode", "handle_torch_function", "has_torch_function",
    "has_torch_function_unary", "has_torch_function_variadic", "is_tensor_like", "resolve_name", "wrap_torch_function",
]
