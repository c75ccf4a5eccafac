"""The binomial distribution."""

from __future__ import annotations

from typing import Any

from ..errors import UnsupportedError
from ..functions import abs as absolute
from ..functions import exp, log1p
from ..functions.random.variates import binomial as draw_binomial
from ..modes import no_grad
from ..tensors.tensor import Tensor
from . import constraints
from ._elementwise import ProbsOrLogits
from ._special import lgamma
from .bernoulli import counted_support


class Binomial(ProbsOrLogits):
    """How many of `total_count` independent events of probability `probs` happen.

    >>> import flambeau
    >>> Binomial(2, probs=flambeau.tensor(0.5)).log_prob(flambeau.tensor(1.0)).exp()
    tensor(0.5000)
    """

    arg_constraints = {"total_count": constraints.nonnegative_integer, "probs": constraints.unit_interval,
                       "logits": constraints.real}
    has_enumerate_support = True
    _params = ("total_count", "probs", "logits")

    def __init__(self, total_count: Any = 1, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:
        self._set_either(probs, logits, validate_args, total_count)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return draw_binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        ways = lgamma(self.total_count + 1) - lgamma(value + 1) - lgamma(self.total_count - value + 1)
        positive = (self.logits.clamp(min=0) + self.logits - self.logits.clamp(max=0)) / 2  # with a slope of 1/2 at 0
        normalizer = self.total_count * positive + self.total_count * log1p(exp(-absolute(self.logits)))
        return value * self.logits + ways - normalizer

    def entropy(self) -> Tensor:
        self._one_count("entropy")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(exp(log_prob) * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        return counted_support(self, 1 + self._one_count("enumerate_support"), self._param, expand)

    def _one_count(self, method: str) -> int:
        """The total count, if all are the same."""
        count = int(self.total_count.max())
        if not self.total_count.min() == count:
            raise UnsupportedError(f"Inhomogeneous total count not supported by `{method}`.")
        return count
