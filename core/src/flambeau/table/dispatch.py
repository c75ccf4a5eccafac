"""From a definition to a function: registers ops, binds their callers, and takes the slow paths.

A generated caller (see codegen) handles the common case in one frame. Everything it hands over
comes here: Python numbers (`lift`), mixed dtypes, devices and subclasses (`mixed`), failures
(`recover`), `out=` (`into`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

from .. import dtypes
from ..contract.device import Kind, default_device
from ..dtypes import DType, get_default_dtype, promote_types
from ..errors import (
    ArgumentError,
    BackendError,
    DeviceError,
    DTypeError,
    DTypeNotOfferedError,
    FlambeauError,
    IndexRangeError,
    LinAlgError,
    OutOfMemoryError,
    ShapeError,
    UnsupportedError,
    ValueRangeError,
    ZeroDivisorError,
)
from ..interrupts import pass_on
from ..modes import AUTOCAST, _grad, grad_enabled, run_with
from ..shapes import as_size, broadcast_shapes, canonical_dim, numel, reduce_dims
from ..tensors import views
from ..tensors.tensor import Parameter, Tensor, layout, new, shell, wrap
from ..walk.tape import MANY_VIEWS, WRAPPED, Leaf, Node, Output, View, drop_dead, ref, tick, version_of
from .codegen import caller_source
from .keeping import keep_given
from .lifting import lift, lift_wide
from .precision import as_first, in_single, recast
from .quiet import LOUD, again, quietly
from .refusals import check_group
from .registry import FALLBACK, TABLE, OpDef, TakeSlowPath, add_rule, define
from .returns import returns
from .room import ADDRESSABLE, no_room
from .writers import writers_of

ALL_DIMS = tuple(tuple(range(n)) for n in range(65))


# --- registering


def primitive(**options: Any) -> Callable[[Any], Any]:
    """Registers an op that needs a kernel in every backend; the body is its docstring."""
    return lambda fn: _register(fn, "primitive", options)


def composite(**options: Any) -> Callable[[Any], Any]:
    """Registers an op written in other ops; with `saves=` it has gradient rules and is one node on the tape."""
    return lambda fn: _register(fn, "composite", options)


def _register(fn: Any, kind: str, options: dict[str, Any]) -> Any:
    op = define(fn, kind, dict(options))
    op.writers = writers_of(op)
    function, operator, in_place = bind(op)
    function.__doc__, function.__module__ = op.doc, fn.__module__
    function.__name__ = function.__qualname__ = op.name
    function.op = op
    op.call = function
    function.grad = lambda *inputs: add_rule(op, inputs)
    function.invariants = partial(setattr, op, "invariants")
    if op.method:
        setattr(Tensor, op.method if isinstance(op.method, str) else op.name, function)
    if op.inplace:
        setattr(Tensor, f"{op.name}_", in_place or views.inplace_method(op.name, function))
    if operator is not None:
        setattr(Tensor, op.operator, operator)
    return function


def bind(op: OpDef) -> tuple[Any, Any, Any]:
    """The op's function, operator and in-place method: from the generated module, or written now if it is stale."""
    module = _generated(op.family)
    if module is not None and module.KEYS.get(op.name) == op.key():
        binder = getattr(module, f"bind_{op.name}")
    else:
        binder = _compile(op)
    defaults = {p.name: p.default for p in op.params}
    body = in_single(op.body) if op.compute and op.inlined else op.body
    return binder(op, op.kernels, op.writers, defaults, body)  # type: ignore[no-any-return]


_modules: dict[str, Any] = {}


def _generated(family: str) -> Any:
    if family not in _modules:
        try:
            _modules[family] = importlib.import_module(f".callers.{family}", __package__)
        except ModuleNotFoundError:
            _modules[family] = None
        else:
            vars(_modules[family]).update(NAMES)
    return _modules[family]


def _compile(op: OpDef) -> Any:
    import linecache

    source = caller_source(op)
    filename = f"<flambeau op {op.name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace = {**NAMES, "__name__": __name__}  # what a warnings filter for "flambeau" goes by
    exec(compile(source, filename, "exec"), namespace)
    return namespace[f"bind_{op.name}"]


# --- making


