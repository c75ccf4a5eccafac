"""Switches that are noted: variables of a module, which a `with` block may set for its length."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def switch(module: str, **values: Any) -> dict[str, Any]:
    """Sets variables of a module and gives what they were; None leaves one as it is."""
    held = vars(sys.modules[module])
    before = {name: held[name] for name, value in values.items() if value is not None}
    held.update({name: values[name] for name in before})
    return before


@contextmanager
def switched(module: str, **values: Any) -> Iterator[None]:
    """Sets them inside the `with` block."""
    before = switch(module, **values)
    try:
        yield
    finally:
        switch(module, **before)
