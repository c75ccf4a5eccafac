"""`torch.linalg`'s singular values and eigenvalues."""

from __future__ import annotations

from typing import Any

from ...errors import ValueRangeError
from ...modes import grad_enabled
from ...ops.decomposition import eig_op, eigh_op, eigvalsh_op, svd_op, svdvals_op
from ...tensors.tensor import Tensor, unmapped
from .checks import require_floating, require_matrix, require_square, stored


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None, out: Any = None) -> Any:
    """U, S and Vh with A = U @ diag(S) @ Vh: orthonormal columns, descending singular values, orthonormal rows.

    A (*, m, n), k = min(m, n): U (*, m, m) and Vh (*, n, n) with `full_matrices`, else (*, m, k) and (*, k, n).
    `driver` chooses among CUDA's algorithms in PyTorch; on other devices it must be None. Raises LinAlgError for
    matrices with nan or infinities.

    >>> import flambeau
    >>> flambeau.linalg.svd(flambeau.tensor([[0.0, 2.0], [1.0, 0.0]])).S
    tensor([2., 1.])
    """
    _require_singular("linalg.svd", A, driver)
    return stored(svd_op, svd_op(A, full_matrices), out)


def _require_singular(op: str, A: Tensor, driver: str | None) -> None:
    require_matrix(op, A)
    require_floating(op, A)
    if driver is not None and (A.device.type != "cuda" or driver not in ("gesvd", "gesvdj", "gesvda")):
        raise ValueRangeError(f"keyword argument `driver=` is only supported on CUDA inputs, got driver={driver!r}",
                              op=op)


def svdvals(A: Tensor, *, driver: str | None = None, out: Tensor | None = None) -> Tensor:
    """The singular values in descending order.

    >>> import flambeau
    >>> flambeau.linalg.svdvals(flambeau.tensor([[0.0, 2.0], [1.0, 0.0]]))
    tensor([2., 1.])
    """
    _require_singular("linalg.svdvals", A, driver)
    made = svd_op(A, False)[1] if A._requires_grad and grad_enabled() else svdvals_op(A)
    return stored(svdvals_op, made, out)  # type: ignore[no-any-return]


def eigh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> Any:
    """Ascending eigenvalues and orthonormal eigenvectors of Hermitian matrices, of which one triangle is read.

    >>> import flambeau
    >>> flambeau.linalg.eigh(flambeau.tensor([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    tensor([1., 3.])
    """
    return stored(eigh_op, eigh_op(A, _triangle("linalg.eigh", A, UPLO)), out)


def _triangle(op: str, A: Tensor, UPLO: str) -> str:
    require_square(op, A)
    require_floating(op, A)
    if str(UPLO).upper() not in ("L", "U"):
        raise ValueRangeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}", op=op)
    return UPLO.upper()


def eigvalsh(A: Tensor, UPLO: str = "L", *, out: Tensor | None = None) -> Tensor:
    """The ascending eigenvalues of Hermitian matrices."""
    triangle = _triangle("linalg.eigvalsh", A, UPLO)
    made = eigh_op(A, triangle)[0] if A._requires_grad and grad_enabled() else eigvalsh_op(A, triangle)
    return stored(eigvalsh_op, made, out)  # type: ignore[no-any-return]


def eig(A: Tensor, *, out: Any = None) -> Any:
    """Eigenvalues and eigenvectors, as columns of norm one, of square matrices; complex, in no order.

    >>> import flambeau
    >>> flambeau.linalg.eig(flambeau.tensor([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues
    tensor([0.+1.j, 0.-1.j])
    """
    require_square("linalg.eig", A)
    require_floating("linalg.eig", A)
    _require_finite("linalg.eig", A)
    return stored(eig_op, eig_op(A), out)


def _require_finite(op: str, A: Tensor) -> None:
    if not bool(unmapped(A.detach().isfinite()).all()):
        raise ValueRangeError("input tensor should not contain infs or NaNs.", op=op)


def eigvals(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The eigenvalues of square matrices; complex, in no order."""
    require_square("linalg.eigvals", A)
    require_floating("linalg.eigvals", A)
    _require_finite("linalg.eigvals", A)
    return stored(eig_op, eig_op(A)[0], out)  # type: ignore[no-any-return]
