"""What surrounds `save` and `load`: mapped files, names allowed for a while, locations, checksums, byte order."""

from __future__ import annotations

import fractions
import io
import mmap
import os
import pickle
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import flambeau
from flambeau import errors, serialization
from flambeau.serialization import options, packages


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    """Every test leaves the settings as they were."""
    before, registry, safe = dict(options._settings), list(packages._registry), dict(serialization._SAFE)
    yield
    options._settings.update(before)
    packages._registry[:] = registry
    serialization._SAFE.clear()
    serialization._SAFE.update(safe)


def saved(value: Any, **more: Any) -> io.BytesIO:
    file = io.BytesIO()
    flambeau.save(value, file, **more)
    file.seek(0)
    return file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with two tensors on one memory, bools, and an empty tensor."""
    x = flambeau.arange(50_000.0)
    flambeau.save({"x": x, "part": x[10:12].detach(), "bools": flambeau.tensor([True, False]),
                   "none": flambeau.zeros(0, 3)}, tmp_path / "model.pt")
    return tmp_path / "model.pt"


# --- mapped files


def test_tensors_lie_in_the_mapped_file(path: Path) -> None:
    pytest.importorskip("numpy")
    got = flambeau.load(path, mmap=True)
    assert got["x"].numel() == 50_000 and got["x"][-1].item() == 49_999 and got["part"].tolist() == [10, 11]
    assert got["bools"].tolist() == [True, False] and got["none"].shape == (0, 3)
    maps = Path("/proc/self/maps")
    if maps.exists():
        ranges = [line.split()[0].split("-") for line in maps.read_text().splitlines() if line.endswith(str(path))]
        assert any(int(low, 16) <= got["x"].data_ptr() < int(high, 16) for low, high in ranges)


def test_a_mapped_file_is_not_read_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numpy")
    asked: list[int] = []
    plain = io.BufferedReader.read

    class Counted(io.BufferedReader):
        def read(self, size: int | None = -1, /) -> bytes:
            data = plain(self, size)
            asked.append(len(data))
            return data

    monkeypatch.setattr("flambeau.serialization.reading.open", lambda name, mode: Counted(io.FileIO(name, "rb")),
                        raising=False)
    flambeau.load(path, mmap=True)
    assert 0 < sum(asked) < 30_000 < os.path.getsize(path)


def test_what_is_written_to_mapped_tensors_stays_in_this_process(path: Path) -> None:
    pytest.importorskip("numpy")
    before, got = path.read_bytes(), flambeau.load(path, mmap=True)
    got["x"][10] = -1
    assert got["part"].tolist() == [-1, 11]
    assert path.read_bytes() == before and flambeau.load(path, mmap=True)["part"].tolist() == [10, 11]


def test_what_is_written_goes_to_the_file_that_is_mapped_as_shared(path: Path) -> None:
    pytest.importorskip("numpy")
    with serialization.set_default_mmap_options(mmap.MAP_SHARED):
        got = flambeau.load(path, mmap=True)
    assert serialization.get_default_mmap_options() == mmap.MAP_PRIVATE
    got["x"][10] = -1
    assert flambeau.load(path, mmap=True)["part"].tolist() == [-1, 11]
    with pytest.raises(errors.SerializationError, match="do not fit its checksum"):
        flambeau.load(path)


def test_a_mapped_file_stays_whole_when_its_name_gets_another(path: Path) -> None:
    pytest.importorskip("numpy")
    got = flambeau.load(path, mmap=True)
    flambeau.save({"x": flambeau.zeros(1)}, path)
    assert got["x"][-1].item() == 49_999


def test_what_cannot_be_mapped_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.UnsupportedError, match="arrays of backend 'reference' cannot lie in a mapped file"):
        flambeau.load(path, mmap=True, map_location="reference")
    with pytest.raises(errors.ArgumentError, match="f must be a file path in order to use the mmap argument"):
        flambeau.load(io.BytesIO(path.read_bytes()), mmap=True)
    with pytest.raises(FileNotFoundError):
        flambeau.load(tmp_path / "none", mmap=True)
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(errors.SerializationError, match="not a zip archive"):
        flambeau.load(tmp_path / "empty", mmap=True)
    with pytest.raises(errors.ArgumentError, match=r"expected mmap\.MAP_PRIVATE or mmap\.MAP_SHARED, but got 99"):
        serialization.set_default_mmap_options(99)


def test_a_damaged_mapped_file_is_refused_as_another(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-200])
    with pytest.raises(errors.SerializationError, match=r"model\.pt"):
        flambeau.load(path, mmap=True)


# --- other pickles


def test_a_pickle_module_is_trusted_unless_it_is_said_otherwise() -> None:
    file = saved(fractions.Fraction(1, 2))
    assert flambeau.load(file, pickle_module=pickle) == fractions.Fraction(1, 2)
    with pytest.raises(errors.ArgumentError, match="Can not safely load weights when explicit pickle_module"):
        flambeau.load(file, pickle_module=pickle, weights_only=True)
    with pytest.raises(errors.ArgumentError, match="unexpected keyword argument 'depth'"):
        flambeau.load(file, depth=3)

    class Named(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            return complex if name == "Fraction" else super().find_class(module, name)

    file.seek(0)
    assert flambeau.load(file, pickle_module=types.SimpleNamespace(Unpickler=Named)) == 1 + 2j


# --- names that are allowed


def test_names_are_allowed_for_a_block() -> None:
    file = saved(fractions.Fraction(1, 2))
    assert serialization.get_unsafe_globals_in_checkpoint(file) == ["fractions.Fraction"]
    with serialization.safe_globals([fractions.Fraction]):
        file.seek(0)
        assert flambeau.load(file) == fractions.Fraction(1, 2)
        assert serialization.get_unsafe_globals_in_checkpoint(file) == []
    file.seek(0)
    with pytest.raises(errors.SerializationError, match=r"fractions\.Fraction"):
        flambeau.load(file)


def test_what_was_allowed_can_be_listed_and_forgotten() -> None:
    serialization.clear_safe_globals()
    serialization.add_safe_globals([fractions.Fraction, (complex, "old.Number")])
    assert serialization.get_safe_globals() == [fractions.Fraction, (complex, "old.Number")]
    serialization.clear_safe_globals()
    assert serialization.get_safe_globals() == []


@pytest.mark.parametrize("protocol", [2, 4])
def test_the_names_that_would_be_refused_are_found_without_building_anything(protocol: int, tmp_path: Path) -> None:
    value = [flambeau.ones(1), fractions.Fraction(1, 2), Path("/x"), fractions.Fraction(1, 3)]
    flambeau.save(value, tmp_path / "file", pickle_protocol=protocol)
    found = serialization.get_unsafe_globals_in_checkpoint(tmp_path / "file")
    assert found[0] == "fractions.Fraction" and len(found) == 2 and found[1].startswith("pathlib.")
    with pytest.raises(errors.ValueRangeError, match="Expected input to be a checkpoint returned by save"):
        serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(b"no"))


# --- locations


def test_locations_of_devices_of_ones_own() -> None:
    asked: list[Any] = []

    def tagger(storage: Any) -> str | None:
        asked.append(storage.nbytes())
        return "moon:3" if storage.nbytes() == 8 else None

    def deserializer(storage: Any, location: str) -> Any:
        return storage.to(device="reference") if location.startswith("moon") else None

    serialization.register_package(5, tagger, deserializer)
    file = saved([flambeau.ones(2), flambeau.ones(3)])
    got = flambeau.load(file)
    assert asked == [8, 12]
    assert got[0].device is flambeau.device("reference") and got[1].device is flambeau.ones(1).device
    file.seek(0)
    assert flambeau.load(file, map_location={"moon:3": "cpu"})[0].device is flambeau.device("cpu")
    packages._registry[:] = [entry for entry in packages._registry if entry[0] != 5]
    file.seek(0)
    with pytest.raises(errors.SerializationError, match="saved from 'moon:3', which is no device that is known here"):
        flambeau.load(file)


def test_locations_are_asked_by_priority() -> None:
    held = flambeau.ones(1).untyped_storage()
    assert serialization.location_tag(held) == "cpu"
    assert serialization.default_restore_location(held, "cpu").tolist() == held.tolist()
    serialization.register_package(90, lambda storage: "late", lambda storage, location: None)
    assert serialization.location_tag(held) == "cpu"
    serialization.register_package(1, lambda storage: "early", lambda storage, location: None)
    assert serialization.location_tag(held) == "early"
    with pytest.raises(errors.BackendError, match=r"data location of a UntypedStorage \(tagged with moon\)"):
        serialization.default_restore_location(held, "moon")
    packages._registry.clear()
    with pytest.raises(errors.BackendError, match="determine data location of a UntypedStorage on 'cpu'"):
        serialization.location_tag(held)


@pytest.mark.parametrize("validate", [serialization.validate_cuda_device, serialization.validate_hpu_device])
def test_a_device_that_is_not_there_is_said(validate: Any) -> None:
    kind = validate.__name__.split("_")[1]
    if kind == "cuda" and flambeau.cuda.is_available():
        assert validate("cuda:0") == 0
        return
    with pytest.raises(errors.DeviceNotAvailableError, match="load them elsewhere with map_location='cpu'"):
        validate(f"{kind}:0")


# --- what else is set


def test_checksums_may_be_left_out() -> None:
    assert serialization.get_crc32_options()
    serialization.set_crc32_options(False)
    file = saved(flambeau.ones(2))
    with zipfile.ZipFile(file) as archive:
        assert {info.CRC for info in archive.infolist()} == {0}
    file.seek(0)
    assert flambeau.load(file).tolist() == [1, 1]


def test_elements_may_be_left_out() -> None:
    x = flambeau.arange(1.0, 300_000.0)
    with serialization.skip_data():
        empty = saved(x)
    assert empty.getbuffer().nbytes > 1_200_000 and set(flambeau.load(empty).unique().tolist()) == {0.0}
    full = saved(x)
    with serialization.skip_data():
        assert flambeau.load(full).shape == x.shape
    full.seek(0)
    assert (flambeau.load(full) == x).all()


def test_the_byte_order_of_files_that_do_not_say() -> None:
    with zipfile.ZipFile(saved(flambeau.ones(2))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if not name.endswith("byteorder")}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    for chosen in (None, serialization.LoadEndianness.LITTLE):
        serialization.set_default_load_endianness(chosen)
        assert serialization.get_default_load_endianness() is chosen
        file.seek(0)
        assert flambeau.load(file).tolist() == [1, 1]
    serialization.set_default_load_endianness(serialization.LoadEndianness.BIG)
    file.seek(0)
    with pytest.raises(errors.SerializationError, match="big-endian"):
        flambeau.load(file)
    with pytest.raises(errors.ArgumentError, match="must be a LoadEndianness or None, got 'big'"):
        serialization.set_default_load_endianness("big")


def test_types_of_storages_by_name() -> None:
    assert serialization.StorageType("HalfStorage").dtype is flambeau.float16
    assert str(serialization.StorageType("IntStorage")) == "StorageType(dtype=flambeau.int32)"
    with pytest.raises(errors.KeyNameError, match="'TinyStorage' is no class of storages"):
        serialization.StorageType("TinyStorage")
    assert serialization.normalize_storage_type(flambeau.IntStorage) is flambeau.IntStorage
    held = flambeau.ones(1, dtype=flambeau.int64)._typed_storage()
    assert serialization.storage_to_tensor_type(held) is flambeau.LongTensor
    with pytest.raises(errors.NameUnknownError, match="UntypedTensor"):
        serialization.storage_to_tensor_type(held.untyped())


def test_versions_are_compared() -> None:
    module = types.ModuleType("some")
    module.__version__ = "1.10.2"  # type: ignore[attr-defined]
    enough = serialization.check_module_version_greater_or_equal
    assert enough(module, (1, 9)) and enough(module, (1, 10, 2)) and not enough(module, (2, 0))
    module.__version__ = "new"  # type: ignore[attr-defined]
    with pytest.raises(errors.ValueRangeError, match="version string is malformed 'new'"):
        enough(module, (1, 9))
    with pytest.warns(UserWarning, match="continuing assuming"):
        assert enough(module, (1, 9), error_if_malformed=False)


def test_a_temporary_folder_goes_with_its_block() -> None:
    with serialization.mkdtemp() as folder:
        Path(folder, "file").write_text("x")
    assert not os.path.exists(folder) and issubclass(serialization.SourceChangeWarning, Warning)
