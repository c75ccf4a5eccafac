"""Factorisations by the standard's linalg extension; what it lacks, and matrices that it refuses, through the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau import dtypes as fd

from ..namespace import Array, Namespace
from ..registry import COMPLEX, FLOATS, on_host, register

WIDE = FLOATS + COMPLEX

for _name in ("linalg_solve_triangular", "linalg_lu_factor_ex", "geqrf", "linalg_eig", "linalg_ldl_factor_ex"):
    on_host(_name, WIDE)


def _by_extension(name: str, function: str, wrap: Callable[..., Any]) -> None:
    """The kernel over the extension's function, where the namespace has it."""
    def make(ns: Namespace) -> Callable[..., Any] | None:
        found = getattr(getattr(ns.xp, "linalg", None), function, None)
        return None if found is None else guarded(ns, name, lambda *arrays, **attrs: wrap(ns, found, *arrays, **attrs))

    register(name, make, WIDE)


def guarded(ns: Namespace, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, and the host for what it refuses or answers with nan: the host says what is wrong."""
    def call(*arrays: Array, **attributes: Any) -> Any:
        try:
            made = function(*arrays, **attributes)
        except Exception:  # each library has an error of its own for a matrix that is singular or not finite
            return ns.via_host(name)(*arrays, **attributes)
        return made if _finite(ns, made[-1]) and _finite(ns, made[0]) else ns.via_host(name)(*arrays, **attributes)

    return call


def _finite(ns: Namespace, x: Array) -> bool:
    return ns.of(x).category < 2 or bool(ns.xp.all(ns.xp.isfinite(x)))


def _adjoint(ns: Namespace, x: Array) -> Array:
    turned = ns.xp.matrix_transpose(x)
    return ns.xp.conj(turned) if ns.of(x).is_complex else turned


def _hermitian(ns: Namespace, x: Array, upper: bool) -> Array:
    """The matrix that one triangle stands for."""
    xp = ns.xp
    strict = xp.triu(x, k=1) if upper else xp.tril(x, k=-1)
    diagonal = xp.tril(xp.triu(x))
    if ns.of(x).is_complex:
        diagonal = (diagonal + xp.conj(diagonal)) / 2
    return strict + _adjoint(ns, strict) + diagonal


def _cholesky(ns: Namespace, function: Callable[..., Any], x: Array, *, upper: bool) -> tuple[Array, Array]:
    lower = function(_hermitian(ns, x, upper))
    info = ns.xp.zeros(x.shape[:-2], dtype=ns.native(fd.int64), **ns.where)
    return (_adjoint(ns, lower) if upper else lower), info


def _qr(ns: Namespace, function: Callable[..., Any], x: Array, *, mode: str) -> tuple[Array, Array]:
    made = function(x, mode="reduced" if mode == "r" else mode)
    return (ns.xp.zeros((0,), dtype=x.dtype, **ns.where), made[1]) if mode == "r" else (made[0], made[1])


def _svd(ns: Namespace, function: Callable[..., Any], x: Array, *, full_matrices: bool) -> tuple[Array, Array, Array]:
    U, S, Vh = function(x, full_matrices=full_matrices)
    return U, S, Vh


def _eigh(ns: Namespace, function: Callable[..., Any], x: Array, *, UPLO: str) -> tuple[Array, Array]:
    values, vectors = function(_hermitian(ns, x, UPLO == "U"))
    return values, vectors


_by_extension("linalg_cholesky_ex", "cholesky", _cholesky)
_by_extension("linalg_qr", "qr", _qr)
_by_extension("linalg_svd", "svd", _svd)
_by_extension("linalg_eigh", "eigh", _eigh)
