"""Resampling, grids, bags, CTC, unpooling, attention: forms that PyTorch's samples leave out, and what is refused."""

from typing import Any

import pytest
import torch
from programs import agree, refuse


def images(t: Any, *shape: int, dtype: str = "float32") -> Any:
    x = t.rand(*shape, dtype=t.float64)
    return (x * 255 if dtype == "uint8" else x).to(getattr(t, dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_antialias(mode: str, align_corners: bool, dtype: str) -> None:
    def program(t: Any) -> Any:
        x = images(t, 1, 2, 9, 13, dtype=dtype)
        options = {"mode": mode, "align_corners": align_corners, "antialias": True}
        return [*(t.nn.functional.interpolate(x, size, **options) for size in ((4, 5), (20, 7), (9, 13), (3, 40))),
                *(t.nn.functional.interpolate(x, scale_factor=factor, **options) for factor in (0.3, 2.7, (1.3, 0.6)))]

    agree(program)


def test_lanczos() -> None:
    agree(lambda t: [t.nn.functional.interpolate(images(t, 1, 2, 9, 13), size, mode="lanczos", antialias=True)
                     for size in ((4, 5), (20, 7), (1, 3))])


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "linear", "area"])
def test_which_elements_are_taken(mode: str, dtype: str) -> None:
    def program(t: Any) -> Any:
        found = []
        for count in (7, 10, 33, 100):
            x = t.arange(float(count)).to(getattr(t, dtype))[None, None]
            for factor in (1.7, 0.37, 3.3, 0.9, 1.1, 2.9999):
                found.append(t.nn.functional.interpolate(x, scale_factor=factor, mode=mode))
                found.append(t.nn.functional.interpolate(x, scale_factor=factor, mode=mode,
                                                         recompute_scale_factor=True))
        return found

    agree(program)


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grids_far_outside(mode: str, padding_mode: str, align_corners: bool) -> None:
    def program(t: Any) -> Any:
        options = (mode, padding_mode, align_corners)
        x, grid = t.randn(2, 3, 5, 4, requires_grad=True), (t.rand(2, 3, 2, 2) * 8 - 4).requires_grad_()
        out = t.nn.functional.grid_sample(x, grid, *options)
        found = [out.detach(), *t.autograd.grad(out.sin().sum(), (x, grid)),
                 t.nn.functional.grid_sample(x[:, :, :1, :1], grid, *options).detach()]
        if mode != "bicubic":
            found.append(t.nn.functional.grid_sample(t.randn(1, 2, 3, 4, 5), t.rand(1, 2, 2, 2, 3) * 4 - 2, *options))
        return found

    agree(program)


@pytest.mark.parametrize("align_corners", [True, False])
def test_affine_grids(align_corners: bool) -> None:
    agree(lambda t: [t.nn.functional.affine_grid(t.randn(2, 2, 3), (2, 1, 4, 5), align_corners),
                     t.nn.functional.affine_grid(t.randn(2, 2, 3, dtype=t.float64), (2, 1, 1, 5), align_corners),
                     t.nn.functional.affine_grid(t.randn(2, 3, 4), (2, 1, 3, 4, 5), align_corners)])


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding_idx", [None, 2, -1])
def test_bags(mode: str, padding_idx: Any) -> None:
    def program(t: Any) -> Any:
        weight = t.randn(6, 4, requires_grad=True)
        for offsets in ([0, 2, 2, 4], [0], [0, 5]):
            out = t.nn.functional.embedding_bag(t.tensor([0, 1, 5, 2, 2]), weight, t.tensor(offsets), mode=mode,
                                                padding_idx=padding_idx)
            yield out.detach()
            yield t.autograd.grad(out.square().sum(), weight)[0]
        yield t.nn.functional.embedding_bag(t.tensor([[0, 1], [5, 2]]), weight, mode=mode, max_norm=0.5).detach()
        yield t.nn.functional.embedding_bag(t.zeros(0, dtype=t.int64), weight, t.tensor([0, 0]), mode=mode).detach()

    agree(lambda t: list(program(t)))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("zero_infinity", [True, False])
def test_ctc(reduction: str, zero_infinity: bool) -> None:
    def program(t: Any) -> Any:
        logits = t.randn(6, 3, 5, dtype=t.float64).requires_grad_()
        options = {"reduction": reduction, "zero_infinity": zero_infinity}
        targets = t.tensor([[1, 2, 2], [3, 1, 0], [4, 4, 4]])
        for lengths in (([6, 5, 6], [3, 2, 3]), ([6, 5, 6], [3, 0, 2])):
            loss = t.nn.functional.ctc_loss(logits.log_softmax(2), targets, *lengths, **options)
            yield loss.detach()
            yield t.autograd.grad(loss.sum(), logits)[0]
        yield t.nn.functional.ctc_loss(logits.log_softmax(2), targets, [6, 5, 3], [3, 2, 3], **options).detach()
        yield t.nn.functional.ctc_loss(logits.log_softmax(2), targets.flatten()[:8], [6, 5, 6], [3, 2, 3],
                                       **options).detach()

    agree(lambda t: list(program(t)))


