"""What two libraries agree on where factors are unique only up to signs, phases and order.

Each function takes the result of one library, whose tensors answer the same methods, and gives what is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _svd(result: Any, adjoint: bool) -> list[Any]:
    U, S, V = result
    V = V.transpose(-2, -1).conj() if adjoint else V
    k = S.shape[-1]
    U, V = U[..., :k], V[..., :k, :]
    return [S, U.abs(), V.abs(), (U * S.unsqueeze(-2).to(U.dtype)) @ V]


def _qr(result: Any) -> list[Any]:
    Q, R = result
    return [R.abs()] if not Q.shape[-1] or Q.ndim < 2 else [R.abs(), Q[..., : R.shape[-2]] @ R]


def _vectors(result: Any) -> list[Any]:
    return [result[0], result[1].abs()]


INVARIANTS: dict[str, Callable[[Any], list[Any]]] = {
    "linalg.svd": lambda r: _svd(r, False), "svd": lambda r: _svd(r, True),
    "svd_lowrank": lambda r: _svd(r, True), "pca_lowrank": lambda r: _svd(r, True),
    "linalg.qr": _qr, "qr": _qr, "linalg.eigh": _vectors, "linalg.eig": _vectors,
}


def compared(name: str, result: Any) -> Any:
    """The result, or what is unique of it."""
    return result if isinstance(result, Exception) or name not in INVARIANTS else INVARIANTS[name](result)
