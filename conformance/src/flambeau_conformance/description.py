"""What a backend, and the machine it runs on, are known by in a report."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from importlib import metadata
from typing import Any

from flambeau.contract import plugins

from .cases import table
from .target import Target


def described(target: Target) -> dict[str, Any]:
    """Name, distribution, device and what the manifest declares."""
    entry = plugins.installed()[target.name]
    manifest = target.manifest
    return {
        "name": target.name, "distribution": entry.distribution, "version": entry.version,
        "libraries": libraries(target), "device": str(target.device), "device_type": target.backend.device_type,
        "contract": manifest.get("backend", {}).get("contract", ""),
        "capabilities": dict(manifest.get("capabilities", {})),
        "unsupported": sorted([op, dtype, reason] for (op, dtype), reason in target.backend.unsupported.items()),
        "host": sorted({entry["op"] for entry in manifest.get("host", [])}),
        "delegated": delegated(target), "required": sum(op.kind == "primitive" for op in table()),
        "tolerances": list(manifest.get("tolerances", [])),
        "kernels": len(target.backend.kernels)}


def libraries(target: Target) -> dict[str, str]:
    """Versions of what computes: the library that the arrays are of, and the BLAS that it says it was built with."""
    name = target.backend.array_type.__module__.partition(".")[0]
    module = sys.modules.get(name)
    version = getattr(module, "__version__", "")
    if name.startswith("flambeau") or not version:
        return {}
    return {name: str(version), **_blas(module)}


def _blas(module: Any) -> dict[str, str]:
    """What NumPy and libraries with the same `show_config` say of it."""
    try:
        found = module.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return {f"BLAS {found['name']}": str(found.get("version", ""))}
    except (AttributeError, KeyError, TypeError):
        return {}


def delegated(target: Target) -> list[str]:
    """Required kernels that another backend computes: a new package's, until its author writes them."""
    listed = [entry["op"] for entry in target.manifest.get("delegated", [])]
    return sorted({*target.backend.delegated, *listed})


def machine() -> dict[str, Any]:
    """Operating system, processor, Python, and the time."""
    return {"date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"), "system": platform.system(),
            "machine": platform.machine(), "release": platform.release(),
            "python": platform.python_version(), "implementation": platform.python_implementation(),
            "processor": _processor(), "cores": os.cpu_count() or 1, "tag": tag()}


def tag() -> str:
    """What ledger entries name platforms by: `linux-x86_64`."""
    return f"{platform.system()}-{platform.machine()}".lower()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            return next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), "")
    except OSError:
        return platform.processor()


def suite_version() -> str:
    """The installed version of this suite."""
    try:
        return metadata.version("flambeau-conformance")
    except metadata.PackageNotFoundError:
        return ""
