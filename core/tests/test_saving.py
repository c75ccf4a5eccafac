"""`save`: what was saved is what loads, the file is there whole or the old one is, no second copy of the tensors."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import random
import resource
import signal
import stat
import struct
import sys
import time
import tracemalloc
import types
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import flambeau
from flambeau import errors
from flambeau.serialization import allowed

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
MEGABYTES = 32


def back(value: Any, **options: Any) -> Any:
    file = io.BytesIO()
    flambeau.save(value, file)
    file.seek(0)
    return flambeau.load(file, **options)


# --- what was saved is what loads


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_memory_that_was_shared_is_shared_again(device: str) -> None:
    base = flambeau.arange(10.0, device=device)
    parts = [base[1:3].detach(), base[2:4].detach(), base[::2], base.reshape(2, 5).t(), base.data]
    got = back(parts, map_location=device)
    assert [x.tolist() for x in got] == [x.tolist() for x in parts]
    assert [x.stride() for x in got] == [x.stride() for x in parts]
    assert [x.storage_offset() for x in got] == [1, 2, 0, 0, 0]
    got[0][1] = 77
    assert got[1][0].item() == got[2][1].item() == got[3][2, 0].item() == got[4][2].item() == 77


def test_only_the_memory_up_to_the_last_element_is_saved() -> None:
    file = io.BytesIO()
    flambeau.save([flambeau.zeros(1000)[2:4], flambeau.zeros(5).expand(3, 5), flambeau.zeros(0)], file)
    with zipfile.ZipFile(file) as archive:
        assert [archive.getinfo(f"archive/data/{n}").file_size for n in range(3)] == [16, 20, 0]


def test_views_of_arrays_that_cannot_share_are_saved_as_they_are() -> None:
    class Unshared(type(flambeau.device("reference").backend)):  # type: ignore[misc]
        shared_views = False

    backend = flambeau.device("reference").backend
    base = flambeau.arange(6.0, device="reference")
    view = base[2:4]
    kind, backend.__class__ = backend.__class__, Unshared
    try:
        file = io.BytesIO()
        flambeau.save([base, view], file)
    finally:
        backend.__class__ = kind
    file.seek(0)
    assert flambeau.load(file)[1].tolist() == [2, 3]


def test_attributes_and_classes_of_tensors_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    noted, weight = flambeau.ones(2), flambeau.nn.Parameter(flambeau.ones(1))
    noted.note, weight.scale = {"by": ["me"]}, 2  # type: ignore[attr-defined]
    got = back([noted, weight, flambeau.nn.Buffer(flambeau.ones(1), persistent=False)])
    assert got[0].note == {"by": ["me"]} and type(got[0]) is flambeau.Tensor
    assert got[1].scale == 2 and type(got[1]) is flambeau.nn.Parameter and got[1].requires_grad
    assert vars(got[2]) == {"persistent": False, "_is_buffer": True}
    special = Special(flambeau.ones(2))
    with pytest.raises(errors.SerializationError, match="Special, which load does not build"):
        back(special)
    monkeypatch.setitem(allowed.SAFE, f"{__name__}.Special", Special)
    assert type(back(special)) is Special and back(special).tolist() == [1, 1]


class Special(flambeau.nn.Parameter):
    """A class of parameters."""


@pytest.mark.parametrize("value", [
    ..., range(2, 9, 3), slice(1, None), frozenset([1, "a"]), bytearray(b"\0\xff"), bytearray(), b"", b"\xff", 10**700,
    -(2**31), 2**40, "\ud800", "\U0001f600", 1e300, (), ((),), {"a": ()}, flambeau.strided, flambeau.channels_last,
], ids=lambda v: type(v).__name__)
def test_pythons_values_come_back(value: Any) -> None:
    got = back([value, value])
    assert got == [value, value] and type(got[0]) is type(value)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5, -1])
def test_the_pickle_is_of_the_protocol_asked_for(protocol: int) -> None:
    value = {"x": flambeau.arange(70_000), "text": "a" * 70_000, "bytes": b"\0\xff", "many": list(range(300)),
             "size": flambeau.Size([1]), "set": {1, 2}}
    value["again"] = value["x"]
    file = io.BytesIO()
    flambeau.save(value, file, pickle_protocol=protocol)
    with zipfile.ZipFile(file) as archive:
        assert archive.read("archive/data.pkl")[1] == (pickle.HIGHEST_PROTOCOL if protocol < 0 else protocol)
    file.seek(0)
    got = flambeau.load(file)
    assert got["again"] is got["x"] and (got["x"] == value["x"]).all()
    assert {k: v for k, v in got.items() if k not in ("x", "again")} == {
        k: v for k, v in value.items() if k not in ("x", "again")}


@pytest.mark.parametrize(("protocol", "error"), [(0, errors.ValueRangeError), (1, errors.ValueRangeError),
                                                 (6, errors.ValueRangeError), ("2", errors.ArgumentError)])
def test_a_protocol_that_cannot_be_written_is_refused(protocol: Any, error: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(error, match=r"pickle_protocol must be .* got"):
        flambeau.save(1, tmp_path / "file", pickle_protocol=protocol)
    assert list(tmp_path.iterdir()) == []


def test_another_pickle_than_pythons_does_not_save() -> None:
    flambeau.save(1, io.BytesIO(), pickle_module=pickle)
    with pytest.raises(errors.UnsupportedError, match="only Python's own pickle writes files"):
        flambeau.save(1, io.BytesIO(), pickle_module=types)


def test_many_containers_may_have_the_same_keys() -> None:
    value = [(frozenset([1.5, (i, 2)]), {1.5: 2**70}, {(1, (2, 3)), 2**65}) for i in range(1000)]
    assert back(value) == value


def test_containers_that_hold_themselves_come_back() -> None:
    value: list[Any] = [1]
    value.append((value, {"me": value}))
    got = back(value)
    assert got[1][0] is got and got[1][1]["me"] is got


def test_attributes_of_a_state_dict_come_back() -> None:
    state = flambeau.nn.Linear(1, 1).state_dict()
    state._metadata = {"": {"version": 1}}
    assert vars(back(state)) == {"_metadata": {"": {"version": 1}}}


def test_one_memory_under_two_types_is_refused() -> None:
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(4)
    with pytest.raises(errors.SerializationError, match="view the same data as different types"):
        back([flambeau.from_numpy(array), flambeau.from_numpy(array.view("float64"))])


def test_what_cannot_be_saved_leaves_nothing_behind(tmp_path: Path) -> None:
    path, endless = tmp_path / "model.pt", []  # type: ignore[var-annotated]
    for _ in range(100_000):
        endless = [endless]
    for value, match in [(lambda: 0, "cannot save function"), (iter([]), "cannot save"), (endless, "cannot save list")]:
        with contextlib.suppress(errors.SerializationError):
            flambeau.save(value if match != "cannot save" else (x for x in ()), path)
            pytest.fail("saved what cannot be saved")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("place", "device"), [
    (lambda storage, location: storage, "cpu"), (lambda storage, location: None, "cpu"),
    (lambda storage, location: "reference", "reference"), (lambda storage, location: storage.cpu(), "cpu"),
    (lambda storage, location: storage.to("reference"), "reference"),
    (lambda storage, location: flambeau.device("reference") if location == "cpu" else None, "reference"),
    ({"cpu": "reference"}, "reference"), ({"cuda:0": "reference"}, "cpu"), (flambeau.device("reference"), "reference"),
])
def test_map_location_in_each_of_its_forms(place: Any, device: str) -> None:
    assert back(flambeau.ones(2), map_location=place).device is flambeau.device(device)


def test_map_location_sees_the_storage_and_its_errors_are_its_own() -> None:
    seen: list[Any] = []
    back(flambeau.ones(2), map_location=lambda storage, location: seen.append((storage.nbytes(), location)))
    assert seen == [(8, "cpu")]
    with pytest.raises(ZeroDivisionError):
        back(flambeau.ones(2), map_location=lambda storage, location: 1 // 0)
    with pytest.raises(errors.ArgumentError, match="must return a storage, a device or None, got int"):
        back(flambeau.ones(2), map_location=lambda storage, location: 3)


# --- no second copy


@pytest.mark.parametrize("dtype", ["float32", "bool"])
def test_save_and_load_take_no_second_copy(tmp_path: Path, dtype: str) -> None:
    pytest.importorskip("numpy")
    size, path = MEGABYTES << 20, tmp_path / "model.pt"
    x = flambeau.ones(size // getattr(flambeau, dtype).itemsize, dtype=getattr(flambeau, dtype))
    assert peak(lambda: flambeau.save({"x": x, "part": x[::2]}, path)) < 0.1 * size
    assert peak(lambda: flambeau.load(path)) < 1.1 * size
    half = flambeau.zeros(size // 4).reshape(2, -1).t()
    assert peak(lambda: flambeau.save(half, path)) < 0.1 * size


def peak(run: Callable[[], Any]) -> int:
    """The most memory that was taken at a time, in bytes."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# --- the old file or the new one


