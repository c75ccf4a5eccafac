"""Bugs in where elements go: reductions, order, indices, movement, products."""

from __future__ import annotations

from typing import Any

from flambeau.contract.backend import Backend, Kernel
from flambeau.dtypes import DType
from flambeau.shapes import contiguous_strides, numel

from .hands import Values, based, called, made, numbers, own, remade
from .mutant import kernels


def _moved_dim(kernel: Kernel, x: Any, *, dim: tuple[int, ...], **rest: Any) -> Any:
    return kernel(x, dim=tuple(max(d - 1, 0) for d in dim) if len(dim) == 1 else dim, **rest)


def _rounded_each_time(base: Backend, kernel: Kernel, x: Any, *, dim: Any, keepdim: bool, dtype: DType) -> Any:
    right = kernel(x, dim=dim, keepdim=keepdim, dtype=dtype)
    if dtype.name != "float16" or len(x.shape) != 1 or not dim:
        return right
    total = made(base, [0.0], (), dtype)
    for value in numbers(base, x):
        total = own(base, "add", total, made(base, [value], (), dtype))
    return remade(base, base.own(right), numbers(base, total))


def _in_float32(base: Backend, kernel: Kernel, x: Any, *, dtype: DType, **rest: Any) -> Any:
    if dtype.name != "float64":
        return kernel(x, dtype=dtype, **rest)
    from flambeau.dtypes import float32

    return own(base, "cast", base.own(kernel(own(base, "cast", x, dtype=float32), dtype=float32, **rest)), dtype=dtype)


def _empty_prod(base: Backend, kernel: Kernel, x: Any, **attributes: Any) -> Any:
    result = base.own(kernel(x, **attributes))
    return result if numel(x.shape) else remade(base, result, [0] * numel(result.shape))


def _finite_amax(base: Backend, kernel: Kernel, x: Any, **attributes: Any) -> Any:
    if base.dtype_of(x).category != 2:
        return kernel(x, **attributes)
    return kernel(remade(base, x, [float("-inf") if v != v else v for v in numbers(base, x)]), **attributes)


def _last_of_equals(base: Backend, kernel: Kernel, x: Any, *, dim: int | None, keepdim: bool) -> Any:
    if dim is None or not x.shape:
        return kernel(x, dim=dim, keepdim=keepdim)
    found = base.own(kernel(own(base, "flip", x, dims=(dim,)), dim=dim, keepdim=keepdim))
    return remade(base, found, [x.shape[dim] - 1 - i for i in numbers(base, found)])


def _exclusive(base: Backend, kernel: Kernel, x: Any, *, dim: int, dtype: DType) -> Any:
    total = base.own(kernel(x, dim=dim, dtype=dtype))
    return own(base, "sub", total, own(base, "cast", x, dtype=dtype)) if dtype.category == 2 else total


def _first_of_equals(base: Backend, kernel: Kernel, x: Any, *, dim: int) -> Any:
    values, places = kernel(x, dim=dim)
    held, rows = numbers(base, values), numbers(base, places)
    if len(x.shape) == 1:
        rows = [held.index(v) if v == v else r for v, r in zip(held, rows, strict=True)]
    return values, remade(base, places, rows)


_REDUCED = ("sum/float32/*",)
kernels("wrong-axis", "sum over one dim takes the one before it.", "wrong dim", _REDUCED, {"sum": called(_moved_dim)})
kernels("keepdim-ignored", "sum drops the dims that it should keep.", "wrong shape", _REDUCED,
        {"sum": called(lambda kernel, x, *, keepdim, **rest: kernel(x, keepdim=False, **rest))})
kernels("rounded-each-time", "A sum in float16 is rounded after every addition.", "accumulation",
        ("contract/accumulation*", "sum/float16/*"), {"sum": based(_rounded_each_time)}, needs="16-bit floats")
