"""Modules are PyTorch's: same seed, same parameters, same outputs and gradients, same repr, same state dict."""

import collections
import copy
import re
import warnings

import pytest
import torch

import flambeau

N, T = flambeau.nn, torch.nn


def ours(t):
    """A torch tensor as flambeau's, a leaf that requires grad where `t` does."""
    made = flambeau.tensor(t.detach().flatten().tolist(), dtype=getattr(flambeau, str(t.dtype).split(".")[1]))
    made = made.reshape(tuple(t.shape))
    return made.requires_grad_() if t.requires_grad else made


def theirs(x):
    made = torch.tensor(x.detach().flatten().tolist(), dtype=getattr(torch, str(x.dtype).split(".")[-1]))
    return made.reshape(tuple(x.shape))


def assert_close(x, t, rtol=2e-5, atol=1e-6):
    if isinstance(t, (tuple, list)):
        assert len(x) == len(t)
        for a, b in zip(x, t, strict=True):
            assert_close(a, b, rtol, atol)
    else:
        torch.testing.assert_close(theirs(x), t.detach(), rtol=rtol, atol=atol, equal_nan=True)


def both(name, *args, **kwargs):
    """The module made by either library from seed 0, and the next number of either stream."""
    flambeau.manual_seed(0)
    mine, mine_next = getattr(N, name)(*args, **kwargs), flambeau.rand(1).item()
    torch.manual_seed(0)
    other, other_next = getattr(T, name)(*args, **kwargs), torch.rand(1).item()
    assert mine_next == other_next, "another number of random draws"
    return mine, other


