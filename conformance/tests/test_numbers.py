"""What the verdicts rest on: data that a name decides, distances in ulps, layouts, tolerances with reasons."""

from __future__ import annotations

from math import inf, nan

import pytest

from flambeau import dtypes
from flambeau.table.registry import TABLE
from flambeau.table.samples import arr
from flambeau_conformance import cases, compare, draw, host, layouts, tolerances
from flambeau_conformance.check import CheckFailed
from flambeau_conformance.tolerances import Budget

ONE_ULP = Budget(1, 1, 1, 0, "for this test")


def numbers(*values, dtype=dtypes.float32):
    return host.Host(host.rounded(list(values), dtype), (len(values),), dtype)


def wide(*values):
    return host.Host(list(values), (len(values),), dtypes.float64)


def test_the_same_name_draws_the_same_numbers_and_another_name_others():
    first, again, other = (draw.drawn(arr(4), dtypes.float64, draw.generator(n)).values for n in "aab")
    assert first == again != other


def test_a_sample_has_the_same_numbers_in_every_dtype_each_rounded_once():
    case = {c.dtype: c for c in cases.good_cases(TABLE["softmax"]) if c.label == "sample-00"}
    exact = case[dtypes.float64].hosts[0].values
    assert case[dtypes.float16].hosts[0].values == host.rounded(exact, dtypes.float16)


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=lambda d: d.name)
def test_drawn_numbers_fit_the_dtype_and_the_bounds(dtype):
    values = draw.drawn(arr(50, low=1, high=3), dtype, draw.generator("x")).values
    assert host.rounded(values, dtype) == values
    if 0 < dtype.category < 3:
        assert all(1 <= v <= 3 for v in values)


def test_distinct_numbers_are_distinct_in_every_dtype_with_room():
    for dtype in (d for d in dtypes.ALL if d.category):
        values = draw.drawn(arr(24, distinct=True), dtype, draw.generator("x")).values
        assert len(set(values)) == 24, dtype


def test_no_integer_is_zero_where_a_sample_says_so():
    assert 0 not in draw.drawn(arr(200, nonzero=True), dtypes.int64, draw.generator("x")).values


@pytest.mark.parametrize(("value", "dtype", "distance"), [
    (1.0, dtypes.float32, 2.0**-23), (1.999, dtypes.float32, 2.0**-23), (2.0, dtypes.float32, 2.0**-22),
    (0.0, dtypes.float32, 2.0**-149), (1e-40, dtypes.float32, 2.0**-149), (inf, dtypes.float32, 2.0**104),
    (1.0, dtypes.bfloat16, 2.0**-7), (1.0, dtypes.float16, 2.0**-10), (0.0, dtypes.float64, 5e-324)])
def test_an_ulp_is_the_distance_to_the_next_number(value, dtype, distance):
    assert compare.ulp(value, dtype) == distance


@pytest.mark.parametrize(("found", "expected"), [
    (1.0, 1.0), (1.0 + 2.0**-23, 1.0), (nan, nan), (inf, inf), (0.0, -0.0), (3.4028234663852886e38, 3.4028235678e38)])
def test_numbers_within_one_ulp_are_alike(found, expected):
    compare.compared(numbers(found), wide(expected), ONE_ULP, "here")


@pytest.mark.parametrize(("found", "expected"), [
    (1.0 + 2.0**-22, 1.0), (nan, 1.0), (1.0, nan), (inf, 1.0), (inf, -inf), (1e38, inf), (0.0, 1e-44),
    (3.4028234663852886e38, inf), (3.4028234663852886e38, 1e40)])
def test_numbers_further_apart_are_not(found, expected):
    with pytest.raises(CheckFailed, match="here: 1 of 1 elements differ"):
        compare.compared(numbers(found), wide(expected), ONE_ULP, "here")


def test_the_sign_of_zero_counts_where_asked():
    with pytest.raises(CheckFailed):
        compare.compared(numbers(0.0), wide(-0.0), ONE_ULP, "here", signed_zeros=True)


def test_expected_numbers_are_rounded_once_to_the_results_dtype():
    compare.compared(numbers(0.1), wide(0.1), tolerances.EXACT, "here")


def test_sensitivity_widens_a_bound_and_only_where_errors_grow():
    spread = Budget(1, 1, 1, 4, "for this test")
    compare.compared(numbers(1.0, 1.0), wide(1.0, 1.001), spread, "here", [0.0, 0.001])
    with pytest.raises(CheckFailed, match="1 of 2"):
        compare.compared(numbers(1.001, 1.001), wide(1.0, 1.0), spread, "here", [0.0, 0.001])


def test_a_constant_zero_is_never_a_sine():
    with pytest.raises(CheckFailed):
        compare.compared(numbers(0.0), wide(1e-3), tolerances.budget(TABLE["sin"]), "here")


def test_shapes_are_compared_exactly():
    with pytest.raises(CheckFailed, match=r"result has shape \(1,\), expected \(2,\)"):
        compare.compared(numbers(1.0), wide(1.0, 1.0), ONE_ULP, "here")


@pytest.mark.parametrize(("make", "strides", "offset"), [
    (host.contiguous, (3, 1), 0), (host.transposed, (1, 2), 0), (host.with_gaps, (12, 2), 0),
    (host.with_offset, (3, 1), 3), (host.expanded, (0, 1), 0)])
def test_layouts_are_what_their_names_say(make, strides, offset):
    place = make((2, 3))
    assert (place.strides, place.offset) == (strides, offset)
    assert max(host.positions((2, 3), place.strides, place.offset)) < place.size


def test_a_matrix_is_run_in_every_layout_and_a_scalar_in_those_that_differ():
    by_shape = {c.hosts[0].shape: [name for name, _ in layouts.layouts(c)]
                for c in cases.good_cases(TABLE["neg"]) if c.dtype is dtypes.float32}
    assert by_shape[2, 3] == ["contiguous", "transposed", "gaps", "offset"]
    assert by_shape[()] == ["contiguous", "offset"]


def test_every_tolerance_has_a_reason_and_every_named_op_exists():
    assert tolerances.unknown_names() == []
    assert all(len(b.why) > 20 for b in [*tolerances.BY_OP.values(), tolerances.GRADIENT, tolerances.FUSED])


def test_no_op_is_left_without_a_check():
    assert cases.without_samples() == []


def test_identifiers_are_unique_and_stable():
    ids = [c.id for op in cases.table() for c in cases.good_cases(op)]
    assert len(set(ids)) == len(ids)
    assert "matmul/float32/sample-03" in ids
