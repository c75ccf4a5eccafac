"""Large matrices go to SciPy's LAPACK, small ones a row at a time for a whole batch: one answer."""

import numpy as np
import pytest

from flambeau_numpy.kernels import decomposition

DTYPES = [np.float32, np.float64, np.complex64, np.complex128]


def drawn(dtype: type, *shape: int) -> np.ndarray:
    random = np.random.default_rng(0)
    made = random.standard_normal(shape) + 1j * random.standard_normal(shape)
    return (made if np.issubdtype(dtype, np.complexfloating) else made.real).astype(dtype)


def small_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decomposition, "_LARGE", 1 << 30)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 80, 80), (70, 90), (90, 70)])
def test_lu(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], dtype: type):
    x = drawn(dtype, *shape)
    LU, pivots, info = decomposition.lu_factor(x, pivot=True)
    small_way(monkeypatch)
    again = decomposition.lu_factor(x, pivot=True)
    assert LU.dtype == dtype
    assert np.abs(LU - again[0]).max() < 1e4 * np.finfo(dtype).eps
    assert np.array_equal(pivots, again[1])
    assert np.array_equal(info, again[2])


def test_lu_of_a_large_singular_matrix_says_where():
    x = drawn(np.float64, 70, 70)
    x[:, 3] = 0
    assert decomposition.lu_factor(x, pivot=True)[2] == 4


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("unitriangular", [False, True])
def test_triangular_systems(monkeypatch: pytest.MonkeyPatch, upper: bool, unitriangular: bool, dtype: type):
    x = drawn(dtype, 70, 70) / 40 + np.eye(70, dtype=dtype)
    y = drawn(dtype, 3, 70, 2)
    made = decomposition.solve_triangular(x, y, upper=upper, left=True, unitriangular=unitriangular)
    small_way(monkeypatch)
    again = decomposition.solve_triangular(x, y, upper=upper, left=True, unitriangular=unitriangular)
    assert made.dtype == dtype
    assert np.abs(made - again).max() < 1e4 * np.finfo(dtype).eps


def test_a_large_singular_triangle_gives_infinities():
    x = np.triu(np.ones((70, 70)))
    x[0, 0] = 0
    with np.errstate(all="ignore"):
        made = decomposition.solve_triangular(x, np.ones((70, 1)), upper=True, left=True, unitriangular=False)
    assert not np.isfinite(made[0]).any()
    assert np.isfinite(made[1:]).all()
