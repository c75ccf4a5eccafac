"""KL divergences of distributions of two different families, and the pairs between which they are infinite."""

from __future__ import annotations

import math
from typing import Any

from ..functions import erf, exp, full_like, log, log1p, square, where
from ..functions import xlogy as x_log_y
from ..tensors.tensor import Tensor
from ._kl_registry import Divergence, register_kl
from ._special import digamma, lgamma
from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .continuous_bernoulli import ContinuousBernoulli
from .distribution import Distribution
from .exponential import Exponential
from .gamma import Gamma
from .gumbel import Gumbel
from .laplace import Laplace
from .normal import Normal
from .pareto import Pareto
from .poisson import Poisson
from .uniform import Uniform
from .utils import euler_constant

_GAMMA_LIKE = (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)  # what real numbers reach beyond
_INFINITE: dict[type[Distribution], tuple[str, tuple[type[Distribution], ...]]] = {
    Beta: ("concentration1", (Pareto,)),
    ContinuousBernoulli: ("probs", (Pareto,)),
    Exponential: ("rate", (Beta, ContinuousBernoulli, Pareto, Uniform)),
    Gamma: ("concentration", (Beta, ContinuousBernoulli, Pareto, Uniform)),
    Gumbel: ("loc", _GAMMA_LIKE),
    Laplace: ("loc", _GAMMA_LIKE),
    Normal: ("loc", _GAMMA_LIKE),
    Pareto: ("scale", (Beta, ContinuousBernoulli, Uniform)),
    Poisson: ("rate", (Bernoulli, Binomial)),
}


def _infinite(name: str) -> Divergence:
    return lambda p, q: full_like(getattr(p, name), math.inf)


def _register_infinite() -> None:
    """Where p gives values that q never does."""
    for family, (name, others) in _INFINITE.items():
        for other in others:
            register_kl(family, other)(_infinite(name))


_register_infinite()


def _x_log_x(x: Tensor) -> Tensor:
    return x_log_y(x, x)


@register_kl(Bernoulli, Poisson)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, ContinuousBernoulli)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - p.mean * q.logits - log1p(-q.probs) - q._cont_bern_log_norm()


@register_kl(Beta, Exponential)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Beta, Gamma)
def _(p: Any, q: Any) -> Tensor:
    log_mean = digamma(p.concentration1) - digamma(p.concentration1 + p.concentration0)
    return (-p.entropy() + lgamma(q.concentration) - q.concentration * q.rate.log()
            - (q.concentration - 1) * log_mean + q.rate * p.mean)


@register_kl(Beta, Normal)
def _(p: Any, q: Any) -> Tensor:
    mean, variance = p.mean, q.scale.pow(2)
    second = mean * (1 - mean) / (p.concentration1 + p.concentration0 + 1) + mean.pow(2)
    squares = second * 0.5 - q.loc * mean + q.loc.pow(2) * 0.5
    return -p.entropy() + 0.5 * (variance * 2 * math.pi).log() + squares / variance


@register_kl(Beta, Uniform)
def _(p: Any, q: Any) -> Tensor:
    result = -p.entropy() + (q.high - q.low).log()
    return result.masked_fill((q.low > p.support.lower_bound) | (q.high < p.support.upper_bound), math.inf)


@register_kl(ContinuousBernoulli, Exponential)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - log(q.rate) + q.rate * p.mean


@register_kl(ContinuousBernoulli, Normal)
def _(p: Any, q: Any) -> Tensor:
    normalizer = 0.5 * (math.log(2.0 * math.pi) + square(q.loc / q.scale)) + log(q.scale)
    return -p.entropy() + normalizer + (p.variance + square(p.mean) - 2.0 * q.loc * p.mean) / (2.0 * square(q.scale))


@register_kl(ContinuousBernoulli, Uniform)
def _(p: Any, q: Any) -> Tensor:
    result = -p.entropy() + (q.high - q.low).log()
    outside = (q.low >= p.support.lower_bound) | (q.high <= p.support.upper_bound)
    return where(outside, math.inf, result)


