"""Calling a module, and the hooks around its forward and backward.

Without hooks a call is `forward`. With full backward hooks, inputs and outputs pass through
gates: identity functions on the graph whose backward tells the hooks what flows by.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from .. import autograd
from ..errors import FlambeauError, HookError, UnsupportedError
from ..modes import is_grad_enabled
from ..tensors.tensor import Tensor
from ._base import ModuleBase
from ._global_hooks import AT_CALLS, hooks_of
from ._hooks import RemovableHandle, add_hook

Callback = Callable[[tuple[Any, ...]], tuple[Any, ...]]


class _Gate(autograd.Function):
    """Identity whose backward hands the gradients to a callback and passes on what that returns."""

    @staticmethod
    def forward(ctx: Any, callback: Callback, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.callback = callback
        ctx.mark_non_differentiable(*(t for t in tensors if not t.requires_grad))
        return tuple(t.detach() for t in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return (None, *ctx.callback(grads))


def _through_gate(values: tuple[Any, ...], callback: Callback) -> tuple[tuple[Any, ...], bool]:
    """`values` with its tensors passed through one gate, and whether any of them is on the graph."""
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    tensors = [values[i] for i in places]
    if not is_grad_enabled() or not any(t.requires_grad for t in tensors):
        return values, False

    def spread(grads: tuple[Any, ...]) -> tuple[Any, ...]:
        full: list[Any] = [None] * len(values)
        for place, tensor, grad in zip(places, tensors, grads, strict=True):
            full[place] = grad if tensor.requires_grad else None
        answer = callback(tuple(full))
        return tuple(answer[place] for place in places)

    passed = list(values)
    for place, tensor in zip(places, _Gate.apply(spread, *tensors), strict=True):
        passed[place] = tensor
    return tuple(passed), True


class _Backward:
    """The full backward hooks of one call: input gate, output gate, and what they share."""

    def __init__(self, module: ModuleBase) -> None:
        self.module = module
        self.pre_hooks = [*_everywhere("backward_pre"), *module._backward_pre_hooks.values()]
        self.hooks = [*_everywhere("full_backward"),
                      *(module._backward_hooks.values() if module._is_full_backward_hook else ())]
        self.wanted = bool(self.pre_hooks or self.hooks)
        self.grad_output: tuple[Any, ...] = ()
        self.inputs = 0
        self.gated = False

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.inputs = len(args)
        passed, self.gated = _through_gate(args, self.on_input)
        return passed

    def leave(self, result: Any) -> Any:
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn("For backward hooks to be called, module output should be a Tensor or a tuple of Tensors "
                          f"but received {type(result)}", stacklevel=4)
            return result
        whole = result if isinstance(result, tuple) else (result,)
        passed, _ = _through_gate(whole, self.on_output)
        return passed if isinstance(result, tuple) else passed[0]

    def on_output(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.pre_hooks:
            answer = hook(self.module, grads)
            if answer is not None:
                grads = _same_length("Backward pre hook", answer, grads)
        self.grad_output = grads
        if self.hooks and not self.gated:
            warnings.warn("Full backward hook is firing when gradients are computed with respect to module outputs "
                          "since no inputs require gradients.", stacklevel=2)
            for hook in self.hooks:
                if hook(self.module, (None,) * self.inputs, grads) is not None:
                    raise HookError("Backward hook for Modules where no input requires gradient should always "
                                    "return None or None for all gradients.")
        return grads

    def on_input(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.hooks:
            answer = hook(self.module, grads, self.grad_output)
            if answer is not None:
                grads = _same_length("Backward hook", answer, grads)
        return grads


def _everywhere(kind: str) -> list[Any]:
    return [hook.call for _, hook in hooks_of(kind)]


def _same_length(what: str, answer: Any, grads: tuple[Any, ...]) -> tuple[Any, ...]:
    whole = answer if isinstance(answer, tuple) else (answer,)
    if len(whole) != len(grads):
        raise HookError(f"{what} returned an invalid number of grad_input, got {len(whole)}, but expected {len(grads)}")
    return whole


def _first_tensor(result: Any) -> Tensor:
    while not isinstance(result, Tensor):
        result = next(v for v in result.values() if isinstance(v, Tensor)) if isinstance(result, dict) else result[0]
    return result


def _locate(error: FlambeauError, module: Any) -> None:
    """Puts the name by which `module` calls the part that the error came through before the path so far."""
    part = error.through
    if part is not None:
        name = next((n for n, found in module.named_modules() if found is part and n), None)
        if name is not None:
            error.path = f"{name}.{error.path}" if error.path else name
    error.through = module


class Hooked(ModuleBase):
    """The part of a module that is called."""

    def forward(self, *input: Any) -> Any:
        """What the module computes; every subclass defines it. Here it raises UnsupportedError."""
        raise UnsupportedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not (self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks
                or AT_CALLS):
            try:
                return self.forward(*args, **kwargs)
            except FlambeauError as error:
                _locate(error, self)
                raise
        try:
            return self._call_with_hooks(args, kwargs)
        except FlambeauError as error:
            _locate(error, self)
            raise

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        done: set[int] = set()
        outcome: list[Any] = [args, kwargs, None]
        try:
            self._hooked_forward(outcome, done)
        except Exception:
            self._run_always_called(outcome, done)
            raise
        return outcome[2]

    def _hooked_forward(self, outcome: list[Any], done: set[int]) -> None:
        self._run_pre_hooks(outcome)
        backward = _Backward(self)
        if backward.wanted:
            outcome[0] = backward.enter(outcome[0])
        outcome[2] = self.forward(*outcome[0], **outcome[1])
        for key, hook, with_kwargs, _ in self._all_forward_hooks():
            done.add(key)
            answer = self._run_forward_hook(hook, with_kwargs, outcome)
            if answer is not None:
                outcome[2] = answer
        if backward.wanted:
            outcome[2] = backward.leave(outcome[2])
        old = [*_everywhere("backward"), *(() if self._is_full_backward_hook else self._backward_hooks.values())]
        if old:
            self._attach_old_hooks(old, outcome[2])

    def _all_forward_hooks(self) -> list[tuple[int, Any, bool, bool]]:
        """Number, hook, whether it takes keywords, whether it always runs: those of all modules first."""
        own = [(key, hook, key in self._forward_hooks_with_kwargs, key in self._forward_hooks_always_called)
               for key, hook in self._forward_hooks.items()]
        return [*((key, hook.call, hook.with_kwargs, hook.always_call) for key, hook in hooks_of("forward")), *own]

    def _run_pre_hooks(self, outcome: list[Any]) -> None:
        own = list(self._forward_pre_hooks.items())
        for key, hook in [*((key, hook.call) for key, hook in hooks_of("forward_pre")), *own]:
            if key in self._forward_pre_hooks_with_kwargs:
                answer = hook(self, outcome[0], outcome[1])
                if answer is not None:
                    if not isinstance(answer, tuple) or len(answer) != 2:
                        raise HookError("forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                                        f"but got {answer}.")
                    outcome[0], outcome[1] = answer
            else:
                answer = hook(self, outcome[0])
                if answer is not None:
                    outcome[0] = answer if isinstance(answer, tuple) else (answer,)

    def _run_forward_hook(self, hook: Any, with_kwargs: bool, outcome: list[Any]) -> Any:
        args, kwargs, result = outcome
        if with_kwargs:
            return hook(self, args, kwargs, result)
        return hook(self, args, result)

    def _run_always_called(self, outcome: list[Any], done: set[int]) -> None:
        for key, hook, with_kwargs, always in self._all_forward_hooks():
            if always and key not in done:
                try:
                    answer = self._run_forward_hook(hook, with_kwargs, outcome)
                    outcome[2] = outcome[2] if answer is None else answer
                except Exception as error:
                    warnings.warn("module forward hook with ``always_call=True`` raised an exception that was "
                                  f"silenced as another error was raised in forward: {error}", stacklevel=4)

    def _attach_old_hooks(self, hooks: list[Any], result: Any) -> None:
        node = _first_tensor(result).grad_fn
        if node is not None:
            for hook in hooks:
                node.register_hook(lambda grad_input, grad_output, hook=hook: hook(self, grad_input, grad_output))

    # -- registration ----------------------------------------------------------------------------

    def register_forward_pre_hook(self, hook: Any, *, prepend: bool = False,
                                  with_kwargs: bool = False) -> RemovableHandle:
        """Calls `hook(module, args)` before forward; what it returns, unless None, replaces the arguments.

        With `with_kwargs` it is `hook(module, args, kwargs)` and returns None or both.
        """
        return add_hook(self._forward_pre_hooks, hook, prepend, (self._forward_pre_hooks_with_kwargs, with_kwargs))

    def register_forward_hook(self, hook: Any, *, prepend: bool = False, with_kwargs: bool = False,
                              always_call: bool = False) -> RemovableHandle:
        """Calls `hook(module, args, output)` after forward; what it returns, unless None, replaces the output.

        With `with_kwargs` it is `hook(module, args, kwargs, output)`; with `always_call` it runs
        also where forward raises.
        """
        return add_hook(self._forward_hooks, hook, prepend, (self._forward_hooks_with_kwargs, with_kwargs),
                        (self._forward_hooks_always_called, always_call))

    def register_full_backward_pre_hook(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Calls `hook(module, grad_output)` before the gradients of the module are computed."""
        return add_hook(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Calls `hook(module, grad_input, grad_output)` when the gradients of the inputs are known.

        What it returns, unless None, replaces `grad_input`. Raises HookError beside old backward hooks.
        """
        self._use_backward_hooks(full=True)
        return add_hook(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Any) -> RemovableHandle:
        """The old kind of backward hook, put on the node that made the output; prefer the full one.

        Raises HookError beside full backward hooks.
        """
        self._use_backward_hooks(full=False)
        return add_hook(self._backward_hooks, hook)

    def _use_backward_hooks(self, full: bool) -> None:
        if self._is_full_backward_hook is not None and self._is_full_backward_hook is not full:
            raise HookError("Cannot use both regular backward hooks and full backward hooks on a single Module. "
                            "Please use only one of them.")
        self._is_full_backward_hook = full
