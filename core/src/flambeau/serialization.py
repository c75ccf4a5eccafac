"""`save` and `load` in PyTorch's .pt layout.

A file is a zip archive: `data.pkl` (a pickle of protocol 2 in which each tensor's memory is a
persistent id), `data/0`, `data/1`, … (the elements, little-endian), `byteorder` and `version`.
Loading runs nothing: the unpickler builds tensors, parameters, sizes, dtypes, devices and Python's own containers
and numbers, and refuses every other global by name. Files go both ways between flambeau and PyTorch.
"""

from __future__ import annotations

import collections
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

from . import dtypes
from .constants import memory_format
from .contract.device import Device, default_device, resolve
from .dtypes import DType
from .errors import DeviceNotAvailableError, SerializationError
from .shapes import contiguous_strides, numel
from .spelling import public
from .tensors.tensor import Parameter, Size, Tensor, wrap
from .walk.tape import CopyView

_STORAGES = {"bool": "BoolStorage", "uint8": "ByteStorage", "int8": "CharStorage", "int16": "ShortStorage",
             "int32": "IntStorage", "int64": "LongStorage", "float16": "HalfStorage", "bfloat16": "BFloat16Storage",
             "float32": "FloatStorage", "float64": "DoubleStorage", "complex64": "ComplexFloatStorage",
             "complex128": "ComplexDoubleStorage"}
_DTYPES = {storage: dtypes.BY_NAME[name] for name, storage in _STORAGES.items()}


