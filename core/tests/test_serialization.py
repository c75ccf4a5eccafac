"""`save`, `load`, `copy` and `pickle`: PyTorch's file layout, an allow-list of types, nothing run."""

from __future__ import annotations

import collections
import copy
import io
import pickle
import re
import zipfile
from typing import Any

import pytest

import flambeau
from flambeau import dtypes, errors, serialization
from flambeau.tensors.tensor import Parameter


def round_trip(value: Any, **options: Any) -> Any:
    file = io.BytesIO()
    flambeau.save(value, file)
    file.seek(0)
    return flambeau.load(file, **options)


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=lambda d: d.name)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)], ids=str)
def test_tensors_of_every_dtype_and_shape_come_back(dtype: flambeau.dtype, shape: tuple[int, ...]) -> None:
    x = flambeau.arange(6)[: max(1, flambeau.zeros(shape).numel())].to(dtype)
    x = x.reshape(shape) if 0 not in shape else flambeau.zeros(shape, dtype=dtype)
    y = round_trip(x)
    assert y.dtype is dtype and y.shape == x.shape and y.tolist() == x.tolist()


def test_containers_numbers_and_names_come_back() -> None:
    value = {"list": [1, 2.5, None, True, "text", b"bytes", 1j], "tuple": (1, (2,)), "size": flambeau.Size([2, 3]),
             "dtype": flambeau.bfloat16, "device": flambeau.device("cpu"), "set": {1, 2},
             "ordered": collections.OrderedDict(a=1)}
    assert round_trip(value) == value


def test_parameters_views_and_shared_tensors_stay_what_they_are() -> None:
    w, base = Parameter(flambeau.ones(2)), flambeau.zeros(4)
    got = round_trip({"w": w, "again": w, "base": base, "part": base[1:3], "turned": flambeau.ones(2, 3).t()})
    assert isinstance(got["w"], Parameter) and got["w"].requires_grad and got["w"] is got["again"]
    got["base"][1] = 5
    assert got["part"].tolist() == [5.0, 0.0]
    assert got["turned"].shape == (3, 2)


def test_map_location_names_the_device() -> None:
    assert round_trip(flambeau.ones(2), map_location="reference").device is flambeau.device("reference")
    assert round_trip(flambeau.ones(2, device="reference")).device is flambeau.device("cpu")


def test_the_archive_has_pytorchs_layout() -> None:
    file = io.BytesIO()
    flambeau.save([flambeau.ones(2), flambeau.zeros(3)], file)
    names = zipfile.ZipFile(file).namelist()
    assert names == ["archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/data/1", "archive/version"]
    assert zipfile.ZipFile(file).read("archive/data/0") == b"\0\0\x80?" * 2


class Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("this must never print",)


def test_loading_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Runs(), protocol=2))
    file.seek(0)
    with pytest.raises(
        errors.SerializationError, match=re.escape("the file refers to __builtin__.print, which load does not build")
    ):
        flambeau.load(file)
    assert capsys.readouterr().out == ""


class Settings:
    def __init__(self) -> None:
        self.rate = 0.1


def test_other_types_are_built_only_when_allowed() -> None:
    with pytest.raises(errors.SerializationError, match=r"Settings, which load does not build"):
        round_trip(Settings())
    assert round_trip(Settings(), weights_only=False).rate == 0.1
    serialization.add_safe_globals([Settings])
    try:
        assert round_trip(Settings()).rate == 0.1
    finally:
        serialization._SAFE.clear()


@pytest.mark.parametrize(("content", "match"), [
    (b"not a zip", "load: not a zip archive"),
])
def test_files_that_are_no_checkpoints(content: bytes, match: str) -> None:
    with pytest.raises(errors.SerializationError, match=match):
        flambeau.load(io.BytesIO(content))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=re.escape("load: no such file: '/nowhere/model.pt'")):
        flambeau.load("/nowhere/model.pt")


def test_copies_are_independent_and_keep_gradients_and_attributes() -> None:
    x = flambeau.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.note = "mine"  # type: ignore[attr-defined]
    y = copy.deepcopy(x)
    with flambeau.no_grad():
        y[0] = 9
    assert x.tolist() == [1.0, 2.0] and y.requires_grad and y.note == "mine"
    assert y.grad.tolist() == [2.0, 4.0] and y.grad is not x.grad


def test_only_leaves_are_copied_and_pickled() -> None:
    y = flambeau.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(y)
    with pytest.raises(RuntimeError, match=r"only leaf tensors can be pickled; call \.detach\(\) first"):
        pickle.dumps(y)


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_pickle_keeps_class_device_and_values(device: str) -> None:
    w = Parameter(flambeau.ones(2, device=device))
    got = pickle.loads(pickle.dumps(w))
    assert type(got) is Parameter and got.tolist() == [1.0, 1.0] and got.device is w.device
