"""Mixed precision: `GradScaler` scales losses and gradients; `autocast` picks the dtypes of what is computed.

Where there is no CUDA device, both are off for CUDA with PyTorch's warning.
"""

from __future__ import annotations

from ..spelling import public
from .autocast_mode import autocast, custom_bwd, custom_fwd, is_autocast_available
from .grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
__getattr__, __dir__ = public(__name__)