class _Global:
    """A name that the pickle refers to without importing it."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


_REBUILD_TENSOR = _Global("torch._utils", "_rebuild_tensor_v2")
_REBUILD_PARAMETER = _Global("torch._utils", "_rebuild_parameter")
_SIZE = _Global("torch", "Size")
_DEVICE = _Global("torch", "device")
_STORAGE_GLOBALS = {name: _Global("torch", storage) for name, storage in _STORAGES.items()}


class _Storage:
    """The memory of one or more tensors on its way into the file."""

    def __init__(self, key: str, dtype: DType, data: bytes, location: str) -> None:
        self.key, self.dtype, self.data, self.location = key, dtype, data, location


class _Call:
    """`function(*arguments)` as the pickle will replay it."""

    def __init__(self, function: _Global, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments


_PythonPickler: Any = pickle._Pickler  # the one in Python: the one in C does not let `save` be overridden


class _Pickler(_PythonPickler):  # type: ignore[misc]
    """Writes tensors as PyTorch does; everything else as pickle does."""

    def __init__(self, file: Any) -> None:
        super().__init__(file, protocol=2)
        self.storages: dict[int, _Storage] = {}
        self.alive: list[Any] = []

    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, _Storage):
            return ("storage", _STORAGE_GLOBALS[obj.dtype.name], obj.key, obj.location,
                    len(obj.data) // obj.dtype.itemsize)
        return None

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, _Global):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, _Call):
            self.save(obj.function)
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
        elif isinstance(obj, (Tensor, DType, Device, Size, memory_format)):
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
        if isinstance(obj, Parameter):
            return _Call(_REBUILD_PARAMETER, obj.detach(), obj.requires_grad, collections.OrderedDict())
        if isinstance(obj, Tensor):
            return self._tensor(obj)
        if isinstance(obj, Size):
            return _Call(_SIZE, tuple(obj))
        if isinstance(obj, Device):
            return _Call(_DEVICE, obj.type, *(() if obj.index is None else (obj.index,)))
        return _Global("torch", obj.name)

    def _tensor(self, tensor: Tensor) -> _Call:
        owner = tensor if tensor._view is None or type(tensor._view) is CopyView else tensor._view.base
        if owner is not tensor and (owner.dtype is not tensor.dtype or not owner.is_contiguous()
                                    or owner.storage_offset()):
            owner = tensor
        shape = tuple(tensor.shape)
        strides, offset = contiguous_strides(shape), 0
        if owner is not tensor:
            strides, offset = tensor.stride(), tensor.storage_offset()
        return _Call(_REBUILD_TENSOR, self._storage(owner), offset, shape, tuple(strides), tensor.requires_grad,
                     collections.OrderedDict())

    def _storage(self, owner: Tensor) -> _Storage:
        held = self.storages.get(id(owner._array))
        if held is None:
            data = bytes(owner.device.backend.to_host(owner._array))
            location = "cpu" if owner.device.type != "cuda" else str(owner.device)
            held = self.storages[id(owner._array)] = _Storage(str(len(self.storages)), owner.dtype, data, location)
            self.alive.append(owner)
        return held


def save(obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = 2,
         _use_new_zipfile_serialization: bool = True) -> None:
    """Writes tensors, modules' state dicts and Python containers to a path or binary file, as PyTorch does.

    Raises SerializationError for an object that pickle cannot name.

    >>> import flambeau, io
    >>> file = io.BytesIO()
    >>> flambeau.save({"weight": flambeau.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> flambeau.load(file)["weight"]
    tensor([1., 1.])
    """
    buffer = io.BytesIO()
    pickler = _Pickler(buffer)
    try:
        pickler.dump(obj)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise SerializationError(f"cannot save {type(obj).__name__}: {error}", op="save") from error
    with zipfile.ZipFile(f, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", buffer.getvalue())
        archive.writestr("archive/byteorder", "little")
        for storage in pickler.storages.values():
            archive.writestr(f"archive/data/{storage.key}", storage.data)
        archive.writestr("archive/version", "3\n")


# --- reading


class _Loaded:
    """Memory read from the file; becomes an array when the first tensor on it is built."""

    def __init__(self, data: bytes, dtype: DType, device: Device) -> None:
        self.data, self.dtype, self.device = data, dtype, device
        self.base: Tensor | None = None

    def tensor(self) -> Tensor:
        """The whole memory as a 1-d tensor."""
        if self.base is None:
            count = len(self.data) // self.dtype.itemsize
            array = self.device.backend.from_host(self.data, (count,), self.dtype)
            self.base = wrap(array, self.device.kinds[self.dtype])
        return self.base


def _rebuild_tensor(storage: _Loaded, offset: int, size: Any, stride: Any, requires_grad: bool = False,
                    hooks: Any = None, metadata: Any = None) -> Tensor:
    shape, strides = tuple(size), tuple(stride)
    base, kind = storage.tensor(), storage.device.kinds[storage.dtype]
    if strides == contiguous_strides(shape) and offset == 0 and numel(shape) == base.numel():
        made = wrap(base.reshape(shape)._array, kind)
    else:
        made = wrap(base.as_strided(shape, strides, offset)._array, kind)
    if requires_grad:
        made.requires_grad = True
    return made


def _rebuild_parameter(data: Tensor, requires_grad: bool, hooks: Any = None) -> Parameter:
    made: Parameter = Parameter(data, requires_grad)
    return made


_ALLOWED: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("torch", "Size"): Size,
    ("torch", "device"): Device,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "Counter"): collections.Counter,
    ("collections", "defaultdict"): collections.defaultdict,
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "slice"): slice,
    ("builtins", "complex"): complex,
    ("builtins", "bytearray"): bytearray,
    ("builtins", "range"): range,
    ("_codecs", "encode"): lambda text, encoding="utf-8": text.encode(encoding),
    **{("torch", d.name): d for d in dtypes.ALL},
    **{("torch", storage): dtype for storage, dtype in _DTYPES.items()},
}
_ALLOWED.update({("__builtin__", name): value for (module, name), value in _ALLOWED.items() if module == "builtins"})
_SAFE: dict[tuple[str, str], Any] = {}


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Lets `load` build these classes and functions too."""
    for item in safe_globals:
        _SAFE[item.__module__, item.__qualname__] = item


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, archive: zipfile.ZipFile, root: str, place: Callable[[str], Device],
                 free: bool) -> None:
        super().__init__(file)
        self.archive, self.root, self.place, self.free = archive, root, place, free
        self.held: dict[str, _Loaded] = {}

    def find_class(self, module: str, name: str) -> Any:
        found = _ALLOWED.get((module, name)) or _SAFE.get((module, name))
        if found is not None:
            return found
        if self.free:
            return super().find_class(module, name)
        raise SerializationError(
            f"the file refers to {module}.{name}, which load does not build; if you trust the file, allow it with"
            " flambeau.serialization.add_safe_globals([...]) or pass weights_only=False", op="load")

    def persistent_load(self, pid: Any) -> _Loaded:
        _, dtype, key, location, count = pid
        if key not in self.held:
            data = self.archive.read(f"{self.root}/data/{key}")
            if len(data) != count * dtype.itemsize:
                raise SerializationError(f"storage {key} has {len(data)} bytes, expected {count * dtype.itemsize}",
                                         op="load")
            self.held[key] = _Loaded(data, dtype, self.place(location))
        return self.held[key]


def _placing(map_location: Any) -> Callable[[str], Device]:
    """Where a storage saved from a location goes."""
    if map_location is None:
        return lambda location: default_device() if location == "cpu" else _saved_on(location)
    if isinstance(map_location, dict):
        return lambda location: resolve(map_location.get(location, location))
    if callable(map_location) and not isinstance(map_location, (str, Device)):
        return lambda location: default_device()
    target = resolve(map_location)
    return lambda location: target


def _saved_on(location: str) -> Device:
    try:
        return resolve(location)
    except DeviceNotAvailableError as error:
        raise DeviceNotAvailableError(f"tensors were saved on it; {error.message}; or load them elsewhere with"
                                      " map_location='cpu'", op="load", device=location) from error


def load(f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool | None = None,
         mmap: bool | None = None, **pickle_load_args: Any) -> Any:
    """Reads what `save`, flambeau's or PyTorch's, wrote to a path or binary file.

    `map_location` names the device that tensors go to. Unless `weights_only=False`, only tensors and
    Python's own containers are built; any other global raises SerializationError.
    """
    if isinstance(f, (str, os.PathLike)) and not os.path.exists(f):
        raise FileNotFoundError(f"load: no such file: {os.fspath(f)!r}")
    try:
        archive = zipfile.ZipFile(f)
    except zipfile.BadZipFile as error:
        raise SerializationError("not a zip archive: files of PyTorch before 1.6 are not read", op="load") from error
    with archive:
        pickles = [n for n in archive.namelist() if n.endswith("data.pkl")]
        if not pickles:
            raise SerializationError("the archive holds no data.pkl", op="load")
        root = pickles[0].rpartition("/")[0]
        if archive.namelist().count(f"{root}/byteorder") and archive.read(f"{root}/byteorder") != b"little":
            raise SerializationError("files written on big-endian machines are not read", op="load")
        unpickler = _Unpickler(io.BytesIO(archive.read(pickles[0])), archive, root, _placing(map_location),
                               weights_only is False)
        return unpickler.load()

__all__ = [
    "add_safe_globals", "load", "save",
]
__getattr__, __dir__ = public(__name__)
