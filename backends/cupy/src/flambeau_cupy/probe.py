"""Whether CUDA can be used here, and if not, what to do: without importing CuPy, without a CUDA context.

`import cupy` succeeds on a machine without a GPU and then fails at the first operation with a message that names the
wrong cause, so each thing that CuPy needs is looked for here, in the order in which one would install it. Everything
looked at comes through `Seams`, so that every outcome is tested where there is no GPU.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flambeau.contract.backend import Status

from . import nvml

INSTALL = 'python -m pip install "flambeau-cupy[cuda{major}]"'
DRIVER_PAGE = "https://www.nvidia.com/drivers"
INSTALL_DRIVER = (f"install NVIDIA's driver ({DRIVER_PAGE}; on Ubuntu: sudo ubuntu-drivers install) and check it with "
                  "nvidia-smi; in a container: docker run --gpus all")
OLDEST_CAPABILITY = {12: (5, 0), 13: (7, 5)}
DRIVER_LIBRARY = {"win32": "nvcuda.dll"}
NVML_LIBRARY = {"win32": "nvml.dll"}
TOOLKIT = ("nvrtc", "cublas")


def distribution_names() -> Iterator[str]:
    """The names of all installed distributions; importlib.metadata takes milliseconds to import, so late."""
    from importlib.metadata import distributions

    for distribution in distributions():
        yield distribution.metadata["Name"] or ""


def library_folders() -> Iterator[Path]:
    """Where the toolkit's libraries lie: NVIDIA's wheels, then a toolkit of the machine."""
    spec = importlib.util.find_spec("nvidia")
    for root in (spec.submodule_search_locations if spec else None) or ():
        yield from Path(root).glob("*/lib")
        yield from (*Path(root).glob("*/bin"), *Path(root).glob("*/bin/x86_64"))
    for root in (os.environ.get("CUDA_PATH"), os.environ.get("CUDA_HOME"), "/usr/local/cuda"):
        if root:
            yield from (Path(root) / "lib64", Path(root) / "bin")


@dataclass(frozen=True)
class Seams:
    """What the probe asks of the machine; tests put stand-ins here."""

    find_spec: Callable[[str], Any] = importlib.util.find_spec
    distribution_names: Callable[[], Iterator[str]] = distribution_names
    library_folders: Callable[[], Iterator[Path]] = library_folders
    open_library: Callable[[str], Any] = ctypes.CDLL
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    platform: str = sys.platform


def probe(seams: Seams | None = None) -> Status:
    """The first obstacle between here and a usable CUDA device, with the command that mends it, or "ok"."""
    seams = seams or Seams()
    if seams.find_spec("cupy") is None:
        return Status("not_installed", "CuPy is not installed", INSTALL.format(major=13))
    installed = sorted({name.lower() for name in seams.distribution_names() if is_cupy(name)})
    if len(installed) > 1:
        return Status("conflicting_distributions", f"{', '.join(installed)} overwrite each other's files",
                      f"python -m pip uninstall -y {' '.join(installed)} && {INSTALL.format(major=13)}")
    major = toolkit_major(installed)
    machine = ask_driver(seams)
    if isinstance(machine, Status):
        return machine
    return check_devices(seams, machine) or check_driver(machine, major) or check_toolkit(seams, machine, major)


def is_cupy(name: str) -> bool:
    """Whether a distribution installs the `cupy` module."""
    return re.fullmatch(r"cupy|cupy-(cuda|rocm)[\w.-]+", name.lower()) is not None


def toolkit_major(installed: list[str]) -> int | None:
    """The CUDA version that the CuPy wheel was built for; None for a build of one's own."""
    found = re.search(r"cuda(\d\d)x", " ".join(installed))
    return int(found[1]) if found else None


def ask_driver(seams: Seams) -> nvml.Machine | Status:
    """What NVML knows of driver and devices, or why it cannot be asked."""
    driver = DRIVER_LIBRARY.get(seams.platform, "libcuda.so.1")
    if not opens(seams, driver):
        return Status("no_driver", f"the CUDA driver ({driver}) is not there", INSTALL_DRIVER)
    name = NVML_LIBRARY.get(seams.platform, "libnvidia-ml.so.1")
    try:
        return nvml.ask(seams.open_library(name))
    except OSError as error:
        return Status("missing_libraries", f"the driver is there but its {name} is not ({error})",
                      "docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility (in a container), "
                      f"else reinstall the driver ({DRIVER_PAGE})")
    except nvml.NvmlError as error:
        return driver_failure(error)


