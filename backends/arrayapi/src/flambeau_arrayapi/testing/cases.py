"""The cases: each op of the contract over its dtypes, shapes and memory layouts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flambeau import dtypes as fd
from flambeau.dtypes import DType

from .host import LAYOUTS, Host, array

BOOL, INT, C, R = (fd.bool,), fd.INTEGERS, fd.COMPLEX, fd.FLOATING
F, N, A = R + C, INT + R + C, fd.ALL
REAL_NUMBERS, ORDERED = INT + R, BOOL + INT + R

UNARY = {
    "neg": N, "abs": N, "sign": ORDERED, "floor": INT + R, "ceil": INT + R, "trunc": INT + R, "round": INT + R,
    "exp": F, "log": F, "log1p": F, "expm1": F, "sqrt": F, "sin": F, "cos": F, "tanh": F, "erf": R, "logical_not": A,
    "bitwise_not": BOOL + INT, "real": C, "imag": C, "copy": A,
}
BINARY = {
    "add": A, "sub": N, "mul": A, "div": F, "pow": N, "maximum": ORDERED, "minimum": ORDERED, "atan2": R, "eq": A,
    "lt": ORDERED, "le": ORDERED, "bitwise_and": BOOL + INT, "bitwise_or": BOOL + INT, "bitwise_xor": BOOL + INT,
    "bitwise_left_shift": INT, "bitwise_right_shift": INT, "complex": fd.FLOATING[2:], "floor_divide": REAL_NUMBERS,
    "remainder": REAL_NUMBERS, "fmod": REAL_NUMBERS,
}
_UNARY_SHAPES = ((), (0,), (5,), (17,), (2, 3), (2, 0, 3))
_PAIRS = (((), ()), ((5,), ()), ((), (4,)), ((2, 1, 3), (4, 1)), ((0, 3), (1,)), ((3, 4), (3, 4)), ((17,), (17,)))
_DIVISIONS = ("floor_divide", "remainder", "fmod")


@dataclass(frozen=True)
class Case:
    """One call of a kernel."""

    op: str
    arrays: tuple[Host | None, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    number: int = 0

    @property
    def dtype(self) -> DType:
        """The dtype that picks the kernel: the attribute's where there is no array."""
        for a in reversed(self.arrays[1:2] if self.op == "where" else self.arrays[:1]):
            if a is not None:
                return a.dtype
        return self.attributes["dtype"]

    @property
    def dtypes(self) -> tuple[DType, ...]:
        """All dtypes that the call touches."""
        named = self.attributes.get("dtype")
        return (self.dtype, *(a.dtype for a in self.arrays if a is not None), *((named,) if named else ()))

    @property
    def id(self) -> str:
        return f"{self.op}/{self.dtype.name}/{self.number}"


def _unary() -> Iterator[Case]:
    for op, dtypes in UNARY.items():
        for d in dtypes:
            for shape in _UNARY_SHAPES:
                yield Case(op, (array(shape, d, f"{op}{shape}"),))
            for layout in LAYOUTS[1:]:
                yield Case(op, (array((3, 4), d, op + layout, layout),))
    for d in R:  # enough elements for a backend to take another path
        yield Case("erf", (array((8, 5001), d, "large"),))


def _binary() -> Iterator[Case]:
    for op, dtypes in BINARY.items():
        for d in dtypes:
            low = 1 if op in _DIVISIONS and d.category == 1 else -9
            for left, right in _PAIRS:
                yield Case(op, (array(left, d, f"{op}{left}"), array(right, d, f"{right}{op}", low=low)))
            yield Case(op, (array((3, 4), d, op, "transposed"), array((3, 4), d, op + "r", "strided", low=low)))
            yield Case(op, (array((3, 4), d, op, "expanded"), array((4,), d, op + "r", "offset", low=low)))


def _where() -> Iterator[Case]:
    for d in A:
        for shape in ((), (4,), (2, 3)):
            yield Case("where", (array(shape, fd.bool, "w"), array(shape[-1:], d, "x"), array(shape, d, "y")))


_REDUCED = (((), ()), ((5,), (0,)), ((2, 3), (0,)), ((2, 3), (1,)), ((2, 3), (0, 1)), ((2, 3), ()), ((2, 3, 4), (0, 2)),
            ((300,), (0,)), ((40, 3), (0,)), ((2, 3, 4), (0, 1)), ((2, 3, 4), (1, 2)))
