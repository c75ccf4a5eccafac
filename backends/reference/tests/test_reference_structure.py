"""Views, moves, reductions, indices, order and windows: what they alias, return and refuse."""

from __future__ import annotations

from typing import Any

import pytest
from reference_arrays import BACKEND, INF, KERNELS, NAN, call, make, text

from flambeau import dtypes
from flambeau.errors import DTypeError, IndexRangeError, ShapeError, ValueRangeError
from flambeau_reference import Array

SQUARE = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
FRESH: list[tuple[str, dict[str, Any]]] = [
    ("floor", {}), ("abs", {}), ("copy", {}), ("flip", {"dims": ()}), ("roll", {"shifts": (), "dims": ()}),
    ("pad", {"padding": ((0, 0), (0, 0)), "value": 0}), ("cat", {"dim": 0}),
    ("sum", {"dim": (), "keepdim": False, "dtype": dtypes.float32}), ("amax", {"dim": (), "keepdim": False}),
    ("cumsum", {"dim": 0, "dtype": dtypes.float32}), ("unfold", {"kernel_size": (), "dilation": (), "stride": ()}),
]


def index(values: Any) -> Array:
    return make(values, dtypes.int64)


@pytest.mark.parametrize(("name", "attributes", "shape", "strides", "elements"), [
    ("view", {"size": (3, 2)}, (3, 2), (2, 1), {0, 1, 2, 3, 4, 5}),
    ("permute", {"dims": (1, 0)}, (3, 2), (1, 3), {0, 1, 2, 3, 4, 5}),
    ("expand", {"size": (4, 2, 3)}, (4, 2, 3), (0, 3, 1), {0, 1, 2, 3, 4, 5}),
    ("slice", {"index": (slice(1, 2, 1), slice(0, 3, 2))}, (1, 2), (3, 2), {3, 5}),
    ("slice", {"index": (1, 2)}, (), (), {5}), ("slice", {"index": (None, 0)}, (1, 3), (6, 1), {0, 1, 2}),
    ("as_strided", {"size": (2, 2), "stride": (1, 2), "storage_offset": 1}, (2, 2), (1, 2), {1, 2, 3, 4}),
    ("diagonal", {"offset": 1, "dim1": 0, "dim2": 1}, (2,), (4,), {1, 5}),
])
def test_views_alias_and_assign_writes_through(
        name: str, attributes: dict[str, Any], shape: tuple[int, ...], strides: tuple[int, ...],
        elements: set[int]) -> None:
    base = make(SQUARE)
    view = KERNELS[name](base, **attributes)
    assert (view.shape, BACKEND.strides(view), BACKEND.storage_offset(view)) == (shape, strides, min(elements))
    KERNELS["assign"](view, make(-1.0))
    written = {i for i, v in enumerate(v for row in BACKEND.tolist(base) for v in row) if v == -1.0}
    assert written == elements


def test_view_raises_where_strides_do_not_allow_it() -> None:
    turned = KERNELS["permute"](make(SQUARE), dims=(1, 0))
    with pytest.raises(ShapeError, match=r"shape \[3, 2\] with strides \[1, 3\] cannot be viewed as \[6\]"):
        KERNELS["view"](turned, size=(6,))
    assert KERNELS["view"](turned, size=(3, 1, 2)).strides == (1, 6, 3)
    with pytest.raises(ShapeError, match="other number of elements"):
        KERNELS["view"](turned, size=(7,))


def test_as_strided_and_slice_stay_inside_the_storage() -> None:
    with pytest.raises(ShapeError, match="reach outside a storage of 6 elements"):
        KERNELS["as_strided"](make(SQUARE), size=(7,), stride=(1,), storage_offset=0)
    with pytest.raises(IndexRangeError, match="slice: index 2 is out of range for size 2"):
        KERNELS["slice"](make(SQUARE), index=(2,))


@pytest.mark.parametrize(("name", "attributes"), FRESH, ids=[n for n, _ in FRESH])
def test_kernels_that_change_nothing_still_return_a_fresh_array(name: str, attributes: dict[str, Any]) -> None:
    x = make(SQUARE)
    result = KERNELS[name](x, **attributes)
    KERNELS["assign"](result, make(9.0))
    assert BACKEND.tolist(x) == SQUARE


