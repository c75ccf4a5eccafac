"""Modules that PyTorch's own samples leave out: parameters, repr, outputs, gradients, and what is refused."""

from typing import Any

import pytest
from programs import agree, refuse, state

CASES: dict[str, Any] = {  # how it is made, and the shape of its input
    "CrossMapLRN2d": (lambda n: n.CrossMapLRN2d(3), (2, 7, 3, 3)),
    "CrossMapLRN2d, even": (lambda n: n.CrossMapLRN2d(4, 0.1, 0.5, 2.0), (2, 9, 3, 3)),
    "ChannelShuffle": (lambda n: n.ChannelShuffle(3), (2, 6, 3)),
    "PixelShuffle": (lambda n: n.PixelShuffle(2), (2, 8, 3, 3)),
    "PixelUnshuffle": (lambda n: n.PixelUnshuffle(2), (2, 2, 4, 6)),
    "Fold": (lambda n: n.Fold((4, 5), (2, 3), padding=1, stride=(2, 1)), (2, 12, 15)),
    "Unfold": (lambda n: n.Unfold((2, 3), dilation=(1, 2), padding=1), (2, 2, 4, 6)),
    "Upsample": (lambda n: n.Upsample(scale_factor=2, mode="bilinear"), (1, 2, 3, 4)),
    "Upsample, several factors": (lambda n: n.Upsample(scale_factor=(1.5, 2)), (1, 2, 3, 4)),
    "Upsample, size": (lambda n: n.Upsample((4, 5), mode="bicubic", align_corners=True), (1, 2, 3, 4)),
    "UpsamplingNearest2d": (lambda n: n.UpsamplingNearest2d(scale_factor=2), (1, 2, 3, 4)),
    "UpsamplingBilinear2d": (lambda n: n.UpsamplingBilinear2d((5, 6)), (1, 2, 3, 4)),
    "LPPool3d": (lambda n: n.LPPool3d(2, 2), (1, 2, 4, 5, 6)),
    "LPPool2d, infinite": (lambda n: n.LPPool2d(float("inf"), 2, ceil_mode=True), (1, 2, 5, 6)),
    "SyncBatchNorm": (lambda n: n.SyncBatchNorm(3), (4, 3, 2)),
    "LazyLinear": (lambda n: n.LazyLinear(3), (4, 5)),
    "LazyLinear, no bias": (lambda n: n.LazyLinear(3, bias=False), (4, 5)),
    "LazyBatchNorm1d": (lambda n: n.LazyBatchNorm1d(), (4, 5)),
    "LazyBatchNorm2d": (lambda n: n.LazyBatchNorm2d(affine=False), (4, 5, 2, 2)),
    "LazyBatchNorm3d": (lambda n: n.LazyBatchNorm3d(track_running_stats=False), (4, 5, 2, 2, 1)),
    "LazyInstanceNorm1d": (lambda n: n.LazyInstanceNorm1d(), (4, 5, 3)),
    "LazyInstanceNorm2d": (lambda n: n.LazyInstanceNorm2d(affine=False), (4, 5, 2, 2)),
    "LazyInstanceNorm3d": (lambda n: n.LazyInstanceNorm3d(), (4, 5, 2, 2, 2)),
    "Container": (lambda n: n.Sequential(*n.Container(first=n.Linear(3, 2)).children()), (4, 3)),
    "DataParallel": (lambda n: n.DataParallel(n.Linear(3, 2)), (4, 3)),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("training", [True, False])
def test_a_module(case: str, training: bool) -> None:
    make, shape = CASES[case]

    def program(t: Any) -> Any:
        module = make(t.nn).train(training)
        before, x = repr(module), t.randn(shape, requires_grad=True)
        out = module(x)
        found = [before, *state(module), out.detach(), type(module).__name__, t.rand(1)]
        return found if "CrossMap" in case else [*found, *t.autograd.grad(out.sin().sum(), [x, *module.parameters()])]

    agree(program)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_unpooling(dims: int) -> None:
    def program(t: Any) -> Any:
        pool = getattr(t.nn, f"MaxPool{dims}d")(2, stride=2, padding=1, return_indices=True)
        unpool = getattr(t.nn, f"MaxUnpool{dims}d")(2, stride=2, padding=1)
        x = t.randn(2, 3, *range(5, 5 + dims))
        values, places = pool(x)
        values.requires_grad_()
        out = unpool(values, places, output_size=x.shape)
        return [out.detach(), repr(unpool), t.autograd.grad(out.sin().sum(), values)[0]]

    agree(program)


@pytest.mark.parametrize("head_bias", [True, False])
def test_the_adaptive_softmax(head_bias: bool) -> None:
    def program(t: Any) -> Any:
        layer = t.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], div_value=2.0, head_bias=head_bias)
        x = t.randn(5, 8, requires_grad=True)
        out, loss = layer(x, t.tensor([0, 4, 2, 11, 7]))
        grads = t.autograd.grad(loss, [x, *layer.parameters()])
        alone = layer(x[0], t.tensor(4))
        return [*state(layer), out.detach(), loss.detach(), *grads, layer.log_prob(x).detach(), layer.predict(x),
                alone.output.detach(), alone.loss.detach(), type(alone).__name__]

    agree(program)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags(mode: str) -> None:
    def program(t: Any) -> Any:
        layer = t.nn.EmbeddingBag(7, 3, mode=mode, padding_idx=2, max_norm=1.5)
        out = layer(t.tensor([0, 2, 6, 1]), t.tensor([0, 1]))
        shared = t.nn.EmbeddingBag.from_pretrained(t.ones(4, 2), mode=mode, freeze=False)
        return [*state(layer), out.detach(), repr(shared), shared(t.tensor([[0, 1]])).detach(),
                shared.weight.requires_grad]

    agree(program)


