"""A shape that does not fit is shown in one traceback."""

import gc
import traceback
import weakref

import pytest

import flambeau

a, b = flambeau.ones(2, 3), flambeau.ones(4, 5)
nn = flambeau.nn


@pytest.mark.parametrize("call", [
    lambda: a @ b, lambda: a + b, lambda: nn.Linear(4, 5)(a), lambda: nn.functional.linear(a, b),
    lambda: flambeau.cat([a, b]), lambda: flambeau.stack([a, b]), lambda: nn.functional.layer_norm(a, (4,)),
    lambda: a.copy_(b), lambda: a.view(7), lambda: flambeau.where(a > 0, a, b), lambda: a.sum(5),
    lambda: flambeau.hypot(a, b), lambda: a.add_(b), lambda: nn.Conv2d(3, 4, 3)(flambeau.ones(1, 2, 5, 5)),
])
def test_one_traceback(call):
    with pytest.raises(flambeau.errors.FlambeauError) as caught:
        call()
    assert "".join(traceback.format_exception(caught.value)).count("Traceback (most recent call last)") == 1


@pytest.mark.parametrize("call", [
    lambda: a @ b, lambda: a + b, lambda: a.sum(5), lambda: a.add_(b), lambda: a[9],
    lambda: flambeau.mm(a, b), lambda: nn.Linear(4, 5)(a), lambda: flambeau.cat([a, b]), lambda: a & a,
    lambda: nn.functional.conv2d(a, b), lambda: flambeau.exp(1),
])
def test_an_error_that_was_handled_is_gone(call):
    """It holds on to nothing, not even to itself: no tensor waits for the collector of circles."""
    gc.disable()
    try:
        call()
    except Exception as error:
        gone = weakref.ref(error)
    finally:
        gc.enable()
    assert gone() is None
