"""Where processes would leave values for each other: of one process, a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flambeau.errors import UnsupportedError, ValueRangeError


class Store:
    """Keys with values; what another process would have to set never comes, and is refused instead of waited for."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}
        self.timeout = timedelta(seconds=300)

    def set(self, key: str, value: str | bytes) -> None:
        """Sets a key."""
        self._held[key] = value.encode() if isinstance(value, str) else bytes(value)

    def get(self, key: str) -> bytes:
        """The value of a key."""
        self.wait([key])
        return self._held[key]

    def add(self, key: str, amount: int) -> int:
        """Adds to the number of a key, 0 at first, and gives it."""
        number = int(self._held.get(key, b"0")) + amount
        self.set(key, str(number))
        return number

    def compare_set(self, key: str, expected: str, desired: str) -> bytes:
        """Sets a key that has the expected value, or has none where that is ""; gives what it has then."""
        if self._held.get(key, b"") == expected.encode():
            self.set(key, desired)
        return self._held.get(key, expected.encode())

    def check(self, keys: Sequence[str]) -> bool:
        """Whether all the keys are set."""
        return all(key in self._held for key in keys)

    def wait(self, keys: Sequence[str], timeout: Any = None) -> None:
        """Returns at once; raises ValueRangeError for a key that is not set: nobody else would set it."""
        for key in keys:
            if key not in self._held:
                raise ValueRangeError(f"key {key!r} is not set, and there is no other process to set it", op="Store")

    def delete_key(self, key: str) -> bool:
        """Whether there was such a key; it is gone."""
        return self._held.pop(key, None) is not None

    def num_keys(self) -> int:
        """How many keys are set."""
        return len(self._held)

    def set_timeout(self, timeout: timedelta) -> None:
        """Notes the time; there is nothing to wait for."""
        self.timeout = timeout


class HashStore(Store):
    """A table of this process."""


class FileStore(Store):
    """A table of this process: the file is for others and is not written."""

    def __init__(self, file_name: str, world_size: int = -1) -> None:
        _one("FileStore", world_size)
        super().__init__()
        self.path = file_name


class TCPStore(Store):
    """A table of this process: nothing listens at the port."""

    def __init__(self, host_name: str, port: int = 0, world_size: int | None = None, is_master: bool = False,
                 timeout: timedelta = timedelta(seconds=300), **options: Any) -> None:
        _one("TCPStore", world_size)
        if not is_master:
            raise UnsupportedError("there is no other process to be the master of the store", op="TCPStore")
        super().__init__()
        self.host, self.port, self.timeout = host_name, port, timeout


def _one(op: str, world_size: int | None) -> None:
    if world_size not in (None, -1, 0, 1):
        raise UnsupportedError(f"a world of {world_size} processes was asked for, and there is none but of one", op=op)


__all__ = ["FileStore", "HashStore", "Store", "TCPStore"]
