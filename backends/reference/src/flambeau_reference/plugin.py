"""What the entry point names: light, the kernels load at first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flambeau.contract.backend import Status

if TYPE_CHECKING:
    from flambeau.contract.backend import Backend


class ReferenceDescriptor:
    """The reference backend as discovery sees it; it needs nothing but Python, so it is always usable."""

    name = "reference"
    device_type = "cpu"
    priority = 0

    def probe(self) -> Status:
        return Status("ok")

    def load(self) -> Backend:
        from .backend import ReferenceBackend

        return ReferenceBackend()


descriptor = ReferenceDescriptor()
