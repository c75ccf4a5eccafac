"""Results do not depend on how many elements there are: bodies of vectors, their tails, blocks, wide indices."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType

from ..api import flambeau
from ..check import Check, require
from ..compare import compared
from ..host import Host, get, put
from ..target import Target
from ..tolerances import Budget
from .promise import promise, promise_each

CHECKS: list[Check] = []
_LENGTHS = (1, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 129, 255, 257, 1000, 1025)
_BY_ELEMENT: dict[str, Callable[[Any], Any]] = {
    "neg": lambda x: -x, "add": lambda x: x + x, "sub": lambda x: x - 1, "mul": lambda x: x * 3,
    "abs": lambda x: x.abs(),
    "maximum": lambda x: flambeau.maximum(x, -x), "where": lambda x: flambeau.where(x > 0, x, -2 * x),
    "eq": lambda x: x == 3, "lt": lambda x: x < 5, "cast": lambda x: x.to(flambeau.int32), "clone": lambda x: x.clone(),
    "flip": lambda x: x.flip(0), "roll": lambda x: x.roll(3), "cat": lambda x: flambeau.cat([x, -x]),
    "relu": lambda x: x.relu(), "clamp": lambda x: x.clamp(-4, 6)}
_PYTHON: dict[str, Callable[[list[float]], list[Any]]] = {
    "neg": lambda v: [-a for a in v], "add": lambda v: [2 * a for a in v], "sub": lambda v: [a - 1 for a in v],
    "mul": lambda v: [3 * a for a in v], "abs": lambda v: [abs(a) for a in v], "maximum": lambda v: [abs(a) for a in v],
    "where": lambda v: [a if a > 0 else -2 * a for a in v], "eq": lambda v: [a == 3 for a in v],
    "lt": lambda v: [a < 5 for a in v], "cast": lambda v: [int(a) for a in v], "clone": list, "flip": lambda v: v[::-1],
    "roll": lambda v: [v[(i - 3) % len(v)] for i in range(len(v))], "cat": lambda v: v + [-a for a in v],
    "relu": lambda v: [max(a, 0) for a in v], "clamp": lambda v: [min(max(a, -4), 6) for a in v]}


def _numbers(count: int) -> list[float]:
    """Whole numbers from -9 to 9 whose order looks like none; small enough for every float."""
    return [float(i * i * 7 % 19 - 9) for i in range(count)]


def _placed(values: list[float], target: Target, dtype: DType = dtypes.float32) -> Any:
    return put(Host(values, (len(values),), dtype), target.device)


@promise_each("sizes/elements", (dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16), CHECKS)
def elements(target: Target, dtype: DType) -> None:
    """What is done to each element is done to all, however many there are, also where they lie apart."""
    for count in _LENGTHS:
        values = _numbers(count)
        x = _placed(values, target, dtype)
        apart = _placed([v for v in values for _ in (0, 1)], target, dtype)[::2]
        for name, function in _BY_ELEMENT.items():
            expected = _PYTHON[name](values)
            for what, source in (("", x), (" of every other element", apart)):
                found = get(function(source)).values
                wrong = [i for i, (f, e) in enumerate(zip(found, expected, strict=True)) if f != e]
                require(not wrong, "value",
                        f"{name} of {count} elements{what}, {dtype.name}: {len(wrong)} are wrong, first {wrong[:1]}")


@promise("sizes/functions", CHECKS)
def functions(target: Target) -> None:
    """exp, sin, sqrt and tanh of many elements are, one by one, what they are of a single one."""
    for count in (9, 17, 65, 1025):
        values = [v / 4 for v in _numbers(count)]
        single = {v: _placed([v], target) for v in set(values)}
        for name in ("exp", "sin", "sqrt", "tanh", "sigmoid", "erf"):
            function = getattr(flambeau, name)
            alone = {v: get(function(x.abs() if name == "sqrt" else x)).values[0] for v, x in single.items()}
            x = _placed(values, target)
            found = get(function(x.abs() if name == "sqrt" else x))
            compared(found, Host([alone[v] for v in values], (count,), dtypes.float32),
                     Budget(4, 8, 8, 0, "a vector's body and its tail may be computed differently"),
                     f"{name} of {count} elements against one by one")


@promise("sizes/order", CHECKS)
def order(target: Target) -> None:
    """sort is stable, argmax finds the first, searchsorted the place, whatever the number of elements."""
    for count in _LENGTHS:
        values = _numbers(count)
        x = _placed(values, target)
        for descending in (False, True):
            places = sorted(range(count), key=lambda i: (-values[i] if descending else values[i]))
            found = x.sort(descending=descending, stable=True)
            require(found[1].tolist() == places and found[0].tolist() == [values[i] for i in places], "order",
                    f"sort of {count} elements, descending={descending}, is not the stable order")
        require(x.argmax().item() == values.index(max(values)), "order", f"argmax of {count} is not the first")
        require(x.argmin().item() == values.index(min(values)), "order", f"argmin of {count} is not the first")


@promise("sizes/reductions", CHECKS)
def reductions(target: Target) -> None:
    """Sums, products and extremes over any number of elements, along either dim."""
    for count in _LENGTHS:
        values = _numbers(count)
        x = _placed(values, target)
        rows = flambeau.stack([x, x + 1, -x])
        totals = [sum(values), sum(values) + count, -sum(values)]
        require(x.sum().item() == sum(values), "value", f"sum of {count} whole numbers is {x.sum().item()}")
        found = rows.sum(1).tolist()
        require(found == totals, "value", f"sums of rows of {count} are {found}, expected {totals}")
        require(rows.t().contiguous().sum(0).tolist() == totals, "value", f"sum of columns of {count} is not {totals}")
        require(x.amax().item() == max(values) and x.amin().item() == min(values), "value", f"extremes of {count}")
        running = [sum(values[: i + 1]) for i in range(count)]
        require(x.cumsum(0).tolist() == running, "value", f"cumsum of {count} whole numbers is wrong")
        require((x @ x).item() == sum(v * v for v in values), "value", f"x @ x of {count} whole numbers is wrong")


@promise("sizes/summation", CHECKS)
def summation(target: Target) -> None:
    """A float32 sum of 200,000 equal numbers keeps six digits: summed in pairs or blocks, not one by one."""
    n = 200_000
    tenth = struct.unpack("<f", struct.pack("<f", 0.1))[0]
    x = flambeau.full((n,), 0.1, device=target.device)
    found = x.sum().item()
    require(abs(found / (n * tenth) - 1) < 2e-6, "accumulation", f"the sum of {n} times 0.1 is {found}")
    mean = x.mean().item()
    require(abs(mean / tenth - 1) < 2e-6, "accumulation", f"the mean of {n} times 0.1 is {mean}")


@promise("sizes/wide-indices", CHECKS)
def wide_indices(target: Target) -> None:
    """Places beyond 65,535 are found, read and written."""
    n, place = 70_001, target.device
    x = flambeau.zeros(n, device=place)
    x[n - 2] = 5.0
    require(x.argmax().item() == n - 2, "index", f"argmax is {x.argmax().item()}, not {n - 2}")
    require(flambeau.nonzero(x).tolist() == [[n - 2]], "index", "nonzero does not find the place")
    index = flambeau.tensor([n - 2, 0, n - 1], device=place)
    require(x[index].tolist() == [5, 0, 0], "index", "indexing reads elsewhere")
    require(x.gather(0, index).tolist() == [5, 0, 0], "index", "gather reads elsewhere")
    written = flambeau.zeros(n, device=place).index_put((index,), flambeau.ones(3, device=place))
    require(written.sum().item() == 3 and written[n - 1].item() == 1, "index", "index_put writes elsewhere")
    require(x.sort(descending=True)[1][0].item() == n - 2, "index", "sort names another place")


@promise("sizes/million", CHECKS)
def million(target: Target) -> None:
    """Of a million results none is wrong."""
    n = 1_000_003
    x = flambeau.full((n,), 3.0, device=target.device)
    for name, result, value in (("add", x + x, 6.0), ("mul", x * 0.5, 1.5), ("sub", x - 1, 2.0), ("div", x / 2, 1.5),
                                ("neg", -x, -3.0), ("sqrt", (x * 3).sqrt(), 3.0), ("clone", x.clone(), 3.0)):
        require(result.amax().item() == value == result.amin().item(), "value",
                f"{name} of {n} equal numbers: from {result.amin().item()} to {result.amax().item()}, expected {value}")
