"""The Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any

from ..functions import arange, exp, log1p, logit, where
from ..functions import bernoulli as draw_bernoulli
from ..functions.loss import binary_cross_entropy_with_logits
from ..modes import no_grad
from ..tensors.tensor import Tensor
from . import constraints
from ._elementwise import ProbsOrLogits
from .exp_family import ExponentialFamily
from .utils import broadcast_all


class Bernoulli(ProbsOrLogits, ExponentialFamily):
    """1 with probability `probs` (or the logistic function of `logits`), else 0.

    >>> import flambeau
    >>> Bernoulli(probs=0.25).mean
    tensor(0.2500)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    _params = ("probs", "logits")
    _mean_carrier_measure = 0

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._set_either(probs, logits, validate_args)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return where(self.probs == 0.5, math.nan, (self.probs >= 0.5).to(self.probs))

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with no_grad():
            return draw_bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        return counted_support(self, 2, self._param, expand)

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (logit(self.probs),)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return log1p(exp(x))


def counted_support(family: Any, count: int, like: Tensor, expand: bool, dtype: Any = None) -> Tensor:
    """0, 1, ..., count - 1 along a new first dim, before the batch dims."""
    values = arange(count, dtype=dtype or like.dtype, device=like.device)
    values = values.view((-1,) + (1,) * len(family.batch_shape))
    return values.expand((-1, *family.batch_shape)) if expand else values
