"""Exchange with other libraries: NumPy arrays, DLPack, buffers."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..contract.device import Kind, resolve
from ..dtypes import DType
from ..errors import ArgumentError, DTypeError, GradientError, UnsupportedError
from ..ops.create import kind_for
from ..table.registry import ARRAYS
from .tensor import Tensor, attach, wrap


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


def from_numpy(ndarray: Any) -> Tensor:
    """A tensor sharing the array's memory where the CPU backend can, else a copy.

    Raises ArgumentError for anything but an array, DTypeError for element types flambeau lacks.
    """
    if not hasattr(ndarray, "__array_interface__"):
        raise ArgumentError(f"expected np.ndarray (got {type(ndarray).__name__})", op="from_numpy")
    backend = resolve("cpu").backend
    if isinstance(ndarray, backend.array_type):
        try:
            dtype = backend.dtype_of(ndarray)
        except (KeyError, DTypeError, TypeError):
            raise _unknown(ndarray) from None
        return wrap(ndarray, resolve("cpu").kinds[dtype])
    return from_array(ndarray)


def _unknown(ndarray: Any) -> DTypeError:
    return DTypeError(f"can't convert np.ndarray of type {ndarray.dtype}; supported are bool, the integers up to int64"
                      " but unsigned ones above 8 bits, float16, float32, float64, complex64 and complex128",
                      op="from_numpy")


def shares_memory(data: Any, kind: Kind) -> bool:
    """Whether `from_numpy` would share memory with `data` on that kind's device."""
    return isinstance(data, kind.device.backend.array_type) and hasattr(data, "__array_interface__")


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor sharing memory with any object that has `__dlpack__`."""
    if not hasattr(ext_tensor, "__dlpack__"):
        raise ArgumentError(f"expected an object with __dlpack__, got {type(ext_tensor).__name__}", op="from_dlpack")
    if isinstance(ext_tensor, Tensor):
        return ext_tensor.detach()
    device = resolve("cpu")
    array = device.backend.from_dlpack(ext_tensor)
    return wrap(array, device.kinds[device.backend.dtype_of(array)])


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-d tensor of the elements that lie in `buffer` from byte `offset` on."""
    view = memoryview(buffer).cast("B")[offset:]
    available = len(view) // dtype.itemsize
    n = available if count < 0 else count
    if n > available or n == 0:
        raise ArgumentError(f"buffer of {len(view)} bytes does not hold {n} elements of {dtype!r}", op="frombuffer")
    kind = resolve("cpu").kinds[dtype]
    made = wrap(kind.device.backend.from_host(view[: n * dtype.itemsize], (n,), dtype, copy=False), kind)
    return made.requires_grad_(requires_grad) if requires_grad else made


def to_numpy(self: Tensor, *, force: bool = False) -> Any:
    """The tensor as a NumPy array, sharing memory where the backend's arrays are NumPy's.

    Raises GradientError for a tensor that requires a gradient, unless `force`.
    """
    if self._requires_grad and not force:
        raise GradientError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
                            op="numpy")
    return self.device.backend.to_numpy(self._array)


def _array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    made = to_numpy(self)
    if dtype is not None:
        return made.astype(dtype, copy=False)
    return made.copy() if copy else made


def _beside(value: Any, tensor: Tensor) -> Any:
    """An array as a tensor that computes with `tensor`; NotImplemented where no dtype holds its elements.

    Integers of 32 bits or more and float32 meet in float64, as in NumPy.
    """
    try:
        made = from_numpy(value).to(tensor.device)
    except DTypeError:
        return NotImplemented
    low, high = sorted((made.dtype, tensor.dtype), key=lambda d: (d.category, d.itemsize))
    return made.double() if high is dtypes.float32 and low.category == 1 and low.itemsize > 2 else made


def _array_wrap(self: Tensor, array: Any, context: Any = None, return_scalar: Any = False) -> Any:
    """What NumPy's functions of tensors give: a tensor; truth values as uint8, as PyTorch has it."""
    return from_numpy(array.astype("uint8") if array.dtype.kind == "b" else array).to(self.device)


def _dlpack(self: Tensor, **options: Any) -> Any:
    if self._requires_grad:
        raise GradientError("can't export tensors that require gradient, use tensor.detach()", op="__dlpack__")
    return self.device.backend.dlpack(self._array, **options)


attach(to_numpy, "numpy")
attach(_array, "__array__")
attach(_array_wrap, "__array_wrap__")
attach(_dlpack, "__dlpack__")
ARRAYS.append(_beside)
attach(lambda self: self.device.backend.dlpack_device(self._array), "__dlpack_device__")

__all__ = ["UnsupportedError", "from_dlpack", "from_numpy", "frombuffer", "to_numpy"]