def assert_whole(folder: Path, *values: float, tidy: bool = True) -> None:
    """The file holds one of the values throughout, and unless a process was killed nothing lies beside it."""
    got = flambeau.load(folder / "model.pt")["x"]
    assert got.numel() == 50_000 and got.min() == got.max() and got[0].item() in values
    assert not tidy or [path.name for path in folder.iterdir()] == ["model.pt"]


def put(folder: Path, value: float) -> None:
    flambeau.save({"x": flambeau.full((50_000,), value)}, folder / "model.pt")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, 1.0)
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fails)
            with pytest.raises(OSError, match="No space left"):
                put(tmp_path, 2.0)
        assert_whole(tmp_path, 1.0)
    for allowed_writes in range(30):
        with monkeypatch.context() as patch:
            patch.setattr("flambeau.serialization.atomic.open", limited(allowed_writes), raising=False)
            with contextlib.suppress(OSError):
                put(tmp_path, 2.0)
        assert_whole(tmp_path, 1.0, 2.0)


def fails(*arguments: Any, **options: Any) -> Any:
    raise OSError(28, "No space left on device")


def limited(count: int) -> Callable[..., Any]:
    """`open` for files that take so many writes."""

    class Full(io.FileIO):
        left = count

        def write(self, data: Any) -> int:
            if self.left == 0:
                fails()
            self.left -= 1
            return super().write(data)

    return lambda path, mode: Full(path, mode)