@pytest.mark.parametrize("name", ["src", "both"])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("norm_first", [True, False])
def test_an_encoder_in_evaluation(name: str, batch_first: bool, norm_first: bool) -> None:
    """Off the graph PyTorch leaves hidden places out, and they come out as zeros."""
    def program(t: Any) -> Any:
        layer = t.nn.TransformerEncoderLayer(4, 2, 8, batch_first=batch_first, norm_first=norm_first)
        net = t.nn.TransformerEncoder(layer, 2, t.nn.LayerNorm(4)).eval()
        x = t.randn(2, 3, 4)
        hidden = t.tensor([[False, False, True], [False, True, True]] if batch_first else [[False, True]] * 3)
        size = x.shape[1 if batch_first else 0]
        mask = t.nn.Transformer.generate_square_subsequent_mask(size)
        options = {"src_key_padding_mask": hidden}
        with t.no_grad():
            return [net(x, **options), net(x, mask=mask, **(options if name == "both" else {})), net(x)]

    agree(program)


class Inputs:
    """What the refused calls are made of."""

    def __init__(self, t: Any) -> None:
        self.f, self.x, self.grid = t.nn.functional, t.rand(2, 3, 9, 13), t.rand(2, 4, 5, 2)
        self.logs, self.targets = t.randn(6, 3, 5).log_softmax(2), t.tensor([[1, 2, 2], [3, 1, 0], [4, 4, 4]])
        self.weight, self.indices = t.randn(6, 4), t.tensor([0, 1, 5, 2, 2])
        self.pooled, self.places = t.nn.functional.max_pool2d(self.x[:, :, :8, :12], 2, return_indices=True)


