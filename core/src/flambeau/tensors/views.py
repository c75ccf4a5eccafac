"""In-place operations and views under autograd.

A view remembers the base that owns the memory and the ops that lead from it (`View.replay`); the
base's version cell remembers its live views by weak reference. An in-place op computes, then
assigns. If the result is tracked, the changed tensor takes the result's place in the graph; when it
is a view, its *base* gets a node that says "the old base with this region replaced", and every live
view is derived from the base anew, so each sees the change in its gradient too.
"""

from __future__ import annotations

from sys import getrefcount
from typing import Any

from .. import dtypes
from ..dtypes import can_cast
from ..errors import DTypeError, InplaceError, OutDTypeError, ShapeError
from ..modes import _grad, grad_enabled
from ..shapes import contiguous_strides
from ..table.quiet import quietly
from ..table.registry import TABLE, OpDef
from ..table.room import exhausted
from ..walk.tape import DISTINCT, CopyView, FunctionView, MovedView, Node, View, add_view, live_views, new_node, tick
from .tensor import AWAITED, Tensor, alias, layout, named, wrap


def as_view(out: Tensor, source: Tensor, op: OpDef, attrs: dict[str, Any] | None) -> None:
    """Makes `out`, just computed by a view op, a view of `source`'s base: what a generated caller does itself, where
    `source` is no view or one of the plain kind."""
    parent = source._view
    if parent is None or type(parent) is MovedView:
        view = new_node(View)
        view.base, view.leaf, view.expands, view.distinct = source, None, op.name == "expand", op.name in DISTINCT
        view.parent, view.op, view.attrs = None, op, _said(op, attrs)
    else:
        view = _longer(parent, op, attrs)
        if source._requires_grad and source._node is None:
            view.leaf = source
    out._view = view
    cell = source._version
    if cell is None:
        cell = source._version = [0, None]
    view.since = cell[0]
    out._version = cell
    add_view(cell, out)


def _longer(parent: View, op: OpDef, attrs: dict[str, Any] | None) -> View:
    """What a view becomes by one more view op."""
    view: View = new_node(type(parent))
    view.base, view.leaf, view.parent = parent.base, parent.leaf, parent
    view.op, view.attrs, view.since = op, _said(op, attrs), parent.since
    view.expands = parent.expands or op.name == "expand"
    view.distinct = parent.distinct and op.name in DISTINCT
    return view


def _said(op: OpDef, attrs: dict[str, Any] | None) -> Any:
    """The attributes of a view op as a View holds them."""
    return attrs[op.alone] if attrs and op.alone else attrs


def copied_view(out: Tensor, source: Tensor) -> Tensor:
    """Marks a fresh `out` as standing where PyTorch has a view of `source`, so that writing into it raises."""
    out._view = CopyView(None, source if source._view is None else source._view.base)
    return out


# --- in-place variants of ops


def inplace_method(name: str, function: Any) -> Any:
    """The method `name_`: computes `function` and writes the result into the tensor."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return update(self, function, *args, op_name=f"{name}_", **kwargs)

    method.__doc__ = f"In-place version of `{name}`."
    return named(method, f"{name}_")


def update(target: Tensor, function: Any, *args: Any, op_name: str, **kwargs: Any) -> Tensor:
    """`target` becomes `function(target, *args)`, in its own memory; returns `target`.

    All tensors that the function uses are among its arguments: they tell whether a graph is to hear of the change.
    """
    check_writable(op_name, target)
    if target._view is not None:
        check_distinct(op_name, target)
    if not _recorded(target, args, kwargs):
        result = function(target, *args, **kwargs)
        _check_result(op_name, target, result)
        return store(target, result)
    source = alias(target)
    held = getrefcount(source)
    result = function(source, *args, **kwargs)
    _check_result(op_name, target, result)
    if getrefcount(source) > held:  # a node has saved it for its gradient rule
        _move_out(source)
    if result._requires_grad and result.dtype is not target.dtype:
        result = TABLE["cast"].call(result, target.dtype)
    store(target, result)
    if result._requires_grad:
        rebase(target, result._node)
    elif target._requires_grad:  # what it becomes does not depend on what it was
        rebase(target, record(TABLE["copied"], (_edge(source), None), None, target))
    return target


def _recorded(target: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call on these leaves a node, which may have saved what is about to be overwritten."""
    if not grad_enabled():
        return False
    if target._requires_grad:
        return True
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, (Tensor, tuple, list)) and (type(value) in (tuple, list) or value._requires_grad):  # type: ignore[union-attr]
            return True
    return False


