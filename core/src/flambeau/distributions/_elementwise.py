"""Families whose parameters all have the batch shape, and those that take probabilities or logits."""

from __future__ import annotations

from typing import Any

from ..errors import ValueRangeError
from ..tensors.tensor import Size, Tensor
from .distribution import Distribution
from .utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits


class Elementwise(Distribution):
    """A family whose parameters, named in `_params`, are broadcast to the batch shape."""

    _params: tuple[str, ...]

    def _set_up(self, *values: Any, validate_args: bool | None) -> None:
        tensors = broadcast_all(*values)
        for name, tensor in zip(self._params, tensors, strict=True):
            setattr(self, name, tensor)
        Distribution.__init__(self, tensors[0].shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The distribution with its parameters expanded to `batch_shape`."""
        new, batch_shape = self._get_checked_instance(self._family(), _instance), Size(batch_shape)
        for name in self._params:
            if name in self.__dict__:
                setattr(new, name, getattr(self, name).expand(batch_shape))
        return self._settle(new, batch_shape)

    def _family(self) -> type:
        """The class that named the parameters."""
        return next(c for c in type(self).__mro__ if "_params" in vars(c))


def one_of(probs: Any, logits: Any) -> Any:
    """The one that is given; raises ValueRangeError for both or neither."""
    if (probs is None) == (logits is None):
        raise ValueRangeError("Either `probs` or `logits` must be specified, but not both.")
    return logits if probs is None else probs


class ProbsOrLogits(Elementwise):
    """A family of events with a probability each, given as such or as log-odds; the other is worked out if asked for.

    `total_count`, where a family has one, takes their dtype.
    """

    _param: Tensor  # the one that was given
    total_count: Tensor

    def _set_either(self, probs: Any, logits: Any, validate_args: bool | None, *counts: Any) -> None:
        given = one_of(probs, logits)
        *counted, param = broadcast_all(*counts, given)
        setattr(self, "logits" if probs is None else "probs", param)
        self._param = param
        for count in counted:
            self.total_count = count.type_as(param)
        Distribution.__init__(self, param.shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The distribution with its parameters expanded to `batch_shape`."""
        new = super().expand(batch_shape, _instance)
        new._param = self._param.expand(Size(batch_shape))
        return new

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return Size(self._param.shape)

    @lazy_property
    def logits(self) -> Tensor:
        """The log-odds of the event."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability of the event."""
        return logits_to_probs(self.logits, is_binary=True)
