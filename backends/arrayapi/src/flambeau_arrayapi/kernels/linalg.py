"""Matrix products."""

from __future__ import annotations

from flambeau import dtypes as fd

from ..namespace import Array, Namespace
from ..registry import BOOL, COMPLEX, FLOATS, HALVES, INTEGERS, in_float32, kernel, register, standard

standard("matmul", "matmul", INTEGERS + FLOATS + COMPLEX)
register("matmul", in_float32(lambda ns, x, y: ns.xp.matmul(x, y)), HALVES)


@kernel("matmul", BOOL)
def matmul_bool(ns: Namespace, x: Array, y: Array) -> Array:
    return ns.xp.matmul(ns.astype(x, fd.int64), ns.astype(y, fd.int64)) != 0