def test_kernels_leave_their_inputs_alone() -> None:
    x, y, i = make(SQUARE), make(SQUARE), index([[0, 1, 0]])
    KERNELS["scatter"](x, i, y, dim=0)
    KERNELS["scatter_add"](x, i, y, dim=0)
    KERNELS["index_put"](x, make(7.0), index([0]), accumulate=True)
    KERNELS["sort"](x, dim=0, descending=True)
    assert BACKEND.tolist(x) == SQUARE


def test_assign_reads_the_source_before_it_writes() -> None:
    x = make([0.0, 1.0, 2.0, 3.0])
    head, tail = (KERNELS["slice"](x, index=(s,)) for s in (slice(0, 3, 1), slice(1, 4, 1)))
    KERNELS["assign"](tail, head)
    assert BACKEND.tolist(x) == [0.0, 0.0, 1.0, 2.0]
    square = make([[1.0, 2.0], [3.0, 4.0]])
    assert KERNELS["assign"](KERNELS["permute"](square, dims=(1, 0)), square).storage is square.storage
    assert BACKEND.tolist(square) == [[1.0, 3.0], [2.0, 4.0]]


def test_assign_refuses_a_source_that_does_not_broadcast() -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\) does not broadcast to \(2,\)"):
        KERNELS["assign"](make([1.0, 2.0]), make([1.0, 2.0, 3.0]))


def test_elementwise_kernels_read_every_layout() -> None:
    turned = KERNELS["permute"](make(SQUARE), dims=(1, 0))
    gaps = KERNELS["slice"](make([[0.0, 9.0, 3.0], [1.0, 9.0, 4.0], [2.0, 9.0, 5.0]]),
                            index=(slice(0, 3, 1), slice(0, 3, 2)))
    spread = KERNELS["expand"](make([[1.0], [2.0], [3.0]]), size=(3, 2))
    assert BACKEND.tolist(KERNELS["sub"](turned, gaps)) == [[0.0, 0.0]] * 3
    assert BACKEND.tolist(KERNELS["add"](turned, spread)) == [[1.0, 4.0], [3.0, 6.0], [5.0, 8.0]]
    negative = BACKEND.from_host(BACKEND.to_host(make([1.0, 2.0, 3.0])), (3,), dtypes.float32, (-1,), 2)
    assert BACKEND.tolist(KERNELS["neg"](negative)) == [-3.0, -2.0, -1.0]


def test_pad_flip_roll_cat() -> None:
    assert call("pad", [[1, 2]], dtype=dtypes.uint8, padding=((1, 0), (0, 2)), value=-1) == [
        [255] * 4, [1, 2, 255, 255]]
    assert call("flip", SQUARE, dims=(0, 1)) == [[5.0, 4.0, 3.0], [2.0, 1.0, 0.0]]
    assert call("roll", SQUARE, shifts=(1, 1), dims=(1, 1)) == [[1.0, 2.0, 0.0], [4.0, 5.0, 3.0]]
    assert call("cat", SQUARE, SQUARE, dim=1)[0] == [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]
    with pytest.raises(ShapeError, match=r"cat: shapes \[2, 3\] and \[1, 3\] differ outside dim 1"):
        call("cat", SQUARE, [[1.0, 2.0, 3.0]], dim=1)


def test_sum_over_no_dims_copies_and_keeps_negative_zero() -> None:
    result = KERNELS["sum"](make([-0.0, 1.0]), dim=(), keepdim=False, dtype=dtypes.float32)
    assert text(BACKEND.tolist(result)) == "[-0.0, 1.0]"


def test_sum_casts_its_elements_first() -> None:
    def summed(x: Array, dtype: Any) -> Any:
        return BACKEND.item(KERNELS["sum"](x, dim=(0,), keepdim=False, dtype=dtype))

    assert summed(make([1.9, 1.9]), dtypes.int64) == 2
    assert summed(make([200, 100], dtypes.uint8), dtypes.int64) == 300
    assert summed(make([256, 0], dtypes.int64), dtypes.uint8) == 0
    assert summed(make([2, 3], dtypes.int64), dtypes.bool) is True


@pytest.mark.parametrize(("name", "expected"), [("amax", [NAN, 2.0]), ("amin", [NAN, -INF])])
def test_nan_wins_an_extreme(name: str, expected: list[float]) -> None:
    assert text(call(name, [[1.0, NAN, 3.0], [2.0, -INF, 0.0]], dim=(1,), keepdim=False)) == text(expected)


