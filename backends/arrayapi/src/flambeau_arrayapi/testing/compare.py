"""Two results of one case, element by element, in units in the last place."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from flambeau.contract.backend import Backend, decode
from flambeau.dtypes import DType
from flambeau.errors import UnsupportedError
from flambeau.table.registry import offered, op_named

from .cases import Case
from .host import from_host

# Units in the last place allowed: (elementwise, accumulating).
_ULPS = {"float16": (1, 2), "bfloat16": (1, 2), "float32": (4, 64), "float64": (4, 64),
         "complex64": (16, 64), "complex128": (16, 64)}
_BITS = {"float16": 10, "bfloat16": 7, "float32": 23, "float64": 52, "complex64": 23, "complex128": 52}
_TINY = {"float16": 6e-5, "float64": 1e-300, "complex128": 1e-300}
ACCUMULATING = frozenset({"sum", "prod", "cumsum", "cumprod", "matmul", "fold", "scatter_add", "index_put", "pow"})


class Result(NamedTuple):
    """An array on the host."""

    shape: tuple[int, ...]
    dtype: DType
    data: bytes


def results(backend: Backend, answer: Any) -> list[Result]:
    """What a kernel answered, as `Result`s."""
    arrays = answer if isinstance(answer, tuple) else (answer,)
    return [Result(tuple(a.shape), backend.dtype_of(a), bytes(backend.to_host(a))) for a in arrays]


def call(backend: Backend, op: str, *arrays: Any, dtype_of_input: DType | None = None, **attributes: Any) -> Any:
    """What the kernel of `op` answers, chosen as core would: by the first array's dtype if none is named."""
    chosen = dtype_of_input or (backend.dtype_of(arrays[0]) if arrays else attributes["dtype"])
    offered(backend, op_named(op).family)
    kernel = backend.kernel(op, chosen)
    if kernel is None:
        raise LookupError(f"no kernel {op!r}")
    answer = kernel(*arrays, **attributes)
    return tuple(map(backend.own, answer)) if isinstance(answer, tuple) else backend.own(answer)


def run(case: Case, backend: Backend) -> list[Result]:
    """One case on `backend`; raises ValueError where an input was changed."""
    inputs = [from_host(backend, a) for a in case.arrays]
    before = [bytes(backend.to_host(x)) for x in inputs]
    found = results(backend, call(backend, case.op, *inputs, dtype_of_input=case.dtype, **case.attributes))
    if [bytes(backend.to_host(x)) for x in inputs] != before:
        raise ValueError(f"{case.id}: an input was changed")
    return found


def supported(case: Case, backend: Backend) -> bool:
    """Whether the backend says that it can run the case."""
    return not any((case.op, d.name) in backend.unsupported for d in case.dtypes)


def refuses(case: Case, backend: Backend) -> bool:
    """Whether a case that is declared unsupported raises UnsupportedError, as it must."""
    try:
        run(case, backend)
    except UnsupportedError:
        return True
    return False


def difference(op: str, ours: list[Result], theirs: list[Result]) -> str | None:
    """What is wrong with our results, or None."""
    pairs = zip(ours, theirs, strict=True)
    return next((found for a, b in pairs if (found := _differ(op, a, b))), None)


def _differ(op: str, ours: Result, theirs: Result) -> str | None:
    if ours[:2] != theirs[:2]:
        return f"shape and dtype {ours[:2]}, expected {theirs[:2]}"
    if ours.data == theirs.data:
        return None
    name = ours.dtype.name
    accumulates, bits = op in ACCUMULATING, _BITS.get(name, 0)
    ulps = _ULPS.get(name, (0, 0))[accumulates]
    floor = 4.0 if accumulates and op != "pow" else _TINY.get(name, 1e-37)
    pairs = list(zip(decode(ours.data, ours.dtype), decode(theirs.data, theirs.dtype), strict=True))
    bad = [(i, *pair) for i, pair in enumerate(pairs) if not _close(*pair, ulps, bits, floor)]
    return f"{len(bad)} of {len(pairs)} differ: {bad[:4]}" if bad else None


def _close(a: Any, b: Any, ulps: int, bits: int, floor: float) -> bool:
    if isinstance(a, complex):
        size = max(abs(b), floor) if math.isfinite(abs(b)) else floor
        return _close(a.real, b.real, ulps, bits, size) and _close(a.imag, b.imag, ulps, bits, size)
    if a == b or (a != a and b != b):
        return True
    return abs(a - b) <= ulps * _ulp(max(abs(b), floor), bits)


def _ulp(value: float, bits: int) -> float:
    return math.ldexp(1.0, math.frexp(value)[1] - 1 - bits) if math.isfinite(value) else 0.0
