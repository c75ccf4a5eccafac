"""Sparse tensors beside PyTorch's: elements, order after coalesce, products and gradients."""

import pytest
import torch

import flambeau

INDICES = [[0, 1, 1, 0], [2, 0, 0, 1]]
VALUES = [1.0, 2.0, 3.0, 4.0]
GIVEN = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


@pytest.fixture(autouse=True)
def checked():
    """PyTorch asks whether to check indices, which flambeau always does."""
    with torch.sparse.check_sparse_tensor_invariants():
        yield


def results(lib):
    values = lib.tensor(VALUES, requires_grad=True)
    dense = lib.tensor(GIVEN, requires_grad=True)
    x = lib.sparse_coo_tensor(lib.tensor(INDICES), values, (2, 3))
    product = lib.spmm(x, dense)
    (product * product).sum().backward()
    once = x.detach().coalesce()
    return [t.tolist() for t in (product, values.grad, dense.grad, once.indices(), once.values(), x.detach().to_dense(),
                                 x.detach().t().to_dense())]


def test_elements_products_and_gradients():
    assert results(flambeau) == results(torch)


@pytest.mark.parametrize("values", [VALUES, [[v, -v] for v in VALUES]])
def test_printing(values):
    made = [repr(lib.sparse_coo_tensor(lib.tensor(INDICES), lib.tensor(values))) for lib in (flambeau, torch)]
    assert made[0].replace("flambeau.", "torch.") == made[1]


@pytest.mark.parametrize("indices", [[[2]], [[-1]]])
def test_an_index_outside_the_size_is_refused_by_both(indices):
    for lib in (flambeau, torch):
        with pytest.raises((IndexError, RuntimeError)):
            lib.sparse_coo_tensor(lib.tensor(indices), lib.tensor([1.0]), (2,))
