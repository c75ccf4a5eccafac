"""Batch norms folded into the layer before them, for evaluation."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from ... import functions
from ...errors import PreconditionError
from ...tensors.tensor import Tensor
from ..module import Module
from ..parameter import Parameter

M = TypeVar("M", bound=Module)


def _check(layer: Module, bn: Any) -> None:
    if layer.training or bn.training:
        raise PreconditionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise PreconditionError("bn.running_mean and bn.running_var must not be None")


def _fused(layer: M, weights: tuple[Parameter, Parameter]) -> M:
    made: Any = copy.deepcopy(layer)
    made.weight, made.bias = weights
    return made  # type: ignore[no-any-return]


def fuse_conv_bn_eval(conv: M, bn: Any, transpose: bool = False) -> M:
    """A convolution that does what `conv` and then the batch norm `bn` do, both in evaluation.

    Raises PreconditionError in training or without running statistics.
    """
    layer: Any = conv
    _check(conv, bn)
    return _fused(conv, fuse_conv_bn_weights(layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps,
                                             bn.weight, bn.bias, transpose))


def fuse_conv_bn_weights(conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float,
                         bn_w: Tensor | None, bn_b: Tensor | None,
                         transpose: bool = False) -> tuple[Parameter, Parameter]:
    """Weight and bias of the convolution that does both; `transpose` for a transposed one."""
    shape = [1] * conv_w.dim()
    shape[1 if transpose else 0] = -1
    return _folded(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def _folded(weight: Tensor, bias: Tensor | None, mean: Tensor, var: Tensor, eps: float, scale: Tensor | None,
            shift: Tensor | None, shape: list[int]) -> tuple[Parameter, Parameter]:
    kind = weight.dtype if bias is None else bias.dtype
    trained = bias is not None and bias.requires_grad
    bias = functions.zeros_like(mean) if bias is None else bias
    factor = functions.rsqrt(var + eps) * (1 if scale is None else scale)
    made = weight * factor.reshape(shape)
    moved = (bias - mean) * factor + (0 if shift is None else shift)
    return (Parameter(made.detach().to(weight.dtype), weight.requires_grad),
            Parameter(moved.detach().to(kind), trained))


def fuse_linear_bn_eval(linear: M, bn: Any) -> M:
    """A Linear that does what `linear` and then the batch norm `bn` do, both in evaluation.

    Raises PreconditionError in training, without running statistics, or where the features do not fit.

    >>> from flambeau import nn
    >>> fuse_linear_bn_eval(nn.Linear(2, 3).eval(), nn.BatchNorm1d(3).eval())
    Linear(in_features=2, out_features=3, bias=True)
    """
    layer: Any = linear
    _check(linear, bn)
    if layer.out_features != bn.num_features and bn.num_features != 1:
        raise PreconditionError("To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
                                f"linear.out_features={layer.out_features} and bn.num_features={bn.num_features}")
    return _fused(linear, fuse_linear_bn_weights(layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps,
                                                 bn.weight, bn.bias))


def fuse_linear_bn_weights(linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float,
                           bn_w: Tensor, bn_b: Tensor) -> tuple[Parameter, Parameter]:
    """Weight and bias of the Linear that does both."""
    return _folded(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, [-1, 1])
