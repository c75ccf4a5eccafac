"""KL divergences of two distributions of one family."""

from __future__ import annotations

import math
from typing import Any

from ..errors import UnsupportedError, ValueRangeError
from ..functions import exp, log1p, softplus
from ..shapes import broadcast_shapes
from ..tensors.tensor import Tensor
from ._kl_registry import kl_divergence, register_kl
from ._matrices import log_diagonal, mahalanobis, solve_lower, trace_of_square
from ._special import digamma, lgamma
from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .categorical import Categorical
from .cauchy import Cauchy
from .continuous_bernoulli import ContinuousBernoulli
from .dirichlet import Dirichlet
from .exp_family import ExponentialFamily, log_normalizer_and_slopes
from .exponential import Exponential
from .gamma import Gamma
from .geometric import Geometric
from .gumbel import Gumbel
from .half_normal import HalfNormal
from .independent import Independent
from .laplace import Laplace
from .lowrank_multivariate_normal import LowRankMultivariateNormal
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .pareto import Pareto
from .poisson import Poisson
from .transformed_distribution import TransformedDistribution
from .uniform import Uniform
from .utils import euler_constant, sum_rightmost


@register_kl(Bernoulli, Bernoulli)
def _(p: Any, q: Any) -> Tensor:
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    one = one.masked_fill(q.probs == 0, math.inf).masked_fill(p.probs == 0, 0)
    zero = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    return one + zero.masked_fill(q.probs == 1, math.inf).masked_fill(p.probs == 1, 0)


@register_kl(Beta, Beta)
def _(p: Any, q: Any) -> Tensor:
    total_p, total_q = p.concentration1 + p.concentration0, q.concentration1 + q.concentration0
    norms = (lgamma(q.concentration1) + lgamma(q.concentration0) + lgamma(total_p)
             - lgamma(p.concentration1) - lgamma(p.concentration0) - lgamma(total_q))
    return (norms + (p.concentration1 - q.concentration1) * digamma(p.concentration1)
            + (p.concentration0 - q.concentration0) * digamma(p.concentration0)
            + (total_q - total_p) * digamma(total_p))


@register_kl(Binomial, Binomial)
def _(p: Any, q: Any) -> Tensor:
    if (p.total_count < q.total_count).any():
        raise UnsupportedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    kl = p.total_count * (p.probs * (p.logits - q.logits) + log1p(-p.probs) - log1p(-q.probs))
    return kl.masked_fill(p.total_count > q.total_count, math.inf)


@register_kl(Categorical, Categorical)
def _kl_categorical(p: Any, q: Any) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    return terms.masked_fill(q.probs == 0, math.inf).masked_fill(p.probs == 0, 0).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _(p: Any, q: Any) -> Tensor:
    return _kl_categorical(p._categorical, q._categorical)


@register_kl(Cauchy, Cauchy)
def _(p: Any, q: Any) -> Tensor:
    return ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log() - (4 * p.scale * q.scale).log()


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _(p: Any, q: Any) -> Tensor:
    return (p.mean * (p.logits - q.logits) + p._cont_bern_log_norm() + log1p(-p.probs)
            - q._cont_bern_log_norm() - log1p(-q.probs))


@register_kl(Dirichlet, Dirichlet)
def _(p: Any, q: Any) -> Tensor:
    total = p.concentration.sum(-1)
    norms = lgamma(total) - lgamma(q.concentration.sum(-1))
    each = lgamma(p.concentration) - lgamma(q.concentration)
    means = digamma(p.concentration) - digamma(total).unsqueeze(-1)
    return norms - each.sum(-1) + ((p.concentration - q.concentration) * means).sum(-1)


@register_kl(Exponential, Exponential)
def _(p: Any, q: Any) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(ExponentialFamily, ExponentialFamily)
def _(p: Any, q: Any) -> Tensor:
    """The Bregman divergence of the log normalizer, between two of one family."""
    if type(p) is not type(q):
        raise UnsupportedError("The cross KL-divergence between different exponential families cannot be computed using"
                               " Bregman divergences")
    params = [param.detach().requires_grad_() for param in p._natural_params]
    normalizer, slopes = log_normalizer_and_slopes(p, params)
    result = q._log_normalizer(*q._natural_params) - normalizer
    for mine, other, slope in zip(params, q._natural_params, slopes, strict=True):
        result = result - sum_rightmost((other - mine) * slope, len(q.event_shape))
    return result


@register_kl(Gamma, Gamma)
def _(p: Any, q: Any) -> Tensor:
    return (q.concentration * (p.rate / q.rate).log() + lgamma(q.concentration) - lgamma(p.concentration)
            + (p.concentration - q.concentration) * digamma(p.concentration)
            + (q.rate - p.rate) * (p.concentration / p.rate))


@register_kl(Geometric, Geometric)
def _(p: Any, q: Any) -> Tensor:
    return -p.entropy() - log1p(-q.probs) / p.probs - q.logits


