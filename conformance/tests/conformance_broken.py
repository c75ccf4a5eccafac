"""Backends that are wrong on purpose: NumPy's with one part exchanged, and what must notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flambeau.dtypes import DType

Kernel = Callable[..., Any]


@dataclass(frozen=True)
class Broken:
    """One bug: what is exchanged, the checks that are run, and how one of them must fail."""

    name: str
    fails: str  # the ID of a check that must fail, as a pattern
    kind: str  # the kind of failure it must report
    change: dict[str, Callable[[Kernel], Kernel]] = field(default_factory=dict)
    add: dict[str, Kernel] = field(default_factory=dict)
    members: Callable[[Any], dict[str, Any]] = lambda backend: {}

    @property
    def op(self) -> str:
        """The op whose checks are run, or "contract"."""
        return self.fails.partition("/")[0]


def after(function: Callable[[Any], Any]) -> Callable[[Kernel], Kernel]:
    """The kernel's result, spoilt."""
    return lambda kernel: lambda *arrays, **attributes: function(kernel(*arrays, **attributes))


def instead(function: Kernel) -> Callable[[Kernel], Kernel]:
    """Another kernel altogether."""
    return lambda kernel: function


def each_result(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """For kernels with several results: each of them, as an array."""
    def spoil(result: Any) -> Any:
        return tuple(spoil(r) for r in result) if isinstance(result, tuple) else function(np.asarray(result))

    return spoil


def one_bad_element(out: Any) -> Any:
    out = np.array(out)
    if out.size:
        last = out.reshape(-1)[-1:]
        last[...] = ~last if out.dtype == bool else last + 1
    return out


def biased(out: Any) -> Any:
    return (out * (1 + 1e-4)).astype(out.dtype) if out.dtype == np.float32 else out


def flushed(out: Any) -> Any:
    """Numbers below the smallest normal one become zero."""
    if out.dtype != np.float32:
        return out
    return np.where(np.abs(out) < np.finfo(np.float32).tiny, np.copysign(np.float32(0), out), out)


def written_to(kernel: Kernel) -> Kernel:
    """Uses its first input as scratch memory."""
    def scratch(x: Any, y: Any) -> Any:
        result = np.array(kernel(x, y))
        if x.flags.writeable and result.shape == x.shape and x.size:
            x[...] = result
        return result

    return scratch


def wrong_axis(kernel: Kernel) -> Kernel:
    def shifted(x: Any, *, dim: tuple[int, ...], **rest: Any) -> Any:
        return kernel(x, dim=tuple(max(d - 1, 0) for d in dim) if len(dim) == 1 else dim, **rest)

    return shifted


def last_argmax(x: Any, *, dim: int | None, keepdim: bool) -> Any:
    flat, axis = (x.reshape(-1), 0) if dim is None else (x, dim)
    found = flat.shape[axis] - 1 - np.argmax(np.flip(flat, axis), axis)
    if not keepdim:
        return np.asarray(found)
    return np.asarray(found).reshape([1] * x.ndim) if dim is None else np.expand_dims(found, axis)


def in_half(x: Any, *, dim: tuple[int, ...], keepdim: bool, dtype: DType) -> Any:
    """Adds one element after the other, rounding each time."""
    return np.asarray(np.cumsum(x.reshape(-1), dtype=x.dtype)[-1])


def lost_collisions(x: Any, index: Any, src: Any, *, dim: int) -> Any:
    out, places = x.copy(), list(np.indices(index.shape))
    places[dim] = index
    out[tuple(places)] += src[tuple(slice(n) for n in index.shape)]
    return out


def reversed_ties(kernel: Kernel) -> Kernel:
    """A sort that is not stable: equal elements come in reverse order."""
    def sort(x: Any, *, dim: int, descending: bool) -> Any:
        if not x.shape:
            return kernel(x, dim=dim, descending=descending)
        values, places = kernel(np.flip(x, dim), dim=dim, descending=descending)
        return values, x.shape[dim] - 1 - places

    return sort


def half_up(x: Any) -> Any:
    return np.floor(x + 0.5).astype(x.dtype)


def saturating(x: Any, y: Any) -> Any:
    if x.dtype.kind not in "iu" or x.dtype.itemsize == 8:
        return np.add(x, y)
    limits = np.iinfo(x.dtype)
    return np.clip(x.astype(np.int64) + y, limits.min, limits.max).astype(x.dtype)


def no_shape_error(x: Any, y: Any) -> Any:
    """Cuts both to the shorter length instead of refusing."""
    try:
        return np.add(x, y)
    except ValueError:
        n = min(len(x), len(y))
        return x[:n] + y[:n]


def scaled_scatter(input: Any, *, size: Any, index: Any) -> Any:
    """A fused kernel that nothing but a gradient rule uses, off by a factor of two."""
    out = np.zeros(size, input.dtype)
    out[index] = 2 * input
    return out


def rounding_cast(kernel: Kernel) -> Kernel:
    def cast(x: Any, *, dtype: DType) -> Any:
        return kernel(np.rint(x) if x.dtype.kind == "f" and dtype.category == 1 else x, dtype=dtype)

    return cast


def own_fused_mean(input: Any, *, dim: Any, keepdim: bool, dtype: DType) -> Any:
    """Divides by one less than the count."""
    count = int(np.prod([input.shape[d] for d in dim]))
    return np.asarray(input.sum(dim, keepdims=keepdim) / input.dtype.type(max(count - 1, 1)))


# --- the backend's own members


def without_strides(backend: Any) -> dict[str, Any]:
    def from_host(buffer: Any, shape: Any, dtype: Any, strides: Any = None, offset: int = 0, copy: bool = True) -> Any:
        return backend.from_host(buffer, shape, dtype, None, offset, copy)

    return {"from_host": from_host}


def without_offset(backend: Any) -> dict[str, Any]:
    def from_host(buffer: Any, shape: Any, dtype: Any, strides: Any = None, offset: int = 0, copy: bool = True) -> Any:
        return backend.from_host(buffer, shape, dtype, strides, 0, copy)

    return {"from_host": from_host}


def memory_order(backend: Any) -> dict[str, Any]:
    """Hands back elements as they lie."""
    return {"to_host": lambda array: bytes(array.tobytes("A"))}


def shared_buffer(backend: Any) -> dict[str, Any]:
    """Keeps the host's buffer although it was asked to copy."""
    def from_host(buffer: Any, shape: Any, dtype: Any, strides: Any = None, offset: int = 0, copy: bool = True) -> Any:
        return backend.from_host(buffer, shape, dtype, strides, offset, False)

    return {"from_host": from_host}



BROKEN = [
    Broken("wrong-element", "add/float32/sample-00", "value", {"add": after(one_bad_element)}),
    Broken("wrong-dtype", "sin/float32/sample-00", "dtype", {"sin": after(lambda out: np.asarray(out, np.float64))}),
    Broken("aliased-output", "copy/float32/sample-00", "aliased output", {"copy": instead(lambda x: x)}),
    Broken("copied-view", "permute/float32/sample-00", "view", {"permute": after(lambda out: out.copy())}),
    Broken("gradient-scale", "slice/float32/sample-00/gradient", "value", add={"slice_backward": scaled_scatter}),
    Broken("lost-nan", "maximum/float32/special", "value", {"maximum": instead(np.fmax)}),
    Broken("swapped-operands", "sub/float32/sample-00", "value", {"sub": instead(lambda x, y: np.subtract(y, x))}),
    Broken("stride-ignored", "neg/float32/sample-01", "value", members=without_strides),
    Broken("offset-ignored", "neg/float32/sample-00", "value", members=without_offset),
    Broken("memory-order", "neg/float32/sample-01", "value", members=memory_order),
    Broken("wrong-axis", "sum/float32/sample-03", "shape", {"sum": wrong_axis}),
    Broken("mutated-input", "mul/float32/sample-00", "mutated input", {"mul": written_to}),
    Broken("fused-mean", "mean/float32/sample-00", "value", add={"mean": own_fused_mean}),
    Broken("small-bias", "exp/float32/sample-00", "value", {"exp": after(biased)}),
    Broken("constant-sine", "sin/float32/sample-00", "value", {"sin": instead(np.zeros_like)}),
    Broken("last-argmax", "argmax/float32/sample-04", "value", {"argmax": instead(last_argmax)}),
    Broken("lost-zero-sign", "neg/float32/special", "value", {"neg": instead(lambda x: np.zeros_like(x) - x)}),
    Broken("flushed-denormals", "mul/float32/special", "value", {"mul": after(flushed)}),
    Broken("halves-up", "round/float32/special", "value", {"round": instead(half_up)}),
    Broken("saturating", "add/int8/extremes", "value", {"add": instead(saturating)}),
    Broken("rounding-cast", "contract/casts/float32", "value", {"cast": rounding_cast}),
    Broken("lost-collisions", "scatter_add/float32/sample-00", "value", {"scatter_add": instead(lost_collisions)}),
    Broken("unstable-sort", "sort/bool/sample-00", "value", {"sort": reversed_ties}),
    Broken("no-shape-error", "add/float32/bad-00", "no error", {"add": instead(no_shape_error)}),
    Broken("half-accumulation", "contract/accumulation/float16", "accumulation", {"sum": instead(in_half)}),
    Broken("scalar-results", "contract/zero-dims/float32", "own",
           members=lambda backend: {"own": lambda result: result}),
    Broken("shared-buffer", "contract/copied/float32", "copy", members=shared_buffer),
    Broken("false-promise", "contract/manifest", "manifest", members=lambda backend: {"shared_views": False}),
]
