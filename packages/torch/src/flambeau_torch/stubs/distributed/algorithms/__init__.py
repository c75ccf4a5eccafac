"""`torch.distributed.algorithms`."""

from __future__ import annotations

from . import _checkpoint as _checkpoint
