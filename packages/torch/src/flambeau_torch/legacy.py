"""`torch.FloatTensor` and its sisters: constructors that name a dtype, and classes to ask `isinstance` of."""

from __future__ import annotations

from flambeau.tensors.typenames import (
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
)
from flambeau.tensors.typenames import (
    legacy_name as legacy_name,
)

__all__ = ["BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor",
           "IntTensor", "LongTensor", "ShortTensor"]
