"""Bugs in gradients, writers and optimizer steps, and kernels that end the process or never come back."""

from __future__ import annotations

import os
import time
from typing import Any

from flambeau.contract.backend import Backend, Kernel
from flambeau.dtypes import DType
from flambeau.shapes import contiguous_strides, numel
from flambeau.table.registry import TakeSlowPath

from .hands import called, made, numbers, own, remade
from .mutant import Parts, kernels, mutant

# --- gradients and optimizers


def _nested(size: tuple[int, ...], index: Any) -> list[int]:
    """The places, counted in C order, that an index of the kernel `slice` takes."""
    dims = [i for i in index if i is not None]
    found = [0]
    for at, n, step in zip(dims, size, contiguous_strides(size), strict=True):
        taken = range(at.start, at.stop, at.step) if isinstance(at, slice) else [at]
        found = [place + i * step for place in found for i in taken if i < n]
    return found


@mutant("gradient-scale", "wrong gradient", "slice/float32/*gradient*", "slice/float64/*gradient*")
def _gradient_scale(base: Backend) -> Parts:
    """A fused kernel that only a gradient rule uses answers with twice the gradient."""
    def slice_backward(input: Any, *, size: Any, index: Any) -> Any:
        values: list[Any] = [0] * numel(tuple(size))
        for place, value in zip(_nested(tuple(size), index), numbers(base, input), strict=True):
            values[place] = 2 * value
        return made(base, values, tuple(size), base.dtype_of(input))

    return Parts(add={"slice_backward": slice_backward})


@mutant("gradient-twice", "wrong gradient", "contract/accumulat*", "contract/*gradient*", "mul/float32/*gradient*",
        "contract/little*", "contract/regression")
def _gradient_twice(base: Backend) -> Parts:
    """What is accumulated into a gradient is added twice."""
    return Parts(members={"accumulate": lambda array, other: base.accumulate(base.accumulate(array, other), other)})


@mutant("gradient-replaced", "wrong gradient", "contract/accumulat*", "contract/*gradient*", "mul/float32/*gradient*",
        "contract/little*")
def _gradient_replaced(base: Backend) -> Parts:
    """A gradient that is accumulated replaces the one before."""
    return Parts(members={"accumulate": lambda array, other: base.kernels["assign"](array, other)})


@mutant("fused-mean", "fused kernel", "mean/float32/*", "mean/float64/*")
def _fused_mean(base: Backend) -> Parts:
    """A fused mean divides by one less than the count."""
    def mean(input: Any, *, dim: Any, keepdim: bool, dtype: DType) -> Any:
        total = own(base, "sum", input, dim=dim, keepdim=keepdim, dtype=dtype)
        count = numel(tuple(input.shape[d] for d in dim))
        return remade(base, total, [v / max(count - 1, 1) for v in numbers(base, total)])

    return Parts(add={"mean": mean})


def _written(base: Backend, array: Any, values: list[Any]) -> None:
    base.kernels["assign"](array, remade(base, array, values))


def _plain_sgd(base: Backend) -> Any:
    def step(params: Any, grads: Any, buffers: Any, counters: Any, *, lr: float, **_: Any) -> None:
        for param, grad in zip(params, grads, strict=True):
            _written(base, param, [p - lr * g for p, g in zip(numbers(base, param), numbers(base, grad), strict=True)])

    return step


def _uncorrected_adam(base: Backend) -> Any:
    def step(params: Any, grads: Any, means: Any, squares: Any, largest: Any, counters: Any, *, lr: float,
             beta1: float, beta2: float, eps: float, **_: Any) -> None:
        for p, g, m, s in zip(params, grads, means, squares, strict=True):
            gs = numbers(base, g)
            ms = [beta1 * a + (1 - beta1) * b for a, b in zip(numbers(base, m), gs, strict=True)]
            ss = [beta2 * a + (1 - beta2) * b * b for a, b in zip(numbers(base, s), gs, strict=True)]
            _written(base, m, ms)
            _written(base, s, ss)
            _written(base, p, [v - lr * a / (b**0.5 + eps) for v, a, b in zip(numbers(base, p), ms, ss, strict=True)])

    return step


@mutant("sgd-without-momentum", "optimizer", "contract/optimizers*")
def _sgd_without_momentum(base: Backend) -> Parts:
    """A fused step of SGD ignores momentum and weight decay."""
    return Parts(members={"step": lambda name, dtype: _plain_sgd(base) if name == "sgd_step" else
                          base.step(name, dtype)})


