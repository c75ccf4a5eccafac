"""Corruptions: wrong numbers in results or inputs, results in the wrong memory, arguments mixed up, refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from math import copysign, inf, isfinite, isinf
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.shapes import contiguous_strides, numel
from flambeau.table.settings import finfo, iinfo

from ...conditions.site import DOWNLOAD, ITEM, KERNEL, STEP, UPLOAD, WRITER, WRITES, Site
from ...host import rounded
from ...tolerances import budget
from ..hands import beyond, numbers, own, poke
from .corruption import Corruption, Wrong
from .spoiling import refreshed, remade, spoilt

Shape = tuple[int, ...]
Values = list[Any]
Change = Callable[[Values, DType, Shape], Values | None]


@cache
def corruptions() -> list[Corruption]:
    """All of them."""
    return [*_in_results(), *_in_inputs(), *_in_memory(), *_in_arguments()]


# --- wrong numbers


def other(value: Any, dtype: DType) -> Any:
    """Another number of the dtype, not far away."""
    if dtype.category == 0:
        return not value
    if dtype.category == 1:
        return value - 1 if value == iinfo(dtype).max else value + 1
    if dtype.is_complex:
        return complex(other(value.real, dtype.real), value.imag)
    return value * 1.5 + 1 if isfinite(value) and abs(value) < finfo(dtype).max / 4 else 0.0


def _at(place: Callable[[int], int]) -> Change:
    def change(values: Values, dtype: DType, shape: Shape) -> Values | None:
        if not values:
            return None
        i = place(len(values))
        return [*values[:i], other(values[i], dtype), *values[i + 1 :]]

    return change


def _moved(values: Values, dtype: DType, shape: Shape) -> Values | None:
    return [*values[:-1], values[-2]] if len(values) > 1 else None


def _exchanged(values: Values, dtype: DType, shape: Shape) -> Values | None:
    return [*values[:-2], values[-1], values[-2]] if len(values) > 1 else None


def _tail(values: Values, dtype: DType, shape: Shape) -> Values | None:
    """What is left beyond blocks of eight repeats the element before."""
    done = len(values) // 8 * 8
    return [*values[:done], *[values[done - 1]] * (len(values) - done)] if done < len(values) and done else None


def _row(values: Values, dtype: DType, shape: Shape) -> Values | None:
    """The last row repeats the first."""
    width = shape[-1] if len(shape) > 1 else 0
    return [*values[:-width], *values[:width]] if width and len(values) > width else None


def _turned(values: Values, dtype: DType, shape: Shape) -> Values | None:
    """Square matrices transposed."""
    if len(shape) < 2 or shape[-1] != shape[-2] or not values:
        return None
    n = shape[-1]
    return [values[b + j * n + i] for b in range(0, len(values), n * n) for i in range(n) for j in range(n)]


def _rotated(values: Values, dtype: DType, shape: Shape) -> Values | None:
    return [*values[1:], values[0]] if len(values) > 1 else None


def _each(function: Callable[[Any, DType], Any], fits: Callable[[DType], bool]) -> Change:
    """Every number changed, parts of complex numbers one by one; None where no number does."""
    def one(value: Any, dtype: DType) -> Any:
        return complex(*(function(p, dtype.real) for p in (value.real, value.imag))) if dtype.is_complex else \
            function(value, dtype)

    def change(values: Values, dtype: DType, shape: Shape) -> Values | None:
        if not fits(dtype):
            return None
        made = rounded([one(v, dtype) for v in values], dtype)
        return made if list(map(repr, made)) != list(map(repr, values)) else None

    return change


def _is_float(dtype: DType) -> bool:
    return dtype.category > 1


def _is_integer(dtype: DType) -> bool:
    return dtype.category == 1


def _wrapped(value: int, dtype: DType) -> int:
    limits = iinfo(dtype)
    found: int = (value - limits.min) % (limits.max - limits.min + 1) + limits.min
    return found


def _through(width: DType) -> Change:
    """Integers that went through floats."""
    return _each(lambda v, d: _wrapped(int(rounded([float(v)], width)[0]), d), _is_integer)


def _narrow(dtype: DType) -> DType:
    return {"float64": dtypes.float32, "float32": dtypes.bfloat16, "float16": dtypes.bfloat16}.get(
        dtype.name, dtypes.float16)


def _imaginary(values: Values, dtype: DType, shape: Shape) -> Values | None:
    return [complex(v.real, -v.imag) for v in values] if dtype.is_complex else None


_NUMBERS: dict[str, Change] = {
    "lost sign of zero": _each(lambda v, d: 0.0 if v == 0 else v, _is_float),
    "gained sign of zero": _each(lambda v, d: -0.0 if v == 0 else v, _is_float),
    "lost NaN": _each(lambda v, d: 0.0 if v != v else v, _is_float),
    "NaN as infinity": _each(lambda v, d: inf if v != v else v, _is_float),
    "infinity as the largest": _each(lambda v, d: copysign(finfo(d).max, v) if isinf(v) else v, _is_float),
    "infinity as NaN": _each(lambda v, d: v - v if isinf(v) else v, _is_float),
    "flushed subnormals": _each(lambda v, d: copysign(0.0, v) if 0 < abs(v) < finfo(d).tiny else v, _is_float),
    "low precision": _each(lambda v, d: rounded([v], _narrow(d))[0], _is_float),
    "lost sign": _each(lambda v, d: abs(v), lambda d: d.category > 1 or d.is_signed),
    "through float64": _through(dtypes.float64), "through float32": _through(dtypes.float32),
    "conjugated": _imaginary}
_PLACES: dict[str, Change] = {
    "last element wrong": _at(lambda n: n - 1), "first element wrong": _at(lambda n: 0),
    "middle element wrong": _at(lambda n: n // 2), "last element its neighbour's": _moved,
    "last two exchanged": _exchanged, "tail beyond eight": _tail, "last row the first": _row, "transposed": _turned,
    "rotated": _rotated}


def _ulps(wrong: Wrong) -> Any:
    """Off by more than the tolerance, as little as that is."""
    op = wrong.site.op

    def one(value: float, dtype: DType) -> float:
        allowed = 2 * budget(op).ulps(dtype) + 1 if op is not None else 1
        return value * (1 + (allowed + 1) * finfo(dtype).eps)

    return _result(_each(one, _is_float), 0, wrong)


def _result(change: Change, which: int, wrong: Wrong) -> Any:
    return spoilt(wrong.site, wrong.call, wrong.right(), change, which)


def _valued(site: Site) -> bool:
    return not site.view


def _in_results() -> Iterator[Corruption]:
    for name, change in {**_PLACES, **_NUMBERS}.items():
        yield Corruption(f"result: {name}", partial(_result, change, 0), partial(_answers, name))
    for name in ("last element wrong", "first element wrong"):
        yield Corruption(f"second result: {name}", partial(_result, _PLACES[name], 1),
                         lambda s: s.kind == KERNEL and s.op is not None and len(s.op.outputs) > 1)
    yield Corruption("result: beyond the tolerance", _ulps, lambda s: _valued(s) and _floating(s))


def _answers(name: str, site: Site) -> bool:
    return _valued(site) and (site.kind != ITEM or name in _NUMBERS) and _possible(site, name)


def _possible(site: Site, name: str) -> bool:
    if name.startswith("through"):
        return site.op is None or site.op.accepts not in ("floating", "real floating", "complex")
    if name == "conjugated":
        return site.op is None or site.op.accepts in ("all", "number", "floating", "complex")
    return name not in _NUMBERS or _floating(site)


def _floating(site: Site) -> bool:
    return site.op is None or (site.op.accepts not in ("integral", "integer") and site.op.result[0] not in (
        "bool", "int64"))


# --- inputs read wrongly


def _misread(change: Change, place: int, wrong: Wrong) -> Any:
    arrays, base = wrong.arrays, wrong.call.base
    if len(arrays) <= place or not isinstance(arrays[place], base.array_type):
        return wrong.right()
    if wrong.site.kind in (WRITER, WRITES) and place == 0 and wrong.site.name in ("assign", "accumulate"):
        return wrong.right()
    return wrong.with_arrays(refreshed(base, arrays, place, change))


def _unstrided(place: int, wrong: Wrong) -> Any:
    """An input read as though it lay in C order."""
    arrays: list[Any] = list(wrong.arrays)
    base = wrong.call.base
    if len(arrays) <= place or not isinstance(arrays[place], base.array_type) or not base.shared_views:
        return wrong.right()
    x: Any = arrays[place]
    shape, strides = tuple(x.shape), contiguous_strides(tuple(x.shape))
    if tuple(base.strides(x)) == strides or not numel(shape):
        return wrong.right()
    try:
        arrays[place] = own(base, "as_strided", x, size=shape, stride=strides, storage_offset=base.storage_offset(x))
    except Exception:  # the storage ends before
        return wrong.right()
    return wrong.with_arrays(tuple(arrays))


def _reads(site: Site) -> bool:
    return (site.kind in (KERNEL, WRITER, DOWNLOAD) and not site.view) or site.name in ("assign", "accumulate")


def _in_inputs() -> Iterator[Corruption]:
    for place in (0, 1):
        for name, change in {**_NUMBERS, "last element wrong": _PLACES["last element wrong"],
                             "last row the first": _row}.items():
            yield Corruption(f"input {place}: {name}", partial(_misread, change, place),
                             partial(_takes, place, name))
        yield Corruption(f"input {place}: strides ignored", partial(_unstrided, place),
                         partial(_takes, place, ""))


def _takes(place: int, name: str, site: Site) -> bool:
    return (_reads(site) and site.inputs > place and (site.kind != WRITES or place == 1)
            and _possible_input(site, name))


def _possible_input(site: Site, name: str) -> bool:
    accepts = site.op.accepts if site.op is not None else "all"
    if name.startswith("through"):
        return accepts not in ("floating", "real floating", "complex")
    if name == "conjugated":
        return accepts in ("all", "number", "floating", "complex")
    return name not in _NUMBERS or accepts not in ("integral", "integer")


# --- results in the wrong memory


def _is_array(wrong: Wrong, found: Any) -> bool:
    return isinstance(found, wrong.call.base.array_type)


def _aliased(wrong: Wrong) -> Any:
    """An input in the place of an equal result."""
    base, result = wrong.call.base, wrong.right()
    for x in wrong.call.arrays if _is_array(wrong, result) else ():
        if tuple(x.shape) == tuple(result.shape) and base.dtype_of(x) is base.dtype_of(result) and bytes(
                base.to_host(x)) == bytes(base.to_host(result)):
            return x
    return result


def _copied(wrong: Wrong) -> Any:
    return own(wrong.call.base, "copy", wrong.right())


def _stale(wrong: Wrong) -> Any:
    """The result of the call before, where its shape and dtype fit."""
    base, result = wrong.call.base, wrong.right()
    if not _is_array(wrong, result):
        return result
    key = tuple(result.shape), base.dtype_of(result)
    before = wrong.memory.get(key, result)
    wrong.memory[key] = own(base, "copy", result)
    return before


def _reused(wrong: Wrong) -> Any:
    """Every result of a shape and dtype in the same memory."""
    base, result = wrong.call.base, wrong.right()
    if not _is_array(wrong, result) or not base.shared_views:
        return result
    kept = wrong.memory.setdefault((tuple(result.shape), base.dtype_of(result)), result)
    if kept is not result:
        poke(base, kept, result)
    return kept


def _scribbled(place: int, wrong: Wrong) -> Any:
    """The last element of an input overwritten when the result is there."""
    result, base, call = wrong.right(), wrong.call.base, wrong.call
    if len(call.arrays) > place and numel(call.shapes[place]):
        x = call.arrays[place]
        try:
            poke(base, x, remade(base, x, _PLACES["last element wrong"]))
        except Exception:  # memory that cannot be written
            return result
    return result


def _unwritten(wrong: Wrong) -> Any:
    """Writes into a copy of the destination."""
    arrays, base = list(wrong.arrays), wrong.call.base
    place = -1 if wrong.site.kind == WRITER else 0
    target = arrays[place]
    arrays[place] = own(base, "copy", target)
    wrong.with_arrays(tuple(arrays))
    return target


def _forward(wrong: Wrong) -> Any:
    """Writes element by element along the first dim, and reads what it has written."""
    base, arrays = wrong.call.base, wrong.arrays
    shape = tuple(arrays[0].shape)
    if not shape or not 1 < shape[0] < 2000 or any(tuple(a.shape) != shape for a in arrays):
        return wrong.right()
    for i in range(shape[0]):
        here = (slice(i, i + 1, 1), *[slice(0, n, 1) for n in shape[1:]])
        wrong.kernel(*[own(base, "slice", a, index=here) for a in arrays], **wrong.call.attributes)
    return arrays[0]


def _overrun(wrong: Wrong) -> Any:
    """One element beyond the destination is written too."""
    base, result = wrong.call.base, wrong.right()
    target = wrong.arrays[-1 if wrong.site.kind == WRITER else 0]
    if not numel(tuple(target.shape)):
        return result
    behind = beyond(base, target)
    if behind is not None:
        poke(base, behind, remade(base, behind, _PLACES["last element wrong"]))
    return result


def _of_other_dtype(wrong: Wrong) -> Any:
    base, result = wrong.call.base, wrong.right()
    sibling = {"int64": dtypes.int32, "int32": dtypes.int64, "float32": dtypes.float64, "float64": dtypes.float32,
               "bool": dtypes.uint8, "float16": dtypes.float32}
    if not _is_array(wrong, result):
        return result
    dtype = sibling.get(base.dtype_of(result).name)
    return result if dtype is None else own(base, "cast", result, dtype=dtype)


def _of_other_shape(wrong: Wrong) -> Any:
    """One dim of extent 1 more, or less."""
    base, result = wrong.call.base, wrong.right()
    if not _is_array(wrong, result):
        return result
    shape = tuple(result.shape)
    return own(base, "view", own(base, "copy", result), size=shape[1:] if shape[:1] == (1,) else (1, *shape))


def _refused(wrong: Wrong) -> Any:
    raise ValueError("not implemented for these inputs")


def _has_input(place: int, site: Site) -> bool:
    return site.kind == KERNEL and site.inputs > place


def _in_memory() -> Iterator[Corruption]:
    made = lambda s: s.kind == KERNEL and not s.view  # noqa: E731
    writes = lambda s: s.kind == WRITER or s.name == "assign"  # noqa: E731
    yield Corruption("alias instead of copy", _aliased, made)
    yield Corruption("copy instead of alias", _copied, lambda s: s.view)
    yield Corruption("stale buffer", _stale, made)
    yield Corruption("reused buffer", _reused, made)
    for place in (0, 1):
        yield Corruption(f"written input {place}", partial(_scribbled, place), partial(_has_input, place))
    yield Corruption("written elsewhere", _unwritten, writes)
    yield Corruption("forward in overlapping memory", _forward, writes)
    yield Corruption("overrun", _overrun, writes)
    yield Corruption("wrong dtype", _of_other_dtype, made)
    yield Corruption("wrong shape", _of_other_shape, made)
    yield Corruption("refused", _refused, lambda s: s.kind in (KERNEL, WRITES, UPLOAD, DOWNLOAD, STEP))


# --- arguments mixed up


def _swapped(wrong: Wrong) -> Any:
    arrays = wrong.arrays
    if len(arrays) < 2 or tuple(arrays[0].shape) != tuple(arrays[1].shape):
        return wrong.right()
    return wrong.with_arrays((arrays[1], arrays[0], *arrays[2:]))


def _repeated(wrong: Wrong) -> Any:
    """The last of several inputs repeats the one before."""
    arrays = wrong.arrays
    if len(arrays) < 2 or tuple(arrays[-1].shape) != tuple(arrays[-2].shape):
        return wrong.right()
    return wrong.with_arrays((*arrays[:-1], arrays[-2]))


def _attribute(change: Callable[[str, Any, Wrong], Any], wrong: Wrong) -> Any:
    attributes = {n: change(n, v, wrong) for n, v in wrong.call.attributes.items()}
    return wrong.kernel(*wrong.arrays, **attributes)


def _flipped(name: str, value: Any, wrong: Wrong) -> Any:
    return not value if type(value) is bool else value


def _other_dim(name: str, value: Any, wrong: Wrong) -> Any:
    """The next dim of the same extent."""
    shape = wrong.call.shapes[0] if wrong.call.shapes else ()
    dims = value if isinstance(value, tuple) else (value,)
    if not name.startswith("dim") or len(dims) != 1 or type(dims[0]) is not int or dims[0] >= len(shape):
        return value
    others = [d for d in range(len(shape)) if d != dims[0] and shape[d] == shape[dims[0]]]
    return value if not others else (others[0],) if isinstance(value, tuple) else others[0]


def _default(name: str, value: Any, wrong: Wrong) -> Any:
    op = wrong.site.op
    if op is None or type(value) not in (int, float) or name.startswith("dim"):
        return value
    default = next((p.default for p in op.params if p.name == name), value)
    return default if type(default) in (int, float) else value


def _unstable(wrong: Wrong) -> Any:
    """Of equal elements the other end: the indices of a sort, the place of an extreme."""
    base, call = wrong.call.base, wrong.call
    result = wrong.right()
    if wrong.site.name == "sort" and call.shapes[0]:
        turned = _along(wrong, lambda places, keys: _reversed_runs(places, keys), *result)
        return result[0], turned
    dim = call.attributes.get("dim")
    if not call.shapes[0] or type(dim) is not int:
        return result
    flipped = wrong.with_arrays((own(base, "flip", wrong.arrays[0], dims=(dim,)),))
    last = call.shapes[0][dim] - 1
    return remade(base, flipped, lambda values, d, s: [last - v for v in values])


def _along(wrong: Wrong, change: Callable[[Values, Values], Values], keys: Any, places: Any) -> Any:
    """The places changed run by run along the sorted dim, where it is the last."""
    base, shape = wrong.call.base, tuple(places.shape)
    if wrong.call.attributes["dim"] != len(shape) - 1 or not numel(shape):
        return places
    held, n = numbers(base, keys), shape[-1]
    return remade(base, places, lambda values, d, s: [
        v for b in range(0, len(values), n) for v in change(values[b : b + n], held[b : b + n])])


def _reversed_runs(places: Values, keys: Values) -> Values:
    found: Values = []
    start = 0
    for i in range(1, len(keys) + 1):
        if i == len(keys) or keys[i] != keys[start]:
            found += places[start:i][::-1]
            start = i
    return found


def _has(site: Site, annotation: str) -> bool:
    return site.kind == KERNEL and site.op is not None and any(
        p.annotation.startswith(annotation) for p in site.op.params if p.role == "attribute")


def _in_arguments() -> Iterator[Corruption]:
    yield Corruption("operands swapped", _swapped,
                     lambda s: s.kind == KERNEL and s.op is not None and s.op.broadcast and s.inputs > 1)
    yield Corruption("last input repeats", _repeated, lambda s: s.kind == KERNEL and s.op is not None and any(
        p.role == "sequence" for p in s.op.inputs))
    yield Corruption("option turned", partial(_attribute, _flipped), lambda s: _has(s, "bool"))
    yield Corruption("wrong dim", partial(_attribute, _other_dim), lambda s: _has(s, "Dim") and not s.view)
    yield Corruption("option ignored", partial(_attribute, _default),
                     lambda s: _has(s, "int") or _has(s, "float"))
    yield Corruption("unstable order", _unstable, lambda s: s.kind == KERNEL and s.name in ("sort", "argmax", "argmin"))
