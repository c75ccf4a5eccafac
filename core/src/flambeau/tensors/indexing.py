"""`x[...]` and `x[...] = v` as ops.

Ints, slices, None and Ellipsis are one `slice` op, a view. Tensors, lists and boolean masks are
NumPy's advanced indexing: the indexed dims are brought to the front, picked by int64 tensors, and
the picked dims are put where NumPy and PyTorch put them.
"""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..errors import ArgumentError, DTypeError, IndexRangeError, ShapeError, ValueRangeError
from ..functions.create import tensor
from ..interrupts import pass_on
from ..ops.create import cast, zeros_of
from ..ops.index import index_op, index_put_op, masked_select_op, nonzero, picked
from ..ops.movement import expand, permute_op, slice_op
from ..shapes import broadcast_shapes
from ..table.exact import generous, lift_exact
from ..table.lifting import lift
from ..table.registry import TABLE
from ..table.writers import offered
from ..walk.tape import View
from . import views
from .tensor import Tensor, attach, unmapped


def getitem(self: Tensor, key: Any) -> Tensor:
    """`self[key]`."""
    index = _short_key(key, self._array.shape)
    if index is not None:
        return slice_op(self, index)
    if type(key) is Tensor:
        if _picks_rows(self, key):
            return index_op(self, [key])
        if key._array.shape == self._array.shape and key._kind is self._kind.bool and key._array.shape:
            return masked_select_op(self, key)
    basic, advanced = split_key(self, key)
    result = slice_op(self, basic)
    return result if advanced is None else _pick(result, advanced)


def setitem(self: Tensor, key: Any, value: Any) -> None:
    """`self[key] = value`, in place."""
    if not self._requires_grad and self._kind.device.backend.shared_views and _written(self, key, value):
        return
    basic, advanced = split_key(self, key)
    if not isinstance(value, Tensor):
        value = _as_value(self, value)
    target = slice_op(self, basic)
    if value._kind.device is not target._kind.device and not value.ndim:
        value = value.to(target.device)
    if advanced is None:
        _fill(target, value)
        return
    if type(key) is bool:  # all of it, or nothing
        if key:
            _fill(target, value)
        return
    if value._kind.dtype is not self._kind.dtype:
        indexed = [d for d, index in enumerate(advanced) if index is not None]
        _check_bounds(target, indexed, [advanced[d] for d in indexed])  # type: ignore[misc]
        value = _cast_for_mask(self, key, value)
    if value.numel() == 1:
        _check_mask(self, key)
    _place(self, target, advanced, value)


_scatters = offered("index_put")


def _written(self: Tensor, key: Any, value: Any) -> bool:
    """Writes an untracked value of self's kind straight into the region of a short key; False where that is not all."""
    kind, index = self._kind, _short_key(key, self._array.shape)
    scattered: Any = _scatters[kind] if type(key) is Tensor and key._array.shape else None
    if (index is None and scattered is None) or kind.plain is not kind:
        return False
    view = self._view
    if view is not None and not (type(view) is View and view.distinct and not view.base._requires_grad):
        return False
    if not isinstance(value, Tensor):
        value = _as_value(self, value)
    if value._kind is not kind or value._requires_grad:
        return False
    try:
        if index is not None:
            TABLE["assign"].kernels[kind](slice_op.op.kernels[kind](self._array, index=index), value._array)
        elif key._kind is kind.int64 or key._kind is kind.bool:
            scattered(self._array, value._array, key._array, self._array)
        else:
            return False
    except (ValueError, IndexError, TypeError) as error:  # what does not fit, or lies outside: the long way says how
        pass_on(error)
        return False
    views.bump(self)
    return True


def _as_value(self: Tensor, value: Any) -> Tensor:
    made = lift_exact(self, value, generous(self._kind.dtype))
    if made is NotImplemented or (made.ndim and made is not value):
        raise ArgumentError(f"can't assign a {type(value).__name__} to a Tensor of {self.dtype!r}", op="index_put_")
    return made if made._kind.dtype is self._kind.dtype else cast(made, self.dtype)


def _fill(target: Tensor, value: Tensor) -> None:
    """Writes into a view; leading dims of size 1 that the view lacks do not count."""
    while value.ndim > target.ndim and value.shape[0] == 1:
        value = value.squeeze(0)
    try:
        target.copy_(value)
    except ShapeError as error:
        raise ShapeError(f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to indexing"
                         f" result of shape {list(target.shape)}", op="index_put_") from error


