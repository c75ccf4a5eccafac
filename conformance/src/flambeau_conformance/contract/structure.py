"""What can be said of a backend without computing: kernels, names, manifest."""

from __future__ import annotations

from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.errors import FlambeauError, UnsupportedError
from flambeau.table.registry import TABLE, check_backend

from ..api import flambeau
from ..cases import accepted, table
from ..check import Check, require
from ..target import Target, manifest_faults
from .promise import promise, promise_each

CHECKS: list[Check] = []


@promise("kernels", CHECKS)
def kernels(target: Target) -> None:
    """Every required primitive has a kernel, every kernel is of an op that exists."""
    table()
    try:
        check_backend(target.backend)
        fault = ""
    except FlambeauError as error:
        fault = str(error)
    require(not fault, "kernels", fault)


@promise("kernels-callable", CHECKS)
def kernels_are_callable(target: Target) -> None:
    """What `kernel` answers for every op and dtype can be called, or is None for a composite."""
    for op in table():
        for dtype in accepted(op):
            kernel: Any = target.backend.kernel(op.name, dtype)
            fine = callable(kernel) or (kernel is None and (op.kind == "composite" or target.refuses(op.name, dtype)))
            require(fine, "kernels", f"kernel({op.name!r}, {dtype!r}) is {kernel!r}")


@promise("manifest", CHECKS)
def manifest(target: Target) -> None:
    """The manifest is there, names what exists, and agrees with the backend object."""
    faults = manifest_faults(target)
    unknown = sorted({op for op, _ in target.backend.unsupported if op not in TABLE and op != "*"})
    require(not faults, "manifest", "; ".join(faults))
    require(not unknown, "manifest", f"unsupported names ops that do not exist: {', '.join(unknown)}")


@promise("names", CHECKS)
def names(target: Target) -> None:
    """The backend answers to the name of its descriptor, on a device of the type it says."""
    require(target.backend.name == target.name, "name", f"descriptor {target.name!r}, backend {target.backend.name!r}")
    require(target.device.type == target.backend.device_type, "name",
            f"device.type is {target.device.type!r}, device_type {target.backend.device_type!r}")
    require(isinstance(target.backend.array_type, type), "name", "array_type is not a class")


@promise("thread-count", CHECKS)
def thread_count(target: Target) -> None:
    """At least one thread, never more than asked for, and what was answered can be asked for again."""
    backend = target.backend
    before = backend.get_num_threads()
    try:
        for asked in (1, 2):
            backend.set_num_threads(asked)
            answered = backend.get_num_threads()
            require(answered in range(1, asked + 1), "threads", f"set_num_threads({asked}), then {answered!r} threads")
    finally:
        backend.set_num_threads(before)
    require(before == backend.get_num_threads() >= 1, "threads",
            f"set_num_threads({before!r}), then {backend.get_num_threads()!r} threads")


@promise_each("declared-dtypes", dtypes.ALL, CHECKS)
def declared_dtypes(target: Target, dtype: DType) -> None:
    """A dtype of the contract can be held, unless a capability says no."""
    made = flambeau.tensor([1, 0], dtype=dtype, device=target.device)
    require(target.backend.dtype_of(made._array) is dtype, "dtype",
            f"an array of {dtype!r} says it is {target.backend.dtype_of(made._array)!r}")


@promise("refusals", CHECKS)
def refusals(target: Target) -> None:
    """What the backend object lists as unsupported raises UnsupportedError with op, dtype and backend."""
    stated = {(e["op"], d) for e in target.manifest.get("unsupported", []) for d in e["dtypes"] if e["op"] != "*"}
    missing = sorted(stated - set(target.backend.unsupported))
    require(not missing, "refusal", f"the manifest lists {missing} as unsupported, the backend object does not")
    for name, dtype_name in target.backend.unsupported:
        op, dtype = TABLE[name], dtypes.BY_NAME[dtype_name]
        if dtype not in accepted(op):
            continue  # core refuses it first
        try:
            op.kernels[target.device.kinds[dtype]]
        except UnsupportedError as error:
            fields = error.op == name and error.fields.get("dtype") is dtype and error.fields.get(
                "backend") == target.name
            require(fields, "refusal", f"{error} lacks one of op, dtype, backend")
        else:
            require(False, "refusal", f"{name} for {dtype!r} is declared unsupported but answers")