def test_argmax_and_argmin_take_the_first_and_nan_before_all() -> None:
    assert call("argmax", [1.0, 3.0, 3.0], dim=None, keepdim=True) == [1]
    assert call("argmin", [[1.0, 0.0, 0.0], [NAN, 0.0, NAN]], dim=1, keepdim=True) == [[1], [0]]
    assert call("argmax", [[1.0, 0.0], [NAN, 5.0]], dim=None, keepdim=False) == 2
    assert call("argmax", 4.0, dim=0, keepdim=False) == 0


@pytest.mark.parametrize(("name", "dim"), [("amax", (0,)), ("amin", (0,)), ("argmax", 0), ("argmin", None)])
def test_the_extreme_of_nothing_raises(name: str, dim: Any) -> None:
    with pytest.raises(ValueRangeError, match=rf"{name}: dim 0 of \[0\] is empty"):
        call(name, [], dim=dim, keepdim=False)


def test_running_extremes_name_the_last_of_equals_and_keep_nan() -> None:
    assert text(call("cummax", [1.0, 3.0, 3.0, 2.0], dim=0)) == text(([1.0, 3.0, 3.0, 3.0], [0, 1, 2, 2]))
    assert text(call("cummin", [1.0, NAN, 0.0, NAN], dim=0)) == text(([1.0, NAN, NAN, NAN], [0, 1, 1, 3]))


@pytest.mark.parametrize("name", ["amax", "argmin", "cummax", "sort"])
def test_complex_numbers_have_no_order(name: str) -> None:
    attributes: dict[str, Any] = {"amax": {"dim": (0,), "keepdim": False}, "argmin": {"dim": 0, "keepdim": False},
                                  "sort": {"dim": 0, "descending": False}}.get(name, {"dim": 0})
    with pytest.raises(DTypeError, match=f"{name}: complex numbers have no order"):
        call(name, [1j, 2j], dtype=dtypes.complex64, **attributes)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_scans_run_along_any_dim_and_over_0d(name: str) -> None:
    expected = {"cumsum": [[0.0, 1.0, 2.0], [3.0, 5.0, 7.0]], "cumprod": [[0.0, 1.0, 2.0], [0.0, 4.0, 10.0]]}[name]
    assert BACKEND.tolist(KERNELS[name](make(SQUARE), dim=0, dtype=dtypes.float32)) == expected
    assert BACKEND.tolist(KERNELS[name](make(5.0), dim=0, dtype=dtypes.float32)) == 5.0


def test_take_keeps_the_shape_of_the_index() -> None:
    result = KERNELS["take"](make(SQUARE), index([[2, 0], [1, 1]]), dim=1)
    assert BACKEND.tolist(result) == [[[2.0, 0.0], [1.0, 1.0]], [[5.0, 3.0], [4.0, 4.0]]]
    assert KERNELS["take"](make(SQUARE), index(1), dim=0).shape == (3,)


@pytest.mark.parametrize("wrong", [-1, 3])
def test_take_refuses_entries_outside(wrong: int) -> None:
    with pytest.raises(IndexError, match=f"take: index {wrong} is out of range for size 3"):
        KERNELS["take"](make(SQUARE), index([0, wrong]), dim=1)


def test_scatter_the_last_wins_and_scatter_add_sums_all() -> None:
    x, i, src = make([0.0, 0.0]), index([1, 1, 1]), make([1e8, 1.0, -1e8])
    assert BACKEND.tolist(KERNELS["scatter"](x, i, src, dim=0)) == [0.0, -1e8]
    assert BACKEND.tolist(KERNELS["scatter_add"](x, i, src, dim=0)) == [0.0, 1.0]


def test_gather_takes_a_smaller_index_and_refuses_a_larger() -> None:
    assert BACKEND.tolist(KERNELS["gather"](make(SQUARE), index([[2, 0]]), dim=1)) == [[2.0, 0.0]]
    with pytest.raises(IndexError, match="gather: index of size 3 at dim 0 exceeds 2"):
        KERNELS["gather"](make(SQUARE), index([[0], [0], [0]]), dim=1)
    with pytest.raises(IndexError, match="index 5 is out of range for size 3"):
        KERNELS["gather"](make(SQUARE), index([[5]]), dim=1)


def test_index_broadcasts_counts_from_the_end_and_refuses_what_is_outside() -> None:
    x = make(SQUARE)
    assert BACKEND.tolist(KERNELS["index"](x, index([[0], [-1]]), index([0, -1]))) == [[0.0, 2.0], [3.0, 5.0]]
    assert BACKEND.tolist(KERNELS["index"](x, index([-1]))) == [[3.0, 4.0, 5.0]]
    with pytest.raises(IndexError, match="index: index -3 is out of range for size 2"):
        KERNELS["index"](x, index([-3]))


