"""Sparse tensors: what they hold, what is computed with them, and that everything else is refused by name."""

import copy
import pickle

import pytest

import flambeau
from flambeau.errors import ArgumentError, DTypeError, IndexRangeError, ShapeError, UnsupportedError

INDICES = [[0, 1, 1, 0], [2, 0, 0, 1]]


def matrix(values=None):
    return flambeau.sparse_coo_tensor(INDICES, [1.0, 2.0, 3.0, 4.0] if values is None else values, (2, 3))


def test_it_is_a_tensor_that_says_it_is_sparse():
    x = matrix()
    assert isinstance(x, flambeau.Tensor)
    assert x.is_sparse and x.layout is flambeau.sparse_coo and x.dtype is flambeau.float32
    assert (x.shape, x.sparse_dim(), x.dense_dim(), x._nnz()) == ((2, 3), 2, 0, 4)


def test_values_of_one_index_add_up():
    x = matrix()
    assert x.to_dense().tolist() == [[0, 4, 1], [5, 0, 0]]
    assert x.t().to_dense().tolist() == [[0, 5], [4, 0], [1, 0]]
    once = x.coalesce()
    assert (once.indices().tolist(), once.values().tolist()) == ([[0, 0, 1], [1, 2, 0]], [4, 1, 5])
    assert once.is_coalesced() and not x.is_coalesced() and once.coalesce() is once


def test_the_size_is_the_smallest_that_holds_every_index():
    x = flambeau.sparse_coo_tensor([[0, 3]], [[1.0, 2.0], [3.0, 4.0]])
    assert x.shape == (4, 2)
    assert x.to_dense().tolist() == [[1, 2], [0, 0], [0, 0], [3, 4]]


def test_without_values_it_is_zeros():
    x = flambeau.sparse_coo_tensor(flambeau.zeros(2, 0, dtype=flambeau.int64), flambeau.zeros(0), (2, 3))
    assert x.to_dense().tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("product", [flambeau.spmm, flambeau.sparse.mm, lambda a, b: a @ b, lambda a, b: a.mm(b)])
def test_products_and_their_gradients_are_those_of_the_dense_matrix(product):
    values = flambeau.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    dense = flambeau.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
    out = product(matrix(values), dense)
    assert out.tolist() == [[17, 22], [5, 10]]
    (out * flambeau.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert values.grad.tolist() == [17, 11, 11, 11]
    assert dense.grad.tolist() == [[15, 20], [4, 8], [1, 2]]


def test_gradients_go_through_coalesce_and_to_dense():
    values = flambeau.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    x = matrix(values)
    assert x.requires_grad and not x.detach().requires_grad
    (x.coalesce().to_dense() * flambeau.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).sum().backward()
    assert values.grad.tolist() == [3, 4, 4, 2]


def test_it_converts_as_its_values_do():
    values = flambeau.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    x = matrix(values).double()
    assert x.is_sparse and x.dtype is flambeau.float64 and x.to(flambeau.float32).dtype is flambeau.float32
    moved = x.to("reference")
    assert moved.device == moved._indices().device == flambeau.device("reference")
    moved.to_dense().sum().backward()
    assert values.grad.tolist() == [1, 1, 1, 1]


def test_the_legacy_constructor():
    x = flambeau.sparse.FloatTensor(flambeau.tensor(INDICES), flambeau.ones(4), flambeau.Size([2, 3]))
    assert x.to_dense().tolist() == [[0, 1, 1], [2, 0, 0]]
    with pytest.raises(DTypeError, match="expected float32 values, got"):
        flambeau.sparse.FloatTensor(flambeau.tensor(INDICES), flambeau.tensor([1, 2, 3, 4]))


@pytest.mark.parametrize("use", [
    lambda x: x.exp(), lambda x: x.sum(), lambda x: x + x, lambda x: x + flambeau.ones(2, 3), lambda x: x * 2,
    lambda x: flambeau.ones(2, 3) * x, lambda x: flambeau.mm(x, flambeau.ones(3, 2)), lambda x: x[0],
    lambda x: x.reshape(6), lambda x: x.tolist(), lambda x: x.add_(1), lambda x: flambeau.cat([x, x]),
    lambda x: x.transpose(0, 1), lambda x: x.numpy(), lambda x: x.stride(),
    lambda x: flambeau.nn.functional.relu(x), lambda x: x.zero_(), lambda x: x.softmax(0),
    lambda x: x.item(), lambda x: list(x), lambda x: bool(x), copy.deepcopy, pickle.dumps,
    lambda x: x.is_contiguous(), lambda x: x.data_ptr(), lambda x: x == x, lambda x: x[0, 0], lambda x: x.data.exp(),
])
def test_what_has_no_sparse_meaning_is_refused_by_name(use):
    with pytest.raises(UnsupportedError, match=r"not offered for sparse tensors; use \.to_dense\(\)"):
        use(matrix())


@pytest.mark.parametrize(("make", "error", "text"), [
    (lambda: flambeau.sparse_coo_tensor([0, 1], [1.0, 2.0]), ShapeError, r"expected indices \(D, N\)"),
    (lambda: flambeau.sparse_coo_tensor([[0, 1]], [1.0]), ShapeError, r"expected indices \(D, N\)"),
    (lambda: flambeau.sparse_coo_tensor([[0]], [1.0], (2, 2)), ShapeError, r"size \[2, 2\] does not fit"),
    (lambda: flambeau.sparse_coo_tensor([[2]], [1.0], (2,)), IndexRangeError, "size is 2 but found index 2"),
    (lambda: flambeau.sparse_coo_tensor([[-1]], [1.0], (2,)), IndexRangeError, "found negative index -1"),
    (lambda: flambeau.sparse_coo_tensor([[0]], [1.0], requires_grad=True), UnsupportedError, "values that require"),
    (lambda: flambeau.sparse_coo_tensor(flambeau.zeros(1, 0), flambeau.zeros(0)), ArgumentError, "size must be given"),
    (lambda: matrix().values(), ArgumentError, "Cannot get values on an uncoalesced tensor"),
    (lambda: flambeau.spmm(matrix(), flambeau.ones(2, 2)), ShapeError, "cannot be multiplied"),
    (lambda: flambeau.spmm(matrix(), flambeau.ones(3, 2).double()), DTypeError, "expected both of one dtype"),
    (lambda: flambeau.spmm(flambeau.ones(2, 3), flambeau.ones(3, 2)), ArgumentError, "expected a sparse and a dense"),
    (lambda: matrix().requires_grad_(), UnsupportedError, "set requires_grad on the values"),
])
def test_errors(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_it_prints_its_parts():
    assert repr(matrix().coalesce()) == (
        "tensor(indices=tensor([[0, 0, 1],\n                       [1, 2, 0]]),\n"
        "       values=tensor([4., 1., 5.]),\n       size=(2, 3), nnz=3, layout=flambeau.sparse_coo)")
