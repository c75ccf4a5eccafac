"""`flambeau.testing` beside `torch.testing`: what is close, in which words what is not, and the tensors made."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
import torch
from families import attempt, builtin

import flambeau

NAN, INF = float("nan"), float("inf")
PAIRS: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "equal": lambda m: (m.tensor([1.0, 2.0]), m.tensor([1.0, 2.0])),
    "within": lambda m: (m.tensor([1.0, 2.0]), m.tensor([1.0, 2.0 + 1e-6])),
    "one beyond": lambda m: (m.tensor([1.0, 2.0, 3.0]), m.tensor([1.0, 2.5, 3.0])),
    "several beyond": lambda m: (m.tensor([[1.0, 2.0], [3.0, 4.0]]), m.tensor([[1.5, 2.0], [0.5, 8.0]])),
    "a scalar": lambda m: (m.tensor(1.0), m.tensor(2.0)),
    "a scalar and 0": lambda m: (m.tensor(1.0), m.tensor(0.0)),
    "nan": lambda m: (m.tensor([NAN, 1.0]), m.tensor([NAN, 1.0])),
    "infinities": lambda m: (m.tensor([INF, -INF]), m.tensor([INF, INF])),
    "integers": lambda m: (m.tensor([1, 2, 3]), m.tensor([1, 2, 5])),
    "bytes": lambda m: (m.tensor([1, 2], dtype=m.uint8), m.tensor([3, 2], dtype=m.uint8)),
    "truth values": lambda m: (m.tensor([True, False]), m.tensor([True, True])),
    "complex": lambda m: (m.tensor([1 + 1j, 2.0]), m.tensor([1 + 1j, 2.5])),
    "halves": lambda m: (m.tensor([1.0], dtype=m.float16), m.tensor([1.0005], dtype=m.float16)),
    "doubles": lambda m: (m.tensor([1.0], dtype=m.float64), m.tensor([1.000001], dtype=m.float64)),
    "other dtype": lambda m: (m.tensor([1.0]), m.tensor([1.0], dtype=m.float64)),
    "other kind": lambda m: (m.tensor([1.0]), m.tensor([1])),
    "other shape": lambda m: (m.zeros(2), m.zeros(3)),
    "empty": lambda m: (m.zeros(0), m.zeros(0)),
    "numbers": lambda m: (1.0, 1.5),
    "whole numbers": lambda m: (1, 2),
    "a number and a whole one": lambda m: (1.0, 1),
    "complex numbers": lambda m: (1 + 1j, 1 + 2j),
    "bools": lambda m: (True, False),
    "nothing": lambda m: (None, None),
    "something": lambda m: (None, 1.0),
    "lists": lambda m: ([1.0, m.ones(2)], [1.0, m.ones(2)]),
    "a list inside": lambda m: ([1.0, [m.ones(2)]], [1.0, [m.zeros(2)]]),
    "lists of other length": lambda m: ([1.0], [1.0, 2.0]),
    "mappings": lambda m: ({"a": m.ones(2), "b": 1}, {"b": 1, "a": m.ones(2)}),
    "a mapping inside": lambda m: ({"a": {"b": m.ones(2)}}, {"a": {"b": m.zeros(2)}}),
    "mappings of other keys": lambda m: ({"a": 1, "c": 2}, {"a": 1, "b": 2}),
    "arrays": lambda m: (numpy.ones(2), numpy.array([1.0, 2.0])),
    "numbers of NumPy": lambda m: (numpy.float64(1.0), 1.5),
    "truth of NumPy": lambda m: (numpy.bool_(True), False),
    "a tensor and a number": lambda m: (m.ones(1), 1.0),
    "texts": lambda m: ("a", "b"),
    "a structure before a value": lambda m: ([1.0, [2.0]], [5.0, [2.0, 3.0]]),
    "gradients": lambda m: (m.ones(2, requires_grad=True), m.tensor([1.0, 3.0])),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "": {}, "exact": {"rtol": 0, "atol": 0}, "loose": {"rtol": 0.3, "atol": 0.1}, "one": {"rtol": 0.1},
    "nan": {"equal_nan": True}, "any dtype": {"check_dtype": False}, "a message": {"msg": "mine"},
    "around": {"msg": lambda text: f"before {text} after"},
}


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("options", OPTIONS)
def test_what_is_close_and_the_words_for_what_is_not(pair: str, options: str):
    outcomes = []
    for m in (torch, flambeau):
        actual, expected = PAIRS[pair](m)
        outcomes.append(attempt(lambda m=m, a=actual, e=expected: m.testing.assert_close(a, e, **OPTIONS[options]))[1])
    wanted, got = outcomes
    assert (wanted is None) == (got is None), f"{wanted} and {got}"
    if wanted is not None:
        assert isinstance(got, builtin(wanted))
        assert str(wanted).replace("torch.", "flambeau.") in str(got).replace("flambeau.tensors.tensor.", "flambeau.")


def test_strides_can_be_compared_too():
    for m in (torch, flambeau):
        x = m.ones(2, 3)
        m.testing.assert_close(x, m.ones(3, 2).mT)
        with pytest.raises(AssertionError, match=r"'stride\(\)' do not match: \(3, 1\) != \(1, 2\)"):
            m.testing.assert_close(x, m.ones(3, 2).mT, check_stride=True)


def test_the_former_name_warns_and_is_looser():
    for m in (torch, flambeau):
        with pytest.warns(FutureWarning, match="assert_allclose"):
            m.testing.assert_allclose(m.tensor([1.0, NAN]), [1.00005, NAN])
        with pytest.warns(FutureWarning), pytest.raises(AssertionError, match="not close"):
            m.testing.assert_allclose(m.tensor([1.0]), [1.001])


@pytest.fixture
def seeds() -> Iterator[None]:
    state = torch.get_rng_state()
    torch.manual_seed(3)
    with flambeau.random.fork_rng():
        flambeau.manual_seed(3)
        yield
    torch.set_rng_state(state)


DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
          "complex128"]
MADE: dict[str, dict[str, Any]] = {
    "": {}, "low": {"low": 0}, "high": {"high": 1.5}, "range": {"low": 0.5, "high": 1.7}, "beyond": {"low": -1e30},
    "apart": {"noncontiguous": True}, "no zeros": {"exclude_zero": True}, "wrong": {"low": 3, "high": 1},
    "nan": {"low": NAN}, "outside": {"low": 1e39, "high": 1e40}, "tracked": {"requires_grad": True},
}


@pytest.mark.parametrize("options", MADE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_for_tests(dtype: str, options: str, seeds: None):
    (wanted, refusal), (got, refused) = (attempt(lambda m=m: m.testing.make_tensor(
        (3, 4), dtype=getattr(m, dtype), device="cpu", **MADE[options])) for m in (torch, flambeau))
    assert (refusal is None) == (refused is None), f"{refusal} and {refused}"
    if refusal is not None:
        assert isinstance(refused, builtin(refusal))
        assert str(refusal).replace("torch.", "flambeau.") in str(refused)
        return
    assert got.tolist() == wanted.tolist()
    assert (got.dtype.name, got.stride(), got.requires_grad) == (dtype, wanted.stride(), wanted.requires_grad)
