"""Reading what is declared: each plugin's code runs in its own guard, and what it raises becomes its status.

Whatever a plugin does short of ending the process by force (SystemExit included) stops itself alone; KeyboardInterrupt
is the user's and passes. importlib.metadata is imported only when something is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..errors import ContractError, FlambeauError
from ..interrupts import pass_on
from .backend import Backend, Status


class Installed:
    """One declared backend: its descriptor (None where it is not usable as one), and the backend once loaded."""

    __slots__ = ("backend", "descriptor", "device_type", "distribution", "name", "priority", "source", "status",
                 "version")

    def __init__(self, name: str, source: str = "", distribution: str = "", version: str = "") -> None:
        self.name, self.source = name, source
        self.distribution, self.version = distribution, version
        self.device_type, self.priority = "", 0
        self.descriptor: Any = None
        self.status = Status("broken", "it was not read")
        self.backend: Backend | None = None

    @property
    def origin(self) -> str:
        """Who declares it, for messages."""
        where = f"{self.distribution} {self.version}".strip()
        return f"{where} ({self.source})" if where else self.source

    def fail(self, reason: str) -> None:
        """Notes why it cannot be used."""
        self.status = Status("broken", reason, f"reinstall or remove {self.distribution or self.source or self.name}")


def told(error: BaseException) -> str:
    """Class and text of what foreign code raised, whatever its `str` does."""
    try:
        return str(error) if isinstance(error, FlambeauError) else f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def read_point(point: Any) -> Installed:
    """The backend that an entry point declares."""
    return examine(point.load, _unread(point))


def _unread(point: Any) -> Installed:
    entry = Installed(point.name, getattr(point, "value", ""))
    try:
        entry.distribution, entry.version = str(point.dist.name), str(point.dist.version)
    except Exception:  # none, or one whose metadata is damaged
        return entry
    return entry


def examine(load: Callable[[], Any], entry: Installed) -> Installed:
    """Fills `entry` from the descriptor that `load` gives; whatever is wrong with it becomes the status."""
    try:
        descriptor = load()
        entry.name = _named(descriptor)
        entry.device_type = _member(descriptor, "device_type", str)
        entry.priority = _member(descriptor, "priority", int)
        entry.status = _answer(descriptor.probe())
        entry.descriptor = descriptor
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        pass_on(error)
        entry.fail(told(error))
    return entry


def _named(descriptor: Any) -> str:
    name: str = _member(descriptor, "name", str)
    if not name or ":" in name:
        raise ContractError(f"the name of a backend is not empty and has no colon, got {name!r}")
    return name


def _member(descriptor: Any, name: str, kind: type) -> Any:
    missing = object()
    value = getattr(descriptor, name, missing)
    if value is missing:
        raise ContractError(f"the descriptor has no {name}; the contract asks for one of type {kind.__name__}")
    if type(value) is not kind:
        raise ContractError(f"the descriptor's {name} must be of type {kind.__name__}, got {value!r:.60}")
    return value


def _answer(status: Any) -> Status:
    if not isinstance(status, Status) or not all(isinstance(part, str) for part in status):
        raise ContractError(f"probe() must return a Status of three strings, got {status!r:.60}")
    return status


def merged(entries: Iterable[Installed], found: dict[str, Installed]) -> dict[str, Installed]:
    """Adds `entries` to `found` by name: a broken one never hides another, two sound ones of one name are an error."""
    for entry in entries:
        other = found.get(entry.name)
        if other is not None and other.descriptor is None:
            found[entry.name], entry = entry, other
        if other is None or entry.descriptor is None:
            _file(entry, found)
        elif other.descriptor is not entry.descriptor:
            found[entry.name] = _clash(other, entry)
    return found


def _file(entry: Installed, found: dict[str, Installed]) -> None:
    """Under its name, or under what declares it where the name is another's."""
    if entry.name in found:
        entry.name = entry.origin
    found[entry.name] = entry


def _clash(*both: Installed) -> Installed:
    first, second = sorted(both, key=lambda entry: entry.origin)
    made = Installed(first.name, first.source, f"{first.distribution or first.source} and"
                     f" {second.distribution or second.source}")
    made.device_type, made.descriptor = first.device_type, first.descriptor
    made.status = Status("ambiguous", f"two distributions declare a backend of that name, {first.origin} and"
                         f" {second.origin}", "uninstall one of them")
    return made


def points(group: str) -> list[Any]:
    """The entry points of a group; where a distribution's list cannot be read, those of all others."""
    from importlib.metadata import entry_points

    try:
        return list(entry_points(group=group))
    except Exception as error:
        pass_on(error)
        return _points_one_by_one(group)


def _points_one_by_one(group: str) -> list[Any]:
    from importlib.metadata import distributions

    found: dict[str, list[Any]] = {}
    for dist in distributions():
        try:
            name = str(dist.name)
            if name not in found:  # of two copies on the path the first counts
                found[name] = [point for point in dist.entry_points if point.group == group]
        except Exception as error:
            pass_on(error)
            if f"[{group}]" in (dist.read_text("entry_points.txt") or ""):
                found[name] = [_Unreadable(name, dist, error)]
    return [point for declared in found.values() for point in declared]


class _Unreadable:
    """Stands for the entry points of a distribution whose list is malformed."""

    value = "entry_points.txt"

    def __init__(self, name: str, dist: Any, error: Exception) -> None:
        self.name, self.dist, self.error = name, dist, error

    def load(self) -> Any:
        raise self.error
