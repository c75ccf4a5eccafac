"""Layers: PyTorch's initial numbers from the same seed (recorded), and what each computes on inputs done by hand."""

import math

import pytest

import flambeau
from flambeau import nn
from flambeau.errors import PreconditionError, ShapeError, UnsupportedError, ValueRangeError

F = nn.functional


def seeded(make):
    flambeau.manual_seed(0)
    return make()


def close(x, expected, tolerance=1e-6):
    assert x.flatten().tolist() == pytest.approx(expected, rel=tolerance, abs=tolerance)


# -- initial values ------------------------------------------------------------------------------


def test_initial_linear():
    layer = seeded(lambda: nn.Linear(3, 2))
    close(layer.weight, [-0.004322517663240433, 0.3097158372402191, -0.4751853346824646, -0.4248946011066437,
                         -0.2223689705133438, 0.15482072532176971])
    close(layer.bias, [-0.011439144611358643, 0.45777493715286255])


def test_initial_conv():
    layer = seeded(lambda: nn.Conv2d(1, 2, 2))
    close(layer.weight, [-0.003743410110473633, 0.26822179555892944, -0.4115225672721863, -0.3679695129394531,
                         -0.19257718324661255, 0.13407868146896362, -0.009906589984893799, 0.39644473791122437])
    close(layer.bias, [-0.04437202215194702, 0.1323062777519226])


def test_initial_embedding_and_bilinear():
    close(seeded(lambda: nn.Embedding(3, 2, padding_idx=1)).weight,
          [1.5409960746765137, -0.293428897857666, 0, 0, -1.0845223665237427, -1.3985954523086548])
    layer = seeded(lambda: nn.Bilinear(2, 1, 1))
    close(layer.weight, [-0.005293981172144413, 0.37932288646698])
    close(layer.bias, [-0.5819807648658752])


def test_initial_norms():
    layer = nn.BatchNorm2d(2)
    assert layer.weight.tolist() == [1, 1] and layer.bias.tolist() == [0, 0]
    assert layer.running_mean.tolist() == [0, 0] and layer.running_var.tolist() == [1, 1]
    assert nn.LayerNorm((2, 2), bias=False).bias is None
    assert list(nn.GroupNorm(1, 2, affine=False).parameters()) == []


@pytest.mark.parametrize(("name", "shape", "options", "expected"), [
    ("uniform_", (4,), {"a": -1.0, "b": 1.0},
     [-0.007486820220947266, 0.5364435911178589, -0.8230451345443726, -0.7359390258789062]),
    ("normal_", (4,), {"mean": 1.0, "std": 2.0},
     [4.081992149353027, 0.4131421744823456, -3.357578754425049, 2.1368625164031982]),
    ("xavier_uniform_", (2, 2), {},
     [-0.009169445373117924, 0.657006561756134, -1.0080204010009766, -0.9013375639915466]),
    ("xavier_normal_", (2, 2), {},
     [1.0896488428115845, -0.20748557150363922, -1.5406367778778076, 0.40194159746170044]),
    ("kaiming_uniform_", (2, 2), {"nonlinearity": "relu"},
     [-0.012967552989721298, 0.9291475415229797, -1.425555944442749, -1.2746837139129639]),
    ("kaiming_normal_", (2, 2), {"mode": "fan_out"},
     [1.5409960746765137, -0.293428897857666, -2.1787893772125244, 0.5684312582015991]),
    ("trunc_normal_", (6,), {"a": -0.5, "b": 0.5},
     [0.40334683656692505, -0.293428897857666, 0.3703935444355011, -0.40334352850914, -0.02087947353720665,
      0.18203648924827576]),
    ("trunc_normal_", (4,), {"a": 1.5, "b": 3.0},
     [2.1834418773651123, 1.8654873371124268, 1.632716178894043, 1.547579288482666]),
    ("sparse_", (3, 2), {"sparsity": 0.5}, [0.0, 0.0, -0.021787893027067184, 0.0, 0.0, -0.013985954225063324]),
    ("eye_", (2, 3), {}, [1, 0, 0, 0, 1, 0]),
    ("dirac_", (2, 2, 3), {}, [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]),
    ("constant_", (2,), {"val": 0.5}, [0.5, 0.5]),
])
def test_fills(name, shape, options, expected):
    tensor = flambeau.empty(shape, requires_grad=True)
    assert seeded(lambda: getattr(nn.init, name)(tensor, **options)) is tensor
    close(tensor, expected)


