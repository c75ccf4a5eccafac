"""Finding backends: entry points of the group `flambeau.backends`, read once, at first use.

Each descriptor is loaded inside its own guard, so a plugin that raises at import is reported by
`flambeau.backends()` and never stops the others. pluggy and importlib.metadata are imported only
when a backend is looked for.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from ..errors import BackendError, BackendNotFoundError, ContractError, DeviceNotAvailableError
from ..table.registry import check_backend
from .backend import Backend, Status
from .device import FINDER, TYPES, forget
from .threads import apply as apply_threads

GROUP = "flambeau.backends"
MENDS = {"cpu": "flambeau-numpy", "cuda": '"flambeau-cupy[cuda13]"'}  # what serves a type, where nothing does


class Installed:
    """One installed backend: its descriptor (or why it has none), and the backend once loaded."""

    __slots__ = ("backend", "descriptor", "distribution", "name", "status", "version")

    def __init__(self, name: str, descriptor: Any, status: Status, distribution: str = "", version: str = "") -> None:
        self.name, self.descriptor, self.status = name, descriptor, status
        self.distribution, self.version = distribution, version
        self.backend: Backend | None = None


class _State:
    def __init__(self) -> None:
        self.found: dict[str, Installed] | None = None
        self.preferred: dict[str, Backend] = {}


_state = _State()


def installed() -> dict[str, Installed]:
    """Every declared backend by name; reads the entry points at the first call."""
    if _state.found is None:
        from importlib.metadata import entry_points

        _state.found = {}
        for point in entry_points(group=GROUP):
            entry = _read(point)
            _state.found[entry.name] = entry
        _call_hooks(_state.found)
    return _state.found


def _read(point: Any) -> Installed:
    dist = getattr(point, "dist", None)
    where = (dist.name, dist.version) if dist is not None else ("", "")
    try:
        descriptor = point.load()
        status = descriptor.probe()
        return Installed(descriptor.name, descriptor, status, *where)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        return Installed(point.name, None, Status("broken", reason, f"reinstall or remove {where[0] or point.value}"),
                         *where)


def _call_hooks(found: dict[str, Installed]) -> None:
    """Plugins of the pluggy project "flambeau" may add descriptors of their own."""
    from .hooks import manager

    for descriptors in manager().hook.flambeau_backends():
        for descriptor in descriptors:
            register(descriptor, found)


def register(descriptor: Any, found: dict[str, Installed] | None = None) -> None:
    """Adds a backend without an entry point: what a test or a plugin does."""
    found = installed() if found is None else found
    try:
        status = descriptor.probe()
    except Exception as error:
        status = Status("broken", f"{type(error).__name__}: {error}", "mend the descriptor's probe")
    found[descriptor.name] = Installed(descriptor.name, descriptor, status)
    _state.preferred.clear()
    forget(descriptor.name)


def withdraw(name: str) -> None:
    """Takes back a declared backend; tensors on it stay usable."""
    installed().pop(name, None)
    _state.preferred.clear()
    forget(name)


def load(name: str) -> Backend:
    """The backend of that name, loaded and checked against the op table."""
    entry = installed().get(name)
    if entry is None:
        raise BackendNotFoundError(_unknown(name), op="device", device=name)
    if entry.backend is None:
        entry.backend = _load(entry)
    return entry.backend


def _load(entry: Installed) -> Backend:
    if not entry.status.ok:
        raise BackendError(_unusable(entry), op="device", backend=entry.name)
    try:
        backend: Backend = entry.descriptor.load()
    except Exception as error:
        raise BackendError(f"backend {entry.name!r} failed to load: {type(error).__name__}: {error}", op="device",
                           backend=entry.name) from error
    if not isinstance(backend, Backend):
        raise ContractError(f"backend {entry.name!r}: load() returned {type(backend).__name__}, not a"
                            " flambeau.contract.backend.Backend", backend=entry.name)
    check_backend(backend)
    apply_threads(backend)
    return backend


def _unknown(name: str) -> str:
    return f"no backend or device is called {name!r}; installed: {_listing()}"


def loaded() -> list[Backend]:
    """The backends that are in use: looking for none, loading none."""
    return [entry.backend for entry in (_state.found or {}).values() if entry.backend is not None]


def _listing() -> str:
    return ", ".join(repr(n) for n in sorted(installed())) or "none"


def _unusable(entry: Installed) -> str:
    status = entry.status
    return f"backend {entry.name!r} cannot be used: {status.reason or status.code}; to mend it: {status.fix}"


def preferred(device_type: str) -> Backend | None:
    """The usable backend of that device type with the highest priority, or the one FLAMBEAU_BACKEND names."""
    if device_type not in _state.preferred:
        chosen = _choose(device_type)
        if chosen is None:
            return None
        _state.preferred[device_type] = load(chosen)
    return _state.preferred[device_type]


def _choose(device_type: str) -> str | None:
    wanted = os.environ.get("FLAMBEAU_BACKEND")
    usable = [e for e in _of_type(device_type) if e.status.ok]
    if wanted and (device_type == "cpu" or any(e.name == wanted for e in usable)):
        return wanted
    usable.sort(key=lambda e: (-e.descriptor.priority, e.name))
    return usable[0].name if usable else None


def _of_type(device_type: str) -> list[Installed]:
    return [e for e in installed().values() if e.descriptor is not None and e.descriptor.device_type == device_type]


def meant(name: str) -> tuple[str, str]:
    """Name and type of the device that a string's name means; raises BackendNotFoundError for an unknown one.

    A type of PyTorch's means itself, a backend that is the preferred one of its type that type.
    """
    if name in TYPES or (name not in installed() and _of_type(name)):
        return name, name
    entry = installed().get(name)
    if entry is None:
        raise BackendNotFoundError(f"{_unknown(name)}; device types of PyTorch: {', '.join(TYPES)}", op="device",
                                   device=name)
    kind = name if entry.descriptor is None else entry.descriptor.device_type
    return (kind if served_by(kind) == name else name), kind


def served_by(name: str) -> str | None:
    """The backend that a device's name, a type or a backend, means; None where no usable one is installed."""
    if name in installed():
        return name
    held = _state.preferred.get(name)
    return _choose(name) if held is None else held.name


def accelerator() -> str | None:
    """The first of PyTorch's device types beside "cpu" that a usable backend serves."""
    return next((kind for kind in TYPES[1:] if served_by(kind)), None)


def is_loaded(device_type: str) -> bool:
    """Whether the backend of that type has been used."""
    return device_type in _state.preferred


def backend_for(name: str, device: str) -> Backend:
    """The backend that serves `device`, whose name is `name`; raises DeviceNotAvailableError with reason and mend."""
    chosen = served_by(name)
    entry = next(iter(_of_type(name)), None) if chosen is None else installed().get(chosen)
    if chosen is not None and (entry is None or entry.status.ok):
        return preferred(name) or load(chosen)
    reason = _unserved(name) if entry is None else _unusable(entry)
    raise DeviceNotAvailableError(f"device {device!r} is not available: {reason}", device=device)


def _unserved(name: str) -> str:
    mend = f"python -m pip install {MENDS[name]}" if name in MENDS else "install or write a backend for it" \
        " (docs/guides/write-a-backend.md)"
    return f"no installed backend serves devices of type {name!r} (installed: {_listing()}); to mend it: {mend}"


def backends() -> dict[str, Status]:
    """What is installed and whether it can be used: backend name to Status.

    >>> import flambeau
    >>> flambeau.backends()["numpy"].ok
    True
    """
    return {name: entry.status for name, entry in sorted(installed().items())}


FINDER.append(sys.modules[__name__])