def driver_failure(error: nvml.NvmlError) -> Status:
    """A driver that is installed and does not answer."""
    if error.code == nvml.DRIVER_NOT_LOADED:
        return Status("no_driver", "NVIDIA's kernel driver is not loaded",
                      f"sudo modprobe nvidia; else {INSTALL_DRIVER}")
    if error.code == nvml.LIBRARY_MISMATCH:
        return Status("no_driver", "the loaded kernel driver is older than the installed libraries", "sudo reboot")
    return Status("no_device", f"the driver does not list its devices: {error}",
                  "nvidia-smi (shows the driver's own message)")


def opens(seams: Seams, library: str) -> bool:
    """Whether the dynamic loader finds a library."""
    try:
        seams.open_library(library)
    except OSError:
        return False
    return True


def check_devices(seams: Seams, machine: nvml.Machine) -> Status | None:
    """No device at all, or every device hidden from this process."""
    if not machine.capabilities:
        return Status("no_device", "the driver finds no CUDA device",
                      "nvidia-smi -L (lists devices; in a container: docker run --gpus all)")
    visible = seams.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1", "NoDevFiles"):
        return Status("no_device", f"CUDA_VISIBLE_DEVICES={visible!r} hides all {len(machine.capabilities)} device(s)",
                      "unset CUDA_VISIBLE_DEVICES")
    return None


def check_driver(machine: nvml.Machine, major: int | None) -> Status | None:
    """A driver or devices older than the installed CuPy was built for."""
    if major is None:
        return None
    if machine.cuda < major * 1000:
        return Status("driver_too_old", f"the driver supports CUDA {dotted(machine.cuda)}, the installed CuPy needs "
                      f"{major}.0", older_toolkit(machine, major))
    oldest = OLDEST_CAPABILITY.get(major, (0, 0))
    if max(machine.capabilities) < oldest:
        found = ", ".join(f"{a}.{b}" for a, b in machine.capabilities)
        return Status("no_device", f"CUDA {major} needs compute capability {oldest[0]}.{oldest[1]}, found {found}",
                      replace(major, 12) if major > 12 else f"use a newer device; found {found}")
    return None


def older_toolkit(machine: nvml.Machine, major: int) -> str:
    """How to get a CuPy that the driver is new enough for; where there is none, a newer driver."""
    return replace(major, 12) if major > 12 and machine.cuda >= 12000 else INSTALL_DRIVER


def replace(major: int, other: int) -> str:
    """The command that puts CuPy for one CUDA version in the place of another's."""
    return f"python -m pip uninstall -y cupy-cuda{major}x && {INSTALL.format(major=other)}"


def dotted(version: int) -> str:
    """CUDA's 12040 as 12.4."""
    return f"{version // 1000}.{version % 1000 // 10}"


def check_toolkit(seams: Seams, machine: nvml.Machine, major: int | None) -> Status:
    """The libraries that CuPy opens at its first operation, not at import."""
    number = major or machine.cuda // 1000
    folders = [folder for folder in seams.library_folders() if folder.is_dir()]
    missing = [name for name in TOOLKIT if not has_library(seams, folders, name, number)]
    if missing:
        return Status("missing_libraries", f"CUDA {number}'s {' and '.join(missing)} cannot be found",
                      INSTALL.format(major=number))
    return Status("ok")


def has_library(seams: Seams, folders: list[Path], name: str, major: int) -> bool:
    """Whether a toolkit library lies in one of the folders or is known to the dynamic loader."""
    windows = seams.platform == "win32"
    pattern = f"{name}64_{major}*.dll" if windows else f"lib{name}.so.{major}*"
    if any(next(folder.glob(pattern), None) for folder in folders):
        return True
    return not windows and opens(seams, f"lib{name}.so.{major}")
