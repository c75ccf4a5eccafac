"""Differentiation: `backward`, `grad`, `Function`, and what is built on them."""

from __future__ import annotations

from ..engine import backward, grad
from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = ["backward", "enable_grad", "grad", "inference_mode", "no_grad", "set_grad_enabled"]
