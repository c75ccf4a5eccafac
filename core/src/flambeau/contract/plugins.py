"""Finding backends: entry points of the group `flambeau.backends`, read once, at first use.

Each descriptor is read inside its own guard (discovery), so a plugin that raises at import is reported by
`flambeau.backends()` and never stops the others; one whose backend fails to load passes its device type on to the next.
Threads that come first together wait for one of them, and what they see is complete. pluggy and importlib.metadata are
imported only when a backend is looked for.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident  # `threading` takes a millisecond to import
from typing import Any

from ..errors import BackendError, BackendNotFoundError, ContractError, DeviceNotAvailableError, FlambeauError
from ..interrupts import pass_on
from ..table.registry import check_backend
from .backend import Backend, Status
from .device import FINDER, TYPES, forget
from .discovery import Installed, examine, merged, points, told
from .discovery import read_point as _read
from .locks import LOADING
from .threads import apply as apply_threads

GROUP = "flambeau.backends"
MENDS = {"cpu": "flambeau-numpy", "cuda": '"flambeau-cupy[cuda13]"'}  # what serves a type, where nothing does


class _State:
    def __init__(self) -> None:
        self.found: dict[str, Installed] | None = None
        self.reading: tuple[int, dict[str, Installed]] | None = None  # the thread that looks, and what it has by now
        self.preferred: dict[str, Backend] = {}


_state = _State()


def installed() -> dict[str, Installed]:
    """Every declared backend by name; reads the entry points at the first call."""
    found = _state.found
    return _discovered() if found is None else found


def _discovered() -> dict[str, Installed]:
    with LOADING:
        if _state.found is not None:
            return _state.found
        if _state.reading is not None and _state.reading[0] == get_ident():  # a plugin asks while it is read
            return _state.reading[1]
        _state.reading = get_ident(), {}
        try:
            _put(merged([_read(point) for point in points(GROUP)], installed()))
            from .hooks import declared

            _state.found = merged(declared(), installed())
            return _state.found
        finally:
            _state.reading = None


def _put(found: dict[str, Installed]) -> None:
    """Replaces the whole list: who goes through the former one is not disturbed."""
    if _state.found is None:
        _state.reading = get_ident(), found
    else:
        _state.found = found


def register(descriptor: Any) -> None:
    """Adds a backend without an entry point: what a test or a program does; it replaces one of the same name.

    Raises ContractError for a descriptor without a name; whatever else is wrong with it is its status.
    """
    entry = examine(lambda: descriptor, Installed("", f"{type(descriptor).__name__}"))
    if not entry.name:
        raise ContractError(f"no backend can be declared by {descriptor!r:.60}: {entry.status.reason}")
    with LOADING:
        _put({**installed(), entry.name: entry})
        _state.preferred.clear()
        forget(entry.name)


def withdraw(name: str) -> None:
    """Takes back a declared backend; tensors on it stay usable."""
    with LOADING:
        _put({known: entry for known, entry in installed().items() if known != name})
        _state.preferred.clear()
        forget(name)


def load(name: str) -> Backend:
    """The backend of that name, loaded and checked against the op table."""
    entry = installed().get(name)
    if entry is None:
        raise BackendNotFoundError(_unknown(name), op="device", device=name)
    return entry.backend or _load(entry)


def _load(entry: Installed) -> Backend:
    with LOADING:
        if entry.backend is not None:
            return entry.backend
        if not entry.status.ok:
            raise BackendError(_unusable(entry), op="device", backend=entry.name)
        try:
            entry.backend = _checked(entry, entry.descriptor.load())
            return entry.backend
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:
            pass_on(error)
            entry.fail(f"failed to load: {told(error)}")
            if isinstance(error, FlambeauError):
                raise
            raise BackendError(f"backend {entry.name!r} failed to load: {told(error)}", op="device",
                               backend=entry.name) from error


def _checked(entry: Installed, backend: Any) -> Backend:
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
    """The usable backend of that device type with the highest priority, or the one FLAMBEAU_BACKEND names.

    One that fails to load passes it on to the next, unless it was asked for by name; where none is left, what the
    first one raised is raised.
    """
    held = _state.preferred.get(device_type)
    return _prefer(device_type) if held is None else held


def _prefer(device_type: str) -> Backend | None:
    first: FlambeauError | None = None
    with LOADING:
        while (chosen := _choose(device_type)) is not None:
            try:
                _state.preferred[device_type] = load(chosen)
                return _state.preferred[device_type]
            except FlambeauError as error:  # it is no longer among those to choose from
                first = first or error
                _report(error)
                if chosen == os.environ.get("FLAMBEAU_BACKEND"):
                    break
    try:
        if first is not None:
            raise first
        return None
    finally:
        del first


def _report(error: FlambeauError) -> None:
    """Says on the log, which no filter for warnings turns into an error, that another backend takes over."""
    import logging

    logging.getLogger("flambeau").warning("%s; python -m flambeau doctor shows what is used instead", error)


def _choose(device_type: str) -> str | None:
    wanted = os.environ.get("FLAMBEAU_BACKEND")
    usable = [e for e in _of_type(device_type) if e.status.ok]
    if wanted and (device_type == "cpu" or any(e.name == wanted for e in usable)):
        return wanted
    usable.sort(key=lambda e: (-e.priority, e.name))
    return usable[0].name if usable else None


def _of_type(device_type: str) -> list[Installed]:
    return [e for e in installed().values() if e.device_type == device_type]


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
    kind = entry.device_type or name
    return (kind if kind == name or _stands_for(kind, name) else name), kind


def _stands_for(kind: str, name: str) -> bool:
    """Whether a backend is what its type means; it is loaded, for if it cannot be the type means another."""
    if served_by(kind) != name:
        return False
    try:
        return preferred(kind) is load(name)
    except FlambeauError:
        return False


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
