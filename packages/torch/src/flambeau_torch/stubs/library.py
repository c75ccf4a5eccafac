"""`torch.library`: operators of a program's own, as ordinary functions with a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flambeau
from flambeau.errors import ArgumentError, UnsupportedError

_defined: dict[str, CustomOpDef] = {}


class CustomOpDef:
    """An operator of a program's own: a function under a name "space::name", to which a gradient may be given."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self._name, self._function = name, function
        self._backward: Any = None
        self._setup: Any = None
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._backward is None:
            with flambeau.no_grad():
                return self._function(*args, **kwargs)
        return _apply(self, args, kwargs)

    def register_autograd(self, backward: Callable[..., Any], /, *, setup_context: Any = None) -> None:
        """Gives the gradient: `backward(ctx, *grads)` one per input, after `setup_context(ctx, inputs, output)`."""
        self._backward, self._setup = backward, setup_context

    def register_fake(self, fn: Any = None, /) -> Any:
        """Noted for nothing: no operator is traced on shapes alone."""
        return fn if fn is not None else lambda function: function

    def register_kernel(self, device_types: Any, fn: Any = None, /) -> Any:
        """Makes a function the operator's meaning where "cpu" or None is among the device types."""
        def take(function: Any) -> Any:
            kinds = (device_types,) if device_types is None or isinstance(device_types, str) else tuple(device_types)
            if "cpu" in kinds or None in kinds:
                self._function = function
            return function

        return take if fn is None else take(fn)

    register_vmap = register_torch_dispatch = register_fake


def _apply(op: CustomOpDef, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    class Call(flambeau.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            made = op._function(*inputs, **kwargs)
            if op._setup is not None:
                op._setup(ctx, inputs, made)
            return made

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            return op._backward(ctx, *grads)

    return Call.apply(*args)


def custom_op(name: str, fn: Any = None, /, *, mutates_args: Any = (), device_types: Any = None, schema: Any = None,
              tags: Any = None) -> Any:
    """Makes a function an operator called "space::name"; a decorator, too."""
    if "::" not in name:
        raise ArgumentError(f"{name!r} must have the form 'namespace::name'", op="library.custom_op")

    def make(function: Any) -> CustomOpDef:
        _defined[name] = CustomOpDef(name, function)
        return _defined[name]

    return make if fn is None else make(fn)


triton_op = custom_op


def _found(name: Any) -> CustomOpDef:
    if isinstance(name, CustomOpDef):
        return name
    if name not in _defined:
        raise ArgumentError(f"no operator is called {name!r}", op="library")
    return _defined[name]


def register_autograd(op: Any, backward: Any, /, *, setup_context: Any = None, lib: Any = None) -> None:
    """Gives an operator its gradient."""
    _found(op).register_autograd(backward, setup_context=setup_context)


def register_kernel(op: Any, device_types: Any, func: Any = None, /, *, lib: Any = None) -> Any:
    """Makes a function the meaning of an operator on the CPU."""
    return _found(op).register_kernel(device_types, func)


def register_fake(op: Any, func: Any = None, /, *, lib: Any = None, _stacklevel: int = 1,
                  allow_override: bool = False) -> Any:
    """Noted for nothing: no operator is traced on shapes alone."""
    return func if func is not None else lambda function: function


impl_abstract = register_vmap = register_fake


def opcheck(op: Any, args: Any, kwargs: Any = None, **options: Any) -> dict[str, str]:
    """Calls the operator and tells that it was called."""
    _found(op)(*args, **(kwargs or {}))
    return {"test_schema": "SUCCESS"}


def wrap_triton(triton_kernel: Any, /) -> Any:
    """Raises UnsupportedError: there is no Triton."""
    raise UnsupportedError("there is no Triton", op="library.wrap_triton")


class Library:
    """Operators of a namespace: `define` names one by its schema, `impl` gives its meaning."""

    def __init__(self, ns: str, kind: str, dispatch_key: str = "") -> None:
        self.ns, self.kind = ns, kind

    def define(self, schema: str, alias_analysis: str = "", *, tags: Any = ()) -> str:
        """The name of the operator that a schema such as "add(Tensor x) -> Tensor" describes."""
        name = schema.partition("(")[0].strip()

        def undefined(*args: Any, **kwargs: Any) -> Any:
            raise UnsupportedError(f"{self.ns}::{name} has no implementation", op=name)

        _defined[f"{self.ns}::{name}"] = CustomOpDef(f"{self.ns}::{name}", undefined)
        return name

    def impl(self, op_name: str, fn: Any, dispatch_key: str = "", **options: Any) -> None:
        """Gives the operator its meaning."""
        _found(op_name if "::" in op_name else f"{self.ns}::{op_name}")._function = fn


def define(qualname: str, schema: str, *, lib: Any = None, tags: Any = ()) -> None:
    """Names an operator."""
    space, _, name = qualname.partition("::")
    Library(space, "FRAGMENT").define(f"{name}{schema}")


def impl(qualname: str, types: Any, func: Any = None, *, lib: Any = None) -> Any:
    """Gives an operator its meaning."""
    return register_kernel(qualname, None, func)


__all__ = [
    "CustomOpDef", "Library", "custom_op", "define", "impl", "impl_abstract", "opcheck", "register_autograd",
    "register_fake", "register_kernel", "register_vmap", "triton_op", "wrap_triton",
]