CASES = [  # name, positional arguments, keywords, shapes of the inputs (dtype int64 where the shape starts with "i")
    ("Linear", (5, 3), {}, [(4, 5)]),
    ("Linear", (5, 3), {"bias": False}, [(2, 4, 5)]),
    ("Linear", (5, 3), {}, [(5,)]),
    ("Bilinear", (3, 4, 2), {}, [(5, 3), (5, 4)]),
    ("Identity", (), {}, [(3,)]),
    ("Conv1d", (4, 6, 3), {"stride": 2, "padding": 1, "dilation": 2}, [(2, 4, 11)]),
    ("Conv1d", (4, 6, 3), {}, [(4, 11)]),
    ("Conv2d", (3, 6, 3), {"padding": "same", "groups": 3}, [(2, 3, 6, 7)]),
    ("Conv2d", (3, 6, (2, 3)), {"stride": (2, 1), "padding": (0, 1), "bias": False}, [(2, 3, 6, 7)]),
    ("Conv2d", (2, 2, 3), {"padding": "valid"}, [(2, 6, 7)]),
    ("Conv2d", (2, 2, 3), {"padding": 2, "padding_mode": "reflect"}, [(1, 2, 5, 5)]),
    ("Conv2d", (2, 2, 3), {"padding": 1, "padding_mode": "circular"}, [(1, 2, 5, 5)]),
    ("Conv2d", (2, 2, 4), {"padding": "same", "padding_mode": "replicate"}, [(1, 2, 5, 5)]),
    ("Conv3d", (2, 4, (1, 2, 3)), {}, [(1, 2, 3, 4, 5)]),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1}, [(2, 4, 5)]),
    ("ConvTranspose2d", (4, 6, (2, 3)), {"stride": 2, "groups": 2, "dilation": 2}, [(2, 4, 3, 4)]),
    ("ConvTranspose3d", (2, 2, 2), {"bias": False}, [(1, 2, 2, 3, 2)]),
    ("InstanceNorm1d", (3,), {}, [(2, 3, 5)]),
    ("InstanceNorm2d", (3,), {"affine": True, "track_running_stats": True}, [(2, 3, 4, 5)]),
    ("InstanceNorm2d", (3,), {}, [(3, 4, 5)]),
    ("InstanceNorm3d", (2,), {"momentum": None, "track_running_stats": True}, [(2, 2, 2, 3, 2)]),
    *[(f"{kind}Pad{n}d", (padding,), {}, [(1, 2, 4, 5, 6)[: n + 2]])
      for kind in ("Zero", "Reflection", "Replication", "Circular")
      for n, padding in ((1, 2), (2, (1, 2, 0, 1)), (3, 1))],
    ("ConstantPad2d", ((1, -1, 2, 0), 3.5), {}, [(2, 3, 4)]),
    ("BatchNorm1d", (4,), {}, [(6, 4)]),
    ("BatchNorm1d", (4,), {"momentum": None}, [(3, 4, 5)]),
    ("BatchNorm2d", (3,), {"affine": False}, [(2, 3, 4, 5)]),
    ("BatchNorm2d", (3,), {"track_running_stats": False, "eps": 1e-3}, [(2, 3, 4, 5)]),
    ("BatchNorm2d", (3,), {"bias": False}, [(2, 3, 4, 5)]),
    ("BatchNorm3d", (2,), {}, [(2, 2, 2, 3, 2)]),
    ("LayerNorm", (5,), {}, [(4, 5)]),
    ("LayerNorm", ([3, 5],), {"bias": False}, [(2, 3, 5)]),
    ("LayerNorm", ((5,),), {"elementwise_affine": False}, [(3, 5)]),
    ("GroupNorm", (2, 4), {}, [(3, 4, 5)]),
    ("GroupNorm", (2, 4), {"affine": False}, [(3, 4, 2, 2)]),
    ("RMSNorm", (5,), {}, [(4, 5)]),
    ("RMSNorm", ((4, 5),), {"eps": 1e-3, "elementwise_affine": False}, [(3, 4, 5)]),
    ("LocalResponseNorm", (2,), {}, [(2, 4, 5)]),
    ("LocalResponseNorm", (3,), {"alpha": 0.5}, [(2, 4, 3, 3)]),
    ("Dropout", (0.3,), {}, [(40,)]),
    ("Dropout", (1.0,), {}, [(4, 5)]),
    ("Dropout1d", (0.5,), {}, [(4, 5, 3)]),
    ("Dropout1d", (0.5,), {}, [(5, 3)]),
    ("Dropout2d", (0.5,), {}, [(4, 5, 2, 3)]),
    ("Dropout3d", (0.5,), {}, [(4, 5, 2, 3)]),
    ("AlphaDropout", (0.4,), {}, [(40,)]),
    ("FeatureAlphaDropout", (0.4,), {}, [(4, 5, 2)]),
    ("Embedding", (7, 3), {}, [("i", 7, 4, 2)]),
    ("Embedding", (7, 3), {"padding_idx": -1}, [("i", 7, 4, 2)]),
    ("Embedding", (7, 3), {"max_norm": 1.0}, [("i", 7, 4, 2)]),
    ("Embedding", (7, 3), {"scale_grad_by_freq": True}, [("i", 3, 6)]),
    ("Flatten", (), {}, [(2, 3, 4)]),
    ("Flatten", (0, 1), {}, [(2, 3, 4)]),
    ("Unflatten", (1, (2, 3)), {}, [(2, 6, 4)]),
    ("MaxPool1d", (3,), {"stride": 2, "padding": 1}, [(2, 3, 8)]),
    ("MaxPool2d", (2,), {}, [(2, 3, 6, 7)]),
    ("MaxPool2d", ((2, 3),), {"stride": 1, "dilation": 2, "ceil_mode": True}, [(3, 6, 7)]),
    ("MaxPool2d", (2,), {"return_indices": True}, [(2, 3, 6, 6)]),
    ("AvgPool1d", (3,), {"stride": 2}, [(2, 3, 8)]),
    ("AvgPool2d", (3,), {"padding": 1, "count_include_pad": False}, [(2, 3, 6, 7)]),
    ("AvgPool2d", (2,), {"ceil_mode": True, "divisor_override": 3}, [(3, 5, 5)]),
    ("AdaptiveAvgPool1d", (3,), {}, [(2, 3, 8)]),
    ("AdaptiveAvgPool2d", ((3, None),), {}, [(2, 3, 7, 4)]),
    ("AdaptiveAvgPool2d", (1,), {}, [(2, 3, 7, 4)]),
    ("AdaptiveMaxPool1d", (3,), {}, [(2, 3, 8)]),
    ("AdaptiveMaxPool2d", ((3, 2),), {"return_indices": True}, [(2, 3, 7, 4)]),
    ("LPPool1d", (2, 3), {}, [(2, 3, 8)]),
    ("LPPool2d", (1.5, (2, 3)), {"stride": 2}, [(2, 3, 6, 7)]),
    ("CosineSimilarity", (), {}, [(4, 5), (4, 5)]),
    ("PairwiseDistance", (), {}, [(4, 5), (4, 5)]),
    ("PairwiseDistance", (), {"p": 1.0, "keepdim": True}, [(4, 5), (4, 5)]),
    ("PReLU", (3,), {}, [(2, 3, 4)]),
    ("PReLU", (), {"init": 0.1}, [(2, 3)]),
    ("Threshold", (0.1, 2.0), {}, [(3, 5)]),
    ("GELU", (), {}, [(3, 5)]),
    ("GELU", ("tanh",), {}, [(3, 5)]),
    ("GLU", (), {}, [(3, 6)]),
    ("GLU", (0,), {}, [(4, 5)]),
    ("Softmax", (1,), {}, [(3, 5)]),
    ("LogSoftmax", (0,), {}, [(3, 5)]),
    ("Softmin", (-1,), {}, [(3, 5)]),
    ("Softmax2d", (), {}, [(2, 3, 4, 5)]),
    ("Hardtanh", (-0.5, 0.3), {}, [(3, 5)]),
    ("LeakyReLU", (0.2,), {}, [(3, 5)]),
    ("ELU", (0.7,), {}, [(3, 5)]),
    ("CELU", (0.7,), {}, [(3, 5)]),
    ("Softplus", (2.0, 1.0), {}, [(3, 5)]),
    ("Hardshrink", (0.3,), {}, [(3, 5)]),
    ("Softshrink", (0.3,), {}, [(3, 5)]),
    ("RReLU", (), {}, [(3, 5)]),
    *[(name, (), {}, [(3, 5)]) for name in (
        "ReLU", "ReLU6", "SiLU", "Mish", "SELU", "Hardsigmoid", "Hardswish", "Sigmoid", "Tanh", "LogSigmoid",
        "Softsign", "Tanhshrink")],
]


