"""Distributions with drawn parameters and batch shapes, made twice: from PyTorch's tensors and from ours."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

import flambeau


def ours(value: torch.Tensor) -> Any:
    """A tensor of PyTorch's as ours."""
    dtype = getattr(flambeau, str(value.dtype).removeprefix("torch."))
    made = flambeau.tensor(value.detach().tolist(), dtype=dtype).reshape(tuple(value.shape))
    return made.requires_grad_() if value.requires_grad else made


@dataclass
class Lower:
    """A lower triangle: PyTorch's `cholesky_solve` gives gradients to the upper one, which nobody reads."""

    leaf: torch.Tensor


@dataclass
class Family:
    """A family's name and arguments; those may be tensors of PyTorch's and families themselves."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)

    def of(self, library: Any, leaves: list[Any]) -> Any:
        """The distribution in `library`; the tensors that require a gradient are appended to `leaves`."""
        def made(value: Any) -> Any:
            if isinstance(value, Family):
                return value.of(library, leaves)
            if isinstance(value, Lower):
                return made(value.leaf).tril()
            if not isinstance(value, torch.Tensor):
                return value
            value = value.detach().requires_grad_(value.requires_grad) if library is torch else ours(value)
            if value.requires_grad:
                leaves.append(value)
            return value

        cls = getattr(library.distributions, self.name)
        return cls(*map(made, self.args), **{name: made(value) for name, value in self.kwargs.items()})


@dataclass
class Pair:
    """One distribution on both sides."""

    family: Family
    theirs: Any
    ours: Any
    their_leaves: list[torch.Tensor]
    our_leaves: list[Any]

    def ask(self, question: Callable[[Any, Any], Any], tolerance: float, grad_tolerance: float | None = None) -> Any:
        """Asks both, with the library as second argument, and compares values and gradients, or that both refuse."""
        with default_of(self.family):
            return self._compared(question, tolerance, grad_tolerance or 10 * tolerance)

    def _compared(self, question: Callable[[Any, Any], Any], tolerance: float, grad_tolerance: float) -> Any:
        return compare(lambda: question(self.theirs, torch), lambda: question(self.ours, flambeau), self.their_leaves,
                       self.our_leaves, tolerance, grad_tolerance)


@contextmanager
def default_of(family: Family) -> Iterator[None]:
    """PyTorch's default dtype: its GeneralizedPareto compares parameters with a number in the default dtype."""
    before, dtypes = torch.get_default_dtype(), {a.dtype for a in family.args if isinstance(a, torch.Tensor)}
    if family.name == "GeneralizedPareto" and dtypes:
        torch.set_default_dtype(dtypes.pop())
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def compare(theirs: Callable[[], Any], ours_: Callable[[], Any], their_leaves: list[Any], our_leaves: list[Any],
            tolerance: float, grad_tolerance: float) -> Any:
    """What PyTorch answers, after ours has been found the same."""
    wanted, refusal = attempt(theirs)
    got, refused = attempt(ours_)
    assert (refusal is None) == (refused is None), f"{refusal!r} and {refused!r}"
    if refusal is not None:
        assert isinstance(refused, builtin(refusal)), f"{refusal!r} and {refused!r}"
        return None
    same(got, wanted, tolerance)
    if wanted.requires_grad:
        wanted_grads, refusal = attempt(lambda: gradients(torch, wanted, their_leaves))
        if refusal is None:
            for mine, other in zip(gradients(flambeau, got, our_leaves), wanted_grads, strict=True):
                assert (mine is None) == (other is None), f"{mine} and {other}"
                if other is not None:
                    same(mine, other, grad_tolerance)
    return wanted.detach()


def gradients(library: Any, result: Any, leaves: list[Any]) -> Any:
    weights = torch.linspace(0.5, 1.5, result.numel(), dtype=torch.float64).reshape(tuple(result.shape))
    if library is not torch:
        weights = ours(weights)
    return library.autograd.grad((result * weights).sum(), leaves, allow_unused=True, retain_graph=True)


