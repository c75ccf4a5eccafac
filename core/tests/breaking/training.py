"""A small training that several parts run, and what it comes to, to the last bit."""

from __future__ import annotations

import random
from typing import Any

import flambeau
from flambeau import nn
from flambeau.nn import functional as F

OPTIMISERS = {"sgd": lambda p: flambeau.optim.SGD(p, lr=0.05, momentum=0.9),
              "adam": lambda p: flambeau.optim.Adam(p, lr=0.01),
              "adamw": lambda p: flambeau.optim.AdamW(p, lr=0.01)}


class Training:
    """A network, its optimiser and its data, made of a generator of their own."""

    def __init__(self, draw: random.Random, device: str) -> None:
        def numbers(*shape: int) -> Any:
            count = flambeau.Size(shape).numel()
            return flambeau.tensor([draw.uniform(-1, 1) for _ in range(count)], device=device).reshape(shape)

        width = draw.choice([4, 16])
        self.network = nn.Sequential(nn.Linear(6, width), nn.LayerNorm(width), nn.GELU(), nn.Linear(width, 3))
        self.network.to(device)
        with flambeau.no_grad():
            for parameter in self.network.parameters():
                parameter.copy_(numbers(*parameter.shape))
        self.optimiser = OPTIMISERS[draw.choice(list(OPTIMISERS))](self.network.parameters())
        self.x, self.y = numbers(8, 6), flambeau.tensor([draw.randrange(3) for _ in range(8)], device=device)

    def step(self) -> None:
        """One step of it."""
        self.optimiser.zero_grad()
        F.cross_entropy(self.network(self.x), self.y).backward()
        self.optimiser.step()

    def run(self, steps: int) -> list[Any]:
        """So many steps; the parameters afterwards."""
        for _ in range(steps):
            self.step()
        return self.numbers()

    def numbers(self) -> list[Any]:
        """All parameters as Python's numbers."""
        return [parameter.detach().tolist() for parameter in self.network.parameters()]