def inputs_for(shapes):
    generator = torch.Generator().manual_seed(7)
    made = []
    for shape in shapes:
        if shape[0] == "i":
            made.append(torch.randint(shape[1], shape[2:], generator=generator))
        else:
            made.append(torch.randn(shape, generator=generator).requires_grad_())
    return made


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("name", "args", "kwargs", "shapes"), CASES,
                         ids=[f"{c[0]}-{c[1]}-{c[2]}" for c in CASES])
def test_a_module_computes_what_pytorchs_does(name, args, kwargs, shapes, training):
    mine, other = both(name, *args, **kwargs)
    assert repr(mine) == repr(other)
    assert list(mine.state_dict()) == list(other.state_dict())
    assert dict(mine.state_dict()._metadata) == dict(other.state_dict()._metadata)
    for key, value in other.state_dict().items():
        assert_close(mine.state_dict()[key], value)
    mine.train(training), other.train(training)
    other_inputs = inputs_for(shapes)
    mine_inputs = [ours(t) for t in other_inputs]
    flambeau.manual_seed(3)
    mine_out = mine(*mine_inputs)
    torch.manual_seed(3)
    other_out = other(*other_inputs)
    assert_close(mine_out, other_out)
    first, other_first = (o[0] if isinstance(o, tuple) else o for o in (mine_out, other_out))
    weights = torch.randn(other_first.shape, generator=torch.Generator().manual_seed(9))
    if other_first.requires_grad:
        (other_first * weights).sum().backward()
        (first * ours(weights)).sum().backward()
    for a, b in zip(mine_inputs, other_inputs, strict=True):
        if b.grad is not None:
            assert_close(a.grad, b.grad)
    for (key, a), (other_key, b) in zip(mine.named_parameters(), other.named_parameters(), strict=True):
        assert key == other_key
        assert_close(a.grad, b.grad, atol=1e-5)
    for a, b in zip(mine.buffers(), other.buffers(), strict=True):
        assert_close(a, b)


INPLACE = ["ReLU", "ReLU6", "SiLU", "Mish", "SELU", "Hardsigmoid", "Hardswish", "Hardtanh", "ELU", "CELU", "LeakyReLU",
           "RReLU", "Dropout"]


@pytest.mark.parametrize("name", INPLACE)
def test_an_inplace_activation_overwrites_its_input_and_differentiates(name):
    mine, other = getattr(N, name)(inplace=True), getattr(T, name)(inplace=True)
    assert repr(mine) == repr(other)
    leaf = torch.linspace(-3, 3, 12).requires_grad_()
    mine_leaf = ours(leaf)
    source, mine_source = leaf * 1, mine_leaf * 1
    torch.manual_seed(5)
    out = other(source)
    flambeau.manual_seed(5)
    mine_out = mine(mine_source)
    assert mine_out is mine_source
    assert_close(mine_source, source)
    (out * out).sum().backward()
    (mine_out * mine_out).sum().backward()
    assert_close(mine_leaf.grad, leaf.grad)


def test_a_mixed_network_prints_the_same():
    def net(M, Param, ones):
        return M.Sequential(
            M.Linear(2, 3), M.ModuleList([M.Linear(2, 2) for _ in range(3)] + [M.ReLU(), M.ReLU()]),
            M.ModuleDict({"a": M.Linear(1, 1), "b": M.Sequential()}),
            M.ParameterList([ones(2, 3), 3]), M.ParameterList([ones(1)]), M.ParameterList(),
            M.ParameterDict({"z": ones(2), "q": "s"}),
            M.Sequential(collections.OrderedDict([("x", M.Conv2d(1, 1, 1)), ("n", M.BatchNorm2d(3))])), M.ModuleList())
    mine = repr(net(N, N.Parameter, flambeau.ones)).replace("flambeau.", "torch.")
    assert mine == repr(net(T, T.Parameter, torch.ones))


def test_parameter_and_extra_repr_lines():
    class Both:
        def __init__(self):
            super().__init__()
            self.child = self.library.ReLU()

        def extra_repr(self):
            return "two\nlines"

    def net(library):
        return type("Net", (Both, library.Module), {"library": library})()

    assert repr(net(N)) == repr(net(T))


# -- losses --------------------------------------------------------------------------------------


def logits(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1)).requires_grad_()


def classes(count, *shape):
    return torch.randint(count, shape, generator=torch.Generator().manual_seed(2))


def signs(*shape):
    return classes(2, *shape) * 2.0 - 1


