"""Attention by several heads as a layer."""

from __future__ import annotations

from typing import Any

from ..errors import PreconditionError, ValueRangeError
from ..functions import empty
from ..tensors.tensor import Tensor
from . import functional as F
from . import init
from ._functional_multihead import canonical_mask
from .linear import NonDynamicallyQuantizableLinear
from .module import Module
from .parameter import Parameter


class MultiheadAttention(Module):
    """Attention by `num_heads` heads, each in its own slice of `embed_dim` features (Vaswani et al., 2017).

    Takes query (L, N, E), key (S, N, kdim) and value (S, N, vdim), the batch first with `batch_first`, or none of it;
    gives (L, N, E) and the weights (N, L, S). Where a boolean `key_padding_mask` (N, S) or `attn_mask` (L, S) is True
    nothing is looked at; a floating one is added to the scores. Raises ValueRangeError for sizes that are not positive,
    PreconditionError where the heads do not divide the features.

    >>> import flambeau
    >>> x = flambeau.ones(3, 1, 4)
    >>> out, weights = MultiheadAttention(4, 2)(x, x, x)
    >>> out.shape, weights[0, 0].sum()
    (flambeau.Size([3, 1, 4]), tensor(1., grad_fn=<SumBackward0>))
    """

    __constants__ = ("batch_first",)
    bias_k: Tensor | None
    bias_v: Tensor | None

    def __init__(self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True,
                 add_bias_kv: bool = False, add_zero_attn: bool = False, kdim: int | None = None,
                 vdim: int | None = None, batch_first: bool = False, device: Any = None, dtype: Any = None) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueRangeError(f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                                  f"num_heads={num_heads} instead", embed_dim=embed_dim, num_heads=num_heads)
        super().__init__()
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = (embed_dim if dim is None else dim for dim in (kdim, vdim))
        self._qkv_same_embed_dim = self.kdim == embed_dim == self.vdim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        if self.head_dim * num_heads != embed_dim:
            raise PreconditionError(f"embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}")
        factory = {"device": device, "dtype": dtype}
        self._make_projections(bias, factory)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **factory)
        if add_bias_kv:
            self.bias_k, self.bias_v = (Parameter(empty((1, 1, embed_dim), **factory)) for _ in range(2))
        else:
            self.bias_k = self.bias_v = None
        self._reset_parameters()

    def _make_projections(self, bias: bool, factory: dict[str, Any]) -> None:
        """One weight for query, key and value where their features are as many, else three."""
        embed = self.embed_dim
        separate: dict[str, Any] = {"q_proj_weight": (embed, embed), "k_proj_weight": (embed, self.kdim),
                                    "v_proj_weight": (embed, self.vdim), "in_proj_weight": None}
        joint = {**dict.fromkeys(separate), "in_proj_weight": (3 * embed, embed)}
        sizes = joint if self._qkv_same_embed_dim else separate
        sizes["in_proj_bias"] = 3 * embed if bias else None
        for name, size in sizes.items():
            self.register_parameter(name, None if size is None else Parameter(empty(size, **factory)))

    def _reset_parameters(self) -> None:
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if (weight := getattr(self, name)) is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)  # type: ignore[arg-type]
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
                need_weights: bool = True, attn_mask: Tensor | None = None, average_attn_weights: bool = True,
                is_causal: bool = False) -> tuple[Tensor, Tensor | None]:
        """The attention output and its weights, None unless `need_weights`; see the class.

        `is_causal` is a hint that `attn_mask` is the causal mask. Raises PreconditionError or ShapeError where sizes
        do not fit.
        """
        other = None if attn_mask is None else attn_mask.dtype
        key_padding_mask = canonical_mask(key_padding_mask, "key_padding_mask", other, "attn_mask", query.dtype)
        attn_mask = canonical_mask(attn_mask, "attn_mask", None, "", query.dtype)
        swaps = self.batch_first and query.dim() == 3
        if swaps:
            query, key, value = (x.transpose(1, 0) if x.dim() > 1 else x for x in (query, key, value))
        out, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k,
            self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias,
            training=self.training, key_padding_mask=key_padding_mask, need_weights=need_weights, attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim, q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight, v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights, is_causal=is_causal)
        return out.transpose(1, 0) if swaps else out, weights

    def merge_masks(self, attn_mask: Tensor | None, key_padding_mask: Tensor | None,
                    query: Tensor) -> tuple[Tensor | None, int | None]:
        """Both masks in one and its type: None, 1 for a padding mask (N, S) alone, 2 for one (N, heads, L, L)."""
        if attn_mask is None:
            return key_padding_mask, None if key_padding_mask is None else 1
        batch, length = query.shape[:2]
        if attn_mask.dim() == 3:
            merged = attn_mask.view(batch, -1, length, length)
        else:
            merged = attn_mask.view(1, 1, length, length).expand(batch, self.num_heads, -1, -1)
        if key_padding_mask is not None:
            merged = merged + key_padding_mask.view(batch, 1, 1, length).expand(-1, self.num_heads, -1, -1)
        return merged, 2
