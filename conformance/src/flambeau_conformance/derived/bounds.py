"""Cases at the bounds of attributes: shifts beyond the size, empty windows, steps over the kernel, long inner dims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import ALL, DType
from flambeau.shapes import numel
from flambeau.table.registry import OpDef
from flambeau.table.samples import Sample, arr

from ..tolerances import MOVING
from .case import Derived, like, made, seeds, specs_in
from .elementwise import LAYOUTS, value_lists
from .indices import each_index, many

_NARROW = (dtypes.float16, dtypes.bfloat16)


def _drawn_shape(rank: int, random: Random, low: int = 1, high: int = 4) -> tuple[int, ...]:
    return tuple(random.randint(low, high if rank < 5 else 2) for _ in range(rank))


def _permuted(random: Random) -> Iterator[tuple[Any, ...]]:
    for rank in (0, 1, 2, 3, 4, 4, 5, 5, 6):
        yield arr(*_drawn_shape(rank, random)), tuple(random.sample(range(rank), rank))


def _viewed(random: Random) -> Iterator[tuple[Any, ...]]:
    for before, after in (((), (1, 1, 1)), ((1,), ()), ((4, 6), (2, 2, 3, 2)), ((2, 3, 4), (24,)), ((2, 3, 4), (6, 4)),
                          ((24,), (2, 1, 3, 1, 2, 2)), ((0, 3), (5, 0, 2)), ((1, 4, 1), (2, 2)),
                          ((2, 2, 2, 3), (4, 6))):
        yield arr(*before), after


def _expanded(random: Random) -> Iterator[tuple[Any, ...]]:
    for rank in (0, 1, 2, 3, 4, 5):
        shape = tuple(random.choice((1, 1, 2)) for _ in range(rank))
        size = tuple(3 if n == 1 else n for n in shape)
        for front in ((), (2,), (1, 2)):
            yield arr(*shape), (*front, *size)
    yield arr(1, 2), (0, 2)


def _sliced(random: Random) -> Iterator[tuple[Any, ...]]:
    for rank in (1, 1, 1, 2, 2, 3, 3, 4, 4, 5):
        shape = _drawn_shape(rank, random, 2, 5)
        index: list[Any] = []
        for n in shape:
            start = random.randint(0, n)
            found = random.choice((slice(start, random.randint(start, n), random.choice((1, 2, 3, n + 4))),
                                   slice(0, n, 1), random.randrange(n)))
            index += [None, found] if random.random() < 0.2 else [found]
        yield arr(*shape), tuple(index)
    yield arr(3, 4), (2, 3)
    yield arr(5), (slice(4, 5, 1),)


def _flipped(random: Random) -> Iterator[tuple[Any, ...]]:
    for rank in (0, 1, 2, 3, 3, 4, 4, 5):
        shape = _drawn_shape(rank, random)
        yield arr(*shape), tuple(sorted(random.sample(range(rank), random.randint(min(rank, 1), rank))))
        yield arr(*shape), tuple(range(rank))


def _rolled(random: Random) -> Iterator[tuple[Any, ...]]:
    for rank in (1, 1, 2, 3, 4):
        shape = _drawn_shape(rank, random)
        for turn in (-9, -1, 0, 1, 2, 4, 11):
            dims = tuple(random.choices(range(rank), k=random.randint(1, 3)))
            yield arr(*shape), tuple(turn + i for i in range(len(dims))), dims
    yield arr(0, 2), (3,), (0,)


def _padded(random: Random) -> Iterator[tuple[Any, ...]]:
    for rank in (1, 2, 3, 4):
        for most in (0, 1, 3):
            yield arr(*_drawn_shape(rank, random, 0 if most else 1, 3)), tuple(
                (random.randint(0, most), most) for _ in range(rank)), random.choice((0, 1, 3))
    yield arr(2, 3, 2), ((1, 2), (2, 1), (1, 1)), 2


def _diagonals(random: Random) -> Iterator[tuple[Any, ...]]:
    for rank in (2, 3, 4, 5):
        for offset in (-5, -2, -1, 0, 1, 3, 6):
            one, two = random.sample(range(rank), 2)
            yield arr(*_drawn_shape(rank, random, 1, 4)), offset, one, two


def _triangles(random: Random) -> Iterator[tuple[Any, ...]]:
    for shape in ((3, 4), (4, 3), (1, 5), (5, 1), (2, 3, 3), (2, 1, 2, 4), (2, 0)):
        for diagonal in (-9, -shape[-2], 1 - shape[-2], -1, 0, 1, shape[-1] - 1, shape[-1], 9):
            yield arr(*shape), diagonal


def _strided(random: Random) -> Iterator[tuple[Any, ...]]:
    yield from ((arr(24), (2, 3, 4), (12, 4, 1), 0), (arr(24), (4, 3, 2), (1, 4, 12), 0), (arr(24), (3,), (0,), 5),
                (arr(24), (), (), 23), (arr(24), (5, 5), (1, 1), 2), (arr(24), (0, 3), (1, 1), 4),
                (arr(24), (2, 2, 2, 2), (8, 4, 2, 1), 8), (arr(24), (2, 3), (23, 0), 0))


def _products(random: Random) -> Iterator[tuple[Any, ...]]:
    shapes = (((5,), (5,)), ((1, 1), (1, 1)), ((7, 9), (9, 8)), ((3, 4), (4,)), ((4,), (4, 3)), ((3, 2, 4), (3, 4, 5)),
              ((3, 2, 4), (1, 4, 5)), ((2, 1, 3, 2), (3, 2, 2)), ((4, 4), (4, 4)), ((2, 0), (0, 3)), ((0, 2), (2, 3)),
              ((2, 3, 1, 2, 2), (3, 1, 2, 3)), ((1, 17), (17, 1)), ((17, 1), (1, 17)), ((33, 8), (8, 3)),
              ((3, 3, 5), (5,)))
    for one, two in shapes:
        yield arr(*one), arr(*two)


def _windows(random: Random) -> Iterator[tuple[Any, ...]]:
    for kernel, dilation, stride in ((1, 1, 1), (2, 1, 3), (3, 2, 1), (2, 3, 2), (7, 1, 1), (1, 1, 9), (3, 1, 3)):
        yield arr(2, 2, 7), (kernel,), (dilation,), (stride,)
    yield arr(1, 2, 5, 4), (2, 3), (2, 1), (3, 2)
    yield arr(1, 1, 3, 4, 3), (2, 2, 3), (1, 2, 1), (1, 1, 1)


def _cast(random: Random) -> Iterator[tuple[Any, ...]]:
    for wanted in ALL:
        yield arr(2, 3, low=0, high=100), wanted
        yield arr(0), wanted


def _full(random: Random) -> Iterator[tuple[Any, ...]]:
    for size in ((), (0,), (1,), (3, 0, 2), (2, 1, 3, 1, 2), (4097,)):
        yield size, 1


def _counted(random: Random) -> Iterator[tuple[Any, ...]]:
    yield from ((0, 1, 1), (3, 2, 17), (0, 0, 4), (5, 1, 0), (0, 1, 100))


def _searched(random: Random) -> Iterator[tuple[Any, ...]]:
    rows = sorted(random.randint(0, 5) for _ in range(9))
    for right in (False, True):
        yield arr(9, fill=rows), arr(2, 3, fill=[0, 1, 2, 3, 5, 9]), right
        yield arr(9, fill=rows), arr(fill=[rows[4]]), right
        yield arr(2, 3, fill=[1, 1, 1, 2, 2, 4]), arr(2, 4, fill=[0, 1, 2, 9, 4, 2, 1, 3]), right
        yield arr(0), arr(3), right
        yield arr(2, 2, 3, fill=[0, 1, 2, 3, 3, 3, 0, 4, 4, 1, 5, 6]), arr(2, 2, 2, fill=[1, 3, 0, 4]), right


def _largest(random: Random) -> Iterator[tuple[Any, ...]]:
    for shape, dim in (((6,), 0), ((2, 5), 1), ((5, 2), 0), ((2, 3, 4), 1)):
        for k in (0, 1, shape[dim] - 1, shape[dim]):
            yield arr(*shape, distinct=True), k, dim, random.random() < 0.5


def _copied(random: Random) -> Iterator[tuple[Any, ...]]:
    for rank in range(6):
        yield (arr(*_drawn_shape(rank, random)),)


def _clamped(random: Random) -> Iterator[tuple[Any, ...]]:
    for low, high in ((1, 1), (2, 1), (None, 1), (0, None), (-1, 3), (0, 0)):
        yield arr(9), low, high


def _convolved(random: Random) -> Iterator[tuple[Any, ...]]:
    for stride, padding, dilation in ((1, 0, 1), (3, 2, 1), (2, 1, 2), (5, 0, 3)):
        yield arr(2, 4, 9), arr(6, 2, 3), arr(6), (stride,), (padding,), (dilation,), False, (0,), 2
        yield arr(1, 4, 5), arr(4, 1, 3), None, (stride,), (padding,), (dilation,), True, (0,), 4
    yield arr(2, 3, 4, 5), arr(5, 3, 1, 1), None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1
    yield arr(2, 3, 4, 5), arr(3, 1, 3, 3), arr(3), (2, 1), (1, 1), (1, 1), False, (0, 0), 3


_BOUNDED: dict[str, Callable[[Random], Iterator[tuple[Any, ...]]]] = {
    "permute": _permuted, "view": _viewed, "reshape": _viewed, "expand": _expanded, "slice": _sliced, "flip": _flipped,
    "roll": _rolled, "pad": _padded, "diagonal": _diagonals, "tril": _triangles, "triu": _triangles,
    "as_strided": _strided, "matmul": _products, "unfold": _windows, "cast": _cast, "full": _full,
    "arange": _counted, "searchsorted": _searched, "topk": _largest, "copy": _copied, "clamp": _clamped,
    "convolution": _convolved}
_IN_ORDER = {"as_strided", "arange", "full"}  # what depends on the storage, or has no inputs


def at_bounds(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """The written list of the op, in turn in every layout."""
    for at, arguments in enumerate(_BOUNDED[op.name](random) if op.name in _BOUNDED else ()):
        layout = "contiguous" if op.name in _IN_ORDER else LAYOUTS[at % len(LAYOUTS)]
        yield Derived(op, dtype, f"derived-bounds-{at:02}", Sample(*arguments), layout)


def moved_values(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """What only moves elements keeps every bit of them: the classes of values in the cases above."""
    if op.family not in MOVING or op.name == "searchsorted" or dtype.is_complex or not dtype.category:
        return
    found = [c for maker in (at_bounds, each_index, many) for c in maker(op, dtype, random) if c.label[-4:] != "long"]
    found = found or [Derived(op, dtype, f"seed-{i}", made(op, s)) for i, s in enumerate(seeds(op, dtype))]
    lists = value_lists(op, dtype)
    for at, case in enumerate(random.sample(found, min(len(found), 10))):
        held = lists[at % len(lists)]
        if op.name == "cast" and dtype.category == 2 and case.sample.args[1].category == 1:
            continue  # what an integer makes of NaN and of numbers beyond it is not stated
        refilled = _refilled(case.op, case.sample, held, random)
        if refilled is not None:
            yield Derived(op, dtype, f"derived-values-{at}x", refilled, case.layout)


def _refilled(op: OpDef, sample: Any, held: list[Any], random: Random) -> Any:
    def change(value: Any) -> Any:
        if isinstance(value, arr) and value.dtype is None:
            count = max(numel(value.shape), 1)
            return like(value, value.shape, distinct=False, fill=[random.choice(held) for _ in range(min(count, 40))])
        return [change(v) for v in value] if isinstance(value, list) else value

    if not any(s.dtype is None for s in specs_in([*sample.args, *sample.kwargs.values()])):
        return None
    return Sample(*[change(a) for a in sample.args], **{k: change(v) for k, v in sample.kwargs.items()})


def inner_lengths(op: OpDef, dtype: DType, random: Random) -> Iterator[Derived]:
    """Inner dims of 33 to 1025 elements in half precision, and beside it in float32: one rounding at the end."""
    if dtype not in (*_NARROW, dtypes.float32):
        return
    for at, arguments in enumerate(_INNER.get(op.name, ())):
        yield Derived(op, dtype, f"derived-lengths-{at}x", Sample(*arguments), ("contiguous", "transposed")[at % 2])


_INNER: dict[str, tuple[tuple[Any, ...], ...]] = {
    "matmul": ((arr(2, 33), arr(33, 3)), (arr(2, 300), arr(300, 2)), (arr(1025), arr(1025)),
               (arr(2, 2, 100), arr(2, 100, 2))),
    "linear": ((arr(2, 300), arr(3, 300), arr(3)), (arr(100), arr(2, 100), None)),
    "convolution": ((arr(1, 40, 6), arr(2, 40, 3), arr(2), (1,), (1,), (1,), False, (0,), 1),),
    "layer_norm": ((arr(2, 300), (300,), arr(300), arr(300), 1e-5), (arr(2, 2, 3, 20), (3, 20), None, None, 1e-5)),
    "rms_norm": ((arr(2, 300), (300,), arr(300), 1e-6),),
    "batch_norm_train": ((arr(200, 3), arr(3), arr(3), 1e-5), (arr(4, 2, 5, 6), None, None, 1e-5)),
    "mse_loss": ((arr(300), arr(300), "mean"),), "smooth_l1_loss": ((arr(300), arr(300), "mean", 1.0),),
    "scatter_add": ((arr(3), 0, arr(300, dtype="int64", fill=[0, 1, 1, 2]), arr(300)),),
    "index_put": ((arr(3), arr(300), [arr(300, dtype="int64", fill=[0, 1, 1, 2])], True),),
    "cdist": ((arr(2, 100), arr(3, 100), 2.0, False),),
    "fold": ((arr(1, 2, 3, 30), (32,), (1,), (1,)),),
    "avg_pool": ((arr(1, 1, 300), (300,), (1,), (0,), (1,), True, None),)}