def test_a_lazy_net_is_copied_saved_and_used() -> None:
    def program(t: Any) -> Any:
        import copy

        net = t.nn.Sequential(t.nn.LazyConv2d(4, 3), t.nn.ReLU(), t.nn.Flatten(), t.nn.LazyLinear(2))
        before = repr(net)
        other = copy.deepcopy(net)
        found = [before, str(list(net.state_dict())), net(t.ones(1, 3, 5, 5)).detach()]
        other.load_state_dict(net.state_dict())
        return [*found, *state(net), other.eval()(t.ones(1, 3, 5, 5)).detach(), repr(other)]

    agree(program)


def test_which_batch_norms_are_converted() -> None:
    def program(t: Any) -> Any:
        net = t.nn.Sequential(t.nn.BatchNorm2d(3), t.nn.Sequential(t.nn.BatchNorm1d(2, affine=False), t.nn.ReLU()),
                              t.nn.InstanceNorm2d(3))
        return [repr(t.nn.SyncBatchNorm.convert_sync_batchnorm(net))]

    agree(program)


def test_causal_masks() -> None:
    def program(t: Any) -> Any:
        from importlib import import_module

        bias = import_module(f"{t.__name__}.nn.attention.bias")
        q, k = t.randn(1, 2, 3, 4), t.randn(1, 2, 5, 4)
        found = []
        for make in (bias.causal_upper_left, bias.causal_lower_right):
            mask = make(3, 5)
            found += [t.nn.functional.scaled_dot_product_attention(q, k, k, attn_mask=mask), int(mask.variant),
                      repr(mask)]
        return found

    agree(program)


REFUSED: dict[str, Any] = {
    "CrossMapLRN2d of 3 dims": lambda t: t.nn.CrossMapLRN2d(3)(t.ones(2, 3, 4)),
    "SyncBatchNorm of a vector": lambda t: t.nn.SyncBatchNorm(3)(t.ones(3)),
    "cutoffs that fall": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [7, 3]),
    "no cutoffs": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(8, 12, []),
    "a class outside": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3])(t.ones(1, 8), t.tensor([12])),
    "other batches": lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3])(t.ones(2, 8), t.tensor([1])),
    "no windows wanted": lambda t: t.nn.FractionalMaxPool2d(2),
    "a ratio above one": lambda t: t.nn.FractionalMaxPool2d(2, output_ratio=1.5),
    "a bag of another table": lambda t: t.nn.EmbeddingBag(3, 4, _weight=t.ones(2, 2)),
    "padding outside the table": lambda t: t.nn.EmbeddingBag(3, 4, padding_idx=5),
    "three sizes of a mask": lambda t: __import__(f"{t.__name__}.nn.attention.bias", fromlist=["x"]).causal_upper_left(
        1, 2, 3),
    "a loss weight of another size": lambda t: t.nn.LinearCrossEntropyLoss(3, 4, weight=t.ones(2)),
    "no such policy": lambda t: t.nn.LinearCrossEntropyOptions(acc_policy="other"),
    "an unknown factory name": lambda t: t.nn.factory_kwargs({"other": 1}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    refuse(REFUSED[case])
