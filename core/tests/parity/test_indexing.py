"""x[...] and x[...] = v beside PyTorch's: every form of key, values that broadcast, gradients, views, errors."""

import random
from typing import Any

import pytest
import torch

import flambeau

KEYS = 40  # per seed
T = torch.tensor


@pytest.fixture(params=["cpu", "reference"], autouse=True)
def device(request: pytest.FixtureRequest) -> Any:
    with flambeau.device(request.param):
        yield


def ours(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        made = flambeau.tensor(value.detach().tolist(), dtype=getattr(flambeau, str(value.dtype)[6:]))
        return made.reshape(tuple(value.shape)).requires_grad_(value.requires_grad)
    if isinstance(value, tuple):
        return tuple(ours(v) for v in value)
    return [ours(v) for v in value] if isinstance(value, list) else value


def same(mine: Any, their: torch.Tensor) -> None:
    assert tuple(mine.shape) == tuple(their.shape)
    assert str(mine.dtype).split(".")[1] == str(their.dtype).split(".")[1]
    assert mine.detach().tolist() == their.detach().tolist()


def numbers(rng: random.Random, size: int, shape: list[int]) -> torch.Tensor:
    count = 1
    for n in shape:
        count *= n
    return T([rng.randrange(-size, size) for _ in range(count)], dtype=torch.int64).reshape(shape)


def entry(rng: random.Random, size: int, shared: list[int]) -> Any:
    """One entry of a key for a dim of that size; index tensors have a shape that broadcasts with `shared`."""
    kind = rng.choice(["int", "slice", "slice", "full", "tensor", "tensor", "list", "mask", "zero-d", "bools"])
    if kind == "slice":
        bounds = [rng.choice([None, *range(-size - 1, size + 2)]) for _ in range(2)]
        return slice(*bounds, rng.choice([None, 1, 2, 3]))
    if kind == "full" or not size:
        return slice(None)
    if kind == "int":
        return rng.randrange(-size, size)
    if kind == "zero-d":
        return T(rng.randrange(-size, size))
    if kind in ("mask", "bools"):
        mask = [rng.random() < 0.5 for _ in range(size)]
        if len(shared) == 1 and shared[0] > 1 and sum(mask) not in (1, shared[0]):
            mask = [i < shared[0] for i in range(size)] if shared[0] <= size else [True] + [False] * (size - 1)
        elif len(shared) != 1 or shared[0] == 1:
            mask = [i == 0 for i in range(size)]
        return T(mask) if kind == "mask" else mask
    shape = [n if rng.random() < 0.7 else 1 for n in shared][rng.randint(0, len(shared)) if rng.random() < 0.3 else 0:]
    index = numbers(rng, size, shape)
    if kind == "list" and len(shape) == 1:
        return index.tolist()
    return index.int() if rng.random() < 0.1 else index


def key(rng: random.Random, shape: tuple[int, ...]) -> Any:
    shared = rng.choice([[2], [3], [2, 2], [1], [0]])
    entries = [entry(rng, n, shared) for n in shape[: rng.randint(0, len(shape))]]
    for _ in range(rng.choice([0, 0, 1, 2])):
        entries.insert(rng.randint(0, len(entries)), None)
    if rng.random() < 0.3:
        at = rng.randint(0, len(entries))
        lost = sum(e is not None for e in entries[at:])
        entries = [*entries[:at], ..., *entries[at:]]
        for i in range(at + 1, len(entries)):  # what follows an ellipsis indexes the last dims
            if entries[i] is not None:
                entries[i] = entry(rng, shape[len(shape) - lost], shared)
                lost -= 1
    if rng.random() < 0.1:
        entries.insert(rng.randint(0, len(entries)), rng.choice([True, False, T(True)]))
    return entries[0] if len(entries) == 1 and rng.random() < 0.8 else tuple(entries)


def shapes(rng: random.Random) -> tuple[int, ...]:
    return tuple(rng.choice([0, 1, 2, 3, 3, 4]) for _ in range(rng.choice([0, 1, 2, 2, 3, 3, 4])))


def laid_out(rng: random.Random, shape: tuple[int, ...]) -> torch.Tensor:
    """Distinct elements, now and then transposed."""
    count = 1
    for n in shape:
        count *= n
    return torch.arange(count, dtype=torch.float64).reshape(shape)


@pytest.mark.parametrize("seed", range(30))
def test_random_keys_read_alike(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(KEYS):
        x = laid_out(rng, shapes(rng)).requires_grad_()
        mine, chosen = ours(x), key(rng, tuple(x.shape))
        try:
            their = x[chosen]
        except (IndexError, RuntimeError, TypeError, ValueError) as error:
            with pytest.raises((IndexError, RuntimeError, TypeError, ValueError)):
                mine[ours(chosen)]
            assert error is not None
            continue
        got = mine[ours(chosen)]
        same(got, their)
        assert got.requires_grad
        g = torch.randn(their.shape, dtype=torch.float64)
        their.backward(g)
        got.backward(ours(g))
        assert torch.allclose(T(mine.grad.tolist(), dtype=torch.float64).reshape(x.shape), x.grad), chosen


def value_for(rng: random.Random, shape: tuple[int, ...]) -> Any:
    """A number, or a tensor that broadcasts to `shape`, now and then with a leading 1 too many or of another dtype."""
    if rng.random() < 0.3:
        return rng.choice([7, 2.5, True, T(3.0), T(4)])
    size = [n if rng.random() < 0.7 else 1 for n in shape]
    if rng.random() < 0.3:
        size = size[rng.randint(0, len(size)):]
    if rng.random() < 0.1:
        size = [1, *size]
    made = torch.randn(size, dtype=torch.float64)
    return made.to(rng.choice([torch.float32, torch.int64])) if rng.random() < 0.2 else made


def repeats(x: torch.Tensor, chosen: Any) -> bool:
    """Whether a key names an element twice: which value is left is then unspecified."""
    picked = torch.arange(x.numel()).reshape(x.shape)[chosen].reshape(-1)
    return bool(picked.unique().numel() < picked.numel())


@pytest.mark.parametrize("seed", range(30))
def test_random_keys_write_alike(seed: int) -> None:
    rng = random.Random(1000 + seed)
    for _ in range(KEYS):
        x = laid_out(rng, shapes(rng)).requires_grad_()
        mine, chosen = ours(x), key(rng, tuple(x.shape))
        try:
            picked = x[chosen]
        except (IndexError, RuntimeError, TypeError, ValueError):
            continue
        value = value_for(rng, tuple(picked.shape))
        tracked = isinstance(value, torch.Tensor) and value.is_floating_point() and rng.random() < 0.5
        value = value.requires_grad_() if tracked else value
        mine_value = ours(value)
        their, got = x * 1, mine * 1
        try:
            their[chosen] = value
        except (IndexError, RuntimeError, TypeError, ValueError):
            with pytest.raises((IndexError, RuntimeError, TypeError, ValueError)):
                got[ours(chosen)] = mine_value
            continue
        got[ours(chosen)] = mine_value
        if repeats(x, chosen):
            continue
        same(got, their)
        g = torch.randn(their.shape, dtype=torch.float64)
        their.backward(g)
        got.backward(ours(g))
        assert mine.grad.tolist() == x.grad.tolist()
        if tracked:
            wanted = torch.zeros(value.shape, dtype=value.dtype) if value.grad is None else value.grad
            left = mine_value.grad if mine_value.grad is not None else flambeau.zeros_like(mine_value)
            assert torch.allclose(T(left.tolist(), dtype=value.dtype).reshape(value.shape), wanted, atol=1e-6), chosen


LEGACY = [[0, T(1)], [slice(0, 1)], [None], [...], [], [[]], [[0, 1], [0]], [True, False], range(2), [1.5], (..., ...),
          (..., 0, ...), slice(T(1), None), T([1, 0], dtype=torch.uint8), T(1, dtype=torch.uint8), T([1, 0]).int()]


@pytest.mark.filterwarnings("ignore:indexing with dtype torch.uint8:UserWarning")
@pytest.mark.parametrize("chosen", LEGACY, ids=str)
def test_lists_and_other_legacies(chosen: Any) -> None:
    try:
        their = X[chosen]
    except UserWarning:
        return
    same(ours(X)[ours(chosen)], their)


BASIC = [
    0,
    -1,
    slice(1, None),
    (slice(None), 1),
    None,
    ...,
    (..., 0),
    (None, slice(None), None, 0),
    (1, slice(None, None, 2)),
    slice(0, 0),
    T(1),
]


@pytest.mark.parametrize("chosen", BASIC, ids=str)
def test_basic_keys_give_views(chosen: Any) -> None:
    x = torch.arange(6.0).reshape(2, 3)
    mine = ours(x)
    their, got = x[chosen], mine[ours(chosen)]
    their.add_(10)
    got.add_(10)
    same(mine, x)
    x.mul_(2)
    mine.mul_(2)
    same(got, their)
    assert their._is_view() == got._is_view()
    long = [d for d, n in enumerate(their.shape) if n > 1]  # the stride of a dim of one element says nothing
    assert [got.stride(d) for d in long] == [their.stride(d) for d in long]
    assert got.storage_offset() == their.storage_offset()


@pytest.mark.parametrize(
    "chosen",
    [[0, 1], T([0, 1]), T([[True, False, True], [False, True, True]]), (0, T([1, 2])), True, (T([0, 1]), T([1, 2]))],
    ids=str,
)
def test_advanced_keys_give_copies(chosen: Any) -> None:
    x = torch.arange(6.0).reshape(2, 3)
    mine = ours(x)
    x[chosen].add_(10)
    mine[ours(chosen)].add_(10)
    same(mine, x)


X = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "chosen",
    [
        2,
        -3,
        (0, 3),
        (0, 0, 0),
        slice(None, None, -1),
        slice(None, None, 0),
        "a",
        1.5,
        T(1.5),
        T([0.5]),
        (..., ..., 0),
        T([2]),
        T([-3]),
        T([True, False, True]),
        T([[True], [False]]),
        (T([0, 1]), T([0, 1, 2])),
        [0, 2],
        slice("a"),
        {1: 2},
        (0, "b"),
        T([0, 1]).short(),
        (T([0]), T([[True, False, True]])),
        [[0, 1], [0, 1, 2]],
    ],
    ids=str,
)
def test_bad_keys(chosen: Any) -> None:
    with pytest.raises(Exception) as wanted:
        X[chosen]
    with pytest.raises(wanted.type) as got:
        ours(X)[ours(chosen)]
    assert isinstance(got.value, flambeau.errors.FlambeauError)
    mine = ours(X)
    with pytest.raises(wanted.type):
        mine[ours(chosen)] = 1.0
    same(mine, X)


@pytest.mark.parametrize(
    ("chosen", "value"),
    [
        (0, torch.ones(2)),
        (slice(None), torch.ones(3, 3)),
        ((T([0, 1]),), torch.ones(3, 3)),
        (T([True, False]), torch.ones(2)),
        (X > 2, torch.ones(2)),
        (0, torch.ones(2, 3)),
        (0, "a"),
        (0, [1.0, 2.0]),
        ((0, 0), torch.ones(2)),
    ],
    ids=str,
)
def test_bad_values(chosen: Any, value: Any) -> None:
    their, mine = X.clone(), ours(X)
    with pytest.raises(Exception) as wanted:
        their[chosen] = value
    with pytest.raises(wanted.type) as got:
        mine[ours(chosen)] = ours(value)
    assert isinstance(got.value, flambeau.errors.FlambeauError)
    same(mine, X)


def test_values_are_cast_to_the_tensor() -> None:
    for dtype in (torch.int64, torch.bool, torch.float16, torch.uint8):
        their = torch.zeros(3, dtype=dtype)
        mine = ours(their)
        for value in (1.7, T(2.9), T([1, 0, 3]), True):
            their[:] = value
            mine[:] = ours(value)
            same(mine, their)


def test_deleting_is_refused() -> None:
    with pytest.raises(TypeError):
        del ours(X)[0]


def test_iteration_and_membership() -> None:
    mine = ours(X)
    for got, their in zip(mine, X, strict=True):
        same(got, their)
    assert 3 in mine and 7 not in mine
    assert len(mine) == 2


def test_numpy_numbers_and_arrays_are_keys() -> None:
    numpy = pytest.importorskip("numpy")
    mine = ours(X)
    same(mine[numpy.int64(1)], X[1])
    same(mine[numpy.array([1, 0])], X[[1, 0]])
    same(mine[numpy.array([True, False])], X[T([True, False])])
