"""What lies around: elements before, between and after those that an op was given are neither read nor written."""

from __future__ import annotations

from functools import partial
from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import encode
from flambeau.dtypes import DType
from flambeau.shapes import numel
from flambeau.table.registry import TABLE
from flambeau.tensors.tensor import wrap

from ..api import flambeau
from ..cases import Case
from ..check import PASSED, Check, require
from ..host import Host, get, put, raw
from ..layouts import STORAGE_OPS
from ..target import Target
from .determinism import cases_of, families
from .promise import promise, promise_each

CHECKS: list[Check] = []
_MARGIN = 3  # elements before and after


def _guarded(host: Host, target: Target) -> tuple[Any, Any]:
    """A tensor that is every other element of the middle of a larger one, and the larger one."""
    count = numel(host.shape)
    spoiler = (True, 111, float("nan"), complex("nan"))[host.dtype.category]
    spread: list[Any] = [spoiler] * (2 * count + 2 * _MARGIN)
    spread[_MARGIN : _MARGIN + 2 * count : 2] = host.values
    whole = put(Host(spread, (len(spread),), host.dtype), target.device)
    strides, step = [], 2
    for size in reversed(host.shape):
        strides.append(step)
        step *= max(size, 1)
    return whole.as_strided(host.shape, strides[::-1], _MARGIN), whole


def _reads(family: str, target: Target) -> str:
    """Every op of the family on parts of larger tensors: same results, larger tensors as they were."""
    for case in cases_of(family, target):
        if case.op.name not in STORAGE_OPS and case.op.name != "view":
            _read(case, target)
    return PASSED


def _read(case: Case, target: Target) -> None:
    parts = [_guarded(h, target) for h in case.hosts]
    before = [raw(whole) for _, whole in parts]
    results = [get(t) for t in case.call([part for part, _ in parts], target.device)]
    for (_, whole), held in zip(parts, before, strict=True):
        require(raw(whole) == held, "guard", f"{case.id}: the call wrote beside its input")
    plain = [get(t) for t in case.call([put(h, target.device) for h in case.hosts], target.device)]
    for found, expected in zip(results, plain, strict=True):
        spoilt = [f for f, e in zip(found.values, expected.values, strict=True) if f != f and e == e]
        require(not spoilt, "guard", f"{case.id}: {len(spoilt)} results were computed from what lies beside the input")


CHECKS.extend(Check(f"contract/guards/{n}", "contract", partial(_reads, n)) for n in families())


@promise_each("guards/assign", (dtypes.float32, dtypes.bfloat16, dtypes.uint8, dtypes.complex64), CHECKS)
def assigned(target: Target, dtype: DType) -> None:
    """Writes into a part of a tensor, whatever its layout, leave the rest alone."""
    one = True if dtype.category == 0 else 1
    views: dict[str, Any] = {
        "block": lambda x: x[1:3, 1:4],
        "step": lambda x: x[::2, 1::2],
        "column": lambda x: x[:, 2],
        "element": lambda x: x[2, 3],
        "diagonal": lambda x: x.diagonal(1),
        "transposed": lambda x: x.t()[1:3],
        "empty": lambda x: x[2:2],
    }
    for name, view in views.items():
        x = flambeau.zeros(4, 6, dtype=dtype, device=target.device)
        marked = view(flambeau.arange(24, device=target.device).reshape(4, 6)).reshape(-1).tolist()
        view(x).fill_(one)
        expected = [1 if i in marked else 0 for i in range(24)]
        require(get(x.reshape(24)).values == expected, "guard", f"{name}: the write reached {get(x).values}")


@promise("guards/host-buffer", CHECKS)
def host_buffer(target: Target) -> None:
    """An array made over a part of a host buffer without copying never writes outside that part."""
    values = [float(i) for i in range(12)]
    buffer = bytearray(encode(values, dtypes.float32))
    kind = target.device.kinds[dtypes.float32]
    array = target.backend.from_host(buffer, (4,), dtypes.float32, None, 4, False)
    x = wrap(array, kind)
    x.fill_(-1)
    x.mul_(2)
    (x + 1).sum().item()
    target.backend.synchronize()
    require(get(x).values == [-2.0] * 4, "value", f"the array holds {get(x).values}")
    outside = bytes(buffer[:16]) + bytes(buffer[32:])
    require(outside == encode(values[:4] + values[8:], dtypes.float32), "guard", "bytes around the array were changed")
    inside = bytes(buffer[16:32])
    require(inside in (encode(values[4:8], dtypes.float32), encode([-2.0] * 4, dtypes.float32)), "guard",
            "the buffer holds neither what it held nor what was written")


@promise("guards/read-only", CHECKS)
def read_only(target: Target) -> None:
    """A read-only buffer stays as it is, even where it was handed over without copying."""
    held = encode([1.0, 2.0, 3.0, 4.0], dtypes.float32)
    buffer = bytes(held)
    x = wrap(target.backend.from_host(memoryview(buffer), (2, 2), dtypes.float32, copy=False),
             target.device.kinds[dtypes.float32])
    y = x.clone()
    y.fill_(9)
    require((x @ x).tolist() == [[7, 10], [15, 22]], "value", f"x @ x is {(x @ x).tolist()}")
    require(buffer == held, "guard", "a read-only buffer was written to")


@promise("guards/index-writes", CHECKS)
def index_writes(target: Target) -> None:
    """scatter, index_put and the like answer copies: what they were given stays, collisions or not."""
    place = target.device
    whole = flambeau.arange(8, dtype=flambeau.float32, device=place)
    x, index, source = whole[2:6], flambeau.tensor([0, 3, 0], device=place), flambeau.ones(3, device=place)
    before = raw(whole)
    for name, found, expected in (
            ("scatter", TABLE["scatter"].call(x, 0, index, source * 7), [7, 3, 4, 7]),
            ("scatter_add", TABLE["scatter_add"].call(x, 0, index, source), [4, 3, 4, 6]),
            ("index_add", x.index_add(0, index, source), [4, 3, 4, 6]),
            ("masked_fill", x.masked_fill(x > 3, 0), [2, 3, 0, 0])):
        require(found.tolist() == expected, "value", f"{name} gave {found.tolist()}, expected {expected}")
        require(raw(whole) == before, "guard", f"{name} wrote into what it was given")
