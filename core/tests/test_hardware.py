"""`cuda`, `xpu`, `mps`, `accelerator` and `backends`: what they answer without hardware, and what they ask of it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

import flambeau
from flambeau import errors
from flambeau.contract import plugins

MODULES = ["accelerator", "amp", "backends", "cuda", "mps", "xpu"]


def test_they_load_when_they_are_used():
    code = ("import sys, json, flambeau; flambeau.ones(2) + 1\n"
            f"print(json.dumps([m for m in {MODULES} if 'flambeau.' + m in sys.modules]))")
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(shown) == []


# --- without hardware


@pytest.fixture
def without_cuda() -> None:
    if plugins.accelerator():
        pytest.skip("there is an accelerator")


def test_what_can_be_answered_without_hardware(without_cuda: None):
    for module in (flambeau.cuda, flambeau.xpu, flambeau.mps, flambeau.accelerator):
        assert (module.is_available(), module.device_count()) == (False, 0)
    for module in (flambeau.cuda, flambeau.xpu):
        assert not module.is_initialized()
        assert (module.memory_allocated(), module.max_memory_reserved(0), module.memory_stats()) == (0, 0, {})
        assert (module.empty_cache(), module.reset_peak_memory_stats(), module.seed_all()) == (None, None, None)
        assert module.get_rng_state_all() == []
    assert flambeau.accelerator.current_accelerator() is None
    assert (flambeau.cuda.get_arch_list(), flambeau.cuda.is_bf16_supported()) == ([], False)


@pytest.mark.parametrize("call", [
    lambda: flambeau.cuda.init(), lambda: flambeau.cuda.current_device(), lambda: flambeau.cuda.set_device(0),
    lambda: flambeau.cuda.synchronize(), lambda: flambeau.cuda.get_device_name(), lambda: flambeau.cuda.Stream(),
    lambda: flambeau.cuda.get_device_properties(0), lambda: flambeau.cuda.get_device_capability(),
    lambda: flambeau.cuda.Event(), lambda: flambeau.cuda.current_stream(), lambda: flambeau.cuda.mem_get_info(),
    lambda: flambeau.cuda.get_rng_state(), lambda: flambeau.cuda.initial_seed(),
    lambda: flambeau.cuda.device(0).__enter__(), lambda: flambeau.cuda.memory_summary(),
], ids=range(15))
def test_what_needs_cuda_names_the_reason_and_the_mend(without_cuda: None, call: Any):
    with pytest.raises(errors.DeviceNotAvailableError, match=r"^device 'cuda(:0)?' is not available: backend 'cupy'"
                       " cannot be used: .+; to mend it: .+"):
        call()


def test_what_needs_an_accelerator_names_where_to_look(without_cuda: None):
    for call in (flambeau.accelerator.synchronize, flambeau.accelerator.current_device_index,
                 flambeau.accelerator.memory_allocated, lambda: flambeau.accelerator.set_device_index(0)):
        with pytest.raises(errors.DeviceNotAvailableError, match=r"there is no accelerator: .*flambeau doctor"):
            call()
    with pytest.raises(errors.DeviceNotAvailableError, match="'mps' is not available: no installed backend serves"):
        flambeau.mps.synchronize()


def test_contexts_that_change_nothing_need_nothing(without_cuda: None):
    for context in (flambeau.cuda.device(None), flambeau.cuda.device(-1), flambeau.cuda.device_of(flambeau.ones(1)),
                    flambeau.cuda.stream(None), flambeau.accelerator.device_index(None)):
        with context:
            assert flambeau.ones(1).is_cpu
    flambeau.cuda.set_device(-1)
    flambeau.cuda.set_stream(None)


def test_seeding_cuda_leaves_the_cpus_numbers_alone(without_cuda: None):
    flambeau.manual_seed(3)
    wanted = flambeau.rand(2).tolist()
    flambeau.manual_seed(3)
    flambeau.cuda.manual_seed_all(4)
    flambeau.cuda.set_rng_state_all([])
    assert flambeau.rand(2).tolist() == wanted


# --- with it


@pytest.fixture
def cuda(chip: Any) -> Any:
    """A CUDA backend of two devices that tells everything; what it was asked to do stands in its `log`."""
    return chip("cuda", full=True)


def test_devices_are_counted_named_and_chosen(cuda: Any):
    assert flambeau.cuda.is_available() and flambeau.cuda.device_count() == flambeau.accelerator.device_count() == 2
    assert flambeau.accelerator.current_accelerator() == flambeau.device("cuda")
    assert [flambeau.cuda.get_device_name(d) for d in (None, 1, "cuda:1", flambeau.device("cuda"))] \
        == ["Chip 0", "Chip 1", "Chip 1", "Chip 0"]
    assert flambeau.cuda.get_device_capability() == (9, 0)
    assert flambeau.cuda.get_device_properties(1).total_memory == 1000
    assert (flambeau.cuda.get_arch_list(), flambeau.cuda.is_bf16_supported(), flambeau.cuda.is_tf32_supported()) \
        == (["sm_90"], True, True)
    flambeau.cuda.set_device("cuda:1")
    assert flambeau.cuda.current_device() == flambeau.accelerator.current_device_index() == 1
    assert flambeau.ones(1).cuda().device == flambeau.ones(1, device="cuda").device == flambeau.device("cuda:1")


def test_the_current_device_changes_for_a_block(cuda: Any):
    with flambeau.cuda.device(1):
        assert flambeau.ones(1, device="cuda").device == flambeau.device("cuda:1")
        with flambeau.cuda.device_of(flambeau.ones(1, device="cuda:0")):
            assert flambeau.cuda.current_device() == 0
        with flambeau.cuda.device_of(flambeau.ones(1)), flambeau.accelerator.device_index(0):
            assert flambeau.cuda.current_device() == 0
        assert flambeau.cuda.current_device() == 1
    assert flambeau.cuda.current_device() == 0


@pytest.mark.parametrize(("device", "error", "text"), [
    (2, errors.DeviceNotAvailableError, r"device 'cuda:2' is not available: backend 'chip' has 2 device\(s\)"),
    ("cpu", errors.ValueRangeError, "expected a cuda device, but got: cpu"),
    ("warp", errors.BackendNotFoundError, "no backend or device is called 'warp'"),
])
def test_a_device_that_is_none_of_these(cuda: Any, device: Any, error: type[Exception], text: str):
    for call in (flambeau.cuda.set_device, flambeau.cuda.synchronize, flambeau.cuda.memory_allocated):
        with pytest.raises(error, match=text):
            call(device)


def test_memory_is_the_backends(cuda: Any):
    assert flambeau.cuda.memory_allocated(1) == flambeau.accelerator.memory_allocated(1) == 101
    assert (flambeau.cuda.memory_reserved(), flambeau.cuda.mem_get_info()) == (300, (600, 1000))
    assert flambeau.cuda.memory_stats() == {"allocated_bytes.all.current": 100, "reserved_bytes.all.current": 300}
    assert flambeau.cuda.memory_stats_as_nested_dict()["allocated_bytes"] == {"all": {"current": 100}}
    assert flambeau.cuda.can_device_access_peer(0, 1) is False
    assert flambeau.cuda.memory_summary().splitlines()[0] == "memory of cuda:0"
    with pytest.raises(errors.UnsupportedError, match="backend 'chip' keeps no count of the peak allocated bytes"):
        flambeau.cuda.max_memory_allocated()


def test_waiting_and_giving_back_reach_the_device(cuda: Any):
    flambeau.cuda.empty_cache()
    assert cuda.log == []  # nothing was used, so nothing is held
    flambeau.cuda.synchronize(1)
    flambeau.accelerator.synchronize()
    flambeau.cuda.empty_cache()
    assert cuda.log == [("synchronize", 1), ("synchronize", 0), ("empty_cache", 0)]


def test_the_default_generator_is_cudas(cuda: Any):
    flambeau.cuda.manual_seed_all(5)
    assert flambeau.cuda.initial_seed() == flambeau.initial_seed() == 5
    state = flambeau.cuda.get_rng_state()
    drawn = flambeau.rand(3, device="cuda").tolist()
    flambeau.cuda.set_rng_state(state)
    assert flambeau.rand(3, device="cuda:1").tolist() == drawn
    assert len(flambeau.cuda.get_rng_state_all()) == 2
    flambeau.cuda.set_rng_state_all([state, state])
    assert flambeau.rand(3).tolist() == drawn


def test_streams_and_events_are_the_backends(cuda: Any):
    first, second = flambeau.cuda.Stream(), flambeau.cuda.Stream(priority=1)
    assert first != second and hash(first) == hash(flambeau.cuda.Stream())
    assert flambeau.cuda.current_stream() == flambeau.cuda.default_stream() != first
    with flambeau.cuda.stream(first):
        assert flambeau.cuda.current_stream() == first
        start = flambeau.cuda.Event(enable_timing=True)
        start.record()
    assert flambeau.cuda.current_stream() == flambeau.cuda.default_stream()
    second.wait_stream(first)
    end = second.record_event(flambeau.cuda.Event(enable_timing=True))
    first.wait_event(end)
    (a, b), log = (first.cuda_stream, second.cuda_stream), cuda.log
    assert log == [("wait", b, a), ("wait", a, b)]
    assert start.elapsed_time(end) == 2.5
    assert (end.query(), first.query()) == (False, False)
    end.synchronize()
    first.synchronize()
    assert (end.query(), first.query()) == (True, True)
    assert repr(first) == f"<cuda.Stream device=cuda:0 stream={first.cuda_stream:#x}>"
    flambeau.cuda.set_stream(second)
    assert flambeau.accelerator.current_stream() == second


def test_a_streams_device_is_current_with_it(cuda: Any):
    there = flambeau.cuda.Stream("cuda:1")
    with flambeau.cuda.stream(there):
        assert flambeau.cuda.current_device() == 1
        assert flambeau.ones(1, device="cuda").device == there.device == flambeau.device("cuda:1")
    assert flambeau.cuda.current_device() == 0
    flambeau.cuda.set_stream(there)
    assert flambeau.cuda.current_device() == 1


def test_an_event_that_was_not_recorded_is_waited_for_by_nobody(cuda: Any):
    event = flambeau.cuda.Event()
    assert event.query()
    event.wait()
    event.synchronize()
    with pytest.raises(errors.ValueRangeError, match="must be made with enable_timing=True and be recorded"):
        event.elapsed_time(flambeau.cuda.Event(enable_timing=True))


def test_a_backend_without_streams_and_figures_says_so(chip: Any):
    chip("cuda", count=1)
    for call, text in ((flambeau.cuda.Stream, "backend 'chip' has no streams"),
                       (flambeau.cuda.get_device_name, "backend 'chip' does not tell the name of its devices"),
                       (flambeau.cuda.memory_allocated, "keeps no count of the allocated bytes")):
        with pytest.raises(errors.UnsupportedError, match=text):
            call()


def test_mps_asks_its_backend(chip: Any):
    backend = chip("mps", count=1, full=True)
    assert flambeau.backends.mps.is_available() and flambeau.backends.mps.get_name() == "Chip 0"
    assert flambeau.mps.current_allocated_memory() == 100
    assert (flambeau.mps.driver_allocated_memory(), flambeau.mps.recommended_max_memory()) == (300, 1000)
    flambeau.mps.synchronize()
    flambeau.mps.empty_cache()
    assert backend.log == [("synchronize", 0), ("empty_cache", 0)]


def test_the_old_classes_of_cuda(chip: Any):
    if not plugins.accelerator():
        for make in (lambda: flambeau.cuda.FloatTensor([1.0]), lambda: flambeau.ones(1).type(flambeau.cuda.LongTensor)):
            with pytest.raises(errors.DeviceNotAvailableError, match="device 'cuda' is not available"):
                make()
    chip("cuda", full=True)
    x = flambeau.cuda.FloatTensor([1.5, 2.0])
    assert (x.device, x.dtype, x.type()) == (flambeau.device("cuda:0"), flambeau.float32, "flambeau.cuda.FloatTensor")
    assert isinstance(x, flambeau.cuda.FloatTensor) and not isinstance(x, flambeau.FloatTensor)
    assert not isinstance(x.cpu(), flambeau.cuda.FloatTensor) and not isinstance(x, flambeau.cuda.LongTensor)
    there = flambeau.ones(1, device="cuda:1")
    assert there.type(flambeau.cuda.LongTensor).device == there.device
    assert there.type(flambeau.LongTensor).type() == "flambeau.LongTensor"
    assert flambeau.ones(1).type("torch.cuda.IntTensor").device == flambeau.device("cuda:0")
    assert repr(flambeau.cuda.HalfTensor) == "<class 'flambeau.cuda.HalfTensor'>"
    assert x.pin_memory() is x and not x.is_pinned()


def test_the_module_of_a_device(chip: Any):
    assert flambeau.get_device_module("cuda:1") is flambeau.cuda
    with pytest.raises(errors.UnsupportedError, match="no module for devices of type 'vulkan'; there are cpu, cuda"):
        flambeau.get_device_module("vulkan")
    chip("xpu")
    assert flambeau.get_device_module() is flambeau.xpu


# --- switches


def test_backends_is_called_and_has_switches():
    assert flambeau.backends()["numpy"].ok
    cudnn = flambeau.backends.cudnn
    assert (cudnn.is_available(), cudnn.version(), cudnn.enabled) == (False, None, True)
    cudnn.benchmark = True
    with cudnn.flags(enabled=False, deterministic=True):
        assert (cudnn.enabled, cudnn.benchmark, cudnn.deterministic) == (False, False, True)
    assert (cudnn.enabled, cudnn.benchmark, cudnn.deterministic) == (True, True, False)
    cudnn.set_flags(_benchmark=False)
    assert cudnn.benchmark is False


def test_attentions_switches_are_noted():
    cuda = flambeau.backends.cuda
    with cuda.sdp_kernel(enable_flash=False):
        assert (cuda.flash_sdp_enabled(), cuda.math_sdp_enabled()) == (False, True)
        cuda.enable_math_sdp(False)
        assert not cuda.math_sdp_enabled()
    assert cuda.flash_sdp_enabled() and cuda.math_sdp_enabled()
    cuda.matmul.allow_tf32 = True
    assert cuda.matmul.allow_tf32
    cuda.matmul.allow_tf32 = False
