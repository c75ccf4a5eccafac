"""Scaled dot-product attention."""

from __future__ import annotations

import math

from ..errors import DTypeError, ShapeError, ValueRangeError
from ..ops.linalg import matmul
from ..ops.movement import transpose, tril
from ..table.precision import in_single
from ..tensors.tensor import Tensor
from .dropout import dropout
from .index import masked_fill
from .norm import softmax


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None,
                                 dropout_p: float = 0.0, is_causal: bool = False, scale: float | None = None,
                                 enable_gqa: bool = False) -> Tensor:
    """softmax(query @ key.mT * scale + mask) @ value: (*, L, E), (*, S, E), (*, S, V) → (*, L, V).

    `attn_mask` broadcasts to (*, L, S): boolean (True takes part) or added; `is_causal` lets place i
    see places up to i. `scale` is 1/sqrt(E) unless given. With `enable_gqa` the heads of key and
    value (dim -3) are repeated to match query's. A place that sees nothing gives zeros.
    """
    _check(query, key, value, attn_mask, is_causal)
    scale = 1.0 / math.sqrt(query.shape[-1] or 1) if scale is None else scale
    return _attended(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)


@in_single
def _attended(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None, dropout_p: float, is_causal: bool,
              scale: float, enable_gqa: bool) -> Tensor:
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    scores = matmul(query * scale, transpose(key, -2, -1))
    if attn_mask is not None:
        weights = _weights(scores, attn_mask)
    else:
        weights = softmax(masked_fill(scores, ~_causal(scores), -math.inf) if is_causal else scores, -1)
    if dropout_p > 0.0:
        weights = dropout(weights, dropout_p, True)
    return matmul(weights, value)


def _check(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None, is_causal: bool) -> None:
    op = "scaled_dot_product_attention"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ShapeError(f"Expected query, key, and value to all be at least 2 dimensional, but got query.dim:"
                         f" {query.ndim} key.dim: {key.ndim} and value.dim: {value.ndim} instead.", op=op)
    if not query.dtype is key.dtype is value.dtype:
        raise DTypeError(f"Expected query, key, and value to have the same dtype, but got query.dtype: {query.dtype!r}"
                         f" key.dtype: {key.dtype!r} and value.dtype: {value.dtype!r} instead.", op=op)
    if not query.dtype.is_floating_point:
        raise DTypeError(f"expected a floating dtype, got {query.dtype!r}", op=op, dtype=query.dtype)
    if attn_mask is None:
        return
    if is_causal:
        raise ValueRangeError("Explicit attn_mask should not be set when is_causal=True", op=op)
    if attn_mask.dtype.category and not attn_mask.dtype.is_floating_point:
        raise DTypeError(f"Expected attn_mask dtype to be bool or float or to match query dtype, but got"
                         f" attn_mask.dtype: {attn_mask.dtype!r} and query.dtype: {query.dtype!r} instead.", op=op)


def _causal(scores: Tensor) -> Tensor:
    return tril(scores.new_ones(tuple(scores.shape[-2:]))).bool()  # (L, S)


def _weights(scores: Tensor, mask: Tensor) -> Tensor:
    """The softmax of masked scores; rows that see nothing stay out of it, where they would give NaN, and get zeros."""
    hidden = (mask == -math.inf) if mask.dtype.category else ~mask
    masked = scores + mask if mask.dtype.category else masked_fill(scores, hidden, -math.inf)
    blind = hidden.all(-1, keepdim=True)
    weights = softmax(masked_fill(masked, blind, 0), -1)
    return masked_fill(weights, blind, 0)

__all__ = [
    "scaled_dot_product_attention",
]