def test_gains_and_fans():
    assert nn.init.calculate_gain("relu") == math.sqrt(2)
    assert nn.init.calculate_gain("leaky_relu", 1) == 1
    assert nn.init._calculate_fan_in_and_fan_out(flambeau.empty(4, 3, 2, 5)) == (30, 40)


@pytest.mark.parametrize(("action", "text"), [
    (lambda: nn.init.calculate_gain("x"), "Unsupported nonlinearity x"),
    (lambda: nn.init.xavier_normal_(flambeau.empty(3)), "fewer than 2 dimensions"),
    (lambda: nn.init.kaiming_normal_(flambeau.empty(3, 3), mode="both"), "Mode both not supported"),
    (lambda: nn.init.eye_(flambeau.empty(3)), "Only tensors with 2 dimensions"),
    (lambda: nn.init.dirac_(flambeau.empty(3, 2, 2), groups=2), "dim 0 must be divisible by groups"),
    (lambda: nn.init.sparse_(flambeau.empty(3), 0.1), "Only tensors with 2 dimensions"),
    (lambda: nn.init.orthogonal_(flambeau.empty(3)), "2 or more dimensions"),
])
def test_fills_that_cannot_be(action, text):
    with pytest.raises(ValueRangeError, match=text):
        action()


def test_a_zero_element_tensor_is_left_alone_with_a_warning():
    with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
        nn.init.kaiming_uniform_(flambeau.empty(0, 3))


def test_old_names_of_fills():
    with pytest.warns(FutureWarning, match=r"`nn.init.uniform` is now deprecated in favor of `nn.init.uniform_`"):
        nn.init.uniform(flambeau.empty(2))


# -- what layers compute -------------------------------------------------------------------------


def test_linear_by_hand():
    layer = nn.Linear(2, 1)
    with flambeau.no_grad():
        layer.weight.copy_(flambeau.tensor([[2.0, 3.0]]))
        layer.bias.fill_(1)
    assert layer(flambeau.tensor([[1.0, 1.0], [0.0, 2.0]])).tolist() == [[6], [7]]


def test_conv_by_hand():
    layer = nn.Conv2d(1, 1, 2, bias=False)
    with flambeau.no_grad():
        layer.weight.copy_(flambeau.tensor([[[[1.0, 0.0], [0.0, -1.0]]]]))
    assert layer(flambeau.arange(9.0).reshape(1, 1, 3, 3)).tolist() == [[[[-4, -4], [-4, -4]]]]
    layer = nn.Conv1d(1, 1, 3, padding="same", padding_mode="circular", bias=False)
    with flambeau.no_grad():
        layer.weight.fill_(1)
    assert layer(flambeau.tensor([[1.0, 2.0, 4.0, 8.0]])).tolist() == [[11, 7, 14, 13]]


def test_batch_norm_keeps_running_statistics_in_training_only():
    layer = nn.BatchNorm1d(1, momentum=0.5)
    x = flambeau.tensor([[1.0], [3.0]])
    close(layer(x), [-1, 1], 1e-4)
    assert layer.running_mean.item() == 1 and layer.num_batches_tracked.item() == 1
    assert layer.running_var.item() == pytest.approx(0.5 * 1 + 0.5 * 2)
    layer.eval()
    close(layer(x), [0, 2 / math.sqrt(1.5)], 1e-4)
    assert layer.num_batches_tracked.item() == 1


def test_batch_norm_without_momentum_averages_all_batches():
    layer = nn.BatchNorm1d(1, momentum=None)
    for mean in (2.0, 4.0, 9.0):
        layer(flambeau.tensor([[mean - 1], [mean + 1]]))
    assert layer.running_mean.item() == pytest.approx(5)


def test_norms_by_hand():
    x = flambeau.tensor([[1.0, 3.0]])
    close(nn.LayerNorm(2)(x), [-1, 1], 1e-4)
    close(nn.RMSNorm(2)(x), [1 / math.sqrt(5), 3 / math.sqrt(5)], 1e-4)
    close(nn.GroupNorm(1, 2)(x), [-1, 1], 1e-4)


def test_dropout_drops_pytorchs_elements_and_scales_the_rest():
    layer = nn.Dropout(0.5)
    kept = seeded(lambda: layer(flambeau.ones(100)))
    assert set(kept.tolist()) == {0, 2}
    assert layer.eval()(flambeau.ones(3)).tolist() == [1, 1, 1]
    assert nn.Dropout(1.0)(flambeau.ones(3)).tolist() == [0, 0, 0]
    x = flambeau.ones(3)
    assert nn.Dropout(1.0, inplace=True)(x) is x and x.tolist() == [0, 0, 0]
    channels = seeded(lambda: nn.Dropout2d(0.5)(flambeau.ones(4, 5, 3, 3)))
    assert set(channels.mean((2, 3)).flatten().tolist()) == {0, 2}


