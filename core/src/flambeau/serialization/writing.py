"""`save`: from objects to the archive.

The pickle is made first, in memory; it notes which elements of which memory the tensors need. Then the elements go to
the file a piece at a time, so that saving takes no second copy of them. A path gets its file in one step, at the end.
"""

from __future__ import annotations

import collections
import contextlib
import io
import os
import pickle
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from ..constants import layout as layout_type
from ..constants import memory_format
from ..contract.device import Device
from ..dtypes import DType, uint8
from ..errors import SerializationError, UnsupportedError, ValueRangeError
from ..interrupts import pass_on, suppressed
from ..shapes import as_int, contiguous_strides, numel
from ..table.room import exhausted
from ..tensors.questions import Storage
from ..tensors.tensor import Parameter, Size, Tensor
from . import layout
from .atomic import replacing
from .options import get_crc32_options, skipping
from .packages import location_tag


class _Global:
    """A name that the pickle refers to without importing it."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


_REBUILD_TENSOR = _Global("torch._utils", "_rebuild_tensor_v2")
_REBUILD_PARAMETER = _Global("torch._utils", "_rebuild_parameter")
_REBUILD_WITH_STATE = _Global("torch._utils", "_rebuild_parameter_with_state")
_REBUILD_FROM_TYPE = _Global("torch._tensor", "_rebuild_from_type_v2")
_TENSOR = _Global("torch", "Tensor")
_SIZE = _Global("torch", "Size")
_DEVICE = _Global("torch", "device")
_LAYOUT = _Global("torch.serialization", "_get_layout")
_UNTYPED = _Global("torch.storage", "UntypedStorage")
_STORAGE_GLOBALS = {name: _Global("torch", storage) for name, storage in layout.STORAGES.items()}


class _Storage:
    """The memory of one or more tensors on its way into the file; `count` elements of it are needed."""

    def __init__(self, key: str, owner: Tensor) -> None:
        self.key, self.owner, self.dtype, self.count = key, owner, owner.dtype, 0
        self.location = location_tag(owner.untyped_storage())

    def pieces(self) -> Iterator[bytes | memoryview]:
        """The elements' bytes, little at a time."""
        if skipping():
            yield from _zeros(self.count * self.dtype.itemsize)
            return
        owner, backend = self.owner.detach(), self.owner.device.backend
        whole = owner.as_strided((self.count,), (1,), 0) if _address(owner) else owner.reshape(-1)
        step = max(1, layout.CHUNK // self.dtype.itemsize)
        for at in range(0, self.count, step):
            yield backend.to_host(whole[at : at + step]._array)


def _zeros(size: int) -> Iterator[bytes]:
    for at in range(0, size, layout.CHUNK):
        yield bytes(min(layout.CHUNK, size - at))


class _Count:
    """The number of a storage's elements, which is known when all tensors have been seen."""

    def __init__(self, storage: _Storage) -> None:
        self.storage = storage


class _Call:
    """`function(*arguments)` as the pickle will replay it."""

    def __init__(self, function: _Global, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments


def _address(tensor: Tensor) -> int:
    """Where the memory that the tensor lies in begins; 0 where no other tensor can lie in it, or nobody can tell."""
    backend = tensor.device.backend
    if not backend.shared_views or not tensor.numel() or min(tensor.stride(), default=0) < 0:
        return 0
    return tensor.data_ptr() and tensor.data_ptr() - tensor.storage_offset() * tensor.dtype.itemsize


_PythonPickler: Any = pickle._Pickler  # the one in Python: the one in C does not let `save` be overridden


class _Pickler(_PythonPickler):  # type: ignore[misc]
    """Writes tensors as PyTorch does; everything else as pickle does."""

    def __init__(self, file: io.BytesIO, protocol: int) -> None:
        super().__init__(file, protocol=protocol)
        self.framer.start_framing = lambda: None  # what is in a frame has no place in the file yet
        self.file = file
        self.storages: dict[Any, _Storage] = {}
        self.counts: list[tuple[int, _Storage]] = []  # where in the pickle each count belongs
        self.alive: list[Any] = []

    def finish(self) -> bytes:
        """The pickle with the counts filled in."""
        for at, storage in self.counts:
            self.file.seek(at)
            self.file.write(struct.pack("<q", storage.count))
        return self.file.getvalue()

    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, _Storage):
            return ("storage", _STORAGE_GLOBALS[obj.dtype.name], obj.key, obj.location, _Count(obj))
        if isinstance(obj, Storage):
            return self._bare(obj)
        return None

    def _bare(self, obj: Any) -> Any:
        """The persistent id of a storage that a program saves as such: all of it."""
        self.alive.append(obj)
        elements = obj.untyped()._read(getattr(obj, "dtype", uint8))
        held = self._storage(elements, (str(elements.device), _address(elements) or id(elements._array)))
        held.count = elements.numel()
        named = _STORAGE_GLOBALS[held.dtype.name] if hasattr(obj, "dtype") else _UNTYPED
        return ("storage", named, held.key, held.location, _Count(held))

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, _Global):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, _Call):
            self.save(obj.function)
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
        elif isinstance(obj, _Count):
            self.write(pickle.LONG1 + b"\x08")
            self.counts.append((self.file.tell(), obj.storage))
            self.write(bytes(8))
        elif isinstance(obj, (Tensor, DType, Device, Size, memory_format, layout_type)):
            self._save_ours(obj)
        else:
            super().save(obj, save_persistent_id)

    def _save_ours(self, obj: Any) -> None:
        held = self.memo.get(id(obj))
        if held is not None:
            self.write(self.get(held[0]))
            return
        self.save(self._replacement(obj))
        if isinstance(obj, Tensor):
            self.memoize(obj)
            self.alive.append(obj)

    def _replacement(self, obj: Any) -> Any:
        if isinstance(obj, Tensor):
            return self._tensor(obj)
        if isinstance(obj, Size):
            return _Call(_SIZE, tuple(obj))
        if isinstance(obj, Device):
            return _Call(_DEVICE, obj.type, *(() if obj.index is None else (obj.index,)))
        if isinstance(obj, layout_type):
            return _Call(_LAYOUT, f"torch.{obj.name}")
        return _Global("torch", obj.name)

    def _tensor(self, tensor: Tensor) -> _Call:
        state, kind = dict(vars(tensor)), type(tensor)
        if kind is Parameter:
            data = tensor.detach()
            self.alive.append(data)
            arguments: Any = data, tensor.requires_grad, collections.OrderedDict()
            return _Call(_REBUILD_WITH_STATE, *arguments, state) if state else _Call(_REBUILD_PARAMETER, *arguments)
        plain = _Call(_REBUILD_TENSOR, *self._described(tensor))
        if kind is Tensor and not state:
            return plain
        return _Call(_REBUILD_FROM_TYPE, plain.function, _TENSOR if kind is Tensor else kind, plain.arguments, state)

    def _described(self, tensor: Tensor) -> tuple[Any, ...]:
        """The arguments of `_rebuild_tensor_v2`."""
        shape, address = tuple(tensor.shape), _address(tensor)
        strides, offset = contiguous_strides(shape), 0
        if address:
            strides, offset = tuple(tensor.stride()), tensor.storage_offset()
        storage = self._storage(tensor, (str(tensor.device), address or id(tensor._array)))
        needed = offset + 1 + sum((n - 1) * step for n, step in zip(shape, strides, strict=True)) if numel(shape) else 0
        storage.count = max(storage.count, needed)
        return storage, offset, shape, strides, tensor.requires_grad, collections.OrderedDict()

    def _storage(self, tensor: Tensor, place: tuple[str, int]) -> _Storage:
        held = self.storages.get(place)
        if held is None:
            held = self.storages[place] = _Storage(str(len(self.storages)), tensor)
            self.alive.append(tensor)
        elif held.dtype is not tensor.dtype:
            raise SerializationError("Cannot save multiple tensors or storages that view the same data as different"
                                     f" types, here {held.dtype!r} and {tensor.dtype!r}", op="save")
        return held


