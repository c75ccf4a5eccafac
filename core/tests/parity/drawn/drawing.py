"""Programs drawn at random, executed by PyTorch as they grow, so that every line knows the tensors there are."""

from __future__ import annotations

import random
import warnings

import torch

from .comparing import usable
from .grammar import GROUPS, LEAVES
from .holes import Filling, UnfitError
from .program import Line, Program

LARGEST = 64  # elements of a tensor that later lines may use


def drawn(seed: int, most: int = 10) -> Program:
    """The program of a seed: one to three leaves, then up to `most` lines."""
    rng = random.Random(seed)
    space = {"lib": torch}
    lines: list[Line] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", "An output with one or more elements was resized")  # on which nobody relies
        for _ in range(rng.randint(1, 3)):
            _grow(lines, LEAVES, rng, space)
        for _ in range(rng.randint(1, most)):
            weights = [weight for weight, _ in GROUPS.values()]
            _grow(lines, rng.choices([rules for _, rules in GROUPS.values()], weights)[0], rng, space)
    return tuple(lines)


def _grow(lines: list[Line], rules: tuple[str, ...], rng: random.Random, space: dict[str, object]) -> None:
    """Adds a line, and runs it; none where nothing fits."""
    for _ in range(10):
        rule = rng.choice(rules)
        tensors = {n: t for n, t in space.items()
                   if isinstance(t, torch.Tensor) and usable(t) and t.numel() <= LARGEST}
        try:
            line = Line(Filling(rng, tensors, f"t{len(lines)}").line(rule), rule)
        except UnfitError:
            continue
        if not isinstance(line.run(space), Warning):
            lines.append(line)
        return
