"""Limits of memory: what does not fit is a typed error, by whichever op, and the next op works."""

from __future__ import annotations

import copy
import io
import random
import resource
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flambeau
from flambeau.errors import OutOfMemoryError
from flambeau.nn import functional as F

from .trials import Violation, in_child

MEGABYTE = 1 << 20


def _trained(x: Any) -> Any:
    leaf = x.detach().requires_grad_()
    (leaf.exp() * leaf).sum().backward()
    return leaf.grad


def _saved(x: Any) -> Any:
    file = io.BytesIO()
    flambeau.save(x, file)
    file.seek(0)
    return flambeau.load(file)


def _square(x: Any) -> Any:
    side = int(x.numel() ** 0.5)
    return x[: side * side].reshape(side, side)


def _with_gradient(x: Any) -> Any:
    parameter = flambeau.nn.Parameter(x)
    parameter.grad = x.clone()
    return parameter


def _with_state(x: Any) -> None:
    optimiser = flambeau.optim.SGD([_with_gradient(x)], momentum=0.9)
    optimiser.step()
    optimiser.load_state_dict(copy.deepcopy(optimiser.state_dict()))


def _twice(x: Any) -> Any:
    leaf = x.detach().requires_grad_()
    first, = flambeau.autograd.grad((leaf**3).sum(), leaf, create_graph=True)
    return flambeau.autograd.grad(first.sum(), leaf)


def _again(x: Any) -> None:
    leaf = x.detach().requires_grad_()
    flambeau.utils.checkpoint.checkpoint(lambda t: t.sin().cos(), leaf, use_reentrant=False).sum().backward()


def _stepped(x: Any) -> None:
    optimiser = flambeau.optim.Adam([_with_gradient(x)])
    for _ in range(2):
        optimiser.step()


