"""Saving and loading a module's tensors by dotted name, with hooks at each step."""

from __future__ import annotations

import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ArgumentError, HookError, PreconditionError, StateDictError
from ..modes import no_grad
from ..tensors.tensor import Tensor
from ._hooks import RemovableHandle, add_hook
from ._traverse import Traversal
from .parameter import Parameter, is_lazy

_EXTRA = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


@dataclass
class _Load:
    """What one `load_state_dict` has found so far."""

    metadata: Mapping[str, Any] | None
    assign: bool
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class StateDict(Traversal):
    """The part of a module that turns it into a dict of tensors and back."""

    _version: int = 1

    # -- saving ----------------------------------------------------------------------------------

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "",
                   keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers by dotted name, detached unless `keep_vars`.

        `destination` is filled where given; `prefix` leads every name. The result carries the
        versions of the modules in its attribute `_metadata`.

        >>> from flambeau import nn
        >>> list(nn.Linear(2, 1).state_dict())
        ['weight', 'bias']
        """
        if args:
            warnings.warn("Positional args are being deprecated, use kwargs instead: state_dict(destination, prefix, "
                          "keep_vars)", FutureWarning, stacklevel=2)
            given = [*args, *[destination, prefix, keep_vars][len(args):]]
            destination, prefix, keep_vars = given
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return self._after_saving(destination, prefix, metadata)

    def _after_saving(self, destination: Any, prefix: str, metadata: dict[str, Any]) -> Any:
        for hook in self._state_dict_hooks.values():
            answer = hook(self, destination, prefix, metadata)
            if getattr(hook, "_from_public_api", False):
                if answer is not None:
                    raise HookError("state_dict post-hook must return None")
            elif answer is not None:
                destination = answer
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, value in self._local_state():
            destination[prefix + name] = value if keep_vars or is_lazy(value) else value.detach()
        if type(self).get_extra_state is not StateDict.get_extra_state:
            destination[prefix + _EXTRA] = self.get_extra_state()

    def _local_state(self) -> Iterator[tuple[str, Tensor]]:
        for name, parameter in self._parameters.items():
            if parameter is not None:
                yield name, parameter
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                yield name, buffer

    def get_extra_state(self) -> Any:
        """What a module wants kept beside its tensors; override together with `set_extra_state`."""
        raise HookError("Reached a code path in Module.get_extra_state() that should never be called.")

    def set_extra_state(self, state: Any) -> None:
        """Takes back what `get_extra_state` gave."""
        raise HookError("Reached a code path in Module.set_extra_state() that should never be called.")

    # -- loading ---------------------------------------------------------------------------------

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True,
                        assign: bool = False) -> _IncompatibleKeys:
        """Copies the tensors of `state_dict` into this module's, or puts them in place with `assign`.

        Returns the missing and unexpected keys. Raises StateDictError naming every size that
        differs and, with `strict`, every missing or unexpected key; ArgumentError for no mapping.
        """
        if not isinstance(state_dict, Mapping):
            raise ArgumentError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        load = _Load(getattr(state_dict, "_metadata", None), assign)
        local: Any = OrderedDict(state_dict)  # hooks may change it
        if load.metadata is not None:
            local._metadata = load.metadata
        self._load_tree(load, local, "")
        if strict:
            for text, keys in (("Unexpected", load.unexpected), ("Missing", load.missing)):
                if keys:
                    names = ", ".join(f'"{key}"' for key in keys)
                    load.errors.insert(0, f"{text} key(s) in state_dict: {names}. ")
        if load.errors:
            raise StateDictError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t"
                                 + "\n\t".join(load.errors))
        return _IncompatibleKeys(load.missing, load.unexpected)

    def _load_tree(self, load: _Load, state: dict[str, Any], prefix: str) -> None:
        metadata = {} if load.metadata is None else load.metadata.get(prefix[:-1], {})
        if load.assign:
            metadata["assign_to_params_buffers"] = True
        self._load_from_state_dict(state, prefix, metadata, True, load.missing, load.unexpected, load.errors)
        for name, child in self._modules.items():
            if child is not None:
                below = f"{prefix}{name}."
                child._load_tree(load, {k: v for k, v in state.items() if k.startswith(below)}, below)
        keys = _IncompatibleKeys(load.missing, load.unexpected)
        for hook in self._load_state_dict_post_hooks.values():
            if hook(self, keys) is not None:
                raise PreconditionError("hooks registered with `register_load_state_dict_post_hook` are not expected "
                                        "to return new values; change incompatible_keys in place")

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any],
                              strict: bool, missing_keys: list[str], unexpected_keys: list[str],
                              error_msgs: list[str]) -> None:
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        local = dict(self._local_state())
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, own in local.items():
            if prefix + name in state_dict:
                self._load_one(name, own, prefix + name, state_dict[prefix + name], assign, error_msgs)
            elif strict:
                missing_keys.append(prefix + name)
        self._load_extra(state_dict, prefix + _EXTRA, strict, missing_keys, unexpected_keys)
        if strict:
            unexpected_keys.extend(self._unknown_keys(state_dict, prefix, local))

    def _load_one(self, name: str, own: Tensor, key: str, value: Any, assign: bool, errors: list[str]) -> None:
        if not isinstance(value, Tensor):
            errors.append(f'While copying the parameter named "{key}", expected flambeau.Tensor or Tensor-like object '
                          f"from checkpoint but received {type(value)}")
            return
        if is_lazy(own):
            if assign:
                setattr(self, name, value)
            return
        if own.dim() == 0 and value.dim() == 1 and value.shape[0] == 1:
            value = value[0]  # 0-d parameters were once saved with one dimension
        if value.shape != own.shape:
            errors.append(f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
                          f"the shape in current model is {own.shape}.")
            return
        try:
            with no_grad():
                self._put(name, own, value, assign)
        except Exception as error:
            errors.append(f'While copying the parameter named "{key}", whose dimensions in the model are '
                          f"{own.shape} and whose dimensions in the checkpoint are {value.shape}, an exception "
                          f"occurred : {error.args}.")

    def _put(self, name: str, own: Tensor, value: Tensor, assign: bool) -> None:
        if not assign:
            own.copy_(value)
            return
        if isinstance(own, Parameter):
            if isinstance(value, Parameter):
                value.requires_grad_(own.requires_grad)
            else:
                value = Parameter(value, requires_grad=own.requires_grad)
        setattr(self, name, value)

    def _load_extra(self, state_dict: dict[str, Any], key: str, strict: bool, missing: list[str],
                    unexpected: list[str]) -> None:
        if type(self).set_extra_state is not StateDict.set_extra_state:
            if key in state_dict:
                self.set_extra_state(state_dict[key])
            elif strict:
                missing.append(key)
        elif strict and key in state_dict:
            unexpected.append(key)

    def _unknown_keys(self, state_dict: dict[str, Any], prefix: str, local: dict[str, Tensor]) -> Iterator[str]:
        for key in state_dict:
            if key.startswith(prefix) and key != prefix + _EXTRA:
                name, *below = key[len(prefix):].split(".", 1)
                if name not in (self._modules if below else local):
                    yield key

    # -- hooks -----------------------------------------------------------------------------------

    def register_state_dict_pre_hook(self, hook: Any) -> RemovableHandle:
        """Calls `hook(module, prefix, keep_vars)` before `state_dict` collects this module's tensors."""
        return add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Any) -> RemovableHandle:
        """Calls `hook(module, state_dict, prefix, metadata)` after collecting; it changes the dict in place."""
        hook._from_public_api = True
        return add_hook(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Any) -> RemovableHandle:
        if getattr(hook, "_from_public_api", False):
            raise HookError("Cannot register the same function as the state dict post hook that was previously "
                            "registered via register_state_dict_post_hook")
        return add_hook(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Any) -> RemovableHandle:
        """Calls `hook(module, state_dict, prefix, metadata, strict, missing, unexpected, errors)` before loading."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook: Any, with_module: bool = False) -> RemovableHandle:
        return add_hook(self._load_state_dict_pre_hooks, _WithModule(hook, self) if with_module else hook)

    def register_load_state_dict_post_hook(self, hook: Any) -> RemovableHandle:
        """Calls `hook(module, incompatible_keys)` after this module is loaded; it changes the lists in place."""
        return add_hook(self._load_state_dict_post_hooks, hook)


class _WithModule:
    """A hook that gets its module as first argument; a copy of the module binds the copy."""

    def __init__(self, hook: Any, module: Any) -> None:
        self.hook, self.module = hook, module

    def __call__(self, *args: Any) -> Any:
        return self.hook(self.module, *args)
