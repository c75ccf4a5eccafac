"""Factorisations: LAPACK's through numpy.linalg; LU, LDL and triangular systems, which it lacks, over whole batches.

Loops run over rows or columns and not over the matrices of a batch: LDL, whose pivots are blocks, and large matrices,
which go to SciPy's LAPACK one by one, aside.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from flambeau.errors import LinAlgError

from ..dtypes import COMPLEX, FLOATS
from ..registry import kernel

Array = np.ndarray[Any, Any]
WIDE = FLOATS + COMPLEX


def converging(function: Callable[..., Any]) -> Callable[..., Any]:
    """Says by flambeau's error that an iteration of LAPACK's did not converge."""
    @wraps(function)
    def guarded(*arrays: Array, **attributes: Any) -> Any:
        try:
            return function(*arrays, **attributes)
        except np.linalg.LinAlgError:
            finite = np.isfinite(arrays[0]).all()
            raise LinAlgError("The algorithm failed to converge because the input matrix " + (
                "is ill-conditioned or has too many repeated eigenvalues." if finite else
                "contained non-finite values.")) from None

    return guarded


def adjoint(x: Array) -> Array:
    return x.conj().swapaxes(-1, -2)


# --- triangular systems

_LARGE = 64  # from that size on SciPy's call for each matrix is faster than a row at a time for all
_BLOCK = 32  # rows that are solved one by one; what lies below is one product


@kernel("linalg_solve_triangular", WIDE)
def solve_triangular(x: Array, y: Array, *, upper: bool, left: bool, unitriangular: bool) -> Array:
    if not left:
        made = solve_triangular(x.swapaxes(-1, -2), y.swapaxes(-1, -2), upper=not upper, left=True,
                                unitriangular=unitriangular)
        return np.ascontiguousarray(made.swapaxes(-1, -2))
    n = x.shape[-1]
    if y.shape[-2] != n:
        raise ValueError("sizes differ")
    out = np.empty((*np.broadcast_shapes(x.shape[:-2], y.shape[:-2]), *y.shape[-2:]), x.dtype)
    out[...] = y
    if n >= _LARGE and out.size and _by_lapack(x, out, upper, unitriangular):
        return out
    starts = range(0, n, _BLOCK)
    for start in reversed(starts) if upper else starts:
        stop = min(start + _BLOCK, n)
        _solve_block(x[..., start:stop, start:stop], out[..., start:stop, :], upper, unitriangular)
        rest = slice(0, start) if upper else slice(stop, n)
        if rest.start < rest.stop:
            out[..., rest, :] -= x[..., rest, start:stop] @ out[..., start:stop, :]
    return out


def _by_lapack(x: Array, out: Array, upper: bool, unitriangular: bool) -> bool:
    """Solves in place by SciPy's trtrs; False where a matrix is singular, which it refuses."""
    from scipy.linalg.lapack import get_lapack_funcs

    (trtrs,) = get_lapack_funcs(("trtrs",), (x,))
    factors, solved = np.broadcast_to(x, (*out.shape[:-2], *x.shape[-2:])), np.empty_like(out)
    for at in np.ndindex(out.shape[:-2]):
        solved[at], info = trtrs(factors[at], out[at], lower=not upper, unitdiag=unitriangular)
        if info:
            return False
    out[...] = solved
    return True


def _solve_block(x: Array, out: Array, upper: bool, unitriangular: bool) -> None:
    n = x.shape[-1]
    for i in range(n - 1, -1, -1) if upper else range(n):
        done = slice(i + 1, n) if upper else slice(0, i)
        if done.start < done.stop:
            out[..., i, :] -= (x[..., i : i + 1, done] @ out[..., done, :])[..., 0, :]
        if not unitriangular:
            out[..., i, :] /= x[..., i, i, None]


# --- LU


def _size(x: Array) -> Array:
    """What LAPACK takes for the size of a pivot."""
    return np.abs(x.real) + np.abs(x.imag) if np.iscomplexobj(x) else np.abs(x)


