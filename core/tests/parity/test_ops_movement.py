"""Joining, splitting, repeating, turning and laying out beside PyTorch's."""

from typing import Any

import pytest
import torch

D = torch.float64
T, L = "Tensor.", torch.tensor


def drawn(*shape: int, dtype: torch.dtype = D) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.complex128 if dtype.is_complex else D).to(dtype).requires_grad_()


A, V, S = torch.arange(6.0).reshape(2, 3), torch.arange(3.0), L(1.0)


@pytest.mark.parametrize(("shapes", "dim"), [([(2, 3), (1, 3)], 0), ([(2, 3), (2, 0), (2, 1)], -1), ([(3,), (0,)], 0),
                                             ([(0,), (2, 3)], 1), ([(2, 3)], 0)])
def test_cat(beside: Any, shapes: list[tuple[int, ...]], dim: int) -> None:
    for name in ("cat", "concat", "concatenate"):
        beside(name, [drawn(*s) for s in shapes], dim)


def test_cat_promotes(beside: Any) -> None:
    beside("cat", [V, V.long()])
    beside("cat", [V.long(), V.bool()])
    beside("cat", [drawn(2, dtype=torch.float32), drawn(2)])
    beside("stack", [V.int(), V])


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -3])
def test_stack(beside: Any, dim: int) -> None:
    beside("stack", [drawn(2, 3), drawn(2, 3)], dim)


def test_joining_errors(beside: Any) -> None:
    beside.raises("cat", [])
    beside.raises("cat", [A, A[0]])
    beside.raises("cat", [A, A[:, :2]])
    beside.raises("cat", [S, S])
    beside.raises("cat", [A, A], 2)
    beside.raises("cat", A)
    beside.raises("stack", [])
    beside.raises("stack", [A, V])
    beside.raises("stack", [A, A], 3)


@pytest.mark.parametrize(("name", "args"), [
    ("split", (2,)), ("split", (2, 1)), ("split", ([1, 3, 1],)), ("split", ([2, 0, 1], 1)), ("split", (7,)),
    ("chunk", (2,)), ("chunk", (3, -1)), ("chunk", (9,)), ("chunk", (4,)), ("unbind", ()), ("unbind", (1,)),
    ("tensor_split", (2,)), ("tensor_split", (3, 1)), ("tensor_split", ((1, 4),)), ("tensor_split", ((4, 1, 9),)),
    ("tensor_split", ((-1,),)), ("hsplit", (3,)), ("hsplit", ((1,),)), ("vsplit", (5,)), ("vsplit", ((2, 3),))])
def test_splitting(beside: Any, name: str, args: tuple[Any, ...]) -> None:
    beside(name, drawn(5, 3), *args)
    beside(T + name, drawn(5, 3), *args)


def test_splitting_by_a_tensor(beside: Any) -> None:
    beside("tensor_split", V, L([1, 2]))
    beside("tensor_split", V, L(2))
    beside("hsplit", V, 3)
    beside("dsplit", A[None], 3)
    beside("chunk", A[:0], 3)
    beside("split", A[:0], 2)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("split", (A, -1)),
        ("split", (A, [1, 2])),
        ("split", (S, 1)),
        ("split", (A, 0)),
        ("chunk", (A, 0)),
        ("chunk", (S, 1)),
        ("unbind", (S,)),
        ("tensor_split", (V, 0)),
        ("tensor_split", (S, 2)),
        ("hsplit", (V, 2)),
        ("vsplit", (V, 3)),
        ("dsplit", (A, 1)),
        ("split", (A, 1, 2)),
    ],
)
def test_splitting_errors(beside: Any, name: str, args: tuple[Any, ...]) -> None:
    beside.raises(name, *args)


@pytest.mark.parametrize(("name", "args", "options"), [
    ("Tensor.repeat", (2, 3), {}), ("Tensor.repeat", ((2, 1, 2),), {}), ("Tensor.repeat", (0, 1), {}),
    ("Tensor.tile", (2,), {}), ("tile", ((2, 2, 1),), {}), ("tile", ((),), {}), ("repeat_interleave", (2,), {}),
    ("repeat_interleave", (2, 1), {}), ("repeat_interleave", (L([1, 2]), 0), {}),
    ("repeat_interleave", (L([0, 3]),), {"dim": 0}), ("repeat_interleave", (L([2]), -1), {}),
    ("movedim", (0, 1), {}), ("moveaxis", ((0, 1), (-1, 0)), {}), ("rot90", (), {}), ("rot90", (2, (0, 1)), {}),
    ("rot90", (3, (1, 0)), {}), ("rot90", (-1,), {}), ("rot90", (4,), {}), ("fliplr", (), {}), ("flipud", (), {}),
    ("flip", ((0, 1),), {}), ("roll", (1, 0), {}), ("roll", ((1, -2), (0, 1)), {}), ("roll", (2,), {}),
    ("tril", (), {}), ("tril", (1,), {}), ("triu", (-1,), {}), ("triu", (5,), {}), ("diag", (), {}), ("diag", (1,), {}),
    ("diag", (-5,), {}), ("diag_embed", (), {}), ("diag_embed", (1,), {"dim1": 0, "dim2": 2}),
    ("diag_embed", (-2, 2, 0), {}), ("diagflat", (-1,), {}), ("diagonal", (), {}), ("diagonal", (1, 1, 0), {}),
    ("trace", (), {}), ("Tensor.unfold", (1, 2, 1), {}), ("Tensor.unfold", (0, 1, 2), {}),
    ("Tensor.unfold", (-1, 3, 5), {}), ("atleast_1d", (), {}), ("atleast_3d", (), {}), ("adjoint", (), {})])
