"""The backend under test: found by name, loaded, with what its manifest declares."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from flambeau.contract import plugins
from flambeau.contract.backend import CONTRACT, Backend
from flambeau.contract.device import Device, resolve
from flambeau.dtypes import BY_NAME, DType
from flambeau.errors import FlambeauError
from flambeau.table.registry import TABLE

from .tolerances import tolerance_faults

MANIFEST = "flambeau-backend.toml"
DTYPE_CAPABILITIES = {"complex": ("complex64", "complex128"), "float64": ("float64", "complex128"),
                      "bfloat16": ("bfloat16",), "float16": ("float16",)}
OP_CAPABILITIES = ("fft", "linalg")  # groups of ops, `capability=` in the op table, that a backend may do without
CAPABILITIES = {*DTYPE_CAPABILITIES, *OP_CAPABILITIES, "shared_views", "dlpack"}


class UnusableError(Exception):
    """The backend cannot be tested: unknown, not installed, or refused by core."""


@dataclass(frozen=True, slots=True)
class Target:
    """A loaded backend and its manifest."""

    name: str
    device: Device
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def backend(self) -> Backend:
        """The backend object."""
        backend: Backend = self.device.backend
        return backend

    def capability(self, name: str) -> bool:
        """Whether the manifest offers it; what is left out is promised."""
        return bool(self.manifest.get("capabilities", {}).get(name, "yes") == "yes")

    def lacks(self, dtype: DType) -> bool:
        """Whether the manifest declares that dtype as not offered at all."""
        return any(dtype.name in names and not self.capability(c) for c, names in DTYPE_CAPABILITIES.items())

    def refuses(self, op: str, dtype: DType, concerned: Iterable[DType] = ()) -> str:
        """Why the backend declares not to offer `op` for `dtype` among the dtypes concerned; empty where it does."""
        reason = self.backend.unsupported.get((op, dtype.name))
        if reason is not None:
            return reason or "declared"
        group = TABLE[op].capability if op in TABLE else ""  # an error may come of `from_host`, say
        if group and not self.capability(group):
            return f"the capability {group} is no"
        lacking = sorted(d.name for d in {dtype, *concerned} if self.lacks(d))
        return f"the capability for {', '.join(lacking)} is no" if lacking else ""


def load(name: str) -> Target:
    """The installed backend of that name, ready to be tested.

    `NAME+MUTANT` is that backend with one bug put in (`mutants`). Raises UnusableError, with the names that come near
    or with what core says is wrong.
    """
    known = plugins.installed()
    if "+" in name and name not in known:
        from .mutants import build

        return build(name)
    if name not in known:
        raise UnusableError(f"no backend is called {name!r}{suggestion(name, list(known))}; installed:"
                            f" {', '.join(sorted(known)) or 'none'}")
    try:
        device = resolve(name)
    except FlambeauError as error:
        raise UnusableError(str(error)) from error
    return Target(name, device, read_manifest(known[name].descriptor))


def suggestion(word: str, known: list[str]) -> str:
    """", did you mean 'numpy'?", or nothing where no name comes near."""
    near = difflib.get_close_matches(word, known, 1, 0.5)
    return f", did you mean {near[0]!r}?" if near else ""


def read_manifest(descriptor: Any) -> dict[str, Any]:
    """The manifest beside the descriptor's module; empty where there is none (a check says so)."""
    package = type(descriptor).__module__.rpartition(".")[0]
    if not package or not hasattr(import_module(package), "__path__"):
        return {}
    path = files(package) / MANIFEST
    return tomllib.loads(path.read_text()) if path.is_file() else {}


def package_folder(name: str) -> Path | None:
    """Where the backend's manifest and its ledger of known failures lie."""
    package = type(plugins.installed()[name].descriptor).__module__.rpartition(".")[0]
    found = getattr(import_module(package), "__path__", None) if package else None
    return Path(next(iter(found))) if found else None


def manifest_faults(target: Target) -> list[str]:
    """What is wrong with the manifest."""
    manifest = target.manifest
    if not manifest:
        return [f"there is no {MANIFEST} beside the descriptor"]
    stated = manifest.get("capabilities", {})
    faults = [f"unknown capability {c!r}{suggestion(c, sorted(CAPABILITIES))}" for c in stated if c not in CAPABILITIES]
    faults += [f"capability {c!r} is {v!r}, not 'yes' or 'no'" for c, v in stated.items() if v not in ("yes", "no")]
    if target.capability("shared_views") != target.backend.shared_views:
        faults.append(f"shared_views is {stated.get('shared_views', 'yes')!r} but the backend says"
                      f" {target.backend.shared_views}")
    if manifest.get("backend", {}).get("name") != target.name:
        faults.append(f"it is the manifest of {manifest.get('backend', {}).get('name')!r}, not of {target.name!r}")
    return faults + _contract_faults(manifest) + _unsupported_faults(manifest) + _delegated_faults(manifest) \
        + tolerance_faults(manifest)


def _contract_faults(manifest: dict[str, Any]) -> list[str]:
    stated = manifest.get("backend", {}).get("contract", "")
    parts = [p.strip() for p in stated.split(",") if p.strip()]
    if not parts:
        return ["backend.contract does not say which versions of the contract it follows"]
    fits = {">=": lambda v: v <= CONTRACT, "<": lambda v: v > CONTRACT}
    for part in parts:
        sign = ">=" if part.startswith(">=") else "<" if part.startswith("<") else ""
        digits = part.removeprefix(sign)
        if not sign or not digits.replace(".", "").isdigit():
            return [f"backend.contract {stated!r} is not of the form '>=1.0,<2'"]
        if not fits[sign](tuple(map(int, digits.split(".")))):
            return [f"backend.contract {stated!r} leaves out this contract, {CONTRACT[0]}.{CONTRACT[1]}"]
    return []


def _delegated_faults(manifest: dict[str, Any]) -> list[str]:
    required = [op.name for op in TABLE.values() if op.kind == "primitive"]
    stated = [entry.get("op", "") for entry in manifest.get("delegated", [])]
    return [f"delegated {op!r} is no required kernel{suggestion(op, required)}" for op in stated if op not in required]


def _unsupported_faults(manifest: dict[str, Any]) -> list[str]:
    faults = []
    for entry in manifest.get("unsupported", []):
        unknown = [d for d in entry.get("dtypes", []) if d not in BY_NAME]
        if unknown or not entry.get("reason"):
            faults.append(f"unsupported {entry.get('op')!r}: unknown dtypes {unknown} or no reason")
    return faults
