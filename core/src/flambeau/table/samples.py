"""Samples: what an op is tried with, described without arrays.

A `Sample` holds arguments in which `arr(...)` stands for a tensor of that shape; the conformance
suite makes the tensors, of every dtype the op takes, with data seeded by the case's name. A `Bad`
holds arguments that must raise, with the class of the error and a pattern of its text.
"""

from __future__ import annotations

from typing import Any


class arr:
    """A tensor of that shape; `dtype` None means the dtype under test.

    Elements are drawn between `low` and `high` unless `fill` lists them in C order; `distinct`
    draws without repetition, `nonzero` draws no integer zero, `requires_grad` False keeps the input
    out of gradient checks. With a `structure` its matrices are "hermitian", "lower" or "upper" (triangular), and so are
    the changes by which gradients are checked: the op reads no more of them.
    """

    __slots__ = ("distinct", "dtype", "fill", "high", "low", "nonzero", "requires_grad", "shape",
                 "structure")

    def __init__(self, *shape: int, dtype: str | None = None, low: float | None = None, high: float | None = None,
                 fill: list[Any] | None = None, distinct: bool = False, nonzero: bool = False,
                 requires_grad: bool = True, structure: str = "") -> None:
        self.shape, self.dtype, self.low, self.high = shape, dtype, low, high
        self.fill, self.distinct, self.nonzero, self.requires_grad = fill, distinct, nonzero, requires_grad
        self.structure = structure

    def __repr__(self) -> str:
        dtype = f", dtype={self.dtype!r}" if self.dtype else ""
        return f"arr({', '.join(map(str, self.shape))}{dtype})"


class Sample:
    """Arguments that must work; `dtypes` narrows the dtypes it is run for, by name or by group ("floating").

    `gradcheck` False keeps a point where the function has a kink out of finite differences.
    """

    __slots__ = ("args", "dtypes", "gradcheck", "kwargs")

    def __init__(self, *args: Any, dtypes: tuple[str, ...] = (), gradcheck: bool = True, **kwargs: Any) -> None:
        self.args, self.kwargs, self.dtypes, self.gradcheck = args, kwargs, dtypes, gradcheck

    def __repr__(self) -> str:
        parts = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"Sample({', '.join(parts)})"


class Bad:
    """Arguments that must raise: `raises` names a class of flambeau.errors, `match` is a pattern of the text."""

    __slots__ = ("args", "kwargs", "match", "raises")

    def __init__(self, *args: Any, raises: Any, match: str, **kwargs: Any) -> None:
        self.args, self.kwargs, self.match = args, kwargs, match
        self.raises: str = raises if isinstance(raises, str) else raises.__name__

    def __repr__(self) -> str:
        return f"Bad({', '.join(map(repr, self.args))}, raises={self.raises})"
