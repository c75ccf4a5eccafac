"""`torch.utils.hooks`: the handle that takes a hook back."""

from __future__ import annotations

from flambeau.nn._hooks import RemovableHandle

__all__ = ["RemovableHandle"]
