"""The walk back: accumulation, retained graphs, roots and inputs, hooks, higher orders, and every error it raises."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import flambeau
from flambeau import autograd
from flambeau.errors import ArgumentError, DTypeError, GradientError, GraphFreedError, ShapeError


def leaf(*values: float) -> flambeau.Tensor:
    return flambeau.tensor(list(values), requires_grad=True)


def scalar(value: float) -> flambeau.Tensor:
    return flambeau.tensor(value, requires_grad=True)


# --- accumulation


def test_a_second_backward_adds_to_grad():
    x = leaf(1.0, 2.0)
    (x * 3).sum().backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]


def test_accumulation_keeps_the_grad_tensor_and_counts_a_change():
    x = leaf(1.0, 2.0)
    (x * 3).sum().backward()
    held, version = x.grad, x.grad._version
    (x * 3).sum().backward()
    assert x.grad is held
    assert held.tolist() == [6.0, 6.0]
    assert held._version != version


def test_a_tensor_used_twice_gets_the_sum():
    x = scalar(3.0)
    (x * x + x * 2).backward()
    assert x.grad.item() == 8.0


def test_gradients_reach_only_tensors_that_require_them():
    x, y = leaf(1.0), flambeau.tensor([2.0])
    z = (x * y).sum()
    z.backward()
    assert x.grad.tolist() == [2.0]
    assert y.grad is None


def test_a_leaf_as_the_root_gets_the_seed():
    x = scalar(3.0)
    x.backward()
    assert x.grad.item() == 1.0


def test_broadcast_gradients_are_summed_to_the_inputs_shape():
    x, y = flambeau.ones(2, 3, requires_grad=True), flambeau.ones(3, 1, 1, requires_grad=True)
    (x * y).sum().backward()
    assert x.grad.tolist() == [[3.0] * 3] * 2
    assert y.grad.tolist() == [[[6.0]]] * 3


@pytest.mark.parametrize("act", [
    lambda x: x.backward(gradient_of(x)), lambda x: (x + 0).backward(gradient_of(x)),
    lambda x: x.view(2).backward(gradient_of(x)), lambda x: x.t().backward(gradient_of(x)),
    lambda x: x.expand(2).backward(gradient_of(x)), lambda x: (x + x).backward(gradient_of(x))])
def test_a_leafs_grad_shares_memory_with_nothing(act: Callable[[Any], None]):
    global SEED
    x = leaf(1.0, 2.0)
    SEED = flambeau.tensor([1.0, 1.0])
    act(x)
    kept = x.grad.tolist()
    SEED.mul_(100)
    assert x.grad.tolist() == kept
    x.grad.zero_()
    assert SEED.tolist() == [100.0, 100.0]


SEED = flambeau.tensor([1.0, 1.0])


def gradient_of(x: Any) -> Any:
    return SEED


def test_two_leaves_that_get_the_same_gradient_have_grads_of_their_own():
    x, y = leaf(1.0), leaf(2.0)
    (x + y).sum().backward()
    x.grad.mul_(10)
    assert y.grad.tolist() == [1.0]


def test_a_leaf_used_through_a_view_and_directly_keeps_its_own_grad():
    x = leaf(1.0, 2.0)
    seed = flambeau.tensor([1.0, 1.0])
    (x + x.view(2)).backward(seed)
    assert (x.grad.tolist(), seed.tolist()) == ([2.0, 2.0], [1.0, 1.0])


# --- roots, seeds, inputs


def test_several_roots_with_seeds():
    x = leaf(1.0, 2.0)
    autograd.backward([x * 2, (x * x).sum()], [flambeau.tensor([1.0, 10.0]), None])
    assert x.grad.tolist() == [4.0, 24.0]


def test_one_root_that_leads_to_another():
    x = scalar(2.0)
    y = x * x
    autograd.backward([y, y * y])
    assert x.grad.item() == 4.0 + 32.0


def test_a_seed_of_another_floating_dtype_is_converted():
    x = leaf(1.0, 2.0)
    (x * 2).backward(flambeau.tensor([1.0, 2.0], dtype=flambeau.float64))
    assert x.grad.dtype is flambeau.float32
    assert x.grad.tolist() == [2.0, 4.0]


def test_inputs_limit_what_is_accumulated():
    x, y = scalar(2.0), scalar(3.0)
    (x * y).backward(inputs=[x])
    assert x.grad.item() == 3.0
    assert y.grad is None


def test_inputs_may_be_inner_tensors():
    x = scalar(2.0)
    y = x * x
    (y * 3).backward(inputs=y)
    assert y.grad.item() == 3.0
    assert x.grad is None


def test_grad_returns_gradients_and_leaves_grad_alone():
    x, y = scalar(2.0), scalar(3.0)
    gx, gy = autograd.grad(x * y * y, [x, y])
    assert (gx.item(), gy.item()) == (9.0, 12.0)
    assert x.grad is None
    assert y.grad is None


def test_grad_by_an_inner_tensor_and_by_the_root_itself():
    x = scalar(2.0)
    y = x * x
    z = y * 3
    assert [g.item() for g in autograd.grad(z, [y, z])] == [3.0, 1.0]


def test_unused_inputs():
    x, y = scalar(2.0), flambeau.ones(2, requires_grad=True)
    z = x * 2
    with pytest.raises(GradientError, match=r"appears to not have been used in the graph \(input 1\)"):
        autograd.grad(z, [x, y], retain_graph=True)
    assert autograd.grad(z, [x, y], retain_graph=True, allow_unused=True)[1] is None
    assert autograd.grad(z, [x, y], materialize_grads=True)[1].tolist() == [0.0, 0.0]


# --- the life of a graph


@pytest.mark.parametrize("join", [flambeau.cat, lambda parts: flambeau.stack(parts, -1), flambeau.hstack],
                         ids=["cat", "stack", "hstack"])
def test_a_join_keeps_none_of_its_parts(join):
    """A second walk finds all it needs, and a part may be changed in place before the first."""
    x, other = flambeau.ones(2, requires_grad=True), flambeau.ones(2)
    joined = join([x, other])
    other.add_(1)
    joined.sum().backward()
    joined.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_freed_graph_raises_and_a_retained_one_serves_again():
    x = scalar(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8.0
    with pytest.raises(GraphFreedError, match="trying to backward through the graph a second time"):
        y.backward()
    assert x.grad.item() == 8.0


def test_a_graph_that_saves_nothing_may_be_walked_again():
    x = leaf(1.0, 2.0)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_create_graph_retains_the_graph():
    x = scalar(2.0)
    y = x * x * x
    autograd.grad(y, x, create_graph=True)
    assert autograd.grad(y, x)[0].item() == 12.0


def test_what_a_walk_leaves_outside_create_graph_requires_no_gradient():
    x = scalar(2.0)
    (x * x).backward()
    assert not x.grad.requires_grad
    assert not autograd.grad(x * x, x)[0].requires_grad


@pytest.mark.parametrize(("f", "values"), [
    (lambda x: x ** 4, [32.0, 48.0, 48.0, 24.0]), (lambda x: x.exp(), [math.exp(2.0)] * 4),
    (lambda x: 1 / x, [-0.25, 0.25, -0.375, 0.75]), (lambda x: x.sin(), [math.cos(2), -math.sin(2), -math.cos(2),
                                                                       math.sin(2)]),
    (lambda x: (x * x).tanh() / 2, None)])
def test_higher_orders(f: Callable[[Any], Any], values: list[float] | None):
    x = flambeau.tensor(2.0, dtype=flambeau.float64, requires_grad=True)
    y, found = f(x), []
    for _ in range(4):
        y, = autograd.grad(y, x, create_graph=True)
        found.append(y.item())
    if values is None:  # the derivatives of tanh(x^2)/2, by hand
        t = math.tanh(4.0)
        values = [2 * (1 - t * t), (1 - t * t) * (1 - 16 * t), *found[2:]]
    assert found == pytest.approx(values)


def test_grad_after_backward_with_create_graph_can_be_differentiated():
    x = scalar(3.0)
    (x ** 3).backward(create_graph=True)
    g, = autograd.grad(x.grad, x)
    assert g.item() == 18.0


def test_accumulation_under_create_graph_is_out_of_place():
    x = scalar(3.0)
    (x * x).backward(create_graph=True)
    first = x.grad
    (x * x).backward(create_graph=True)
    assert (first.item(), x.grad.item()) == (6.0, 12.0)


# --- hooks


def test_hooks_see_the_gradient_and_may_replace_it():
    x, seen = leaf(1.0, 2.0), []
    y = x * 2
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    assert seen == [[1.0, 1.0]]
    assert x.grad.tolist() == [20.0, 20.0]


def test_a_leafs_hook_sees_the_whole_gradient_before_it_is_added():
    x = scalar(2.0)
    seen: list[Any] = []
    x.register_hook(lambda g: seen.append((g.item(), x.grad)))
    (x * x + x).backward()
    assert seen == [(5.0, None)]


def test_a_leafs_hook_may_replace_the_gradient():
    x = scalar(2.0)
    x.register_hook(lambda g: g * 0)
    (x * x).backward()
    assert x.grad.item() == 0.0


def test_a_gradient_that_a_hook_keeps_or_gives_is_not_the_leafs_grad():
    x, y, kept, given = scalar(2.0), scalar(2.0), [], flambeau.tensor(9.0)
    x.register_hook(lambda g: kept.append(g))
    y.register_hook(lambda g: given)
    (x * x + y * y).backward()
    x.grad.zero_()
    y.grad.zero_()
    assert (kept[0].item(), given.item()) == (4.0, 9.0)


def test_post_accumulate_hooks_run_after_grad_has_grown():
    x = scalar(2.0)
    seen: list[float] = []
    handle = x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.item()))
    (x * x).backward()
    handle.remove()
    (x * x).backward()
    assert seen == [4.0]
    with pytest.raises(GradientError, match="post accumulate grad hooks cannot be registered on non-leaf tensors"):
        (x * x).register_post_accumulate_grad_hook(print)


def test_a_removed_hook_is_silent_and_a_with_block_removes_it():
    x = scalar(2.0)
    seen: list[str] = []
    handle = x.register_hook(lambda g: seen.append("first"))
    handle.remove()
    handle.remove()
    with x.register_hook(lambda g: seen.append("second")):
        (x * 1).backward()
    (x * 1).backward()
    assert seen == ["second"]


def test_retain_grad_keeps_the_gradient_of_an_inner_tensor():
    x = leaf(1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 3)
    assert y.retains_grad
    (y * y).sum().backward()
    assert y.grad.tolist() == [12.0, 24.0]
    assert x.grad.tolist() == [24.0, 48.0]


def test_reading_grad_of_an_inner_tensor_warns():
    y = leaf(1.0) * 2
    with pytest.warns(UserWarning, match="not a leaf Tensor is being accessed"):
        assert y.grad is None


def test_hooks_of_nodes():
    x = scalar(2.0)
    y = x * 3
    seen: list[Any] = []
    y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 2,))
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs[0].item(), outputs[0].item())))
    y.backward()
    assert seen == [(6.0, 2.0)]
    assert x.grad.item() == 6.0


def test_a_nodes_hook_may_replace_the_gradients_of_its_inputs():
    x = scalar(2.0)
    y = x * 3
    y.grad_fn.register_hook(lambda inputs, outputs: tuple(None if g is None else g * 5 for g in inputs))
    y.backward()
    assert x.grad.item() == 15.0


def test_hooks_run_for_captured_gradients_too():
    x = scalar(2.0)
    y = x * x
    y.register_hook(lambda g: g * 10)
    assert [g.item() for g in autograd.grad(y * 1, [y, x])] == [10.0, 40.0]


def test_a_multi_grad_hook_waits_for_all():
    x, y = scalar(2.0), scalar(3.0)
    seen: list[Any] = []
    with autograd.graph.register_multi_grad_hook([x, y], lambda gs: seen.append([g.item() for g in gs])):
        (x * y).backward()
    (x * y).backward()
    assert seen == [[3.0, 2.0]]


# --- errors


def test_backward_from_a_tensor_outside_any_graph():
    with pytest.raises(GradientError, match="does not require grad and does not have a grad_fn"):
        flambeau.ones(()).backward()


def test_backward_from_a_non_scalar():
    with pytest.raises(GradientError, match=r"grad can be implicitly created only for scalar outputs, got shape \[2\]"):
        (leaf(1.0, 2.0) * 2).backward()


def test_backward_from_a_complex_scalar():
    z = flambeau.tensor(1 + 2j, requires_grad=True)
    with pytest.raises(GradientError, match="only for real scalar outputs but got"):
        (z * 2).backward()


def test_seeds_that_do_not_fit():
    y = leaf(1.0, 2.0) * 2
    with pytest.raises(ShapeError, match=r"gradient has shape \[3\] and the output \[2\]"):
        y.backward(flambeau.ones(3))
    with pytest.raises(ArgumentError, match="gradients can be either Tensors or None, got float"):
        y.backward(1.0)
    with pytest.raises(DTypeError, match="complex64"):
        y.backward(flambeau.ones(2, dtype=flambeau.complex64))
    with pytest.raises(GradientError, match="got 1 tensors and 2 gradients"):
        autograd.backward([y], [flambeau.ones(2), flambeau.ones(2)])
    y.backward(flambeau.ones(2))


def test_inputs_that_cannot_be():
    x = scalar(2.0)
    y = x * x
    with pytest.raises(GradientError, match="'inputs' argument to backward cannot be empty"):
        y.backward(inputs=[])
    with pytest.raises(GradientError, match="one of the differentiated Tensors does not require grad"):
        autograd.grad(y, [flambeau.ones(1)])
    with pytest.raises(ArgumentError, match="inputs must be Tensors, got str"):
        autograd.grad(y, ["x"])
    with pytest.raises(ArgumentError, match="is_grads_batched=True needs grad_outputs"):
        autograd.grad(y, x, is_grads_batched=True)
    with pytest.raises(GradientError, match="allow_unused must be left out or True when materialize_grads=True"):
        autograd.grad(y, x, materialize_grads=True, allow_unused=False)


def test_flags_that_cannot_be_set():
    x = leaf(1.0)
    y = x * 2
    with pytest.raises(GradientError, match=r"you can only change requires_grad flags of leaf tensors"):
        y.requires_grad = False
    with pytest.raises(DTypeError, match="only tensors of floating or complex dtype can require gradients, got"):
        flambeau.tensor([1]).requires_grad_()
    with pytest.raises(GradientError, match="can't retain_grad on a tensor that has requires_grad=False"):
        flambeau.ones(1).retain_grad()
    with pytest.raises(GradientError, match="cannot register a hook on a tensor that doesn't require gradient"):
        flambeau.ones(1).register_hook(print)


def test_grads_that_cannot_be_set():
    x = leaf(1.0, 2.0)
    with pytest.raises(ShapeError, match=r"a gradient of shape \[3\] does not fit a tensor of shape \[2\]"):
        x.grad = flambeau.ones(3)
    with pytest.raises(DTypeError, match="does not fit a tensor of"):
        x.grad = flambeau.ones(2, dtype=flambeau.float64)
    with pytest.raises(ArgumentError, match="a gradient must be a Tensor or None, got int"):
        x.grad = 1
    with pytest.raises(GradientError, match="a tensor cannot be its own gradient"):
        x.grad = x
    x.grad = flambeau.ones(2)
    del x.grad
    assert x.grad is None


def hooked(function: Any, x: flambeau.Tensor) -> tuple[Any, list[Any]]:
    """The gradient of order 2 with what nodes save as lists of numbers, and the shapes that were packed."""
    seen: list[Any] = []

    def pack(t: flambeau.Tensor) -> Any:
        seen.append(tuple(t.shape))
        return t.detach().tolist(), t.dtype

    with autograd.graph.saved_tensors_hooks(pack, lambda held: flambeau.tensor(held[0], dtype=held[1])):
        out = function(x)
    (first,) = autograd.grad(out.sum(), x, create_graph=True)
    return (first.detach(), autograd.grad(first.sum(), x)[0] if first.requires_grad else None), seen


@pytest.mark.parametrize("name", ["exp", "product", "matmul", "softmax", "cat", "mixed", "function"])
def test_hooks_pack_what_nodes_save(name: str):
    class Cube(autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 3 * ctx.saved_tensors[0] ** 2 * g

    functions: dict[str, Callable[[Any], Any]] = {
        "exp": lambda x: x.exp(), "product": lambda x: x * x * 2, "matmul": lambda x: x @ x.t(), "softmax": lambda x:
        x.softmax(1), "cat": lambda x: flambeau.cat([x.sin(), x]) ** 2, "mixed": lambda x: x * flambeau.arange(3),
        "function": Cube.apply}
    x = flambeau.tensor([[0.5, -1.0, 2.0], [1.0, 0.25, -0.5]], dtype=flambeau.float64, requires_grad=True)
    (first, second), seen = hooked(functions[name], x)
    out = functions[name](x)
    (wanted,) = autograd.grad(out.sum(), x, create_graph=True)
    assert flambeau.allclose(first, wanted)
    if name != "function" and wanted.requires_grad:
        assert flambeau.allclose(second, autograd.grad(wanted.sum(), x)[0])
    assert seen or name == "mixed"


def test_hooks_are_gone_with_their_context():
    x, seen = flambeau.ones(2, requires_grad=True), []
    with pytest.raises(KeyError), autograd.graph.saved_tensors_hooks(lambda t: seen.append(1), lambda held: held):
        (x * x).sum()
        raise KeyError
    made = len(seen)
    (x * x).sum().backward()
    assert len(seen) == made > 0
    assert type((x * x).grad_fn) is autograd.graph.Node
    with autograd.graph.save_on_cpu():
        (x.exp() * x).sum().backward()
    with autograd.graph.disable_saved_tensors_hooks("not now"), pytest.raises(GradientError, match="not now"):
        autograd.graph.save_on_cpu().__enter__()
    with autograd.graph.saved_tensors_hooks(lambda t: 3, lambda held: held):
        out = x * x
    with pytest.raises(ArgumentError, match="expected to be a Tensor, got int"):
        out.sum().backward()
    with pytest.raises(GradientError, match="modifying its input"), autograd.graph.saved_tensors_hooks(
            lambda t: t.detach().mul_(2), lambda held: held):
        x * x


def test_a_walk_to_some_inputs_asks_no_rule_of_the_others():
    """Which may have none: PyTorch knows no derivative of igamma by its first input."""
    a, x = (flambeau.tensor(2.0, requires_grad=True) for _ in range(2))
    out = flambeau.igamma(a, x)
    assert flambeau.autograd.grad(out, x, retain_graph=True)[0].item() > 0
    with pytest.raises(flambeau.errors.NoDerivativeError):
        flambeau.autograd.grad(out, a)
