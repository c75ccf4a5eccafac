"""The backend over a namespace: what it needs of the library, what it does where the library has less."""

import tomllib
from importlib.resources import files
from types import SimpleNamespace

import array_api_strict
import pytest

import flambeau_arrayapi
from flambeau import dtypes as fd
from flambeau.errors import UnsupportedError
from flambeau_arrayapi import ArrayApiBackend
from flambeau_arrayapi.registry import TABLE
from flambeau_arrayapi.strict import StrictDescriptor, descriptor


def _without(*names, **changed):
    kept = {n: getattr(array_api_strict, n) for n in dir(array_api_strict) if not n.startswith("_") and n not in names}
    return SimpleNamespace(**kept | changed)


def _floats(backend, values):
    return backend.namespace.xp.asarray(values, dtype=array_api_strict.float32)


def test_probe_says_how_to_get_the_package(monkeypatch):
    assert descriptor.probe().ok
    monkeypatch.setattr("flambeau_arrayapi.strict.find_spec", lambda name: None)
    status = StrictDescriptor().probe()
    assert (status.code, status.fix) == ("not-installed", "python -m pip install array-api-strict")


def test_the_manifest_lists_exactly_the_ops_that_go_through_the_host():
    manifest = tomllib.loads(files(flambeau_arrayapi).joinpath("flambeau-backend.toml").read_text())
    space = descriptor.load().namespace
    hosted = {op for op, by in TABLE.items() for d, make in by.items() if d in space.dtypes and make(space) is None}
    assert {entry["op"] for entry in manifest["host"]} == hosted


def test_a_dtype_the_library_lacks_is_refused_by_name():
    backend = descriptor.load()
    with pytest.raises(UnsupportedError, match="has no bfloat16") as raised:
        backend.kernel("add", fd.bfloat16)(None, None)
    assert (raised.value.op, raised.value.fields["dtype"]) == ("add", fd.bfloat16)
    with pytest.raises(UnsupportedError, match="has no float16"):
        backend.from_host(b"\0\0", (1,), fd.float16)
    with pytest.raises(UnsupportedError, match="has no float16"):
        backend.kernels["cast"](_floats(backend, [1.0]), dtype=fd.float16)


def test_arrays_never_change_where_the_library_promises_no_views():
    backend = descriptor.load()
    x = _floats(backend, [[1.0, 2.0]])
    out = backend.kernels["assign"](x, _floats(backend, 5.0))
    assert (backend.tolist(x), backend.tolist(out)) == ([[1.0, 2.0]], [[5.0, 5.0]])


def test_arrays_are_written_to_where_the_library_promises_views():
    backend = ArrayApiBackend(array_api_strict, name="views", device_type="views", shared_views=True)
    x = _floats(backend, [[1.0, 2.0], [3.0, 4.0]])
    row = backend.kernels["slice"](x, index=(1,))
    assert backend.kernels["assign"](row, _floats(backend, [7.0, 8.0])) is row
    assert backend.tolist(x) == [[1.0, 2.0], [7.0, 8.0]]
    with pytest.raises((ValueError, AttributeError)):
        backend.kernels["view"](backend.kernels["permute"](x, dims=(1, 0)), size=(4,))
    with pytest.raises(UnsupportedError, match="no such view"):
        backend.kernels["as_strided"](x, size=(1,), stride=(1,), storage_offset=0)


def test_a_function_the_library_lacks_is_computed_on_the_host():
    backend = ArrayApiBackend(_without("cumulative_sum"), name="old", device_type="old")
    out = backend.kernels["cumsum"](_floats(backend, [1.0, 2.0, 3.0]), dim=0, dtype=fd.float32)
    assert type(out) is backend.array_type
    assert backend.tolist(out) == [1.0, 3.0, 6.0]


def test_a_library_without_the_buffer_protocol_is_read_and_written_element_by_element():
    def asarray(obj, **options):
        if isinstance(obj, memoryview):
            raise TypeError("no buffers here")
        return array_api_strict.asarray(obj, **options)

    backend = ArrayApiBackend(_without(asarray=asarray), name="bare", device_type="bare")
    for dtype in (fd.bool, fd.int16, fd.float64, fd.complex64):
        data = bytes(descriptor.load().to_host(descriptor.load().kernels["cast"](
            _floats(backend, [1.0, 0.0, 3.0]), dtype=dtype)))
        assert bytes(backend.to_host(backend.from_host(data, (3,), dtype))) == data


def test_host_memory_is_read_by_strides_and_offset():
    backend = descriptor.load()
    x = backend.from_host(bytes(range(8)), (2, 2), fd.uint8, strides=(1, 3), offset=2)
    assert backend.tolist(x) == [[2, 5], [3, 6]]
    assert backend.from_host(b"", (2, 0), fd.uint8).shape == (2, 0)


@pytest.mark.parametrize("op", ["take", "gather"])
@pytest.mark.parametrize("bad", [-1, 3])
def test_places_outside_raise(op, bad):
    backend = descriptor.load()
    index = array_api_strict.asarray([0, bad], dtype=array_api_strict.int64)
    with pytest.raises(IndexError, match="size 3"):
        backend.kernels[op](_floats(backend, [1.0, 2.0, 3.0]), index, dim=0)


@pytest.mark.parametrize("op", ["floor_divide", "remainder", "fmod"])
def test_integer_division_by_zero_raises(op):
    backend = descriptor.load()
    one, zero = (array_api_strict.asarray([v], dtype=array_api_strict.int32) for v in (1, 0))
    with pytest.raises(ZeroDivisionError, match="by zero"):
        backend.kernel(op, fd.int32)(one, zero)


def test_arrays_may_name_their_dtype_by_an_object_of_another_hash():
    import numpy

    class Alike:
        """Equal to what it stands for, as NumPy's dtype("float32") is to its float32."""

        def __init__(self, dtype):
            self.dtype = dtype

        def __eq__(self, other):
            return other == self.dtype

        def __hash__(self):
            return 7

    space = ArrayApiBackend(numpy, name="alike", device_type="alike").namespace
    assert space.of(numpy.zeros(2, dtype="float32")) is fd.float32
    assert space.of(SimpleNamespace(dtype=Alike(numpy.int8))) is fd.int8
