"""The repr of a tensor: which notation, which width, where lines break, what is left out and what is added."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

import flambeau
from flambeau import dtypes
from flambeau.contract.backend import nest
from flambeau.tensors.printing import format_tensor, get_printoptions, printoptions, set_printoptions

inf, nan = math.inf, math.nan


def cut(nested: Any, index: tuple[slice, ...]) -> Any:
    return [cut(item, index[1:]) for item in nested[index[0]]] if index else nested


def show(values: list[Any], dtype: dtypes.DType = dtypes.float32, shape: tuple[int, ...] | None = None,
         **options: Any) -> str:
    shape = (len(values),) if shape is None else shape
    nested = nest(values, shape)
    return format_tensor(lambda index: cut(nested, index), shape, dtype, **options)


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    with printoptions(profile="default"):
        yield


@pytest.mark.parametrize(("values", "expected"), [
    ([7.0, 9.0], "tensor([7., 9.])"),
    ([1.0, 2.5], "tensor([1.0000, 2.5000])"),
    ([-1.0, 0.0, 10.0], "tensor([-1.,  0., 10.])"),
    ([0.0, -0.0], "tensor([0., -0.])"),
    ([1e-4, 0.05], "tensor([0.0001, 0.0500])"),
    ([9.9e-5, 0.05], "tensor([9.9000e-05, 5.0000e-02])"),
    ([1.0, 1000.0], "tensor([   1., 1000.])"),
    ([1.0, 1001.0], "tensor([1.0000e+00, 1.0010e+03])"),
    ([1e8], "tensor([100000000.])"),
    ([1e8 + 8], "tensor([1.0000e+08])"),
    ([nan, inf, -inf], "tensor([nan, inf, -inf])"),
    ([1.0, nan, inf], "tensor([1., nan, inf])"),
    ([1.5, nan, -inf], "tensor([1.5000,    nan,   -inf])"),
    ([1e-7, nan, -inf], "tensor([1.0000e-07,        nan,       -inf])"),
])
def test_floats_choose_one_notation_and_one_width(values: list[float], expected: str):
    assert show(values) == expected


@pytest.mark.parametrize(("values", "dtype", "expected"), [
    ([1, -200], dtypes.int64, "tensor([   1, -200])"),
    ([1, -200], dtypes.int16, "tensor([   1, -200], dtype=flambeau.int16)"),
    ([True, False], dtypes.bool, "tensor([ True, False])"),
    ([1.0, 2.0], dtypes.float16, "tensor([1., 2.], dtype=flambeau.float16)"),
    ([1.0, 2.0], dtypes.float64, "tensor([1., 2.], dtype=flambeau.float64)"),
    ([1 + 0j, complex(-0.0, -0.0)], dtypes.complex64, "tensor([1.+0.j, -0.-0.j])"),
    ([complex(1, nan), complex(inf, -2)], dtypes.complex128,
     "tensor([1.+nanj, inf-2.j], dtype=flambeau.complex128)"),
])
def test_the_dtype_is_named_unless_the_numbers_tell_it(values: list[Any], dtype: dtypes.DType, expected: str):
    assert show(values, dtype) == expected


def test_the_default_dtype_is_not_named():
    dtypes.set_default_dtype(dtypes.float64)
    try:
        assert show([1.0], dtypes.float64) == "tensor([1.])"
        assert show([1j], dtypes.complex128) == "tensor([0.+1.j])"
        assert show([1.0], dtypes.float32) == "tensor([1.], dtype=flambeau.float32)"
    finally:
        dtypes.set_default_dtype(dtypes.float32)


@pytest.mark.parametrize(("value", "dtype", "expected"), [
    (3, dtypes.int64, "tensor(3)"), (3.0, dtypes.float32, "tensor(3.)"), (1 - 2.5j, dtypes.complex64,
                                                                         "tensor(1.-2.5000j)")])
def test_a_single_number_has_no_brackets(value: Any, dtype: dtypes.DType, expected: str):
    assert show([value], dtype, ()) == expected


@pytest.mark.parametrize(("shape", "dtype", "expected"), [
    ((0,), dtypes.float32, "tensor([])"), ((0, 3), dtypes.float32, "tensor([], size=(0, 3))"),
    ((0,), dtypes.int64, "tensor([], dtype=flambeau.int64)"),
    ((2, 0), dtypes.bool, "tensor([], size=(2, 0), dtype=flambeau.bool)")])
def test_an_empty_tensor_shows_its_size_and_dtype(shape: tuple[int, ...], dtype: dtypes.DType, expected: str):
    assert format_tensor(lambda index: pytest.fail("nothing to fetch"), shape, dtype) == expected


def test_dimensions_nest_and_blocks_are_set_apart():
    assert show(list(range(8)), dtypes.int64, (2, 2, 2)) == (
        "tensor([[[0, 1],\n         [2, 3]],\n\n        [[4, 5],\n         [6, 7]]])")


LONG = ("tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
        "        14., 15., 16., 17., 18., 19.]")


def test_rows_wrap_at_the_line_width_and_the_rest_follows_where_it_fits():
    values = [float(i) for i in range(20)]
    assert show(values) == LONG + ")"
    assert show(values, requires_grad=True) == LONG + ", requires_grad=True)"
    assert show(values[:14], dtypes.float64) == LONG.splitlines()[0][:-1] + "],\n       dtype=flambeau.float64)"


@pytest.mark.parametrize(("options", "expected"), [
    ({"requires_grad": True}, "tensor([1.], requires_grad=True)"),
    ({"requires_grad": True, "grad_fn_name": "MulBackward0"}, "tensor([1.], grad_fn=<MulBackward0>)"),
    ({"device": "cuda:0"}, "tensor([1.], device='cuda:0')"),
    ({"prefix": "Mine("}, "Mine([1.])"),
])
def test_what_follows_the_numbers(options: dict[str, Any], expected: str):
    assert show([1.0], **options) == expected


def test_the_namespace_before_a_dtype_can_be_another(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dtypes, "_NAMESPACE", ["torch"])
    assert show([1], dtypes.int8) == "tensor([1], dtype=torch.int8)"


# --- large tensors


def test_over_a_thousand_elements_only_the_edges_are_shown():
    assert show(list(range(1000)), dtypes.int64).count(",") == 999
    assert show(list(range(1001)), dtypes.int64) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"
    assert show([0.0] * 1200, shape=(3, 400)) == (
        "tensor([[0., 0., 0.,  ..., 0., 0., 0.],\n        [0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.]])")


def test_only_the_edges_of_a_large_tensor_are_fetched():
    asked = []

    def fetch(index: tuple[slice, ...]) -> Any:
        asked.append(index)
        rows, columns = (list(range(s.start, s.stop)) for s in index)
        return [[1000 * r + c for c in columns] for r in rows]

    text = format_tensor(fetch, (1000, 1000), dtypes.int64)
    assert sorted((r.start, r.stop, c.start, c.stop) for r, c in asked) == [
        (0, 3, 0, 3), (0, 3, 997, 1000), (997, 1000, 0, 3), (997, 1000, 997, 1000)]
    assert text.splitlines()[3] == "        ...,"
    assert text.splitlines()[-1] == "        [999000, 999001, 999002,  ..., 999997, 999998, 999999]])"


def test_the_notation_follows_what_is_shown_not_what_is_hidden():
    values = [1.0] * 1001
    values[500] = 1e-9
    assert show(values) == "tensor([1., 1., 1.,  ..., 1., 1., 1.])"


# --- options


def test_options_read_back_and_a_profile_comes_before_the_rest():
    set_printoptions(profile="short", edgeitems=5)
    assert get_printoptions() == {"precision": 2, "threshold": 1000, "edgeitems": 5, "linewidth": 80,
                                  "sci_mode": None}
    set_printoptions(profile="full")
    assert get_printoptions()["threshold"] == inf


@pytest.mark.parametrize(("options", "values", "expected"), [
    ({"precision": 2}, [1.125, 2.0], "tensor([1.12, 2.00])"),
    ({"sci_mode": True}, [1.0, 2.0], "tensor([1.0000e+00, 2.0000e+00])"),
    ({"sci_mode": False}, [1e-7, 2.5], "tensor([0.0000, 2.5000])"),
    ({"threshold": 3}, [1.0] * 7, "tensor([1., 1., 1.,  ..., 1., 1., 1.])"),
    ({"threshold": 3, "edgeitems": 1}, [1.0] * 7, "tensor([1.,  ..., 1.])"),
    ({"threshold": 3, "edgeitems": 0}, [1.0] * 7, "tensor([...], size=(7,))"),
    ({"linewidth": 20}, [1.0, 2.0, 3.0, 4.0], "tensor([1., 2., 3.,\n        4.])"),
])
def test_each_option(options: dict[str, Any], values: list[float], expected: str):
    set_printoptions(**options)
    assert show(values) == expected


def test_a_call_that_does_not_name_sci_mode_sets_it_back():
    set_printoptions(sci_mode=True)
    set_printoptions(precision=3)
    assert get_printoptions()["sci_mode"] is None


def test_printoptions_are_restored_also_after_an_error():
    with pytest.raises(KeyError), printoptions(precision=9):
        assert get_printoptions()["precision"] == 9
        raise KeyError
    assert get_printoptions()["precision"] == 4


def test_a_number_in_an_f_string_is_the_number_and_any_other_tensor_as_it_prints():
    loss = flambeau.tensor(1.5, requires_grad=True)
    assert f"{loss} {loss:.3f} {flambeau.tensor(3)} {flambeau.tensor([1.5])}" == "1.5 1.500 3 tensor([1.5000])"
