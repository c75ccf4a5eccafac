"""The descriptor that the entry point names; importing it does not import JAX."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from flambeau.contract.backend import Status

if TYPE_CHECKING:
    from .backend import JaxBackend


class JaxDescriptor:
    """What core learns about the backend before it loads it."""

    name = "jax"
    device_type = "jax"
    priority = 0

    def probe(self) -> Status:
        """Whether JAX is there to be imported."""
        if find_spec("jax") is not None:
            return Status("ok")
        return Status("not-installed", "the package jax cannot be found", "python -m pip install jax")

    def load(self) -> JaxBackend:
        """The backend; imports JAX at the first call."""
        return _load()


@cache
def _load() -> JaxBackend:
    from .backend import JaxBackend

    return JaxBackend()


descriptor = JaxDescriptor()
