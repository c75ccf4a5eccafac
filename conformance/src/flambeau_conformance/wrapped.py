"""A backend with parts exchanged: how the suite is tried on bugs that nobody should ship.

`wrapped` copies a loaded backend, replaces kernels or methods, and registers the copy under a name
of its own, so that it gets devices and kernel slots of its own.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from flambeau.contract import plugins
from flambeau.contract.backend import Backend, Kernel, Status
from flambeau.dtypes import DType
from flambeau.errors import UnsupportedError

from .target import Target, load

Change = Callable[[Kernel], Kernel]


class WrappedDescriptor:
    """What discovery sees of a wrapped backend."""

    priority = -1000

    def __init__(self, backend: Backend) -> None:
        self.name, self.device_type, self.backend = backend.name, backend.device_type, backend

    def probe(self) -> Status:
        """Always usable: the backend is loaded already."""
        return Status("ok")

    def load(self) -> Backend:
        """The wrapped backend."""
        return self.backend


def wrapped(base: str, name: str, change: Mapping[str, Change] | None = None, add: Mapping[str, Kernel] | None = None,
            drop: tuple[str, ...] = (), **members: Any) -> Target:
    """The backend `base` under another name: kernels changed, added, dropped, other members replaced.

    Raises UnusableError if core refuses the result.
    """
    original = load(base)
    backend = copy.copy(original.backend)
    changes, added = dict(change or {}), dict(add or {})

    def kernel(op: str, dtype: DType) -> Kernel | None:
        if op in drop:
            return None
        found = added.get(op) or original.backend.kernel(op, dtype)
        found = changes[op](found) if op in changes and found is not None else found
        return _signed(found, base, name) if found is not None and original.lacks(dtype) else found

    def writer(op: str, dtype: DType) -> Kernel | None:
        exchanged = op in changes or op in added or op in drop
        return None if exchanged else original.backend.writer(op, dtype)

    members.setdefault("writer", writer)
    members.setdefault("for_device", lambda index: backend)
    members.setdefault("from_host", original.backend.from_host)
    members["from_host"] = _signed(members["from_host"], base, name)

    kernels = {**original.backend.kernels, **added}
    vars(backend).update({"name": name, "kernel": kernel, "kernels": {
        op: changes.get(op, _same)(k) for op, k in kernels.items() if op not in drop}, **members})
    plugins.register(WrappedDescriptor(backend))
    manifest = {**original.manifest, "backend": {**original.manifest.get("backend", {}), "name": name}}
    return Target(name, load(name).device, manifest)


def _signed(function: Callable[..., Any], base: str, name: str) -> Callable[..., Any]:
    """The function, its refusals in the wrapper's name instead of the base's."""
    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except UnsupportedError as error:
            if error.fields.get("backend") == base:
                error.fields["backend"] = name
            raise

    return call


def _same(kernel: Kernel) -> Kernel:
    return kernel