@register_kl(Exponential, Gamma)
def _(p: Any, q: Any) -> Tensor:
    ratio = q.rate / p.rate
    return (-q.concentration * log(ratio) + ratio + lgamma(q.concentration) + q.concentration * euler_constant
            - (1 + euler_constant))


@register_kl(Exponential, Gumbel)
def _(p: Any, q: Any) -> Tensor:
    product, away = p.rate * q.scale, q.loc / q.scale
    return product.log() - 1 - away + exp(away) * product / (product + 1) + product.reciprocal()


@register_kl(Exponential, Normal)
def _(p: Any, q: Any) -> Tensor:
    variance, rate_square = q.scale.pow(2), p.rate.pow(2)
    normalizer = 0.5 * log(rate_square * variance * 2 * math.pi)
    return normalizer - 1 + (rate_square.reciprocal() - q.loc / p.rate + q.loc.pow(2) * 0.5) / variance


@register_kl(Gamma, Exponential)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate


@register_kl(Gamma, Gumbel)
def _(p: Any, q: Any) -> Tensor:
    product, away = p.rate * q.scale, q.loc / q.scale
    own = (p.concentration - 1) * digamma(p.concentration) - lgamma(p.concentration) - p.concentration
    power = exp(away) * (1 + product.reciprocal()).pow(-p.concentration)
    return own + product.log() + p.concentration / product + power - away


@register_kl(Gamma, Normal)
def _(p: Any, q: Any) -> Tensor:
    variance, rate_square = q.scale.pow(2), p.rate.pow(2)
    own = 0.5 * log(rate_square * variance * 2 * math.pi) - p.concentration - lgamma(p.concentration)
    squares = (0.5 * (p.concentration.pow(2) + p.concentration) / rate_square - q.loc * p.concentration / p.rate
               + 0.5 * q.loc.pow(2))
    return own + (p.concentration - 1) * digamma(p.concentration) + squares / variance


@register_kl(Gumbel, Normal)
def _(p: Any, q: Any) -> Tensor:
    ratio = p.scale / q.scale
    spread = (math.pi * ratio * 0.5).pow(2) / 3
    away = ((p.loc + p.scale * euler_constant - q.loc) / q.scale).pow(2) * 0.5
    return -(ratio / math.sqrt(2 * math.pi)).log() + spread + away - (euler_constant + 1)


@register_kl(Laplace, Normal)
def _(p: Any, q: Any) -> Tensor:
    variance = q.scale.pow(2)
    ratio = p.scale.pow(2) / variance
    squares = 0.5 * p.loc.pow(2) - p.loc * q.loc + 0.5 * q.loc.pow(2)
    return -0.5 * log(2 * ratio / math.pi) + ratio + squares / variance - 1


@register_kl(Normal, Gumbel)
def _(p: Any, q: Any) -> Tensor:
    away, spread = (p.loc - q.loc) / q.scale, (p.scale / q.scale).pow(2)
    return -spread.log() * 0.5 + away + exp(-away + 0.5 * spread) - 0.5 * (1 + math.log(2 * math.pi))


@register_kl(Normal, Laplace)
def _(p: Any, q: Any) -> Tensor:
    away = p.loc - q.loc
    ratio, own = p.scale / q.scale, away / p.scale
    spread = math.sqrt(2 / math.pi) * p.scale * exp(-0.5 * own.pow(2)) + away * erf(math.sqrt(0.5) * own)
    return -log(ratio) + spread / q.scale - 0.5 * (1 + math.log(0.5 * math.pi))


@register_kl(Pareto, Exponential)
def _(p: Any, q: Any) -> Tensor:
    product = p.scale * q.rate
    result = (p.alpha / product).log() - p.alpha.reciprocal() + p.alpha * product / (p.alpha - 1) - 1
    return result.masked_fill(p.alpha <= 1, math.inf)


