"""`assert_close`: values that should be the same, compared one by one, and a message that says where they are not.

Sequences and mappings are taken apart, into pairs of None, of truth values, of numbers or of what can be a tensor. All
pairs are made before the first is compared, so that a structure that differs is said before a value that does.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .. import dtypes
from ..dtypes import DType, promote_types
from ..errors import ArgumentError, FlambeauError, NotCloseError, ValueRangeError
from ..functions import as_tensor, isclose, where
from ..functions import max as largest
from ..tensors.tensor import Tensor

Place = tuple[Any, ...]
Message = str | Callable[[str], str] | None
_TOLERANCES = {  # rtol and atol
    dtypes.float16: (1e-3, 1e-5), dtypes.bfloat16: (1.6e-2, 1e-5), dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7), dtypes.complex64: (1.3e-6, 1e-5), dtypes.complex128: (1e-7, 1e-7),
}


@dataclass(frozen=True)
class Options:
    """How to compare: tolerances, and which properties of tensors must agree."""

    allow_subclasses: bool = True
    rtol: float | None = None
    atol: float | None = None
    equal_nan: bool = False
    check_device: bool = True
    check_dtype: bool = True
    check_layout: bool = True
    check_stride: bool = False

    def tolerances(self, place: Place, *kinds: DType) -> tuple[float, float]:
        """rtol and atol: those given, or the larger ones of the dtypes'."""
        if (self.rtol is None) != (self.atol is None):
            missing = "rtol" if self.rtol is None else "atol"
            raise ValueRangeError(_placed("Both 'rtol' and 'atol' must be either specified or omitted, but got no"
                                          f" {missing}.", place))
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        rtols, atols = zip(*(_TOLERANCES.get(kind, (0.0, 0.0)) for kind in kinds), strict=True)
        return max(rtols), max(atols)


class _Mismatch(Exception):
    """What differs, and where in the structure; `assert_close` makes an error of it."""

    def __init__(self, text: str, place: Place) -> None:
        super().__init__(text)
        self.text, self.place = text, place

    def error(self, message: Message) -> NotCloseError:
        if isinstance(message, str):
            return NotCloseError(message)
        full = _placed(self.text, self.place)
        return NotCloseError(message(full) if message is not None else full)


def _placed(text: str, place: Place) -> str:
    """The text, and for which item of the structure it is true."""
    path = "".join(str([item]) for item in place)
    return f"{text}\n\nThe failure occurred for item {path}" if place else text


def assert_close(actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None,
                 atol: float | None = None, equal_nan: bool = False, check_device: bool = True,
                 check_dtype: bool = True, check_layout: bool = True, check_stride: bool = False,
                 msg: Message = None) -> None:
    """Raises NotCloseError, an AssertionError, unless |actual - expected| <= atol + rtol * |expected| everywhere.

    `actual` and `expected` are tensors, what `as_tensor` takes, numbers, truth values, None, or sequences and mappings
    of those. Without tolerances they follow the dtypes; integers must be equal. `msg` is the message, or a function
    that makes it of the one that was generated. Raises ArgumentError for kinds that cannot be compared, ValueRangeError
    for one tolerance without the other.

    >>> import flambeau
    >>> assert_close(flambeau.tensor([1.0, 2.0]), flambeau.tensor([1.0, 2.0 + 1e-6]))
    >>> assert_close(1.0, 1.5)
    Traceback (most recent call last):
        ...
    flambeau.errors.NotCloseError: Scalars are not close!
    <BLANKLINE>
    Expected 1.5 but got 1.0.
    Absolute difference: 0.5 (up to 1e-07 allowed)
    Relative difference: 0.3333333333333333 (up to 1e-07 allowed) (FL701)
    """
    __tracebackhide__ = True
    options = Options(allow_subclasses, rtol, atol, equal_nan, check_device, check_dtype, check_layout, check_stride)
    try:
        comparisons = list(_pairs(actual, expected, (), options))
    except _Mismatch as mismatch:
        raise mismatch.error(None) from None
    try:
        for compare in comparisons:
            compare()
    except _Mismatch as mismatch:
        raise mismatch.error(msg) from None


