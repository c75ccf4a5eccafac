"""Numbers that are none, and entries that meet: what every op of a kind promises about them."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isnan, nan
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType

from ..api import flambeau
from ..check import Check, require
from ..host import Host, get, put
from ..target import Target
from .promise import promise, promise_each

CHECKS: list[Check] = []
_FLOATS = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)


def _same(found: list[Any], expected: list[Any]) -> bool:
    return len(found) == len(expected) and all(
        f == e or (isnan(f) and isnan(e)) for f, e in zip(found, expected, strict=True))


_REDUCED: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "amax": (lambda x: x.amax(1), [nan, nan, 3.0]), "amin": (lambda x: x.amin(1), [nan, nan, -1.0]),
    "argmax": (lambda x: x.argmax(1), [1, 0, 2]), "argmin": (lambda x: x.argmin(1), [1, 0, 1]),
    "max": (lambda x: x.max(1)[0], [nan, nan, 3.0]), "max, where": (lambda x: x.max(1)[1], [1, 0, 2]),
    "min, where": (lambda x: x.min(1)[1], [1, 0, 1]), "max of all": (lambda x: x.max().reshape(1), [nan]),
    "sum": (lambda x: x.sum(1), [nan, nan, 4.0]), "prod": (lambda x: x.prod(1), [nan, nan, -6.0]),
    "cummax": (lambda x: x.cummax(1)[0][:, 2], [nan, nan, 3.0]),
    "sort, last": (lambda x: x.sort(1)[0][:, 2], [nan, nan, 3.0]),
    "sort, first": (lambda x: x.sort(1)[0][:, 0], [1.0, nan, -1.0]),
    "sort, descending": (lambda x: x.sort(1, descending=True)[0][:, 0], [nan, nan, 3.0]),
    "mean": (lambda x: x.mean(1)[:2], [nan, nan]), "clamp": (lambda x: x.clamp(0, 2)[:, 0], [1.0, nan, 2.0]),
    "any": (lambda x: x.any(1), [True, True, True]), "all": (lambda x: (x == x).all(1), [False, False, True]),
}


@promise_each("reduced-nan", _FLOATS, CHECKS)
def reduced_nan(target: Target, dtype: DType) -> None:
    """NaN wins in every reduction, is the largest to sort and the first that argmax and argmin find."""
    x = put(Host([1.0, nan, 2.0, nan, nan, nan, 2.0, -1.0, 3.0], (3, 3), dtype), target.device)
    for name, (function, expected) in _REDUCED.items():
        found = get(function(x)).values
        require(_same(found, expected), "value",
                f"{name} of rows with NaN in {dtype.name} is {found}, expected {expected}")


@promise_each("branches", _FLOATS, CHECKS)
def branches(target: Target, dtype: DType) -> None:
    """Where takes one side as it is: NaN and infinity of the other do not leak into it, nor into masked fills."""
    place = target.device
    condition = put(Host([True, False, True, False], (4,), dtypes.bool), place)
    x = put(Host([1.0, nan, 3.0, inf], (4,), dtype), place)
    y = put(Host([nan, 5.0, -inf, 6.0], (4,), dtype), place)
    for name, result, expected in (("where", flambeau.where(condition, x, y), [1.0, 5.0, 3.0, 6.0]),
                                   ("masked_fill", x.masked_fill(~condition, 7.0), [1.0, 7.0, 3.0, 7.0])):
        found = get(result).values
        require(_same(found, expected), "value", f"{name} in {dtype.name} is {found}, expected {expected}")


@promise_each("overflow", _FLOATS, CHECKS)
def overflow(target: Target, dtype: DType) -> None:
    """What exceeds the largest number is an infinity of the right sign, never the largest number."""
    limit = flambeau.finfo(dtype).max
    x = put(Host([limit, -limit], (2,), dtype), target.device)
    for name, result in (("add", x + x), ("mul", x * 4), ("square", x.square() * x.sign()), ("sum", x.abs().sum()),
                         ("exp", x.exp())):
        found = get(result).values
        expected = [inf] if len(found) == 1 else [inf, 0.0] if name == "exp" else [inf, -inf]
        require(found == expected, "value", f"{name} of the largest numbers of {dtype.name}: {found}, not {expected}")


@promise("collisions", CHECKS)
def collisions(target: Target) -> None:
    """Where entries meet, the last written in C order stays, and all that is added is summed."""
    place = target.device
    zeros = flambeau.zeros(3, device=place)
    index = flambeau.tensor([1, 1, 2, 1], device=place)
    source = flambeau.tensor([1.0, 2.0, 3.0, 4.0], device=place)
    written = zeros.index_put((index,), source)
    added = zeros.index_put((index,), source, accumulate=True)
    for name, result, expected in (
            ("scatter", zeros.scatter(0, index, source), [0, 4, 3]), ("index_put", written, [0, 4, 3]),
            ("scatter_add", zeros.scatter_add(0, index, source), [0, 7, 3]), ("accumulate", added, [0, 7, 3]),
            ("index_add", zeros.index_add(0, index, source), [0, 7, 3])):
        require(result.tolist() == expected, "collision", f"{name}: {result.tolist()}, expected {expected}")


@promise("negative-indices", CHECKS)
def negative_indices(target: Target) -> None:
    """Entries of index tensors count from the end where they are negative; beyond either end they are refused."""
    x = flambeau.arange(6, dtype=flambeau.float32, device=target.device).reshape(3, 2)
    index = flambeau.tensor([-1, 0, -3], device=target.device)
    require(x[index].tolist() == [[4, 5], [0, 1], [0, 1]], "value", f"x[[-1, 0, -3]] is {x[index].tolist()}")
    column = x[:, flambeau.tensor([-1], device=target.device)].tolist()
    require(column == [[1], [3], [5]], "value", f"x[:, [-1]] is {column}")
    written = x.clone()
    written[index[:1]] = 9.0
    require(written.tolist() == [[0, 1], [2, 3], [9, 9]], "value", f"after x[[-1]] = 9 it holds {written.tolist()}")
    for entry in (-4, 3):
        try:
            x[flambeau.tensor([entry], device=target.device)].tolist()
        except IndexError:
            continue
        require(False, "no error", f"x[[{entry}]] of 3 rows was not refused")


_SHARP: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "relu": (lambda x: x.relu(), [nan, 0.0, inf]), "softmax": (lambda x: x[1:].softmax(0), [0.0, nan]),
    "leaky_relu": (lambda x: flambeau.nn.functional.leaky_relu(x), [nan, -inf, inf]),
    "sigmoid": (lambda x: x.sigmoid(), [nan, 0.0, 1.0]), "tanh": (lambda x: x.tanh(), [nan, -1.0, 1.0]),
    "softplus": (lambda x: flambeau.nn.functional.softplus(x), [nan, 0.0, inf]),
    "elu": (lambda x: flambeau.nn.functional.elu(x), [nan, -1.0, inf]),
    "clamp": (lambda x: x.clamp(-1, 1), [nan, -1.0, 1.0]), "hardtanh": (
        lambda x: flambeau.nn.functional.hardtanh(x), [nan, -1.0, 1.0])}


@promise("activations", CHECKS)
def activations(target: Target) -> None:
    """Activations of NaN are NaN, and of the infinities their limits."""
    x = put(Host([nan, -inf, inf], (3,), dtypes.float32), target.device)
    for name, (function, expected) in _SHARP.items():
        found = get(function(x)).values
        if name == "softmax":
            require(isnan(found[1]), "value", f"softmax of [-inf, inf] is {found}; inf - inf is not a number")
        else:
            require(_same(found, expected), "value", f"{name} of [nan, -inf, inf] is {found}, expected {expected}")


@promise("large-logits", CHECKS)
def large_logits(target: Target) -> None:
    """softmax, its logarithm and the losses over logits do not overflow where their results are finite."""
    x = put(Host([1e4, 0.0, -1e4], (3,), dtypes.float32), target.device)
    functional = flambeau.nn.functional
    one, zero = flambeau.ones(2, device=target.device), flambeau.zeros(2, device=target.device)
    far = put(Host([200.0, -200.0], (2,), dtypes.float32), target.device)
    for name, result, expected in (
            ("softmax", x.softmax(0), [1.0, 0.0, 0.0]), ("log_softmax", x.log_softmax(0), [0.0, -1e4, -2e4]),
            ("logsumexp", x.logsumexp(0).reshape(1), [1e4]),
            ("logits against ones", functional.binary_cross_entropy_with_logits(far, one, reduction="none"),
             [0.0, 200.0]),
            ("logits against zeros", functional.binary_cross_entropy_with_logits(far, zero, reduction="none"),
             [200.0, 0.0]),
            ("cross_entropy", functional.cross_entropy(x[None], flambeau.tensor([2], device=target.device)).reshape(1),
             [2e4])):
        found = get(result).values
        require(_same(found, expected), "value", f"{name} is {found}, expected {expected}")
