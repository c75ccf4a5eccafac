"""`flambeau.linalg` without PyTorch beside it: what is promised, on every kernel and on every composition."""

import pickle

import pytest

import flambeau
from flambeau import linalg
from flambeau.errors import FlambeauError, GradientError, LinAlgError, UnsupportedError

DEVICES = ["cpu", "reference"]
SINGULAR = [[1.0, 2.0], [2.0, 4.0]]


def near(a: flambeau.Tensor, b: flambeau.Tensor) -> bool:
    return bool(flambeau.allclose(a, b, rtol=1e-10, atol=1e-12))


def drawn(*shape: int, device: str = "cpu", dtype: flambeau.dtype = flambeau.float64) -> flambeau.Tensor:
    flambeau.manual_seed(0)
    return flambeau.randn(*shape, dtype=dtype).to(device)


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("dtype", [flambeau.float64, flambeau.complex128])
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 3), (3, 0), (0, 2, 2)])
def test_factors_multiply_to_the_matrix(device: str, shape: tuple[int, ...], dtype: flambeau.dtype):
    x = drawn(*shape, device=device, dtype=dtype)
    P, L, U = linalg.lu(x)
    assert near(P.to(dtype) @ L @ U, x)
    Q, R = linalg.qr(x, "complete")
    assert near(Q @ R, x)
    assert near(Q.mH @ Q, flambeau.eye(shape[-2], dtype=dtype, device=device).expand(Q.shape))
    U, S, Vh = linalg.svd(x, full_matrices=False)
    assert near((U * S.unsqueeze(-2)) @ Vh, x)
    assert bool((S[..., :-1] >= S[..., 1:]).all())


def test_the_inverse_solves(device: str):
    A, B = drawn(2, 4, 4, device=device), drawn(4, 3, device=device)
    assert near(linalg.solve(A, B), linalg.inv(A) @ B)
    assert near(linalg.lu_solve(*linalg.lu_factor(A), B), linalg.inv(A) @ B)
    assert near(linalg.solve(A, B.mT, left=False), B.mT @ linalg.inv(A))
    assert near(linalg.pinv(A), linalg.inv(A))
    assert near(linalg.matrix_power(A, -2), linalg.inv(A) @ linalg.inv(A))


def test_symmetric_systems_by_cholesky_and_by_ldl(device: str):
    x, b = drawn(2, 4, 4, device=device), drawn(2, 4, 3, device=device)
    A = x @ x.mT + flambeau.eye(4, dtype=x.dtype, device=device)
    assert near(flambeau.cholesky_solve(b, linalg.cholesky(A)), linalg.solve(A, b))
    assert near(flambeau.cholesky_inverse(linalg.cholesky(A, upper=True), upper=True), linalg.inv(A))
    indefinite = A - 3 * flambeau.eye(4, dtype=x.dtype, device=device)
    LD, pivots = linalg.ldl_factor(indefinite)
    assert near(linalg.ldl_solve(LD, pivots, b), linalg.solve(indefinite, b))


def test_eigenvectors_are_scaled_by_their_eigenvalues(device: str):
    A = drawn(5, 5, device=device)
    values, vectors = linalg.eig(A)
    assert near(A.to(values.dtype) @ vectors, vectors * values)
    assert near(vectors.abs().square().sum(0), flambeau.ones(5, dtype=A.dtype, device=device))
    for triangle, whole in (("L", A.tril() + A.tril(-1).mT), ("U", A.triu() + A.triu(1).mT)):
        values, vectors = linalg.eigh(A, triangle)
        assert near(whole @ vectors, vectors * values)


def test_determinants_and_exponentials(device: str):
    A = drawn(3, 4, 4, device=device)
    sign, size = linalg.slogdet(A)
    assert near(sign * size.exp(), linalg.det(A))
    assert near(linalg.det(linalg.matrix_exp(A)), A.diagonal(0, -2, -1).sum(-1).exp())
    assert linalg.det(flambeau.tensor(SINGULAR, device=device)).item() == 0


@pytest.mark.parametrize(("call", "text"), [
    (lambda x: linalg.inv(x), "linalg.inv: The diagonal element 2 is zero, the inversion could not be completed because"
                              " the input matrix is singular. (FL117)"),
    (lambda x: linalg.inv(x.expand(3, 2, 2)), "linalg.inv: (Batch element 0): The diagonal element 2 is zero"),
    (lambda x: linalg.solve(x, flambeau.ones(2).to(x)), "The solver failed because the input matrix is singular."),
    (lambda x: linalg.lu_factor(x), "U[2,2] is zero and using it on lu_solve would result in a division by zero."),
    (lambda x: linalg.cholesky(flambeau.stack([x + flambeau.eye(2).to(x), -x])),
     "(Batch element 1): The factorization could not be completed because the input is not positive-definite (the"
     " leading minor of order 1 is not positive-definite)."),
    (lambda x: linalg.svd(x * flambeau.inf), "the input matrix contained non-finite values"),
])
def test_what_cannot_be_done_is_said_by_element_and_place(device: str, call, text: str):
    with pytest.raises(LinAlgError) as caught:
        call(flambeau.tensor(SINGULAR, device=device))
    assert text in str(caught.value)
    assert isinstance(caught.value, RuntimeError)


