"""Writes from one view of a memory into another: what arrives is what was there before the write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType
from flambeau.tensors.tensor import wrap

from ..check import Check, require
from ..host import Host, get, put
from ..target import Target
from .promise import promise_each

CHECKS: list[Check] = []
_COUNT = 48

# name -> a view of 48 elements, by shape; every two of one shape are written into one another
_VIEWS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "9": {"head": lambda x: x[:9], "one on": lambda x: x[1:10], "four on": lambda x: x[4:13],
          "steps": lambda x: x[:18:2], "steps of three": lambda x: x[2:29:3], "repeated": lambda x: x[8:9].expand(9)},
    "3 by 3": {"rows": lambda x: x[:9].view(3, 3), "columns": lambda x: x[:9].view(3, 3).t(),
               "one on": lambda x: x[1:10].view(3, 3), "wide": lambda x: x[:16].view(4, 4)[1:, :3],
               "a row": lambda x: x[3:6].expand(3, 3), "a column": lambda x: x[:9].view(3, 3)[:, 1:2].expand(3, 3)},
    "2 by 3 by 4": {"whole": lambda x: x[:24].view(2, 3, 4), "shifted": lambda x: x[5:29].view(2, 3, 4),
                    "turned": lambda x: x[:24].view(4, 3, 2).permute(2, 1, 0),
                    "mixed": lambda x: x[:24].view(3, 4, 2).permute(2, 0, 1),
                    "steps": lambda x: x.view(2, 6, 4)[:, ::2]},
}


@promise_each("assign-views", (dtypes.float32, dtypes.int64, dtypes.uint8, dtypes.bfloat16, dtypes.complex64), CHECKS)
def assign_views(target: Target, dtype: DType) -> None:
    """For every two views of a memory, by `copy_` and by the kernel itself."""
    numbers = [float(i) for i in range(_COUNT)] if dtype.category > 1 else list(range(_COUNT))
    places = put(Host(list(range(_COUNT)), (_COUNT,), dtypes.int64), target.device)
    for shape, views in _VIEWS.items():
        for into, place in views.items():
            if into in ("repeated", "a row", "a column"):
                continue  # elements that are one memory cannot hold different numbers
            for source, read in views.items():
                expected = list(numbers)
                written = zip(place(places).reshape(-1).tolist(), read(places).reshape(-1).tolist(), strict=True)
                for at, came in written:
                    expected[at] = numbers[came]
                for how, write in (("copy_", _copied), ("assign", _assigned)):
                    base = put(Host(list(numbers), (_COUNT,), dtype), target.device)
                    if how == "assign" and not target.backend.shared_views:
                        continue
                    write(place(base), read(base))
                    found = get(base).values
                    require(found == expected, "assign", f"{how} of {source!r} into {into!r}, views of {shape},"
                                                         f" {dtype.name}: {found}, expected {expected}")


def _copied(destination: Any, source: Any) -> None:
    destination.copy_(source)


def _assigned(destination: Any, source: Any) -> None:
    kernel: Any = destination._kind.device.backend.kernel("assign", destination.dtype)
    wrap(kernel(destination._array, source._array), destination._kind)
