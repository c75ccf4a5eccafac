"""Custom functions: what apply records, what backward gets and may answer, changes in place, every error."""

from __future__ import annotations

from typing import Any

import pytest

import flambeau
from flambeau import autograd
from flambeau.autograd import Function
from flambeau.autograd.function import once_differentiable
from flambeau.errors import (
    ArgumentError,
    GradientError,
    GraphFreedError,
    InplaceError,
    SavedTensorModifiedError,
    ShapeError,
)


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


def test_arguments_may_be_given_by_name_and_left_out_with_setup_context():
    class Power(Function):
        @staticmethod
        def forward(x: Any, exponent: int = 2) -> Any:
            return x ** exponent

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.x, ctx.exponent = inputs

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.exponent * ctx.x, None

    x = leaf(3.0)
    Power.apply(x).backward()
    MyReLU.apply(x=x).backward()
    assert x.grad.tolist() == [7.0]


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
    with pytest.raises(InplaceError, match="view that a custom Function made"):
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
    with pytest.raises(SavedTensorModifiedError, match=r"saved tensor 0 of CubeBackward.*version 1"):
        y.sum().backward()
    y = Cube.apply(leaf(1.0, 2.0))
    y.add_(1)
    with pytest.raises(SavedTensorModifiedError, match="saved tensor 1 of CubeBackward"):
        y.sum().backward()


# --- errors of functions


def test_a_freed_function_raises_on_the_second_walk():
    y = Cube.apply(leaf(2.0))
    node = y.grad_fn
    y.backward()
    with pytest.raises(GraphFreedError, match="CubeBackward"):
        y.backward()
    with pytest.raises(GraphFreedError):
        node.saved_tensors  # noqa: B018 - reading is the act


def test_a_function_that_saves_nothing_may_be_walked_again():
    x = leaf(1.0)
    y = Doubled.apply(x + 1)
    y.backward()
    y.backward()
    assert x.grad.tolist() == [4.0]


@pytest.mark.parametrize(("answer", "error", "text"), [
    (lambda g: (g, g), GradientError, r"returned an incorrect number of gradients \(expected 1, got 2\)"),
    (lambda g: (), GradientError, r"returned an incorrect number of gradients \(expected 1, got 0\)"),
    (lambda g: flambeau.ones(3), ShapeError, r"returned an invalid gradient at index 0 - got \[3\] but expected shape"
                                             r" compatible with \[2\]"),
    (lambda g: 1.0, GradientError, "must return Tensors or None, got float")])
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
