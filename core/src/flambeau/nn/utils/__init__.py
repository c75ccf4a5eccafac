"""Tools for parameters and their gradients."""

from ...spelling import public
from . import rnn
from .clip_grad import clip_grad_norm, clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm
from .convert_parameters import parameters_to_vector, vector_to_parameters

_PARTS = {
    "fusion": ("fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"),
    "init": ("skip_init",),
    "memory_format": ("convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"),
    "_spectral_norm": ("remove_spectral_norm", "spectral_norm"),
    "_weight_norm": ("remove_weight_norm", "weight_norm"),
}  # these load when first used
_LATER = {name: f".{part}:{name}" for part, names in _PARTS.items() for name in names}
_LATER |= {name: f".{name}" for name in ("parametrizations", "parametrize", "prune", "stateless")}

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm",
           "parameters_to_vector", "rnn", "vector_to_parameters", *_LATER]
__getattr__, __dir__ = public(__name__, _LATER)
