"""A line search for steps that satisfy the strong Wolfe conditions (Nocedal & Wright, Numerical Optimization, 3.5)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

ENOUGH, FLATTER = 1e-4, 0.9  # how much of the promised descent must come, and how much flatter it must have become


class Point(NamedTuple):
    """A step length, with the loss, the gradient and the slope along the direction there."""

    step: float
    loss: float
    grad: Any
    slope: float


def strong_wolfe(evaluate: Callable[[float], Point], start: Point, step: float, length: float,
                 tolerance: float, most: int) -> tuple[Point, int]:
    """A point along a direction that satisfies the conditions, or the best that was met, and how many were evaluated.

    `start` is the point of step 0, `length` the largest component of the direction; a bracket shorter than
    `tolerance` is not divided further.
    """
    search = _Search(evaluate, start, most)
    bracket = search.bracketed(evaluate(step))
    while not search.done and search.tries < most and (
            abs(bracket[1].step - bracket[0].step) * length >= tolerance):
        bracket = search.narrowed(bracket)
    return min(bracket, key=lambda p: p.loss) if not search.done else search.found, search.evaluations


class _Search:
    def __init__(self, evaluate: Callable[[float], Point], start: Point, most: int) -> None:
        self.evaluate, self.start, self.most = evaluate, start, most
        self.evaluations, self.tries, self.done = 1, 0, False
        self.found = start
        self.stuck = False

    def _poor(self, point: Point) -> bool:
        """Whether the loss has not fallen by enough of what the slope at the start promised."""
        return point.loss > self.start.loss + ENOUGH * point.step * self.start.slope

    def _accepted(self, point: Point) -> bool:
        if abs(point.slope) <= -FLATTER * self.start.slope:
            self.found, self.done = point, True
        return self.done

    def _next(self, step: float) -> Point:
        self.evaluations += 1
        self.tries += 1
        return self.evaluate(step)

    def bracketed(self, point: Point) -> list[Point]:
        """Two points between which an acceptable one lies; longer and longer steps until there are."""
        before = self.start
        while self.tries < self.most:
            if self._poor(point) or (self.tries > 1 and point.loss >= before.loss):
                return [before, point]
            if self._accepted(point):
                return [point]
            if point.slope >= 0:
                return [before, point]
            bounds = point.step + 0.01 * (point.step - before.step), point.step * 10
            before, point = point, self._next(_minimum_of_cubic(before, point, bounds))
        return [self.start, point]

    def narrowed(self, bracket: list[Point]) -> list[Point]:
        """The bracket with one end replaced by a point within."""
        point = self._next(self._within(bracket))
        low, high = sorted(bracket, key=lambda p: p.loss)
        ends = list(bracket)
        if self._poor(point) or point.loss >= low.loss:
            ends[_place(bracket, high)] = point
            return ends
        if not self._accepted(point) and point.slope * (high.step - low.step) >= 0:
            ends[_place(bracket, high)] = low
        ends[_place(bracket, low)] = point
        return ends

    def _within(self, bracket: list[Point]) -> float:
        """The minimum of the cubic through both ends, kept away from them once that makes no progress."""
        step = _minimum_of_cubic(bracket[0], bracket[1])
        least, most = sorted(p.step for p in bracket)
        margin = 0.1 * (most - least)
        if min(most - step, step - least) >= margin:
            self.stuck = False
            return step
        if self.stuck or step >= most or step <= least:
            self.stuck = False
            return most - margin if abs(step - most) < abs(step - least) else least + margin
        self.stuck = True
        return step


def _place(bracket: list[Point], point: Point) -> int:
    return 0 if bracket[0] is point else 1


def _minimum_of_cubic(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic with both points' losses and slopes is least, within the bounds; their middle if nowhere."""
    low, high = bounds or (min(a.step, b.step), max(a.step, b.step))
    if a.step > b.step:
        a, b = b, a
    if a.step == b.step:
        return (low + high) / 2
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2
    d2 = math.sqrt(square)
    divisor = b.slope - a.slope + 2 * d2
    if divisor == 0:
        return (low + high) / 2
    return min(max(b.step - (b.step - a.step) * ((b.slope + d2 - d1) / divisor), low), high)
