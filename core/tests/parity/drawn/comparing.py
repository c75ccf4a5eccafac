"""Where two results, one of flambeau and one of PyTorch, are not the same."""

from __future__ import annotations

from math import isfinite
from typing import Any

import flambeau
import torch

TOLERANCES = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 2e-5, "float64": 1e-9, "complex64": 2e-5, "complex128": 1e-9}

# Where PyTorch refuses a walk that is well defined here: an in-place op's own result, which its gradient needs, is
# kept apart from the memory it was written to.
KEPT_APART = ("Tanh", "Relu", "Exp", "Sqrt", "Sigmoid", "AsStrided")


class Disagreement(Exception):
    """What differs: `kind` is one word, `text` says between what."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


def require(same: bool, kind: str, text: str) -> None:
    """Raises Disagreement where `same` is not so."""
    if not same:
        raise Disagreement(kind, text)


def refused_by_pytorch_alone(error: Exception | None) -> bool:
    """Whether this is a refusal of PyTorch's that flambeau need not have."""
    said = str(error)
    return any(f"is output 0 of {name}" in said for name in KEPT_APART)


def errors(mine: Exception | None, theirs: Exception | None) -> None:
    """Both raise or neither, and ours is of the class that PyTorch's is, and typed."""
    both = f"{type(mine).__name__} ({mine}), expected {type(theirs).__name__} ({theirs})"
    require(mine is not None or theirs is None, "not raised", both)
    require(theirs is not None or mine is None, "raised", both)
    if mine is not None:
        require(isinstance(mine, type(theirs)), "error class", both)
        require(isinstance(mine, (flambeau.errors.FlambeauError, TypeError)), "untyped error", both)


def tensors(mine: Any, theirs: Any, name: str) -> None:
    """The same in everything that a program can see."""
    if not isinstance(theirs, torch.Tensor) or not isinstance(mine, flambeau.Tensor):
        _plain(mine, theirs, name)
        return
    if _stale(theirs):
        return
    dtype = str(theirs.dtype).removeprefix("torch.")
    require(mine.dtype.name == dtype, "dtype", f"{name} is {mine.dtype.name}, expected {dtype}")
    require(tuple(mine.shape) == tuple(theirs.shape), "shape", f"{name}: {mine.shape}, expected {theirs.shape}")
    for what in ("requires_grad", "is_leaf"):
        require(getattr(mine, what) == getattr(theirs, what), what, f"{name}: {getattr(mine, what)}")
    require(_steps(mine) == _steps(theirs), "stride", f"{name}: {mine.stride()}, expected {theirs.stride()}")
    _values(mine, theirs, name, TOLERANCES.get(dtype, 0.0))


def _stale(x: torch.Tensor) -> bool:
    """Whether PyTorch no longer says what a view is: one of several of a function, written to behind its back."""
    try:
        return x.grad_fn is x
    except RuntimeError:
        return True


def gradients(mine: Any, theirs: Any, name: str) -> None:
    """The gradients that both hold."""
    if isinstance(theirs, torch.Tensor) and not _stale(theirs) and theirs.is_leaf and theirs.requires_grad:
        require((mine.grad is None) == (theirs.grad is None), "gradient", f"{name}: {mine.grad}, expected {theirs.grad}")
        if theirs.grad is not None:
            require(mine.grad.dtype.name == str(theirs.grad.dtype)[6:], "gradient dtype", f"{name}: {mine.grad.dtype}")
            require(tuple(mine.grad.shape) == tuple(theirs.grad.shape), "gradient", f"{name}: {mine.grad.shape}")
            _values(mine.grad, theirs.grad, name, 4 * TOLERANCES[mine.grad.dtype.name], "gradient")


def _plain(mine: Any, theirs: Any, name: str) -> None:
    """Numbers, sizes, lists and None."""
    require(isinstance(theirs, torch.Tensor) == isinstance(mine, flambeau.Tensor), "type", f"{name}: {type(mine)}")
    if isinstance(theirs, (int, float, complex)):
        require(type(mine) is type(theirs), "type", f"{name}: {type(mine)}, expected {type(theirs)}")
    one, other = _flat(mine), _flat(theirs)
    require(_near(one, other, 3e-2 if any(isinstance(v, float) for v in other) else 0.0), "value", f"{name}: {mine}, expected {theirs}")


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
    parts = [[p for v in side for p in ((v.real, v.imag) if isinstance(v, complex) else (v,))] for side in (mine, theirs)]
    if len(parts[0]) != len(parts[1]):
        return False
    scale = max([1.0, *[abs(v) for v in parts[1] if isinstance(v, (int, float)) and isfinite(v)]])
    return all(a == b or (a != a and b != b) or (isinstance(b, float) and abs(a - b) <= tolerance * scale)
               for a, b in zip(*parts, strict=True))
