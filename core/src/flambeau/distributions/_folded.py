"""Distributions of the absolute value of draws that lie evenly around 0."""

from __future__ import annotations

import math
from typing import Any

from ..functions import where, zeros_like
from ..tensors.tensor import Tensor
from .transformed_distribution import TransformedDistribution


class Folded(TransformedDistribution):
    """|x| of a base distribution that is symmetric around 0: the density doubles."""

    @property
    def scale(self) -> Tensor:
        """The scale of the distribution before it is folded."""
        return self.base_dist.scale

    @property
    def mode(self) -> Tensor:
        return zeros_like(self.scale)

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        return where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        self._check(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Any) -> Tensor:
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)
