"""Low precision that accumulates low: sums, products and composed ops of 16-bit floats, rounded at every step.

Composed ops get the composition itself as a kernel, run in the inputs' own dtype instead of float32: what a backend
does whose fused kernel forgets to widen. The same bugs of gradients are in `core`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau import dtypes
from flambeau.contract.backend import Backend, Kernel
from flambeau.contract.device import resolve
from flambeau.dtypes import DType
from flambeau.shapes import numel
from flambeau.table.registry import FALLBACK, TABLE

from .fused import right_kernel
from .hands import based, made, own
from .mutant import CATALOGUE, Mutant, Parts, kernels

_SORT, _NEEDS = "low accumulation", "16-bit floats"


def _low(base: Backend, x: Any) -> bool:
    return base.dtype_of(x) in dtypes.HALVES


# --- composed ops


def _composed(op: str, *more: str) -> None:
    """Adds the mutant whose `op` is computed step by step in the inputs' dtype; `more` are checks that may notice."""
    def inject(base: Backend) -> Parts:
        right, low = right_kernel(base, op), FALLBACK[0](TABLE[op], resolve(base.name))

        def kernel(*arrays: Any, **attributes: Any) -> Any:
            return (low if _low(base, arrays[0]) else right)(*arrays, **attributes)

        return Parts(add={op: kernel})

    name = f"low-{op.replace('_', '-')}"
    CATALOGUE[name] = Mutant(name, f"{op} of 16-bit floats is computed in them, step by step.", _SORT,
                             (f"contract/halves/{op}/*", *more), inject, needs=_NEEDS)


for _op in ("mean", "var", "vector_norm", "softmax_backward", "layer_norm", "batch_norm_train",
            "normalized_backward", "mse_loss", "cross_entropy_loss", "avg_pool", "adaptive_avg_pool", "convolution",
            "linear", "cdist", "embedding_backward"):
    _composed(_op, "contract/accumulation/*")


# --- required kernels


def _part(base: Backend, x: Any, dim: int, i: int) -> Any:
    """The i-th slice along `dim`, kept as a dim of size 1."""
    index = tuple(slice(i, i + 1, 1) if d == dim else slice(0, n, 1) for d, n in enumerate(x.shape))
    return own(base, "slice", x, index=index)


def _added_up(base: Backend, parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = own(base, "add", total, part)
    return total


def _sum(base: Backend, kernel: Kernel, x: Any, *, dim: tuple[int, ...], keepdim: bool, dtype: DType) -> Any:
    if not _low(base, x) or dtype is not base.dtype_of(x) or not numel(x.shape):
        return kernel(x, dim=dim, keepdim=keepdim, dtype=dtype)
    for d in dim:
        x = _added_up(base, [_part(base, x, d, i) for i in range(x.shape[d])])
    return base.own(kernel(x, dim=dim, keepdim=keepdim, dtype=dtype))  # of one element each


def _cumsum(base: Backend, kernel: Kernel, x: Any, *, dim: int, dtype: DType) -> Any:
    if not _low(base, x) or dtype is not base.dtype_of(x) or not numel(x.shape) or not x.shape:
        return kernel(x, dim=dim, dtype=dtype)
    running = [_part(base, x, dim, 0)]
    for i in range(1, x.shape[dim]):
        running.append(own(base, "add", running[-1], _part(base, x, dim, i)))
    return own(base, "cat", *running, dim=dim)


def _matmul(base: Backend, kernel: Kernel, x: Any, y: Any) -> Any:
    if not _low(base, x) or len(x.shape) != 2 or len(y.shape) != 2 or not x.shape[1]:
        return kernel(x, y)
    return _added_up(base, [own(base, "mul", _part(base, x, 1, k), _part(base, y, 0, k)) for k in range(x.shape[1])])


def _scatter_add(base: Backend, kernel: Kernel, x: Any, index: Any, src: Any, *, dim: int) -> Any:
    if not _low(base, x) or not index.shape:
        return kernel(x, index, src, dim=dim)
    for i in range(index.shape[dim]):
        x = base.own(kernel(x, _part(base, index, dim, i), _part(base, src, dim, i), dim=dim))
    return x


def _index_put(base: Backend, kernel: Kernel, x: Any, values: Any, *indices: Any, accumulate: bool) -> Any:
    flat = len(indices) == 1 and len(indices[0].shape) == 1 and len(values.shape) == len(x.shape)
    if not accumulate or not _low(base, x) or not flat or values.shape[0] != indices[0].shape[0]:
        return kernel(x, values, *indices, accumulate=accumulate)
    for i in range(values.shape[0]):
        x = base.own(kernel(x, _part(base, values, 0, i), _part(base, indices[0], 0, i), accumulate=True))
    return x


def _fold(base: Backend, kernel: Kernel, x: Any, *, size: Any, **attributes: Any) -> Any:
    if not _low(base, x) or not numel(x.shape):
        return kernel(x, size=size, **attributes)
    last, dtype = len(x.shape) - 1, base.dtype_of(x)
    zeros = made(base, [0.0] * numel(x.shape), tuple(x.shape), dtype)
    single = [own(base, "cat", *[_part(base, x if i == k else zeros, last, i) for i in range(x.shape[last])], dim=last)
              for k in range(x.shape[last])]
    return _added_up(base, [base.own(kernel(one, size=size, **attributes)) for one in single])


_PRIMITIVES: dict[str, Callable[..., Any]] = {
    "sum": _sum, "cumsum": _cumsum, "matmul": _matmul, "scatter_add": _scatter_add, "index_put": _index_put,
    "fold": _fold}

for _name, _function in _PRIMITIVES.items():
    kernels(f"low-{_name.replace('_', '-')}", f"{_name} of 16-bit floats is rounded after every addition.", _SORT,
            (f"contract/halves/{_name}/*", "contract/accumulation/*"), {_name: based(_function)}, needs=_NEEDS)
