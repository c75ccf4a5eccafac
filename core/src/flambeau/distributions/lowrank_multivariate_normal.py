"""The multivariate normal distribution with a covariance of low rank plus a diagonal."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ShapeError, ValueRangeError
from ..functions import broadcast_tensors, diag_embed, matmul
from ..tensors.tensor import Size, Tensor
from . import constraints
from ._matrices import cholesky, identity_like, log_diagonal, mahalanobis, mv, solve_lower
from .distribution import Distribution
from .utils import lazy_property, standard_normal


class LowRankMultivariateNormal(Distribution):
    """Normal vectors of mean `loc` and covariance cov_factor @ cov_factor.mT + diag(cov_diag), factor (..., n, m).

    With m much smaller than n, densities cost m^3 instead of n^3, by Woodbury's matrix identity and the matrix
    determinant lemma. Raises ValueRangeError for shapes that do not fit.

    >>> import flambeau
    >>> LowRankMultivariateNormal(flambeau.zeros(2), flambeau.tensor([[1.0], [0.0]]), flambeau.ones(2)).variance
    tensor([2., 1.])
    """

    arg_constraints = {"loc": constraints.real_vector, "cov_factor": constraints.independent(constraints.real, 2),
                       "cov_diag": constraints.independent(constraints.positive, 1)}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        _require_fit(loc, cov_factor, cov_diag)
        try:
            wide, self.cov_factor, diagonal = broadcast_tensors(loc.unsqueeze(-1), cov_factor, cov_diag.unsqueeze(-1))
        except ShapeError as error:
            raise ValueRangeError(f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, cov_diag"
                                  f" {cov_diag.shape}") from error
        self.loc, self.cov_diag = wide[..., 0], diagonal[..., 0]
        self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag = cov_factor, cov_diag
        scaled = self._factor_over_diagonal
        self._capacitance_tril = cholesky(matmul(scaled, cov_factor) + identity_like(cov_factor))
        super().__init__(self.loc.shape[:-1], loc.shape[-1:], validate_args=validate_args)

    @property
    def _factor_over_diagonal(self) -> Tensor:
        """W.mT @ D^-1 of the factor W and the diagonal D."""
        return self._unbroadcasted_cov_factor.mT / self._unbroadcasted_cov_diag.unsqueeze(-2)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new, batch_shape = self._get_checked_instance(LowRankMultivariateNormal, _instance), Size(batch_shape)
        shape = batch_shape + self.event_shape
        new.loc, new.cov_diag = self.loc.expand(shape), self.cov_diag.expand(shape)
        new.cov_factor = self.cov_factor.expand((*shape, self.cov_factor.shape[-1]))
        for name in ("_unbroadcasted_cov_factor", "_unbroadcasted_cov_diag", "_capacitance_tril"):
            setattr(new, name, getattr(self, name))
        return self._settle(new, batch_shape, self.event_shape)

    def _spread(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + self._event_shape + self._event_shape)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        variance = self._unbroadcasted_cov_factor.pow(2).sum(-1) + self._unbroadcasted_cov_diag
        return variance.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        root = self._unbroadcasted_cov_diag.sqrt().unsqueeze(-1)
        scaled = self._unbroadcasted_cov_factor / root
        inner = matmul(scaled, scaled.mT)
        return self._spread(root * cholesky(inner + identity_like(inner)))

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        factor = self._unbroadcasted_cov_factor
        return self._spread(matmul(factor, factor.mT) + diag_embed(self._unbroadcasted_cov_diag))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        part = solve_lower(self._capacitance_tril, self._factor_over_diagonal)
        return self._spread(diag_embed(self._unbroadcasted_cov_diag.reciprocal()) - matmul(part.mT, part))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        factors = standard_normal((*shape[:-1], self.cov_factor.shape[-1]), self.loc)
        own = standard_normal(shape, self.loc)
        return (self.loc + mv(self._unbroadcasted_cov_factor, factors)
                + self._unbroadcasted_cov_diag.sqrt() * own)

    def _log_det(self) -> Tensor:
        return 2 * log_diagonal(self._capacitance_tril) + self._unbroadcasted_cov_diag.log().sum(-1)

    def _distance(self, x: Tensor) -> Tensor:
        """The squared Mahalanobis distance of x from 0."""
        whole = (x.pow(2) / self._unbroadcasted_cov_diag).sum(-1)
        return whole - mahalanobis(self._capacitance_tril, mv(self._factor_over_diagonal, x))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        distance = self._distance(value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + self._log_det() + distance)

    def entropy(self) -> Tensor:
        entropy = 0.5 * (self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._log_det())
        return entropy.expand(self._batch_shape)


def _require_fit(loc: Tensor, cov_factor: Tensor, cov_diag: Tensor) -> None:
    if loc.dim() < 1:
        raise ValueRangeError("loc must be at least one-dimensional.")
    event_shape = loc.shape[-1:]
    if cov_factor.dim() < 2:
        raise ValueRangeError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
    if cov_factor.shape[-2:-1] != event_shape:
        raise ValueRangeError(f"cov_factor must be a batch of matrices with shape {event_shape[0]} x m")
    if cov_diag.shape[-1:] != event_shape:
        raise ValueRangeError(f"cov_diag must be a batch of vectors with shape {event_shape}")
