"""Between PyTorch tensors and the reference's arrays, layout included."""

from __future__ import annotations

from typing import Any

import torch

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau_reference import Array, ReferenceBackend

BACKEND = ReferenceBackend()
KERNELS = BACKEND.kernels
ALL = tuple(d.name for d in dtypes.ALL)
INTEGERS = tuple(d.name for d in dtypes.INTEGERS)
FLOATING = tuple(d.name for d in dtypes.FLOATING)
COMPLEX = tuple(d.name for d in dtypes.COMPLEX)
ORDERED = ("bool", *INTEGERS, *FLOATING)
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, float("inf"), float("-inf"), float("nan"), 1e-3, 40.0]
RELATIVE = {"float16": 1e-3, "bfloat16": 8e-3, "float32": 3e-7, "float64": 1e-14, "complex64": 1e-6,
            "complex128": 1e-13}


def flambeau_dtype(t: torch.Tensor) -> DType:
    return dtypes.BY_NAME[str(t.dtype).removeprefix("torch.")]


def to_reference(t: torch.Tensor) -> Array:
    """`t` with its own strides and offset over a copy of its storage."""
    count = t.untyped_storage().nbytes() // t.element_size()
    flat = torch.as_strided(t, (count,), (1,), 0)
    raw = flat.view(torch.uint8).numpy().tobytes() if count else b""
    return BACKEND.from_host(raw, tuple(t.shape), flambeau_dtype(t), tuple(t.stride()), t.storage_offset())


def to_torch(x: Array) -> torch.Tensor:
    dtype = getattr(torch, x.dtype.name)
    raw = bytearray(BACKEND.to_host(x))
    return torch.frombuffer(raw, dtype=dtype).reshape(x.shape) if raw else torch.empty(x.shape, dtype=dtype)


def data(dtype: str, *shape: int, seed: int = 0, special: bool = False) -> torch.Tensor:
    """Small numbers of a dtype; with `special`, zeros of both signs, infinities and NaN among them."""
    g = torch.Generator().manual_seed(seed)
    kind = getattr(torch, dtype)
    if dtype == "bool":
        return torch.rand(shape, generator=g) > 0.5
    if dtype in INTEGERS:
        return torch.randint(0 if dtype == "uint8" else -120, 120, shape, generator=g).to(kind)
    if dtype in COMPLEX:
        return torch.complex(torch.randn(shape, generator=g, dtype=torch.float64),
                             torch.randn(shape, generator=g, dtype=torch.float64)).to(kind)
    t = torch.randn(shape, generator=g, dtype=torch.float64) * 3
    if special and t.numel():
        at = torch.randint(0, len(SPECIAL), shape, generator=g)
        t = torch.where(torch.rand(shape, generator=g) < 0.6, torch.tensor(SPECIAL, dtype=torch.float64)[at], t)
    return t.to(kind)


def layouts(t: torch.Tensor) -> list[torch.Tensor]:
    """The same elements laid out in C order, transposed, with gaps and an offset, and broadcast by stride 0."""
    result = [t]
    if t.dim():
        result.append(t.movedim(0, -1).contiguous().movedim(-1, 0))
        gaps = torch.zeros([s * 2 + 1 for s in t.shape], dtype=t.dtype)
        view = gaps[tuple(slice(1, None, 2) for _ in t.shape)]
        result.append(view.copy_(t))
        result.append(t[:1].expand(t.shape) if t.shape[0] else t)
    return result


def call(name: str, *tensors: torch.Tensor, **attributes: Any) -> Any:
    result = KERNELS[name](*map(to_reference, tensors), **attributes)
    return tuple(map(to_torch, result)) if isinstance(result, tuple) else to_torch(result)


def assert_same(actual: torch.Tensor, expected: torch.Tensor, relative: float = 0.0) -> None:
    """Equal shape and dtype, elements equal to `relative`; NaN equals NaN."""
    torch.testing.assert_close(actual, expected, rtol=relative, atol=relative and relative * 1e-3, equal_nan=True)
