"""PyTorch's reductions."""

from __future__ import annotations

from .covariance import *
from .order import *
from .reductions import *
