"""`torch.jit` without a compiler: what it would compile runs as Python, with the same meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import flambeau
from flambeau import nn
from flambeau.errors import ArgumentError, SerializationError

from ..futures import Future


class TracerWarning(Warning):
    """A warning of a tracer; there is none."""

    @staticmethod
    def ignore_lib_warnings() -> None:
        """Nothing: no library warns."""


class ScriptModule(nn.Module):
    """A module whose methods run as they are."""

    @property
    def code(self) -> str:
        """The source of `forward`, as far as Python has it."""
        import inspect

        return inspect.getsource(type(self).forward)


class ScriptFunction:
    """The class of what `script` would make of a function; here functions stay functions."""


RecursiveScriptModule = TopLevelTracedModule = ScriptModule


class Attribute(NamedTuple):
    """A value and its type, for TorchScript; a module that holds one holds the pair."""

    value: Any
    type: Any


class Error(RuntimeError):
    """An error in TorchScript."""


def script(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """The function, class or module itself."""
    return obj


def trace(func: Any, example_inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The function or module itself, run once on the example as a tracer would run it.

    Where data decides what is computed, it goes on deciding: nothing is frozen.
    """
    if example_inputs is not None and kwargs.get("check_trace", True):
        inputs = (example_inputs,) if isinstance(example_inputs, (flambeau.Tensor, dict)) else tuple(example_inputs)
        with flambeau.no_grad():
            func(*inputs)
    return func


def trace_module(mod: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    """The module itself. Raises ArgumentError where a method that is to be traced does not exist."""
    for name in inputs:
        if not callable(getattr(mod, name, None)):
            raise ArgumentError(f"the module has no method {name!r}", op="trace_module")
    return mod


def _same(fn: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The function itself, also as `@name(...)`."""
    return fn if callable(fn) else lambda function: function


ignore = unused = export = script_if_tracing = script_method = interface = _same
freeze = optimize_for_inference = _overload = _overload_method = _copy_to_script_wrapper = _same


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value."""
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Python's `isinstance`, whose second argument may be a typing form such as `List[int]`: its origin counts."""
    import builtins
    from typing import get_origin

    targets = target_type if builtins.isinstance(target_type, tuple) else (target_type,)
    return builtins.isinstance(obj, tuple(get_origin(t) or t for t in targets))


def is_scripting() -> bool:
    """False."""
    return False


is_tracing = is_scripting


def save(m: Any, f: Any, _extra_files: dict[str, Any] | None = None) -> None:
    """Saves the module whole, with `flambeau.save`: its class must be importable where it is loaded."""
    flambeau.save({"module": m, "extra": dict(_extra_files or {})}, f)


def load(f: Any, map_location: Any = None, _extra_files: dict[str, Any] | None = None,
         _restore_shapes: bool = False) -> Any:
    """A module that `save` has written, whose classes it imports, so that a file must be trusted.

    Raises SerializationError for an archive of TorchScript, which holds a program in a language that is not run here.
    """
    try:
        held = flambeau.load(f, map_location=map_location, weights_only=False)
    except Exception as error:
        raise SerializationError(f"{f!r} is no module that jit.save of flambeau has written ({error})", op="jit.load",
                            ) from error
    if type(held) is not dict or set(held) != {"module", "extra"}:
        raise SerializationError(f"{f!r} is no module that jit.save of flambeau has written", op="jit.load")
    if _extra_files is not None:
        _extra_files.update({name: held["extra"][name] for name in _extra_files if name in held["extra"]})
    return held["module"]


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
    """The future of `func(*args, **kwargs)`, computed at once, as PyTorch does outside TorchScript."""
    made = Future()
    made.set_result(func(*args, **kwargs))
    return made


def wait(future: Any) -> Any:
    """The value of a future."""
    return future.wait()


class optimized_execution:
    """Nothing to switch: a context manager that does nothing."""

    def __init__(self, should_optimize: bool) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        pass


class strict_fusion(optimized_execution):
    """Nothing to fuse: a context manager that does nothing."""

    def __init__(self) -> None:
        pass


class fuser(optimized_execution):
    """Nothing to fuse: a context manager that does nothing."""

    def __init__(self, name: str) -> None:
        pass


def set_fusion_strategy(strategy: Any) -> list[Any]:
    """Noted for nothing; the former strategy, none."""
    return []


def enable_onednn_fusion(enabled: bool) -> None:
    """Nothing to enable."""


def onednn_fusion_enabled() -> bool:
    """False."""
    return False


def _flatten(values: Any) -> tuple[Any, Any]:
    """The tensors of nested tuples, lists and dicts, and what puts them back."""
    from flambeau.utils._pytree import tree_flatten

    return tree_flatten(values)


__all__ = [
    "Attribute", "Error", "Final", "Future", "RecursiveScriptModule", "ScriptFunction", "ScriptModule",
    "TopLevelTracedModule", "TracerWarning", "annotate", "enable_onednn_fusion", "export", "fork", "freeze", "fuser",
    "ignore", "interface", "is_scripting", "is_tracing", "isinstance", "load", "onednn_fusion_enabled",
    "optimize_for_inference", "optimized_execution", "save", "script", "script_if_tracing", "script_method",
    "set_fusion_strategy", "strict_fusion", "trace", "trace_module", "unused", "wait",
]
