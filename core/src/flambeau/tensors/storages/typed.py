"""`TypedStorage`: memory as elements of a dtype, which PyTorch has deprecated."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Self

from ... import dtypes
from ...contract.device import Device, resolve
from ...dtypes import DType, get_default_dtype
from ...errors import ArgumentError, DTypeError, IndexRangeError, ValueRangeError
from ...functions.create import tensor
from ..questions import Storage
from ..tensor import Tensor
from .untyped import UntypedStorage

_warned: list[bool] = []
LEGACY: dict[DType, Any] = {}  # the classes of old, which enter themselves


def warn_removal(stacklevel: int = 1) -> None:
    """Warns once that typed storages will go, as PyTorch does."""
    if _warned:
        return
    _warned.append(True)
    warnings.warn("TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only"
                  " storage class. This should only matter to you if you are using storages directly.  To access"
                  " UntypedStorage directly, use tensor.untyped_storage() instead of tensor.storage()", UserWarning,
                  stacklevel=stacklevel + 1)


class TypedStorage(Storage):
    """Memory as elements of a dtype: so many new ones, those of a sequence, or those of an UntypedStorage.

    Raises ArgumentError or ValueRangeError for other arguments, IndexRangeError for a place outside.

    >>> import flambeau
    >>> held = flambeau.arange(3)._typed_storage()
    >>> held[1], held.nbytes()
    (1, 24)
    """

    dtype: DType
    is_sparse = False
    filename = None

    def __init__(self, *args: Any, device: Any = None, dtype: Any = None, wrap_storage: Any = None,
                 _internal: bool = False) -> None:
        if not _internal:
            warn_removal(stacklevel=2)
        if wrap_storage is not None:
            self._wrap(args, device, dtype, wrap_storage)
            return
        self.dtype = get_default_dtype() if dtype is None else dtype
        if not isinstance(self.dtype, DType):
            raise ArgumentError(f"Argument 'dtype' must be a dtype, not {type(dtype)}", op="TypedStorage")
        if len(args) > 1:
            raise ValueRangeError("Too many positional arguments: takes a size or a sequence", op="TypedStorage")
        self._untyped_storage = self._made(args[0] if args else 0, resolve("cpu" if device is None else device))

    def _wrap(self, args: tuple[Any, ...], device: Any, dtype: Any, wrap_storage: Any) -> None:
        if args or device is not None:
            raise ValueRangeError("neither data nor a device can be given when using 'wrap_storage'", op="TypedStorage")
        if not isinstance(dtype, DType) or not isinstance(wrap_storage, UntypedStorage):
            raise ArgumentError(f"wrap_storage must be an UntypedStorage and dtype a dtype, but got"
                                f" {type(wrap_storage)} and {type(dtype)}", op="TypedStorage")
        self.dtype, self._untyped_storage = dtype, wrap_storage

    def _made(self, what: Any, device: Device) -> UntypedStorage:
        if isinstance(what, Sequence) and not isinstance(what, str):
            return UntypedStorage(device=device)._of(tensor(what, dtype=self.dtype, device=device))
        if isinstance(what, (bool, float, str, Tensor)) or not hasattr(what, "__index__"):
            raise ArgumentError(f"Argument type not recognized: {type(what)}; takes a size or a sequence",
                                op="TypedStorage")
        return UntypedStorage(int(what) * self.dtype.itemsize, device=device)

    # --- what it is

    @property
    def device(self) -> Device:
        """Where the elements are."""
        return self._untyped_storage.device

    @property
    def is_cuda(self) -> bool:
        """Whether they are on a CUDA device."""
        return self._untyped_storage.is_cuda

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return self._untyped_storage

    def size(self) -> int:
        """The number of elements."""
        return self.nbytes() // self.dtype.itemsize

    def __len__(self) -> int:
        return self.size()

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._untyped_storage.nbytes()

    def element_size(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize

    def data_ptr(self) -> int:
        """Address of the first element."""
        return self._untyped_storage.data_ptr()

    _data_ptr, _size, _nbytes, _element_size = data_ptr, size, nbytes, element_size

    @property
    def _cdata(self) -> int:
        return self.data_ptr()

    def get_device(self) -> int | None:
        """The device's index, None where it has none."""
        return self._untyped_storage.get_device()

    def resizable(self) -> bool:
        """Whether `resize_` may change its size."""
        return self._untyped_storage.resizable()

    def is_pinned(self, device: Any = None) -> bool:
        """False: no memory here is pinned."""
        return False

    def is_shared(self) -> bool:
        """Whether other processes share it."""
        return self._untyped_storage.is_shared()

    def _legacy_class(self) -> Any:
        return LEGACY[self.dtype]

    def pickle_storage_type(self) -> str:
        """The name of its class of old, "FloatStorage" say."""
        return str(LEGACY[self.dtype].__name__)

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The name of its class of old; given such a class, its elements as that class's."""
        if dtype is None:
            return f"{dtypes._NAMESPACE[0]}.{self.pickle_storage_type()}"
        chosen = dtype if isinstance(dtype, DType) else getattr(dtype, "dtype", None)
        if chosen is None:
            chosen = next((kind for kind, cls in LEGACY.items() if cls.__name__ == str(dtype).rpartition(".")[2]), None)
        if chosen is None:
            raise ValueRangeError(f"{dtype!r} is no class of storages", op="type")
        return self._cast(chosen)

    def _cast(self, dtype: DType) -> TypedStorage:
        """The elements converted to a dtype; the storage itself if they are of it."""
        if dtype is self.dtype:
            return self
        return TypedStorage(wrap_storage=self._untyped_storage._of(self._elements().to(dtype)), dtype=dtype,
                            _internal=True)

    # --- elements

    def _elements(self) -> Tensor:
        return self._untyped_storage._read(self.dtype)

    def _shared(self, dtype: DType, op: str) -> Tensor:
        if dtype is not self.dtype:
            raise DTypeError(f"expected a storage of {dtype!r}, got one of {self.dtype!r}", op=op, dtype=self.dtype)
        return self._untyped_storage._shared(dtype, op)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            raise ValueRangeError("slices are only supported in UntypedStorage.__getitem__", op="TypedStorage")
        return self._elements()[self._place(index)].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        place = index if isinstance(index, slice) else self._place(index)
        if isinstance(value, Storage):
            raise ValueRangeError(f"cannot set item with value type {type(value)}", op="TypedStorage")

        def put(made: Tensor) -> None:
            made[place] = value

        self._untyped_storage._write(self.dtype, put)

    def _place(self, index: Any) -> int:
        if type(index) is not int:
            raise ValueRangeError(f"can't index a {type(self)} with {type(index)}", op="TypedStorage")
        if not -self.size() <= index < self.size():
            raise IndexRangeError(f"index {index} out of range for storage of size {self.size()}", op="TypedStorage")
        return index % self.size()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def tolist(self) -> list[Any]:
        """The elements as Python's numbers."""
        return self._elements().tolist()  # type: ignore[no-any-return]

    def fill_(self, value: Any) -> Self:
        """Makes every element `value`."""
        self[:] = value
        return self

    def copy_(self, source: Any, non_blocking: bool | None = None) -> Self:
        """Copies the bytes of a storage of the same size."""
        self._untyped_storage.copy_(source)
        return self

    def resize_(self, size: int) -> Self:
        """Gives a storage that no tensor lies in another number of elements."""
        self._untyped_storage.resize_(size * self.dtype.itemsize)
        return self

    # --- copies and places

    def _around(self, untyped: UntypedStorage) -> Self:
        return type(self)(wrap_storage=untyped, dtype=self.dtype, _internal=True)

    def clone(self) -> Self:
        """A copy."""
        return self._around(self._untyped_storage.clone())

    def to(self, *, device: Any, non_blocking: bool = False) -> Self:
        """The storage on that device."""
        return self._around(self._untyped_storage.to(device=device))

    def cpu(self) -> Self:
        """The storage on the CPU."""
        return self._around(self._untyped_storage.cpu())

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Self:
        """The storage on a CUDA device."""
        return self._around(self._untyped_storage.cuda(device))

    def share_memory_(self) -> Self:
        """Raises UnsupportedError: processes share no memory here."""
        return self._around(self._untyped_storage.share_memory_())

    def pin_memory(self, device: Any = None) -> Self:
        """Raises UnsupportedError: no memory here is pinned."""
        return self._around(self._untyped_storage.pin_memory())

    @classmethod
    def _from_buffer(cls, buffer: Any, byte_order: str | None = None, count: int = -1, offset: int = 0, *,
                     dtype: DType | None = None, device: Any = None) -> TypedStorage:
        """A copy of the elements that lie in a buffer."""
        kind = get_default_dtype() if dtype is None else dtype
        made = UntypedStorage.from_buffer(buffer, byte_order, count, offset, kind)
        return TypedStorage(wrap_storage=made if device is None else made.to(device=device), dtype=kind, _internal=True)

    def __copy__(self) -> Self:
        return self.clone()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        made = memo[id(self)] = self._around(self._untyped_storage.__deepcopy__(memo))
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._untyped_storage, self.dtype)

    def __str__(self) -> str:
        rows = "".join(f" {item}\n" for item in self.tolist())
        name = f"{dtypes._NAMESPACE[0]}.storage.TypedStorage"
        return f"{rows}[{name}(dtype={self.dtype}, device={self.device}) of size {len(self)}]"

    __repr__ = __str__


def _again(untyped: UntypedStorage, dtype: DType) -> TypedStorage:
    return TypedStorage(wrap_storage=untyped, dtype=dtype, _internal=True)


_CASTS = {"double": dtypes.float64, "float": dtypes.float32, "half": dtypes.float16, "bfloat16": dtypes.bfloat16,
          "long": dtypes.int64, "int": dtypes.int32, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8,
          "bool": dtypes.bool, "complex_double": dtypes.complex128, "complex_float": dtypes.complex64}


def _casting(name: str, dtype: DType) -> None:
    """Gives both classes the method that converts the elements to a dtype; bytes count as elements of uint8."""

    def typed(self: TypedStorage) -> TypedStorage:
        return self._cast(dtype)

    def untyped(self: UntypedStorage) -> TypedStorage:
        return TypedStorage(wrap_storage=self, dtype=dtypes.uint8, _internal=True)._cast(dtype)

    for cls, method in ((TypedStorage, typed), (UntypedStorage, untyped)):
        method.__name__, method.__doc__ = name, f"The elements as {dtype.name}; the storage itself if they are."
        setattr(cls, name, method)


for _name, _dtype in _CASTS.items():
    _casting(_name, _dtype)
