"""Finding backends: entry points of the group `flambeau.backends`, read once, at first use.

Each descriptor is loaded inside its own guard, so a plugin that raises at import is reported by
`flambeau.backends()` and never stops the others. pluggy and importlib.metadata are imported only
when a backend is looked for.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from ..errors import BackendError, BackendNotFoundError, ContractError
from ..table.registry import check_backend
from .backend import Backend, Status
from .device import FINDER, forget

GROUP = "flambeau.backends"


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


def load(name: str) -> Backend:
    """The backend of that name, loaded and checked against the op table."""
    entry = installed().get(name)
    if entry is None:
        raise BackendNotFoundError(f"no backend or device is called {name!r}; installed: {_listing()}", op="device",
                                   device=name)
    if entry.backend is None:
        entry.backend = _load(entry)
    return entry.backend


def _load(entry: Installed) -> Backend:
    if not entry.status.ok:
        raise BackendError(f"backend {entry.name!r} cannot be used: {entry.status.reason or entry.status.code}; to mend"
                           f" it: {entry.status.fix}", op="device", backend=entry.name)
    try:
        backend: Backend = entry.descriptor.load()
    except Exception as error:
        raise BackendError(f"backend {entry.name!r} failed to load: {type(error).__name__}: {error}", op="device",
                           backend=entry.name) from error
    if not isinstance(backend, Backend):
        raise ContractError(f"backend {entry.name!r}: load() returned {type(backend).__name__}, not a"
                            " flambeau.contract.backend.Backend", backend=entry.name)
    check_backend(backend)
    return backend


def _listing() -> str:
    return ", ".join(repr(n) for n in sorted(installed())) or "none (pip install flambeau-numpy)"


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
    usable = [e for e in installed().values() if e.status.ok and e.descriptor.device_type == device_type]
    if wanted and (device_type == "cpu" or any(e.name == wanted for e in usable)):
        return wanted
    usable.sort(key=lambda e: (-e.descriptor.priority, e.name))
    return usable[0].name if usable else None


def backend_for(name: str) -> Backend:
    """The backend that a device string's name means: a device type, or a backend's own name."""
    if name in installed():
        return load(name)
    backend = preferred(name)
    if backend is not None:
        return backend
    same_type = [e for e in installed().values() if e.descriptor is not None and e.descriptor.device_type == name]
    if same_type:
        return load(same_type[0].name)
    if name == "cpu":
        raise BackendNotFoundError("no usable CPU backend is installed: pip install flambeau-numpy", op="device")
    raise BackendNotFoundError(f"no backend or device is called {name!r}; installed: {_listing()}", op="device",
                               device=name)


def backends() -> dict[str, Status]:
    """What is installed and whether it can be used: backend name to Status.

    >>> import flambeau
    >>> flambeau.backends()["numpy"].ok
    True
    """
    return {name: entry.status for name, entry in sorted(installed().items())}


FINDER.append(sys.modules[__name__])
