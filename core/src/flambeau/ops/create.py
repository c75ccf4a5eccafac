"""Making arrays: filled, counted, in another dtype, on another device; the one write, `assign`."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..contract.device import Device, Kind, default_device, resolve
from ..dtypes import DType, fit, fits, get_default_dtype, misfit, wrapped
from ..errors import ArgumentError, DTypeNotOfferedError, UnsupportedError, ValueRangeError
from ..modes import grad_enabled
from ..table.dispatch import composite, into, out_of_memory, primitive
from ..table.quiet import quietly
from ..table.registry import TABLE
from ..table.room import check_room, no_room
from ..table.samples import Sample, arr
from ..tensors import views
from ..tensors.tensor import Tensor, wrap


@primitive(name="full", differentiable=False,
           samples=lambda: [Sample((2, 3), 1), Sample((), 2), Sample((0, 2), 1),
                            Sample((3,), -1.5, dtypes=("floating",)), Sample((2,), 1 - 2j, dtypes=("complex",))])
def full_op(size: Any, value: Any, dtype: DType) -> Tensor:
    """A new array with every element `value`."""


@primitive(name="arange", differentiable=False,
           samples=lambda: [Sample(0, 1, 5, dtypes=("real number",)), Sample(7, -2, 4, dtypes=("signed",)),
                            Sample(0, 1, 0, dtypes=("real number",)),
                            Sample(0.1, 0.3, 6, dtypes=("real floating",))])
def arange_op(start: Any, step: Any, length: int, dtype: DType) -> Tensor:
    """A new array with element i equal to start + i*step."""


@primitive(laws="elementwise", name="cast", saves="input_kind", dtype="dtype", grad_name="ToCopyBackward0", out=False,
           samples=lambda: [Sample(arr(2, 3), dtypes.float32), Sample(arr(3), dtypes.float16),
                            Sample(arr(), dtypes.float64), Sample(arr(0), dtypes.bfloat16)])
def cast(input: Tensor, dtype: DType) -> Tensor:
    """The elements in another dtype, rounded once; complex to real drops the imaginary part."""


@cast.grad("input")
def _(g, input_kind):
    return cast(g, input_kind.dtype)


@primitive(name="assign", saves="input_shape src_shape", differentiable=False)
def assign_op(input: Tensor, src: Tensor) -> Tensor:
    """Writes `src`, broadcast, into `input`'s memory."""


def kind_for(dtype: DType | None, device: Any, like: Tensor | None = None) -> Kind:
    """The kind that `dtype=` and `device=` mean, with the defaults or those of `like`."""
    if dtype is not None and type(dtype) is not DType:
        dtype = as_dtype(dtype)
    if like is not None:
        place = like._kind.device if device is None else resolve(device)
        return place.kinds[like._kind.dtype if dtype is None else dtype]
    place = default_device() if device is None else resolve(device)
    return place.kinds[get_default_dtype() if dtype is None else dtype]


_PYTHON = {"bool": dtypes.bool, "int": dtypes.int64, "float": None, "complex": None}


def as_dtype(value: Any) -> DType:
    """A dtype argument; Python's bool, int, float and complex classes count."""
    if isinstance(value, dtypes.ForeignDType):
        raise UnsupportedError(f"there are no tensors of {value!r}", op="dtype")
    if isinstance(value, DType):
        return value
    if value is float:
        return dtypes.float64
    if isinstance(value, type) and value.__name__ in _PYTHON and value.__module__ == "builtins":
        return {"bool": dtypes.bool, "int": dtypes.int64, "complex": dtypes.complex128}[value.__name__]
    raise ArgumentError(f"expected a dtype, got {value!r}", op="dtype")


def _filled(size: Any, value: Any, kind: Kind, requires_grad: bool = False) -> Tensor:
    if not fits(value, kind.dtype):
        raise misfit(value, kind.dtype)
    check_room("full", size, kind.dtype)
    try:
        full, number = TABLE["full"].kernels[kind], wrapped(value, kind.dtype)
        made = wrap(quietly(kind, full, size=size, value=number, dtype=kind.dtype), kind)
    except (MemoryError, OverflowError, ValueError) as error:
        raise out_of_memory(TABLE["full"], {"size": size}, kind.dtype, error) from error
    if requires_grad:
        made.requires_grad = True
    return made


