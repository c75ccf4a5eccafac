"""Windows over spatial dimensions, and convolutions as matrix products over them.

A convolution is one node, plain or transposed, in any number of spatial dimensions. The two are
each other's input gradient with the same weight, so that one op and the weight gradient,
`convolution_grad_weight`, are all that derivatives of any order need. The products are bounded by
matrix multiplication; the windows, kernel-size times the input, by memory traffic.
"""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..shapes import numel
from ..table.dispatch import composite, primitive
from ..table.registry import Size
from ..table.samples import Bad, Sample, arr
from ..tensors.tensor import Tensor
from .complex import _c
from .movement import pad_op, permute_op, reshape, slice_op
from .reduce import sum as total

Sizes = tuple[int, ...]


@primitive(laws="items:input", name="unfold", saves="input_shape", dtypes="number",
           samples=lambda: [Sample(arr(1, 2, 5), (3,), (1,), (1,)), Sample(arr(2, 1, 4, 5), (2, 3), (1, 2), (2, 1))])
def unfold_op(input: Tensor, kernel_size: Size, dilation: Size, stride: Size) -> Tensor:
    """Every window: (N, C, *spatial) → (N, C, *out, *kernel_size)."""


@unfold_op.grad("input")
def _(g, input_shape, *, dilation, stride):
    return fold_op(g, tuple(input_shape[2:]), dilation, stride)


@primitive(laws="items:input", name="fold", saves="input_shape", dtypes="number",
           samples=lambda: [Sample(arr(1, 2, 3, 3), (5,), (1,), (1,))])
def fold_op(input: Tensor, size: Size, dilation: Size, stride: Size) -> Tensor:
    """Windows summed back: (N, C, *out, *kernel) → (N, C, *size), the adjoint of unfold."""


@fold_op.grad("input")
def _(g, input_shape, *, dilation, stride):
    spatial = (len(input_shape) - 2) // 2
    return unfold_op(g, tuple(input_shape[2 + spatial :]), dilation, stride)


def reach(kernel: Sizes, dilation: Sizes) -> Sizes:
    """How many elements a kernel spans along each dim."""
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))


def _convolution_rule(input: Tensor, weight: Tensor, bias: Tensor | None, *, stride: Sizes, padding: Sizes,
                      dilation: Sizes, transposed: bool, output_padding: Sizes, groups: int) -> None:
    name = f"conv_transpose{len(stride)}d" if transposed else f"conv{len(stride)}d"
    shape, kernel = tuple(input._array.shape), tuple(weight._array.shape)
    if len(kernel) != len(stride) + 2 or len(shape) != len(kernel):
        raise ShapeError(f"expected a {len(stride) + 2}-dimensional weight and input, got weight {list(kernel)} and"
                         f" input {list(shape)}", op=name)
    if 0 in kernel[2:]:
        raise ShapeError(f"kernel size should be greater than zero, but got weight {list(kernel)}", op=name)
    channels = kernel[0] if transposed else kernel[1] * groups
    if kernel[0] % groups or kernel[0] < groups:
        raise ShapeError(f"Given groups={groups}, expected weight to be at least {groups} at dimension 0 and divisible"
                         f" by it, but got weight of size {list(kernel)}", op=name)
    if shape[1] != channels:
        raise ShapeError(f"Given groups={groups}, weight of size {list(kernel)}, expected input{list(shape)} to have"
                         f" {channels} channels, but got {shape[1]} channels instead", op=name)
    outputs = kernel[1] * groups if transposed else kernel[0]
    if bias is not None and tuple(bias._array.shape) != (outputs,):
        raise ShapeError(f"Given {'transposed=1, ' if transposed else ''}weight of size {list(kernel)}, expected bias"
                         f" to be 1-dimensional with {outputs} elements, but got bias of size {list(bias.shape)}",
                         op=name)
    if not transposed:
        _fits(name, shape[2:], kernel[2:], padding, dilation)


def _fits(op: str, size: Sizes, kernel: Sizes, padding: Sizes, dilation: Sizes) -> None:
    have = [n + 2 * p for n, p in zip(size, padding, strict=True)]
    spans = reach(kernel, dilation)
    if any(n < r for n, r in zip(have, spans, strict=True)):
        raise ShapeError(f"Calculated padded input size per channel: ({' x '.join(map(str, have))}). Kernel size:"
                         f" ({' x '.join(map(str, spans))}). Kernel size can't be greater than actual input size",
                         op=op)