def test_the_ex_functions_report_instead(device: str):
    x = flambeau.tensor([SINGULAR, [[1.0, 0.0], [0.0, 1.0]]], device=device)
    assert linalg.inv_ex(x).info.tolist() == [2, 0]
    assert linalg.solve_ex(x, flambeau.ones(2, 1).to(x)).info.tolist() == [2, 0]
    assert linalg.cholesky_ex(-x).info.tolist() == [1, 1]
    assert linalg.lu_factor_ex(x).info.dtype is flambeau.int32
    with pytest.raises(LinAlgError):
        linalg.inv_ex(x, check_errors=True)


def test_results_are_pytorchs_named_tuples_and_go_into_out():
    x = drawn(3, 3)
    made = linalg.svd(x)
    assert repr(made).startswith("flambeau.return_types.linalg_svd(\nU=tensor(")
    assert made._fields == ("U", "S", "Vh")
    out = (flambeau.empty(0, dtype=x.dtype), flambeau.empty(0, dtype=x.dtype), flambeau.empty(0, dtype=x.dtype))
    assert linalg.svd(x, out=out).S is out[1]
    assert near(out[1], made.S)
    with pytest.raises(FlambeauError, match="out must be a tuple of 3 tensors"):
        linalg.svd(x, out=out[0])


def test_gradients_of_what_has_none_say_why():
    x = drawn(4, 2).requires_grad_()
    with pytest.raises(GradientError, match="depends on Q, which is not computed when mode='r'"):
        linalg.qr(x, "r").R.sum().backward()
    with pytest.raises(GradientError, match="not differentiable when mode='complete' and nrows > ncols"):
        linalg.qr(x, "complete").R.sum().backward()
    z = drawn(3, 3, dtype=flambeau.complex128).requires_grad_()
    with pytest.raises(GradientError, match="depends on this quantity, so it is ill-defined"):
        linalg.svd(z).U.real.sum().backward()


@pytest.mark.parametrize("function", [
    lambda x: linalg.det(x), lambda x: linalg.inv(x), lambda x: linalg.pinv(x), lambda x: linalg.svd(x).S,
    lambda x: linalg.eigvals(x).abs(), lambda x: linalg.lu(x).U, lambda x: linalg.qr(x).R,
    lambda x: linalg.matrix_exp(x), lambda x: linalg.slogdet(x).logabsdet,
    lambda x: linalg.cond(x, 1), lambda x: linalg.matrix_norm(x, "nuc")])
def test_gradients_of_two_orders(function):
    x = (drawn(3, 3) + 2 * flambeau.eye(3, dtype=flambeau.float64)).requires_grad_()
    assert flambeau.autograd.gradcheck(function, (x,))
    assert flambeau.autograd.gradgradcheck(function, (x,))


def test_the_determinant_of_a_singular_matrix_has_the_adjugate_for_a_gradient():
    """Where the gradient is itself recorded; the quick way without, PyTorch's too, gives zero."""
    x = flambeau.tensor(SINGULAR, dtype=flambeau.float64, requires_grad=True)
    (found,) = flambeau.autograd.grad(linalg.det(x), x, create_graph=True)
    assert flambeau.allclose(found, flambeau.tensor([[4.0, -2.0], [-2.0, 1.0]], dtype=x.dtype), atol=1e-9)


def test_names_that_pytorch_removed_raise_as_there():
    for name, successor in (("symeig", "eigh"), ("eig", "eig"), ("lstsq", "lstsq"), ("solve", "solve")):
        with pytest.raises(RuntimeError, match=rf"{name}: .*removed.*torch.linalg.{successor}") as caught:
            getattr(flambeau, name)(flambeau.eye(2))
        assert isinstance(caught.value, UnsupportedError)


def test_a_linalg_error_survives_pickling():
    with pytest.raises(LinAlgError) as caught:
        linalg.inv(flambeau.zeros(2, 2))
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is LinAlgError
    assert str(again) == str(caught.value)


@pytest.mark.parametrize("call", [lambda: linalg.inv(flambeau.ones(2, 3)), lambda: linalg.svd(flambeau.ones(3)),
                                  lambda: linalg.det(flambeau.ones(2, 2, dtype=flambeau.int64)),
                                  lambda: linalg.qr(flambeau.ones(2, 2, dtype=flambeau.float16)),
                                  lambda: linalg.eigh(flambeau.eye(2), "X"),
                                  lambda: linalg.solve(flambeau.eye(2), flambeau.ones(3, 1)),
                                  lambda: linalg.lstsq(flambeau.eye(2), flambeau.ones(2, 1), driver="fast"),
                                  lambda: linalg.vander(flambeau.ones(2), N=1),
                                  lambda: linalg.tensorinv(flambeau.ones(2, 3), ind=1),
                                  lambda: linalg.matrix_norm(flambeau.eye(2), 3),
                                  lambda: linalg.multi_dot([flambeau.eye(2)])])
def test_wrong_arguments_are_refused_by_the_functions_name(call):
    with pytest.raises(FlambeauError) as caught:
        call()
    assert (caught.value.op or "").startswith(("linalg.", "det", "lstsq")), str(caught.value)
