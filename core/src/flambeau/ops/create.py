"""Making tensors: from data, filled, counted, like others; dtype and device changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..backend import encode
from ..device import Kind, default_device, resolve
from ..dispatch import into, out_of_memory, primitive
from ..dtypes import DType, fit, fits, get_default_dtype, misfit, of_scalar, promote_types, wrapped
from ..errors import ArgumentError, DTypeError, DTypeNotOfferedError, NumberRangeError, ShapeError, ValueRangeError
from ..registry import TABLE
from ..samples import Sample, arr
from ..shapes import as_size, non_negative, spread
from ..tensor import Tensor, attach, fill, new, wrap


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


@primitive(name="cast", saves="input", dtype="dtype", grad_name="ToCopyBackward0", out=False,
           samples=lambda: [Sample(arr(2, 3), dtypes.float32), Sample(arr(3), dtypes.float16),
                            Sample(arr(), dtypes.float64), Sample(arr(0), dtypes.bfloat16)])
def cast(input: Tensor, dtype: DType) -> Tensor:
    """The elements in another dtype, rounded once; complex to real drops the imaginary part."""


@cast.grad("input")
def _(g, input):
    return cast(g, input._kind.dtype)


@primitive(name="assign", saves="input_shape src_shape", differentiable=False)
def assign_op(input: Tensor, src: Tensor) -> Tensor:
    """Writes `src`, broadcast, into `input`'s memory."""


# --- kinds from arguments


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
    try:
        made = wrap(TABLE["full"].kernels[kind](size=size, value=wrapped(value, kind.dtype), dtype=kind.dtype), kind)
    except (MemoryError, OverflowError, ValueError) as error:
        raise out_of_memory(TABLE["full"], {"size": size}, kind.dtype, error) from error
    if requires_grad:
        made.requires_grad = True
    return made


def _size(op: str, size: Any) -> tuple[int, ...]:
    return non_negative(op, as_size(op, spread(size) if len(size) != 1 else size[0]))


def zeros_of(like: Tensor, size: Any) -> Tensor:
    """Zeros of another size and the kind of `like`."""
    return _filled(tuple(size), 0, like._kind.plain)


def zeros(*size: Any, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None, device: Any = None,
          requires_grad: bool = False, pin_memory: bool = False, **named: Any) -> Tensor:
    """A tensor of that size filled with 0."""
    return _constant("zeros", size, 0, out, dtype, device, requires_grad, named)


def ones(*size: Any, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False, pin_memory: bool = False, **named: Any) -> Tensor:
    """A tensor of that size filled with 1."""
    return _constant("ones", size, 1, out, dtype, device, requires_grad, named)


def empty(*size: Any, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None, device: Any = None,
          requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None, **named: Any) -> Tensor:
    """A tensor of that size whose elements mean nothing (here they are 0)."""
    return _constant("empty", size, 0, out, dtype, device, requires_grad, named)


def _constant(op: str, size: Any, value: Any, out: Any, dtype: Any, device: Any, requires_grad: bool,
              named: dict[str, Any]) -> Tensor:
    if named:
        size = _named_size(op, size, named)
    made = _filled(_size(op, size), value, kind_for(dtype, device, out if isinstance(out, Tensor) else None),
                   requires_grad)
    return made if out is None else into(full_op.op, out, made)


def _named_size(op: str, size: Any, named: dict[str, Any]) -> Any:
    wanted = named.pop("size", named.pop("names", None)) if "size" in named else None
    if named or wanted is None or size:
        raise ArgumentError(f"unexpected keyword arguments {sorted(named) or ['size']}", op=op)
    return (wanted,)


