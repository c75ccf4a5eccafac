"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any

from ..functions import exp, logsigmoid, sigmoid
from ..functions.random.variates import poisson as draw_poisson
from ..modes import no_grad
from ..tensors.tensor import Tensor
from . import constraints
from ._elementwise import ProbsOrLogits
from ._special import lgamma
from .gamma import Gamma
from .utils import lazy_property


class NegativeBinomial(ProbsOrLogits):
    """How many trials succeed before `total_count` have failed, `probs` the probability of success in each.

    >>> import flambeau
    >>> NegativeBinomial(3.0, probs=flambeau.tensor(0.5)).mean
    tensor(3.)
    """

    arg_constraints = {"total_count": constraints.greater_than_eq(0), "probs": constraints.half_open_interval(0.0, 1.0),
                       "logits": constraints.real}
    support = constraints.nonnegative_integer
    _params = ("total_count", "probs", "logits")

    def __init__(self, total_count: Any, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:
        self._set_either(probs, logits, validate_args, total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * exp(self.logits)

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / sigmoid(-self.logits)

    @lazy_property
    def _gamma(self) -> Gamma:
        return Gamma(concentration=self.total_count, rate=exp(-self.logits), validate_args=False)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with no_grad():
            return draw_poisson(self._gamma.sample(sample_shape=sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        unnormalized = self.total_count * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        normalizer = -lgamma(self.total_count + value) + lgamma(1.0 + value) + lgamma(self.total_count)
        return unnormalized - normalizer.masked_fill(self.total_count + value == 0.0, 0.0)