@contextlib.contextmanager
def child(run: Callable[[], Any]) -> Iterator[int]:
    """A process that runs a function; it is gone when the block ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks where threads run: this one runs none of theirs
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            run()
            code = 0
        finally:
            os._exit(code)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@forks
def test_a_limit_on_the_size_of_files_leaves_the_old_file(tmp_path: Path) -> None:
    put(tmp_path, 1.0)

    def run() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            put(tmp_path, 2.0)
        except OSError as error:
            os._exit(error.errno or 0)

    with child(run) as pid:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert ended is not None and ended.si_status == 27  # EFBIG
    assert_whole(tmp_path, 1.0)


def lines_of(run: Callable[[], Any], at: int) -> int:
    """Runs a function and counts the lines that writing executes; the process is killed at line `at`."""
    seen = 0

    def local(frame: types.FrameType, event: str, argument: Any) -> Any:
        nonlocal seen
        seen += event == "line"
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return local

    def follow(frame: types.FrameType, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        return local if "serialization" in name or name.endswith(("zipfile.py", "zipfile/__init__.py")) else None

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        run()
    finally:
        sys.settrace(before)
    return seen


@forks
def test_killed_at_any_line_the_old_file_or_the_new_one_is_there(tmp_path: Path) -> None:
    put(tmp_path, 1.0)
    total = lines_of(lambda: put(tmp_path, 1.0), -1)
    assert total > 500
    ends = set()
    for at in [*range(1, total, total // 60), *range(total - 30, total + 1)]:
        with child(lambda at=at: lines_of(lambda: put(tmp_path, 2.0), at)) as pid:  # type: ignore[misc]
            ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        ends.add(ended.si_status)
        assert_whole(tmp_path, 1.0, 2.0, tidy=False)
    assert signal.SIGKILL in ends


@forks
def test_killed_at_any_time_the_old_file_or_the_new_one_is_there(tmp_path: Path) -> None:
    put(tmp_path, 1.0)
    draw = random.Random(8)

    def run() -> None:
        for value in range(1, 10_000):
            put(tmp_path, float(value))

    for _ in range(20):
        with child(run):
            time.sleep(draw.uniform(0.001, 0.03))
        assert_whole(tmp_path, *map(float, range(1, 10_000)), tidy=False)


def test_what_killed_savers_left_goes_with_the_next_save(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    for name in (".model.pt.0123456789abcdef.tmp", ".model.pt.fedcba9876543210.tmp", ".other.pt.0123456789abcdef.tmp",
                 ".model.pt.backup.tmp", "model.pt.0123456789abcdef.tmp"):
        (tmp_path / name).write_bytes(b"half")
    with open(tmp_path / ".model.pt.fedcba9876543210.tmp", "rb+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)  # as a saver does that is still at it
        put(tmp_path, 1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".model.pt.backup.tmp", ".model.pt.fedcba9876543210.tmp", ".other.pt.0123456789abcdef.tmp", "model.pt",
        "model.pt.0123456789abcdef.tmp"]


def test_no_memory_while_saving_is_said_as_such() -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if len(data) > 1000:
                raise MemoryError
            return super().write(data)

    with pytest.raises(errors.OutOfMemoryError, match="save: out of memory"):
        flambeau.save(flambeau.ones(1000), Full())


def test_links_are_followed_and_permissions_kept(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    put(there, 1.0)
    (there / "model.pt").chmod(0o640)
    link = tmp_path / "link.pt"
    link.symlink_to(there / "model.pt")
    flambeau.save({"x": flambeau.full((50_000,), 2.0)}, link)
    assert link.is_symlink() and stat.S_IMODE((there / "model.pt").stat().st_mode) == 0o640
    assert_whole(there, 2.0)


def test_a_file_gets_the_permissions_that_open_gives(tmp_path: Path) -> None:
    put(tmp_path, 1.0)
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "model.pt").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_is_no_regular_file_is_written_to(tmp_path: Path) -> None:
    flambeau.save(flambeau.ones(2), os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    with pytest.raises(FileNotFoundError, match="save: no such folder"):
        flambeau.save(flambeau.ones(2), tmp_path / "none" / "model.pt")


def test_a_file_that_can_only_be_written_gets_a_file_that_loads() -> None:
    class Sink:
        def __init__(self) -> None:
            self.data = b""

        def write(self, data: Any) -> int:
            self.data += bytes(data)
            return len(data)

        def flush(self) -> None:
            pass

    sink = Sink()
    flambeau.save([flambeau.ones(3), flambeau.arange(5)], sink)
    assert [x.tolist() for x in flambeau.load(io.BytesIO(sink.data))] == [[1, 1, 1], [0, 1, 2, 3, 4]]


def test_storages_lie_where_pytorch_lays_them() -> None:
    file = io.BytesIO()
    flambeau.save([flambeau.ones(3), flambeau.ones(2)], file)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            name, extra = struct.unpack("<HH", file.getvalue()[info.header_offset + 26 : info.header_offset + 30])
            assert (info.header_offset + 30 + name + extra) % 64 == 0
