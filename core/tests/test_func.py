"""Derivatives that nest and functions mapped over batches, against loops and against each other."""

from __future__ import annotations

from typing import Any

import pytest

import flambeau
from flambeau import func, nn
from flambeau.autograd import forward_ad
from flambeau.errors import (
    ArgumentError,
    InplaceError,
    NameUnknownError,
    PreconditionError,
    ShapeError,
    UnsupportedError,
    ValueRangeError,
)

D = flambeau.float64


def drawn(*shape: int) -> flambeau.Tensor:
    return flambeau.randn(*shape, generator=flambeau.Generator().manual_seed(sum(shape)), dtype=D)


X, Y, W = drawn(5, 3), drawn(5), drawn(3)


def loss(w: Any, x: Any, y: Any) -> Any:
    return (flambeau.tanh(x @ w) - y) ** 2


def looped(function: Any, *batches: Any) -> Any:
    return flambeau.stack([function(*row) for row in zip(*batches, strict=True)])


def agree(got: Any, wanted: Any) -> None:
    assert got.shape == wanted.shape
    assert got.dtype is wanted.dtype
    assert flambeau.allclose(got, wanted)


FUNCTIONS = {
    "sum": lambda r: r.sum(), "softmax": lambda r: r.softmax(0), "product": lambda r: r @ r,
    "outer": lambda r: flambeau.outer(r, r), "matrix": lambda r: X @ r, "sort": lambda r: r.sort(descending=True)[0],
    "view": lambda r: r.reshape(3, 1).expand(3, 2).t().flip(1), "slice": lambda r: r[1:, None], "cat": lambda r:
    flambeau.cat([r, W]), "argmax": lambda r: r.argmax(), "where": lambda r: flambeau.where(r > 0, r, W),
    "index": lambda r: r[flambeau.tensor([2, 0])], "in place": lambda r: r.clone().mul_(2).add_(W),
    "item set": lambda r: _with_first(r), "norm": lambda r: nn.functional.layer_norm(r, (3,)),
    "numbers": lambda r: 2 * r + 1, "cumprod": lambda r: r.cumprod(0), "prod": lambda r: r.prod(),
    "made inside": lambda r: r + flambeau.arange(3, dtype=D), "half": lambda r: r.half() + 1, "clamp": lambda r:
    r.clamp(-0.5, 0.5), "pad": lambda r: nn.functional.pad(r, (1, 2), value=7.0), "strided": lambda r:
    r.as_strided((2, 2), (1, 1))}


def _with_first(r: Any) -> Any:
    made = r.clone()
    made[0] = 7
    return made


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_mapped_function_is_the_function_of_each_example(name: str):
    function = FUNCTIONS[name]
    agree(func.vmap(function)(X), looped(function, X))
    twice = func.vmap(func.vmap(function))(flambeau.stack([X, X * 2]))
    agree(twice, flambeau.stack([looped(function, X), looped(function, X * 2)]))


def test_dims_and_chunks():
    agree(func.vmap(flambeau.mul, in_dims=(None, 0))(W, Y), looped(lambda y: W * y, Y))
    agree(func.vmap(flambeau.dot, in_dims=(1, 1))(X, X), (X * X).sum(0))
    agree(func.vmap(lambda r: r * 2, in_dims=-1, out_dims=1)(X), X * 2)
    agree(func.vmap(lambda r: r.sum(), chunk_size=2)(X), X.sum(1))
    nested = func.vmap(lambda d: {"s": d["a"] + d["b"][0], "p": (d["a"] * 2,)})({"a": X, "b": [X]})
    agree(nested["s"], X + X)
    agree(nested["p"][0], X * 2)
    assert func.vmap(lambda r: (r, W), out_dims=(0, None))(X)[1] is W


def test_gradients_of_every_example_and_of_a_mapped_function():
    per_example = func.vmap(func.grad(loss), in_dims=(None, 0, 0))(W, X, Y)
    agree(per_example, looped(lambda x, y: func.grad(loss)(W, x, y), X, Y))
    whole = func.grad(lambda w: func.vmap(loss, in_dims=(None, 0, 0))(w, X, Y).sum())(W)
    agree(whole, per_example.sum(0))
    leaf = W.clone().requires_grad_()
    func.vmap(loss, in_dims=(None, 0, 0))(leaf, X, Y).sum().backward()
    agree(leaf.grad, whole)


def test_jacobians_agree():
    def f(w: Any) -> Any:
        return flambeau.sin(X @ w)

    by_hand = flambeau.autograd.functional.jacobian(f, W)
    agree(func.jacrev(f)(W), by_hand)
    agree(func.jacrev(f, chunk_size=2)(W), by_hand)
    agree(func.jacfwd(f)(W), by_hand)
    agree(func.hessian(lambda w: f(w).sum())(W), flambeau.autograd.functional.hessian(lambda w: f(w).sum(), W))
    output, back = func.vjp(f, W)
    agree(back(Y)[0], Y @ by_hand)
    agree(func.jvp(f, (W,), (W,))[1], by_hand @ W)
    agree(func.linearize(f, W)[1](W), by_hand @ W)
    agree(output, f(W))
    pair = func.jacrev(lambda a, b: (a * b, {"c": a}), argnums=(0, 1))(W, W * 2)
    agree(pair[0][1], flambeau.diag(W))
    agree(pair[1]["c"][0], flambeau.eye(3, dtype=D))


