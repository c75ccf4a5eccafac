"""Storages beside PyTorch's: what each method answers, what errors there are, and files with the same settings."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # TypedStorage is deprecated
        yield


def row(lib: Any) -> Any:
    return lib.arange(6.0).reshape(2, 3)[1]


def answers(lib: Any, work: Callable[..., Any]) -> Any:
    """What comes of it, or the builtin classes of its error."""
    x = row(lib)
    try:
        return work(lib, x, x.storage(), x.untyped_storage()), x.tolist()
    except Exception as error:
        return [kind for kind in (RuntimeError, TypeError, IndexError, NotImplementedError) if isinstance(error, kind)]


WORKS: list[Callable[..., Any]] = [
    lambda lib, x, t, u: (u.nbytes(), len(u), u.size(), u.element_size(), u[5], u.tolist(), u.device.type),
    lambda lib, x, t, u: (t.nbytes(), len(t), t.size(), t.element_size(), t[5], t.tolist(), t.device.type),
    lambda lib, x, t, u: (str(t.dtype).split(".")[1], t.type().split(".")[1], t.pickle_storage_type()),
    lambda lib, x, t, u: (u.is_cuda, u.is_shared(), u.is_sparse, u.filename, u.get_device(), t.get_device()),
    lambda lib, x, t, u: x.data_ptr() - u.data_ptr(), lambda lib, x, t, u: t.data_ptr() - u.data_ptr(),
    lambda lib, x, t, u: u.__setitem__(slice(12, 16), 0), lambda lib, x, t, u: u.__setitem__(19, 66),
    lambda lib, x, t, u: t.__setitem__(3, 9), lambda lib, x, t, u: t.__setitem__(slice(3, 5), 7),
    lambda lib, x, t, u: t.fill_(2).tolist(), lambda lib, x, t, u: u.fill_(1).tolist(),
    lambda lib, x, t, u: u[2:6].tolist(), lambda lib, x, t, u: u[2:6].fill_(3) and None,
    lambda lib, x, t, u: u[-3:100].tolist(), lambda lib, x, t, u: u[5:2].nbytes(),
    lambda lib, x, t, u: t.copy_(lib.FloatStorage([1, 2, 3, 4, 5, 6])).tolist(),
    *[lambda lib, x, t, u, name=name: getattr(t, name)().tolist() for name in (
        "double", "float", "half", "bfloat16", "long", "int", "short", "char", "byte", "bool", "complex_float",
        "complex_double")],
    lambda lib, x, t, u: u.int().tolist(),
    lambda lib, x, t, u: lib.empty(0).set_(u, 1, (2, 2), (2, 1)).tolist(),
    lambda lib, x, t, u: lib.empty(0).set_(t).tolist(), lambda lib, x, t, u: x.set_(t, 2, (2,)).tolist(),
    lambda lib, x, t, u: lib.empty(0, dtype=lib.int32).set_(u).tolist(),
    lambda lib, x, t, u: lib.empty(0, dtype=lib.uint8).set_(u).fill_(0).sum().item(),
    lambda lib, x, t, u: lib.empty(0, dtype=lib.int32).set_(t),
    lambda lib, x, t, u: lib.UntypedStorage([1, 2, 255]).tolist(), lambda lib, x, t, u: lib.UntypedStorage().nbytes(),
    lambda lib, x, t, u: lib.UntypedStorage([1, 2]).resize_(3).nbytes(), lambda lib, x, t, u: u.new().nbytes(),
    lambda lib, x, t, u: lib.BoolStorage([1, 0]).tolist(), lambda lib, x, t, u: lib.LongStorage(3).nbytes(),
    lambda lib, x, t, u: lib.IntStorage.from_buffer(b"\0\0\0\1\1\0\0\0", "big").tolist(),
    lambda lib, x, t, u: lib.FloatStorage.from_buffer(b"\0\0\x80\x3f" * 3, "little", 2, 4).tolist(),
    lambda lib, x, t, u: (isinstance(t, lib.FloatStorage), isinstance(t, lib.IntStorage),
                          isinstance(t, lib.TypedStorage), isinstance(u, lib.UntypedStorage)),
    lambda lib, x, t, u: (lib.is_storage(t), lib.is_storage(u), lib.is_storage(x)),
    lambda lib, x, t, u: x.storage_type().__name__, lambda lib, x, t, u: t.untyped().tolist() == u.tolist(),
    lambda lib, x, t, u: lib.serialization.location_tag(u),
    lambda lib, x, t, u: u.clone().fill_(0).tolist(), lambda lib, x, t, u: t.clone().fill_(0).tolist(),
    lambda lib, x, t, u: u.byteswap(lib.float32), lambda lib, x, t, u: str(u)[:40], lambda lib, x, t, u: list(t),
    lambda lib, x, t, u: u[24], lambda lib, x, t, u: t[6], lambda lib, x, t, u: t[1:2], lambda lib, x, t, u: u[::2],
    lambda lib, x, t, u: lib.UntypedStorage("a"), lambda lib, x, t, u: lib.FloatStorage(1, 2),
    lambda lib, x, t, u: u.copy_(lib.UntypedStorage(1)), lambda lib, x, t, u: lib.UntypedStorage(-1),
    lambda lib, x, t, u: t.__setitem__(0, t), lambda lib, x, t, u: lib.FloatStorage(2.5), lambda lib, x, t, u: t["a"],
]


@pytest.mark.parametrize("number", range(len(WORKS)))
def test_storages_answer_as_pytorchs(number: int) -> None:
    ours, theirs = answers(flambeau, WORKS[number]), answers(torch, WORKS[number])
    if isinstance(theirs, list):
        assert isinstance(ours, list) and set(theirs) <= set(ours)
    else:
        assert ours == theirs


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_files_of_every_protocol_go_both_ways(protocol: int) -> None:
    for writer, reader in ((flambeau, torch), (torch, flambeau)):
        file = io.BytesIO()
        x = writer.arange(70_000)
        writer.save({"x": x, "part": x[5:7], "text": "a" * 70_000}, file, pickle_protocol=protocol)
        file.seek(0)
        got = reader.load(file, weights_only=False)
        assert got["x"].tolist() == x.tolist() and got["part"].tolist() == [5, 6] and len(got["text"]) == 70_000
        assert got["part"].untyped_storage().data_ptr() == got["x"].untyped_storage().data_ptr()


def test_settings_of_files_are_understood_by_both() -> None:
    for writer, reader in ((flambeau, torch), (torch, flambeau)):
        file = io.BytesIO()
        try:
            writer.serialization.set_crc32_options(False)
            with writer.serialization.skip_data():
                writer.save(writer.ones(3), file)
        finally:
            writer.serialization.set_crc32_options(True)
        file.seek(0)
        assert reader.load(file).shape == (3,)


def test_mapped_files_of_the_other(tmp_path: Any) -> None:
    for writer, reader in ((flambeau, torch), (torch, flambeau)):
        writer.save({"x": writer.arange(1000), "y": writer.ones(3)}, tmp_path / "file.pt")
        got = reader.load(tmp_path / "file.pt", mmap=True)
        assert got["x"].tolist() == list(range(1000)) and got["y"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("weights_only", [True, False])
def test_storages_in_files_go_both_ways(weights_only: bool) -> None:
    for writer, reader in ((flambeau, torch), (torch, flambeau)):
        x, file = row(writer), io.BytesIO()
        writer.save({"held": x.storage(), "x": x, "pair": (x.storage(), 1)}, file)
        file.seek(0)
        got = reader.load(file, weights_only=weights_only)
        got["held"][3] = 9
        assert got["x"].tolist() == [9, 4, 5] and got["pair"][0].tolist() == [0, 1, 2, 9, 4, 5]
        assert type(got["held"]) is reader.TypedStorage
        file = io.BytesIO()
        writer.save([x.untyped_storage(), x.double().storage()], file)
        file.seek(0)
        got = reader.load(file, weights_only=weights_only)
        assert got[0].tolist() == x.untyped_storage().tolist() and got[1].tolist() == [3, 4, 5]
        with pytest.raises(RuntimeError, match="view the same data as different types"):
            writer.save([x.untyped_storage(), x], io.BytesIO())
