"""Attention by several heads over projected queries, keys and values.

Queries, keys and values come as (L, N, E) and are projected; each head attends in its own slice of the features,
(N * heads, L, head_dim); what the heads give is put side by side again and projected once more.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from .. import functions
from ..dtypes import DType
from ..errors import PreconditionError, ShapeError, ValueRangeError
from ..functions import linear, pad, scaled_dot_product_attention
from ..tensors.tensor import Tensor
from ._functional_activation import softmax
from ._functional_layers import dropout

_OP = "multi_head_attention_forward"


def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int,
    in_proj_weight: Tensor | None, in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None,
    add_zero_attn: bool, dropout_p: float, out_proj_weight: Tensor, out_proj_bias: Tensor | None,
    training: bool = True, key_padding_mask: Tensor | None = None, need_weights: bool = True,
    attn_mask: Tensor | None = None, use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None, static_k: Tensor | None = None,
    static_v: Tensor | None = None, average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention by `num_heads` heads (Vaswani et al., 2017), and the attention weights; see nn.MultiheadAttention.

    query (L, N, E) or (L, E), key and value (S, N, E) or (S, E), key_padding_mask (N, S) or (S), attn_mask (L, S) or
    (N * heads, L, S); where a boolean mask is True nothing is looked at, a floating one is added. Returns (L, N, E)
    and the weights (N, L, S), or (N, heads, L, S) unless `average_attn_weights`, or None unless `need_weights`.
    Raises PreconditionError or ShapeError for sizes that do not fit.
    """
    batched = _is_batched(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = (t.unsqueeze(1) for t in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    key_padding_mask, attn_mask, is_causal = _masks(query, key_padding_mask, attn_mask, is_causal, need_weights)
    _check_features(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    weights = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else _thirds(in_proj_weight)
    q, k, v = _projected((query, key, value), weights, in_proj_bias)
    attn_mask = _as_three_dims(attn_mask, query.shape, key.shape[0], num_heads)
    k, v, grown = _with_bias(k, v, bias_k, bias_v, (static_k, static_v), query.shape[1])
    q, k, v = _by_head(q, num_heads), _or_static("static_k", k, static_k, num_heads), _or_static(
        "static_v", v, static_v, num_heads)
    if add_zero_attn:
        k, v = (functions.cat([t, t.new_zeros((t.shape[0], 1, t.shape[2]))], 1) for t in (k, v))
    attn_mask, key_padding_mask = (None if mask is None else pad(mask, (0, grown + add_zero_attn))
                                   for mask in (attn_mask, key_padding_mask))
    mask = _merged(attn_mask, key_padding_mask, query.shape[1], num_heads, k.shape[1])
    attended, looks = _attend((q, k, v), mask, dropout_p if training else 0.0, need_weights, is_causal,
                              (query.shape[1], num_heads))
    out = linear(attended.reshape(-1, query.shape[2]), out_proj_weight, out_proj_bias)
    out = out.view(query.shape[0], query.shape[1], out.shape[1])
    if looks is not None and average_attn_weights:
        looks = looks.mean(1)
    if batched:
        return out, looks
    return out.squeeze(1), None if looks is None else looks.squeeze(0)


def _is_batched(query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None, attn_mask: Tensor | None,
                num_heads: int) -> bool:
    """Whether the query has a batch dim. Raises PreconditionError where the others do not go with it."""
    dims = query.dim()
    if dims not in (2, 3):
        raise PreconditionError("query should be unbatched 2D or batched 3D tensor but received "
                                f"{dims}-D query tensor", op=_OP)
    given = f"For {'batched' if dims == 3 else 'unbatched'} ({dims}-D) `query`, expected"
    if key.dim() != dims or value.dim() != dims:
        raise PreconditionError(f"{given} `key` and `value` to be {dims}-D but found {key.dim()}-D and {value.dim()}-D"
                                " tensors respectively", op=_OP)
    if key_padding_mask is not None and key_padding_mask.dim() != dims - 1:
        raise PreconditionError(f"{given} `key_padding_mask` to be `None` or {dims - 1}-D but found "
                                f"{key_padding_mask.dim()}-D tensor instead", op=_OP)
    if attn_mask is not None and attn_mask.dim() not in (2, 3):
        raise PreconditionError(f"{given} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.dim()}-D tensor"
                                " instead", op=_OP)
    if attn_mask is not None and dims == 2 and attn_mask.dim() == 3:
        expected = (num_heads, query.shape[0], key.shape[0])
        if attn_mask.shape != expected:
            raise PreconditionError(f"Expected `attn_mask` shape to be {expected} but got {attn_mask.shape}", op=_OP)
    return dims == 3


def canonical_mask(mask: Tensor | None, mask_name: str, other_type: DType | None, other_name: str,
                   target_type: DType) -> Tensor | None:
    """A boolean mask as one that is added: minus infinity where it is True. Raises PreconditionError for integers."""
    if mask is None:
        return None
    floating = mask.is_floating_point()
    if mask.dtype.category and not floating:
        raise PreconditionError(f"only bool and floating types of {mask_name} are supported, got {mask.dtype!r}",
                                op=_OP)
    if other_type is not None and other_type is not mask.dtype:
        warnings.warn(f"Support for mismatched {mask_name} and {other_name} is deprecated. Use same type for both "
                      "instead.", stacklevel=3)
    if floating:
        return mask
    return functions.zeros_like(mask, dtype=target_type).masked_fill_(mask, -math.inf)


def _masks(query: Tensor, key_padding_mask: Tensor | None, attn_mask: Tensor | None, is_causal: bool,
           need_weights: bool) -> tuple[Tensor | None, Tensor | None, bool]:
    """Both masks as numbers to add, and whether the causal one is left to the attention itself."""
    other = None if attn_mask is None else attn_mask.dtype
    key_padding_mask = canonical_mask(key_padding_mask, "key_padding_mask", other, "attn_mask", query.dtype)
    if is_causal and attn_mask is None:
        raise ValueRangeError("Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
                              "method `generate_square_subsequent_mask` to create this mask.", op=_OP)
    if is_causal and key_padding_mask is None and not need_weights:
        return None, None, True
    attn_mask = canonical_mask(attn_mask, "attn_mask", None, "", query.dtype)
    return key_padding_mask, attn_mask, is_causal and key_padding_mask is None and attn_mask is None


def _check_features(query: Tensor, key: Tensor, value: Tensor, embed_dim: int, num_heads: int, separate: bool) -> None:
    if query.shape[2] != embed_dim:
        raise PreconditionError(f"was expecting embedding dimension of {embed_dim}, but got {query.shape[2]}", op=_OP)
    if embed_dim % num_heads:
        raise PreconditionError(f"embed_dim {embed_dim} not divisible by num_heads {num_heads}", op=_OP)
    if separate and key.shape[:2] != value.shape[:2]:
        raise PreconditionError(f"key's sequence and batch dims {key.shape[:2]} do not match value's "
                                f"{value.shape[:2]}", op=_OP)
    if not separate and key.shape != value.shape:
        raise PreconditionError(f"key shape {key.shape} does not match value shape {value.shape}", op=_OP)


def _thirds(weight: Tensor | None) -> tuple[Tensor | None, ...]:
    return (None,) if weight is None else weight.chunk(3)


def _projected(inputs: tuple[Tensor, ...], weights: tuple[Tensor | None, ...],
               bias: Tensor | None) -> tuple[Tensor, ...]:
    """Query, key and value, each by its own weight."""
    if any(weight is None for weight in weights):
        raise PreconditionError("in_proj_weight, or with use_separate_proj_weight all of q_proj_weight, k_proj_weight "
                                "and v_proj_weight, must be given, got None", op=_OP)
    biases: Any = (None, None, None) if bias is None else bias.chunk(3)
    return tuple(linear(x, w, b) for x, w, b in zip(inputs, weights, biases, strict=True))  # type: ignore[arg-type]


def _as_three_dims(mask: Tensor | None, query: Any, source: int, num_heads: int) -> Tensor | None:
    """(L, S) as (1, L, S). Raises ShapeError where the sizes do not fit."""
    if mask is None:
        return None
    wanted = (query[0], source) if mask.dim() == 2 else (query[1] * num_heads, query[0], source)
    if mask.shape != wanted:
        raise ShapeError(f"The shape of the {mask.dim()}D attn_mask is {mask.shape}, but should be {wanted}.", op=_OP)
    return mask.unsqueeze(0) if mask.dim() == 2 else mask


def _with_bias(k: Tensor, v: Tensor, bias_k: Tensor | None, bias_v: Tensor | None,
               static: tuple[Tensor | None, Tensor | None], batch: int) -> tuple[Tensor, Tensor, int]:
    """Keys and values with the learned ones after them, and by how many places they have grown."""
    if bias_k is None and bias_v is None:
        return k, v, 0
    if bias_k is None or bias_v is None:
        here, missing = ("bias_v", "bias_k") if bias_k is None else ("bias_k", "bias_v")
        raise PreconditionError(f"{here} is set but {missing} is None", op=_OP)
    if any(t is not None for t in static):
        raise PreconditionError("bias cannot be added to static key or value.", op=_OP)
    grown = [functions.cat([t, bias.repeat(1, batch, 1)]) for t, bias in ((k, bias_k), (v, bias_v))]
    return grown[0], grown[1], 1


def _by_head(x: Tensor, num_heads: int) -> Tensor:
    """(L, N, E) as (N * heads, L, head_dim)."""
    length, batch, features = x.shape
    return x.reshape(length, batch * num_heads, features // num_heads).transpose(0, 1)


def _or_static(name: str, x: Tensor, static: Tensor | None, num_heads: int) -> Tensor:
    """The static keys or values where there are any, else the projected ones by head."""
    heads = _by_head(x, num_heads)
    if static is None:
        return heads
    for dim in (0, 2):
        if static.shape[dim] != heads.shape[dim]:
            raise PreconditionError(f"expecting {name}.size({dim}) of {heads.shape[dim]}, but got "
                                    f"{static.shape[dim]}", op=_OP)
    return static


def _merged(attn_mask: Tensor | None, padding: Tensor | None, batch: int, num_heads: int,
            source: int) -> Tensor | None:
    """Both masks in one, (N * heads or 1, L or 1, S)."""
    if padding is None:
        return attn_mask
    for dim, size in enumerate((batch, source)):
        if padding.shape[dim] != size:
            raise PreconditionError(f"Expected key_padded_mask.shape[{dim}] to be {size}, but got "
                                    f"{padding.shape[dim]}", op=_OP)
    spread = padding.view(batch, 1, 1, source).expand(-1, num_heads, -1, -1).reshape(batch * num_heads, 1, source)
    return spread if attn_mask is None else attn_mask + spread


def _attend(qkv: tuple[Tensor, Tensor, Tensor], mask: Tensor | None, dropout_p: float, need_weights: bool,
            is_causal: bool, batch: tuple[int, int]) -> tuple[Tensor, Tensor | None]:
    """What the heads gather, as (L, N, heads, head_dim), and the weights (N, heads, L, S) where they are wanted."""
    q, k, v = qkv
    if need_weights:
        scaled, keys = q * math.sqrt(1.0 / float(q.shape[2])), k.transpose(-2, -1)
        scores = functions.bmm(scaled, keys) if mask is None else functions.baddbmm(mask, scaled, keys)
        looks = softmax(scores, dim=-1)
        looks = dropout(looks, dropout_p) if dropout_p > 0.0 else looks
        return functions.bmm(looks, v).transpose(0, 1), looks.view(*batch, q.shape[1], k.shape[1])
    if mask is not None:
        mask = mask.unsqueeze(0) if mask.shape[0] == 1 else mask.view(*batch, -1, k.shape[1])
    q, k, v = (t.reshape(*batch, *t.shape[1:]) for t in qkv)
    return scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal).permute(2, 0, 1, 3), None
