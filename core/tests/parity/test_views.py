"""Views and in-place operations under autograd beside PyTorch's: random small programs, and each rule by itself.

A program is a list of steps over a growing list of tensors: views of them, new results, in-place
changes, detaching, writing without recording. Both libraries run it; every tensor must hold the
same values at the end, a step that raises there must raise here, and so must the walk back.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau

Step = tuple[str, int, int, int]


@pytest.fixture(params=["cpu", "reference"], autouse=True)
def device(request: pytest.FixtureRequest) -> Any:
    with flambeau.device(request.param):
        yield


def leaf(lib: Any, values: Any, requires_grad: bool = True) -> Any:
    return lib.tensor(values, dtype=lib.float64, requires_grad=requires_grad)


# Each takes the library, a tensor, another one, and a small number.
VIEWS: dict[str, Callable[..., Any]] = {
    "row": lambda lib, x, y, k: x[k % x.shape[0]], "rows": lambda lib, x, y, k: x[k % 2 :],
    "column": lambda lib, x, y, k: x[..., k % x.shape[-1]], "odd": lambda lib, x, y, k: x[..., ::2],
    "transpose": lambda lib, x, y, k: x.transpose(0, -1), "flatten": lambda lib, x, y, k: x.view(-1),
    "unsqueeze": lambda lib, x, y, k: x.unsqueeze(k % (x.dim() + 1)), "squeeze": lambda lib, x, y, k: x.squeeze(),
    "diagonal": lambda lib, x, y, k: x.diagonal(), "narrow": lambda lib, x, y, k: x.narrow(0, 0, 1),
    "none": lambda lib, x, y, k: x[None], "expand": lambda lib, x, y, k: x.expand(2, *x.shape),
    "detach": lambda lib, x, y, k: x.detach(), "alias": lambda lib, x, y, k: x[...],
}
NEW: dict[str, Callable[..., Any]] = {
    "clone": lambda lib, x, y, k: x.clone(), "mul": lambda lib, x, y, k: x * y, "square": lambda lib, x, y, k: x * x,
    "exp": lambda lib, x, y, k: (x * 0.1).exp(), "add": lambda lib, x, y, k: x + y, "tanh": lambda lib, x, y, k: x.tanh(),
    "picked": lambda lib, x, y, k: x[[0, 0]],
}


def assign(key: Callable[[Any, int], Any]) -> Callable[..., Any]:
    def run(lib: Any, x: Any, y: Any, k: int) -> None:
        x[key(x, k)] = y

    return run


def without_recording(lib: Any, x: Any, y: Any, k: int) -> None:
    with lib.no_grad():
        x.mul_(2)


CHANGES: dict[str, Callable[..., Any]] = {
    "mul_": lambda lib, x, y, k: x.mul_(y), "add_": lambda lib, x, y, k: x.add_(y), "neg_": lambda lib, x, y, k: x.neg_(),
    "copy_": lambda lib, x, y, k: x.copy_(y), "zero_": lambda lib, x, y, k: x.zero_(), "tanh_": lambda lib, x, y, k: x.tanh_(),
    "relu_": lambda lib, x, y, k: lib.relu_(x), "fill_": lambda lib, x, y, k: x.fill_(k), "sub_": lambda lib, x, y, k: x.sub_(1),
    "mul_number": lambda lib, x, y, k: x.mul_(0.5), "masked_fill_": lambda lib, x, y, k: x.masked_fill_(x > 0.3, k),
    "set_row": assign(lambda x, k: k % x.shape[0]), "set_all": assign(lambda x, k: ...),
    "set_list": assign(lambda x, k: [0]), "set_mask": assign(lambda x, k: x > 0),
    "set_column": assign(lambda x, k: (..., k % x.shape[-1])), "no_grad": without_recording,
    "mul_itself": lambda lib, x, y, k: x.mul_(x), "div_": lambda lib, x, y, k: x.div_(y + 3), "exp_": lambda lib, x, y, k: x.exp_(),
}
STEPS = VIEWS | NEW | CHANGES


def program(rng: random.Random) -> list[Step]:
    steps: list[Step] = [("clone", rng.randrange(2), 0, 0)]
    for _ in range(rng.randint(3, 9)):
        table = rng.choice([VIEWS, VIEWS, NEW, CHANGES, CHANGES, CHANGES])
        steps.append((rng.choice(list(table)), rng.randrange(100), rng.randrange(100), rng.randrange(4)))
    return steps


class Failed(Exception):
    """Stands for what a step raised."""


def chosen(step: Step, tensors: list[Any]) -> tuple[Any, Any]:
    """What the step works on, later tensors more often, and what it combines it with."""
    _, i, j, _ = step
    return tensors[-1 - i % len(tensors)] if i % 3 else tensors[i % len(tensors)], tensors[j % len(tensors)]


def undefined(step: Step, tensors: list[Any]) -> bool:
    """Whether PyTorch's answer is an accident: it would write several values to one place, or where it still reads."""
    if step[0] not in CHANGES:
        return False
    x, y = chosen(step, tensors)
    stacked = any(n > 1 and s == 0 for n, s in zip(x.shape, x.stride(), strict=True))
    shared = x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()
    return stacked or (shared and (y is not x or step[0].startswith("set_")))


