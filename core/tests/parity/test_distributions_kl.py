"""KL divergences of every pair of families beside PyTorch's, with gradients, and which pairs there are."""

import warnings

import pytest
import torch
from families import FAMILIES, Drawn, attempt, builtin, compare, pair
from torch.distributions import kl

import flambeau
from flambeau.distributions import _kl_registry

KINDS = {}
for _name, _make in FAMILIES.items():  # one way to make each family
    KINDS.setdefault(_make(Drawn(0)).name, _name)


def names(registry: dict) -> set[tuple[str, str]]:
    return {(p.__name__, q.__name__) for p, q in registry}


def test_the_pairs_are_pytorchs():
    assert names(_kl_registry._REGISTRY) == names(kl._KL_REGISTRY)


@pytest.mark.parametrize("batch", [(), (2, 3)], ids=str)
@pytest.mark.parametrize("first", KINDS)
def test_divergences(first: str, batch: tuple[int, ...]):
    """Of two families, and of two members of one; where PyTorch refuses we do."""
    for second in KINDS:
        p = pair(FAMILIES[KINDS[first]](Drawn(1, batch=batch)))
        q = pair(FAMILIES[KINDS[second]](Drawn(2, batch=batch)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            compare(lambda p=p, q=q: torch.distributions.kl_divergence(p.theirs, q.theirs),
                    lambda p=p, q=q: flambeau.distributions.kl_divergence(p.ours, q.ours),
                    p.their_leaves + q.their_leaves, p.our_leaves + q.our_leaves, 1e-8, 1e-7)


INFINITE = {
    "Bernoulli of impossible": ("Bernoulli", [0.0, 0.5, 1.0, 0.5], [0.0, 0.0, 0.5, 1.0]),
    "Categorical of impossible": ("Categorical", [[0.5, 0.5], [0.0, 1.0]], [[1.0, 0.0], [0.5, 0.5]]),
}


@pytest.mark.parametrize("case", INFINITE)
def test_where_q_never_gives_what_p_gives(case: str):
    name, p, q = INFINITE[case]
    theirs, ours = ([getattr(m.distributions, name)(m.tensor(probs)) for probs in (p, q)] for m in (torch, flambeau))
    wanted = torch.distributions.kl_divergence(*theirs)
    assert flambeau.distributions.kl_divergence(*ours).tolist() == pytest.approx(wanted.tolist())


def test_supports_that_lie_outside():
    for m in (torch, flambeau):
        d = m.distributions
        wide, narrow = d.Uniform(m.tensor(0.0), m.tensor(2.0)), d.Uniform(m.tensor(0.0), m.tensor(1.0))
        assert d.kl_divergence(wide, narrow).item() == float("inf")
        assert d.kl_divergence(d.Pareto(m.tensor(1.0), m.tensor(1.0)), d.Pareto(m.tensor(2.0), m.tensor(1.0))).item() \
            == float("inf")
        assert d.kl_divergence(d.Binomial(m.tensor(3), m.tensor(0.5)), d.Binomial(m.tensor(2), m.tensor(0.5))).item() \
            == float("inf")


def test_an_ambiguous_pair_warns_and_takes_the_nearer_p():
    said = []
    for m in (torch, flambeau):
        d = m.distributions

        class P(d.Normal):
            pass

        class Q(d.Normal):
            pass

        d.register_kl(P, d.Normal)(lambda p, q: "nearer p")
        d.register_kl(d.Normal, Q)(lambda p, q: "nearer q")
        with pytest.warns(RuntimeWarning, match=r"Ambiguous kl_divergence\(P, Q\)") as caught:
            assert d.kl_divergence(P(0.0, 1.0), Q(0.0, 1.0)) == "nearer p"
        said.append(str(caught[0].message))
    assert said[0] == said[1]
    for registry, cache in ((kl._KL_REGISTRY, kl._KL_MEMOIZE), (_kl_registry._REGISTRY, _kl_registry._FOUND)):
        for found in [key for key in registry if {"P", "Q"} & {c.__name__ for c in key}]:
            del registry[found]
        cache.clear()


@pytest.mark.parametrize(("p", "q"), [("Normal", "Bernoulli"), ("Cauchy", "Normal"), ("Gumbel", "Weibull")])
def test_a_pair_without_a_function_is_refused_in_pytorchs_words(p: str, q: str):
    texts = []
    for m in (torch, flambeau):
        made = [pair(FAMILIES[KINDS[name]](Drawn(0))) for name in (p, q)]
        sides = [x.theirs if m is torch else x.ours for x in made]
        _, refusal = attempt(lambda m=m, sides=sides: m.distributions.kl_divergence(*sides))
        assert builtin(refusal) is NotImplementedError
        texts.append(" ".join(str(refusal).split()))
    assert texts[0] in texts[1]
