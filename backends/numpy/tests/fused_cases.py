"""What the fused kernels are tried with: op name → calls, each as (inputs, attributes).

An input is a shape (drawn from the normal distribution), None, or an array of integers or booleans,
which stays as it is. `positive` marks ops whose inputs are probabilities or variances.
"""

import numpy as np

SHAPES = [(7,), (2, 3), (), (0,), (3, 0, 2), (70, 70)]
LABELS = np.array([2, 0, 1, 2])
IGNORED = np.array([2, -100, 1, 0])
GRID = np.array([[0, 1, 2], [2, 2, -100]])


def _unary(**attributes):
    return [((s,), attributes) for s in SHAPES]


def _binary(**attributes):
    return [((s, s), attributes) for s in SHAPES] + [(((), (5,)), attributes), (((3, 1), (1, 4)), attributes)]


def _integers():
    """Pairs that broadcast, zeros among them."""
    return [((np.arange(-6, 6).reshape(4, 3), np.array([4, 0, 9])), {}), ((np.array(12), np.array([], int)), {})]


def _along(count):
    """Softmax and its kin: every dim of several shapes."""
    shapes = [(4, 5), (3, 2, 6), (2, 3, 4, 2), (0, 4), (4, 0), (300, 10), (3, 2000)]
    return [((s,) * count, {"dim": d}) for s in shapes for d in range(len(s))] + [(((),) * count, {"dim": 0})]


def _extremes():
    """Along each dim that is not empty, kept or not."""
    shapes = [(4, 5), (3, 2, 6), (0, 4), (300, 10)]
    return [((s,), {"dim": d, "keepdim": k}) for s in shapes for d, n in enumerate(s) if n for k in (False, True)]


def _class_losses(extra):
    """(logits, target, weight) of every kind, for each reduction."""
    made = []
    for reduction in ("mean", "sum", "none"):
        for shape, target in (((4, 3), LABELS), ((4, 3), IGNORED), ((2, 3, 3), GRID), ((0, 3), LABELS[:0])):
            for weight in (None, (3,)):
                made += [((shape, target, weight), {"ignore_index": i, "reduction": reduction, **extra})
                         for i in (-100, 1) if i == -100 or target.min(initial=0) >= 0]
    return made


def _backward_of(cases, arguments):
    """Cases of a loss's gradient: the incoming one has the shape of the loss."""
    return [arguments((x, target, weight), {**a}, () if a["reduction"] != "none" else target.shape)
            for (x, target, weight), a in cases]


def _convolutions():
    plain = [  # input, weight, bias, stride, padding, dilation, groups
        ((2, 3, 7), (4, 3, 3), (4,), (1,), (1,), (1,), 1),
        ((2, 3, 9), (4, 3, 2), None, (2,), (0,), (3,), 1),
        ((2, 4, 6, 5), (6, 2, 3, 2), (6,), (2, 1), (1, 0), (1, 2), 2),
        ((12, 4, 4, 4), (6, 4, 3, 3), (6,), (1, 1), (1, 1), (1, 1), 1),
        ((12, 4, 5, 4), (8, 1, 3, 3), (8,), (1, 2), (1, 1), (1, 1), 4),
        ((9, 2, 20, 20), (3, 2, 5, 5), None, (1, 1), (2, 2), (1, 1), 1),
        ((3, 2, 4, 4), (5, 2, 1, 1), (5,), (1, 1), (0, 0), (1, 1), 1),
        ((2, 2, 3, 4, 3), (2, 1, 2, 2, 2), (2,), (1, 2, 1), (0, 1, 0), (1, 1, 1), 2),
        ((0, 3, 7), (4, 3, 3), (4,), (1,), (1,), (1,), 1),
    ]
    return plain


def _size(case):
    x, w, _, stride, padding, dilation, _ = case
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1
                 for n, k, s, p, d in zip(x[2:], w[2:], stride, padding, dilation, strict=True))


def _convolution_calls():
    made = []
    for case in _convolutions():
        x, w, b, stride, padding, dilation, groups = case
        n = len(stride)
        steps = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        made.append(((x, w, b), {**steps, "transposed": False, "output_padding": (0,) * n}))
        back = (x[0], w[0], *_size(case))
        made += [((back, w, None), {**steps, "transposed": True, "output_padding": o})
                 for o in ((0,) * n, tuple(s - 1 for s in stride), (2,) * n)]
    return made


def _weight_gradients():
    made = []
    for case in _convolutions():
        x, w, _, stride, padding, dilation, groups = case
        steps = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "size": w}
        out = _size(case)
        made.append((((x[0], w[0], *out), x), steps))
        if min(out) > 1:  # fewer places than there are windows
            made.append((((x[0], w[0], *[n - 1 for n in out]), x), steps))
    return made


