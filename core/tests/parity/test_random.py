"""The CPU streams beside PyTorch's own: states interchange both ways, every sequential draw is the same to the bit."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from flambeau.random import draws
from flambeau.random.mt19937 import Engine

SEEDS = [0, 1, 77, 2**32 + 5, 2**64 - 1]
N = 400
DOUBLE = torch.float64


def pytorchs_state() -> bytes:
    return bytes(torch.get_rng_state().numpy())


def scattered(n: int) -> torch.Tensor:
    """Float64 memory with gaps: PyTorch draws into it value by value."""
    return torch.empty(n, 2, dtype=DOUBLE)[:, 0]


WEIGHTS = torch.linspace(0, 1, 50)
SAME: dict[str, tuple[Callable[[], torch.Tensor], Callable[[Engine], list[Any]]]] = {
    "words": (lambda: torch.empty(N, dtype=torch.int32).random_(), lambda e: [w % 2**31 for w in e.words32(N)]),
    "double words": (lambda: torch.empty(N, dtype=torch.int64).random_(-(2**63), None),
                     lambda e: [w - (w >> 63 << 64) for w in e.words64(N)]),
    "uniforms": (lambda: torch.rand(N, dtype=DOUBLE), lambda e: draws.uniforms(e, N)),
    "normals": (lambda: scattered(N).normal_(), lambda e: draws.standard_normals(e, N)),
    "an odd run of normals and what follows": (
        lambda: torch.cat([scattered(7).normal_(), scattered(4).normal_(1, 2), scattered(5).log_normal_(0.1, 0.5)]),
        lambda e: draws.normals(e, 7, 0.0, 1.0) + draws.normals(e, 4, 1.0, 2.0) + draws.log_normals(e, 5, 0.1, 0.5)),
    "scaled normals": (lambda: scattered(N).normal_(-0.2, 0.3), lambda e: draws.normals(e, N, -0.2, 0.3)),
    "log normals": (lambda: scattered(N).log_normal_(0.1, 0.5), lambda e: draws.log_normals(e, N, 0.1, 0.5)),
    "exponentials": (lambda: scattered(N).exponential_(1.7), lambda e: draws.exponentials(e, N, 1.7)),
    "cauchys": (lambda: scattered(N).cauchy_(0.1, 1.7), lambda e: draws.cauchys(e, N, 0.1, 1.7)),
    "geometrics": (lambda: scattered(N).geometric_(0.1), lambda e: draws.geometrics(e, N, 0.1)),
    "rare geometrics": (lambda: scattered(N).geometric_(1e-13), lambda e: draws.geometrics(e, N, 1e-13)),
    "integers": (lambda: torch.randint(-5, 10, (N,)), lambda e: draws.integers(e, N, -5, 15)),
    "narrowest wide integers": (lambda: torch.randint(0, 2**28, (N,)), lambda e: draws.integers(e, N, 0, 2**28)),
    "widest narrow integers": (lambda: torch.randint(0, 2**28 - 1, (N,)),
                               lambda e: draws.integers(e, N, 0, 2**28 - 1)),
    "nearly all integers": (lambda: torch.randint(-(2**63), 2**63 - 1, (N,)),
                            lambda e: draws.integers(e, N, -(2**63), 2**64 - 1)),
    "categories": (lambda: torch.multinomial(WEIGHTS, N, True),
                   lambda e: draws.categories(e, WEIGHTS.tolist(), N, True)),
    "categories of doubles": (lambda: torch.multinomial(WEIGHTS.double(), N, True),
                              lambda e: draws.categories(e, WEIGHTS.double().tolist(), N, False)),
} | {f"permutation of {n}": (lambda n=n: torch.randperm(n), lambda e, n=n: draws.permutation(e, n))
     for n in (0, 1, 2, 3, 10, 1000)}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SAME)
def test_draws_and_the_state_after_them_are_pytorchs(name: str, seed: int):
    theirs, mine = SAME[name]
    torch.manual_seed(seed)
    engine = Engine(seed)
    assert mine(engine) == theirs().tolist()
    assert engine.state_bytes() == pytorchs_state()


@pytest.mark.parametrize("words", [0, 1, 5, 623, 624, 625, 1247, 1248, 1249, 2000])
@pytest.mark.parametrize("seed", SEEDS)
def test_states_have_pytorchs_bytes_after_any_number_of_words(seed: int, words: int):
    torch.manual_seed(seed)
    engine = Engine(seed)
    torch.rand(words)
    engine.bits32(words)
    assert engine.state_bytes() == pytorchs_state()


@pytest.mark.parametrize("normals", [0, 1, 2, 3])
@pytest.mark.parametrize("words", [0, 1, 623, 624, 625])
def test_states_interchange_in_both_directions(words: int, normals: int):
    torch.manual_seed(3)
    torch.rand(words)
    torch.randn(normals)
    engine = Engine(0)
    engine.load_state_bytes(pytorchs_state())
    expected = torch.cat([scattered(5).normal_(), torch.rand(700, dtype=DOUBLE)]).tolist()
    assert draws.standard_normals(engine, 5) + draws.uniforms(engine, 700) == expected

    torch.manual_seed(0)
    torch.set_rng_state(torch.tensor(list(engine.state_bytes()), dtype=torch.uint8))
    assert torch.initial_seed() == engine.initial_seed() == 3
    expected = torch.cat([scattered(5).normal_(), torch.rand(700, dtype=DOUBLE)]).tolist()
    assert draws.standard_normals(engine, 5) + draws.uniforms(engine, 700) == expected
