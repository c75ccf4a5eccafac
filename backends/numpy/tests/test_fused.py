"""Fused kernels: each does what core's composition of its op does, in fewer passes."""

import numpy as np
import pytest

import flambeau_numpy.kernels  # noqa: F401 - fills the table
from flambeau import device, later
from flambeau.dtypes import INTEGERS
from flambeau.table.dispatch import fallback
from flambeau.table.registry import TABLE, check_backend
from flambeau_numpy.dtypes import FLAMBEAU, NUMPY, REALS
from flambeau_numpy.registry import TABLE as KERNELS

from .fused_cases import CASES, POSITIVE

TOLERANCE = {"float64": 1e-12, "float32": 2e-5, "float16": 4e-3, "bfloat16": 3e-2}
later.load()
check_backend(device("numpy").backend)  # which takes in every family's kernels
FUSED = sorted(name for name in KERNELS if TABLE[name].kind == "composite")


def drawn(inputs, dtype, positive=False):
    rng = np.random.default_rng(7)
    arrays = [rng.standard_normal(i) if isinstance(i, tuple) else i for i in inputs]
    return [np.asarray(np.abs(a) + 0.1 if positive else a).astype(dtype)
            if a is not None and a.dtype.kind == "f" else a for a in map(as_array, arrays)]


def as_array(value):
    return None if value is None else np.asarray(value)


def composed(name, arrays, attributes):
    """The composition in float64 on the same numbers."""
    wide = [a if a is None or a.dtype.kind in "ib" else a.astype(np.float64) for a in arrays]
    made = fallback(TABLE[name], device("numpy"))(*wide, **attributes)
    return made if isinstance(made, tuple) else (made,)


def test_every_fused_kernel_is_tried():
    assert [name for name in FUSED if name not in CASES and name not in ("mean", "spread")] == []  # tried as sums are


@pytest.mark.parametrize(("name", "dtype"), [(n, d) for n in sorted(CASES) for d in REALS if d in KERNELS[n]],
                         ids=lambda p: getattr(p, "name", p))
def test_a_fused_kernel_gives_what_the_composition_gives(name, dtype):
    kernel, tolerance = KERNELS[name][dtype], TOLERANCE[dtype.name]
    for inputs, attributes in CASES[name]:
        arrays = drawn(inputs, NUMPY[dtype], name in POSITIVE)
        before = [None if a is None else a.copy() for a in arrays]
        with np.errstate(all="ignore"):
            made = kernel(*arrays, **attributes)
            want = composed(name, arrays, attributes)
        made = made if isinstance(made, tuple) else (made,)
        for got, expected in zip(made, want, strict=True):
            told = f"{name} {inputs} {attributes}"
            assert np.shape(got) == np.shape(expected), told
            assert FLAMBEAU[got.dtype] is (dtype if expected.dtype.kind == "f" else FLAMBEAU[expected.dtype]), told
            if expected.dtype.kind == "f":
                most = np.abs(expected[np.isfinite(expected)]).max(initial=0)
                np.testing.assert_allclose(got.astype(np.float64), expected, tolerance, tolerance * (1 + most),
                                           err_msg=told)
            else:
                np.testing.assert_array_equal(got, expected, told)
            assert not any(np.may_share_memory(got, a) for a in arrays if a is not None), told
        for array, held in zip(arrays, before, strict=True):
            assert array is None or array.tobytes() == held.tobytes(), f"{name} changed an input"


@pytest.mark.parametrize("dtype", INTEGERS, ids=lambda d: d.name)
@pytest.mark.parametrize("name", ["gcd", "lcm"])
def test_common_divisors_and_multiples_are_those_of_the_composition(name, dtype):
    """Also where they wrap: at the ends of the dtype."""
    ends = np.iinfo(NUMPY[dtype])
    at_ends = np.array([ends.min, ends.max, 1, ends.max - 1]), np.array([6, 3, ends.max, 2])
    for inputs in [*[i for i, _ in CASES[name]], at_ends]:
        x, y = (np.asarray(i).astype(NUMPY[dtype]) for i in inputs)
        want = fallback(TABLE[name], device("numpy"))(x, y)
        got = KERNELS[name][dtype](x, y)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", ["relu_backward", "leaky_relu_backward", "elu_backward", "softplus_backward"])
