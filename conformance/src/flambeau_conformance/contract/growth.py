"""Memory over time: repeated steps do not grow, graphs go without the garbage collector's help."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from math import inf
from typing import Any

from flambeau import dtypes

from ..api import flambeau
from ..cases import Case
from ..check import PASSED, Check, require
from ..host import put
from ..target import Target
from .determinism import cases_of, families
from .promise import promise

CHECKS: list[Check] = []
_WINDOWS = (6, 6, 12, 24, 48, 96, 192, 384)  # steps: what grows in each of them grows with the steps
_ALLOWED = 64  # bytes per step: less than any array, more than what the interpreter's own caches shift


@contextmanager
def _without_collector() -> Iterator[None]:
    """The collector runs only when asked, and only over what is made inside."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()


@contextmanager
def _traced() -> Iterator[None]:
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        yield
    finally:
        if not running:
            tracemalloc.stop()


def _in_use(target: Target) -> int:
    """Bytes held by Python, by arrays that report to it, and by the device."""
    target.backend.synchronize()
    gc.collect()
    return tracemalloc.get_traced_memory()[0] + target.backend.memory_stats().get("allocated", 0)


def slope(step: Callable[[], Any], target: Target) -> tuple[float, float]:
    """Per step: the bytes by which what is held grows, and the objects that only the garbage collector can free.

    The least of several windows, each as long as all before it: a leak is in every one of them, a cache that fills, or
    a table that is made larger now and then, is not. A full collection before each measurement empties the
    interpreter's lists of free objects.
    """
    for _ in range(3):
        step()
    bytes_, cyclic = inf, inf
    with _traced(), _without_collector():
        for steps in _WINDOWS:
            before = _in_use(target)
            for _ in range(steps):
                step()
            cyclic = min(cyclic, gc.collect() / steps)
            bytes_ = min(bytes_, (_in_use(target) - before) / steps)
            if bytes_ < _ALLOWED and cyclic < 1:
                break
    return bytes_, cyclic


def _steady(step: Callable[[], Any], target: Target, what: str) -> None:
    grown, cyclic = slope(step, target)
    require(grown < _ALLOWED, "leak", f"{what}: every step holds {grown:.0f} bytes more")
    require(cyclic < 1, "cycle", f"{what}: every step leaves {cyclic:.0f} objects to the garbage collector")


def _calls(family: str, target: Target) -> str:
    """Every op of the family, called again and again."""
    prepared = [(case, [put(h, target.device) for h in case.hosts]) for case in cases_of(family, target)]
    grown, cyclic = slope(partial(_call_each, prepared, target), target)
    require(prepared, "empty", f"no op of {family} can be called")
    if grown < _ALLOWED and cyclic < 1:
        return PASSED
    for one in prepared:  # a few bytes of many ops' caches are no leak: one op alone has to grow
        _steady(partial(_call_each, [one], target), target, one[0].id)
    return PASSED


def _call_each(prepared: list[tuple[Case, list[Any]]], target: Target) -> None:
    for case, tensors in prepared:
        with suppress(NotImplementedError):
            case.call(tensors, target.device)


CHECKS.extend(Check(f"contract/growth/{n}", "contract", partial(_calls, n)) for n in families())


@promise("growth/training", CHECKS)
def training(target: Target) -> None:
    """Training step after training step, with gradients kept, zeroed, and written in place."""
    place = target.device
    x, y = flambeau.ones(16, 8, device=place), flambeau.zeros(16, dtype=dtypes.int64, device=place)
    weight = flambeau.full((8, 4), 0.1, device=place, requires_grad=True)

    def step() -> None:
        loss = flambeau.nn.functional.cross_entropy(flambeau.tanh(x @ weight), y)
        loss.backward()
        with flambeau.no_grad():
            weight.sub_(weight.grad, alpha=0.1)
        weight.grad = None

    _steady(step, target, "training")


@promise("growth/views-and-writes", CHECKS)
def views_and_writes(target: Target) -> None:
    """Views made, written through and dropped leave nothing behind, tracked or not."""
    base = flambeau.zeros(16, 8, device=target.device)

    def step() -> None:
        base[1:3].add_(1)
        base.t()[0].fill_(2)
        tracked = base.clone().requires_grad_() * 1
        tracked[2:].mul_(3)
        tracked.sum().backward()
        base.zero_()

    _steady(step, target, "views and writes")