_REDUCED_LARGE = (((2, 1500), (1,)), ((1201, 7), (0,)), ((600, 5), (1,)), ((31, 40, 3), (0, 1)), ((3, 5000), (0,)))
_REDUCED_EMPTY = (((0, 3), (0,)), ((0, 3), (1,)), ((0,), (0,)), ((2, 0), (1,)))


def _sum_dtypes(d: DType) -> tuple[DType, ...]:
    return (fd.int64, fd.float32) if d.category < 2 else (d, fd.complex128) if d.is_complex else (d, fd.float64)


def _sums() -> Iterator[Case]:
    for op in ("sum", "prod"):
        for d in A:
            for shape, dim in _REDUCED + _REDUCED_EMPTY:
                if op == "prod" and d.is_complex and shape == (300,):
                    continue  # overflows
                for keepdim in (False, True):
                    x = array(shape, d, f"{op}{shape}", special=False, low=-2, high=2)
                    yield Case(op, (x,), {"dim": dim, "keepdim": keepdim, "dtype": _sum_dtypes(d)[keepdim]})
            for shape, dim in _REDUCED_LARGE if d in R and op == "sum" else ():
                x = array(shape, d, f"{shape}", special=False)
                yield Case(op, (x,), {"dim": dim, "keepdim": shape[0] < 9, "dtype": d})
            for layout in LAYOUTS[1:]:
                x = array((3, 4), d, op + layout, layout)
                yield Case(op, (x,), {"dim": (0,), "keepdim": False, "dtype": _sum_dtypes(d)[0]})


def _extremes() -> Iterator[Case]:
    for d in ORDERED:
        for op in ("amax", "amin"):
            for shape, dim in (*_REDUCED, *_REDUCED_LARGE[2:3], ((0, 3), (1,))):
                for special in (False, True):
                    x = array(shape, d, f"{op}{shape}", special=special)
                    yield Case(op, (x,), {"dim": dim, "keepdim": special})
        for op in ("argmax", "argmin"):
            for shape, dim in (((), None), ((), 0), ((5,), 0), ((4, 6), 0), ((4, 6), 1), ((4, 6), None), ((0, 3), 1)):
                for special in (False, True):
                    x = array(shape, d, f"{op}{shape}", special=special)
                    yield Case(op, (x,), {"dim": dim, "keepdim": special})


_SCANNED = (((), 0), ((0,), 0), ((7,), 0), ((3, 5), 0), ((3, 5), 1), ((2, 3, 4), 1), ((2, 0), 1))


def _scans() -> Iterator[Case]:
    for d in A:
        for shape, dim in _SCANNED:
            x = array(shape, d, f"scan{shape}", special=False, low=-3, high=3)
            for op in ("cumsum", "cumprod"):
                yield Case(op, (x,), {"dim": dim, "dtype": _sum_dtypes(d)[0]})
            if d in ORDERED:
                for op in ("cummax", "cummin", "sort"):
                    y = array(shape, d, f"{op}{shape}", "offset" if op == "sort" else "plain", low=-2, high=2)
                    extra = {"descending": False} if op == "sort" else {}
                    yield Case(op, (y,), {"dim": dim, **extra})
                yield Case("sort", (y,), {"dim": dim, "descending": True})


