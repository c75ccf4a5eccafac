"""Under autocast, dtypes are PyTorch's: for every function on its lists for CPUs that is here, and for some that are
not on them."""

import warnings

import pytest
import torch

import flambeau

ANY = """
t.mm(a, a) | a @ a | a.matmul(a) | t.mm(d, d) | t.mm(a, h) | t.bmm(b, b) | t.mv(a, a[0]) | t.addmm(a, a, a)
t.addmv(a[0], a, a[0]) | t.addbmm(a, b, b) | t.baddbmm(b, b, b) | F.linear(a, a, a[0]) | t.nn.Linear(3, 2)(a)
t.einsum("ij,jk->ik", a, a) | t.dot(a[0], a[0]) | t.outer(a[0], a[0]) | t.chain_matmul(a, a, a)
t.linalg.multi_dot([a, a, a]) | t.linalg.vecdot(a, a) | t.tensordot(a, a, 1) | F.bilinear(a, a, b, a[0, :2])
F.conv1d(s, r(3, 2, 2)) | F.conv2d(i, r(3, 2, 2, 2), r(3)) | t.nn.Conv2d(2, 3, 2)(i) | F.conv3d(v, r(3, 2, 2, 2, 2))
F.conv_transpose2d(i, r(2, 3, 2, 2)) | F.prelu(a, r(1)) | F.scaled_dot_product_attention(b, b, b)
t.nn.MultiheadAttention(4, 2)(r(3, 2, 4), r(3, 2, 4), r(3, 2, 4))[0] | t.exp(h) | t.softmax(h, 1) | h.sum() | h.prod()
a.prod() | h.norm() | h ** 2.0 | h.tanh() | h.var() | h.mean() | h.logsumexp(0) | h.trace() | F.mse_loss(h, a)
F.mse_loss(h, h) | F.l1_loss(h, h) | F.smooth_l1_loss(h, h) | F.huber_loss(h, h) | F.cross_entropy(h, n)
F.nll_loss(h, n) | F.binary_cross_entropy(h.sigmoid(), h.sigmoid()) | F.binary_cross_entropy_with_logits(h, h)
F.kl_div(h, h) | F.hinge_embedding_loss(h, h) | F.soft_margin_loss(h, h) | F.triplet_margin_loss(h, h, h + 1)
F.multi_margin_loss(h, n) | F.poisson_nll_loss(h, h) | F.gaussian_nll_loss(h, h, h) | F.cosine_similarity(h, h)
F.margin_ranking_loss(h[0], h[1], h[2]) | F.layer_norm(h, (3,)) | F.group_norm(i.to(h.dtype), 2)
F.avg_pool3d(v.to(h.dtype), 2) | F.avg_pool2d(i.to(h.dtype), 2) | F.max_pool3d(v.to(h.dtype), 2)
F.adaptive_avg_pool3d(v.to(h.dtype), 2) | F.pad(i.to(h.dtype), (1, 1, 1, 1), "reflect")
F.pad(s.to(h.dtype), (1, 1), "replicate") | F.pad(v.to(h.dtype), (1, 1, 1, 1, 1, 1), "reflect")
F.pad(v.to(h.dtype), (1, 1, 1, 1, 1, 1), "replicate") | F.pad(h, (1, 1)) | t.cat([a, h]) | t.stack([a, h])
a.index_copy(0, n[:1], h[:1]) | t.vstack([a, h]) | t.addcdiv(a, h, h) | t.cdist(h, h) | t.quantile(h, 0.5)
t.linalg.inv(h) | t.inverse(h) | h.inverse() | t.linalg.solve(h, h) | t.linalg.det(a) | t.linalg.qr(h)[0]
t.linalg.cholesky((a @ a.mT).to(h.dtype)) | t.linalg.svdvals(h) | t.linalg.matrix_rank(h) | t.fft.fft(h) | t.fft.rfft(h)
F.grid_sample(i.to(h.dtype), t.zeros(1, 2, 2, 2, dtype=h.dtype)) | t.nn.GRU(3, 4)(b)[0] | t.nn.RNN(3, 4)(b)[0]
t.nn.LSTMCell(3, 4)(a)[0] | t.nn.GRUCell(3, 4)(a) | t.nn.TransformerEncoderLayer(4, 2, 8)(r(2, 3, 4))
"""
BFLOAT16 = "t.cat([h, h]) | t.cat([h, d]) | t.nn.LSTM(3, 4)(b)[0]"  # in which PyTorch has them on every machine


def dtype_of(t, expression, dtype):
    """The dtype of the result, on tensors made outside the region."""
    def r(*size):
        count = t.Size(size).numel()
        return (t.arange(count, dtype=t.float32) / count + 0.1).reshape(size)

    a = r(3, 3) + t.eye(3)
    names = {"t": t, "F": t.nn.functional, "r": r, "a": a, "h": a.to(t.bfloat16), "d": a.double(), "n": t.arange(3),
             "b": r(2, 3, 3) + t.eye(3), "s": r(1, 2, 6), "i": r(1, 2, 4, 4), "v": r(1, 2, 4, 4, 4)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's of older names
        with t.autocast("cpu", getattr(t, dtype)):
            return str(eval(expression, names).dtype).rpartition(".")[2]


def cases(table):
    return [expression.strip() for line in table.strip().splitlines() for expression in line.split(" | ")]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("expression", cases(ANY))
def test_results_have_pytorchs_dtypes(expression, dtype):
    assert dtype_of(flambeau, expression, dtype) == dtype_of(torch, expression, dtype)


@pytest.mark.parametrize("expression", cases(BFLOAT16))
def test_and_in_bfloat16(expression):
    assert dtype_of(flambeau, expression, "bfloat16") == dtype_of(torch, expression, "bfloat16")
