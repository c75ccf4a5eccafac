"""Picking, placing, bounding, pooling at singular points: repeated places, ties, NaN and infinities on either side."""

import pytest
from singular import BACKENDS, INF, NAN, compare

DTYPES = ("float32", "float64")
ROWS = [[0.0, -0.0, 0.0, 1.0], [2.0, 2.0, 2.0, -1.0], [NAN, 1.0, 2.0, 0.0], [INF, 1.0, -INF, 0.0],
        [NAN, INF, NAN, -INF], [-INF, -INF, -INF, -INF], [1e-42, 1e6, 3.0, 0.5], [0.0, 0.0, 0.0, 0.0]]
PLAIN = [1.0, -2.0, 0.5, 2.0]
CASES = [(row,) for row in ROWS]
TWO = [(a, b) for a in ROWS for b in (PLAIN, *ROWS)]
THREE = [(a, b, c) for a in ROWS for b in (PLAIN, ROWS[1], ROWS[2]) for c in (PLAIN, ROWS[0], ROWS[3])]
IMAGES = [([[[a, b], [PLAIN, a]]],) for a, b in zip(ROWS, ROWS[1:] + ROWS[:1], strict=True)]
LINES = [([[a]],) for a in ROWS]


def at(m, *places):
    return m.tensor(list(places))


def mask(m):
    return m.tensor([True, False, True, False])


def put(a, places, b, accumulate):
    made = a.clone()
    made[places] = b[: len(places)] if not accumulate else made[places] + b[: len(places)]
    return made


