"""`UntypedStorage`: memory as bytes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

from ... import dtypes
from ...contract.device import Device, resolve
from ...dtypes import DType
from ...errors import IndexRangeError, UnsupportedError, ValueRangeError
from ...functions.create import empty, tensor
from ...shapes import as_int
from ...table.registry import TABLE
from ..questions import Storage
from ..tensor import Tensor, wrap

Reader = Callable[[Tensor], Any]


def whole(of: Tensor) -> Tensor:
    """All of the memory that a tensor lies in, as a 1-d tensor outside the graph; a copy where arrays share none."""
    backend, kind = of.device.backend, of._kind.plain
    if not backend.shared_views:
        return of.detach().reshape(-1).clone()  # type: ignore[no-any-return]
    count = backend.storage_size(of._array)
    return wrap(TABLE["as_strided"].kernels[kind](of._array, size=(count,), stride=(1,), storage_offset=0), kind)


def reread(base: Tensor, dtype: DType) -> tuple[Tensor, bool]:
    """The bytes of a 1-d tensor as elements of a dtype, and whether they are the same memory."""
    if dtype is base.dtype:
        return base, base.device.backend.shared_views
    backend, count = base.device.backend, base.numel() * base.dtype.itemsize // dtype.itemsize
    if not count:
        return empty(0, dtype=dtype, device=base.device), True
    data = memoryview(backend.to_host(base._array)).cast("B")[: count * dtype.itemsize]
    array = backend.from_host(data, (count,), dtype, copy=False)
    shared = backend.shared_views and backend.data_ptr(array) == backend.data_ptr(base._array) != 0
    if not shared:
        array = backend.from_host(data, (count,), dtype)
    return wrap(array, base.device.kinds[dtype]), shared


class UntypedStorage(Storage):
    """The bytes that tensors lie in: `tensor.untyped_storage()`, or new ones, by number or from a sequence.

    Sharing tells who shares memory with whom: `data_ptr()` is the address of the first byte. Raises ValueRangeError for
    other arguments, IndexRangeError for a place outside.

    >>> import flambeau
    >>> x = flambeau.tensor([1, 2], dtype=flambeau.int16)
    >>> x.untyped_storage().tolist()
    [1, 0, 2, 0]
    >>> x.untyped_storage()[2] = 7
    >>> x
    tensor([1, 7], dtype=flambeau.int16)
    """

    def __init__(self, *args: Any, device: Any = None) -> None:
        place = resolve("cpu" if device is None else device)
        if len(args) > 1 or (args and isinstance(args[0], (str, float, Tensor))):
            raise ValueRangeError(f"takes a number of bytes or a sequence of them, got {args!r:.100}",
                                op="UntypedStorage")
        if args and isinstance(args[0], Sequence):
            made = tensor([int(item) % 256 for item in args[0]], dtype=dtypes.uint8, device=place)
        else:
            count = as_int("UntypedStorage", "size", args[0]) if args else 0
            if count < 0:
                raise ValueRangeError(f"size must not be negative, got {count}", op="UntypedStorage")
            made = empty(count, dtype=dtypes.uint8, device=place)
        self._base, self._owned = made, True

    @classmethod
    def _over(cls, of: Tensor) -> Self:
        """The storage of a tensor."""
        made = cls.__new__(cls)
        made._base, made._owned = whole(of), False
        return made

    @classmethod
    def from_buffer(cls, buffer: Any, byte_order: str | None = None, count: int = -1, offset: int = 0,
                    dtype: DType = dtypes.uint8) -> Self:
        """A copy of the elements that lie in a buffer, whose bytes are in "little", "big" or "native" order."""
        data = bytearray(memoryview(buffer).cast("B")[offset:])
        length = len(data) // dtype.itemsize if count < 0 else count
        if length * dtype.itemsize > len(data) or offset > memoryview(buffer).nbytes:
            raise ValueRangeError(f"a buffer of {memoryview(buffer).nbytes} bytes holds no {length} elements of"
                                  f" {dtype!r} from byte {offset} on", op="from_buffer")
        made = cls(data[: length * dtype.itemsize])
        if _swapped(byte_order):
            made.byteswap(dtype)
        return made

    # --- what it is

    @property
    def device(self) -> Device:
        """Where the bytes are."""
        return self._base.device  # type: ignore[no-any-return]

    @property
    def is_cuda(self) -> bool:
        """Whether they are on a CUDA device."""
        return self.device.type == "cuda"

    is_sparse = is_sparse_csr = False
    filename = None

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._base.numel() * self._base.dtype.itemsize  # type: ignore[no-any-return]

    size = nbytes

    def __len__(self) -> int:
        return self.nbytes()

    def element_size(self) -> int:
        """1: the bytes are its elements."""
        return 1

    def data_ptr(self) -> int:
        """Address of the first byte."""
        return self._base.data_ptr()

    @property
    def _cdata(self) -> int:
        return self.data_ptr()

    def get_device(self) -> int | None:
        """The device's index, None where it has none."""
        return self.device.index

    def resizable(self) -> bool:
        """Whether `resize_` may change its size: no tensor lies in it yet."""
        return self._owned

    def is_pinned(self, device: Any = None) -> bool:
        """False: no memory here is pinned."""
        return False

    def is_shared(self) -> bool:
        """Whether other processes share it: on a CPU none does."""
        return self.is_cuda

    def untyped(self) -> Self:
        """The storage itself."""
        return self

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The name of its class."""
        if dtype is not None:
            raise UnsupportedError("a storage of bytes has no other type; use .float() and the like", op="type")
        return f"{dtypes._NAMESPACE[0]}.UntypedStorage"

    # --- as elements of a dtype

    def _read(self, dtype: DType) -> Tensor:
        """The memory as elements, to be read."""
        return reread(self._base, dtype)[0]

    def _shared(self, dtype: DType, op: str) -> Tensor:
        """The memory as elements that a tensor may lie in."""
        made, shared = reread(self._base, dtype)
        if not shared and not self._owned:
            raise UnsupportedError(f"the memory of {self._base.dtype!r} cannot be shared as {dtype!r} on backend"
                                   f" {self.device.backend.name!r}", op=op)
        self._base, self._owned = made if self._owned else self._base, False
        return made

    def _write(self, dtype: DType, change: Reader) -> None:
        """Lets `change` write into the memory seen as elements of a dtype."""
        made, shared = reread(self._base, dtype)
        if not shared and not self.device.backend.shared_views:
            raise UnsupportedError(f"arrays of backend {self.device.backend.name!r} share no memory", op="storage")
        change(made)
        if not shared:
            back = reread(made, self._base.dtype)[0]
            self._base[: back.numel()] = back

    # --- bytes

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            start, stop, step = index.indices(self.nbytes())
            if step != 1:
                raise ValueRangeError(f"Trying to slice with a step of {step}, but only a step of 1 is supported",
                                    op="UntypedStorage")
            made = type(self).__new__(type(self))
            made._base, made._owned = self._read(dtypes.uint8)[start : max(stop, start)], False
            return made
        return self._read(dtypes.uint8)[self._place(index)].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        number = int(value) % 256
        place = index if isinstance(index, slice) else self._place(index)

        def put(made: Tensor) -> None:
            made[place] = number

        self._write(dtypes.uint8, put)

    def _place(self, index: Any) -> int:
        number, length = as_int("UntypedStorage", "index", index), self.nbytes()
        if not -length <= number < length:
            raise IndexRangeError(f"index {number} out of range for storage of size {length}", op="UntypedStorage")
        return number % length

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def tolist(self) -> list[int]:
        """The bytes as numbers."""
        return self._read(dtypes.uint8).tolist()  # type: ignore[no-any-return]

    def fill_(self, value: int) -> Self:
        """Makes every byte `value`."""
        self[:] = value
        return self

    def copy_(self, source: Any, non_blocking: bool | None = None) -> Self:
        """Copies the bytes of a storage of the same size."""
        other = source.untyped()
        if other.nbytes() != self.nbytes():
            raise ValueRangeError(f"size does not match, self was {self.nbytes()} bytes but src was {other.nbytes()}"
                                " bytes", op="copy_")
        self._write(dtypes.uint8, lambda made: made.copy_(other._read(dtypes.uint8)))
        return self

    def byteswap(self, dtype: DType) -> None:
        """Turns round the bytes of every element of that dtype, or of both parts of a complex one."""
        width = dtype.itemsize // (2 if dtype.is_complex else 1)
        count = self.nbytes() // width * width
        self._write(dtypes.uint8, lambda made: made[:count].copy_(made[:count].reshape(-1, width).flip(1).reshape(-1)))

    def resize_(self, size: int) -> Self:
        """Gives a storage that no tensor lies in another number of bytes, the first of them as they were.

        Raises UnsupportedError where tensors lie in it: their memory stays where it is.
        """
        count, old = as_int("resize_", "size", size), self.nbytes()
        if count < 0:
            raise ValueRangeError(f"size must not be negative, got {count}", op="resize_")
        if count == old:
            return self
        if not self._owned:
            raise UnsupportedError("tensors lie in this storage, and their memory does not move; use resize_() of the"
                                   " tensor", op="resize_")
        made = empty(count, dtype=dtypes.uint8, device=self.device)
        made[: min(count, old)] = self._read(dtypes.uint8)[: min(count, old)]
        self._base = made
        return self

    # --- copies and places

    def clone(self) -> Self:
        """A copy."""
        return self._of(self._base.clone())

    def _of(self, base: Tensor) -> Self:
        made = type(self).__new__(type(self))
        made._base, made._owned = base, True
        return made

    def new(self) -> Self:
        """An empty storage on the same device."""
        return type(self)(device=self.device)

    def to(self, *, device: Any, non_blocking: bool = False) -> Self:
        """The storage on that device: itself if it is there, else a copy."""
        target = resolve(device)
        return self if target is self.device else self._of(self._base.to(target))

    def cpu(self) -> Self:
        """The storage on the CPU."""
        return self.to(device="cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Self:
        """The storage on a CUDA device."""
        return self.to(device=f"cuda:{device}" if isinstance(device, int) else device or "cuda")

    def share_memory_(self) -> Self:
        """Raises UnsupportedError: processes share no memory here."""
        raise UnsupportedError("storages cannot be moved to memory that processes share", op="share_memory_")

    def pin_memory(self, device: Any = None) -> Self:
        """Raises UnsupportedError: no memory here is pinned."""
        raise UnsupportedError("storages cannot be pinned", op="pin_memory")

    def __copy__(self) -> Self:
        return self.clone()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        made = memo[id(self)] = self.clone()
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._base,)

    def __str__(self) -> str:
        rows = "".join(f" {byte}\n" for byte in self.tolist())
        return f"{rows}[{self.type()}(device={self.device}) of size {len(self)}]"

    __repr__ = __str__


def _again(base: Tensor) -> UntypedStorage:
    return UntypedStorage(device=base.device)._of(base)


def _swapped(byte_order: str | None) -> bool:
    if byte_order not in (None, "native", "little", "big"):
        raise ValueRangeError(f"byte_order must be 'native', 'little' or 'big', got {byte_order!r}", op="from_buffer")
    return byte_order in ("little", "big") and byte_order != sys.byteorder