@register_kl(Pareto, Gamma)
def _(p: Any, q: Any) -> Tensor:
    log_mean = p.scale.log() + p.alpha.reciprocal()
    result = (p.alpha.log() - log_mean + lgamma(q.concentration) - q.concentration * q.rate.log()
              + (1 - q.concentration) * log_mean + q.rate * p.alpha * p.scale / (p.alpha - 1) - 1)
    return result.masked_fill(p.alpha <= 1, math.inf)


@register_kl(Pareto, Normal)
def _(p: Any, q: Any) -> Tensor:
    share = p.scale / (p.alpha - 1)
    squares = p.alpha * share.pow(2) / (p.alpha - 2) + (p.alpha * share - q.loc).pow(2)
    normalizer = (math.sqrt(2 * math.pi) * q.scale * p.alpha / p.scale).log()
    result = normalizer - p.alpha.reciprocal() + squares / (2 * q.scale.pow(2)) - 1
    return result.masked_fill(p.alpha <= 2, math.inf)


@register_kl(Uniform, Beta)
def _(p: Any, q: Any) -> Tensor:
    width = p.high - p.low
    first = (q.concentration1 - 1) * (_x_log_x(p.high) - _x_log_x(p.low) - width) / width
    second = (q.concentration0 - 1) * (_x_log_x(1 - p.high) - _x_log_x(1 - p.low) + width) / width
    norm = lgamma(q.concentration1) + lgamma(q.concentration0) - lgamma(q.concentration1 + q.concentration0)
    result = second + norm - log(width) - first
    return result.masked_fill((p.high > q.support.upper_bound) | (p.low < q.support.lower_bound), math.inf)


@register_kl(Uniform, ContinuousBernoulli)
def _(p: Any, q: Any) -> Tensor:
    result = -p.entropy() - p.mean * q.logits - log1p(-q.probs) - q._cont_bern_log_norm()
    outside = (p.high >= q.support.upper_bound) | (p.low <= q.support.lower_bound)
    return where(outside, math.inf, result)


@register_kl(Uniform, Exponential)
def _(p: Any, q: Any) -> Tensor:
    result = q.rate * (p.high + p.low) / 2 - ((p.high - p.low) * q.rate).log()
    return result.masked_fill(p.low < q.support.lower_bound, math.inf)


@register_kl(Uniform, Gamma)
def _(p: Any, q: Any) -> Tensor:
    width = p.high - p.low
    log_mean = (_x_log_x(p.high) - _x_log_x(p.low) - width) / width
    result = (-width.log() + lgamma(q.concentration) - q.concentration * q.rate.log()
              + (1 - q.concentration) * log_mean + q.rate * (p.high + p.low) / 2)
    return result.masked_fill(p.low < q.support.lower_bound, math.inf)


@register_kl(Uniform, Gumbel)
def _(p: Any, q: Any) -> Tensor:
    share = q.scale / (p.high - p.low)
    high, low = (p.high - q.loc) / q.scale, (p.low - q.loc) / q.scale
    return share.log() + 0.5 * (high + low) - share * (exp(-high) - exp(-low))


@register_kl(Uniform, Normal)
def _(p: Any, q: Any) -> Tensor:
    width = p.high - p.low
    squares = width.pow(2) / 12 + ((p.high + p.low - 2 * q.loc) / 2).pow(2)
    return (math.sqrt(math.pi * 2) * q.scale / width).log() + 0.5 * squares / q.scale.pow(2)


@register_kl(Uniform, Pareto)
def _(p: Any, q: Any) -> Tensor:
    width = p.high - p.low
    log_mean = (_x_log_x(p.high) - _x_log_x(p.low) - width) / width
    result = log_mean * (q.alpha + 1) - (q.alpha * q.scale.pow(q.alpha) * width).log()
    return result.masked_fill(p.low < q.support.lower_bound, math.inf)
