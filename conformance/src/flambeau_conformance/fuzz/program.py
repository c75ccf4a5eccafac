"""A program as data: what it starts from and what it does, line by line."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

LAYOUTS = ("contiguous", "transposed", "gaps", "offset")


class ProgramError(Exception):
    """A file that holds no program."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tensor that the program starts from."""

    dtype: str
    shape: tuple[int, ...]
    values: tuple[Any, ...]
    layout: str = "contiguous"
    requires_grad: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """Leaves are called t0, t1, …; every line gives the next tensor its value."""

    leaves: tuple[Leaf, ...]
    lines: tuple[str, ...] = ()

    def to_json(self) -> str:
        """One object; `from_json` reads it."""
        return json.dumps({"leaves": [asdict(leaf) for leaf in self.leaves], "lines": list(self.lines)})

    def script(self, backend: str, allowed: Sequence[float] = ()) -> str:
        """A program of its own: 1 if it ends otherwise on the backend than on the reference, give or take `allowed`."""
        first = len(self.leaves)
        lines = "\n".join(f"    t{first + i} = {line}" for i, line in enumerate(self.lines))
        floats = ", ".join(f"t{i}" for i, leaf in enumerate(self.leaves) if leaf.requires_grad)
        return _SCRIPT.format(backend=backend, leaves=self._made(), lines=lines, names=", ".join(names(self)),
                              floats=floats, count=len(names(self)), allowed=[float(f"{a:.3g}") for a in allowed])

    def _made(self) -> str:
        return "\n".join(
            f"    t{i} = flambeau.tensor({list(leaf.values)!r}, dtype=flambeau.{leaf.dtype}, device=device)"
            f".reshape({leaf.shape!r}){_LAID[leaf.layout] if leaf.values else ''}"
            + (".requires_grad_()" if leaf.requires_grad else "") for i, leaf in enumerate(self.leaves))


_LAID = {"contiguous": "", "transposed": ".T.contiguous().T", "gaps": ".repeat_interleave(2, -1)[..., ::2]",
         "offset": ".clone()"}
_SCRIPT = '''"""A program that ends otherwise on {backend!r} than on the reference."""

import sys
import warnings
from math import inf, nan

import flambeau

warnings.simplefilter("ignore")


def program(device):
{leaves}
{lines}
    tensors = [{names}]
    roots = [t.sum() for t in tensors if t.requires_grad and t.is_floating_point()]
    leaves = [t for t in [{floats}] if roots]
    return tensors + list(flambeau.autograd.grad(roots, leaves, allow_unused=True) if leaves else [])


def ended(device):
    try:
        return program(device)
    except Exception as error:
        return type(error).__name__


def numbers(tensor):
    return tensor.detach().reshape(-1).tolist()


def same(found, expected, allowed):
    if found is None or expected is None:
        return found is expected
    if (found.dtype, tuple(found.shape)) != (expected.dtype, tuple(expected.shape)):
        return False
    rows = zip(numbers(found), numbers(expected), strict=True)
    return all(f == e or (f != f and e != e) or abs(f - e) <= allowed * expected.is_floating_point() for f, e in rows)


found, expected = ended({backend!r}), ended("reference")
if isinstance(found, str) or isinstance(expected, str):
    print("it ends with", found, "and on the reference with", expected)
    sys.exit(found != expected)
allowed = {allowed}  # by tensor, then by gradient
wrong = [i for i, row in enumerate(zip(found, expected, allowed, strict=True)) if not same(*row)]
for i in wrong:
    name = f"t{{i}}" if i < {count} else f"gradient {{i - {count}}}"
    print(name, "is", found[i], "expected", expected[i], f"give or take {{allowed[i]:.3g}}")
print("it ends otherwise" if wrong else "it ends as on the reference")
sys.exit(bool(wrong))
'''


_NARROW = re.compile(r"flambeau\.(float16|bfloat16|float32)\b|\.(float|half|bfloat16)\(\)")


def widened(program: Program) -> Program:
    """The program with float64 for every floating dtype."""
    leaves = [replace(leaf, dtype="float64") if "float" in leaf.dtype else leaf for leaf in program.leaves]
    lines = [_NARROW.sub(lambda m: "flambeau.float64" if m[1] else ".double()", text) for text in program.lines]
    return Program(tuple(leaves), tuple(lines))


def names(program: Program) -> list[str]:
    """Of all tensors, in order."""
    return [f"t{i}" for i in range(len(program.leaves) + len(program.lines))]


def from_json(text: str) -> Program:
    """Raises ProgramError for text that is no program."""
    try:
        data = json.loads(text)
        leaves = [Leaf(r["dtype"], tuple(r["shape"]), tuple(r["values"]), r["layout"], r["requires_grad"])
                  for r in data["leaves"]]
        return Program(tuple(leaves), tuple(data["lines"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ProgramError(f"this is no program: {type(error).__name__}: {error}") from error


def read(path: Path) -> Program:
    """The program in that file; raises ProgramError."""
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (OSError, ProgramError) as error:
        raise ProgramError(f"{path}: {error}") from error
