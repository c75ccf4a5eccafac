"""Files that are there whole or not at all: written beside, brought to the disk, then renamed over the old one."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from typing import Any, BinaryIO

from ..interrupts import handlers_error, pass_on, suppressed

fcntl: Any = None
with contextlib.suppress(ImportError):
    import fcntl


@contextlib.contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A file to write that takes the place of the one at `path` when the block ends without an exception.

    Until then, and for ever if it does not, what was there stays there. Links are followed, the old file's permissions
    kept; what is no regular file, a pipe say, is written to directly. A process that is killed leaves what it had
    written beside, as `.NAME.….tmp`; whoever saves that name next takes it away.
    """
    path = os.path.realpath(path)
    mode = _mode(path)
    if mode is not None and not stat.S_ISREG(mode):
        with open(path, "wb") as special:
            yield special
        return
    folder, name = os.path.split(path)
    if not stat.S_ISDIR(_mode(folder) or 0):
        raise FileNotFoundError(f"save: no such folder: {folder!r}")
    _clear(folder, name)
    beside, file = _beside(folder, name)
    try:
        with file:
            yield file
            file.flush()
            if mode is not None:
                os.chmod(beside, stat.S_IMODE(mode))
            os.fsync(file.fileno())
            if fcntl is not None:  # still locked
                os.replace(beside, path)
        if fcntl is None:  # such systems do not rename open files
            os.replace(beside, path)
    except BaseException:
        with suppressed(OSError):
            os.unlink(beside)
        raise
    _sync_folder(folder)


def _beside(folder: str, name: str) -> tuple[str, BinaryIO]:
    """A new file for this process and thread alone, locked for as long as it is open."""
    while True:
        path = os.path.join(folder, f".{name[:64]}.{secrets.token_hex(8)}.tmp")
        file = open(path, "xb")  # noqa: SIM115  (the caller closes it)
        try:
            _lock(file.fileno(), wait=True)
            if os.fstat(file.fileno()).st_nlink:
                return path, file
        except BaseException:
            file.close()
            os.unlink(path)
            raise
        file.close()  # somebody took it away before it was locked


def _lock(file: int, wait: bool) -> bool:
    """Whether the file is this process's now; True where the system or the folder knows no locks, if `wait`."""
    if fcntl is None:
        return wait
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError as error:
        if handlers_error(error):
            raise
        return wait


def _clear(folder: str, name: str) -> None:
    """Takes away what savers of that name left that did not live to the end: nobody holds its lock."""
    left = re.compile(rf"\.{re.escape(name[:64])}\.[0-9a-f]{{16}}\.tmp")
    with suppressed(OSError):
        for found in [entry for entry in os.listdir(folder) if left.fullmatch(entry)]:
            _clear_one(os.path.join(folder, found))


def _clear_one(path: str) -> None:
    with suppressed(OSError):
        held = os.open(path, os.O_RDWR)
        try:
            if _lock(held, wait=False):
                os.unlink(path)
        finally:
            os.close(held)


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        pass_on(error)
        return None


def _sync_folder(folder: str) -> None:
    """Brings the rename to the disk, where the system lets a folder be opened and synchronised."""
    with suppressed(OSError):
        held = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(held)
        finally:
            os.close(held)