WORKS: dict[str, Callable[[Any], Any]] = {
    "add": lambda x: x + 1, "exp": lambda x: x.exp(), "chain": lambda x: ((x * 2).sin() + x).sqrt(),
    "cat": lambda x: flambeau.cat([x, x, x]), "sort": lambda x: x.sort(), "cumsum": lambda x: x.cumsum(0),
    "softmax": lambda x: F.softmax(x, 0), "where": lambda x: flambeau.where(x > 0, x, -x),
    "index": lambda x: x[x > 0], "gather": lambda x: x[flambeau.arange(x.numel(), device=x.device)],
    "cast": lambda x: x.double(), "clone": lambda x: x.clone(), "flip": lambda x: x.flip(0), "std": lambda x: x.std(),
    "pad": lambda x: F.pad(x, (5, x.numel())), "unique": lambda x: x.unique(), "text": lambda x: str(x),
    "zeros": lambda x: flambeau.zeros(x.numel() * 20, device=x.device), "tolist": lambda x: x.tolist(),
    "randn": lambda x: flambeau.randn(x.numel() * 20, device=x.device), "numpy": lambda x: x.numpy(),
    "arange": lambda x: flambeau.arange(x.numel() * 20, device=x.device), "backward": _trained, "file": _saved,
    "tensor": lambda x: flambeau.tensor(x.tolist()), "topk": lambda x: x.topk(x.numel() // 2),
    "dropout": lambda x: F.dropout(x.repeat(4)), "optimiser": _stepped,
    "normal_": lambda x: x.normal_(), "exponential_": lambda x: x.exponential_(),
    "bernoulli_": lambda x: x.bernoulli_(),
    "randperm": lambda x: flambeau.randperm(x.numel(), device=x.device), "stack": lambda x: flambeau.stack([x, x], 1),
    "randint": lambda x: flambeau.randint(9, (x.numel(),), device=x.device), "median": lambda x: x.median(),
    "multinomial": lambda x: x[:9999].abs().multinomial(9), "deepcopy": lambda x: copy.deepcopy([x, x + 1]),
    "repeat_interleave": lambda x: x.repeat_interleave(3), "bincount": lambda x: x.abs().long().bincount(),
    "scatter": lambda x: x.scatter(0, flambeau.arange(x.numel(), device=x.device), x),
    "masked_fill": lambda x: x.masked_fill(x > 5, 0.0), "clip": lambda x: flambeau.nn.utils.clip_grad_norm_(
        [_with_gradient(x)], 1.0), "linspace": lambda x: flambeau.linspace(0, 1, x.numel(), device=x.device),
    "tril_indices": lambda x: flambeau.tril_indices(100, x.numel() // 100, device=x.device),
    "complex": lambda x: flambeau.complex(x, x).abs(), "half": lambda x: (x.half() * 2).sum(),
    "state": lambda x: _with_state(x), "double backward": lambda x: _twice(x), "checkpoint": lambda x: _again(x),
    "in place": lambda x: x.add_(flambeau.ones(x.numel(), device=x.device)),
}
LARGE: dict[str, Callable[[Any], Any]] = {  # for backends of compiled kernels
    "matmul": lambda x: _square(x) @ _square(x), "outer": lambda x: x[:, None] * x,
    "repeat": lambda x: x.repeat(50), "einsum": lambda x: flambeau.einsum("i,j->ij", x, x),
    "conv": lambda x: F.conv1d(x.reshape(1, 1, -1), x[:9].reshape(1, 1, -1).expand(16, 1, 9)),
    "one_hot": lambda x: F.one_hot(flambeau.arange(2000), max(2000, x.numel() // 100)),
    "cdist": lambda x: flambeau.cdist(x[:3000].reshape(-1, 1), x.reshape(-1, 1)),
    "eye": lambda x: flambeau.eye(int(x.numel() ** 0.5) * 4),
    "embedding": lambda x: F.embedding(flambeau.arange(x.numel()) % 9, x[:900].reshape(9, 100)),
    "attention": lambda x: F.scaled_dot_product_attention(*[x[:60_000].reshape(1, -1, 4)] * 3),
    "lstm": lambda x: flambeau.nn.LSTM(8, 512)(x[: x.numel() // 8 * 8].reshape(-1, 1, 8)[:400]),
    "pool": lambda x: F.max_pool1d(x.reshape(1, -1), 5, 1), "unfold": lambda x: F.unfold(_square(x)[None, None], 5),
    "layer": lambda x: flambeau.nn.Linear(2000, x.numel() // 100),
    "normalised": lambda x: F.layer_norm(x.reshape(1, -1), (x.numel(),)),
}


def size_of_process() -> int:
    """Bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def attempt(name: str, x: Any) -> str:
    """Runs one of them; anything that is no OutOfMemoryError, nor Python's own for Python's own objects, is a fault."""
    try:
        (WORKS.get(name) or LARGE[name])(x)
    except OutOfMemoryError:
        return "OutOfMemoryError"
    except MemoryError as error:
        if name in ("tolist", "text", "tensor"):  # objects of Python's own
            return "MemoryError"
        raise Violation(f"bare {type(error).__name__} of {name}", traceback.format_exc()[-4000:]) from error
    return "fitted"


def works(device: str) -> None:
    """Raises Violation unless an ordinary op, a gradient and a file work."""
    x = flambeau.arange(6.0, device=device).requires_grad_()
    (x * x).sum().backward()
    if x.grad is None or x.grad.tolist() != [0.0, 2.0, 4.0, 6.0, 8.0, 10.0] or _saved(x).tolist() != x.tolist():
        raise Violation("broken afterwards", f"{x.grad}")
    if not flambeau.is_grad_enabled():
        raise Violation("mode left", "gradients are off")


def limited(draw: random.Random, device: str, names: list[str], count: int, room: int) -> str:
    """Some of them in turn under a limit."""
    x = flambeau.arange(float(count), device=device) - 5
    works(device)
    if device == "cpu":  # OpenBLAS ends the process where it has no room for what its first product needs
        flambeau.ones(300, 300) @ flambeau.ones(300, 300)
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (size_of_process() + room, hard))
    ends = []
    try:
        for name in names:
            ends.append(attempt(name, x))
            works(device)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))  # for what tells of it
    return ends[-1]


def trial(draw: random.Random, folder: Path) -> str:
    """A few of them on one backend, under a limit that is drawn."""
    device = draw.choice(["cpu", "cpu", "cpu", "reference"])
    count = draw.choice([100_000, 1_000_000, 4_000_000]) if device == "cpu" else 20_000
    room = int(draw.choice([2, 4, 8, 16, 40, 80, 160]) * MEGABYTE * draw.uniform(0.5, 1.5))
    names = draw.sample([*WORKS, *(LARGE if device == "cpu" else ())], 3)
    return f"{device}, {in_child(lambda: limited(draw, device, names, count, room))}"