def test_embedding_looks_up_limits_norms_and_gives_the_padding_no_gradient():
    layer = nn.Embedding.from_pretrained(flambeau.tensor([[3.0, 4.0], [1.0, 0.0]]), freeze=False, padding_idx=1)
    out = layer(flambeau.tensor([[0, 1], [0, 0]]))
    out.sum().backward()
    assert out[0].tolist() == [[3, 4], [1, 0]]
    assert layer.weight.grad.tolist() == [[3, 3], [0, 0]]
    limited = nn.Embedding.from_pretrained(flambeau.tensor([[3.0, 4.0], [30.0, 0.0]]), max_norm=1.0)
    close(limited(flambeau.tensor([0])), [0.6, 0.8])
    assert limited.weight[1].tolist() == [30, 0]
    frozen = nn.Embedding.from_pretrained(flambeau.ones(2, 2))
    assert not frozen.weight.requires_grad


def test_pooling_by_hand():
    x = flambeau.arange(16.0).reshape(1, 4, 4)
    assert nn.MaxPool2d(2)(x).tolist() == [[[5, 7], [13, 15]]]
    assert nn.AvgPool2d(2)(x).tolist() == [[[2.5, 4.5], [10.5, 12.5]]]
    assert nn.AdaptiveAvgPool2d(1)(x).item() == 7.5
    assert nn.AdaptiveMaxPool2d((2, 1))(x).tolist() == [[[7], [15]]]
    values, indices = nn.MaxPool2d(2, return_indices=True)(x)
    assert indices.tolist() == [[[5, 7], [13, 15]]] and values.dtype is flambeau.float32
    assert nn.MaxPool1d(2)(flambeau.tensor([[1.0, 3.0, 2.0, 0.0]])).tolist() == [[3, 2]]


def test_shapes_of_flatten_and_unflatten():
    assert nn.Flatten()(flambeau.ones(2, 3, 4)).shape == (2, 12)
    assert nn.Unflatten(1, (3, 4))(flambeau.ones(2, 12)).shape == (2, 3, 4)


@pytest.mark.parametrize(("layer", "expected"), [
    (nn.ReLU(), [0, 0, 2]), (nn.ReLU6(), [0, 0, 2]), (nn.LeakyReLU(0.5), [-0.5, 0, 2]),
    (nn.ELU(), [math.expm1(-1), 0, 2]), (nn.CELU(2.0), [2 * math.expm1(-0.5), 0, 2]),
    (nn.SELU(), [1.0507009873554805 * 1.6732632423543772 * math.expm1(-1), 0, 2.101401974710961]),
    (nn.Sigmoid(), [1 / (1 + math.e), 0.5, 1 / (1 + math.exp(-2))]), (nn.Tanh(), [math.tanh(-1), 0, math.tanh(2)]),
    (nn.SiLU(), [-1 / (1 + math.e), 0, 2 / (1 + math.exp(-2))]), (nn.Softplus(), [
        math.log1p(math.exp(-1)), math.log(2), math.log1p(math.exp(2))]),
    (nn.Hardtanh(), [-1, 0, 1]), (nn.Hardsigmoid(), [1 / 3, 0.5, 5 / 6]), (nn.Hardswish(), [-1 / 3, 0, 5 / 3]),
    (nn.Hardshrink(1.5), [0, 0, 2]), (nn.Softshrink(0.5), [-0.5, 0, 1.5]), (nn.Softsign(), [-0.5, 0, 2 / 3]),
    (nn.Tanhshrink(), [-1 - math.tanh(-1), 0, 2 - math.tanh(2)]), (nn.Threshold(0.5, 9), [9, 9, 2]),
    (nn.PReLU(), [-0.25, 0, 2]), (nn.GELU(), [-0.15865525, 0, 1.9544997]),
    (nn.GELU("tanh"), [-0.15880801, 0, 1.9545977]), (nn.Mish(), [-0.30340147, 0, 1.9439590]),
    (nn.LogSigmoid(), [-math.log1p(math.e), -math.log(2), -math.log1p(math.exp(-2))]),
    (nn.RReLU().eval(), [-11 / 48, 0, 2]),
    (nn.Softmax(0), [0.04201007, 0.11419520, 0.84379473]), (nn.LogSoftmax(0), [-3.1698460, -2.1698460, -0.1698460]),
    (nn.Softmin(0), [0.70538451, 0.25949646, 0.03511903]),
], ids=repr)
def test_activations_by_hand(layer, expected):
    close(layer(flambeau.tensor([-1.0, 0.0, 2.0])), expected)