def test_a_gradient_that_is_not_finite_is_dropped_where_it_does_not_count(name):
    """0 * inf is NaN: a mask must not multiply."""
    attributes = CASES[name][0][1]
    grad, x = np.array([np.inf, np.nan, np.inf, 1.0]), np.array([-1e4, -1e4, 1.0, np.nan])
    with np.errstate(all="ignore"):
        want = composed(name, [grad, x], attributes)[0]
        np.testing.assert_array_equal(KERNELS[name][FLAMBEAU[grad.dtype]](grad, x, **attributes), want)


@pytest.mark.parametrize("size", [10, 5000])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_where_keeps_every_bit(size, dtype):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (2, size * np.dtype(dtype).itemsize), dtype=np.uint8).view(dtype)
    for condition in (rng.random(size) < 0.5, np.ones(size, bool), np.zeros(size, bool)):
        got = KERNELS["where"][FLAMBEAU[x.dtype]](condition, x, y)
        assert got.tobytes() == np.where(condition, x, y).tobytes()
    assert KERNELS["where"][FLAMBEAU[x.dtype]](condition.reshape(2, -1), x[:1], y[:size // 2]).shape == (2, size // 2)


def test_the_first_of_equal_maxima_wins_in_2_by_2_windows():
    kernel = KERNELS["max_pool"][FLAMBEAU[np.dtype("float32")]]
    bits = (np.arange(16)[:, None] >> np.arange(4)) & 1  # every pattern of ties
    x = bits.reshape(16, 1, 2, 2).astype("float32")
    attributes = {"kernel_size": (2, 2), "stride": (2, 2), "padding": (0, 0), "dilation": (1, 1), "size": (1, 1)}
    values, indices = kernel(x, **attributes)
    assert indices.reshape(-1).tolist() == bits.argmax(1).tolist()
    assert values.reshape(-1).tolist() == bits.max(1).tolist()


@pytest.mark.parametrize("place", range(4))
def test_not_a_number_wins_in_2_by_2_windows(place):
    x = np.array([1.0, 3.0, 2.0, np.inf], "float32")
    x[place] = np.nan
    values, indices = KERNELS["max_pool"][FLAMBEAU[x.dtype]](
        x.reshape(1, 1, 2, 2), kernel_size=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), size=(1, 1))
    assert np.isnan(values).all() and indices.item() == place


def test_convolution_reads_inputs_that_are_not_contiguous():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((12, 6, 6, 4)).transpose(0, 3, 1, 2)
    w = rng.standard_normal((3, 3, 4, 5)).transpose(3, 2, 0, 1)
    attributes = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "transposed": False,
                  "output_padding": (0, 0), "groups": 1}
    made = KERNELS["convolution"][FLAMBEAU[x.dtype]](x, w, None, **attributes)
    np.testing.assert_allclose(made, composed("convolution", [x, w, None], attributes)[0], 1e-12, 1e-12)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_integers_are_convolved_exactly(dtype):
    x, w = np.arange(2 * 3 * 5).reshape(2, 3, 5).astype(dtype), np.arange(4 * 3 * 2).reshape(4, 3, 2).astype(dtype)
    attributes = {"stride": (1,), "padding": (1,), "dilation": (1,), "transposed": False, "output_padding": (0,),
                  "groups": 1}
    made = KERNELS["convolution"][FLAMBEAU[x.dtype]](x, w, None, **attributes)
    want = fallback(TABLE["convolution"], device("numpy"))(x, w, None, **attributes)
    assert made.dtype == want.dtype and made.tolist() == want.tolist()


def test_a_target_out_of_range_is_named():
    from flambeau.errors import IndexRangeError

    kernel = KERNELS["cross_entropy_loss"][FLAMBEAU[np.dtype("float32")]]
    for wrong in (3, -1):
        with pytest.raises(IndexRangeError, match=f"Target {wrong} is out of bounds"):
            kernel(np.zeros((2, 3), "float32"), np.array([0, wrong]), None, ignore_index=-100, reduction="mean",
                   label_smoothing=0.0)
