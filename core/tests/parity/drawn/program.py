"""A program: lines of Python over `lib` and the tensors `t0`, `t1`, …."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One statement, and the template it was made from."""

    text: str
    rule: str

    def run(self, space: dict[str, Any]) -> Exception | None:
        """Executes it; what it raised."""
        try:
            exec(self.text, space)  # our own grammar's text
        except Exception as error:
            return error
        return None

    @property
    def walks(self) -> bool:
        """Whether it goes back through the graph."""
        return bool(re.search(r"backward\(|autograd\.grad\(", self.text))


Program = tuple[Line, ...]

SCRIPT = """for lib in (torch, flambeau):
    try:
{lines}
    except Exception as error:
        print(type(error).__name__, error)
    print({{name: (x, x.dtype, getattr(x, "stride", tuple)(), x.requires_grad, x.is_leaf, x.is_leaf and x.grad)
           for name, x in list(globals().items()) if isinstance(x, lib.Tensor)}})
"""


def script(program: Program, device: str) -> str:
    """A program to be run by itself: what every tensor is at its end, on both."""
    lines = "\n".join(f"        {line.text}" for line in program)
    return f"import torch\nimport flambeau\n\nflambeau.device({device!r}).__enter__()\n{SCRIPT.format(lines=lines)}"
