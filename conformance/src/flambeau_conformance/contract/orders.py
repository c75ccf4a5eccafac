"""Gradients of gradients, on the backend: rules are core's, but the kernels that they run are the backend's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flambeau import dtypes

from ..api import flambeau
from ..check import Check
from ..compare import compared
from ..draw import generator
from ..host import Host, get, put, rounded
from ..oracle import reference
from ..target import Target
from ..tolerances import Budget
from .promise import promise

CHECKS: list[Check] = []
_CLOSE = Budget(64, 64, 64, 0, "two walks back, each a chain of rounded operations", 64, 64)

SMOOTH: dict[str, Callable[[Any, Any], Any]] = {
    "arithmetic": lambda x, y: x * y / (y * y + 1) - x ** 3, "exp-sin": lambda x, y: x.exp() * y.sin(),
    "matmul": lambda x, y: (x @ y.t()).tanh(), "softmax": lambda x, y: x.softmax(1) * y,
    "log-softmax": lambda x, y: x.log_softmax(1) * y,
    "views": lambda x, y: x.t()[1:].reshape(-1) * y[:, 1:].t().reshape(-1),
    "indexing": lambda x, y: x[[0, 1, 1]] * y[[1, 0, 1]], "cumsum": lambda x, y: x.cumsum(1) * y.prod(0),
    "norm": lambda x, y: (x * y).norm(dim=1), "sigmoid": lambda x, y: x.sigmoid() * flambeau.nn.functional.gelu(y),
    "layer-norm": lambda x, y: flambeau.nn.functional.layer_norm(x, (3,)) * y,
    "cat-where": lambda x, y: flambeau.where(x > 0, x * x, flambeau.cat([y[:1], x[1:] ** 2])),
    "conv": lambda x, y: flambeau.nn.functional.conv1d(x[None], y[:, None], padding=1, groups=2).square(),
    "broadcast": lambda x, y: (x[:, :1] * y).var(0), "in-place": lambda x, y: (x * 1).mul_(y).exp_()}


def _gradients(function: Callable[[Any, Any], Any], hosts: list[Host], device: Any) -> list[Any]:
    leaves = [put(h, device).requires_grad_() for h in hosts]
    first = flambeau.autograd.grad(function(*leaves).sum(), leaves, create_graph=True)
    scale = [float(i % 3 - 1.5) for i in range(6)]
    total = sum(((g * put(Host(scale, (2, 3), g.dtype), device)).sum() for g in first), 0 * first[0].sum())
    return [*first, *flambeau.autograd.grad(total, leaves, materialize_grads=True, allow_unused=True)]


def _twice(name: str, target: Target) -> None:
    """First and second gradients of a smooth function of two matrices are the reference's."""
    random = generator(f"second order {name}")
    drawn = [[random.uniform(0.3, 1.7) * random.choice((-1, 1)) for _ in range(6)] for _ in range(2)]
    hosts = [Host(rounded(values, dtypes.float32), (2, 3), dtypes.float32) for values in drawn]
    expected = _gradients(SMOOTH[name], [Host(h.values, h.shape, dtypes.float64) for h in hosts], reference())
    for i, (mine, theirs) in enumerate(zip(_gradients(SMOOTH[name], hosts, target.device), expected, strict=True)):
        order, place = divmod(i, 2)
        compared(get(mine.detach()), get(theirs.detach()), _CLOSE,
                 f"{name}: gradient of order {order + 1} for {'xy'[place]}")


for _name in SMOOTH:
    promise(f"second-order/{_name}", CHECKS)(partial(_twice, _name))
