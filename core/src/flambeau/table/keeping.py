"""What a node keeps of inputs that were cast on the way to the kernel.

A walk reads an input in the dtype in which the op computed. Were the cast kept, a later write into what was given would
go unnoticed, and its memory would be held beside the other's: the node keeps what was given, and casts it when asked.
"""

from __future__ import annotations

from typing import Any

from ..tensors.tensor import Tensor
from ..walk.tape import WRAPPED, Recast, version_of
from .registry import OpDef


def keep_given(op: OpDef, pairs: list[tuple[Tensor, Tensor]], result: Any) -> None:
    """Puts the given tensors in the place of their casts, of which `pairs` tells, in the node that made `result`."""
    first = result[0] if isinstance(result, tuple) else result
    node = first.grad_fn if isinstance(first, Tensor) else None
    if node is None or node.op is not op:
        return
    given = {id(cast): value for value, cast in pairs if value._meta is not WRAPPED and value._kind is not cast._kind
             and value._kind.device is cast._kind.device}
    if not any(id(value) in given for value in node.saved):
        return
    kept = tuple(Recast(given[id(value)], value._kind.dtype) if id(value) in given else value for value in node.saved)
    node.versions = tuple(_changes(value.tensor if type(value) is Recast else value) for value in kept)
    node.saved = kept


def _changes(saved: Any) -> int:
    """How often a saved tensor was changed."""
    return version_of(saved) if isinstance(saved, Tensor) else 0