# -- losses --------------------------------------------------------------------------------------

A, B = [1.0, 3.0], [2.0, 6.0]


@pytest.mark.parametrize(("loss", "inputs", "expected"), [
    (nn.L1Loss(), (A, B), 2), (nn.L1Loss(reduction="sum"), (A, B), 4), (nn.MSELoss(), (A, B), 5),
    (nn.SmoothL1Loss(beta=2.0), (A, B), (0.25 + 2) / 2), (nn.HuberLoss(delta=2.0), (A, B), (0.5 + 4) / 2),
    (nn.BCELoss(), ([0.5, 0.25], [1.0, 0.0]), (math.log(2) + math.log(4 / 3)) / 2),
    (nn.BCEWithLogitsLoss(), ([0.0, 1000.0], [1.0, 1.0]), math.log(2) / 2),
    (nn.KLDivLoss(reduction="sum"), ([0.0, 0.0], [0.5, 0.5]), -math.log(2)),
    (nn.SoftMarginLoss(), ([0.0, 0.0], [1.0, -1.0]), math.log(2)),
    (nn.HingeEmbeddingLoss(), ([0.25, 0.25], [1.0, -1.0]), 0.5),
    (nn.MarginRankingLoss(margin=1.0), (A, B, [1.0, -1.0]), 1.0),
    (nn.PoissonNLLLoss(log_input=False, eps=0.0), ([1.0, 1.0], [3.0, 2.0]), 1.0),
    (nn.GaussianNLLLoss(), (A, B, [1.0, 1.0]), 2.5),
    (nn.MultiLabelSoftMarginLoss(), ([0.0, 0.0], [1.0, 0.0]), math.log(2)),
    (nn.TripletMarginLoss(eps=0.0), ([[0.0]], [[3.0]], [[1.0]]), 3.0),
], ids=lambda v: type(v).__name__ if isinstance(v, nn.Module) else "")
def test_losses_by_hand(loss, inputs, expected):
    assert loss(*map(flambeau.tensor, inputs)).item() == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_by_hand():
    scores = flambeau.tensor([[0.0, 0.0], [0.0, math.log(3)]])
    target = flambeau.tensor([0, 1])
    each = [math.log(2), math.log(4 / 3)]
    close(nn.CrossEntropyLoss(reduction="none")(scores, target), each, 1e-5)
    assert nn.CrossEntropyLoss()(scores, target).item() == pytest.approx(sum(each) / 2)
    weighted = nn.CrossEntropyLoss(weight=flambeau.tensor([1.0, 3.0]))(scores, target)
    assert weighted.item() == pytest.approx((each[0] + 3 * each[1]) / 4)
    assert nn.CrossEntropyLoss(ignore_index=0)(scores, target).item() == pytest.approx(each[1])
    assert nn.NLLLoss()(F.log_softmax(scores, 1), target).item() == pytest.approx(sum(each) / 2)


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "error", "text"), [
    (lambda: nn.Dropout(2.0), ValueRangeError, "dropout probability has to be between 0 and 1, but got 2.0"),
    (lambda: F.dropout1d(flambeau.ones(2)), ShapeError, "Expected 2D or 3D input, but received a 1D input"),
    (lambda: nn.Conv2d(3, 4, 1, groups=2), ValueRangeError, "in_channels must be divisible by groups"),
    (lambda: nn.Conv2d(2, 3, 1, groups=2), ValueRangeError, "out_channels must be divisible by groups"),
    (lambda: nn.Conv2d(2, 3, 1, groups=0), ValueRangeError, "groups must be a positive integer"),
    (lambda: nn.Conv2d(1, 1, 1, padding="x"), ValueRangeError, "Invalid padding string 'x'"),
    (lambda: nn.Conv2d(1, 1, 1, 2, padding="same"), ValueRangeError, "not supported for strided convolutions"),
    (lambda: nn.Conv2d(1, 1, 1, padding_mode="x"), ValueRangeError, "padding_mode must be one of"),
    (lambda: nn.Bilinear(0, 1, 1), ValueRangeError, "in1_features must be > 0"),
    (lambda: nn.GroupNorm(2, 3), ValueRangeError, r"num_channels \(3\) must be divisible by num_groups \(2\)"),
    (lambda: nn.BatchNorm2d(2)(flambeau.ones(2, 2)), ValueRangeError, r"expected 4D input \(got 2D input\)"),
    (lambda: nn.BatchNorm1d(2)(flambeau.ones(1, 2)), ValueRangeError, "Expected more than 1 value per channel"),
    (lambda: F.batch_norm(flambeau.ones(2, 2), None, None, training=True, eps=0), ValueRangeError, "must be positive"),
    (lambda: nn.Embedding(3, 2, padding_idx=-4), PreconditionError, "Padding_idx must be within num_embeddings"),
    (lambda: nn.Embedding(3, 2, sparse=True), UnsupportedError, "sparse gradients are not offered"),
    (lambda: nn.Embedding.from_pretrained(flambeau.ones(3)), PreconditionError, "expected to be 2-dimensional"),
    (lambda: nn.Embedding(3, 2, _weight=flambeau.ones(2, 2)), PreconditionError, "Shape of weight does not match"),
    (lambda: nn.Hardtanh(1, 0), PreconditionError, r"max_val \(0\) must be greater than min_val \(1\)"),
    (lambda: nn.Unflatten(1, 3), TypeError, "must be a tuple of ints"),
    (lambda: nn.Softmax2d()(flambeau.ones(2)), ValueRangeError, "expected input to be 3D or 4D, got 1D instead"),
    (lambda: nn.HuberLoss(delta="1"), TypeError, "delta must be a float or int"),
    (lambda: nn.MultiMarginLoss(p=3), ValueRangeError, "only p == 1 and p == 2 supported"),
    (lambda: nn.TripletMarginLoss(margin=0), ValueRangeError, "margin to be greater than 0"),
    (lambda: nn.BCELoss()(flambeau.ones(2), flambeau.ones(3)), ValueRangeError, "different to the input size"),
    (lambda: nn.BCEWithLogitsLoss()(flambeau.ones(2), flambeau.ones(3)), ValueRangeError, "must be the same as input"),
    (lambda: nn.MSELoss(reduction="x")(flambeau.ones(2), flambeau.ones(2)), ValueError, "x"),
    (lambda: F.gaussian_nll_loss(flambeau.ones(2), flambeau.ones(2), -flambeau.ones(2)), ValueRangeError,
     "var has negative"),
    (lambda: F.bilinear(flambeau.ones(2, 1), flambeau.ones(3, 1), flambeau.ones(1, 1, 1)), ShapeError, "do not match"),
    (lambda: F.nothing, AttributeError, "no attribute 'nothing'"),
])
def test_misuse_raises(action, error, text):
    with pytest.raises(error, match=text):
        action()


