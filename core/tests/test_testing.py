"""`assert_close` on every backend, and tensors that are made for tests."""

import pytest

import flambeau
from flambeau.errors import ArgumentError, NotCloseError, ValueRangeError
from flambeau.testing import assert_close, make_tensor


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_the_message_counts_what_differs_and_names_the_worst_places(device: str):
    expected = flambeau.tensor([[1.0, 2.0], [4.0, 8.0]], device=device)
    actual = flambeau.tensor([[1.0, 2.5], [4.0, 7.0]], device=device)
    with pytest.raises(NotCloseError) as caught:
        assert_close({"x": [actual]}, {"x": [expected]})
    assert str(caught.value) == (
        "Tensor-likes are not close!\n\nMismatched elements: 2 / 4 (50.0%)\n"
        "Greatest absolute difference: 1.0 at index (1, 1) (up to 1e-05 allowed)\n"
        "Greatest relative difference: 0.25 at index (0, 1) (up to 1.3e-06 allowed)\n\n"
        "The failure occurred for item ['x'][0] (FL701)")


def test_devices_differ_unless_told_otherwise():
    here, there = flambeau.ones(2), flambeau.ones(2, device="reference")
    with pytest.raises(NotCloseError, match="'device' do not match: cpu != reference"):
        assert_close(here, there)
    assert_close(here, there, check_device=False)


def test_kinds_that_cannot_be_compared_are_refused_by_type():
    with pytest.raises(ArgumentError, match="No comparison pair was able to handle inputs of type"):
        assert_close(flambeau.ones(1), [1.0])


def test_made_tensors_keep_to_their_range_and_layout():
    made = make_tensor(50, 4, dtype=flambeau.float64, low=-1, high=2, noncontiguous=True)
    assert made.shape == (50, 4)
    assert not made.is_contiguous()
    assert -1 <= made.min().item() < made.max().item() < 2
    assert make_tensor(100, dtype=flambeau.int8, low=0, high=2, exclude_zero=True).tolist() == [1] * 100


def test_a_gradient_of_integers_is_refused():
    with pytest.raises(ValueRangeError, match="`requires_grad=True` is not supported for boolean and integral dtypes"):
        make_tensor(2, dtype=flambeau.int64, requires_grad=True)