def test_index_put_writes_or_adds() -> None:
    x, values, at = make([0.0, 0.0, 0.0]), make([1.0, 2.0, 4.0]), index([0, 0, -1])
    assert BACKEND.tolist(KERNELS["index_put"](x, values, at, accumulate=False)) == [2.0, 0.0, 4.0]
    assert BACKEND.tolist(KERNELS["index_put"](x, values, at, accumulate=True)) == [3.0, 0.0, 4.0]
    flags = KERNELS["index_put"](make([True, False], dtypes.bool), make(True, dtypes.bool), index([1]), accumulate=True)
    assert BACKEND.tolist(flags) == [True, True]


def test_nonzero_lists_places_in_c_order() -> None:
    assert call("nonzero", [[0.0, NAN], [-1.0, -0.0]]) == [[0, 1], [1, 0]]
    assert KERNELS["nonzero"](make(3.0)).shape == (1, 0)
    assert KERNELS["nonzero"](make(0.0)).shape == (0, 0)


def test_masked_select() -> None:
    mask = make([[True, False, True], [False, False, True]], dtypes.bool)
    assert BACKEND.tolist(KERNELS["masked_select"](make(SQUARE), mask)) == [0.0, 2.0, 5.0]


def test_sort_keeps_equal_elements_in_order_both_ways_and_puts_nan_above_all() -> None:
    row = [1.0, NAN, -0.0, 0.0, INF]
    assert text(call("sort", row, dim=0, descending=False)) == text(([-0.0, 0.0, 1.0, INF, NAN], [2, 3, 0, 4, 1]))
    assert text(call("sort", row, dim=0, descending=True)) == text(([NAN, INF, 1.0, -0.0, 0.0], [1, 4, 0, 2, 3]))
    assert call("sort", 2.0, dim=0, descending=False) == (2.0, 0)


def test_searchsorted() -> None:
    row, wanted = [1.0, 2.0, 2.0, NAN], [0.0, 2.0, 5.0, NAN]
    assert call("searchsorted", row, wanted, right=False) == [0, 1, 3, 4]
    assert call("searchsorted", row, wanted, right=True) == [0, 3, 3, 4]
    assert call("searchsorted", [[1.0, 3.0], [5.0, 7.0]], [[2.0], [8.0]], right=False) == [[1], [2]]
    with pytest.raises(ShapeError, match="searchsorted: shapes"):
        call("searchsorted", [[1.0]], [1.0], right=False)


def test_fold_is_the_adjoint_of_unfold_and_sums_exactly() -> None:
    x = make([[[1.0, 2.0, 3.0, 4.0]]])
    windows = KERNELS["unfold"](x, kernel_size=(2,), dilation=(1,), stride=(1,))
    assert BACKEND.tolist(windows) == [[[[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]]]
    folded = KERNELS["fold"](windows, size=(4,), dilation=(1,), stride=(1,))
    assert BACKEND.tolist(folded) == [[[1.0, 4.0, 6.0, 4.0]]]


def test_windows_larger_than_the_image_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"unfold: kernel \[5\] with dilation \[2\] exceeds \[3\]"):
        call("unfold", [[[1.0, 2.0, 3.0]]], kernel_size=(5,), dilation=(2,), stride=(1,))
    with pytest.raises(ShapeError, match=r"fold: windows of \[4\] have shape"):
        call("fold", [[[[1.0, 2.0]]]], size=(4,), dilation=(1,), stride=(1,))


def test_full_and_arange() -> None:
    def numbers(name: str, **attributes: Any) -> Any:
        return BACKEND.tolist(KERNELS[name](**attributes))

    assert numbers("full", size=(2,), value=0.1, dtype=dtypes.float16) == [0.0999755859375] * 2
    assert numbers("full", size=(), value=1 - 2j, dtype=dtypes.complex64) == 1 - 2j
    assert numbers("full", size=(0, 3), value=True, dtype=dtypes.bool) == []
    assert numbers("arange", start=2**53, step=1, length=3, dtype=dtypes.int64) == [2**53, 2**53 + 1, 2**53 + 2]
    assert numbers("arange", start=0.5, step=-0.25, length=3, dtype=dtypes.float32) == [0.5, 0.25, 0.0]
    assert numbers("arange", start=0, step=1, length=0, dtype=dtypes.float32) == []
