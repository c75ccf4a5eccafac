"""The settings that a module hands on to the tensors it makes."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError

_NAMES = ("device", "dtype", "memory_format")


def factory_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """`device`, `dtype` and `memory_format`, given by themselves or in a dict "factory_kwargs", in one dict.

    Raises ArgumentError for another name, or one that is given twice.

    >>> factory_kwargs({"device": "cpu", "factory_kwargs": {"dtype": None}})
    {'dtype': None, 'device': 'cpu'}
    """
    if kwargs is None:
        return {}
    unexpected = kwargs.keys() - {*_NAMES, "factory_kwargs"}
    if unexpected:
        raise ArgumentError(f"unexpected kwargs {sorted(unexpected)}")
    made = dict(kwargs.get("factory_kwargs", {}))
    for name in (name for name in _NAMES if name in kwargs):
        if name in made:
            raise ArgumentError(f"{name} specified twice, in **kwargs and in factory_kwargs")
        made[name] = kwargs[name]
    return made