def _pickled(obj: Any, protocol: int) -> tuple[bytes, list[_Storage]]:
    """The pickle and the memory that it refers to."""
    pickler = _Pickler(io.BytesIO(), protocol)
    try:
        pickler.dump(obj)
    except (pickle.PicklingError, AttributeError, TypeError, RecursionError) as error:
        pass_on(error)
        if isinstance(error, SerializationError):
            raise
        raise SerializationError(f"cannot save {type(obj).__name__}: {error}", op="save") from error
    return pickler.finish(), list(pickler.storages.values())


def _add(archive: zipfile.ZipFile, name: str, size: int, pieces: Any) -> None:
    """Puts an entry into the archive, its first byte where PyTorch would have it."""
    info = zipfile.ZipInfo(f"{layout.ROOT}/{name}")
    info.file_size, info.external_attr = size, 0o600 << 16
    large = size > zipfile.ZIP64_LIMIT // 2
    before = archive.start_dir + 30 + len(info.filename) + (20 if large else 0) + 4
    padding = -before % layout.ALIGNMENT
    info.extra = struct.pack("<2sH", b"FB", padding) + bytes(padding)
    with _closing(archive.open(info, "w", force_zip64=large)) as entry:
        for piece in pieces:
            entry.write(piece)
    if not get_crc32_options():
        info.CRC = 0


