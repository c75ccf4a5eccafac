"""PyTorch's operator samples, all or those named: `python core/tests/parity/samples.py [--most N] [NAME ...]`.

Prints every kind of difference once, then what share of the entries exists and what share of the samples, gradients
and error inputs agrees, by dtype.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import opinfo
import torch

MAIN = (torch.float32, torch.int64)
OTHERS = (torch.float64, torch.bool, torch.complex64, torch.bfloat16)


class Score:
    """How many of each kind of comparison agree, and what the others say."""

    def __init__(self) -> None:
        self.good: Counter[str] = Counter()
        self.all: Counter[str] = Counter()
        self.seen: set[tuple[str, str]] = set()

    def take(self, kind: str, op: Any, sample: Any, check: Callable[[], None]) -> None:
        self.all[kind] += 1
        try:
            check()
        except opinfo.Difference as difference:
            self.tell(kind, op, sample, str(difference))
        except Exception as error:
            self.tell(kind, op, sample, f"{type(error).__name__}: {error}")
        else:
            self.good[kind] += 1

    def tell(self, kind: str, op: Any, sample: Any, text: str) -> None:
        name = opinfo.full_name(op)
        key = (f"{kind} {name}", text.split(" at ")[0][:60])
        if key not in self.seen:
            self.seen.add(key)
            print(f"{kind} {name}: {text[:300]} | {opinfo.described(sample)}", flush=True)

    def figures(self) -> Iterator[str]:
        for kind in sorted(self.all):
            share = 100 * self.good[kind] / self.all[kind]
            yield f"{kind:28} {self.good[kind]:6} of {self.all[kind]:6}  {share:6.2f}%"


def run(names: list[str], most: int, budget: float) -> Score:
    """Every comparison of the operators of these names (all where none is given), in a random but fixed order."""
    score = Score()
    for name, op in opinfo.CASES.items():
        if names and op.name not in names and name not in names:
            continue
        began = time.monotonic()
        for dtype in (*MAIN, *OTHERS):
            if dtype not in op.supported_dtypes("cpu") or time.monotonic() - began > budget:
                continue
            label = str(dtype).removeprefix("torch.")
            for i, sample in enumerate(opinfo.samples(op, dtype, most)):
                score.take(f"values {label}", op, sample, lambda: opinfo.check_values(op, sample, i == 0))  # noqa: B023
            if op.supports_autograd and dtype in op.supported_backward_dtypes("cpu") and dtype.is_floating_point:
                for sample in opinfo.samples(op, dtype, most, requires_grad=True):
                    second = op.supports_gradgrad and dtype is torch.float64
                    score.take(f"gradients {label}", op, sample,
                               lambda: opinfo.check_gradients(op, sample, second))  # noqa: B023
        if op.error_inputs_func is not None:
            for case in op.error_inputs(torch.device("cpu")):
                score.take("errors", op, case.sample_input, lambda: opinfo.check_error(op, case))  # noqa: B023
    return score


def main() -> None:
    """Prints differences and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=8, help="samples an operator and dtype")
    parser.add_argument("--budget", type=float, default=20.0, help="seconds an operator may take")
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    score = run(asked.names, asked.most, asked.budget)
    here, total = len(opinfo.CASES), len(opinfo.op_db)
    print(f"entries that exist           {here:6} of {total:6}  {100 * here / total:6.2f}%")
    print("\n".join(score.figures()))
    if not asked.names:
        print("missing:", " ".join(opinfo.MISSING))


if __name__ == "__main__":
    main()
