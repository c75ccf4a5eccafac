"""The old classes of tensors on CUDA: called they make one there, asked by `isinstance` they look where it is."""

from __future__ import annotations

from .. import dtypes
from ..tensors.typenames import typed

FloatTensor, DoubleTensor = typed(dtypes.float32, "cuda"), typed(dtypes.float64, "cuda")
HalfTensor, BFloat16Tensor = typed(dtypes.float16, "cuda"), typed(dtypes.bfloat16, "cuda")
ByteTensor, CharTensor, BoolTensor = (typed(d, "cuda") for d in (dtypes.uint8, dtypes.int8, dtypes.bool))
ShortTensor, IntTensor, LongTensor = (typed(d, "cuda") for d in (dtypes.int16, dtypes.int32, dtypes.int64))

__all__ = ["BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor",
           "IntTensor", "LongTensor", "ShortTensor"]
