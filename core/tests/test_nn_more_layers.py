"""Attention, transformers, lazy layers, resampling and CTC: what is promised, with values worked out by hand."""

import copy
import itertools
import math

import pytest

import flambeau
from flambeau import nn
from flambeau.errors import PreconditionError, ShapeError, StateDictError, UnsupportedError, ValueRangeError
from flambeau.nn import functional as F

tensor = flambeau.tensor


def close(got, wanted, tolerance=1e-6):
    assert got.shape == wanted.shape
    assert flambeau.allclose(got, wanted, rtol=tolerance, atol=tolerance), (got, wanted)


# --- attention


def test_one_head_without_projection_is_attention_itself():
    layer = nn.MultiheadAttention(2, 1, bias=False)
    layer.in_proj_weight.data = flambeau.eye(2).repeat(3, 1)
    layer.out_proj.weight.data = flambeau.eye(2)
    q, k = flambeau.rand(3, 1, 2), flambeau.rand(4, 1, 2)
    out, weights = layer(q, k, k)
    wanted = F.scaled_dot_product_attention(q.transpose(0, 1), k.transpose(0, 1), k.transpose(0, 1))
    close(out.transpose(0, 1), wanted)
    close(weights.sum(-1), flambeau.ones(1, 3))


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("kind", ["bool", "float"])
def test_what_a_mask_hides_changes_nothing(need_weights, kind):
    layer = nn.MultiheadAttention(4, 2, batch_first=True)
    x = flambeau.rand(1, 3, 4)
    mask = tensor([[False, False, True]])
    if kind == "float":
        mask = flambeau.zeros(1, 3).masked_fill(mask, -math.inf)
    out = layer(x, x, x, key_padding_mask=mask, need_weights=need_weights)[0]
    other = x.clone()
    other[0, 2] = 100.0
    close(layer(x, other, other, key_padding_mask=mask, need_weights=need_weights)[0], out)


def test_weights_and_no_weights_give_the_same():
    layer = nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True)
    x = flambeau.rand(3, 2, 4)
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    with_weights, weights = layer(x, x, x, attn_mask=mask)
    without, none = layer(x, x, x, attn_mask=mask, need_weights=False)
    close(with_weights, without)
    assert none is None
    assert weights.shape == (2, 3, 5)  # two places more: the learned one and the zero


def test_a_causal_encoder_does_not_look_ahead():
    net = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0), 2, enable_nested_tensor=False)
    x = flambeau.rand(4, 1, 4)
    mask = nn.Transformer.generate_square_subsequent_mask(4)
    out = net(x, mask=mask)
    other = x.clone()
    other[3] = 5.0
    close(net(other, mask=mask)[:3], out[:3])
    assert not flambeau.allclose(net(other)[:3], net(x)[:3])


def test_layers_of_a_stack_are_copies_of_their_own():
    net = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2, enable_nested_tensor=False)
    first, second = net.layers
    assert first.linear1.weight is not second.linear1.weight
    assert bool((first.linear1.weight == second.linear1.weight).all())


def test_an_encoder_that_cannot_leave_padding_out_says_why():
    with pytest.warns(UserWarning, match="because encoder_layer.self_attn.num_heads is odd"):
        nn.TransformerEncoder(nn.TransformerEncoderLayer(3, 3, 8, batch_first=True), 1)


# --- lazy layers


LAZY = {
    "LazyLinear": ((2,), (5, 3)), "LazyConv1d": ((2, 3), (1, 4, 6)), "LazyConv2d": ((2, 3), (1, 4, 6, 6)),
    "LazyConvTranspose1d": ((2, 3), (1, 4, 6)), "LazyBatchNorm1d": ((), (3, 4)),
    "LazyInstanceNorm2d": ((), (1, 2, 3, 3)),
}


@pytest.mark.parametrize("name", LAZY)
def test_a_lazy_layer_becomes_the_ordinary_one(name):
    args, shape = LAZY[name]
    layer, x = getattr(nn, name)(*args), flambeau.rand(shape)
    assert layer.has_uninitialized_params()
    assert "<UninitializedParameter>" in repr(next(layer.parameters()))
    out = layer(x)
    assert type(layer) is getattr(nn, name.removeprefix("Lazy"))
    close(layer(x), out)
    assert all(type(p) is nn.Parameter for p in layer.parameters())
    assert not layer._forward_pre_hooks
    assert not layer._load_state_dict_pre_hooks


