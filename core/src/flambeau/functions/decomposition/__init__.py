"""PyTorch's names of matrix factorisations; those of `torch.linalg` are published by `flambeau.linalg`."""

from __future__ import annotations

from .lowrank import pca_lowrank, svd_lowrank
from .older import cholesky, eig, geqrf, lu, lu_solve, lu_unpack, orgqr, ormqr, qr, svd, symeig

__all__ = ["cholesky", "eig", "geqrf", "lu", "lu_solve", "lu_unpack", "orgqr", "ormqr", "pca_lowrank", "qr", "svd",
           "svd_lowrank", "symeig"]
