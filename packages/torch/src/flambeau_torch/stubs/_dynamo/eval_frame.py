"""The class of compiled modules, of which there are none: for `isinstance`."""

from __future__ import annotations

from flambeau import nn


class OptimizedModule(nn.Module):
    """What PyTorch's `compile` makes of a module; here it gives the module itself, so that no instance exists."""
