"""Layers and losses on the NumPy backend, with their gradients, against PyTorch's."""

import numpy as np
import pytest
import torch

import flambeau
import flambeau.nn.functional

DTYPES = {"float64": 1e-10, "float32": 2e-5, "float16": 8e-3, "bfloat16": 6e-2}
LABELS, IGNORED = [2, 0, 1, 2], [2, -100, 1, 0]

CASES = {
    "linear": [([(5, 3), (2, 3), (2,)], {}), ([(2, 4, 3), (2, 3), None], {}), ([(0, 3), (2, 3), (2,)], {})],
    "conv1d": [([(2, 3, 9), (4, 3, 2), (4,)], {"stride": s, "padding": p, "dilation": d})
               for s in (1, 2) for p in (0, 1) for d in (1, 3)],
    "conv2d": [([(n, 4, 6, 5), (6, 4 // g, 3, 2), (6,)],
                {"stride": s, "padding": (1, 0), "dilation": (1, d), "groups": g})
               for n in (2, 20) for s in (1, (2, 1)) for d in (1, 2) for g in (1, 2)]
    + [([(0, 3, 5, 5), (4, 3, 3, 3), (4,)], {"padding": 1})],
    "conv3d": [([(2, 2, 3, 4, 3), (2, 2, 2, 2, 2), None], {"stride": (1, 2, 1), "padding": (0, 1, 0)})],
    "conv_transpose2d": [([(n, 4, 3, 4), (4, 3, 3, 2), (6,)],
                          {"stride": (2, 3), "padding": (1, 0), "groups": 2, "output_padding": (1, 2)})
                         for n in (2, 20)],
    "max_pool2d": [([(2, 3, 8, 6)], {"kernel_size": 2}),
                   ([(2, 3, 7, 7)], {"kernel_size": 3, "stride": 2, "padding": 1}),
                   ([(2, 3, 7, 7)], {"kernel_size": 2, "ceil_mode": True}),
                   ([(1, 2, 9, 8)], {"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 0), "dilation": (2, 3)})],
    "avg_pool2d": [([(2, 3, 7, 6)],
                    {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": c, "ceil_mode": m})
                   for c in (True, False) for m in (True, False)]
    + [([(2, 3, 8, 8)], {"kernel_size": 2}), ([(2, 3, 8, 8)], {"kernel_size": 8, "divisor_override": 3})],
    "relu": [([(70, 70)], {})], "silu": [([(70, 70)], {})],
    "leaky_relu": [([(70, 70)], {"negative_slope": 0.2})],
    "elu": [([(70, 70)], {"alpha": 1.5})], "softplus": [([(70, 70)], {"beta": 3, "threshold": 2})],
    "gelu": [([(70, 70)], {"approximate": a}) for a in ("none", "tanh")],
    "softmax": [([(3, 4, 5)], {"dim": d}) for d in (0, 1, 2)],
    "log_softmax": [([(30, 40)], {"dim": d}) for d in (0, 1)],
    "layer_norm": [([(3, 4, 5)], {"normalized_shape": (4, 5), "weight": (4, 5), "bias": (4, 5)}),
                   ([(30, 40)], {"normalized_shape": (40,)})],
    "mse_loss": [([(40, 30), (40, 30)], {"reduction": r}) for r in ("mean", "sum", "none")],
    "binary_cross_entropy_with_logits": [([(40, 30), (40, 30)], {"reduction": r}) for r in ("mean", "sum", "none")],
}
CLASSES = [{"target": t, "reduction": r, "weight": w, "label_smoothing": s}
           for t in (LABELS, IGNORED) for r in ("mean", "sum", "none") for w in (None, (3,)) for s in (0.0, 0.1)]


def drawn(shape, dtype):
    if shape is None:
        return None, None
    numbers = np.random.default_rng(len(shape)).standard_normal(shape)
    theirs = torch.tensor(numbers).to(getattr(torch, dtype)).requires_grad_()
    ours = flambeau.tensor(theirs.detach().double().numpy().copy()).to(getattr(flambeau, dtype)).requires_grad_()
    return ours, theirs


def as_array(tensor):
    return None if tensor is None else np.array(tensor.detach().double().tolist())


def run(module, name, tensors, options):
    """The function's result and the gradients of all its inputs."""
    out = getattr(module.nn.functional, name)(*tensors, **options)
    weigh = module.arange(out.numel(), dtype=module.float64).reshape(out.shape).cos().to(out.dtype)
    out.backward(weigh)
    leaves = [t for t in (*tensors, *options.values()) if isinstance(t, module.Tensor) and t.requires_grad]
    return [as_array(out), *[as_array(t.grad) for t in leaves]]


def compare(name, shapes, options, dtype):
    pairs = [drawn(s, dtype) for s in shapes]
    named = {k: drawn(v, dtype) for k, v in options.items() if k in ("weight", "bias") and v is not None}
    ours, theirs = ({**options, **{k: v[i] for k, v in named.items()}} for i in (0, 1))
    if "target" in options:
        ours["target"], theirs["target"] = flambeau.tensor(options["target"]), torch.tensor(options["target"])
        for tensor in (ours["weight"], theirs["weight"]):
            if tensor is not None:
                tensor.requires_grad_(False).abs_()
    made = run(flambeau, name, [p[0] for p in pairs], ours)
    want = run(torch, name, [p[1] for p in pairs], theirs)
    for got, expected in zip(made, want, strict=True):
        assert got.shape == expected.shape
        scale = np.abs(expected).max(initial=1.0)
        np.testing.assert_allclose(got, expected, DTYPES[dtype], DTYPES[dtype] * scale,
                                   err_msg=f"{name} {shapes} {options}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_pytorch_s(name, dtype):
    for shapes, options in CASES[name]:
        compare(name, shapes, options, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_class_losses_are_pytorch_s(dtype):
    for options in CLASSES:
        compare("cross_entropy", [(4, 3)], options, dtype)
        without = {k: v for k, v in options.items() if k != "label_smoothing"}
        compare("nll_loss", [(4, 3)], without, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (4, 3, 5, 6)])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_is_pytorch_s(shape, training, dtype):
    mean, var = drawn((3,), dtype), drawn((3,), dtype)
    pairs = drawn(shape, dtype), drawn((3,), dtype), drawn((3,), dtype)
    made = []
    for i, module in enumerate((flambeau, torch)):
        running = [mean[i].detach().clone(), var[i].detach().abs() + 0.5]
        x, weight, bias = (p[i] for p in pairs)
        made.append(run(module, "batch_norm", [x, *running], {"weight": weight, "bias": bias, "training": training}))
        made[-1] += [as_array(r) for r in running]
    for got, expected in zip(*made, strict=True):
        np.testing.assert_allclose(got, expected, DTYPES[dtype], DTYPES[dtype] * np.abs(expected).max(initial=1.0))