@contextlib.contextmanager
def _closing(opened: Any) -> Iterator[Any]:
    """Closes an archive or an entry; one that could not be written raises why, and not what its closing meets."""
    try:
        yield opened
    except BaseException:
        with suppressed(Exception):
            opened.close()
        opened.fp = None  # an archive is not to try again when it goes
        raise
    opened.close()


def _write(file: Any, data: bytes, storages: list[_Storage]) -> None:
    with _closing(zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)) as archive:
        _add(archive, layout.PICKLE, len(data), [data])
        _add(archive, layout.BYTEORDER, len(b"little"), [b"little"])
        for storage in storages:
            _add(archive, layout.STORAGE.format(storage.key), storage.count * storage.dtype.itemsize, storage.pieces())
        version = f"{layout.FORMAT}\n".encode()
        _add(archive, layout.VERSION, len(version), [version])


def _protocol(pickle_protocol: int) -> int:
    """The protocol asked for, a negative number being the newest, as in pickle."""
    newest = pickle.HIGHEST_PROTOCOL
    number = as_int("save", "pickle_protocol", pickle_protocol)
    if number < 0:
        return newest
    if not layout.PROTOCOL <= number <= newest:
        raise ValueRangeError(f"pickle_protocol must be from {layout.PROTOCOL} to {newest}, got {number}: those below"
                              " cannot name a tensor's memory", op="save", pickle_protocol=number)
    return number


def save(obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = layout.PROTOCOL,
         _use_new_zipfile_serialization: bool = True) -> None:
    """Writes tensors, modules' state dicts and Python containers to a path or binary file, as PyTorch does.

    A file at a path appears whole when all of it is on the disk; until then, and if anything goes wrong, the old one
    stays. Tensors that share memory share it when they are loaded. `pickle_protocol` is from 2 to 5, or negative for
    the newest. Raises SerializationError for an object that pickle cannot name, UnsupportedError for another
    `pickle_module` than Python's.

    >>> import flambeau, io
    >>> file = io.BytesIO()
    >>> flambeau.save({"weight": flambeau.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> flambeau.load(file)["weight"]
    tensor([1., 1.])
    """
    if pickle_module not in (None, pickle):
        raise UnsupportedError(f"only Python's own pickle writes files, not {pickle_module!r}", op="save")
    try:
        data, storages = _pickled(obj, _protocol(pickle_protocol))
        if not isinstance(f, (str, os.PathLike)):
            _write(f, data, storages)
            return
        with replacing(os.fspath(f)) as file:
            _write(file, data, storages)
    except MemoryError as error:
        raise exhausted("save", error) from None
