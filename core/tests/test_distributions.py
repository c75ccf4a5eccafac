"""Laws of distributions: densities sum to 1, transforms invert, divergences are positive, draws have their moments."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import flambeau
from flambeau import Tensor, tensor
from flambeau import distributions as dist

f64 = flambeau.float64
Made = Callable[[], Any]


def t(*values: float) -> Tensor:
    return tensor(values if len(values) > 1 else values[0], dtype=f64)


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    with flambeau.random.fork_rng():
        flambeau.manual_seed(11)
        yield


CONTINUOUS: dict[str, tuple[Made, float, float]] = {  # and the range that holds all but 1e-6 of the probability
    "Normal": (lambda: dist.Normal(t(1.0), t(2.0)), -12, 14),
    "Beta": (lambda: dist.Beta(t(2.0), t(3.0)), 0, 1),
    "ContinuousBernoulli": (lambda: dist.ContinuousBernoulli(t(0.3)), 0, 1),
    "Exponential": (lambda: dist.Exponential(t(2.0)), 0, 12),
    "FisherSnedecor": (lambda: dist.FisherSnedecor(t(6.0), t(40.0)), 1e-9, 40),
    "Gamma": (lambda: dist.Gamma(t(3.0), t(2.0)), 0, 16),
    "Gumbel": (lambda: dist.Gumbel(t(0.0), t(1.0)), -6, 20),
    "HalfNormal": (lambda: dist.HalfNormal(t(1.0)), 0, 8),
    "InverseGamma": (lambda: dist.InverseGamma(t(9.0), t(2.0)), 1e-6, 20),
    "Kumaraswamy": (lambda: dist.Kumaraswamy(t(2.0), t(3.0)), 1e-9, 1 - 1e-9),
    "Laplace": (lambda: dist.Laplace(t(0.0), t(1.0)), -20, 20),
    "LogNormal": (lambda: dist.LogNormal(t(0.0), t(0.5)), 1e-9, 30),
    "Pareto": (lambda: dist.Pareto(t(1.0), t(9.0)), 1, 20),
    "StudentT": (lambda: dist.StudentT(t(30.0)), -20, 20),
    "Uniform": (lambda: dist.Uniform(t(-1.0), t(2.0)), -1, 2 - 1e-9),
    "VonMises": (lambda: dist.VonMises(t(0.5), t(2.0)), -math.pi, math.pi),
    "Weibull": (lambda: dist.Weibull(t(1.0), t(2.0)), 1e-9, 8),
    "RelaxedBernoulli": (lambda: dist.RelaxedBernoulli(t(2.0), t(0.3)), 1e-9, 1 - 1e-9),
    "GeneralizedPareto": (lambda: dist.GeneralizedPareto(t(0.0), t(1.0), t(-0.25)), 0, 4 - 1e-9),
    "MixtureSameFamily": (lambda: dist.MixtureSameFamily(dist.Categorical(t(0.3, 0.7)),
                                                         dist.Normal(t(-1.0, 2.0), t(1.0))), -12, 12),
}


def middles(low: float, high: float, steps: int = 20_000) -> tuple[Tensor, float]:
    """The middles of equal steps from low to high, and their length."""
    width = (high - low) / steps
    return low + width * (flambeau.arange(steps, dtype=f64) + 0.5), width


@pytest.mark.parametrize("name", CONTINUOUS)
def test_a_density_sums_to_one_and_its_moments_are_those_told(name: str):
    make, low, high = CONTINUOUS[name]
    made = make()
    x, width = middles(low, high)
    density = made.log_prob(x).exp() * width
    assert density.sum().item() == pytest.approx(1.0, abs=2e-5)
    if name not in ("RelaxedBernoulli", "VonMises"):  # no moments told; those of a circle
        mean = (density * x).sum().item()
        assert mean == pytest.approx(made.mean.item(), abs=1e-3)
        assert (density * (x - mean) ** 2).sum().item() == pytest.approx(made.variance.item(), abs=5e-3)


@pytest.mark.parametrize("name", [n for n in CONTINUOUS if n not in ("RelaxedBernoulli", "VonMises",
                                                                    "MixtureSameFamily")])
def test_entropy_is_the_mean_of_minus_the_logarithm_of_the_density(name: str):
    make, low, high = CONTINUOUS[name]
    made = make()
    x, width = middles(low, high)
    log_density = made.log_prob(x)
    try:
        told = made.entropy().item()
    except flambeau.errors.UnsupportedError:
        assert name == "FisherSnedecor"
        return
    terms = flambeau.xlogy(log_density.exp(), log_density.exp())
    assert -(terms * width).sum().item() == pytest.approx(told, abs=2e-3)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_a_cdf_is_the_integral_of_the_density_and_icdf_inverts_it(name: str):
    make, low, high = CONTINUOUS[name]
    made = make()
    x, width = middles(low, high)
    try:
        cdf = made.cdf(x)
    except flambeau.errors.UnsupportedError:
        assert name in ("Beta", "FisherSnedecor", "StudentT", "VonMises", "RelaxedBernoulli")
        return
    parts = made.log_prob(x).exp() * width
    total = parts.cumsum(0) - parts / 2
    assert (cdf - total).abs().max().item() < 1e-3
    if name not in ("Gamma", "InverseGamma", "MixtureSameFamily"):
        inner = flambeau.linspace(0.05, 0.95, 7, dtype=f64)
        assert made.cdf(made.icdf(inner)).tolist() == pytest.approx(inner.tolist(), abs=1e-6)


DISCRETE: dict[str, tuple[Made, int]] = {
    "Bernoulli": (lambda: dist.Bernoulli(t(0.3)), 2),
    "Binomial": (lambda: dist.Binomial(6, t(0.3)), 7),
    "Geometric": (lambda: dist.Geometric(t(0.3)), 80),
    "NegativeBinomial": (lambda: dist.NegativeBinomial(t(3.0), t(0.4)), 80),
    "Poisson": (lambda: dist.Poisson(t(4.0)), 60),
}


@pytest.mark.parametrize("name", DISCRETE)
def test_probabilities_sum_to_one_and_have_the_moments_told(name: str):
    make, count = DISCRETE[name]
    made, k = make(), flambeau.arange(count, dtype=f64)
    chance = made.log_prob(k).exp()
    mean = (chance * k).sum().item()
    assert chance.sum().item() == pytest.approx(1.0, abs=1e-9)
    assert mean == pytest.approx(made.mean.item(), abs=1e-9)
    assert (chance * (k - mean) ** 2).sum().item() == pytest.approx(made.variance.item(), abs=1e-8)


DRAWN: dict[str, Made] = {
    **{name: make for name, (make, _, _) in CONTINUOUS.items() if name not in ("RelaxedBernoulli", "VonMises")},
    **{name: make for name, (make, _) in DISCRETE.items()},
    "Binomial of many": lambda: dist.Binomial(80, t(0.7)),
    "Dirichlet": lambda: dist.Dirichlet(t(0.5, 1.0, 3.0)),
    "Gamma below 1": lambda: dist.Gamma(t(0.3), t(1.0)),
    "LowRankMultivariateNormal": lambda: dist.LowRankMultivariateNormal(t(0.0, 1.0), t(1.0, 2.0).unsqueeze(-1),
                                                                        t(0.5, 1.0)),
    "Multinomial": lambda: dist.Multinomial(5, t(0.2, 0.8)),
    "MultivariateNormal": lambda: dist.MultivariateNormal(t(0.0, 1.0), tensor([[2.0, 1.0], [1.0, 2.0]], dtype=f64)),
    "OneHotCategorical": lambda: dist.OneHotCategorical(t(0.2, 0.8)),
    "Poisson of many": lambda: dist.Poisson(t(40.0)),
    "Wishart": lambda: dist.Wishart(t(5.0), tensor([[2.0, 1.0], [1.0, 2.0]], dtype=f64)),
}


@pytest.mark.parametrize("name", DRAWN)
def test_draws_lie_in_the_support_and_have_the_mean_and_the_spread_told(name: str):
    made, n = DRAWN[name](), 4000
    drawn = made.sample((n,))
    assert made.support.check(drawn).all()
    error = (made.variance / n).sqrt()
    assert ((drawn.mean(0) - made.mean).abs() <= 5 * error).all()
    assert ((drawn.var(0) / made.variance - 1).abs() < 0.35).all()


def test_von_mises_draws_lie_around_their_angle():
    made = dist.VonMises(t(0.5), t(4.0))
    drawn = made.sample((4000,))
    resultant = 1 - made.variance.item()
    assert drawn.cos().mean().item() == pytest.approx(resultant * math.cos(0.5), abs=0.03)
    assert drawn.sin().mean().item() == pytest.approx(resultant * math.sin(0.5), abs=0.03)


def test_correlation_factors_are_what_they_are_called_and_spread_as_their_concentration_says():
    made = dist.LKJCholesky(3, t(2.0))
    drawn = made.sample((2000,))
    assert made.support.check(drawn).all()
    correlations = (drawn @ drawn.mT)[:, 1, 0]  # (c + 1) / 2 is of Beta(b, b) with b = concentration + (dim - 2) / 2
    assert correlations.var().item() == pytest.approx(4 * dist.Beta(t(2.5), t(2.5)).variance.item(), rel=0.15)


QUANTILES: dict[str, tuple[Callable[[Tensor], Any], float]] = {
    "Gamma": (lambda a: dist.Gamma(a, t(1.0)), 2.5),
    "Gamma below 1": (lambda a: dist.Gamma(a, t(1.0)), 0.4),
    "Gamma of many": (lambda a: dist.Gamma(a, t(1.0)), 40.0),
    "Chi2": (lambda a: dist.Chi2(a), 3.0),
    "InverseGamma": (lambda a: dist.InverseGamma(a, t(1.0)), 3.0),
}


@pytest.mark.parametrize("name", QUANTILES)
def test_the_gradient_of_a_gamma_draw_keeps_its_quantile(name: str):
    """dx/da = -(dF/da) / (dF/dx), the cdf F by finite differences."""
    make, at = QUANTILES[name]
    a = t(at).requires_grad_()
    x = make(a).rsample((50,))
    slopes = [flambeau.autograd.grad(v, a, retain_graph=True)[0].item() for v in x]
    x, h = x.detach(), 1e-5
    by_a = (make(t(at + h)).cdf(x) - make(t(at - h)).cdf(x)) / (2 * h)
    by_x = make(t(at)).log_prob(x).exp()
    assert slopes == pytest.approx((-by_a / by_x).tolist(), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("make", [
    lambda p: dist.Beta(p, t(2.0)), lambda p: dist.Beta(t(2.0), p), lambda p: dist.Gamma(p, t(2.0)),
    lambda p: dist.StudentT(p + 4, t(1.0), t(2.0)), lambda p: dist.Normal(p, p), lambda p: dist.Weibull(p, t(2.0)),
    lambda p: dist.Dirichlet(flambeau.stack([p, t(1.0), t(2.0)])), lambda p: dist.FisherSnedecor(p + 3, p + 12),
], ids=["Beta", "Beta of the other", "Gamma", "StudentT", "Normal", "Weibull", "Dirichlet", "FisherSnedecor"])
def test_the_gradient_of_the_mean_of_draws_is_that_of_the_mean(make: Callable[[Tensor], Any]):
    """By draws and by finite differences of the second moment that the family tells."""
    p, h = t(1.5).requires_grad_(), 1e-5

    def second(made: Any) -> Tensor:
        return made.variance + made.mean ** 2

    drawn = (make(p).rsample((4000,)) ** 2).mean(0)
    slope = flambeau.autograd.grad(drawn.sum(), p)[0].item()
    told = ((second(make(t(1.5 + h))) - second(make(t(1.5 - h)))).sum() / (2 * h)).item()
    assert slope == pytest.approx(told, rel=0.25, abs=0.02)


def test_a_gamma_draws_gradient_has_no_derivative_and_says_so():
    a = t(2.0).requires_grad_()
    slope, = flambeau.autograd.grad(dist.Gamma(a, t(1.0)).rsample(), a, create_graph=True)
    with pytest.raises(flambeau.errors.NoDerivativeError, match="standard_gamma_grad"):
        slope.backward()


POSITIVE = ["Normal", "Beta", "ContinuousBernoulli", "Exponential", "Gamma", "Gumbel", "HalfNormal", "Laplace",
            "LogNormal", "Pareto"]


@pytest.mark.parametrize("name", POSITIVE)
def test_a_divergence_is_positive_and_zero_from_itself(name: str):
    p = CONTINUOUS[name][0]()
    other = {"Normal": dist.Normal(t(0.0), t(1.0)), "Beta": dist.Beta(t(1.0), t(1.5)),
             "ContinuousBernoulli": dist.ContinuousBernoulli(t(0.8)), "Exponential": dist.Exponential(t(1.0)),
             "Gamma": dist.Gamma(t(1.0), t(1.0)), "Gumbel": dist.Gumbel(t(1.0), t(2.0)),
             "HalfNormal": dist.HalfNormal(t(2.0)), "Laplace": dist.Laplace(t(1.0), t(2.0)),
             "LogNormal": dist.LogNormal(t(1.0), t(1.0)), "Pareto": dist.Pareto(t(0.5), t(2.0))}[name]
    assert dist.kl_divergence(p, p).item() == pytest.approx(0.0, abs=1e-9)
    x, width = middles(*CONTINUOUS[name][1:])
    log_p = p.log_prob(x)
    told = dist.kl_divergence(p, other).item()
    assert told > 0
    assert ((log_p - other.log_prob(x)) * log_p.exp() * width).nansum().item() == pytest.approx(told, abs=2e-3)


CONSTRAINED = {
    "positive": dist.constraints.positive, "above": dist.constraints.greater_than(2.0),
    "below": dist.constraints.less_than(-1.0), "unit": dist.constraints.unit_interval,
    "interval": dist.constraints.interval(-3.0, 5.0), "simplex": dist.constraints.simplex,
    "real": dist.constraints.real,
    "vectors": dist.constraints.independent(dist.constraints.positive, 1),
}


@pytest.mark.parametrize("name", CONSTRAINED)
def test_a_bijection_leads_into_the_region_and_back(name: str):
    constraint = CONSTRAINED[name]
    transform = dist.biject_to(constraint)
    x = flambeau.randn(5, 3, dtype=f64)
    y = transform(x)
    assert constraint.check(y).all()
    assert (transform.inv(y) - x).abs().max().item() < 1e-9
    assert dist.transform_to(constraint)(x).isfinite().all()


@pytest.mark.parametrize("name", CONSTRAINED)
def test_a_jacobian_is_the_determinant_of_the_derivatives(name: str):
    transform = dist.biject_to(CONSTRAINED[name])
    x = flambeau.randn(3, dtype=f64)
    y = transform(x)
    jacobian = flambeau.autograd.functional.jacobian(transform, x)[: x.numel()]
    told = transform.log_abs_det_jacobian(x, y).sum().item()
    determinant = flambeau.linalg.det(jacobian) if transform.domain.event_dim else jacobian.diagonal().prod()
    assert determinant.abs().log().item() == pytest.approx(told, abs=1e-9)


def test_a_lazy_property_is_worked_out_once_and_can_be_tracked():
    logits = tensor([0.5], requires_grad=True)
    made = dist.Bernoulli(logits=logits)
    with flambeau.no_grad():
        probs = made.probs
    assert probs is made.probs
    assert probs.requires_grad
    assert isinstance(dist.Bernoulli.probs, property)


def test_parameters_print_as_numbers_where_there_is_one_and_by_shape_where_there_are_more():
    assert repr(dist.Normal(0.0, 1.0)) == "Normal(loc: 0.0, scale: 1.0)"
    assert repr(dist.Normal(t(1.0, 2.0), t(3.0))) == "Normal(loc: flambeau.Size([2]), scale: flambeau.Size([2]))"


def test_independent_says_of_what_in_an_annotation():
    assert dist.Independent[dist.Normal].__args__ == (dist.Normal,)


def test_a_beta_made_once_of_its_parameters_is_fitted_by_several_walks():
    a, b = t(1.0).requires_grad_(), t(1.0).requires_grad_()
    made = dist.Beta(a, b)
    for _ in range(3):
        made.log_prob(t(0.25)).backward()
    assert a.grad.item() == pytest.approx(3 * (math.log(0.25) + 1), abs=1e-9)  # psi(2) - psi(1) is 1


def test_a_loss_through_draws_fits_the_parameters():
    """The reparameterised gradient at work: a normal is fitted to another by their divergence from draws."""
    loc, log_scale = flambeau.zeros(1, requires_grad=True), flambeau.zeros(1, requires_grad=True)
    target = dist.Normal(tensor([1.5]), tensor([0.5]))
    optimizer = flambeau.optim.Adam([loc, log_scale], lr=0.05)
    for _ in range(150):
        made = dist.Normal(loc, log_scale.exp())
        x = made.rsample((32,))
        loss = (made.log_prob(x) - target.log_prob(x)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loc.item() == pytest.approx(1.5, abs=0.1)
    assert log_scale.exp().item() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_draws_are_the_same_on_every_backend(device: str):
    with flambeau.device(device):
        flambeau.manual_seed(4)
        assert dist.Gamma(tensor([0.5, 2.0]), tensor(1.0)).sample().tolist() == pytest.approx([0.3074309, 1.2629439])
        assert flambeau.poisson(tensor([3.0, 30.0])).tolist() == [3.0, 29.0]
        assert flambeau.binomial(tensor([5.0, 60.0]), tensor([0.5, 0.3])).tolist() == [2.0, 19.0]

