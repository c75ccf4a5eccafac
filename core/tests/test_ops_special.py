"""What the special functions promise: values to 14 digits on every range, ends, refusals, and derivatives."""

import math
from typing import Any

import pytest

import flambeau
from flambeau import special
from flambeau.errors import ArgumentError, DTypeNotOfferedError, NoDerivativeError, ValueRangeError

INF, NAN = math.inf, math.nan
D = flambeau.float64
# of real arguments, computed with 30 digits
POINTS = [
    ("gammaln", -2.5, -0.056243716497674054), ("gammaln", -0.25, 1.589575312551186),
    ("gammaln", 1e-300, 690.7755278982137), ("gammaln", 0.75, 0.20328095143129538), ("gammaln", 1.0, 0.0),
    ("gammaln", 1.5, -0.12078223763524522), ("gammaln", 2.0, 0.0), ("gammaln", 2.75, 0.47521466691493713),
    ("gammaln", 10.0, 12.801827480081469), ("gammaln", 10000000000.0, 220258509288.81058),
    ("digamma", -2.25, 4.158583564657972), ("digamma", 0.125, -8.388492663295855),
    ("digamma", 1.4375, -0.023613544005297898), ("digamma", 2.0, 0.42278433509846713),
    ("digamma", 2.75, 0.8189010249754326), ("digamma", 10.0, 2.251752589066721),
    ("digamma", 10000000000.0, 23.025850929890456), ("erfcx", -20.0, 1.0442939379528289e+174),
    ("erfcx", -3.0, 16205.988853999586), ("erfcx", 0.25, 0.7703465477309968), ("erfcx", 3.0, 0.17900115118138996),
    ("erfcx", 30.0, 0.01879588886141675), ("erfcx", 10000000000.0, 5.641895835477563e-11),
    ("erfinv", -0.9999, -2.75106390571208), ("erfinv", -0.25, -0.2253120550121781),
    ("erfinv", 1e-10, 8.862269254527581e-11), ("erfinv", 0.5, 0.4769362762044699),
    ("erfinv", 0.96875, 1.523019401996956), ("erfinv", 0.9999999999990905, 5.05125408524939),
    ("log_ndtr", -30.0, -454.3212439563432), ("log_ndtr", -1.5, -2.7059444008238898),
    ("log_ndtr", 0.0, -0.6931471805599453), ("log_ndtr", 2.0, -0.02301290932896349),
    ("ndtri", 1e-20, -9.262340089798407), ("ndtri", 0.01, -2.326347874040841), ("ndtri", 0.25, -0.6744897501960817),
    ("ndtri", 0.5, 0.0), ("ndtri", 0.9921875, 2.4175590162365053), ("i0", -6.5, 106.2928582439956), ("i0", 0.0, 1.0),
    ("i0", 0.5, 1.0634833707413236), ("i0", 9.25, 1384.499867020362), ("i0", 20.0, 43558282.559553534),
    ("i0e", -6.5, 0.15980484901763226), ("i0e", 0.0, 1.0), ("i0e", 0.5, 0.6450352704491501),
    ("i0e", 9.25, 0.13306656949810827), ("i0e", 20.0, 0.08978031188482602), ("i1", -6.5, -97.73501077403152),
    ("i1", 0.0, 0.0), ("i1", 0.5, 0.2578943053908963), ("i1", 9.25, 1307.371808634242),
    ("i1", 20.0, 42454973.38512777), ("i1e", -6.5, -0.1469386457237643), ("i1e", 0.0, 0.0),
    ("i1e", 0.5, 0.1564208031848717), ("i1e", 9.25, 0.12565366438633055), ("i1e", 20.0, 0.08750622218328867),
    ("bessel_j0", -6.5, 0.2600946055816064), ("bessel_j0", 0.0, 1.0), ("bessel_j0", 0.5, 0.9384698072408129),
    ("bessel_j0", 9.25, -0.14741426284123627), ("bessel_j0", 20.0, 0.16702466434058316),
    ("bessel_j1", -6.5, 0.15384130140997185), ("bessel_j1", 0.0, 0.0), ("bessel_j1", 0.5, 0.2422684576748739),
    ("bessel_j1", 9.25, 0.20914665047012113), ("bessel_j1", 20.0, 0.06683312417585005),
    ("bessel_y0", 0.25, -0.9315730249300587), ("bessel_y0", 2.0, 0.5103756726497451),
    ("bessel_y0", 6.5, -0.17324243491898234), ("bessel_y0", 20.0, 0.06264059680938383),
    ("bessel_y1", 0.25, -2.7041052293152825), ("bessel_y1", 2.0, -0.10703243154093754),
    ("bessel_y1", 6.5, -0.27409127395927546), ("bessel_y1", 20.0, -0.1655116143625213),
    ("modified_bessel_k0", 0.25, 1.5415067512483027), ("modified_bessel_k0", 2.0, 0.11389387274953344),
    ("modified_bessel_k0", 6.5, 0.0007259317676293354), ("modified_bessel_k0", 20.0, 5.741237815336525e-10),
    ("modified_bessel_k1", 0.25, 3.7470259744407115), ("modified_bessel_k1", 2.0, 0.13986588181652243),
    ("modified_bessel_k1", 6.5, 0.0007798943982238037), ("modified_bessel_k1", 20.0, 5.883057969557038e-10),
    ("scaled_modified_bessel_k0", 0.25, 1.9793338485985688), ("scaled_modified_bessel_k0", 2.0, 0.8415682150707714),
    ("scaled_modified_bessel_k0", 6.5, 0.4828474413997563), ("scaled_modified_bessel_k0", 20.0, 0.27854487665718225),
    ("scaled_modified_bessel_k1", 0.25, 4.811276588171025), ("scaled_modified_bessel_k1", 2.0, 1.0334768470686886),
    ("scaled_modified_bessel_k1", 6.5, 0.5187402336367306), ("scaled_modified_bessel_k1", 20.0, 0.28542549694072644),
    ("airy_ai", -12.5, -0.27627456138116024), ("airy_ai", -2.0, 0.22740742820168558),
    ("airy_ai", 0.0, 0.3550280538878172), ("airy_ai", 1.5, 0.07174949700810541),
    ("airy_ai", 5.0, 0.00010834442813607442), ("spherical_bessel_j0", 0.0, 1.0),
    ("spherical_bessel_j0", 0.25, 0.9896158370180917), ("spherical_bessel_j0", 3.0, 0.04704000268662241),
]


