"""Bugs in how a backend behaves: memory, lifetimes, threads, errors, processes, promises."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import Backend, Kernel
from flambeau.dtypes import DType
from flambeau.errors import UnsupportedError
from flambeau.shapes import numel

from ..wrapped import Change
from .hands import based, beyond, called, made, numbers, own, poke, remade, spoilt
from .mutant import Parts, kernels, mutant

_LAYOUTS = ("neg/float32/*", "contract/strides*", "contract/layouts*", "contract/round-trip*")

# --- memory and layout


def _upload(change: Any) -> Any:
    """from_host with other arguments: `change(shape, strides, offset, copy)`."""
    def inject(base: Backend) -> Parts:
        def from_host(buffer: Any, shape: Any, dtype: DType, strides: Any = None, offset: int = 0,
                      copy: bool = True) -> Any:
            return base.from_host(buffer, shape, dtype, *change(shape, strides, offset, copy))

        return Parts(members={"from_host": from_host})

    return inject


def _stride_off(shape: Any, strides: Any, offset: int, copy: bool) -> Any:
    if not strides or shape[-1:] in ((), (0,), (1,)) or strides[-1] < 2:
        return strides, offset, copy
    return (*strides[:-1], strides[-1] - 1), offset, copy


for _name, _bug, _change in (
        ("stride-ignored", "from_host ignores strides.", lambda shape, s, offset, copy: (None, offset, copy)),
        ("stride-off-by-one", "from_host takes the last stride for one less.", _stride_off),
        ("offset-ignored", "from_host ignores the offset.", lambda shape, s, offset, copy: (s, 0, copy))):
    _inject = _upload(_change)
    _inject.__doc__ = _bug
    mutant(_name, "stride or offset", *_LAYOUTS)(_inject)


@mutant("memory-order", "stride or offset", "neg/float32/*", "contract/strides*", "contract/layouts*",
        needs="shared views")
def _memory_order(base: Backend) -> Parts:
    """to_host hands elements back in the order in which they lie."""
    def to_host(array: Any) -> Any:
        strides = base.strides(array)
        order = sorted(range(len(strides)), key=lambda d: -strides[d])
        return base.to_host(own(base, "permute", array, dims=tuple(order)) if len(order) > 1 else array)

    return Parts(members={"to_host": to_host})


@mutant("big-endian", "byte order", "contract/round-trip*", "add/int16/*")
def _big_endian(base: Backend) -> Parts:
    """to_host hands int16 back with its bytes swapped."""
    def to_host(array: Any) -> Any:
        data = bytearray(base.to_host(array))
        if base.dtype_of(array) is dtypes.int16:
            data[::2], data[1::2] = data[1::2], data[::2]
        return bytes(data)

    return Parts(members={"to_host": to_host})


@mutant("upload-deferred", "stale asynchronous read", "contract/hazards*", "contract/copied*")
def _upload_deferred(base: Backend) -> Parts:
    """An upload reads the host's memory only when the array is first used."""
    pending: dict[int, Any] = {}

    def from_host(buffer: Any, shape: Any, dtype: DType, strides: Any = None, offset: int = 0,
                  copy: bool = True) -> Any:
        array = base.from_host(buffer, shape, dtype, strides, offset, True)
        pending[id(array)] = array, lambda: base.from_host(buffer, shape, dtype, strides, offset, True)
        return array

    def settle() -> None:
        for key in list(pending):
            array, again = pending.pop(key)
            poke(base, array, again())

    def settled(kernel: Kernel) -> Kernel:
        def call(*arrays: Any, **attributes: Any) -> Any:
            settle()
            return kernel(*arrays, **attributes)

        return call

    def to_host(array: Any) -> Any:
        settle()
        return base.to_host(array)

    return Parts(dict.fromkeys(("add", "mul"), settled), members={"from_host": from_host, "to_host": to_host})


@mutant("download-shared", "thread race", "contract/threads*")
def _download_shared(base: Backend) -> Parts:
    """Downloads of all threads go through one buffer."""
    staged = [b""]

    def to_host(array: Any) -> bytes:
        staged[0] = bytes(base.to_host(array))
        size = len(staged[0])
        time.sleep(1e-4)  # another thread's turn
        return staged[0][:size].ljust(size, b"\0")

    return Parts(members={"to_host": to_host})