@kernel("linalg_lu_factor_ex", WIDE)
def lu_factor(x: Array, *, pivot: bool) -> tuple[Array, Array, Array]:
    if x.ndim < 2:
        raise ValueError("takes matrices")
    m, n = x.shape[-2:]
    k = min(m, n)
    a = x.reshape(-1, m, n).copy() if x.size else np.empty((int(np.prod(x.shape[:-2])), m, n), x.dtype)
    if pivot and k >= _LARGE and len(a):
        return _lu_by_lapack(a, k, x.shape)
    count = len(a)
    pivots = np.tile(np.arange(1, k + 1), (count, 1))
    info, batch = np.zeros(count, np.int64), np.arange(count)
    for i in range(k):
        if pivot:
            at = _size(a[:, i:, i]).argmax(1) + i
            pivots[:, i] = at + 1
            rows = a[:, i].copy()
            a[:, i] = a[batch, at]
            a[batch, at] = rows
        head = a[:, i, i]
        zero = head == 0
        info[zero & (info == 0)] = i + 1
        if i + 1 < m:
            a[:, i + 1 :, i] /= np.where(zero, 1, head)[:, None]
            a[:, i + 1 :, i + 1 :] -= a[:, i + 1 :, i, None] * a[:, i, None, i + 1 :]
    batch_shape = x.shape[:-2]
    return a.reshape(x.shape), pivots.reshape((*batch_shape, k)), info.reshape(batch_shape)


