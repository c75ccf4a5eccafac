"""`torch.utils.cpp_extension`: there is no C++ interface to build against, and every attempt says so."""

from __future__ import annotations

from typing import Any

from flambeau.errors import UnsupportedError

CUDA_HOME: str | None = None
ROCM_HOME: str | None = None
IS_WINDOWS = False


def _refused(name: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        raise UnsupportedError("flambeau has no C++ interface: an extension that is built against PyTorch's cannot be"
                               " used; look for its version in Python", op=f"cpp_extension.{name}")

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Raises UnsupportedError: there is no C++ interface."
    return call


load, load_inline, CppExtension, CUDAExtension, include_paths, library_paths = (
    _refused(name) for name in ("load", "load_inline", "CppExtension", "CUDAExtension", "include_paths",
                                "library_paths"))


class BuildExtension:
    """Raises UnsupportedError where it is used: there is no C++ interface."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refused("BuildExtension")()

    @classmethod
    def with_options(cls, **options: Any) -> type[BuildExtension]:
        """The class itself."""
        return cls


def is_ninja_available() -> bool:
    """False: nothing is built."""
    return False


__all__ = ["CUDA_HOME", "BuildExtension", "CUDAExtension", "CppExtension", "include_paths", "is_ninja_available",
           "library_paths", "load", "load_inline"]
