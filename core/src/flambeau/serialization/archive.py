"""The zip archive, read with suspicion: nothing is allocated before its size is known to lie in the file.

Entries are stored as they are, so an archive never holds more than the file does: compressed, encrypted, overlapping
and repeated entries are refused.
"""

from __future__ import annotations

import errno
import sys
import zipfile
import zlib
from typing import Any

from ..errors import ArgumentError
from ..interrupts import pass_on
from .layout import CHUNK
from .source import Source

_HEADER = 30  # bytes of a local header before the name
_UTF8 = 0x800  # the flag of an entry whose name is in UTF-8


def _from_disk(error: OSError) -> bool:
    """Whether the disk failed, and not a place was sought that the file does not have."""
    return error.errno not in (None, errno.EINVAL)


class Archive:
    """The entries of a zip archive by name."""

    def __init__(self, file: Any, source: Source, memory: memoryview | None = None) -> None:
        self.file, self.source, self.memory = file, source, memory
        directory = self._directory()
        self.entries = {info.filename: info for info in directory.infolist()}
        if len(self.entries) < len(directory.infolist()):
            raise source.fault("the archive names an entry twice")
        self.ends = self._ends(directory.start_dir)

    def _directory(self) -> zipfile.ZipFile:
        if not hasattr(self.file, "read") or not hasattr(self.file, "seek"):
            raise ArgumentError("expected a path, or a binary file that can be read and sought in, got"
                                f" {type(self.file).__name__}", op="load")
        handled = sys.exception()
        try:
            return self._opened()
        except zipfile.BadZipFile as error:
            first = error.__context__
            if first is not None and first is not handled:
                pass_on(first)
                if isinstance(first, OSError) and _from_disk(first):
                    raise first from None
            raise self.source.fault("not a zip archive: it is damaged, incomplete, no checkpoint, or from PyTorch"
                                    " before 1.6, which is not read") from error
        except OSError as error:
            pass_on(error)
            if _from_disk(error):
                raise
            raise self.source.fault("the archive's directory points outside the file") from error
        except Exception as error:
            pass_on(error)
            raise self.source.fault(f"the archive's directory cannot be read: {error}") from error

    def _opened(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.file)
        except zipfile.BadZipFile:  # zipfile also takes an OSError that a signal's handler raised for the file's end
            return zipfile.ZipFile(self.file)

    def _ends(self, directory: int) -> dict[str, int]:
        """Where the next entry, or the directory, begins after each entry."""
        ordered = sorted(self.entries.values(), key=lambda info: info.header_offset)
        following = [info.header_offset for info in ordered[1:]] + [directory]
        for info, end in zip(ordered, following, strict=True):
            if info.header_offset < 0 or info.header_offset + _HEADER + info.compress_size > end:
                raise self.source.fault("the entry overlaps the next one or the end of the file", info.filename)
        return {info.filename: end for info, end in zip(ordered, following, strict=True)}

    def root(self, name: str) -> str:
        """The folder of the one entry of that name."""
        found = [entry for entry in self.entries if entry.rpartition("/")[2] == name]
        if len(found) != 1:
            raise self.source.fault(f"the archive holds {'no' if not found else 'several'} {name}")
        return found[0].removesuffix(name)

    def size(self, name: str) -> int:
        """The bytes of an entry."""
        info = self.entries.get(name)
        if info is None:
            raise self.source.fault("the archive lacks the entry", name)
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise self.source.fault("the entry is compressed; a checkpoint's entries are stored as they are", name)
        if info.flag_bits & 1:
            raise self.source.fault("the entry is encrypted", name)
        return info.file_size

    def place(self, name: str) -> tuple[int, int]:
        """Where an entry's bytes begin, and how many there are."""
        size = self.size(name)
        start = self._start(name)
        if start + size > self.ends[name]:
            raise self.source.fault("the entry overlaps the next one or the end of the file", name)
        return start, size

    def read(self, name: str) -> bytearray:
        """An entry's bytes, checked against its checksum where the archive has one."""
        start, size = self.place(name)
        data, crc = bytearray(size), 0
        self.file.seek(start)
        for at in range(0, size, CHUNK):
            piece = self.file.read(min(CHUNK, size - at))
            if len(piece) != min(CHUNK, size - at):
                raise self.source.fault("the file ends within the entry", name)
            data[at : at + len(piece)] = piece
            crc = zlib.crc32(piece, crc)
        if self.entries[name].CRC not in (0, crc):  # PyTorch writes 0 under set_crc32_options(False)
            raise self.source.fault("the entry's bytes are damaged: they do not fit its checksum", name)
        return data

    def elements(self, name: str) -> bytearray | memoryview:
        """An entry's bytes, where the file is mapped: as they lie there, whatever its checksum."""
        if self.memory is None:
            return self.read(name)
        start, size = self.place(name)
        return self.memory[start : start + size]

    def _start(self, name: str) -> int:
        """Where an entry's bytes begin, as its local header says."""
        offset = self.entries[name].header_offset
        self.file.seek(offset)
        header = self.file.read(_HEADER)
        if len(header) < _HEADER or header[:4] != b"PK\x03\x04":
            raise self.source.fault("the entry has no header where the directory says", name)
        length = int.from_bytes(header[26:28], "little")
        if self.file.read(length) != self._spelled(name):
            raise self.source.fault("the directory knows the entry by another name than its header does", name)
        return offset + _HEADER + length + int.from_bytes(header[28:30], "little")

    def _spelled(self, name: str) -> bytes:
        """The name as it stands in the file, where zipfile read it by UTF-8 or by the older code page."""
        info = self.entries[name]
        return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")