POOLS = [  # shape, kernel, stride, padding, dilation, size
    ((2, 3, 8, 8), (2, 2), (2, 2), (0, 0), (1, 1), (4, 4)), ((2, 3, 8, 6), (2, 2), (2, 2), (0, 0), (1, 1), (4, 3)),
    ((2, 3, 7, 7), (2, 2), (2, 2), (0, 0), (1, 1), (3, 3)), ((2, 3, 7, 7), (2, 2), (2, 2), (0, 0), (1, 1), (4, 4)),
    ((1, 2, 9, 8), (3, 3), (2, 2), (1, 1), (1, 1), (5, 4)), ((1, 2, 9, 8), (3, 2), (1, 2), (1, 0), (2, 3), (7, 3)),
    ((2, 2, 9), (3,), (2,), (1,), (1,), (5,)), ((1, 2, 5, 4, 6), (2, 2, 2), (2, 1, 2), (1, 0, 0), (1, 1, 1), (3, 3, 3)),
    ((0, 2, 4, 4), (2, 2), (2, 2), (0, 0), (1, 1), (2, 2)),
]


def _means(backward):
    made = []
    for shape, k, s, p, dilation, size in POOLS:
        if max(dilation) > 1:
            continue
        for include, override in ((True, None), (False, None), (True, 5)):
            attributes = {"kernel_size": k, "stride": s, "padding": p, "count_include_pad": include,
                          "divisor_override": override}
            if backward:
                made.append((((*shape[:2], *size),), {**attributes, "size": shape[2:]}))
            else:
                made.append(((shape,), {**attributes, "size": size}))
    return made


def _elu():
    return {"alpha": 1.3, "scale": 1.1, "input_scale": 0.7}


_LOSSES = [((s, s), {"reduction": r}) for s in ((3,), (2, 3), (), (0,), (40, 50)) for r in ("mean", "sum", "none")]
_NLL, _CE = _class_losses({}), [c for s in (0.0, 0.2) for c in _class_losses({"label_smoothing": s})]