def created(op: OpDef, attrs: dict[str, Any]) -> Tensor:
    """A creation op on the default device."""
    kind = default_device().kinds[attrs["dtype"]]
    try:
        kernel = op.kernels[kind]
        try:
            return wrap(kernel(**attrs), kind)
        except LOUD:
            return wrap(quietly(kind, kernel, **attrs), kind)
    except (MemoryError, OverflowError, ValueError) as error:
        raise out_of_memory(op, attrs, kind.dtype, error) from None


def out_of_memory(op: OpDef, attrs: dict[str, Any], dtype: DType, error: Exception) -> Exception:
    """The coded error where no memory could hold what is asked for, of which every library complains in its own way."""
    size = tuple(attrs.get("size", (attrs.get("length", 0),)))
    if not isinstance(error, MemoryError) and numel(size) * dtype.itemsize <= ADDRESSABLE:
        return error
    return no_room(op.name, size, dtype)


# --- mixed dtypes, devices and subclasses


def differs(tensors: Any, kind: Kind) -> bool:
    """Whether any of `tensors` is not of that kind."""
    return {t._kind for t in tensors} != {kind}


def mixed(op: OpDef, inputs: tuple[Any, ...], attrs: dict[str, Any] | None) -> Any:
    """The op on inputs that do not simply agree: promotes, moves 0-d tensors, unwraps subclasses, then calls again."""
    flat = _flatten(op, inputs)
    for name, value in flat:
        if not isinstance(value, Tensor):
            raise ArgumentError(f"argument {name!r} must be a Tensor, got {type(value).__name__} {value!r:.60}",
                                op=op.name)
    subclass = _subclass([t for _, t in flat])
    device = _common_device(op, [t for _, t in flat])
    group = [t for name, t in flat if op.kinds[name] == "T"]
    check_group(op, group)
    dtype = result_dtype(group)
    if dtype.category < 2 and op.result[0] == "floating":  # it computes in floats, and so rounds no operand before
        dtype = get_default_dtype()
    if op.wide and dtype.itemsize == 2 and dtype.category == 2 and _meets_number(group, dtype):
        result = _with_number(op, [_arrange_one(op, t, "any", device, {}) for t in group], dtype)
        return result if subclass is None else as_subclass(result, subclass)
    wanted = {"T": dtype, "any": None}
    arranged = [_arrange(op, p, value, device, wanted) for p, value in zip(op.inputs, inputs, strict=True)]
    call = dict(zip([p.name for p in op.inputs], arranged, strict=True))
    if attrs:
        call.update(attrs)
    result = op.call(**call)
    if op.saves and grad_enabled():
        keep_given(op, [(plain(value), cast) for value, cast in zip(inputs, arranged, strict=True)
                        if isinstance(cast, Tensor)], result)
    if op.alike == "parameters":
        result = as_first(result, group[0]._kind.plain)
    return result if subclass is None else as_subclass(result, subclass)


def _meets_number(group: list[Any], dtype: DType) -> bool:
    """Whether a tensor of a 16-bit dtype meets a second one, 0-d and of another dtype, that needs no gradient."""
    first, number = group
    if first._kind.dtype is not dtype or number._kind.dtype is dtype or number._array.shape:
        return False
    return not (number._requires_grad and grad_enabled())


def _with_number(op: OpDef, pair: list[Any], dtype: DType) -> Tensor:
    """16-bit floats with a number that they may not hold: computed in float32, rounded once; one node as ever."""
    single = pair[0]._kind.single.dtype
    token = _grad.set(False)
    try:
        pair = [pair[0], recast(pair[1], single)]
        made: Tensor = recast(op.call(recast(pair[0], single), pair[1]), dtype)
    finally:
        _grad.reset(token)
    if grad_enabled() and any(t._requires_grad for t in pair):
        node = views.record(op, tuple(t._node or (t if t._requires_grad else None) for t in pair), None, made)
        node.saved = tuple(pair) if op.saves else ()
        node.versions = tuple(map(version_of, pair)) if op.saves else None
        made._node, made._requires_grad = node, True
    return made


def _flatten(op: OpDef, inputs: tuple[Any, ...]) -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for p, value in zip(op.inputs, inputs, strict=True):
        if p.role == "sequence":
            flat += [(p.name, t) for t in value]
        elif value is not None or p.role != "optional":
            flat.append((p.name, value))
    return flat


def _subclass(tensors: list[Any]) -> type | None:
    found: type | None = None
    for t in tensors:
        cls = t._kind.subclass
        if cls is not None and not issubclass(cls, Parameter) and (found is None or issubclass(cls, found)):
            found = cls
    return found