def _move_out(source: Tensor) -> None:
    """Gives the old value, which a gradient rule needs, memory of its own before the shared one is overwritten."""
    kind, cell = source._kind.plain, source._version
    source._array = TABLE["copy"].kernels[kind](source._array)
    source._version = None if cell is None else [cell[0], None]


def writable(view: View) -> bool:
    """Whether a write through that view reaches one place per element and no graph over the base hears of it."""
    return type(view) is View and not view.base._requires_grad and not view.expands and view.leaf is None


def check_writable(op_name: str, target: Tensor) -> None:
    """Raises InplaceError for a leaf that requires a gradient, or a view of one, while recording."""
    if not grad_enabled():
        return
    if target._requires_grad and target._node is None:
        raise InplaceError("a leaf Variable that requires grad is being used in an in-place operation; wrap it in"
                           " no_grad() or work on a copy", op=op_name)
    if type(target._view) is FunctionView and target._requires_grad:
        raise InplaceError(f"an output of {target.grad_fn.name()} is a view that a custom Function made (or an input it"
                           " returned as it was): an in-place change would lose the Function's backward; clone the"
                           " output first", op=op_name)
    view = target._view
    if view is None:
        return
    base, leaf = view.base, view.leaf
    if (base._node is None and (base._requires_grad or target._requires_grad)) or (
            leaf is not None and leaf._requires_grad and leaf._node is None):
        raise InplaceError("a view of a leaf Variable that requires grad is being used in an in-place operation; wrap"
                           " it in no_grad() or work on a copy", op=op_name)


_ONE_VALUE_PER_PLACE = ("fill_", "zero_", "masked_fill_", "index_fill_", "index_put_", "tril_", "triu_")


def check_distinct(op_name: str, view: Tensor) -> None:
    """Raises where several elements of a view are one place in memory, which could not hold all their values."""
    if op_name in _ONE_VALUE_PER_PLACE or not view._view.expands:  # type: ignore[union-attr]
        return
    if _repeats(view):
        raise _several_per_place(op_name)


def _repeats(view: Tensor) -> bool:
    """Whether elements of a view share a place; where strides do not tell, by where the view ops lead."""
    if view._kind.device.backend.shared_views:
        return _stacked(view)
    found: View = view._view  # type: ignore[assignment]
    places = TABLE["reshape"].call(_region(found.base, found.replay), (view.numel(),)).tolist()
    return len(set(places)) < len(places)


def _stacked(tensor: Tensor) -> bool:
    """Whether it has elements, and a dimension along which they all lie at one place."""
    shape = tensor._array.shape
    return 0 not in shape and any(step == 0 and n > 1 for n, step in zip(shape, tensor.stride(), strict=True))


def _several_per_place(op_name: str) -> InplaceError:
    return InplaceError("unsupported operation: more than one element of the written-to tensor refers to a single"
                        " memory location. Please clone() the tensor before performing the operation.", op=op_name)


def _check_result(op_name: str, target: Tensor, result: Tensor) -> None:
    if result._array.shape != target._array.shape:
        raise ShapeError(f"output with shape {list(target.shape)} doesn't match the broadcast shape"
                         f" {list(result.shape)}", op=op_name)
    if not can_cast(result.dtype, target.dtype):
        raise DTypeError(f"result type {result.dtype!r} can't be cast to the desired output type {target.dtype!r}",
                         op=op_name, dtype=result.dtype)


def store(target: Tensor, source: Tensor) -> Tensor:
    """Writes source's elements into target's memory and counts the change; the graph stays as it is."""
    if type(target._view) is CopyView:
        raise InplaceError("a copy where PyTorch shares memory (real, imag, view_as_real, view_as_complex,"
                           " view(dtype)), so the change would not reach the original; write into a clone() of it, or"
                           " into the original")
    try:
        _assign(target, source)
    except MemoryError as error:
        raise exhausted("assign", error) from None
    bump(target)
    return target


def _assign(target: Tensor, source: Tensor) -> None:
    kind = target._kind.plain
    array = source._array
    if source._kind.plain is not kind:
        if source._kind.device.backend.level > kind.device.backend.level:
            raise InplaceError("a tensor that is not mapped would be overwritten with what differs from example to"
                               " example; write into a copy of it, made inside the mapped function", op="vmap")
        array = quietly(kind, TABLE["cast"].kernels[source._kind.plain], array, dtype=kind.dtype)
    assign = TABLE["assign"].kernels[kind]
    if kind.device.backend.shared_views:
        assign(target._array, array)
    else:
        _store_unshared(target, assign, array)


