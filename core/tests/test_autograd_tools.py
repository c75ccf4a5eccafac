"""What is built on the walk: checkpoints, anomaly mode, numeric checks, functional derivatives."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import flambeau
from flambeau import autograd
from flambeau.autograd import Function, gradcheck, gradgradcheck
from flambeau.autograd.gradcheck import GradcheckError
from flambeau.errors import ArgumentError, GradientError, ShapeError, UnsupportedError, ValueRangeError
from flambeau.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def leaf(*values: float) -> flambeau.Tensor:
    return flambeau.tensor(list(values), requires_grad=True)


def made(forward: Any, backward: Any) -> Any:
    """A Function from two plain functions."""
    return type("Made", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


# --- checkpoint


def test_a_checkpoint_runs_again_and_reaches_parameters_it_closes_over():
    x, w, runs = leaf(1.0, 2.0), leaf(3.0, 4.0), []

    def part(x: Any, *, scale: float) -> Any:
        runs.append(flambeau.is_grad_enabled())
        return {"out": (x * w * scale).exp().log()}

    checkpoint(part, x, scale=2.0, use_reentrant=False)["out"].sum().backward()
    assert runs == [True, True]
    assert x.grad.tolist() == pytest.approx([6.0, 8.0])
    assert w.grad.tolist() == pytest.approx([2.0, 4.0])


def test_checkpoints_within_checkpoints_at_second_order():
    x = flambeau.tensor(2.0, dtype=flambeau.float64, requires_grad=True)
    y = checkpoint(lambda x: checkpoint(lambda x: x ** 3, x) * x, x)
    g, = autograd.grad(y, x, create_graph=True)
    gg, = autograd.grad(g, x)
    assert (g.item(), gg.item()) == (32.0, 48.0)


def test_a_checkpoint_that_does_something_else_the_second_time():
    runs: list[int] = []

    def part(x: Any) -> Any:
        runs.append(1)
        return x * x if len(runs) == 1 else (x * x).exp()

    with pytest.raises(CheckpointError, match="1 operations were recorded in forward, 2 now"):
        checkpoint(part, leaf(1.0)).backward()


def test_a_sequence_of_checkpoints():
    x, steps = leaf(1.0), [lambda x: x * 2, lambda x: x.exp(), lambda x: x * x, lambda x: x + 1]
    checkpoint_sequential(steps, 2, x, use_reentrant=False).backward()
    plain = leaf(1.0)
    ((plain * 2).exp() ** 2 + 1).backward()
    assert x.grad.tolist() == pytest.approx(plain.grad.tolist())
    with pytest.raises(ValueRangeError, match="unexpected keyword arguments: other"):
        checkpoint_sequential(steps, 2, x, other=1)


def test_checkpoint_options_that_are_not_there():
    with pytest.raises(UnsupportedError, match="debug=True"):
        checkpoint(lambda x: x, leaf(1.0), debug=True)
    with pytest.raises(ValueRangeError, match="determinism_check must be"):
        checkpoint(lambda x: x, leaf(1.0), determinism_check="other")


# --- anomaly mode


# pytest.warns hands on what it does not expect, NumPy's words about 0/0 among it
quiet = pytest.mark.filterwarnings("ignore:(invalid value|divide by zero):RuntimeWarning")


@quiet
def test_anomaly_mode_names_the_forward_call_of_a_gradient_that_is_nan():
    x = leaf(0.0, 1.0)
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"), autograd.detect_anomaly():
        y = x.sqrt() * 0  # the culprit
        with pytest.warns(UserWarning, match=r"Error detected in SqrtBackward0\. Traceback of forward call.*[\s\S]*"
                                             r"the culprit"), \
             pytest.raises(GradientError, match=r"'SqrtBackward0' returned nan values in its 0th output.*culprit"):
            y.sum().backward()
    assert x.grad is None


def test_anomaly_mode_names_the_forward_call_of_a_backward_that_fails():
    def backward(ctx: Any, g: Any) -> Any:
        raise KeyError("broken")

    with autograd.set_detect_anomaly(True):
        y = made(lambda ctx, x: x * 1, backward).apply(leaf(1.0))  # made here
        with pytest.warns(UserWarning, match=r"Error detected in MadeBackward[\s\S]*made here"), \
             pytest.raises(KeyError, match="broken"):
            y.backward()


def test_anomaly_mode_may_let_nan_pass_and_is_off_afterwards():
    from flambeau.autograd import anomaly

    with autograd.set_detect_anomaly(True, check_nan=False):
        assert (anomaly.is_anomaly_enabled(), anomaly.is_anomaly_check_nan_enabled()) == (True, False)
        x = leaf(0.0)
        (x.sqrt() * 0).backward()
    assert str(x.grad.item()) == "nan"
    assert not anomaly.is_anomaly_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (leaf(2.0).sqrt() * 0).backward()
    assert len(anomaly._stacks) == 0


@quiet
def test_a_node_made_before_anomaly_mode_is_reported_without_its_call():
    y = (leaf(0.0).sqrt() * 0).sum()
    with autograd.set_detect_anomaly(True), \
         pytest.warns(UserWarning, match="No forward pass information available"), pytest.raises(GradientError):
        y.backward()


# --- numeric checks


def double(*values: float) -> flambeau.Tensor:
    return flambeau.tensor(list(values), dtype=flambeau.float64, requires_grad=True)


@pytest.mark.parametrize("fast", [True, False])
def test_gradcheck_passes_right_gradients_and_catches_wrong_ones(fast: bool):
    x, y = double(0.5, -1.5), double(2.0, 0.3)
    assert gradcheck(lambda x, y: (x * y, (x / y).sin()), (x, y), fast_mode=fast)
    assert gradgradcheck(lambda x, y: x * y * y, (x, y), fast_mode=fast)
    wrong = made(lambda ctx, x: x * 2, lambda ctx, g: g * 2.01)
    assert gradcheck(wrong.apply, x, fast_mode=fast, raise_exception=False) is False
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"):
        gradcheck(wrong.apply, x, fast_mode=fast)


def test_gradgradcheck_catches_a_second_order_that_is_wrong():
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x ** 3

    frozen = made(forward, lambda ctx, g: g * 3 * ctx.saved_tensors[0].detach() ** 2)
    assert gradcheck(frozen.apply, double(0.5, 2.0))
    assert not gradgradcheck(frozen.apply, double(0.5, 2.0), raise_exception=False)


def test_gradcheck_of_complex_functions():
    z = flambeau.tensor([1 + 2j, 0.5 - 1j], dtype=flambeau.complex128, requires_grad=True)
    assert gradcheck(lambda z: (z * z, z.abs(), z.conj()), z)
    assert gradgradcheck(lambda z: z * z * z, z)
    with pytest.raises(GradcheckError):
        gradcheck(made(lambda ctx, z: z * 1j, lambda ctx, g: g * 1j).apply, z)


def test_gradcheck_needs_an_input_that_requires_a_gradient():
    with pytest.raises(ValueRangeError, match="expects at least one input tensor to require gradient"):
        gradcheck(lambda x: x, flambeau.ones(2))
    with pytest.raises(UnsupportedError, match="check_forward_ad=True"):
        gradcheck(lambda x: x, double(1.0), check_forward_ad=True)


# --- functional derivatives


def test_jacobian_of_several_inputs_and_outputs():
    table = autograd.functional.jacobian(lambda a, b: (a * b, a.sum()), (flambeau.tensor([1.0, 2.0]),
                                                                         flambeau.tensor([3.0, 4.0])))
    assert [[block.tolist() for block in row] for row in table] == [
        [[[3.0, 0.0], [0.0, 4.0]], [[1.0, 0.0], [0.0, 2.0]]], [[1.0, 1.0], [0.0, 0.0]]]


def test_functional_derivatives_can_be_differentiated():
    x = leaf(1.0, 2.0)
    autograd.functional.hessian(lambda x: (x ** 4).sum(), x, create_graph=True).sum().backward()
    assert x.grad.tolist() == [24.0, 48.0]


def test_functional_errors():
    f = autograd.functional
    x = flambeau.ones(2)
    with pytest.raises(GradientError, match="the vector v can only be None if the output is a single Tensor"):
        f.vjp(lambda x: x * 2, x)
    with pytest.raises(ShapeError, match=r"v has invalid size at index 0: should be \[2\] but got \[3\]"):
        f.jvp(lambda x: x * 2, x, flambeau.ones(3))
    with pytest.raises(GradientError, match="output 0 of the user-provided function does not require gradients"):
        f.jacobian(lambda x: flambeau.ones(2), x, strict=True)
    with pytest.raises(GradientError, match="should contain a single element"):
        f.hessian(lambda x: x * x, x)
    with pytest.raises(ArgumentError, match="a Tensor or a tuple of Tensors, but the value has type list"):
        f.vjp(lambda x: [x], x)
    with pytest.raises(ValueRangeError, match="expected strategy to be either"):
        f.jacobian(lambda x: x, x, strategy="sideways")
    assert f.jacobian(lambda x: flambeau.ones(2), x).tolist() == [[0.0, 0.0]] * 2
