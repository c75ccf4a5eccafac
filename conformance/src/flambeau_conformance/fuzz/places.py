"""Tensors as steps see them, and the shapes that several steps have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

FLOATS = ("float16", "bfloat16", "float32", "float64")
DTYPES = (*FLOATS, "int64", "int32", "int8", "uint8", "bool")


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor that a step may use."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    exact: bool
    writable: bool

    @property
    def ndim(self) -> int:
        """How many dims."""
        return len(self.shape)

    @property
    def count(self) -> int:
        """How many elements."""
        count = 1
        for n in self.shape:
            count *= n
        return count

    def dim(self, number: int) -> int:
        """One of its dims, now and then counted from the end; 0 without dims."""
        return number % (2 * self.ndim) - self.ndim if self.ndim else 0


Step = Callable[[Place, Place, int, int], str]


def fitting(x: Place, y: Place) -> str:
    """`y`, a part of it that broadcasts with x, or x itself where y has no elements."""
    pairs = zip(x.shape[::-1], y.shape[::-1], strict=False)
    if all(a == b or 1 in (a, b) for a, b in pairs):
        return y.name
    return f"{y.name}.reshape(-1)[:1]" if y.count else x.name


def floating(x: Place) -> str:
    """`x`, or its numbers as floats."""
    return x.name if x.dtype in FLOATS else f"{x.name}.float()"


def binary(name: str) -> Step:
    """A function of two tensors that broadcast."""
    return lambda x, y, p, q: f"flambeau.{name}({x.name}, {fitting(x, y)})"


def method(call: str) -> Step:
    """A method that takes every tensor."""
    return lambda x, y, p, q: f"{x.name}.{call}"


def over_dim(call: str, empty: bool = True) -> Step:
    """A method with a dim; `empty`: whether it takes tensors without elements."""
    def step(x: Place, y: Place, p: int, q: int) -> str:
        if not x.ndim or not (empty or x.count):
            return f"{x.name}.clone()"
        return f"{x.name}.{call.format(dim=x.dim(p), keep=bool(q % 2))}"

    return step


def smooth(source: str) -> Step:
    """A function of floats."""
    return lambda x, y, p, q: source.format(x=f"({floating(x)})")


_FITS: dict[str, Callable[[Place], bool]] = {
    "any": lambda x: True,
    "number": lambda x: x.dtype != "bool",
    "integer": lambda x: x.dtype not in (*FLOATS, "bool"),
    "integral": lambda x: x.dtype not in FLOATS,
    "dims": lambda x: x.ndim > 0,
    "some": lambda x: x.ndim > 0 and x.count > 0,
    "numbers": lambda x: x.ndim > 0 and x.count > 0 and x.dtype != "bool",
    "matrix": lambda x: x.ndim > 1 and x.count > 0,
    "row": lambda x: x.count > 1,
    "writable": lambda x: x.writable,
    "writable rows": lambda x: x.writable and x.dtype != "bool" and x.ndim > 0 and x.count > 0,
    "writable numbers": lambda x: x.writable and x.dtype != "bool",
}


def template(source: str, wanted: str = "any") -> Step:
    """A line with places for names and numbers, for tensors of that description; others are copied.

    `x`, `y`: tensors that broadcast; `f`: x as floats; `d`: a dim of x, `n` its size; `p`, `q`: small numbers;
    `at`: the device's keyword; `part`: an index of a part of x.
    """
    def step(x: Place, y: Place, p: int, q: int) -> str:
        if not _FITS[wanted](x):
            return f"{x.name}.clone()"
        d = x.dim(p)
        part = PARTS[p % len(PARTS)] if x.ndim else "[()]"
        return source.format(x=x.name, y=fitting(x, y), f=f"({floating(x)})", d=d, n=x.shape[d] if x.ndim else 1, p=p,
                             q=q, at=f"device={x.name}.device", part=part, shape=x.shape, count=x.count, ndim=x.ndim)

    return step


PARTS = ("[...]", "[:1]", "[::2]", "[..., 0]", "[..., -1:]", "[None, 1:]")