def _cast_for_mask(self: Tensor, key: Any, value: Tensor) -> Tensor:
    """One value of another dtype goes where one mask says; anything else must have the tensor's dtype."""
    items = [k for k in _items(self, key) if isinstance(k, Tensor)]
    if value.numel() == 1 and len(items) == 1 and items[0].ndim and items[0].dtype in (dtypes.bool, dtypes.uint8):
        return value.to(self.dtype)
    raise DTypeError(f"Index put requires the source and destination dtypes match, got {self.dtype!r} for the"
                     f" destination and {value.dtype!r} for the source.", op="index_put_", dtype=value.dtype)


def _check_mask(self: Tensor, key: Any) -> None:
    """Raises where one value goes where one mask of bytes says: PyTorch fills there, which takes booleans alone."""
    keys = key if type(key) is tuple else (key,)
    if not any(isinstance(k, Tensor) and k.dtype is dtypes.uint8 and k.ndim for k in keys):
        return
    if sum(isinstance(k, Tensor) for k in _items(self, key)) == 1:
        raise DTypeError("one value is written where a mask of bool says, but got one of uint8; use mask.bool()",
                         op="index_put_", dtype=dtypes.uint8)


# --- reading the key


_known: dict[tuple[Any, ...], tuple[Any, ...]] = {}  # (what a key says, shape) -> its canonical index
_MANY = 4096
_bounds = frozenset({int, type(None)})
_entries = frozenset({int, type(None), type(Ellipsis)})


def _short_key(key: Any, shape: tuple[int, ...]) -> tuple[Any, ...] | None:
    """The canonical index for ints, slices, None and one Ellipsis; None for any other key, or a wrong one."""
    kind = type(key)
    if kind is int or key is None or key is Ellipsis:
        known: tuple[Any, ...] = (key, shape)
    elif kind is slice and _bounds.issuperset((type(key.start), type(key.stop), type(key.step))):
        known = (key.start, key.stop, key.step, shape)  # a slice has no hash before Python 3.12
    elif kind is tuple and _entries.issuperset(map(type, key)):
        known = (key, None, shape)
    else:  # bounds that may change their value, or equal a number that they are not
        return _read_short_key(key, shape) if kind in (tuple, slice) else None
    try:
        return _known[known]
    except KeyError:
        index = _read_short_key(key, shape)
        if index is not None:
            if len(_known) > _MANY:
                _known.clear()
            _known[known] = index
        return index


def _read_short_key(key: Any, shape: tuple[int, ...]) -> tuple[Any, ...] | None:
    keys = key if type(key) is tuple else (key,)
    index: list[Any] = []
    dim, ndim = 0, len(shape)
    try:
        for item in keys:
            if item is None:
                index.append(None)
            elif type(item) is int:
                n = shape[dim]
                if not -n <= item < n:
                    return None
                index.append(item if item >= 0 else item + n)
                dim += 1
            elif type(item) is slice:
                index.append(_short_slice(item, shape[dim]))
                dim += 1
            elif item is Ellipsis:
                left = ndim + 1 - sum([k is not None for k in keys])
                if left < 0 or sum([k is Ellipsis for k in keys]) > 1:
                    return None
                index += [slice(0, n, 1) for n in shape[dim : dim + left]]
                dim += left
            else:
                return None
    except (IndexError, TypeError, ValueError) as error:  # the long way says what is wrong
        pass_on(error)
        return None
    return None if dim > ndim else (*index, *[slice(0, n, 1) for n in shape[dim:]])


def _short_slice(item: slice, size: int) -> slice:
    start, stop, step = item.indices(size)
    if step < 1:
        raise ValueError
    return slice(start, stop if stop > start else start, step)


def _picks_rows(self: Tensor, key: Tensor) -> bool:
    """Whether `key` holds int64 numbers of places along the first dim, so that one kernel serves `self[key]`."""
    kind, shape = self._kind, self._array.shape
    return key._kind is kind.int64 and bool(key._array.shape) and bool(shape) and 0 not in shape and kind.plain is kind


def split_key(self: Tensor, key: Any) -> tuple[tuple[Any, ...], list[Tensor | None] | None]:
    """The basic part as a canonical `slice` index, and per remaining dim an index tensor or None."""
    items = _expand_ellipsis(self, _items(self, key))
    shape = self._array.shape
    basic: list[Any] = []
    advanced: list[Tensor | None] = []
    dim = 0
    for item in items:
        if item is None:
            basic.append(None)
            advanced.append(None)
        elif isinstance(item, Tensor) and not item.ndim and item.dtype in (dtypes.bool, dtypes.uint8):
            basic.append(None)  # a 0-d mask: a new dim of size 1 or 0
            advanced.append(nonzero(item.reshape(1), as_tuple=True)[0])
        elif isinstance(item, Tensor):
            for one in _index_tensors(item, shape, dim):
                basic.append(slice(0, shape[dim], 1))
                advanced.append(one)
                dim += 1
        elif isinstance(item, slice):
            basic.append(_canonical_slice(item, shape[dim]))
            advanced.append(None)
            dim += 1
        else:
            basic.append(_canonical_int(item, shape, dim))
            dim += 1
    for n in shape[dim:]:
        basic.append(slice(0, n, 1))
        advanced.append(None)
    return tuple(basic), advanced if any(a is not None for a in advanced) else None