def _pairs(actual: Any, expected: Any, place: Place, options: Options) -> Iterator[Callable[[], None]]:
    """The comparisons that the two consist of."""
    if _is_sequence(actual) and _is_sequence(expected):
        yield from _pairs_of_sequences(actual, expected, place, options)
    elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
        yield from _pairs_of_mappings(actual, expected, place, options)
    else:
        yield _pair(actual, expected, place, options)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _pairs_of_sequences(actual: Any, expected: Any, place: Place, options: Options) -> Iterator[Callable[[], None]]:
    if len(actual) != len(expected):
        raise _Mismatch(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", place)
    for i, (mine, other) in enumerate(zip(actual, expected, strict=True)):
        yield from _pairs(mine, other, (*place, i), options)


def _pairs_of_mappings(actual: Any, expected: Any, place: Place, options: Options) -> Iterator[Callable[[], None]]:
    if set(actual) != set(expected):
        missing, more = sorted(set(expected) - set(actual)), sorted(set(actual) - set(expected))
        raise _Mismatch(f"The keys of the mappings do not match:\nMissing keys in the actual mapping: {missing}\n"
                        f"Additional keys in the actual mapping: {more}", place)
    keys = list(actual)
    with suppress(TypeError):  # keys without an order
        keys.sort()
    for key in keys:
        yield from _pairs(actual[key], expected[key], (*place, key), options)


def _pair(actual: Any, expected: Any, place: Place, options: Options) -> Callable[[], None]:
    """How two values of one kind are compared."""
    if actual is None or expected is None:
        return lambda: _same_nothing(actual, expected, place)
    mine, other = _plain(actual), _plain(expected)
    if isinstance(mine, bool) and isinstance(other, bool):
        return lambda: _same_truth(mine, other, place)
    if isinstance(mine, (int, float, complex)) and isinstance(other, (int, float, complex)):
        tolerances = options.tolerances(place, _dtype_of(mine), _dtype_of(other))
        return lambda: _close_numbers(mine, other, place, *tolerances, options)
    tensors = _as_tensors(actual, expected, options)
    tolerances = options.tolerances(place, *(t.dtype for t in tensors))
    return lambda: _close_tensors(*tensors, place, *tolerances, options)


def _plain(value: Any) -> Any:
    """A number of NumPy's as Python's."""
    if type(value).__module__ == "numpy" and not hasattr(type(value), "__array_finalize__"):
        return value.item()
    return value


def _dtype_of(number: Any) -> DType:
    if isinstance(number, complex):
        return dtypes.complex128
    return dtypes.float64 if isinstance(number, float) else dtypes.int64


def _as_tensors(actual: Any, expected: Any, options: Options) -> tuple[Tensor, Tensor]:
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    alike = options.allow_subclasses or type(actual) is type(expected)
    try:
        if related and alike:
            made = [v.detach() if isinstance(v, Tensor) else as_tensor(v) for v in (actual, expected)]
            return made[0], made[1]
    except (FlambeauError, TypeError, ValueError):
        pass
    raise ArgumentError("No comparison pair was able to handle inputs of type"
                        f" {type(actual)} and {type(expected)}.") from None


def _same_nothing(actual: Any, expected: Any, place: Place) -> None:
    if not (actual is None and expected is None):
        raise _Mismatch(f"None mismatch: {actual} is not {expected}", place)


def _same_truth(actual: bool, expected: bool, place: Place) -> None:
    if actual is not expected:
        raise _Mismatch(f"Booleans mismatch: {actual} is not {expected}", place)


def _close_numbers(actual: Any, expected: Any, place: Place, rtol: float, atol: float, options: Options) -> None:
    if options.check_dtype and type(actual) is not type(expected):
        raise _Mismatch(f"The (d)types do not match: {type(actual)} != {type(expected)}.", place)
    if actual == expected or (options.equal_nan and cmath.isnan(actual) and cmath.isnan(expected)):
        return
    apart = abs(actual - expected)
    if not (cmath.isfinite(apart) and apart <= atol + rtol * abs(expected)):
        raise _Mismatch(_of_scalars(actual, expected, rtol, atol), place)


def _close_tensors(actual: Tensor, expected: Tensor, place: Place, rtol: float, atol: float,
                   options: Options) -> None:
    _same_properties(actual, expected, place, options)
    if actual.device != expected.device:
        actual = actual.to(expected.device)
    dtype = promote_types(actual.dtype, expected.dtype)
    actual, expected = actual.to(dtype), expected.to(dtype)
    matches = isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=options.equal_nan)
    if matches.all():
        return
    if actual.shape == ():
        raise _Mismatch(_of_scalars(actual.item(), expected.item(), rtol, atol), place)
    raise _Mismatch(_of_tensors(actual, expected, matches, rtol, atol), place)


def _same_properties(actual: Tensor, expected: Tensor, place: Place, options: Options) -> None:
    properties: list[tuple[bool, str, Callable[[Tensor], Any]]] = [
        (True, "shape", lambda t: t.shape), (options.check_stride, "stride()", lambda t: t.stride()),
        (options.check_device, "device", lambda t: t.device), (options.check_dtype, "dtype", lambda t: t.dtype)]
    for checked, name, read in properties:
        if checked and read(actual) != read(expected):
            raise _Mismatch(f"The values for attribute '{name}' do not match: {read(actual)} != {read(expected)}.",
                            place)


def _of_scalars(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    apart = abs(actual - expected)
    relative = float("inf") if expected == 0 else apart / abs(expected)
    return _text("Scalars", f"Expected {expected} but got {actual}.", (apart, None, atol), (relative, None, rtol))


def _of_tensors(actual: Tensor, expected: Tensor, matches: Tensor, rtol: float, atol: float) -> str:
    total = matches.numel()
    wrong = total - int(matches.sum())
    if actual.dtype.category < 2:
        actual, expected = actual.to(dtypes.int64), expected.to(dtypes.int64)
    apart = (actual - expected).abs().flatten()
    relative = apart / expected.abs().flatten()
    summary = f"Mismatched elements: {wrong} / {total} ({wrong / total:.1%})"
    absolutes, relatives = (_greatest(d, matches) for d in (apart, relative))
    return _text("Tensor-likes", summary, (*absolutes, atol), (*relatives, rtol))


def _greatest(differences: Tensor, matches: Tensor) -> tuple[Any, tuple[int, ...]]:
    """The largest difference among those that count, and its index."""
    value, flat = largest(where(matches.flatten(), 0, differences), 0)
    place, index = int(flat), []
    for size in reversed(matches.shape):
        place, at = divmod(place, size)
        index.append(at)
    return value.item(), tuple(reversed(index))


def _text(what: str, summary: str, absolute: tuple[Any, ...], relative: tuple[Any, ...]) -> str:
    equality = absolute[2] == 0 and relative[2] == 0
    lines = [f"{what} are not {'equal' if equality else 'close'}!", "", summary]
    for kind, (difference, index, allowed) in (("absolute", absolute), ("relative", relative)):
        line = (f"{kind.title()} difference: {difference}" if index is None
                else f"Greatest {kind} difference: {difference} at index {index}")
        lines.append(line if equality else f"{line} (up to {allowed} allowed)")
    return "\n".join(lines)
