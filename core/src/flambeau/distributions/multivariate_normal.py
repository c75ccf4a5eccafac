"""The multivariate normal distribution."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ValueRangeError
from ..shapes import broadcast_shapes
from ..tensors.tensor import Size, Tensor
from . import constraints
from ._matrices import WithCovariance, log_diagonal, mahalanobis, mv, require_matrix
from .utils import standard_normal


class MultivariateNormal(WithCovariance):
    """Normal vectors of mean `loc` and a covariance, given as such, as its inverse or as its lower Cholesky factor.

    Raises ValueRangeError unless exactly one of the three is given.

    >>> import flambeau
    >>> MultivariateNormal(flambeau.zeros(2), scale_tril=flambeau.eye(2)).variance
    tensor([1., 1.])
    """

    arg_constraints = {"loc": constraints.real_vector, "covariance_matrix": constraints.positive_definite,
                       "precision_matrix": constraints.positive_definite, "scale_tril": constraints.lower_cholesky}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Tensor, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
                 scale_tril: Tensor | None = None, validate_args: bool | None = None) -> None:
        if loc.dim() < 1:
            raise ValueRangeError("loc must be at least one-dimensional.")
        forms = {"scale_tril": scale_tril, "covariance_matrix": covariance_matrix,
                 "precision_matrix": precision_matrix}
        given = {name: matrix for name, matrix in forms.items() if matrix is not None}
        if len(given) != 1:
            raise ValueRangeError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be"
                                  " specified.")
        (name, matrix), = given.items()
        require_matrix("scale_tril matrix" if name == "scale_tril" else name, matrix)
        batch_shape = broadcast_shapes("MultivariateNormal", tuple(matrix.shape[:-2]), tuple(loc.shape[:-1]))
        self._set_matrix(forms, batch_shape)
        self.loc = loc.expand((*batch_shape, -1))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        self._set_factor(forms)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new, batch_shape = self._get_checked_instance(MultivariateNormal, _instance), Size(batch_shape)
        new.loc = self.loc.expand(batch_shape + self.event_shape)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril
        self._expand_matrices(new, batch_shape)
        return self._settle(new, batch_shape, self.event_shape)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self._unbroadcasted_scale_tril.pow(2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        noise = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + mv(self._unbroadcasted_scale_tril, noise)

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        distance = mahalanobis(self._unbroadcasted_scale_tril, value - self.loc)
        return (-0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance)
                - log_diagonal(self._unbroadcasted_scale_tril))

    def entropy(self) -> Tensor:
        half = log_diagonal(self._unbroadcasted_scale_tril)
        entropy = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + half
        return entropy.expand(self._batch_shape)
