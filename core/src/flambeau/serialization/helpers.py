"""Smaller names of `torch.serialization`: types of storages, temporary folders, versions, what a file would import."""

from __future__ import annotations

import contextlib
import pickletools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

from .. import errors
from ..dtypes import DType
from ..spelling import unknown
from . import layout
from .allowed import SAFE, known
from .archive import Archive
from .source import Source


class SourceChangeWarning(Warning):
    """Of files from before PyTorch 1.6, whose classes' source may have changed; such files are not read here."""


class StorageType:
    """Stands for an old class of storages by its name: `StorageType("FloatStorage").dtype`."""

    def __init__(self, name: str) -> None:
        if name not in layout.DTYPES:
            raise errors.KeyNameError(f"{name!r} is no class of storages; there are {', '.join(layout.DTYPES)}")
        self._dtype = layout.DTYPES[name]

    @property
    def dtype(self) -> DType:
        """The type of its elements."""
        return self._dtype

    def __str__(self) -> str:
        return f"StorageType(dtype={self.dtype})"


def _old_class(name: str) -> Any:
    import flambeau

    return getattr(flambeau, name)


def normalize_storage_type(storage_type: Any) -> Any:
    """The class of storages of the same name.

    >>> import flambeau
    >>> flambeau.serialization.normalize_storage_type(flambeau.FloatStorage) is flambeau.FloatStorage
    True
    """
    return _old_class(storage_type.__name__)


def storage_to_tensor_type(storage: Any) -> Any:
    """The old class of tensors that goes with a storage's elements.

    >>> import flambeau
    >>> flambeau.serialization.storage_to_tensor_type(flambeau.ones(1)._typed_storage()) is flambeau.FloatTensor
    True
    """
    if not hasattr(storage, "dtype"):
        raise unknown("flambeau.serialization", f"{type(storage).__name__}".replace("Storage", "Tensor"))
    return _old_class(storage.pickle_storage_type().replace("Storage", "Tensor"))


@contextlib.contextmanager
def mkdtemp() -> Iterator[str]:
    """A temporary folder, which goes with the block."""
    path = tempfile.mkdtemp()
    try:
        yield path
    finally:
        shutil.rmtree(path)


def check_module_version_greater_or_equal(module: Any, req_version_tuple: tuple[Any, ...],
                                          error_if_malformed: bool = True) -> bool:
    """Whether a module's `__version__` is that version or a later one.

    A version that cannot be compared raises ArgumentError's sister ValueRangeError, or warns and passes for one.
    """
    try:
        parts = module.__version__.split(".")
        have = tuple(type(part)(parts[at]) for at, part in enumerate(req_version_tuple))
        return bool(have >= req_version_tuple)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        message = (f"'{module.__name__}' module version string is malformed '{getattr(module, '__version__', None)}'"
                   f" and cannot be compared with tuple {req_version_tuple}")
        if error_if_malformed:
            raise errors.ValueRangeError(message, op="check_module_version_greater_or_equal") from error
        warnings.warn(f"{message}, but continuing assuming that requirement is met", stacklevel=2)
        return True


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The names in a file that `load` would refuse to build, in the order in which they come.

    Raises ValueRangeError for what is no checkpoint.

    >>> import datetime, flambeau, io
    >>> file = io.BytesIO()
    >>> flambeau.save(datetime.date(1999, 12, 31), file)
    >>> flambeau.serialization.get_unsafe_globals_in_checkpoint(file)
    ['datetime.date']
    """
    opened = contextlib.nullcontext(f) if hasattr(f, "read") else open(f, "rb")  # noqa: SIM115  (closed below)
    with opened as file:
        try:
            archive = Archive(file, Source(f))
            data = bytes(archive.read(archive.root(layout.PICKLE) + layout.PICKLE))
            found = dict.fromkeys(_globals(data))
        except errors.SerializationError as error:
            raise errors.ValueRangeError(f"Expected input to be a checkpoint returned by save: {error.message}",
                                         op="get_unsafe_globals_in_checkpoint") from error
    return [name for name in found if not known(name) and name not in SAFE]


def _globals(data: bytes) -> Iterator[str]:
    """The names that a pickle refers to, as "module.name"."""
    texts: list[str] = []
    memo: dict[Any, str] = {}
    for code, argument, _ in pickletools.genops(data):
        if code.name == "GLOBAL":
            yield str(argument).replace(" ", ".", 1)
        elif code.name == "STACK_GLOBAL" and len(texts) > 1:
            yield f"{texts[-2]}.{texts[-1]}"
        elif "UNICODE" in code.name:
            texts.append(str(argument))
        elif code.name == "MEMOIZE" or "PUT" in code.name:
            memo[len(memo) if argument is None else argument] = texts[-1] if texts else ""
        elif "GET" in code.name:
            texts.append(memo.get(argument, ""))
