"""Another size or other memory for the same tensor, and Python functions of its elements."""

import pytest

import flambeau
from flambeau import errors


def test_a_smaller_size_keeps_the_memory_a_larger_one_gets_new():
    x = flambeau.arange(6.0)
    part = x[:4].resize_(2)
    part.fill_(9)
    assert x.tolist() == [9, 9, 2, 3, 4, 5]
    grown = x[4:].resize_(3)
    grown.fill_(7)
    assert x.tolist() == [9, 9, 2, 3, 4, 5]


def test_growing_takes_the_elements_in_the_order_in_which_they_lie():
    x = flambeau.arange(6.0).view(2, 3).t().resize_(8)
    assert x.tolist() == [0, 1, 2, 3, 4, 5, 0, 0]


def test_what_was_saved_for_a_gradient_knows_of_the_change():
    x, w = flambeau.ones(3), flambeau.ones(3, requires_grad=True)
    y = (w * x).sum()
    x.resize_(2)
    with pytest.raises(errors.SavedTensorModifiedError):
        y.backward()


@pytest.mark.parametrize("change", [
    lambda x: x.resize_(5), lambda x: x.resize_as_(flambeau.ones(5)), lambda x: x.set_(flambeau.ones(5)),
    lambda x: x.apply_(lambda v: v), lambda x: x.map_(flambeau.ones(2), lambda a, b: a),
])
def test_a_tensor_of_a_graph_is_left_alone(change):
    x = flambeau.ones(2, requires_grad=True)
    with pytest.raises(errors.InplaceError):
        change(x)
    assert x.tolist() == [1, 1]


def test_set_shares_the_memory_and_its_version():
    x, y = flambeau.ones(2), flambeau.arange(3.0)
    assert x.set_(y) is x
    y.add_(1)
    assert x.tolist() == [1, 2, 3] and x._version is y._version
    with pytest.raises(errors.DTypeError, match=r"set_: expected a source of flambeau\.float32"):
        x.set_(flambeau.arange(3))


def test_set_needs_a_backend_whose_arrays_share_memory(monkeypatch):
    x = flambeau.ones(2)
    monkeypatch.setattr(x.device.backend, "shared_views", False)
    with pytest.raises(errors.UnsupportedError, match="share no memory"):
        x.set_(flambeau.ones(3))


@pytest.mark.parametrize("call, error, text", [
    (lambda x: x.apply_(lambda v: "a"), errors.ArgumentError, "apply_: the function must return a number, got 'a'"),
    (lambda x: x.apply_(3), errors.ArgumentError, "apply_: expected a function of 1 elements, got 3"),
    (lambda x: x.map_(flambeau.ones(3), max), errors.ShapeError, r"map_: size 2 at dim 0 does not expand from \[3\]"),
    (lambda x: x.map_(flambeau.ones(2).long(), max), errors.DTypeError, "map_: expected flambeau.float32"),
    (lambda x: x.resize_(-1), errors.ShapeError, r"resize_: negative size -1 in \[-1\] \(input \[2\]\)"),
    (lambda x: flambeau.is_floating_point(3), errors.ArgumentError, "is_floating_point: argument 'input' must be a"),
    (lambda x: flambeau.is_nonzero(x), errors.SizeMismatchError, r"is_nonzero: .*ambiguous \(input \[2\]\)"),
    (lambda x: flambeau.Tensor(1.5), errors.ArgumentError, r"new\(\): data must be a sequence \(got float\)"),
    (lambda x: flambeau.empty_strided((2, 3), (1,)), errors.ShapeError, r"strides \[1\] and shape \[2, 3\]"),
])
def test_misuse(call, error, text):
    x = flambeau.ones(2)
    with pytest.raises(error, match=text):
        call(x)
    assert x.tolist() == [1, 1]
