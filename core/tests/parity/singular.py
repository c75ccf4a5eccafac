"""One call on PyTorch and on flambeau at singular points: values, gradients, gradients of gradients, compared."""

import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch

import flambeau

INF, NAN = math.inf, math.nan
BACKENDS = ("cpu", "reference")
TOLERANCE = {"float32": 4e-5, "float64": 1e-10, "complex64": 4e-5, "complex128": 1e-10}
SEEDS = (1.0, 0.0, INF, NAN)

Function = Callable[..., Any]
Case = tuple[Any, ...]
Table = dict[str, tuple[Function, list[Case]]]


class Fault(NamedTuple):
    """Where an answer is not PyTorch's; `part` is "out", "grad" or "second" and a number."""

    part: str
    seed: float
    inputs: Case
    wanted: Any
    got: Any


def _anywhere(fault: Fault) -> bool:
    return True


class Own(NamedTuple):
    """Answers that are an accident of PyTorch's: why, of which parts, dtypes, backends and inputs."""

    reason: str
    part: str = ""
    dtypes: tuple[str, ...] = tuple(TOLERANCE)
    backends: tuple[str, ...] = BACKENDS
    where: Callable[[Fault], bool] = _anywhere

    def covers(self, fault: Fault) -> bool:
        return fault.part.startswith(self.part) and self.where(fault)


def _floating(result: Any) -> list[Any]:
    parts = result if isinstance(result, (tuple, list)) else [result]
    return [p for p in parts if not isinstance(p, (bool, int)) and (p.is_floating_point() or p.is_complex())]


def answers(library: Any, function: Function, inputs: Case, dtype: str, seed: float,
            second: bool) -> dict[str, Any]:
    """Results, gradients for the incoming gradient `seed`, and the gradients of those gradients' sum, as lists."""
    tensors = [library.tensor(v, dtype=getattr(library, dtype), requires_grad=True) for v in inputs]
    outs = _floating(function(library, *tensors))
    made = {f"out {i}": out.detach().tolist() for i, out in enumerate(outs)}
    reached = [out for out in outs if out.requires_grad]
    seeds = [library.full_like(out.detach(), seed) for out in reached]
    grads = library.autograd.grad(reached, tensors, seeds, create_graph=second, allow_unused=True)
    made |= {f"grad {i}": _listed(g, t) for i, (g, t) in enumerate(zip(grads, tensors, strict=True))}
    if second:
        firsts = [g for g in grads if g is not None and g.requires_grad]
        twice = (library.autograd.grad(firsts, tensors, [library.ones_like(g) for g in firsts], allow_unused=True)
                 if firsts else [None] * len(tensors))
        made |= {f"second {i}": _listed(g, t) for i, (g, t) in enumerate(zip(twice, tensors, strict=True))}
    return made


def _listed(gradient: Any, like: Any) -> Any:
    zeros = like.detach().new_zeros(tuple(like.shape))
    return (zeros if gradient is None else zeros.copy_(gradient.detach())).tolist()  # PyTorch's may lack storage


def numbers(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for part in value:
            yield from numbers(part)
    else:
        yield value


def close(a: Any, b: Any, tolerance: float, scale: float) -> bool:
    if isinstance(a, complex) or isinstance(b, complex):
        a, b = complex(a), complex(b)
        return close(a.real, b.real, tolerance, scale) and close(a.imag, b.imag, tolerance, scale)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= tolerance * max(abs(a), abs(b), scale))


def same(wanted: Any, got: Any, tolerance: float, scale: float, numbers_only: bool) -> bool:
    """Whether the lists agree; with `numbers_only`, where what is wanted is no NaN."""
    first, other = list(numbers(wanted)), list(numbers(got))
    return len(first) == len(other) and all(close(a, b, tolerance, scale) or (numbers_only and a != a)
                                            for a, b in zip(first, other, strict=True))


def faults(function: Function, cases: Iterable[Case], dtype: str, backend: str, seeds: Iterable[float] = SEEDS,
           second: bool = False, scale: float = 1.0) -> list[Fault]:
    """All answers over the cases and incoming gradients that are not PyTorch's; differences are taken relative to
    `scale` or the number. At second order PyTorch's NaN, which come of branches that were not taken, ask for nothing.
    """
    found = []
    for inputs, seed in itertools.product(cases, seeds):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of means and degrees of freedom
            wanted = answers(torch, function, inputs, dtype, seed, second)
            with flambeau.device(backend) if backend != "cpu" else nullcontext():
                got = answers(flambeau, function, inputs, dtype, seed, second)
        found += [Fault(part, seed, inputs, wanted[part], got.get(part)) for part in wanted
                  if not same(wanted[part], got.get(part), TOLERANCE[dtype], scale, part.startswith("second"))]
    return found


def odd(inputs: Any) -> bool:
    """Whether a NaN is among the numbers."""
    return any(x != x for x in numbers(list(inputs)))


def wild(inputs: Any) -> bool:
    """Whether a NaN or an infinity is."""
    return any(not abs(x) < INF for x in numbers(list(inputs)))


def compare(table: Table, own: dict[str, Own], name: str, dtype: str, backend: str, **options: Any) -> None:
    """Raises unless all answers of the table's row `name` are PyTorch's, but for those that `own` says."""
    function, cases = table[name]
    found = faults(function, cases, dtype, backend, **options)
    excused = own.get(name) or own.get(f"{name.split(',')[0]}, ...")
    if excused is not None and dtype in excused.dtypes and backend in excused.backends:
        assert any(map(excused.covers, found)), "PyTorch has changed: take the exception out"
        found = [fault for fault in found if not excused.covers(fault)]
    assert found == []
