"""The same calls made of PyTorch, and the comparison with it; needs torch, for the parity session only."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import torch

from flambeau.contract.backend import Backend
from flambeau.dtypes import BY_NAME, DType, bfloat16, float16

from .cases import Case
from .compare import Result, difference, refuses, run, supported
from .host import Host

Tensor = torch.Tensor

def _dtype(d: DType) -> torch.dtype:
    return getattr(torch, d.name)


def tensor(host: Host | None) -> Tensor | None:
    """`host` as a tensor of PyTorch with the same layout."""
    if host is None:
        return None
    if not host.values:
        return torch.empty(host.shape, dtype=_dtype(host.dtype))
    flat = torch.frombuffer(bytearray(host.data), dtype=_dtype(host.dtype))
    if host.strides is None:
        return flat[host.offset:][: math.prod(host.shape)].reshape(host.shape)
    return flat.as_strided(host.shape, host.strides, host.offset)


def _reduce(name: str) -> Callable[..., Tensor]:
    def call(x: Tensor, *, dim: tuple[int, ...], keepdim: bool, dtype: DType | None = None) -> Tensor:
        if name in ("amax", "amin"):
            return getattr(torch, name)(x, dim, keepdim) if dim else x.clone()
        x = x.to(_dtype(dtype))
        x = x.float() if dtype in (float16, bfloat16) else x
        for d in reversed(dim):
            x = getattr(torch, name)(x, d, True)
        x = x.to(_dtype(dtype))
        return x if keepdim else x.reshape([n for d, n in enumerate(x.shape) if d not in dim])

    return call


def _scan(name: str) -> Callable[..., Any]:
    def call(x: Tensor, *, dim: int, dtype: DType | None = None) -> Any:
        return getattr(torch, name)(x, dim, **({"dtype": _dtype(dtype)} if dtype else {}))

    return call


def _argument(name: str) -> Callable[..., Tensor]:
    def call(x: Tensor, *, dim: int | None, keepdim: bool) -> Tensor:
        x = x.to(torch.uint8) if x.dtype == torch.bool else x
        out = getattr(torch, name)(x, dim, keepdim and dim is not None)
        return out.reshape([1] * x.ndim) if keepdim and dim is None else out

    return call


def _slice(x: Tensor, *, index: tuple[Any, ...]) -> Tensor:
    return x[index]


def _pad(x: Tensor, *, padding: tuple[tuple[int, int], ...], value: Any) -> Tensor:
    out = torch.full([n + a + b for n, (a, b) in zip(x.shape, padding, strict=True)], value, dtype=x.dtype)
    out[tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, padding, strict=True))] = x
    return out


def _take(x: Tensor, index: Tensor, *, dim: int) -> Tensor:
    flat = x.index_select(dim, index.reshape(-1))
    return flat.reshape(x.shape[:dim] + index.shape + x.shape[dim + 1:])


def _scatter_add(x: Tensor, index: Tensor, src: Tensor, *, dim: int) -> Tensor:
    if x.dtype in (torch.float16, torch.bfloat16):
        return x.float().scatter_add(dim, index, src.float()).to(x.dtype)
    return x.scatter_add(dim, index, src)


def _index_put(x: Tensor, values: Tensor, *indices: Tensor, accumulate: bool) -> Tensor:
    if accumulate and x.dtype in (torch.float16, torch.bfloat16):
        return _index_put(x.float(), values.float(), *indices, accumulate=True).to(x.dtype)
    return x.index_put(indices, values, accumulate)


def _matmul(x: Tensor, y: Tensor) -> Tensor:
    if x.dtype in (torch.float16, torch.bfloat16):
        return torch.matmul(x.float(), y.float()).to(x.dtype)
    return torch.matmul(x, y)


def _unfold(x: Tensor, *, kernel_size: Any, dilation: Any, stride: Any) -> Tensor:
    spatial = len(kernel_size)
    for d, (k, g, s) in enumerate(zip(kernel_size, dilation, stride, strict=True)):
        x = x.unfold(2 + d, g * (k - 1) + 1, s)[..., ::g]
    return x.reshape(x.shape[: 2 + spatial] + tuple(kernel_size))


def _fold(x: Tensor, *, size: Any, dilation: Any, stride: Any) -> Tensor:
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    base = torch.zeros(*x.shape[:2], *size, dtype=wide.dtype, requires_grad=True)
    windows = _unfold(base, kernel_size=x.shape[2 + len(size):], dilation=dilation, stride=stride)
    return torch.autograd.grad(windows, base, wide)[0].to(x.dtype)


def _full(*, size: Any, value: Any, dtype: DType) -> Tensor:
    return torch.full(size, value, dtype=_dtype(dtype))


def _arange(*, start: Any, step: Any, length: int, dtype: DType) -> Tensor:
    wide = torch.int64 if isinstance(start, int) else torch.float64
    return (torch.arange(length, dtype=wide) * step + start).to(_dtype(dtype))


def _pow(x: Tensor, y: Tensor) -> Tensor:
    if not x.dtype.is_floating_point and not x.dtype.is_complex and x.dtype.is_signed:
        good = y.clamp(min=0)
        unit = torch.where(y % 2 == 0, torch.ones_like(x), x)
        return torch.where(y < 0, torch.where((x == 1) | (x == -1), unit, torch.zeros_like(x)), torch.pow(x, good))
    return torch.pow(x, y)


def _shift(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    def call(x: Tensor, y: Tensor) -> Tensor:
        bits = torch.iinfo(x.dtype).bits
        large = (y < 0) | (y >= bits)
        shifted = getattr(torch, name)(x, torch.where(large, torch.zeros_like(y), y))
        rest = torch.where(x < 0, -torch.ones_like(x), torch.zeros_like(x)) if "right" in name and x.dtype.is_signed \
            else torch.zeros_like(x)
        return torch.where(large, rest, shifted)

    return call


TORCH: dict[str, Callable[..., Any]] = {
    "erf": lambda x: torch.erf(x.float()).to(x.dtype) if x.itemsize == 2 else torch.erf(x),  # float16's is off by 2 ulp
    "div": torch.true_divide, "pow": _pow, "where": torch.where, "copy": torch.clone,
    "real": lambda x: x.real.clone(), "imag": lambda x: x.imag.clone(),
    "bitwise_left_shift": _shift("bitwise_left_shift"), "bitwise_right_shift": _shift("bitwise_right_shift"),
    **{name: _reduce(name) for name in ("sum", "prod", "amax", "amin")},
    **{name: _scan(name) for name in ("cumsum", "cumprod", "cummax", "cummin")},
    "argmax": _argument("argmax"), "argmin": _argument("argmin"),
    "view": lambda x, size: x.view(size), "permute": lambda x, dims: x.permute(dims),
    "expand": lambda x, size: x.expand(size), "slice": _slice,
    "as_strided": lambda x, size, stride, storage_offset: x.as_strided(size, stride, storage_offset),
    "diagonal": lambda x, offset, dim1, dim2: x.diagonal(offset, dim1, dim2), "flip": torch.flip,
    "roll": lambda x, shifts, dims: torch.roll(x, shifts, dims), "pad": _pad,
    "cast": lambda x, dtype: x.to(_dtype(dtype)),
    "cat": lambda *arrays, dim: torch.cat(arrays, dim), "take": _take,
    "gather": lambda x, index, dim: torch.gather(x, dim, index),
    "scatter": lambda x, index, src, dim: x.scatter(dim, index, src), "scatter_add": _scatter_add,
    "index": lambda x, *indices: x[indices], "index_put": _index_put, "nonzero": torch.nonzero,
    "masked_select": torch.masked_select,
    "sort": lambda x, dim, descending: tuple(torch.sort(x, dim=dim, descending=descending, stable=True)),
    "searchsorted": lambda rows, values, right: torch.searchsorted(rows, values, right=right),
    "matmul": _matmul, "unfold": _unfold, "fold": _fold, "full": _full, "arange": _arange,
}


def _result(value: Tensor) -> Result:
    flat = value.detach().contiguous().reshape(-1)
    data = bytes(flat.view(torch.uint8).numpy()) if flat.numel() else b""
    return Result(tuple(value.shape), BY_NAME[str(value.dtype).removeprefix("torch.")], data)


def _seen_by(backend: Backend, case: Case, x: Tensor | None) -> Tensor | None:
    """A backend without strides knows no storage but the elements in C order."""
    return x.contiguous().clone() if case.op == "as_strided" and not backend.shared_views and x is not None else x


def check(case: Case, backend: Backend) -> str | None:
    """Runs one case on `backend` and on PyTorch; the difference, or None."""
    if not supported(case, backend):
        return None if refuses(case, backend) else "declared unsupported, yet it answers"
    function = TORCH.get(case.op) or getattr(torch, case.op)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns once about dropped imaginary parts
        theirs = function(*[_seen_by(backend, case, tensor(a)) for a in case.arrays], **case.attributes)
    expected = [_result(t) for t in (theirs if isinstance(theirs, tuple) else (theirs,))]
    return difference(case.op, run(case, backend), expected)
