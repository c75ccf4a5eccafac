"""Sums of 16-bit floats are accumulated in float32 or better, and rounded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.table.registry import TABLE

from ..check import Check, require
from ..host import Host, get, put
from ..target import Target
from .promise import promise_each

CHECKS: list[Check] = []
_COUNTS = {dtypes.float16: 3000, dtypes.bfloat16: 384}  # where a sum of ones in the dtype itself has long stalled

_SUMS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: x.sum(), "sum over a dim": lambda x: x.reshape(2, -1).sum(1) * 2,
    "strided sum": lambda x: x.reshape(-1, 2).t().sum(1) * 2, "cumsum": lambda x: x.cumsum(0)[-1],
    "matmul": lambda x: x @ x, "batched matmul": lambda x: (x.reshape(1, 1, -1) @ x.reshape(1, -1, 1)).reshape(1),
    "scatter_add": lambda x: TABLE["scatter_add"].call(x[:1] * 0, 0, _zeros(x), x),
}


def _zeros(x: Any) -> Any:
    return put(Host([0] * x.numel(), (x.numel(),), dtypes.int64), x.device)


@promise_each("accumulation", tuple(_COUNTS), CHECKS)
def accumulation(target: Target, dtype: DType) -> None:
    """So many ones sum to their number, whichever way they are summed."""
    count = _COUNTS[dtype]
    ones = put(Host([1.0] * count, (count,), dtype), target.device)
    for name, total in _SUMS.items():
        found = get(total(ones)).values
        require(all(v == count for v in found), "accumulation", f"{name} of {count} ones in {dtype.name} is {found[0]}")
