"""Bugs of hidden state: work done late, memory given away, what a fork or a refusal leaves behind, dtypes that slip."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import Backend, Kernel
from flambeau.dtypes import DType
from flambeau.shapes import contiguous_strides, numel

from .hands import based, made, numbers, own, poke, remade, spoilt
from .mutant import Parts, kernels, mutant

_SUBNORMAL = {"float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}
_KEPT: list[Any] = []

# --- work done late


@mutant("late-evaluation", "stale asynchronous read", "contract/hazards*", "contract/copies", needs="shared views")
def _late_evaluation(base: Backend) -> Parts:
    """A product is computed when it is read, from what its operands hold by then."""
    pending: dict[int, tuple[Any, Kernel, Any, Any]] = {}

    def change(kernel: Kernel) -> Kernel:
        def mul(x: Any, y: Any) -> Any:
            result = base.own(kernel(x, y))
            pending[id(result)] = result, kernel, x, y
            return result

        return mul

    def current(array: Any) -> Any:
        if id(array) not in pending:
            return array
        _, kernel, x, y = pending[id(array)]
        return base.own(kernel(x, y))

    def reading(kernel: Kernel) -> Kernel:
        return lambda *arrays, **attributes: kernel(*map(current, arrays), **attributes)

    return Parts({"mul": change, **dict.fromkeys(("view", "slice"), reading)},
                 members={"to_host": lambda array: base.to_host(current(array))})


@mutant("download-one-behind", "stale asynchronous read", "contract/move", "contract/hazards*", "contract/round-trip*",
        "neg/float32/*")
def _download_one_behind(base: Backend) -> Parts:
    """to_host hands out what the download of that size before it gave."""
    before: dict[int, bytes] = {}

    def to_host(array: Any) -> bytes:
        data = bytes(base.to_host(array))
        stale = before.get(len(data), data)
        before[len(data)] = data
        return stale

    return Parts(members={"to_host": to_host})


class _Live(list[Any]):
    """A list that looks at the array whenever somebody looks at it."""

    def __init__(self, read: Callable[[], Any]) -> None:
        super().__init__(read())
        self.read = read

    def __eq__(self, other: object) -> bool:
        return bool(self.read() == other)


@mutant("live-list", "stale asynchronous read", "contract/hazards/read-then-written", needs="shared views")
def _live_list(base: Backend) -> Parts:
    """What tolist gives changes with the array."""
    return Parts(members={"tolist": lambda array: _Live(lambda: base.tolist(array)) if array.shape
                          else base.tolist(array)})


# --- memory of others


@mutant("neighbours-read", "guard", "contract/guards*", needs="shared views")
def _neighbours_read(base: Backend) -> Parts:
    """neg reads an input with gaps as if it had none, and so what lies between its elements."""
    def close(x: Any) -> Any:
        strides = base.strides(x)
        if not numel(x.shape) or 0 in strides or strides == contiguous_strides(tuple(x.shape)):
            return x
        return own(base, "as_strided", x, size=tuple(x.shape), stride=contiguous_strides(tuple(x.shape)),
                   storage_offset=base.storage_offset(x))

    return Parts({"neg": lambda kernel: lambda x: kernel(close(x))})


def _in_its_input(base: Backend, kernel: Kernel, x: Any, *rest: Any, **attributes: Any) -> Any:
    result = base.own(kernel(x, *rest, **attributes))
    if numel(x.shape) and 0 not in base.strides(x):
        poke(base, x, result)
    return result


kernels("scatter-in-place", "scatter and scatter_add write into what they are given.", "guard",
        ("scatter_add/float32/*", "contract/guards/index-writes"),
        dict.fromkeys(("scatter", "scatter_add"), based(_in_its_input)))


@mutant("dlpack-freed", "lifetime", "contract/dlpack", needs="dlpack")
def _dlpack_freed(base: Backend) -> Parts:
    """Memory that came through DLPack is used again as soon as its first owner is gone."""
    def from_dlpack(source: Any) -> Any:
        array = own(base, "copy", base.from_dlpack(source))
        zero = own(base, "sub", array, array)
        weakref.finalize(source, lambda: poke(base, array, zero))
        return array

    return Parts(members={"from_dlpack": from_dlpack})


@mutant("dlpack-kept", "leak", "contract/dlpack", needs="dlpack")
def _dlpack_kept(base: Backend) -> Parts:
    """The owner of memory that came through DLPack is never let go."""
    def from_dlpack(source: Any) -> Any:
        _KEPT.append(source)
        return base.from_dlpack(source)

    return Parts(members={"from_dlpack": from_dlpack})


@mutant("leak-on-write", "leak", "contract/growth/views-and-writes", "contract/growth/training")
def _leak_on_write(base: Backend) -> Parts:
    """assign keeps a copy of what it writes."""
    def change(kernel: Kernel) -> Kernel:
        def assign(dst: Any, src: Any) -> Any:
            _KEPT.append(bytes(base.to_host(src)) + bytes(256))
            return kernel(dst, src)

        return assign

    return Parts({"assign": change})


# --- after a fork, after a refusal


@mutant("wrong-after-fork", "process", "contract/processes/fork")
def _wrong_after_fork(base: Backend) -> Parts:
    """tanh answers with zeros in a child of the process that loaded it."""
    home = os.getpid()
    return Parts({"tanh": lambda kernel: lambda x: kernel(x) if os.getpid() == home else own(base, "sub", x, x)})


@mutant("refused-once", "per-thread mode", "contract/threads/refusals", needs="a refusal")
def _refused_once(base: Backend) -> Parts:
    """16-bit floats are refused in the thread that loaded the backend, and taken for float32 in others."""
    home = threading.get_ident()

    def taken(dtype: DType) -> DType:
        elsewhere = dtype in (dtypes.float16, dtypes.bfloat16) and threading.get_ident() != home
        return dtypes.float32 if elsewhere else dtype

    def full(*, dtype: DType, **rest: Any) -> Any:
        right: Any = base.kernel("full", taken(dtype))
        return right(dtype=taken(dtype), **rest)

    def kernel(op: str, dtype: DType) -> Any:
        return full if op == "full" else base.kernel(op, dtype)

    allowed = {k: v for k, v in base.unsupported.items() if k[0] != "full"}
    return Parts(members={"kernel": kernel, "unsupported": allowed})


# --- dtypes that slip, kernels that are none


def _promoted(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    result = base.own(kernel(x, y))
    small = base.dtype_of(result) in (dtypes.int8, dtypes.uint8, dtypes.int16)
    return own(base, "cast", result, dtype=dtypes.int32) if small else result


kernels("promoted-integers", "Sums and products of small integers are int32, as in C.", "wrong dtype",
        ("mul/int8/*", "contract/numbers*", "contract/zero-dim-promotion*", "contract/promotion*"),
        dict.fromkeys(("add", "mul"), based(_promoted)))


@mutant("kernel-of-text", "false promise", "contract/kernels-callable", "erf/float64/*")
def _kernel_of_text(base: Backend) -> Parts:
    """kernel answers with a name instead of a function."""
    def kernel(op: str, dtype: DType) -> Any:
        return "erf" if (op, dtype) == ("erf", dtypes.float64) else base.kernel(op, dtype)

    return Parts(members={"kernel": kernel})


# --- numbers below the smallest normal one


def _flushed(values: list[Any], dtype: DType) -> list[Any]:
    least = _SUBNORMAL.get(dtype.name, 0.0)
    return [0.0 if abs(v) < least else v for v in values] if least else values


def _flushing(base: Backend, kernel: Kernel, x: Any, *rest: Any, **attributes: Any) -> Any:
    x = remade(base, x, _flushed(numbers(base, x), base.dtype_of(x)))
    return kernel(x, *rest, **attributes)


kernels("denormals-equal-zero", "Comparisons take subnormal numbers for zeros.", "denormals",
        ("contract/denormal-order*",), dict.fromkeys(("eq", "lt", "le"), based(_flushing)))
kernels("flushing-cast", "A cast takes subnormal numbers for zeros.", "denormals", ("contract/denormal-casts*",),
        {"cast": based(_flushing)})
kernels("half-flushed", "Sums in float16 and bfloat16 lose subnormal results.", "denormals", ("contract/denormals*",),
        {"add": spoilt(lambda values, dtype: _flushed(values, dtype) if dtype.itemsize == 2 else values)},
        needs="16-bit floats")
kernels("empty-of-one", "A copy of an array without elements has one.", "empty", ("copy/float32/*",),
        {"copy": based(lambda base, kernel, x: kernel(x) if numel(x.shape) else made(
            base, [0.0], (1,) * len(x.shape), base.dtype_of(x)))})


@mutant("threads-not-counted", "false promise", "contract/thread-count")
def _threads_not_counted(base: Backend) -> Parts:
    """Whatever number of threads is asked for, there are four."""
    return Parts(members={"get_num_threads": lambda: 4, "set_num_threads": lambda n: None})
