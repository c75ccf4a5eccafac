"""Windows and strided views of tensors that gradients are asked of."""

import pytest

import flambeau

PLACES = {"gaps": lambda: flambeau.arange(16.0).reshape(8, 2)[::2, ::2],
          "offset": lambda: flambeau.arange(20.0)[4:8].reshape(4, 1),
          "transposed": lambda: flambeau.arange(12.0).reshape(3, 4).t()}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_as_strided_of_a_tracked_tensor_with_strides_of_its_own(place):
    """Windows of it have the elements, and the gradients, that the same numbers close together have."""
    x, close = place().detach(), place().detach().contiguous()
    grads = []
    for tensor in (x, close):
        tensor.requires_grad_()
        windows = tensor.unfold(0, 2, 1)
        (windows * windows).sum().backward()
        grads.append((windows.tolist(), tensor.grad.tolist()))
    assert grads[0] == grads[1]
