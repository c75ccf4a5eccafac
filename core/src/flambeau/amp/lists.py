"""Which functions autocast casts for, and how: PyTorch's lists, for CPUs and for accelerators.

"lower": inputs go to the lower precision. "single": to float32. "widest": to the widest among the inputs.
"alone": nothing is cast, nor within. "refused": its gradients would not fit the lower precision.
A name is that of a function of `flambeau`, of `nn.functional` or of Tensor; "linalg." and "fft." lead to those modules.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from ..tensors.tensor import Tensor

_LOSSES = ("cosine_embedding_loss hinge_embedding_loss huber_loss kl_div l1_loss margin_ranking_loss mse_loss"
           " multi_margin_loss multilabel_margin_loss nll_loss poisson_nll_loss smooth_l1_loss soft_margin_loss"
           " triplet_margin_loss binary_cross_entropy_with_logits cross_entropy")
_PRODUCTS = ("__matmul__ __rmatmul__ addbmm addmm baddbmm bmm conv1d conv2d conv3d conv_tbc conv_transpose1d"
             " conv_transpose2d conv_transpose3d linear matmul mm prelu scaled_dot_product_attention linalg.vecdot")
CPU = {
    "lower": _PRODUCTS,
    "single": _LOSSES + " adaptive_avg_pool3d adaptive_max_pool3d avg_pool3d binary_cross_entropy cdist cholesky"
              " cholesky_inverse cholesky_solve ctc_loss fractional_max_pool2d fractional_max_pool3d geqrf grid_sample"
              " inverse lu_solve max_pool3d max_unpool2d max_unpool3d nanquantile orgqr ormqr pinverse polar prod qr"
              " quantile stft svd trace triangular_solve view_as_complex linalg.cholesky linalg.cholesky_ex linalg.cond"
              " linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh linalg.householder_product linalg.inv"
              " linalg.inv_ex linalg.lstsq linalg.matrix_rank linalg.qr linalg.solve linalg.svd linalg.svdvals"
              " linalg.tensorinv linalg.tensorsolve fft.fft fft.fft2 fft.fftn fft.hfft fft.ifft fft.ifft2 fft.ifftn"
              " fft.ihfft fft.irfft fft.irfft2 fft.irfftn fft.rfft fft.rfft2 fft.rfftn",
    "widest": "cat stack index_copy",
    "alone": "addmv addr bilinear dot mv vdot",
}
ACCELERATOR = {
    "lower": _PRODUCTS + " addmv addr chain_matmul einsum gru_cell linalg.multi_dot lstm_cell mv rnn_relu_cell"
             " rnn_tanh_cell",
    "single": _LOSSES + " __pow__ __rpow__ acos asin cdist cosh cosine_similarity cumprod cumsum dist erfinv exp expm1"
              " frobenius_norm group_norm layer_norm linalg.matrix_norm linalg.vector_norm log log10 log1p log2"
              " log_softmax logsumexp norm nuclear_norm pdist pow prod reciprocal renorm rms_norm rsqrt sinh softmax"
              " softplus sum tan",
    "widest": "addcdiv addcmul atan2 bilinear cross dot grid_sample index_put scatter_add tensordot vdot",
    "refused": "binary_cross_entropy",
}
LISTS = {"cpu": CPU}  # the others go by ACCELERATOR


def rule_of(device_type: str) -> dict[str, str]:
    """By name, what is done for tensors on such a device."""
    lists = LISTS.get(device_type, ACCELERATOR)
    return {name: rule for rule, names in lists.items() for name in names.split()}


def functions(name: str) -> Iterator[FunctionType]:
    """The functions that go by that name."""
    module, _, attribute = name.rpartition(".")
    places: list[Any] = [importlib.import_module(f"..{module}", __package__)] if module else [
        importlib.import_module("..", __package__), importlib.import_module("..nn.functional", __package__), Tensor]
    for place in places:
        if module or attribute in dir(place) or attribute in getattr(place, "__all__", ()):
            found = getattr(place, attribute, None)
            if isinstance(found, FunctionType):
                yield found
