"""The backend's own part, over a stand-in for CuPy that computes with NumPy: nothing here has run on a GPU."""

import sys

import pytest

import flambeau
from flambeau.contract import plugins
from flambeau.contract.backend import Status, encode
from flambeau.dtypes import bfloat16, float32, int64
from flambeau.errors import BackendError, DeviceError
from flambeau.table.registry import check_backend
from flambeau_arrayapi.testing import CASES, cases_for, difference, run
from flambeau_conformance.contract import halves
from flambeau_conformance.target import load as load_target
from flambeau_cupy.backend import CupyBackend, load
from flambeau_reference.plugin import descriptor as reference


@pytest.fixture
def backend(cupy):
    return CupyBackend(cupy)


def floats(backend, values, shape=None, **layout):
    return backend.from_host(encode(values, float32), shape or (len(values),), float32, **layout)


@pytest.mark.parametrize("op", sorted({case.op for case in CASES}))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the stand-in's floating-point flags, which CuPy does not have
def test_kernel_agrees_with_the_reference(backend, op):
    oracle = reference.load()
    cases = list(cases_for(op))
    wrong = {case.id: found for case in cases if (found := difference(op, run(case, backend), run(case, oracle)))}
    assert cases
    assert wrong == {}


def test_strided_host_memory_keeps_its_strides(backend):
    x = floats(backend, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], (2, 2), strides=(1, 3), offset=1)
    assert backend.tolist(x) == [[1.0, 4.0], [2.0, 5.0]]
    assert backend.strides(x) == (1, 3)
    assert backend.storage_offset(x) == 1


@pytest.mark.parametrize(("op", "attributes", "expected"), [
    ("view", {"size": (4, 1)}, [[9.0], [9.0], [9.0], [9.0]]),
    ("permute", {"dims": (1, 0)}, [[9.0, 9.0], [9.0, 9.0]]),
    ("expand", {"size": (1, 2, 2)}, [[[9.0, 9.0], [9.0, 9.0]]]),
    ("slice", {"index": (slice(0, 2, 1), 1)}, [9.0, 9.0]),
    ("as_strided", {"size": (2,), "stride": (3,), "storage_offset": 0}, [9.0, 9.0]),
    ("diagonal", {"offset": 0, "dim1": 0, "dim2": 1}, [9.0, 9.0]),
])
def test_views_share_memory_with_their_base(backend, op, attributes, expected):
    base = floats(backend, [0.0, 1.0, 2.0, 3.0], (2, 2))
    seen = backend.kernels[op](base, **attributes)
    backend.kernels["assign"](base, floats(backend, [9.0], ()))
    assert backend.tolist(seen) == expected


def test_view_that_strides_do_not_allow_raises(backend):
    transposed = backend.kernels["permute"](floats(backend, [0.0, 1.0, 2.0, 3.0], (2, 2)), dims=(1, 0))
    with pytest.raises(ValueError, match="copy"):
        backend.kernels["view"](transposed, size=(4,))


def test_assign_reads_an_overlapping_source_first(backend):
    x = floats(backend, [1.0, 2.0, 3.0, 4.0])
    ahead = backend.kernels["slice"](x, index=(slice(1, 4, 1),))
    behind = backend.kernels["slice"](x, index=(slice(0, 3, 1),))
    backend.kernels["assign"](ahead, behind)
    assert backend.tolist(x) == [1.0, 1.0, 2.0, 3.0]


def test_address_is_that_of_the_first_element(backend):
    x = floats(backend, [0.0, 1.0, 2.0])
    tail = backend.kernels["slice"](x, index=(slice(1, 3, 1),))
    assert backend.data_ptr(tail) - backend.data_ptr(x) == 4
    assert backend.data_ptr(backend.from_host(b"", (0,), float32)) == 0


def test_bfloat16_bits_arrive_unchanged(backend):
    bits = bytes.fromhex("803f00c0c07f")  # 1, -2, nan
    x = backend.from_host(bits, (3,), bfloat16)
    assert bytes(backend.to_host(x)) == bits
    assert backend.dtype_of(x) is bfloat16


def test_memory_statistics_are_those_of_pool_and_device(backend):
    assert backend.memory_stats() == {"allocated": 100, "reserved": 300, "free": 600, "total": 1000}