def run(lib: Any, step: Step, tensors: list[Any]) -> Any:
    name, _, _, k = step
    x, y = chosen(step, tensors)
    try:
        return STEPS[name](lib, x, y, k)
    except (RuntimeError, IndexError, TypeError, ValueError, ZeroDivisionError) as error:
        return Failed(f"{name}: {type(error).__name__}: {error}")


def start(lib: Any) -> list[Any]:
    return [leaf(lib, [[0.5, -1.25, 2.0], [1.5, 0.25, -0.75], [0.1, -0.3, 0.7]]), leaf(lib, [0.4, -0.6, 1.1]),
            leaf(lib, [[1.0, 2.0, 3.0]], False)]


def explained(steps: list[Step]) -> str:
    return "\n".join(map(str, steps))


def weighted(tensors: list[Any]) -> Any:
    """A sum in which every element counts differently."""
    total: Any = 0.0
    for n, x in enumerate(tensors):
        if x.requires_grad:
            total = total + (x * (n + 1.5)).sum() + (x.sum() * 0.25)
    return total


def compare(mine: list[Any], theirs: list[Any], steps: list[Step]) -> None:
    for n, (x, y) in enumerate(zip(mine, theirs, strict=True)):
        assert tuple(x.shape) == tuple(y.shape), explained(steps)
        got = torch.tensor(x.detach().tolist(), dtype=torch.float64).reshape(y.shape)
        assert torch.allclose(got, y.detach(), rtol=1e-12, atol=1e-12, equal_nan=True), (n, explained(steps))
        assert x.requires_grad == y.requires_grad, (n, explained(steps))
        assert x.is_leaf == y.is_leaf, (n, explained(steps))


def lenient(message: str) -> bool:
    """Where PyTorch refuses a walk that is well defined here.

    An in-place op's own result, which its gradient needs, is kept apart from the memory it was written
    to; and PyTorch's walk may trip over an expanded gradient.
    """
    in_place = ("Tanh", "Relu", "Exp", "AsStrided")
    return any(f"is output 0 of {name}," in message for name in in_place) or "unsupported operation" in message


@pytest.mark.parametrize("seed", range(250))
def test_random_programs(seed: int) -> None:
    rng = random.Random(seed)
    steps = program(rng)
    mine, theirs = start(flambeau), start(torch)
    for n, step in enumerate(steps):
        if undefined(step, theirs):
            continue
        wanted = run(torch, step, theirs)
        got = run(flambeau, step, mine)
        assert isinstance(got, Failed) == isinstance(wanted, Failed), (wanted, got, explained(steps[: n + 1]))
        if step[0] not in CHANGES and not isinstance(wanted, Failed):
            mine.append(got)
            theirs.append(wanted)
        compare(mine, theirs, steps[: n + 1])
    wanted, got = weighted(theirs), weighted(mine)
    if isinstance(wanted, float):
        return
    try:
        wanted.backward()
    except RuntimeError as error:
        if not lenient(str(error)):
            with pytest.raises(flambeau.errors.SavedTensorModifiedError):
                got.backward()
        return
    got.backward()
    for x, y in zip(mine[:2], theirs[:2], strict=True):
        assert (x.grad is None) == (y.grad is None), explained(steps)
        if y.grad is not None:
            grad = torch.tensor(x.grad.tolist(), dtype=torch.float64)
            assert torch.allclose(grad, y.grad, rtol=1e-10, atol=1e-10, equal_nan=True), explained(steps)