_VIEWS: tuple[tuple[str, tuple[int, ...], str, dict[str, Any]], ...] = (
    ("view", (2, 6), "plain", {"size": (3, 4)}), ("view", (), "plain", {"size": (1, 1)}),
    ("view", (0, 3), "plain", {"size": (3, 0)}), ("view", (4,), "strided", {"size": (2, 2)}),
    ("permute", (2, 3, 4), "plain", {"dims": (2, 0, 1)}), ("permute", (), "plain", {"dims": ()}),
    ("expand", (3, 1), "plain", {"size": (2, 3, 4)}), ("expand", (), "plain", {"size": (2,)}),
    ("expand", (2, 1), "transposed", {"size": (2, 5)}), ("expand", (1, 3), "strided", {"size": (0, 3)}),
    ("slice", (4, 5), "plain", {"index": (slice(1, 4, 2), slice(0, 5, 1))}),
    ("slice", (4, 5), "transposed", {"index": (2, None, slice(1, 5, 3))}),
    ("slice", (4, 5), "plain", {"index": (2, 3)}), ("slice", (), "plain", {"index": (None, None)}),
    ("as_strided", (4, 5), "plain", {"size": (2, 3), "stride": (4, 2), "storage_offset": 3}),
    ("as_strided", (4, 5), "offset", {"size": (3, 3), "stride": (0, 1), "storage_offset": 0}),
    ("diagonal", (3, 4), "plain", {"offset": 1, "dim1": 0, "dim2": 1}),
    ("diagonal", (2, 3, 4), "plain", {"offset": -1, "dim1": 2, "dim2": 0}),
    ("diagonal", (3, 4), "plain", {"offset": 9, "dim1": 0, "dim2": 1}),
    ("flip", (2, 3, 4), "plain", {"dims": (0, 2)}), ("flip", (2, 3), "transposed", {"dims": ()}),
    ("roll", (4, 5), "plain", {"shifts": (1, -7), "dims": (0, 1)}),
    ("roll", (4, 5), "strided", {"shifts": (1, 1), "dims": (1, 1)}),
    ("roll", (0, 5), "plain", {"shifts": (1,), "dims": (0,)}),
    ("pad", (2, 3), "plain", {"padding": ((1, 0), (2, 3)), "value": 1}),
    ("pad", (), "plain", {"padding": (), "value": 0}),
    ("pad", (0, 2), "plain", {"padding": ((2, 1), (0, 0)), "value": 1}),
)


def _movement() -> Iterator[Case]:
    for d in A:
        for op, shape, layout, attributes in _VIEWS:
            yield Case(op, (array(shape, d, op, layout),), attributes)
        for dim, shapes in ((0, ((2, 3), (1, 3))), (1, ((2, 3), (2, 0), (2, 4))), (0, ((3,),))):
            yield Case("cat", tuple(array(s, d, f"{s}", "plain") for s in shapes), {"dim": dim})
        for other in A:
            special = other.category >= 2 or other is fd.bool  # PyTorch leaves NaN as an integer open
            yield Case("cast", (array((23,), d, "cast", special=special, low=-2, high=5),), {"dtype": other})
        yield Case("cast", (array((), d, "cast"),), {"dtype": d})


def _indices(shape: tuple[int, ...], size: int, seed: str, low: int = 0, layout: str = "plain") -> Host:
    return array(shape, fd.int64, seed, layout, low=low, high=size - 1)


_GATHERED = (((5,), (3,), 0), ((4, 5), (2, 3), 0), ((4, 5), (4, 2), 1), ((2, 3, 4), (2, 5, 4), 1), ((4, 5), (0, 5), 0),
             ((), (), 0))


def _indexing() -> Iterator[Case]:
    for d in A:
        for shape, index_shape, dim in _GATHERED:
            layout = "transposed" if dim else "plain"
            index = _indices(index_shape, shape[dim] if shape else 1, f"{shape}{index_shape}", layout=layout)
            src = array(tuple(n + dim for n in index_shape), d, "src", layout)
            x = array(shape, d, f"x{shape}", "transposed" if dim else "offset")
            yield Case("gather", (x, index), {"dim": dim})
            yield Case("scatter_add", (x, index, src), {"dim": dim})
            unique = Host(tuple(range(index_shape[0])) if index_shape else (0,), index_shape[:1], fd.int64)
            if len(shape) < 2:
                yield Case("scatter", (x, unique, src), {"dim": dim})
        for index_shape, dim in (((), 0), ((3,), 1), ((2, 3), 0), ((0,), 1), ((2, 1), 2)):
            x = array((3, 4, 2), d, "take", "transposed" if dim == 1 else "plain")
            yield Case("take", (x, _indices(index_shape, (3, 4, 2)[dim], f"{index_shape}")), {"dim": dim})
        yield from _advanced(d)


