"""The half-Cauchy distribution."""

from __future__ import annotations

import math
from typing import Any

from ..functions import as_tensor
from ..tensors.tensor import Tensor
from . import constraints
from ._folded import Folded
from .cauchy import Cauchy
from .transforms import AbsTransform


class HalfCauchy(Folded):
    """The absolute value of a Cauchy draw around 0.

    >>> import flambeau
    >>> HalfCauchy(1.0).cdf(flambeau.tensor(1.0))
    tensor(0.5000)
    """

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        return super().expand(batch_shape, _instance=self._get_checked_instance(HalfCauchy, _instance))

    @property
    def mean(self) -> Tensor:
        return self._filled(math.inf, self.scale)

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def log_prob(self, value: Any) -> Tensor:
        return super().log_prob(as_tensor(value, dtype=self.scale.dtype, device=self.scale.device))
