"""Settings of `save` and `load` that hold for a process: checksums, byte order, how files are mapped."""

from __future__ import annotations

import enum
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from ..errors import ArgumentError, UnsupportedError


class LoadEndianness(enum.Enum):
    """The order of bytes in a file that does not say."""

    NATIVE = 1
    LITTLE = 2
    BIG = 3


_skipping: ContextVar[bool] = ContextVar("flambeau_skip_data", default=False)
skipping = _skipping.get


class skip_data:
    """Context manager: `save` leaves the tensors' elements out, as zeros that something else may fill in later, and
    `load` makes the tensors without reading them.

    >>> import flambeau, io
    >>> file = io.BytesIO()
    >>> with flambeau.serialization.skip_data():
    ...     flambeau.save(flambeau.ones(2), file)
    >>> _ = file.seek(0)
    >>> flambeau.load(file)
    tensor([0., 0.])
    """

    def __init__(self, materialize_fake_tensors: bool = False) -> None:
        self.materialize_fake_tensors = materialize_fake_tensors  # there are none here

    def __enter__(self) -> None:
        self._former = _skipping.get()
        _skipping.set(True)

    def __exit__(self, *exc: Any) -> None:
        _skipping.set(self._former)


_settings: dict[str, Any] = {"crc32": True, "endianness": None, "mmap": None}


def get_crc32_options() -> bool:
    """Whether `save` writes checksums."""
    return bool(_settings["crc32"])


def set_crc32_options(compute_crc32: bool) -> None:
    """Lets `save` leave out checksums, which then say nothing of damage; `load` reads files with and without.

    >>> import flambeau
    >>> flambeau.serialization.set_crc32_options(True)
    >>> flambeau.serialization.get_crc32_options()
    True
    """
    _settings["crc32"] = bool(compute_crc32)


def get_default_load_endianness() -> LoadEndianness | None:
    """The order of bytes of files that do not say; None for this machine's."""
    return _settings["endianness"]  # type: ignore[no-any-return]


def set_default_load_endianness(endianness: LoadEndianness | None) -> None:
    """Sets the order of bytes of files that do not say; those of big-endian machines are refused when they are read."""
    if endianness is not None and not isinstance(endianness, LoadEndianness):
        raise ArgumentError(f"endianness must be a LoadEndianness or None, got {endianness!r}",
                            op="set_default_load_endianness")
    _settings["endianness"] = endianness


def mmap_flags() -> int:
    """`mmap.MAP_PRIVATE` or `mmap.MAP_SHARED`."""
    import mmap

    chosen = _settings["mmap"]
    return getattr(mmap, "MAP_PRIVATE", 2) if chosen is None else int(chosen)


def get_default_mmap_options() -> int | None:
    """How `load(mmap=True)` maps files: `mmap.MAP_PRIVATE`, unless it was set."""
    return mmap_flags()


class set_default_mmap_options:
    """Sets how `load(mmap=True)` maps files, at once; as a context manager until the end of the block.

    Under `mmap.MAP_PRIVATE` what is written to the tensors stays in this process, under `mmap.MAP_SHARED` it goes to
    the file. Raises ArgumentError for other flags, UnsupportedError where the system has none.

    >>> import flambeau, mmap
    >>> with flambeau.serialization.set_default_mmap_options(mmap.MAP_SHARED):
    ...     flambeau.serialization.get_default_mmap_options() == mmap.MAP_SHARED
    True
    """

    def __init__(self, flags: int) -> None:
        import mmap

        if not hasattr(mmap, "MAP_PRIVATE"):
            raise UnsupportedError("this system has no choice of how files are mapped", op="set_default_mmap_options")
        if flags not in (mmap.MAP_PRIVATE, mmap.MAP_SHARED):
            raise ArgumentError(f"expected mmap.MAP_PRIVATE or mmap.MAP_SHARED, but got {flags}",
                                op="set_default_mmap_options")
        self.prev = _settings["mmap"]
        _settings["mmap"] = flags

    def __enter__(self) -> None:
        pass

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        _settings["mmap"] = self.prev
