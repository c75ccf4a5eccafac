"""Devices and kinds.

A `Device` is a value: `device("cuda:1")` exists on any machine, is compared and pickled, and asks for nothing. Its use
(`resolve`) finds the backend that serves it, or raises; what is found is kept in the value itself, so that the hot path
reads slots. Every value is made once, and equal devices are one object.

A `Kind` is a singleton too: one dtype on one device (and, for subclasses of Tensor, one class). Every tensor points at
its kind, so that "same device, same dtype, plain tensor" is one `is` on the hot path, and kernels are looked up by
kind: a backend may give every dtype a kernel of its own at no cost.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from .. import dtypes
from ..dtypes import DType, get_default_dtype
from ..errors import ArgumentError, DeviceError, DeviceNotAvailableError, NameUnknownError
from .locks import LOADING

# PyTorch's names for kinds of hardware. All but the first number their devices: a tensor on "cuda" says "cuda:0".
TYPES = ("cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy",
         "vulkan", "mps", "meta", "hpu", "mtia", "privateuseone")


class Kind:
    """A dtype on a device: what the hot path compares, and where it finds related kinds."""

    __slots__ = ("array_type", "bool", "complex", "device", "dtype", "floating", "int64", "own", "plain",
                 "real", "scalars", "single", "subclass", "subclasses", "summed", "wide")

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
        loses = dtype.category < 2 or dtype.itemsize == 2
        self.wide: dict[Any, Any] = {} if loses else self.scalars  # what `lift_wide` made
        self.subclasses: dict[type, Kind] = {}
        self.plain = self

    def of_subclass(self, subclass: type) -> Kind:
        """The kind of tensors of that class: never equal to the plain kind, so they take the slow path."""
        kind = self.subclasses.get(subclass)
        if kind is None:
            kind = Kind(self.dtype, self.device, subclass)
            kind.plain = self
            for name in ("bool", "complex", "floating", "int64", "real", "single", "summed"):
                setattr(kind, name, getattr(self, name))
            kind = self.subclasses.setdefault(subclass, kind)
        return kind

    def __repr__(self) -> str:
        return f"Kind({self.dtype.name}, {self.device})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _kind_of, (str(self.device), self.dtype.name)


def _kind_of(device: str, dtype: str) -> Kind:
    return resolve(device).kinds[dtypes.BY_NAME[dtype]]


class Device:
    """A place for tensors, as a value: `device("cuda:1")`, `device("cuda", 1)`, `device("reference")`.

    `type` reads as PyTorch's ("cpu", "cuda"), `index` is None where none was given. "cpu" means the preferred installed
    CPU backend, the name of a backend that one. In a `with` statement it is the default device of the
    thread.

    The value asks for no hardware; to make a tensor there, or to read `backend`, raises DeviceNotAvailableError where
    there is none. Raises BackendNotFoundError for a name that is neither a device type nor an installed backend,
    DeviceError for other malformed strings and indices, ArgumentError for what is neither.

    >>> import flambeau
    >>> flambeau.device("cuda", 1)
    device(type='cuda', index=1)
    >>> flambeau.device("cuda:1") == flambeau.device(type="cuda", index=1)
    True
    """

    __slots__ = ("_home", "_name", "backend", "index", "kinds", "type")

    _home: Device | None  # the device that tensors made here are on, once somebody asked
    _name: str
    backend: Any
    index: int | None
    kinds: dict[DType, Kind]
    type: str

    def __new__(cls, type: Any = None, index: Any = None, *, device: Any = None) -> Device:
        return as_device(device if type is None else type, index)

    def __init_subclass__(cls, **options: Any) -> None:
        raise ArgumentError("device is not a class to derive from: equal devices are one object", op="device")

    def __getattr__(self, name: str) -> Any:  # a slot that is not filled
        if name in ("backend", "kinds"):
            return getattr(resolve(self), name)
        raise NameUnknownError(f"a device has no attribute {name!r}", op="device")

    def __setattr__(self, name: str, value: Any) -> None:
        raise NameUnknownError(f"attribute {name!r} of a device is not writable", op="device")

    def __str__(self) -> str:
        return self._name if self.index is None else f"{self._name}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        name = "" if self._name == self.type else f", backend={self._name!r}"
        return f"device(type={self.type!r}{index}{name})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Device, (self._name,) if self.index is None else (self._name, self.index)

    def __enter__(self) -> Device:
        around = _default.get()
        try:
            _default.set((self, around))
            return self
        except BaseException:  # an interrupt: without an entry there will be no exit
            _default.set(around)
            raise

    def __exit__(self, *exc: Any) -> None:
        _default.set(_default.get()[1] or _UNSET)


Default = tuple[Device | None, Any]  # the default device of a thread or task, and what it was around the `with`
_UNSET: Default = (None, None)
_default: ContextVar[Default] = ContextVar("flambeau_default_device", default=_UNSET)
_homes: dict[Device | None, Device] = {}  # default device -> where tensors go; emptied when backends change
VALUES: dict[tuple[str, int | None], Device] = {}  # every device that was named
DEVICES: dict[tuple[str, int | None], Device] = {}  # those that tensors are on, by their backend
FINDER: list[Any] = []  # contract.plugins puts itself here: what finds the backend that a name means
_names: dict[str, Device] = {}  # what users wrote -> the device in use; emptied when backends change


def _link(kinds: dict[DType, Kind]) -> None:
    """Points the kinds of a device at their relatives; again after the default dtype has changed."""
    for dtype, kind in kinds.items():
        kind.bool, kind.int64, kind.real = kinds[dtypes.bool], kinds[dtypes.int64], kinds[dtype.real]
        kind.complex = kinds[dtype.complex]
        kind.single = kinds[dtypes.float32] if dtype in dtypes.HALVES else None
        kind.floating = kind if dtype.category > 1 else kinds[get_default_dtype()]
        kind.summed = kind if dtype.category > 1 else kinds[dtypes.int64]


def relink() -> None:
    """After the default dtype changed: integer kinds divide into another floating kind."""
    with LOADING:
        for device in DEVICES.values():
            _link(device.kinds)


def forget(backend: str) -> None:
    """After a backend was declared or withdrawn: names are resolved anew, and it gets devices of its own.

    The caller holds LOADING.
    """
    _names.clear()
    _homes.clear()
    for place in [place for place in DEVICES if place[0] == backend]:
        del DEVICES[place]
    for key, device in list(VALUES.items()):
        if device._name == backend or (device._home is not None and not _serves(device._home, device._name)):
            del VALUES[key]
    for home in DEVICES.values():
        if _serves(home, home._name):
            VALUES[home._name, home.index] = home  # it may have stood back for the other one


def _serves(home: Device, name: str) -> bool:
    """Whether a device in use is still the one that its name, or another's, means."""
    backend: str = home.backend.name
    return any(place[0] == backend for place in DEVICES) and FINDER[0].served_by(name) == backend


