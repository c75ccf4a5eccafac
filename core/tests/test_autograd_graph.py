"""The graph: how it shows itself, in-place changes, when it is freed, how deep it may be, modes and threads."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import flambeau
from flambeau import autograd
from flambeau.errors import InplaceError, SavedTensorModifiedError
from flambeau.utils.checkpoint import checkpoint


def leaf(*values: float) -> flambeau.Tensor:
    return flambeau.tensor(list(values), requires_grad=True)


def scalar(value: float) -> flambeau.Tensor:
    return flambeau.tensor(value, requires_grad=True)


# --- the graph as it shows itself


def test_nodes_have_names_edges_and_saved_values():
    x = leaf(1.0, 2.0)
    y = (x * 3).exp()
    node = y.grad_fn
    assert node.name() == "ExpBackward0"
    inner = node.next_functions[0][0]
    assert inner.name() == "MulBackward0"
    assert inner.next_functions[0][0].variable is x
    assert node._saved_result.tolist() == y.tolist()
    node.metadata["key"] = 1
    assert y.grad_fn.metadata == {"key": 1}
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        node.nonsense  # noqa: B018 - reading is the act


def test_results_of_one_node_know_their_number():
    parts = Pair.apply(leaf(1.0))
    assert [p.output_nr for p in parts] == [0, 1]
    assert parts[0].grad_fn is parts[1].grad_fn
    assert (parts[0] * parts[1]).grad_fn.next_functions == ((parts[0].grad_fn, 0), (parts[0].grad_fn, 1))


def test_detach_leaves_the_graph_and_shares_memory():
    x = leaf(1.0, 2.0)
    y = x.detach()
    assert y.grad_fn is None
    assert not y.requires_grad
    y[0] = 7.0
    assert x.tolist() == [7.0, 2.0]


class Pair(autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * 2, x * 3

    @staticmethod
    def backward(ctx: Any, g: Any, h: Any) -> Any:
        return 2 * g + 3 * h


# --- in place


def test_a_changed_saved_tensor_raises_and_nothing_is_accumulated():
    x, w = leaf(1.0, 2.0), flambeau.tensor([3.0, 4.0])
    y = (x * w).sum()
    w.add_(1)
    with pytest.raises(SavedTensorModifiedError, match=r"modified by an inplace operation.*MulBackward0.*is at"
                                                       r" version 1, expected version 0"):
        y.backward()
    assert x.grad is None


def test_a_view_of_a_saved_tensor_that_changes_counts_as_a_change():
    x, w = leaf(1.0, 2.0), flambeau.tensor([3.0, 4.0])
    y = (x * w).sum()
    w[0].zero_()
    with pytest.raises(SavedTensorModifiedError):
        y.backward()


def test_a_tensor_no_rule_needs_may_change():
    x, w = leaf(1.0, 2.0), flambeau.tensor([3.0, 4.0])
    y = (x + w).sum()
    w.add_(1)
    y.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_a_leaf_that_requires_a_gradient_is_not_changed_in_place():
    x = leaf(1.0, 2.0)
    for act in (lambda: x.add_(1), lambda: x.__setitem__(0, 5.0), lambda: x[0].mul_(2), lambda: x.zero_()):
        with pytest.raises(InplaceError, match="leaf Variable that requires grad"):
            act()
    assert x.tolist() == [1.0, 2.0]
    with flambeau.no_grad():
        x.add_(1)
    assert x.tolist() == [2.0, 3.0]


def test_gradients_flow_through_assignments():
    x, v = leaf(1.0, 2.0, 3.0), scalar(5.0)
    y = x * 2
    y[1] = v * v
    (y * flambeau.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 200.0]
    assert v.grad.item() == 100.0


def test_a_change_of_the_base_is_seen_by_its_views_gradient():
    x = leaf(1.0, 2.0)
    y = x * 1
    row = y[1]
    y.mul_(3)
    row.backward()
    assert row.item() == 6.0
    assert x.grad.tolist() == [0.0, 3.0]


# --- freed without the garbage collector


class Twice(autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        out = x * 2
        ctx.save_for_backward(x, out)
        ctx.note = "kept"
        return out

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        _, out = ctx.saved_tensors
        return g * 2 + 0 * out


@pytest.fixture
def no_gc() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def chain(x: Any) -> Any:
    for _ in range(10):
        x = (x * 2).exp().tanh()
    return x


def changed(x: Any) -> Any:
    y = x * 2
    y.mul_(3)
    y[0] = y[1] + 2
    return y


def through_views(x: Any) -> Any:
    y = x * 2
    row = y[0:1]
    row.mul_(3)
    return y.view(2, 1) + row


def hooked(x: Any) -> Any:
    y = x * 2
    y.register_hook(lambda g: g * 2)
    y.grad_fn.register_hook(lambda i, o: None)
    return y * y


GRAPHS: dict[str, Callable[[Any], Any]] = {
    "chain": chain, "views": lambda x: x.view(2, 1).expand(2, 3).t()[1:].reshape(-1), "in place": changed,
    "in place through views": through_views, "several results": lambda x: flambeau.stack(x.unbind(0)),
    "saved results": lambda x: x.exp().tanh().sigmoid(), "function": lambda x: Twice.apply(Twice.apply(x)),
    "checkpoint": lambda x: checkpoint(chain, x), "hooks": hooked,
    "sort": lambda x: flambeau.sort(x)[0], "softmax": lambda x: x.softmax(0),
}


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("walk", ["none", "backward", "create_graph"])
def test_dropping_the_last_tensor_frees_the_graph(name: str, walk: str, no_gc: None):
    x = leaf(0.5, 0.25)
    y = GRAPHS[name](x)
    node = weakref.ref(y.grad_fn)
    inner = weakref.ref(y.grad_fn.edges[0])
    if walk == "backward":
        y.sum().backward()
    elif walk == "create_graph":
        g, = autograd.grad(y.sum(), x, create_graph=True)
        del g
    assert node() is not None
    del y
    assert node() is None
    assert inner() is None or inner() is x


def test_what_a_walk_needs_no_more_is_freed_by_it(no_gc: None):
    x = leaf(0.5, 0.25)
    inner = x * 2
    y = (inner * inner).sum()
    held = weakref.ref(inner)
    del inner
    assert held() is not None
    y.backward()
    assert held() is None


def test_a_checkpoint_keeps_nothing_in_between(no_gc: None):
    seen: list[Any] = []

    def part(x: Any) -> Any:
        inner = x * 2
        seen.append(weakref.ref(inner))
        return inner * inner

    x = leaf(0.5, 0.25)
    y = checkpoint(part, x)
    assert seen[0]() is None
    y.sum().backward()
    assert len(seen) == 2
    assert x.grad.tolist() == [4.0, 2.0]


DEPTH = 100_000


def test_a_graph_of_100_000_nodes_is_built_walked_and_freed(no_gc: None):
    x = scalar(1.0)
    y = x
    for _ in range(DEPTH):
        y = y + 1
    first = weakref.ref(y.grad_fn)
    y.backward()
    assert x.grad.item() == 1.0
    g, = autograd.grad(y * y, [x])
    assert g.item() == 2.0 * (DEPTH + 1)
    del y
    assert first() is None


def test_a_deep_graph_of_saved_values_is_freed_unwalked(no_gc: None):
    x = scalar(1.0)
    y = x
    for _ in range(DEPTH):
        y = y * x
    first = weakref.ref(y.grad_fn)
    del y
    assert first() is None


def test_a_deep_chain_of_changes_in_place():
    x = scalar(1.0)
    y = x * 1
    for _ in range(3000):
        y.add_(1)
    y.backward()
    assert (y.item(), x.grad.item()) == (3001.0, 1.0)


# --- modes


MODES = [(flambeau.no_grad, False), (flambeau.enable_grad, True), (flambeau.inference_mode, False),
         (lambda: flambeau.set_grad_enabled(False), False), (lambda: flambeau.set_grad_enabled(True), True)]


@pytest.mark.parametrize(("mode", "on"), MODES)
@pytest.mark.parametrize("outside", [True, False])
def test_a_mode_as_a_context(mode: Any, on: bool, outside: bool):
    x = leaf(1.0)
    with flambeau.set_grad_enabled(outside):
        with mode():
            assert flambeau.is_grad_enabled() is on
            assert (x * 2).requires_grad is on
        assert flambeau.is_grad_enabled() is outside


@pytest.mark.parametrize(("mode", "on"), MODES)
def test_a_mode_as_a_decorator(mode: Any, on: bool):
    @mode()
    def inside() -> bool:
        """Says it."""
        return flambeau.is_grad_enabled()

    assert flambeau.is_grad_enabled()
    assert inside() is on
    assert inside.__doc__ == "Says it."
    assert flambeau.is_grad_enabled()


@pytest.mark.parametrize("mode", [flambeau.no_grad, flambeau.inference_mode])
def test_a_mode_as_a_decorator_without_call(mode: Any):
    assert mode(lambda: flambeau.is_grad_enabled())() is False


@pytest.mark.parametrize(("mode", "on"), MODES)
def test_a_decorated_generator_has_the_mode_only_while_it_runs(mode: Any, on: bool):
    @mode()
    def values() -> Iterator[Any]:
        sent = yield flambeau.is_grad_enabled()
        yield sent, flambeau.is_grad_enabled()
        return

    run = values()
    assert next(run) is on
    assert flambeau.is_grad_enabled()
    assert run.send("sent") == ("sent", on)
    assert flambeau.is_grad_enabled()
    assert list(run) == []


def test_a_mode_ends_with_an_exception():
    with pytest.raises(ValueError, match="inside"), flambeau.no_grad():
        raise ValueError("inside")
    assert flambeau.is_grad_enabled()


def test_set_grad_enabled_acts_at_once():
    flambeau.set_grad_enabled(False)
    off = (leaf(1.0) * 2).requires_grad
    flambeau.set_grad_enabled(True)
    assert not off
    assert (leaf(1.0) * 2).requires_grad


def test_inference_mode_says_so_and_may_be_switched_off():
    with flambeau.inference_mode():
        assert flambeau.is_inference_mode_enabled()
        with flambeau.inference_mode(False):
            assert not flambeau.is_inference_mode_enabled()
    assert not flambeau.is_inference_mode_enabled()


def test_every_thread_has_its_own_grad_mode():
    x = leaf(1.0, 2.0)
    entered, go = threading.Event(), threading.Event()
    seen: list[Any] = []

    def off() -> None:
        with flambeau.no_grad():
            entered.set()
            go.wait(10)
            seen.append((x * 2).requires_grad)

    thread = threading.Thread(target=off)
    thread.start()
    entered.wait(10)
    seen.append((x * 2).requires_grad)
    go.set()
    thread.join()
    assert seen == [True, False]


def test_threads_walk_graphs_of_their_own_at_the_same_time():
    results: dict[int, float] = {}

    def work(n: int) -> None:
        x = scalar(float(n))
        for _ in range(20):
            x.grad = None
            y = x
            for _ in range(20):
                y = y * 1.0 + x
            y.backward()
        results[n] = x.grad.item()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == dict.fromkeys(range(4), 21.0)


def test_backward_works_under_no_grad_and_within_hooks():
    x = scalar(2.0)
    y = x * x
    inner = scalar(5.0)
    y.register_hook(lambda g: walk_again(inner))
    with flambeau.no_grad():
        y.backward()
    assert x.grad.item() == 4.0
    assert inner.grad.item() == 10.0


def walk_again(x: Any) -> None:
    with flambeau.enable_grad():
        (x * x).backward()