def test_a_lazy_layer_is_cast_copied_and_trained():
    layer = copy.deepcopy(nn.LazyLinear(2).double())
    optimizer = flambeau.optim.SGD([flambeau.nn.Parameter(flambeau.ones(1))], 0.1)
    layer(flambeau.ones(1, 3, dtype=flambeau.float64))
    optimizer.add_param_group({"params": list(layer.parameters())})
    assert layer.weight.dtype is flambeau.float64
    layer(flambeau.ones(1, 3, dtype=flambeau.float64)).sum().backward()
    optimizer.step()
    assert layer.weight.grad.shape == (2, 3)


def test_states_go_both_ways():
    ready = nn.Linear(3, 2)
    lazy = nn.LazyLinear(2)
    lazy.load_state_dict(ready.state_dict())
    close(lazy(flambeau.ones(3)), ready(flambeau.ones(3)))
    nn.LazyLinear(2).load_state_dict(nn.LazyLinear(2).state_dict())
    with pytest.raises((StateDictError, ShapeError), match="uninitialized"):
        ready.load_state_dict(nn.LazyLinear(2).state_dict())


@pytest.mark.parametrize("use", [lambda p: p + 1, lambda p: p.sum(), lambda p: flambeau.cat([p, p]), lambda p: p[0]])
def test_what_has_no_shape_cannot_be_computed_with(use):
    with pytest.raises((ValueRangeError, ShapeError), match="uninitialized parameter"):
        use(nn.UninitializedParameter())


def test_a_lazy_module_without_initialize_parameters_says_so():
    class Lazy(nn.modules.lazy.LazyModuleMixin, nn.Module):
        def forward(self, x):
            return x

    with pytest.raises(UnsupportedError, match="initialize_parameters is not implemented for Lazy"):
        Lazy()(1)


# --- resampling


def test_images_grow_and_shrink():
    x = tensor([[[0.0, 1.0, 2.0, 3.0]]])
    assert F.interpolate(x, scale_factor=0.5, mode="nearest").tolist() == [[[0.0, 2.0]]]
    assert F.interpolate(x, scale_factor=0.5, mode="nearest-exact").tolist() == [[[1.0, 3.0]]]
    assert F.interpolate(x, 2, mode="area").tolist() == [[[0.5, 2.5]]]
    assert F.interpolate(x, 7, mode="linear", align_corners=True).tolist() == [[[0, 0.5, 1, 1.5, 2, 2.5, 3]]]


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("antialias", [True, False])
def test_a_constant_image_stays_constant(mode, antialias):
    x = flambeau.full((1, 1, 7, 5), 3.0)
    for size in ((3, 4), (10, 2), (7, 5)):
        close(F.interpolate(x, size, mode=mode, antialias=antialias), flambeau.full((1, 1, *size), 3.0))


@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_resampling_is_linear_in_the_image_and_has_its_transpose_as_gradient(mode):
    x, y = flambeau.rand(1, 2, 5, dtype=flambeau.float64), flambeau.rand(1, 2, 8, dtype=flambeau.float64)
    x.requires_grad_()
    out = F.interpolate(x, 8, mode=mode)
    (grad,) = flambeau.autograd.grad((out * y).sum(), x)
    close((grad * x).sum(), (out * y).sum(), 1e-12)


def test_the_identity_map_reads_the_image_itself():
    x = flambeau.rand(2, 3, 4, 5)
    grid = F.affine_grid(flambeau.eye(3)[None, :2].expand(2, 2, 3), x.shape, align_corners=False)
    close(F.grid_sample(x, grid, align_corners=False), x, 1e-5)
    flipped = F.grid_sample(x, grid * tensor([-1.0, 1.0]), align_corners=False)
    close(flipped, x.flip(-1), 1e-5)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_gradients_of_a_grid_sample(mode):
    x = flambeau.rand(1, 2, 4, 4, dtype=flambeau.float64, requires_grad=True)
    grid = (flambeau.rand(1, 2, 3, 2, dtype=flambeau.float64) * 1.2 - 0.6).requires_grad_()
    assert flambeau.autograd.gradcheck(lambda a, b: F.grid_sample(a, b, mode, align_corners=False), (x, grid))
    assert flambeau.autograd.gradgradcheck(lambda a, b: F.grid_sample(a, b, mode, align_corners=False), (x, grid))


# --- CTC