def _into_input(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    result = base.own(kernel(x, y))
    if tuple(result.shape) == tuple(x.shape) and numel(x.shape) and 0 not in base.strides(x):
        poke(base, x, result)
    return result


kernels("aliased-output", "copy hands its input back.", "aliasing", ("copy/float32/*", "contract/copies*"),
        {"copy": called(lambda kernel, x: x)},
        needs="shared views")
kernels("aliased-cast", "A cast to the same dtype hands its input back.", "aliasing",
        ("cast/float32/*", "contract/casts*", "contract/copies*"),
        {"cast": based(lambda base, kernel, x, *, dtype: x if base.dtype_of(x) is dtype else kernel(x, dtype=dtype))},
        needs="shared views")
kernels("copied-view", "permute copies.", "aliasing", ("permute/float32/*", "contract/write*", "contract/view*"),
        {"permute": based(lambda base, kernel, x, *, dims: own(base, "copy", kernel(x, dims=dims)))},
        needs="shared views")
kernels("mutated-input", "mul uses its first operand as scratch memory.", "aliasing",
        ("mul/float32/*",), {"mul": based(_into_input)})
kernels("writes-lost", "assign writes into a copy.", "mutation",
        ("contract/assign*", "contract/write*", "contract/in-*"),
        {"assign": based(lambda base, kernel, dst, src: kernel(own(base, "copy", dst), src))},
        needs="shared views")
kernels("forward-assign", "assign goes element by element, also where source and destination overlap.", "mutation",
        ("contract/assign*",), {"assign": based(lambda base, kernel, dst, src: _one_by_one(base, kernel, dst, src))},
        needs="shared views")
kernels("overrun", "assign writes one element beyond its destination.", "mutation",
        ("contract/guards*", "contract/write*"),
        {"assign": based(lambda base, kernel, dst, src: _overrun(base, kernel, dst, src))},
        needs="shared views")


def _one_by_one(base: Backend, kernel: Kernel, dst: Any, src: Any) -> Any:
    if len(dst.shape) != 1 or tuple(src.shape) != tuple(dst.shape):
        return kernel(dst, src)
    for i in range(dst.shape[0]):
        here = (slice(i, i + 1, 1),)
        kernel(own(base, "slice", dst, index=here), own(base, "slice", src, index=here))
    return dst


def _overrun(base: Backend, kernel: Kernel, dst: Any, src: Any) -> Any:
    result = kernel(dst, src)
    if numel(dst.shape) < 2:
        return result
    behind = beyond(base, dst)
    if behind is not None:
        kernel(behind, made(base, numbers(base, src)[-1:], (1,), base.dtype_of(dst)))
    return result


@mutant("strides-in-bytes", "stride or offset", "contract/strides*", "contract/*view*", "view/float32/*")
def _strides_in_bytes(base: Backend) -> Parts:
    """strides counts bytes instead of elements."""
    def strides(array: Any) -> tuple[int, ...]:
        return tuple(s * base.dtype_of(array).itemsize for s in base.strides(array))

    return Parts(members={"strides": strides})


@mutant("scalar-results", "wrong type", "contract/zero-dims*", "contract/item*", "sum/float32/*")
def _scalar_results(base: Backend) -> Parts:
    """Results without dimensions are Python numbers instead of arrays."""
    def own_result(result: Any) -> Any:
        result = base.own(result)
        return base.item(result) if tuple(result.shape) == () and base.dtype_of(result) is dtypes.float32 else result

    return Parts({op: lambda kernel: lambda *a, **k: own_result(kernel(*a, **k)) for op in ("sum", "add", "neg")},
                 members={"own": lambda result: result if isinstance(result, float) else base.own(result)})


@mutant("item-rounded", "wrong type", "contract/item*")
def _item_rounded(base: Backend) -> Parts:
    """item gives integers as floats."""
    return Parts(members={"item": lambda array: float(base.item(array))
                          if base.dtype_of(array).category == 1 else base.item(array)})


kernels("wrong-dtype", "sin in float32 answers in float64.", "wrong dtype", ("sin/float32/*",),
        {"sin": based(lambda base, kernel, x: own(base, "cast", kernel(x), dtype=dtypes.float64)
                      if base.dtype_of(x) is dtypes.float32 else kernel(x))})
kernels("int32-indices", "argmax answers in int32.", "wrong dtype", ("argmax/*",),
        {"argmax": based(lambda base, kernel, x, **attributes: own(base, "cast", base.own(kernel(x, **attributes)),
                                                                   dtype=dtypes.int32))})
kernels("flattened-result", "neg of an empty array forgets the shape.", "wrong shape", ("neg/float32/*",),
        {"neg": based(lambda base, kernel, x: kernel(x) if numel(x.shape) else made(base, [], (0,), base.dtype_of(x)))})

# --- lifetimes

_KEPT: list[Any] = []


def _leaking(kernel: Kernel, x: Any) -> Any:
    result = kernel(x)
    _KEPT.append(result)
    return result


def _leaking_errors(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    try:
        return kernel(x, y)
    except Exception as error:
        _KEPT.append(own(base, "copy", x))
        raise error


kernels("leak", "tanh keeps every result.", "leak", ("contract/growth/math", "contract/growth/training",
                                                      "contract/graph*"), {"tanh": called(_leaking)})
kernels("leak-on-error", "add keeps a copy of operands that do not fit.", "leak", ("contract/growth/errors",),
        {"add": based(_leaking_errors)})


@mutant("leak-on-upload", "leak", "contract/growth/transfers", "contract/growth/draws")
def _leak_on_upload(base: Backend) -> Parts:
    """from_host keeps a copy of what it is given."""
    def from_host(buffer: Any, *rest: Any, **options: Any) -> Any:
        _KEPT.append(bytes(buffer))
        return base.from_host(buffer, *rest, **options)

    return Parts(members={"from_host": from_host})


@mutant("cyclic-results", "leak", "contract/growth/math", "contract/growth/training", "contract/graph*")
def _cyclic_results(base: Backend) -> Parts:
    """Every call leaves a cycle behind that only the garbage collector frees."""
    def call(kernel: Kernel) -> Kernel:
        def exp(x: Any) -> Any:
            cycle: list[Any] = [base.to_host(x)]
            cycle.append(cycle)
            return kernel(x)

        return exp

    return Parts(dict.fromkeys(("exp", "tanh", "neg"), call))


# --- threads and time


@mutant("shared-scratch", "thread race", "contract/threads*")
def _shared_scratch(base: Backend) -> Parts:
    """add puts its operands where a call in another thread may replace them."""
    scratch: dict[str, Any] = {}

    def change(kernel: Kernel) -> Kernel:
        def add(x: Any, y: Any) -> Any:
            scratch["operands"] = x, y
            time.sleep(0)
            return kernel(*scratch["operands"])

        return add

    return Parts({"add": change})


@mutant("lazy-table", "thread race", "contract/threads*")
def _lazy_table(base: Backend) -> Parts:
    """The first call marks a table as built before it is."""
    state: dict[str, Any] = {}

    def change(kernel: Kernel) -> Kernel:
        def call(x: Any) -> Any:
            if "begun" not in state:
                state["begun"] = True
                time.sleep(0.02)
                state["factor"] = 1
            return kernel(x) if state["factor"] else x

        return call

    kernel_of = base.kernel

    def kernel(op: str, dtype: DType) -> Any:
        found = kernel_of(op, dtype)
        if op not in ("exp", "tanh") or found is None:
            return found
        state.clear()
        return change(found)

    return Parts(members={"kernel": kernel})


@mutant("first-thread-only", "thread race", "contract/threads*")
def _first_thread_only(base: Backend) -> Parts:
    """exp computes only in the thread that loaded the backend; elsewhere it answers with its input."""
    home = threading.get_ident()
    return Parts({op: lambda kernel: lambda x: kernel(x) if threading.get_ident() == home else own(base, "copy", x)
                  for op in ("exp", "tanh", "neg")})


_DICE = random.Random()


def _jittered(base: Backend) -> Change:
    return spoilt(lambda values, dtype: [v * (1 + _DICE.choice((0, 2.0**-23))) for v in values]
                  if dtype is dtypes.float32 else values)(base)


kernels("random-last-bit", "The last bit of float32 products is random.", "nondeterminism",
        ("contract/determinism*",), {"matmul": _jittered, "sum": _jittered, "exp": _jittered})


def _uninitialised(base: Backend) -> Change:
    last: dict[str, Any] = {}

    def change(kernel: Kernel) -> Kernel:
        def cumsum(x: Any, **attributes: Any) -> Any:
            result = base.own(kernel(x, **attributes))
            values = numbers(base, result)
            if base.dtype_of(result).category == 2 and len(values) > 2:
                values[-1], last["value"] = last.get("value", values[-1]), values[0]
            return remade(base, result, values)

        return cumsum

    return change


kernels("uninitialised", "cumsum leaves its last element as the call before left that memory.", "nondeterminism",
        ("contract/determinism*", "cumsum/float32/*"), {"cumsum": _uninitialised})

# --- errors


def _cut_to_fit(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    try:
        return kernel(x, y)
    except Exception:
        if len(x.shape) != 1 or len(y.shape) != 1:
            raise
    n = min(x.shape[0], y.shape[0])
    return kernel(*[own(base, "slice", a, index=(slice(0, n, 1),)) for a in (x, y)])


kernels("no-shape-error", "add cuts operands that do not fit instead of refusing.", "missing error",
        ("add/float32/bad*", "contract/*error*", "contract/refus*", "contract/out*"), {"add": based(_cut_to_fit)})


@mutant("broken-after-error", "error recovery", "contract/error*", "contract/out*", "contract/in-place*",
        "contract/*refused*", "add/*/bad*", "contract/growth/errors")
def _broken_after_error(base: Backend) -> Parts:
    """The call after one that was refused goes wrong."""
    state = {"broken": False}

    def change(kernel: Kernel) -> Kernel:
        def add(x: Any, y: Any) -> Any:
            try:
                result = base.own(kernel(x, y))
            except Exception:
                state["broken"] = True
                raise
            if state.pop("broken", False):
                return remade(base, result, [0] * numel(result.shape))
            state["broken"] = False
            return result

        return add

    return Parts({"add": change})


@mutant("spoilt-by-refusal", "error recovery", "contract/error*", "contract/out*", "contract/in-place*", "add/*/bad*",
        "contract/devices*")
def _spoilt_by_refusal(base: Backend) -> Parts:
    """A refused call has already written into its operand."""
    def change(kernel: Kernel) -> Kernel:
        def add(x: Any, y: Any) -> Any:
            try:
                return kernel(x, y)
            except Exception:
                if numel(x.shape) and 0 not in base.strides(x):
                    poke(base, x, own(base, "sub", x, x))
                raise

        return add

    return Parts({"add": change})


@mutant("refusal-missing", "false promise", "erf/float32/*", "add/complex64/*")
def _refusal_missing(base: Backend) -> Parts:
    """The manifest says no to complex numbers, and they work."""
    return Parts(manifest={"capabilities": {"complex": "no"}})


@mutant("refusal-untyped", "false promise", "add/complex64/*", "contract/round-trip/complex64")
def _refusal_untyped(base: Backend) -> Parts:
    """The manifest says no to complex numbers, and they raise a bare TypeError."""
    def from_host(buffer: Any, shape: Any, dtype: DType, *rest: Any, **options: Any) -> Any:
        if dtype.is_complex:
            raise TypeError("no")
        return base.from_host(buffer, shape, dtype, *rest, **options)

    return Parts(members={"from_host": from_host}, manifest={"capabilities": {"complex": "no"}})


@mutant("undeclared-refusal", "false promise", "erf/float32/*")
def _undeclared_refusal(base: Backend) -> Parts:
    """erf is refused in float32, of which the manifest says nothing."""
    def refuse(x: Any) -> Any:
        raise UnsupportedError("no erf here", op="erf", dtype=base.dtype_of(x), backend=base.name)

    return Parts({"erf": lambda kernel: refuse})


@mutant("false-aliasing", "false promise", "contract/manifest", "contract/write*")
def _false_aliasing(base: Backend) -> Parts:
    """The backend says that its arrays do not share memory, its manifest that they do."""
    return Parts(members={"shared_views": not base.shared_views})


@mutant("missing-primitive", "false promise")
def _missing_primitive(base: Backend) -> Parts:
    """Two required kernels are not there."""
    return Parts(drop=("tanh", "erf"))


@mutant("unknown-kernel", "false promise")
def _unknown_kernel(base: Backend) -> Parts:
    """A kernel has a misspelt name."""
    return Parts(add={"soft_max": lambda x: x})