LOSSES = [
    ("MSELoss", {}, lambda: [logits(4, 3), logits(4, 3).detach() + 1]),
    ("L1Loss", {}, lambda: [logits(4, 3), logits(4, 3).detach() * 2]),
    ("SmoothL1Loss", {"beta": 0.7}, lambda: [logits(4, 3), logits(4, 3).detach() * 2]),
    ("SmoothL1Loss", {"beta": 0.0}, lambda: [logits(4, 3), logits(4, 3).detach() * 2]),
    ("HuberLoss", {"delta": 0.5}, lambda: [logits(4, 3), logits(4, 3).detach() * 2]),
    ("CrossEntropyLoss", {}, lambda: [logits(5, 4), classes(4, 5)]),
    ("CrossEntropyLoss", {}, lambda: [logits(4), classes(4)]),
    ("CrossEntropyLoss", {"ignore_index": 1, "label_smoothing": 0.1}, lambda: [logits(5, 4), classes(4, 5)]),
    ("CrossEntropyLoss", {"weight": [0.1, 0.5, 1.0, 2.0]}, lambda: [logits(2, 4, 3, 2), classes(4, 2, 3, 2)]),
    ("CrossEntropyLoss", {"weight": [0.1, 0.5, 1.0, 2.0], "label_smoothing": 0.2},
     lambda: [logits(5, 4), logits(5, 4).detach().softmax(1)]),
    ("NLLLoss", {"weight": [0.1, 0.5, 1.0, 2.0]}, lambda: [logits(5, 4), classes(4, 5)]),
    ("NLLLoss", {"ignore_index": 2}, lambda: [logits(2, 4, 3), classes(4, 2, 3)]),
    ("BCELoss", {}, lambda: [logits(5, 4).detach().sigmoid().requires_grad_(), classes(2, 5, 4).float()]),
    ("BCEWithLogitsLoss", {}, lambda: [logits(5, 4), classes(2, 5, 4).float()]),
    ("BCEWithLogitsLoss", {"pos_weight": [0.5, 1.0, 2.0, 3.0], "weight": [1.0, 2.0, 0.5, 0.1]},
     lambda: [logits(5, 4), classes(2, 5, 4).float()]),
    ("KLDivLoss", {}, lambda: [logits(5, 4), logits(5, 4).detach().softmax(1)]),
    ("KLDivLoss", {"log_target": True}, lambda: [logits(5, 4), logits(5, 4).detach()]),
    ("PoissonNLLLoss", {"full": True}, lambda: [logits(5, 4), classes(9, 5, 4).float()]),
    ("PoissonNLLLoss", {"log_input": False},
     lambda: [logits(5, 4).detach().exp().requires_grad_(), classes(9, 5, 4).float()]),
    ("SoftMarginLoss", {}, lambda: [logits(5, 4), signs(5, 4)]),
    ("HingeEmbeddingLoss", {"margin": 0.5}, lambda: [logits(5, 4), signs(5, 4)]),
    ("CosineEmbeddingLoss", {"margin": 0.1}, lambda: [logits(5, 4), logits(5, 4).detach() ** 2 - 1, signs(5)]),
    ("MarginRankingLoss", {"margin": 0.1}, lambda: [logits(5), logits(5).detach() ** 2, signs(5)]),
    ("MultiMarginLoss", {"p": 2, "margin": 0.8}, lambda: [logits(5, 4), classes(4, 5)]),
    ("MultiMarginLoss", {"weight": [0.1, 0.5, 1.0, 2.0]}, lambda: [logits(5, 4), classes(4, 5)]),
    ("MultiLabelSoftMarginLoss", {}, lambda: [logits(5, 4), classes(2, 5, 4).float()]),
    ("TripletMarginLoss", {"swap": True},
     lambda: [logits(5, 4), logits(5, 4).detach() * 2, logits(5, 4).detach() * 2.1]),
    ("TripletMarginWithDistanceLoss", {}, lambda: [logits(5, 4), logits(5, 4).detach() * 2, logits(5, 4).detach()]),
    ("GaussianNLLLoss", {"full": True},
     lambda: [logits(5, 4), logits(5, 4).detach() * 2, logits(5, 4).detach().exp() * 0.1]),
    ("GaussianNLLLoss", {}, lambda: [logits(5, 4), logits(5, 4).detach() * 2, torch.tensor([[0.5]] * 5)]),
]


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("name", "kwargs", "make"), LOSSES, ids=[f"{c[0]}-{c[1]}" for c in LOSSES])
def test_a_loss_and_its_gradient(name, kwargs, make, reduction):
    tensors = {k: v for k, v in kwargs.items() if isinstance(v, list)}
    plain = {k: v for k, v in kwargs.items() if not isinstance(v, list)}
    mine = getattr(N, name)(reduction=reduction, **plain, **{k: flambeau.tensor(v) for k, v in tensors.items()})
    other = getattr(T, name)(reduction=reduction, **plain, **{k: torch.tensor(v) for k, v in tensors.items()})
    assert repr(mine) == repr(other)
    arguments = make()
    mine_arguments = [ours(t) for t in arguments]
    loss, mine_loss = other(*arguments), mine(*mine_arguments)
    assert_close(mine_loss, loss)
    loss.sum().backward()
    mine_loss.sum().backward()
    assert_close(mine_arguments[0].grad, arguments[0].grad)


