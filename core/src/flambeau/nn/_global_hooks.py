"""Hooks of all modules: those that run at every call, and those that see what is registered.

They are kept in one table, so that a call need only ask whether it is empty.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import HookError
from ._hooks import RemovableHandle, add_hook


class _Hook(NamedTuple):
    kind: str
    call: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


AT_CALLS: OrderedDict[int, Any] = OrderedDict()
AT_REGISTRATION: OrderedDict[int, Any] = OrderedDict()


def hooks_of(kind: str) -> list[tuple[int, _Hook]]:
    """The hooks of that kind with their numbers, in the order of their registration."""
    return [(key, hook) for key, hook in AT_CALLS.items() if hook.kind == kind]


def registered(kind: str, module: Any, name: str, value: Any) -> Any:
    """`value` as the hooks that see such registrations leave it."""
    for hook in AT_REGISTRATION.values():
        if hook.kind == kind and (answer := hook.call(module, name, value)) is not None:
            value = answer
    return value


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Calls `hook(module, args)` before every module's forward; what it returns, unless None, replaces `args`."""
    return add_hook(AT_CALLS, _Hook("forward_pre", hook))


def register_module_forward_hook(hook: Callable[..., Any], *, with_kwargs: bool = False,
                                 always_call: bool = False) -> RemovableHandle:
    """Calls `hook(module, args, output)` after every module's forward; what it returns, unless None, is the output.

    With `with_kwargs` it is `hook(module, args, kwargs, output)`; with `always_call` it runs also where forward raises.

    >>> from flambeau import nn, ones
    >>> names = []
    >>> handle = register_module_forward_hook(lambda module, args, out: names.append(type(module).__name__))
    >>> _ = nn.Sequential(nn.ReLU())(ones(1))
    >>> handle.remove()
    >>> names
    ['ReLU', 'Sequential']
    """
    return add_hook(AT_CALLS, _Hook("forward", hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Calls `hook(module, grad_output)` before the gradients of any module are computed."""
    return add_hook(AT_CALLS, _Hook("backward_pre", hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Calls `hook(module, grad_input, grad_output)` when the gradients of any module's inputs are known.

    Raises HookError beside old backward hooks.
    """
    return _add_backward("full_backward", "backward", hook)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """The old kind of backward hook for every module. Raises HookError beside full backward hooks."""
    return _add_backward("backward", "full_backward", hook)


def _add_backward(kind: str, other: str, hook: Callable[..., Any]) -> RemovableHandle:
    if hooks_of(other):
        raise HookError("Cannot use both regular backward hooks and full backward hooks as a global Module hook. Please"
                        " use only one of them.")
    return add_hook(AT_CALLS, _Hook(kind, hook))


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Calls `hook(module, name, buffer)` when a buffer is registered; what it returns, unless None, takes its place."""
    return add_hook(AT_REGISTRATION, _Hook("buffer", hook))


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Calls `hook(module, name, child)` when a child is registered; what it returns, unless None, takes its place."""
    return add_hook(AT_REGISTRATION, _Hook("module", hook))


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Calls `hook(module, name, param)` when a parameter is registered; what it returns, unless None, is registered."""
    return add_hook(AT_REGISTRATION, _Hook("parameter", hook))
