"""Every obstacle between a program and a CUDA device is named, with the command that mends it.

The machine is a stand-in: no test here needs CuPy, a driver or a GPU.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flambeau_cupy.plugin import descriptor
from flambeau_cupy.probe import Seams, distribution_names, is_cupy, library_folders, probe, toolkit_major


class FakeNvml:
    """NVML as ctypes sees it: functions that return 0 or an error and write through pointers."""

    def __init__(self, cuda: int = 13000, capabilities: tuple[tuple[int, int], ...] = ((9, 0),), init: int = 0,
                 count: int = 0) -> None:
        self.cuda, self.capabilities, self.init, self.count = cuda, capabilities, init, count
        self.calls: list[str] = []

    def nvmlInit_v2(self) -> int:
        self.calls.append("init")
        return self.init

    def nvmlShutdown(self) -> int:
        self.calls.append("shutdown")
        return 0

    def nvmlSystemGetCudaDriverVersion_v2(self, version: Any) -> int:
        version._obj.value = self.cuda
        return 0

    def nvmlDeviceGetCount_v2(self, number: Any) -> int:
        number._obj.value = len(self.capabilities)
        return self.count

    def nvmlDeviceGetHandleByIndex_v2(self, index: Any, handle: Any) -> int:
        handle._obj.value = index.value + 1
        return 0

    def nvmlDeviceGetCudaComputeCapability(self, handle: Any, major: Any, minor: Any) -> int:
        major._obj.value, minor._obj.value = self.capabilities[handle.value - 1]
        return 0


class Machine:
    """A computer to probe; by default everything is in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cupy = True
        self.distributions = ["numpy", "cupy-cuda13x", "cupy-helpers-of-somebody-else"]
        self.nvml: FakeNvml | None = FakeNvml()
        self.driver = True
        self.environ: dict[str, str] = {}
        self.platform = "linux"
        self.loadable: set[str] = set()
        self.opened: list[str] = []
        self.put("libnvrtc.so.13", "libcublas.so.13")

    def put(self, *names: str) -> None:
        for name in names:
            (self.folder / name).touch()

    def folders(self) -> Iterator[Path]:
        yield self.folder / "not-there"
        yield self.folder

    def open_library(self, name: str) -> Any:
        self.opened.append(name)
        if name in ("libcuda.so.1", "nvcuda.dll") and self.driver:
            return object()
        if name in ("libnvidia-ml.so.1", "nvml.dll") and self.nvml is not None:
            return self.nvml
        if name in self.loadable:
            return object()
        raise OSError(f"{name}: cannot open shared object file")

    def probe(self) -> tuple[str, str, str]:
        status = probe(Seams(
            find_spec=lambda name: object() if self.cupy else None,
            distribution_names=lambda: iter(self.distributions), library_folders=self.folders,
            open_library=self.open_library, environ=self.environ, platform=self.platform))
        return status.code, status.reason, status.fix


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_usable_machine(machine: Machine):
    assert machine.probe() == ("ok", "", "")


def test_cupy_is_not_installed(machine: Machine):
    machine.cupy = False
    assert machine.probe() == ("not_installed", "CuPy is not installed",
                               'python -m pip install "flambeau-cupy[cuda13]"')
    assert machine.opened == []


def test_two_cupy_distributions(machine: Machine):
    machine.distributions += ["cupy-cuda12x"]
    assert machine.probe() == (
        "conflicting_distributions", "cupy-cuda12x, cupy-cuda13x overwrite each other's files",
        'python -m pip uninstall -y cupy-cuda12x cupy-cuda13x && python -m pip install "flambeau-cupy[cuda13]"')


def test_no_driver(machine: Machine):
    machine.driver = False
    code, reason, fix = machine.probe()
    assert (code, reason) == ("no_driver", "the CUDA driver (libcuda.so.1) is not there")
    assert "https://www.nvidia.com/drivers" in fix
    assert "docker run --gpus all" in fix


@pytest.mark.parametrize(("error", "reason", "fix"), [
    (9, "NVIDIA's kernel driver is not loaded", "sudo modprobe nvidia"),
    (18, "the loaded kernel driver is older than the installed libraries", "sudo reboot"),
])
def test_driver_that_does_not_answer(machine: Machine, error: int, reason: str, fix: str):
    machine.nvml = FakeNvml(init=error)
    found = machine.probe()
    assert found[:2] == ("no_driver", reason)
    assert found[2].startswith(fix)


def test_driver_without_its_management_library(machine: Machine):
    machine.nvml = None
    code, reason, fix = machine.probe()
    assert code == "missing_libraries"
    assert "libnvidia-ml.so.1" in reason
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in fix


def test_no_device(machine: Machine):
    machine.nvml = FakeNvml(capabilities=())
    assert machine.probe() == ("no_device", "the driver finds no CUDA device",
                               "nvidia-smi -L (lists devices; in a container: docker run --gpus all)")


def test_devices_that_the_driver_cannot_list(machine: Machine):
    machine.nvml = FakeNvml(count=999)
    assert machine.probe() == ("no_device", "the driver does not list its devices: nvmlDeviceGetCount_v2 returned 999",
                               "nvidia-smi (shows the driver's own message)")
    assert machine.nvml.calls == ["init", "shutdown"]


