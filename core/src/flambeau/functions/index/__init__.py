"""PyTorch's indexing functions; `places` and `groups` load when first used."""

from __future__ import annotations

from .picking import *
