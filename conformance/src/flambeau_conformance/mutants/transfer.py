"""Bugs between host and device, in views, in caches, in the manifest, and those that only size brings out."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import Backend, Kernel, decode, encode
from flambeau.dtypes import DType
from flambeau.shapes import contiguous_strides, numel

from ..wrapped import Change
from .hands import based, called, each, made, numbers, own, remade, spoilt
from .mutant import Parts, kernels, mutant

# --- uploads and downloads


def _uploads(base: Backend, change: Callable[..., Any]) -> dict[str, Any]:
    """from_host replaced by `change(buffer, shape, dtype, strides, offset, copy)`."""
    def from_host(buffer: Any, shape: Any, dtype: DType, strides: Any = None, offset: int = 0,
                  copy: bool = True) -> Any:
        return change(buffer, shape, dtype, strides, offset, copy)

    return {"from_host": from_host}


@mutant("shared-buffer", "upload by reference", "contract/copied*", "contract/hazards*")
def _shared_buffer(base: Backend) -> Parts:
    """An array made from a buffer that can change goes on reading that buffer, although it should copy."""
    live: dict[int, tuple[Any, Callable[[], Any]]] = {}  # by identity; holds the array, or another took its place

    def upload(buffer: Any, *rest: Any) -> Any:
        array = base.from_host(buffer, *rest)
        if not memoryview(buffer).readonly:
            live[id(array)] = array, lambda: base.from_host(buffer, *rest)
        return array

    def current(array: Any) -> Any:
        held = live.get(id(array))
        return array if held is None else held[1]()

    def reading(kernel: Kernel) -> Kernel:
        return lambda *arrays, **attributes: kernel(*map(current, arrays), **attributes)

    return Parts(dict.fromkeys(("add", "copy"), reading),
                 members={**_uploads(base, upload), "to_host": lambda array: base.to_host(current(array)),
                          "tolist": lambda array: base.tolist(current(array))})


@mutant("memory-order-upload", "stride or offset", "neg/float32/*", "contract/layouts*")
def _memory_order_upload(base: Backend) -> Parts:
    """from_host with strides takes the elements in the order in which they lie."""
    def upload(buffer: Any, shape: Any, dtype: DType, strides: Any, offset: int, copy: bool) -> Any:
        if strides is not None and 0 not in (*shape, *strides):
            order = sorted(range(len(shape)), key=lambda d: -strides[d])
            steps = dict(zip([shape[d] for d in order], [strides[d] for d in order], strict=True))
            if sorted(steps) == sorted(shape):
                strides = tuple(steps[n] for n in shape) if len(steps) == len(shape) else tuple(sorted(strides))[::-1]
                shape_in_memory = tuple(shape[d] for d in order)
                flat = base.from_host(buffer, shape_in_memory, dtype, tuple(strides[d] for d in order), offset, copy)
                return remade_as(base, flat, tuple(shape))
        return base.from_host(buffer, shape, dtype, strides, offset, copy)

    return Parts(members=_uploads(base, upload))


def remade_as(base: Backend, array: Any, shape: tuple[int, ...]) -> Any:
    """The same elements under another shape."""
    return made(base, numbers(base, array), shape, base.dtype_of(array))


@mutant("read-only-ignored", "upload by reference", "contract/guards*")
def _read_only_ignored(base: Backend) -> Parts:
    """What is written to an array made with copy=False is written to four elements behind it in the buffer too."""
    held: dict[int, tuple[Any, Any, int]] = {}

    def upload(buffer: Any, shape: Any, dtype: DType, strides: Any, offset: int, copy: bool) -> Any:
        array = base.from_host(buffer, shape, dtype, strides, offset, copy)
        if not copy and not memoryview(buffer).readonly:
            held[id(array)] = array, memoryview(buffer).cast("B"), (offset + numel(shape)) * dtype.itemsize
        return array

    def assign(kernel: Kernel) -> Kernel:
        def call(dst: Any, src: Any) -> Any:
            if id(dst) in held:
                _, data, end = held[id(dst)]
                data[end : end + 4] = bytes(len(data[end : end + 4]))
            return kernel(dst, src)

        return call

    return Parts({"assign": assign}, members=_uploads(base, upload))


@mutant("subnormal-upload", "denormals", "contract/round-trip*", "contract/layouts*", "contract/item*")
def _subnormal_upload(base: Backend) -> Parts:
    """Uploads take subnormal float32 numbers for zeros."""
    def upload(buffer: Any, shape: Any, dtype: DType, *rest: Any) -> Any:
        array = base.from_host(buffer, shape, dtype, *rest)
        if dtype is not dtypes.float32:
            return array
        return remade(base, array, [0.0 if abs(v) < 2.0**-126 else v for v in numbers(base, array)])

    return Parts(members=_uploads(base, upload))


@mutant("tolist-flat", "wrong shape", "contract/item*", "contract/view*")
def _tolist_flat(base: Backend) -> Parts:
    """tolist gives one list, whatever the shape."""
    return Parts(members={"tolist": lambda array: numbers(base, array) if array.shape else base.tolist(array)})


@mutant("offset-unknown", "stride or offset", "contract/strides*", "contract/view*", "contract/write*",
        needs="shared views")
def _offset_unknown(base: Backend) -> Parts:
    """storage_offset answers 0 for every view."""
    return Parts(members={"storage_offset": lambda array: 0})


@mutant("bool-as-255", "booleans", "contract/round-trip/bool", "contract/truth-bytes")
def _bool_as_255(base: Backend) -> Parts:
    """to_host writes True as 255."""
    def to_host(array: Any) -> Any:
        data = bytes(base.to_host(array))
        return bytes(255 if b else 0 for b in data) if base.dtype_of(array) is dtypes.bool else data

    return Parts(members={"to_host": to_host})


@mutant("dtype-mistaken", "wrong dtype", "contract/round-trip*", "contract/declared*", "contract/promotion*")
def _dtype_mistaken(base: Backend) -> Parts:
    """dtype_of takes int64 for int32."""
    return Parts(members={"dtype_of": lambda array: dtypes.int32 if base.dtype_of(array) is dtypes.int64
                          else base.dtype_of(array)})


# --- views


kernels("copying-view", "view copies where the strides do not allow it, instead of refusing.", "aliasing",
        ("view/float32/*", "contract/view-refused"),
        {"view": based(lambda base, kernel, x, *, size: _or_copied(base, kernel, x, size))}, needs="shared views")
kernels("copied-slice", "A slice copies.", "aliasing", ("slice/float32/*", "contract/write*", "contract/in-place"),
        {"slice": based(lambda base, kernel, x, *, index: own(base, "copy", base.own(kernel(x, index=index))))},
        needs="shared views")
kernels("expanded-for-real", "expand repeats elements in new memory.", "aliasing",
        ("expand/float32/*", "contract/write*"),
        {"expand": based(lambda base, kernel, x, *, size: own(base, "copy", base.own(kernel(x, size=size))))},
        needs="shared views")
kernels("write-in-memory-order", "assign writes a transposed destination in the order of memory.", "mutation",
        ("contract/assign*", "contract/write*"),
        {"assign": based(lambda base, kernel, dst, src: _in_memory_order(base, kernel, dst, src))},
        needs="shared views")
kernels("contiguous-only", "sum reads its input as if it lay in C order.", "stride or offset", ("sum/float32/*",),
        {"sum": based(lambda base, kernel, x, **attributes: kernel(_misread(base, x), **attributes))},
        needs="shared views")


def _or_copied(base: Backend, kernel: Kernel, x: Any, size: Any) -> Any:
    try:
        return kernel(x, size=size)
    except Exception:
        return kernel(own(base, "copy", x), size=size)


def _in_memory_order(base: Backend, kernel: Kernel, dst: Any, src: Any) -> Any:
    strides = base.strides(dst)
    if len(strides) != 2 or tuple(src.shape) != tuple(dst.shape) or strides[0] >= strides[1]:
        return kernel(dst, src)
    turned = own(base, "permute", dst, dims=(1, 0))
    kernel(turned, own(base, "view", own(base, "copy", src), size=tuple(turned.shape)))
    return dst


def _misread(base: Backend, x: Any) -> Any:
    if base.strides(x) == contiguous_strides(tuple(x.shape)) or 0 in base.strides(x):
        return x
    order = sorted(range(len(x.shape)), key=lambda d: -base.strides(x)[d])
    lying = own(base, "copy", own(base, "permute", x, dims=tuple(order)))
    return own(base, "view", lying, size=tuple(x.shape))


# --- results that are kept, and inputs that are special


def _cached(key: Callable[[Backend, Any, Any], Any]) -> Callable[[Backend], Change]:
    """A kernel of two inputs that computes once per key."""
    def make(base: Backend) -> Change:
        held: dict[Any, Any] = {}

        def change(kernel: Kernel) -> Kernel:
            def call(x: Any, y: Any) -> Any:
                at = key(base, x, y)
                if at not in held:
                    held[at] = base.own(kernel(x, y)), x, y
                return own(base, "copy", held[at][0])

            return call

        return change

    return make


def _described(base: Backend, x: Any, y: Any) -> Any:
    return tuple(x.shape), tuple(y.shape), base.dtype_of(x)


kernels("cached-by-shape", "mul answers as it did for the last operands of these shapes.", "stale cache",
        ("mul/float32/*", "contract/second-order", "contract/regression"), {"mul": _cached(_described)})
kernels("cached-by-identity", "add answers as it did for these very arrays, though they have changed since.",
        "stale cache", ("add/float32/*", "contract/hazards*", "contract/in-place*", "contract/write*",
                        "contract/threads/uploads"),
        {"add": _cached(lambda base, x, y: (id(x), id(y)))}, needs="shared views")


def _no_empty(kernel: Kernel, x: Any, *rest: Any, **attributes: Any) -> Any:
    if 0 in x.shape:
        raise IndexError("list index out of range")
    return kernel(x, *rest, **attributes)


def _no_zero_dims(kernel: Kernel, x: Any, *rest: Any, **attributes: Any) -> Any:
    if x.shape[0] < 0:  # what raises is asking for it
        raise ValueError("negative size")
    return kernel(x, *rest, **attributes)


def _tiled(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    """y broadcast by repeating its elements in a row."""
    if len(x.shape) != len(y.shape) or not y.shape or x.shape == y.shape or numel(y.shape) < 2:
        return kernel(x, y)
    size = tuple(base.own(kernel(x, y)).shape)
    values = numbers(base, y)
    return kernel(x, made(base, (values * numel(size))[: numel(size)], size, base.dtype_of(y)))


kernels("empty-refused", "floor raises for arrays without elements.", "empty", ("floor/float32/*",),
        {"floor": called(_no_empty)})
kernels("empty-sum", "The sum of nothing is not a number.", "empty", ("sum/float32/*",),
        {"sum": based(lambda base, kernel, x, **attributes: (lambda r: r if numel(x.shape) else remade(
            base, r, [float("nan") if base.dtype_of(r).category > 1 else 7] * numel(r.shape)))(
                base.own(kernel(x, **attributes))))})
kernels("zero-dims-refused", "tanh raises for arrays without dimensions.", "0-d", ("tanh/float32/*",),
        {"tanh": called(_no_zero_dims)})
kernels("broadcast-in-a-row", "mul broadcasts its second operand by repeating its elements in a row.", "broadcast",
        ("mul/float32/*", "mul/int64/*"), {"mul": based(_tiled)})
kernels("negatives-lost", "amax starts from zero.", "wrong start", ("amax/float32/*", "amax/int32/*"),
        {"amax": based(lambda base, kernel, x, **attributes: (lambda r: remade(base, r, [
            v if v != v else max(v, 0) for v in numbers(base, r)]))(base.own(kernel(x, **attributes))))})
kernels("first-dim-only", "sum over several dims takes the first of them.", "wrong shape", ("sum/float32/*",),
        {"sum": called(lambda kernel, x, *, dim, **rest: kernel(x, dim=tuple(dim)[:1], **rest))})
kernels("sum-dtype-ignored", "sum of small integers adds in their own dtype.", "wrong dtype",
        ("sum/int8/*", "contract/small-sums*"),
        {"sum": based(lambda base, kernel, x, *, dtype, **rest: own(base, "cast", base.own(kernel(
            x, dtype=base.dtype_of(x), **rest)), dtype=dtype) if base.dtype_of(x) is dtypes.int8 else kernel(
                x, dtype=dtype, **rest))})
kernels("unconjugated-sign", "The product of complex numbers adds where it should subtract.", "complex",
        ("mul/complex64/*",), {"mul": based(lambda base, kernel, x, y: _as_dual(base, kernel, x, y))})
kernels("square-root-branch", "The root of a complex number has the wrong sign below the real axis.", "complex",
        ("sqrt/complex64/*", "contract/quadrants*"),
        {"sqrt": based(lambda base, kernel, x: _other_branch(base, kernel, x))})
kernels("reciprocal-power", "pow of integers with a negative exponent gives 0, also for 1 and -1.", "integers",
        ("pow/int32/*", "pow/int64/*"),
        {"pow": based(lambda base, kernel, x, y: _no_unit_powers(base, kernel, x, y))})
kernels("full-through-float", "full of an integer goes through float64.", "integers",
        ("full/int64/*", "contract/exact-integers"),
        {"full": called(lambda kernel, *, size, value, dtype: kernel(
            size=size, value=int(float(value)) if dtype is dtypes.int64 else value, dtype=dtype))})


def _as_dual(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    result = base.own(kernel(x, y))
    if not base.dtype_of(x).is_complex:
        return result
    size = tuple(result.shape)
    xs, ys = (numbers(base, own(base, "expand", a, size=size)) for a in (x, y))
    return made(base, [complex(a.real * b.real + a.imag * b.imag, a.real * b.imag + a.imag * b.real)
                       for a, b in zip(xs, ys, strict=True)], size, base.dtype_of(x))


def _other_branch(base: Backend, kernel: Kernel, x: Any) -> Any:
    result = base.own(kernel(x))
    if not base.dtype_of(x).is_complex:
        return result
    rows = zip(numbers(base, x), numbers(base, result), strict=True)
    return remade(base, result, [-r if v.imag < 0 else r for v, r in rows])


def _no_unit_powers(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    result = base.own(kernel(x, y))
    if base.dtype_of(x).category != 1:
        return result
    powers = numbers(base, own(base, "expand", y, size=tuple(result.shape)))
    return remade(base, result, [0 if n < 0 else v for v, n in zip(numbers(base, result), powers, strict=True)])


# --- what only size brings out


def _from(count: int, function: Callable[[list[Any], DType], list[Any]]) -> Callable[[Backend], Change]:
    """Results of that many elements or more, spoilt in place."""
    def spoil(values: list[Any], dtype: DType) -> list[Any]:
        return function(values, dtype) if len(values) >= count else values

    return spoilt(spoil)


def _eighth_wrong(values: list[Any], dtype: DType) -> list[Any]:
    return [v * 1.5 if i % 16 == 7 and v == v else v for i, v in enumerate(values)]


def _tail_wrong(values: list[Any], dtype: DType) -> list[Any]:
    cut = len(values) // 8 * 8
    return values[:cut] + [0.0 for _ in values[cut:]]


kernels("vector-body", "exp in float32 is wrong in every sixteenth element of 32 or more.", "size",
        ("exp/float32/*", "contract/sizes/functions"), {"exp": _from(32, _eighth_wrong)})
kernels("vector-tail", "add leaves out the elements after the last block of eight.", "size",
        ("add/float32/*", "contract/sizes/elements/float32"), {"add": _from(33, _tail_wrong)})
kernels("one-in-a-million-sums", "One of a million sums is wrong.", "size", ("add/float32/*", "contract/sizes/million"),
        {"add": _from(10**6, lambda values, dtype: [*values[:777_777], values[777_777] + 1, *values[777_778:]])})


def _in_blocks(base: Backend, kernel: Kernel, x: Any, *, dim: int, descending: bool) -> Any:
    """Equal elements come in reverse where there are more than sixteen along the dim."""
    if not x.shape or x.shape[dim] <= 16:
        return kernel(x, dim=dim, descending=descending)
    values, places = each(kernel(own(base, "flip", x, dims=(dim,)), dim=dim, descending=descending), base.own)
    return values, remade(base, places, [x.shape[dim] - 1 - i for i in numbers(base, places)])


def _in_sixteen_bits(base: Backend, kernel: Kernel, x: Any, index: Any, **attributes: Any) -> Any:
    return kernel(x, remade(base, index, [i % 65536 for i in numbers(base, index)]), **attributes)


def _one_after_another(base: Backend, kernel: Kernel, x: Any, **attributes: Any) -> Any:
    result = base.own(kernel(x, **attributes))
    if base.dtype_of(x) is not dtypes.float32 or numel(result.shape) != 1 or numel(x.shape) < 10_000:
        return result
    total = 0.0
    for value in numbers(base, x):
        total = decode(encode([total + value], dtypes.float32), dtypes.float32)[0]
    return remade(base, result, [total])


def _block_restarts(base: Backend, kernel: Kernel, x: Any, *, dim: int, dtype: DType) -> Any:
    result = base.own(kernel(x, dim=dim, dtype=dtype))
    if len(x.shape) != 1 or x.shape[0] <= 256:
        return result
    values = numbers(base, result)
    return remade(base, result, [v - values[i // 256 * 256 - 1] if i >= 256 else v for i, v in enumerate(values)])


def _partial_block(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    """The rows after the last block of 32 are left at zero."""
    result = base.own(kernel(x, y))
    if len(result.shape) != 2 or result.shape[0] <= 32:
        return result
    kept = result.shape[0] // 32 * 32 * result.shape[1]
    values = numbers(base, result)
    return remade(base, result, values[:kept] + [0] * (prod(result.shape) - kept))


kernels("sort-unstable-when-long", "sort keeps the order of equal elements up to sixteen.", "size",
        ("sort/int64/*", "contract/sizes/order"), {"sort": based(_in_blocks)})
kernels("sixteen-bit-index", "Indices are taken for 16-bit numbers.", "size",
        ("take/float32/*", "contract/sizes/wide-indices"), dict.fromkeys(
            ("take", "index", "gather"), based(_in_sixteen_bits)))
kernels("sum-one-after-another", "A long sum in float32 is added up one after another.", "size",
        ("sum/float32/*", "contract/accumulation*", "contract/sizes/summation"), {"sum": based(_one_after_another)})
kernels("cumsum-restarts", "cumsum starts anew every 256 elements.", "size",
        ("cumsum/float32/*", "contract/sizes/reductions"), {"cumsum": based(_block_restarts)})
kernels("matmul-last-block", "matmul leaves out the rows after the last block of 32.", "size",
        ("matmul/float32/*", "contract/large"), {"matmul": based(_partial_block)})


# --- the manifest


def _stated(name: str, bug: str, **changes: Any) -> None:
    """Adds a mutant whose manifest says something else."""
    def inject(base: Backend) -> Parts:
        return Parts(manifest=changes)

    inject.__doc__ = bug
    mutant(name, "false promise", "contract/manifest", "contract/refusals", "contract/names")(inject)


_stated("other-contract", "The manifest is for a version of the contract that does not exist yet.",
        backend={"contract": ">=9.0,<10"})
_stated("other-name", "The manifest is that of another backend.", backend={"name": "another"})
_stated("unknown-capability", "The manifest speaks of a capability that does not exist.",
        capabilities={"complx": "yes"})
_stated("tolerance-beyond-cap", "The manifest asks for a hundred times the standard tolerance.",
        tolerances=[{"op": "exp", "dtypes": ["float32"], "ulps": 400, "reason": "none"}])
_stated("unsupported-but-works", "The manifest declares erf unsupported in float32; the backend computes it.",
        unsupported=[{"op": "erf", "dtypes": ["float32"], "reason": "none"}])
