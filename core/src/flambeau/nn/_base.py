"""What a module holds: parameters, buffers and children, and how attributes reach them.

They live in three dicts, not in the instance's own `__dict__`, so that walking them is plain
iteration; `__setattr__` sorts a value into the right one, `__getattr__` finds it again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from ..errors import ArgumentError, KeyNameError, NameUnknownError, ValueRangeError
from ..spelling import hint
from ..tensors.tensor import Tensor
from ._global_hooks import AT_REGISTRATION, registered
from .parameter import Buffer, Parameter

_TABLES = ("_backward_pre_hooks", "_backward_hooks", "_forward_hooks", "_forward_hooks_with_kwargs",
           "_forward_hooks_always_called", "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs",
           "_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks",
           "_load_state_dict_post_hooks")


def typename(value: Any) -> str:
    """The class of `value` with its module, as error messages name it; a tensor's says its dtype."""
    kind = type(value)
    if kind is Tensor:
        return str(value.type())
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


class ModuleBase:
    """The registries of a module and attribute access to them."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _non_persistent_buffers_set: set[str]
    _modules: dict[str, Any]
    _is_full_backward_hook: bool | None
    _backward_pre_hooks: OrderedDict[int, Any]
    _backward_hooks: OrderedDict[int, Any]
    _forward_hooks: OrderedDict[int, Any]
    _forward_hooks_with_kwargs: OrderedDict[int, Any]
    _forward_hooks_always_called: OrderedDict[int, Any]
    _forward_pre_hooks: OrderedDict[int, Any]
    _forward_pre_hooks_with_kwargs: OrderedDict[int, Any]
    _state_dict_hooks: OrderedDict[int, Any]
    _state_dict_pre_hooks: OrderedDict[int, Any]
    _load_state_dict_pre_hooks: OrderedDict[int, Any]
    _load_state_dict_post_hooks: OrderedDict[int, Any]

    call_super_init: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        cooperative = self.call_super_init
        if kwargs and not cooperative:
            raise ArgumentError(f"{type(self).__name__}.__init__() got an unexpected keyword argument "
                                f"'{next(iter(kwargs))}'")
        if args and not cooperative:
            raise ArgumentError(f"{type(self).__name__}.__init__() takes 1 positional argument but "
                                f"{len(args) + 1} were given")
        state: dict[str, Any] = {"training": True, "_parameters": {}, "_buffers": {},
                                 "_non_persistent_buffers_set": set(), "_is_full_backward_hook": None, "_modules": {}}
        state.update((name, OrderedDict()) for name in _TABLES)
        self.__dict__.update(state)
        if cooperative:
            super().__init__(*args, **kwargs)

    # -- attributes ------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for table in ("_parameters", "_buffers", "_modules"):
            if table in own and name in own[table]:
                return own[table][name]
        raise NameUnknownError(f"'{type(self).__name__}' object has no attribute '{name}'",
                               hint=lambda: hint("torch.nn.Module", name, dir(self)))

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, Parameter):
            self._require_init("_parameters", "parameters")
            self._discard(name, "_buffers", "_modules")
            self.register_parameter(name, value)
        elif name in own.get("_parameters", ()):
            if value is not None:
                raise ArgumentError(f"cannot assign '{typename(value)}' as parameter '{name}' "
                                    "(flambeau.nn.Parameter or None expected)")
            self.register_parameter(name, value)
        elif isinstance(value, ModuleBase):
            self._require_init("_modules", "module")
            self._discard(name, "_parameters", "_buffers")
            own["_modules"][name] = registered("module", self, name, value) if AT_REGISTRATION else value
        elif name in own.get("_modules", ()):
            if value is not None:
                raise ArgumentError(f"cannot assign '{typename(value)}' as child module '{name}' "
                                    "(flambeau.nn.Module or None expected)")
            own["_modules"][name] = value
        elif name in own.get("_buffers", ()) or isinstance(value, Buffer):
            self._assign_buffer(name, value)
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name in self._parameters:
            del self._parameters[name]
        elif name in self._buffers:
            del self._buffers[name]
            self._non_persistent_buffers_set.discard(name)
        elif name in self._modules:
            del self._modules[name]
        else:
            object.__delattr__(self, name)

    def __dir__(self) -> Iterable[str]:
        names = {*object.__dir__(self), *self._parameters, *self._buffers, *self._modules}
        return sorted(name for name in names if not name[0].isdigit())

    def _require_init(self, table: str, what: str) -> None:
        if table not in self.__dict__:
            raise NameUnknownError(f"cannot assign {what} before Module.__init__() call")

    def _discard(self, name: str, *tables: str) -> None:
        self.__dict__.pop(name, None)
        for table in tables:
            self.__dict__[table].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def _assign_buffer(self, name: str, value: Any) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise ArgumentError(f"cannot assign '{typename(value)}' as buffer '{name}' "
                                "(flambeau.nn.Buffer, flambeau.Tensor or None expected)")
        if isinstance(value, Buffer):
            persistent = bool(getattr(value, "persistent", True))
        else:
            persistent = name not in self._non_persistent_buffers_set
        self.register_buffer(name, value, persistent)

    # -- registration ----------------------------------------------------------------------------

    def _check_name(self, kind: str, name: Any, table: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise ArgumentError(f"{kind} name should be a string. Got {typename(name)}")
        if hasattr(self, name) and name not in table:
            raise KeyNameError(f"attribute '{name}' already exists", name=name)
        if "." in name:
            raise KeyNameError(f'{kind} name can\'t contain ".", got: {name}', name=name)
        if name == "":
            raise KeyNameError(f'{kind} name can\'t be empty string ""', name=name)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a tensor that is state but no parameter; without `persistent` it stays out of `state_dict`.

        Raises KeyNameError for a name that is taken, empty or has a dot, ArgumentError for no tensor.
        """
        self._require_init("_buffers", "buffer")
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise ArgumentError(f"cannot assign '{typename(tensor)}' object to buffer '{name}' "
                                "(flambeau Tensor or None required)")
        self._buffers[name] = registered("buffer", self, name, tensor) if AT_REGISTRATION else tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Adds a parameter under `name`; None reserves the name.

        Raises KeyNameError for a name that is taken, empty or has a dot, ArgumentError for no
        Parameter, ValueRangeError for one that is not a leaf of the graph.
        """
        self._require_init("_parameters", "parameter")
        self._check_name("parameter", name, self._parameters)
        if param is not None:
            if not isinstance(param, Parameter):
                raise ArgumentError(f"cannot assign '{typename(param)}' object to parameter '{name}' "
                                    "(flambeau.nn.Parameter or None required)")
            if param.grad_fn is not None:
                raise ValueRangeError(
                    f"cannot assign a non-leaf Tensor to parameter '{name}': model parameters must be created "
                    "explicitly; to express it as a function of another Tensor, compute it in forward()")
        self._parameters[name] = registered("parameter", self, name, param) if AT_REGISTRATION else param

    def add_module(self, name: str, module: Any) -> None:
        """Adds a child module under `name`; None reserves the name.

        Raises ArgumentError for no Module, KeyNameError for a name that is taken, empty or has a dot.
        """
        if not isinstance(module, ModuleBase) and module is not None:
            raise ArgumentError(f"{typename(module)} is not a Module subclass")
        self._require_init("_modules", "module")
        self._check_name("module", name, self._modules)
        self._modules[name] = registered("module", self, name, module) if AT_REGISTRATION else module

    def register_module(self, name: str, module: Any) -> None:
        """Another name of `add_module`."""
        self.add_module(name, module)
