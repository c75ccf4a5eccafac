"""Distributions of what a transform makes of draws."""

from __future__ import annotations

from typing import Any

from ..errors import PreconditionError, ValueRangeError
from ..modes import no_grad
from ..tensors.tensor import Size, Tensor
from . import constraints
from .distribution import Distribution
from .independent import Independent
from .transforms import ComposeTransform, Transform
from .utils import sum_rightmost


class TransformedDistribution(Distribution):
    """The distribution of f(x), f a list of transforms and x drawn from a base distribution.

    Raises ValueRangeError for a base of too few dims.

    >>> import flambeau
    >>> from flambeau.distributions import Normal, ExpTransform
    >>> TransformedDistribution(Normal(0.0, 1.0), [ExpTransform()]).log_prob(flambeau.tensor(1.0))
    tensor(-0.9189)
    """

    arg_constraints: Any = {}

    def __init__(self, base_distribution: Distribution, transforms: Any, validate_args: bool | None = None) -> None:
        self.transforms = _as_list(transforms)
        transform = ComposeTransform(self.transforms)
        base_event_dim = len(base_distribution.event_shape)
        forward_shape = self._set_base(base_distribution, transform)
        change = transform.codomain.event_dim - transform.domain.event_dim
        event_dim = max(transform.codomain.event_dim, base_event_dim + change)
        cut = len(forward_shape) - event_dim
        if cut < 0:
            raise PreconditionError(f"forward_shape length {len(forward_shape)} must be >= event_dim {event_dim}")
        super().__init__(forward_shape[:cut], forward_shape[cut:], validate_args=validate_args)

    def _set_base(self, base: Distribution, transform: Transform) -> Size:
        """Expands the base to what the transforms' parameters ask for, and gives the shape of results."""
        shape, event_dim = Size((*base.batch_shape, *base.event_shape)), len(base.event_shape)
        if len(shape) < transform.domain.event_dim:
            raise ValueRangeError("base_distribution needs to have shape with size at least"
                                  f" {transform.domain.event_dim}, but got {shape}.")
        forward_shape = Size(transform.forward_shape(shape))
        wanted = Size(transform.inverse_shape(forward_shape))
        if shape != wanted:
            base = base.expand(wanted[:len(wanted) - event_dim])
        more = transform.domain.event_dim - event_dim
        self.base_dist: Any = Independent(base, more) if more > 0 else base
        return forward_shape

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new, batch_shape = self._get_checked_instance(TransformedDistribution, _instance), Size(batch_shape)
        shape = Size((*batch_shape, *self.event_shape))
        for transform in reversed(self.transforms):
            shape = transform.inverse_shape(shape)
        new.base_dist = self.base_dist.expand(shape[:len(shape) - len(self.base_dist.event_shape)])
        new.transforms = self.transforms
        return self._settle(new, batch_shape, self.event_shape)

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> Any:
        if not self.transforms:
            return self.base_dist.support
        support = self.transforms[-1].codomain
        more = len(self.event_shape) - support.event_dim
        return constraints.independent(support, more) if more > 0 else support

    @property
    def has_rsample(self) -> Any:
        return self.base_dist.has_rsample

    def _forward(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        event_dim, total, y = len(self.event_shape), 0.0, value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            event_dim += transform.domain.event_dim - transform.codomain.event_dim
            slope = transform.log_abs_det_jacobian(x, y)
            total = total - sum_rightmost(slope, event_dim - transform.domain.event_dim)
            y = x
        return total + sum_rightmost(self.base_dist.log_prob(y), event_dim - len(self.base_dist.event_shape))

    def _monotonize_cdf(self, value: Tensor) -> Tensor:
        """A probability of the base as one of this, or back: 1 minus it where the transforms fall."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        if isinstance(sign, int) and sign == 1:
            return value
        return sign * (value - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        if self._validate_args:
            self.base_dist._validate_sample(value)
        return self._monotonize_cdf(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._forward(self.base_dist.icdf(self._monotonize_cdf(value)))


def _as_list(transforms: Any) -> list[Transform]:
    if isinstance(transforms, Transform):
        return [transforms]
    if not isinstance(transforms, list):
        raise ValueRangeError(f"transforms must be a Transform or list, but was {transforms}")
    if not all(isinstance(t, Transform) for t in transforms):
        raise ValueRangeError("transforms must be a Transform or a list of Transforms")
    return transforms
