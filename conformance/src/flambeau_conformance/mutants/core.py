"""Bugs that sit beside the kernels: gradient rules, the tape, modes, the streams of random numbers.

A backend cannot have most of them, but a check that looks for them must find them too. They are put
into core itself, where they stay until the process ends. Where core tells which device it works for,
they are confined to the mutant's own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import sleep
from typing import Any

from flambeau import dtypes, modes
from flambeau.contract.backend import Backend
from flambeau.random import Generator, draws
from flambeau.random.mt19937 import Engine
from flambeau.table.registry import TABLE
from flambeau.walk import engine, rules

from .mutant import Parts, mutant

_RANDOM = "contract/random*"


def _mine(tensor: Any, name: str) -> bool:
    """Whether the tensor is on the device of the mutant of that name."""
    return _of(tensor._kind, name)


def _of(kind: Any, name: str) -> bool:
    return bool(kind.device.backend.name.endswith(f"+{name}"))


def _replace(old: Any, new: Any) -> None:
    """Every name in core that means `old` means `new`."""
    for module in [m for n, m in sys.modules.items() if n.split(".")[0] == "flambeau"]:
        for name in [n for n, value in vars(module).items() if value is old]:
            setattr(module, name, new)


# --- gradient rules and the tape


def _rule(op: str, number: int, change: Callable[[Any, Any], Any]) -> None:
    """The rule of one input of an op answers with `change(g, what it should)`."""
    row = TABLE[op]
    for at, (target, right, arguments, named) in enumerate(row.rules_plan):
        if target == number:
            def spoilt(g: Any, *saved: Any, _right: Any = right, **attributes: Any) -> Any:
                return change(g, _right(g, *saved, **attributes))

            row.rules_plan[at] = (target, spoilt, arguments, named)
            next(rule for rule in row.rules if rule.function is right).function = spoilt


def _here(name: str, change: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """The change, for the tensors of that mutant alone."""
    return lambda g, made: change(made) if _mine(g, name) else made


@mutant("rule-scale", "wrong gradient", "exp/float32/*gradient", "exp/float64/*gradient")
def _rule_scale(base: Backend) -> Parts:
    """The gradient rule of exp gives twice the gradient."""
    _rule("exp", 0, _here("rule-scale", lambda g: g * 2))
    return Parts()


@mutant("rule-of-other-operand", "wrong gradient", "div/float32/*gradient", "div/float64/*gradient")
def _rule_of_other_operand(base: Backend) -> Parts:
    """The gradient of a quotient by its divisor has the wrong sign."""
    _rule("div", 1, _here("rule-of-other-operand", lambda g: -g))
    return Parts()


@mutant("second-order-lost", "wrong gradient", "contract/second-order*", "mul/float32/*gradient")
def _second_order_lost(base: Backend) -> Parts:
    """Gradients are right, but have no gradients of their own."""
    for name, row in TABLE.items():
        for number in {target for target, *_ in row.rules_plan if target >= 0}:
            _rule(name, number, _here("second-order-lost", lambda g: g if g is None else g.detach()))
    return Parts()


@mutant("rule-wrong-everywhere", "wrong gradient", "sin/float64/*", "contract/second-order",
        needs="rules")
def _rule_wrong_everywhere(base: Backend) -> Parts:
    """The gradient rule of sin has the wrong sign, on the reference too: only differences can tell."""
    _rule("sin", 0, lambda g, made: -made)
    return Parts()


@mutant("graph-kept", "leak", "contract/graph*", "contract/growth/training")
def _graph_kept(base: Backend) -> Parts:
    """The walk back keeps every node that it has visited."""
    kept: list[Any] = []
    right = engine.Walk.deliver

    def deliver(self: Any, edge: Any, g: Any, fresh: bool) -> None:
        kept.append((edge, g))
        right(self, edge, g, fresh)

    engine.Walk.deliver = deliver  # type: ignore[method-assign]
    return Parts()


@mutant("gradient-aliased", "aliasing", "contract/accumulation", "contract/in-place-gradients", "contract/little*",
        needs="shared views")
def _gradient_aliased(base: Backend) -> Parts:
    """.grad is the very memory of the gradient that came in."""
    right = engine._store_grad

    def store(leaf: Any, g: Any, owned: bool, create: bool) -> None:
        right(leaf, g, owned or _mine(g, "gradient-aliased"), create)

    _replace(right, store)
    return Parts()


@mutant("low-rules", "low accumulation", "contract/halves/layer_norm/*", "contract/halves/var/*", needs="16-bit floats")
def _low_rules(base: Backend) -> Parts:
    """Gradient rules of 16-bit floats run in them, rounded at every step."""
    right = rules._half

    def half(node: Any) -> Any:
        kind = right(node)
        return None if kind is None or _of(kind, "low-rules") else kind

    rules._half = half
    return Parts()


@mutant("low-meeting", "low accumulation", "contract/accumulation/*", needs="16-bit floats")
def _low_meeting(base: Backend) -> Parts:
    """Gradients that meet are rounded after every addition."""
    right = engine.Walk._accumulate

    def accumulate(self: Any, edge: Any, held: Any, g: Any) -> None:
        if _mine(g, "low-meeting"):
            self.pending[edge] = TABLE["add"].call(held, g)
            self.owned.discard(edge)
        else:
            right(self, edge, held, g)

    engine.Walk._accumulate = accumulate  # type: ignore[method-assign]
    return Parts()


@mutant("versions-uncounted", "mutation", "contract/leaf-in-place", "contract/in-place*")
def _versions_uncounted(base: Backend) -> Parts:
    """In-place writes are not counted, so that a saved value that changed goes unnoticed."""
    views = sys.modules["flambeau.tensors.views"]
    right = views.bump

    def bump(target: Any) -> None:
        if not _mine(target, "versions-uncounted"):
            right(target)

    _replace(right, bump)
    for op in TABLE.values():
        names = getattr(op.call, "__globals__", {})
        if names.get("bump") is right:
            names["bump"] = bump
    return Parts()


class _Everywhere:
    """A mode that all threads share."""

    value = True

    def get(self) -> bool:
        return self.value

    def set(self, value: bool) -> bool:
        held, self.value = self.value, value
        return held

    def reset(self, token: bool) -> None:
        self.value = token


@mutant("shared-mode", "per-thread mode", "contract/threads/grad-modes", "contract/threads/backward")
def _shared_mode(base: Backend) -> Parts:
    """no_grad in one thread holds in all of them."""
    shared = _Everywhere()
    held, asked = modes._grad, modes.grad_enabled
    _replace(asked, shared.get)
    _replace(held, shared)
    for op in TABLE.values():
        names = getattr(op.call, "__globals__", {})
        if names.get("grad_enabled") is asked:
            names["grad_enabled"] = shared.get
    return Parts()


# --- random numbers


def _drawing(name: str, bug: str, method: str, change: Callable[[Any, Any], Any]) -> None:
    """Adds a mutant with a method of the engine replaced by `change(right, self, *rest)`."""
    def inject(base: Backend) -> Parts:
        right = getattr(Engine, method)

        def drawn(self: Any, *rest: Any) -> Any:
            return change(lambda *again: right(self, *again), rest[0] if rest else None)

        setattr(Engine, method, drawn)
        return Parts()

    inject.__doc__ = bug
    mutant(name, "random stream", _RANDOM, "contract/distribution*")(inject)


_drawing("seed-off-by-one", "A generator is seeded with one more than it was given.", "reseed",
         lambda right, seed: right((seed + 1) % 2**64))
_drawing("stream-skips", "Every draw advances the stream by one number too many.", "bits32",
         lambda right, n: right(n + 1)[: 4 * n])
_drawing("few-bits", "Only 16 of 32 bits are random.", "bits32",
         lambda right, n: b"".join(right(1)[:2] + b"\0\0" for _ in range(n)))
_drawing("biased-draws", "The highest bit of every number is 0.", "bits32",
         lambda right, n: bytes(b & 127 if i % 4 == 2 else b for i, b in enumerate(right(n))))


@mutant("normals-swapped", "random stream", _RANDOM, "contract/distribution*")
def _normals_swapped(base: Backend) -> Parts:
    """Box-Muller's pairs come with their two numbers swapped."""
    right = draws.standard_normals

    def swapped(engine: Any, n: int) -> list[float]:
        made = right(engine, n)
        made[: n - n % 2 : 2], made[1 : n - n % 2 : 2] = made[1 : n - n % 2 : 2], made[: n - n % 2 : 2]
        return made

    _replace(right, swapped)
    return Parts()