kernels("sum-in-float32", "A sum in float64 is computed in float32.", "accumulation", ("sum/float64/*",),
        {"sum": based(_in_float32)})
kernels("empty-product-zero", "The product of nothing is 0.", "empty", ("prod/float32/*",),
        {"prod": based(_empty_prod)})
kernels("lost-nan-amax", "amax passes over NaN.", "lost NaN", ("amax/float32/*", "contract/reduced-nan*"),
        {"amax": based(_finite_amax)})
kernels("last-argmax", "argmax names the last of equal elements.", "ties", ("argmax/*",),
        {"argmax": based(_last_of_equals)})
kernels("nan-blind-argmax", "argmax passes over NaN.", "lost NaN", ("argmax/float32/*", "contract/reduced-nan*"),
        {"argmax": based(_finite_amax)})
kernels("exclusive-cumsum", "cumsum leaves out the element itself.", "off by one", ("cumsum/float32/*",),
        {"cumsum": based(_exclusive)})
kernels("first-cummax", "cummax names the first of equal elements.", "ties", ("cummax/*",),
        {"cummax": based(_first_of_equals)})


def _reversed_ties(base: Backend, kernel: Kernel, x: Any, *, dim: int, descending: bool) -> Any:
    if not x.shape:
        return kernel(x, dim=dim, descending=descending)
    values, places = kernel(own(base, "flip", x, dims=(dim,)), dim=dim, descending=descending)
    return values, remade(base, places, [x.shape[dim] - 1 - i for i in numbers(base, places)])


def _nan_first(base: Backend, kernel: Kernel, x: Any, *, dim: int, descending: bool) -> Any:
    if base.dtype_of(x).category != 2:
        return kernel(x, dim=dim, descending=descending)
    low = remade(base, x, [float("-inf") if v != v else v for v in numbers(base, x)])
    _, places = kernel(low, dim=dim, descending=descending)
    return own(base, "gather", x, places, dim=dim) if x.shape else x, places


kernels("reversed-ties", "sort brings equal elements in reverse order.", "ties", ("sort/*",),
        {"sort": based(_reversed_ties)})
kernels("ascending-only", "sort ignores that it should descend.", "ignored argument", ("sort/float32/*",),
        {"sort": called(lambda kernel, x, *, dim, descending: kernel(x, dim=dim, descending=False))})
kernels("nan-first", "sort takes NaN for the smallest number.", "lost NaN", ("sort/float32/*", "contract/reduced-nan*"),
        {"sort": based(_nan_first)})
kernels("other-side", "searchsorted swaps left and right.", "off by one", ("searchsorted/*",),
        {"searchsorted": called(lambda kernel, a, v, *, right: kernel(a, v, right=not right))})


def _clipped(base: Backend, kernel: Kernel, x: Any, index: Any, *, dim: int) -> Any:
    top = max(x.shape[dim] - 1, 0)
    return kernel(x, remade(base, index, [min(max(i, 0), top) for i in numbers(base, index)]), dim=dim)


def _next(base: Backend, kernel: Kernel, x: Any, index: Any, *, dim: int) -> Any:
    size = x.shape[dim] if x.shape else 1
    return kernel(x, remade(base, index, [(i + 1) % size for i in numbers(base, index)]), dim=dim)


def _targets(base: Backend, x: Any, index: Any, dim: int) -> list[int]:
    """Where in x, counted in C order, every element of the index points."""
    shape, strides = tuple(index.shape), contiguous_strides(tuple(x.shape))
    found = []
    for n, at in enumerate(numbers(base, index)):
        place, rest = 0, n
        for d, step in enumerate(contiguous_strides(shape)):
            i, rest = divmod(rest, step)
            place += strides[d] * (at if d == dim else i)
        found.append(place)
    return found


def _sources(base: Backend, index: Any, src: Any) -> Values:
    part = tuple(slice(0, n, 1) for n in index.shape)
    return numbers(base, own(base, "slice", src, index=part) if src.shape else src)


