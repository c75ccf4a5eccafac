"""What is measured, and the numbers that every peer starts from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Row:
    """One piece of work: its name on the command line and what it is."""

    name: str
    title: str


@dataclass
class Case:
    """A row on one peer: the work to time, and the context it is timed in.

    The work returns what it computed, so that a test can compare the peers.
    """

    work: Callable[[], Any]
    within: Callable[[], AbstractContextManager[Any]] = field(default=nullcontext)
    collecting: bool = False  # whether Python's cyclic collector stays on while it is timed, as in a user's program


ROWS = [
    Row("mul", "a * b, 3 floats, untracked"),
    Row("mul-tracked", "a * b, 3 floats, tracked"),
    Row("dispatch", "a * b, no elements: dispatch only"),
    Row("exp", "exp, 3 floats, untracked"),
    Row("sum", "sum, 3 floats, untracked"),
    Row("matmul", "matmul, 64 x 64, untracked"),
    Row("little", "little program: tensor, x*x + 3*x + 1, sum, backward"),
    Row("little-outside", "little program on a tensor made before"),
    Row("mlp", "MLP step, batch 32, 64-64-10, SGD"),
    Row("mlp-wide", "MLP step, batch 128, 512-512-10, SGD"),
    Row("cnn", "digits CNN step, batch 64, Adam"),
    Row("sgd", "SGD step with momentum, 4 parameters (64-64-10)"),
    Row("adam", "Adam step, 4 parameters (64-64-10)"),
    Row("read-slice", "x[1:3], 8 x 8"),
    Row("read-int", "x[0], 8 x 8"),
    Row("read-none", "x[None], 8 x 8"),
    Row("read-last", "x[..., 0], 8 x 8"),
    Row("read-places", "x[i], two rows of 8 x 8"),
    Row("read-mask", "x[x > 0], 8 x 8, the mask made before"),
    Row("write-slice", "x[1:3] = v, 8 x 8"),
    Row("write-int", "x[0] = v, 8 x 8"),
    Row("write-last", "x[..., 0] = v, 8 x 8"),
    Row("write-places", "x[i] = v, two rows of 8 x 8"),
    Row("write-mask", "x[mask] = 0.5, 8 x 8"),
    Row("add", "a.add_(b), 3 floats"),
    Row("add-alpha", "a.add_(b, alpha=0.5), 3 floats"),
    Row("mul-in-place", "a.mul_(b), 3 floats"),
    Row("zero", "a.zero_(), 3 floats"),
    Row("fill", "a.fill_(2.0), 3 floats"),
    Row("copy", "a.copy_(b), 3 floats"),
    Row("neg", "a.neg_(), 3 floats"),
    Row("relu", "a.relu_(), 3 floats"),
    Row("stack", "stack of 10,000 rows of 4"),
    Row("stack-tracked", "stack of 10,000 leaves of 4, sum, backward"),
    Row("softmax", "softmax over the last dim, 32 x 64"),
    Row("log-softmax", "log_softmax over the last dim, 32 x 64"),
    Row("layer-norm", "layer norm with weight and bias, 32 x 64"),
    Row("max-dim", "max over the last dim, 32 x 64"),
    Row("mean", "mean of 32 x 64"),
    Row("sigmoid", "sigmoid, 64 floats"),
    Row("randperm", "randperm(10_000)"),
    Row("topk", "topk of 5, 100 rows of 1000"),
    Row("median", "median over the last dim, 100 x 1000"),
    Row("cdist", "cdist, 500 x 500 points in 128 dims"),
    Row("rfft", "rfft over the last dim, 100 x 1000"),
    Row("fft-tracked", "fft over both dims, 64 x 64, energy of a band, backward"),
    Row("chain", "a chain of 100,000 tracked products, the collector on"),
]

CHAIN = 100_000

LEARNING_RATE = 0.05


def triple() -> tuple[Array, Array]:
    """Two float32 arrays of three elements."""
    return np.array([1.0, 2.0, 3.0], np.float32), np.array([0.5, -1.0, 2.0], np.float32)


def square(n: int) -> tuple[Array, Array]:
    """Two float32 matrices."""
    draw = np.random.default_rng(0)
    return draw.standard_normal((n, n), np.float32), draw.standard_normal((n, n), np.float32)


def weights(*widths: int) -> list[Array]:
    """Weight (out, in) and bias of every layer of an MLP."""
    draw = np.random.default_rng(1)
    made: list[Array] = []
    for fan_in, fan_out in pairwise(widths):
        made.append((draw.standard_normal((fan_out, fan_in)) / fan_in**0.5).astype(np.float32))
        made.append(np.zeros(fan_out, np.float32))
    return made


def batch(size: int, width: int) -> tuple[Array, Array]:
    """Inputs (size, width) and labels below 10."""
    draw = np.random.default_rng(2)
    return draw.standard_normal((size, width), np.float32), draw.integers(0, 10, size)


def images(size: int) -> tuple[Array, Array]:
    """Images (size, 1, 8, 8) and labels below 10."""
    x, labels = batch(size, 64)
    return x.reshape(size, 1, 8, 8), labels


def filters() -> list[Array]:
    """Weight and bias of the digits network: two 3 x 3 convolutions with 16 and 32 channels, one linear layer."""
    draw = np.random.default_rng(3)
    shapes = [(16, 1, 3, 3), (32, 16, 3, 3), (10, 32 * 2 * 2)]
    made: list[Array] = []
    for shape in shapes:
        made.append((draw.standard_normal(shape) / np.prod(shape[1:]) ** 0.5).astype(np.float32))
        made.append(np.zeros(shape[0], np.float32))
    return made


def gradients() -> tuple[list[Array], list[Array]]:
    """Parameters of the small MLP and a gradient for each."""
    draw = np.random.default_rng(4)
    params = weights(64, 64, 10)
    return params, [draw.standard_normal(p.shape).astype(np.float32) for p in params]
