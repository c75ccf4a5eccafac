"""Covariances in their three forms, and what densities ask of Cholesky factors; all over batches."""

from __future__ import annotations

from typing import Any

from ..errors import ValueRangeError
from ..functions import eye, flip, matmul
from ..tensors.tensor import Tensor
from .distribution import Distribution
from .utils import lazy_property


def cholesky(matrix: Tensor) -> Tensor:
    """The lower Cholesky factor."""
    from .. import linalg

    return linalg.cholesky(matrix)


def solve_lower(factor: Tensor, right: Tensor) -> Tensor:
    """The x with factor @ x = right, for a lower triangular factor."""
    from .. import linalg

    return linalg.solve_triangular(factor, right, upper=False)


def identity_like(factor: Tensor) -> Tensor:
    """The identity matrix of a factor's size, dtype and device."""
    return eye(factor.shape[-1], dtype=factor.dtype, device=factor.device)


def mv(matrix: Tensor, vector: Tensor) -> Tensor:
    """matrix @ vector."""
    return matmul(matrix, vector.unsqueeze(-1)).squeeze(-1)


def log_diagonal(factor: Tensor) -> Tensor:
    """The sum of the logarithms of the diagonal: half the log determinant of factor @ factor.mT."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def mahalanobis(factor: Tensor, x: Tensor) -> Tensor:
    """The squared Mahalanobis distance x.T (factor @ factor.mT)^-1 x."""
    return solve_lower(factor, x.unsqueeze(-1)).squeeze(-1).pow(2).sum(-1)


def trace_of_square(matrix: Tensor) -> Tensor:
    """The trace of matrix @ matrix.mT."""
    return matrix.pow(2).sum((-2, -1))


def precision_to_factor(precision: Tensor) -> Tensor:
    """The lower Cholesky factor of the inverse: the factor of the matrix turned around, inverted and turned back."""
    turned = flip(cholesky(flip(precision, (-2, -1))), (-2, -1))
    return solve_lower(turned.mT, identity_like(precision))


class WithCovariance(Distribution):
    """A family with a positive definite matrix, given as covariance, precision or lower Cholesky factor.

    The others are worked out if asked for; all computation runs on the factor, before it is expanded.
    """

    _unbroadcasted_scale_tril: Tensor

    def _set_matrix(self, forms: dict[str, Any], batch_shape: Any) -> None:
        """Keeps the one matrix that is given, expanded to the batch."""
        name, matrix = next((name, m) for name, m in forms.items() if m is not None)
        setattr(self, name, matrix.expand((*batch_shape, -1, -1)))

    def _set_factor(self, forms: dict[str, Any]) -> None:
        if forms["scale_tril"] is not None:
            self._unbroadcasted_scale_tril = forms["scale_tril"]
        elif forms["covariance_matrix"] is not None:
            self._unbroadcasted_scale_tril = cholesky(forms["covariance_matrix"])
        else:
            self._unbroadcasted_scale_tril = precision_to_factor(forms["precision_matrix"])

    def _expand_matrices(self, new: Any, batch_shape: Any) -> None:
        for name in ("covariance_matrix", "scale_tril", "precision_matrix"):
            if name in self.__dict__:
                matrix = self.__dict__[name]
                setattr(new, name, matrix.expand((*batch_shape, *matrix.shape[-2:])))

    def _spread(self, matrix: Tensor) -> Tensor:
        """A matrix over the whole batch."""
        return matrix.expand((*self._batch_shape, *matrix.shape[-2:]))

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        return self._spread(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        return self._spread(matmul(self._unbroadcasted_scale_tril, self._unbroadcasted_scale_tril.mT))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        factor = self._unbroadcasted_scale_tril
        inverse = solve_lower(factor, identity_like(factor))
        return self._spread(matmul(inverse.mT, inverse))


def require_matrix(name: str, matrix: Tensor) -> None:
    """Raises ValueRangeError for fewer than two dims."""
    if matrix.dim() < 2:
        raise ValueRangeError(f"{name} must be at least two-dimensional, with optional leading batch dimensions")