def as_subclass(result: Any, cls: type) -> Any:
    """Results as tensors of a subclass, their places in the graph kept."""
    if isinstance(result, tuple):
        return type(result)(*[as_subclass(r, cls) for r in result]) if hasattr(result, "_fields") else tuple(
            as_subclass(r, cls) for r in result)
    if not isinstance(result, Tensor) or isinstance(result, cls):
        return result
    made: Any = new(cls)
    for slot in ("_array", "_requires_grad", "_node", "_grad", "_version", "_meta", "_view"):
        setattr(made, slot, getattr(result, slot))
    made._kind = result._kind.plain.of_subclass(cls)
    return made


def plain(tensor: Tensor) -> Tensor:
    """A subclass's tensor as a plain one with the same place in the graph (a leaf stays the leaf)."""
    if tensor._kind.subclass is None:
        return tensor
    made = wrap(tensor._array, tensor._kind.plain)
    made._version, made._view, made._meta = tensor._version, tensor._view, tensor._meta
    made._requires_grad = tensor._requires_grad
    made._node = tensor._node or (Leaf(tensor) if tensor._requires_grad else None)
    return made


def _common_device(op: OpDef, tensors: list[Any]) -> Any:
    highest = max((t._kind.device for t in tensors), key=lambda d: d.backend.level)
    if highest.backend.level:
        return highest
    devices = {t._kind.device: t for t in tensors if t._array.shape}
    if not devices:
        devices = {t._kind.device: t for t in tensors if t._meta is not WRAPPED} or {tensors[0]._kind.device: None}
    if len(devices) > 1 and not all(t is None or not t._array.shape for t in devices.values()):
        names = [str(d) for d in devices]
        raise DeviceError(f"tensors on {' and '.join(repr(n) for n in names)} do not mix; move one, for example"
                          f" with .to({names[0]!r})", op=op.name, devices=names)
    found = next(iter(devices))
    for t in tensors:
        if t._kind.device is not found and not (not t._array.shape and t._kind.device.type == "cpu"):
            names = [str(found), str(t._kind.device)]
            raise DeviceError(f"tensors on {names[0]!r} and {names[1]!r} do not mix; move one, for example"
                              f" with .to({names[0]!r})", op=op.name, devices=names)
    return found


def _arrange(op: OpDef, p: Any, value: Any, device: Any, wanted: dict[str, DType | None]) -> Any:
    if value is None:
        return None
    if p.role == "sequence":
        return [_arrange_one(op, t, p.name, device, wanted) for t in value]
    group = op.kinds[p.name]
    if group in ("bool", "int64") and value._kind.dtype.name != group:
        if group == "int64" and value._kind.dtype is dtypes.int32:
            return TABLE["cast"].call(plain(value), dtypes.int64)
        raise DTypeError(f"{p.name} must be of dtype {group}, got {value.dtype!r}", op=op.name, dtype=value.dtype)
    return _arrange_one(op, value, p.name, device, wanted)


def _arrange_one(op: OpDef, tensor: Any, name: str, device: Any, wanted: dict[str, DType | None]) -> Any:
    tensor = plain(tensor)
    if tensor._kind.device is not device:
        tensor = device.backend.lift(tensor) if device.backend.level else move(tensor, device)
    dtype = wanted.get(op.kinds.get(name, name))
    return tensor if dtype is None or dtype is tensor._kind.dtype else TABLE["cast"].call(tensor, dtype)


def move(tensor: Tensor, device: Any) -> Tensor:
    """The tensor on another device, recorded."""
    call: Any = TABLE["to_device"].call
    return call(tensor, device)  # type: ignore[no-any-return]


def result_dtype(tensors: list[Any]) -> DType:
    """PyTorch's rule: tensors with dimensions decide, then 0-d tensors, then numbers, unless of a higher category."""
    levels: list[DType | None] = [None, None, None]
    for t in tensors:
        level = 2 if t._meta is not None and t._meta.wrapped else 0 if t._array.shape else 1
        dtype = t._kind.dtype
        if level == 2:
            dtype = _wrapped_dtype(dtype)
        held = levels[level]
        levels[level] = dtype if held is None else promote_types(held, dtype)
    high, middle, low = levels
    return _combine(_combine(high, middle), low)  # type: ignore[return-value]


