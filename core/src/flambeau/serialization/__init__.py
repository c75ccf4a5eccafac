"""`save` and `load` in PyTorch's .pt layout; files go both ways between flambeau and PyTorch.

`writing` makes a pickle and streams the tensors' memory behind it, `atomic` puts the file in its place. `archive` reads
the zip with suspicion, `machine` follows the pickle without running anything, `allowed` says what it may name, `keys`
what it may hash, and `rebuild` makes the tensors.
"""

from ..spelling import public
from .allowed import SAFE as _SAFE  # noqa: F401
from .allowed import add_safe_globals
from .reading import load
from .writing import save

__all__ = [
    "add_safe_globals", "load", "save",
]
__getattr__, __dir__ = public(__name__)
