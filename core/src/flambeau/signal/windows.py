"""Windows of `M` numbers, symmetric unless `sym` is False: PyTorch's `torch.signal.windows`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..constants import strided
from ..dtypes import DType, float32, float64, get_default_dtype
from ..errors import ArgumentError, ValueRangeError
from ..functions import ones, zeros
from ..functions.fft.windows import cosines, counted, swollen, triangle
from ..ops.create import kind_for
from ..spelling import public
from ..tensors.tensor import Tensor


class _Options:
    """What every window takes beside its length and its shape."""

    def __init__(self, op: str, M: int, sym: bool, dtype: DType | None, layout: Any, device: Any,
                 requires_grad: bool) -> None:
        dtype = get_default_dtype() if dtype is None else dtype
        if M < 0:
            raise ValueRangeError(f"requires non-negative window length, got M={M}", op=op)
        if layout is not None and layout is not strided:
            raise ValueRangeError(f"is implemented for strided tensors only, got: {layout}", op=op)
        if dtype not in (float32, float64):
            raise ValueRangeError(f"expects float32 or float64 dtypes, got: {dtype!r}", op=op)
        self.length, self.kind, self.requires_grad = M, kind_for(dtype, device), requires_grad
        self.over = M - 1 if sym or M < 2 else M  # how many steps go round

    def constant(self) -> Tensor:
        """The windows of no or one place."""
        make = ones if self.length else zeros
        return make(self.length, dtype=self.kind.dtype, device=self.kind.device, requires_grad=self.requires_grad)

    def finished(self, made: Tensor) -> Tensor:
        if self.requires_grad:
            made.requires_grad = True
        return made


def _positive(op: str, name: str, value: float) -> None:
    if not value > 0:
        raise ValueRangeError(f"{name} must be positive, got: {value} instead.", op=op)


def bartlett(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """A triangle, 0 at both ends.

    >>> bartlett(5)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    options = _Options("bartlett", M, sym, dtype, layout, device, requires_grad)
    return options.constant() if M < 2 else options.finished(triangle(M, options.over, options.kind))


def exponential(M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, dtype: DType | None = None,
                layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """exp(-|n - center| / tau); the centre is in the middle unless given.

    >>> exponential(3)
    tensor([0.3679, 1.0000, 0.3679])
    """
    options = _Options("exponential", M, sym, dtype, layout, device, requires_grad)
    _positive("exponential", "Tau", tau)
    if sym and center is not None:
        raise ValueRangeError(f"Center must be None for symmetric windows, got {center}", op="exponential")
    if not M:
        return options.constant()
    middle = options.over / 2 if center is None else center
    return options.finished((-(counted(M, options.kind) - middle).abs() / tau).exp())


def cosine(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Any = None, device: Any = None,
           requires_grad: bool = False) -> Tensor:
    """The upper half of a sine: sin(pi (n + 1/2) / M).

    >>> cosine(3)
    tensor([0.5000, 1.0000, 0.5000])
    """
    options = _Options("cosine", M, sym, dtype, layout, device, requires_grad)
    if not M:
        return options.constant()
    return options.finished(((counted(M, options.kind) + 0.5) * (math.pi / (options.over + 1))).sin())


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, dtype: DType | None = None, layout: Any = None,
             device: Any = None, requires_grad: bool = False) -> Tensor:
    """exp(-n^2 / (2 std^2)), n counted from the middle.

    >>> gaussian(3)
    tensor([0.6065, 1.0000, 0.6065])
    """
    options = _Options("gaussian", M, sym, dtype, layout, device, requires_grad)
    _positive("gaussian", "Standard deviation", std)
    if not M:
        return options.constant()
    away = (counted(M, options.kind) - options.over / 2) / (std * math.sqrt(2))
    return options.finished((-away * away).exp())


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, dtype: DType | None = None, layout: Any = None,
           device: Any = None, requires_grad: bool = False) -> Tensor:
    """i0(beta sqrt(1 - t^2)) / i0(beta) for t from -1 to 1.

    >>> kaiser(3, beta=0.0)
    tensor([1., 1., 1.])
    """
    options = _Options("kaiser", M, sym, dtype, layout, device, requires_grad)
    if beta < 0:
        raise ValueRangeError(f"beta must be non-negative, got: {beta} instead.", op="kaiser")
    return options.constant() if M < 2 else options.finished(swollen(M, options.over, beta, options.kind))


def general_cosine(M: int, *, a: Any, sym: bool = True, dtype: DType | None = None, layout: Any = None,
                   device: Any = None, requires_grad: bool = False) -> Tensor:
    """The sum of (-1)^i a[i] cos(2 pi i n / (M - 1)).

    >>> general_cosine(3, a=[0.5, 0.5])
    tensor([0., 1., 0.])
    """
    return _cosines("general_cosine", M, a, sym, dtype, layout, device, requires_grad)


def _cosines(op: str, M: int, a: Any, sym: bool, dtype: DType | None, layout: Any, device: Any,
             requires_grad: bool) -> Tensor:
    options = _Options(op, M, sym, dtype, layout, device, requires_grad)
    if M < 2:
        return options.constant()
    if not isinstance(a, Iterable):
        raise ArgumentError(f"Coefficients must be a list/tuple, got {a!r}", op=op)
    weights = [float(w) for w in a]
    if not weights:
        raise ValueRangeError("Coefficients cannot be empty", op=op)
    return options.finished(cosines(M, options.over, weights, options.kind))


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, dtype: DType | None = None, layout: Any = None,
                    device: Any = None, requires_grad: bool = False) -> Tensor:
    """alpha - (1 - alpha) cos(2 pi n / (M - 1)).

    >>> general_hamming(3, alpha=0.5)
    tensor([0., 1., 0.])
    """
    return _cosines("general_hamming", M, (alpha, 1.0 - alpha), sym, dtype, layout, device, requires_grad)


def hamming(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Any = None, device: Any = None,
            requires_grad: bool = False) -> Tensor:
    """0.54 - 0.46 cos(2 pi n / (M - 1)).

    >>> hamming(3)
    tensor([0.0800, 1.0000, 0.0800])
    """
    return _cosines("hamming", M, (0.54, 1.0 - 0.54), sym, dtype, layout, device, requires_grad)


def hann(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False) -> Tensor:
    """(1 - cos(2 pi n / (M - 1))) / 2.

    >>> hann(3)
    tensor([0., 1., 0.])
    """
    return _cosines("hann", M, (0.5, 0.5), sym, dtype, layout, device, requires_grad)


def blackman(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """0.42 - 0.5 cos(x) + 0.08 cos(2 x) with x = 2 pi n / (M - 1).

    >>> blackman(5)[1]
    tensor(0.3400)
    """
    return _cosines("blackman", M, (0.42, 0.5, 0.08), sym, dtype, layout, device, requires_grad)


def nuttall(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Any = None, device: Any = None,
            requires_grad: bool = False) -> Tensor:
    """Nuttall's four terms (IEEE Transactions on Acoustics, Speech, and Signal Processing 29, 1981).

    >>> nuttall(5)[1]
    tensor(0.2270)
    """
    return _cosines("nuttall", M, (0.3635819, 0.4891775, 0.1365995, 0.0106411), sym, dtype, layout, device,
                    requires_grad)


__all__ = ["bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming",
           "hann", "kaiser", "nuttall"]
__getattr__, __dir__ = public(__name__)