def test_a_transposed_convolution_takes_the_output_size():
    mine, other = both("ConvTranspose2d", 1, 1, 3, stride=2)
    x = torch.randn(1, 1, 4, 4)
    for size in ((9, 10), (1, 1, 10, 9)):
        assert_close(mine(ours(x), output_size=size), other(x, output_size=size))


def test_old_flags_of_losses():
    for flags in ({"size_average": False}, {"reduce": False}, {"size_average": True}, {"size_average": False,
                                                                                       "reduce": True}):
        with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
            mine = N.MSELoss(**flags)
        with pytest.warns(UserWarning):
            other = T.MSELoss(**flags)
        assert mine.reduction == other.reduction


def test_weighted_functional_losses():
    x, y, w = logits(4, 3), logits(4, 3).detach() * 2, logits(4, 3).detach().exp()
    for name in ("mse_loss", "l1_loss", "huber_loss"):
        for reduction in ("mean", "sum", "none"):
            mine = getattr(N.functional, name)(ours(x), ours(y), reduction=reduction, weight=ours(w))
            other = getattr(T.functional, name)(x, y, reduction=reduction, weight=w)
            assert_close(mine, other)


# -- initialisation ------------------------------------------------------------------------------

FILLS = [
    ("uniform_", (4, 5), {"a": -1.0, "b": 3.0}), ("normal_", (4, 5), {"mean": 1.0, "std": 2.0}),
    ("normal_", (3,), {}), ("constant_", (2, 3), {"val": 0.3}), ("ones_", (2,), {}), ("zeros_", (2,), {}),
    ("eye_", (3, 5), {}), ("dirac_", (4, 2, 3), {}), ("dirac_", (4, 2, 3, 3), {"groups": 2}),
    ("dirac_", (2, 2, 3, 3, 4), {}), ("xavier_uniform_", (4, 5), {"gain": 1.5}), ("xavier_normal_", (4, 5, 3), {}),
    ("kaiming_uniform_", (4, 5), {"a": 0.3}), ("kaiming_normal_", (4, 5, 3, 3), {"mode": "fan_out",
                                                                                "nonlinearity": "relu"}),
    ("trunc_normal_", (50, 4), {"std": 1.5, "a": -1.0, "b": 1.0}), ("trunc_normal_", (50,), {"a": 1.5, "b": 3.0}),
    ("sparse_", (6, 4), {"sparsity": 0.4}),
]


@pytest.mark.parametrize(("name", "shape", "kwargs"), FILLS, ids=[f"{c[0]}-{c[1]}" for c in FILLS])
def test_a_fill_draws_pytorchs_numbers(name, shape, kwargs):
    mine, other = flambeau.empty(shape, requires_grad=True), torch.empty(shape, requires_grad=True)
    flambeau.manual_seed(11)
    assert getattr(N.init, name)(mine, **kwargs) is mine
    following = flambeau.rand(1).item()
    torch.manual_seed(11)
    getattr(T.init, name)(other, **kwargs)
    assert_close(mine, other, rtol=1e-6, atol=1e-7)
    assert following == torch.rand(1).item()


def test_gains():
    names = ["linear", "conv1d", "conv_transpose3d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"]
    assert [N.init.calculate_gain(n) for n in names] == [T.init.calculate_gain(n) for n in names]
    assert N.init.calculate_gain("leaky_relu", 0.3) == T.init.calculate_gain("leaky_relu", 0.3)


# -- errors --------------------------------------------------------------------------------------


def without_namespace(text):
    return (text.rpartition(" (FL")[0] or text).replace("flambeau", "torch").replace("torch.nn.modules.", "torch.nn.")


def errors_of(action):
    """What `action(library, nn)` raises in either library."""
    caught = []
    for library in (flambeau, torch):
        with pytest.raises(Exception) as info:
            action(library, library.nn)
        caught.append(info.value)
    return caught


def make_net(nn):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 3)

    return Net()


def early(nn, value):
    class Early(nn.Module):
        def __init__(self):
            self.member = value

    return Early()


