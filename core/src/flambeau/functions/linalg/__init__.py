"""PyTorch's names of products of matrices and vectors."""

from __future__ import annotations

from .einsum import *
from .einsum import __all__ as _einsum
from .products import *
from .products import __all__ as _products

__all__ = [*_einsum, *_products]
