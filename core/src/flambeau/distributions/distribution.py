"""The base of all distributions: shapes, validation, printing, and what each family is asked for.

A draw has the shape `sample_shape + batch_shape + event_shape`: independent draws, then distributions of different
parameters, then the parts of one event.
"""

from __future__ import annotations

import warnings
from typing import Any

from ..errors import UnsupportedError, ValueRangeError
from ..functions import exp, full
from ..modes import no_grad
from ..tensors.tensor import Size, Tensor
from . import constraints
from .utils import as_shape, lazy_property


class Distribution:
    """Base of distributions; a family says what it can: `log_prob`, `rsample`, `mean`, `support`, ...

    What a family does not offer raises UnsupportedError, a NotImplementedError. With `validate_args`, on unless Python
    runs with -O, parameters and values outside their constraints raise ValueRangeError, a ValueError.
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    _validate_args = __debug__
    _batch_shape: Size
    _event_shape: Size

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions made from here on validate, unless told otherwise."""
        if value not in (True, False):
            raise ValueRangeError(f"expected True or False, got {value!r}")
        Distribution._validate_args = value

    def __init__(self, batch_shape: Any = Size(()), event_shape: Any = Size(()),  # noqa: B008 - immutable
                 validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = as_shape(batch_shape), as_shape(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            for name, constraint in self._known_constraints().items():
                self._validate_parameter(name, constraint)

    def _known_constraints(self) -> Any:
        try:
            return self.arg_constraints
        except NotImplementedError:
            warnings.warn(f"{self.__class__} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or"
                          " initialize the distribution with `validate_args=False` to turn off validation.",
                          stacklevel=3)
            return {}

    def _validate_parameter(self, name: str, constraint: constraints.Constraint) -> None:
        waits = name not in self.__dict__ and isinstance(getattr(type(self), name), lazy_property)
        if waits or constraints.is_dependent(constraint):
            return
        value = getattr(self, name)
        if not constraint.check(value).all():
            raise ValueRangeError(
                f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution"
                f" {self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}")

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The distribution with its parameters expanded to `batch_shape`; no memory is copied."""
        raise UnsupportedError(f"{type(self).__name__} does not implement expand")

    @property
    def batch_shape(self) -> Size:
        """The shape over which parameters differ."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one event."""
        return self._event_shape

    @property
    def arg_constraints(self) -> Any:
        """Which constraint each parameter satisfies."""
        raise UnsupportedError(f"{type(self).__name__} does not define arg_constraints")

    @property
    def support(self) -> Any:
        """The constraint that holds for exactly the values that can be drawn."""
        raise UnsupportedError(f"{type(self).__name__} does not define support")

    @property
    def mean(self) -> Any:
        """The mean."""
        raise UnsupportedError(f"{type(self).__name__} does not implement mean")

    @property
    def mode(self) -> Any:
        """The most likely value."""
        raise UnsupportedError(f"{self.__class__} does not implement mode")

    @property
    def variance(self) -> Any:
        """The variance."""
        raise UnsupportedError(f"{type(self).__name__} does not implement variance")

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of shape `sample_shape + batch_shape + event_shape`, without gradients."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draws through which gradients flow back to the parameters, where `has_rsample`."""
        raise UnsupportedError(f"{type(self).__name__} does not implement rsample")

    def sample_n(self, n: int) -> Tensor:
        """`n` draws: the older name of `sample((n,))`."""
        warnings.warn("`sample_n(n)` will be deprecated. Use `sample((n,))` instead.", FutureWarning, stacklevel=2)
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of density or probability at `value`."""
        raise UnsupportedError(f"{type(self).__name__} does not implement log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw up to `value`."""
        raise UnsupportedError(f"{type(self).__name__} does not implement cdf")

    def icdf(self, value: Tensor) -> Tensor:
        """The value below which draws have probability `value`: the inverse of `cdf`."""
        raise UnsupportedError(f"{type(self).__name__} does not implement icdf")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a finite support along a new first dim, expanded over the batch unless told otherwise."""
        raise UnsupportedError(f"{type(self).__name__} does not implement enumerate_support")

    def entropy(self) -> Tensor:
        """The entropy in nats, one number per distribution of the batch."""
        raise UnsupportedError(f"{type(self).__name__} does not implement entropy")

    def perplexity(self) -> Tensor:
        """exp(entropy)."""
        return exp(self.entropy())

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _filled(self, value: float, like: Tensor) -> Tensor:
        """One number for every entry of an event, for moments that do not depend on the parameters."""
        return full(self._extended_shape(), value, dtype=like.dtype, device=like.device)

    def _check(self, value: Any) -> None:
        if self._validate_args:
            self._validate_sample(value)

    def _validate_sample(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise ValueRangeError("The value argument to log_prob must be a Tensor")
        self._validate_shape(Size(value.shape))
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(f"{self.__class__} does not define `support` to enable sample validation. Please initialize"
                          " the distribution with `validate_args=False` to turn off validation.", stacklevel=3)
            return
        if not support.check(value).all():
            raise ValueRangeError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the"
                f" support ({support!r}) of the distribution {self!r}, but found invalid values:\n{value}")

    def _validate_shape(self, actual: Size) -> None:
        start = len(actual) - len(self._event_shape)
        if tuple(actual[start:]) != tuple(self._event_shape):
            raise ValueRangeError(f"The right-most size of value must match event_shape: {actual} vs"
                                  f" {self._event_shape}.")
        expected = Size((*self._batch_shape, *self._event_shape))
        for i, j in zip(reversed(actual), reversed(expected), strict=False):
            if i != 1 and j != 1 and i != j:
                raise ValueRangeError("Value is not broadcastable with batch_shape+event_shape:"
                                      f" {actual} vs {expected}.")

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        """A bare instance to expand into; a subclass with an `__init__` of its own must expand by itself."""
        if _instance is None and type(self).__init__ is not cls.__init__:  # type: ignore[misc]
            raise UnsupportedError(f"Subclass {self.__class__.__name__} of {cls.__name__} that defines a custom"
                                   " __init__ method must also define a custom .expand() method.")
        return self.__new__(type(self)) if _instance is None else _instance

    def _settle(self, new: Any, batch_shape: Any, event_shape: Any = ()) -> Any:
        """`new`, an expanded instance whose parameters are set, given its shapes; they were validated before."""
        Distribution.__init__(new, batch_shape, event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def __repr__(self) -> str:
        held = {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}
        shown = (f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in held.items())
        return f"{self.__class__.__name__}({', '.join(shown)})"
