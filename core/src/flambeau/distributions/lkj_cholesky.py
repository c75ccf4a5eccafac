"""The LKJ distribution of Cholesky factors of correlation matrices."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ValueRangeError
from ..functions import arange, cat, diag_embed, randn, sqrt
from ..functions import sum as total
from ..modes import no_grad
from ..table.settings import finfo
from ..tensors.tensor import Size, Tensor
from . import constraints
from ._special import lgamma, mvlgamma
from .beta import Beta
from .distribution import Distribution
from .utils import broadcast_all


class LKJCholesky(Distribution):
    """Lower Cholesky factors of `dim` x `dim` correlation matrices of density proportional to det^(concentration - 1).

    Drawn by the onion method (Lewandowski, Kurowicka and Joe, 2009).

    >>> LKJCholesky(3, 0.5).event_shape
    flambeau.Size([3, 3])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueRangeError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        self.concentration, = broadcast_all(concentration)
        marginal = self.concentration + 0.5 * (dim - 2)
        offset = arange(dim - 1, dtype=marginal.dtype, device=marginal.device)
        offset = cat([offset.new_zeros((1,)), offset])
        self._beta = Beta(offset + 0.5, marginal.unsqueeze(-1) - 0.5 * offset)
        super().__init__(self.concentration.size(), Size((dim, dim)), validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new, batch_shape = self._get_checked_instance(LKJCholesky, _instance), Size(batch_shape)
        new.dim, new.concentration = self.dim, self.concentration.expand(batch_shape)
        new._beta = self._beta.expand((*batch_shape, self.dim))
        return self._settle(new, batch_shape, self.event_shape)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with no_grad():
            y = self._beta.sample(sample_shape).unsqueeze(-1)
            normals = randn(self._extended_shape(sample_shape), dtype=y.dtype, device=y.device).tril(-1)
            directions = normals / normals.norm(dim=-1, keepdim=True)
            directions[..., 0, :] = 0.0
            w = sqrt(y) * directions
            diagonal = (1 - total(w ** 2, dim=-1)).clamp(min=finfo(w.dtype).tiny).sqrt()
            return w + diag_embed(diagonal)

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = arange(2, self.dim + 1, device=self.concentration.device)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        unnormalized = total(order * diagonal.log(), dim=-1)
        rest = self.dim - 1
        alpha = self.concentration + 0.5 * rest
        normalizer = 0.5 * rest * math.log(math.pi) + mvlgamma(alpha - 0.5, rest) - lgamma(alpha) * rest
        return unnormalized - normalizer
