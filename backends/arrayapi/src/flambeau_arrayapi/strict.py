"""The descriptor of the backend over array_api_strict, which raises on whatever the standard does not promise.

Nobody computes with it: it proves that the kernels here use nothing but the standard.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from flambeau.contract.backend import Status

if TYPE_CHECKING:
    from .backend import ArrayApiBackend


class StrictDescriptor:
    """What core learns about the backend before it loads it."""

    name = "array-api-strict"
    device_type = "array-api-strict"
    priority = -10

    def probe(self) -> Status:
        """Whether the package is there to be imported."""
        if find_spec("array_api_strict") is not None:
            return Status("ok")
        return Status("not-installed", "the package array_api_strict cannot be found",
                      "python -m pip install array-api-strict")

    def load(self) -> ArrayApiBackend:
        """The backend; imports array_api_strict at the first call."""
        return _load()


@cache
def _load() -> ArrayApiBackend:
    import array_api_strict

    from .backend import ArrayApiBackend

    # array_api_strict computes with NumPy, which warns of inf and nan; here they are answers.
    warnings.filterwarnings("ignore", r"(divide by zero|overflow|underflow|invalid value) encountered", RuntimeWarning,
                            r"array_api_strict|numpy\._core")
    return ArrayApiBackend(array_api_strict, name=StrictDescriptor.name, device_type=StrictDescriptor.device_type)


descriptor = StrictDescriptor()