def _first_write_wins(base: Backend, kernel: Kernel, x: Any, index: Any, src: Any, *, dim: int) -> Any:
    values, done = numbers(base, x), set()
    for place, value in zip(_targets(base, x, index, dim), _sources(base, index, src), strict=True):
        if place not in done:
            values[place] = value
            done.add(place)
    return remade(base, x, values)


def _collisions_lost(base: Backend, kernel: Kernel, x: Any, index: Any, src: Any, *, dim: int) -> Any:
    values = old = numbers(base, x)
    if base.dtype_of(x).category != 2:
        return kernel(x, index, src, dim=dim)
    values = list(old)
    for place, value in zip(_targets(base, x, index, dim), _sources(base, index, src), strict=True):
        values[place] = old[place] + value
    return remade(base, x, values)


def _clipped_each(base: Backend, kernel: Kernel, x: Any, *indices: Any) -> Any:
    return kernel(x, *[remade(base, index, [min(max(i, -n), n - 1) for i in numbers(base, index)])
                       for index, n in zip(indices, x.shape, strict=False)])


def _column_order(base: Backend, kernel: Kernel, x: Any) -> Any:
    found = base.own(kernel(x))
    rows, width = numbers(base, found), len(x.shape)
    if width < 2:
        return found
    order = sorted([rows[i : i + width] for i in range(0, len(rows), width)], key=lambda row: row[::-1])
    return remade(base, found, [i for row in order for i in row])


kernels("clipped-take", "take clips an index that is out of range instead of raising.", "missing error",
        ("embedding/*/bad*", "contract/error-fields", "contract/out-unwritten"), {"take": based(_clipped)})
kernels("next-gather", "gather reads the element after the one it is asked for.", "off by one", ("gather/float32/*",),
        {"gather": based(_next)})
kernels("first-scatter", "Where entries collide, scatter keeps the first instead of the last.", "collisions",
        ("scatter/float32/*", "contract/collisions"), {"scatter": based(_first_write_wins)})
kernels("lost-collisions", "scatter_add keeps one of the entries that collide.", "collisions",
        ("scatter_add/float32/*", "contract/collisions"), {"scatter_add": based(_collisions_lost)})
kernels("index-put-overwrites", "index_put writes where it should add.", "ignored argument", ("index_put/*",),
        {"index_put": called(lambda kernel, *arrays, accumulate: kernel(*arrays, accumulate=False))})
kernels("clipped-index", "index clips entries that are out of range instead of raising.", "missing error",
        ("index/*", "contract/negative-indices", "contract/in-place-refused"), {"index": based(_clipped_each)})
kernels("column-order", "nonzero lists places in column order.", "wrong order", ("nonzero/*",),
        {"nonzero": based(_column_order)})
kernels("inverted-mask", "masked_select takes what the mask leaves out.", "swapped operands", ("masked_select/*",),
        {"masked_select": based(lambda base, kernel, x, mask: kernel(x, own(base, "logical_not", mask)))})


def _other_side(kernel: Kernel, x: Any, *, padding: Any, value: Any) -> Any:
    return kernel(x, padding=type(padding)([(b, a) for a, b in padding]), value=value)


def _storage_offset(base: Backend, kernel: Kernel, x: Any, *, size: Any, stride: Any, storage_offset: int) -> Any:
    return kernel(x, size=size, stride=stride, storage_offset=max(storage_offset - 1, 0))


def _dense(kernel: Kernel, x: Any, *, index: Any) -> Any:
    fixed = tuple(slice(i.start, i.start + len(range(i.start, i.stop, i.step)), 1) if isinstance(i, slice) else i
                  for i in index)
    return kernel(x, index=fixed)


