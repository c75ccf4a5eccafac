"""How many threads a backend's library may take. Core itself runs one op after the other.

What was asked for reaches every backend that is loaded, and those that are loaded later when they
are. A backend without threads says 1 whatever it is told.
"""

from __future__ import annotations

from operator import index
from typing import Any

from ..errors import ThreadCountError
from .backend import Backend
from .device import FINDER

_LARGEST = 2**31 - 1


class _Asked:
    def __init__(self) -> None:
        self.threads: int | None = None
        self.interop: int | None = None


_asked = _Asked()


def set_num_threads(n: int, /) -> None:
    """Sets how many threads one op may use on the CPU.

    Raises ThreadCountError for anything but a positive int. Products too small to gain by it stay
    on one thread whatever is asked.

    >>> import flambeau
    >>> before = flambeau.get_num_threads()
    >>> flambeau.set_num_threads(1)
    >>> flambeau.get_num_threads()
    1
    >>> flambeau.set_num_threads(before)
    """
    _asked.threads = _count(n, "set_num_threads")
    for backend in FINDER[0].loaded():
        backend.set_num_threads(_asked.threads)


def get_num_threads() -> int:
    """How many threads one op may use on the preferred CPU backend; 1 where there is none.

    Until `set_num_threads` it is the library's own choice: the number of cores, or what
    OMP_NUM_THREADS, OPENBLAS_NUM_THREADS or MKL_NUM_THREADS say.

    >>> import flambeau
    >>> flambeau.get_num_threads() >= 1
    True
    """
    backend: Backend | None = FINDER[0].preferred("cpu")
    return 1 if backend is None else backend.get_num_threads()


def set_num_interop_threads(n: int, /) -> None:
    """Notes how many ops may run side by side. Here they run one after the other, so it changes nothing.

    Raises ThreadCountError for anything but a positive int and, as in PyTorch, at the second call.
    """
    count = _count(n, "set_num_interop_threads")
    if _asked.interop is not None:
        raise ThreadCountError(f"the number is set once, and it was set to {_asked.interop} already; got {count}",
                               op="set_num_interop_threads", n=count)
    _asked.interop = count


def get_num_interop_threads() -> int:
    """What `set_num_interop_threads` was told, 1 before.

    >>> import flambeau
    >>> flambeau.get_num_interop_threads()
    1
    """
    return _asked.interop or 1


def apply(backend: Backend) -> None:
    """Tells a backend that was just loaded what was asked for, if anything was."""
    if _asked.threads is not None:
        backend.set_num_threads(_asked.threads)


def _count(n: Any, op: str) -> int:
    try:
        if isinstance(n, bool):
            raise TypeError
        count = index(n)
    except TypeError:
        raise ThreadCountError(f"expects an int, but got {type(n).__name__}", op=op, n=n) from None
    if not 1 <= count <= _LARGEST:
        raise ThreadCountError(f"expects a positive integer up to {_LARGEST}, but got {count}", op=op, n=count)
    return count


__all__ = ["get_num_interop_threads", "get_num_threads", "set_num_interop_threads", "set_num_threads"]
