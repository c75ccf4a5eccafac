"""Optimizer: parameter groups, their state, saving and loading it, and hooks around each step.

A subclass says in `_update(group)` what one step does to the parameters of a group that have a
gradient. It hands whole lists of tensors to one function, so that one fused kernel may take them.
"""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from ..dtypes import float32, float64, get_default_dtype
from ..errors import ArgumentError, HookError, UnsupportedError, ValueRangeError
from ..functions import tensor
from ..modes import _grad, run_with
from ..nn._base import typename
from ..nn._hooks import RemovableHandle, add_hook
from ..nn.module import zero_gradient
from ..tensors.tensor import Tensor

_HOOK_TABLES = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks", "_optimizer_state_dict_pre_hooks",
                "_optimizer_state_dict_post_hooks", "_optimizer_load_state_dict_pre_hooks",
                "_optimizer_load_state_dict_post_hooks")


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """`step` with the optimizer's hooks around it; schedulers learn here that a step was made."""

    @functools.wraps(step)
    def run(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        own = self.__dict__
        if "_opt_called" in own:
            own["_opt_called"] = True
        if own["_optimizer_step_pre_hooks"] or own["_optimizer_step_post_hooks"]:
            return self._step_with_hooks(step, (self, *args), kwargs)
        return step(self, *args, **kwargs)

    run.hooked = True  # type: ignore[attr-defined]
    return run


class Optimizer:
    """Base of all optimizers.

    `params` is an iterable of tensors, of (name, tensor) pairs, or of dicts with "params" and
    options of their own; `defaults` the options of groups that do not set them. Raises
    ArgumentError for a lone tensor, ValueRangeError for no parameters, for non-leaf tensors and
    for a parameter in two groups.
    """

    _optimizer_step_pre_hooks: OrderedDict[int, Any]
    _optimizer_step_post_hooks: OrderedDict[int, Any]
    _optimizer_state_dict_pre_hooks: OrderedDict[int, Any]
    _optimizer_state_dict_post_hooks: OrderedDict[int, Any]
    _optimizer_load_state_dict_pre_hooks: OrderedDict[int, Any]
    _optimizer_load_state_dict_post_hooks: OrderedDict[int, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        step = cls.__dict__.get("step")
        if step is not None and not getattr(step, "hooked", False):
            cls.step = _hooked(step)  # type: ignore[method-assign]

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise ArgumentError("params argument given to the optimizer should be an iterable of Tensors or dicts, "
                                f"but got {typename(params)}")
        self.__setstate__({"defaults": defaults, "state": defaultdict(dict), "param_groups": []})
        groups = list(params)
        if not groups:
            raise ValueRangeError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for table in _HOOK_TABLES:
            self.__dict__.setdefault(table, OrderedDict())

    defaults: dict[str, Any]
    state: defaultdict[Any, dict[str, Any]]
    param_groups: list[dict[str, Any]]

    def __repr__(self) -> str:
        groups = []
        for index, group in enumerate(self.param_groups):
            options = "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
            groups.append(f"\nParameter Group {index}\n{options}")
        return f"{type(self).__name__} ({''.join(groups)})"

    # -- stepping --------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Changes every parameter by its gradient; returns what `closure`, which computes the loss anew, gives."""
        return run_with(_grad, bool(self.defaults.get("differentiable")), self._stepped, closure)

    def _stepped(self, closure: Callable[[], Any] | None) -> Any:
        loss = None if closure is None else run_with(_grad, True, closure)
        for group in self.param_groups:
            self._update(group)
        return loss

    step = _hooked(step)

    def _update(self, group: dict[str, Any]) -> None:
        raise UnsupportedError(f"{type(self).__name__} defines neither step() nor _update()", op="step")

    def _step_with_hooks(self, step: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook in list(self._optimizer_step_pre_hooks.values()):
            answer = hook(self, args, kwargs)
            if answer is not None:
                if not isinstance(answer, tuple) or len(answer) != 2:
                    raise HookError(f"{hook} must return None or a tuple of (new_args, new_kwargs), but got {answer}.")
                args, kwargs = answer
        result = step(*args, **kwargs)
        for hook in list(self._optimizer_step_post_hooks.values()):
            hook(self, args, kwargs)
        return result

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drops the gradients of all parameters, or fills them with zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    if set_to_none:
                        parameter.grad = None
                    else:
                        zero_gradient(parameter)

    # -- groups ----------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds a dict of "params" and options; missing options are the defaults.

        Raises ArgumentError for no dict, a set, or what is no tensor; ValueRangeError for non-leaf
        tensors, missing required options, and parameters that another group has.
        """
        if not isinstance(param_group, dict):
            raise ArgumentError(f"param_group must be a dict, but got {type(param_group)}")
        _split_names(param_group)
        for parameter in param_group["params"]:
            self._check_parameter(parameter)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueRangeError(f"parameter group didn't specify a value of required optimization parameter "
                                      f"{name}")
            param_group.setdefault(name, default)
        self._check_distinct(param_group)
        self.param_groups.append(param_group)

    def _check_parameter(self, parameter: Any) -> None:
        if not isinstance(parameter, Tensor):
            raise ArgumentError(f"optimizer can only optimize Tensors, but one of the params is {typename(parameter)}")
        if not self.defaults.get("differentiable") and not (parameter.is_leaf or parameter.retains_grad):
            raise ValueRangeError("can't optimize a non-leaf Tensor")

    def _check_distinct(self, added: dict[str, Any]) -> None:
        ids = {id(p) for p in added["params"]}
        if len(ids) != len(added["params"]):
            warnings.warn("optimizer contains a parameter group with duplicate parameters; in future, this will cause "
                          "an error", stacklevel=4)
        for group in self.param_groups:
            if ("param_names" in added) != ("param_names" in group):
                how = "with names" if "param_names" in added else "without names"
                raise ValueRangeError("all optimizer param groups should be with/without names. cannot add param "
                                      f"group {how} to the optimizer")
            if not ids.isdisjoint(id(p) for p in group["params"]):
                raise ValueRangeError("some parameters appear in more than one parameter group")

    # -- state -----------------------------------------------------------------------------------

    def state_dict(self) -> Any:
        """The state by the number of its parameter, and the groups with numbers in place of parameters."""
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        groups, start = [], 0
        for group in self.param_groups:
            for number, parameter in enumerate(group["params"], start):
                numbers.setdefault(id(parameter), number)
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            groups.append(packed)
            start += len(group["params"])
        state = {numbers[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        return _run_replacing(self._optimizer_state_dict_post_hooks, self, {"state": state, "param_groups": groups})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave, cast to the parameters' dtype and device.

        Raises ValueRangeError where the groups or their sizes differ.
        """
        given = _run_replacing(self._optimizer_load_state_dict_pre_hooks, self, state_dict.copy())
        saved = deepcopy(given["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueRangeError("loaded state dict has a different number of parameter groups: "
                                  f"{len(saved)}, not {len(self.param_groups)}")
        for i, (group, loaded) in enumerate(zip(self.param_groups, saved, strict=True)):
            if len(group["params"]) != len(loaded["params"]):
                raise ValueRangeError("loaded state dict contains a parameter group that doesn't match the size of "
                                      f"optimizer's group: group {i} has {len(loaded['params'])} parameters, not "
                                      f"{len(group['params'])}")
        numbers = dict(zip(chain.from_iterable(s["params"] for s in saved),
                           chain.from_iterable(g["params"] for g in self.param_groups), strict=True))
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for number, values in given["state"].items():
            parameter = numbers.get(number)
            state[number if parameter is None else parameter] = (
                values if parameter is None else _cast_state(parameter, values))
        for group, new in zip(self.param_groups, saved, strict=True):
            new["params"] = group["params"]
            if "param_names" in group:
                new.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    # -- hooks -----------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Any) -> RemovableHandle:
        """Calls `hook(optimizer, args, kwargs)` before each step; it may return new arguments."""
        return add_hook(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Any) -> RemovableHandle:
        """Calls `hook(optimizer, args, kwargs)` after each step."""
        return add_hook(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Calls `hook(optimizer)` before `state_dict`."""
        return add_hook(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Calls `hook(optimizer, state_dict)` after `state_dict`; it may return another."""
        return add_hook(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Calls `hook(optimizer, state_dict)` before loading; it may return another."""
        return add_hook(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Calls `hook(optimizer)` after loading."""
        return add_hook(self._optimizer_load_state_dict_post_hooks, hook, prepend)


def _run_replacing(hooks: OrderedDict[int, Any], owner: Optimizer, value: Any) -> Any:
    for hook in hooks.values():
        answer = hook(owner, value)
        value = value if answer is None else answer
    return value


def _split_names(group: dict[str, Any]) -> None:
    """Makes `group["params"]` a list of tensors and keeps names given with them apart."""
    params = group["params"]
    if isinstance(params, set):
        raise ArgumentError("optimizer parameters need to be organized in ordered collections, but the ordering of "
                            "tensors in sets will change between runs. Please use a list instead.")
    members = [params] if isinstance(params, Tensor) else list(params)
    names = [member[0] for member in members if isinstance(member, tuple)]
    if names and len(names) != len(members):
        raise ValueRangeError("all optimizer params should be with/without names. Some param names are missing")
    group["params"] = [member[1] for member in members] if names else members
    if names:
        group["param_names"] = names


def _cast_state(parameter: Tensor, value: Any, key: Any = None) -> Any:
    if isinstance(value, Tensor):
        if key == "step":
            return value
        return value.to(dtype=parameter.dtype if parameter.is_floating_point() else value.dtype,
                        device=parameter.device)
    if isinstance(value, dict):
        return {name: _cast_state(parameter, inner, name) for name, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return type(value)(_cast_state(parameter, inner) for inner in value)  # type: ignore[call-arg]
    return value


# -- what the optimizers share -------------------------------------------------------------------


def check_non_negative(name: str, value: Any) -> None:
    """Raises ValueRangeError `Invalid {name}: {value}` unless value >= 0."""
    if not value >= 0.0:
        raise ValueRangeError(f"Invalid {name}: {value}")


def check_learning_rate(lr: Any) -> None:
    """Raises ValueRangeError for a negative learning rate or a tensor of more than one element."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueRangeError("Tensor lr must be 1-element")
    check_non_negative("learning rate", lr)


def check_modes(defaults: dict[str, Any]) -> None:
    """Raises ValueRangeError for ways of computing that exclude each other."""
    if defaults.get("fused"):
        if defaults["differentiable"]:
            raise ValueRangeError("`fused` does not support `differentiable`")
        if defaults["foreach"]:
            raise ValueRangeError("`fused` and `foreach` cannot be `True` together.")


def number(value: Any) -> Any:
    """A one-element tensor's value; anything else itself."""
    return value.item() if isinstance(value, Tensor) else value


def require_real(param: Tensor, op: str) -> None:
    """Raises UnsupportedError for a complex parameter, whose parts the rule would have to treat one by one."""
    if param.is_complex():
        raise UnsupportedError("complex parameters are not offered; optimize the real and imaginary parts", op=op)


def step_counter(value: float = 0.0) -> Tensor:
    """A count of steps as PyTorch keeps it: a 0-d floating tensor."""
    return tensor(value, dtype=float64 if get_default_dtype() is float64 else float32)


def with_gradients(group: dict[str, Any]) -> tuple[list[Tensor], list[Any]]:
    """The parameters of a group that have a gradient, and the gradients, negated to maximize."""
    params = [p for p in group["params"] if p.grad is not None]
    grads = [p.grad for p in params]
    return params, [-g for g in grads] if group["maximize"] else grads


def decayed(params: list[Tensor], grads: list[Any], weight_decay: float) -> list[Any]:
    """The gradients with the L2 penalty's added."""
    if weight_decay == 0:
        return grads
    return [grad.add(param, alpha=weight_decay) for param, grad in zip(params, grads, strict=True)]
