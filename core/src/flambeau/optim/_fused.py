"""A whole step as one kernel over lists of arrays, where the backend offers one.

The composition in each optimizer is the meaning; a kernel from `Backend.step` does the same in
place, at a fraction of the calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..modes import is_grad_enabled
from ..tensor import Tensor
from ..views import bump


def stepped(name: str, params: list[Tensor], grads: list[Any], states: Sequence[list[Any]], counters: list[Tensor],
            settings: dict[str, Any]) -> bool:
    """Lets the backend make the step `name`: changes params, states and counters in place and says so.

    False, and nothing is changed, where the backend has no such kernel, the step is recorded, or the
    tensors are not all of one real floating dtype on one device.
    """
    if not params or is_grad_enabled():
        return False
    kind = params[0]._kind.plain
    kernel = kind.device.backend.step(name, kind.dtype)
    if kernel is None or any(c._kind.device is not kind.device for c in counters):
        return False
    lists = (params, grads, *states)
    if any(t is None or t._kind.plain is not kind for group in lists for t in group):
        return False
    kernel(*[[t._array for t in group] for group in lists], [c._array for c in counters], **settings)
    for group in (params, *states, counters):
        for changed in group:
            bump(changed)
    return True
