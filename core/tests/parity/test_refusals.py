"""What PyTorch refuses, flambeau refuses: the error inputs of its operator and module samples, and mixed dtypes."""

from __future__ import annotations

import warnings
from typing import Any

import opinfo
import pytest
import torch

import flambeau

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

OVERLAP = "flambeau computes the result before it writes, so an `out` that overlaps an input is well defined"
NUMBERS = "two numbers, or a number first, give what the operator `2 > x` gives"
KNOWN = {
    "ge": NUMBERS, "gt": NUMBERS, "__radd__": NUMBERS, "__rmul__": NUMBERS, "__rand__": NUMBERS, "__ror__": NUMBERS,
    "__rxor__": NUMBERS, "kthvalue": OVERLAP, "masked_select": OVERLAP, "gather": OVERLAP, "take": OVERLAP,
    "cat": OVERLAP, "complex": "`out` of the other complex precision is written with a cast, as by any other op",
    "gradient": "the devices of its cases are not carried over",
    "narrow_copy": "a dim out of range is an IndexError, as `narrow`'s",
    "aminmax": "has no `out`", "arange": "the dtype of `out` is refused before the step is looked at",
}
KNOWN |= dict.fromkeys([n for n in opinfo.CASES if n.startswith("signal.windows.")], "has no sparse layout to refuse")
CASES = [(name, op) for name, op in opinfo.CASES.items() if op.error_inputs_func is not None]


@pytest.mark.parametrize(("name", "op"), CASES, ids=[name for name, _ in CASES])
def test_operators(name: str, op: Any) -> None:
    found = []
    for case in op.error_inputs("cpu"):
        try:
            opinfo.check_error(op, case)
        except opinfo.Difference as difference:
            found.append(f"{difference} | {opinfo.described(case.sample_input)}")
    if op.name in KNOWN:
        assert found, f"{op.name} no longer differs: {KNOWN[op.name]}"
    else:
        assert not found, "\n".join(found)


MODULES = [m for m in module_db if m.module_error_inputs_func is not None
           and hasattr(flambeau.nn, m.module_cls.__name__)]


@pytest.mark.parametrize("info", MODULES, ids=[m.name for m in MODULES])
def test_modules(info: Any) -> None:
    for case in info.module_error_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=False,
                                              training=False):
        given, carry = case.module_error_input, opinfo.Carrier()
        made, call = given.constructor_input, given.forward_input
        builds = case.error_on is ModuleErrorEnum.CONSTRUCTION_ERROR
        wanted = case.error_type if case.error_type is not NotImplementedError else Exception
        with pytest.raises(wanted):
            module = getattr(flambeau.nn, info.module_cls.__name__)(*carry(tuple(made.args)), **carry(made.kwargs))
            if not builds:
                module(*carry(tuple(call.args)), **carry(call.kwargs))


def ones(library: Any, dtype: str, *size: int) -> Any:
    return library.ones(size, dtype=getattr(library, dtype))


MIXED: dict[str, Any] = {
    "@": lambda t, a, b: ones(t, a, 2, 3) @ ones(t, b, 3, 2),
    "mm": lambda t, a, b: t.mm(ones(t, a, 2, 3), ones(t, b, 3, 2)),
    "bmm": lambda t, a, b: t.bmm(ones(t, a, 1, 2, 3), ones(t, b, 1, 3, 2)),
    "mv": lambda t, a, b: t.mv(ones(t, a, 2, 3), ones(t, b, 3)),
    "dot": lambda t, a, b: t.dot(ones(t, a, 3), ones(t, b, 3)),
    "inner": lambda t, a, b: t.inner(ones(t, a, 3), ones(t, b, 3)),
    "tensordot": lambda t, a, b: t.tensordot(ones(t, a, 2, 3), ones(t, b, 3, 2), 1),
    "einsum": lambda t, a, b: t.einsum("ij,jk->ik", ones(t, a, 2, 3), ones(t, b, 3, 2)),
    "addmm": lambda t, a, b: t.addmm(ones(t, a, 2, 2), ones(t, a, 2, 3), ones(t, b, 3, 2)),
    "addmm, input": lambda t, a, b: t.addmm(ones(t, a, 2, 2), ones(t, b, 2, 3), ones(t, b, 3, 2)),
    "baddbmm": lambda t, a, b: t.baddbmm(ones(t, a, 1, 2, 2), ones(t, a, 1, 2, 3), ones(t, b, 1, 3, 2)),
    "linear": lambda t, a, b: t.nn.functional.linear(ones(t, a, 2, 3), ones(t, b, 4, 3)),
    "linear, bias": lambda t, a, b: t.nn.functional.linear(ones(t, a, 2, 3), ones(t, a, 4, 3), ones(t, b, 4)),
    "nn.Linear": lambda t, a, b: t.nn.Linear(3, 2, dtype=getattr(t, b))(ones(t, a, 2, 3)),
    "bilinear": lambda t, a, b: t.nn.functional.bilinear(ones(t, a, 2), ones(t, b, 3), ones(t, a, 4, 2, 3)),
    "conv1d": lambda t, a, b: t.nn.functional.conv1d(ones(t, a, 1, 2, 5), ones(t, b, 3, 2, 2)),
    "conv_transpose2d": lambda t, a, b: t.nn.functional.conv_transpose2d(
        ones(t, a, 1, 2, 5, 5), ones(t, b, 2, 3, 2, 2)),
    "prelu": lambda t, a, b: t.nn.functional.prelu(ones(t, a, 3), ones(t, b, 1)),
    "layer_norm": lambda t, a, b: t.nn.functional.layer_norm(ones(t, a, 2, 3), (3,), ones(t, b, 3)),
    "group_norm": lambda t, a, b: t.nn.functional.group_norm(ones(t, a, 2, 4, 3), 2, ones(t, b, 4)),
    "batch_norm": lambda t, a, b: t.nn.functional.batch_norm(ones(t, a, 2, 4, 3), ones(t, b, 4), ones(t, b, 4)),
    "cross": lambda t, a, b: t.cross(ones(t, a, 2, 3), ones(t, b, 2, 3), dim=1),
    "cdist": lambda t, a, b: t.cdist(ones(t, a, 2, 3), ones(t, b, 2, 3)),
    "heaviside": lambda t, a, b: t.heaviside(ones(t, a, 2), ones(t, b, 2)),
    "bool - x": lambda t, a, b: ones(t, "bool", 2) - ones(t, a, 2),
}


@pytest.mark.parametrize("device", ["cpu", "reference"])
@pytest.mark.parametrize(("first", "second"), [("float32", "float64"), ("float64", "float32"), ("int64", "float32"),
                                              ("float32", "int64"), ("float32", "complex64")])
@pytest.mark.parametrize("name", MIXED)
def test_dtypes_that_do_not_mix(name: str, first: str, second: str, device: str) -> None:
    try:
        MIXED[name](torch, first, second)
    except RuntimeError:
        with flambeau.device(device), pytest.raises(flambeau.errors.DTypeError):
            MIXED[name](flambeau, first, second)
    else:
        with flambeau.device(device):
            MIXED[name](flambeau, first, second)
