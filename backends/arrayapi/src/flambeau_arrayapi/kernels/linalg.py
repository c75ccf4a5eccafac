"""Matrix products."""

from __future__ import annotations

from ..registry import COMPLEX, FLOATS, HALVES, INTEGERS, in_float32, register, standard

standard("matmul", "matmul", INTEGERS + FLOATS + COMPLEX)
register("matmul", in_float32(lambda ns, x, y: ns.xp.matmul(x, y)), HALVES)
