"""`load` on files that are damaged or meant to harm: no effects, bounded resources, one class of error."""

from __future__ import annotations

import collections
import copyreg
import io
import pickle
import random
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from breaking.files import checkpoint, damaged

import flambeau
from flambeau import constants, dtypes
from flambeau.errors import SerializationError

MEMORY, SECONDS = 24 << 20, 5.0  # what refusing a file of a few bytes may take


def packed(entries: dict[str, bytes], **options: Any) -> bytes:
    """An archive of these entries."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        for name, data in entries.items():
            archive.writestr(f"archive/{name}", data)
    return file.getvalue()


def around(pickled: bytes, **storages: bytes) -> bytes:
    """A checkpoint with that pickle, and storages by key."""
    return packed({"data.pkl": pickled, **{f"data/{key[1:]}": data for key, data in storages.items()}})


def named(module: str, name: str) -> bytes:
    return b"c" + f"{module}\n{name}\n".encode()


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    data = pickle.encode_long(value)
    return b"\x8a" + bytes([len(data)]) + data


def storage(kind: str = "FloatStorage", key: str = "0", location: str = "cpu", count: int = 4) -> bytes:
    return b"(" + text("storage") + named("torch", kind) + text(key) + text(location) + number(count) + b"tQ"


def tensor(memory: bytes, size: str = "\x04", stride: str = "\x01", offset: int = 0, flag: bytes = b"\x89",
           hooks: bytes = b"}", rest: bytes = b"") -> bytes:
    def row(values: str) -> bytes:
        return b"(" + b"".join(number(ord(value)) for value in values) + b"t"

    return (named("torch._utils", "_rebuild_tensor_v2") + b"(" + memory + number(offset) + row(size) + row(stride)
            + flag + hooks + rest + b"tR")


LENGTH = 1 << 28
LOTS = number(LENGTH)
RANGE = named("builtins", "range") + b"(" + LOTS + b"tR"
TUPLE_BOMB = b")" + b"\x86".join([b"2"] * 40) + b"\x86"  # each tuple holds the one before twice
DEEP = b")" + b"\x85" * 50_000
COLLIDING = b"}(" + b"".join(number(i * ((1 << 61) - 1)) + b"N" for i in range(1, 2000)) + b"u"

REFUSED = {
    "state of a dtype": (named("torch", "float32") + b"}" + text("itemsize") + b"K\x01sb", "sets the state of"),
    "state of a dtype's slots": (named("torch", "float32") + b"N}" + text("name") + b"K\x01s\x86b", "sets the state"),
    "state of a device": (named("torch", "device") + text("cpu") + b"\x85R}" + text("type") + b"Nsb", "sets the state"),
    "state of a memory format": (named("torch", "channels_last") + b"}" + text("name") + b"K\x01sb", "sets the state"),
    "state of None": (b"N}b", "sets the state of"),
    "state of a class": (named("collections", "OrderedDict") + b"}" + text("x") + b"K\x01sb", "sets the state"),
    "state by numbers": (named("collections", "OrderedDict") + b")R}K\x01K\x01sb", "other than their names"),
    "item of a dtype": (named("torch", "float32") + text("itemsize") + b"K\x01s", "adds to an object of type DType"),
    "item of a class": (named("torch", "Size") + text("x") + b"K\x01s", "adds to"),
    "items of a tuple": (b")(K\x01e", "adds to an object of type tuple"),
    "items of a frozenset": (b"(\x91(K\x01\x90", "adds to an object of type frozenset"),
    "call of a dtype": (named("torch", "float32") + b")R", "calls an object of type"),
    "call of a type kept for defaults": (named("builtins", "list") + b"(" + RANGE + b"tR", "only has a use for"),
    "call with no tuple": (named("collections", "OrderedDict") + b"]R", "no tuple"),
    "instance": (named("collections", "OrderedDict") + b")\x81", "makes an instance"),
    "instance with names": (named("torch", "Size") + b")}\x92", "makes an instance"),
    "old instance": (b"(ibuiltins\nlist\n", "opcode INST"),
    "old object": (b"(" + named("builtins", "list") + b"o", "opcode OBJ"),
    "extension": (b"\x82\x01", "opcode EXT1"), "extension 2": (b"\x83\x01\0", "opcode EXT2"),
    "extension 4": (b"\x84\x01\0\0\0", "opcode EXT4"), "buffer": (b"\x97", "opcode NEXT_BUFFER"),
    "text of a persistent id": (b"Pfile\n", "opcode PERSID"), "text of a number": (b"I10\n", "opcode INT"),
    "unknown opcode": (b"\xff", "opcode 0xff"), "future protocol": (b"\x80\xff", "of protocol 255"),
    "foreign function": (named("os", "system") + text("true") + b"\x85R", "refers to os.system"),
    "foreign function by stack": (text("os") + text("system") + b"\x93", "refers to os.system"),
    "name that is no text": (b"K\x01K\x02\x93", "no text"), "name without end": (b"cos\nsystem", "does not end"),
    "attribute of an allowed name": (named("torch", "float32.__class__"), "refers to torch.float32.__class__"),
    "long integer": (b"\x8b" + struct.pack("<I", LENGTH), "ends within an object"),
    "long text": (b"X" + struct.pack("<I", LENGTH), "ends within an object"),
    "long bytes": (b"\x8e" + struct.pack("<Q", 1 << 60), "ends within an object"),
    "long bytearray": (b"\x96" + struct.pack("<Q", LENGTH), "ends within an object"),
    "long frame": (b"\x95" + struct.pack("<Q", LENGTH), "ends within an object"),
    "bytearray of a length": (named("builtins", "bytearray") + LOTS + b"\x85R", r"bytearray takes no \(int\)"),
    "bytes of a length": (named("builtins", "bytes") + LOTS + b"\x85R", r"bytes takes no \(int\)"),
    **{f"{name} of a range": (named(module, name) + RANGE + b"\x85R", r"takes no \(range\)")
       for module, name in [("builtins", "set"), ("builtins", "frozenset"), ("builtins", "bytearray"),
                            ("collections", "OrderedDict"), ("collections", "Counter"),
                            ("collections", "defaultdict"), ("torch", "Size")]},
    "tuple bomb as a key": (b"}" + TUPLE_BOMB + b"Ns", "larger than the pickle"),
    "tuple bomb in a set": (b"\x8f(" + TUPLE_BOMB + b"\x90", "larger than the pickle"),
    "tuple bomb in a frozenset": (b"(" + TUPLE_BOMB + b"\x91", "larger than the pickle"),
    "tuple bomb in a called set": (named("builtins", "set") + b"(" + TUPLE_BOMB + b"\x85tR", "larger than the pickle"),
    "deep tuple as a key": (b"}" + DEEP + b"Ns", "nested more than"),
    "colliding keys": (COLLIDING, "same hash"),
    "list as a key": (b"}]Ns", "list cannot be a key"), "key without a value": (b"}(Nu", "no value"),
    "copies of copies": (b"(" + b"]" + b"N" + b"a" + b"(" + b"N" * 5000 + b"eq\0" + named("builtins", "bytearray")
                         + b"q\x01" + text("x" * 3000) + b"q\x02" + text("latin1") + b"\x86q\x03R"
                         + b"h\x01h\x03R" * 50 + b"t", "copies its objects again"),
    "memory out of nothing": (b"h\x07", "object 7, which there is not"), "empty stack": (b"a", "cannot be followed"),
    "no mark": (b"t", "cannot be followed"), "tuple of too little": (b"\x87", "takes more from its stack"),
    "bad text": (b"X\x01\0\0\0\xff", "cannot be followed"), "no end": (b"N", "ends within an object"),
    "class as a value": (b"]" + named("torch", "FloatStorage") + b"a", "a function or a class where a value belongs"),
    "class in a nested tuple": (b"]" + named("torch", "FloatStorage") + b"\x85\x85a", "where a value belongs"),
    "persistent number": (b"K\x01Q", "not that of a storage"), "persistent pair": (b"NN\x86Q", "not that of a storage"),
    "other storage": (storage(key="9"), "lacks the entry"), "way out of the folder": (storage(key="../x"), "lacks the"),
    "storage of another length": (storage(count=5), "storage 0 has 16 bytes, expected 20"),
    "storage without end": (storage(count=LENGTH), "storage 0 has 16 bytes, expected"),
    "negative storage": (storage(count=-1), "no integer from 0 on"),
    "storage from nowhere": (storage(location="moon"), "'moon', which is no device"),
    "two storages in one": (b"]" + tensor(storage()) + b"a" + tensor(storage("IntStorage")) + b"a", "in two ways"),
    "bool that is neither": (tensor(storage("BoolStorage", count=16)), "other than 0 and 1"),
    "size beyond": (tensor(storage(), size="\x05"), "outside its storage of 4 elements"),
    "stride beyond": (tensor(storage(), size="\x02", stride="\x04"), "outside its storage"),
    "offset beyond": (tensor(storage(), offset=1), "outside its storage"),
    "negative offset": (tensor(storage(), size="\x01", offset=-1), "no integer from 0 on"),
    "strides without sizes": (tensor(storage(), size=""), "0 sizes and 1 strides"),
    "too many dims": (tensor(storage(), size="\x01" * 65, stride="\x01" * 65), "65 sizes"),
    "gradient of integers": (tensor(storage("IntStorage"), flag=b"\x88"), "can require gradients"),
    "flag that is none": (tensor(storage(), flag=b"]"), "neither True nor False"),
    "hooks": (tensor(storage(), hooks=b"}K\x01Ns"), "brings hooks"),
    "metadata": (tensor(storage(), rest=b"}" + text("run") + b"\x88s"), "not among conj and neg"),
    "large conjugate": (tensor(storage(), size="\uffff", stride="\0", rest=b"}" + text("neg") + b"\x88s"), "be a copy"),
    "tensor of no storage": (tensor(b"N"), "has no storage"),
    "parameter of no tensor": (named("torch._utils", "_rebuild_parameter") + b"N\x88}\x87R", "has no tensor"),
    "size of texts": (named("torch", "Size") + text("x") + b"\x85\x85R", "takes integers"),
    "encoding": (named("_codecs", "encode") + text("x") + text("zlib") + b"\x86R", "knows no encoding"),
    "device that is none": (named("torch", "device") + text("moon") + b"\x85R", "cannot be followed"),
    "factory that runs": (named("collections", "defaultdict") + named("os", "abort") + b"\x85R", "refers to os.abort"),
    "factory that is a value": (named("collections", "defaultdict") + b"K\x01\x85R", "defaultdict takes no"),
}


def shared_state() -> Any:
    """What files must not change: every constant that they can name."""
    device = flambeau.device("cpu")
    return ([(d.name, d.itemsize, d.category) for d in dtypes.ALL], (device.type, device.index, str(device)),
            [repr(constants.channels_last), repr(constants.strided)], list(vars(collections.OrderedDict)),
            list(vars(flambeau.Size)))


@pytest.fixture
def unharmed() -> Iterator[None]:
    """Fails if the shared state changes."""
    before = repr(shared_state())
    yield
    assert repr(shared_state()) == before


def assert_refused(data: bytes, match: str) -> SerializationError:
    with pytest.raises(SerializationError, match=match) as caught:
        flambeau.load(io.BytesIO(data))
    assert isinstance(caught.value, pickle.UnpicklingError)
    assert caught.value.fields["file"] == "a BytesIO" and caught.value.fields["rule"]
    return caught.value


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.usefixtures("unharmed")
def test_a_pickle_that_means_harm_is_refused_at_once(name: str) -> None:
    body, match = REFUSED[name]
    data = around(b"\x80\x02" + body + (b"" if name == "no end" else b"."), _0=b"\x02" * 16)
    tracemalloc.start()
    try:
        began = time.perf_counter()
        error = assert_refused(data, match)
        taken, peak = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.fields["entry"].startswith("archive/data") and "in 'archive/data" in str(error)
    assert peak < MEMORY and taken < SECONDS


def test_extension_codes_do_not_go_round_the_allow_list() -> None:
    copyreg.add_extension("builtins", "print", 0x77)
    try:
        assert pickle.loads(b"\x82\x77.") is print  # and so it is in pickle's cache
        assert_refused(around(b"\x82\x77" + text("no") + b"\x85R."), "opcode EXT1")
    finally:
        copyreg.remove_extension("builtins", "print", 0x77)


class Settings:
    pass


def test_the_state_of_what_was_allowed_is_set_and_of_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(flambeau.serialization.allowed.SAFE, "there.Settings", Settings)
    made = named("there", "Settings") + b")\x81}" + text("rate") + b"K\x01sb."
    assert flambeau.load(io.BytesIO(around(made))).rate == 1
    assert_refused(around(named("there", "Settings") + b"}" + text("rate") + b"K\x01sb."), "sets the state")
    assert not hasattr(Settings, "rate")


def test_a_numbered_object_may_be_kept_and_taken_again() -> None:
    assert flambeau.load(io.BytesIO(around(b"]q\0h\0a."))) is not None
    repeated = tensor(storage(), size="\uffff\uffff", stride="\0\0")
    expanded = flambeau.load(io.BytesIO(around(repeated + b".", _0=bytes(16))))
    assert expanded.shape == (0xFFFF, 0xFFFF)


@pytest.mark.parametrize("body", [
    storage(), storage() + b"\x85", b"]" + storage() + b"\x85\x85a", b"}N" + storage() + b"s",
    storage() + b"".join([b"q\0", *[b"h\0\x86q\0"] * 60])], ids=["alone", "tuple", "deep", "value", "shared"])
def test_a_storage_where_a_value_belongs_is_one(body: bytes) -> None:
    def found(value: Any) -> Any:
        while not flambeau.is_storage(value):
            value = value[0] if isinstance(value, tuple) else next(iter(getattr(value, "values", value.__iter__)()))
        return value

    data = packed({"data.pkl": body + b".", "data/0": struct.pack("<4f", 1, 2, 3, 4)})
    for trusted in (None, False):
        assert found(flambeau.load(io.BytesIO(data), weights_only=trusted)).tolist() == [1, 2, 3, 4]


# --- archives

GOOD = {"data.pkl": tensor(storage()) + b".", "data/0": struct.pack("<4f", 1, 2, 3, 4), "version": b"3\n"}


def changed(at: bytes, where: int, value: bytes) -> bytes:
    """A good archive with bytes of the last record that begins with `at` changed."""
    data = bytearray(packed(GOOD))
    start = data.rindex(at) + where
    data[start : start + len(value)] = value
    return bytes(data)


def doubled() -> bytes:
    file = io.BytesIO(packed(GOOD))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("archive/data/0", b"again")
    return file.getvalue()


def overlapping() -> bytes:
    """A directory in which two entries are one place of the file."""
    data = bytearray(packed({**GOOD, "data/1": b""}))
    first, last = (data.rindex(name) - 46 + 42 for name in (b"archive/data/0", b"archive/data/1"))
    data[last : last + 4] = data[first : first + 4]
    return bytes(data)


def exchanged() -> bytes:
    """A directory in which two entries of one size have each other's names."""
    data = bytearray(packed({**GOOD, "data/1": bytes(16)}))
    first, last = (data.rindex(name) for name in (b"archive/data/0", b"archive/data/1"))
    data[first + 13], data[last + 13] = data[last + 13], data[first + 13]
    return bytes(data)


ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "not a zip archive"), "text": (lambda: b"hello", "not a zip archive"),
    "an old file": (lambda: pickle.dumps(0x1950A86A20F9469CFC6C, 2), "not a zip archive"),
    "no pickle": (lambda: packed({"x": b""}), "holds no data.pkl"),
    "two pickles": (lambda: packed({**GOOD, "more/data.pkl": b"N."}), "holds several data.pkl"),
    "compressed": (lambda: packed(GOOD, compression=zipfile.ZIP_DEFLATED), "is compressed"),
    "bomb": (lambda: packed({"data.pkl": b"N" * (40 << 20)}, compression=zipfile.ZIP_DEFLATED), "is compressed"),
    "entry twice": (doubled, "names an entry twice"), "overlap": (overlapping, "overlaps"),
    "encrypted": (lambda: changed(b"archive/data/0", -46 + 8, b"\x01\0"), "is encrypted"),
    "other size": (lambda: changed(b"archive/data/0", -46 + 24, b"\xff"), "is compressed"),
    "longer entry": (lambda: changed(b"archive/data/0", -46 + 20, b"\xff\xff\xff\0\xff\xff\xff\0"), "overlaps"),
    "no header": (lambda: changed(b"archive/data/0", -46 + 42, b"\x01"), "no header|overlaps"),
    "damaged elements": (lambda: packed(GOOD).replace(struct.pack("<f", 2), struct.pack("<f", 5)), "fit its checksum"),
    "damaged pickle": (lambda: packed(GOOD).replace(b"FloatStorage", b"FloatStorags"), "fit its checksum"),
    "big-endian": (lambda: packed({**GOOD, "byteorder": b"big"}), "big-endian"),
    "other version": (lambda: packed({**GOOD, "version": b"99"}), "has version '99'"),
    "version of letters": (lambda: packed({**GOOD, "version": b"x"}), "has version 'x'"),
    "lost storage": (lambda: packed({"data.pkl": GOOD["data.pkl"]}), "lacks the entry"),
    "names exchanged": (exchanged, "by another name than its header"),
    "half": (lambda: packed(GOOD)[:200], "not a zip archive"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_is_none_is_refused(name: str) -> None:
    make, match = ARCHIVES[name]
    data = make()
    tracemalloc.start()
    try:
        assert_refused(data, match)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def test_an_archive_without_checksums_is_read() -> None:
    crc = struct.pack("<I", zipfile.zlib.crc32(GOOD["data/0"]))  # type: ignore[attr-defined]
    without = packed(GOOD).replace(crc, bytes(4))
    assert flambeau.load(io.BytesIO(without)).tolist() == [1, 2, 3, 4]


def test_a_file_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, *size: Any) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        flambeau.load(Broken(packed(GOOD)))
    with pytest.raises(flambeau.errors.ArgumentError, match="expected a path, or a binary file"):
        flambeau.load(3)
    path = tmp_path / "model.pt"
    path.write_bytes(packed(GOOD)[:-1])
    with pytest.raises(SerializationError, match=r"model\.pt"):
        flambeau.load(path)


