"""What a pickle speaks of on the way to a result, and no result may hold: functions, storages, their types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dtypes import DType


class Part:
    """Base of them; the unpickler lets a part go only where it belongs."""

    def bare(self) -> Any:
        """What stands for the part where a value belongs, or None."""
        return None


class Builder(Part):
    """A function or class by the name that the pickle calls it by, and what is done when it is called.

    `parts` says that its arguments may be parts themselves, `keyed` that it hashes the items of the first, `value` what
    it stands for as somebody's argument.
    """

    def __init__(self, build: Callable[..., Any], *, parts: bool = False, keyed: bool = False,
                 value: Any = None) -> None:
        self.build, self.parts, self.keyed, self.value = build, parts, keyed, value

    def __call__(self, *arguments: Any) -> Any:
        return self.build(*arguments)


class StorageType(Part):
    """A class of storages: the type of their elements."""

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype
