"""Repeating, rotating, stacking, splitting and laying out: PyTorch's names over the movement ops."""

from __future__ import annotations

import math
from itertools import combinations as _choices
from itertools import combinations_with_replacement as _choices_with_replacement
from typing import Any

from ... import dtypes
from ...dtypes import DType
from ...errors import ArgumentError, DimError, DTypeError, DTypeNotOfferedError, ShapeError, ValueRangeError
from ...ops.complex import complex as join_parts
from ...ops.complex import imag, real
from ...ops.index import take_along
from ...ops.movement import cat, copy, expand, flip, permute_op, reshape, stack, transpose
from ...shapes import as_size, broadcast_shapes, canonical_dim, canonical_dims, non_negative, spread
from ...table.room import check_room, within_memory
from ...tensors.tensor import Tensor, attach, named
from ...tensors.views import copied_view
from ..create import linspace, tensor
from .join import split
from .views import as_strided


def _repeat(self: Tensor, *given: Any, repeats: Any = None) -> Tensor:
    """The tensor laid out that many times along each dim; new dims come first."""
    counts = as_size("repeat", spread(given, repeats), "repeats")
    lead = len(counts) - self.ndim
    if lead < 0:
        raise ShapeError(f"Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor,"
                         f" got {list(counts)} for {list(self.shape)}", op="repeat")
    size = (1,) * lead + tuple(self._array.shape)
    full = non_negative("repeat", tuple(c * n for c, n in zip(counts, size, strict=True)))
    non_negative("repeat", counts)
    pairs = [m for c, n in zip(counts, size, strict=True) for m in (c, n)]
    spaced = reshape(self, tuple(m for n in size for m in (1, n)))
    return reshape(expand(spaced, tuple(pairs)).clone(), full)


attach(_repeat, "repeat")


def tile(input: Tensor, dims: Any) -> Tensor:
    """`input` laid out `dims` times, as `repeat`; fewer numbers than dims count for the last ones.

    >>> import flambeau
    >>> flambeau.tile(flambeau.tensor([1, 2]), (2,))
    tensor([1, 2, 1, 2])
    """
    counts = as_size("tile", dims, "dims")
    return _repeat(input, (1,) * (input.ndim - len(counts)) + counts)


attach(lambda self, *given, dims=None: tile(self, spread(given, dims)), "tile")


def repeat_interleave(input: Tensor, repeats: Any = None, dim: int | None = None, *,
                      output_size: int | None = None) -> Tensor:
    """Each part of `dim` (None: each element) repeated in place; `repeats` is a number or one per part.

    With an integer tensor alone, its indices, each as often as it says.
    """
    op = "repeat_interleave"
    if repeats is None:
        return _repeated_indices(op, input)
    if dim is None:
        input, dim = reshape(input, (input.numel(),)), 0
    dim = canonical_dim(op, dim, input.ndim)
    if not input.ndim:
        raise DimError("a tensor without dims has none to repeat along; leave dim out", op=op, dim=dim, ndim=0)
    size = input._array.shape[dim]
    if isinstance(repeats, int) and not isinstance(repeats, bool) and repeats >= 0:
        return _each_repeated(op, input, repeats, dim, output_size)
    if not isinstance(repeats, Tensor):
        repeats = tensor(repeats, dtype=dtypes.int64, device=input.device)
    if repeats.ndim > 1:
        raise ShapeError(f"repeats must be 0-dim or 1-dim tensor, got {list(repeats.shape)}", op=op)
    repeats = reshape(repeats, (repeats.numel(),))
    if repeats.numel() == 1:
        repeats = expand(repeats, (size,))
    if repeats.numel() != size:
        raise ShapeError(f"repeats must have the same size as input along dim, but got repeats.size(0) ="
                         f" {repeats.numel()} and input.size({dim}) = {size}", op=op)
    places = _repeated_indices(op, repeats)
    if output_size is not None and output_size != places.numel():
        raise ShapeError(f"Invalid output_size, expected {places.numel()} but got {output_size}", op=op)
    return take_along(input, dim, places)


def _each_repeated(op: str, input: Tensor, count: int, dim: int, output_size: int | None) -> Tensor:
    shape = tuple(input._array.shape)
    if output_size is not None and output_size != count * shape[dim]:
        raise ShapeError(f"Invalid output_size, expected {count * shape[dim]} but got {output_size}", op=op)
    full = (*shape[:dim], shape[dim] * count, *shape[dim + 1:])
    check_room(op, full, input.dtype)
    spread = expand(input.unsqueeze(dim + 1), (*shape[:dim + 1], count, *shape[dim + 1:]))
    made = reshape(copy(spread), full)
    made._view = None  # nobody else holds what it is a view of
    return made


