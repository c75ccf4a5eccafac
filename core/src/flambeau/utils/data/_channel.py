"""What a loader and one of its workers tell each other: small messages by pipe, everything else in shared memory.

A message is four numbers, written and read in one piece: nobody waits for the rest of one that a killed process
began. The value it speaks of lies in a `Region`, put there before the message is sent: a pickle, and beside it the
memory of the tensors and arrays in it as they stand. What was put stays until the other side has read it.
"""

from __future__ import annotations

import os
import pickle
import socket
import struct
import tempfile
import weakref
from collections.abc import Sequence
from multiprocessing import reduction
from typing import Any, NamedTuple

from ...errors import UnsupportedError

_MESSAGE = struct.Struct("<4q")


class Message(NamedTuple):
    """Number of the batch it is about, what it says of it, where the value lies and in how many parts."""

    number: int
    kind: int
    offset: int
    parts: int


def _nameless_file() -> int:
    """A file in memory, or else on disk, that is in no folder: it is gone with the last process that holds it."""
    if not hasattr(os, "pread"):
        raise UnsupportedError("DataLoader workers need files that are read at an offset, which this system does not "
                               "have; use num_workers=0")
    if hasattr(os, "memfd_create"):
        return os.memfd_create("flambeau-batches")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class Region:
    """Memory shared by two processes, one of which writes; values lie in the first gap that is large enough."""

    def __init__(self, file: int | None = None) -> None:
        self.file = _nameless_file() if file is None else file
        self.held: dict[int, tuple[int, int]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _attach, (reduction.DupFd(self.file),)  # works while a process is started

    def write(self, number: int, parts: Sequence[memoryview]) -> int:
        """Puts `parts` down as the value of message `number`; their place."""
        table = struct.pack(f"<{len(parts)}q", *[part.nbytes for part in parts])
        offset = start = self._gap(len(table) + sum([part.nbytes for part in parts]))
        for part in (memoryview(table), *parts):
            done = 0
            while done < part.nbytes:
                done += os.pwrite(self.file, part[done:], offset + done)
            offset += done
        self.held[number] = (start, offset)
        return start

    def _gap(self, size: int) -> int:
        start = 0
        for begin, end in sorted(self.held.values()):
            if begin - start >= size:
                break
            start = end
        return start

    def read(self, offset: int, count: int) -> list[bytearray]:
        """The `count` parts that lie at `offset`, in memory of the reader's own."""
        table = self._read(offset, count * 8)
        offset += len(table)
        parts = []
        for size in struct.unpack(f"<{count}q", table):
            parts.append(self._read(offset, size))
            offset += size
        return parts

    def _read(self, offset: int, size: int) -> bytearray:
        data = bytearray(size)
        view, done = memoryview(data), 0
        while done < size:
            done += os.preadv(self.file, [view[done:]], offset + done)
        return data

    def release(self, number: int) -> None:
        """Lets later values lie where that of message `number` lay."""
        self.held.pop(number, None)

    def close(self) -> None:
        """Gives the memory back, also where a process that was forked meanwhile holds the file."""
        os.ftruncate(self.file, 0)
        os.close(self.file)


def _attach(file: Any) -> Region:
    return Region(file.detach())


class Channel:
    """One end: `line` to the other, the region it writes, and the one it reads."""

    def __init__(self, line: socket.socket, outgoing: Region, incoming: Region) -> None:
        self.line, self.outgoing, self.incoming = line, outgoing, incoming

    def send(self, number: int, kind: int, value: Any) -> None:
        """Raises what pickling `value` raises, and OSError where the other end or the memory is gone."""
        buffers: list[pickle.PickleBuffer] = []
        body = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        parts = [memoryview(body), *[buffer.raw() for buffer in buffers]]
        place = self.outgoing.write(number, parts)
        self.line.sendall(_MESSAGE.pack(number, kind, place, len(parts)))

    def receive(self) -> Message:
        """The next message, which is waited for; raises EOFError or OSError where the other end is gone."""
        return self._next(socket.MSG_WAITALL)

    def peek(self) -> Message:
        """The same, but `receive` will give it again."""
        return self._next(socket.MSG_WAITALL | socket.MSG_PEEK)

    def _next(self, flags: int) -> Message:
        data = self.line.recv(_MESSAGE.size, flags)
        if len(data) < _MESSAGE.size:
            raise EOFError
        return Message(*_MESSAGE.unpack(data))

    def load(self, message: Message) -> Any:
        """The value that `message` speaks of."""
        body, *buffers = self.incoming.read(message.offset, message.parts)
        return pickle.loads(body, buffers=buffers)


_parents_ends: weakref.WeakSet[socket.socket] = weakref.WeakSet()


def lines() -> tuple[socket.socket, socket.socket]:
    """The parent's end and the child's; processes that are forked later do not keep the parent's open."""
    ours, theirs = socket.socketpair()
    ours.settimeout(None)  # whatever the program has made the default of its sockets
    _parents_ends.add(ours)
    return ours, theirs


def _close_in_child() -> None:
    for line in list(_parents_ends):
        line.close()
    _parents_ends.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
