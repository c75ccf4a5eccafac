"""Approximate singular values of large matrices of low rank, by a few products with random vectors.

After algorithms 4.4 and 5.1 of Halko, Martinsson and Tropp, "Finding structure with randomness" (2009).
"""

from __future__ import annotations

from ...errors import ValueRangeError
from ...ops.decomposition import adjoint, qr_op, svd_op
from ...ops.linalg import matmul
from ...tensors.tensor import Tensor
from ..random.sampling import randn
from ..reduce.reductions import mean
from .checks import require_floating, require_matrix


def _basis(A: Tensor, q: int, niter: int) -> Tensor:
    """q orthonormal columns Q with Q @ Q^H @ A near A."""
    start = randn(A._array.shape[-1], q, dtype=A.dtype, device=A.device)
    Q = qr_op(matmul(A, start))[0]
    for _ in range(niter):
        Q = qr_op(matmul(adjoint(A), Q))[0]
        Q = qr_op(matmul(A, Q))[0]
    return Q  # type: ignore[no-any-return]


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None,
                ) -> tuple[Tensor, Tensor, Tensor]:
    """U, S and V with A - M near U @ diag(S) @ V^H, for the `q` largest singular values.

    >>> import flambeau
    >>> flambeau.svd_lowrank(flambeau.ones(3, 4), q=1)[1]
    tensor([3.4641])
    """
    require_matrix("svd_lowrank", A)
    require_floating("svd_lowrank", A)
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    A = A if M is None else A - M.broadcast_to(A.size())
    wide = A._array.shape[-2] < A._array.shape[-1]
    A = adjoint(A) if wide else A
    Q = _basis(A, q, niter)
    U, S, Vh = svd_op(matmul(adjoint(Q), A), False)
    U, V = matmul(Q, U), adjoint(Vh)
    return (V, S, U) if wide else (U, S, V)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2,
                ) -> tuple[Tensor, Tensor, Tensor]:
    """`svd_lowrank` of samples (*, m, n) less their mean, unless `center` is False: V holds the principal directions.

    >>> import flambeau
    >>> flambeau.pca_lowrank(flambeau.tensor([[0.0, 1.0], [0.0, 3.0]]), q=1)[2].abs()
    tensor([[0.],
            [1.]])
    """
    require_matrix("pca_lowrank", A)
    require_floating("pca_lowrank", A)
    m, n = A._array.shape[-2:]
    q = min(6, m, n) if q is None else q
    if not 0 <= q <= min(m, n):
        raise ValueRangeError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}",
                              op="pca_lowrank")
    if niter < 0:
        raise ValueRangeError(f"niter(={niter}) must be non-negative integer", op="pca_lowrank")
    return svd_lowrank(A - mean(A, -2, True) if center else A, q, niter)
