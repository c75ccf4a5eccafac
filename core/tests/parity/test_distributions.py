"""Every family beside PyTorch's: draws from one seed, gradients of draws, moments, densities, printing."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from families import (
    FAMILIES,
    Family,
    Pair,
    attempt,
    compare,
    default_of,
    drawn,
    drew_alike,
    every_family,
    every_seed,
    ours,
    pair,
    same,
)

import flambeau

# PyTorch's gradients of gamma and beta draws are rational approximations of three digits
APPROXIMATE = {"Beta", "Chi2", "Dirichlet", "FisherSnedecor", "Gamma", "InverseGamma", "StudentT"}
REDRAWN = "Wishart"  # PyTorch takes every sound draw for a singular one, warns, and draws again
every_repeatable_family = pytest.mark.parametrize("name", [n for n in FAMILIES if not n.startswith(REDRAWN)])


@pytest.fixture(autouse=True)
def seeds() -> Iterator[None]:
    state = torch.get_rng_state()
    with flambeau.random.fork_rng():
        yield
    torch.set_rng_state(state)


def told(outcome: tuple[Any, Exception | None]) -> Any:
    """What `attempt` has come to."""
    value, error = outcome
    if error is not None:
        raise error
    return value


def reseed(seed: int) -> None:
    torch.manual_seed(seed)
    flambeau.manual_seed(seed)


def values(tested: Pair, shape: tuple[int, ...] = ()) -> torch.Tensor:
    """Values in the support."""
    torch.manual_seed(5)
    if tested.family.name == REDRAWN:
        made: torch.Tensor = tested.theirs._bartlett_sampling(torch.Size(shape))
        return made.detach()
    return tested.theirs.sample(shape)


@every_repeatable_family
@every_seed
@pytest.mark.parametrize("method", ["sample", "rsample"])
def test_draws_and_their_gradients(name: str, seed: int, method: str):
    tested = pair(drawn(name, seed))
    for shape in ((), (3,), (2, 1)):
        reseed(seed)
        sides = tested.theirs, tested.ours
        wanted, got = (attempt(lambda d=d, shape=shape: getattr(d, method)(shape)) for d in sides)
        drew_alike()
        loose = 5e-3 if tested.family.name in APPROXIMATE else 1e-8
        compare(lambda w=wanted: told(w), lambda g=got: told(g), tested.their_leaves, tested.our_leaves, 1e-9, loose)


@every_repeatable_family
def test_draws_in_float32(name: str):
    tested = pair(drawn(name, 1, torch.float32))
    reseed(2)
    wanted, got = tested.theirs.sample((4,)), tested.ours.sample((4,))
    drew_alike()
    same(got, wanted, 3e-5)


@every_family
@every_seed
@pytest.mark.parametrize("moment", ["mean", "mode", "variance", "stddev"])
def test_moments(name: str, seed: int, moment: str):
    pair(drawn(name, seed)).ask(lambda d, library: getattr(d, moment), 1e-9)


@every_family
@every_seed
@pytest.mark.parametrize("function", ["log_prob", "cdf"])
def test_densities(name: str, seed: int, function: str):
    tested = pair(drawn(name, seed))
    for shape in ((), (2,)):
        value = values(tested, shape)
        tested.ask(lambda d, library, v=value: getattr(d, function)(v if library is torch else ours(v)), 1e-8)


@every_family
@every_seed
def test_quantiles(name: str, seed: int):
    tested = pair(drawn(name, seed))
    chance = torch.rand((2, *tested.theirs.batch_shape), dtype=torch.float64) * 0.9 + 0.05
    tested.ask(lambda d, library: d.icdf(chance if library is torch else ours(chance)), 1e-8)


@every_family
@every_seed
@pytest.mark.parametrize("function", ["entropy", "perplexity", "enumerate_support", "expand=False"])
def test_entropy_and_enumeration(name: str, seed: int, function: str):
    def ask(d: Any, library: Any) -> Any:
        return d.enumerate_support(expand=False) if function == "expand=False" else getattr(d, function)()

    pair(drawn(name, seed)).ask(ask, 1e-8)


@every_family
@every_seed
def test_shapes_and_what_it_can(name: str, seed: int):
    tested = pair(drawn(name, seed))
    for answer in ("batch_shape", "event_shape", "has_rsample", "has_enumerate_support"):
        assert getattr(tested.ours, answer) == getattr(tested.theirs, answer), answer
    wanted, refusal = attempt(lambda: tested.theirs.support)
    assert refusal is None
    for answer in ("is_discrete", "event_dim"):
        assert getattr(tested.ours.support, answer) == getattr(wanted, answer)


@every_family
def test_it_prints_as_pytorchs(name: str):
    tested = pair(drawn(name, 0))
    assert repr(tested.ours).replace("flambeau.", "torch.") == repr(tested.theirs)


@every_family
@every_seed
def test_expanded(name: str, seed: int):
    tested = pair(drawn(name, seed))
    shape = (2, *tested.theirs.batch_shape)
    theirs, mine = tested.theirs.expand(shape), tested.ours.expand(shape)
    assert repr(mine).replace("flambeau.", "torch.") == repr(theirs)
    assert (mine.batch_shape, mine.event_shape) == (theirs.batch_shape, theirs.event_shape)
    value = values(tested)
    with default_of(tested.family):
        compare(lambda: theirs.log_prob(value), lambda: mine.log_prob(ours(value)), tested.their_leaves,
                tested.our_leaves, 1e-8, 1e-7)
    if tested.family.name != REDRAWN:
        reseed(seed)
        wanted, got = theirs.sample((2,)), mine.sample((2,))
        drew_alike()
        same(got, wanted, 1e-9)


@pytest.mark.parametrize("family", [
    Family("Normal", (0.0, 1.0)), Family("Bernoulli", (0.3,)), Family("Beta", (0.5, 2)), Family("Gamma", (1, 2.0)),
    Family("Uniform", (0, 1)), Family("Gumbel", (0.0, 2.0)), Family("Weibull", (1.0, 2.0)), Family("StudentT", (3,)),
    Family("Pareto", (1.0, 3.0)), Family("Laplace", (0, 1)), Family("Poisson", (4.0,)), Family("Geometric", (0.5,)),
    Family("Exponential", (2,)), Family("Cauchy", (0, 1)), Family("HalfNormal", (1.0,)), Family("Chi2", (3.0,)),
    Family("Kumaraswamy", (2.0, 3.0)), Family("InverseGamma", (3.0, 2.0)), Family("LogNormal", (0.0, 1.0)),
    Family("LKJCholesky", (3, 1.0)), Family("VonMises", (0.5, 2.0)), Family("FisherSnedecor", (4.0, 9.0)),
    Family("Categorical", (torch.tensor([1.0, 2.0]),)), Family("GeneralizedPareto", (0.0, 1.0, 0.0)),
], ids=lambda f: f.name)
def test_of_numbers(family: Family):
    tested = pair(family)
    assert repr(tested.ours).replace("flambeau.", "torch.") == repr(tested.theirs)
    reseed(3)
    tested.ask(lambda d, library: d.mean, 1e-6)
    reseed(3)
    wanted, got = tested.theirs.sample((5,)), tested.ours.sample((5,))
    drew_alike()
    same(got, wanted, 1e-5)


EDGES = {
    "Bernoulli at 1/2": (Family("Bernoulli", (torch.tensor([0.0, 0.5, 1.0]),)), [0.0, 1.0, 1.0]),
    "Geometric of 1": (Family("Geometric", (torch.tensor([1.0, 0.5]),)), [0.0, 3.0]),
    "FisherSnedecor of few": (Family("FisherSnedecor", (torch.tensor([1.0, 3.0]), torch.tensor([2.0, 4.0]))),
                              [1.0, 2.0]),
    "StudentT of few": (Family("StudentT", (torch.tensor([0.5, 1.5, 3.0]),)), [0.0, 1.0, -2.0]),
    "InverseGamma of few": (Family("InverseGamma", (torch.tensor([0.5, 1.5, 3.0]), torch.ones(3))), [1.0, 2.0, 3.0]),
    "Pareto of few": (Family("Pareto", (torch.ones(2), torch.tensor([0.5, 1.5]))), [1.0, 2.0]),
    "Dirichlet below 1": (Family("Dirichlet", (torch.tensor([[0.5, 0.25], [0.5, 2.0]]),)), [[0.5, 0.5], [0.1, 0.9]]),
    "ContinuousBernoulli near 1/2": (Family("ContinuousBernoulli", (torch.tensor([0.4995, 0.5, 0.3]),)),
                                     [0.0, 0.5, 1.0]),
    "NegativeBinomial of none": (Family("NegativeBinomial", (torch.tensor([0.0, 2.0]),),
                                        {"probs": torch.tensor([0.5, 0.0])}),
                                 [0.0, 0.0]),
    "Multinomial of certain": (Family("Multinomial", (2,), {"logits": torch.tensor([0.0, -math.inf])}), [2.0, 0.0]),
    "Kumaraswamy below 1": (Family("Kumaraswamy", (torch.tensor([0.5, 2.0]), torch.tensor([3.0, 2.0]))), [0.5, 0.25]),
    "GeneralizedPareto of tails": (Family("GeneralizedPareto", (torch.zeros(4), torch.ones(4),
                                                               torch.tensor([-0.5, 0.0, 0.6, 1.5]))),
                                   [0.5, 1.0, 2.0, 3.0]),
    "Categorical with an impossible one": (Family("Categorical", (torch.tensor([0.0, 1.0]),)), [1.0]),
}


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("question", ["mean", "mode", "variance", "log_prob", "entropy"])
def test_at_the_edges(edge: str, question: str):
    family, listed = EDGES[edge]
    value = torch.tensor(listed)

    def ask(d: Any, library: Any) -> Any:
        if question == "log_prob":
            return d.log_prob(value if library is torch else ours(value))
        return d.entropy() if question == "entropy" else getattr(d, question)

    pair(family).ask(ask, 1e-5)


LAYOUTS = {
    "expanded": lambda x: x[0].expand(3, 4), "expanded twice": lambda x: x[0, :1].expand(2, 3, 4)[0],
    "transposed": lambda x: x.reshape(4, 3).transpose(0, 1), "steps": lambda x: x.repeat(1, 2)[:, ::2],
    "expanded inside": lambda x: x[:, :1].expand(3, 4),
}
DRAWS = {
    "bernoulli": lambda m, x: m.bernoulli(x), "multinomial": lambda m, x: m.multinomial(x, 1),
    "multinomial of several": lambda m, x: m.multinomial(x, 3), "poisson": lambda m, x: m.poisson(x),
    "normal": lambda m, x: m.normal(x, x), "rand_like": lambda m, x: m.rand_like(x),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("draw", DRAWS)
def test_draws_for_tensors_that_lie_otherwise(draw: str, layout: str):
    x = torch.rand(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 0.9 + 0.05
    reseed(4)
    wanted, got = DRAWS[draw](torch, LAYOUTS[layout](x)), DRAWS[draw](flambeau, LAYOUTS[layout](ours(x)))
    drew_alike()
    same(got, wanted, 1e-12)