CASES = {
    "picked": [(((5, 4), np.array([2, 0])), {"dims": (0,), "place": 0}), (((2, 3, 4), np.array([[1, 0], [2, 2]])),
                                                                          {"dims": (1,), "place": 1}),
               (((2, 3, 4), np.array([1, 0]), np.array([3, 1])), {"dims": (0, 2), "place": 0}),
               (((3, 0), np.array([1, 0])), {"dims": (0,), "place": 0})],
    "relu": _unary(), "relu_backward": _binary(), "sigmoid": _unary(), "sigmoid_backward": _binary(),
    "silu": _unary(), "silu_backward": _binary(), "tanh_backward": _binary(),
    "leaky_relu": _unary(negative_slope=0.1) + _unary(negative_slope=-0.5) + _unary(negative_slope=3.0),
    "leaky_relu_backward": _binary(negative_slope=0.1),
    "elu": _unary(**_elu()), "elu_backward": _binary(**_elu()),
    "softplus": _unary(beta=1.0, threshold=20.0) + _unary(beta=2.0, threshold=1.0),
    "softplus_backward": _binary(beta=1.0, threshold=20.0) + _binary(beta=2.0, threshold=1.0),
    "gelu": _unary(approximate="none") + _unary(approximate="tanh"),
    "gelu_backward": _binary(approximate="none") + _binary(approximate="tanh"),
    "clamp": _unary(min=-0.5, max=0.7) + _unary(min=None, max=0.1) + _unary(min=-0.5, max=None)
    + _unary(min=1, max=-1),
    "clamp_backward": _binary(min=-0.5, max=0.7) + _binary(min=None, max=0.1) + _binary(min=-0.5, max=None),
    "erfc": _unary(), "erfcx": _unary(), "erfinv": _unary(), "log_ndtr": _unary(), "ndtri": _unary(),
    "lgamma": _unary(), "digamma": _unary(),
    "frexp": _unary(), "nextafter": _binary(), "gcd": _integers(), "lcm": _integers(),
    "masked_scale": [(((2, 3), np.array([[True, False, True], [False, True, False]])), {"scale": 2.5})],
    "linear": [((x, (2, 3), b), {}) for x in ((5, 3), (3,), (2, 4, 3), (0, 3), (2, 0, 3)) for b in (None, (2,))]
    + [(((5, 0), (2, 0), (2,)), {}), (((5, 3), (3,), None), {}), (((3,), (3,), ()), {})],
    "linear_grad_weight": [(((5, 2), (5, 3)), {}), (((2, 4, 2), (2, 4, 3)), {}), (((2,), (3,)), {}),
                           (((0, 2), (0, 3)), {})],
    "max_dim": _extremes(), "min_dim": _extremes(),
    "topk": [((x,), {"k": k, "dim": d, "largest": largest}) for x, d in (((40,), 0), ((3, 17), 1), ((17, 3), 0),
             ((2, 9, 3), 1), ((0, 4), 1), ((5, 0), 0)) for k in (0, 1, 3, 4) for largest in (True, False)],
    "rank_place": [((x,), {"rank": r, "dim": d}) for x, d in (((40,), 0), ((3, 17), 1), ((17, 3), 0), ((2, 9, 3), 1),
                   ((0, 4), 1)) for r in (0, 2, 3)],
    "tril": [((x,), {"diagonal": d}) for x in ((3, 4), (4, 2), (2, 3, 3), (0, 3)) for d in (-1, 0, 2)],
    "triu": [((x,), {"diagonal": d}) for x in ((3, 4), (4, 2), (2, 3, 3), (0, 3)) for d in (-1, 0, 2)],
    "var": [((x,), {"dim": d, "correction": c, "keepdim": k}) for x, d in (
        ((7,), (0,)), ((3, 4), (1,)), ((3, 4), (0, 1)), ((2, 3, 4), (0, 2)), ((5, 3000), (1,)), ((), ()),
        ((0, 4), (1,)))
        for c in (0.0, 1.0) for k in (False, True)],
    "softmax": _along(1), "softmax_backward": _along(2), "log_softmax": _along(1), "log_softmax_backward": _along(2),
    "layer_norm": [((x, w, b), {"normalized_shape": n, "eps": 1e-5}) for x, n in (
        ((3, 4), (4,)), ((2, 3, 4), (3, 4)), ((0, 4), (4,)), ((5, 3000), (3000,)))
        for w in (None, n) for b in (None, n)],
    "rms_norm": [((x, w), {"normalized_shape": n, "eps": 1e-5}) for x, n in (
        ((3, 4), (4,)), ((2, 3, 4), (3, 4)), ((0, 4), (4,))) for w in (None, n)],
    "normalized_backward": [(((3, 4), (3, 4), (3, 1), (3, 1)), {"dim": (1,)}),
                            (((4, 3, 2, 5),) * 2 + ((1, 3, 1, 1),) * 2, {"dim": (0, 2, 3)})],
    "batch_norm_train": [((x, w, w), {"eps": 1e-5}) for x in ((4, 3), (2, 3, 4), (2, 3, 5, 2)) for w in (None, (3,))],
    "batch_norm_eval": [((x, (3,), (3,), w, w), {"eps": 1e-5}) for x in ((4, 3), (2, 3, 4), (0, 3, 2))
                        for w in (None, (3,))],
    "mse_loss": _LOSSES, "mse_loss_backward": [(((), *s), a) for s, a in _LOSSES if a["reduction"] != "none"]
    + [((s[0], *s), a) for s, a in _LOSSES if a["reduction"] == "none"],
    "nll_loss": _NLL, "cross_entropy_loss": _CE,
    "nll_loss_backward": _backward_of(_NLL, lambda x, a, g: ((g, *x[1:]), {**a, "size": x[0]})),
    "cross_entropy_backward": _backward_of(_CE, lambda x, a, g: ((g, *x), a)),
    "binary_cross_entropy_with_logits": [((*s, w, p), a) for s, a in _LOSSES for w in (None, s[0])
                                         for p in (None, s[0][-1:])],
    "binary_logits_backward": [(((), (3,), (3,)), {}), (((2, 3),) * 3, {}), (((), (), ()), {})],
    "convolution": _convolution_calls(), "convolution_grad_weight": _weight_gradients(),
    "max_pool": [((x,), {"kernel_size": k, "stride": s, "padding": p, "dilation": d, "size": o})
                 for x, k, s, p, d, o in POOLS],
    "max_pool_backward": [(((2, 1, 3), np.array([[[0, 2, 2]], [[4, 0, 4]]])), {"size": (5,)}),
                          (((1, 1, 1, 2), np.array([[[[3, 5]]]])), {"size": (2, 3)}),
                          (((0, 1, 2), np.empty((0, 1, 2), np.int64)), {"size": (5,)})],
    "avg_pool": _means(False), "avg_pool_backward": _means(True),
    "linalg_svdvals": [((x,), {}) for x in ((3, 3), (4, 2), (2, 3, 5), (0, 3), (0, 2, 2))],
    "linalg_eigvalsh": [((x,), {"UPLO": t}) for x in ((3, 3), (2, 4, 4), (0, 0)) for t in "LU"],
    "linalg_inv_ex": [((x,), {}) for x in ((3, 3), (2, 2, 2), (0, 0), (0, 2, 2))],
    "linalg_solve_ex": [((a, b), {}) for a, b in (((3, 3), (3, 2)), ((2, 3, 3), (3, 4)), ((3, 3), (4, 3, 1)),
                                                  ((0, 0), (0, 2)))],
}
POSITIVE = {"batch_norm_eval", "normalized_backward"}
