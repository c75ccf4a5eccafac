"""Parameters computed from others: what `module.weight` gives goes through functions of one's choice.

The original tensors move to `module.parametrizations.weight`, a ParametrizationList of the functions, which are
modules. The module's class becomes a subclass of its own, "ParametrizedLinear", where `weight` is a property that
computes it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ...errors import SerializationError, ValueRangeError
from ...modes import no_grad
from ...spelling import public
from ...tensors.tensor import Tensor
from ..containers import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

__all__ = ["ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
           "transfer_parametrizations_and_params", "type_before_parametrizations"]

_nested = [0]  # how many `cached` are active
_cache: dict[tuple[int, str], Tensor] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Inside, a parametrized tensor is computed once, when it is first asked for."""
    _nested[0] += 1
    try:
        yield
    finally:
        _nested[0] -= 1
        if not _nested[0]:
            _cache.clear()


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check_alike(got: Any, wanted: Tensor, what: str) -> None:
    """Raises ValueRangeError unless `got` is a tensor of the dtype and shape of `wanted`."""
    if not isinstance(got, Tensor):
        raise ValueRangeError(f"{what} must return a tensor. Got {type(got).__name__}.")
    for name in ("dtype", "shape"):
        if getattr(got, name) != getattr(wanted, name):
            raise ValueRangeError(f"{what} may not change the {name} of the tensor, unless the `unsafe` flag is "
                                  f"enabled: {getattr(wanted, name)} became {getattr(got, name)}")


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, the first to be applied first, and its originals.

    These are `original`, or `original0`, `original1`, … where the first parametrization takes several.
    """

    original: Tensor

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueRangeError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        with no_grad():
            new = self._inverted(original, strict=False)
        self.is_tensor = isinstance(new, Tensor)
        if not self.is_tensor and not isinstance(new, Sequence):
            raise ValueRangeError("'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                                  f"{type(new).__name__}")
        self.ntensors = 1 if self.is_tensor else len(new)
        shape = original.detach()
        if self.is_tensor:
            self._keep_one(original, new)
        else:
            self._keep_several(original, new)
        if not unsafe:
            _check_alike(self(), shape, "Registering a parametrization")

    def _keep_one(self, original: Tensor, new: Tensor) -> None:
        for name in ("dtype", "device"):
            if getattr(original, name) != getattr(new, name):
                raise ValueRangeError(f"When `right_inverse` outputs one tensor, it may not change the {name}: "
                                      f"{getattr(original, name)} became {getattr(new, name)}")
        with no_grad():
            original.data = new
        _register(self, "original", original)

    def _keep_several(self, original: Tensor, new: Sequence[Any]) -> None:
        for i, tensor in enumerate(new):
            if not isinstance(tensor, Tensor):
                raise ValueRangeError("'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                                      f"Got element {i} of the sequence with type {type(tensor).__name__}.")
            if isinstance(original, Parameter):
                tensor = Parameter(tensor, original.requires_grad)
            _register(self, f"original{i}", tensor.requires_grad_(original.requires_grad))

    def _inverted(self, value: Any, strict: bool) -> Any:
        """`value` back through all parametrizations; unless `strict`, one without an inverse counts as identity."""
        for module in reversed(list(self)):
            inverse = getattr(module, "right_inverse", None)
            if inverse is None and strict:
                raise ValueRangeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
            try:
                value = value if inverse is None else inverse(value)
            except NotImplementedError:
                if strict:
                    raise
        return value

    def right_inverse(self, value: Tensor) -> None:
        """Sets the originals to what `value` comes from. Raises ValueRangeError where they would change their dtype."""
        with no_grad():
            found = self._inverted(value, strict=True)
            if self.is_tensor:
                found, names = (found,), ["original"]
            else:
                names = [f"original{i}" for i in range(self.ntensors)]
            if not isinstance(found, Sequence) or len(found) != len(names):
                raise ValueRangeError(f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. "
                                      f"Got {type(found).__name__}.")
            for name, tensor in zip(names, found, strict=True):
                held = getattr(self, name)
                if not isinstance(tensor, Tensor) or tensor.dtype is not held.dtype:
                    raise ValueRangeError(f"`right_inverse` should return a tensor of dtype {held.dtype} for `{name}`. "
                                          f"Got {getattr(tensor, 'dtype', type(tensor).__name__)}")
                held.data = tensor

    def forward(self) -> Tensor:
        """The tensor that the originals make."""
        first, *others = self
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        x: Tensor = first(*(getattr(self, name) for name in names))
        for module in others:
            x = module(x)
        return x


def _getstate(self: Module) -> Any:
    raise SerializationError("Serialization of parametrized modules is only supported through state_dict().")


def _deepcopy(self: Module, memo: dict[int, Any]) -> Module:
    if id(self) not in memo:
        made = memo[id(self)] = self.__new__(type(self))
        made.__dict__ = copy.deepcopy(self.__dict__, memo)
    return memo[id(self)]  # type: ignore[no-any-return]


def _own_class(module: Module) -> None:
    """Makes the module the only one of a subclass of its class, which can have properties."""
    cls = type(module)
    members: dict[str, Any] = {"__getstate__": _getstate}
    if not hasattr(cls, "__deepcopy__"):
        members["__deepcopy__"] = _deepcopy
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), members)


def _property(name: str) -> property:
    def compute(self: Any) -> Tensor:
        parametrization = self.parametrizations[name]
        if not _nested[0]:
            return parametrization()  # type: ignore[no-any-return]
        key = id(self), name
        if key not in _cache:
            _cache[key] = parametrization()
        return _cache[key]

    def assign(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(compute, assign)


def register_parametrization(module: Module, tensor_name: str, parametrization: Module, *,
                             unsafe: bool = False) -> Module:
    """Lets `module.<tensor_name>`, a parameter or buffer, be what `parametrization` makes of it; returns the module.

    A `right_inverse` of the parametrization says what the original becomes, now and when the tensor is assigned to. A
    second parametrization is applied to what the first gives. Raises ValueRangeError for no such tensor and, unless
    `unsafe`, for a parametrization that changes dtype or shape.

    >>> from flambeau import nn
    >>> class Doubled(nn.Module):
    ...     def forward(self, x):
    ...         return 2 * x
    >>> layer = register_parametrization(nn.Linear(1, 1), "weight", Doubled())
    >>> bool(layer.weight == 2 * layer.parametrizations.weight.original)
    True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_next(getattr(module, tensor_name), parametrization)
        held: Any = module.parametrizations[tensor_name]
        held.append(parametrization)
        held.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        made = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _own_class(module)
            module.parametrizations = ModuleDict()
        setattr(type(module), tensor_name, _property(tensor_name))
        module.parametrizations[tensor_name] = made  # type: ignore[operator]
    else:
        raise ValueRangeError(f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with "
                              f"name '{tensor_name}'")
    return module


