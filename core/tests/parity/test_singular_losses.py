"""Losses with weights at singular points: nothing left to count, targets at 0 and 1, infinite and NaN errors."""

import pytest
from singular import BACKENDS, INF, NAN, Own, compare, wild

DTYPES = ("float32", "float64")
REDUCTIONS = ("none", "mean", "sum")
LOGITS = [[1.0, -2.0, 0.5], [0.0, 0.0, 0.0], [INF, 0.0, 1.0], [-INF, 0.0, 1.0], [NAN, 0.0, 1.0], [-INF, -INF, -INF],
          [1e4, -1e4, 0.0], [INF, -INF, 0.0]]
BATCHES = [([row, LOGITS[0]],) for row in LOGITS[1:6]]
TARGETS = {"all": (0, 2), "one ignored": (-100, 1), "all ignored": (-100, -100)}
WEIGHTS = {"plain": None, "weighed": (0.5, 2.0, 1.0), "weight 0": (0.0, 2.0, 0.0), "weights 0": (0.0, 0.0, 0.0),
           "weight inf": (INF, 1.0, 0.0)}
ROWS = [[0.0, -1.0, 1.0], [INF, -INF, 0.0], [NAN, 1.0, 100.0], [1e-42, -100.0, 1e30]]
ANSWERS = [[0.0, 1.0, 1.0], [1.0, 0.0, 0.5], [0.0, 0.0, 0.0]]
PAIRS = [(row, answer) for row in ROWS for answer in ANSWERS]
PROBABILITIES = [([0.0, 1.0, 0.5], [0.0, 1.0, 0.0]), ([0.0, 1.0, 1e-42], [1.0, 0.0, 1.0]), ([1.0, 0.0, 0.3], [0.5] * 3)]
TRIPLES = [(a, b, [1.0, -1.0, 0.0]) for a, b in PAIRS]


def weight(m, like, values):
    return None if values is None else m.tensor(list(values), dtype=like.dtype)


def classes(name, smoothing=0.0, **kwargs):
    extra = {"label_smoothing": smoothing} if smoothing else {}
    return {f"{name}, {reduction}, {target}, {weights}{', smoothed' if smoothing else ''}": (
        lambda m, a, reduction=reduction, t=TARGETS[target], w=WEIGHTS[weights]: getattr(m.nn.functional, name)(
            a, m.tensor(list(t)), weight(m, a, w), reduction=reduction, **extra), BATCHES)
        for reduction in REDUCTIONS for target in TARGETS for weights in WEIGHTS}


def pairs(name, cases, **options):
    text = "".join(f", {k}={v}" for k, v in options.items())
    return {f"{name}, {reduction}{text}": (lambda m, *a, reduction=reduction: getattr(m.nn.functional, name)(
        *a, reduction=reduction, **options), cases) for reduction in REDUCTIONS}


def weighed(name, cases, **values):
    text = "".join(f", {k}={v}" for k, v in values.items())
    return {f"{name}, {reduction}{text}": (lambda m, a, b, reduction=reduction: getattr(m.nn.functional, name)(
        a, b, reduction=reduction, **{k: weight(m, a, v) for k, v in values.items()}), cases)
        for reduction in REDUCTIONS}


TABLE = {
    **classes("nll_loss"), **classes("cross_entropy"), **classes("cross_entropy", 0.1),
    **pairs("binary_cross_entropy", PROBABILITIES),
    **weighed("binary_cross_entropy", PROBABILITIES, weight=(0, 1, INF)),
    **pairs("binary_cross_entropy_with_logits", PAIRS),
    **weighed("binary_cross_entropy_with_logits", PAIRS, weight=(0.0, 2.0, 1.0)),
    **weighed("binary_cross_entropy_with_logits", PAIRS, pos_weight=(0.0, 2.0, INF)),
    **weighed("binary_cross_entropy_with_logits", PAIRS, weight=(1, 0, 2), pos_weight=(0.5, 2.0, 1.0)),
    "cross_entropy, probabilities": (lambda m, a, b: m.nn.functional.cross_entropy(a[None], b[None]), PAIRS),
    "cross_entropy, probabilities, smoothed": (lambda m, a, b: m.nn.functional.cross_entropy(
        a[None], b[None], label_smoothing=0.2), PAIRS),
    "cross_entropy, probabilities, weighed": (lambda m, a, b: m.nn.functional.cross_entropy(
        a[None], b[None], weight(m, a, (0.0, 2.0, 1.0)), reduction="sum"), PAIRS),
    **pairs("mse_loss", PAIRS), **pairs("l1_loss", PAIRS), **pairs("smooth_l1_loss", PAIRS),
    **pairs("smooth_l1_loss", PAIRS, beta=0.0), **pairs("huber_loss", PAIRS, delta=0.5),
    **pairs("kl_div", PAIRS), **pairs("kl_div", PAIRS, log_target=True),
    "kl_div, batchmean": (lambda m, a, b: m.nn.functional.kl_div(a, b, reduction="batchmean"), PAIRS),
    **pairs("poisson_nll_loss", PAIRS), **pairs("poisson_nll_loss", PAIRS, log_input=False),
    **pairs("poisson_nll_loss", PAIRS, full=True),
    **pairs("gaussian_nll_loss", [(a, b, [1.0, 0.0, 1e-8]) for a, b in PAIRS]),
    **pairs("hinge_embedding_loss", [(a, [1.0, -1.0, 1.0]) for a in ROWS]),
    **{f"soft_margin_loss, {reduction}": (lambda m, a, reduction=reduction: m.nn.functional.soft_margin_loss(
        a, m.tensor([1.0, -1.0, 1.0], dtype=a.dtype), reduction=reduction), [(a,) for a in ROWS])
       for reduction in REDUCTIONS},
    **pairs("margin_ranking_loss", TRIPLES),
    **pairs("cosine_embedding_loss", [([a, b], [b, b], [1.0, -1.0]) for a, b in PAIRS]),
    **pairs("triplet_margin_loss", [([a], [b], [[1.0, 0.0, 0.0]]) for a, b in PAIRS]),
    **pairs("multilabel_soft_margin_loss", [([a], [b]) for a, b in PAIRS]),
    "multi_margin_loss": (lambda m, a: m.nn.functional.multi_margin_loss(a, m.tensor([0, 2])), BATCHES),
}


OWN = {
    "cross_entropy, mean, all, weight 0, smoothed": Own("PyTorch divides the two parts by 0 apart: NaN + inf", "out"),
    "binary_cross_entropy, ...": Own("PyTorch takes 1e-12 as a float32 number", "grad 0", ("float64",)),
    "cosine_embedding_loss, ...": Own("the same", "grad", ("float64",)),
    "multi_margin_loss": Own("PyTorch leaves a NaN margin out, and multiplies the gradient by 0 within the margin",
                             where=lambda f: wild(f.inputs) or f.seed not in (0.0, 1.0)),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TABLE)
def test_losses_are_as_in_pytorch(name: str, dtype: str, backend: str):
    compare(TABLE, OWN, name, dtype, backend)
