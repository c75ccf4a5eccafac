"""`load`: from the archive to objects."""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections.abc import Callable
from typing import Any

from ..contract.device import Device
from ..errors import (
    ArgumentError,
    BackendError,
    DeviceNotAvailableError,
    DTypeNotOfferedError,
    OutOfMemoryError,
    SerializationError,
    UnsupportedError,
)
from ..interrupts import pass_on
from ..table.room import exhausted
from . import layout
from .allowed import SAFE, TORCH, allowed
from .archive import Archive
from .locations import placing
from .machine import Machine, Refusal
from .mapping import check_mappable, mapped, mode
from .options import LoadEndianness, get_default_load_endianness, skipping
from .parts import Part, StorageType
from .rebuild import Storage, check_lazy
from .source import Source

# what is wrong with the machine or the call, and not with the file
_NOT_THE_FILES = (SerializationError, ArgumentError, DeviceNotAvailableError, DTypeNotOfferedError, OutOfMemoryError,
                  UnsupportedError, OSError, MemoryError)
_Free = tuple[Any, dict[str, Any]]
_LONGEST = 100  # characters of a location
_PID = 5  # "storage", type, key, location, count


class _Storages:
    """The storages of one archive, each read when a tensor first asks for it."""

    def __init__(self, archive: Archive, root: str, place: Callable[[str, int], Device]) -> None:
        self.archive, self.root, self.place = archive, root, place
        self.held: dict[str, Storage] = {}
        self.misplaced: Exception | None = None  # what `map_location` raised

    def get(self, pid: Any) -> Storage:
        """The storage that a persistent id names."""
        dtype, key, location, count = self._parts(pid)
        held = self.held.get(key)
        if held is None:
            held = self.held[key] = self._read(dtype, key, location, count)
        if (held.dtype, held.count, held.location) != (dtype, count, location):
            raise Refusal(f"storage {key} is described in two ways")
        return held

    def _parts(self, pid: Any) -> tuple[Any, str, str, int]:
        if type(pid) is not tuple or len(pid) != _PID or pid[0] != "storage" or not isinstance(pid[1], StorageType):
            raise Refusal("a persistent id is not that of a storage")
        _, kind, key, location, count = pid
        if type(key) is not str or type(location) is not str or type(count) is not int or count < 0:
            raise Refusal("a storage's key and location are no texts, or its length no integer from 0 on")
        if len(location) > _LONGEST:
            raise Refusal(f"a storage was saved from {location[:_LONGEST]!r}…, which is no device")
        return kind.dtype, key, location, count

    def _read(self, dtype: Any, key: str, location: str, count: int) -> Storage:
        name = self.root + layout.STORAGE.format(key)
        size, expected = self.archive.size(name), count * dtype.itemsize
        if size != expected:
            raise self.archive.source.fault(f"storage {key} has {size} bytes, expected {expected}", name)
        device = self._placed(location, size)
        if skipping():
            return Storage(bytearray(size), dtype, device, location)
        data = self.archive.elements(name)
        if dtype.name == "bool" and not _only_bools(data):
            raise self.archive.source.fault("a bool is a byte other than 0 and 1", name)
        return Storage(data, dtype, device, location)

    def _placed(self, location: str, size: int) -> Device:
        try:
            return self.place(location, size)
        except Exception as error:
            if type(error) is BackendError:  # nobody knows the location
                raise Refusal(f"a storage was saved from {location!r}, which is no device that is known here") from None
            self.misplaced = error
            raise


def _only_bools(data: bytearray | memoryview) -> bool:
    pieces = (bytes(data[at : at + layout.CHUNK]) for at in range(0, len(data), layout.CHUNK))
    return not any(piece.translate(None, b"\0\1") for piece in pieces)


def _freely(data: Any, storages: _Storages, module: Any, options: dict[str, Any]) -> Any:
    """What the unpickler of `module`, Python's own or another, makes of a file that is trusted: it imports and calls
    what the file names.
    """
    base: Any = module.Unpickler

    class Unpickler(base):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            found = TORCH.get(f"{module}.{name}")
            if found is None:
                return super().find_class(module, name)
            return getattr(found, "value", None) or found

        def persistent_load(self, pid: Any) -> Any:
            return storages.get(pid).bare()

    return Unpickler(io.BytesIO(data), **options).load()


