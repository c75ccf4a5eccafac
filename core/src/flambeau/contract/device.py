"""Devices and kinds.

A `Device` is a singleton: one backend, one index. A `Kind` is a singleton too: one dtype on one
device (and, for subclasses of Tensor, one class). Every tensor points at its kind, so that
"same device, same dtype, plain tensor" is one `is` on the hot path, and kernels are looked up by
kind: a backend may give every dtype a kernel of its own at no cost.
"""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..dtypes import DType, get_default_dtype
from ..errors import ArgumentError, DeviceError


class Kind:
    """A dtype on a device: what the hot path compares, and where it finds related kinds."""

    __slots__ = ("array_type", "bool", "complex", "device", "dtype", "floating", "int64", "own", "plain", "real",
                 "scalars", "single", "subclass", "subclasses", "summed")

    bool: Kind
    complex: Kind
    floating: Kind
    int64: Kind
    real: Kind
    single: Kind | None  # float32 on that device, for float16 and bfloat16: what accumulates is computed there
    summed: Kind

    def __init__(self, dtype: DType, device: Device, subclass: type | None = None) -> None:
        self.dtype, self.device, self.subclass = dtype, device, subclass
        self.array_type = device.backend.array_type
        self.own = device.backend.own
        self.scalars: dict[Any, Any] = {}
        self.subclasses: dict[type, Kind] = {}
        self.plain = self

    def of_subclass(self, subclass: type) -> Kind:
        """The kind of tensors of that class: never equal to the plain kind, so they take the slow path."""
        kind = self.subclasses.get(subclass)
        if kind is None:
            kind = self.subclasses[subclass] = Kind(self.dtype, self.device, subclass)
            kind.plain = self
            for name in ("bool", "complex", "floating", "int64", "real", "single", "summed"):
                setattr(kind, name, getattr(self, name))
        return kind

    def __repr__(self) -> str:
        return f"Kind({self.dtype.name}, {self.device})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _kind_of, (str(self.device), self.dtype.name)


def _kind_of(device: str, dtype: str) -> Kind:
    return resolve(device).kinds[dtypes.BY_NAME[dtype]]


class Device:
    """Where a tensor's elements live; `device("cpu")` gives the preferred installed CPU backend's.

    `type` reads as PyTorch's ("cpu", "cuda"), `index` is None for the only one of its type.
    """

    __slots__ = ("_name", "backend", "index", "kinds", "type")

    def __init__(self, backend: Any, index: int | None, name: str) -> None:
        self.backend, self.index, self.type, self._name = backend, index, backend.device_type, name
        self.kinds = {dtype: Kind(dtype, self) for dtype in dtypes.ALL}
        self.link()

    def link(self) -> None:
        """Points every kind at its relatives; again after the default dtype has changed."""
        kinds = self.kinds
        for dtype, kind in kinds.items():
            kind.bool, kind.int64, kind.real = kinds[dtypes.bool], kinds[dtypes.int64], kinds[dtype.real]
            kind.complex = kinds[dtype.complex]
            kind.single = kinds[dtypes.float32] if dtype in dtypes.HALVES else None
            kind.floating = kind if dtype.category > 1 else kinds[get_default_dtype()]
            kind.summed = kind if dtype.category > 1 else kinds[dtypes.int64]

    def __str__(self) -> str:
        return self._name if self.index is None else f"{self._name}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        name = "" if self._name == self.type else f", backend={self._name!r}"
        return f"device(type={self.type!r}{index}{name})"

    def __reduce__(self) -> tuple[Any, ...]:
        return resolve, (str(self),)

    def __enter__(self) -> Device:
        _stack.append(_default.device)
        _default.device = self
        return self

    def __exit__(self, *exc: Any) -> None:
        _default.device = _stack.pop()


class _Default:
    __slots__ = ("device",)

    def __init__(self) -> None:
        self.device: Device | None = None


_default = _Default()
_stack: list[Device | None] = []
DEVICES: dict[tuple[str, int | None], Device] = {}
FINDER: list[Any] = []  # contract.plugins puts itself here: what finds the backend that a name means
_names: dict[str, Device] = {}  # what users wrote -> the device; emptied when backends change


def relink() -> None:
    """After the default dtype changed: integer kinds divide into another floating kind."""
    for device in DEVICES.values():
        device.link()


def forget(backend: str) -> None:
    """After a backend was declared: names are resolved anew, and it gets devices of its own."""
    _names.clear()
    for key in [key for key in DEVICES if key[0] == backend]:
        del DEVICES[key]


def default_device() -> Device:
    """The device of tensors made without naming one."""
    device = _default.device
    if device is None:
        device = _default.device = resolve("cpu")
    return device


def get_default_device() -> Device:
    """The device of tensors made without naming one, as set by `set_default_device`."""
    return default_device()


def set_default_device(device: Any) -> None:
    """Makes `device` (a Device, a string, or None for the preferred CPU backend) the default."""
    _default.device = None if device is None else resolve(device)


def resolve(device: Any) -> Device:
    """The Device that a user's argument names: a Device, a string such as "cpu" or "cuda:1", or an index."""
    if type(device) is Device:
        return device
    if device is None:
        return default_device()
    if isinstance(device, int) and not isinstance(device, bool):
        device = f"cuda:{device}"
    if not isinstance(device, str):
        raise ArgumentError(f"expected a device, a string or an int, got {device!r}", op="device")
    found = _names.get(device)
    if found is None:
        found = _names[device] = _find(device)
    return found


def _find(text: str) -> Device:
    name, colon, number = text.partition(":")
    if colon and not number.isdigit():
        raise DeviceError(f"invalid device string {text!r}: expected NAME or NAME:INDEX", op="device", device=text)
    index = int(number) if colon else None
    finder = FINDER[0]
    backend = finder.backend_for(name)
    if index is not None and index >= backend.device_count():
        raise DeviceError(f"{text!r}: backend {backend.name!r} has {backend.device_count()} device(s)",
                          op="device", device=text)
    if index == 0 and backend.device_count() == 1:
        index = None
    key = backend.name, index
    if key not in DEVICES:
        preferred = name == backend.device_type or finder.preferred(backend.device_type) is backend
        DEVICES[key] = Device(backend, index, backend.device_type if preferred else backend.name)
    return DEVICES[key]


class _DeviceMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return type(instance) is Device

    def __call__(cls, type: Any = None, index: int | None = None) -> Any:
        if index is not None:
            return resolve(f"{type}:{index}")
        return resolve(type)


class device(metaclass=_DeviceMeta):
    """`device("cpu")`, `device("cuda", 1)`, `device("reference")`: the Device of that name.

    Raises DeviceError or BackendNotFoundError, naming what is installed.
    """
