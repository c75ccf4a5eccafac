"""Causal masks for `scaled_dot_product_attention`, for queries and keys of different lengths."""

from __future__ import annotations

import warnings
from enum import IntEnum, auto
from typing import Any

from ... import functions
from ...errors import PreconditionError
from ...spelling import public
from ...tensors.tensor import Tensor, fill, new

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(IntEnum):
    """Which corner of the scores the causal mask starts from."""

    UPPER_LEFT = auto()
    LOWER_RIGHT = auto()


class CausalBias(Tensor):
    """A boolean mask (queries, keys), True where a query looks at a key; `attn_mask` of attention takes it."""

    variant: CausalVariant
    seq_len_q: int
    seq_len_kv: int

    def __new__(cls, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> Any:
        if not isinstance(variant, CausalVariant):
            raise PreconditionError(f"variant must be a CausalVariant, got {type(variant).__name__}")
        if seq_len_q > seq_len_kv and variant is CausalVariant.LOWER_RIGHT:
            warnings.warn("Lower right causal bias will produce NaNs in the output when seq_len_q > seq_len_kv!",
                          stacklevel=3)
        offset = seq_len_kv - seq_len_q if variant is CausalVariant.LOWER_RIGHT else 0
        mask = functions.tril(functions.ones(seq_len_q, seq_len_kv), offset).bool()
        made = new(cls)
        fill(made, mask._array, mask._kind.plain)
        made.variant, made.seq_len_q, made.seq_len_kv = variant, seq_len_q, seq_len_kv
        return made


def causal_upper_left(*size: int) -> CausalBias:
    """The mask (queries, keys) by which query i looks at keys up to i.

    >>> causal_upper_left(2, 3).tolist()
    [[True, False, False], [True, True, False]]
    """
    return _bias("causal_upper_left", CausalVariant.UPPER_LEFT, size)


def causal_lower_right(*size: int) -> CausalBias:
    """The mask (queries, keys) by which the last query looks at all keys, the one before at all but one, …

    >>> causal_lower_right(2, 3).tolist()
    [[True, True, False], [True, True, True]]
    """
    return _bias("causal_lower_right", CausalVariant.LOWER_RIGHT, size)


def _bias(name: str, variant: CausalVariant, size: tuple[int, ...]) -> CausalBias:
    if len(size) != 2:
        raise PreconditionError(f"{name} only supports 2D tensors, got {len(size)} sizes")
    return CausalBias(variant, *size)


__getattr__, __dir__ = public(__name__)
