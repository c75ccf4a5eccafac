"""PyTorch's functions of matrices; those of `torch.linalg` are published by `flambeau.linalg`."""

from __future__ import annotations

from .older import (
    cholesky_inverse,
    cholesky_solve,
    inverse,
    logdet,
    lstsq,
    pinverse,
    solve,
    triangular_solve,
)
from .solutions import det, matrix_exp, matrix_power, slogdet

__all__ = ["cholesky_inverse", "cholesky_solve", "det", "inverse", "logdet", "lstsq", "matrix_exp", "matrix_power",
           "pinverse", "slogdet", "solve", "triangular_solve"]
