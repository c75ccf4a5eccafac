"""Reaching into arrays of any backend: through its own from_host and to_host, as lists of Python numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.contract.backend import Backend, Kernel, decode, encode
from flambeau.dtypes import DType

from ..wrapped import Change

Values = list[Any]
Spoil = Callable[[Values, DType], Values]


def numbers(base: Backend, array: Any) -> Values:
    """The elements in C order."""
    return decode(base.to_host(array), base.dtype_of(array))


def made(base: Backend, values: Values, shape: tuple[int, ...], dtype: DType) -> Any:
    """An array with those elements, rounded to the dtype."""
    return base.from_host(encode(values, dtype), tuple(shape), dtype)


def remade(base: Backend, array: Any, values: Values) -> Any:
    """An array of the same shape and dtype with other elements."""
    return made(base, values, tuple(array.shape), base.dtype_of(array))


def each(result: Any, function: Callable[[Any], Any]) -> Any:
    """Every array of a kernel's result."""
    return tuple(function(r) for r in result) if isinstance(result, tuple) else function(result)


def spoilt(function: Spoil) -> Callable[[Backend], Change]:
    """Results of the kernel with their numbers changed."""
    def make(base: Backend) -> Change:
        def one(array: Any) -> Any:
            array = base.own(array)
            return remade(base, array, function(numbers(base, array), base.dtype_of(array)))

        return lambda kernel: lambda *arrays, **attributes: each(kernel(*arrays, **attributes), one)

    return make


def spoilt_in(dtype: str, function: Callable[[Any], Any]) -> Callable[[Backend], Change]:
    """Every number of results of that dtype changed; of other dtypes none."""
    return spoilt(lambda values, found: [function(v) for v in values] if found.name == dtype else values)


def called(function: Callable[..., Any]) -> Callable[[Backend], Change]:
    """`function(kernel, *arrays, **attributes)` in the kernel's place."""
    return lambda base: lambda kernel: lambda *arrays, **attributes: function(kernel, *arrays, **attributes)


def based(function: Callable[..., Any]) -> Callable[[Backend], Change]:
    """`function(base, kernel, *arrays, **attributes)` in the kernel's place."""
    return lambda base: lambda kernel: lambda *arrays, **attributes: function(base, kernel, *arrays, **attributes)


def pairwise(function: Callable[[Any, Any], Any], when: Callable[[DType], bool] = lambda dtype: True,
             result: Callable[[DType], DType] = lambda dtype: dtype) -> Callable[[Backend], Change]:
    """A kernel of two broadcast inputs, computed number by number in Python where `when` says so."""
    def compute(base: Backend, kernel: Kernel, x: Any, y: Any, **attributes: Any) -> Any:
        dtype = base.dtype_of(x)
        if not when(dtype):
            return kernel(x, y, **attributes)
        size = tuple(own(base, "eq", x, y).shape)
        xs, ys = (numbers(base, own(base, "expand", a, size=size)) for a in (x, y))
        return made(base, [function(a, b) for a, b in zip(xs, ys, strict=True)], size, result(dtype))

    return based(compute)


def own(base: Backend, op: str, array: Any, *arrays: Any, **attributes: Any) -> Any:
    """What the healthy backend's kernel answers, for the dtype of `array`."""
    kernel = base.kernel(op, base.dtype_of(array))
    return base.own(kernel(array, *arrays, **attributes)) if kernel is not None else None


def beyond(base: Backend, array: Any) -> Any:
    """The one element that lies behind the last of an array in its memory; None where the storage ends there."""
    last = sum((n - 1) * s for n, s in zip(array.shape, base.strides(array), strict=True))
    try:
        return own(base, "as_strided", array, size=(1,), stride=(1,),
                   storage_offset=base.storage_offset(array) + last + 1)
    except Exception:  # each library has an error of its own for it
        return None


def poke(base: Backend, array: Any, source: Any) -> None:
    """Writes into an array's own memory, also where the backend promises not to."""
    if base.shared_views:
        base.kernels["assign"](array, source)
    else:
        array[...] = source
