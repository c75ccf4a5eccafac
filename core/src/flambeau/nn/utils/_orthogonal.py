"""Orthogonal matrices as functions of free ones: by the exponential, Cayley's map or Householder's reflections."""

from __future__ import annotations

import math
from typing import Any

from ... import functions
from ...errors import UnsupportedError, ValueRangeError
from ...modes import no_grad
from ...table.settings import finfo
from ...tensors.tensor import Tensor
from ..module import Module

MAPS = ("matrix_exp", "cayley", "householder")


def _identity(like: Tensor, rows: int, columns: int) -> Tensor:
    return functions.eye(rows, columns, dtype=like.dtype, device=like.device)


def _exponential(a: Tensor) -> Tensor:
    """The exponential of square matrices: Taylor's series of a small part of `a`, squared again and again."""
    largest = float(a.detach().abs().sum(-1).max()) if a.numel() else 0.0
    halvings = max(0, math.ceil(math.log2(largest)) + 1) if largest > 0 and math.isfinite(largest) else 0
    small, unit = a / 2.0**halvings, _identity(a, a.shape[-1], a.shape[-1])
    made = unit + small / 14
    for order in range(13, 0, -1):
        made = unit + small @ made / order
    for _ in range(halvings):
        made = made @ made
    return made


def _cayley(a: Tensor) -> Tensor:
    """(I - a/2)^-1 (I + a/2) for skew-symmetric `a`, by elimination: its pivots are never small."""
    n = a.shape[-1]
    unit = _identity(a, n, n)
    both = functions.cat([unit - a / 2, unit + a / 2], -1)
    for i in range(n):
        row = both[..., i:i + 1, :] / both[..., i:i + 1, i:i + 1]
        both = both - (both[..., :, i:i + 1] - unit[:, i:i + 1]) * row
    return both[..., n:]


def _reflected(a: Tensor, tau: Tensor) -> Tensor:
    """The first columns of the product of reflections I - tau v v^T, v below the diagonal of `a` and 1 upon it."""
    n, k = a.shape[-2:]
    vectors = a.tril(-1) + _identity(a, n, k)
    made = _identity(a, n, k).expand(*a.shape[:-2], n, k)
    for i in reversed(range(k)):
        v = vectors[..., :, i:i + 1]
        made = made - tau[..., i].unsqueeze(-1).unsqueeze(-1) * v * (v.mT @ made)
    return made


def _factored(a: Tensor) -> tuple[Tensor, Tensor]:
    """QR with R on and above the diagonal, the vectors of the reflections below it, and their factors tau."""
    a, taus = a.clone(), []
    for i in range(a.shape[-1]):
        head, rest = a[..., i, i].clone(), a[..., i + 1:, i].clone()
        length = (head * head + (rest * rest).sum(-1)).sqrt()
        plain = (rest == 0).all(-1)
        beta = functions.where(plain, head, -functions.where(head >= 0, length, -length))
        tau = functions.where(plain, 0.0, (beta - head) / functions.where(beta == 0, 1.0, beta))
        below = rest / functions.where(plain, 1.0, head - beta).unsqueeze(-1)
        v = functions.cat([functions.ones_like(head).unsqueeze(-1), below], -1).unsqueeze(-1)
        block = a[..., i:, i + 1:].clone()
        a[..., i:, i + 1:] = block - tau.unsqueeze(-1).unsqueeze(-1) * v * (v.mT @ block)
        a[..., i, i], a[..., i + 1:, i] = beta, below
        taus.append(tau)
    return a, functions.stack(taus, -1)


def _diagonal(a: Tensor) -> Tensor:
    return a.diagonal(dim1=-2, dim2=-1)


def _made_orthogonal(a: Tensor) -> Tensor:
    factored, tau = _factored(a)
    return _reflected(factored, tau) * _diagonal(factored).sign().unsqueeze(-2)


def _is_orthogonal(q: Tensor) -> bool:
    n, k = q.shape[-2:]
    unit, eps = _identity(q, k, k), 10 * n * finfo(q.dtype).eps
    return bool(functions.allclose(q.mT @ q, unit.expand(*q.shape[:-2], k, k), atol=eps))


class Orthogonal(Module):
    """The parametrization; `base`, with trivialization, is the orthogonal matrix at which the free one is zero."""

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex():
            raise UnsupportedError(f"orthogonal takes real matrices, got {weight.dtype!r}", op="orthogonal")
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def _get_name(self) -> str:
        return "_Orthogonal"

    def forward(self, x: Tensor) -> Tensor:
        wide = x.shape[-2] < x.shape[-1]
        x = x.mT if wide else x
        n, k = x.shape[-2:]
        if self.orthogonal_map == "householder":
            a = x.tril(-1)
            q = _reflected(a, 2.0 / (1.0 + (a * a).sum(-2)))
            q = q * _diagonal(x).int().unsqueeze(-2)
        else:
            lower = x.tril()
            if n != k:
                lower = functions.cat([lower, lower.new_zeros((*x.shape[:-2], n, n - k))], -1)
            skew = lower - lower.mT
            q = (_exponential if self.orthogonal_map == "matrix_exp" else _cayley)(skew)[..., :k]
        base: Any = getattr(self, "base", None)
        q = q if base is None else base @ q
        return q.mT if wide else q

    @no_grad()  # type: ignore[untyped-decorator]
    def right_inverse(self, q: Tensor) -> Tensor:
        """The free matrix of an orthogonal one. Raises ValueRangeError for another shape."""
        if q.shape != self.shape:
            raise ValueRangeError(f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of "
                                  f"shape {q.shape}.")
        given, wide = q, q.shape[-2] < q.shape[-1]
        q = q.mT if wide else q
        n, k = q.shape[-2:]
        if "base" not in self._buffers:
            return self._without_base(q, wide)
        if n != k:
            drawn = functions.randn((*q.shape[:-2], n, n - k), dtype=q.dtype, device=q.device)
            self.base = _made_orthogonal(functions.cat([q, drawn], -1))
        else:
            self.base = q.clone() if _is_orthogonal(q) else _made_orthogonal(q)
        return -_identity(given, *given.shape[-2:]).expand(given.shape).clone()

    def _without_base(self, q: Tensor, wide: bool) -> Tensor:
        if self.orthogonal_map != "householder":
            raise UnsupportedError("It is not possible to assign to the matrix exponential or the Cayley "
                                   "parametrizations when use_trivialization=False.")
        a, tau = _factored(q)
        signs = _diagonal(a).sign()
        signs = functions.where(tau == 0, -signs, signs)
        _diagonal(a).copy_(signs)
        return a.mT if wide else a
