"""What distributions refuse, with PyTorch's class of error and in PyTorch's words, and when they warn."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from families import attempt, builtin

import flambeau

BAD: dict[str, Callable[[Any, Any], Any]] = {  # given the library and its distributions
    "a negative scale": lambda m, d: d.Normal(0.0, -1.0),
    "a nan": lambda m, d: d.Normal(m.tensor([0.0, float("nan")]), 1.0),
    "a probability above 1": lambda m, d: d.Bernoulli(m.tensor([0.5, 1.5])),
    "probs and logits": lambda m, d: d.Bernoulli(probs=0.5, logits=0.0),
    "neither": lambda m, d: d.Bernoulli(),
    "neither, categorical": lambda m, d: d.Categorical(),
    "both, binomial": lambda m, d: d.Binomial(3, probs=m.tensor(0.5), logits=m.tensor(0.5)),
    "a text": lambda m, d: d.Normal("0", 1.0),
    "categories of a number": lambda m, d: d.Categorical(m.tensor(0.5)),
    "categories of a logit": lambda m, d: d.Categorical(logits=m.tensor(0.5)),
    "weights that are negative": lambda m, d: d.Categorical(m.tensor([0.5, -0.1])),
    "a fraction of a trial": lambda m, d: d.Binomial(m.tensor(1.5), m.tensor(0.5)),
    "high below low": lambda m, d: d.Uniform(1.0, 0.0),
    "a rate of 0": lambda m, d: d.Exponential(0.0),
    "a concentration of 0": lambda m, d: d.Dirichlet(m.tensor([1.0, 0.0])),
    "a Dirichlet of a number": lambda m, d: d.Dirichlet(m.tensor(1.0)),
    "no degrees of freedom": lambda m, d: d.StudentT(0.0),
    "no chance to succeed": lambda m, d: d.Geometric(m.tensor([0.5, 0.0])),
    "a chance to fail of 1": lambda m, d: d.NegativeBinomial(1.0, m.tensor(1.0)),
    "a dim too few": lambda m, d: d.LKJCholesky(1),
    "a mean that is no vector": lambda m, d: d.MultivariateNormal(m.tensor(0.0), m.eye(2)),
    "no covariance": lambda m, d: d.MultivariateNormal(m.zeros(2)),
    "two covariances": lambda m, d: d.MultivariateNormal(m.zeros(2), m.eye(2), m.eye(2)),
    "a covariance that is a vector": lambda m, d: d.MultivariateNormal(m.zeros(2), m.ones(2)),
    "a factor that is a vector": lambda m, d: d.MultivariateNormal(m.zeros(2), scale_tril=m.ones(2)),
    "a covariance that is not symmetric": lambda m, d: d.MultivariateNormal(m.zeros(2),
                                                                            m.tensor([[1.0, 2.0], [0.0, 1.0]])),
    "a factor that is full": lambda m, d: d.MultivariateNormal(m.zeros(2), scale_tril=m.ones(2, 2)),
    "a low rank of other size": lambda m, d: d.LowRankMultivariateNormal(m.zeros(2), m.ones(3, 1), m.ones(2)),
    "a low rank of other diagonal": lambda m, d: d.LowRankMultivariateNormal(m.zeros(2), m.ones(2, 1), m.ones(3)),
    "a low rank of other batch": lambda m, d: d.LowRankMultivariateNormal(m.zeros(2, 2), m.ones(3, 2, 1), m.ones(2)),
    "Wishart of no matrix": lambda m, d: d.Wishart(m.tensor(3.0)),
    "Wishart of few": lambda m, d: d.Wishart(m.tensor(1.0), m.eye(3)),
    "Wishart of a vector": lambda m, d: d.Wishart(m.tensor(3.0), m.ones(3)),
    "several totals": lambda m, d: d.Multinomial(m.tensor(3), m.ones(2)),
    "several totals' entropy": lambda m, d: d.Binomial(m.tensor([2, 3]), m.tensor(0.5)).entropy(),
    "several totals' support": lambda m, d: d.Binomial(m.tensor([2, 3]), m.tensor(0.5)).enumerate_support(),
    "more dims than there are": lambda m, d: d.Independent(d.Normal(0.0, 1.0), 1),
    "a cartesian product": lambda m, d: d.Independent(d.Bernoulli(m.ones(2) / 2), 1).enumerate_support(),
    "a mixture by another": lambda m, d: d.MixtureSameFamily(d.Normal(0.0, 1.0), d.Normal(0.0, 1.0)),
    "a mixture of no distribution": lambda m, d: d.MixtureSameFamily(d.Categorical(m.ones(2)), None),
    "a mixture of other number": lambda m, d: d.MixtureSameFamily(d.Categorical(m.ones(2)), d.Normal(m.zeros(3), 1.0)),
    "a mixture of other batch": lambda m, d: d.MixtureSameFamily(d.Categorical(m.ones(3, 2)),
                                                                 d.Normal(m.zeros(2, 2), 1.0)),
    "transforms that are none": lambda m, d: d.TransformedDistribution(d.Normal(0.0, 1.0), 3),
    "a list of what is no transform": lambda m, d: d.TransformedDistribution(d.Normal(0.0, 1.0), [3]),
    "a base of too few dims": lambda m, d: d.TransformedDistribution(d.Normal(0.0, 1.0), d.StickBreakingTransform()),
    "a value outside": lambda m, d: d.Exponential(1.0).log_prob(m.tensor([1.0, -1.0])),
    "a value that is no number of events": lambda m, d: d.Poisson(1.0).log_prob(m.tensor(0.5)),
    "a value above the total": lambda m, d: d.Binomial(2, m.tensor(0.5)).log_prob(m.tensor(3.0)),
    "a value off the simplex": lambda m, d: d.Dirichlet(m.ones(2)).log_prob(m.ones(2)),
    "a value that is a number": lambda m, d: d.Normal(0.0, 1.0).log_prob(0.0),
    "an event of other size": lambda m, d: d.Dirichlet(m.ones(2)).log_prob(m.ones(3) / 3),
    "a value of other batch": lambda m, d: d.Normal(m.zeros(2), 1.0).log_prob(m.zeros(3)),
    "a cdf outside": lambda m, d: d.Uniform(0.0, 1.0).cdf(m.tensor(2.0)),
    "no mode": lambda m, d: d.LKJCholesky(3).mode,
    "no entropy": lambda m, d: d.VonMises(m.tensor(0.0), m.tensor(1.0)).entropy(),
    "no rsample": lambda m, d: d.Bernoulli(0.5).rsample(),
    "no cdf": lambda m, d: d.Bernoulli(0.5).cdf(m.tensor(0.0)),
    "a cache of two": lambda m, d: d.ExpTransform(cache_size=2),
    "another number of elements": lambda m, d: d.ReshapeTransform((2,), (3,)),
    "a shape that does not end so": lambda m, d: d.ReshapeTransform((2,), (2, 1)).forward_shape(m.Size([3])),
    "a constraint on no constraint": lambda m, d: d.constraints.independent(3, 1),
    "a negative number of dims": lambda m, d: d.constraints.independent(d.constraints.real, -1),
    "no event dim of both": lambda m, d: d.ReshapeTransform((2,), (2, 1)).event_dim,
    "transforms of other number": lambda m, d: d.StackTransform([d.ExpTransform()], 0)(m.zeros(3)),
    "constraints of other lengths": lambda m, d: d.constraints.cat([d.constraints.real], 0, [1, 2]),
    "transforms of other length": lambda m, d: d.CatTransform([d.ExpTransform()], 0, [2])(m.zeros(3)),
    "a dependent constraint": lambda m, d: d.constraints.dependent.check(m.zeros(1)),
    "what a dependent constraint is": lambda m, d: d.constraints.dependent.is_discrete,
    "to register no constraint": lambda m, d: d.biject_to.register(int, None)(lambda c: c),
    "no such triangle": lambda m, d: d.CorrCholeskyTransform()(m.zeros(2)),
    "no bijection": lambda m, d: d.biject_to(d.constraints.lower_cholesky),
    "the inverse of a softmax's Jacobian": lambda m, d: d.SoftmaxTransform().log_abs_det_jacobian(m.zeros(2),
                                                                                                  m.zeros(2)),
    "to validate perhaps": lambda m, d: d.Distribution.set_default_validate_args("perhaps"),
}


def words(error: Exception) -> str:
    return " ".join(str(error).replace("flambeau.", "torch.").split())


@pytest.mark.parametrize("case", BAD)
def test_refusals(case: str):
    _, refusal = attempt(lambda: BAD[case](torch, torch.distributions))
    _, refused = attempt(lambda: BAD[case](flambeau, flambeau.distributions))
    assert refusal is not None and refused is not None
    assert isinstance(refused, builtin(refusal)), f"{refusal!r} and {refused!r}"
    assert isinstance(refused, flambeau.errors.FlambeauError)
    assert words(refusal) in words(refused), f"{words(refusal)}\n{words(refused)}"


def own(library: Any) -> Any:
    class Own(library.distributions.Distribution):
        pass

    return Own


def test_a_family_without_constraints_warns_once_for_arguments_and_once_for_values():
    said = []
    for m in (torch, flambeau):
        with pytest.warns(UserWarning) as caught:
            made = own(m)()
            made._validate_sample(m.zeros(1))
        said.append([str(w.message).partition(" does")[2] for w in caught])
    assert said[0] == said[1]
    assert len(said[0]) == 2


def test_sample_n_warns_of_its_end():
    for m in (torch, flambeau):
        with pytest.warns(FutureWarning, match="sample_n"):
            assert m.distributions.Normal(0.0, 1.0).sample_n(3).shape == (3,)


def test_a_subclass_with_its_own_init_cannot_be_expanded_by_its_parents_expand():
    texts = []
    for m in (torch, flambeau):
        class Own(m.distributions.Normal):
            def __init__(self, scale: float) -> None:
                super().__init__(0.0, scale)

        _, error = attempt(lambda own=Own: own(1.0).expand((2,)))
        assert isinstance(error, NotImplementedError)
        texts.append(words(error))
    assert texts[0] in texts[1]


def test_validation_can_be_turned_off_for_one_and_for_all():
    for m in (torch, flambeau):
        d = m.distributions
        assert d.Normal(0.0, -1.0, validate_args=False).scale.item() == -1.0
        d.Distribution.set_default_validate_args(False)
        try:
            assert d.Normal(0.0, -1.0).scale.item() == -1.0
        finally:
            d.Distribution.set_default_validate_args(True)
        with pytest.raises(ValueError):
            d.Normal(0.0, -1.0)
