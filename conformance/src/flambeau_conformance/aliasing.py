"""Whose memory a result lives in: its own, or, for views, the input's.

The only way to ask any backend is to write: the inputs are overwritten and the result is looked at
again.
"""

from __future__ import annotations

from typing import Any

from .cases import Case
from .check import require
from .host import Host, get, put, raw
from .target import Target


def constants(dtype: Any) -> tuple[Any, Any]:
    """Two different numbers of that dtype."""
    return (False, True) if dtype.category == 0 else (77, 78)


def overwrite(tensor: Any, value: Any) -> None:
    """Writes `value` into every element, by the backend's own `assign`."""
    backend = tensor._kind.device.backend
    source = put(Host([value], (), tensor._kind.dtype), tensor._kind.device)
    backend.kernel("assign", tensor._kind.dtype)(tensor._array, source._array)


def checked(case: Case, target: Target) -> None:
    """Raises CheckFailed for a result that shares memory with an input, or a view that does not."""
    if case.op.inlined or not target.backend.shared_views or not case.hosts:
        return
    tensors = [put(h, target.device) for h in case.hosts]
    results = case.call(tensors, target.device)
    if case.op.view:
        _follows(case, tensors[0], results[0])
    else:
        stays(case, tensors, results)


def _follows(case: Case, base: Any, view: Any) -> None:
    for value in constants(base.dtype):
        overwrite(base, value)
        require(all(v == value for v in get(view).values), "view",
                f"{case.id}: the result of a view op must share its input's memory, but a write does not show")


def stays(case: Case, tensors: list[Any], results: list[Any]) -> None:
    """Raises CheckFailed where a write to an input shows in a result."""
    held = [raw(r) for r in results]
    for which in (0, 1):
        for i, tensor in enumerate(tensors):
            overwrite(tensor, constants(tensor.dtype)[which])
            require([raw(r) for r in results] == held, "aliased output",
                    f"{case.id}: the result shares memory with input {i}")
