"""Called, which backends are installed; its modules are PyTorch's switches of the libraries below its own.

`backends()` is a dict of backend name to Status. flambeau's arrays come from its backends alone, so a switch such as
`backends.cudnn.benchmark = True` is noted and changes nothing, and a library that only PyTorch is built with is not
available.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from ..contract import plugins as _plugins
from ..contract.backend import Status as _Status
from ..spelling import public as _public


class _Backends(ModuleType):
    """This module, which may be called."""

    def __call__(self) -> dict[str, _Status]:
        """What is installed and whether it can be used: backend name to Status.

        >>> import flambeau
        >>> flambeau.backends()["numpy"].ok
        True
        """
        return _plugins.backends()


_PARTS = ("cpu", "cuda", "cudnn", "mha", "mkl", "mkldnn", "mps", "nnpack", "openmp", "opt_einsum")
_modules: Any = sys.modules
_modules[__name__].__class__ = _Backends

__all__ = [*_PARTS]
__getattr__, __dir__ = _public(__name__, {name: f".{name}" for name in _PARTS})
