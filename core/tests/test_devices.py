"""A device is a value; what it stands for is looked for when a tensor is made there, and missing hardware says so."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import pytest

import flambeau
from flambeau import errors
from flambeau.contract import plugins
from flambeau.contract.backend import Status
from flambeau.contract.device import TYPES

WITHOUT_CUDA = r"device 'cuda{}' is not available: backend 'cupy' cannot be used: .+; to mend it: .+ \(FL207\)"


def test_naming_a_device_of_pytorchs_looks_for_nothing():
    code = ("import sys, flambeau\nd = flambeau.device('cuda', 1)\nflambeau.set_default_device('mps')\n"
            "print(d, repr(d), 'importlib.metadata' in sys.modules)")
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == "cuda:1 device(type='cuda', index=1) False\n"


@pytest.mark.parametrize("kind", TYPES)
def test_equal_devices_are_one_object(kind: str):
    first = flambeau.device(f"{kind}:1")
    assert first is flambeau.device(kind, 1) is flambeau.device(type=kind, index=1) is flambeau.device(first)
    assert first is pickle.loads(pickle.dumps(first))
    assert first != flambeau.device(kind) != flambeau.device(f"{kind}:0")


def test_a_preferred_backend_and_its_type_are_one_device():
    assert flambeau.device("numpy") == flambeau.device("cpu")
    assert repr(flambeau.device("reference")) == "device(type='cpu', backend='reference')"
    assert flambeau.device("reference") != flambeau.device("cpu")
    assert flambeau.device("reference").backend.name == "reference"


@pytest.mark.parametrize(("make", "error", "text"), [
    (lambda: flambeau.device("warp"), errors.BackendNotFoundError,
     "no backend or device is called 'warp'; installed: .*'numpy'.*; device types of PyTorch: cpu, cuda, "),
    (lambda: flambeau.device("cuda:"), errors.DeviceError,
     "invalid device string 'cuda:': expected NAME or NAME:INDEX"),
    (lambda: flambeau.device(""), errors.DeviceError, "invalid device string ''"),
    (lambda: flambeau.device("cuda:1", 0), errors.DeviceError, "the index 0 is given beside 'cuda:1', which has one"),
    (lambda: flambeau.device("cuda", -1), errors.DeviceError, "must not be negative, got -1"),
    (lambda: flambeau.device("cuda", True), errors.ArgumentError, "must be an int, got True"),
    (lambda: flambeau.device(None), errors.ArgumentError, "expected a device, a string or an int, got None"),
    (lambda: setattr(flambeau.device("cpu"), "type", "cuda"), AttributeError, "'type' of a device is not writable"),
    (lambda: type("Mine", (flambeau.device,), {}), errors.ArgumentError, "device is not a class to derive from"),
    (lambda: flambeau.device("cpu").number, AttributeError, "a device has no attribute 'number'"),
])
def test_what_is_no_device(make: Any, error: type[Exception], text: str):
    with pytest.raises(error, match=text):
        make()


# --- hardware that is not there


@pytest.mark.parametrize("use", [
    lambda d: flambeau.zeros(2, device=d), lambda d: flambeau.tensor([1.0], device=flambeau.device(d)),
    lambda d: flambeau.ones(1).to(d), lambda d: flambeau.nn.Linear(1, 1).to(d), lambda d: flambeau.device(d).backend,
    lambda d: flambeau.ones(1).cuda(d),
], ids=["zeros", "tensor", "to", "module", "backend", "cuda"])
@pytest.mark.parametrize("index", ["", ":0", ":3"])
def test_its_use_names_device_reason_and_mend(use: Any, index: str):
    if flambeau.backends()["cupy"].ok:
        pytest.skip("there is a CUDA device")
    with pytest.raises(errors.DeviceNotAvailableError, match=WITHOUT_CUDA.format(index)) as caught:
        use(f"cuda{index}")
    assert isinstance(caught.value, AssertionError) and isinstance(caught.value, RuntimeError)


def test_a_type_that_nothing_serves():
    with pytest.raises(errors.DeviceNotAvailableError, match=r"device 'vulkan:1' is not available: no installed backend"
                       r" serves devices of type 'vulkan' \(installed: .*'numpy'.*\); to mend it: install or write a"):
        flambeau.ones(1, device="vulkan:1")


def test_the_probes_reason_and_mend_are_passed_on(chip: Any):
    chip("mps", status=Status("no_driver", "the driver is missing", "apt-get install chip-driver"))
    with pytest.raises(errors.DeviceNotAvailableError, match="device 'mps' is not available: backend 'chip' cannot be"
                       " used: the driver is missing; to mend it: apt-get install chip-driver"):
        flambeau.ones(2).to("mps")


def test_a_module_without_tensors_is_anywhere():
    assert flambeau.nn.ReLU().to("mps") is not None


def test_the_default_device_is_looked_for_when_a_tensor_is_made():
    for enter in (flambeau.device("mps"), flambeau.device("mps", 1)):
        with enter as entered:
            assert entered is enter
            with pytest.raises(errors.DeviceNotAvailableError, match=f"device '{enter}' is not available"):
                flambeau.ones(1)
            assert flambeau.ones(1, device="cpu").device == flambeau.device("cpu")
            with flambeau.device("cpu"):
                assert flambeau.ones(1).device == flambeau.device("cpu")
    assert flambeau.ones(1).device == flambeau.get_default_device() == flambeau.device("cpu")


def test_get_default_device_gives_the_index_or_raises():
    flambeau.set_default_device("mps:1")
    try:
        assert flambeau.get_default_device() == flambeau.device("mps:1")
        flambeau.set_default_device("mps")
        with pytest.raises(errors.DeviceNotAvailableError, match="'mps'"):
            flambeau.get_default_device()
    finally:
        flambeau.set_default_device(None)


# --- hardware that is there


def test_a_tensor_on_an_accelerator_says_its_number(chip: Any):
    chip("mps", count=1)
    x = flambeau.ones(2, device="mps")
    assert x.device is flambeau.device("mps:0") != flambeau.device("mps")
    assert repr(x) == "tensor([1., 1.], device='mps:0')"
    assert (x + flambeau.ones(2, device="mps:0")).tolist() == [2.0, 2.0]
    assert (x.is_mps, x.is_cuda, x.is_cpu, x.get_device()) == (True, False, False, 0)
    assert flambeau.ones(2).to(0).device is x.device
    with pytest.raises(errors.DeviceNotAvailableError, match=r"'mps:1' is not available: backend 'chip' has 1 device"):
        flambeau.ones(2, device="mps:1")


def test_the_type_alone_means_the_current_one_of_several(chip: Any):
    backend = chip("xpu", count=3)
    assert flambeau.ones(1).xpu().device == flambeau.device("xpu:0")
    backend.current[0] = 2
    x = flambeau.ones(1, device="xpu")
    assert x.device == flambeau.device("xpu:2") and x.device.backend.index == 2
    assert flambeau.ones(1).xpu(1).device == flambeau.device("xpu", 1)
    flambeau.set_default_device("xpu")
    assert flambeau.get_default_device() == flambeau.ones(1).device == flambeau.device("xpu:2")
    backend.current[0] = 1
    assert flambeau.get_default_device() == flambeau.ones(1).device == flambeau.device("xpu:1")


def test_tensors_of_two_numbers_do_not_mix(chip: Any):
    chip("xpu")
    with pytest.raises(errors.DeviceError, match=r"tensors on 'xpu:0' and 'xpu:1' do not mix"):
        flambeau.ones(2, device="xpu") + flambeau.ones(2, device="xpu:1")


def test_a_value_named_before_its_backend_was_declared_finds_it(chip: Any):
    device = flambeau.device("hpu")
    with pytest.raises(errors.DeviceNotAvailableError):
        flambeau.ones(1, device=device)
    chip("hpu")
    assert flambeau.ones(1, device=device).device == flambeau.device("hpu:0")


def test_a_backend_declared_again_gets_devices_of_its_own(chip: Any):
    first = chip("hpu", count=1)
    before = flambeau.ones(1, device="hpu")
    second = chip("hpu", count=1)
    after = flambeau.ones(1, device=flambeau.device("hpu"))
    assert (before.device.backend, after.device.backend) == (first.for_device(0), second.for_device(0))
    assert (before + before).tolist() == [2.0]


def test_a_preferred_backend_takes_the_types_name(chip: Any):
    chip("cpu", count=1)
    assert flambeau.ones(1, device="cpu").device.backend.name == "chip"
    assert flambeau.device("chip") is flambeau.device("cpu")
    assert flambeau.ones(1, device="numpy").device.backend.name == "numpy"
    plugins.withdraw("chip")
    assert flambeau.ones(1, device="numpy").device is flambeau.device("cpu") is flambeau.ones(1).device


def test_what_was_saved_on_absent_hardware_says_how_to_load_it(chip: Any, tmp_path: Any):
    if flambeau.backends()["cupy"].ok:
        pytest.skip("there is a CUDA device")
    chip("cuda", count=1)
    flambeau.save(flambeau.ones(2, device="cuda"), tmp_path / "there")
    plugins.withdraw("chip")
    with pytest.raises(errors.DeviceNotAvailableError, match=r"load: tensors were saved on it; device 'cuda:0' is not"
                       r" available: .*; or load them elsewhere with map_location='cpu'"):
        flambeau.load(tmp_path / "there")
    assert flambeau.load(tmp_path / "there", map_location="cpu").tolist() == [1.0, 1.0]


@pytest.mark.parametrize("move", ["cuda", "xpu", "mtia", "ipu"])
def test_a_move_by_name_takes_devices_of_that_type(move: str):
    with pytest.raises(errors.DeviceError, match=f"invalid device 'cpu', must be a {move} device"):
        getattr(flambeau.ones(1), move)("cpu")