def default_device() -> Device:
    """The device of tensors made without naming one."""
    chosen = _default.get()[0]
    return _homes.get(chosen) or _found(chosen)


def _found(chosen: Device | None) -> Device:
    device = as_device("cpu") if chosen is None else chosen
    home = resolve(device)
    if device._home is not None:
        _homes[chosen] = home
    return home


def get_default_device() -> Device:
    """The device of tensors made without naming one, as set by `set_default_device`, with its index.

    Raises DeviceNotAvailableError where "cuda" was set and there is none.
    """
    device = _default.get()[0]
    return default_device() if device is None or device.index is None else device


def set_default_device(device: Any) -> None:
    """Makes `device` (a Device, a string, or None for the preferred CPU backend) the default.

    Whether it is there shows when the first tensor is made. Every thread has a default of its own, as in PyTorch.
    """
    _default.set((None if device is None else as_device(device), _default.get()[1]))


def as_device(device: Any, index: Any = None) -> Device:
    """The value that a user's argument names: a Device, a string such as "cpu" or "cuda:1", or an accelerator's number.

    Nothing is looked for but a name that is none of PyTorch's device types.
    """
    if type(device) is Device and index is None:
        return device
    if type(device) is int and index is None:
        return _value(*_accelerator(device))
    if not isinstance(device, str):
        raise ArgumentError(f"expected a device, a string or an int, got {device!r}", op="device")
    name, number = _parts(device)
    if index is not None and number is not None:
        raise DeviceError(f"the index {index!r} is given beside {device!r}, which has one", op="device", device=device)
    label, kind = FINDER[0].meant(name)
    return _value(label, kind, number if index is None else _index(index))