def bump(target: Tensor) -> None:
    """Counts one in-place change of target's memory."""
    cell = target._version
    if cell is None:
        target._version = [1, None]
    else:
        cell[0] += 1


def rebase(target: Tensor, edge: Any) -> None:
    """Gives `target`, whose memory was just overwritten, the place in the graph that `edge` leads to."""
    view = target._view
    if view is None or type(view) is MovedView:
        target._node, target._requires_grad = edge, True
        view = None
    else:
        base = view.base
        steps = view.replay
        where = layout(base) if any(op.name == "as_strided" for op, _ in steps) else None
        base._node = record(TABLE["copy_slices"], (_edge(base), edge), {"replay": steps, "layout": where}, base)
        base._requires_grad = True
    _derive_views(target if view is None else view.base)


def take_shape(target: Tensor, made: Tensor) -> Tensor:
    """`target` becomes `made`, a view of an alias of it; what are views of `target` stay views of what it was."""
    if made._view is not None:
        view, steps = target._view, made._view.replay
        if view is not None:
            target._view = _continued(view, steps)
        else:
            others = [v for v in live_views(target) if v._view is not None and v._view.base is target]
            if others:
                _found_base(target, others, steps)
    target._array, target._node = made._array, made._node
    bump(target)
    return target


def _found_base(target: Tensor, others: list[Tensor], steps: Any) -> None:
    """What `target` was becomes the base of its views, and of `target` itself."""
    base = alias(target)
    for view in [other._view for other in others]:
        view.base = base  # type: ignore[union-attr]
    target._view = _continued(View(None, base), steps)
    add_view(target._version, target)  # type: ignore[arg-type]


def _continued(view: View, steps: Any) -> View:
    """What `view` becomes by further view ops."""
    for op, attrs in steps:
        view = _longer(view, op, attrs)
    return view


def _edge(tensor: Tensor) -> Any:
    return tensor._node or (tensor if tensor._requires_grad else None)


def record(op: OpDef, edges: tuple[Any, ...], attrs: dict[str, Any] | None, like: Tensor) -> Node:
    """A node without saved values whose result has the kind and shape of `like`."""
    node: Node = new_node(Node)
    node.op, node.seq, node.kind, node.shape = op, tick(), like._kind, like._array.shape
    node.attrs, node.edges, node.saved, node.versions, node.hooks = attrs, edges, (), None, None
    return node


def _derive_views(base: Tensor) -> None:
    """Every live view takes its place behind the base's present one: a few at once, many when they are asked."""
    views = live_views(base)
    late = len(views) > _FEW_VIEWS and base._kind.device.backend.shared_views
    if late:
        base._version[1] = None  # type: ignore[index]
    for view in views:
        ours = type(view._view) is View and view._view.base is base
        if ours and late and type(view) is Tensor and view._requires_grad:
            view.__class__ = _Stale
            continue
        if ours:
            _derive(view)
        if late:
            add_view(base._version, view)  # type: ignore[arg-type]


_FEW_VIEWS = 8


def _derive(view: Tensor) -> None:
    """Makes the view's place in the graph, and its array, those that its base's present ones lead to."""
    derived = replay(view._view.base, view._view.replay)  # type: ignore[union-attr]
    view._node, view._requires_grad, view._array = derived._node, derived._requires_grad, derived._array


class _Stale(Tensor):
    """A view whose base was given another place in the graph; whoever reads its own makes a Tensor of it again."""

    __slots__ = ()

    @property
    def _node(self) -> Any:
        return _renewed(self)._node

    @_node.setter
    def _node(self, node: Any) -> None:
        _renewed(self)._node = node


_Stale.__name__, _Stale.__qualname__, _Stale.__module__ = Tensor.__name__, Tensor.__qualname__, Tensor.__module__


def _renewed(view: Tensor) -> Tensor:
    view.__class__ = Tensor
    if view._view is not None:
        token = _grad.set(True)
        try:
            _derive(view)
        finally:
            _grad.reset(token)
        add_view(view._version, view)  # type: ignore[arg-type]
    return view


class _Waiting(Tensor):
    """A view of a leaf that began to require a gradient when the view was there: the next change makes its node."""

    __slots__ = ()

    @property
    def _node(self) -> Any:
        return _OWN["_node"].__get__(_arrived(self))

    @_node.setter
    def _node(self, node: Any) -> None:
        self.__class__ = Tensor  # type: ignore[assignment]
        self._node = node

    @property
    def _requires_grad(self) -> bool:
        return _OWN["_requires_grad"].__get__(_arrived(self))  # type: ignore[no-any-return]

    @_requires_grad.setter
    def _requires_grad(self, value: bool) -> None:
        self.__class__ = Tensor  # type: ignore[assignment]
        self._requires_grad = value