def test_derivatives_nest():
    def f(t: Any) -> Any:
        return flambeau.sin(t) * t

    third = func.grad(func.grad(func.grad(f)))
    agree(func.vmap(third)(Y), -3 * flambeau.sin(Y) - Y * flambeau.cos(Y))
    direct = func.jvp(func.grad(lambda w: f(w).sum()), (W,), (W,))[1]
    agree(direct, func.hessian(lambda w: f(w).sum())(W) @ W)
    assert not direct.requires_grad
    outer = W.clone().requires_grad_()
    inner = func.grad(lambda t: (t * outer).sum() ** 2)(W)
    assert inner.requires_grad
    inner.sum().backward()
    assert outer.grad is not None


def test_values_and_extras():
    found, value = func.grad_and_value(lambda x: (x * x).sum())(W)
    agree(found, 2 * W)
    agree(value, (W * W).sum())
    found, extra = func.grad(lambda x: ((x * x).sum(), "seen"), has_aux=True)(W)
    assert extra == "seen"
    agree(func.grad(lambda p: (p["w"] * 3).sum())({"w": W})["w"], flambeau.full((3,), 3.0, dtype=D))


def test_batched_gradients_of_outputs():
    leaf = W.clone().requires_grad_()
    out = flambeau.sin(leaf)
    (rows,) = flambeau.autograd.grad(out, leaf, flambeau.eye(3, dtype=D), is_grads_batched=True)
    agree(rows, flambeau.diag(flambeau.cos(W)))


def test_modules_as_functions():
    layer = nn.Linear(3, 2, dtype=D)
    before = layer.weight
    double = {name: p.detach() * 2 for name, p in layer.named_parameters()}
    agree(func.functional_call(layer, double, X), layer(X) * 2)
    assert layer.weight is before
    models = [nn.Linear(3, 2, dtype=D) for _ in range(4)]
    params, buffers = func.stack_module_state(models)
    stacked = func.vmap(lambda p, b: func.functional_call(layer, (p, b), X))(params, buffers)
    agree(stacked, flambeau.stack([m(X) for m in models]))
    with pytest.raises(NameUnknownError, match="no parameter or buffer 'wieght'"):
        func.functional_call(layer, {"wieght": W}, X)
    assert layer.weight is before
    with pytest.raises(ArgumentError, match="same class"):
        func.stack_module_state([layer, nn.ReLU()])


def test_what_is_written_inside_stays_inside():
    x = flambeau.zeros(2)
    assert func.functionalize(lambda t: t.add_(1))(x).tolist() == [1.0, 1.0]
    assert x.tolist() == [0.0, 0.0]


def test_forward_derivatives():
    with forward_ad.dual_level():
        x = forward_ad.make_dual(W, W * 2)
        made = forward_ad.unpack_dual(flambeau.sin(x) * x)
        agree(made.tangent, (flambeau.cos(W) * W + flambeau.sin(W)) * W * 2)
        assert not made.primal.requires_grad
        assert forward_ad.unpack_dual(W).tangent is None
        with pytest.raises(PreconditionError, match="Nested"), forward_ad.dual_level():
            pass
        with pytest.raises(ShapeError, match="same shape"):
            forward_ad.make_dual(W, Y)
    with pytest.raises(PreconditionError, match="no level exists"):
        forward_ad.make_dual(W, W)


@pytest.mark.parametrize(("function", "error", "match"), [
    (lambda r: r.sum().item(), UnsupportedError, "differ from example to example"),
    (lambda r: r if r.sum() > 0 else -r, UnsupportedError, "differ from example to example"),
    (lambda r: r[r > 0], UnsupportedError, "size of the result would differ"),
    (lambda r: flambeau.zeros(3, dtype=D).add_(r), InplaceError, "is not mapped would be overwritten"),
    (lambda r: r + flambeau.randn(3), UnsupportedError, "randomness='same'"),
    (lambda r: 3, ArgumentError, "must only return Tensors")])
def test_what_cannot_be_mapped_says_so(function: Any, error: type[Exception], match: str):
    with pytest.raises(error, match=match):
        func.vmap(function)(X)
    agree(func.vmap(lambda r: r * 2)(X), X * 2)  # nothing is left of the failed one


def test_the_same_draw_for_every_example():
    made = func.vmap(lambda r: flambeau.rand(2) + 0 * r[:2], randomness="same")(X)
    assert (made == made[0]).all()


@pytest.mark.parametrize(("call", "error", "match"), [
    (lambda: func.vmap(flambeau.sin, randomness="some")(X), ValueRangeError, "randomness"),
    (lambda: func.vmap(flambeau.sin, in_dims=None)(X), ArgumentError, "in_dims"),
    (lambda: func.vmap(flambeau.add)(X, Y[:2]), ShapeError, "same size in the mapped dimension"),
    (lambda: func.vmap(flambeau.sin, in_dims=2)(X), ArgumentError, "dimensionality 2"),
    (lambda: func.vmap(flambeau.add)(X, 2), ArgumentError, "non-Tensor"),
    (lambda: func.vmap(flambeau.sin)(), ArgumentError, "no inputs"),
    (lambda: func.grad(flambeau.sin)(X), ShapeError, "scalar tensor"),
    (lambda: func.grad(flambeau.sin, argnums=2)(X), ArgumentError, "argnum=2"),
    (lambda: func.jvp(flambeau.sin, (X,), (Y,)), ShapeError, "tangent has shape"),
    (lambda: func.vjp(flambeau.sin, X)[1]((X, X)), ArgumentError, "structure of cotangents")])
def test_bad_arguments(call: Any, error: type[Exception], match: str):
    with pytest.raises(error, match=match):
        call()
