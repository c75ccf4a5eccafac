"""Valid calls of the public functions that take tensors: what sweeps over wrong shapes and dtypes set out from.

`arr(2, 3)` stands for a tensor of that shape; where no dtype is given, of the dtype under test.
"""

from __future__ import annotations

from typing import Any

from flambeau.table.samples import arr


class Call:
    """One call: the function's path below `flambeau`, its arguments and keywords."""

    def __init__(self, path: str, *args: Any, **kwargs: Any) -> None:
        self.path, self.args, self.kwargs = path, args, kwargs

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    def __repr__(self) -> str:
        shown = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"{self.name}({', '.join(shown)})"


def function(library: Any, path: str) -> Any:
    """`library`'s function of that path; None if it has none."""
    for part in path.split("."):
        library = getattr(library, part, None)
    return library


def ints(*shape: int, fill: Any = 0) -> arr:
    return arr(*shape, dtype="int64", low=fill)


def bools(*shape: int) -> arr:
    return arr(*shape, dtype="bool")


x, y, v = arr(2, 3), arr(2, 3), arr(3)
cube, image, volume = arr(2, 3, 4), arr(1, 2, 6, 6), arr(1, 2, 4, 4, 4)
F = "nn.functional."

ELEMENTWISE = [Call(name, x) for name in (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "bitwise_not", "ceil", "cos", "cosh", "deg2rad", "erf",
    "erfc", "exp", "exp2", "expm1", "floor", "frac", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal",
    "log", "log10", "log1p", "log2", "logical_not", "logit", "nan_to_num", "neg", "positive", "rad2deg", "reciprocal",
    "relu", "round", "rsqrt", "selu", "sgn", "sigmoid", "sign", "signbit", "sin", "sinc", "sinh", "sqrt", "square",
    "tan", "tanh", "trunc", "conj", "real", "celu", "hardshrink")]
ACTIVATIONS = [Call(F + name, x) for name in (
    "celu", "elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid", "mish", "relu6", "rrelu",
    "selu", "silu", "softplus", "softshrink", "softsign", "tanhshrink")] + [
    Call(F + "glu", arr(2, 4)), Call(F + "softmax", x, dim=1), Call(F + "log_softmax", x, dim=1),
    Call(F + "softmin", x, dim=1), Call("softmax", x, 1), Call("log_softmax", x, 1), Call(F + "threshold", x, 0.1, 0.2),
    Call(F + "prelu", x, v), Call(F + "gumbel_softmax", x), Call(F + "normalize", x)]
PAIRS = [Call(name, x, y) for name in (
    "add", "atan2", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "copysign",
    "div", "eq", "float_power", "floor_divide", "fmax", "fmin", "fmod", "ge", "gt", "heaviside", "hypot", "isclose",
    "allclose", "le", "logaddexp", "logaddexp2", "logical_and", "logical_or", "logical_xor", "lt", "maximum", "minimum",
    "mul", "ne", "pow", "remainder", "rsub", "sub", "true_divide", "xlogy", "max", "min", "complex",
    "Tensor.add_", "Tensor.sub_", "Tensor.mul_", "Tensor.div_", "Tensor.copy_", "Tensor.pow_", "Tensor.eq_",
    "Tensor.logical_and_", "Tensor.expand_as", "Tensor.view_as", "Tensor.reshape_as", "Tensor.__add__",
    "Tensor.__sub__", "Tensor.__mul__", "Tensor.__lt__")]
TRIPLES = [
    Call("addcdiv", x, y, x), Call("addcmul", x, y, x), Call("lerp", x, y, x), Call("lerp", x, y, 0.5),
    Call("where", bools(2, 3), x, y), Call("clamp", x, x, y), Call("clamp_min", x, y), Call("clamp_max", x, y),
    Call("Tensor.addcmul_", x, y, x), Call("Tensor.lerp_", x, y, x), Call("Tensor.where", x, bools(2, 3), y)]