@within_memory
def _repeated_indices(op: str, repeats: Tensor) -> Tensor:
    if repeats.ndim != 1:
        raise ShapeError(f"repeats must be a 1-d tensor, got {list(repeats.shape)}", op=op)
    if repeats.dtype not in (dtypes.int64, dtypes.int32):
        raise DTypeNotOfferedError(f"repeats has to be Long or Int tensor, got {repeats.dtype!r}", op=op,
                                   dtype=repeats.dtype)
    counts = repeats.tolist()
    if min(counts, default=0) < 0:
        raise ValueRangeError(f"Repeats must be non-negative, got {min(counts)}", op=op)
    check_room(op, (sum(counts),), repeats.dtype)
    return tensor([i for i, count in enumerate(counts) for _ in range(count)], dtype=repeats.dtype,
                  device=repeats.device)


attach(repeat_interleave, "repeat_interleave")


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dims `source` moved to the places `destination`, the others in their order; a view."""
    source, destination = as_size("movedim", source, "source"), as_size("movedim", destination, "destination")
    if len(source) != len(destination):
        raise ShapeError(f"Invalid source or destination dims: source ({list(source)} dims) should contain the same"
                         f" number of dims as destination ({list(destination)} dims)", op="movedim")
    canonical_dims("movedim", source, input.ndim)
    canonical_dims("movedim", destination, input.ndim)
    place = {canonical_dim("movedim", d, input.ndim): canonical_dim("movedim", s, input.ndim)
             for s, d in zip(source, destination, strict=True)}
    rest = iter(d for d in range(input.ndim) if d not in place.values())
    return permute_op(input, tuple(place[d] if d in place else next(rest) for d in range(input.ndim)))


moveaxis = movedim
attach(movedim, "movedim", "moveaxis")


def adjoint(input: Tensor) -> Tensor:
    """The last two dims exchanged, and conjugated."""
    return transpose(input, -2, -1).conj()


attach(adjoint, "adjoint")


def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """`input` turned k times by 90 degrees in the plane of two dims, from the first towards the second."""
    dims = as_size("rot90", dims, "dims")
    if len(dims) != 2:
        raise ShapeError(f"expected total rotation dims == 2, but got dims = {len(dims)}", op="rot90")
    if input.ndim < 2:
        raise ShapeError(f"expected total dims >= 2, but got total dims = {input.ndim}", op="rot90")
    first, second = (canonical_dim("rot90", d, input.ndim) for d in dims)
    if first == second:
        raise ShapeError("expected rotation dims to be different, but got dim0 = {} and dim1 = {}".format(*dims),
                         op="rot90")
    if k % 4 == 1:
        made = transpose(flip(input, (second,)), first, second)
        made._view = None  # nobody else holds what it is a view of
        return made
    if k % 4 == 3:
        return flip(transpose(input, first, second), (second,))
    return flip(input, (first, second)) if k % 4 == 2 else input.clone()


attach(rot90, "rot90")


def fliplr(input: Tensor) -> Tensor:
    """The order along dim 1 reversed."""
    if input.ndim < 2:
        raise ShapeError(f"Input must be >= 2-d, got {input.ndim}-d", op="fliplr")
    return flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """The order along dim 0 reversed."""
    if input.ndim < 1:
        raise ShapeError("Input must be >= 1-d, got 0-d", op="flipud")
    return flip(input, (0,))


attach(fliplr, "fliplr")
attach(flipud, "flipud")


def _each(function: Any) -> Any:
    """Accepts one tensor, several, or a list of them."""

    def each(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
            tensors = tuple(tensors[0])
        elif len(tensors) == 1:
            return function(tensors[0])
        return tuple(function(x) for x in tensors)

    each.__doc__ = function.__doc__
    return named(each, function.__name__.lstrip("_"))


def _atleast_1d(x: Tensor) -> Tensor:
    """Each tensor with at least one dim."""
    return x if x.ndim else reshape(x, (1,))


def _atleast_2d(x: Tensor) -> Tensor:
    """Each tensor with at least two dims; new ones come first."""
    return x if x.ndim > 1 else reshape(x, (1, x.numel()))


def _atleast_3d(x: Tensor) -> Tensor:
    """Each tensor with at least three dims: (n) becomes (1, n, 1) and (n, m) becomes (n, m, 1)."""
    return x if x.ndim > 2 else _atleast_2d(x).unsqueeze(-1)


atleast_1d, atleast_2d, atleast_3d = _each(_atleast_1d), _each(_atleast_2d), _each(_atleast_3d)


def _nonempty(op: str, tensors: Any) -> Any:
    if not isinstance(tensors, (tuple, list)):
        raise ArgumentError(f"tensors must be a tuple or list of Tensors, got {type(tensors).__name__}", op=op)
    if not tensors:
        raise ShapeError(f"{op} expects a non-empty TensorList", op=op)
    return tensors


def hstack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Tensors joined side by side: along dim 1, or dim 0 if they are 1-d."""
    parts = [_atleast_1d(x) for x in _nonempty("hstack", tensors)]
    return cat(parts, 0 if parts[0].ndim == 1 else 1, out=out)