def full(size: Any, fill_value: Any, *, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
         device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A tensor of that size filled with `fill_value`, whose Python type decides the dtype unless given.

    >>> import flambeau
    >>> flambeau.full((2,), 7)
    tensor([7, 7])
    """
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    size = non_negative("full", as_size("full", size))
    if dtype is None:
        dtype = of_scalar(fill_value) if out is None else out.dtype
    made = _filled(size, fill_value, kind_for(dtype, device), requires_grad)
    return made if out is None else into(full_op.op, out, made)


def zeros_like(input: Tensor, *, dtype: DType | None = None, layout: Any = None, device: Any = None,
               requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False) -> Tensor:
    """Zeros of the size, dtype and device of `input`, unless told otherwise."""
    return _filled(tuple(input._array.shape), 0, kind_for(dtype, device, input), requires_grad)


def ones_like(input: Tensor, *, dtype: DType | None = None, layout: Any = None, device: Any = None,
              requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False) -> Tensor:
    """Ones of the size, dtype and device of `input`, unless told otherwise."""
    return _filled(tuple(input._array.shape), 1, kind_for(dtype, device, input), requires_grad)


empty_like = zeros_like


def full_like(input: Tensor, fill_value: Any, *, dtype: DType | None = None, layout: Any = None, device: Any = None,
              requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False) -> Tensor:
    """`fill_value` everywhere, in the size, dtype and device of `input`, unless told otherwise."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    return _filled(tuple(input._array.shape), value, kind_for(dtype, device, input), requires_grad)


def _new_filled(self: Tensor, op: str, size: Any, value: Any, options: dict[str, Any]) -> Tensor:
    requires_grad = options.pop("requires_grad", False)
    for ignored in ("layout", "pin_memory"):
        options.pop(ignored, None)
    if "size" in options:
        size = (options.pop("size"),)
    return _filled(_size(op, size), value, kind_for(options.pop("dtype", None), options.pop("device", None), self),
                   requires_grad)


attach(lambda self, *size, **options: _new_filled(self, "new_zeros", size, 0, options), "new_zeros")
attach(lambda self, *size, **options: _new_filled(self, "new_ones", size, 1, options), "new_ones")
attach(lambda self, *size, **options: _new_filled(self, "new_empty", size, 0, options), "new_empty")
attach(lambda self, size, fill_value, **options: _new_filled(self, "new_full", (size,), fill_value, options),
       "new_full")
attach(lambda self, data, *, dtype=None, device=None, requires_grad=False: tensor(
    data, dtype=self.dtype if dtype is None and not isinstance(data, Tensor) else dtype,
    device=self.device if device is None else device, requires_grad=requires_grad), "new_tensor")


def arange(start: Any = 0, end: Any = None, step: Any = 1, *, out: Tensor | None = None, dtype: DType | None = None,
           layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Numbers from `start` up to but not including `end`, `step` apart; int64 if all are ints."""
    if end is None:
        start, end = 0, start
    start, end, step = (v.item() if isinstance(v, Tensor) else v for v in (start, end, step))
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
    made = wrap(TABLE["arange"].kernels[kind](start=start, step=step, length=length, dtype=kind.dtype), kind)
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


def linspace(start: Any, end: Any, steps: int, *, out: Tensor | None = None, dtype: DType | None = None,
             layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """`steps` numbers evenly spaced from `start` to `end`, both included."""
    start, end = (v.item() if isinstance(v, Tensor) else v for v in (start, end))
    if steps < 0:
        raise ValueRangeError(f"number of steps must be non-negative, got {steps}", op="linspace")
    kind = kind_for(dtype, device)
    start, end = _counting("linspace", kind.dtype, start, end)
    start, end = (int(v) if kind.dtype.category == 1 else v for v in (start, end))
    step = (end - start) / (steps - 1) if steps > 1 else 0
    if kind.dtype.category == 3:
        values = [start + step * i for i in range(steps)]
    else:
        half = steps // 2
        values = [start + step * i if i < half else end - step * (steps - 1 - i) for i in range(steps)]
        values = values if steps != 1 else [start]
    made = tensor(values, dtype=kind.dtype, device=kind.device, requires_grad=requires_grad) if values else _filled(
        (0,), 0, kind, requires_grad)
    return made if out is None else into(arange_op.op, out, made)


def eye(n: int, m: int | None = None, *, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
        device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the main diagonal, zeros elsewhere: n by m (m None: n)."""
    made = _filled(non_negative("eye", (n, n if m is None else m)), 0, kind_for(dtype, device))
    made.diagonal().fill_(1)
    if requires_grad:
        made.requires_grad = True
    return made if out is None else into(full_op.op, out, made)


# --- from data


def tensor(data: Any, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Tensor:
    """A new tensor holding a copy of `data`: a number, nested lists, a tensor, or an array of another library.

    Raises ShapeError for ragged lists, ArgumentError for elements that are no numbers.

    >>> import flambeau
    >>> flambeau.tensor([[1, 2], [3, 4]]).sum(0)
    tensor([4, 6])
    """
    if type(data) is list and set(map(type, data)) == {float}:  # the common case, in one step
        kind = kind_for(dtype, device)
        made = wrap(kind.device.backend.from_host(_encoded(data, kind.dtype), (len(data),), kind.dtype), kind)
    else:
        made = _from_data(data, None if dtype is None else as_dtype(dtype), device)
    if requires_grad:
        made.requires_grad = True
    return made


def _from_data(data: Any, dtype: DType | None, device: Any) -> Tensor:
    from .convert import convert

    if isinstance(data, Tensor):
        made = wrap(TABLE["copy"].kernels[data._kind.plain](data._array), data._kind.plain)
        return convert(made, dtype, None if device is None else resolve(device)).detach()
    if not isinstance(data, (list, tuple, bool, int, float, complex)) and _is_array(data):
        return convert(from_array(data, device), dtype, None)
    shape: list[int] = []
    flat: list[Any] = []
    _measure(data, shape)
    _collect(data, shape, 0, flat)
    if flat and isinstance(flat[0], Tensor | _Foreign):
        flat = [v.item() for v in flat]
    if dtype is None:
        dtype = _dtype_of(flat, data)
    kind = kind_for(dtype, device)
    return wrap(kind.device.backend.from_host(_encoded(flat, dtype), tuple(shape), dtype), kind)


class _Foreign:
    """Stands for scalars of other libraries in an isinstance test."""


def _is_array(data: Any) -> bool:
    return hasattr(data, "__dlpack__") or hasattr(data, "__array_interface__") or hasattr(data, "__array__")


def _measure(data: Any, shape: list[int]) -> None:
    """The shape of nested sequences, read off their first elements."""
    while (isinstance(data, Sequence) and not isinstance(data, (str, bytes))) or _has_length(data):
        shape.append(len(data))
        if not shape[-1] or len(shape) > 64:
            return
        data = data[0]


def _has_length(data: Any) -> bool:
    shape = getattr(data, "shape", None)
    return shape is not None and len(shape) > 0


def _collect(data: Any, shape: list[int], depth: int, flat: list[Any]) -> None:
    if depth == len(shape):
        flat.append(_number(data))
        return
    length = len(data) if isinstance(data, Sequence) or _has_length(data) else -1
    if length != shape[depth]:
        raise ShapeError(f"expected sequence of length {shape[depth]} at dim {depth} (got {max(length, 0)})"
                         if length >= 0 else f"expected a sequence at dim {depth}, got {data!r:.40}", op="tensor")
    if depth == len(shape) - 1 and type(data) is list and all(type(v) in (float, int, bool) for v in data):
        flat.extend(data)
        return
    for item in data:
        _collect(item, shape, depth + 1, flat)


def _number(value: Any) -> Any:
    if isinstance(value, (bool, int, float, complex)):
        return value
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        raise ShapeError(f"expected a number, got a sequence of length {len(value)}: the nested lists are ragged",
                         op="tensor")
    if hasattr(value, "item") and getattr(value, "shape", None) in ((), None):
        return value.item()
    if hasattr(value, "__index__"):
        return value.__index__()
    if hasattr(value, "__float__"):
        return float(value)
    raise ArgumentError(f"could not infer dtype of {type(value).__name__} {value!r:.40}", op="tensor")


def _dtype_of(flat: list[Any], data: Any) -> DType:
    if not flat:
        return get_default_dtype()
    found = _element_dtypes(data)
    for value in flat if not found else ():
        found.add(of_scalar(value))
    dtype, *rest = found
    for other in rest:
        dtype = promote_types(dtype, other)
    return dtype


def _element_dtypes(data: Any) -> set[DType]:
    """Dtypes of tensors and foreign scalars inside nested lists (empty where there are only Python numbers)."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    if isinstance(data, Tensor):
        return {data.dtype}
    name = getattr(getattr(data, "dtype", None), "name", None)
    return {dtypes.BY_NAME[name]} if name in dtypes.BY_NAME else set()


def _whole(value: Any, dtype: DType) -> int:
    """The integer part of a number that is no plain int."""
    if isinstance(value, float) and not fits(value, dtype):
        raise misfit(value, dtype, "tensor")
    return int(value)


def _encoded(flat: list[Any], dtype: DType) -> bytes:
    category = dtype.category
    try:
        if category == 0:
            flat = [v != 0 for v in flat]
        elif category == 1:
            flat = [v if type(v) is int else _whole(v, dtype) for v in flat]
            if dtype.name == "uint8" and flat and min(flat) < 0:
                flat = [wrapped(fit(v, dtype, "tensor"), dtype) for v in flat]
        elif category == 2 and dtype.itemsize == 2:
            flat = [float(v) for v in flat]
        return encode(flat, dtype)
    except NumberRangeError:
        raise
    except TypeError as error:
        raise ArgumentError(f"value cannot be converted to {dtype!r}: {error}", op="tensor", dtype=dtype) from error
    except Exception as error:
        raise NumberRangeError(f"value cannot be converted to {dtype!r} without overflow: {error}", op="tensor",
                               dtype=dtype) from error


def from_array(data: Any, device: Any = None) -> Tensor:
    """An array of another library, copied through its buffer."""
    view = _buffer(data)
    dtype = _foreign_dtype(data)
    kind = kind_for(dtype, device)
    return wrap(kind.device.backend.from_host(view, tuple(data.shape), dtype), kind)


def _foreign_dtype(data: Any) -> DType:
    name = getattr(getattr(data, "dtype", None), "name", str(getattr(data, "dtype", "")))
    dtype = dtypes.BY_NAME.get(str(name).rpartition(".")[2])
    if dtype is None:
        raise DTypeError(f"can't convert an array of type {name}; supported are"
                         f" {', '.join(d.name for d in dtypes.ALL)}", op="tensor")
    return dtype


def _buffer(data: Any) -> Any:
    """C-ordered little-endian bytes of a foreign array."""
    if hasattr(data, "tobytes"):
        return data.tobytes()
    if hasattr(data, "__array__"):
        return data.__array__().tobytes()
    raise ArgumentError(f"cannot read the elements of {type(data).__name__}", op="tensor")


def as_tensor(data: Any, dtype: DType | None = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without copying where dtype and device allow it."""
    from .convert import convert

    if isinstance(data, Tensor):
        return convert(data, dtype, None if device is None else resolve(device))
    from ..interop import from_numpy, shares_memory

    if shares_memory(data, kind_for(None, device)):
        return convert(from_numpy(data), dtype, None if device is None else resolve(device))
    return tensor(data, dtype=dtype, device=device)


def asarray(obj: Any, *, dtype: DType | None = None, device: Any = None, copy: bool | None = None,
            requires_grad: bool = False) -> Tensor:
    """`obj` as a tensor; `copy=True` always copies, `copy=False` never."""
    made = tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype, device)
    if requires_grad:
        made = made.detach()
        made.requires_grad = True
    return made


def scalar_tensor(s: Any, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of the number `s`, in the default dtype unless told otherwise."""
    return full((), s, dtype=get_default_dtype() if dtype is None else dtype, device=device,
                requires_grad=requires_grad)


def legacy_new(cls: type, args: Any, kwargs: dict[str, Any]) -> Tensor:
    """`Tensor(2, 3)`, `Tensor([1., 2.])`, `Tensor(t)`: PyTorch's legacy constructor, in the default dtype."""
    device = kwargs.pop("device", None)
    if kwargs and cls is Tensor:
        raise ArgumentError(f"unexpected keyword arguments {sorted(kwargs)}", op="Tensor")
    if not args:
        made = empty(0, device=device)
    elif len(args) == 1 and isinstance(args[0], Tensor):
        made = wrap(args[0]._array, args[0]._kind.plain)
    elif len(args) == 1 and not isinstance(args[0], int):
        made = tensor(args[0], dtype=get_default_dtype(), device=device) if not isinstance(
            args[0], tuple) or not _is_size(args[0]) else empty(args[0], device=device)
    else:
        made = empty(*args, device=device)
    if cls is Tensor:
        return made
    subclassed: Any = new(cls)
    fill(subclassed, made._array, made._kind.plain.of_subclass(cls))
    return subclassed  # type: ignore[no-any-return]


def _is_size(value: Any) -> bool:
    return type(value).__name__ == "Size"


__all__ = [
    "arange", "as_tensor", "asarray", "empty", "empty_like", "eye", "full", "full_like",
    "linspace", "ones", "ones_like", "scalar_tensor", "tensor", "zeros", "zeros_like",
]