REDUCTIONS = [Call(name, x, 1) for name in (
    "all", "amax", "amin", "any", "argmax", "argmin", "argsort", "count_nonzero", "cummax", "cummin", "cumprod",
    "cumsum", "logcumsumexp", "logsumexp", "max", "mean", "median", "min", "mode", "nanmean", "nanmedian", "nansum",
    "prod", "sort", "std", "std_mean", "sum", "unbind", "var", "var_mean")] + [
    Call(name, x) for name in ("all", "any", "amax", "amin", "aminmax", "argmax", "count_nonzero", "cov", "corrcoef",
                               "max", "mean", "median", "min", "norm", "prod", "std", "sum", "unique", "var")] + [
    Call("aminmax", x, dim=1), Call("norm", x, 2, 1), Call("quantile", x, 0.5, 1), Call("nanquantile", x, 0.5, 1),
    Call("quantile", x, arr(2), 1), Call("kthvalue", x, 2, 1), Call("topk", x, 2, 1), Call("diff", x),
    Call("unique_consecutive", x, dim=1),
    Call("diff", x, 1, 1, arr(2, 1), arr(2, 2)), Call("cov", x, fweights=ints(3, fill=1)), Call("trace", arr(2, 2)),
    Call("histc", x, 4), Call("bincount", ints(3), arr(3)), Call("multinomial", x, 2), Call("equal", x, y)]
PRODUCTS = [
    Call("matmul", x, arr(3, 4)), Call("matmul", cube, arr(4, 2)), Call("matmul", cube, arr(2, 4, 2)),
    Call("matmul", v, arr(3)), Call("Tensor.__matmul__", x, arr(3, 4)), Call("mm", x, arr(3, 4)),
    Call("bmm", cube, arr(2, 4, 5)), Call("mv", x, v), Call("dot", v, arr(3)), Call("vdot", v, arr(3)),
    Call("inner", x, v), Call("outer", v, arr(2)), Call("ger", v, arr(2)), Call("kron", x, y), Call("cross", x, y, 1),
    Call("addmm", arr(2, 4), x, arr(3, 4)), Call("addmv", arr(2), x, v), Call("addr", x, arr(2), v),
    Call("addbmm", arr(3, 5), cube, arr(2, 4, 5)), Call("baddbmm", arr(2, 3, 5), cube, arr(2, 4, 5)),
    Call("Tensor.addmm_", arr(2, 4), x, arr(3, 4)), Call("chain_matmul", x, arr(3, 4), arr(4, 2)),
    Call("matrix_power", arr(2, 2), 3), Call("tensordot", x, arr(3, 4), 1), Call("tensordot", x, y, ([0, 1], [0, 1])),
    Call("einsum", "ij,jk->ik", x, arr(3, 4)), Call("einsum", "bij,bjk,k->bi", cube, arr(2, 4, 5), arr(5)),
    Call("cdist", x, arr(4, 3)), Call(F + "linear", x, arr(4, 3), arr(4)), Call(F + "linear", cube, arr(5, 4)),
    Call(F + "bilinear", x, arr(2, 4), arr(5, 3, 4), arr(5)), Call(F + "pairwise_distance", x, y),
    Call(F + "cosine_similarity", x, y),
    Call(F + "scaled_dot_product_attention", arr(2, 4, 8), arr(2, 5, 8), arr(2, 5, 6), arr(4, 5))]