def _check_next(value: Tensor, parametrization: Any) -> None:
    """Raises ValueRangeError for a further parametrization that changes dtype or shape, there or back."""
    made = parametrization(value)
    _check_alike(made, value, "A parametrization")
    if hasattr(parametrization, "right_inverse"):
        try:
            back = parametrization.right_inverse(made)
        except NotImplementedError:
            return
        _check_alike(back, value, "parametrization.right_inverse")


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the tensor of that name, or any of the module, has a parametrization."""
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Makes `module.<tensor_name>` an ordinary tensor again: what it was computed to be, or the original.

    Raises ValueRangeError where it has no parametrization, or an original is wanted where there are several.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueRangeError(f"Module {module} does not have a parametrization on {tensor_name}")
    held: Any = module.parametrizations[tensor_name]
    if held.is_tensor:
        original = held.original
        if leave_parametrized:
            with no_grad():
                original.data = getattr(module, tensor_name)
    elif leave_parametrized:
        computed = getattr(module, tensor_name)
        original = Parameter(computed.detach()) if computed.requires_grad else computed
    else:
        raise ValueRangeError("Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized "
                              "in terms of a sequence of tensors.")
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]  # type: ignore[operator]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class of the module, or the one it had before it was parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module: Module, to_module: Module,
                                         tensor_name: str | None = None) -> Module:
    """Gives `to_module` the parametrizations of `from_module`, or those of one tensor, and the values of the originals.

    Tensors that it lacks are made; returns `to_module`.
    """
    if not is_parametrized(from_module):
        return to_module
    source: Any = from_module.parametrizations
    for name in list(source) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for parametrization in source[name]:
            register_parametrization(to_module, name, parametrization)
        target: Any = to_module.parametrizations[name]
        originals = ["original"] if source[name].is_tensor else [f"original{i}" for i in range(source[name].ntensors)]
        for original in originals:
            setattr(target, original, getattr(source[name], original))
    return to_module


__getattr__, __dir__ = public(__name__)