def test_losses_warn_of_other_sizes():
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        with pytest.warns(UserWarning, match="Using a target size"):
            getattr(F, name)(flambeau.ones(2, 3), flambeau.ones(3))


# -- tools ---------------------------------------------------------------------------------------


def test_gradients_are_clipped_by_norm_and_by_value():
    x, y = (flambeau.ones(2, requires_grad=True) for _ in range(2))
    (3 * x + 4 * y).sum().backward()
    assert nn.utils.clip_grad_norm_([x, y], 1.0).item() == pytest.approx(math.sqrt(50))
    assert x.grad.tolist() == pytest.approx([3 / math.sqrt(50)] * 2, rel=1e-5)
    nn.utils.clip_grad_value_(y, 0.5)
    assert y.grad.tolist() == [0.5, 0.5]
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0
    x.grad.fill_(float("inf"))
    with pytest.raises(ValueRangeError, match="is non-finite, so it cannot be clipped"):
        nn.utils.clip_grad_norm_([x], 1.0, error_if_nonfinite=True)


def test_parameters_as_a_vector():
    layer = nn.Linear(2, 2)
    vector = nn.utils.parameters_to_vector(layer.parameters())
    assert vector.shape == (6,)
    nn.utils.vector_to_parameters(flambeau.arange(6.0), layer.parameters())
    assert layer.weight.tolist() == [[0, 1], [2, 3]] and layer.bias.tolist() == [4, 5]
    with pytest.raises(TypeError, match=r"expected flambeau\.Tensor, but got: list"):
        nn.utils.vector_to_parameters([1], layer.parameters())
