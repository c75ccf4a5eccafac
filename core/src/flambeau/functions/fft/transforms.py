"""The transforms of `flambeau.fft`: which dims, how long, and how they are divided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...dtypes import get_default_dtype
from ...errors import DimError, DTypeError, DTypeNotOfferedError, RepeatedDimError, ShapeError, ValueRangeError
from ...ops.complex import _c
from ...ops.create import cast
from ...ops.fft import ADJOINT, fft_c2c, fft_c2r, fft_r2c
from ...ops.movement import narrow_op, pad_op
from ...shapes import as_int, as_size, canonical_dim
from ...table.refusals import require_tensors
from ...tensors.tensor import Tensor
from ...tensors.views import write_out

_NORMS = {None: "backward", "backward": "backward", "forward": "forward", "ortho": "ortho"}


# --- what is checked before


def _norm(op: str, norm: Any) -> str:
    if norm is not None and norm not in _NORMS:
        raise ValueRangeError(f"Invalid normalization mode: {norm!r}, expected 'backward', 'forward' or 'ortho'", op=op)
    return _NORMS[norm]


def _floating(op: str, input: Tensor) -> Tensor:
    """The input, integers in the default dtype. Raises for 16-bit floats, which have no transform on the CPU."""
    require_tensors(op, input=input)
    dtype = input._kind.dtype
    if dtype.itemsize == 2 and dtype.category == 2:
        raise DTypeNotOfferedError(f"Unsupported dtype {dtype!r}, takes float32 and float64, real or complex", op=op,
                                   dtype=dtype)
    return input if dtype.category > 1 else cast(input, get_default_dtype())


def _complex(op: str, input: Tensor) -> Tensor:
    made = _floating(op, input)
    return made if made._kind.dtype.category == 3 else cast(made, made._kind.dtype.complex)


def _real(op: str, input: Tensor) -> Tensor:
    made = _floating(op, input)
    if made._kind.dtype.category == 3:
        raise DTypeError(f"expects a real input tensor, but got {made.dtype!r}", op=op, dtype=made.dtype)
    return made


def _dim(op: str, input: Tensor, dim: Any) -> int:
    if not input.ndim:
        raise DimError(f"Dimension specified as {dim} but tensor has no dimensions", op=op, dim=dim, ndim=0)
    return canonical_dim(op, dim, input.ndim)


def _points(op: str, n: Any) -> int:
    size = as_int(op, "n", n)
    if size < 1:
        raise ValueRangeError(f"Invalid number of data points ({size}) specified", op=op, n=size)
    return size


def _plan(op: str, input: Tensor, s: Any, dim: Any) -> tuple[list[int], list[int | None]]:
    """The dims of a transform over several, in the order given, and how long each is to be (None: as it is)."""
    if dim is not None:
        given = as_size(op, dim, "dim")
        dims = [_dim(op, input, d) for d in given]
        if len(set(dims)) != len(dims):
            raise RepeatedDimError(f"FFT dims must be unique, got {list(given)}", op=op, dim=given, ndim=input.ndim)
    if s is None:
        return (dims, [None] * len(dims)) if dim is not None else ([*range(input.ndim)], [None] * input.ndim)
    sizes = as_size(op, s, "s")
    if dim is None:
        if len(sizes) > input.ndim:
            raise ShapeError(f"Got shape with {len(sizes)} values but input tensor only has {input.ndim} dimensions.",
                             op=op)
        dims = [*range(input.ndim - len(sizes), input.ndim)]
    elif len(sizes) != len(dims):
        raise ShapeError(f"When given, dim and shape arguments must have the same length, got {len(dims)} dims and"
                         f" {len(sizes)} sizes", op=op)
    return dims, [None if n == -1 else _points(op, n) for n in sizes]


def _resized(op: str, input: Tensor, dim: int, n: int | None) -> Tensor:
    """The input with `n` elements along `dim`: the first ones, or zeros after them."""
    have = input._array.shape[dim]
    if n is None or n == have:
        _points(op, have)
        return input
    if n < have:
        return narrow_op(input, dim, 0, n)
    padding = tuple((0, n - have) if d == dim else (0, 0) for d in range(input.ndim))
    return pad_op(input, padding=padding, value=0)


def _given(op: Any, out: Tensor | None, made: Tensor) -> Tensor:
    return made if out is None else write_out(op.op, out, made)


# --- one dimension


def _one(name: str, inverse: bool, text: str) -> Callable[..., Tensor]:
    def transform(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *,
                  out: Tensor | None = None) -> Tensor:
        mode, x = _norm(name, norm), _complex(name, input)
        at = _dim(name, x, dim)
        if n is not None:
            n = _points(name, n)
        made = fft_c2c(_resized(name, x, at, n), dim=(at,), norm=mode, inverse=inverse)
        return _given(fft_c2c, out, made)

    return _named(transform, name, text)


def _named(function: Any, name: str, text: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function


fft = _one("fft", False, """The discrete Fourier transform over `dim`, of `n` elements: trimmed, or padded with zeros.

    `norm`: "backward" divides nothing here, "ortho" by the root of n, "forward" by n. Raises DTypeNotOfferedError for
    16-bit floats, ValueRangeError for n < 1.

    >>> import flambeau
    >>> flambeau.fft.fft(flambeau.tensor([1.0, 0.0, -1.0, 0.0]))
    tensor([0.+0.j, 2.+0.j, 0.+0.j, 2.+0.j])
    """)
ifft = _one("ifft", True, """The inverse of `fft`: what `fft` takes to the input.

    >>> import flambeau
    >>> flambeau.fft.ifft(flambeau.tensor([4.0, 0.0, 0.0, 0.0])).real
    tensor([1., 1., 1., 1.])
    """)


def _half(name: str, flipped: bool, text: str) -> Callable[..., Tensor]:
    """`rfft`, and `ihfft`, which is its conjugate divided the other way."""
    def transform(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *,
                  out: Tensor | None = None) -> Tensor:
        mode, x = _norm(name, norm), _real(name, input)
        at = _dim(name, x, dim)
        x = _resized(name, x, at, None if n is None else _points(name, n))
        made = fft_r2c(x, dim=at, norm=ADJOINT[mode] if flipped else mode)
        return _given(fft_r2c, out, _c(made) if flipped else made)

    return _named(transform, name, text)


rfft = _half("rfft", False, """The first half, and one more, of the transform of real numbers: the rest are conjugates.

    >>> import flambeau
    >>> flambeau.fft.rfft(flambeau.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([10.+0.j, -2.+2.j, -2.+0.j])
    """)
ihfft = _half("ihfft", True, """The inverse of `hfft`: half of the inverse transform of real numbers, and one more.

    >>> import flambeau
    >>> flambeau.fft.ihfft(flambeau.tensor([4.0, 0.0, 0.0, 0.0]))
    tensor([1.-0.j, 1.-0.j, 1.-0.j])
    """)


def _whole(name: str, flipped: bool, text: str) -> Callable[..., Tensor]:
    """`irfft`, and `hfft`, which is that of the conjugate, divided the other way."""
    def transform(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *,
                  out: Tensor | None = None) -> Tensor:
        mode, x = _norm(name, norm), _complex(name, input)
        at = _dim(name, x, dim)
        size = _points(name, 2 * (x._array.shape[at] - 1) if n is None else n)
        made = _to_real(name, x, at, size, mode, flipped)
        return _given(fft_c2r, out, made)

    return _named(transform, name, text)


def _to_real(op: str, x: Tensor, dim: int, size: int, mode: str, flipped: bool) -> Tensor:
    half = _resized(op, x, dim, size // 2 + 1)
    return fft_c2r(_c(half) if flipped else half, dim=dim, size=size, norm=ADJOINT[mode] if flipped else mode)


irfft = _whole("irfft", False, """The inverse of `rfft`: `n` real numbers from the first half of their transform.

    Unless given, n is even: 2 (m - 1) for m values.

    >>> import flambeau
    >>> flambeau.fft.irfft(flambeau.tensor([10.0, -2 + 2j, -2.0]))
    tensor([1., 2., 3., 4.])
    """)
hfft = _whole("hfft", True, """The transform, `n` real numbers, of half a signal that is its own mirrored conjugate.

    >>> import flambeau
    >>> flambeau.fft.hfft(flambeau.tensor([1.0, 2.0, 3.0]))
    tensor([ 8., -2.,  0., -2.])
    """)


# --- several dimensions


Transform = Callable[..., Tensor]


def _over(name: str, transform: Transform, text: str) -> tuple[Transform, Transform]:
    """The transform over any dims, and the one over two of them; `transform` gets the operands and the plan."""
    def several(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *,
                out: Tensor | None = None) -> Tensor:
        return transform(f"{name}n", input, s, dim, norm, out)

    def two(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *,
            out: Tensor | None = None) -> Tensor:
        return transform(f"{name}2", input, s, dim, norm, out)

    return (_named(several, f"{name}n", f"{text} over `dim`, all dims unless given; `s` says how long each is."),
            _named(two, f"{name}2", f"{text} over two dims, the last ones unless given; `s` says how long each is."))


def _c2c_over(inverse: bool) -> Callable[..., Tensor]:
    def transform(op: str, input: Tensor, s: Any, dim: Any, norm: Any, out: Tensor | None) -> Tensor:
        mode, x = _norm(op, norm), _complex(op, input)
        dims, sizes = _plan(op, x, s, dim)
        return _given(fft_c2c, out, _complex_over(op, x, dims, sizes, mode, inverse))

    return transform


def _complex_over(op: str, x: Tensor, dims: list[int], sizes: list[int | None], mode: str, inverse: bool) -> Tensor:
    for d, n in zip(dims, sizes, strict=True):
        x = _resized(op, x, d, n)
    return fft_c2c(x, dim=tuple(dims), norm=mode, inverse=inverse) if dims else x


def _some(op: str, dims: list[int]) -> None:
    if not dims:
        raise DimError("must transform at least one axis", op=op, dim=(), ndim=0)


def _r2c_over(flipped: bool) -> Callable[..., Tensor]:
    def transform(op: str, input: Tensor, s: Any, dim: Any, norm: Any, out: Tensor | None) -> Tensor:
        mode, x = _norm(op, norm), _real(op, input)
        dims, sizes = _plan(op, x, s, dim)
        _some(op, dims)
        for d, n in zip(dims, sizes, strict=True):
            x = _resized(op, x, d, n)
        made = fft_r2c(x, dim=dims[-1], norm=ADJOINT[mode] if flipped else mode)
        made = _complex_over(op, _c(made) if flipped else made, dims[:-1], [None] * len(dims[:-1]), mode, flipped)
        return _given(fft_r2c, out, made)

    return transform


def _c2r_over(flipped: bool) -> Callable[..., Tensor]:
    def transform(op: str, input: Tensor, s: Any, dim: Any, norm: Any, out: Tensor | None) -> Tensor:
        mode, x = _norm(op, norm), _complex(op, input)
        dims, sizes = _plan(op, x, s, dim)
        _some(op, dims)
        last = sizes[-1] if sizes[-1] is not None else _points(op, 2 * (x._array.shape[dims[-1]] - 1))
        x = _resized(op, x, dims[-1], last // 2 + 1)
        x = _complex_over(op, x, dims[:-1], sizes[:-1], mode, not flipped)
        return _given(fft_c2r, out, _to_real(op, x, dims[-1], last, mode, flipped))

    return transform


fftn, fft2 = _over("fft", _c2c_over(False), "The discrete Fourier transform")
ifftn, ifft2 = _over("ifft", _c2c_over(True), "The inverse discrete Fourier transform")
rfftn, rfft2 = _over("rfft", _r2c_over(False), "Half of the transform of real numbers")
ihfftn, ihfft2 = _over("ihfft", _r2c_over(True), "Half of the inverse transform of real numbers")
irfftn, irfft2 = _over("irfft", _c2r_over(False), "The real numbers of which half the transform is given,")
hfftn, hfft2 = _over("hfft", _c2r_over(True), "The real transform of a signal that is its own mirrored conjugate,")