def attempt(question: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return question(), None
    except Exception as error:
        return None, error


def builtin(error: Exception) -> type[BaseException]:
    """The class of an error that a program would catch."""
    return next(c for c in type(error).__mro__ if c.__module__ == "builtins")


def same(got: Any, wanted: torch.Tensor, tolerance: float) -> None:
    """Shape, dtype, and values within `tolerance`, relative from 1 on and absolute below."""
    assert tuple(got.shape) == tuple(wanted.shape)
    assert got.dtype.name == str(wanted.dtype).removeprefix("torch.")
    assert got.requires_grad == wanted.requires_grad
    found = torch.tensor(got.detach().tolist(), dtype=wanted.dtype).reshape(wanted.shape)
    torch.testing.assert_close(found, wanted.detach(), rtol=tolerance, atol=tolerance, equal_nan=True)


def _of_mkl() -> bool:
    """Whether this PyTorch draws exponentials from MKL's own stream, which takes one word as its seed."""
    state = torch.get_rng_state()
    torch.manual_seed(0)
    torch.empty(2).exponential_()
    words = int(torch.get_rng_state()[16])
    torch.set_rng_state(state)
    return words == 1


OTHER_STREAM = _of_mkl()


def drew_alike() -> None:
    """The generators have come to one state; a draw from MKL's stream is nothing to compare with."""
    same_state = flambeau.random.default_generator.state_bytes() == bytes(torch.get_rng_state().numpy())
    if OTHER_STREAM and not same_state:
        pytest.skip("PyTorch draws exponentials and events from MKL's own stream on this processor")
    assert same_state


def pair(family: Family) -> Pair:
    their_leaves: list[Any] = []
    our_leaves: list[Any] = []
    return Pair(family, family.of(torch, their_leaves), family.of(flambeau, our_leaves), their_leaves, our_leaves)


class Drawn:
    """Draws parameters in float64 or another dtype; shapes broadcast to `batch`."""

    def __init__(self, seed: int, dtype: torch.dtype = torch.float64, batch: tuple[int, ...] | None = None) -> None:
        self.random, self.dtype = random.Random(seed), dtype
        self.generator = torch.Generator().manual_seed(seed)
        drawn = tuple(self.random.choice((1, 2, 3)) for _ in range(self.random.randrange(3)))
        self.batch, self.whole = drawn if batch is None else batch, batch is not None

    def _shape(self) -> tuple[int, ...]:
        """The batch shape, or, unless that was given, one that broadcasts to it."""
        if self.whole:
            return self.batch
        kept = self.batch[self.random.randrange(len(self.batch) + 1):]
        return self.random.choice((self.batch, kept))

    def uniform(self, low: float, high: float, *event: int, shape: Any = None) -> torch.Tensor:
        size = (*(self._shape() if shape is None else shape), *event)
        drawn = torch.rand(size, dtype=torch.float64, generator=self.generator) * (high - low) + low
        return drawn.to(self.dtype).requires_grad_()

    def positive(self, low: float = 0.6, high: float = 2.6) -> torch.Tensor:
        return self.uniform(low, high)

    def real(self, *event: int) -> torch.Tensor:
        return self.uniform(-2, 2, *event)

    def chance(self) -> torch.Tensor:
        return self.uniform(0.1, 0.9)

    def simplex(self, size: int, shape: Any = None) -> torch.Tensor:
        weights = self.uniform(0.2, 1, size, shape=shape).detach()
        return (weights / weights.sum(-1, keepdim=True)).requires_grad_()

    def factor(self, n: int) -> Lower:
        entries = self.uniform(-0.5, 0.5, n, n).detach()
        lower = entries.tril(-1) + torch.diag_embed(entries.diagonal(dim1=-2, dim2=-1) + 1.1)
        return Lower(lower.requires_grad_())

    def covariance(self, n: int) -> torch.Tensor:
        factor = self.factor(n).leaf.detach()
        return (factor @ factor.mT).requires_grad_()


def _mixture(d: Drawn) -> Family:
    normal = Family("Normal", (d.uniform(-2, 2, 4, shape=d.batch), d.uniform(0.6, 2, 4, shape=d.batch)))
    return Family("MixtureSameFamily", (Family("Categorical", (d.simplex(4, d.batch),)), normal))


def _vector_mixture(d: Drawn) -> Family:
    normal = Family("Normal", (d.uniform(-2, 2, 4, 3, shape=d.batch), d.uniform(0.6, 2, 3, shape=())))
    return Family("MixtureSameFamily", (Family("Categorical", (d.simplex(4, d.batch),)),
                                        Family("Independent", (normal, 1))))


def _rates(name: str) -> Callable[[Drawn], Family]:
    return lambda d: Family(name, (d.positive(), d.positive()))


def _around(name: str) -> Callable[[Drawn], Family]:
    return lambda d: Family(name, (d.real(), d.positive()))


def _event(name: str) -> dict[str, Callable[[Drawn], Family]]:
    return {f"{name} by probs": lambda d: Family(name, (), {"probs": d.chance()}),
            f"{name} by logits": lambda d: Family(name, (), {"logits": d.real()})}


def _categories(name: str) -> dict[str, Callable[[Drawn], Family]]:
    return {f"{name} by probs": lambda d: Family(name, (), {"probs": d.simplex(4)}),
            f"{name} by logits": lambda d: Family(name, (), {"logits": d.real(4)})}


FAMILIES: dict[str, Callable[[Drawn], Family]] = {
    **_event("Bernoulli"), **_event("ContinuousBernoulli"), **_event("Geometric"), **_categories("Categorical"),
    **_categories("OneHotCategorical"), **_categories("OneHotCategoricalStraightThrough"),
    "Beta": _rates("Beta"),
    "Binomial of few": lambda d: Family("Binomial", (5,), {"probs": d.chance()}),
    "Binomial of many": lambda d: Family("Binomial", (60,), {"logits": d.real()}),
    "Cauchy": _around("Cauchy"),
    "Chi2": lambda d: Family("Chi2", (d.positive(),)),
    "Dirichlet": lambda d: Family("Dirichlet", (d.uniform(0.6, 3, 4),)),
    "Exponential": lambda d: Family("Exponential", (d.positive(),)),
    "FisherSnedecor": lambda d: Family("FisherSnedecor", (d.positive(1, 4), d.positive(1, 8))),
    "Gamma": _rates("Gamma"),
    "Gamma, boosted": lambda d: Family("Gamma", (d.positive(0.1, 0.9), d.positive())),
    "GeneralizedPareto": lambda d: Family("GeneralizedPareto", (d.real(), d.positive(), d.uniform(-0.4, 0.9))),
    "Gumbel": _around("Gumbel"),
    "HalfCauchy": lambda d: Family("HalfCauchy", (d.positive(),)),
    "HalfNormal": lambda d: Family("HalfNormal", (d.positive(),)),
    "Independent": lambda d: Family("Independent", (Family("Normal", (d.real(3), d.uniform(0.6, 2, 3))), 1)),
    "InverseGamma": _rates("InverseGamma"),
    "Kumaraswamy": _rates("Kumaraswamy"),
    "LKJCholesky": lambda d: Family("LKJCholesky", (3, d.positive())),
    "Laplace": _around("Laplace"),
    "LogNormal": _around("LogNormal"),
    "LogisticNormal": lambda d: Family("LogisticNormal", (d.real(3), d.uniform(0.6, 2, 3))),
    "LowRankMultivariateNormal": lambda d: Family("LowRankMultivariateNormal",
                                                  (d.real(3), d.real(3, 2), d.uniform(0.6, 2, 3))),
    "MixtureSameFamily": _mixture,
    "MixtureSameFamily of vectors": _vector_mixture,
    "Multinomial": lambda d: Family("Multinomial", (5, d.simplex(4))),
    "MultivariateNormal by factor": lambda d: Family("MultivariateNormal", (d.real(3),), {"scale_tril": d.factor(3)}),
    "MultivariateNormal by covariance": lambda d: Family("MultivariateNormal", (d.real(3),),
                                                         {"covariance_matrix": d.covariance(3)}),
    "MultivariateNormal by precision": lambda d: Family("MultivariateNormal", (d.real(3),),
                                                        {"precision_matrix": d.covariance(3)}),
    "NegativeBinomial": lambda d: Family("NegativeBinomial", (d.positive(1, 6),), {"probs": d.chance()}),
    "Normal": _around("Normal"),
    "Pareto": lambda d: Family("Pareto", (d.positive(), d.positive(2.5, 4))),
    "Poisson of few": lambda d: Family("Poisson", (d.positive(),)),
    "Poisson of many": lambda d: Family("Poisson", (d.positive(20, 60),)),
    "RelaxedBernoulli": lambda d: Family("RelaxedBernoulli", (d.uniform(0.6, 2, shape=()),), {"probs": d.chance()}),
    "RelaxedOneHotCategorical": lambda d: Family("RelaxedOneHotCategorical", (d.uniform(0.6, 2, shape=()),),
                                                 {"logits": d.real(4)}),
    "StudentT": lambda d: Family("StudentT", (d.positive(2.5, 5), d.real(), d.positive())),
    "Uniform": lambda d: Family("Uniform", (d.uniform(-2, 0), d.uniform(1, 4))),
    "VonMises": lambda d: Family("VonMises", (d.real(), d.positive(0.5, 8))),
    "Weibull": _rates("Weibull"),
    "Wishart by factor": lambda d: Family("Wishart", (d.positive(4, 8),), {"scale_tril": d.factor(3)}),
    "Wishart by covariance": lambda d: Family("Wishart", (d.positive(4, 8),), {"covariance_matrix": d.covariance(3)}),
}
SEEDS = (0, 1)
every_family = pytest.mark.parametrize("name", FAMILIES)
every_seed = pytest.mark.parametrize("seed", SEEDS)


def drawn(name: str, seed: int, dtype: torch.dtype = torch.float64) -> Family:
    return FAMILIES[name](Drawn(seed, dtype))
