"""What a node keeps of its inputs: only what a rule of an input that requires a gradient will read."""

import weakref

import pytest

import flambeau

PRODUCTS = {
    "mul": lambda x, c: x * c,
    "matmul": lambda x, c: x @ c,
    "linear": lambda x, c: flambeau.nn.functional.linear(x, c),
    "conv": lambda x, c: flambeau.nn.functional.conv1d(x.view(1, 3, 3), c.view(3, 3, 1)),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_with_a_constant_does_not_keep_its_other_factor(name):
    leaf = flambeau.ones(3, 3, requires_grad=True)
    factor = leaf * 2
    gone = weakref.ref(factor)
    made = PRODUCTS[name](factor, flambeau.full((3, 3), 3.0))
    del factor
    assert gone() is None
    made.sum().backward()
    assert leaf.grad.shape == (3, 3)
    assert leaf.grad.flatten()[0].item() > 0


@pytest.mark.parametrize("name", PRODUCTS)
def test_what_is_not_read_may_change_and_what_is_read_may_not(name):
    leaf, constant = flambeau.ones(3, 3, requires_grad=True), flambeau.full((3, 3), 3.0)
    factor = leaf * 2
    made = PRODUCTS[name](factor, constant)
    factor.add_(1)
    made.sum().backward()
    made = PRODUCTS[name](leaf * 2, constant)
    constant.add_(1)
    with pytest.raises(flambeau.errors.SavedTensorModifiedError, match="version 1, expected version 0"):
        made.sum().backward()


def test_recording_a_chain_leaves_three_objects_an_op_to_the_cyclic_collector():
    import gc

    x = flambeau.ones(3, requires_grad=True)
    y = x
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(1000):
        y = y * 1.5
    gc.collect()
    assert (len(gc.get_objects()) - before) / 1000 < 3.5