TABLE = {
    "gather": (lambda m, a: m.gather(a, 0, at(m, 0, 0, 2, 3, 0)), CASES),
    "take": (lambda m, a: m.take(a, at(m, 0, 0, 2)), CASES),
    "take_along_dim": (lambda m, a: m.take_along_dim(a, at(m, 1, 1, 2), 0), CASES),
    "index_select": (lambda m, a: m.index_select(a, 0, at(m, 0, 0, 2)), CASES),
    "x[places]": (lambda m, a: a[at(m, 1, 1, 1, 0)], CASES),
    "x[mask]": (lambda m, a: a[mask(m)], CASES),
    "x[places] = y": (lambda m, a, b: put(a, at(m, 0, 2), b, False), TWO),
    "x[places] += y": (lambda m, a, b: put(a, at(m, 0, 2), b, True), TWO),
    "masked_select": (lambda m, a: m.masked_select(a, mask(m)), CASES),
    "masked_fill": (lambda m, a: m.masked_fill(a, mask(m), 2.0), CASES),
    "masked_fill, inf": (lambda m, a: m.masked_fill(a, mask(m), INF), CASES),
    "masked_fill, tensor": (lambda m, a, b: a.masked_fill(mask(m), b[0]), TWO),
    "masked_scatter": (lambda m, a, b: m.masked_scatter(a, mask(m), b), TWO),
    "where": (lambda m, a, b: m.where(mask(m), a, b), TWO),
    "where, computed": (lambda m, a, b: m.where(a > 0, m.log(a), b * a), TWO),
    "scatter": (lambda m, a, b: m.scatter(a, 0, at(m, 0, 2, 3, 1), b), TWO),
    "scatter, value": (lambda m, a: m.scatter(a, 0, at(m, 0, 2), 2.0), CASES),
    "scatter_add": (lambda m, a, b: m.scatter_add(a, 0, at(m, 0, 0, 2, 1), b), TWO),
    **{f"scatter_reduce {reduce}, {own}": (
        lambda m, a, b, reduce=reduce, own=own: m.scatter_reduce(a, 0, at(m, 0, 0, 2, 0), b, reduce, include_self=own),
        TWO) for reduce in ("sum", "mean", "amax", "amin", "prod") for own in (True, False)},
    "index_add": (lambda m, a, b: m.index_add(a, 0, at(m, 0, 0, 2, 1), b, alpha=2), TWO),
    "index_copy": (lambda m, a, b: m.index_copy(a, 0, at(m, 0, 3, 2, 1), b), TWO),
    "index_fill": (lambda m, a: m.index_fill(a, 0, at(m, 0, 2), 3.0), CASES),
    "index_put": (lambda m, a, b: m.index_put(a, (at(m, 0, 0, 2, 1),), b, accumulate=True), TWO),
    "put": (lambda m, a, b: m.put(a, at(m, 0, 3, 2, 1), b), TWO),
    "put, accumulated": (lambda m, a, b: m.put(a, at(m, 0, 0, 2, 1), b, accumulate=True), TWO),
    **{name: (lambda m, a, b, name=name: getattr(m, name)(a, b), TWO) for name in
       ("maximum", "minimum", "fmax", "fmin")},
    "clamp": (lambda m, a, b, c: m.clamp(a, b, c), THREE),
    "clamp, below": (lambda m, a, b: m.clamp(a, b), TWO),
    "clamp, above": (lambda m, a, b: m.clamp(a, max=b), TWO),
    "max_pool1d": (lambda m, a: m.nn.functional.max_pool1d(a, 2, 1, 1), LINES),
    "max_pool1d, dilated": (lambda m, a: m.nn.functional.max_pool1d(a, 2, 1, dilation=2), LINES),
    "max_pool2d": (lambda m, a: m.nn.functional.max_pool2d(a, 2, 1, 1), IMAGES),
    "max_pool2d, indices": (lambda m, a: m.nn.functional.max_pool2d(a, 2, return_indices=True), IMAGES),
    "adaptive_max_pool1d": (lambda m, a: m.nn.functional.adaptive_max_pool1d(a, 3), LINES),
    "adaptive_max_pool2d": (lambda m, a: m.nn.functional.adaptive_max_pool2d(a, (2, 3)), IMAGES),
    "avg_pool1d": (lambda m, a: m.nn.functional.avg_pool1d(a, 2, 1, 1), LINES),
    "avg_pool2d": (lambda m, a: m.nn.functional.avg_pool2d(a, 2, 1, 1, count_include_pad=False), IMAGES),
    "adaptive_avg_pool1d": (lambda m, a: m.nn.functional.adaptive_avg_pool1d(a, 3), LINES),
    "adaptive_avg_pool2d": (lambda m, a: m.nn.functional.adaptive_avg_pool2d(a, (2, 3)), IMAGES),
    "lp_pool1d": (lambda m, a: m.nn.functional.lp_pool1d(a, 2.0, 2), LINES),
    "lp_pool1d, 3": (lambda m, a: m.nn.functional.lp_pool1d(a, 3.0, 2), LINES),
    **{f"pad {mode}": (lambda m, a, mode=mode: m.nn.functional.pad(a, (1, 2), mode), LINES)
       for mode in ("constant", "reflect", "replicate", "circular")},
    "conv1d": (lambda m, a, w: m.nn.functional.conv1d(a, w, padding=1), [(a, [[[1.0, -1.0]]]) for a, in LINES]),
    "conv1d, weight": (lambda m, a, w: m.nn.functional.conv1d(a, w), [([[PLAIN]], [[row[:2]]]) for row in ROWS]),
    "conv2d": (lambda m, a, w: m.nn.functional.conv2d(a, w, padding=1), [(a, [[[[1.0, -1.0], [2.0, 0.0]]] * 2])
                                                                        for a, in IMAGES]),
    "conv_transpose1d": (lambda m, a, w: m.nn.functional.conv_transpose1d(a, w), [(a, [[[1.0, -1.0]]])
                                                                                for a, in LINES]),
    "matmul": (lambda m, a, b: m.outer(a, b) @ b, TWO),
    "cumsum": (lambda m, a: m.cumsum(a, 0), CASES),
    "embedding": (lambda m, a: m.nn.functional.embedding(m.tensor([0, 0, 3]), a.reshape(4, 1), padding_idx=3), CASES),
}


OWN = {}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TABLE)
def test_indexing_is_as_in_pytorch(name: str, dtype: str, backend: str):
    compare(TABLE, OWN, name, dtype, backend)
