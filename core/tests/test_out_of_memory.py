"""What no memory can hold is refused with a coded error, by whichever backend, and the next call works."""

import pytest

import flambeau
from flambeau.errors import OutOfMemoryError


@pytest.mark.parametrize("count", [2**50, 2**62])
@pytest.mark.parametrize("make", [flambeau.zeros, flambeau.empty], ids=["zeros", "empty"])
def test_too_large_a_tensor_is_refused(make, count):
    with pytest.raises(OutOfMemoryError, match=rf"\[{count}\] elements of float32 are {4 * count} bytes \(FL206\)"):
        make(count)
    assert flambeau.ones(2).sum().item() == 2


def test_the_error_is_a_memory_error_and_a_runtime_error():
    with pytest.raises(MemoryError) as caught:
        flambeau.ones(2**50)
    assert isinstance(caught.value, RuntimeError)
    assert caught.value.op == "ones"


def test_a_result_too_large_is_refused_too():
    x = flambeau.ones(1).expand(2**50)
    with pytest.raises(OutOfMemoryError, match="out of memory"):
        x + 1


def test_a_wrong_value_stays_what_it_was():
    with pytest.raises(RuntimeError) as caught:
        flambeau.full((2, -1), 1.0)
    assert not isinstance(caught.value, MemoryError)
