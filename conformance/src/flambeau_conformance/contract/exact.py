"""What is exact stays exact: large integers, sums of small ones, truth values as bytes, whole writes, branch cuts."""

from __future__ import annotations

import cmath
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType

from ..api import flambeau
from ..check import Check, require
from ..compare import compared
from ..host import Host, get, put, raw, rounded, transposed, with_gaps
from ..target import Target
from ..tolerances import Budget
from .promise import promise, promise_each

CHECKS: list[Check] = []
_WIDE = 2**53 + 1  # the first integer that a double does not hold
_CLOSE = Budget(0, 8, 8, 0, "a chain of rounded operations on two floats")


@promise("exact-integers", CHECKS)
def exact_integers(target: Target) -> None:
    """int64 holds what no double does, however it is made, moved, compared and computed with."""
    place, n = target.device, _WIDE
    x = flambeau.tensor([n, -n, n - 1], device=place)
    for name, result, expected in (
            ("tensor", x, [n, -n, n - 1]), ("full", flambeau.full((2,), n, device=place), [n, n]),
            ("fill_", x.clone().fill_(n), [n] * 3),
            ("arange", flambeau.arange(n, n + 3, device=place), [n, n + 1, n + 2]),
            ("add", x + n, [2 * n, 0, 2 * n - 1]), ("mul", x * 3, [3 * n, -3 * n, 3 * n - 3]),
            ("floor_divide", x // 1, [n, -n, n - 1]), ("remainder", x % (n - 1), [1, n - 2, 0]),
            ("maximum", flambeau.maximum(x, x.flip(0)), [n, -n, n]), ("abs", x.abs(), [n, n, n - 1]),
            ("eq", x == n, [True, False, False]), ("lt", x < n, [False, True, True]),
            ("sum", x[:1].sum().reshape(1), [n]), ("amax", x.amax().reshape(1), [n]),
            ("sort", x.sort()[0], [-n, n - 1, n]),
            ("matmul", (x @ flambeau.ones_like(x)).reshape(1), [n - 1])):
        require(result.tolist() == expected, "value", f"{name} is {result.tolist()}, expected {expected}")


@promise_each("small-sums", (dtypes.bool, dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32), CHECKS)
def small_sums(target: Target, dtype: DType) -> None:
    """Sums and products of small integers are taken in int64: nothing wraps on the way."""
    top = 1 if dtype is dtypes.bool else flambeau.iinfo(dtype).max
    x = put(Host([bool(top) if dtype is dtypes.bool else top] * 3, (3,), dtype), target.device)
    for name, result, expected in (("sum", x.sum(), 3 * top), ("cumsum", x.cumsum(0)[2], 3 * top),
                                   ("sum of rows", x.reshape(3, 1).sum(0)[0], 3 * top),
                                   ("prod", x[:2].prod(), top * top), ("cumprod", x[:2].cumprod(0)[1], top * top)):
        require(result.dtype is dtypes.int64, "dtype", f"{name} of {dtype.name} is {result.dtype!r}, not int64")
        require(result.item() == expected, "value", f"{name} of {dtype.name} is {result.item()}, expected {expected}")


@promise("truth-bytes", CHECKS)
def truth_bytes(target: Target) -> None:
    """On the host a bool is a byte, 0 or 1, wherever it comes from."""
    x = put(Host([2.0, 0.0, -1.0], (3,), dtypes.float32), target.device)
    for name, made in (("from_host", put(Host([True, False, True], (3,), dtypes.bool), target.device)),
                       ("a comparison", x != 0), ("a cast", x.bool()), ("a sum", (x != 0) + (x != 0))):
        require(raw(made) == b"\1\0\1", "bytes", f"the bytes of {name} are {list(raw(made))}, expected [1, 0, 1]")


@promise("assign-whole", CHECKS)
def assign_whole(target: Target) -> None:
    """A source of the destination's own size lands element by element, whatever the layouts of the two."""
    place, values = target.device, [float(i) for i in range(6)]
    for make in (transposed, with_gaps):
        for source_layout in (None, transposed((2, 3))):
            x = put(Host([0.0] * 6, (2, 3), dtypes.float32), place, make((2, 3)))
            x.copy_(put(Host(values, (2, 3), dtypes.float32), place, source_layout))
            require(get(x).values == values, "assign", f"into {make.__name__}: {get(x).values}, expected {values}")
    base = flambeau.zeros(3, 2, device=place)
    base.t().copy_(put(Host(values, (2, 3), dtypes.float32), place))
    require(base.tolist() == [[0, 3], [1, 4], [2, 5]], "assign", f"through a transposed view: {base.tolist()}")


_COMPLEX: dict[str, Any] = {"sqrt": cmath.sqrt, "log": cmath.log, "exp": cmath.exp, "sin": cmath.sin, "cos": cmath.cos,
                            "tanh": cmath.tanh}


@promise_each("quadrants", dtypes.COMPLEX, CHECKS)
def quadrants(target: Target, dtype: DType) -> None:
    """Functions of complex numbers are right in all four quadrants, and take the principal branch."""
    values = [complex(a, b) for a in (1.25, -1.25) for b in (0.75, -0.75)]
    x = put(Host(values, (4,), dtype), target.device)
    for name, function in _COMPLEX.items():
        compared(get(getattr(flambeau, name)(x)), Host(rounded([function(v) for v in values], dtypes.complex128), (4,),
                                                       dtypes.complex128), _CLOSE, f"{name}, {dtype.name}")
