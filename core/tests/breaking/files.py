"""Damaged files: one class of error, or what was saved; little time, and no more memory than the file is long."""

from __future__ import annotations

import collections
import io
import random
import struct
import time
import tracemalloc
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import flambeau
from flambeau.errors import SerializationError

from .trials import Violation

HUGE = [0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1, 2**64 - 1]
SLOW = 5.0  # seconds of the processor; a file here takes milliseconds
ROOM = 2_000_000  # bytes beside the file's own that reading may take


@cache
def checkpoint() -> tuple[bytes, str]:
    """A file with a value of every type in it, and what is to come of it, as text."""
    base, weight = flambeau.arange(10.0), flambeau.nn.Parameter(flambeau.ones(2, 3))
    weight.note = [1]  # type: ignore[attr-defined]
    value = {"weight": weight, "base": base, "other": base.flip(0), "part": base[1:3].detach(),
             "bools": flambeau.tensor([True, False]), "complex": flambeau.tensor([1j]), "none": flambeau.zeros(0),
             "list": [1, 2.5, None, True, "text", b"b\xff", 1j, 10**30, ...], "size": flambeau.Size([2]), "set": {1},
             "dtype": flambeau.bfloat16, "device": flambeau.device("cpu"), "frozen": frozenset(["a"]), (1, 2): 3,
             "ordered": collections.OrderedDict(a=1), "default": collections.defaultdict(list, a=[1]),
             "counter": collections.Counter("aab"), "range": range(3), "slice": slice(1, 2)}
    file = io.BytesIO()
    flambeau.save(value, file)
    return file.getvalue(), repr(value)


@cache
def entries() -> dict[str, bytes]:
    """The entries of that file by name."""
    with zipfile.ZipFile(io.BytesIO(checkpoint()[0])) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of these entries, whose checksums are right."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in parts:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return file.getvalue()


def damaged(draw: random.Random, data: bytes) -> bytes:
    """Some bytes changed, turned round, removed, inserted, doubled, or the end cut off."""
    made = bytearray(data)
    for _ in range(draw.choice([1, 1, 1, 2, 4, 16])):
        at, choice = draw.randrange(len(made)), draw.randrange(7)
        if choice == 0:
            made[at] = draw.randrange(256)
        elif choice == 1:
            made[at] ^= 1 << draw.randrange(8)
        elif choice == 2:
            del made[at : at + draw.randrange(1, 9)]
        elif choice == 3:
            made[at:at] = bytes(draw.choices(b"()]}.0123ctRbsueaQq\x81\x85\x86\x87\x8a\x8b\x8c\x91\x93\x94\x96", k=3))
        elif choice == 4:
            made[at:at] = made[at : at + draw.randrange(1, 200)]
        elif choice == 5:
            put_number(draw, made, at)
        else:
            del made[at + 1 :]
        made = made or bytearray(b".")
    return bytes(made)


def put_number(draw: random.Random, made: bytearray, at: int) -> None:
    """A large number over the bytes from `at` on."""
    width = draw.choice([2, 4, 8])
    made[at : at + width] = (draw.choice(HUGE) & (256**width - 1)).to_bytes(width, "little")


def whole_file(draw: random.Random) -> tuple[bytes, bool]:
    """Damage anywhere: whatever loads is what was saved."""
    return damaged(draw, checkpoint()[0]), True


def pickle_only(draw: random.Random) -> tuple[bytes, bool]:
    """Damage to the pickle, in an archive that is in order."""
    parts = dict(entries())
    parts["archive/data.pkl"] = damaged(draw, parts["archive/data.pkl"])
    return packed(list(parts.items())), False


def other_entries(draw: random.Random) -> tuple[bytes, bool]:
    """Entries that are missing, doubled, under another's name, longer, shorter or compressed."""
    parts = [list(item) for item in entries().items()]
    for _ in range(draw.choice([1, 1, 2, 5])):
        one, other = draw.choice(parts), draw.choice(parts)
        choice = draw.randrange(6)
        if choice == 0 and len(parts) > 1:
            parts.remove(one)
        elif choice == 1:
            one[1], other[1] = other[1], one[1]
        elif choice == 2:
            parts.append([one[0] + draw.choice(["", "/", "x"]), other[1]])
        elif choice == 3:
            one[1] = one[1] * draw.choice([0, 2, 1000])
        elif choice == 4:
            one[0] = draw.choice(["../" + one[0], one[0].upper(), "", "/", other[0] + "\0", one[0].split("/")[-1]])
        else:
            draw.shuffle(parts)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of zipfile, about names that are there twice
        packing = zipfile.ZIP_DEFLATED if draw.random() < 0.1 else zipfile.ZIP_STORED
        return packed([(name or "x", data) for name, data in parts], packing), False


def directory(draw: random.Random) -> tuple[bytes, bool]:
    """The archive's own fields: sizes, offsets, counts, flags, methods and names in headers and directory."""
    made = bytearray(checkpoint()[0])
    for _ in range(draw.choice([1, 1, 2, 4])):
        mark = draw.choice([b"PK\x01\x02", b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"])
        places = [at for at in range(len(made) - 30) if made[at : at + 4] == mark]
        if places:
            put_number(draw, made, draw.choice(places) + 4 + 2 * draw.randrange(13))
    return bytes(made), True


def renamed(draw: random.Random) -> tuple[bytes, bool]:
    """Two names of one length change places in the directory alone, with their sizes, places and checksums or not."""
    made = bytearray(checkpoint()[0])
    found: dict[int, list[int]] = {}
    at = made.find(b"PK\x01\x02")
    while at >= 0:
        length, extra = struct.unpack("<HH", made[at + 28 : at + 32])
        found.setdefault(length, []).append(at)
        at = made.find(b"PK\x01\x02", at + 46 + length + extra)
    length = draw.choice([length for length, places in found.items() if len(places) > 1])
    one, other = (place + 46 for place in draw.sample(found[length], 2))
    made[one : one + length], made[other : other + length] = made[other : other + length], made[one : one + length]
    return bytes(made), True


def load(data: bytes, where: Any) -> str | None:
    """What the file gives, as text, or None where it is refused; bounded in time and memory."""
    began = time.process_time()
    tracemalloc.start()
    try:
        return repr(flambeau.load(where))
    except SerializationError:
        return None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        if time.process_time() - began > SLOW:
            raise Violation("slow", f"{time.process_time() - began:.1f} s of the processor")
        if peak > 8 * len(data) + ROOM:
            raise Violation("memory", f"{peak} bytes for a file of {len(data)}")


KINDS = {"anywhere": whole_file, "pickle": pickle_only, "entries": other_entries, "directory": directory,
         "names": renamed}


def trial(draw: random.Random, folder: Path) -> str:
    """One damaged file, in memory or on the disk, read or mapped."""
    kind = draw.choice(list(KINDS))
    data, exact = KINDS[kind](draw)
    where: Any = io.BytesIO(data)
    if draw.random() < 0.2:
        where = folder / "model.pt"
        where.write_bytes(data)
    got = load(data, where)
    if exact and got not in (None, checkpoint()[1]):
        raise Violation("other values", f"{kind}: {got}")
    return f"{kind}, {'refused' if got is None else 'loaded'}"
