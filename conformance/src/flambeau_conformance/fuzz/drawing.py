"""Programs drawn by Hypothesis, which also makes those that fail as short as they can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings, strategies

from ..check import CheckFailed
from ..oracle import reference
from ..target import DTYPE_CAPABILITIES, Target
from .places import DTYPES, FLOATS
from .program import LAYOUTS, Leaf, Program
from .running import built, compared
from .steps import NAMES

_SHAPES = ((), (1,), (3,), (2, 3), (4, 1), (2, 1, 3), (0,), (2, 0), (5, 2), (9,), (17,))


def offered(target: Target) -> tuple[str, ...]:
    """The dtypes that the backend promises."""
    lacking = {d for name, dtypes in DTYPE_CAPABILITIES.items() if not target.capability(name) for d in dtypes}
    return tuple(d for d in DTYPES if d not in lacking)


def leaves(dtypes: tuple[str, ...]) -> strategies.SearchStrategy[Leaf]:
    """Tensors with small exact numbers."""
    def filled(drawn: tuple[str, tuple[int, ...], str, int]) -> Leaf:
        dtype, shape, layout, start = drawn
        count = 1
        for n in shape:
            count *= n
        numbers = [(start + 3 * i * i + i) % 11 - 5 for i in range(count)]
        values: list[Any] = [n / 2 for n in numbers] if dtype in FLOATS else [n > 0 for n in numbers] if (
            dtype == "bool") else [abs(n) if dtype == "uint8" else n for n in numbers]
        return Leaf(dtype, shape, tuple(values), layout, dtype in FLOATS)

    return strategies.tuples(strategies.sampled_from(dtypes), strategies.sampled_from(_SHAPES),
                             strategies.sampled_from(LAYOUTS), strategies.integers(0, 10)).map(filled)


def programs(dtypes: tuple[str, ...], shared: bool = True) -> strategies.SearchStrategy[Program]:
    """Programs of one to three leaves and up to eight lines."""
    small = strategies.integers(0, 5)
    numbers = strategies.tuples(strategies.integers(0, len(NAMES) - 1), small, small, small, small)
    return strategies.builds(
        lambda first, steps: built(tuple(first), steps, reference(), dtypes, shared),
        strategies.lists(leaves(dtypes), min_size=1, max_size=3), strategies.lists(numbers, min_size=1, max_size=8))


def search(target: Target, start: int, examples: int, seen: Callable[[Program], None] = lambda p: None) -> None:
    """Draws programs from that seed; raises CheckFailed with the shortest that ends otherwise than on the reference."""
    @seed(start)
    @settings(max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck),
              phases=(Phase.generate, Phase.shrink), print_blob=False, report_multiple_bugs=False)
    @given(programs(offered(target), target.backend.shared_views))
    def tried(program: Program) -> None:
        seen(program)
        compared(program, target, reference())

    try:
        tried()
    except CheckFailed as error:
        error.__notes__ = []
        raise
