"""Keys of dicts and elements of sets out of a file, checked before they are hashed.

Hashing runs over the whole key: nested tuples that share their parts take for ever or overrun the stack, and keys
that all have one hash make a dict slow. Both are bounded by the length of the pickle.
"""

from __future__ import annotations

from typing import Any

from ..contract.device import Device
from ..dtypes import DType
from ..tensors.tensor import Parameter, Tensor

_SIMPLE = {str, bytes, bool, type(None), DType, Device, Tensor, Parameter}
_SMALL = 1 << 60  # integers below have hashes of their own
_DEEPEST, _ALIKE = 100, 500


class Keys:
    """Counts what hashing the keys of one file takes."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.alike: dict[tuple[int, int], int] = {}
        self.targets: dict[int, Any] = {}  # kept, so that no other object gets their ids

    def check(self, key: Any, target: Any) -> str:
        """The rule that `key` breaks as a key of `target`, or nothing."""
        kind = type(key)
        if kind in _SIMPLE or (kind is int and -_SMALL < key < _SMALL):
            return ""
        broken = self._spend(key) if isinstance(key, (tuple, frozenset)) else ""
        if broken:
            return broken
        try:
            place = id(target), hash(key)
        except TypeError:
            return f"{kind.__name__} cannot be a key"
        self.targets[id(target)] = target
        self.alike[place] = self.alike.get(place, 0) + 1
        return "hundreds of keys have the same hash" if self.alike[place] > _ALIKE else ""

    def _spend(self, key: Any) -> str:
        """Walks a nested key as hashing would, and no further than the budget."""
        level = [key]
        for _ in range(_DEEPEST):
            below: list[Any] = []
            for item in level:
                self.budget -= 1
                if isinstance(item, (tuple, frozenset)):
                    self.budget -= len(item)
                    if self.budget < 0:
                        return "the keys together are larger than the pickle"
                    below.extend(item)
            if not below:
                return ""
            level = below
        return f"a key is nested more than {_DEEPEST} deep"
