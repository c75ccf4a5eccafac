"""The categorical distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..errors import ValueRangeError
from ..functions import broadcast_tensors
from ..functions import multinomial as draw_categories
from ..table.settings import finfo
from ..tensors.tensor import Size, Tensor
from . import constraints
from ._elementwise import one_of
from .bernoulli import counted_support
from .distribution import Distribution
from .utils import as_shape, lazy_property, logits_to_probs, probs_to_logits


class Categorical(Distribution):
    """A category number, by weights `probs` or unnormalized log-probabilities `logits` along the last dim.

    >>> import flambeau
    >>> Categorical(probs=flambeau.tensor([1.0, 3.0])).probs
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None,
                 validate_args: bool | None = None) -> None:
        given, name = one_of(probs, logits), "logits" if probs is None else "probs"
        if given.dim() < 1:
            raise ValueRangeError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is None:
            self.logits = self._param = given - given.logsumexp(dim=-1, keepdim=True)
        else:
            self.probs = self._param = given / given.sum(-1, keepdim=True)
        self._num_events = self._param.size()[-1]
        super().__init__(self._param.size()[:-1], validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new, batch_shape = self._get_checked_instance(Categorical, _instance), Size(batch_shape)
        for name in ("probs", "logits", "_param"):
            if name in self.__dict__:
                setattr(new, name, getattr(self, name).expand((*batch_shape, self._num_events)))
        new._num_events = self._num_events
        return self._settle(new, batch_shape)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities, which sum to 1."""
        return logits_to_probs(self.logits)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return self._param.size()

    @property
    def mean(self) -> Tensor:
        """nan: category numbers have no mean."""
        return self._filled(math.nan, self.probs)

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(dim=-1)

    @property
    def variance(self) -> Tensor:
        """nan: category numbers have no variance."""
        return self._filled(math.nan, self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        rows = self.probs.detach().reshape(-1, self._num_events)
        drawn = draw_categories(rows, as_shape(sample_shape).numel(), True).T
        return drawn.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        index, log_pmf = broadcast_tensors(value.to(dtypes.int64).unsqueeze(-1), self.logits)
        return log_pmf.gather(-1, index[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        return counted_support(self, self._num_events, self._param, expand, dtypes.int64)