REFUSED: dict[str, Any] = {
    "no size": lambda t, i: i.f.interpolate(i.x),
    "three sizes for two dims": lambda t, i: i.f.interpolate(i.x, (3, 3, 3)),
    "size and factor": lambda t, i: i.f.interpolate(i.x, 3, 2),
    "half a pixel": lambda t, i: i.f.interpolate(i.x, (3.5, 2)),
    "an image without dims": lambda t, i: i.f.interpolate(i.x[0, 0], 3),
    "linear of an image": lambda t, i: i.f.interpolate(i.x, 3, mode="linear"),
    "an unknown mode": lambda t, i: i.f.interpolate(i.x, 3, mode="other"),
    "aligned neighbours": lambda t, i: i.f.interpolate(i.x, 3, mode="nearest", align_corners=True),
    "antialiased neighbours": lambda t, i: i.f.interpolate(i.x, 3, antialias=True),
    "nothing to make": lambda t, i: i.f.interpolate(i.x, 0),
    "nothing to read": lambda t, i: i.f.interpolate(i.x[:, :, :0], 3),
    "integers": lambda t, i: i.f.interpolate(i.x.long(), 3),
    "a factor recomputed for a size": lambda t, i: i.f.interpolate(i.x, 3, recompute_scale_factor=True),
    "lanczos without antialias": lambda t, i: i.f.interpolate(i.x, 3, mode="lanczos"),
    "grid: an unknown mode": lambda t, i: i.f.grid_sample(i.x, i.grid, "other", align_corners=False),
    "grid: an unknown padding": lambda t, i: i.f.grid_sample(i.x, i.grid, "nearest", "other", align_corners=False),
    "grid: other batches": lambda t, i: i.f.grid_sample(i.x, i.grid[:1], align_corners=False),
    "grid: one coordinate": lambda t, i: i.f.grid_sample(i.x, i.grid[..., :1], align_corners=False),
    "grid: mixed dtypes": lambda t, i: i.f.grid_sample(i.x, i.grid.double(), align_corners=False),
    "grid: one dim less": lambda t, i: i.f.grid_sample(i.x[0], i.grid, align_corners=False),
    "grid: nothing to read": lambda t, i: i.f.grid_sample(i.x[:, :, :0], i.grid, align_corners=False),
    "affine: integers": lambda t, i: i.f.affine_grid(t.ones(2, 2, 3).long(), (2, 1, 4, 5), False),
    "affine: another shape": lambda t, i: i.f.affine_grid(t.ones(2, 3), (2, 1, 4, 5), False),
    "affine: no image": lambda t, i: i.f.affine_grid(t.ones(2, 2, 3), (2, 1, 4), False),
    "affine: nothing to make": lambda t, i: i.f.affine_grid(t.ones(2, 2, 3), (2, 1, 0, 5), False),
    "ctc: input too long": lambda t, i: i.f.ctc_loss(i.logs, i.targets, [7, 5, 3], [3, 2, 3]),
    "ctc: lengths of another batch": lambda t, i: i.f.ctc_loss(i.logs, i.targets, [6, 5], [3, 2, 3]),
    "ctc: target too long": lambda t, i: i.f.ctc_loss(i.logs, i.targets, [6, 5, 3], [3, 2, 4]),
    "ctc: half precision": lambda t, i: i.f.ctc_loss(i.logs.half(), i.targets, [6, 5, 3], [3, 2, 3]),
    "ctc: no such blank": lambda t, i: i.f.ctc_loss(i.logs, i.targets, [6, 5, 3], [3, 2, 3], blank=5),
    "ctc: no such reduction": lambda t, i: i.f.ctc_loss(i.logs, i.targets, [6, 5, 3], [3, 2, 3], reduction="other"),
    "ctc: a row too short": lambda t, i: i.f.ctc_loss(i.logs, i.targets.flatten()[:7], [6, 5, 3], [3, 2, 3]),
    "bags: no offsets": lambda t, i: i.f.embedding_bag(i.indices, i.weight),
    "bags: an unknown mode": lambda t, i: i.f.embedding_bag(i.indices, i.weight, t.tensor([0]), mode="other"),
    "bags: a late start": lambda t, i: i.f.embedding_bag(i.indices, i.weight, t.tensor([1, 2])),
    "bags: an offset outside": lambda t, i: i.f.embedding_bag(i.indices, i.weight, t.tensor([0, 9])),
    "bags: an index outside": lambda t, i: i.f.embedding_bag(i.indices + 4, i.weight, t.tensor([0, 2])),
    "bags: rows and offsets": lambda t, i: i.f.embedding_bag(i.indices[None], i.weight, t.tensor([0])),
    "bags: a vector for a table": lambda t, i: i.f.embedding_bag(i.indices, i.weight[0], t.tensor([0])),
    "bags: weights of a mean": lambda t, i: i.f.embedding_bag(i.indices, i.weight, t.tensor([0]),
                                                              per_sample_weights=t.ones(5)),
    "bags: weights of another size": lambda t, i: i.f.embedding_bag(i.indices, i.weight, t.tensor([0]), mode="sum",
                                                                    per_sample_weights=t.ones(4)),
    "unpool: an index outside": lambda t, i: i.f.max_unpool2d(i.pooled, i.places + 500, 2),
    "unpool: another shape": lambda t, i: i.f.max_unpool2d(i.pooled, i.places[:1], 2),
    "unpool: another size": lambda t, i: i.f.max_unpool2d(i.pooled, i.places, 2, output_size=(20, 20)),
    "unpool: int32 places": lambda t, i: i.f.max_unpool2d(i.pooled, i.places.int(), 2),
    "fractional: no size": lambda t, i: i.f.fractional_max_pool2d(i.x, 2),
    "fractional: too many windows": lambda t, i: i.f.fractional_max_pool2d(i.x, 2, (20, 20)),
    "heads that do not divide": lambda t, i: t.nn.MultiheadAttention(5, 2),
    "no heads": lambda t, i: t.nn.MultiheadAttention(4, 0),
    "attention: a wrong mask": lambda t, i: t.nn.MultiheadAttention(4, 2)(*[i.weight.view(6, 1, 4)] * 3,
                                                                         attn_mask=t.zeros(5, 6)),
    "attention: an integer mask": lambda t, i: t.nn.MultiheadAttention(4, 2)(
        *[i.weight.view(6, 1, 4)] * 3, attn_mask=t.zeros(6, 6, dtype=t.int64)),
    "attention: mixed dims": lambda t, i: t.nn.MultiheadAttention(4, 2)(i.weight.view(6, 1, 4), i.weight, i.weight),
    "attention: other features": lambda t, i: t.nn.MultiheadAttention(2, 2)(*[i.weight.view(6, 1, 4)] * 3),
    "attention: causal without a mask": lambda t, i: t.nn.MultiheadAttention(4, 2)(*[i.weight.view(6, 1, 4)] * 3,
                                                                                  is_causal=True),
    "an unknown activation": lambda t, i: t.nn.TransformerEncoderLayer(4, 2, activation="other"),
    "other batches": lambda t, i: t.nn.Transformer(4, 2, 1, 1, 4)(i.weight.view(3, 2, 4), i.weight.view(6, 1, 4)),
    "other features than d_model": lambda t, i: t.nn.Transformer(2, 2, 1, 1, 4)(*[i.weight.view(6, 1, 4)] * 2),
    "a lazy parameter used": lambda t, i: t.nn.LazyLinear(2).weight + 1,
    "the shape of a lazy parameter": lambda t, i: t.nn.LazyLinear(2).weight.shape,
    "a lazy convolution of a vector": lambda t, i: t.nn.LazyConv2d(2, 2)(i.weight),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    refuse(lambda t: REFUSED[case](t, Inputs(t)))


def test_the_cases_are_pytorchs_too() -> None:
    """Every input of the refused calls is well formed: PyTorch takes it with ordinary options."""
    i = Inputs(torch)
    assert i.f.interpolate(i.x, 3).shape == (2, 3, 3, 3)
    assert i.f.grid_sample(i.x, i.grid, align_corners=False).shape == (2, 3, 4, 5)
    assert i.f.ctc_loss(i.logs, i.targets, [6, 5, 6], [3, 2, 3]).isfinite()
    assert i.f.embedding_bag(i.indices, i.weight, torch.tensor([0, 2])).shape == (2, 4)
    assert i.f.max_unpool2d(i.pooled, i.places, 2).shape == (2, 3, 8, 12)
