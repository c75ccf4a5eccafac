"""PyTorch's ways to make a tensor: from data, filled, counted, like others; dtype, device, copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..contract.backend import encode
from ..contract.device import Device, resolve
from ..dtypes import DType, fit, fits, get_default_dtype, misfit, of_scalar, promote_types, wrapped
from ..errors import ArgumentError, DTypeError, GradientError, NumberRangeError, ShapeError, ValueRangeError
from ..interrupts import pass_on
from ..ops.create import _counting, _filled, arange, arange_op, as_dtype, cast, full_op, kind_for, to_device
from ..shapes import as_int, as_size, non_negative, spread
from ..table.dispatch import into
from ..table.registry import TABLE
from ..table.room import check_room, exhausted, no_room
from ..tensors.interop import from_array, from_numpy, shares_memory
from ..tensors.layouts import as_format, filled_like, kept_order, laid
from ..tensors.tensor import Tensor, attach, fill, named, new, wrap
from ..walk.tape import CopyView


def _size(op: str, size: Any) -> tuple[int, ...]:
    return non_negative(op, as_size(op, spread(size) if len(size) != 1 else size[0]))


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
    made = _constant("empty", size, 0, out, dtype, device, requires_grad, named)
    return made if memory_format is None else filled_like(
        "empty", lambda shape: _filled(shape, 0, made._kind, requires_grad), made, memory_format)


def _constant(op: str, size: Any, value: Any, out: Any, dtype: Any, device: Any, requires_grad: bool,
              named: dict[str, Any]) -> Tensor:
    if named:
        size = _named_size(op, size, named)
    if dtype is not None and isinstance(out, Tensor) and as_dtype(dtype) is not out.dtype:
        raise DTypeError(f"dtype {dtype!r} does not match dtype of out parameter ({out.dtype!r})", op=op)
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
    if not isinstance(fill_value, (int, float, complex)) and not hasattr(fill_value, "__array_interface__"):
        raise ArgumentError(f"fill_value must be a number, got {fill_value!r:.60}", op="full")
    size = non_negative("full", as_size("full", size))
    if dtype is None:
        dtype = of_scalar(fill_value) if out is None else out.dtype
    made = _filled(size, fill_value, kind_for(dtype, device), requires_grad)
    return made if out is None else into(full_op.op, out, made)


def zeros_like(input: Tensor, *, dtype: DType | None = None, layout: Any = None, device: Any = None,
               requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False) -> Tensor:
    """Zeros of the size, dtype and device of `input`, unless told otherwise."""
    kind = kind_for(dtype, device, input)
    return filled_like("zeros_like", lambda shape: _filled(shape, 0, kind, requires_grad), input, memory_format)


empty_like = zeros_like


def ones_like(input: Tensor, *, dtype: DType | None = None, layout: Any = None, device: Any = None,
              requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False) -> Tensor:
    """Ones of the size, dtype and device of `input`, unless told otherwise."""
    kind = kind_for(dtype, device, input)
    return filled_like("ones_like", lambda shape: _filled(shape, 1, kind, requires_grad), input, memory_format)


def full_like(input: Tensor, fill_value: Any, *, dtype: DType | None = None, layout: Any = None, device: Any = None,
              requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False) -> Tensor:
    """`fill_value` everywhere, in the size, dtype and device of `input`, unless told otherwise."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    kind = kind_for(dtype, device, input)
    return filled_like("full_like", lambda shape: _filled(shape, value, kind, requires_grad), input, memory_format)


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
    data, dtype=self.dtype if dtype is None else dtype,
    device=self.device if device is None else device, requires_grad=requires_grad), "new_tensor")


