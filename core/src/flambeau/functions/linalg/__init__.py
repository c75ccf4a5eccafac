"""PyTorch's names of products of matrices and vectors."""

from __future__ import annotations

from .einsum import *
from .products import *
