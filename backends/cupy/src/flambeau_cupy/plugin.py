"""What the entry point names: light, CuPy loads at first use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from .probe import probe

if TYPE_CHECKING:
    from flambeau.contract.backend import Status

    from .backend import CupyBackend


class CupyDescriptor:
    """The CUDA backend as discovery sees it."""

    name = "cupy"
    device_type = "cuda"
    priority = 10

    def probe(self) -> Status:
        """Whether CUDA can be used here, found out without importing CuPy and without a CUDA context."""
        return probe()

    def load(self) -> CupyBackend:
        """The backend; imports CuPy at the first call. Raises BackendError with the mend where that fails."""
        return _load()


@cache
def _load() -> CupyBackend:
    from .backend import load

    return load()


descriptor = CupyDescriptor()
