"""Exponential families: entropy by automatic differentiation of the log normalizer."""

from __future__ import annotations

from typing import Any

from ..autograd import grad
from ..errors import UnsupportedError
from ..tensors.tensor import Tensor
from .distribution import Distribution


class ExponentialFamily(Distribution):
    """Distributions of density exp(<t(x), theta> - F(theta) + k(x)).

    A family gives `_natural_params` (theta), `_log_normalizer` (F) and `_mean_carrier_measure` (the mean of k).
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise UnsupportedError(f"{type(self).__name__} gives no natural parameters")

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        raise UnsupportedError(f"{type(self).__name__} gives no log normalizer")

    @property
    def _mean_carrier_measure(self) -> Any:
        raise UnsupportedError(f"{type(self).__name__} gives no mean carrier measure")

    def entropy(self) -> Tensor:
        """F(theta) - <theta, grad F(theta)> - E[k]: the Bregman divergence of the log normalizer."""
        params = [p.detach().requires_grad_() for p in self._natural_params]
        normalizer, slopes = log_normalizer_and_slopes(self, params)
        result = normalizer - self._mean_carrier_measure
        for param, slope in zip(params, slopes, strict=True):
            result = result - (param * slope).reshape((*self._batch_shape, -1)).sum(-1)
        return result


def log_normalizer_and_slopes(family: ExponentialFamily, params: list[Tensor]) -> tuple[Tensor, Any]:
    """F and its gradient, which can be differentiated again."""
    normalizer = family._log_normalizer(*params)
    return normalizer, grad(normalizer.sum(), params, create_graph=True)
