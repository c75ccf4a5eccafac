"""`torch._jit_internal`: decorators and typing names that libraries take from there."""

from __future__ import annotations

from typing import Final

from .jit import _copy_to_script_wrapper, _overload, _overload_method, export, ignore, is_scripting, unused
from .jit.annotations import BroadcastingList1, BroadcastingList2, BroadcastingList3, Future

__all__ = ["BroadcastingList1", "BroadcastingList2", "BroadcastingList3", "Final", "Future", "_copy_to_script_wrapper",
           "_overload", "_overload_method", "export", "ignore", "is_scripting", "unused"]


def boolean_dispatch(arg_name: str, arg_index: int, default: bool, if_true: object, if_false: object,
                     module_name: str, func_name: str) -> object:
    """A function that calls one of two, as the named boolean argument says."""
    def call(*args: object, **kwargs: object) -> object:
        chosen = args[arg_index] if len(args) > arg_index else kwargs.get(arg_name, default)
        return (if_true if chosen else if_false)(*args, **kwargs)  # type: ignore[operator]

    return call
