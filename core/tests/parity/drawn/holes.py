"""What the holes of a template are filled with, given the tensors there are, as PyTorch computed them."""

from __future__ import annotations

import ast
import random
import re
from typing import Any

import torch

HOLE = re.compile(r"\{(\w+)(?::([\w,]+))?\}")
DTYPES = ("float32", "float32", "float64", "float64", "int64", "int32", "uint8", "bool", "float16", "bfloat16",
          "complex64", "int8", "int16")
FLOATING = ("float32", "float32", "float64", "float64", "float64", "float16", "bfloat16", "complex64")
CASTS = ("int", "long", "bool", "float", "double", "half", "byte", "bfloat16", "short")
NUMBERS = ("2", "2", "-1", "0", "3", "1", "0.5", "0.5", "-1.5", "2.0", "True", "0.0", "100", "-0.0")
WRITTEN = ("2", "1", "0", "5", "True", "0.5", "3.0")
SHAPES = ((), (1,), (3,), (3,), (2, 3), (2, 3), (2, 3), (3, 3), (2, 1), (1, 3), (2, 2, 3), (0,), (2, 0), (4,))
KEYS = (
    "0", "-1", "1", "7", "1:", ":-1", "::2", "...", "None", "..., 0", "..., 1:", ":, 0", ":, 1:", "..., ::2", "0, 1",
    "[0, 1]", "[0, 0]", "[-1]", "[True, False]", "True", "False", "lib.tensor([0, 1])", "lib.tensor(0)", "None, 0",
    "lib.tensor([[0], [1]])", "0, None", "[0, 1], [1, 0]", ":, [0, 2]", "[0, 1], 1:", "[]", "lib.tensor([True, False])",
    "0, ..., None", "..., None", "1:1", "[[0, 1]]", "lib.tensor([1], dtype=lib.uint8)", "(slice(None), 1)", "5:",
    "lib.tensor([0], dtype=lib.int32)", ":, None, [1]", "[0], :, [0]", "0, [0, 1]", "()", "1.0", "'a'", "-1:0",
    "0, 0, 0",
)


class UnfitError(Exception):
    """No tensor fits a hole: the drawing takes another template."""


def memory(x: torch.Tensor) -> int:
    """The same number for tensors that share memory."""
    return x.untyped_storage().data_ptr()


def _finite(x: torch.Tensor) -> bool:
    return bool(torch.isfinite(x).all())


def _bounded(x: torch.Tensor, most: float) -> bool:
    return _finite(x) and (not x.numel() or float(x.abs().max() if x.dtype != torch.bool else 1) <= most)


def _exact(x: torch.Tensor) -> bool:
    """Whether its numbers are such as no rounding has touched, on which a jump comes out the same everywhere."""
    x = x.detach()
    if x.is_complex() or not x.is_floating_point():
        return True
    return _bounded(x, 1000) and bool((x * 16 == (x * 16).round()).all())


def _distinct(x: torch.Tensor) -> bool:
    return x.is_complex() or (_exact(x) and len(set(x.reshape(-1).tolist())) == x.numel())


def _writable(x: torch.Tensor) -> bool:
    return not any(n > 1 and s == 0 for n, s in zip(x.shape, x.stride(), strict=True)) and _once(x)


def _once(x: torch.Tensor) -> bool:
    """Whether no two elements lie at one place."""
    with torch.no_grad():
        places = torch.arange(x.untyped_storage().nbytes() // x.element_size()).as_strided(
            x.shape, x.stride(), x.storage_offset())
    return places.unique().numel() == places.numel()


KINDS = {
    "float": lambda x: x.is_floating_point(), "write": _writable, "exact": _exact, "distinct": _distinct,
    "integer": lambda x: not x.is_floating_point() and not x.is_complex(),
    "tame": lambda x: _bounded(x.detach(), 8), "small": lambda x: _bounded(x.detach(), 100) and not _negative(x),
}


def _negative(x: torch.Tensor) -> bool:
    return not x.is_complex() and x.dtype != torch.bool and bool((x < 0).any())


class Filling:
    """Fills one template."""

    def __init__(self, rng: random.Random, tensors: dict[str, torch.Tensor], name: str) -> None:
        self.rng, self.tensors, self.name = rng, tensors, name
        self.taken: dict[str, str] = {}

    def line(self, template: str) -> str:
        """The template with every hole filled; raises UnfitError."""
        text = HOLE.sub(self._hole, template)
        return f"{self.name} = {text}" if isinstance(ast.parse(text).body[0], ast.Expr) else text

    def _hole(self, match: re.Match[str]) -> str:
        letter, kinds = match.groups()
        if letter in ("x", "y", "o"):
            return self._tensor(letter, kinds.split(",") if kinds else [])
        made: str = getattr(self, f"_{letter}")()
        return made

    def _tensor(self, letter: str, kinds: list[str]) -> str:
        if letter not in self.taken:
            fitting = [n for n, t in self.tensors.items() if all(self._is(t, kind) for kind in kinds)]
            if letter == "y" and self.rng.random() < 0.9:
                fitting = [n for n in fitting if self._broadcasts(self.tensors[n])]
            if not fitting:
                raise UnfitError
            late = fitting[-3:] if self.rng.random() < 0.6 else fitting
            self.taken[letter] = self.rng.choice(late)
        elif not all(self._is(self.tensors[self.taken[letter]], kind) for kind in kinds):
            raise UnfitError
        return self.taken[letter]

    def _is(self, tensor: torch.Tensor, kind: str) -> bool:
        if kind == "apart":
            return memory(tensor) not in [memory(self.tensors[n]) for n in self.taken.values()]
        return bool(KINDS[kind](tensor))

    def _broadcasts(self, y: torch.Tensor) -> bool:
        shape = self.tensors[self.taken["x"]].shape if "x" in self.taken else ()
        return all(a == b or 1 in (a, b) for a, b in zip(shape[::-1], y.shape[::-1], strict=False))

    def _name(self) -> str:
        return self.name

    def _n(self) -> str:
        return "1j" if self.rng.random() < 0.01 else self.rng.choice(NUMBERS)

    def _i(self) -> str:
        return self.rng.choice(WRITTEN)

    def _k(self) -> str:
        return str(self.rng.choice((0, 1, 1, 2, 2, 3)))

    def _d(self) -> str:
        ndim = self.tensors[self.taken["x"]].dim()
        if self.rng.random() < 0.04 or not ndim:
            return str(self.rng.choice((0, -1, 1, 5)))
        return str(self.rng.randrange(-ndim, ndim))

    def _key(self) -> str:
        return self.rng.choice(KEYS)

    def _dtype(self) -> str:
        return self.rng.choice(DTYPES)

    def _floating(self) -> str:
        return self.rng.choice(FLOATING)

    def _cast(self) -> str:
        return self.rng.choice(CASTS)

    def _values(self) -> str:
        return repr(self._nested(self.rng.choice(SHAPES)))

    def _nested(self, shape: tuple[int, ...]) -> Any:
        if not shape:
            return self.rng.choice((0.5, -1.25, 2.0, 1.5, 0.25, -0.75, 3.0, 1.0, -2.0, 0.0, 4.5, 6.25, -3.5, 2.75))
        return [self._nested(shape[1:]) for _ in range(shape[0])]