_CONVOLUTIONS = (lambda: [
    Sample(arr(2, 3, 7), arr(4, 3, 3), arr(4), (1,), (1,), (1,), False, (0,), 1),
    Sample(arr(1, 2, 5, 6), arr(3, 2, 2, 3), None, (2, 1), (0, 2), (1, 2), False, (0, 0), 1),
    Sample(arr(2, 4, 5, 5), arr(6, 2, 3, 3), arr(6), (2, 2), (1, 1), (1, 1), False, (0, 0), 2),
    Sample(arr(1, 1, 3, 4, 3), arr(2, 1, 2, 2, 2), arr(2), (1, 2, 1), (0, 1, 0), (1, 1, 1), False, (0, 0, 0), 1),
    Sample(arr(0, 3, 7), arr(4, 3, 3), arr(4), (1,), (1,), (1,), False, (0,), 1),
    Sample(arr(2, 4, 3), arr(4, 3, 3), arr(3), (2,), (1,), (1,), True, (1,), 1),
    Sample(arr(1, 4, 3, 2), arr(4, 2, 2, 3), arr(4), (1, 2), (1, 0), (2, 1), True, (0, 1), 2),
    Bad(arr(1, 3, 5), arr(4, 2, 3), None, (1,), (0,), (1,), False, (0,), 1, raises="ShapeError",
        match="expected input.* to have 2 channels, but got 3"),
    Bad(arr(1, 2, 3), arr(4, 2, 5), None, (1,), (0,), (1,), False, (0,), 1, raises="ShapeError",
        match="Kernel size can't be greater than actual input size")])


@composite(laws="items:input", compute="float32", saves="input weight input_shape weight_shape", dtypes="number",
           shape_rule=_convolution_rule, samples=_CONVOLUTIONS)
def convolution(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
                transposed: bool, output_padding: Any, groups: int) -> Tensor:
    """Windows of `input` (N, C, *spatial) times `weight` (O, C/groups, *kernel), plus `bias` (O).

    Transposed, the adjoint of that: `weight` is (C, O/groups, *kernel) and each element of the input
    spreads the kernel over the output. The other parameters are tuples, one entry per spatial dim.
    """
    _convolution_rule(input, weight, bias, stride=stride, padding=padding, dilation=dilation, transposed=transposed,
                      output_padding=output_padding, groups=groups)
    if transposed:
        made = _spread(input, weight, stride, padding, dilation, output_padding, groups)
    else:
        made = _gathered(input, weight, stride, padding, dilation, groups)
    return made if bias is None else made + reshape(bias, (-1, *[1] * len(stride)))


@convolution.grad("input")
def _(g, weight, input_shape, *, stride, padding, dilation, transposed, groups):
    """The other kind of convolution, with the same weight."""
    return _adjoint(g, _c(weight), tuple(input_shape[2:]), stride, padding, dilation, transposed, groups)


@convolution.grad("weight")
def _(g, input, weight_shape, *, stride, padding, dilation, transposed, groups):
    size, input = tuple(weight_shape), _c(input)
    if transposed:
        return convolution_grad_weight(input, g, size, stride, padding, dilation, groups)
    return convolution_grad_weight(g, input, size, stride, padding, dilation, groups)


@convolution.grad("bias")
def _(g):
    return total(g, (0, *range(2, len(g._array.shape))))


def _adjoint(g: Tensor, weight: Tensor, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, transposed: bool,
             groups: int) -> Tensor:
    """The input gradient: spatial sizes `size`."""
    zeros = (0,) * len(stride)
    if transposed:  # an output padding of a stride or more leaves windows that met no input
        return _cropped(convolution(g, weight, None, stride, padding, dilation, False, zeros, groups), size)
    return convolution(g, weight, None, stride, padding, dilation, True,
                       _left_over(size, g, weight._array.shape[2:], stride, padding, dilation), groups)


