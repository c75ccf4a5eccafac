"""One step of an optimizer over whole lists of tensors, where the backend has a kernel for it.

A composed step is a dozen operations per parameter; a backend that offers the step itself
(`Backend.step`) gets all the arrays at once and changes them in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensors.tensor import Tensor
from ..tensors.views import bump

Tensors = Sequence[Tensor]


def fused_step(name: str, params: Tensors, grads: Tensors, states: Sequence[Tensors], counters: Tensors,
               **attributes: Any) -> bool:
    """Changes `params`, `states` and `counters` in place by the backend's kernel; False, and no change, without one.

    All tensors but the counters must have one dtype and device, as those of one model mostly do.
    """
    if not params:
        return True
    kind = params[0]._kind.plain
    backend = kind.device.backend
    kernel = backend.step(name, kind.dtype)
    lists = (params, grads, *states)
    if kernel is None or not all(t._kind.plain is kind for tensors in lists for t in tensors):
        return False
    if not all(type(t._array) is backend.array_type for t in counters):
        return False
    kernel(*[[t._array for t in tensors] for tensors in lists], [t._array for t in counters], **attributes)
    for tensors in (params, *states, counters):
        for t in tensors:
            bump(t)
    return True

__all__ = [
    "fused_step",
]