@register_kl(Gumbel, Gumbel)
def _(p: Any, q: Any) -> Tensor:
    ratio, away = p.scale / q.scale, (q.loc - p.loc) / q.scale
    return -ratio.log() - away + ratio * euler_constant + exp(away + lgamma(1 + ratio)) - (1 + euler_constant)


@register_kl(Normal, Normal)
def _kl_normal(p: Any, q: Any) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(HalfNormal, HalfNormal)
def _(p: Any, q: Any) -> Tensor:
    return _kl_normal(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _(p: Any, q: Any) -> Tensor:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * exp(-away / p.scale) - 1


@register_kl(Pareto, Pareto)
def _(p: Any, q: Any) -> Tensor:
    ratio = q.alpha / p.alpha
    result = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return result.masked_fill(p.scale < q.scale, math.inf)


@register_kl(Poisson, Poisson)
def _(p: Any, q: Any) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _(p: Any, q: Any) -> Tensor:
    result = ((q.high - q.low) / (p.high - p.low)).log()
    return result.masked_fill((q.low > p.low) | (q.high < p.high), math.inf)


@register_kl(Independent, Independent)
def _(p: Any, q: Any) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise UnsupportedError(f"the numbers of reinterpreted dims differ: {p.reinterpreted_batch_ndims} and"
                               f" {q.reinterpreted_batch_ndims}")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _(p: Any, q: Any) -> Tensor:
    """That of the bases: a transform that both share changes nothing."""
    if p.transforms != q.transforms:
        raise UnsupportedError("the transforms of the two distributions differ")
    if p.event_shape != q.event_shape:
        raise UnsupportedError(f"the event shapes differ: {p.event_shape} and {q.event_shape}")
    return kl_divergence(p.base_dist, q.base_dist)


def _require_one_event(p: Any, q: Any, kind: str) -> None:
    if p.event_shape != q.event_shape:
        raise ValueRangeError(f"KL-divergence between two {kind}Multivariate Normals with different event shapes cannot"
                              f" be computed: {p.event_shape} and {q.event_shape}")


def _solved(factor: Tensor, right: Tensor) -> Tensor:
    """factor^-1 @ right, over the batches of both."""
    batch = broadcast_shapes("kl_divergence", tuple(factor.shape[:-2]), tuple(right.shape[:-2]))
    return solve_lower(factor.expand((*batch, *factor.shape[-2:])), right.expand((*batch, *right.shape[-2:])))


@register_kl(MultivariateNormal, MultivariateNormal)
def _(p: Any, q: Any) -> Tensor:
    _require_one_event(p, q, "")
    own, other = p._unbroadcasted_scale_tril, q._unbroadcasted_scale_tril
    trace = trace_of_square(_solved(other, own))
    distance = mahalanobis(other, q.loc - p.loc)
    return log_diagonal(other) - log_diagonal(own) + 0.5 * (trace + distance - p.event_shape[0])


def _low_rank_trace(q: Any, factor: Tensor) -> Tensor:
    """The trace of q's precision times factor @ factor.mT."""
    part = solve_lower(q._capacitance_tril, q._factor_over_diagonal)
    scaled = factor * q._unbroadcasted_cov_diag.rsqrt().unsqueeze(-1)
    return trace_of_square(scaled) - trace_of_square(part.matmul(factor))


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _(p: Any, q: Any) -> Tensor:
    _require_one_event(p, q, "(Low Rank) ")
    part = solve_lower(q._capacitance_tril, q._factor_over_diagonal)
    own = ((p._unbroadcasted_cov_diag / q._unbroadcasted_cov_diag).sum(-1)
           - trace_of_square(part * p._unbroadcasted_cov_diag.sqrt().unsqueeze(-2)))
    trace = own + _low_rank_trace(q, p._unbroadcasted_cov_factor)
    return 0.5 * (q._log_det() - p._log_det() + trace + q._distance(q.loc - p.loc) - p.event_shape[0])


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _(p: Any, q: Any) -> Tensor:
    _require_one_event(p, q, "(Low Rank) ")
    factor = p._unbroadcasted_scale_tril
    dets = q._log_det() - 2 * log_diagonal(factor)
    return 0.5 * (dets + _low_rank_trace(q, factor) + q._distance(q.loc - p.loc) - p.event_shape[0])


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _(p: Any, q: Any) -> Tensor:
    _require_one_event(p, q, "(Low Rank) ")
    factor = q._unbroadcasted_scale_tril
    roots = p._unbroadcasted_cov_diag.sqrt().diag_embed()
    trace = (trace_of_square(_solved(factor, p._unbroadcasted_cov_factor)) + trace_of_square(_solved(factor, roots)))
    dets = 2 * log_diagonal(factor) - p._log_det()
    return 0.5 * (dets + trace + mahalanobis(factor, q.loc - p.loc) - p.event_shape[0])