def test_second_device_is_current_while_its_kernels_run(backend, cupy):
    second = backend.for_device(1)
    x = floats(second, [1.0, 2.0])
    assert second.tolist(second.kernel("add", float32)(x, x)) == [2.0, 4.0]
    second.kernel("full", int64)(size=(2,), value=1, dtype=int64)
    second.kernel("copy", float32)(x)
    assert cupy.cuda.Device.used == [1, 1, 1, 1]
    assert cupy.cuda.Device.current == 0


def test_current_device_costs_no_switch(backend, cupy):
    backend.kernel("add", float32)(floats(backend, [1.0]), floats(backend, [2.0]))
    assert cupy.cuda.Device.used == []
    assert backend.for_device(None) is backend
    assert backend.for_device(1) is backend.for_device(1)
    assert backend.device_count() == 2


def test_the_only_device_costs_no_switch_either(backend, cupy):
    cupy.cuda.runtime.devices = 1
    assert backend.for_device(0) is backend


def test_error_of_an_earlier_kernel_shows_when_waiting(backend, cupy):
    backend.synchronize()
    cupy.cuda.runtime.failure = cupy.cuda.runtime.CUDARuntimeError("cudaErrorIllegalAddress")
    with pytest.raises(BackendError, match="synchronize: an operation handed to the device earlier failed: "
                                           "cudaErrorIllegalAddress"):
        backend.synchronize()


def test_questions_reach_the_device_they_are_about(backend, cupy):
    second = backend.for_device(1)
    assert (second.device_properties()["name"], backend.device_properties()["name"]) == ("Stand-in 1", "Stand-in 0")
    assert second.device_properties() == {"name": "Stand-in 1", "total_memory": 1000, "major": 9, "minor": 0}
    second.synchronize()
    second.empty_cache()
    assert (cupy.cuda.runtime.waited_for, cupy.get_default_memory_pool().freed) == ([1], [1])
    assert (second.streams().current(), backend.streams().current()) == (("current of", 1), ("current of", 0))
    stream, event = second.streams().stream(-1), second.streams().event(timing=True, blocking=False)
    assert (stream.device, stream.non_blocking, stream.priority) == (1, True, -1)
    assert (event.device, event.disable_timing, event.block) == (1, False, False)
    assert second.streams().default() is cupy.cuda.Stream.null
    assert second.streams().elapsed(event, event) == 2.5


def test_the_current_device_is_cudas(backend, cupy):
    backend.set_device(1)
    try:
        assert backend.current_device() == backend.for_device(1).current_device() == 1
        assert backend.device_properties()["name"] == "Stand-in 1"
    finally:
        backend.set_device(0)


def test_load_names_what_stands_in_its_way(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(BackendError, match=r"CuPy does not import: ModuleNotFoundError: .*; python -m pip install"):
        load()


def test_load_gives_the_backend_over_the_installed_cupy(monkeypatch, cupy):
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    assert load().cupy is cupy


def test_backend_supplies_every_required_kernel(backend):
    check_backend(backend)


@pytest.fixture
def cuda(cupy):
    """flambeau over the stand-in, as if CUDA were here."""
    class Descriptor:
        name, device_type, priority = "cupy", "cuda", 10

        def probe(self):
            return Status("ok")

        def load(self):
            return CupyBackend(cupy)

    before = plugins.installed()["cupy"].descriptor
    plugins.register(Descriptor())
    yield flambeau.cuda
    plugins.register(before)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_program_on_two_devices(cuda):
    assert (cuda.is_available(), cuda.device_count(), cuda.get_device_name(1)) == (True, 2, "Stand-in 1")
    x = flambeau.tensor([1.0, 2.0], device="cuda", requires_grad=True)
    assert repr(x) == "tensor([1., 2.], device='cuda:0', requires_grad=True)"
    (x * x).sum().backward()
    assert (x.grad.tolist(), x.grad.device) == ([2.0, 4.0], flambeau.device("cuda:0"))
    with cuda.device(1):
        y = flambeau.ones(2, device="cuda")
    assert (y.device, cuda.current_device()) == (flambeau.device("cuda", 1), 0)
    with pytest.raises(DeviceError, match="tensors on 'cuda:0' and 'cuda:1' do not mix"):
        x + y
    assert (x.detach() + y.to(x.device)).tolist() == [2.0, 3.0]
    assert (cuda.memory_allocated(), cuda.mem_get_info(y.device)) == (100, (600, 1000))
    assert y.cpu().device == flambeau.device("cpu")


@pytest.mark.parametrize("check", halves.CHECKS, ids=lambda check: check.id)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_sixteen_bit_floats_accumulate_in_float32(cuda, check):
    assert check.run(load_target("cupy")) == "pass"