@pytest.mark.parametrize("value", ["", "-1"])
def test_devices_hidden_by_the_environment(machine: Machine, value: str):
    machine.environ = {"CUDA_VISIBLE_DEVICES": value}
    assert machine.probe() == ("no_device", f"CUDA_VISIBLE_DEVICES={value!r} hides all 1 device(s)",
                               "unset CUDA_VISIBLE_DEVICES")


def test_devices_chosen_by_the_environment(machine: Machine):
    machine.environ = {"CUDA_VISIBLE_DEVICES": "0"}
    assert machine.probe()[0] == "ok"


def test_driver_too_old_for_cuda_13_and_new_enough_for_12(machine: Machine):
    machine.nvml = FakeNvml(cuda=12040)
    assert machine.probe() == (
        "driver_too_old", "the driver supports CUDA 12.4, the installed CuPy needs 13.0",
        'python -m pip uninstall -y cupy-cuda13x && python -m pip install "flambeau-cupy[cuda12]"')


def test_driver_too_old_for_any(machine: Machine):
    machine.nvml = FakeNvml(cuda=11080)
    code, reason, fix = machine.probe()
    assert (code, reason) == ("driver_too_old", "the driver supports CUDA 11.8, the installed CuPy needs 13.0")
    assert fix.startswith("install NVIDIA's driver")


def test_device_too_old_for_cuda_13(machine: Machine):
    machine.nvml = FakeNvml(capabilities=((7, 0), (6, 1)))
    assert machine.probe() == (
        "no_device", "CUDA 13 needs compute capability 7.5, found 7.0, 6.1",
        'python -m pip uninstall -y cupy-cuda13x && python -m pip install "flambeau-cupy[cuda12]"')


def test_one_new_enough_device_of_several_is_enough(machine: Machine):
    machine.nvml = FakeNvml(capabilities=((6, 1), (8, 6)))
    assert machine.probe()[0] == "ok"


@pytest.mark.parametrize(("gone", "words"), [
    (["libnvrtc.so.13"], "nvrtc"), (["libcublas.so.13"], "cublas"),
    (["libnvrtc.so.13", "libcublas.so.13"], "nvrtc and cublas"),
])
def test_missing_toolkit_libraries(machine: Machine, gone: list[str], words: str):
    for name in gone:
        (machine.folder / name).unlink()
    assert machine.probe() == ("missing_libraries", f"CUDA 13's {words} cannot be found",
                               'python -m pip install "flambeau-cupy[cuda13]"')


def test_toolkit_of_another_version_does_not_count(machine: Machine):
    machine.distributions = ["cupy-cuda12x"]
    assert machine.probe() == ("missing_libraries", "CUDA 12's nvrtc and cublas cannot be found",
                               'python -m pip install "flambeau-cupy[cuda12]"')


def test_toolkit_known_to_the_dynamic_loader(machine: Machine):
    machine.distributions, machine.loadable = ["cupy-cuda12x"], {"libnvrtc.so.12", "libcublas.so.12"}
    assert machine.probe()[0] == "ok"


def test_cupy_built_from_source_is_held_to_the_driver(machine: Machine):
    machine.distributions = ["cupy"]
    assert machine.probe()[0] == "ok"


def test_windows_names(machine: Machine):
    machine.platform = "win32"
    assert machine.probe()[0] == "missing_libraries"
    machine.put("nvrtc64_130_0.dll", "cublas64_13.dll")
    assert machine.probe()[0] == "ok"
    assert "nvcuda.dll" in machine.opened


@pytest.mark.parametrize("name", ["cupy", "cupy-cuda12x", "CuPy-CUDA13x", "cupy-rocm-7-0"])
def test_names_of_cupy_distributions(name: str):
    assert is_cupy(name)


@pytest.mark.parametrize("name", ["cupyx", "flambeau-cupy", "cupy-helpers", "numpy"])
def test_names_of_other_distributions(name: str):
    assert not is_cupy(name)


@pytest.mark.parametrize(("installed", "major"), [(["cupy-cuda12x"], 12), (["cupy-cuda13x"], 13), (["cupy"], None)])
def test_toolkit_version_comes_from_the_wheel(installed: list[str], major: int | None):
    assert toolkit_major(installed) == major


def test_probe_of_this_machine_gives_a_mend_or_ok():
    status = descriptor.probe()
    assert status.ok or (status.code in {
        "not_installed", "conflicting_distributions", "no_driver", "no_device", "driver_too_old",
        "missing_libraries"} and status.reason and status.fix)


def test_real_seams_look_at_this_machine():
    assert "pytest" in set(distribution_names())
    assert all(isinstance(folder, Path) for folder in library_folders())


def test_probe_imports_no_array_library():
    code = ("import sys; from flambeau_cupy.plugin import descriptor; descriptor.probe();"
            "print(sorted({'cupy', 'numpy', 'flambeau_arrayapi'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done.stderr


def test_descriptor_says_what_it_serves():
    assert (descriptor.name, descriptor.device_type, descriptor.priority) == ("cupy", "cuda", 10)
