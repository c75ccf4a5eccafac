"""Common divisors, exponents, neighbours and angles of numbers, exactly."""

import math

import pytest

import flambeau
from flambeau.errors import ArgumentError, DTypeError, DTypeNotOfferedError

INF, NAN = math.inf, math.nan
DEVICES = ["cpu", "reference"]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
def test_divisors_and_multiples_over_every_integer_dtype(dtype: str, device: str) -> None:
    kind = getattr(flambeau, dtype)
    x, y = ([12, 0, 7, 0, 96], [18, 5, 21, 0, 64])
    a, b = (flambeau.tensor(v, dtype=kind, device=device) for v in (x, y))
    assert flambeau.gcd(a, b).tolist() == [math.gcd(*p) for p in zip(x, y, strict=True)]
    most = flambeau.iinfo(kind).max
    expected = [math.lcm(*p) for p in zip(x, y, strict=True)]
    assert [v for v, e in zip(flambeau.lcm(a, b).tolist(), expected, strict=True) if e <= most] == [
        e for e in expected if e <= most]
    if kind.is_signed:
        assert (-a).gcd(b).tolist() == flambeau.gcd(a, b).tolist()
        ends = flambeau.tensor([flambeau.iinfo(kind).min, most], dtype=kind, device=device)
        assert ends.gcd(flambeau.tensor(6, dtype=kind, device=device)).tolist() == [2, math.gcd(most, 6)]


def test_divisors_of_a_large_pair_are_exact() -> None:
    a, b = 7540113804746346429, 4660046610375530309  # neighbours in Fibonacci's sequence: the longest way
    assert flambeau.gcd(flambeau.tensor([a]), flambeau.tensor([b])).item() == 1


def test_divisors_want_integers_and_tensors() -> None:
    with pytest.raises(DTypeNotOfferedError, match=r"gcd: not implemented for .*float32"):
        flambeau.gcd(flambeau.ones(2), flambeau.ones(2))
    with pytest.raises(ArgumentError, match="'other' must be a Tensor"):
        flambeau.lcm(flambeau.tensor([1]), 2)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_mantissas_and_exponents(dtype: str, device: str) -> None:
    kind = getattr(flambeau, dtype)
    tiny = flambeau.finfo(kind).tiny
    x = flambeau.tensor([0.0, 1.0, -6.0, 0.375, tiny, flambeau.finfo(kind).max], dtype=kind, device=device)
    mantissa, exponent = flambeau.frexp(x)
    assert (mantissa.dtype, exponent.dtype) == (kind, flambeau.int32)
    expected = [math.frexp(v) for v in x.tolist()]
    assert list(zip(mantissa.tolist(), exponent.tolist(), strict=True)) == expected
    assert flambeau.ldexp(mantissa, exponent)[:4].tolist() == x[:4].tolist()


def test_what_has_no_exponent() -> None:
    made = flambeau.frexp(flambeau.tensor([INF, NAN, -0.0]))
    assert made.mantissa.tolist() == pytest.approx([INF, NAN, -0.0], nan_ok=True)
    assert made.exponent.tolist() == [0, 0, 0]
    with pytest.raises(DTypeError, match="only supports floating-point dtypes"):
        flambeau.frexp(flambeau.tensor([1]))


@pytest.mark.parametrize("device", DEVICES)
def test_neighbours_in_double_precision(device: str) -> None:
    x = [0.0, 1.0, 1.0, -2.0, INF, 5e-324, 3.0, -0.5, 1.7976931348623157e308, NAN, 2.2250738585072014e-308]
    y = [1.0, 2.0, 0.0, -1.0, 0.0, -1.0, 3.0, -INF, INF, 1.0, 0.0]
    a, b = (flambeau.tensor(v, dtype=flambeau.float64, device=device) for v in (x, y))
    found = flambeau.nextafter(a, b).tolist()
    assert found == pytest.approx([math.nextafter(*p) for p in zip(x, y, strict=True)], rel=0, abs=0, nan_ok=True)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("dtype", "above_one", "above_zero"), [
    ("float16", 2.0 ** -10, 2.0 ** -24), ("bfloat16", 2.0 ** -7, 2.0 ** -133), ("float32", 2.0 ** -23, 2.0 ** -149)])
def test_neighbours_are_those_of_the_dtype(dtype: str, above_one: float, above_zero: float, device: str) -> None:
    kind = getattr(flambeau, dtype)
    a, b = (flambeau.tensor(v, dtype=kind, device=device) for v in ([1.0, 1.0, 0.0, -1.0], [INF, 0.0, 1.0, 0.0]))
    assert a.nextafter(b).tolist() == [1 + above_one, 1 - above_one / 2, above_zero, -1 + above_one / 2]


def test_angles_of_complex_and_real_numbers() -> None:
    z = flambeau.tensor([1 + 1j, -2 + 0j, 0j], requires_grad=True)
    made = flambeau.angle(z)
    assert made.tolist() == pytest.approx([math.pi / 4, math.pi, 0.0])
    made.sum().backward()
    assert z.grad.tolist() == pytest.approx([-0.5 + 0.5j, -0.5j, 0])
    assert flambeau.tensor([-1, 2]).angle().tolist() == pytest.approx([math.pi, 0.0])
    assert math.isnan(flambeau.angle(flambeau.tensor(NAN)).item())


def test_sizes_and_angles_make_complex_numbers() -> None:
    size, angle = (flambeau.tensor(v, dtype=flambeau.float64, requires_grad=True) for v in ([2.0, 1.0], [0.0, 1.5]))
    made = flambeau.polar(size, angle)
    assert made.tolist() == pytest.approx([2, complex(math.cos(1.5), math.sin(1.5))])
    assert flambeau.autograd.gradcheck(flambeau.polar, (size, angle))
    assert flambeau.conj_physical(made).angle().tolist() == pytest.approx([0.0, -1.5])
    with pytest.raises(DTypeError, match="Float or Double tensors but got"):
        flambeau.polar(flambeau.tensor([1]), flambeau.tensor([1]))
