"""A program as data: what it starts from and what it does, line by line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SLACK = 400.0  # units of rounding, of the largest number that the program or its gradients meet
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
    exact: tuple[bool, ...] = field(default=(), compare=False)  # by tensor: no rounding happened on the way

    def to_json(self) -> str:
        """One object; `from_json` reads it."""
        return json.dumps({"leaves": [asdict(leaf) for leaf in self.leaves], "lines": list(self.lines)})

    def script(self, backend: str) -> str:
        """A program of its own that prints every tensor and gradient on the backend and on the reference."""
        first = len(self.leaves)
        lines = "\n".join(f"    t{first + i} = {line}" for i, line in enumerate(self.lines))
        floats = ", ".join(f"t{i}" for i, leaf in enumerate(self.leaves) if leaf.requires_grad)
        return _SCRIPT.format(backend=backend, leaves=self._made(), lines=lines, names=", ".join(names(self)),
                              floats=floats, count=len(names(self)), slack=SLACK)

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
from math import inf, isfinite, nan

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
floats = [t for t in expected if t is not None and t.is_floating_point()]
largest = max([1.0, *[abs(v) for t in floats for v in numbers(t) if isfinite(v)]])
allowed = {slack} * largest * max([flambeau.finfo(t.dtype).eps for t in floats], default=0)
wrong = [i for i, pair in enumerate(zip(found, expected, strict=True)) if not same(*pair, allowed)]
for i in wrong:
    print(f"t{{i}}" if i < {count} else f"gradient {{i - {count}}}", "is", found[i], "expected", expected[i])
print("as on the reference" if not wrong else f"give or take {{allowed:.3g}}")
sys.exit(bool(wrong))
'''


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