def _wrapped_dtype(dtype: DType) -> DType:
    if dtype.category < 2:
        return dtypes.int64 if dtype.category else dtypes.bool
    return get_default_dtype() if dtype.category == 2 else get_default_dtype().complex


def _combine(high: DType | None, low: DType | None) -> DType | None:
    if high is None or low is None:
        return high or low
    if high.category >= low.category:
        return high
    if low.category == 3 and high.category == 2:
        return high.complex
    return promote_types(high, low) if high.category == 0 or low.category >= 2 else high


# --- failures


def foreign(op: OpDef, name: str, value: Any) -> ArgumentError:
    """The error for an argument that is neither a tensor nor a number."""
    return ArgumentError(f"argument {name!r} must be a Tensor, got {_described(value)}", op=op.name)


def recover(op: OpDef, error: Exception, inputs: tuple[Any, ...], attrs: dict[str, Any] | None) -> Any:
    """What a caller does when its fast path raised: the slow path, or the coded error that says what is wrong.

    The error is shown alone: what the fast path met on the way says nothing more. No frame on its way keeps it, so that
    it goes, with the tensors it holds, when it has been handled.
    """
    try:
        return _recovered(op, error, inputs, attrs)
    except FlambeauError as told:
        told.__suppress_context__ = True
        raise
    finally:
        del error


def _recovered(op: OpDef, error: Exception, inputs: tuple[Any, ...], attrs: dict[str, Any] | None) -> Any:
    if type(error) is TakeSlowPath:
        return mixed(op, inputs, attrs)
    if isinstance(error, LOUD):
        call = {**dict(zip([p.name for p in op.inputs], inputs, strict=True)), **(attrs or {})}
        return again(_translated(op, error, inputs), [t for _, t in _flatten(op, inputs)], op.call, call)
    if op.idle and isinstance(error, DTypeNotOfferedError) and 0 in inputs[0]._array.shape:
        return _of_nothing(op, error, inputs, attrs)
    told = _failure(op, error, inputs, attrs)
    try:
        raise told
    finally:
        del error, told


def _of_nothing(op: OpDef, error: Exception, inputs: tuple[Any, ...], attrs: dict[str, Any] | None) -> Tensor:
    """The op where there is nothing to compute with, in a dtype in which it computes nothing."""
    single = dtypes.float32
    made: Tensor = op.call(*[recast(t.detach(), single) for t in inputs], **(attrs or {}))
    if any(t._requires_grad for t in inputs):
        raise error
    return recast(made, inputs[0].dtype)


def _failure(op: OpDef, error: Exception, inputs: tuple[Any, ...], attrs: dict[str, Any] | None) -> Exception:
    """The error to raise for what a fast path raised."""
    pass_on(error)
    if isinstance(error, FlambeauError):
        if isinstance(error, LinAlgError) or (isinstance(error, (ShapeError, ValueRangeError)) and not op.inlined):
            _check_shapes(op, inputs, attrs)  # a kernel may raise coded errors; the op's own rule speaks first
        return error
    for name, value in _flatten_safely(op, inputs):
        if not isinstance(value, Tensor):
            raise ArgumentError(f"argument {name!r} must be a Tensor, got {_described(value)}", op=op.name) from None
    _check_shapes(op, inputs, attrs)
    told = _translated(op, error, inputs)
    told.__suppress_context__ = True
    if type(told) is BackendError:
        told.__cause__ = error  # of a kernel's own fault the kernel's lines matter
    return told


def recover_operator(op: OpDef, error: Exception, inputs: tuple[Any, ...], attrs: dict[str, Any] | None) -> Any:
    """`recover` for an operator, whose other side may be an array of another library."""
    own = next(t for t in inputs if isinstance(t, Tensor))
    lifted = [t if isinstance(t, Tensor) or not getattr(t, "shape", ()) else lift(own, t) for t in inputs]
    try:
        if any(t is NotImplemented for t in lifted) or all(a is b for a, b in zip(lifted, inputs, strict=True)):
            return recover(op, error, inputs, attrs)
        return op.call(*lifted)
    finally:
        del error


def _flatten_safely(op: OpDef, inputs: tuple[Any, ...]) -> list[tuple[str, Any]]:
    for p, value in zip(op.inputs, inputs, strict=True):
        if p.role == "sequence" and not isinstance(value, (tuple, list)):
            return [(p.name, value if not isinstance(value, Tensor) else "a single Tensor")]
    return _flatten(op, inputs)