def _square_transposed(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    square = len(y.shape) == 2 and y.shape[0] == y.shape[1]
    return kernel(x, own(base, "permute", y, dims=(1, 0)) if square else y)


def _first_batch(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    if len(x.shape) < 3 or x.shape[0] < 2:
        return kernel(x, y)
    first = own(base, "slice", x, index=(slice(0, 1, 1), *[slice(0, n, 1) for n in x.shape[1:]]))
    return kernel(own(base, "expand", first, size=tuple(x.shape)), y)


def _last_dropped(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    if len(x.shape) != 2 or len(y.shape) != 2 or x.shape[1] < 32:
        return kernel(x, y)
    n = x.shape[1] - 1
    return kernel(own(base, "slice", x, index=(slice(0, x.shape[0], 1), slice(0, n, 1))),
                  own(base, "slice", y, index=(slice(0, n, 1), slice(0, y.shape[1], 1))))


kernels("pad-other-side", "pad swaps before and after.", "swapped operands", ("pad/float32/*",),
        {"pad": called(_other_side)})
kernels("one-dim-flip", "flip flips only the first of the dims.", "ignored argument", ("flip/float32/*",),
        {"flip": called(lambda kernel, x, *, dims: kernel(x, dims=tuple(dims)[:1]))})
kernels("roll-back", "roll shifts the other way.", "wrong direction", ("roll/float32/*",),
        {"roll": called(lambda kernel, x, *, shifts, dims: kernel(x, shifts=tuple(-s for s in shifts), dims=dims))})
kernels("cat-reversed", "cat joins in reverse order.", "wrong order", ("cat/float32/*",),
        {"cat": called(lambda kernel, *arrays, dim: kernel(*arrays[::-1], dim=dim))})
kernels("offset-off-by-one", "as_strided starts one element early.", "stride or offset",
        ("as_strided/float32/*", "contract/view*", "contract/write*"), {"as_strided": based(_storage_offset)})
kernels("step-ignored", "A slice ignores its step.", "stride or offset", ("slice/float32/*", "contract/view*"),
        {"slice": called(_dense)})
kernels("diagonal-other-side", "diagonal takes the offset with the wrong sign.", "wrong direction",
        ("diagonal/float32/*",),
        {"diagonal": called(lambda kernel, x, *, offset, **dims: kernel(x, offset=-offset, **dims))})
kernels("square-transposed", "matmul transposes a square second operand.", "swapped operands",
        ("matmul/float32/*", "contract/guards*", "contract/regression"), {"matmul": based(_square_transposed)})
kernels("first-batch-only", "matmul uses the first matrix of a batch for all.", "batch", ("matmul/*",),
        {"matmul": based(_first_batch)})
kernels("last-term-dropped", "matmul leaves out the last of 32 or more terms.", "off by one",
        ("matmul/float32/*", "contract/large"), {"matmul": based(_last_dropped)})
kernels("dilation-ignored", "unfold ignores the dilation but keeps the shape.", "ignored argument",
        ("unfold/float32/*",), {"unfold": based(lambda base, kernel, x, *, kernel_size, dilation, stride:
                                                _undilated(base, kernel, x, kernel_size, dilation, stride))})
kernels("fold-without-overlap", "fold halves what overlapping windows add.", "collisions", ("fold/float32/*",),
        {"fold": based(lambda base, kernel, x, **attributes: remade(base, r := base.own(kernel(x, **attributes)), [
            v * 0.5 for v in numbers(base, r)]))})
kernels("arange-with-end", "arange starts one step late.", "off by one", ("arange/*",),
        {"arange": called(lambda kernel, *, start, step, **rest: kernel(start=start + step, step=step, **rest))})


def _undilated(base: Backend, kernel: Kernel, x: Any, kernel_size: Any, dilation: Any, stride: Any) -> Any:
    right = base.own(kernel(x, kernel_size=kernel_size, dilation=dilation, stride=stride))
    dense = base.own(kernel(x, kernel_size=kernel_size, dilation=(1,) * len(dilation), stride=stride))
    return own(base, "slice", dense, index=tuple(slice(0, n, 1) for n in right.shape))


