"""Factorisations under the names that PyTorch had for them before `torch.linalg`."""

from __future__ import annotations

from typing import Any

from ...errors import DTypeError, ShapeError, UnsupportedError
from ...ops.create import zeros_of
from ...ops.decomposition import adjoint, geqrf_op, lower_of, lu_factor_op, qr_op, svd_op, upper_of
from ...table.returns import return_type
from ...tensors.tensor import Tensor, attach, named
from . import factors, spectral
from .checks import batch_of, require_matrix, stored

_svd = return_type("svd", ("U", "S", "V"))
_qr = return_type("qr", ("Q", "R"))
_geqrf = return_type("geqrf", ("a", "tau"))
_lu_unpack = return_type("lu_unpack", ("P", "L", "U"))


def cholesky(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """`linalg.cholesky` under its older name."""
    return factors.cholesky(input, upper=upper, out=out)


def qr(input: Tensor, some: bool = True, *, out: Any = None) -> Any:
    """`linalg.qr` under its older name: `some` False for the complete Q."""
    return stored(qr_op, _qr(*factors.qr(input, "reduced" if some else "complete")), out)


def svd(input: Tensor, some: bool = True, compute_uv: bool = True, *, out: Any = None) -> Any:
    """U, S and V with input = U @ diag(S) @ V^H; without `compute_uv` U and V are zeros.

    >>> import flambeau
    >>> flambeau.svd(flambeau.tensor([[0.0, 2.0], [1.0, 0.0]])).S
    tensor([2., 1.])
    """
    if compute_uv:
        U, S, Vh = spectral.svd(input, full_matrices=not some)
        made = _svd(U, S, adjoint(Vh))
    else:
        S = spectral.svdvals(input)
        made = _svd(*_nothing(input, S))
    return stored(svd_op, made, out)


def _nothing(input: Tensor, S: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    m, n = input._array.shape[-2:]
    batch = batch_of(input)
    return zeros_of(input.detach(), (*batch, m, m)), S, zeros_of(input.detach(), (*batch, n, n))


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> Any:
    """LU and pivots as `linalg.lu_factor` gives them, and `infos` if asked for; a singular matrix is no error.

    >>> import flambeau
    >>> flambeau.lu(flambeau.tensor([[1.0, 2.0], [2.0, 3.0]]))[1]
    tensor([2, 2], dtype=flambeau.int32)
    """
    made = tuple(factors.lu_factor_ex(A, pivot=pivot))
    return stored(lu_factor_op, made if get_infos else made[:2], out)


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True, *,
              out: Any = None) -> Any:
    """P, L and U from what `lu_factor` gives; what is not unpacked is empty.

    >>> import flambeau
    >>> P, L, U = flambeau.lu_unpack(*flambeau.linalg.lu_factor(flambeau.tensor([[1.0, 2.0], [2.0, 3.0]])))
    >>> L
    tensor([[1.0000, 0.0000],
            [0.5000, 1.0000]])
    """
    require_matrix("lu_unpack", LU_data, "LU_data")
    if unpack_pivots and LU_pivots.dtype.name != "int32":
        raise DTypeError("LU_pivots is expected to be a contiguous tensor of torch.int32 dtype. Note: this function is"
                         f" intended to be used with the output produced by torch.linalg.lu_factor, got"
                         f" {LU_pivots.dtype!r}", op="lu_unpack")
    k = min(LU_data._array.shape[-2:])
    if unpack_pivots and tuple(LU_pivots._array.shape) != (*batch_of(LU_data), k):
        raise ShapeError(f"LU_pivots {list(LU_pivots.shape)} do not fit LU_data {list(LU_data.shape)}",
                         op="lu_unpack")
    empty = factors.empty_of(LU_data.detach())
    P = factors.permutation(LU_data, LU_pivots) if unpack_pivots else empty
    L, U = (lower_of(LU_data), upper_of(LU_data)) if unpack_data else (empty, empty)
    return stored(lu_factor_op, _lu_unpack(P, L, U), out)


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`linalg.lu_solve` with its arguments in another order."""
    return factors.lu_solve(LU_data, LU_pivots, b, out=out)


def geqrf(input: Tensor, *, out: Any = None) -> Any:
    """R above and on the diagonal of `a`, the reflectors that make Q below it, and their factors `tau`.

    >>> import flambeau
    >>> flambeau.geqrf(flambeau.tensor([[3.0], [4.0]])).a[0].abs()
    tensor([5.])
    """
    return stored(geqrf_op, _geqrf(*factors.geqrf(input)), out)


def orgqr(input: Tensor, input2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`linalg.householder_product` under its older name."""
    return factors.householder_product(input, input2, out=out)


ormqr = factors.ormqr


def _lu_method(self: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """LU and pivots as `linalg.lu_factor` gives them, and the infos if asked for."""
    return lu(self, pivot, get_infos)


def removed(name: str, successor: str) -> Any:
    """A function that PyTorch has no more; it raises as there."""
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise UnsupportedError("This function was deprecated since version 1.9 and is now removed. `torch."
                               f"{name}` is deprecated in favor of `torch.linalg.{successor}`.", op=name)

    refuse.__doc__ = f"Removed from PyTorch, and raises as there; `linalg.{successor}` took its place."
    return named(refuse, name)


eig = removed("eig", "eig")
symeig = removed("symeig", "eigh")


def _attach() -> None:
    for function in (cholesky, qr, svd, lu_solve, geqrf, orgqr, ormqr, eig, symeig):
        setattr(Tensor, function.__name__, function)
    attach(_lu_method, "lu")


_attach()
