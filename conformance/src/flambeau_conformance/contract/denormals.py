"""Numbers below the smallest normal one are numbers: kept, compared, summed and sorted, never flushed to zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.table.settings import finfo

from ..api import flambeau
from ..check import Check, require
from ..host import Host, get, put
from ..target import Target
from .promise import promise_each

CHECKS: list[Check] = []
_FLOATS = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)

# name -> (what is computed from [3u, -u, 2u], its results in units u of the smallest positive number)
_EXACT: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "clone": (lambda x: x.clone(), [3, -1, 2]),
    "neg": (lambda x: -x, [-3, 1, -2]),
    "abs": (lambda x: x.abs(), [3, 1, 2]),
    "add": (lambda x: x + x, [6, -2, 4]),
    "sub": (lambda x: x - x[2], [1, -3, 0]),
    "mul": (lambda x: x * 2, [6, -2, 4]),
    "div": (lambda x: x / 0.5, [6, -2, 4]),
    "half": (lambda x: (x * 2) / 2, [3, -1, 2]),
    "sum": (lambda x: x.sum(), [4]),
    "cumsum": (lambda x: x.cumsum(0), [3, 2, 4]),
    "amax": (lambda x: x.amax(), [3]),
    "amin": (lambda x: x.amin(), [-1]),
    "sort": (lambda x: x.sort()[0], [-1, 2, 3]),
    "relu": (flambeau.relu, [3, 0, 2]),
    "maximum": (lambda x: flambeau.maximum(x, x[2]), [3, 2, 3 - 1]),
    "flip": (lambda x: x.flip(0), [2, -1, 3]),
    "where": (lambda x: flambeau.where(x > 0, x, -x), [3, 1, 2]),
    "cat": (lambda x: flambeau.cat([x, x]), [3, -1, 2] * 2),
    "take": (lambda x: x[[2, 0]], [2, 3]),
    "matmul": (lambda x: x @ flambeau.ones_like(x), [4]),
    "floor": (lambda x: x.floor() * 0 + x, [3, -1, 2]),
    "view": (lambda x: x.view(3, 1)[:, 0], [3, -1, 2]),
}


@promise_each("denormals", _FLOATS, CHECKS)
def denormals(target: Target, dtype: DType) -> None:
    """Arithmetic, reductions, order and movement keep them, with their signs."""
    unit = finfo(dtype).tiny * finfo(dtype).eps
    x = put(Host([3 * unit, -unit, 2 * unit], (3,), dtype), target.device)
    for name, (function, expected) in _EXACT.items():
        found = get(function(x)).values
        require(found == [n * unit for n in expected], "denormal",
                f"{name} of [3u, -u, 2u] in {dtype.name} is {[v / unit for v in found]} u, expected {expected} u")


@promise_each("denormal-order", _FLOATS, CHECKS)
def denormal_order(target: Target, dtype: DType) -> None:
    """They differ from zero in every comparison and as truth values, and zero divided by them is zero."""
    unit = finfo(dtype).tiny * finfo(dtype).eps
    x = put(Host([unit, -unit, 0.0], (3,), dtype), target.device)
    expected = {"gt": (x > 0, [True, False, False]), "lt": (x < 0, [False, True, False]),
                "eq": (x == 0, [False, False, True]), "bool": (x.bool(), [True, True, False]),
                "sign": (x.sign(), [1.0, -1.0, 0.0]), "ceil": (x.ceil(), [1.0, 0.0, 0.0]),
                "nonzero": (x.nonzero().reshape(-1), [0, 1]), "argmax": (x.argmax().reshape(1), [0])}
    for name, (found, values) in expected.items():
        require(get(found).values == values, "denormal", f"{name} of [u, -u, 0] in {dtype.name} is {get(found).values}")


@promise_each("denormal-casts", (dtypes.float16, dtypes.bfloat16, dtypes.float32), CHECKS)
def denormal_casts(target: Target, dtype: DType) -> None:
    """A cast to float64 and back keeps them; a cast down rounds to the nearest of them, ties to even."""
    if target.lacks(dtypes.float64):
        return
    unit = finfo(dtype).tiny * finfo(dtype).eps
    narrow = put(Host([unit, -3 * unit], (2,), dtype), target.device)
    wide = narrow.to(dtypes.float64)
    require(get(wide).values == [unit, -3 * unit], "denormal", f"{dtype.name} widened gave {get(wide).values}")
    require(get(wide.to(dtype)).values == [unit, -3 * unit], "denormal", f"{dtype.name} there and back differs")
    halves = put(Host([0.5 * unit, 1.5 * unit, 0.75 * unit, 2.5 * unit], (4,), dtypes.float64), target.device)
    found = [v / unit for v in get(halves.to(dtype)).values]
    require(found == [0, 2, 1, 2], "denormal", f"0.5u, 1.5u, 0.75u, 2.5u as {dtype.name} are {found} u")
