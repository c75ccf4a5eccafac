"""float16 and bfloat16 accumulate in float32 and round once: ops, functions composed of ops, and their gradients.

What float64 makes of the same numbers, rounded once, is right. A result may be the neighbour of that number, since
float32's own rounding may tip one that lies between two.
"""

from __future__ import annotations

import math

import pytest

import flambeau
from flambeau.nn import functional as F
from flambeau.table.registry import TABLE

HALVES = [flambeau.float16, flambeau.bfloat16]
TARGET = flambeau.tensor([1, 0, 2, 1])


def numbers(dtype, *shape, scale=1.0, shift=0.0):
    """Numbers of both signs that the dtype holds, of magnitudes from scale / 8 to scale."""
    count = math.prod(shape)
    signs = [(-1) ** (i * i % 3) * (1 + i * 7 % 8) / 8 + shift for i in range(count)]
    return (flambeau.tensor(signs, dtype=flambeau.float64) * scale).reshape(shape).to(dtype)


# The dims of `x`, the scale of its numbers, the function. At that scale a sum, a square or a product on the way
# overflows float16 or loses its last digits, and the result does not. What a line does to `x` before that is exact.
FUNCTIONS = {
    "mean": (1, 6e4, lambda x: x.mean()), "nanmean": (1, 6e4, lambda x: flambeau.nanmean(x)),
    "sum": (1, 4e3, lambda x: x.sum(0)), "nansum": (1, 4e3, lambda x: flambeau.nansum(x)),
    "norm": (1, 3e3, lambda x: x.norm()), "norm 3": (1, 3e3, lambda x: x.norm(3)),
    "var": (1, 200, lambda x: x.var()), "std": (1, 6e3, lambda x: x.std()), "var_mean": (
        1, 200, lambda x: flambeau.var_mean(x)), "prod": (1, 40, lambda x: (x[:3] / 64).prod()),
    "cumsum": (1, 4e3, lambda x: x.cumsum(0)), "cumprod": (1, 2, lambda x: x[:9].cumprod(0)),
    "logsumexp": (1, 50, lambda x: x.logsumexp(0)), "logcumsumexp": (1, 5, lambda x: flambeau.logcumsumexp(x[:40], 0)),
    "trace": (2, 4e3, lambda x: x.trace()), "cov": (2, 200, lambda x: flambeau.cov(x)),
    "corrcoef": (2, 6e3, lambda x: flambeau.corrcoef(x)), "softmax": (1, 5, lambda x: x.softmax(0)),
    "mm": (2, 40, lambda x: x @ x.t()), "mv": (2, 40, lambda x: x @ x[0]), "dot": (1, 40, lambda x: x.dot(x)),
    "bmm": (2, 40, lambda x: flambeau.bmm(x[None], x.t()[None])),
    "addmm": (2, 300, lambda x: flambeau.addmm(x[:, :4] * 256, x, x.t(), beta=-1)),
    "addbmm": (2, 40, lambda x: flambeau.addbmm(x[:, :4], x.reshape(4, 4, -1), x.reshape(4, -1, 4), alpha=0.5)),
    "addmv": (2, 300, lambda x: flambeau.addmv(x[:, 0] * -256, x, x[0])),
    "einsum": (2, 40, lambda x: flambeau.einsum("ij,kj,kl->il", x, x, x / 1024)),
    "tensordot": (2, 40, lambda x: flambeau.tensordot(x, x, 2)), "inner": (2, 40, lambda x: flambeau.inner(x, x)),
    "bilinear": (2, 9, lambda x: F.bilinear(x[:, :8], x[:, 8:16], x[:, :32].reshape(2, 8, 8), x[0, :2])),
    "cross": (2, 300, lambda x: flambeau.cross(x[:, :3], x[:, 3:6], 1)),
    "chain_matmul": (2, 40, lambda x: flambeau.chain_matmul(x, x.t(), x / 8192)),
    "matrix_power": (2, 9, lambda x: flambeau.matrix_power(x[:4, :4], 3)),
    "linear": (2, 300, lambda x: F.linear(x, x, x[:, 0] * -256)),
    "conv1d": (2, 300, lambda x: F.conv1d(x[None], x[None, :, :3], x[0, :1] * 8)),
    "conv_transpose1d": (2, 40, lambda x: F.conv_transpose1d(x[None], x[:, None, :8])),
    "cdist": (2, 6e3, lambda x: flambeau.cdist(x, x.flip(0))),
    "attention": (2, 9, lambda x: F.scaled_dot_product_attention(x[None], x[None] / 8, x[None])),
    "layer_norm": (2, 6e3, lambda x: F.layer_norm(x, x.shape[1:])),
    "rms_norm": (2, 6e3, lambda x: F.rms_norm(x, x.shape[1:], eps=1e-5)),
    "group_norm": (2, 6e3, lambda x: F.group_norm(x, 2, x[0, :2].repeat(x.shape[1] // 2), x[0, :1].expand(x.shape[1]))),
    "batch_norm": (2, 6e3, lambda x: F.batch_norm(x, None, None, training=True)),
    "instance_norm": (2, 6e3, lambda x: F.instance_norm(x[None])),
    "local_response_norm": (2, 600, lambda x: F.local_response_norm(x[None], 3)),
    "normalize": (2, 6e3, lambda x: F.normalize(x, dim=1)),
    "avg_pool1d": (2, 6e4, lambda x: F.avg_pool1d(x[None], 9, 4)),
    "adaptive_avg_pool1d": (2, 6e4, lambda x: F.adaptive_avg_pool1d(x[None], 3)),
    "lp_pool1d": (2, 600, lambda x: F.lp_pool1d(x[None].abs(), 2, 9, 4)),
    "l1_loss": (1, 3e4, lambda x: F.l1_loss(x, x.flip(0))), "mse_loss": (1, 150, lambda x: F.mse_loss(x, x.flip(0))),
    "smooth_l1_loss": (1, 3e4, lambda x: F.smooth_l1_loss(x, x.flip(0))),
    "huber_loss": (1, 3e4, lambda x: F.huber_loss(x, x.flip(0))),
    "weighted mse_loss": (1, 150, lambda x: F.mse_loss(x, x.flip(0), weight=x.abs() / 128)),
    "cross_entropy": (2, 50, lambda x: F.cross_entropy(x, TARGET.to(x.device))),
    "soft cross_entropy": (2, 50, lambda x: F.cross_entropy(x, x.abs() / 64)),
    "nll_loss": (2, 3e4, lambda x: F.nll_loss(x, TARGET.to(x.device))),
    "kl_div": (2, 9, lambda x: F.kl_div(-x.abs(), x.abs() / 16, reduction="batchmean")),
    "binary_cross_entropy_with_logits": (
        1, 500, lambda x: F.binary_cross_entropy_with_logits(x, x.abs() / 512)),
    "poisson_nll_loss": (1, 9, lambda x: F.poisson_nll_loss(x, x.abs(), full=True)),
    "gaussian_nll_loss": (1, 150, lambda x: F.gaussian_nll_loss(x, x.flip(0), x.abs())),
    "soft_margin_loss": (1, 9, lambda x: F.soft_margin_loss(x, x.sign())),
    "hinge_embedding_loss": (1, 3e4, lambda x: F.hinge_embedding_loss(x, x.sign())),
    "margin_ranking_loss": (1, 3e4, lambda x: F.margin_ranking_loss(x, x.flip(0), x.sign())),
    "cosine_embedding_loss": (2, 300, lambda x: F.cosine_embedding_loss(x, x.flip(1), x[:, 0].sign())),
    "multi_margin_loss": (2, 3e4, lambda x: F.multi_margin_loss(x, TARGET.to(x.device))),
    "multilabel_soft_margin_loss": (2, 300, lambda x: F.multilabel_soft_margin_loss(x, x.sign() / 2 + 0.5)),
    "triplet_margin_loss": (2, 300, lambda x: F.triplet_margin_loss(x, x.flip(0), x.flip(1))),
    "cosine_similarity": (2, 300, lambda x: F.cosine_similarity(x, x.flip(1))),
    "pairwise_distance": (2, 300, lambda x: F.pairwise_distance(x, x.flip(1))),
    "scatter_add": (1, 4e3, lambda x: flambeau.zeros_like(x).scatter_add(0, (x * 0).long(), x)),
    "index_add": (1, 4e3, lambda x: flambeau.zeros_like(x).index_add(0, (x * 0).long(), x, alpha=0.3)),
    "scatter_reduce mean": (
        1, 6e4, lambda x: flambeau.zeros_like(x).scatter_reduce(0, (x * 0).long(), x, "mean", include_self=False)),
    "scatter_reduce prod": (1, 1, lambda x: flambeau.ones_like(x).scatter_reduce(0, (x[:9] * 0).long(), x[:9], "prod")),
    "index_put": (1, 4e3, lambda x: flambeau.zeros_like(x).index_put(((x * 0).long(),), x, accumulate=True)),
    "fold": (2, 4e3, lambda x: flambeau.nn.functional.fold(x[None, :, :9], (4, 4), (2, 2))),
}
POSITIVE = {"mean", "nanmean", "avg_pool1d", "adaptive_avg_pool1d", "scatter_reduce mean"}  # or else nothing overflows
SHAPES = {1: (211,), 2: (4, 96)}


def given(name, dtype):
    ndim, scale, _ = FUNCTIONS[name]
    return numbers(dtype, *SHAPES[ndim], scale=scale / (2 if name in POSITIVE else 1), shift=name in POSITIVE)


def listed(result):
    return [t for t in (result if isinstance(result, tuple) else (result,)) if t.is_floating_point()]


def same(found, exact, name):
    """Whether each number is that of `exact` rounded once, or next to it."""
    dtype = found.dtype
    slack = exact.abs() * 2**-20 + exact.abs().nan_to_num(0, 0, 0).max() * 2**-22
    low, high = (exact - slack).to(dtype).double(), (exact + slack).to(dtype).double()
    wrong = ~((low <= found.double()) & (found.double() <= high))
    assert not wrong.any(), f"{name} in {dtype}: {found.double()[wrong][:3]} for {exact[wrong][:3]}"


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", HALVES)
def test_a_result_is_that_of_float64_rounded_once(name, dtype):
    x = given(name, dtype)
    exact = listed(FUNCTIONS[name][2](x.double()))
    assert exact and all(e.isfinite().all() for e in exact)
    for found, e in zip(listed(FUNCTIONS[name][2](x)), exact, strict=True):
        assert found.dtype is dtype
        same(found, e, name)


# Those whose gradient reads nothing that was rounded before, and that use `x` once.
GRADIENTS = ["mean", "nanmean", "sum", "norm", "norm 3", "var", "std", "cumsum", "logsumexp", "logcumsumexp", "trace",
             "cov", "layer_norm", "rms_norm", "batch_norm", "instance_norm", "local_response_norm", "normalize",
             "avg_pool1d", "adaptive_avg_pool1d", "nll_loss", "cross_entropy", "soft_margin_loss", "multi_margin_loss",
             "hinge_embedding_loss", "index_put", "scatter_reduce mean", "scatter_reduce prod", "fold"]


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_is_that_of_float64_rounded_once(name, dtype, create_graph):
    x = given(name, dtype)
    found, exact = (gradient(FUNCTIONS[name][2], of, create_graph) for of in (x, x.double()))
    assert found.dtype is dtype
    same(found, exact, name)


def gradient(function, x, create_graph):
    """That of the results weighed with -1, 1 and 2."""
    x = x.detach().requires_grad_()
    results = listed(function(x))
    weights = [((flambeau.arange(r.numel()) * 5 % 7 % 4 - 1).reshape(r.shape)).to(r.dtype) for r in results]
    return flambeau.autograd.grad(results, x, weights, create_graph=create_graph)[0].detach()


def test_clipping_a_large_half_gradient_keeps_it():
    x = flambeau.zeros(10000, dtype=flambeau.float16, requires_grad=True)
    x.grad = flambeau.full((10000,), 100.0, dtype=flambeau.float16)
    assert flambeau.nn.utils.clip_grad_norm_([x], 100.0).item() == 10000.0
    assert x.grad[0].item() == pytest.approx(1.0, rel=2**-9)


def test_every_normalisation_and_loss_declares_it():
    assert [o.name for o in TABLE.values() if o.family in ("norm", "loss") and o.kind == "composite"
            and not o.inlined and not o.compute] == []


# --- the walk


def test_a_broadcast_gradient_is_summed_before_it_is_rounded():
    factor = flambeau.tensor(300.0, dtype=flambeau.float16, requires_grad=True)
    terms = flambeau.full((64,), 300.0, dtype=flambeau.float16)
    (terms * factor).backward(flambeau.tensor([300.0, -299.5] * 32, dtype=flambeau.float16))  # 90,000 - 89,850 + ...
    assert factor.grad.item() == 150 * 32


def test_gradients_that_meet_are_summed_before_they_are_rounded():
    x = flambeau.ones((), dtype=flambeau.bfloat16, requires_grad=True)
    sum([x * 1 for _ in range(1000)]).backward()
    assert x.grad.item() == 1000.0 and x.grad.dtype is flambeau.bfloat16


def test_gradients_that_meet_at_a_result_are_summed_before_they_are_rounded():
    x = flambeau.ones(2, dtype=flambeau.bfloat16, requires_grad=True)
    y = x * 1
    flambeau.stack([y, *[y * 1 for _ in range(999)]]).backward(flambeau.ones(1000, 2, dtype=flambeau.bfloat16))
    assert x.grad.tolist() == [1000.0, 1000.0]


@pytest.mark.parametrize("reduce", [flambeau.sum, flambeau.prod, lambda x, dtype: flambeau.cumsum(x, 0, dtype=dtype),
                                    lambda x, dtype: flambeau.cumprod(x, 0, dtype=dtype), flambeau.mean])
@pytest.mark.parametrize("dtype", HALVES)
def test_a_gradient_comes_back_in_the_inputs_dtype(reduce, dtype):
    x = flambeau.ones(3, dtype=dtype, requires_grad=True)
    made = reduce(x, dtype=flambeau.float32)
    made.backward(flambeau.ones_like(made))
    assert made.dtype is flambeau.float32 and x.grad.dtype is dtype
    assert len(bytes(x._kind.device.backend.to_host(x.grad._array))) == 3 * 2


# --- 16-bit inputs beside float32 parameters


@pytest.mark.parametrize("layer", [
    lambda x, w: F.layer_norm(x, (8,), w, w), lambda x, w: F.rms_norm(x, (8,), w),
    lambda x, w: F.group_norm(x, 2, w, w),
    lambda x, w: F.batch_norm(x, w, w, w, w), lambda x, w: F.batch_norm(x, w, w, w, w, training=True)])
@pytest.mark.parametrize("dtype", HALVES)
def test_a_layer_answers_in_the_inputs_dtype(layer, dtype):
    x, w = numbers(dtype, 4, 8, scale=6e3), flambeau.arange(1, 9).float()
    same(layer(x, w.clone()), layer(x.double(), w.double()), "layer")


def test_running_statistics_take_a_variance_that_float16_cannot_hold():
    x, mean, var = (numbers(flambeau.float16, 64, 1, scale=300), flambeau.zeros(1, dtype=flambeau.float16),
                    flambeau.ones(1, dtype=flambeau.float16))
    F.batch_norm(x, mean, var, training=True)
    same(var, 0.9 + 0.1 * x.double().var(0), "running variance")
