"""Mixtures of distributions of one family."""

from __future__ import annotations

from typing import Any

from ..errors import ValueRangeError
from ..functions import gather, log_softmax, logsumexp
from ..functions import sum as total
from ..modes import no_grad
from ..tensors.tensor import Size, Tensor
from . import constraints
from .categorical import Categorical
from .distribution import Distribution


class MixtureSameFamily(Distribution):
    """A component is picked by a `Categorical`, and drawn from; components lie along the last batch dim.

    Raises ValueRangeError for shapes or numbers of components that do not fit.

    >>> import flambeau
    >>> from flambeau.distributions import Normal
    >>> weights = Categorical(flambeau.tensor([0.5, 0.5]))
    >>> MixtureSameFamily(weights, Normal(flambeau.tensor([0.0, 4.0]), flambeau.ones(2))).mean
    tensor(2.)
    """

    arg_constraints: Any = {}
    has_rsample = False

    def __init__(self, mixture_distribution: Categorical, component_distribution: Distribution,
                 validate_args: bool | None = None) -> None:
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        self._require_fit()
        self._num_component = mixture_distribution.logits.shape[-1]
        self._event_ndims = len(component_distribution.event_shape)
        super().__init__(component_distribution.batch_shape[:-1], component_distribution.event_shape,
                         validate_args=validate_args)

    def _require_fit(self) -> None:
        mixture, component = self._mixture_distribution, self._component_distribution
        if not isinstance(mixture, Categorical):
            raise ValueRangeError(" The Mixture distribution needs to be an  instance of"
                                  f" torch.distributions.Categorical, got {type(mixture).__name__}")
        if not isinstance(component, Distribution):
            raise ValueRangeError("The Component distribution needs to be an instance of"
                                  f" torch.distributions.Distribution, got {type(component).__name__}")
        outer, inner = mixture.batch_shape, component.batch_shape[:-1]
        for a, b in zip(reversed(outer), reversed(inner), strict=False):
            if a != 1 and b != 1 and a != b:
                raise ValueRangeError(f"`mixture_distribution.batch_shape` ({outer}) is not compatible with"
                                      f" `component_distribution.batch_shape`({inner})")
        count, components = mixture.logits.shape[-1], component.batch_shape[-1]
        if count != components:
            raise ValueRangeError(f"`mixture_distribution component` ({count}) does not equal"
                                  f" `component_distribution.batch_shape[-1]` ({components})")

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new, batch_shape = self._get_checked_instance(MixtureSameFamily, _instance), Size(batch_shape)
        new._component_distribution = self._component_distribution.expand((*batch_shape, self._num_component))
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        new._num_component, new._event_ndims = self._num_component, self._event_ndims
        return self._settle(new, batch_shape, self.event_shape)

    @constraints.dependent_property
    def support(self) -> Any:
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Categorical:
        """What picks the component."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """The components, along the last batch dim."""
        return self._component_distribution

    def _averaged(self, values: Tensor) -> Tensor:
        """The average over the components by their probabilities."""
        probs = self._pad_mixture_dimensions(self.mixture_distribution.probs)
        return total(probs * values, dim=-1 - self._event_ndims)

    @property
    def mean(self) -> Tensor:
        return self._averaged(self.component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        within = self._averaged(self.component_distribution.variance)
        return within + self._averaged((self.component_distribution.mean - self._pad(self.mean)).pow(2.0))

    def cdf(self, value: Tensor) -> Tensor:
        return total(self.component_distribution.cdf(self._pad(value)) * self.mixture_distribution.probs, dim=-1)

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        each = self.component_distribution.log_prob(self._pad(value))
        return logsumexp(each + log_softmax(self.mixture_distribution.logits, dim=-1), dim=-1)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with no_grad():
            dim, event = len(sample_shape) + len(self.batch_shape), self.event_shape
            picked = self.mixture_distribution.sample(sample_shape)
            drawn = self.component_distribution.sample(sample_shape)
            index = picked.reshape((*picked.shape, *[1] * (len(event) + 1)))
            index = index.repeat((*[1] * len(picked.shape), 1, *event))
            return gather(drawn, dim, index).squeeze(dim)

    def _pad(self, x: Tensor) -> Tensor:
        return x.unsqueeze(-1 - self._event_ndims)

    def _pad_mixture_dimensions(self, x: Tensor) -> Tensor:
        """The mixture's parameter with a dim for each that the components have and it has not."""
        outer = len(self.mixture_distribution.batch_shape)
        more = 0 if outer == 1 else len(self.batch_shape) - outer
        return x.reshape((*x.shape[:-1], *[1] * more, x.shape[-1], *[1] * self._event_ndims))

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