@mutant("adam-uncorrected", "optimizer", "contract/optimizers*", needs="counters")
def _adam_uncorrected(base: Backend) -> Parts:
    """A fused step of Adam leaves out the correction of its bias."""
    return Parts(members={"step": lambda name, dtype: _uncorrected_adam(base) if name == "adam_step" else
                          base.step(name, dtype)})


# --- writers


def _writing(base: Backend, name: str, function: Any) -> Parts:
    """A writer of op `name` that computes with `function(values of each input, values of out)`."""
    def write(*arrays: Any) -> None:
        *inputs, out = arrays
        count = numel(tuple(out.shape))
        spread = [numbers(base, x) * (count if numel(tuple(x.shape)) == 1 else 1) for x in inputs]
        if any(len(values) != count for values in spread):
            raise TakeSlowPath
        _written(base, out, function(spread, numbers(base, out)))

    return Parts(members={"writer": lambda op, dtype: write if op == name else None})


@mutant("writer-short", "wrong value", "contract/writers*", "contract/in-place*", needs="shared views")
def _writer_short(base: Backend) -> Parts:
    """A writer of `mul` leaves the last element as it was."""
    return _writing(base, "mul", lambda inputs, out: [a * b for a, b in zip(*inputs, strict=True)][:-1] + out[-1:])


@mutant("writer-reads-late", "aliasing", "contract/writers*", needs="shared views")
def _writer_reads_late(base: Backend) -> Parts:
    """A writer of `add` writes element by element, and reads elements of an overlapping input that it has changed."""
    add = base.kernels["add"]

    def write(x: Any, y: Any, out: Any) -> None:
        if len(out.shape) != 1 or tuple(x.shape) != tuple(y.shape):
            raise TakeSlowPath
        take, assign = base.kernels["slice"], base.kernels["assign"]
        for i in range(out.shape[0]):
            one = (slice(i, i + 1, 1),)
            assign(take(out, index=one), add(take(x, index=one), take(y, index=one)))

    return Parts(members={"writer": lambda op, dtype: write if op == "add" else None})


@mutant("writer-before-refusal", "refusal", "contract/writers*", needs="shared views")
def _writer_before_refusal(base: Backend) -> Parts:
    """A writer of `sub` has written zeros when it finds that the result does not fit."""
    def write(x: Any, y: Any, out: Any) -> None:
        made = base.own(base.kernels["sub"](x, y))
        if tuple(made.shape) != tuple(out.shape):
            _written(base, out, [0] * numel(tuple(out.shape)))
            raise ValueError("does not fit")
        base.kernels["assign"](out, made)

    return Parts(members={"writer": lambda op, dtype: write if op == "sub" else None})


@mutant("writer-index-clipped", "indexing", "contract/writers-indexed/*", needs="shared views")
def _writer_index_clipped(base: Backend) -> Parts:
    """A writer of `index_put` takes places from the end, and those outside, for the first."""
    take, assign = base.kernels["slice"], base.kernels["assign"]

    def write(x: Any, values: Any, index: Any, out: Any) -> None:
        places = numbers(base, index)
        if any(isinstance(p, bool) for p in places) or len(values.shape):
            raise IndexError
        for place in places:
            start = place if 0 <= place < out.shape[0] else 0
            rest = [slice(0, n, 1) for n in out.shape[1:]]
            assign(take(out, index=(slice(start, start + 1, 1), *rest)), values)

    return Parts(members={"writer": lambda op, dtype: write if op == "index_put" else None})


# --- processes


def _abort(kernel: Kernel, x: Any) -> Any:
    os.abort()


def _hang(kernel: Kernel, x: Any) -> Any:
    while True:
        time.sleep(3600)


def _exit(kernel: Kernel, x: Any) -> Any:
    raise SystemExit(0)


kernels("crash", "cos takes the process down.", "process", ("cos/float32/sample-00",), {"cos": called(_abort)})
kernels("exit", "cos ends the interpreter, with status 0.", "process", ("cos/float32/sample-00",),
        {"cos": called(_exit)})


@mutant("hang", "process", "cos/float32/sample-00", limit=3.0)
def _hanging(base: Backend) -> Parts:
    """cos does not come back."""
    return Parts({"cos": lambda kernel: lambda x: _hang(kernel, x)})


