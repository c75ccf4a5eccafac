"""PyTorch programs on flambeau: after `activate()`, `import torch` and its submodules mean flambeau."""

from __future__ import annotations

from .activation import ActivationError, activate, deactivate, is_active

__version__ = "0.1.0"

__all__ = ["ActivationError", "activate", "deactivate", "is_active"]
