"""What autocast does to a call: casts its inputs by the lists, then makes it with autocast off.

Its functions are intercepted while autocast is on in any thread; a thread in which it is off calls through. Otherwise
nothing is intercepted, and nothing costs anything.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..contract.locks import lock
from ..dtypes import DType, bfloat16, float16, float32, float64
from ..errors import PreconditionError
from ..modes import AUTOCAST, grad_enabled, run_with
from ..table.intercept import AUTOCAST as LAYER
from ..table.intercept import intercept, release
from ..table.registry import TABLE
from ..tensors.tensor import Tensor
from ..walk.tape import version_of
from .lists import functions, rule_of

if TYPE_CHECKING:
    from .state import State

_rules: dict[str, dict[str, str]] = {}  # by type of device, of those that autocast was ever on for
_changing = lock()
_open = {"regions": 0}


def install(device_type: str) -> None:
    """Intercepts the functions on the lists of that type of device."""
    with _changing:
        if device_type in _rules:
            return
        rules = rule_of(device_type)
        for name in rules:
            for function in functions(name):
                intercept(function, LAYER, partial(_through, name))
        if device_type == "cpu":
            from ..nn._recurrence import run

            intercept(run, LAYER, _layer)  # type: ignore[arg-type]
            for function in functions("pad"):
                intercept(function, LAYER, _pad)
        _rules[device_type] = rules


def enter(device_type: str) -> None:
    """A region opens."""
    with _changing:
        _open["regions"] += 1
        install(device_type)


def leave() -> None:
    """A region closes; after the last of all threads the functions are as they were."""
    with _changing:
        _open["regions"] -= 1
        if not _open["regions"]:
            _rules.clear()
            release(LAYER)


def _through(name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    state: State | None = AUTOCAST.get()
    if state is None or not state.enabled:
        return function(*args, **kwargs)
    if kwargs.get("out") is None:
        for device_type in state.enabled:
            rule = _rules.get(device_type, {}).get(name)
            if rule is not None:
                args, kwargs = _cast_call(name, rule, device_type, state, args, kwargs)
    return run_with(AUTOCAST, None, function, *args, **kwargs)


def _layer(function: Callable[..., Any], mode: str, *args: Any) -> Any:
    """A layer of a recurrent network on a CPU: LSTM and RNN in the lower precision throughout, as PyTorch's kernel."""
    state: State | None = AUTOCAST.get()
    if state is None or "cpu" not in state.enabled or mode == "GRU":
        return function(mode, *args)
    given = [_mapped(value, lambda t: _cast(t, "cpu", _lower(state, "cpu"), state)) for value in args]
    return run_with(AUTOCAST, None, function, mode, *given)


def _pad(function: Callable[..., Any], input: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    """Padding on a CPU: in float32 where PyTorch has a kernel on its list, which is everywhere but reflection in 3d."""
    state: State | None = AUTOCAST.get()
    if state is not None and "cpu" in state.enabled and (
            mode == "replicate" or (mode == "reflect" and len(pad) < 6)):
        input = _mapped(input, lambda t: _cast(t, "cpu", float32, state))
    return function(input, pad, mode, value)


def _lower(state: State, device_type: str) -> DType:
    return state.dtypes.get(device_type, bfloat16 if device_type == "cpu" else float16)


def _cast_call(name: str, rule: str, device_type: str, state: State, args: Any, kwargs: Any) -> tuple[Any, Any]:
    if rule == "refused" and any(eligible(t, device_type) for t in args):
        raise PreconditionError("is unsafe to autocast; combine it with the sigmoid before it into"
                                " binary_cross_entropy_with_logits, which is safe", op=name)
    if rule == "lower":
        dtype = _lower(state, device_type)
    elif rule == "alone":
        return args, kwargs
    elif rule == "widest":
        dtype = _widest((args, kwargs), device_type, _lower(state, device_type))
    elif any(isinstance(value, DType) for value in (*args, *kwargs.values())):
        return args, kwargs  # the program says what it is to be computed in
    else:
        dtype = float32
    cast = partial(_cast, device_type=device_type, dtype=dtype, state=state)
    return _mapped(args, cast), {key: _mapped(value, cast) for key, value in kwargs.items()}


def eligible(value: Any, device_type: str) -> bool:
    """Whether autocast for that type of device may cast the value: a float there, other than float64."""
    return (isinstance(value, Tensor) and value._kind.dtype.category == 2 and value._kind.dtype is not float64
            and value._kind.device.type == device_type)


def _widest(values: Any, device_type: str, lower: DType) -> DType:
    found: list[Any] = []
    _mapped(values, found.append)
    return float32 if any(eligible(t, device_type) and t._kind.dtype is float32 for t in found) else lower


def _mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """The value with its tensors, in lists, tuples and dicts too, replaced."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[_mapped(v, function) for v in value])
    if type(value) in (list, tuple):
        return type(value)(_mapped(v, function) for v in value)
    return {k: _mapped(v, function) for k, v in value.items()} if type(value) is dict else value


def _cast(tensor: Any, device_type: str, dtype: DType, state: State) -> Any:
    if not eligible(tensor, device_type) or tensor._kind.dtype is dtype:
        return tensor
    cast: Any = TABLE["cast"].call
    if not (state.cache_enabled and state.nesting and dtype is not float32 and tensor._kind.dtype is float32
            and tensor._requires_grad and tensor._node is None and tensor._view is None and grad_enabled()):
        return cast(tensor, dtype)
    version = version_of(tensor)
    held = state.casts.get((id(tensor), dtype))
    if held is None or held[0] is not tensor or held[1] != version:
        held = state.casts[id(tensor), dtype] = tensor, version, cast(tensor, dtype)
    return held[2]
