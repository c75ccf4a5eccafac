"""Long inputs whose elements repeat: the oracle computes one period, and every stretch of the result must be that.

Some backends are slow to read from. So the result is compared with itself where it lies, a period further, and read in
full only where that finds a difference, or is what is being tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from flambeau.contract.backend import decode, encode
from flambeau.shapes import numel
from flambeau.table.samples import arr
from flambeau.tensors.tensor import Tensor, wrap

from ..check import require
from ..compare import within
from ..host import Host, raw
from ..target import Target
from ..tolerances import granted
from ..values import sensitivity_of
from .case import Derived, like, specs_in

PERIOD = 13  # elements: no divisor of a vector's width
_USED = {"eq", "all", "slice", "prod", "amin", "cast", "logical_not"}  # what `_periodic` rests on: read in full


def one_period(case: Derived) -> Derived:
    """The case with its long inputs cut to one period."""
    def cut(value: Any) -> Any:
        long = isinstance(value, arr) and value.shape and value.shape[-1] == case.repeats
        return like(value, (*value.shape[:-1], PERIOD)) if long else value

    sample = case.sample
    short = type(sample)(*[cut(a) for a in sample.args], **{k: cut(v) for k, v in sample.kwargs.items()})
    return replace(case, sample=short, repeats=0, layout="contiguous")


def stretches_checked(case: Derived, short: Derived, wide: Host, target: Target, where: str) -> None:
    """Raises CheckFailed where a stretch of the result differs from the oracle's period."""
    shapes = [spec.shape for spec in specs_in([*case.sample.args, *case.sample.kwargs.values()])]
    tensors = [_repeated_tensor(h, s, target) for h, s in zip(short.hosts, shapes, strict=True)]
    (result,) = case.call(tensors, target.device)
    shape = (*wide.shape[:-1], case.repeats)
    require(tuple(result.shape) == shape, "shape", f"{where}: result has shape {tuple(result.shape)}, expected {shape}")
    seen = [result[..., :PERIOD]] if case.op.name not in _USED and _periodic(result) else [result]
    for place, found, expected in _stretches(seen[0], wide):
        within(found, expected, granted(case.op, found.dtype), f"{where}, at {place}",
               partial(_sensitivity_at, short, place, expected))


def _repeated_tensor(host: Host, shape: tuple[int, ...], target: Target) -> Tensor:
    """The tensor whose last dim repeats the host's."""
    size, count = host.dtype.itemsize, shape[-1] if shape else 1
    data = encode(host.values, host.dtype)
    if shape != host.shape:
        width = PERIOD * size
        rows = [data[i : i + width] for i in range(0, len(data), width)]
        data = b"".join((row * (count // PERIOD + 1))[: count * size] for row in rows)
    backend = target.backend
    return wrap(backend.from_host(data, shape, host.dtype), target.device.kinds[host.dtype])


def _periodic(result: Tensor) -> bool:
    """Whether every element equals that of one period before, as the backend compares them."""
    return bool((result[..., PERIOD:] == result[..., :-PERIOD]).all())


def _stretches(result: Tensor, wide: Host) -> Iterator[tuple[list[int], Host, Host]]:
    """Each stretch of one period that no earlier one equals, with its place and the oracle's."""
    data, dtype = raw(result), result.dtype
    count = result.shape[-1]
    size, width = dtype.itemsize, PERIOD * dtype.itemsize
    require(len(data) == numel(wide.shape[:-1]) * count * size, "bytes", f"to_host gave {len(data)} bytes")
    for row in range(numel(wide.shape[:-1])):
        held = data[row * count * size : (row + 1) * count * size]
        expected = wide.values[row * PERIOD : (row + 1) * PERIOD]
        seen: set[bytes] = set()
        for start in range(0, len(held), width):
            part = held[start : start + width]
            if part not in seen:
                seen.add(part)
                n = len(part) // size
                at = [row, start // size] if len(wide.shape) > 1 else [start // size]
                yield at, Host(decode(part, dtype), (n,), dtype), Host(expected[:n], (n,), wide.dtype)


def _sensitivity_at(short: Derived, place: list[int], expected: Host) -> list[float] | None:
    """The sensitivity of the row of that place, as far as the stretch goes."""
    found = sensitivity_of(short, short.hosts)[0]
    start = place[0] * PERIOD if len(place) > 1 else 0
    return found and found[start : start + len(expected.values)]