def _described(value: Any) -> str:
    return f"{type(value).__name__} {value!r:.60}"


def _check_shapes(op: OpDef, inputs: tuple[Any, ...], attrs: dict[str, Any] | None) -> None:
    if op.shape_rule is not None:
        op.shape_rule(*inputs, **(attrs or {}))
    elif op.broadcast:
        broadcast_shapes(op.name, *[tuple(t._array.shape) for _, t in _flatten(op, inputs)])


def _translated(op: OpDef, error: Exception, inputs: tuple[Any, ...]) -> Exception:
    shapes = ", ".join(f"{n} {list(t._array.shape)}" for n, t in _flatten(op, inputs))
    if isinstance(error, KeyboardInterrupt):
        return error
    if isinstance(error, MemoryError):
        return OutOfMemoryError(f"out of memory: {str(error) or 'no more to be had'} ({shapes})", op=op.name)
    if isinstance(error, IndexError):
        return IndexRangeError(f"{error} ({shapes})", op=op.name)
    if isinstance(error, ZeroDivisionError):
        return ZeroDivisorError(f"ZeroDivisionError: {error}", op=op.name)
    if isinstance(error, KeyError) and isinstance(error.args[0], dtypes.ForeignDType):
        return UnsupportedError(f"there are no tensors of {error.args[0]!r}", op=op.name)
    first = next((t for _, t in _flatten(op, inputs)), None)
    backend = first._kind.device.backend.name if first is not None else "?"
    if isinstance(error, ValueError):
        return ShapeError(f"{error} ({shapes}; backend {backend!r})", op=op.name)
    return BackendError(f"backend {backend!r} failed: {type(error).__name__}: {error} ({shapes})", op=op.name,
                        backend=backend)


# --- out=


def into(op: OpDef, out: Any, result: Any) -> Any:
    """Writes `result` into the tensor (or tuple of tensors) the user gave as `out=`."""
    if isinstance(result, tuple):
        for o, r in zip(out, result, strict=True):
            into(op, o, r)
        return type(result)(*out) if hasattr(result, "_fields") else tuple(out)
    if not isinstance(out, Tensor):
        raise ArgumentError(f"out must be a Tensor, got {_described(out)}", op=op.name)
    return views.write_out(op, out, result)


# --- the composition as a kernel


def fallback(op: OpDef, device: Any) -> Any:
    """A composite's body as a kernel on native arrays of `device`."""
    names, roles = [p.name for p in op.inputs], [p.role for p in op.inputs]
    sequence = roles.index("sequence") if "sequence" in roles else None
    kinds, dtype_of, body = device.kinds, device.backend.dtype_of, op.body

    def kernel(*arrays: Any, **attrs: Any) -> Any:
        tensors: list[Any] = [None if a is None else wrap(a, kinds[dtype_of(a)]) for a in arrays]
        if sequence is not None:
            tensors[sequence:] = [tensors[sequence:]]
        call = {**dict(zip(names, tensors, strict=True)), **attrs}
        # `called` sees by `body` who runs it
        result = run_with(_grad, False, run_with, AUTOCAST, None, lambda: body(**call))
        return tuple(r._array for r in result) if isinstance(result, tuple) else result._array

    return kernel


FALLBACK.append(fallback)

NAMES: dict[str, Any] = {
    "ALL_DIMS": ALL_DIMS, "MANY_VIEWS": MANY_VIEWS, "Node": Node, "Output": Output, "Parameter": Parameter,
    "LOUD": LOUD, "Tensor": Tensor, "as_size": as_size, "as_view": views.as_view, "bump": views.bump,
    "canonical_dim": canonical_dim, "update": views.update, "writable": views.writable,
    "View": View, "drop_dead": drop_dead, "ref": ref,
    "created": created, "differs": differs, "foreign": foreign, "grad_enabled": grad_enabled, "into": into,
    "layout": layout, "lift": lift, "lift_wide": lift_wide, "reduce_dims": reduce_dims,
    "mixed": mixed, "new": new, "pass_on": pass_on, "recast": recast, "recover": recover,
    "recover_operator": recover_operator, "returns": returns, "shell": shell, "tick": tick, "wrap": wrap,
}
