"""Which of PyTorch's public names flambeau has: the text of docs/coverage.md."""

from __future__ import annotations

import importlib
import textwrap
from typing import Any

from .spelling import pytorch_names

_HEAD = """# Coverage

Which of PyTorch's public names exist in flambeau, module by module. A name counts as here when it can be looked up, and
what is here behaves as PyTorch's, or it is a fault. To ask for a name that is missing raises an `AttributeError` that
points to this page. `python -m flambeau coverage` prints it for the version that is installed.

"""


def _owner(pytorchs: str) -> Any:
    """Our module (or Tensor) of a module of PyTorch's; None where there is none."""
    from .tensors.tensor import Tensor

    if pytorchs == "torch.Tensor":
        return Tensor
    try:
        return importlib.import_module("flambeau" + pytorchs.removeprefix("torch"))
    except ModuleNotFoundError:
        return None


def missing() -> dict[str, list[str]]:
    """PyTorch's names that are not here, by module."""
    owners = {module: _owner(module) for module in pytorch_names()}
    return {module: [n for n in names if owners[module] is None or not hasattr(owners[module], n)]
            for module, names in pytorch_names().items()}


def page() -> str:
    """The whole page in Markdown: a table of counts, then the missing names."""
    absent = missing()
    rows = [(module, len(names) - len(absent[module]), len(names)) for module, names in pytorch_names().items()]
    total = f"| **all** | **{sum(r[1] for r in rows)}** | **{sum(r[2] for r in rows)}** |"
    table = ["| module | here | in PyTorch |", "|---|---|---|", *(f"| `{m}` | {h} | {n} |" for m, h, n in rows), total]
    parts = [f"## Missing from `{module}`\n\n"
             + textwrap.fill(", ".join(f"`{n}`" for n in names), 120, break_on_hyphens=False) + "\n"
             for module, names in absent.items() if names]
    return _HEAD + "\n".join(table) + "\n\n" + "\n".join(parts)
