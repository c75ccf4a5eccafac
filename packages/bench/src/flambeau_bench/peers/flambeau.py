"""flambeau on the NumPy backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..rows import Case
from ._torch_like import TorchLike

TITLE = "flambeau"


def load(threads: int) -> tuple[str, dict[str, Callable[[], Case]], Callable[[Any], Any]]:
    """Version, the makers of the rows, and the way from a result to NumPy."""
    import flambeau

    flambeau.set_default_device("numpy")
    return flambeau.__version__, TorchLike(flambeau).cases(), lambda t: t.detach().numpy()
