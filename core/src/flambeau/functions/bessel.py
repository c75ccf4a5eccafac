"""PyTorch's names of the Bessel and Airy functions; those that `flambeau` itself lacks are in `flambeau.special`."""

from __future__ import annotations

from ..ops.bessel import i0
from ..tensors.tensor import Tensor

i0_ = Tensor.i0_  # type: ignore[attr-defined]

__all__ = ["i0", "i0_"]
