"""PyTorch's own samples of transforms, windows and special functions: values, dtypes, gradients of two orders."""

from __future__ import annotations

from typing import Any

import opinfo
import pytest
import torch

NAMES = {"stft", "istft", "lgamma", "digamma", "polygamma", "igamma", "igammac", "mvlgamma", "erfinv", "i0", "angle",
         "nextafter", "ldexp", "frexp", "gcd", "lcm", "conj_physical", "polar"}
CASES = [(name, op) for name, op in opinfo.CASES.items()
         if op.name in NAMES or op.name.startswith(("fft.", "special.", "signal."))]
LEADING = "PyTorch evaluates Cephes's denominators without their leading coefficient of 1, and is off by up to 1e-4"
INACCURATE = {"special.bessel_j0": LEADING, "special.bessel_y1": LEADING}  # in float64, where its error shows
UNTOLD = {"istft": "PyTorch's sample has a window that it says needs a gradient, which it does not hand out"}


def differences(check: Any, samples: list[Any], *args: Any) -> list[str]:
    found = []
    for i, sample in enumerate(samples):
        try:
            check(sample, i == 0, *args)
        except opinfo.Difference as difference:
            found.append(f"{difference} | {opinfo.described(sample)}")
    return found


def judged(found: list[str], known: str | None) -> None:
    if known:
        assert found, f"no longer differs: {known}"
    else:
        assert not found, "\n".join(found)


@pytest.mark.parametrize(("name", "op"), CASES, ids=[name for name, _ in CASES])
def test_values(name: str, op: Any) -> None:
    for dtype in opinfo.DTYPES:
        if dtype in op.dtypes:
            found = differences(lambda s, first: opinfo.check_values(op, s, first), opinfo.samples(op, dtype, 5))
            judged(found, INACCURATE.get(op.name) if dtype is torch.float64 else None)


@pytest.mark.parametrize(("name", "op"), [(name, op) for name, op in CASES if op.supports_autograd],
                         ids=[name for name, op in CASES if op.supports_autograd])
def test_gradients_of_two_orders(name: str, op: Any) -> None:
    for dtype in (torch.float64, torch.complex128):
        if dtype in op.dtypes:
            found = differences(lambda s, _: opinfo.check_gradients(op, s, op.supports_gradgrad),
                                opinfo.samples(op, dtype, 5, True))
            judged(found, UNTOLD.get(op.name) if dtype.is_complex else None)