def _parts(text: str) -> tuple[str, int | None]:
    name, colon, number = text.partition(":")
    counted = number.isascii() and number.isdigit() and str(int(number)) == number
    if not name or (colon and not counted):
        raise DeviceError(f"invalid device string {text!r}: expected NAME or NAME:INDEX", op="device", device=text)
    return name, int(number) if colon else None


def _index(index: Any) -> int:
    if type(index) is not int:
        raise ArgumentError(f"the index of a device must be an int, got {index!r}", op="device")
    if index < 0:
        raise DeviceError(f"the index of a device must not be negative, got {index}", op="device")
    return index


def _accelerator(number: int) -> tuple[str, str, int]:
    """The device that a bare number means: one of the accelerator's; raises DeviceNotAvailableError for none."""
    kind = FINDER[0].accelerator()
    if kind is None:
        FINDER[0].backend_for("cuda", f"cuda:{_index(number)}")  # says what stands in the way
    return kind, kind, _index(number)


def _value(name: str, kind: str, index: int | None) -> Device:
    device = VALUES.get((name, index))
    if device is None:
        device = object.__new__(Device)
        for slot, value in (("_name", name), ("type", kind), ("index", index), ("_home", None)):
            object.__setattr__(device, slot, value)
        device = VALUES.setdefault((name, index), device)  # of two threads the first
    return device


def resolve(device: Any) -> Device:
    """The device that tensors are on when they are made on the one that a user's argument names; None: the default.

    Raises DeviceNotAvailableError, with the reason and the mend, where there is no such device.
    """
    if type(device) is Device:
        return device._home or _settle(device)
    if device is None:
        return default_device()
    if type(device) is not str:
        return resolve(as_device(device))
    found = _names.get(device)
    if found is None:
        value = as_device(device)
        found = resolve(value)
        if value._home is not None:
            _names[device] = found
    return found


def _settle(device: Device) -> Device:
    """Finds the backend of a device; remembers it unless another of several may become the current one."""
    backend = FINDER[0].backend_for(device._name, str(device))
    count, index = backend.device_count(), device.index
    if (index or 0) >= count:
        raise DeviceNotAvailableError(f"device {str(device)!r} is not available: backend {backend.name!r} has {count}"
                                      " device(s)", device=str(device), backend=backend.name)
    numbered = backend.device_type in TYPES[1:]
    if numbered:
        index = backend.current_device() if index is None else index
    elif count == 1:
        index = None
    home = DEVICES.get((backend.name, index)) or _furnished(backend, index)
    if not numbered or device.index is not None or count == 1:
        object.__setattr__(device, "_home", home)
    return home


def _furnished(backend: Any, index: int | None) -> Device:
    """The device of a backend, with what tensors on it need; seen by other threads once it is whole."""
    with LOADING:
        place, kind = (backend.name, index), backend.device_type
        if place in DEVICES:
            return DEVICES[place]
        home = _value(kind if FINDER[0].preferred(kind) is backend else backend.name, kind, index)
        object.__setattr__(home, "backend", backend.for_device(index))
        kinds = {dtype: Kind(dtype, home) for dtype in dtypes.ALL}
        _link(kinds)
        object.__setattr__(home, "kinds", kinds)
        DEVICES[place] = home
        object.__setattr__(home, "_home", home)
        return home