def vstack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Tensors joined as rows, along dim 0."""
    return cat([_atleast_2d(x) for x in _nonempty("vstack", tensors)], 0, out=out)


row_stack = vstack


def dstack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Tensors joined in depth, along dim 2."""
    return cat([_atleast_3d(x) for x in _nonempty("dstack", tensors)], 2, out=out)


def column_stack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Tensors joined side by side, 1-d ones as columns."""
    parts = [x if x.ndim > 1 else reshape(x, (x.numel(), 1)) for x in _nonempty("column_stack", tensors)]
    return hstack(parts, out=out)


def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices down the diagonal of one, zeros elsewhere."""
    if not tensors:
        return tensor([]).reshape(1, 0)
    for i, x in enumerate(tensors):
        if x.ndim > 2:
            raise ShapeError(f"Input tensors must have 2 or fewer dimensions. Input {i} has {x.ndim} dimensions",
                             op="block_diag")
    parts = [_atleast_2d(x) for x in tensors]
    width, rows, at = sum(x.shape[1] for x in parts), [], 0
    for x in parts:
        height, own = x._array.shape
        row = [x.new_zeros((height, at)), x, x.new_zeros((height, width - at - own))]
        rows.append(cat(row, 1))
        at += own
    return cat(rows, 0)


def tensor_split(input: Tensor, indices_or_sections: Any = None, dim: int = 0, *, sections: int | None = None,
                 indices: Any = None) -> tuple[Tensor, ...]:
    """Parts along `dim`: that many, as even as can be, or cut at the listed indices; views."""
    op = "tensor_split"
    given = next((v for v in (indices_or_sections, sections, indices) if v is not None), None)
    if isinstance(given, Tensor):
        given = given.tolist()
    if not input.ndim:
        raise ShapeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims", op=op)
    dim = canonical_dim(op, dim, input.ndim)
    size = input._array.shape[dim]
    if isinstance(given, int):
        if given < 1:
            raise ValueRangeError(f"number of sections must be larger than 0, got {given}", op=op)
        lengths = [size // given + (i < size % given) for i in range(given)]
        return split(input, lengths, dim)
    cuts = [slice(at).indices(size)[1] for at in as_size(op, given, "indices")]
    starts = [0, *cuts]
    return tuple(input.narrow(dim, start, max(0, stop - start))
                 for start, stop in zip(starts, [*cuts, size], strict=True))


def _split_along(op: str, input: Tensor, given: Any, dim: int, least: int) -> tuple[Tensor, ...]:
    if input.ndim < least:
        raise ShapeError(f"torch.{op} requires a tensor with at least {least} dimension, but got a tensor with"
                         f" {input.ndim} dimensions!", op=op)
    size = input._array.shape[dim]
    if isinstance(given, int) and (given < 1 or size % given):
        raise ShapeError(f"attempted to split along dimension {dim}, but the size of the dimension {size} is not"
                         f" divisible by the split_size {given}!", op=op)
    return tensor_split(input, given, dim)


def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Parts side by side: along dim 1, or dim 0 of a 1-d tensor; views."""
    return _split_along("hsplit", input, indices_or_sections, 0 if input.ndim == 1 else 1, 1)


def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Parts along dim 0 of a tensor of at least two dims; views."""
    return _split_along("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Parts along dim 2 of a tensor of at least three dims; views."""
    return _split_along("dsplit", input, indices_or_sections, 2, 3)


attach(tensor_split, "tensor_split")
attach(hsplit, "hsplit")
attach(vsplit, "vsplit")
attach(dsplit, "dsplit")


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors stretched to the shape that all broadcast to; views, or the tensors themselves where they have it."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    shape = broadcast_shapes("broadcast_tensors", *[tuple(x.shape) for x in given])
    return tuple(x if tuple(x._array.shape) == shape else expand(x, shape) for x in given)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Grids of coordinates: the i-th result holds the i-th vector along dim i ("xy": the first two dims exchanged).

    >>> import flambeau
    >>> x, y = flambeau.meshgrid(flambeau.tensor([1, 2]), flambeau.tensor([3, 4, 5]), indexing="ij")
    >>> y
    tensor([[3, 4, 5],
            [3, 4, 5]])
    """
    op = "meshgrid"
    given = list(tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors)
    if not given:
        raise ShapeError("meshgrid expects a non-empty TensorList", op=op)
    if indexing not in ("ij", "xy"):
        raise ValueRangeError(f'indexing must be one of "xy" or "ij", but received: {indexing}', op=op)
    for x in given:
        if x.ndim > 1:
            raise ShapeError(f"Expected 0D or 1D tensor in the tensor list but got: {list(x.shape)}", op=op)
        if x.dtype is not given[0].dtype:
            raise DTypeError(f"meshgrid expects all tensors to have the same dtype, got {given[0].dtype!r} and"
                             f" {x.dtype!r}", op=op)
    shape = tuple(x.numel() for x in given)
    order = [1, 0, *range(2, len(given))] if indexing == "xy" and len(given) > 1 else list(range(len(given)))
    grids = []
    for i, x in enumerate(given):
        line = reshape(x, tuple(n if d == i else 1 for d, n in enumerate(shape)))
        grids.append(permute_op(expand(line, shape), tuple(order)))
    return tuple(grids)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All ways to take one element of each 1-d tensor, one row each."""
    for x in tensors:
        if x.ndim != 1:
            raise ShapeError(f"Expect a 1D vector, but got shape {list(x.shape)}", op="cartesian_prod")
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshape(grid, (-1,)) if grid.numel() else grid.reshape(0) for grid in meshgrid(*tensors)], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to choose `r` elements of a 1-d tensor in their order, one row each."""
    if input.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {list(input.shape)}", op="combinations")
    if r < 0:
        raise ValueRangeError(f"Expect a non-negative number, but got {r}", op="combinations")
    if r == 0:
        return input.new_empty((0,))
    choose, n = _choices_with_replacement if with_replacement else _choices, input.numel()
    check_room("combinations", (math.comb(n + r - 1 if with_replacement and n else n, r), r), dtypes.int64)
    rows = [i for row in choose(range(input.numel()), r) for i in row]
    return reshape(take_along(input, 0, tensor(rows, dtype=dtypes.int64, device=input.device)), (len(rows) // r, r))


def _unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` along a dim, every `step`, as a new last dim; a view."""
    dim = canonical_dim("unfold", dimension, self.ndim)
    shape, strides = list(self._array.shape), list(self.stride())
    extent = shape[dim] if shape else 1
    if size < 0:
        raise ValueRangeError(f"size is {size} but must be >= 0", op="unfold")
    if size > extent:
        raise ShapeError(f"maximum size for tensor at dimension {dim} is {extent} but size is {size}", op="unfold")
    if step < 1:
        raise ValueRangeError(f"step is {step} but must be > 0", op="unfold")
    last = strides[dim] if shape else 1
    if shape:
        shape[dim], strides[dim] = (extent - size) // step + 1, strides[dim] * step
    return as_strided(self, (*shape, size), (*strides, last), self.storage_offset())


attach(_unfold, "unfold")


def view_as_real(input: Tensor) -> Tensor:
    """A complex tensor as pairs of real and imaginary parts, a new last dim; a copy (a view in PyTorch)."""
    if input.dtype.category != 3:
        raise DTypeError(f"view_as_real is only supported for complex tensors, got {input.dtype!r}", op="view_as_real")
    return copied_view(stack([real(input), imag(input)], -1), input)


def view_as_complex(input: Tensor) -> Tensor:
    """Pairs along a last dim of size 2 as complex numbers; a copy (a view in PyTorch)."""
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise DTypeError(f"view_as_complex is only supported for float and double tensors, but got a tensor of scalar"
                         f" type: {input.dtype!r}", op="view_as_complex")
    if not input.ndim or input.shape[-1] != 2:
        raise ShapeError(f"Tensor must have a last dimension of size 2, got {list(input.shape)}", op="view_as_complex")
    return copied_view(join_parts(input.select(-1, 0), input.select(-1, 1)), input)


def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, out: Tensor | None = None,
             dtype: DType | None = None, layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """`steps` numbers from base**start to base**end, evenly spaced in the exponent."""
    dtype = dtype or (out.dtype if out is not None else dtypes.get_default_dtype())
    if dtype.category == 1:
        start, end = int(start), int(end)
    made = linspace(start, end, steps, dtype=dtypes.float64, device=device)
    made = ((made * 0 + base) ** made).to(dtype)
    if out is not None:
        return out.copy_(made)  # type: ignore[no-any-return]
    return made.requires_grad_(requires_grad)

__all__ = [
    "adjoint", "atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_tensors", "cartesian_prod",
    "column_stack", "combinations", "dsplit", "dstack", "fliplr", "flipud", "hsplit", "hstack", "logspace",
    "meshgrid", "moveaxis", "movedim", "repeat_interleave", "rot90", "row_stack", "tensor_split", "tile",
    "view_as_complex", "view_as_real", "vsplit", "vstack",
]
