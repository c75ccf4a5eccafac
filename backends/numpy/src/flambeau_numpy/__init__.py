"""flambeau's default CPU backend: NumPy arrays, BLAS, SciPy's special functions, ml_dtypes' bfloat16.

Programs do not import this package: installing it makes `device("cpu")` work. `load()` hands
out the Backend for those who want its kernels or its dtypes directly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .backend import NumpyBackend

__all__ = ["load", "silence_warnings"]


def load() -> NumpyBackend:
    """The one NumPy backend of this process.

    >>> load().name
    'numpy'
    """
    from .plugin import descriptor

    return descriptor.load()


def silence_warnings() -> None:
    """Puts the filter that keeps NumPy's floating-point warnings out of flambeau's calls back in front.

    Loading the backend does it once; needed again after `warnings.simplefilter("error")`.
    """
    from .backend import silence_warnings

    silence_warnings()
