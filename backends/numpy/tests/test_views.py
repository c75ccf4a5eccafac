"""View kernels alias their input or raise; every other kernel answers memory of its own."""

import ml_dtypes
import numpy as np
import pytest

from flambeau import dtypes as fd
from flambeau_arrayapi.testing import CASES, cases_for, from_host

VIEWS = ("view", "permute", "expand", "slice", "as_strided", "diagonal")


def _base(dtype=np.float32):
    return np.arange(12).reshape(3, 4).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.bool_, ml_dtypes.bfloat16, np.complex64])
@pytest.mark.parametrize(("op", "attributes"), [
    ("view", {"size": (2, 6)}),
    ("permute", {"dims": (1, 0)}),
    ("expand", {"size": (2, 3, 4)}),
    ("slice", {"index": (slice(0, 3, 2), 1)}),
    ("slice", {"index": (1, 2)}),
    ("as_strided", {"size": (2, 2), "stride": (4, 1), "storage_offset": 1}),
    ("diagonal", {"offset": 0, "dim1": 0, "dim2": 1}),
])
def test_writing_into_a_view_changes_its_base(call, op, attributes, dtype):
    x = _base(dtype)
    out = call(op, x, **attributes)
    out[...] = 0
    assert type(out) is np.ndarray
    assert np.count_nonzero(x == 0) > (x.flat[0] == 0)


def test_a_slice_of_every_dim_is_a_0d_array_not_a_scalar(call):
    x = _base()
    out = call("slice", x, index=(2, 3))
    assert (type(out), out.shape, float(out)) == (np.ndarray, (), 11.0)
    assert np.shares_memory(out, x)


def test_view_raises_where_the_strides_do_not_allow_it(call):
    with pytest.raises(RuntimeError, match=r"size \[12\] is not compatible with the strides"):
        call("view", _base().T, size=(12,))


@pytest.mark.parametrize("make", [lambda x: x[:, :1], lambda x: x[:1], lambda x: x[:1, ::2], lambda x: x[0, 0, ...]])
def test_expand_repeats_without_copying_whatever_the_layout(call, make):
    x = make(_base())
    size = (5, *(n if n > 1 else 3 for n in x.shape))
    out = call("expand", x, size=size)
    assert np.shares_memory(out, x)
    assert np.array_equal(out, np.broadcast_to(x, size))
    assert out.flags.writeable


def test_as_strided_counts_from_the_start_of_the_storage_not_of_the_view(call):
    tail = _base()[2:]
    assert call("as_strided", tail, size=(2,), stride=(1,), storage_offset=0).tolist() == [0.0, 1.0]


def test_as_strided_refuses_what_lies_outside_the_storage(call):
    with pytest.raises((ValueError, TypeError)):
        call("as_strided", _base(), size=(2, 7), stride=(6, 1), storage_offset=0)


def test_strides_and_offset_are_told_in_elements(numpy_backend):
    x = _base()[1:, ::2]
    assert numpy_backend.strides(x) == (4, 2)
    assert numpy_backend.storage_offset(x) == 4
    assert numpy_backend.data_ptr(x) == x.ctypes.data


def test_assign_writes_into_its_target_and_broadcasts(call):
    x = _base()
    call("assign", x[:, 1:3], np.asarray(np.float32(7)))
    assert x.tolist() == [[0, 7, 7, 3], [4, 7, 7, 7], [8, 7, 7, 11]]


def test_assign_reads_before_it_writes_where_the_two_overlap(call):
    x = np.arange(5, dtype=np.float32)
    call("assign", x[1:], x[:-1])
    assert x.tolist() == [0, 0, 1, 2, 3]


@pytest.mark.parametrize("op", sorted({case.op for case in CASES} - set(VIEWS)))
def test_result_shares_no_memory_with_an_input(op, call, numpy_backend):
    for case in cases_for(op):
        inputs = [from_host(numpy_backend, a) for a in case.arrays]
        answer = call(op, *inputs, dtype_of_input=case.dtype, **case.attributes)
        for out in answer if isinstance(answer, tuple) else (answer,):
            assert not any(np.shares_memory(out, x) for x in inputs), case.id


def test_from_host_lays_memory_out_as_the_strides_say(numpy_backend):
    data = np.arange(6, dtype=np.float32).tobytes()
    x = numpy_backend.from_host(data, (2, 2), fd.float32, strides=(1, 2), offset=1)
    assert x.tolist() == [[1, 3], [2, 4]]
    assert (numpy_backend.strides(x), numpy_backend.storage_offset(x)) == ((1, 2), 1)


def test_from_host_copies_unless_told_that_it_may_alias(numpy_backend):
    memory = bytearray(8)
    copied = numpy_backend.from_host(memory, (2,), fd.float32)
    aliased = numpy_backend.from_host(memory, (2,), fd.float32, copy=False)
    aliased[0] = 1
    assert copied.tolist() == [0, 0]
    assert bytes(memory) == np.array([1, 0], np.float32).tobytes()


def test_from_host_copies_memory_that_cannot_be_written(numpy_backend):
    assert numpy_backend.from_host(bytes(8), (2,), fd.float32, copy=False).flags.writeable
