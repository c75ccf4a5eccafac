"""Normalisations and distances at singular points: rows of zeros, all equal, with infinities, with NaN."""

import pytest
from singular import BACKENDS, INF, NAN, Own, compare, wild

DTYPES = ("float32", "float64")
ROWS = [[0.0, 0.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0], [1.0, -2.0, 0.5, 3.0], [NAN, 1.0, 2.0, 0.0], [INF, 1.0, 2.0, 0.0],
        [-INF, 1.0, -1.0, 0.0], [INF, -INF, 0.0, 1.0], [-INF, -INF, -INF, -INF], [INF, INF, 0.0, 0.0],
        [1e-30, 3e-30, 0.0, 2e-30], [100.0, -100.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
PLAIN = [1.0, -2.0, 0.5, 3.0]
CASES = [(row,) for row in ROWS]
PAIRS = [([row, PLAIN],) for row in ROWS]
WEIGHTED = [([row, PLAIN], [1.0, 2.0, 0.0, -1.0], [0.5, 0.0, 1.0, 2.0]) for row in ROWS]
CHANNELS = [([[row[:2], row[2:]], [PLAIN[:2], PLAIN[2:]]],) for row in ROWS]
TWO = [(a, b) for a in ROWS for b in (ROWS[0], ROWS[2], a, ROWS[11], ROWS[4])]
SETS = [([a, PLAIN], [b, PLAIN]) for a, b in TWO]

TABLE = {
    **{name: (lambda m, a, name=name: getattr(m.nn.functional, name)(a, -1), CASES + PAIRS) for name in
       ("softmax", "log_softmax", "softmin")},
    "softmax, dim 0": (lambda m, a: m.softmax(a, 0), PAIRS),
    "log_softmax, dim 0": (lambda m, a: m.log_softmax(a, 0), PAIRS),
    "layer_norm": (lambda m, a, w, b: m.nn.functional.layer_norm(a, (4,), w, b), WEIGHTED),
    "layer_norm, plain": (lambda m, a: m.nn.functional.layer_norm(a, (4,)), PAIRS),
    "layer_norm, eps 0": (lambda m, a: m.nn.functional.layer_norm(a, (4,), eps=0.0), PAIRS[:9]),
    "rms_norm": (lambda m, a, w, b: m.nn.functional.rms_norm(a, (4,), w) + b, WEIGHTED),
    "rms_norm, plain": (lambda m, a: m.nn.functional.rms_norm(a, (4,)), PAIRS),
    "group_norm": (lambda m, a, w, b: m.nn.functional.group_norm(a, 2, w, b), WEIGHTED),
    "group_norm, plain": (lambda m, a: m.nn.functional.group_norm(a, 2), CHANNELS),
    "batch_norm": (lambda m, a, w, b: m.nn.functional.batch_norm(a, None, None, w, b, True), WEIGHTED),
    "batch_norm, plain": (lambda m, a: m.nn.functional.batch_norm(a, None, None, training=True), CHANNELS),
    "batch_norm, running": (lambda m, a, w, b: m.nn.functional.batch_norm(
        a, m.zeros(4, dtype=a.dtype), m.tensor([0.0, 1.0, INF, NAN], dtype=a.dtype), w, b), WEIGHTED),
    "instance_norm": (lambda m, a: m.nn.functional.instance_norm(a), CHANNELS),
    "local_response_norm": (lambda m, a: m.nn.functional.local_response_norm(a[..., None], 3), PAIRS),
    **{f"normalize {p}": (lambda m, a, p=p: m.nn.functional.normalize(a, p), PAIRS) for p in (0.5, 1, 2, 3, INF)},
    "cosine_similarity": (lambda m, a, b: m.nn.functional.cosine_similarity(a, b, 0), TWO),
    **{f"pairwise_distance {p}": (lambda m, a, b, p=p: m.nn.functional.pairwise_distance(a, b, p), TWO)
       for p in (0, 0.5, 1, 2, 3, INF)},
    "pairwise_distance, eps 0": (lambda m, a, b: m.nn.functional.pairwise_distance(a, b, eps=0.0), TWO),
    **{f"cdist {p}": (lambda m, a, b, p=p: m.cdist(a, b, p), SETS) for p in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, INF)},
    "cdist by product": (lambda m, a, b: m.cdist(a, b, compute_mode="use_mm_for_euclid_dist"), SETS),
}


OWN = {
    "group_norm": Own("PyTorch takes the weight's gradient apart into two sums: inf - inf", "grad 1",
                      where=lambda f: f.seed == INF),
    "cdist inf": Own("PyTorch's largest of a vector leaves NaN out", where=lambda f: wild(f.inputs)),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TABLE)
def test_normalisations_are_as_in_pytorch(name: str, dtype: str, backend: str):
    compare(TABLE, OWN, name, dtype, backend)