def _advanced(d: DType) -> Iterator[Case]:
    x = array((4, 3, 2), d, "index", "transposed")
    pair = (_indices((2, 1), 4, "i", -4), _indices((3,), 3, "j", -3))
    for indices, shape in (((_indices((3,), 4, "i", -4),), (3, 3, 2)), (pair, (2, 3, 2)),
                           ((_indices((), 4, "i"),), (3, 2)), ((_indices((0,), 4, "i"),), (0, 3, 2))):
        yield Case("index", (x, *indices))
        yield Case("index_put", (x, array(shape, d, "v"), *indices), {"accumulate": True})
        yield Case("index_put", (x, array((1,), d, "v"), *indices), {"accumulate": False})
    if d in R:  # enough whole rows for a backend to take another path
        rows, values = array((30, 100), d, "rows", special=False), array((400, 100), d, "values", special=False)
        yield Case("index_put", (rows, values, _indices((400,), 30, "many", -30)), {"accumulate": True})
    for shape in ((), (5,), (3, 4), (0, 2)):
        y = array(shape, d, f"nz{shape}", low=-1, high=1)
        yield Case("nonzero", (y,))
        yield Case("masked_select", (y, array(shape, fd.bool, f"m{shape}")))


def _searches() -> Iterator[Case]:
    for d in INT + R:
        for shape, values in (((6,), (2, 3)), ((2, 5), (2, 3)), ((0,), (2,)), ((6,), ())):
            row = sorted(array(shape[-1:], d, "s", special=False).values)
            rows = Host(tuple(row * (shape[0] if len(shape) > 1 else 1)), shape, d)
            for right in (False, True):
                yield Case("searchsorted", (rows, array(values, d, "v", special=False)), {"right": right})


_PRODUCTS = (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((2, 0), (0, 3)), ((0, 3), (3, 2)),
             ((5, 2, 3), (3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((2, 3), (4, 3, 2)), ((4, 2, 3), (3,)),
             ((40, 70), (70, 30)))


def _products() -> Iterator[Case]:
    for d in N:
        for left, right in _PRODUCTS:
            pair = (array(left, d, f"l{left}", special=False), array(right, d, f"r{right}", special=False))
            yield Case("matmul", pair)
        for layout in LAYOUTS[1:]:
            pair = (array((3, 3), d, "l", layout, special=False), array((2, 3, 3), d, "r", layout, special=False))
            yield Case("matmul", pair)
            yield Case("matmul", pair[::-1])


_WINDOWS = (((2, 3, 7), (3,), (1,), (2,)), ((1, 2, 5, 6), (2, 3), (1, 2), (2, 1)),
            ((2, 1, 4, 4), (3, 3), (1, 1), (1, 1)),
            ((0, 1, 4, 4), (2, 2), (1, 1), (2, 2)))


def _window_cases() -> Iterator[Case]:
    for d in R + C:
        for shape, kernel_size, dilation, stride in _WINDOWS:
            shared = {"dilation": dilation, "stride": stride}
            for layout in ("plain", "transposed"):
                yield Case("unfold", (array(shape, d, "u", layout),), {"kernel_size": kernel_size, **shared})
            out = tuple((n - g * (k - 1) - 1) // s + 1
                        for n, k, g, s in zip(shape[2:], kernel_size, dilation, stride, strict=True))
            folded = array(shape[:2] + out + kernel_size, d, "f", special=False)
            yield Case("fold", (folded,), {"size": shape[2:], **shared})


def _creations() -> Iterator[Case]:
    for d in A:
        for size, value in (((), True), ((3,), 2), ((2, 0), 1), ((2, 3), 0)):
            yield Case("full", (), {"size": size, "value": value, "dtype": d})
        if d.category >= 2:
            yield Case("full", (), {"size": (2,), "value": float("inf"), "dtype": d})
        if d.category:
            yield Case("arange", (), {"start": 2, "step": 3, "length": 7, "dtype": d})
            yield Case("arange", (), {"start": 0.5, "step": 0.25, "length": 6, "dtype": d})
            yield Case("arange", (), {"start": 0, "step": 1, "length": 0, "dtype": d})


def _numbered() -> Iterator[Case]:
    counts: dict[tuple[str, DType], int] = {}
    for family in (_unary, _binary, _where, _sums, _extremes, _scans, _movement, _indexing, _searches, _products,
                   _window_cases, _creations):
        for case in family():
            key = (case.op, case.dtype)
            counts[key] = counts.get(key, -1) + 1
            yield Case(case.op, case.arrays, case.attributes, counts[key])


CASES = tuple(_numbered())


def cases_for(op: str) -> tuple[Case, ...]:
    """The cases of one op."""
    return tuple(case for case in CASES if case.op == op)