SAME_TEXT = {
    "missing attribute": lambda lib, nn: nn.Linear(1, 1).nothing,
    "missing key": lambda lib, nn: make_net(nn).load_state_dict({"fc.weight": lib.zeros(3, 2)}),
    "unexpected key": lambda lib, nn: nn.Linear(2, 1).load_state_dict(
        {"weight": lib.zeros(1, 2), "bias": lib.zeros(1), "x": lib.zeros(1), "y.z": lib.zeros(1)}),
    "size mismatch": lambda lib, nn: nn.Linear(2, 1).load_state_dict({"weight": lib.zeros(2, 2),
                                                                      "bias": lib.zeros(1)}),
    "not a mapping": lambda lib, nn: nn.Linear(2, 1).load_state_dict([1]),
    "parameter from no parameter": lambda lib, nn: setattr(nn.Linear(2, 1), "weight", 3),
    "module from no module": lambda lib, nn: setattr(make_net(nn), "fc", 3),
    "buffer from no tensor": lambda lib, nn: setattr(nn.BatchNorm1d(2), "running_mean", 3),
    "parameter before init": lambda lib, nn: early(nn, nn.Parameter(lib.zeros(1))),
    "module before init": lambda lib, nn: early(nn, nn.ReLU()),
    "name taken": lambda lib, nn: nn.Linear(2, 1).register_parameter("forward", None),
    "name taken by a module": lambda lib, nn: nn.Linear(2, 1).add_module("weight", nn.ReLU()),
    "empty parameter name": lambda lib, nn: nn.Linear(2, 1).register_parameter("", None),
    "module name with a dot": lambda lib, nn: nn.Linear(2, 1).add_module("a.b", nn.ReLU()),
    "no forward": lambda lib, nn: make_net(nn)(1),
    "keyword of a module": lambda lib, nn: nn.Module(x=1),
    "argument of a module": lambda lib, nn: nn.Module(1),
    "submodule path": lambda lib, nn: make_net(nn).get_submodule("fc.x"),
    "submodule that is none": lambda lib, nn: make_net(nn).get_submodule("fc.weight"),
    "parameter path": lambda lib, nn: make_net(nn).get_parameter("fc.in_features"),
    "buffer path": lambda lib, nn: make_net(nn).get_buffer("fc.weight"),
    "train mode": lambda lib, nn: nn.ReLU().train(3),
    "integer dtype": lambda lib, nn: nn.Linear(1, 1).to(lib.int64),
    "dropout probability": lambda lib, nn: nn.Dropout(1.5),
    "groups": lambda lib, nn: nn.Conv2d(3, 4, 1, groups=2),
    "groups of outputs": lambda lib, nn: nn.Conv2d(4, 3, 1, groups=2),
    "no groups": lambda lib, nn: nn.Conv2d(4, 3, 1, groups=0),
    "strided same": lambda lib, nn: nn.Conv2d(4, 4, 1, stride=2, padding="same"),
    "group norm": lambda lib, nn: nn.GroupNorm(2, 3),
    "batch norm dims": lambda lib, nn: nn.BatchNorm2d(3)(lib.zeros(2, 3)),
    "batch norm dims 1d": lambda lib, nn: nn.BatchNorm1d(3)(lib.zeros(3)),
    "padding index": lambda lib, nn: nn.Embedding(3, 2, padding_idx=3),
    "pretrained": lambda lib, nn: nn.Embedding.from_pretrained(lib.zeros(3)),
    "list index": lambda lib, nn: nn.ModuleList([nn.ReLU()])[2],
    "sequential index": lambda lib, nn: nn.Sequential(nn.ReLU())[-2],
    "sequential insert": lambda lib, nn: nn.Sequential(nn.ReLU()).insert(5, nn.ReLU()),
    "list extend": lambda lib, nn: nn.ModuleList().extend(3),
    "dict update": lambda lib, nn: nn.ModuleDict().update(3),
    "dict update length": lambda lib, nn: nn.ModuleDict().update([("a", nn.ReLU(), 3)]),
    "parameter list call": lambda lib, nn: nn.ParameterList()(1),
    "mixed backward hooks": lambda lib, nn: [m := nn.ReLU(), m.register_backward_hook(print),
                                             m.register_full_backward_hook(print)],
    "fan": lambda lib, nn: nn.init.kaiming_uniform_(lib.zeros(3)),
    "fan mode": lambda lib, nn: nn.init.kaiming_uniform_(lib.zeros(3, 3), mode="x"),
    "gain": lambda lib, nn: nn.init.calculate_gain("x"),
    "slope": lambda lib, nn: nn.init.calculate_gain("leaky_relu", True),
    "eye": lambda lib, nn: nn.init.eye_(lib.zeros(3)),
    "dirac": lambda lib, nn: nn.init.dirac_(lib.zeros(3)),
    "dirac groups": lambda lib, nn: nn.init.dirac_(lib.zeros(3, 1, 1), groups=2),
    "hardtanh": lambda lib, nn: nn.Hardtanh(1, 1),
    "huber": lambda lib, nn: nn.HuberLoss(delta="a"),
    "multi margin": lambda lib, nn: nn.MultiMarginLoss(p=3),
    "triplet margin": lambda lib, nn: nn.TripletMarginLoss(margin=0),
    "bce sizes": lambda lib, nn: nn.BCEWithLogitsLoss()(lib.zeros(2), lib.zeros(3)),
    "one value per channel": lambda lib, nn: nn.BatchNorm1d(3)(lib.zeros(1, 3)),
    "transposed padding mode": lambda lib, nn: nn.ConvTranspose2d(1, 1, 1, padding_mode="reflect"),
    "transposed size": lambda lib, nn: nn.ConvTranspose1d(1, 1, 3, 2)(lib.zeros(1, 1, 4), output_size=[20]),
    "channels of instance norm": lambda lib, nn: nn.InstanceNorm1d(3, affine=True)(lib.zeros(1, 2, 4)),
    "circular dims": lambda lib, nn: nn.CircularPad2d(1)(lib.zeros(2, 4)),
    "unflatten": lambda lib, nn: nn.Unflatten(1, (2, 3.0)),
    "softmax2d": lambda lib, nn: nn.Softmax2d()(lib.zeros(2)),
    "set submodule": lambda lib, nn: make_net(nn).set_submodule("", nn.ReLU()),
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("case", SAME_TEXT)
def test_an_error_has_pytorchs_type_and_text(case):
    mine, other = errors_of(SAME_TEXT[case])
    assert isinstance(mine, next(kind for kind in type(other).__mro__ if kind.__module__ == "builtins"))
    text = other.args[0] if isinstance(other, KeyError) else str(other)
    around = re.escape(without_namespace(text)).join((r"(\w+: )?", r"(:? [\[(].*)?"))  # the function, and shapes
    assert re.fullmatch(around, without_namespace(str(mine)), re.DOTALL), str(mine)


SAME_TYPE = {
    "sequential times": lambda lib, nn: nn.Sequential(nn.ReLU()) * 0,
    "sequential times text": lambda lib, nn: nn.Sequential(nn.ReLU()) * "a",
    "dotted parameter name": lambda lib, nn: nn.Linear(2, 1).register_parameter("a.b", None),
    "dotted buffer name": lambda lib, nn: nn.Linear(2, 1).register_buffer("a.b", None),
    "no string": lambda lib, nn: nn.Linear(2, 1).register_buffer(3, None),
    "module that is none": lambda lib, nn: nn.Linear(2, 1).add_module("m", 3),
    "parameter that is none": lambda lib, nn: nn.Linear(2, 1).register_parameter("m", 3),
    "non-leaf parameter": lambda lib, nn: nn.Linear(2, 1).register_parameter("m", nn.Parameter(lib.ones(1)) * 2),
    "padding string": lambda lib, nn: nn.Conv2d(4, 3, 1, padding="x"),
    "padding mode": lambda lib, nn: nn.Conv2d(4, 3, 1, padding_mode="x"),
    "sequential sum": lambda lib, nn: nn.Sequential() + 3,
    "sequential member": lambda lib, nn: nn.Sequential().insert(0, 3),
    "parameter dict key": lambda lib, nn: nn.ParameterDict()[3],
    "missing module key": lambda lib, nn: nn.ModuleDict()["x"],
    "unknown reduction": lambda lib, nn: nn.MSELoss(reduction="x")(lib.zeros(2), lib.zeros(2)),
    "extra state": lambda lib, nn: nn.Module().get_extra_state(),
    "linear sizes": lambda lib, nn: nn.Linear(2, 3)(lib.zeros(4, 5)),
    "class out of range": lambda lib, nn: nn.CrossEntropyLoss()(lib.zeros(2, 3), lib.tensor([0, 7])),
}


@pytest.mark.parametrize("case", SAME_TYPE)
def test_an_error_has_pytorchs_type(case):
    mine, other = errors_of(SAME_TYPE[case])
    assert isinstance(mine, next(kind for kind in type(other).__mro__ if kind.__module__ == "builtins"))


# -- state and hooks -----------------------------------------------------------------------------


def trace_of(library):
    """The order in which the hooks of a small network are called, and with what."""
    nn, calls = library.nn, []

    def shape(value):
        if isinstance(value, tuple):
            return tuple(shape(v) for v in value)
        return None if value is None else tuple(value.shape)

    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    for name, module in net.named_modules():
        module.register_forward_pre_hook(lambda m, a, n=name: calls.append(("pre", n, shape(a))))
        module.register_forward_hook(lambda m, a, o, n=name: calls.append(("post", n, shape(a), shape(o))))
        module.register_full_backward_pre_hook(lambda m, g, n=name: calls.append(("backward pre", n, shape(g))))
        module.register_full_backward_hook(lambda m, i, o, n=name: calls.append(("backward", n, shape(i), shape(o))))
        module.register_state_dict_pre_hook(lambda m, p, k, n=name: calls.append(("save", n, p, k)))
        module.register_state_dict_post_hook(lambda m, d, p, x, n=name: calls.append(("saved", n, p, sorted(d))))
        module.register_load_state_dict_pre_hook(lambda m, d, p, *rest, n=name: calls.append(("load", n, p)))
        module.register_load_state_dict_post_hook(lambda m, keys, n=name: calls.append(("loaded", n, *keys)))
    x = library.ones(4, 3, requires_grad=True)
    net(x).sum().backward()
    net(library.ones(4, 3)).sum().backward()
    net.load_state_dict(net.state_dict())
    return calls


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")
def test_hooks_are_called_in_the_same_order_with_the_same_things():
    assert trace_of(flambeau) == trace_of(torch)


@pytest.mark.parametrize("library", [flambeau, torch], ids=["flambeau", "torch"])
def test_what_hooks_return_replaces(library):
    nn = library.nn
    layer = nn.Linear(2, 2)
    layer.register_forward_pre_hook(lambda m, a, k: ((a[0] * 2,), {}), with_kwargs=True)
    layer.register_forward_hook(lambda m, a, k, o: o * 3, with_kwargs=True)
    x = library.tensor([[1.0, -2.0]])
    expected = 3 * nn.functional.linear(2 * x, layer.weight, layer.bias)
    assert layer(x).tolist() == expected.tolist()
    gate = nn.Identity()
    gate.register_full_backward_hook(lambda m, i, o: (i[0] * 10,))
    gate.register_full_backward_pre_hook(lambda m, o: (o[0] + 1,))
    leaf = library.ones(2, requires_grad=True)
    gate(leaf).sum().backward()
    assert leaf.grad.tolist() == [20.0, 20.0]


@pytest.mark.parametrize("library", [flambeau, torch], ids=["flambeau", "torch"])
def test_an_always_called_hook_runs_where_forward_raises(library):
    calls = []
    net = make_net(library.nn)
    net.register_forward_hook(lambda m, a, o: calls.append("plain"))
    handle = net.register_forward_hook(lambda m, a, o: calls.append(o), always_call=True)
    with pytest.raises(NotImplementedError):
        net(1)
    handle.remove()
    with pytest.raises(NotImplementedError):
        net(1)
    assert calls == [None]


def test_state_dicts_travel_between_the_libraries():
    torch.manual_seed(1)
    other = T.Sequential(T.Conv2d(1, 2, 3), T.BatchNorm2d(2), T.Flatten(), T.Linear(8, 3))
    mine = N.Sequential(N.Conv2d(1, 2, 3), N.BatchNorm2d(2), N.Flatten(), N.Linear(8, 3))
    loaded = mine.load_state_dict({k: ours(v) for k, v in other.state_dict().items()})
    assert str(loaded) == "<All keys matched successfully>"
    x = torch.randn(2, 1, 4, 4)
    assert_close(mine(ours(x)), other(x))


def test_copies_are_independent_and_equal():
    mine = N.Sequential(N.Linear(2, 2), N.BatchNorm1d(2))
    twin = copy.deepcopy(mine)
    with flambeau.no_grad():
        twin[0].weight.zero_()
    assert mine[0].weight.abs().sum().item() > 0
    assert isinstance(twin[0].weight, N.Parameter)
    assert twin[0].weight.requires_grad


def test_conversions():
    def state(library):
        net = library.nn.Sequential(library.nn.Linear(2, 2), library.nn.BatchNorm1d(2))
        weight = net[0].weight
        net(library.ones(3, 2)).sum().backward()
        seen = []
        for convert in (lambda: net.double(), lambda: net.to(library.float16), lambda: net.float(),
                        lambda: net.to("cpu", library.float64), lambda: net.to(library.zeros(1)), lambda: net.cpu()):
            assert convert() is net
            kinds = [str(t.dtype).split(".")[-1] for t in (*net.parameters(), *net.buffers())]
            seen.append((net[0].weight is weight, kinds, str(weight.grad.dtype).split(".")[-1]))
        return seen

    assert state(flambeau) == state(torch)


def test_clipping_and_vectors():
    torch.manual_seed(2)
    sources = [torch.randn(3, 4), torch.randn(5)]
    for call in (lambda u, p: u.clip_grad_norm_(p, 1.5), lambda u, p: u.clip_grad_norm_(p, 0.1, norm_type=1),
                 lambda u, p: u.clip_grad_norm_(p, 0.1, norm_type=float("inf")),
                 lambda u, p: u.clip_grad_value_(p, 0.3), lambda u, p: u.clip_grad_norm_([], 1.0)):
        mine, other = [ours(s).requires_grad_() for s in sources], [s.clone().requires_grad_() for s in sources]
        for group in (mine, other):
            sum((p * p * p).sum() for p in group).backward()
        a, b = call(N.utils, mine), call(T.utils, other)
        assert (a is None) == (b is None)
        if b is not None:
            assert_close(a, b)
        for p, q in zip(mine, other, strict=True):
            assert_close(p.grad, q.grad)
    vector = N.utils.parameters_to_vector(mine)
    assert_close(vector, T.utils.parameters_to_vector(other))
    N.utils.vector_to_parameters(vector * 2, mine)
    T.utils.vector_to_parameters(T.utils.parameters_to_vector(other) * 2, other)
    assert_close(mine[1], other[1])


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 4), (2, 3, 4, 2)])
def test_an_implicit_dim_warns_and_is_pytorchs(name, shape):
    x = torch.randn(shape)
    with pytest.warns(UserWarning, match=f"Implicit dimension choice for {name}"):
        mine = getattr(N.functional, name)(ours(x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_close(mine, getattr(T.functional, name)(x))


def test_gumbel_softmax():
    x = torch.randn(6, 5)
    for hard in (False, True):
        flambeau.manual_seed(4)
        mine = N.functional.gumbel_softmax(ours(x), 0.7, hard)
        torch.manual_seed(4)
        assert_close(mine, T.functional.gumbel_softmax(x, 0.7, hard))