def _items(self: Tensor, key: Any) -> list[Any]:
    """The entries of a key; a list that holds more than numbers counts as a tuple, PyTorch's legacy."""
    if isinstance(key, list) and len(key) < 32 and any(
            k is None or k is Ellipsis or isinstance(k, (slice, list, tuple, Tensor)) for k in key):
        key = tuple(key)
    return [_as_tensor(self, item) for item in key] if isinstance(key, tuple) else [_as_tensor(self, key)]


def _as_tensor(self: Tensor, item: Any) -> Any:
    """Lists, arrays and booleans as tensors; everything basic as it is."""
    if item is None or item is Ellipsis or isinstance(item, slice):
        return item
    if isinstance(item, bool):
        return tensor(item, device=self.device)
    if type(item) is int:
        return item
    if isinstance(item, Tensor):
        number = not item.ndim and item.dtype.category == 1 and item.dtype is not dtypes.uint8
        return int(item) if number and unmapped(item) is item else item
    if isinstance(item, (list, tuple, range)):
        return _list_index(self, list(item))
    if hasattr(item, "shape") and item.shape != ():
        return tensor(item, device=self.device)
    if hasattr(item, "__index__"):
        return int(item.__index__())
    if isinstance(item, str):
        if not self.ndim:
            raise IndexRangeError(f"too many indices for tensor of dimension 0: {item!r}", op="index")
        raise ArgumentError(f"a str cannot index: {item!r}", op="index")
    raise IndexRangeError(f"only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid"
                          f" indices (got {type(item).__name__})", op="index")


def _list_index(self: Tensor, item: list[Any]) -> Tensor:
    made = tensor(item, device=self.device)
    return made if made.dtype.category < 2 and made.numel() else made.long()


def _expand_ellipsis(self: Tensor, items: list[Any]) -> list[Any]:
    used = 0
    for item in items:
        if item is None or item is Ellipsis:
            continue
        used += item.ndim if isinstance(item, Tensor) and item.dtype in (dtypes.bool, dtypes.uint8) else 1
    if used > self.ndim:
        raise IndexRangeError(f"too many indices for tensor of dimension {self.ndim}", op="index")
    at = [i for i, item in enumerate(items) if item is Ellipsis]
    if at:
        rest = [item for item in items[at[0] + 1 :] if item is not Ellipsis]
        if len(at) > 1 and used < self.ndim and any(item is not None for item in items[at[1] :]
                                                    if item is not Ellipsis):
            raise IndexRangeError("an index can only have a single ellipsis ('...')", op="index")
        items = items[: at[0]] + [slice(None)] * (self.ndim - used) + rest
    return items


def _canonical_slice(item: slice, size: int) -> slice:
    try:
        start, stop, step = slice(*[_bound(b) for b in (item.start, item.stop, item.step)]).indices(size)
    except TypeError as error:
        raise ArgumentError(f"{error}, got {item}", op="index") from error
    except ValueError as error:
        raise ValueRangeError(str(error), op="index") from error
    if step < 1:
        raise ValueRangeError(f"step must be greater than zero, got {step}", op="index")
    return slice(start, max(start, stop), step)


def _bound(value: Any) -> Any:
    return int(value) if isinstance(value, Tensor) else value


def _canonical_int(item: int, shape: tuple[int, ...], dim: int) -> int:
    size = shape[dim]
    if not -size <= item < size:
        raise IndexRangeError(f"index {item} is out of bounds for dimension {dim} with size {size}", op="index",
                              index=item)
    return item % size


def _index_tensors(item: Tensor, shape: tuple[int, ...], dim: int) -> list[Tensor]:
    """An index tensor for each dim it covers: a mask of n dims becomes n tensors."""
    if item.dtype in (dtypes.bool, dtypes.uint8):
        covered = tuple(shape[dim : dim + item.ndim])
        if tuple(item.shape) != covered:
            raise IndexRangeError(f"the shape of the mask {list(item.shape)} at index 0 does not match the shape of the"
                                  f" indexed tensor {list(shape)} at index {dim}", op="index")
        return list(nonzero(item, as_tuple=True))
    if item.dtype not in (dtypes.int64, dtypes.int32):
        raise IndexRangeError("tensors used as indices must be long, int, byte or bool tensors, got"
                              f" {item.dtype!r}", op="index")
    return [item.long()]


