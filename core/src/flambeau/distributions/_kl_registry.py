"""Which function gives the KL divergence of two distributions: the nearest pair of classes that is registered."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, UnsupportedError
from ..tensors.tensor import Tensor
from .distribution import Distribution

Divergence = Callable[[Any, Any], Any]
_REGISTRY: dict[tuple[type, type], Divergence] = {}
_FOUND: dict[tuple[type, type], Divergence | None] = {}


def register_kl(type_p: Any, type_q: Any) -> Callable[[Divergence], Divergence]:
    """A decorator that enters a function of two distributions as the KL divergence of those classes.

    Subclasses use it too, unless a nearer pair is registered. Raises ArgumentError for anything but a class of
    distributions.

    >>> from flambeau.distributions import Normal, kl_divergence
    >>> class Own(Normal):
    ...     pass
    >>> @register_kl(Own, Normal)
    ... def _(p, q):
    ...     return "mine"
    >>> kl_divergence(Own(0.0, 1.0), Normal(0.0, 1.0))
    'mine'
    """
    for name, kind in (("type_p", type_p), ("type_q", type_q)):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise ArgumentError(f"Expected {name} to be a Distribution subclass but got {kind}")

    def enter(function: Divergence) -> Divergence:
        _REGISTRY[type_p, type_q] = function
        _FOUND.clear()
        return function

    return enter


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The Kullback-Leibler divergence KL(p || q): the mean under p of log p(x) - log q(x), of the batch shape.

    Raises UnsupportedError, a NotImplementedError, for a pair without a registered function.

    >>> from flambeau.distributions import Normal
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    pair = type(p), type(q)
    if pair not in _FOUND:
        _FOUND[pair] = _nearest(*pair)
    function = _FOUND[pair]
    if function is None:
        raise UnsupportedError(f"No KL(p || q) is implemented for p type {p.__class__.__name__} and q type"
                               f" {q.__class__.__name__}")
    return function(p, q)


def _nearest(type_p: type, type_q: type) -> Divergence | None:
    """The function of the pair nearest in p, then in q; warns where nearest in q first is another one."""
    pairs = [(p, q) for p, q in _REGISTRY if issubclass(type_p, p) and issubclass(type_q, q)]
    if not pairs:
        return None

    def distance(pair: tuple[type, type]) -> tuple[int, int]:
        return type_p.__mro__.index(pair[0]), type_q.__mro__.index(pair[1])

    left = min(pairs, key=distance)
    right = min(pairs, key=lambda pair: distance(pair)[::-1])
    if _REGISTRY[left] is not _REGISTRY[right]:
        warnings.warn(f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please"
                      f" register_kl({left[0].__name__}, {right[1].__name__})", RuntimeWarning, stacklevel=3)
    return _REGISTRY[left]
