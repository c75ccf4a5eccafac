"""PyTorch's repr of a tensor, from Python numbers alone.

A tensor hands over its shape, its dtype and `fetch(index)`, which gives the nested lists of one block (a slice per
dim; no dims: the number itself). Over `threshold` elements only the blocks at the edges are fetched, so printing a
large tensor on a device moves a handful of numbers. The formatter looks at what will be printed, chooses integer,
fixed or scientific notation and one width for all elements; lines wrap at `linewidth`, and what follows the numbers
(size, dtype, device, gradient) continues on the last line if it fits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from .. import dtypes
from ..shapes import numel

Fetch = Callable[[tuple[slice, ...]], Any]


@dataclass(slots=True)
class PrintOptions:
    """How tensors print; see `set_printoptions`."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_OPTIONS = PrintOptions()
_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(precision: int | None = None, threshold: float | None = None, edgeitems: int | None = None,
                     linewidth: int | None = None, profile: str | None = None, sci_mode: bool | None = None) -> None:
    """Sets how tensors print: digits, the element count that is abbreviated, items kept at each edge, line width.

    `profile` ("default", "short", "full") is applied before the others; `sci_mode` None lets the values decide, and
    is what a call that does not name it goes back to, as in PyTorch.

    >>> set_printoptions(precision=2)
    >>> get_printoptions()["precision"]
    2
    >>> set_printoptions(profile="default")
    """
    chosen = dict(_PROFILES.get(profile, {})) if profile is not None else {}
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    chosen.update((name, value) for name, value in given.items() if value is not None)
    for name, value in chosen.items():
        setattr(_OPTIONS, name, value)
    _OPTIONS.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options in force, as keywords for `set_printoptions`."""
    return asdict(_OPTIONS)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Sets print options inside a `with` block and restores them after it."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def format_tensor(fetch: Fetch, shape: Sequence[int], dtype: dtypes.DType, *, prefix: str = "tensor(",
                  device: str | None = None, requires_grad: bool = False, grad_fn_name: str | None = None) -> str:
    """The repr of a tensor whose values `fetch` gives.

    `device` is named only when given (a device that is not the default one); `grad_fn_name` wins over
    `requires_grad`.

    >>> format_tensor(lambda index: [1.0, 2.5], (2,), dtypes.float32, requires_grad=True)
    'tensor([1.0000, 2.5000], requires_grad=True)'
    """
    shape = tuple(shape)
    suffixes = [f"device='{device}'"] if device is not None else []
    suffixes += _describe(shape, dtype)
    if grad_fn_name is not None:
        suffixes.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    return _with_suffixes(prefix + _contents(fetch, shape, dtype, len(prefix)), suffixes, len(prefix))


def _describe(shape: tuple[int, ...], dtype: dtypes.DType) -> list[str]:
    """The size and the dtype where the numbers alone do not tell them."""
    default, empty = dtypes.get_default_dtype(), 0 in shape
    implied = [default] if empty else [default, default.complex, dtypes.int64, dtypes.bool]
    parts = []
    if (empty and len(shape) != 1) or not (empty or _OPTIONS.edgeitems):
        parts.append(f"size={shape}")
    if dtype not in implied:
        parts.append(f"dtype={dtype!r}")
    return parts


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    parts, used = [text], len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > _OPTIONS.linewidth:
            parts.append(",\n" + " " * indent + suffix)
            used = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            used += len(suffix) + 2
    return "".join(parts) + ")"


def _contents(fetch: Fetch, shape: tuple[int, ...], dtype: dtypes.DType, indent: int) -> str:
    if 0 in shape:
        return "[]"
    edge = _OPTIONS.edgeitems
    summarize = numel(shape) > _OPTIONS.threshold
    cut = tuple(summarize and (not edge or size > 2 * edge) for size in shape)
    values = _edges(fetch, shape, cut, ())
    flat = _flatten(values, len(shape))
    write, width = _complex_writer(flat) if dtype.is_complex else _writer(flat, dtype)
    if not shape:
        return write(values)
    return _Layout(write, width, cut).block(values, 0, indent)


def _edges(fetch: Fetch, shape: tuple[int, ...], cut: tuple[bool, ...], index: tuple[slice, ...]) -> Any:
    """The nested lists of the elements that are printed: whole dims, or the two ends of those cut."""
    dim, edge = len(index), _OPTIONS.edgeitems
    if dim == len(shape):
        return fetch(index)
    if not cut[dim]:
        return _edges(fetch, shape, cut, (*index, slice(0, shape[dim])))
    if not edge:
        return []
    head = _edges(fetch, shape, cut, (*index, slice(0, edge)))
    tail = _edges(fetch, shape, cut, (*index, slice(shape[dim] - edge, shape[dim])))
    return _join(head, tail, dim)


def _join(head: Any, tail: Any, depth: int) -> Any:
    if not depth:
        return head + tail
    return [_join(a, b, depth - 1) for a, b in zip(head, tail, strict=True)]


def _flatten(values: Any, depth: int) -> list[Any]:
    if not depth:
        return [values]
    for _ in range(depth - 1):
        values = [item for row in values for item in row]
    return list(values)


@dataclass(slots=True)
class _Layout:
    """Nested brackets around elements that `write` turns into text of one `width`."""

    write: Callable[[Any], str]
    width: int
    cut: tuple[bool, ...]

    def block(self, values: list[Any], dim: int, indent: int) -> str:
        below = len(self.cut) - dim - 1
        if not below:
            return self.row(values, dim, indent)
        parts = [self.block(item, dim + 1, indent + 1) for item in values]
        return "[" + ("," + "\n" * below + " " * (indent + 1)).join(self.with_dots(parts, dim, "...")) + "]"

    def row(self, values: list[Any], dim: int, indent: int) -> str:
        items = self.with_dots([self.write(v) for v in values], dim, " ..." if values else "...")
        per_line = max(1, math.floor((_OPTIONS.linewidth - indent) / (self.width + 2)))
        lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

    def with_dots(self, parts: list[str], dim: int, dots: str) -> list[str]:
        if not self.cut[dim]:
            return parts
        half = len(parts) // 2
        return [*parts[:half], dots, *parts[half:]]


def _writer(values: list[Any], dtype: dtypes.DType) -> tuple[Callable[[Any], str], int]:
    """A function from element to text, and the width it pads to, chosen from the values that will be printed."""
    if dtype.is_floating_point or dtype.is_complex:
        return _float_writer(values)
    width = max((len(str(v)) for v in values), default=1)
    return (lambda v: str(v).rjust(width)), width


def _float_writer(values: list[float]) -> tuple[Callable[[float], str], int]:
    telling = [v for v in values if v and math.isfinite(v)]
    whole = all(v == math.floor(v) for v in telling)
    scientific = bool(telling) and _is_scientific(telling)
    if scientific:
        spec = f".{_OPTIONS.precision}e"
    elif whole:
        spec = ".0f"
    else:
        spec = f".{_OPTIONS.precision}f"
    dot = "." if whole and not scientific else ""  # a whole number shows that it is a float
    width = max((len(format(v, spec) + dot) for v in telling), default=1)

    def write(value: float) -> str:
        return (format(value, spec) + (dot if math.isfinite(value) else "")).rjust(width)

    return write, width


def _is_scientific(values: list[float]) -> bool:
    if _OPTIONS.sci_mode is not None:
        return _OPTIONS.sci_mode
    sizes = [abs(v) for v in values]
    low, high = min(sizes), max(sizes)
    return high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4


def _complex_writer(values: list[complex]) -> tuple[Callable[[complex], str], int]:
    write_real, real_width = _float_writer([v.real for v in values])
    write_imag, imag_width = _float_writer([v.imag for v in values])

    def write(value: complex) -> str:
        imag = write_imag(value.imag).lstrip()
        return write_real(value.real) + ("" if imag[0] == "-" else "+") + imag + "j"

    return write, real_width + imag_width + 1
