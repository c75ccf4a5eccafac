"""Several threads at once: first calls that race, modes that belong to a thread, results that stay apart.

Every thread waits at a barrier, so that they really start together, and the interpreter switches
between them as often as it can.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from flambeau import dtypes
from flambeau.errors import UnsupportedError
from flambeau.table.registry import TABLE

from ..api import flambeau
from ..cases import Case
from ..check import PASSED, Check, CheckFailed, require
from ..host import put, raw
from ..target import Target
from .determinism import cases_of, families
from .promise import promise

CHECKS: list[Check] = []
THREADS = 4
_ROUNDS = 8
_PATIENCE = 60.0  # seconds until a thread that does not come back counts as hung


@contextmanager
def _switching() -> Iterator[None]:
    held = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(held)


def together(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """What `work(i)` gives in each of `count` threads that start at once; raises what the first of them raised."""
    barrier, results, errors = threading.Barrier(count), [None] * count, []

    def run(i: int) -> None:
        try:
            barrier.wait(_PATIENCE)
            results[i] = work(i)
        except Exception as error:
            errors.append(error)

    with _switching():
        started = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(count)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join(_PATIENCE)
    require(not any(t.is_alive() for t in started), "hang", "a thread did not come back")
    if errors:
        raise CheckFailed("thread", f"in one of {count} threads: {type(errors[0]).__name__}: {errors[0]}") from errors[
            0
        ]
    return results


def _forget(target: Target) -> None:
    """Drops the kernels that core has looked up for the target: every op is at its first call again."""
    for op in TABLE.values():
        for kind in [kind for kind in op.kernels if kind.device is target.device]:
            op.kernels.pop(kind, None)


def _bits(case: Case, target: Target) -> list[bytes]:
    return [raw(t) for t in case.call([put(h, target.device) for h in case.hosts], target.device)]


def _first_calls(family: str, target: Target) -> str:
    """Every op of the family, called for the first time by all threads at once, gives every thread the right bits."""
    cases = list(cases_of(family, target))
    alone = [_bits(case, target) for case in cases]
    _forget(target)
    found = together(lambda i: [_bits(case, target) for case in cases])
    for i, mine in enumerate(found):
        for case, expected, got in zip(cases, alone, mine, strict=True):
            require(got == expected, "thread", f"{case.id}: thread {i} got other bits than a call alone")
    return PASSED


CHECKS.extend(Check(f"contract/threads/first-calls/{n}", "contract", partial(_first_calls, n)) for n in families())


@promise("threads/uploads", CHECKS)
def uploads(target: Target) -> None:
    """What several threads hand to the device, compute and read back does not mix."""
    def work(i: int) -> Any:
        for k in range(_ROUNDS * 4):
            x = flambeau.tensor([float(i * 100 + k)] * 257, device=target.device)
            found = ((x + 1) * 2 - x).sum().item()
            if found != 257 * (i * 100 + k + 2):
                return k, found
        return None

    require((found := together(work)) == [None] * THREADS, "thread", f"wrong sums (round, value): {found}")


@promise("threads/shared-input", CHECKS)
def shared_input(target: Target) -> None:
    """One tensor read by all threads gives each the same results, and stays as it is."""
    x = flambeau.arange(600, dtype=flambeau.float32, device=target.device).reshape(20, 30)
    expected, held = [raw(x.t() @ x), raw(x.softmax(1)), raw(x.sort(1, True)[0])], raw(x)
    work: Callable[[int], Any] = lambda i: [  # noqa: E731
        [raw(x.t() @ x), raw(x.softmax(1)), raw(x.sort(1, True)[0])] for _ in range(_ROUNDS)]
    for i, found in enumerate(together(work)):
        require(all(f == expected for f in found), "thread", f"thread {i} computed something else")
    require(raw(x) == held, "mutated input", "the input that the threads share was changed")


@promise("threads/grad-modes", CHECKS)
def grad_modes(target: Target) -> None:
    """no_grad in one thread leaves the others recording, and a new thread starts out recording."""
    x = flambeau.ones(3, device=target.device, requires_grad=True)
    inside = threading.Barrier(THREADS)

    def work(i: int) -> Any:
        first = (x * 2).requires_grad
        with flambeau.no_grad() if i % 2 else flambeau.enable_grad():
            inside.wait(_PATIENCE)
            seen = [(x * 2).requires_grad for _ in range(_ROUNDS)]
            inside.wait(_PATIENCE)
        return first, all(seen), any(seen), (x * 2).requires_grad

    with flambeau.no_grad():
        found = together(work)
        require(not (x * 2).requires_grad, "mode", "the main thread's no_grad ended early")
    for i, (first, every, some, after) in enumerate(found):
        require(first and after, "mode", f"thread {i} does not record outside its own no_grad")
        require((not some) if i % 2 else every, "mode", f"thread {i} was reached by another thread's mode")


@promise("threads/backward", CHECKS)
def backward(target: Target) -> None:
    """Graphs walked back in several threads give the gradients that they give alone."""
    def work(i: int) -> Any:
        x = flambeau.arange(1, 25, dtype=flambeau.float32, device=target.device).reshape(4, 6).requires_grad_()
        for _ in range(_ROUNDS):
            x.grad = None
            y = x * (i + 1)
            y[1:].mul_(2)
            (y.softmax(1).sum() + (y @ y.t()).sum() / 8).backward()
        return raw(x.grad)

    alone = [work(i) for i in range(THREADS)]
    for i, (found, expected) in enumerate(zip(together(work), alone, strict=True)):
        require(found == expected, "thread", f"thread {i}: the gradient differs from the one computed alone")


@promise("threads/generators", CHECKS)
def generators(target: Target) -> None:
    """A generator of its own gives a thread the numbers that it gives alone."""
    def work(i: int) -> Any:
        generator = flambeau.Generator().manual_seed(i)
        return [raw(flambeau.rand(40, generator=generator, device=target.device)) for _ in range(_ROUNDS)]

    require(together(work) == [work(i) for i in range(THREADS)], "thread", "the streams of two threads mix")


@promise("threads/refusals", CHECKS)
def refusals(target: Target) -> None:
    """A dtype that is refused is refused in every thread, at the first call too."""
    _forget(target)

    def work(i: int) -> Any:
        try:
            flambeau.ones(2, dtype=dtypes.bool, device=target.device).neg()
        except Exception as error:
            return type(error)
        return None

    found = together(work)
    require(None not in found and len(set(found)) == 1, "thread", f"-bool ended differently by thread: {found}")
    lacking = next((d for d in dtypes.ALL if target.lacks(d)), None)
    if lacking is not None:
        again = together(lambda i: _refused(target, lacking))
        require(all(again), "thread", f"{lacking.name} was not refused in every thread")


def _refused(target: Target, dtype: dtypes.DType) -> bool:
    try:
        flambeau.ones(2, dtype=dtype, device=target.device)
    except UnsupportedError:
        return True
    return False
