"""inf and nan are answers, whatever the program has made of NumPy's warnings."""

import threading
import warnings
from contextlib import ExitStack
from itertools import cycle, islice

import numpy as np
import pytest

import flambeau
from flambeau import later
from flambeau.errors import BackendError, FlambeauError
from flambeau.table.registry import TABLE
from flambeau.table.samples import Sample, arr

pytestmark = pytest.mark.loud
SPECIAL = [0.0, float("inf"), 1e38, float("nan"), -float("inf"), -1e38, -0.0, -1.0, 1e-38]
DEVICES = ["numpy", "array-api-strict"]


def loud(how):
    """A context in which NumPy raises where it can: by the filters of warnings, or by its own state."""
    stack = ExitStack()
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("error")
    if how == "errstate":
        stack.enter_context(np.errstate(all="raise"))
    return stack


def filled(value, device):
    """The sample's argument with tensors of special numbers for its descriptions of arrays."""
    if isinstance(value, (list, tuple)) and any(isinstance(v, arr) for v in value):
        return type(value)(filled(v, device) for v in value)
    if not isinstance(value, arr):
        return value
    dtype = flambeau.dtypes.BY_NAME[value.dtype or "float32"]
    count = int(np.prod(value.shape))
    numbers = value.fill
    if numbers is None:
        numbers = list(islice(cycle(SPECIAL), count)) if dtype.is_floating_point else [1] * count
    made = flambeau.tensor(numbers, dtype=dtype, device=device).reshape(value.shape)
    return made.requires_grad_(value.requires_grad and dtype.is_floating_point)


def run(name, device):
    """Every sample of the op there and back; BackendError is what NumPy's complaint would become."""
    for sample in TABLE[name].samples():
        if not isinstance(sample, Sample):
            continue
        try:
            args = [filled(a, device) for a in sample.args]
            named = {"dtype": flambeau.float32} if name in ("arange", "full") else {}
            made = TABLE[name].call(*args, **named | {k: filled(v, device) for k, v in sample.kwargs.items()})
            for part in made if isinstance(made, tuple) else (made,):
                if isinstance(part, flambeau.Tensor) and part.requires_grad:
                    part.backward(flambeau.full_like(part, 1e38), retain_graph=True)
        except BackendError:
            raise
        except FlambeauError:
            pass  # a rule of the op that the special numbers break


later.load()


@pytest.mark.parametrize("how", ["filters", "errstate"])
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", sorted(n for n, op in TABLE.items() if op.samples is not None))
def test_no_op_fails_where_warnings_are_errors(name, device, how):
    with loud(how):
        run(name, device)


@pytest.mark.parametrize("how", ["filters", "errstate"])
@pytest.mark.parametrize("device", DEVICES)
def test_results_are_those_of_a_quiet_program(device, how):
    values = [1000.0, -1000.0, 0.0]
    quiet = flambeau.tensor(values, device=device)
    with loud(how):
        x = flambeau.tensor(values, device=device, requires_grad=True)
        y = x.exp()
        y.sum().backward()
        z = flambeau.tensor(values, device=device)
        z.div_(0)
    assert y.tolist() == quiet.exp().tolist() == [float("inf"), 0.0, 1.0]
    assert x.grad.tolist() == [float("inf"), 0.0, 1.0]
    assert str(z.tolist()) == "[inf, -inf, nan]"


@pytest.mark.parametrize("how", ["filters", "errstate"])
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("make", [
    lambda p: flambeau.optim.SGD(p, lr=1e30, momentum=0.9), lambda p: flambeau.optim.Adam(p, lr=1e30),
    lambda p: flambeau.optim.RMSprop(p, lr=1e30), lambda p: flambeau.optim.Adagrad(p, lr=1e30),
], ids=["sgd", "adam", "rmsprop", "adagrad"])
def test_a_step_is_made_once(make, device, how):
    def steps():
        p = flambeau.tensor([1.0, 2.0], device=device, requires_grad=True)
        optimizer = make([p])
        for _ in range(3):
            optimizer.zero_grad()
            (p * p).sum().backward()
            optimizer.step()
        return p.tolist()

    expected = steps()
    with loud(how):
        assert str(steps()) == str(expected)


@pytest.mark.parametrize("device", DEVICES)
def test_gradients_that_meet_overflow(device):
    with loud("errstate"):
        x = flambeau.tensor([1.0], device=device, requires_grad=True)
        (x * 3e38 + x * 3e38 + x * 3e38).backward(flambeau.ones(1, device=device))
        x.sum().backward()
    assert x.grad.tolist() == [float("inf")]


@pytest.mark.parametrize("device, wide, narrow", [("numpy", "float32", "float16"),
                                                  ("array-api-strict", "float64", "float32")])
def test_numbers_that_only_infinity_holds(device, wide, narrow):
    wide, narrow = flambeau.dtypes.BY_NAME[wide], flambeau.dtypes.BY_NAME[narrow]
    with loud("errstate"):
        big = flambeau.finfo(wide).max
        assert (flambeau.ones(1, dtype=narrow, device=device) * big).tolist() == [float("inf")]
        x = flambeau.zeros(1, dtype=narrow, device=device)
        x.copy_(flambeau.tensor([big], dtype=wide, device=device))
        assert x.tolist() == [float("inf")]


def test_a_thread_that_makes_errors_of_warnings():
    found = []

    def work():
        np.seterr(all="raise")
        found.append(flambeau.tensor([1000.0], device="numpy").exp().item())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [float("inf")]


def test_the_programs_own_arithmetic_is_left_alone():
    with loud("filters"):
        flambeau.tensor([1000.0], device="numpy").exp()
        with pytest.raises(RuntimeWarning, match="overflow"):
            np.exp(np.array(1000.0))
