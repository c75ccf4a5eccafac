"""The Poisson distribution."""

from __future__ import annotations

from typing import Any

from ..functions import exp, log
from ..functions.random.variates import poisson as draw_poisson
from ..modes import no_grad
from ..tensors.tensor import Tensor
from . import constraints
from ._elementwise import Elementwise
from ._special import lgamma
from .exp_family import ExponentialFamily
from .utils import broadcast_all


class Poisson(Elementwise, ExponentialFamily):
    """How many events happen where `rate` are expected.

    >>> import flambeau
    >>> Poisson(1.0).log_prob(flambeau.tensor(0.0))
    tensor(-1.)
    """

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer
    _params = ("rate",)
    rate: Tensor

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        self._set_up(rate, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate

    @property
    def mode(self) -> Tensor:
        return self.rate.floor()

    @property
    def variance(self) -> Tensor:
        return self.rate

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with no_grad():
            return draw_poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        rate, value = broadcast_all(self.rate, value)
        return value.xlogy(rate) - rate - lgamma(value + 1)

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (log(self.rate),)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return exp(x)
