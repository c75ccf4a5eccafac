"""PyTorch's reductions."""

from __future__ import annotations

from .covariance import *
from .covariance import __all__ as _covariance
from .order import *
from .order import __all__ as _order
from .reductions import *
from .reductions import __all__ as _reductions

__all__ = [*_covariance, *_order, *_reductions]
