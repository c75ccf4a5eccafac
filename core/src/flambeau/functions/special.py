"""PyTorch's names of the special functions."""

from __future__ import annotations

from ..ops.special import erf, erfc, logaddexp, logaddexp2, logit, sigmoid, sinc, xlogy

__all__ = [
    "erf", "erfc", "logaddexp", "logaddexp2", "logit", "sigmoid", "sinc", "xlogy",
]