MOVEMENT = [
    Call("cat", [x, arr(4, 3)]), Call("cat", [x, arr(2, 1)], 1), Call("concat", [x, y, x]), Call("stack", [x, y, x], 1),
    Call("hstack", [x, y]), Call("vstack", [x, y]), Call("dstack", [x, y]), Call("column_stack", [x, y]),
    Call("block_diag", x, y), Call("broadcast_tensors", x, v), Call("meshgrid", v, arr(2), indexing="ij"),
    Call("cartesian_prod", v, arr(2)), Call("combinations", v), Call("reshape", x, (3, 2)), Call("reshape", x, (-1, 2)),
    Call("Tensor.view", x, 3, 2), Call("Tensor.expand", v, 2, 3), Call("broadcast_to", v, (2, 3)),
    Call("unflatten", x, 1, (3, 1)), Call("flatten", cube, 1, 2), Call("permute", cube, (2, 0, 1)),
    Call("transpose", x, 0, 1), Call("swapaxes", x, 0, 1), Call("t", x), Call("adjoint", x), Call("movedim", x, 0, 1),
    Call("squeeze", x, 1), Call("unsqueeze", x, 2), Call("split", x, 2, 1), Call("split", x, [1, 2], 1),
    Call("split_with_sizes", x, [1, 2], 1), Call("tensor_split", x, 2, 1), Call("chunk", x, 2, 1), Call("hsplit", x, 3),
    Call("vsplit", x, 2), Call("dsplit", cube, 2), Call("narrow", x, 1, 1, 2), Call("select", x, 1, 2),
    Call("flip", x, (0, 1)), Call("fliplr", x), Call("flipud", x), Call("roll", x, 1, 1), Call("rot90", x),
    Call("tile", x, (2, 1)), Call("Tensor.repeat", x, 2, 1), Call("repeat_interleave", x, 2, 1),
    Call("repeat_interleave", x, ints(3, fill=1), 1), Call("diag", arr(3, 3)), Call("diagonal", x), Call("diagflat", v),
    Call("diag_embed", x), Call("tril", x), Call("triu", x), Call("as_strided", x, (2,), (1,)), Call("ravel", x),
    Call("Tensor.unfold", x, 1, 2, 1), Call("nn.functional.pad", x, (1, 1)),
    Call("nn.functional.pad", cube, (1, 1), mode="reflect"), Call("nn.functional.pad", cube, (1, 1), mode="circular"),
    Call("nn.functional.pixel_shuffle", arr(1, 4, 2, 2), 2), Call("nn.functional.pixel_unshuffle", arr(1, 1, 4, 4), 2),
    Call("nn.functional.fold", arr(1, 8, 9), (4, 4), 2), Call("nn.functional.unfold", image, 2),
    Call("view_as_complex", arr(3, 2)), Call("atleast_2d", x, y), Call("clone", x)]
INDEXING = [
    Call("gather", x, 1, ints(2, 2)), Call("scatter", x, 1, ints(2, 2), arr(2, 2)),
    Call("scatter", x, 1, ints(2, 2), 1),
    Call("scatter_add", x, 1, ints(2, 2), arr(2, 2)), Call("scatter_reduce", x, 1, ints(2, 2), arr(2, 2), "sum"),
    Call("Tensor.scatter_", x, 1, ints(2, 2), arr(2, 2)), Call("Tensor.scatter_add_", x, 1, ints(2, 2), arr(2, 2)),
    Call("index_select", x, 1, ints(2)), Call("index_add", x, 1, ints(2), arr(2, 2)),
    Call("index_copy", x, 1, ints(2), arr(2, 2)), Call("index_fill", x, 1, ints(2), 1),
    Call("Tensor.index_add_", x, 1, ints(2), arr(2, 2)), Call("Tensor.index_copy_", x, 1, ints(2), arr(2, 2)),
    Call("index_put", x, (ints(2), ints(2)), arr(2)), Call("Tensor.index_put_", x, (ints(2),), arr(2, 3)),
    Call("take", x, ints(4)), Call("take_along_dim", x, ints(2, 2), 1), Call("put", x, ints(2), arr(2)),
    Call("masked_fill", x, bools(2, 3), 1), Call("Tensor.masked_fill_", x, bools(2, 3), 1),
    Call("masked_select", x, bools(2, 3)), Call("masked_scatter", x, bools(2, 3), arr(6)),
    Call("Tensor.masked_scatter_", x, bools(2, 3), arr(6)), Call("nonzero", x), Call("searchsorted", x, y),
    Call("bucketize", x, v), Call(F + "one_hot", ints(3), 4), Call(F + "embedding", ints(2, 2), arr(4, 3)),
    Call("Tensor.fill_", x, arr()), Call("Tensor.__getitem__", x, ints(2)), Call("Tensor.__getitem__", x, bools(2, 3)),
    Call("Tensor.__setitem__", x, 0, arr(3)), Call("Tensor.__setitem__", x, ints(2), arr(2, 3)),
    Call("Tensor.__setitem__", x, bools(2, 3), arr(6))]