@mutant("permutation-fixed-end", "random stream", _RANDOM, "contract/distribution*")
def _permutation_fixed_end(base: Backend) -> Parts:
    """A permutation never moves its last element."""
    right = draws.permutation

    def fixed(engine: Any, n: int) -> list[int]:
        return [*right(engine, n - 1), n - 1] if n else []

    _replace(right, fixed)
    return Parts()


@mutant("generators-share-a-stream", "random stream", _RANDOM, "contract/threads/generators")
def _generators_share(base: Backend) -> Parts:
    """All generators draw from one stream, whoever seeds it."""
    stream = Generator()._words
    right = Engine.reseed

    def reseed(self: Any, seed: int) -> None:
        self._words = stream
        right(self, seed)

    draw = Engine.bits32

    def bits32(self: Any, n: int) -> bytes:
        sleep(2e-4)  # another thread's turn
        return draw(self, n)

    Engine.reseed, Engine.bits32 = reseed, bits32  # type: ignore[method-assign]
    return Parts()


@mutant("draws-half-precision", "random stream", _RANDOM, "contract/distribution*", needs="16-bit floats")
def _draws_half(base: Backend) -> Parts:
    """What is uploaded of random numbers has the precision of float16."""
    def from_host(buffer: Any, shape: Any, dtype: dtypes.DType, strides: Any = None, offset: int = 0,
                  copy: bool = True) -> Any:
        array = base.from_host(buffer, shape, dtype, strides, offset, copy)
        if dtype is not dtypes.float32 or strides is not None:
            return array
        return base.kernels["cast"](base.kernels["cast"](array, dtype=dtypes.float16), dtype=dtypes.float32)

    return Parts(members={"from_host": from_host})
