"""`torch._utils`: tensors as one flat tensor and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flambeau


def _flatten_dense_tensors(tensors: Sequence[Any]) -> Any:
    """The elements of tensors of one dtype, one after the other."""
    return flambeau.cat([t.contiguous().view(-1) for t in tensors]) if len(tensors) != 1 else tensors[
        0].contiguous().view(-1)


def _unflatten_dense_tensors(flat: Any, tensors: Sequence[Any]) -> tuple[Any, ...]:
    """Views of a flat tensor with the sizes of these."""
    parts, start = [], 0
    for t in tensors:
        parts.append(flat.narrow(0, start, t.numel()).view(tuple(t.shape)))
        start += t.numel()
    return tuple(parts)


def _get_device_index(device: Any, optional: bool = False, allow_cpu: bool = False) -> int:
    """The number of a device; -1 for the CPU where that is allowed."""
    if isinstance(device, int):
        return device
    found = flambeau.device(device) if isinstance(device, str) else device
    if found is not None and found.index is not None:
        return int(found.index)
    return -1 if allow_cpu and found is not None and found.type == "cpu" else 0


class ExceptionWrapper:
    """An exception and its traceback as text, to be raised elsewhere."""

    def __init__(self, exc_info: Any = None, where: str = "in background") -> None:
        import sys
        import traceback

        kind, value, trace = exc_info or sys.exc_info()
        self.exc_type, self.where = kind, where
        self.exc_msg = "".join(traceback.format_exception(kind, value, trace))

    def reraise(self) -> None:
        """Raises an exception of the same class that tells where it comes from."""
        raise self.exc_type(f"Caught {self.exc_type.__name__} {self.where}.\nOriginal {self.exc_msg}")
