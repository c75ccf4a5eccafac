"""Switching `import torch` to flambeau and back."""

from __future__ import annotations

import sys

from flambeau import dtypes
from flambeau.errors import FlambeauError

from . import naming
from .finder import Finder, StandIn

_finder = Finder()


class ActivationError(FlambeauError, ImportError):
    """`import torch` cannot be switched any more."""

    code = "FL701"


def is_active() -> bool:
    """Whether `import torch` means flambeau."""
    return _finder in sys.meta_path


def activate() -> None:
    """From here on `import torch` and its submodules mean flambeau, and what is printed says torch.

    Raises ActivationError if the real PyTorch is already imported: names taken from it would stay PyTorch's.
    """
    held = sys.modules.get("torch")
    if held is not None and not isinstance(held, StandIn):
        raise ActivationError("torch is already imported and is PyTorch itself; activate flambeau_torch before the"
                              " first `import torch`", op="activate")
    if not is_active():
        sys.meta_path.insert(0, _finder)
    dtypes._NAMESPACE[0] = "torch"
    naming.rename()


def deactivate() -> None:
    """Puts everything back: `import torch` is PyTorch again where that is installed."""
    if is_active():
        sys.meta_path.remove(_finder)
    for name in [n for n, module in sys.modules.items() if isinstance(module, StandIn)]:
        del sys.modules[name]
    dtypes._NAMESPACE[0] = "flambeau"
    naming.restore()
