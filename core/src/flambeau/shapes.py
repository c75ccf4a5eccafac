"""Shape rules on tuples of ints: canonical dims, broadcasting, sizes with -1, strides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from .errors import ArgumentError, DimError, RepeatedDimError, ShapeError

Shape = tuple[int, ...]


def numel(shape: Iterable[int]) -> int:
    """The number of elements of a shape."""
    return prod(shape)


def contiguous_strides(shape: Sequence[int]) -> Shape:
    """Strides, in elements, of a C-ordered array of that shape (PyTorch's: a size of 0 counts as 1)."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size or 1
    return tuple(reversed(strides))


def canonical_dim(op: str, dim: Any, ndim: int) -> int:
    """`dim` counted from the front; a 0-d tensor takes 0 and -1, as in PyTorch."""
    number: int = dim if type(dim) is int else as_int(op, "dim", dim)
    extent = ndim or 1
    if -extent <= number < extent:
        return number if number >= 0 else number + extent
    raise DimError(f"dim {dim} is out of range for {ndim} dimensions, expected {-extent} to {extent - 1}",
                   op=op, dim=dim, ndim=ndim)


def canonical_dims(op: str, dim: Any, ndim: int) -> Shape:
    """A dim, several, or None (all of them) as a sorted tuple without repeats."""
    if dim is None:
        return tuple(range(ndim))
    if not isinstance(dim, (tuple, list)):
        dims: Shape = (canonical_dim(op, dim, ndim),)
    else:
        dims = tuple(canonical_dim(op, d, ndim) for d in dim)
    if len(set(dims)) != len(dims):
        raise RepeatedDimError(f"dim {_repeated(dims)} appears twice in {tuple(dim)}", op=op, dim=dim, ndim=ndim)
    return tuple(sorted(d for d in dims)) if ndim else ()


def reduce_dims(op: str, dim: Any, ndim: int) -> Shape:
    """The dims a reduction takes: as `canonical_dims`, and an empty sequence means all, as in PyTorch."""
    return tuple(range(ndim)) if isinstance(dim, (tuple, list)) and not dim else canonical_dims(op, dim, ndim)


def _repeated(dims: Shape) -> int:
    return next(d for d in dims if dims.count(d) > 1)


def as_int(op: str, name: str, value: Any) -> int:
    """An integer argument; anything with `__index__` counts, bool and float do not."""
    if type(value) is int:
        return value
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ArgumentError(f"{name} must be an int, got {value!r}", op=op, **{name: value})
    return int(value.__index__())


_INTS = frozenset({int})


def as_size(op: str, size: Any, name: str = "size") -> Shape:
    """A size given as an int or a sequence of ints."""
    if type(size) is tuple and _INTS.issuperset(map(type, size)):
        return size
    if isinstance(size, (tuple, list)):
        return tuple([s if type(s) is int else as_int(op, name, s) for s in size])
    if isinstance(size, Iterable) and not hasattr(size, "__index__"):
        return tuple(as_int(op, name, s) for s in size)
    return (as_int(op, name, size),)


def spread(sizes: tuple[Any, ...], named: Any = None) -> Any:
    """`f(2, 3)`, `f((2, 3))` and `f(size=(2, 3))` alike: what a method that spreads its sizes was given."""
    if named is not None and not sizes:
        return named
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        return sizes[0]
    if not sizes:
        raise ArgumentError("missing the sizes or dims, of which there may be none only as an empty tuple")
    return sizes


def non_negative(op: str, size: Shape) -> Shape:
    """`size`, checked to hold no negative number."""
    for s in size:
        if s < 0:
            raise ShapeError(f"negative size {s} in {list(size)}", op=op, size=size)
    return size


def infer_size(op: str, size: Shape, count: int) -> Shape:
    """`size` with its one -1 replaced so that it holds `count` elements."""
    if -1 not in size:
        if prod(size) != count or min(size, default=0) < 0:
            raise ShapeError(f"shape {list(size)} is invalid for input of size {count}: it holds {numel(size)}"
                             " elements", op=op, size=size)
        return size
    if size.count(-1) > 1:
        raise ShapeError(f"only one dimension can be inferred, got {list(size)}", op=op, size=size)
    known = -prod(size)  # without the -1
    if min(size) < -1:
        raise ShapeError(f"negative size in {list(size)}", op=op, size=size)
    if known == 0:
        raise ShapeError(f"cannot reshape {count} elements into {list(size)}: the size of -1 is ambiguous",
                         op=op, size=size)
    if count % known:
        raise ShapeError(f"shape {list(size)} is invalid for input of size {count}: {count} elements are not a multiple"
                         f" of {known}", op=op, size=size)
    return tuple([count // known if s == -1 else s for s in size])


def broadcast_shapes(op: str, *shapes: Shape) -> Shape:
    """The shape that all broadcast to, by NumPy's rules."""
    ndim = max((len(s) for s in shapes), default=0)
    result = [1] * ndim
    for shape in shapes:
        lead = ndim - len(shape)
        for i, size in enumerate(shape):
            if size != 1:
                if result[lead + i] not in (1, size):
                    raise ShapeError(
                        f"sizes {result[lead + i]} and {size} do not broadcast at dim {lead + i - ndim}: shapes "
                        + ", ".join(str(list(s)) for s in shapes), op=op, shapes=shapes)
                result[lead + i] = size
    return tuple(result)


def expanded_size(op: str, shape: Shape, size: Shape) -> Shape:
    """The full size that `expand` means: -1 keeps a dim; new dims come first."""
    lead = len(size) - len(shape)
    if lead < 0:
        raise ShapeError(f"{list(size)} has fewer dimensions than the tensor, {list(shape)}", op=op, size=size)
    full = []
    for i, s in enumerate(size):
        own = shape[i - lead] if i >= lead else None
        if s == -1 and own is not None:
            s = own
        if s < 0 or (own is not None and own not in (1, s)):
            raise ShapeError(f"size {size[i]} at dim {i} does not expand from {list(shape)}: {list(size)}",
                             op=op, size=size, shape=shape)
        full.append(s)
    return tuple(full)


def reduced_shape(shape: Shape, dims: Shape, keepdim: bool) -> Shape:
    """The shape left after reducing `dims`."""
    if keepdim:
        return tuple(1 if i in dims else s for i, s in enumerate(shape))
    return tuple(s for i, s in enumerate(shape) if i not in dims)


def can_view(shape: Sequence[int], strides: Sequence[int], size: Sequence[int]) -> bool:
    """Whether elements with these strides can be seen under another shape without copying.

    Runs of dimensions that lie in memory as one are matched with runs of the new sizes.
    """
    if 0 in shape:
        return True
    merged: list[tuple[int, int]] = []  # (elements, stride of the last) of runs that lie as one
    for n, stride in zip(shape, strides, strict=True):
        if n == 1:
            continue
        if merged and merged[-1][1] == stride * n:
            merged[-1] = (merged[-1][0] * n, stride)
        else:
            merged.append((n, stride))
    sizes = [s for s in size if s != 1]
    at = 0
    for count, _ in merged:
        product = 1
        while at < len(sizes) and product < count:
            product *= sizes[at]
            at += 1
        if product != count:
            return False
    return True


ORDERS = {"channels_last": (0, 2, 3, 1), "channels_last_3d": (0, 2, 3, 4, 1)}  # memory formats as orders of dims


def strides_of(shape: Shape, order: Sequence[int]) -> tuple[int, ...]:
    """The strides of a tensor without gaps whose dims lie in that order, the slowest first."""
    strides, step = [0] * len(shape), 1
    for dim in reversed(order):
        strides[dim] = step
        step *= max(shape[dim], 1)
    return tuple(strides)


def lie(shape: Shape, strides: Sequence[int], order: Sequence[int]) -> bool:
    """Whether strides are those of dims in that order without gaps; of a dim of size 1 the stride does not matter."""
    wanted = strides_of(shape, order)
    return 0 in shape or all(n == 1 or s == w for n, s, w in zip(shape, strides, wanted, strict=True))