def linspace(start: Any, end: Any, steps: int, *, out: Tensor | None = None, dtype: DType | None = None,
             layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """`steps` numbers evenly spaced from `start` to `end`, both included."""
    start, end = (v.item() if isinstance(v, Tensor) else v for v in (start, end))
    steps = as_int("linspace", "steps", steps)
    if steps < 0:
        raise ValueRangeError(f"number of steps must be non-negative, got {steps}", op="linspace")
    kind = kind_for(dtype, device)
    start, end = _counting("linspace", kind.dtype, start, end)
    start, end = (int(v) if kind.dtype.category == 1 else v for v in (start, end))
    check_room("linspace", (steps,), kind.dtype, _PER_NUMBER)
    try:
        values = _spaced(start, end, steps, kind.dtype)
        made = tensor(values, dtype=kind.dtype, device=kind.device, requires_grad=requires_grad) if values else _filled(
            (0,), 0, kind, requires_grad)
    except MemoryError:
        raise no_room("linspace", (steps,), kind.dtype) from None
    return made if out is None else into(arange_op.op, out, made)


_PER_NUMBER = 32  # bytes: a Python number and its place in a list


def _spaced(start: Any, end: Any, steps: int, dtype: DType) -> list[Any]:
    """The numbers, counted from both ends as PyTorch does, complex ones from the start."""
    if steps == 1:
        return [start]
    step = (end - start) / (steps - 1) if steps else 0
    half = steps if dtype.category == 3 else steps // 2
    return [start + step * i if i < half else end - step * (steps - 1 - i) for i in range(steps)]


def eye(n: int, m: int | None = None, *, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
        device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the main diagonal, zeros elsewhere: n by m (m None: n)."""
    made = _filled(non_negative("eye", (n, n if m is None else m)), 0, kind_for(dtype, device))
    made.diagonal().fill_(1)
    if requires_grad:
        made.requires_grad = True
    return made if out is None else into(full_op.op, out, made)


def tensor(data: Any, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Tensor:
    """A new tensor holding a copy of `data`: a number, nested lists, a tensor, or an array of another library.

    Raises ShapeError for ragged lists, ArgumentError for elements that are no numbers.

    >>> import flambeau
    >>> flambeau.tensor([[1, 2], [3, 4]]).sum(0)
    tensor([4, 6])
    """
    try:
        if type(data) is list and set(map(type, data)) == {float}:  # the common case, in one step
            kind = kind_for(dtype, device)
            made = wrap(kind.device.backend.from_host(_encoded(data, kind.dtype), (len(data),), kind.dtype), kind)
        else:
            made = _from_data(data, None if dtype is None else as_dtype(dtype), device)
    except MemoryError as error:
        raise exhausted("tensor", error) from None
    if requires_grad:
        made.requires_grad = True
    return made


def _from_data(data: Any, dtype: DType | None, device: Any) -> Tensor:
    if isinstance(data, Tensor):
        made = wrap(TABLE["copy"].kernels[data._kind.plain](data._array), data._kind.plain)
        return convert(made, dtype, None if device is None else resolve(device)).detach()
    if not isinstance(data, (list, tuple, bool, int, float, complex)) and _is_array(data):
        return convert(from_array(data, device), dtype, None)
    shape: list[int] = []
    flat: list[Any] = []
    _measure(data, shape)
    _collect(data, shape, 0, flat)
    if dtype is None:
        dtype = _dtype_of(flat)
    flat = [v if type(v) in _PLAIN else _element(v, dtype) for v in flat]
    kind = kind_for(dtype, device)
    return wrap(kind.device.backend.from_host(_encoded(flat, dtype), tuple(shape), dtype), kind)


_PLAIN = (int, float, bool, complex)


def _is_array(data: Any) -> bool:
    return hasattr(data, "__dlpack__") or hasattr(data, "__array_interface__") or hasattr(data, "__array__")


def _measure(data: Any, shape: list[int]) -> None:
    """The shape of nested sequences, read off their first elements; a tensor within counts as the number it holds."""
    while not isinstance(data, Tensor) and (
            (isinstance(data, Sequence) and not isinstance(data, (str, bytes))) or _has_length(data)):
        shape.append(len(data))
        if not shape[-1] or len(shape) > 64:
            return
        data = data[0]


def _has_length(data: Any) -> bool:
    shape = getattr(data, "shape", None)
    return shape is not None and len(shape) > 0


def _collect(data: Any, shape: list[int], depth: int, flat: list[Any]) -> None:
    if depth == len(shape):
        flat.append(data)
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
    """An element that is no plain Python number as one."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise ValueRangeError("only one element tensors can be converted to Python scalars, got one of shape"
                                  f" {list(value.shape)}; join tensors with stack", op="tensor")
        return value.item()
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


def _element(value: Any, dtype: DType) -> Any:
    if dtype.category == 1 and not isinstance(value, _PLAIN) and _dtype_of_one(value).category > 1:
        raise ArgumentError(f"only integers can be converted to {dtype!r}, got {type(value).__name__} {value!r:.40}",
                            op="tensor")
    return _number(value)


def _dtype_of(flat: list[Any]) -> DType:
    """The dtype that holds every element: those of tensors and of other libraries' scalars as they are."""
    if not flat:
        return get_default_dtype()
    samples = {type(v): v for v in flat if type(v) in _PLAIN}
    found = {of_scalar(v) for v in samples.values()} | {_dtype_of_one(v) for v in flat if type(v) not in _PLAIN}
    dtype, *rest = found
    for other in rest:
        dtype = promote_types(dtype, other)
    return dtype


def _dtype_of_one(value: Any) -> DType:
    if isinstance(value, Tensor):
        return value.dtype
    name = getattr(getattr(value, "dtype", None), "name", None)
    return dtypes.BY_NAME[name] if name in dtypes.BY_NAME else of_scalar(_number(value))


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
    except (NumberRangeError, MemoryError):
        raise
    except TypeError as error:
        pass_on(error)
        raise ArgumentError(f"value cannot be converted to {dtype!r}: {error}", op="tensor", dtype=dtype) from error
    except Exception as error:
        pass_on(error)
        raise NumberRangeError(f"value cannot be converted to {dtype!r} without overflow: {error}", op="tensor",
                               dtype=dtype) from error


def as_tensor(data: Any, dtype: DType | None = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without copying where dtype and device allow it."""
    if isinstance(data, Tensor):
        return convert(data, dtype, None if device is None else resolve(device))
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
    elif len(args) == 1 and isinstance(args[0], (float, complex)):
        raise ArgumentError(f"new(): data must be a sequence (got {type(args[0]).__name__})", op="Tensor")
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


attach(staticmethod(lambda cls, *args, **kwargs: legacy_new(cls, args, kwargs)), "__new__")


def _is_size(value: Any) -> bool:
    return type(value).__name__ == "Size"


def convert(input: Tensor, dtype: DType | None, device: Device | None, copy: bool = False) -> Tensor:
    """The tensor in another dtype and on another device; itself where nothing changes."""
    if device is not None and device is not input._kind.device:
        input = to_device(input, device)
        copy = False
    if dtype is not None and dtype is not input._kind.dtype:
        return cast(input, dtype)
    return input.clone() if copy else input


def _to(self: Tensor, *args: Any, dtype: DType | None = None, device: Any = None, non_blocking: bool = False,
        copy: bool = False, memory_format: Any = None, other: Tensor | None = None) -> Tensor:
    """The tensor in another dtype, on another device, or as another tensor; itself where nothing changes."""
    for i, value in enumerate(args):
        if isinstance(value, DType):
            dtype = value
        elif isinstance(value, Tensor):
            dtype, device = value.dtype, value.device
        elif isinstance(value, bool):
            non_blocking, copy = (value, copy) if i == len(args) - 1 and i < 2 else (non_blocking, value)
        elif value is not None:
            device = value
    if other is not None:
        dtype, device = other.dtype, other.device
    made = convert(self, dtype if dtype is None else as_dtype(dtype), None if device is None else resolve(device), copy)
    return made if memory_format is None else as_format("to", made, memory_format, False)


attach(_to, "to")


def _dtype_method(name: str, dtype: DType) -> Any:
    def method(self: Tensor, memory_format: Any = None) -> Tensor:
        made = self if self._kind.dtype is dtype else cast(self, dtype)
        return made if memory_format is None else as_format(name, made, memory_format, False)

    method.__doc__ = f"The elements as {dtype.name}."
    return named(method, name)


for _name, _dtype in {"bool": dtypes.bool, "byte": dtypes.uint8, "char": dtypes.int8, "bfloat16": dtypes.bfloat16,
                      **dtypes.ALIASES}.items():
    setattr(Tensor, _name, _dtype_method(_name, _dtype))
attach(lambda self, other: convert(self, other.dtype, other.device), "type_as")


def _clone(self: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy with a place in the graph."""
    if memory_format is not None:
        return as_format("clone", self, memory_format, True)
    order = kept_order(self)
    return TABLE["copy"].call(self) if order is None else laid(self, order)  # type: ignore[no-any-return]


clone = _clone
attach(_clone, "clone")


def _contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor in C order: itself, or a copy."""
    if memory_format is not None:
        return as_format("contiguous", self, memory_format, False)
    return self if self.is_contiguous() else TABLE["copy"].call(self)  # type: ignore[no-any-return]


attach(_contiguous, "contiguous")


def _detach(self: Tensor) -> Tensor:
    """The same elements and memory outside the graph."""
    made = wrap(self._array, self._kind.plain)
    if self._version is None:
        self._version = [0, None]
    made._version = self._version
    if type(self._view) is CopyView:
        made._view = self._view
    return made


detach = _detach
attach(_detach, "detach")


def _detach_(self: Tensor) -> Tensor:
    """Takes the tensor itself out of the graph; raises GradientError for a view, whose base is still in it."""
    if self._view is not None:
        raise GradientError("can't detach views in place; use detach() instead", op="detach_")
    if self._node is not None and self._version is None:
        self._version = [0, None]  # a node that has saved it looks at it before it is read
    self._node, self._requires_grad = None, False
    return self


attach(_detach_, "detach_")

__all__ = [
    "arange", "as_tensor", "asarray", "clone", "detach", "empty", "empty_like", "eye", "full", "full_like",
    "linspace", "ones", "ones_like", "scalar_tensor", "tensor", "zeros", "zeros_like",
]
