"""Families around a `Categorical`: vectors with an entry per category."""

from __future__ import annotations

from typing import Any

from ..tensors.tensor import Size, Tensor
from . import constraints
from .categorical import Categorical
from .distribution import Distribution


class CategoricalBased(Distribution):
    """A family whose parameter is that of a `Categorical`, and whose event has an entry for each category."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def _set_categorical(self, probs: Any, logits: Any, validate_args: bool | None) -> None:
        self._categorical = Categorical(probs, logits)
        Distribution.__init__(self, self._categorical.batch_shape, self._categorical.param_shape[-1:],
                              validate_args=validate_args)

    def _expand_categorical(self, cls: type, batch_shape: Any, _instance: Any) -> Any:
        new, batch_shape = self._get_checked_instance(cls, _instance), Size(batch_shape)
        new._categorical = self._categorical.expand(batch_shape)
        return self._settle(new, batch_shape, self.event_shape)

    @property
    def _param(self) -> Tensor:
        return self._categorical._param

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return self._categorical.param_shape

    @property
    def probs(self) -> Tensor:
        """The probabilities of the categories."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """Their logarithms."""
        return self._categorical.logits