# --- picking and placing


def _arranged(source: Tensor, advanced: list[Tensor | None]) -> tuple[list[int], list[Tensor], int]:
    """Indexed dims, their index tensors broadcast together, and where the picked dims go."""
    dims = [d for d, a in enumerate(advanced) if a is not None]
    indices = [a for a in advanced if a is not None]
    try:
        shape = broadcast_shapes("index", *[tuple(i._array.shape) for i in indices])
    except ShapeError as error:
        raise IndexRangeError("shape mismatch: indexing tensors could not be broadcast together with shapes "
                              + ", ".join(str(list(i.shape)) for i in indices), op="index") from error
    indices = [i if tuple(i._array.shape) == shape else expand(i, shape) for i in indices]
    indices = [i.to(source.device) for i in indices]
    together = dims == list(range(dims[0], dims[0] + len(dims)))
    return dims, indices, dims[0] if together else 0


def _pick(source: Tensor, advanced: list[Tensor | None]) -> Tensor:
    dims, indices, place = _arranged(source, advanced)
    _check_bounds(source, dims, indices)
    if any(n == 0 for d, n in enumerate(source._array.shape) if d not in dims):  # nothing to pick, wherever it lay
        indices = [zeros_of(i, i._array.shape) for i in indices]
    if dims == list(range(len(dims))):
        return index_op(source, indices)
    return picked(source, indices, tuple(dims), place)


def _check_bounds(source: Tensor, dims: list[int], indices: list[Tensor]) -> None:
    for d, index in zip(dims, indices, strict=True):
        if source._array.shape[d] == 0 and index.numel():
            raise IndexRangeError(f"index is out of bounds for dimension {d} with size 0", op="index")


def _place(self: Tensor, target: Tensor, advanced: list[Tensor | None], value: Tensor) -> None:
    """Writes into the picked elements: a new array computed, then assigned to the view `target`."""
    dims, indices, place = _arranged(target, advanced)
    order = (*dims, *(d for d in range(target.ndim) if d not in dims))
    rest = [target._array.shape[d] for d in order[len(dims) :]]
    if 0 in rest:
        indices = [zeros_of(i, i._array.shape) for i in indices]
    count = indices[0].ndim
    picked_shape = (*rest[:place], *indices[0]._array.shape, *rest[place:])
    while value.ndim > len(picked_shape) and value.shape[0] == 1:
        value = value.squeeze(0)
    try:
        value = expand(value, picked_shape)
    except ShapeError as error:
        raise ShapeError(f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to indexing"
                         f" result of shape {list(picked_shape)}", op="index_put_") from error
    if place:
        value = permute_op(value, (*range(place, place + count), *range(place), *range(place + count, value.ndim)))
    put_(permute_op(target, order), indices, value, False)


def put_(front: Tensor, indices: list[Tensor], value: Tensor, accumulate: bool) -> Tensor:
    """In-place `index_put` on a tensor whose leading dims are the indexed ones."""
    return views.update(front, index_put_op, value, indices, accumulate, op_name="index_put_")


def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Writes (or adds) `values` where the tuple of index tensors says."""
    if values._kind.dtype is not self._kind.dtype:
        raise DTypeError(f"Index put requires the source and destination dtypes match, got {self.dtype!r} for the"
                         f" destination and {values.dtype!r} for the source.", op="index_put_", dtype=values.dtype)
    if not accumulate:
        setitem(self, tuple(indices), values)
        return self
    basic, advanced = split_key(self, tuple(indices))
    target = slice_op(self, basic)
    if advanced is None:
        target.add_(values)
        return self
    dims, tensors, _ = _arranged(target, advanced)
    order = (*dims, *(d for d in range(target.ndim) if d not in dims))
    put_(permute_op(target, order), tensors, values.to(self.dtype), True)
    return self


def _delete(self: Tensor, key: Any) -> None:
    raise ArgumentError("Tensor does not support deleting items", op="index")


def _contains(self: Tensor, element: Any) -> bool:
    """Whether any element equals `element`, a number or a tensor that broadcasts."""
    other = lift(self, element)
    if other is NotImplemented:
        raise ValueRangeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a"
                              f" {type(element).__name__}.", op="contains")
    return bool((self == other).any().item())


attach(getitem, "__getitem__")
attach(_delete, "__delitem__")
attach(_contains, "__contains__")
attach(setitem, "__setitem__")
attach(index_put_, "index_put_")
