"""Transforms, constraints and the registries beside PyTorch's: values, inverses, Jacobians, shapes, printing."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from families import attempt, builtin, compare, ours, same

import flambeau

Make = Callable[[Any, Callable[[Any], Any]], Any]  # a library and its tensors of lists
TRANSFORMS: dict[str, tuple[Make, tuple[int, ...]]] = {
    "Exp": (lambda m, t: m.ExpTransform(), (2, 3)),
    "Exp inverse": (lambda m, t: m.ExpTransform().inv, (2, 3)),
    "Power": (lambda m, t: m.PowerTransform(t([0.5, 2.0, -1.0])), (2, 3)),
    "Sigmoid": (lambda m, t: m.SigmoidTransform(), (2, 3)),
    "Softplus": (lambda m, t: m.SoftplusTransform(), (2, 3)),
    "Tanh": (lambda m, t: m.TanhTransform(), (2, 3)),
    "Abs": (lambda m, t: m.AbsTransform(), (2, 3)),
    "Affine": (lambda m, t: m.AffineTransform(1.0, -2.0), (2, 3)),
    "Affine of tensors": (lambda m, t: m.AffineTransform(t([0.0, 1.0, 2.0]), t([[1.0], [-3.0]])), (2, 3)),
    "Affine of events": (lambda m, t: m.AffineTransform(t([0.0, 1.0, 2.0]), 2.0, event_dim=1), (2, 3)),
    "Softmax": (lambda m, t: m.SoftmaxTransform(), (2, 3)),
    "StickBreaking": (lambda m, t: m.StickBreakingTransform(), (2, 3)),
    "CorrCholesky": (lambda m, t: m.CorrCholeskyTransform(), (2, 6)),
    "LowerCholesky": (lambda m, t: m.LowerCholeskyTransform(), (2, 3, 3)),
    "PositiveDefinite": (lambda m, t: m.PositiveDefiniteTransform(), (2, 3, 3)),
    "Reshape": (lambda m, t: m.ReshapeTransform((2, 3), (3, 2, 1)), (4, 2, 3)),
    "Independent": (lambda m, t: m.IndependentTransform(m.ExpTransform(), 1), (2, 3)),
    "Compose": (lambda m, t: m.ComposeTransform([m.AffineTransform(1.0, 2.0), m.SigmoidTransform(),
                                                 m.StickBreakingTransform()]), (2, 3)),
    "Compose inverse": (lambda m, t: m.ComposeTransform([m.AffineTransform(1.0, 2.0), m.ExpTransform().inv]).inv, (3,)),
    "nothing": (lambda m, t: m.identity_transform, (3,)),
    "Cat": (lambda m, t: m.CatTransform([m.ExpTransform(), m.AffineTransform(0.0, 3.0)], dim=-1, lengths=[1, 2]),
            (2, 3)),
    "Cat of vectors": (lambda m, t: m.CatTransform([m.IndependentTransform(m.ExpTransform(), 1),
                                                    m.IndependentTransform(m.TanhTransform(), 1)], dim=0,
                                                   lengths=[1, 2]), (3, 2)),
    "Stack": (lambda m, t: m.StackTransform([m.ExpTransform(), m.SigmoidTransform(), m.TanhTransform()], dim=1),
              (2, 3)),
    "CumulativeDistribution": (lambda m, t: m.CumulativeDistributionTransform(m.Normal(t([0.0, 1.0, 2.0]), t([1.0]))),
                               (2, 3)),
}
every_transform = pytest.mark.parametrize("name", TRANSFORMS)


def of_torch(values: Any) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def of_ours(values: Any) -> Any:
    return flambeau.tensor(values, dtype=flambeau.float64)


def both(name: str) -> tuple[Any, Any]:
    make = TRANSFORMS[name][0]
    return make(torch.distributions, of_torch), make(flambeau.distributions, of_ours)


def inputs(name: str) -> torch.Tensor:
    generator = torch.Generator().manual_seed(len(name))
    drawn = torch.rand(TRANSFORMS[name][1], dtype=torch.float64, generator=generator)
    return drawn + 0.5 if name in ("Power", "Exp inverse", "Compose inverse") else drawn * 3 - 1.5


def asked(question: Callable[[Any, Any], Any], theirs: Any, mine: Any, *values: torch.Tensor) -> torch.Tensor:
    """The same question of both, with gradients to the values."""
    wanted = [v.detach().requires_grad_() for v in values]
    got = [ours(v) for v in wanted]
    return compare(lambda: question(theirs, *wanted), lambda: question(mine, *got), wanted, got, 1e-9, 1e-8)


@every_transform
def test_forward_backward_and_jacobian(name: str):
    theirs, mine = both(name)
    x = inputs(name)
    y = asked(lambda t, x: t(x), theirs, mine, x)
    asked(lambda t, y: t.inv(y), theirs, mine, y)
    asked(lambda t, x, y: t.log_abs_det_jacobian(x, y), theirs, mine, x, y)
    asked(lambda t, x, y: t.inv.log_abs_det_jacobian(y, x), theirs, mine, x, y)


@every_transform
def test_what_it_says_of_itself(name: str):
    theirs, mine = both(name)
    assert repr(mine).replace("flambeau.", "torch.") == repr(theirs)
    assert repr(mine.inv).replace("flambeau.", "torch.") == repr(theirs.inv)
    for answer in ("bijective", "event_dim"):
        wanted, refusal = attempt(lambda answer=answer: getattr(theirs, answer))
        got, refused = attempt(lambda answer=answer: getattr(mine, answer))
        assert (got, refused and builtin(refused)) == (wanted, refusal and builtin(refusal))
    for side in ("domain", "codomain"):
        assert repr(getattr(mine, side)).split("tensor")[0] == repr(getattr(theirs, side)).split("tensor")[0]
    wanted, refusal = attempt(lambda: torch.as_tensor(theirs.sign))
    got, refused = attempt(lambda: flambeau.as_tensor(mine.sign))
    assert (refusal is None) == (refused is None)
    if refusal is None:
        same(got, wanted, 0)


@every_transform
def test_shapes(name: str):
    theirs, mine = both(name)
    shape = TRANSFORMS[name][1]
    wanted = tuple(theirs.forward_shape(torch.Size(shape)))
    assert tuple(mine.forward_shape(flambeau.Size(shape))) == wanted
    assert tuple(mine.inverse_shape(flambeau.Size(wanted))) == tuple(theirs.inverse_shape(torch.Size(wanted)))
    for short in ((), (1,)):
        wanted, refusal = attempt(lambda short=short: tuple(theirs.forward_shape(torch.Size(short))))
        got, refused = attempt(lambda short=short: tuple(mine.forward_shape(flambeau.Size(short))))
        assert (refusal is None) == (refused is None)
        assert got == wanted


@every_transform
def test_a_cache_gives_back_the_very_input_where_pytorchs_does(name: str):
    theirs, mine = both(name)
    kept = []
    for transform, x in ((theirs, inputs(name)), (mine, ours(inputs(name)))):
        cached = transform.with_cache(1)
        kept.append(cached.inv(cached(x)) is x)
        assert cached._cache_size == 1
    assert kept[0] == kept[1]


@every_transform
def test_equality_is_pytorchs(name: str):
    makers = [make for make, _ in TRANSFORMS.values()]
    theirs, mine = both(name)
    for make in makers:
        other_theirs, other_mine = make(torch.distributions, of_torch), make(flambeau.distributions, of_ours)
        wanted, refusal = attempt(lambda t=theirs, o=other_theirs: bool(t == o))
        if refusal is None:
            assert (mine == other_mine) == wanted


CONSTRAINTS: dict[str, tuple[Make, list[Any]]] = {
    "boolean": (lambda c, t: c.boolean, [0.0, 1.0, 0.5]),
    "one_hot": (lambda c, t: c.one_hot, [[0.0, 1.0], [1.0, 1.0], [0.5, 0.5]]),
    "nonnegative_integer": (lambda c, t: c.nonnegative_integer, [0.0, 1.0, -1.0, 0.5]),
    "positive_integer": (lambda c, t: c.positive_integer, [0.0, 1.0, -1.0, 1.5]),
    "integer_interval": (lambda c, t: c.integer_interval(0, t(2.0)), [0.0, 2.0, 3.0, 0.5]),
    "real": (lambda c, t: c.real, [0.0, float("nan"), float("inf")]),
    "real_vector": (lambda c, t: c.real_vector, [[0.0, float("nan")], [1.0, 2.0]]),
    "positive": (lambda c, t: c.positive, [0.0, 1.0]),
    "nonnegative": (lambda c, t: c.nonnegative, [0.0, -1.0]),
    "greater_than": (lambda c, t: c.greater_than(t([1.0, 2.0])), [1.5, 1.5]),
    "greater_than_eq": (lambda c, t: c.greater_than_eq(1.0), [1.0, 0.5]),
    "less_than": (lambda c, t: c.less_than(1.0), [1.0, 0.5]),
    "unit_interval": (lambda c, t: c.unit_interval, [0.0, 1.0, 1.5]),
    "interval": (lambda c, t: c.interval(-1.0, 1.0), [-1.0, 1.0, 1.5]),
    "half_open_interval": (lambda c, t: c.half_open_interval(-1.0, 1.0), [-1.0, 1.0, 0.5]),
    "simplex": (lambda c, t: c.simplex, [[0.5, 0.5], [0.5, 0.6], [1.5, -0.5]]),
    "multinomial": (lambda c, t: c.multinomial(3), [[1.0, 2.0], [2.0, 2.0], [-1.0, 1.0]]),
    "lower_triangular": (lambda c, t: c.lower_triangular, [[[1.0, 0.0], [1.0, 1.0]], [[1.0, 1.0], [0.0, 1.0]]]),
    "lower_cholesky": (lambda c, t: c.lower_cholesky, [[[1.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, -1.0]]]),
    "corr_cholesky": (lambda c, t: c.corr_cholesky, [[[1.0, 0.0], [0.6, 0.8]], [[1.0, 0.0], [0.5, 0.5]]]),
    "square": (lambda c, t: c.square, [[[1.0, 0.0]], [[0.6, 0.8]]]),
    "symmetric": (lambda c, t: c.symmetric, [[[1.0, 2.0], [2.0, 0.0]], [[1.0, 2.0], [2.0, 0.0]]]),
    "not symmetric": (lambda c, t: c.symmetric, [[[1.0, 2.0], [2.0, 0.0]], [[1.0, 2.0], [3.0, 0.0]]]),
    "positive_semidefinite": (lambda c, t: c.positive_semidefinite,
                              [[[1.0, 0.0], [0.0, 0.0]], [[1.0, 2.0], [2.0, 1.0]]]),
    "positive_definite": (lambda c, t: c.positive_definite, [[[2.0, 1.0], [1.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]]),
    "independent": (lambda c, t: c.independent(c.positive, 1), [[1.0, 0.0], [1.0, 2.0]]),
    "cat": (lambda c, t: c.cat([c.positive, c.less_than(0.0)], 0, [1, 2]), [1.0, -1.0, 1.0]),
    "stack": (lambda c, t: c.stack([c.positive, c.less_than(0.0)], 1), [[1.0, -1.0], [-1.0, 1.0]]),
    "of a mixture": (lambda c, t: c.MixtureSameFamilyConstraint(c.interval(t([0.0, 1.0]), 3.0)), [0.5, 2.0, 4.0]),
}
every_constraint = pytest.mark.parametrize("name", CONSTRAINTS)


@every_constraint
def test_constraints(name: str):
    make, listed = CONSTRAINTS[name]
    theirs = make(torch.distributions.constraints, of_torch)
    mine = make(flambeau.distributions.constraints, of_ours)
    same(mine.check(of_ours(listed)), theirs.check(of_torch(listed)), 0)
    assert (mine.is_discrete, mine.event_dim) == (theirs.is_discrete, theirs.event_dim)
    assert repr(mine).split("tensor")[0] == repr(theirs).split("tensor")[0]


@every_constraint
@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
def test_registries(name: str, registry: str):
    make, _ = CONSTRAINTS[name]
    wanted, refusal = attempt(lambda: getattr(torch.distributions, registry)(make(torch.distributions.constraints,
                                                                                  of_torch)))
    got, refused = attempt(lambda: getattr(flambeau.distributions, registry)(make(flambeau.distributions.constraints,
                                                                                  of_ours)))
    if refusal is not None:
        assert isinstance(refused, builtin(refusal))
        assert str(refusal) in str(refused)
        return
    assert repr(got) == repr(wanted)
    shape = (2,) * (wanted.domain.event_dim + 1)
    x = torch.linspace(-1, 1, 2 ** len(shape), dtype=torch.float64).reshape(shape)
    if name == "corr_cholesky":
        x = x[..., :1]
    elif name == "cat":
        x = x[:1].repeat(3, *[1] * (len(shape) - 1))
    asked(lambda t, x: t(x), wanted, got, x)