def zeros_of(like: Tensor, size: Any) -> Tensor:
    """Zeros of another size and the kind of `like`."""
    return _filled(tuple(size), 0, like._kind.plain)


def nothing(g: Tensor) -> Tensor:
    """The gradient of what does not depend on its input: zeros, whatever comes in."""
    return _filled(g._array.shape, 0, g._kind.plain)


def ones_of(like: Tensor) -> Tensor:
    """Ones of the size, dtype and device of `like`."""
    return _filled(like._array.shape, 1, like._kind.plain)


def arange(start: Any = 0, end: Any = None, step: Any = 1, *, out: Tensor | None = None, dtype: DType | None = None,
           layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Numbers from `start` up to but not including `end`, `step` apart; int64 if all are ints."""
    if end is None:
        start, end = 0, start
    start, end, step = (v.item() if hasattr(v, "item") else v for v in (start, end, step))
    if dtype is None:
        whole = all(isinstance(v, int) for v in (start, end, step))
        dtype = dtypes.int64 if whole else get_default_dtype()
    kind = kind_for(dtype, device)
    start, end, step = _counting("arange", kind.dtype, start, end, step)
    length = _arange_length(start, end, step)
    if kind.dtype is dtypes.int64 and length:  # counted in whole numbers, as the elements are
        length = _arange_length(*[int(v) for v in (start, end, step)]) if int(step) else length
    if kind.dtype.category == 1:
        start, step = int(start), int(step) if int(step) == step else step
    kernel = TABLE["arange"].kernels[kind]
    check_room("arange", (length,), kind.dtype)
    try:
        made = wrap(quietly(kind, kernel, start=start, step=step, length=length, dtype=kind.dtype), kind)
    except MemoryError:
        raise no_room("arange", (length,), kind.dtype) from None
    if requires_grad:
        made.requires_grad = True
    return made if out is None else into(arange_op.op, out, made)


def _counting(op: str, dtype: DType, *numbers: Any) -> list[Any]:
    """Bounds and steps, which the dtype must hold."""
    if not dtype.category or (dtype.is_complex and op == "arange"):
        raise DTypeNotOfferedError(f"not implemented for {dtype!r}", op=op, dtype=dtype)
    wide = dtype if op != "arange" else dtypes.int64 if dtype.category == 1 else dtypes.float64
    return [fit(v, wide, op).real if isinstance(v, complex) and not dtype.is_complex else fit(v, wide, op)
            for v in numbers]


def _arange_length(start: Any, end: Any, step: Any) -> int:
    import math

    if step == 0:
        raise ValueRangeError("step must be nonzero", op="arange")
    if any(isinstance(v, float) and not math.isfinite(v) for v in (start, end)):
        raise ValueRangeError(f"unsupported range: {start} -> {end}", op="arange")
    if (step > 0 and end < start) or (step < 0 and end > start):
        raise ValueRangeError(f"upper bound and lower bound inconsistent with step sign: {start} to {end} by {step}",
                              op="arange")
    if all(isinstance(v, int) for v in (start, end, step)):
        return -((start - end) // step)
    return math.ceil((end - start) / step)


@composite(name="to_device", saves="input_kind", differentiable=True, out=False, grad_name="ToCopyBackward0")
def _to_device_op(input: Tensor, device: Device) -> Tensor:
    """A copy on another device."""
    return input


@_to_device_op.grad("input")
def _(g, input_kind):
    return to_device(g, input_kind.device)


def to_device(input: Tensor, device: Device) -> Tensor:
    """A copy on another device, through the host; recorded."""
    source, target = input._kind.device, device
    if source.backend.level > target.backend.level:
        return input  # it is there already, for every example
    if target.backend.level:
        return target.backend.lift(input)  # type: ignore[no-any-return]
    data = source.backend.to_host(input._array)
    made = wrap(target.backend.from_host(data, tuple(input._array.shape), input._kind.dtype),
                target.kinds[input._kind.dtype])
    if input._requires_grad and grad_enabled():
        edge = input._node or input
        node = views.record(_to_device_op.op, (edge,), {"device": device}, made)
        node.saved = (input._kind.plain,)
        made._node, made._requires_grad = node, True
    return made


_to_device_op.op.call = to_device
