"""Custom functions, checkpoints, anomaly mode, numeric checks and functional derivatives."""

from __future__ import annotations

import warnings
from typing import Any

import flambeau
import pytest
from flambeau import autograd
from flambeau.autograd import Function, gradcheck, gradgradcheck
from flambeau.autograd.function import once_differentiable
from flambeau.autograd.gradcheck import GradcheckError
from flambeau.errors import (
    ArgumentError,
    GradientError,
    GraphFreedError,
    InplaceError,
    SavedTensorModifiedError,
    ShapeError,
    UnsupportedError,
    ValueRangeError,
)
from flambeau.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def leaf(*values: float) -> flambeau.Tensor:
    return flambeau.tensor(list(values), requires_grad=True)


class MyReLU(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, = ctx.saved_tensors
        g = g.clone()
        g[x < 0] = 0
        return g


class Cube(Function):
    """Saves its own result, and keeps the exponent on the context."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        out = x ** 3
        ctx.save_for_backward(x, out)
        ctx.shape = "an attribute of any name"
        return out

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, out = ctx.saved_tensors
        return g * 3 * out / x


class Separate(Function):
    """forward without a context."""

    @staticmethod
    def forward(x: Any, factor: float) -> Any:
        return x * factor, (x > 0)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.factor = inputs[1]
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx: Any, g: Any, _: Any) -> Any:
        return g * ctx.factor, None


def made(forward: Any, backward: Any) -> Any:
    """A Function from two plain functions."""
    return type("Made", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


# --- Function


def test_a_function_computes_forward_and_backward():
    x = leaf(-1.0, 2.0)
    y = MyReLU.apply(x)
    (y * 3).sum().backward()
    assert y.tolist() == [0.0, 2.0]
    assert x.grad.tolist() == [0.0, 3.0]


def test_the_node_bears_the_functions_name_and_shows_the_context():
    y = Cube.apply(leaf(2.0))
    assert y.grad_fn.name() == "CubeBackward"
    assert repr(y) == "tensor([8.], grad_fn=<CubeBackward>)"
    assert [t.tolist() for t in y.grad_fn.saved_tensors] == [[2.0], [8.0]]
    assert y.grad_fn.saved_tensors[1].grad_fn is y.grad_fn


def test_forward_is_not_recorded_and_backward_is_only_under_create_graph():
    seen: list[bool] = []

    def forward(ctx: Any, x: Any) -> Any:
        seen.append((x * 2).requires_grad)
        return x * 2

    def backward(ctx: Any, g: Any) -> Any:
        seen.append(flambeau.is_grad_enabled())
        return g * 2

    function = made(forward, backward)
    x = leaf(1.0)
    function.apply(x).sum().backward()
    autograd.grad(function.apply(x).sum(), x, create_graph=True)
    assert seen == [False, False, False, True]


def test_higher_orders_go_through_saved_inputs_and_saved_results():
    x = leaf(2.0)
    y, found = Cube.apply(x), []
    for _ in range(4):
        y, = autograd.grad(y.sum(), x, create_graph=True)
        found.append(y.item())
    assert found == [12.0, 12.0, 6.0, 0.0]


def test_setup_context_several_outputs_and_other_arguments():
    x = leaf(-1.0, 2.0)
    y, positive = Separate.apply(x, 3.0)
    assert (y.requires_grad, positive.requires_grad) == (True, False)
    assert positive.tolist() == [False, True]
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_outputs_that_are_no_tensors_pass_through():
    function = made(lambda ctx, x: (x * 2, "text", None), lambda ctx, g, *rest: g * 2)
    x = leaf(1.0)
    y, text, none = function.apply(x)
    assert (text, none) == ("text", None)
    y.backward()
    assert x.grad.tolist() == [2.0]


@pytest.mark.parametrize(("materialize", "expected"), [(True, [[0.0], None]), (False, [None, None])])
def test_gradients_that_never_arrive_are_zeros_or_none(materialize: bool, expected: list[Any]):
    seen: list[Any] = []

    def forward(ctx: Any, x: Any) -> Any:
        ctx.set_materialize_grads(materialize)
        return x * 1, x * 2, 7

    def backward(ctx: Any, g: Any, h: Any, other: Any) -> Any:
        seen.extend([g if g is None else g.tolist(), other])
        return h * 2

    x = leaf(1.0)
    made(forward, backward).apply(x)[1].sum().backward()
    assert seen == expected
    assert x.grad.tolist() == [2.0]


def test_needs_input_grad_tells_which_gradients_are_wanted():
    seen: list[Any] = []

    def backward(ctx: Any, g: Any) -> Any:
        seen.append(ctx.needs_input_grad)
        return g, None, None

    function = made(lambda ctx, x, y, k: x * y * k, backward)
    function.apply(leaf(1.0), flambeau.ones(1), 2).backward()
    assert seen == [(True, False, False)]


def test_none_as_a_gradient_stops_the_walk_there():
    x = leaf(1.0)
    y = x * 2
    made(lambda ctx, x: x * 1, lambda ctx, g: None).apply(y).sum().backward()
    assert x.grad is None


def test_outside_grad_mode_nothing_is_recorded():
    with flambeau.no_grad():
        assert not Cube.apply(leaf(2.0)).requires_grad
    assert not Cube.apply(flambeau.ones(1)).requires_grad


def test_an_input_returned_as_it_is_becomes_another_tensor_over_the_same_memory():
    x = leaf(1.0, 2.0)
    y = made(lambda ctx, x: x, lambda ctx, g: g * 5).apply(x)
    assert y is not x
    assert y.data_ptr() == x.data_ptr()
    assert (x.is_leaf, y.grad_fn.name()) == (True, "MadeBackward")
    y.sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]


@pytest.mark.parametrize("forward", [lambda ctx, x: x, lambda ctx, x: x.view(2), lambda ctx, x: x[0:1]])
def test_a_view_that_a_function_made_is_not_changed_in_place(forward: Any):
    y = made(forward, lambda ctx, g: flambeau.ones(2)).apply(leaf(1.0, 2.0) * 1)
    with pytest.raises(InplaceError, match="MadeBackward is a view that a custom Function made"):
        y.mul_(2)
    with pytest.raises(InplaceError, match="MadeBackward|view that a custom Function made"):
        y[0:1].mul_(2)


def test_a_gradient_handed_on_is_not_shared_between_leaves():
    x, y = leaf(1.0), leaf(2.0)
    made(lambda ctx, x, y: x + y, lambda ctx, g: (g, g)).apply(x, y).sum().backward()
    x.grad.mul_(10)
    assert y.grad.tolist() == [1.0]


def test_a_gradient_kept_by_the_function_is_not_grown_by_the_walk():
    kept = flambeau.ones(1)
    function = made(lambda ctx, x: x * 1, lambda ctx, g: kept)
    x = leaf(1.0)
    (function.apply(x) + function.apply(x)).backward()
    assert (x.grad.tolist(), kept.tolist()) == ([2.0], [1.0])


def test_a_gradient_is_fitted_to_the_inputs_shape_and_dtype():
    x = flambeau.ones(2, 1, requires_grad=True)
    made(lambda ctx, x: x * 1, lambda ctx, g: flambeau.ones(3, 2, 1, dtype=flambeau.float64)).apply(x).sum().backward()
    assert x.grad.tolist() == [[3.0], [3.0]]
    assert x.grad.dtype is flambeau.float32


# --- in place


class Doubled(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2


def test_a_dirty_input_is_returned_itself_with_a_new_place_in_the_graph():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = Doubled.apply(y)
    assert z is y
    assert z.grad_fn.name() == "DoubledBackward"
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_dirty_view_changes_its_bases_place_in_the_graph():
    x = leaf(1.0, 2.0)
    y = x * 1
    Doubled.apply(y[0])
    y.sum().backward()
    assert (y.tolist(), x.grad.tolist()) == ([2.0, 2.0], [2.0, 1.0])


def test_a_leaf_must_not_be_dirty_and_dirty_inputs_must_be_returned():
    with pytest.raises(InplaceError, match="leaf Variable that requires grad"):
        Doubled.apply(leaf(1.0))

    def forward(ctx: Any, x: Any) -> Any:
        ctx.mark_dirty(x)
        return x * 2

    with pytest.raises(GradientError, match="marked as dirty during the forward method were not returned as output"):
        made(forward, lambda ctx, g: g).apply(leaf(1.0) * 1)


def test_saved_tensors_are_checked_to_be_unchanged():
    x = leaf(1.0, 2.0) * 1
    y = Cube.apply(x)
    x.add_(1)
    with pytest.raises(SavedTensorModifiedError, match="saved tensor 0 of CubeBackward.*version 1, expected version 0"):
        y.sum().backward()
    y = Cube.apply(leaf(1.0, 2.0))
    y.add_(1)
    with pytest.raises(SavedTensorModifiedError, match="saved tensor 1 of CubeBackward"):
        y.sum().backward()


# --- errors of functions


def test_a_freed_function_raises_on_the_second_walk():
    y = Cube.apply(leaf(2.0)).sum()
    node = y.grad_fn.next_functions[0][0]
    y.backward()
    with pytest.raises(GraphFreedError, match="CubeBackward"):
        y.backward()
    with pytest.raises(GraphFreedError):
        node.saved_tensors  # noqa: B018 - reading is the act


def test_a_function_that_saves_nothing_may_be_walked_again():
    x = leaf(1.0)
    y = Doubled.apply(x * 1)
    y.backward()
    y.backward()
    assert x.grad.tolist() == [4.0]


@pytest.mark.parametrize(("answer", "error", "text"), [
    (lambda g: (g, g), GradientError, r"returned an incorrect number of gradients \(expected 1, got 2\)"),
    (lambda g: (), GradientError, r"returned an incorrect number of gradients \(expected 1, got 0\)"),
    (lambda g: flambeau.ones(3), ShapeError, r"returned an invalid gradient at index 0 - got \[3\] but expected shape"
                                             r" compatible with \[2\]"),
    (lambda g: 1.0, ArgumentError, "must return Tensors or None, got float")])
def test_answers_of_backward_that_cannot_be(answer: Any, error: type, text: str):
    y = made(lambda ctx, x: x * 1, lambda ctx, g: answer(g)).apply(leaf(1.0, 2.0))
    with pytest.raises(error, match=f"function MadeBackward {text}"):
        y.sum().backward()


def test_trailing_nones_are_not_counted():
    x = leaf(1.0)
    made(lambda ctx, x: x * 1, lambda ctx, g: (g, None, None)).apply(x).backward()
    assert x.grad.tolist() == [1.0]


def test_a_gradient_for_what_was_no_tensor():
    y = made(lambda ctx, x, k: x * k, lambda ctx, g: (g, g)).apply(leaf(1.0), 2.0)
    with pytest.raises(GradientError, match="different from None at position 2, but the corresponding forward input"):
        y.backward()


def test_only_tensors_are_saved():
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x, 3)
        return x * 1

    with pytest.raises(ArgumentError, match="can only save Tensors, but argument 1 is of type int"):
        made(forward, None).apply(leaf(1.0))


def test_what_a_subclass_must_write():
    class Empty(Function):
        pass

    with pytest.raises(NotImplementedError, match="You must implement the forward function"):
        Empty.apply(leaf(1.0))
    Empty.forward = staticmethod(lambda ctx, x: x * 1)
    with pytest.raises(NotImplementedError, match="You must implement either the backward or vjp method"):
        Empty.apply(leaf(1.0)).backward()
    with pytest.raises(GradientError, match="a Function is not called as an instance"):
        Empty()(leaf(1.0))


def test_vjp_is_another_name_for_backward():
    function = type("Made", (Function,), {"forward": staticmethod(lambda ctx, x: x * 1),
                                          "vjp": staticmethod(lambda ctx, g: g * 4)})
    x = leaf(1.0)
    function.apply(x).backward()
    assert x.grad.tolist() == [4.0]


def test_once_differentiable_refuses_the_second_order():
    seen: list[bool] = []

    @once_differentiable
    def backward(ctx: Any, g: Any) -> Any:
        seen.append(flambeau.is_grad_enabled())
        return g * 2

    x = leaf(1.0)
    function = made(lambda ctx, x: x * 2, backward)
    function.apply(x).sum().backward()
    assert x.grad.tolist() == [2.0]
    g, = autograd.grad((function.apply(x) ** 2).sum(), x, create_graph=True)
    with pytest.raises(GradientError, match="trying to differentiate twice a function that was marked with"
                                            " @once_differentiable"):
        g.sum().backward()
    assert seen == [False, False]


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
    with pytest.raises(ArgumentError, match="must be either a Tensor or a tuple of Tensors, but the value has type list"):
        f.vjp(lambda x: [x], x)
    with pytest.raises(ValueRangeError, match="expected strategy to be either"):
        f.jacobian(lambda x: x, x, strategy="sideways")
    assert f.jacobian(lambda x: flambeau.ones(2), x).tolist() == [[0.0, 0.0]] * 2
