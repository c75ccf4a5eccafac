"""The frequencies that the values of a transform belong to, and the transform with the zero in the middle."""

from __future__ import annotations

from typing import Any

from ...dtypes import DType
from ...errors import ValueRangeError
from ...ops.create import arange, arange_op, kind_for
from ...ops.movement import cat, roll_op
from ...shapes import as_int, as_size, canonical_dim
from ...table.dispatch import into
from ...table.refusals import require_tensors
from ...tensors.tensor import Tensor


def fftfreq(n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
            device: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequencies of the `n` values of a transform, in cycles per unit of the spacing `d`; negative ones last.

    >>> import flambeau
    >>> flambeau.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    n = _length("fftfreq", n)
    kind = kind_for(dtype, device)
    parts = [arange(0, (n + 1) // 2, dtype=kind.dtype, device=kind.device),
             arange(-(n // 2), 0, dtype=kind.dtype, device=kind.device)]
    return _spaced(cat(parts), n, d, out, requires_grad)


def rfftfreq(n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
             device: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequencies of the n // 2 + 1 values that `rfft` makes of `n`, in cycles per unit of the spacing `d`.

    >>> import flambeau
    >>> flambeau.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    n = _length("rfftfreq", n)
    kind = kind_for(dtype, device)
    return _spaced(arange(0, n // 2 + 1, dtype=kind.dtype, device=kind.device), n, d, out, requires_grad)


def _length(op: str, n: Any) -> int:
    length = as_int(op, "n", n)
    if length < 1:
        raise ValueRangeError(f"n must be at least 1, got {length}", op=op, n=length)
    return length


def _spaced(steps: Tensor, n: int, d: float, out: Tensor | None, requires_grad: bool) -> Tensor:
    made = steps * (1.0 / (n * d))
    if requires_grad:
        made.requires_grad = True
    return made if out is None else into(arange_op.op, out, made)


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The values of a transform with the zero frequency in the middle, over `dim`, all dims unless given.

    >>> import flambeau
    >>> flambeau.fft.fftshift(flambeau.tensor([0, 1, -2, -1]))
    tensor([-2, -1,  0,  1])
    """
    return _shifted("fftshift", input, dim, lambda n: n // 2)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """What `fftshift` takes to the input.

    >>> import flambeau
    >>> flambeau.fft.ifftshift(flambeau.tensor([-2, -1, 0, 1]))
    tensor([ 0,  1, -2, -1])
    """
    return _shifted("ifftshift", input, dim, lambda n: (n + 1) // 2)


def _shifted(op: str, input: Tensor, dim: Any, by: Any) -> Tensor:
    require_tensors(op, input=input)
    dims = range(input.ndim) if dim is None else [canonical_dim(op, d, input.ndim) for d in as_size(op, dim, "dim")]
    shape = input._array.shape
    return roll_op(input, shifts=tuple(by(shape[d]) for d in dims), dims=tuple(dims))