# --- random damage


@pytest.mark.usefixtures("unharmed")
def test_damaged_pickles_are_refused_by_one_class_of_error() -> None:
    data, _ = checkpoint()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name.removeprefix("archive/"): archive.read(name) for name in archive.namelist()}
    draw, refused = random.Random(8), 0
    for _ in range(2500):
        hurt = packed({**entries, "data.pkl": damaged(draw, entries["data.pkl"])})
        try:
            flambeau.load(io.BytesIO(hurt))
        except SerializationError:
            refused += 1
    assert refused > 2000


def test_damaged_files_are_refused_or_give_what_was_saved(tmp_path: Path) -> None:
    data, expected = checkpoint()
    draw, path, refused = random.Random(9), tmp_path / "model.pt", 0
    for turn in range(3000):
        hurt: Any = damaged(draw, data)
        if turn % 10:
            file: Any = io.BytesIO(hurt)
        else:
            path.write_bytes(hurt)
            file = path
        try:
            assert repr(flambeau.load(file)) == expected
        except SerializationError:
            refused += 1
    assert refused > 2000


# --- files that are trusted


def test_a_trusted_file_builds_what_it_names_and_its_faults_are_of_the_same_class() -> None:
    settings = pickle.dumps({"made": complex(1, 2), "path": Path("/there")}, 2)
    assert flambeau.load(io.BytesIO(around(settings)), weights_only=False)["path"] == Path("/there")
    for body in (settings[:-3], named("nowhere", "name") + b".", named("builtins", "nothing") + b".", b"h\x09.",
                 tensor(storage(count=5)) + b".", tensor(storage(), size="\x05") + b".", b"K"):
        with pytest.raises(SerializationError):
            flambeau.load(io.BytesIO(around(body, _0=bytes(16))), weights_only=False)
