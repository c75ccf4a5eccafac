"""PyTorch, eager, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..rows import Case
from ._torch_like import TorchLike

TITLE = "PyTorch"


def load(threads: int) -> tuple[str, dict[str, Callable[[], Case]], Callable[[Any], Any]]:
    """Version, the makers of the rows, and the way from a result to NumPy."""
    import torch

    torch.set_num_threads(threads)
    return str(torch.__version__), TorchLike(torch).cases(), lambda t: t.detach().numpy()
