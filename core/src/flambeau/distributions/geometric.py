"""The geometric distribution."""

from __future__ import annotations

from typing import Any

from ..errors import ValueRangeError
from ..functions import where, zeros_like
from ..functions.loss import binary_cross_entropy_with_logits
from ..modes import no_grad
from ..table.settings import finfo
from ..tensors.tensor import Tensor
from . import constraints
from ._elementwise import ProbsOrLogits
from .utils import broadcast_all


class Geometric(ProbsOrLogits):
    """How many trials fail before the first success, whose probability is `probs` in each.

    >>> Geometric(probs=0.25).mean
    tensor(3.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer
    _params = ("probs", "logits")

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._set_either(probs, logits, validate_args)
        if self._validate_args and probs is not None and not (self.probs > 0).all():
            value = self.probs.detach()
            raise ValueRangeError(
                f"Expected parameter probs ({type(value).__name__} of shape {tuple(value.shape)}) of distribution"
                f" {self!r} to be positive but found invalid values:\n{value[~(value > 0)]}")

    @property
    def mean(self) -> Tensor:
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        return zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with no_grad():
            u = self.probs.new_empty(self._extended_shape(sample_shape)).uniform_(finfo(self.probs.dtype).tiny, 1)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        value, probs = broadcast_all(value, self.probs)
        probs = where((probs == 1) & (value == 0), 0.0, probs)
        return value * (-probs).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs
