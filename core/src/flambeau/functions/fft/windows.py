"""Windows: numbers from 0 to 1 and back that a piece of a signal is multiplied with before its transform."""

from __future__ import annotations

import math
from typing import Any

from ...dtypes import DType, get_default_dtype
from ...errors import DTypeError, ValueRangeError
from ...ops.bessel import i0
from ...ops.create import _filled, arange, cast, kind_for
from ...shapes import as_int
from ...tensors.tensor import Tensor


def counted(length: int, kind: Any) -> Tensor:
    """0, 1, 2, … in the window's dtype, float32 for 16-bit ones."""
    return arange(0, length, dtype=(kind.single or kind).dtype, device=kind.device)


def cosines(length: int, over: float, weights: Any, kind: Any) -> Tensor:
    """The sum of (-1)^i weights[i] cos(2 pi i n / over) for n below `length`."""
    turn = counted(length, kind) * (2 * math.pi / over)
    made: Any = None
    for i, weight in enumerate(weights):
        term = (turn * i).cos() * (-weight if i % 2 else weight)
        made = term if made is None else made + term
    return made  # type: ignore[no-any-return]


def triangle(length: int, over: float, kind: Any) -> Tensor:
    """1 at half of `over` places, falling to 0 on both sides."""
    return 1 - (counted(length, kind) * (2 / over) - 1).abs()


def swollen(length: int, over: float, beta: float, kind: Any) -> Tensor:
    """The Kaiser window: i0(beta sqrt(1 - t^2)) / i0(beta) for t from -1 to 1."""
    t = counted(length, kind) * (2 / over) - 1
    at = (1 - t * t).clamp(min=0).sqrt() * beta
    return i0(at) / i0(at.new_full((), beta))


def _window(op: str, made: Any, window_length: int, periodic: bool, dtype: DType | None, device: Any,
            requires_grad: bool) -> Tensor:
    """What `made(length, over, kind)` gives: `over` is a place more where the window goes round."""
    kind = kind_for(get_default_dtype() if dtype is None else dtype, device)
    if kind.dtype.category not in (2, 3):
        raise DTypeError(f"expects floating point dtypes, got: {kind.dtype!r}", op=op, dtype=kind.dtype)
    if kind.dtype.category == 3:
        raise DTypeError(f"window is not implemented for complex types, got: {kind.dtype!r}", op=op, dtype=kind.dtype)
    length = as_int(op, "window_length", window_length)
    if length < 0:
        raise ValueRangeError(f"requires non-negative window_length, got window_length={length}", op=op)
    if length < 2:
        found = _filled((length,), 1, kind)
    else:
        found = cast(made(length, length if periodic else length - 1, kind), kind.dtype)
    if requires_grad:
        found.requires_grad = True
    return found


def bartlett_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Any = None,
                    device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A triangle; `periodic` leaves out the last place, which is the first of the next period.

    >>> import flambeau
    >>> flambeau.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("bartlett_window", triangle, window_length, periodic, dtype, device, requires_grad)


def blackman_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Any = None,
                    device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """0.42 - 0.5 cos(x) + 0.08 cos(2 x) over one turn.

    >>> import flambeau
    >>> flambeau.blackman_window(4)[1]
    tensor(0.3400)
    """
    return _window("blackman_window", lambda n, over, kind: cosines(n, over, (0.42, 0.5, 0.08), kind), window_length,
                   periodic, dtype, device, requires_grad)


def hamming_window(window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *,
                   dtype: DType | None = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
                   pin_memory: bool = False) -> Tensor:
    """alpha - beta cos(x) over one turn.

    >>> import flambeau
    >>> flambeau.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _window("hamming_window", lambda n, over, kind: cosines(n, over, (alpha, beta), kind), window_length,
                   periodic, dtype, device, requires_grad)


def hann_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Any = None,
                device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """(1 - cos(x)) / 2 over one turn.

    >>> import flambeau
    >>> flambeau.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("hann_window", lambda n, over, kind: cosines(n, over, (0.5, 0.5), kind), window_length, periodic,
                   dtype, device, requires_grad)


def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: DType | None = None,
                  layout: Any = None, device: Any = None, requires_grad: bool = False,
                  pin_memory: bool = False) -> Tensor:
    """i0(beta sqrt(1 - t^2)) / i0(beta) for t from -1 to 1: the larger `beta`, the narrower.

    >>> import flambeau
    >>> flambeau.kaiser_window(3, periodic=False, beta=0.0)
    tensor([1., 1., 1.])
    """
    return _window("kaiser_window", lambda n, over, kind: swollen(n, over, beta, kind), window_length, periodic,
                   dtype, device, requires_grad)