LAYERS = [
    Call(F + "conv1d", arr(1, 2, 6), arr(3, 2, 2), arr(3)), Call(F + "conv2d", image, arr(3, 2, 2, 2), arr(3)),
    Call(F + "conv2d", image, arr(4, 1, 2, 2), groups=2), Call(F + "conv3d", volume, arr(3, 2, 2, 2, 2), arr(3)),
    Call(F + "conv_transpose1d", arr(1, 2, 6), arr(2, 3, 2), arr(3)),
    Call(F + "conv_transpose2d", image, arr(2, 3, 2, 2), arr(3)),
    Call(F + "conv_transpose3d", volume, arr(2, 3, 2, 2, 2), arr(3)),
    Call(F + "max_pool1d", arr(1, 2, 6), 2), Call(F + "max_pool2d", image, 2), Call(F + "max_pool3d", volume, 2),
    Call(F + "avg_pool1d", arr(1, 2, 6), 2), Call(F + "avg_pool2d", image, 2), Call(F + "avg_pool3d", volume, 2),
    Call(F + "lp_pool1d", arr(1, 2, 6), 2, 2), Call(F + "lp_pool2d", image, 2, 2),
    Call(F + "adaptive_avg_pool1d", arr(1, 2, 6), 2), Call(F + "adaptive_avg_pool2d", image, 2),
    Call(F + "adaptive_avg_pool3d", volume, 2), Call(F + "adaptive_max_pool1d", arr(1, 2, 6), 2),
    Call(F + "adaptive_max_pool2d", image, 2), Call(F + "adaptive_max_pool3d", volume, 2),
    Call(F + "batch_norm", cube, v, arr(3), arr(3), arr(3)), Call(F + "batch_norm", cube, None, None, v, v, True),
    Call(F + "instance_norm", cube, v, arr(3), arr(3), arr(3)),
    Call(F + "layer_norm", x, (3,), v, arr(3)), Call(F + "rms_norm", x, (3,), v),
    Call(F + "group_norm", image, 2, arr(2)),
    Call(F + "local_response_norm", image, 2), Call(F + "dropout", x), Call(F + "dropout1d", cube),
    Call(F + "dropout2d", image), Call(F + "dropout3d", volume), Call(F + "alpha_dropout", x),
    Call(F + "feature_alpha_dropout", cube)]
LOSSES = [Call(F + name, x, y) for name in (
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "kl_div", "poisson_nll_loss", "soft_margin_loss", "hinge_embedding_loss", "multilabel_soft_margin_loss")] + [
    Call(F + "cross_entropy", x, ints(2)), Call(F + "cross_entropy", x, ints(2), v), Call(F + "cross_entropy", x, y),
    Call(F + "cross_entropy", cube, ints(2, 4)), Call(F + "nll_loss", x, ints(2), v),
    Call(F + "nll_loss", cube, ints(2, 4)),
    Call(F + "binary_cross_entropy", x, y, y), Call(F + "binary_cross_entropy_with_logits", x, y, y, pos_weight=v),
    Call(F + "gaussian_nll_loss", x, y, arr(2, 3, low=1)), Call(F + "multi_margin_loss", x, ints(2), weight=v),
    Call(F + "margin_ranking_loss", v, arr(3), arr(3)), Call(F + "cosine_embedding_loss", x, y, arr(2)),
    Call(F + "triplet_margin_loss", x, y, x), Call(F + "triplet_margin_with_distance_loss", x, y, x),
    Call(F + "multilabel_soft_margin_loss", x, y, v)]
METHODS = [
    Call("Tensor.squeeze_", x, 1), Call("Tensor.unsqueeze_", x, 1), Call("Tensor.transpose_", x, 0, 1),
    Call("Tensor.t_", x), Call("Tensor.tril_", x), Call("Tensor.item", arr()),
    Call("Tensor.new_tensor", x, [1]), Call("Tensor.type_as", x, y), Call("Tensor.clamp_", x, x, y)]

CALLS = [*ELEMENTWISE, *ACTIVATIONS, *PAIRS, *TRIPLES, *REDUCTIONS, *PRODUCTS, *MOVEMENT, *INDEXING, *LAYERS, *LOSSES,
         *METHODS]
