"""Storages: memory as bytes and as elements, shared with the tensors that lie in it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import flambeau
from flambeau import errors
from flambeau.tensors.storages import typed


@pytest.fixture(params=["cpu", "reference"])
def device(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def warned() -> Iterator[None]:
    """The warning has been given already."""
    before, typed._warned[:] = typed._warned[:], [True]
    yield
    typed._warned[:] = before


def row(device: str) -> flambeau.Tensor:
    """The second row of a 2 by 3 tensor: memory of 24 bytes."""
    return flambeau.arange(6.0, device=device).reshape(2, 3)[1]


def test_all_the_memory_is_there_and_not_the_tensors_part_alone(device: str) -> None:
    x = row(device)
    assert (x.untyped_storage().nbytes(), len(x.untyped_storage()), x.storage().size()) == (24, 24, 6)
    assert x.storage().tolist() == [0, 1, 2, 3, 4, 5] and x.storage()[1] == 1 and list(x.storage())[5] == 5
    assert x.untyped_storage().tolist()[4:8] == [0, 0, 128, 63] and x.untyped_storage()[-1] == 64
    assert x.untyped_storage().device is x.storage().device is x.device


def test_what_is_written_to_the_storage_is_in_the_tensor(device: str) -> None:
    x = row(device)
    x.storage()[3] = 9
    assert x.tolist() == [9, 4, 5]
    x.untyped_storage()[18] = 192  # of the four of 4.0: 0, 0, 128, 64
    assert x.tolist() == [9, 6, 5]
    x.untyped_storage()[12:16] = 0
    assert x[0].item() == 0
    x.untyped_storage().fill_(0)
    assert x.tolist() == [0, 0, 0]
    x.storage().fill_(2.5)
    assert x.tolist() == [2.5, 2.5, 2.5]
    x.storage().copy_(flambeau.arange(6.0, device=device).storage())
    assert x.tolist() == [3, 4, 5]


def test_who_shares_memory_is_seen_by_the_address(device: str) -> None:
    x = row(device)
    assert x.untyped_storage().data_ptr() == x[1:].storage().data_ptr() == x.storage().untyped().data_ptr() != 0
    assert x.clone().untyped_storage().data_ptr() != x.untyped_storage().data_ptr()
    assert x.data_ptr() - x.untyped_storage().data_ptr() == 12


def test_a_tensor_may_be_set_to_a_storage(device: str) -> None:
    x = row(device)
    y = flambeau.empty(0, device=device).set_(x.untyped_storage(), 1, (2, 2), (2, 1))
    assert y.tolist() == [[1, 2], [3, 4]]
    y[1, 0] = -1
    assert x.tolist() == [-1, 4, 5]
    z = flambeau.empty(0, device=device).set_(x.storage())
    assert z.tolist() == [0, 1, 2, -1, 4, 5]


def test_bytes_are_shared_as_another_dtype_where_the_backend_can() -> None:
    x = flambeau.ones(2)
    y = flambeau.empty(0, dtype=flambeau.int32).set_(x.untyped_storage())
    assert y.tolist() == [0x3F800000] * 2
    y[0] = 0
    assert x.tolist() == [0, 1]
    with pytest.raises(errors.DTypeError, match=r"expected a storage of flambeau\.int32, got one of"):
        y.set_(x.storage())
    far = flambeau.ones(2, device="reference")
    with pytest.raises(errors.UnsupportedError, match=r"set_: the memory of flambeau\.float32 cannot be shared as"):
        flambeau.empty(0, dtype=flambeau.int32, device="reference").set_(far.untyped_storage())


def test_new_memory_takes_the_form_of_its_first_tensor(device: str) -> None:
    made = flambeau.UntypedStorage([0, 0, 128, 63, 0, 0, 0, 64], device=device)
    x = flambeau.empty(0, device=device).set_(made)
    assert x.tolist() == [1, 2]
    made[7] = 65
    assert x.tolist() == [1, 8]
    x[0] = 0
    assert made.tolist()[:4] == [0, 0, 0, 0]


def test_size_changes_while_no_tensor_lies_in_it(device: str) -> None:
    made = flambeau.UntypedStorage([1, 2, 3], device=device)
    assert made.resizable() and made.resize_(5).nbytes() == 5 and made.tolist()[:3] == [1, 2, 3]
    assert made.resize_(2).tolist() == [1, 2]
    flambeau.empty(0, dtype=flambeau.uint8, device=device).set_(made)
    assert not made.resizable() and made.resize_(2) is made
    with pytest.raises(errors.UnsupportedError, match="tensors lie in this storage"):
        made.resize_(1)
    held = flambeau.TypedStorage(2, dtype=flambeau.int32, device=device)
    assert held.resize_(3).nbytes() == 12


def test_bytes_come_from_a_buffer_in_either_order() -> None:
    data = b"\0\0\0\1\0\0\1\0"
    assert flambeau.IntStorage.from_buffer(data, "big").tolist() == [1, 256]
    assert flambeau.IntStorage.from_buffer(data, "little", 1, 4).tolist() == [65536]
    assert flambeau.UntypedStorage.from_buffer(bytearray(data), count=2, offset=3).tolist() == [1, 0]
    assert flambeau.TypedStorage._from_buffer(data, "native", dtype=flambeau.uint8).tolist() == list(data)
    pair = flambeau.ComplexFloatStorage.from_buffer(b"\x3f\x80\0\0\x40\0\0\0", "big")
    assert pair.tolist() == [1 + 2j]
    for given in ({"count": 3}, {"offset": 9}, {"byte_order": "middle"}):
        with pytest.raises(errors.ValueRangeError):
            flambeau.UntypedStorage.from_buffer(data, **{"dtype": flambeau.int32, **given})


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16",
                                   "float32", "float64", "complex64", "complex128"])
def test_every_dtype_has_its_old_class(device: str, dtype: str) -> None:
    x = flambeau.ones(3, dtype=getattr(flambeau, dtype), device=device)
    cls = x.storage_type()
    assert cls.dtype is x.dtype and cls is getattr(flambeau, x.storage().pickle_storage_type())
    assert isinstance(cls(2), cls) and isinstance(cls([1, 0]), cls) and cls([1, 0]).tolist() == [1, 0]
    assert isinstance(x.storage(), cls)
    assert x.storage().type() == f"flambeau.{cls.__name__}" and x.storage().element_size() == x.dtype.itemsize
    assert not isinstance(x.storage(), flambeau.HalfStorage if dtype != "float16" else flambeau.IntStorage)


def test_elements_are_converted(device: str) -> None:
    held = flambeau.tensor([1.5, 2.0], device=device).storage()
    assert held.int().tolist() == [1, 2] and held.int().dtype is flambeau.int32 and held.float() is held
    assert held.type(flambeau.DoubleStorage).dtype is flambeau.float64
    assert held.type("torch.LongStorage").tolist() == [1, 2]
    assert held.untyped().long().tolist() == held.untyped().tolist()


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s)),
                                  lambda s: s.clone()], ids=["copy", "deepcopy", "pickle", "clone"])
def test_copies_share_nothing(device: str, make: Callable[[Any], Any]) -> None:
    for held in (row(device).storage(), row(device).untyped_storage()):
        made = make(held)
        assert type(made) is type(held) and made.tolist() == held.tolist() and made.device is held.device
        made.fill_(0)
        assert set(made.tolist()) == {0} != set(held.tolist())


def test_storages_move_between_devices(device: str) -> None:
    held = row(device).storage()
    assert held.to(device="reference").device is flambeau.device("reference")
    assert held.cpu().device.type == "cpu" and held.untyped().cpu().tolist() == held.untyped().tolist()
    assert held.untyped().to(device=device) is held.untyped()


@pytest.mark.parametrize(("work", "error", "match"), [
    (lambda t, u: u[24], errors.IndexRangeError, "index 24 out of range for storage of size 24"),
    (lambda t, u: t[-7], errors.IndexRangeError, "index -7 out of range for storage of size 6"),
    (lambda t, u: t[1:2], errors.ValueRangeError, "slices are only supported"),
    (lambda t, u: t["a"], errors.ValueRangeError, "can't index"),
    (lambda t, u: u[::2], errors.ValueRangeError, "slice with a step of 2"),
    (lambda t, u: u.copy_(t.clone().untyped()[:3]), errors.ValueRangeError, "self was 24 bytes but src was 3"),
    (lambda t, u: t.__setitem__(0, t), errors.ValueRangeError, "cannot set item with value type"),
    (lambda t, u: u.share_memory_(), errors.UnsupportedError, "processes share"),
    (lambda t, u: t.pin_memory(), errors.UnsupportedError, "pinned"),
    (lambda t, u: u.type("x"), errors.UnsupportedError, "no other type"),
    (lambda t, u: t.type("x"), errors.ValueRangeError, "is no class of storages"),
    (lambda t, u: u.resize_(-1), errors.ValueRangeError, "must not be negative"),
    (lambda t, u: flambeau.UntypedStorage(-1), errors.ValueRangeError, "must not be negative"),
    (lambda t, u: flambeau.UntypedStorage("a"), errors.ValueRangeError, "takes a number of bytes or a sequence"),
    (lambda t, u: flambeau.FloatStorage(1, 2), errors.ValueRangeError, "Too many positional"),
    (lambda t, u: flambeau.FloatStorage(2.5), errors.ArgumentError, "Argument type not recognized"),
    (lambda t, u: flambeau.FloatStorage(1, wrap_storage=u), errors.ValueRangeError, "using 'wrap_storage'"),
    (lambda t, u: flambeau.TypedStorage(wrap_storage=t, dtype=t.dtype), errors.ArgumentError, "must be an Untyped"),
    (lambda t, u: flambeau.TypedStorage(1, dtype=3), errors.ArgumentError, "must be a dtype"),
    (lambda t, u: flambeau.TypedStorage(1, wrap_storage=u), errors.ValueRangeError, "neither data nor a device"),
    (lambda t, u: flambeau.TypedStorage(1, 2), errors.ValueRangeError, "Too many positional"),
])
def test_what_cannot_be_is_refused(device: str, work: Any, error: type[Exception], match: str) -> None:
    x = row(device)
    with pytest.raises(error, match=match):
        work(x.storage(), x.untyped_storage())
    assert x.storage().tolist() == [0, 1, 2, 3, 4, 5]


def test_the_storages_of_old_warn_once() -> None:
    typed._warned.clear()
    with pytest.warns(UserWarning, match="TypedStorage is deprecated") as caught:
        flambeau.ones(1).storage()
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flambeau.ones(1).storage()
        flambeau.FloatStorage(1)


def test_a_storage_is_one_and_prints_as_one() -> None:
    x = flambeau.tensor([1.0])
    assert flambeau.is_storage(x.storage()) and flambeau.is_storage(x.untyped_storage()) and not flambeau.is_storage(x)
    assert str(x.storage()) == " 1.0\n[flambeau.storage.TypedStorage(dtype=flambeau.float32, device=cpu) of size 1]"
    assert repr(flambeau.UntypedStorage([7])) == " 7\n[flambeau.UntypedStorage(device=cpu) of size 1]"
    assert flambeau.Storage is flambeau.FloatStorage


def test_arrays_that_share_nothing_give_storages_that_cannot_be_written() -> None:
    class Unshared(type(flambeau.device("reference").backend)):  # type: ignore[misc]
        shared_views = False

    backend = flambeau.device("reference").backend
    x = flambeau.arange(3.0, device="reference")
    kind, backend.__class__ = backend.__class__, Unshared
    try:
        assert x[1:].storage().tolist() == [1, 2]
        with pytest.raises(errors.UnsupportedError, match="share no memory"):
            x.storage()[0] = 1
    finally:
        backend.__class__ = kind


def test_storages_load_when_one_is_asked_for() -> None:
    code = ("import sys, flambeau\nflambeau.ones(1)\nassert 'flambeau.tensors.storages' not in sys.modules\n"
            "flambeau.ones(1).untyped_storage()\nassert 'flambeau.tensors.storages' in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
