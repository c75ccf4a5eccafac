"""Functions of layers: dropout, embedding, normalisation, pooling, distances."""

from __future__ import annotations

import math
import warnings
from typing import Any

from .. import functions
from ..errors import PreconditionError, ShapeError, SizeMismatchError, ValueRangeError, ZeroDivisorError
from ..functions.embedding import embedding as _embedding
from ..functions.norm import normalize as _normalize
from ..modes import no_grad
from ..table.precision import in_single
from ..tensors.tensor import Tensor
from ._functional_activation import relu

# -- dropout -------------------------------------------------------------------------------------


def _check_probability(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueRangeError(f"dropout probability has to be between 0 and 1, but got {p}", p=p)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes elements with probability `p` and scales the rest by 1 / (1 - p)."""
    _check_probability(p)
    return (functions.dropout_ if inplace else functions.dropout)(input, p, training)


def _keep_mask(input: Tensor, p: float, shape: Any) -> Tensor:
    """1 / (1 - p) with probability 1 - p, else 0."""
    if p == 1:
        return functions.zeros(shape, dtype=input.dtype, device=input.device)
    return functions.empty(shape, dtype=input.dtype, device=input.device).bernoulli_(1 - p).div_(1 - p)


def _feature_mask_shape(input: Tensor) -> tuple[int, ...]:
    if input.dim() < 2:
        raise ShapeError("Feature dropout requires at least 2 dimensions in the input", op="feature_dropout")
    return (input.shape[0], input.shape[1], *[1] * (input.dim() - 2))


def _feature_dropout(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    if not training or p == 0 or input.numel() == 0:
        return input
    mask = _keep_mask(input, p, _feature_mask_shape(input))
    return input.mul_(mask) if inplace else input * mask


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of (N, C, L) or (C, L)."""
    _check_probability(p)
    if input.dim() not in (2, 3):
        raise ShapeError(f"Expected 2D or 3D input, but received a {input.dim()}D input.", op="dropout1d")
    if input.dim() == 3:
        return _feature_dropout(input, p, training, inplace)
    return _one_sample(input, p, training, inplace)


def _one_sample(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    result = _feature_dropout(input.unsqueeze(0), p, training, inplace)
    return input if inplace else result.squeeze(0)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of (N, C, H, W), or of (N, C, L) with a warning."""
    _check_probability(p)
    if input.dim() not in (3, 4):
        warnings.warn(f"dropout2d: Received a {input.dim()}-D input to dropout2d, which is deprecated and will result "
                      "in an error in a future release. Please use dropout instead.", stacklevel=2)
    if input.dim() == 3:
        warnings.warn("dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior "
                      "is desired - input is interpreted as shape (N, C, L). Please use dropout1d instead.",
                      stacklevel=2)
    return _feature_dropout(input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeroes whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    _check_probability(p)
    if input.dim() not in (4, 5):
        warnings.warn(f"dropout3d: Received a {input.dim()}-D input to dropout3d, which is deprecated and will result "
                      "in an error in a future release. Please use dropout instead.", stacklevel=2)
    if input.dim() == 5:
        return _feature_dropout(input, p, training, inplace)
    return _one_sample(input, p, training, inplace)


def _alpha_dropout(input: Tensor, p: float, training: bool, inplace: bool, shape: Any) -> Tensor:
    _check_probability(p)
    if not training or p == 0 or input.numel() == 0:
        return input
    if p == 1:
        return input.zero_() if inplace else input * 0
    alpha = 1.7580993408473766
    a = 1.0 / math.sqrt((alpha * alpha * p + 1) * (1 - p))
    kept = functions.empty(shape, dtype=input.dtype, device=input.device).bernoulli_(1 - p)
    shift = (kept - 1).mul_(alpha * a).add_(alpha * a * p)
    scale = kept.mul_(a)
    return input.mul_(scale).add_(shift) if inplace else input * scale + shift


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps the mean and variance that SELU relies on."""
    return _alpha_dropout(input, p, training, inplace, input.shape)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Alpha dropout of whole channels."""
    drops = training and 0 < p < 1 and input.numel() > 0
    return _alpha_dropout(input, p, training, inplace, _feature_mask_shape(input) if drops else ())


# -- embedding -----------------------------------------------------------------------------------


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
              norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """`weight[input]`; see nn.Embedding."""
    if weight.dim() != 2:
        raise ShapeError(f"'weight' must be 2-D, got {weight.dim()} dimensions", op="embedding")
    rows = weight.shape[0]
    if padding_idx is not None:
        if padding_idx != 0 and not -rows <= padding_idx < rows:
            raise PreconditionError("Padding_idx must be within num_embeddings", padding_idx=padding_idx)
        padding_idx = padding_idx if padding_idx >= 0 else padding_idx + rows
    if max_norm is not None:
        _limit_norms(weight, input, max_norm, norm_type)
    return _embedding(weight, input, -1 if padding_idx is None else padding_idx, scale_grad_by_freq)


def _limit_norms(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Scales the rows looked up that are longer than `max_norm` down to it, in place."""
    with no_grad():
        used = sorted(set(input.reshape(-1).tolist()))
        if not used:
            return
        place = functions.tensor(used, device=weight.device)
        rows = weight[place]
        norms = rows.norm(norm_type, 1, keepdim=True)
        weight[place] = functions.where(norms > max_norm, rows * (max_norm / (norms + 1e-7)), rows)


# -- normalisation -------------------------------------------------------------------------------


def batch_norm(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
               bias: Tensor | None = None, training: bool = False, momentum: float = 0.1,
               eps: float = 1e-5) -> Tensor:
    """Normalises every channel (dim 1), by the batch in training and by the running statistics otherwise."""
    if training and input.dim() > 1:
        _check_values_per_channel(input.shape)
    if eps < 0.0 or (training and eps == 0.0):
        wanted = "positive during training" if training else "non-negative"
        raise ValueRangeError(f"batch_norm eps must be {wanted}, but got {eps}", eps=eps)
    return functions.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def _check_values_per_channel(size: Any) -> None:
    if math.prod((size[0], *size[2:])) == 1:
        raise SizeMismatchError(f"Expected more than 1 value per channel when training, got input size {size}")


def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5) -> Tensor:
    """Normalises the channels (dim 1) of each sample in groups."""
    if input.dim() < 2:
        raise ShapeError(f"Expected at least 2 dimensions for input tensor but received {input.dim()}",
                         op="group_norm")
    if num_groups <= 0:
        raise ValueRangeError(f"Expected num groups to be greater than 0, got {num_groups}", num_groups=num_groups)
    size = input.shape
    _check_values_per_channel([size[0] * size[1] // num_groups, num_groups, *size[2:]])
    return functions.group_norm(input, num_groups, weight, bias, eps)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """input divided by its p-norm along `dim`, which is limited to at least `eps`."""
    result = _normalize(input, p, dim, eps)
    return result if out is None else out.copy_(result)


# -- pooling -------------------------------------------------------------------------------------


def _max_pool(dims: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
              return_indices: bool) -> Any:
    if return_indices:
        with_indices = getattr(functions, f"max_pool{dims}d_with_indices")
        return with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return getattr(functions, f"max_pool{dims}d")(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool1d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest of each window, with `return_indices` also where it is."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest of each window, with `return_indices` also where it is."""
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest of each window, with `return_indices` also where it is."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima whose windows give `output_size` elements, with `return_indices` also where they are."""
    both = functions.adaptive_max_pool1d(input, output_size)
    return both if return_indices else both[0]


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima whose windows give `output_size` elements, with `return_indices` also where they are."""
    both = functions.adaptive_max_pool2d(input, output_size)
    return both if return_indices else both[0]


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima whose windows give `output_size` elements, with `return_indices` also where they are."""
    both = functions.adaptive_max_pool3d(input, output_size)
    return both if return_indices else both[0]


@in_single
def _lp_pool(dims: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool) -> Tensor:
    if norm_type == math.inf:
        return _max_pool(dims, input.abs(), kernel_size, stride, 0, 1, ceil_mode, False)
    if norm_type == 0:
        raise ZeroDivisorError("norm_type must not be 0: the norm takes its root")
    mean = getattr(functions, f"avg_pool{dims}d")(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    elements = kernel_size**dims if isinstance(kernel_size, int) else math.prod(kernel_size)
    return (mean.sign() * relu(mean.abs()) * elements).pow(1.0 / norm_type)


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None,
              ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None,
              ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window."""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