def of(*numbers: float, **options: Any) -> Any:
    return flambeau.tensor(numbers, dtype=D, **options)


@pytest.mark.parametrize("device", ["cpu", "reference"])
@pytest.mark.parametrize("name", sorted({name for name, _, _ in POINTS}))
def test_values_are_exact_to_the_last_digits(name: str, device: str) -> None:
    at, expected = zip(*[(x, v) for n, x, v in POINTS if n == name], strict=True)
    found = getattr(special, name)(flambeau.tensor(at, dtype=D, device=device)).tolist()
    assert found == pytest.approx(expected, rel=3e-14, abs=1e-15)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in POINTS} - {"log_ndtr"}))
def test_single_precision_is_computed_well(name: str) -> None:
    at, expected = zip(*[(x, v) for n, x, v in POINTS if n == name and float(flambeau.tensor(x).item()) == x and
                         1e-30 < abs(v) < 1e30], strict=True)
    found = getattr(special, name)(flambeau.tensor(at, dtype=flambeau.float32)).tolist()
    assert found == pytest.approx(expected, rel=2e-6, abs=2e-7)


@pytest.mark.parametrize(("name", "at", "expected"), [
    ("gammaln", [0.0, -1.0, INF, -INF, NAN], [INF, INF, INF, INF, NAN]),
    ("digamma", [0.0, -0.0, -1.0, INF], [-INF, INF, NAN, INF]),
    ("erfinv", [1.0, -1.0, 1.5, NAN], [INF, -INF, NAN, NAN]), ("ndtri", [0.0, 1.0, -0.5], [-INF, INF, NAN]),
    ("erfcx", [INF, -INF], [0.0, INF]), ("entr", [0.0, -1.0, 1.0, NAN], [0.0, -INF, 0.0, NAN]),
    ("bessel_y0", [0.0, -1.0], [-INF, NAN]), ("modified_bessel_k1", [0.0, -1.0, INF], [INF, NAN, 0.0]),
    ("spherical_bessel_j0", [INF], [0.0]), ("airy_ai", [200.0], [0.0])])
@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_ends(name: str, at: list[float], expected: list[float], device: str) -> None:
    found = getattr(special, name)(flambeau.tensor(at, dtype=D, device=device)).tolist()
    assert found == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(("a", "x", "below"), [
    (0.5, 0.25, 0.5204998778130465), (3.0, 2.0, 0.3233235838169366), (2.0, 9.0, 0.9987659019591332),
    (100.0, 95.0, 0.3173568111698), (1e6, 1e6, 0.50013298076087251), (0.0, 1.0, 1.0), (1.0, 0.0, 0.0),
    (2.0, INF, 1.0), (INF, 2.0, 0.0), (-1.0, 1.0, NAN), (0.0, 0.0, NAN)])
@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_incomplete_gamma_functions_share_the_whole(a: float, x: float, below: float, device: str) -> None:
    a_, x_ = (flambeau.tensor(v, dtype=D, device=device) for v in (a, x))
    assert special.gammainc(a_, x_).item() == pytest.approx(below, rel=1e-11, nan_ok=True)
    assert special.gammaincc(a_, x_).item() == pytest.approx(1 - below, rel=1e-11, nan_ok=True)


def test_small_shares_keep_their_digits() -> None:
    assert special.gammaincc(of(2.0), of(40.0)).item() == pytest.approx(41 * math.exp(-40), rel=1e-13)
    assert special.gammainc(of(10.0), of(0.01)).item() == pytest.approx(2.730794283696246e-27, rel=1e-12)


