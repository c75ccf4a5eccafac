"""What nodes keep: tensors as they were given, so that a later write is noticed; sizes where sizes will do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import flambeau
from flambeau.errors import InplaceError, SavedTensorModifiedError


@pytest.fixture(params=["cpu", "reference"], autouse=True)
def device(request: pytest.FixtureRequest) -> Iterator[None]:
    with flambeau.device(request.param):
        yield


def leaf(*values: float, dtype: flambeau.dtype = flambeau.float64) -> flambeau.Tensor:
    return flambeau.tensor(values or (1.0, 2.0, 3.0), dtype=dtype, requires_grad=True)


MIXED = {"mul": lambda x, y: x * y, "div": lambda x, y: y / x, "remainder": lambda x, y: y % x,
         "pow": lambda x, y: flambeau.pow(x, y), "atan2": lambda x, y: flambeau.atan2(y, x),
         "floor": lambda x, y: flambeau.div(y, x, rounding_mode="floor")}


@pytest.mark.parametrize("op", MIXED.values(), ids=MIXED)
def test_a_write_into_an_input_of_another_dtype_is_noticed(op: Callable[..., flambeau.Tensor]) -> None:
    other = flambeau.tensor([1.0, 2.0, 4.0], dtype=flambeau.float32)
    made = op(leaf(), other)
    made.sum().backward(retain_graph=True)  # as long as nothing has been written, all is well
    other.add_(1)
    with pytest.raises(SavedTensorModifiedError, match="is at version 1, expected version 0"):
        made.sum().backward()


def test_a_node_holds_the_given_tensor_and_no_copy_in_another_dtype() -> None:
    x, other = leaf(), flambeau.ones(3)
    node = (x * other).grad_fn
    assert node._saved_other.dtype is flambeau.float64
    assert [kept.tensor is other for kept in node.saved if kept is not None] == [True]


def test_gradients_of_gradients_flow_through_an_input_of_another_dtype() -> None:
    x, y = leaf(), leaf(2.0, 3.0, 4.0, dtype=flambeau.float32)
    (first,) = flambeau.autograd.grad((x * x * y).sum(), x, create_graph=True)
    first.sum().backward()
    assert y.grad is not None and y.grad.dtype is flambeau.float32
    assert y.grad.tolist() == [2.0, 4.0, 6.0]


KEEPING = {"gather": lambda t: t.gather(0, flambeau.tensor([0, 1])), "take": lambda t: t.take(flambeau.tensor([0, 1])),
           "cummax": lambda t: t.cummax(0)[0], "masked_select": lambda t: t.masked_select(t > 1)}


@pytest.mark.parametrize("op", KEEPING.values(), ids=KEEPING)
def test_ops_that_keep_their_input_notice_its_change(op: Callable[..., flambeau.Tensor]) -> None:
    held = leaf() * 1
    made = op(held)
    held.mul_(2)
    with pytest.raises(SavedTensorModifiedError):
        made.sum().backward()


SIZES = {"cat": lambda t: flambeau.cat([t, t]), "stack": lambda t: flambeau.stack([t, t], -1),
         "fmod": lambda t: flambeau.fmod(t, 2.0), "remainder": lambda t: t % 2.0}


@pytest.mark.parametrize("op", SIZES.values(), ids=SIZES)
def test_a_node_that_keeps_no_tensor_has_nothing_to_free(op: Callable[..., flambeau.Tensor]) -> None:
    x = leaf()
    made = op(x)
    made.sum().backward()
    made.sum().backward()
    assert x.grad is not None and x.grad.tolist() == ([4.0] * 3 if made.numel() == 6 else [2.0] * 3)


def test_picking_by_a_mask_keeps_sizes() -> None:
    held = leaf() * 1
    made = held[held > 1]
    held.mul_(2)
    made.sum().backward()


@pytest.mark.parametrize("change", ["squeeze_", "t_"])
def test_another_shape_in_place_counts_as_a_change(change: str) -> None:
    held = leaf().exp()
    getattr(held, change)()
    assert held._version[0] == 1
    with pytest.raises(SavedTensorModifiedError):
        held.sum().backward()


def test_a_saved_tensor_that_left_the_graph_is_not_read() -> None:
    held = leaf().sqrt()
    made = held * held
    held.detach_()
    with pytest.raises(SavedTensorModifiedError, match="has been detached in-place: 'other' of MulBackward0"):
        made.sum().backward()


def test_other_memory_for_a_tensor_is_no_change_of_it() -> None:
    x = leaf()
    made = x * x
    x.data = x.detach() * 2
    made.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [4.0, 8.0, 12.0]  # of what it holds now, as in PyTorch


# --- writes through views of leaves


def _scatter(view: flambeau.Tensor) -> None:
    view[flambeau.tensor([0])] = 1.0


def _one(view: flambeau.Tensor) -> None:
    view[0] = 1.0


def _all(view: flambeau.Tensor) -> None:
    view[...] = flambeau.zeros(3, dtype=view.dtype)


WRITES = {"fill_": lambda v: v.fill_(1.0), "zero_": lambda v: v.zero_(), "copy_": lambda v: v.copy_(v.detach() * 2),
          "add_": lambda v: v.add_(1), "one": _one, "all": _all, "scatter": _scatter,
          "masked_fill_": lambda v: v.masked_fill_(v > 1, 0.0), "uniform_": lambda v: v.uniform_()}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_no_write_passes_through_a_view_of_a_leaf(write: Callable[..., None]) -> None:
    x = leaf()
    with flambeau.no_grad():
        view = x[:]
    with pytest.raises(InplaceError, match="a view of a leaf Variable that requires grad"):
        write(view)
    assert x.tolist() == [1.0, 2.0, 3.0]
    with flambeau.no_grad():
        write(view)
    assert view.tolist() == x.tolist()


def test_a_view_of_what_was_a_tracked_leaf_is_not_written() -> None:
    x = leaf()
    view = x[:2]
    x.requires_grad_(False)
    with pytest.raises(InplaceError):
        view.mul_(2)


@pytest.mark.parametrize("order", ["changed before", "changed after"])
def test_a_view_gets_its_node_when_its_base_came_to_require_a_gradient_and_was_changed(order: str) -> None:
    base = flambeau.ones(2, 3)
    view = base[0]
    if order == "changed before":
        base.mul_(2)
    base.requires_grad_()
    if order == "changed after":
        assert view.is_leaf
        with flambeau.no_grad():
            base.mul_(2)
    assert not view.is_leaf and view.requires_grad
    (view * view).sum().backward()
    assert base.grad is not None and base.grad.tolist() == [[4.0, 4.0, 4.0], [0.0, 0.0, 0.0]]