_OWN = vars(Tensor)
_Waiting.__name__, _Waiting.__qualname__, _Waiting.__module__ = Tensor.__name__, Tensor.__qualname__, Tensor.__module__


def _arrived(view: Tensor) -> Tensor:
    """The view, in its place in the graph if what it waits for has come."""
    place = view._view
    if place is None:
        view.__class__ = Tensor
    elif place.base._requires_grad and view._version[0] != place.since:  # type: ignore[index]
        _renewed(view)
    return view


def _let_wait(base: Tensor) -> None:
    for view in live_views(base):
        place = view._view
        if type(place) is View and place.base is base and type(view) is Tensor and not view._requires_grad:
            view.__class__ = _Waiting


AWAITED.append(_let_wait)


def replay(base: Tensor, steps: tuple[tuple[OpDef, dict[str, Any] | None], ...]) -> Tensor:
    """The view that the recorded view ops make of `base`."""
    for op, attrs in steps:
        base = op.call(base, **(attrs or {}))
    return base


def _store_unshared(target: Tensor, assign: Any, array: Any) -> None:
    """For arrays that cannot change: the base and all its live views get new arrays."""
    view = target._view
    if view is None:
        target._array = assign(target._array, array)
        base = target
    else:
        base = view.base
        base._array = _replaced(base, view.replay, wrap(array, target._kind.plain))
    for other in live_views(base):
        if other._view is not None and other._view.base is base:
            other._array = replay(wrap(base._array, base._kind.plain), other._view.replay)._array


def _region(base: Tensor, steps: Any) -> Tensor:
    """The places in base's elements, counted in C order, that `steps` lead to."""
    ints = base._kind.device.kinds[dtypes.int64]
    positions = wrap(TABLE["arange"].kernels[ints](start=0, step=1, length=base.numel(), dtype=dtypes.int64), ints)
    return replay(TABLE["reshape"].call(positions, tuple(base.shape)), steps)


def _replaced(base: Tensor, steps: Any, source: Tensor) -> Any:
    """base's array with the region that `steps` lead to replaced by `source`."""
    view = TABLE["reshape"].call
    flat = view(wrap(base._array, base._kind.plain), (base.numel(),))
    region = _region(base, steps)
    shape = (region.numel(),)
    spread = TABLE["expand"].call(source, tuple(region.shape))
    changed = TABLE["scatter"].call(flat, 0, view(region, shape), view(spread, shape))
    return view(changed, tuple(base.shape))._array


# --- out=


def write_out(op: OpDef, out: Tensor, result: Tensor) -> Tensor:
    """Writes a finished result into the user's `out` tensor, resizing it as PyTorch does."""
    if grad_enabled() and op.differentiable and (out._requires_grad or result._requires_grad):
        raise InplaceError("functions with out=... arguments don't support automatic differentiation, but one of the"
                           " arguments requires grad", op=op.name)
    if op.exact and out.dtype is not result.dtype:
        raise DTypeError(f"Expected out tensor to have dtype {result.dtype!r}, but got {out.dtype!r} instead",
                         op=op.name, dtype=out.dtype)
    if not can_cast(result.dtype, out.dtype):
        raise OutDTypeError(f"result type {result.dtype!r} can't be cast to the desired output type {out.dtype!r}",
                         op=op.name, dtype=result.dtype)
    if out._kind.device is not result._kind.device:
        from ..errors import DeviceError

        raise DeviceError(f"out is on {str(out.device)!r}, the result on {str(result.device)!r}", op=op.name)
    if _stacked(out):
        raise _several_per_place(op.name)
    if out._array.shape != result._array.shape:
        _resize_out(op, out, result)
    return store(out, result)


def _resize_out(op: OpDef, out: Tensor, result: Tensor) -> None:
    if out.numel():
        import warnings

        warnings.warn(f"An output with one or more elements was resized since it had shape {list(out.shape)}, which"
                      f" does not match the required output shape {list(result.shape)}.", UserWarning, stacklevel=5)
    kind, size = out._kind.plain, tuple(result._array.shape)
    if kind.device.backend.shared_views:
        try:  # the memory it has, if that will do
            held = wrap(out._array, kind)
            out._array = TABLE["as_strided"].call(held, size, contiguous_strides(size), out.storage_offset())._array
            return
        except ShapeError:
            pass
    out._array = TABLE["full"].kernels[kind](size=size, value=0, dtype=kind.dtype)
