"""`torch._dynamo._trace_wrapped_higher_order_op`: what indexes with tensors under `vmap`."""

from __future__ import annotations

from typing import Any


class TransformGetItemToIndex:
    """Context manager that changes nothing: a tensor is an index under `vmap` without it."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: Any) -> None:
        return None


__all__ = ["TransformGetItemToIndex"]
