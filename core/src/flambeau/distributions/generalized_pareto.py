"""The generalized Pareto distribution."""

from __future__ import annotations

import math
from typing import Any

from ..functions import broadcast_to, exp, expm1, isclose, log, log1p, ones_like, rand, where, zeros_like
from ..tensors.tensor import Tensor
from . import constraints
from ._elementwise import Elementwise


class GeneralizedPareto(Elementwise):
    """Excesses over the threshold `loc`, with `scale` and tail index `concentration`; exponential where that is 0.

    >>> import flambeau
    >>> GeneralizedPareto(0.0, 1.0, 0.0).cdf(flambeau.tensor(0.0))
    tensor(0.)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real}
    has_rsample = True
    _params = ("loc", "scale", "concentration")
    loc: Tensor
    scale: Tensor
    concentration: Tensor

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self._set_up(loc, scale, concentration, validate_args=validate_args)

    def _tail(self) -> tuple[Tensor, Tensor]:
        """Where the tail index is 0, and the index with 1 in those places."""
        flat = isclose(self.concentration, zeros_like(self.concentration))
        return flat, where(flat, ones_like(self.concentration), self.concentration)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.icdf(rand(shape, dtype=self.loc.dtype, device=self.loc.device))

    def _z(self, x: Tensor) -> Tensor:
        return (x - self.loc) / self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        z, (flat, tail) = self._z(value), self._tail()
        power = 1 / tail + ones_like(z)
        return -self.scale.log() - where(flat, z, where(power == 0, power, power * log1p(tail * z)))

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of a draw above `value`."""
        self._check(value)
        z, (flat, tail) = self._z(value), self._tail()
        return where(flat, -z, -log1p(tail * z) / tail)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of `cdf`."""
        return log1p(-exp(self.log_survival_function(value)))

    def cdf(self, value: Tensor) -> Tensor:
        return exp(self.log_cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        (flat, tail), logarithm = self._tail(), log1p(-value)
        curved = self.loc + self.scale / tail * expm1(-tail * logarithm)
        return where(flat, self.loc - self.scale * logarithm, curved)

    @property
    def mean(self) -> Tensor:
        valid = self.concentration < 1
        tail = where(valid, self.concentration, 0.5)
        return where(valid, self.loc + self.scale / (1 - tail), math.nan)

    @property
    def variance(self) -> Tensor:
        valid = self.concentration < 0.5
        tail = where(valid, self.concentration, 0.25)
        return where(valid, self.scale ** 2 / ((1 - tail) ** 2 * (1 - 2 * tail)), math.nan)

    def entropy(self) -> Tensor:
        return broadcast_to(log(self.scale) + self.concentration + 1, self._batch_shape)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        upper = where(self.concentration < 0, self.loc - self.scale / self.concentration, math.inf)
        return constraints.interval(self.loc, upper)
