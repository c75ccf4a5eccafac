"""`torch.cuda.amp` without a GPU."""

from __future__ import annotations

from typing import Any

from ..amp import GradScaler
from ..amp import autocast as _autocast


class autocast(_autocast):
    """As `torch.autocast("cuda")`: off, with PyTorch's warning."""

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


__all__ = ["GradScaler", "autocast"]
