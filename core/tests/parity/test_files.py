"""Files between flambeau and PyTorch, both ways."""

from __future__ import annotations

import collections
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import flambeau
from flambeau.errors import SerializationError

VALUES = {"default": collections.defaultdict(list, a=[1]), "range": range(3), "frozen": frozenset([1]), "empty": b"",
          "slice": slice(1, 2), "bytes": b"a\xff", "array": bytearray(b"xy"), "long": 10**700, "negative": -5,
          "ellipsis": ..., "complex": 1j, "counter": collections.Counter("aab"), "set": {1, 2}, "inf": float("inf"),
          "nested": (1, (2, [3, {"x": None}])), "text": "\u00e9\U0001f600", "ordered": collections.OrderedDict(a=1)}
DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
          "complex128")


def theirs_to_ours(value: Any, **options: Any) -> Any:
    file = io.BytesIO()
    torch.save(value, file, **options)
    file.seek(0)
    return flambeau.load(file)


def ours_to_theirs(value: Any, **options: Any) -> Any:
    file = io.BytesIO()
    flambeau.save(value, file)
    file.seek(0)
    return torch.load(file, **options)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pythons_values_go_both_ways(protocol: int) -> None:
    assert theirs_to_ours(VALUES, pickle_protocol=protocol) == VALUES
    assert ours_to_theirs(VALUES, weights_only=False) == VALUES


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)], ids=str)
def test_tensors_go_both_ways(dtype: str, shape: tuple[int, ...]) -> None:
    x = torch.arange(torch.Size(shape).numel()).reshape(shape).to(getattr(torch, dtype))
    y = theirs_to_ours(x)
    assert (y.dtype.name, tuple(y.shape), tuple(y.stride()), y.tolist()) == (dtype, shape, x.stride(), x.tolist())
    z = ours_to_theirs(y)
    assert z.dtype is x.dtype and z.shape == x.shape and z.stride() == x.stride() and z.tolist() == x.tolist()


def test_bits_that_pytorch_leaves_undone_are_done() -> None:
    z = torch.tensor([1 + 2j, 3 - 1j])
    for x in (z.conj(), z.conj().imag, torch._neg_view(z.conj()), z.conj()[1:], z.real):
        assert theirs_to_ours(x).tolist() == x.tolist()
    with pytest.raises(SerializationError, match="shares its memory with another one"):
        theirs_to_ours([z, z.conj()])


def test_memory_formats_are_strides() -> None:
    for x, form in ((torch.arange(24.0).reshape(1, 2, 3, 4), torch.channels_last),
                    (torch.arange(48.0).reshape(1, 2, 3, 4, 2), torch.channels_last_3d)):
        y = theirs_to_ours(x.to(memory_format=form))
        assert tuple(y.stride()) == x.to(memory_format=form).stride() and y.tolist() == x.tolist()
        z = ours_to_theirs(y)
        assert z.is_contiguous(memory_format=form) and torch.equal(z, x)


def test_shared_memory_is_shared_both_ways() -> None:
    x = torch.arange(10.0)
    y = theirs_to_ours([x[1:3], x[2:4], x.reshape(2, 5).t()])
    y[0][1] = 77
    assert y[1][0].item() == y[2][2, 0].item() == 77
    z = ours_to_theirs([part.detach() for part in y])
    z[1][0] = 5
    assert z[0][1] == z[2][2, 0] == 5 and [t.storage_offset() for t in z] == [1, 2, 0]


def test_attributes_parameters_and_buffers_go_both_ways() -> None:
    x, p, b = torch.ones(2), torch.nn.Parameter(torch.ones(1)), torch.nn.Buffer(torch.ones(1))
    x.note, p.scale = "mine", 3
    y = theirs_to_ours([x, p, b])
    assert [vars(t) for t in y] == [{"note": "mine"}, {"scale": 3}, vars(b)]
    assert type(y[1]) is flambeau.nn.Parameter
    z = ours_to_theirs(y)
    assert [vars(t) for t in z] == [vars(t) for t in (x, p, b)] and type(z[1]) is torch.nn.Parameter


def test_names_go_both_ways() -> None:
    y = theirs_to_ours([torch.strided, torch.float16, torch.device("cpu"), torch.device("cuda", 1), torch.Size([1, 2])])
    assert y == [flambeau.strided, flambeau.float16, flambeau.device("cpu"), flambeau.device("cuda", 1), (1, 2)]
    assert ours_to_theirs(y) == [torch.strided, torch.float16, torch.device("cpu"), torch.device("cuda", 1), (1, 2)]


def test_state_dicts_of_modules_and_optimizers_go_both_ways() -> None:
    def made(library: Any) -> tuple[Any, Any]:
        model = library.nn.Sequential(library.nn.Linear(2, 3), library.nn.BatchNorm1d(3), library.nn.Linear(3, 1))
        optimizer = library.optim.Adam(model.parameters())
        model(library.ones(4, 2)).sum().backward()
        optimizer.step()
        return model, optimizer

    (their_model, theirs), (our_model, ours) = made(torch), made(flambeau)
    our_model.load_state_dict(theirs_to_ours(their_model.state_dict()))
    ours.load_state_dict(theirs_to_ours(theirs.state_dict()))
    assert our_model[0].weight.tolist() == their_model[0].weight.tolist()
    their_model.load_state_dict(ours_to_theirs(our_model.state_dict()))
    theirs.load_state_dict(ours_to_theirs(ours.state_dict()))


@pytest.fixture
def without_checksums() -> Iterator[None]:
    torch.serialization.set_crc32_options(False)
    yield
    torch.serialization.set_crc32_options(True)


@pytest.mark.usefixtures("without_checksums")
def test_files_without_checksums_are_read() -> None:
    assert theirs_to_ours([torch.arange(3.0)])[0].tolist() == [0, 1, 2]


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
@pytest.mark.parametrize("make", [
    lambda: torch.ones(2, device="meta"),
    lambda: torch.ones(2, dtype=torch.uint16), lambda: torch.eye(2).to_sparse(), lambda: [torch.nn.Linear(1, 1)],
])
def test_what_flambeau_does_not_have_is_refused(make: Any) -> None:
    with pytest.raises(SerializationError):
        theirs_to_ours(make())


def test_files_of_pytorch_before_1_6_are_refused() -> None:
    with pytest.raises(SerializationError, match=r"before 1\.6"):
        theirs_to_ours(torch.ones(1), _use_new_zipfile_serialization=False)


def test_files_go_by_path_and_pytorch_maps_them_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    flambeau.save([flambeau.ones(3), flambeau.arange(1000), flambeau.ones(0)], path)
    assert [x.sum().item() for x in torch.load(path, mmap=True)] == [3, 499500, 0]
    torch.save([torch.ones(3)], path)
    assert flambeau.load(path)[0].tolist() == [1, 1, 1]