def test_of_a_matrix(beside: Any, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    beside(name, drawn(2, 3), *args, **options)


@pytest.mark.parametrize("name", ["tril", "triu", "rot90", "trace", "diag", "fliplr"])
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.float16, torch.complex64, torch.uint8])
def test_dtypes(beside: Any, name: str, dtype: torch.dtype) -> None:
    if name != "trace" or dtype not in (torch.float16, torch.bool):
        beside(name, torch.arange(9).reshape(3, 3).to(dtype))


def test_of_vectors(beside: Any) -> None:
    beside("diag", drawn(3), -1)
    beside("diag_embed", drawn(2, 3), 1)
    beside("diagflat", drawn(2, 2), 1)
    beside("Tensor.unfold", drawn(7), 0, 3, 2)
    beside("Tensor.unfold", S, 0, 1, 1)
    beside("Tensor.unfold", V, 0, 0, 1)
    beside("repeat_interleave", L([1, 0, 2]))
    beside("repeat_interleave", S, 3)
    beside("Tensor.repeat", S, 2, 2)
    beside("cartesian_prod", drawn(2), drawn(3))
    beside("cartesian_prod", V)
    beside("combinations", drawn(4))
    beside("combinations", V, 2, True)
    beside("combinations", V, 4)
    beside("combinations", V, 0)


def test_stacks(beside: Any) -> None:
    for name in ("hstack", "vstack", "dstack", "column_stack", "row_stack"):
        beside(name, [drawn(3), drawn(3)])
        beside(name, [drawn(2, 3), drawn(2, 3)])
        beside(name, [S, S])
        beside.raises(name, [])
    beside("vstack", [V, A])
    beside("column_stack", [V, A.T])
    beside("atleast_2d", S, V)
    beside("atleast_1d", [S, V])
    beside("atleast_3d", V)
    beside("block_diag", drawn(2, 3), drawn(2), drawn())
    beside("block_diag")
    beside("broadcast_tensors", drawn(2, 1), drawn(3))


@pytest.mark.filterwarnings("ignore:torch.meshgrid:UserWarning")
def test_meshgrid(beside: Any) -> None:
    for indexing in ("ij", "xy"):
        beside("meshgrid", drawn(2), drawn(3), indexing=indexing)
        beside("meshgrid", [drawn(2), drawn(), drawn(3)], indexing=indexing)
        beside("meshgrid", V, indexing=indexing)


def test_indices_of_triangles(beside: Any) -> None:
    for offset in (-4, -1, 0, 1, 3):
        beside("tril_indices", 3, 4, offset)
        beside("triu_indices", 3, 4, offset)
    beside("tril_indices", 0, 3)
    beside("triu_indices", 2, 2, dtype=torch.int32)


def test_complex_pairs(beside: Any) -> None:
    beside("view_as_real", drawn(2, 3, dtype=torch.complex128))
    beside("view_as_complex", drawn(2, 3, 2))
    beside.raises("view_as_real", V)
    beside.raises("view_as_complex", V)
    beside.raises("view_as_complex", torch.ones(2, 2).long())


@pytest.mark.parametrize("args", [(0, 2, 3), (0, 2, 5, 2.0), (-1, 1, 1), (0, 1, 0)])
def test_logspace(beside: Any, args: tuple[Any, ...]) -> None:
    beside("logspace", *args)
    beside("logspace", *args, dtype=D)
    beside("logspace", 0, 2, 3, dtype=torch.int64)
    beside.raises("logspace", 0, 2, -1)


@pytest.mark.parametrize(("name", "args", "options"), [
    ("Tensor.repeat", (A, 2), {}), ("Tensor.repeat", (A, 2, -1), {}), ("repeat_interleave", (A, L([1, 2, 3]), 0), {}),
    ("repeat_interleave", (A, -1), {}), ("repeat_interleave", (A, L([1.0]), 0), {}), ("tril", (V,), {}),
    ("triu", (S,), {}), ("diag", (S,), {}), ("diag", (A[None],), {}), ("diag_embed", (V,), {"dim1": 0, "dim2": 0}),
    ("diag_embed", (S,), {}), ("meshgrid", (V, A), {"indexing": "ij"}), ("meshgrid", (V, V), {"indexing": "foo"}),
    ("meshgrid", (V, V.long()), {"indexing": "ij"}), ("cartesian_prod", (A,), {}), ("combinations", (A,), {}),
    ("combinations", (V, -1), {}), ("movedim", (A, (0, 0), (0, 1)), {}), ("movedim", (A, (0, 1), (0,)), {}),
    ("movedim", (A, 0, 2), {}), ("rot90", (A, 1, (0, 0)), {}), ("rot90", (A, 1, (0,)), {}), ("rot90", (V,), {}),
    ("fliplr", (V,), {}), ("flipud", (S,), {}), ("block_diag", (A[None],), {}), ("Tensor.unfold", (V, 0, 4, 1), {}),
    ("Tensor.unfold", (V, 0, 2, 0), {}), ("Tensor.unfold", (V, 0, -1, 1), {}), ("Tensor.unfold", (S, 0, 2, 1), {}),
    ("broadcast_tensors", (A, V[:2]), {}), ("trace", (V,), {}), ("tril_indices", (-1, 3), {}),
    ("diagonal", (A, 0, 1, 1), {}), ("diagonal", (V,), {}), ("flip", (A, (0, 0)), {}), ("roll", (A, (1, 2), 0), {})])
def test_errors(beside: Any, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    beside.raises(name, *args, **options)