@promise("growth/transfers", CHECKS)
def transfers(target: Target) -> None:
    """Uploads and downloads, also from buffers that go away."""
    def step() -> None:
        x = flambeau.tensor([1.0] * 200, device=target.device)
        x.tolist()
        x[3].item()
        x.to("reference").to(target.device)

    _steady(step, target, "transfers")


@promise("growth/errors", CHECKS)
def errors(target: Target) -> None:
    """Calls that are refused hold on to nothing."""
    x, y = flambeau.ones(20, 3, device=target.device), flambeau.ones(4, device=target.device)

    def step() -> None:
        calls: tuple[Any, ...] = (lambda: x + y, lambda: x @ y, lambda: x[50])
        for call in calls:
            with suppress(RuntimeError, IndexError):
                call()

    _steady(step, target, "errors")


@promise("growth/draws", CHECKS)
def random(target: Target) -> None:
    """Draws hold on to nothing."""
    generator = flambeau.Generator().manual_seed(3)

    def step() -> None:
        flambeau.rand(64, generator=generator, device=target.device)
        flambeau.randn(64, generator=generator, device=target.device)

    _steady(step, target, "random numbers")


_GRAPHS: dict[str, Callable[[Any], Any]] = {
    "chain": lambda x: ((x * 2).exp().tanh() / 3).sum(),
    "saved result": lambda x: x.softmax(0).sigmoid().sum(),
    "several results": lambda x: x.sort(1)[0].sum() + x.max(1)[0].sum() + x.cummax(0)[0].sum(),
    "views": lambda x: x.t()[1:].reshape(-1).diff().sum(),
    "written": lambda x: _written(x),
    "joined": lambda x: flambeau.cat([x, flambeau.stack([x[0], x[1]])]).sum(),
    "product": lambda x: (x @ x.t()).sum() + flambeau.nn.functional.linear(x, x).mean(),
    "second order": lambda x: flambeau.autograd.grad((x ** 3).sum(), x, create_graph=True)[0].sum(),
}


def _written(x: Any) -> Any:
    y = x * 1
    y[0].mul_(2)
    y.add_(x)
    return y.sum()


@promise("graphs-freed", CHECKS)
def graphs_freed(target: Target) -> None:
    """A graph goes with its last tensor, walked or not: no cycle keeps it until the garbage collector comes."""
    for name, build in _GRAPHS.items():
        for walk in (False, True):
            _freed(name, build, walk, target)


def _freed(name: str, build: Callable[[Any], Any], walk: bool, target: Target) -> None:
    x = flambeau.arange(6, dtype=flambeau.float32, device=target.device).reshape(2, 3).requires_grad_()
    with _without_collector():
        middle = x * 1
        result = build(middle)
        watched = [weakref.ref(middle), weakref.ref(result.grad_fn), weakref.ref(result)]
        if walk:
            result.backward()
        del middle, result
        alive = sum(reference() is not None for reference in watched)
    require(alive == 0, "leak", f"{name}, {'after' if walk else 'without'} backward: {alive} of {len(watched)} parts of"
                                " the graph live on until the garbage collector comes")


@promise("graph-memory-freed", CHECKS)
def graph_memory_freed(target: Target) -> None:
    """What a graph held is given back when it goes, and most of it already by the walk."""
    x = flambeau.ones(64, 64, device=target.device, requires_grad=True)

    def held(walk: bool) -> tuple[int, int]:
        before = _in_use(target)
        y = x
        for _ in range(5):
            y = (y * 1.5).tanh()
        total = y.sum()
        if walk:
            total.backward()
            x.grad = None
        during = _in_use(target)
        del y, total
        return during - before, _in_use(target) - before

    held(True)
    with _traced(), _without_collector():
        held(True)
        for walk in (False, True):
            _, after = held(walk)
            require(after < 64 * 64, "leak", f"{after} bytes stay after a graph is gone"
                                             f" ({'walked' if walk else 'not walked'})")
