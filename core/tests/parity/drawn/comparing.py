"""Where two results, one of flambeau and one of PyTorch, are not the same."""

from __future__ import annotations

from math import isfinite, nan
from typing import Any

import torch

import flambeau

TOLERANCES = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 2e-5, "float64": 1e-9, "complex64": 2e-5,
              "complex128": 1e-9}

# Where PyTorch refuses a walk that is well defined here: an in-place op's own result, which its gradient needs, is
# kept apart from the memory it was written to.
KEPT_APART = ("Tanh", "Relu", "Exp", "Sqrt", "Sigmoid", "AsStrided", "Hypot", "Cumprod")

# What it refuses to do with one of several views of a function or with a view made without recording, which are views
# like others here; and where it fails by its own account.
ALONE = ("output of a function that returns multiple views", "was created in no_grad mode", "INTERNAL ASSERT FAILED")


class Disagreement(Exception):
    """What differs: `kind` is one word, `text` says between what."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


class RefusedAlone(Exception):
    """PyTorch refuses what is well defined here, or has changed half of what it then refused."""


class OwnLayout(Exception):
    """A computed result lies in memory in another order than PyTorch's: each backend chooses its own."""


def require(same: bool, kind: str, text: str) -> None:
    """Raises Disagreement where `same` is not so."""
    if not same:
        raise Disagreement(kind, text)


def refused_by_pytorch_alone(error: Exception | None) -> bool:
    """Whether this is a refusal of PyTorch's that flambeau need not have."""
    said = str(error)
    return any(f"is output 0 of {name}" in said for name in KEPT_APART) or any(words in said for words in ALONE)


def errors(mine: Exception | None, theirs: Exception | None) -> None:
    """Both raise or neither, and ours is of the class that PyTorch's is, and typed."""
    both = f"{type(mine).__name__} ({mine}), expected {type(theirs).__name__} ({theirs})"
    require(mine is not None or theirs is None, "not raised", both)
    require(theirs is not None or mine is None, "raised", both)
    if mine is not None:
        require(isinstance(mine, type(theirs)), "error class", both)
        typed = isinstance(mine, (flambeau.errors.FlambeauError, TypeError)) or str(mine) == str(theirs)
        require(typed, "untyped error", both)


def tolerance(tensors: list[Any]) -> float:
    """How far apart numbers may lie: as the coarsest dtype at hand rounds."""
    return max([TOLERANCES.get(str(t.dtype)[6:], 0.0) for t in tensors if isinstance(t, torch.Tensor)], default=0.0)


def tensors(mine: Any, theirs: Any, name: str, tolerance: float) -> None:
    """The same in everything that a program can see."""
    if not isinstance(theirs, torch.Tensor) or not isinstance(mine, flambeau.Tensor):
        _plain(mine, theirs, name, tolerance)
        return
    if stale(theirs):
        return
    dtype = str(theirs.dtype).removeprefix("torch.")
    require(mine.dtype.name == dtype, "dtype", f"{name} is {mine.dtype.name}, expected {dtype}")
    require(tuple(mine.shape) == tuple(theirs.shape), "shape", f"{name}: {mine.shape}, expected {theirs.shape}")
    for what in ("requires_grad", "is_leaf"):
        require(getattr(mine, what) == getattr(theirs, what), what, f"{name}: {getattr(mine, what)}")
    _values(mine, theirs, name, tolerance)
    if _steps(mine) != _steps(theirs):
        if not theirs._is_view() and not mine._is_view():
            raise OwnLayout
        raise Disagreement("stride", f"{name}: {mine.stride()}, expected {theirs.stride()}")


def stale(x: torch.Tensor) -> bool:
    """Whether PyTorch no longer says what a view is: one of several of a function, written to behind its back."""
    try:
        return x.grad_fn is x
    except RuntimeError:
        return True


def usable(x: torch.Tensor) -> bool:
    """Whether a later line may use it.

    What PyTorch computes from a view of a recorded tensor that was made without recording says that it requires a
    gradient, and has a graph that leads nowhere; here it has none.
    """
    return not stale(x) and not (x._is_view() and x.requires_grad and x.grad_fn is None)


def gradients(mine: Any, theirs: Any, name: str, tolerance: float) -> None:
    """The gradients that both hold."""
    if isinstance(theirs, torch.Tensor) and not stale(theirs) and theirs.is_leaf and theirs.requires_grad:
        both = f"{name}: {mine.grad}, expected {theirs.grad}"
        require((mine.grad is None) == (theirs.grad is None), "gradient", both)
        if theirs.grad is not None:
            require(mine.grad.dtype.name == str(theirs.grad.dtype)[6:], "gradient dtype", f"{name}: {mine.grad.dtype}")
            require(tuple(mine.grad.shape) == tuple(theirs.grad.shape), "gradient", f"{name}: {mine.grad.shape}")
            _values(mine.grad, theirs.grad, name, 4 * tolerance, "gradient")


def _plain(mine: Any, theirs: Any, name: str, tolerance: float) -> None:
    """Numbers, sizes, lists and None."""
    require(isinstance(theirs, torch.Tensor) == isinstance(mine, flambeau.Tensor), "type", f"{name}: {type(mine)}")
    if isinstance(theirs, (int, float, complex)):
        require(type(mine) is type(theirs), "type", f"{name}: {type(mine)}, expected {type(theirs)}")
    one, other = _flat(mine), _flat(theirs)
    require(_near(one, other, tolerance), "value", f"{name}: {mine}, expected {theirs}")


def _steps(x: Any) -> list[int]:
    """The strides that an element's place depends on."""
    return [s for n, s in zip(x.shape, x.stride(), strict=True) if n > 1] if x.numel() else []


def _values(mine: Any, theirs: Any, name: str, tolerance: float, kind: str = "value") -> None:
    one, other = _flat(mine.detach().tolist()), _flat(theirs.detach().tolist())
    require(_near(one, other, tolerance), kind, f"{name}: {one}, expected {other}")


def _flat(value: Any) -> list[Any]:
    return [v for part in value for v in _flat(part)] if isinstance(value, (list, tuple)) else [value]


def _near(mine: list[Any], theirs: list[Any], tolerance: float) -> bool:
    """Equal but for rounding, which is measured against the largest number."""
    parts = [[p for v in side for p in _parts(v)] for side in (mine, theirs)]
    if len(parts[0]) != len(parts[1]):
        return False
    scale = max([1.0, *[abs(v) for v in parts[1] if isinstance(v, (int, float)) and isfinite(v)]])
    return all(a == b or (a != a and b != b) or (isinstance(b, float) and abs(a - b) <= tolerance * scale)
               for a, b in zip(*parts, strict=True))


def _parts(value: Any) -> tuple[Any, ...]:
    """Real and imaginary part; NaN for both where one is not finite, for which libraries have no one answer."""
    if not isinstance(value, complex):
        return (value,)
    return (value.real, value.imag) if isfinite(value.real) and isfinite(value.imag) else (nan, nan)
