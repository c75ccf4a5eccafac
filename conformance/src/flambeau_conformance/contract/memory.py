"""Into the backend and out of it: bytes, layouts, single numbers."""

from __future__ import annotations

from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import decode, encode, nest
from flambeau.dtypes import DType
from flambeau.shapes import contiguous_strides, numel
from flambeau.table.settings import finfo, iinfo
from flambeau.tensors.tensor import wrap

from ..check import Check, require
from ..host import Host, Placement, contiguous, expanded, get, put, raw, transposed, with_gaps, with_offset
from ..target import Target
from .promise import promise_each

CHECKS: list[Check] = []
_SHAPES = ((), (1,), (5,), (2, 3), (2, 3, 4), (0,), (2, 0, 3))


def numbers(dtype: DType, count: int) -> list[Any]:
    """Numbers of `dtype` that differ in every byte, its limits and its smallest among them."""
    if dtype.category == 0:
        return [i % 3 == 0 for i in range(count)]
    if dtype.category == 1:
        whole = iinfo(dtype)
        return [(whole.min, whole.max, 0, 1)[i] if i < 4 else (i * 37) % (whole.max + 1) for i in range(count)]
    limits = finfo(dtype)
    ends = [-0.0, float("inf"), limits.max, limits.tiny * limits.eps, limits.tiny, float("nan")]
    floats = [ends[i] if i < len(ends) else (i - 7) * 0.375 for i in range(2 * count)]
    pairs = [complex(a, b) for a, b in zip(floats[::2], floats[1::2], strict=True)]
    return decode(encode(pairs if dtype.is_complex else floats[:count], dtype), dtype)


def _same(found: list[Any], expected: list[Any]) -> bool:
    return repr(found) == repr(expected)  # tells -0.0 from 0.0, and NaN is NaN


@promise_each("round-trip", dtypes.ALL, CHECKS)
def round_trip(target: Target, dtype: DType) -> None:
    """from_host and to_host give back every bit, for every shape."""
    for shape in _SHAPES:
        values = numbers(dtype, numel(shape))
        made = put(Host(values, shape, dtype), target.device)
        require(tuple(made.shape) == shape, "shape", f"from_host made shape {tuple(made.shape)} for {shape}")
        require(_same(get(made).values, values), "value", f"{shape} of {dtype.name} came back as {get(made).values}")


@promise_each("layouts", dtypes.ALL, CHECKS)
def strided(target: Target, dtype: DType) -> None:
    """from_host honours strides, offset and stride 0; to_host gives C order."""
    shape = (2, 3, 4)
    values = numbers(dtype, 24)
    for make in (contiguous, transposed, with_gaps, with_offset):
        found = get(put(Host(values, shape, dtype), target.device, make(shape)))
        require(_same(found.values, values), "value", f"{make.__name__} {dtype.name}: {found.values}")
    repeated = values[:12] * 2
    found = get(put(Host(repeated, shape, dtype), target.device, expanded(shape)))
    require(_same(found.values, repeated), "value", f"stride 0, {dtype.name}: {found.values}")


@promise_each("strides", (dtypes.float32, dtypes.int64, dtypes.bool), CHECKS)
def strides(target: Target, dtype: DType) -> None:
    """strides and storage_offset are those the array was made with, or C order where arrays have none."""
    shape = (2, 3)
    for make in (contiguous, transposed, with_gaps, with_offset):
        place: Placement = make(shape)
        array = put(Host(numbers(dtype, 6), shape, dtype), target.device, place)._array
        found = target.backend.strides(array), target.backend.storage_offset(array)
        kept = (place.strides, place.offset)
        plain = (contiguous_strides(shape), 0)
        require(found == kept or (found == plain and not target.backend.shared_views), "strides",
                f"{make.__name__}: strides and offset are {found}, made with {kept}")


@promise_each("copied", (dtypes.float32, dtypes.uint8, dtypes.complex64), CHECKS)
def copied(target: Target, dtype: DType) -> None:
    """With copy=True, the default, later changes of the host's buffer do not show."""
    values = numbers(dtype, 6)
    for place in (None, with_gaps((6,))):
        buffer = bytearray(encode(values, dtype)) if place is None else bytearray(12 * dtype.itemsize)
        strides, offset = (None, 0) if place is None else (place.strides, place.offset)
        array = target.backend.from_host(buffer, (6,), dtype, strides, offset)
        before = bytes(target.backend.to_host(array))
        target.backend.synchronize()
        buffer[:] = b"\x01" * len(buffer)
        require(bytes(target.backend.to_host(array)) == before, "copy", "the array changed with the host's buffer")


@promise_each("item", dtypes.ALL, CHECKS)
def item(target: Target, dtype: DType) -> None:
    """item and tolist give Python numbers of the right class and value, in the array's shape."""
    kind = (bool, int, float, complex)[dtype.category]
    values = numbers(dtype, 6)
    for value in values:
        found = put(Host([value], (), dtype), target.device).item()
        require(type(found) is kind and _same([found], [value]), "item", f"{value!r} came back as {found!r}")
    made = put(Host(values, (2, 3), dtype), target.device, transposed((2, 3)))
    expected, found = nest(values, (2, 3)), made.tolist()
    require(_same(found, expected), "tolist", f"expected {expected}, got {found}")
    require(put(Host([], (2, 0), dtype), target.device).tolist() == [[], []], "tolist", "of shape (2, 0)")


@promise_each("zero-dims", dtypes.ALL, CHECKS)
def zero_dims(target: Target, dtype: DType) -> None:
    """Kernels may answer scalars for 0-d results; after `own` they are arrays like any other."""
    one = put(Host([True if dtype.category == 0 else 1], (), dtype), target.device)
    results = [one * one, one + one, one.sum(), one == one, one.reshape(1)[0], one.clone()]
    for result in results:
        found = get(result)
        require(found.shape == (), "shape", f"a 0-d result has shape {found.shape}")
        require(raw(result), "bytes", "a 0-d result has no bytes")


@promise_each("assign", dtypes.ALL, CHECKS)
def assign(target: Target, dtype: DType) -> None:
    """assign writes, broadcast, through any layout, and answers with the array to go on with."""
    kernel: Any = target.backend.kernel("assign", dtype)
    for make in (contiguous, transposed, with_gaps, with_offset):
        old, new = numbers(dtype, 12)[6:], numbers(dtype, 9)[6:]
        destination = put(Host(old, (2, 3), dtype), target.device, make((2, 3)))
        source = put(Host(new, (3,), dtype), target.device)
        answered = wrap(kernel(destination._array, source._array), destination._kind)
        require(_same(get(answered).values, new * 2), "assign", f"{make.__name__}: {get(answered).values}")
        seen = get(destination).values
        require(_same(seen, new * 2 if target.backend.shared_views else old), "assign",
                f"{make.__name__}: the array that was written to holds {seen}")
        require(_same(get(source).values, new), "mutated input", "assign changed its source")


@promise_each("assign-overlap", (dtypes.float32, dtypes.int64), CHECKS)
def assign_overlap(target: Target, dtype: DType) -> None:
    """Source and destination may be the same memory, shifted."""
    values = numbers(dtype, 13)[7:]
    base = put(Host(values, (6,), dtype), target.device)
    base[1:] = base[:-1]
    require(_same(get(base).values, values[:1] + values[:-1]), "assign", f"shifted by one: {get(base).values}")
    base[:-1] = base[1:]
    require(_same(get(base).values, values[:5] + values[4:5]), "assign", f"shifted back: {get(base).values}")
