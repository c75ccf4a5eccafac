"""The descriptor that the entry point names; importing it imports no array library."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from flambeau.contract.backend import Status

if TYPE_CHECKING:
    from .backend import NumpyBackend

_NEEDED = ("numpy", "ml_dtypes", "scipy", "threadpoolctl")


class NumpyDescriptor:
    """What core learns about the NumPy backend before it loads it."""

    name = "numpy"
    device_type = "cpu"
    priority = 10

    def probe(self) -> Status:
        """Whether the libraries are there to be imported."""
        missing = [name for name in _NEEDED if find_spec(name) is None]
        if not missing:
            return Status("ok")
        return Status("not-installed", f"{', '.join(missing)} cannot be found",
                      f"python -m pip install {' '.join(missing)}")

    def load(self) -> NumpyBackend:
        """The backend; imports NumPy and ml_dtypes at the first call."""
        return _load()


@cache
def _load() -> NumpyBackend:
    from .backend import NumpyBackend

    return NumpyBackend()


descriptor = NumpyDescriptor()