def paths(labels, steps, classes, blank=0):
    """Every sequence of classes that spells the labels with repetitions and blanks."""
    for path in itertools.product(range(classes), repeat=steps):
        merged = [c for c, before in zip(path, (None, *path), strict=False) if c != before]
        if [c for c in merged if c != blank] == labels:
            yield path


@pytest.mark.parametrize("labels", [[], [1], [1, 2], [1, 1], [2, 1, 2]])
def test_ctc_sums_over_all_paths(labels):
    steps, classes = 5, 3
    logs = flambeau.randn(steps, classes, dtype=flambeau.float64).log_softmax(1)
    total = sum(math.exp(sum(logs[t, c].item() for t, c in enumerate(path)))
                for path in paths(labels, steps, classes))
    target = tensor(labels, dtype=flambeau.int64).reshape(1, -1)
    got = F.ctc_loss(logs.unsqueeze(1), target, [steps], [len(labels)], reduction="none")
    close(got, tensor([-math.log(total)], dtype=flambeau.float64), 1e-9)


def test_a_target_that_does_not_fit_costs_infinity_or_nothing():
    logs = flambeau.zeros(2, 1, 3).log_softmax(2).requires_grad_()
    target = tensor([[1, 1]])  # needs a blank between, three steps
    assert F.ctc_loss(logs, target, [2], [2]).item() == math.inf
    loss = F.ctc_loss(logs, target, [2], [2], zero_infinity=True)
    loss.backward()
    assert loss.item() == 0.0
    assert not logs.grad.any()


# --- others


def test_pooling_and_unpooling():
    x = flambeau.arange(16.0).view(1, 1, 4, 4)
    values, places = F.max_pool2d(x, 2, return_indices=True)
    back = F.max_unpool2d(values, places, 2)
    assert back[back > 0].tolist() == [5.0, 7.0, 13.0, 15.0]
    close(F.max_pool2d(back, 2), values)


def test_bags_are_sums_of_rows():
    table = flambeau.rand(5, 3)
    indices = tensor([[0, 1], [4, 4]])
    close(F.embedding_bag(indices, table, mode="sum"), table[indices].sum(1))
    close(F.embedding_bag(indices, table, mode="max"), table[indices].max(1)[0])


def test_a_margin_counts_only_labels_before_the_first_minus_one():
    loss = F.multilabel_margin_loss(tensor([0.1, 0.2, 0.4, 0.8]), tensor([3, 0, -1, 1]))
    assert loss.item() == pytest.approx(0.85)


def test_the_adaptive_softmax_is_a_distribution():
    layer = nn.AdaptiveLogSoftmaxWithLoss(4, 9, [3, 6], div_value=2.0)
    x = flambeau.rand(5, 4)
    logs = layer.log_prob(x)
    close(logs.exp().sum(1), flambeau.ones(5), 1e-5)
    target = tensor([0, 2, 3, 7, 8])
    close(layer(x, target).output, logs.gather(1, target[:, None]).squeeze(1), 1e-5)
    assert layer.predict(x).tolist() == logs.argmax(1).tolist()


def test_heads_must_divide_the_features():
    with pytest.raises(PreconditionError, match="embed_dim must be divisible by num_heads, got 5 and 2"):
        nn.MultiheadAttention(5, 2)


def test_one_process_synchronises_with_itself():
    plain = nn.Sequential(nn.BatchNorm1d(3), nn.ReLU())
    synced = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(plain))
    x = flambeau.rand(4, 3)
    close(synced(x), plain(x))
    close(synced[0].running_mean, plain[0].running_mean)
    assert type(synced[0]) is nn.SyncBatchNorm


def test_a_module_in_data_parallel_is_the_module():
    inner = nn.Linear(2, 2)
    net = nn.DataParallel(inner)
    close(net(flambeau.ones(2)), inner(flambeau.ones(2)))
    saved = net.state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(saved, "module.")
    assert list(saved) == ["weight", "bias"]


@pytest.mark.parametrize("name", ["activation", "batchnorm", "container", "conv", "linear", "loss", "module",
                                  "normalization", "pooling", "transformer"])
def test_pytorchs_paths_lead_to_the_same_classes(name):
    found = getattr(nn.modules, name)
    assert found.__all__
    assert all(getattr(found, n) is getattr(nn, n) for n in found.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = found.no_such_name


def test_sizes_as_tuples():
    assert nn.modules.utils._pair(3) == (3, 3)
    assert nn.modules.utils._triple((1, 2, 3)) == (1, 2, 3)
    assert nn.modules.utils._reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)
