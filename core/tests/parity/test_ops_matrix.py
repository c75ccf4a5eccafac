"""`torch.linalg` beside PyTorch: its own samples, and what they leave out."""

from typing import Any

import opinfo
import pytest
import torch

import flambeau

OLDER = {"cholesky", "cholesky_inverse", "cholesky_solve", "geqrf", "logdet", "lu", "lu_solve", "lu_unpack",
         "matrix_exp", "norm/nuc", "ormqr", "pinverse", "qr", "svd", "svd_lowrank", "pca_lowrank", "triangular_solve"}
CASES = {name: op for name, op in opinfo.CASES.items() if name in OLDER or name.startswith("linalg.")}
DTYPES = (torch.float32, torch.complex128)
pytestmark = pytest.mark.filterwarnings("ignore:torch.*is deprecated:UserWarning")

# Why a gradient is another there; (name, the samples).
ANOTHER = {
    "svd_lowrank": ("powers of random matrices: the last digits of both are lost", lambda s: s.input.is_complex()),
    "pca_lowrank": ("as svd_lowrank", lambda s: s.input.is_complex()),
    "ormqr": ("of no elements: ours is empty, PyTorch's None", lambda s: not s.input.numel()),
    "linalg.householder_product": ("without reflectors: ours is zero, PyTorch's None", lambda s: not s.args[0].numel()),
    "linalg.norm/subgradients_at_zero": ("of second order at zero: ours is zero, PyTorch's nan",
                                         lambda s: s.input.dtype in (torch.float64, torch.complex128)),
}


def compares(name: str, sample: Any) -> bool:
    return name not in ANOTHER or not ANOTHER[name][1](sample)


def test_every_function_has_samples() -> None:
    public = {f"linalg.{n}" for n in flambeau.linalg.__all__} - {"linalg.LinAlgError"}
    assert public - {name.partition("/")[0] for name in CASES} == {"linalg.matmul", "linalg.matrix_exp"}


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: str(d).removeprefix("torch."))
@pytest.mark.parametrize("name", sorted(CASES))
def test_pytorchs_samples(name: str, dtype: torch.dtype) -> None:
    op = CASES[name]
    if dtype not in op.dtypes:
        return
    for i, sample in enumerate(opinfo.samples(op, dtype, 3)):
        opinfo.check_values(op, sample, i == 0)
    if op.supports_autograd:
        for sample in opinfo.samples(op, dtype, 2, True):
            if compares(name, sample):
                opinfo.check_gradients(op, sample, op.supports_gradgrad and dtype in (torch.float64, torch.complex128))


REFUSALS = [name for name, op in sorted(CASES.items()) if op.error_inputs_func is not None]


@pytest.mark.parametrize("name", REFUSALS)
def test_pytorchs_errors(name: str) -> None:
    for case in CASES[name].error_inputs("cpu"):
        opinfo.check_error(CASES[name], case)


X = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64)


@pytest.mark.parametrize(("name", "args"), [
    ("linalg.inv", (X,)), ("linalg.inv", (torch.stack([X + torch.eye(2), X]),)), ("linalg.solve", (X, torch.ones(2))),
    ("linalg.solve", (X, torch.ones(2, dtype=torch.float64))), ("linalg.cholesky", (-X,)),
    ("linalg.cholesky", (torch.stack([X + torch.eye(2), -X]),)), ("linalg.svd", (X * torch.nan,)),
    ("linalg.lu_factor", (X,)), ("linalg.eig", (X * torch.nan,)), ("linalg.inv", (torch.ones(2, 3),)),
    ("linalg.det", (torch.ones(3),)), ("linalg.det", (torch.ones(2, 2, dtype=torch.int64),)),
    ("linalg.qr", (X.half(),)), ("linalg.eigh", (X, "X")), ("linalg.qr", (X, "full"))])
def test_what_cannot_be_done_is_said_in_pytorchs_words(name: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(RuntimeError) as wanted:
        opinfo_call(torch, name, args)
    with pytest.raises(RuntimeError) as got:
        opinfo_call(flambeau, name, tuple(opinfo.Carrier()(a) for a in args))
    told = str(wanted.value).partition(": ")[2].removeprefix(f"{name}: ")
    if type(wanted.value).__name__ == "_LinAlgError":
        assert isinstance(got.value, flambeau.linalg.LinAlgError)
        assert told in str(got.value)


def opinfo_call(library: Any, name: str, args: tuple[Any, ...]) -> Any:
    return getattr(library.linalg, name.removeprefix("linalg."))(*args)


@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, torch.inf, -torch.inf])
@pytest.mark.parametrize("shape", [(5, 0), (0, 5), (0, 0), (2, 0, 3), (2, 3)])
def test_norms_of_empty_matrices(beside: Any, ord: Any, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, dtype=torch.float64)
    try:
        torch.linalg.matrix_norm(x, ord)
    except Exception:
        with pytest.raises(IndexError):
            flambeau.linalg.matrix_norm(flambeau.ones(shape, dtype=flambeau.float64), ord)
    else:
        beside("linalg.matrix_norm", x, ord)


@pytest.mark.parametrize("driver", ["gels", "gelsy", "gelsd", "gelss"])
@pytest.mark.parametrize(("a", "b"), [((4, 3), (4, 2)), ((3, 4), (3, 2)), ((2, 4, 3), (2, 4)), ((4, 3), (4,)),
                                      ((2, 0, 3), (2, 0, 2))])
def test_least_squares(beside: Any, a: tuple[int, ...], b: tuple[int, ...], driver: str) -> None:
    beside("linalg.lstsq", torch.randn(a, dtype=torch.float64), torch.randn(b, dtype=torch.float64), driver=driver,
           ulps=1 << 10)
