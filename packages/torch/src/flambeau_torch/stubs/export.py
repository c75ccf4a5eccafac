"""`torch.export`: programs are not exported yet."""

from __future__ import annotations

from typing import Any

from flambeau.errors import UnsupportedError


class Dim:
    """The name and bounds of a size that may change."""

    AUTO, DYNAMIC, STATIC = "AUTO", "DYNAMIC", "STATIC"

    def __init__(self, name: str, *, min: int | None = None, max: int | None = None) -> None:
        self.name, self.min, self.max = name, min, max


def dims(*names: str, min: int | None = None, max: int | None = None) -> tuple[Dim, ...]:
    """Several sizes that may change."""
    return tuple(Dim(name, min=min, max=max) for name in names)


def export(*args: Any, **kwargs: Any) -> Any:
    """Raises UnsupportedError: programs are not exported yet."""
    raise UnsupportedError("programs are not exported yet", op="export.export")


load = save = export_for_training = default_decompositions = export

__all__ = ["Dim", "default_decompositions", "dims", "export", "export_for_training", "load", "save"]