def _restored(data: Any, storages: _Storages, free: _Free | None, source: Source, name: str) -> Any:
    """The object that the pickle describes; whatever is wrong with it is a SerializationError."""
    machine = Machine(data, allowed, storages.get, SAFE.values()) if free is None else None
    try:
        made = _freely(data, storages, *free) if free is not None else machine.run()  # type: ignore[union-attr]
        if isinstance(made, Part):
            raise Refusal("the file holds a bare function or class, and no value")
        for storage in storages.held.values():
            check_lazy(storage)
        return made
    except _NOT_THE_FILES:
        raise
    except Refusal as error:
        raise source.fault(f"{error}{_at(machine)}", name) from None
    except Exception as error:
        pass_on(error)
        if error is storages.misplaced:
            raise
        reason = getattr(error, "message", None) or str(error) or "an object is not there"
        raise source.fault(f"the pickle cannot be followed: {type(error).__name__}: {reason:.200}{_at(machine)}",
                           name) from error


def _at(machine: Machine | None) -> str:
    return "" if machine is None else f", at byte {machine.at}"


def _read(f: Any, file: Any, map_location: Any, free: _Free | None, memory: memoryview | None = None) -> Any:
    source = Source(f)
    archive = Archive(file, source, memory)
    root = archive.root(layout.PICKLE)
    _check_format(archive, root)
    name = root + layout.PICKLE
    return _restored(archive.read(name), _Storages(archive, root, placing(map_location)), free, source, name)


def _check_format(archive: Archive, root: str) -> None:
    """Raises SerializationError for a byte order or a version of the layout that is not read."""
    name = root + layout.BYTEORDER
    if _byte_order(archive, name) != "little":
        raise archive.source.fault("files written on big-endian machines are not read", name)
    name = root + layout.VERSION
    if name not in archive.entries or archive.size(name) > 100:
        return
    text = bytes(archive.read(name)).strip()
    if not text.isdigit() or not 1 <= int(text) <= layout.NEWEST_FORMAT:
        raise archive.source.fault(f"the file has version {text.decode('ascii', 'replace')!r} of the layout; 1 to"
                                   f" {layout.NEWEST_FORMAT} are read", name)


def _byte_order(archive: Archive, name: str) -> str:
    """What the file says, or else what is set for those that do not."""
    if name in archive.entries:
        return "little" if archive.size(name) >= layout.CHUNK or archive.read(name) == b"little" else "big"
    chosen = get_default_load_endianness() or LoadEndianness.LITTLE
    return sys.byteorder if chosen is LoadEndianness.NATIVE else chosen.name.lower()


def _freedom(weights_only: bool | None, pickle_module: Any, options: dict[str, Any]) -> _Free | None:
    """The module that reads a trusted file and its options; None for one that is read with suspicion."""
    if weights_only is None:
        weights_only = pickle_module is None
    if not weights_only:
        return pickle if pickle_module is None else pickle_module, options
    if pickle_module is not None:
        raise ArgumentError("Can not safely load weights when explicit pickle_module is specified", op="load")
    if options.keys() - {"encoding", "errors"}:
        raise ArgumentError(f"got an unexpected keyword argument {min(options)!r}", op="load")
    return None


def _opened(f: Any, how: str) -> Any:
    try:
        return open(f, how)
    except FileNotFoundError as error:
        pass_on(error)
        raise FileNotFoundError(f"load: no such file: {os.fspath(f)!r}") from None


def load(f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool | None = None,
         mmap: bool | None = None, **pickle_load_args: Any) -> Any:
    """Reads what `save`, flambeau's or PyTorch's, wrote to a path or binary file.

    `map_location` names the device that tensors go to: a device, a dict from saved locations, or a function of the
    storage and its location. Unless `weights_only=False`, only tensors and Python's own containers are built, nothing
    is imported, called or changed, and the memory taken is bounded by the file's length. Whatever is wrong with the
    file raises SerializationError, a `pickle.UnpicklingError` that names the file, the entry and the rule.

    With `mmap=True` the tensors lie in the file at that path, of which only what they are asked for is read, and no
    checksum is looked at; what is written to them stays in this process, unless `set_default_mmap_options` says that
    it goes to the file. Raises UnsupportedError where a backend's arrays cannot lie there.
    """
    free = _freedom(weights_only, pickle_module, pickle_load_args)
    if mmap:
        check_mappable(f)
    try:
        if not isinstance(f, (str, os.PathLike)):
            return _read(f, f, map_location, free)
        with _opened(f, mode() if mmap else "rb") as file:
            return _read(f, file, map_location, free, mapped(file) if mmap and os.path.getsize(f) else None)
    except MemoryError as error:
        raise exhausted("load", error) from None
