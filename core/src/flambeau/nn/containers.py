"""Modules that hold other modules: in a row, in a list, in a dict."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import chain
from typing import Any, TypeVar

from ..errors import ArgumentError, IndexRangeError, PreconditionError, ValueRangeError
from .module import Module, _addindent, _body

S = TypeVar("S", bound="Sequential")
L = TypeVar("L", bound="ModuleList")


def _position(index: Any, size: int) -> int:
    place = operator.index(index)
    if not -size <= place < size:
        raise IndexRangeError(f"index {place} is out of range", index=place)
    return place % size


def _renumber(module: Module) -> None:
    module._modules = {str(i): child for i, child in enumerate(module._modules.values())}


def _shift_in(module: Module, index: int, child: Module) -> None:
    for i in range(len(module._modules), index, -1):
        module._modules[str(i)] = module._modules[str(i - 1)]
    module._modules[str(index)] = child


def _pairs(source: Any, owner: str) -> Iterator[tuple[str, Any]]:
    """The key-value pairs of a mapping or an iterable of pairs; raises as a dict's update does."""
    if not isinstance(source, Iterable):
        raise ArgumentError(f"{owner}.update should be called with an iterable of key/value pairs, but got "
                            f"{type(source).__name__}")
    if hasattr(source, "items"):
        yield from source.items()
        return
    for j, pair in enumerate(source):
        if not isinstance(pair, Iterable):
            raise ArgumentError(f"{owner} update sequence element #{j} should be Iterable; is {type(pair).__name__}")
        whole = tuple(pair)
        if len(whole) != 2:
            raise ValueRangeError(f"{owner} update sequence element #{j} has length {len(whole)}; 2 is required")
        yield whole


class Container(Module):
    """A module whose keyword arguments become its children; superseded by Module itself."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)


class Sequential(Module):
    """Modules called one after another, each with the output of the one before.

    Takes modules, or one OrderedDict of named modules.

    >>> from flambeau import nn
    >>> Sequential(nn.Linear(2, 3), nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for key, module in args[0].items():
                self.add_module(key, module)
        else:
            for index, module in enumerate(args):
                self.add_module(str(index), module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    def _key(self, index: Any) -> str:
        return list(self._modules)[_position(index, len(self))]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._key(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._key(index), module)

    def __delitem__(self, index: Any) -> None:
        keys = list(self._modules)[index] if isinstance(index, slice) else [self._key(index)]
        for key in keys:
            delattr(self, key)
        _renumber(self)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __add__(self, other: Any) -> Sequential:
        return Sequential(*self, *_sequential(other))

    def __iadd__(self: S, other: Any) -> S:
        return self.extend(_sequential(other))

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*list(self) * _times(self, times))

    __rmul__ = __mul__

    def __imul__(self: S, times: int) -> S:
        return self.extend(list(self) * (_times(self, times) - 1))

    def pop(self, key: Any) -> Any:
        """Removes the module at `key` (an index or a slice) and returns it."""
        module = self[key]
        del self[key]
        return module

    def append(self: S, module: Module) -> S:
        """Adds a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self: S, index: int, module: Module) -> S:
        """Adds a module before the one at `index`. Raises PreconditionError for no Module, IndexRangeError."""
        if not isinstance(module, Module):
            raise PreconditionError(f"module should be of type: {Module}")
        size = len(self)
        if not -size <= index <= size:
            raise IndexRangeError(f"Index out of range: {index}", index=index)
        _shift_in(self, index + size if index < 0 else index, module)
        return self

    def extend(self: S, sequential: Iterable[Module]) -> S:
        """Adds every module of an iterable at the end."""
        for layer in list(sequential):
            self.append(layer)
        return self


def _sequential(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise ValueRangeError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
    return other


def _times(owner: Sequential, times: Any) -> int:
    if not isinstance(times, int):
        raise ArgumentError(f"unsupported operand type(s) for *: {type(owner)} and {type(times)}")
    if times <= 0:
        raise ValueRangeError(f"Non-positive multiplication factor {times} for {type(owner)}")
    return times


class ModuleList(Module):
    """Modules in a list, each of them registered.

    >>> from flambeau import nn
    >>> ModuleList(nn.Linear(2, 2) for _ in range(3))
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self._modules.values())[index])
        return self._modules[str(_position(index, len(self)))]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, str(_position(index, len(self))), module)

    def __delitem__(self, index: Any) -> None:
        places = range(len(self))[index] if isinstance(index, slice) else [_position(index, len(self))]
        for place in places:
            delattr(self, str(place))
        _renumber(self)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __iadd__(self: L, modules: Iterable[Module]) -> L:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))

    def insert(self, index: int, module: Module) -> None:
        """Adds a module before the one at `index`."""
        _shift_in(self, index, module)

    def append(self: L, module: Module) -> L:
        """Adds a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key: Any) -> Any:
        """Removes the module at `key` (an index or a slice) and returns it."""
        module = self[key]
        del self[key]
        return module

    def extend(self: L, modules: Iterable[Module]) -> L:
        """Adds every module of an iterable at the end. Raises ArgumentError for no iterable."""
        if not isinstance(modules, Iterable):
            raise ArgumentError("ModuleList.extend should be called with an iterable, but got "
                                f"{type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def __repr__(self) -> str:
        runs: list[list[Any]] = []  # first place, last place, repr of equal neighbours
        for place, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1][1] = place
            else:
                runs.append([place, place, text])
        lines = [f"({a}): {text}" if a == b else f"({a}-{b}): {b - a + 1} x {text}" for a, b, text in runs]
        return f"{self._get_name()}({_body([_addindent(line) for line in lines])})"


class ModuleDict(Module):
    """Modules in a dict, each of them registered under its key."""

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Removes all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Removes the module under `key` and returns it."""
        return self._modules.pop(key)

    def keys(self) -> KeysView[str]:
        """The keys, in the order of registration."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Any]:
        """The pairs of key and module."""
        return self._modules.items()

    def values(self) -> ValuesView[Any]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Adds the modules of a mapping or an iterable of pairs.

        Raises ArgumentError for anything else, ValueRangeError for an element that is no pair.
        """
        for key, module in _pairs(modules, "ModuleDict"):
            self[key] = module