def test_zeta_is_a_sum_over_positive_and_negative_terms() -> None:
    made = special.zeta(of(2.0, 4.0, 2.0, 3.0, 1.0, 0.5, 2.0), of(1.0, 1.0, -1.5, -2.25, 2.0, 2.0, -3.0)).tolist()
    direct = sum((k - 1.5) ** -2 for k in range(2)) + math.pi ** 2 / 2
    assert made[:3] == pytest.approx([math.pi ** 2 / 6, math.pi ** 4 / 90, direct], rel=1e-14)
    assert made[3] == pytest.approx(-61.948474887030083, rel=1e-14)
    assert made[4:] == pytest.approx([INF, NAN, INF], nan_ok=True)


def test_polygammas_of_every_order_and_sign() -> None:
    made = [special.polygamma(n, of(x)).item() for n, x in ((0, 1.0), (1, 1.0), (2, 1.0), (1, -0.5), (2, -0.5))]
    at_half = -2 * 7 * 1.2020569031595942 - 16
    assert made == pytest.approx([-0.5772156649015329, math.pi ** 2 / 6, -2.4041138063191885, math.pi ** 2 / 2 + 4,
                                  at_half + 32], rel=1e-13)


@pytest.mark.parametrize(("name", "values"), [
    ("chebyshev_polynomial_t", [1.0, 0.5, -0.5, -1.0]), ("chebyshev_polynomial_u", [1.0, 1.0, 0.0, -1.0]),
    ("chebyshev_polynomial_v", [1.0, 0.0, -1.0, -1.0]), ("chebyshev_polynomial_w", [1.0, 2.0, 1.0, -1.0]),
    ("hermite_polynomial_h", [1.0, 1.0, -1.0, -5.0]), ("hermite_polynomial_he", [1.0, 0.5, -0.75, -1.375]),
    ("laguerre_polynomial_l", [1.0, 0.5, 0.125, -7 / 48]), ("legendre_polynomial_p", [1.0, 0.5, -0.125, -0.4375]),
    ("shifted_chebyshev_polynomial_t", [1.0, 0.0, -1.0, 0.0])])
def test_polynomials_by_degree(name: str, values: list[float]) -> None:
    polynomial = getattr(special, name)
    assert polynomial(of(0.5), of(0.0, 1.0, 2.0, 3.0)).tolist() == pytest.approx(values, abs=1e-15)
    assert polynomial(of(0.5), -1).tolist() == [0.0]


def test_polynomials_of_high_degree_at_the_ends_and_between() -> None:
    x = of(1.0, -1.0, math.cos(0.1))
    assert special.chebyshev_polynomial_u(x, 21).tolist() == pytest.approx([22, -22, math.sin(2.2) / math.sin(0.1)])
    assert special.chebyshev_polynomial_w(x, 20).tolist() == pytest.approx([41, 1, math.sin(2.05) / math.sin(0.05)])
    assert math.isnan(special.hermite_polynomial_h(flambeau.tensor([1.0]), 129).item())


@pytest.mark.parametrize("name", ["bessel_j0", "airy_ai", "modified_bessel_k0", "erfcx", "ndtri"])
def test_what_pytorch_offers_for_no_16_bit_floats_is_refused(name: str) -> None:
    with pytest.raises(DTypeNotOfferedError, match=r"not implemented for .*float16"):
        getattr(special, name)(flambeau.ones(2, dtype=flambeau.float16))


def test_integers_become_floats() -> None:
    assert special.gammaln(flambeau.tensor([5])).item() == pytest.approx(math.log(24), rel=1e-6)
    assert special.bessel_j0(flambeau.tensor([0])).dtype is flambeau.float32


def test_wrong_orders_are_named() -> None:
    with pytest.raises(ValueRangeError, match="negative n, got -1"):
        flambeau.polygamma(-1, of(1.0))
    with pytest.raises(ValueRangeError, match="p has to be greater than or equal to 1, got 0"):
        flambeau.mvlgamma(of(3.0), 0)
    with pytest.raises(ArgumentError, match="n must be an int"):
        flambeau.polygamma(1.5, of(1.0))


def test_where_pytorch_has_no_derivative_the_walk_back_says_so() -> None:
    a, x = of(2.0, requires_grad=True), of(1.0, requires_grad=True)
    (found,) = flambeau.autograd.grad(special.gammainc(a.detach(), x), x)
    assert found.item() == pytest.approx(math.exp(-1))
    for made in (special.gammainc(a, x), special.zeta(a, x)):
        with pytest.raises(NoDerivativeError, match=r"derivative for (igamma|zeta) is not implemented"):
            flambeau.autograd.grad(made, a)
    assert not special.bessel_j0(x).requires_grad


def test_in_place_forms_write_into_the_tensor() -> None:
    x = of(0.5, 2.0)
    assert x.lgamma_() is x
    assert x.tolist() == pytest.approx([math.lgamma(0.5), 0.0], abs=1e-15)
    y = of(3.0)
    assert y.mvlgamma_(1).item() == pytest.approx(math.log(2))
    assert y.polygamma_(0) is y
