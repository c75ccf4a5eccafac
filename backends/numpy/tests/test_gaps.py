"""In-place arithmetic where the elements lie apart, and losses of batches without elements."""

import numpy as np
import pytest

import flambeau


@pytest.mark.parametrize("dtype", [flambeau.int32, flambeau.int64, flambeau.float32, flambeau.float64])
@pytest.mark.parametrize("gap", [2, 3, 4, 5, 8])
def test_negation_in_place_of_elements_that_lie_apart(dtype: flambeau.dtype, gap: int):
    x = flambeau.arange(1, 10 * gap + 1, dtype=dtype, device="numpy")
    part = x[::gap]
    expected = [-v for v in part.tolist()]
    assert part.neg_().tolist() == expected
    assert x[::gap].tolist() == expected and x[1].item() == 2


def test_negation_into_a_shape_that_does_not_fit_changes_nothing():
    x, y = flambeau.ones(2, device="numpy"), flambeau.ones(3, device="numpy")
    writer = flambeau.device("numpy").backend.writer("neg", flambeau.float32)
    with pytest.raises(ValueError, match=r"fit|broadcast"):
        writer(x._array, y._array)
    with pytest.raises(ValueError, match=r"fit|broadcast"):
        writer(np.ones((2, 3), np.float32), y._array)
    assert y.tolist() == [1, 1, 1]


def test_cross_entropy_of_no_rows_with_further_dims_is_empty():
    loss = flambeau.nn.functional.cross_entropy(flambeau.zeros(0, 3, 4, device="numpy"),
                                                flambeau.zeros(0, 4, dtype=flambeau.int64, device="numpy"),
                                                reduction="none")
    assert tuple(loss.shape) == (0, 4)
