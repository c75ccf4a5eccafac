"""Linear algebra under `torch.linalg`'s names.

Matrices (*, m, n) may have any number of leading batch dims. Float32, float64 and complex are taken; a matrix that
cannot be factorised, inverted or solved with raises LinAlgError.
"""

from __future__ import annotations

from ..errors import LinAlgError
from ..functions.decomposition.factors import (
    cholesky,
    cholesky_ex,
    householder_product,
    ldl_factor,
    ldl_factor_ex,
    ldl_solve,
    lu,
    lu_factor,
    lu_factor_ex,
    lu_solve,
    qr,
)
from ..functions.decomposition.spectral import eig, eigh, eigvals, eigvalsh, svd, svdvals
from ..functions.matrix.norms import (
    cond,
    cross,
    diagonal,
    matrix_norm,
    multi_dot,
    norm,
    vander,
    vecdot,
    vector_norm,
)
from ..functions.matrix.solutions import (
    det,
    inv,
    inv_ex,
    lstsq,
    matrix_exp,
    matrix_power,
    matrix_rank,
    pinv,
    slogdet,
    solve,
    solve_ex,
    solve_triangular,
    tensorinv,
    tensorsolve,
)
from ..ops.linalg import matmul
from ..spelling import public as _public

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh",
    "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq", "lu", "lu_factor",
    "lu_factor_ex", "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot",
    "norm", "pinv", "qr", "slogdet", "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv",
    "tensorsolve", "vander", "vecdot", "vector_norm",
]
__getattr__, __dir__ = _public(__name__)
