"""What every tensor knows of the memory it lies in; the storages themselves load when one is asked for."""

from __future__ import annotations

from typing import Any

from .tensor import Tensor, attach


def _untyped_storage(self: Tensor) -> Any:
    """The memory that the tensor lies in, as bytes, all of it; see UntypedStorage."""
    from .storages.untyped import UntypedStorage

    return UntypedStorage._over(self)


def _typed_storage(self: Tensor) -> Any:
    """The memory that the tensor lies in, as elements of its dtype, all of it; without the warning of `storage`."""
    from .storages.typed import TypedStorage

    return TypedStorage(wrap_storage=_untyped_storage(self), dtype=self.dtype, _internal=True)


def _storage(self: Tensor) -> Any:
    """The memory that the tensor lies in, as elements of its dtype; PyTorch has deprecated it for `untyped_storage`."""
    from .storages.typed import warn_removal

    warn_removal(stacklevel=2)
    return _typed_storage(self)


def _storage_type(self: Tensor) -> Any:
    """The old class of storages that holds elements of its dtype."""
    from .storages.typed import warn_removal

    warn_removal(stacklevel=2)
    return _typed_storage(self)._legacy_class()


attach(_untyped_storage, "untyped_storage")
attach(_storage, "storage")
attach(_storage_type, "storage_type")
attach(_typed_storage, "_typed_storage")
attach(lambda self: False, "is_shared")
