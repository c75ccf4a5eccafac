"""Padding: numbers, mirror images, repeated edges or the other end around a tensor.

Every mode but the constant one is a `take` per dimension: its gradient, which sums what was
repeated, comes with it.
"""

from __future__ import annotations

from typing import Any

from ...dtypes import fit, float64, int64, wrapped
from ...errors import ArgumentError, ShapeError, UnsupportedError, ValueRangeError
from ...ops.index import take_along
from ...ops.movement import narrow_op, pad_op, slice_op
from ...shapes import as_size
from ...tensors.tensor import Tensor
from ..create import tensor

Pairs = list[tuple[int, int]]


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with `pad` = (before, after) of the last dim, then of the one before it, …; negative numbers crop.

    `mode` says with what: "constant" (`value`, 0 if None), "reflect" (mirrored at the edge, which is
    not repeated), "replicate" (the edge) or "circular" (the other end). Raises ShapeError for
    paddings that do not fit.

    >>> import flambeau
    >>> flambeau.nn.functional.pad(flambeau.tensor([[1, 2, 3]]), (1, 1), mode="reflect")
    tensor([[2, 1, 2, 3, 2]])
    """
    pairs = _pairs(input, as_size("pad", pad, "pad"))
    if mode == "constant":
        return _constant(input, pairs, 0 if value is None else value)
    if mode not in _PLACES:
        raise UnsupportedError(f"Unrecognised padding mode {mode}", op="pad", mode=mode)
    if value is not None and value != 0:
        raise ValueRangeError(f'Padding mode "{mode}" doesn\'t take in value argument, got {value}', op="pad")
    dims = len(pad) // 2
    if dims not in (1, 2, 3) or input.ndim not in (dims + 1, dims + 2):
        raise UnsupportedError(f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor"
                               f" {list(input.shape)}: the padded dims come after one or two others", op="pad")
    sizes = [n + before + after for n, (before, after) in zip(input._array.shape, pairs, strict=True)]
    if min(sizes) < 0 or (mode != "circular" and max(sizes[-dims:]) < 1):
        raise ShapeError(f"input of shape {list(input.shape)} is too small for padding {list(pad)}: the result would"
                         f" have shape {sizes}", op="pad", mode=mode)
    for dim, (before, after) in enumerate(pairs):
        if before or after:
            input = _arranged(input, dim, before, after, mode)
    return input


def _pairs(input: Tensor, pad: tuple[int, ...]) -> Pairs:
    """(before, after) per dim of `input`."""
    if len(pad) % 2:
        raise ShapeError(f"Padding length must be divisible by 2, got {list(pad)}", op="pad")
    if len(pad) > 2 * input.ndim:
        raise ShapeError("Padding length should be less than or equal to two times the input dimension but got padding"
                         f" length {len(pad)} and input of dimension {input.ndim}", op="pad")
    pairs = list(zip(pad[::2], pad[1::2], strict=True))
    return [(0, 0)] * (input.ndim - len(pairs)) + pairs[::-1]


def _constant(input: Tensor, pairs: Pairs, value: Any) -> Tensor:
    """Crops first, then adds: always a fresh tensor."""
    kept = []
    for (before, after), size in zip(pairs, input._array.shape, strict=True):
        start, stop = max(0, -before), size + min(0, after)
        if size + before + after < 0 or stop < start:
            raise ShapeError(f"padding ({before}, {after}) leaves a negative size of a dim of {size}", op="pad")
        kept.append(slice(start, stop, 1))
    if any(before < 0 or after < 0 for before, after in pairs):
        input = slice_op(input, tuple(kept))
    if not isinstance(value, (int, float)):
        raise ArgumentError(f"argument 'value' must be float, not {type(value).__name__}", op="pad")
    fit(float(fit(value, float64, "pad")), input.dtype, "pad")
    value = wrapped(value, input.dtype)
    return pad_op(input, tuple((max(0, before), max(0, after)) for before, after in pairs), value)


def _reflected(at: int, size: int) -> int:
    return -at if at < 0 else 2 * (size - 1) - at if at >= size else at


_PLACES = {"reflect": _reflected, "replicate": lambda at, size: min(max(at, 0), size - 1),
           "circular": lambda at, size: at % size}


def _arranged(input: Tensor, dim: int, before: int, after: int, mode: str) -> Tensor:
    """One dim of `input` extended by places of itself."""
    size = input._array.shape[dim]
    if mode == "circular" and min(before, after) < 0:  # what is left after cropping goes round
        start, size = max(0, -before), size + min(0, before) + min(0, after)
        input, before, after = narrow_op(input, dim, start, size), max(0, before), max(0, after)
    most = max(before, after)
    if most > {"reflect": size - 1, "replicate": most if size else -1, "circular": size}[mode]:
        raise ShapeError(f"Padding size should be less than the corresponding input dimension, but got: padding"
                         f" ({before}, {after}) at dimension {dim} of input {list(input.shape)}", op="pad", mode=mode)
    places = [_PLACES[mode](at, size) for at in range(-before, size + after)]
    return take_along(input, dim, tensor(places, dtype=int64, device=input.device))

__all__ = [
    "pad",
]
