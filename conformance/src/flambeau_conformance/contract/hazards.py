"""Work that is still on its way: the host may overwrite what it handed over, and what it read stays what it was."""

from __future__ import annotations

from array import array
from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import encode
from flambeau.dtypes import DType
from flambeau.tensors.tensor import wrap

from ..api import flambeau
from ..check import Check, require
from ..host import Host, get, put, raw, with_gaps
from ..target import Target
from .promise import promise, promise_each

CHECKS: list[Check] = []
_COUNT = 5000  # large enough that a transfer would not be over at once


@promise_each("hazards/source-overwritten", (dtypes.float32, dtypes.int64, dtypes.uint8), CHECKS)
def source_overwritten(target: Target, dtype: DType) -> None:
    """The host's buffer is overwritten right after the upload, without waiting; computing with it comes later."""
    values = [i % 97 for i in range(_COUNT)]
    for place in (None, with_gaps((_COUNT,))):
        spread = values if place is None else [v for value in values for v in (value, 3)]
        buffer = bytearray(encode([float(v) for v in spread] if dtype.category == 2 else spread, dtype))
        strides, offset = (None, 0) if place is None else (place.strides, place.offset)
        x = wrap(target.backend.from_host(buffer, (_COUNT,), dtype, strides, offset), target.device.kinds[dtype])
        buffer[:] = bytes(len(buffer))
        doubled = x + x
        target.backend.synchronize()
        require(get(x).values == values, "stale read", f"{dtype.name}: the upload saw what was written after it")
        require(get(doubled).values == [(2 * v) % 256 if dtype is dtypes.uint8 else 2 * v for v in values],
                "stale read", f"{dtype.name}: x + x was computed from what was written after the upload")


@promise("hazards/tensor-from-buffer", CHECKS)
def tensor_from_buffer(target: Target) -> None:
    """flambeau.tensor copies: lists and buffers may change afterwards."""
    numbers = [1.0, 2.0, 3.0]
    made = flambeau.tensor(numbers, device=target.device)
    numbers[0] = -1.0
    require(made.tolist() == [1, 2, 3], "stale read", f"the list was changed after the call: {made.tolist()}")
    source = array("f", [1.0, 2.0, 3.0])
    made = flambeau.tensor(source, device=target.device)
    source[0] = -1.0
    require(made.tolist() == [1, 2, 3], "stale read", f"the buffer was changed after the call: {made.tolist()}")


@promise("hazards/input-overwritten", CHECKS)
def input_overwritten(target: Target) -> None:
    """Results computed from a tensor do not change when the tensor is overwritten before anybody has read them."""
    x = flambeau.arange(_COUNT, dtype=flambeau.float32, device=target.device)
    results = {"mul": x * 2, "add": x + x, "clone": x.clone(), "sum": x.sum(), "cumsum": x.cumsum(0), "cast": x.int(),
               "compare": x > 100, "index": x[[5, 7, 9]], "cat": flambeau.cat([x[:3], x[5:9]]), "sort": x.sort()[0]}
    x.fill_(-1)
    expected: dict[str, Any] = {
        "mul": 2 * (_COUNT - 1), "add": 2 * (_COUNT - 1), "clone": _COUNT - 1, "cumsum": None, "cast": _COUNT - 1,
        "compare": True, "index": 9, "cat": 8, "sort": _COUNT - 1, "sum": None}
    for name, result in results.items():
        last = result.reshape(-1)[-1].item()
        wanted = expected[name] if expected[name] is not None else last if last > 1e7 else "a large sum"
        require(last == wanted, "stale read", f"{name}: the last element is {last} after x was overwritten")


@promise("hazards/read-then-written", CHECKS)
def read_then_written(target: Target) -> None:
    """What tolist and item gave stays when the tensor changes."""
    x = flambeau.tensor([[1.0, 2.0], [3.0, 4.0]], device=target.device)
    rows, number = x.tolist(), x[1, 1].item()
    x.zero_()
    require(rows == [[1, 2], [3, 4]] and number == 4, "stale read", f"lists changed with the tensor: {rows}, {number}")


@promise("hazards/chain", CHECKS)
def chain(target: Target) -> None:
    """Writes and reads happen in program order, through views too, however long the chain."""
    x = flambeau.zeros(50, device=target.device)
    even, expected = x[::2], [0.0] * 50
    for i in range(16):
        x.add_(1)
        even.mul_(2)
        expected = [(v + 1) * 2 if k % 2 == 0 else v + 1 for k, v in enumerate(expected)]
        if i % 7 == 0:
            seen = x.clone()
            x.sub_(1)
            expected = [v - 1 for v in expected]
            require(seen.tolist() == [v + 1 for v in expected], "order", f"step {i}: the clone saw a later write")
    require(x.tolist() == expected, "order", "writes were not done in program order")


@promise("hazards/other-device", CHECKS)
def other_device(target: Target) -> None:
    """A transfer to the host is over when its result is used; the source may be overwritten at once."""
    x = put(Host([float(i) for i in range(_COUNT)], (_COUNT,), dtypes.float32), target.device)
    there = x.to("reference").clone() if target.name == "reference" else x.to("reference")
    x.fill_(-1)
    require(get(there).values[-1] == _COUNT - 1, "stale read", "the transfer saw what was written after it")
    back = there.to(target.device).clone()
    there.fill_(-2)
    require(raw(back)[-4:] == encode([float(_COUNT - 1)], dtypes.float32), "stale read", "the way back saw it too")