def _left_over(size: Sizes, g: Tensor, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    """The output padding with which a transposed convolution of `g` gives `size`."""
    return tuple(n - (m - 1) * s + 2 * p - r for n, m, s, p, r in zip(
        size, g._array.shape[2:], stride, padding, reach(kernel, dilation), strict=True))


def _cropped(x: Tensor, size: Sizes) -> Tensor:
    """The first `size` of the spatial dims of (N, C, *spatial)."""
    shape = tuple(x._array.shape)
    if shape[2 : 2 + len(size)] == size:
        return x
    kept = (*shape[:2], *size, *shape[2 + len(size) :])
    return slice_op(x, tuple(slice(0, n, 1) for n in kept))


def padded(x: Tensor, padding: Sizes) -> Tensor:
    """Zeros on both sides of the spatial dims of (N, C, *spatial)."""
    return pad_op(x, ((0, 0), (0, 0), *((p, p) for p in padding)), 0) if any(padding) else x


def _columns(input: Tensor, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Tensor:
    """Every window of the padded input, kernel before place: (N, C, *kernel, *out)."""
    n = len(stride)
    windows = unfold_op(padded(input, padding), kernel, dilation, stride)
    return permute_op(windows, (0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n)))


def _gathered(input: Tensor, weight: Tensor, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Tensor:
    """The plain convolution, without bias."""
    (outputs, channels, *kernel), batch = weight._array.shape, input._array.shape[0]
    columns = _columns(input, tuple(kernel), stride, padding, dilation)
    out = tuple(columns._array.shape[2 + len(stride) :])
    inner = channels * numel(kernel)
    columns = reshape(columns, (batch, groups, inner, numel(out)))
    made = reshape(weight, (groups, outputs // groups, inner)) @ columns
    return reshape(made, (batch, outputs, *out))


def _spread(input: Tensor, weight: Tensor, stride: Sizes, padding: Sizes, dilation: Sizes, output_padding: Sizes,
            groups: int) -> Tensor:
    """The transposed convolution, without bias."""
    (channels, outputs, *kernel), n = weight._array.shape, len(stride)
    batch, _, *size = input._array.shape
    inner = outputs * numel(kernel)
    flat = permute_op(reshape(weight, (groups, channels // groups, inner)), (0, 2, 1))
    made = flat @ reshape(input, (batch, groups, channels // groups, numel(size)))
    windows = reshape(made, (batch, groups * outputs, *kernel, *size))
    windows = permute_op(windows, (0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n)))
    full = tuple((m - 1) * s + r for m, s, r in zip(size, stride, reach(tuple(kernel), dilation), strict=True))
    made = fold_op(windows, full, dilation, stride)
    rest = tuple(max(0, o - p) for o, p in zip(output_padding, padding, strict=True))
    if any(rest):
        made = pad_op(made, ((0, 0), (0, 0), *((0, r) for r in rest)), 0)
    return slice_op(made, (slice(0, batch, 1), slice(0, groups * outputs, 1), *(
        slice(p, max(p, f - p + o), 1) for f, p, o in zip(full, padding, output_padding, strict=True))))


def _grad_weight_rule(grad: Tensor, input: Tensor, *, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes,
                      groups: int) -> None:
    want = [(input._array.shape[0], size[0]), (input._array.shape[0], size[1] * groups)] if input.ndim else []
    if not grad.ndim == input.ndim == len(size) or [tuple(t._array.shape[:2]) for t in (grad, input)] != want:
        raise ShapeError(f"grad {list(grad.shape)} and input {list(input.shape)} do not give a weight {list(size)} of"
                         f" {groups} group(s)", op="convolution_grad_weight")


@composite(compute="float32", saves="grad input grad_shape input_shape", dtypes="number", shape_rule=_grad_weight_rule,
           samples=lambda: [
    Sample(arr(2, 4, 7), arr(2, 3, 7), (4, 3, 3), (1,), (1,), (1,), 1),
    Sample(arr(1, 4, 2, 2), arr(1, 4, 5, 6), (4, 2, 3, 2), (2, 2), (1, 0), (1, 2), 2),
    Sample(arr(1, 1, 2), arr(1, 1, 6), (1, 1, 2), (2,), (0,), (1,), 1)])
def convolution_grad_weight(grad: Tensor, input: Tensor, size: Any, stride: Any, padding: Any, dilation: Any,
                            groups: int) -> Tensor:
    """The weight gradient, of shape `size`, of a plain convolution of `input` whose result has the gradient `grad`.

    Linear in both; nothing is conjugated. `grad` may have fewer places than the input has windows:
    the last windows then count for nothing.
    """
    outputs, channels, *kernel = size
    batch, _, *out = grad._array.shape
    columns = _columns(input, tuple(kernel), stride, padding, dilation)
    have = tuple(columns._array.shape[2 + len(kernel) :])
    if have != tuple(out):
        kept = (*columns._array.shape[: 2 + len(kernel)], *out)
        columns = slice_op(columns, tuple(slice(0, n, 1) for n in kept))
    places, inner = numel(out), channels * numel(kernel)
    columns = permute_op(reshape(columns, (batch, groups, inner, places)), (1, 0, 3, 2))
    grads = permute_op(reshape(grad, (batch, groups, outputs // groups, places)), (1, 2, 0, 3))
    made = reshape(grads, (groups, outputs // groups, batch * places)) @ reshape(
        columns, (groups, batch * places, inner))
    return reshape(made, tuple(size))


@convolution_grad_weight.grad("grad")
def _(g, input, grad_shape, *, stride, padding, dilation, groups):
    zeros = (0,) * len(stride)
    made = convolution(_c(input), g, None, stride, padding, dilation, False, zeros, groups)
    return _cropped(made, tuple(grad_shape[2:]))


@convolution_grad_weight.grad("input")
def _(g, grad, input_shape, *, stride, padding, dilation, groups):
    return _adjoint(_c(grad), g, tuple(input_shape[2:]), stride, padding, dilation, False, groups)
