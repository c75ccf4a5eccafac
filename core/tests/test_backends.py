"""The backend contract seen from core: discovery, guards, devices, moving, mixing, clear errors."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import flambeau
from flambeau import dtypes, errors
from flambeau.contract import plugins
from flambeau.contract.backend import Backend, Status
from flambeau.table.registry import check_backend


def reference() -> Backend:
    return plugins.load("reference")


class Wrapped(Backend):
    """The reference backend under another name, its kernels changed as a test says."""

    def __init__(self, name: str, **changes: Any) -> None:
        inner = reference()
        self.name, self.device_type, self.array_type = name, name, inner.array_type
        self.kernels = {**inner.kernels, **changes}
        for missing in [k for k, v in changes.items() if v is None]:
            del self.kernels[missing]
        for method in ("from_host", "to_host", "dtype_of", "own", "strides", "storage_offset"):
            setattr(self, method, getattr(inner, method))


class Descriptor:
    priority = 0

    def __init__(self, name: str, backend: Any = None, status: Status | None = None) -> None:
        self.name = self.device_type = name
        self.backend, self.status = backend, status or Status("ok")

    def probe(self) -> Status:
        return self.status

    def load(self) -> Any:
        return self.backend() if callable(self.backend) else self.backend


@pytest.fixture
def declare() -> Iterator[Any]:
    """Declares a backend for the length of a test."""
    names: list[str] = []

    def add(descriptor: Descriptor) -> None:
        names.append(descriptor.name)
        plugins.register(descriptor)

    yield add
    for name in names:
        plugins.withdraw(name)


# --- discovery


def test_backends_says_what_is_installed_and_how_to_mend_the_rest() -> None:
    found = flambeau.backends()
    assert found["numpy"].ok and found["reference"].ok
    assert not found["cupy"].ok or found["cupy"].code == "ok"
    if not found["cupy"].ok:
        assert found["cupy"].reason and found["cupy"].fix


def test_doctor_reports_every_backend_and_the_preferred_one() -> None:
    made = subprocess.run([sys.executable, "-m", "flambeau", "doctor"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert 'device("cpu") is numpy' in made.stdout
    assert re.search(r"^reference \(flambeau-reference [\d.]+\): ok", made.stdout, re.M)


def test_doctor_refuses_other_words_with_its_usage() -> None:
    made = subprocess.run([sys.executable, "-m", "flambeau", "cure"], capture_output=True, text=True, check=False)
    assert made.returncode == 2
    assert "usage: python -m flambeau doctor" in made.stderr


def test_the_environment_chooses_the_cpu_backend() -> None:
    code = "import flambeau; print(flambeau.ones(1).device.backend.name)"
    env = {**os.environ, "FLAMBEAU_BACKEND": "reference"}
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert made.stdout == "reference\n"


def test_a_plugin_that_raises_at_import_is_reported_and_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name, value, dist = "bad", "bad.plugin:descriptor", None

        def load(self) -> Any:
            raise ImportError("no module named chip")

    entry = plugins._read(Point())
    assert entry.status == Status(
        "broken", "ImportError: no module named chip", "reinstall or remove bad.plugin:descriptor"
    )


def test_a_probe_that_says_no_gives_its_reason_and_fix(declare: Any) -> None:
    declare(Descriptor("chip", status=Status("no_driver", "the driver is missing", "apt-get install chip-driver")))
    with pytest.raises(errors.BackendError, match="backend 'chip' cannot be used: the driver is missing; to mend it:"
                                                  " apt-get install chip-driver"):
        flambeau.ones(2, device="chip")


def test_a_backend_that_fails_to_load_is_named(declare: Any) -> None:
    def fail() -> None:
        raise OSError("libchip.so: cannot open")

    declare(Descriptor("chip", fail))
    with pytest.raises(errors.BackendError, match=r"backend 'chip' failed to load: OSError: libchip\.so"):
        flambeau.ones(1, device="chip")


def test_load_must_return_a_backend(declare: Any) -> None:
    declare(Descriptor("chip", lambda: "nothing"))
    with pytest.raises(errors.ContractError, match=r"load\(\) returned str"):
        flambeau.ones(1, device="chip")


# --- the contract


def test_missing_and_unknown_kernels_are_listed_whole() -> None:
    broken = Wrapped("chip", exp=None, matmul=None, frobnicate=len)
    with pytest.raises(errors.ContractError) as caught:
        check_backend(broken)
    assert str(caught.value) == (
        "backend 'chip' lacks 2 required primitive(s): exp, matmul and registers unknown op(s): frobnicate (FL204)"
    )


def test_a_kernel_that_fails_is_named_with_its_backend(declare: Any) -> None:
    def burn(x: Any) -> Any:
        raise RuntimeError("out of smoke")

    declare(Descriptor("chip", Wrapped("chip", exp=burn)))
    x = flambeau.ones(2, device="chip")
    with pytest.raises(errors.BackendError, match=r"exp: backend 'chip' failed: RuntimeError: out of smoke"):
        flambeau.exp(x)
    assert (x + x).tolist() == [2.0, 2.0]


def test_what_a_manifest_restricts_raises_unsupported_with_the_reason(declare: Any) -> None:
    backend = Wrapped("chip")
    backend.unsupported = {("exp", "float64"): "the unit has no double"}
    declare(Descriptor("chip", backend))
    assert flambeau.exp(flambeau.zeros(1, device="chip")).tolist() == [1.0]
    with pytest.raises(errors.UnsupportedError, match=r"exp: backend 'chip' does not offer it for flambeau.float64: the"
                                                      " unit has no double") as caught:
        flambeau.exp(flambeau.zeros(1, device="chip", dtype=flambeau.float64))
    assert caught.value.fields["backend"] == "chip" and caught.value.fields["dtype"] is flambeau.float64


def test_a_backend_overrides_a_composition_by_its_name(declare: Any) -> None:
    inner = reference()
    calls: list[str] = []

    def fused(input: Any, weight: Any, bias: Any) -> Any:
        calls.append("linear")
        made = inner.kernels["matmul"](input, inner.kernels["permute"](weight, dims=(1, 0)))
        return made if bias is None else inner.kernels["add"](made, bias)

    declare(Descriptor("chip", Wrapped("chip", linear=fused)))
    x, w = flambeau.ones(2, 3, device="chip", requires_grad=True), flambeau.ones(4, 3, device="chip")
    y = flambeau.linear(x, w)
    assert calls == ["linear"] and y.grad_fn.name() == "LinearBackward0"
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[4.0] * 3] * 2


# --- devices


def test_device_strings() -> None:
    assert flambeau.device("cpu") is flambeau.device(flambeau.device("cpu")) is flambeau.ones(1).device
    assert repr(flambeau.device("cpu")) == "device(type='cpu')"
    assert repr(flambeau.device("reference")) == "device(type='cpu', backend='reference')"
    assert str(flambeau.device("reference")) == "reference"
    assert flambeau.ones(1, device="cpu:0").device is flambeau.device("cpu")
    assert isinstance(flambeau.device("cpu"), flambeau.device)


@pytest.mark.parametrize(("text", "match"), [
    ("warp", "no backend or device is called 'warp'; installed: .*'numpy'"),
    ("cpu:x", "invalid device string 'cpu:x': expected NAME or NAME:INDEX"),
    ("cpu:7", r"'cpu:7' is not available: backend 'numpy' has 1 device\(s\)"),
])
def test_a_device_that_does_not_exist(text: str, match: str) -> None:
    with pytest.raises(RuntimeError, match=match):
        flambeau.ones(1, device=text)


def test_a_device_of_the_wrong_type() -> None:
    with pytest.raises(TypeError, match=r"ones: expected a device, a string or an int, got 1\.5"):
        flambeau.ones(1, device=1.5)


def test_the_default_device_can_be_set_and_restored() -> None:
    flambeau.set_default_device("reference")
    try:
        assert flambeau.ones(1).device is flambeau.device("reference")
    finally:
        flambeau.set_default_device(None)
    assert flambeau.ones(1).device is flambeau.device("cpu")
    with flambeau.device("reference"):
        assert flambeau.tensor([1.0]).device is flambeau.device("reference")
    assert flambeau.tensor([1.0]).device is flambeau.device("cpu")


def test_tensors_of_two_backends_do_not_mix() -> None:
    a, b = flambeau.ones(2), flambeau.ones(2, device="reference")
    with pytest.raises(errors.DeviceError, match=r"add: tensors on 'cpu' and 'reference' do not mix; move one, for"
                                                 r" example with \.to\('cpu'\)"):
        a + b
    assert a.tolist() == b.tolist() == [1.0, 1.0]


def test_moving_between_backends_is_recorded() -> None:
    x = flambeau.tensor([1.0, 2.0], requires_grad=True)
    y = (x.to("reference") * 3).to("cpu")
    assert y.device is x.device
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [3.0, 3.0] and x.grad.device is x.device


@pytest.mark.parametrize("dtype", list(dtypes.ALL), ids=lambda d: d.name)
def test_every_dtype_survives_the_trip_to_another_backend(dtype: flambeau.dtype) -> None:
    x = flambeau.tensor([0, 1, 2, 3]).to(dtype)
    there = x.to("reference")
    assert there.dtype is dtype
    assert there.to("cpu").tolist() == x.tolist()


def test_a_backend_may_do_without_a_group_of_kernels_and_says_so_when_one_is_wanted(declare: Any) -> None:
    flambeau.fft.fft(flambeau.ones(2, device="reference"))  # takes the kernels in
    declare(Descriptor("plain", lambda: Wrapped("plain", fft_c2c=None, fft_r2c=None, fft_c2r=None)))
    x = flambeau.tensor([1.0, 2.0], device="plain")
    assert (x + x).tolist() == [2.0, 4.0]
    with pytest.raises(errors.UnsupportedError, match="fft_r2c: backend 'plain' offers no kernels of the group 'fft'"):
        flambeau.fft.rfft(x)
