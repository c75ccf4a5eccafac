"""What every function of a matrix asks of it, and what is said of matrices that a factorisation could not do."""

from __future__ import annotations

from typing import Any

from ...dtypes import int32
from ...errors import ArgumentError, DTypeError, LinAlgError, ShapeError
from ...ops.create import cast
from ...table.dispatch import into
from ...table.refusals import require_tensors
from ...tensors.tensor import Tensor, unmapped


def require_floating(op: str, A: Any, low_precision: bool = False) -> None:
    """Raises DTypeError unless `A` is float32, float64 or complex (float16 and bfloat16 where they are taken)."""
    require_tensors(op, A=A)
    dtype = A._kind.dtype
    if dtype.category < 2:
        raise DTypeError(f"Expected a floating point or complex tensor as input. Got {dtype!r}", op=op, dtype=dtype)
    if dtype.itemsize == 2 and not low_precision:
        raise DTypeError(f"Low precision dtypes not supported. Got {dtype!r}", op=op, dtype=dtype)


def require_matrix(op: str, A: Any, name: str = "A") -> None:
    """Raises ShapeError for a tensor of less than two dims."""
    require_tensors(op, **{name: A})
    if A.ndim < 2:
        raise ShapeError(f"The input tensor {name} must have at least 2 dimensions, got {A.ndim}.", op=op)


def require_square(op: str, A: Any, name: str = "A") -> None:
    """Raises ShapeError unless `A` is a batch of square matrices."""
    require_matrix(op, A, name)
    rows, columns = A._array.shape[-2:]
    if rows != columns:
        raise ShapeError(f"{name} must be batches of square matrices, but they are {rows} by {columns} matrices",
                         op=op)


def require_same_dtype(op: str, A: Tensor, B: Tensor, names: tuple[str, str] = ("A", "B")) -> None:
    """Raises DTypeError unless both are of one dtype."""
    require_tensors(op, **{names[0]: A, names[1]: B})
    if A._kind.dtype is not B._kind.dtype:
        raise DTypeError(f"Expected {names[0]} and {names[1]} to have the same dtype, but found {names[0]} of type"
                         f" {A.dtype!r} and {names[1]} of type {B.dtype!r} instead", op=op)


MINOR = ("The factorization could not be completed because the input is not positive-definite (the leading minor of"
         " order {} is not positive-definite).")
SINGULAR = "The solver failed because the input matrix is singular."
NO_INVERSE = ("The diagonal element {} is zero, the inversion could not be completed because the input matrix is"
              " singular.")
ZERO_PIVOT = ("U[{0},{0}] is zero and using it on lu_solve would result in a division by zero. If you still want to"
              " perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)")
ZERO_BLOCK = "The factorization could not be completed: D[{0},{0}] is zero."


def check_info(op: str, info: Tensor, text: str) -> None:
    """Raises LinAlgError for the first matrix of a batch that a kernel could not do; `text` takes the place."""
    if not info.numel() or not bool(unmapped(info != 0).any()):
        return
    places = unmapped(info).flatten().tolist()
    number = next(i for i, place in enumerate(places) if place)
    batch = f"(Batch element {number}): " if info.ndim else ""
    raise LinAlgError(batch + text.format(places[number]), op=op, info=places[number])


def narrow(x: Tensor) -> Tensor:
    """Places as PyTorch gives them, in int32."""
    return cast(x, int32)  # type: ignore[no-any-return]


def stored(op: Any, made: Any, out: Any) -> Any:
    """The result, written into `out` where there is one."""
    if out is None:
        return made
    if isinstance(made, tuple) and (not isinstance(out, (tuple, list)) or len(out) != len(made)):
        raise ArgumentError(f"out must be a tuple of {len(made)} tensors, got {type(out).__name__}", op=op.op.name)
    return into(op.op, out, made)


def batch_of(x: Tensor) -> tuple[int, ...]:
    """The leading dims of matrices."""
    return tuple(x._array.shape[:-2])
