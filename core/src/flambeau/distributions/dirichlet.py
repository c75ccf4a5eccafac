"""The Dirichlet distribution."""

from __future__ import annotations

from typing import Any

from ..errors import ValueRangeError
from ..functions import one_hot, where, xlogy
from ..functions.random.variates import _sample_dirichlet
from ..tensors.tensor import Size, Tensor
from . import constraints
from ._special import digamma, lgamma
from .exp_family import ExponentialFamily


class Dirichlet(ExponentialFamily):
    """Shares that sum to 1, with the exponents `concentration` - 1; the last dim is the event.

    >>> import flambeau
    >>> Dirichlet(flambeau.tensor([1.0, 3.0])).mean
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueRangeError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new, batch_shape = self._get_checked_instance(Dirichlet, _instance), Size(batch_shape)
        new.concentration = self.concentration.expand(batch_shape + self.event_shape)
        return self._settle(new, batch_shape, self.event_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return _sample_dirichlet(self.concentration.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        return (xlogy(self.concentration - 1.0, value).sum(-1) + lgamma(self.concentration.sum(-1))
                - lgamma(self.concentration).sum(-1))

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        """The most likely shares; where every concentration is below 1, the corner of the first largest share."""
        above = (self.concentration - 1).clamp(min=0.0)
        shares = above / above.sum(-1, True)
        corner = one_hot(shares.argmax(dim=-1), above.shape[-1]).to(shares)
        return where((self.concentration < 1).all(dim=-1, keepdim=True), corner, shares)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def entropy(self) -> Tensor:
        k, total = self.concentration.size(-1), self.concentration.sum(-1)
        return (lgamma(self.concentration).sum(-1) - lgamma(total) - (k - total) * digamma(total)
                - ((self.concentration - 1.0) * digamma(self.concentration)).sum(-1))

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.concentration,)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return lgamma(x).sum(-1) - lgamma(x.sum(-1))