def _lu_by_lapack(a: Array, k: int, shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Each matrix by SciPy's getrf."""
    from scipy.linalg.lapack import get_lapack_funcs

    (getrf,) = get_lapack_funcs(("getrf",), (a,))
    pivots, info = np.empty((len(a), k), np.int64), np.empty(len(a), np.int64)
    for i, matrix in enumerate(a):
        a[i], pivots[i], info[i] = getrf(matrix)
    pivots += 1
    return a.reshape(shape), pivots.reshape((*shape[:-2], k)), info.reshape(shape[:-2])


# --- Cholesky


@kernel("linalg_cholesky_ex", WIDE)
def cholesky(x: Array, *, upper: bool) -> tuple[Array, Array]:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError("takes square matrices")
    source = adjoint(x) if upper else x
    info = np.zeros(x.shape[:-2], np.int64)
    try:
        made = np.linalg.cholesky(source)
        done = bool(np.isfinite(made).all())
    except np.linalg.LinAlgError:
        done = False
    if not done:
        made, info = _cholesky_by_columns(source)
    return (np.ascontiguousarray(adjoint(made)) if upper else made), info


def _cholesky_by_columns(x: Array) -> tuple[Array, Array]:
    """As far as each matrix of the batch goes, and the order of the minor that stopped it."""
    a, n = np.tril(x), x.shape[-1]
    info = np.zeros(x.shape[:-2], np.int64)
    for i in range(n):
        row = a[..., i, :i]
        square = a[..., i, i].real - (row * row.conj()).real.sum(-1)
        info = np.where((info == 0) & ~(square > 0), i + 1, info)
        going = info == 0
        root = np.sqrt(np.where(going, square, 1))
        a[..., i, i] = np.where(going, root, square)
        below = a[..., i + 1 :, i] - (a[..., i + 1 :, :i] @ row.conj()[..., None])[..., 0]
        a[..., i + 1 :, i] = np.where(going[..., None], below / root[..., None], a[..., i + 1 :, i])
    return a, info


# --- QR


@kernel("linalg_qr", WIDE)
def qr(x: Array, *, mode: str) -> tuple[Array, Array]:
    if mode == "r":
        return np.empty(0, x.dtype), np.linalg.qr(x, "r")  # type: ignore[return-value]
    made = np.linalg.qr(x, mode)  # type: ignore[call-overload]
    return made.Q, made.R


@kernel("geqrf", WIDE)
def geqrf(x: Array) -> tuple[Array, Array]:
    if not x.size:
        return x.copy(), np.zeros((*x.shape[:-2], min(x.shape[-2:])), x.dtype)
    raw, tau = np.linalg.qr(x, "raw")
    return np.ascontiguousarray(raw.swapaxes(-1, -2)), tau


# --- singular values and eigenvalues


@kernel("linalg_svd", WIDE)
@converging
def svd(x: Array, *, full_matrices: bool) -> tuple[Array, Array, Array]:
    made = np.linalg.svd(x, full_matrices)
    if not np.isfinite(made.S).all():
        raise np.linalg.LinAlgError("non-finite")
    return made.U, made.S, made.Vh


@kernel("linalg_svdvals", WIDE)
@converging
def svdvals(x: Array) -> Array:
    return np.linalg.svd(x, compute_uv=False)


@kernel("linalg_eigh", WIDE)
@converging
def eigh(x: Array, *, UPLO: str) -> tuple[Array, Array]:
    made = np.linalg.eigh(x, UPLO)  # type: ignore[arg-type]
    if not np.isfinite(made.eigenvalues).all():
        raise np.linalg.LinAlgError("non-finite")
    return made.eigenvalues, made.eigenvectors


@kernel("linalg_eigvalsh", WIDE)
@converging
def eigvalsh(x: Array, *, UPLO: str) -> Array:
    return np.linalg.eigvalsh(x, UPLO)  # type: ignore[arg-type]


@kernel("linalg_eig", WIDE)
@converging
def eig(x: Array) -> tuple[Array, Array]:
    wide = np.complex64 if x.dtype in (np.float32, np.complex64) else np.complex128
    if not x.size:
        return np.empty(x.shape[:-1], wide), np.empty(x.shape, wide)
    values, vectors = np.linalg.eig(x)
    return values.astype(wide, copy=False), vectors.astype(wide, copy=False)


# --- LDL

_ALPHA = (1 + 17**0.5) / 8


@kernel("linalg_ldl_factor_ex", WIDE)
def ldl_factor(x: Array, *, hermitian: bool) -> tuple[Array, Array, Array]:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError("takes square matrices")
    n = x.shape[-1]
    a = np.tril(x)
    pivots, info = np.zeros(x.shape[:-1], np.int64), np.zeros(x.shape[:-2], np.int64)
    hermitian = hermitian and np.iscomplexobj(x)
    for at in np.ndindex(x.shape[:-2]):
        info[at] = _ldl(a[at], pivots[at], n, hermitian)
    return a, pivots, info


def _ldl(a: Array, pivots: Array, n: int, hermitian: bool) -> int:
    """LAPACK's sytf2 (hetf2) on the lower triangle, in place; the place of the first zero pivot, from 1."""
    k = info = 0
    while k < n:
        swap, width, zero = _ldl_pivot(a, k, n, hermitian)
        if zero:
            info = info or k + 1
        else:
            _ldl_swap(a, k + width - 1, swap, n, hermitian, k)
            _ldl_eliminate(a, k, width, n, hermitian)
        pivots[k : k + width] = swap + 1 if width == 1 else -(swap + 1)
        if hermitian:
            a[range(k, k + width), range(k, k + width)] = a[range(k, k + width), range(k, k + width)].real
        k += width
    return info


def _ldl_pivot(a: Array, k: int, n: int, hermitian: bool) -> tuple[int, int, bool]:
    """Which row to swap in, how wide the block is, and whether the column is zero."""
    head = abs(a[k, k].real) if hermitian else _size(a[k, k])
    if k + 1 == n:
        return k, 1, bool(head == 0)
    column = _size(a[k + 1 :, k])
    row = k + 1 + int(column.argmax())
    most = column.max()
    if max(head, most) == 0 or head != head:
        return k, 1, True
    if head >= _ALPHA * most:
        return k, 1, False
    others = np.concatenate([_size(a[row, k:row]), _size(a[row + 1 :, row])])
    row_most = others.max()
    own = abs(a[row, row].real) if hermitian else _size(a[row, row])
    if head >= _ALPHA * most * (most / row_most):
        return k, 1, False
    return (row, 1, False) if own >= _ALPHA * row_most else (row, 2, False)


def _ldl_swap(a: Array, k: int, p: int, n: int, hermitian: bool, start: int) -> None:
    """Exchanges rows and columns k and p of what is not eliminated yet."""
    if k == p:
        return
    turned = (lambda v: v.conj()) if hermitian else (lambda v: v)
    a[p + 1 :, [k, p]] = a[p + 1 :, [p, k]]
    inner = a[k + 1 : p, k].copy()
    a[k + 1 : p, k] = turned(a[p, k + 1 : p])
    a[p, k + 1 : p] = turned(inner)
    a[p, k] = turned(a[p, k])
    a[k, k], a[p, p] = a[p, p], a[k, k]
    if start != k:
        a[k, start], a[p, start] = a[p, start], a[k, start]


def _ldl_eliminate(a: Array, k: int, width: int, n: int, hermitian: bool) -> None:
    rest = slice(k + width, n)
    if k + width >= n:
        return
    block = a[k : k + width, k : k + width].copy()
    if width == 2:
        block[0, 1] = block[1, 0].conj() if hermitian else block[1, 0]
    if hermitian:
        block[range(width), range(width)] = block[range(width), range(width)].real
    columns = a[rest, k : k + width].copy()
    made = columns / block[0, 0] if width == 1 else columns @ np.linalg.inv(block)
    turned = columns.conj().T if hermitian else columns.T
    a[rest, rest] -= np.tril(made @ turned)
    a[rest, k : k + width] = made
