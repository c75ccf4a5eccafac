"""Sums of 16-bit floats are accumulated in float32 or better, and rounded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau import dtypes
from flambeau.autograd import grad
from flambeau.dtypes import DType
from flambeau.nn import functional as F
from flambeau.table.registry import TABLE

from ..api import flambeau
from ..check import Check, require
from ..host import Host, get, put
from ..target import Target
from .promise import promise_each

CHECKS: list[Check] = []
_COUNTS = {dtypes.float16: 3000, dtypes.bfloat16: 384}  # where a sum of ones in the dtype itself has long stalled

_SUMS: dict[str, Callable[[Any], Any]] = {  # of ones; each answers their number
    "sum": lambda x: x.sum(), "sum over a dim": lambda x: x.reshape(2, -1).sum(1) * 2,
    "strided sum": lambda x: x.reshape(-1, 2).t().sum(1) * 2, "cumsum": lambda x: x.cumsum(0)[-1],
    "matmul": lambda x: x @ x, "batched matmul": lambda x: (x.reshape(1, 1, -1) @ x.reshape(1, -1, 1)).reshape(1),
    "scatter_add": lambda x: TABLE["scatter_add"].call(x[:1] * 0, 0, _zeros(x), x),
    "index_put": lambda x: TABLE["index_put"].call(x[:1] * 0, x, [_zeros(x)], True),
    "mean": lambda x: x.mean() * x.numel(), "norm": lambda x: x.norm(1),
    "variance": lambda x: flambeau.cat([x, -x]).var(correction=0) * x.numel(),
    "layer_norm": lambda x: F.layer_norm(flambeau.cat([x, -x]), (2 * x.numel(),), eps=0.0)[:1] * x.numel(),
    "mse_loss": lambda x: F.mse_loss(x, x * 0, reduction="sum"), "l1_loss": lambda x: F.l1_loss(x, x * 0) * x.numel(),
    "avg_pool": lambda x: F.avg_pool1d(x[None], x.numel()) * x.numel(), "linear": lambda x: F.linear(x, x[None]),
    "convolution": lambda x: F.conv1d(x[None], x[None, None]),
    "gradient of a broadcast": lambda x: _gradient(x, lambda w: [w * x], [x]),
    "gradients that meet": lambda x: _gradient(x, lambda w: [w * 1 for _ in range(x.numel())], None),
}


def _gradient(x: Any, function: Callable[[Any], Any], incoming: Any) -> Any:
    one = x[:1].clone().requires_grad_()
    return grad(function(one), one, incoming)[0]


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
