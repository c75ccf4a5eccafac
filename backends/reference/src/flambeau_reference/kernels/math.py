"""Exponentials, logarithms, powers and trigonometry of single elements."""

from __future__ import annotations

import math
import operator

from .. import complexes, floating
from ._common import Kernel, each, elementwise, function, guarded


def _integer_pow(x: int, y: int) -> int:
    if y >= 0:
        return pow(x, y, 1 << 64)
    if x == 1 or (x == -1 and y % 2 == 0):
        return 1
    return -1 if x == -1 else 0


KERNELS: dict[str, Kernel] = {
    "exp": function("exp", guarded(math.exp, floating.safe_exp), each(complexes.exp)),
    "log": function("log", guarded(math.log, floating.safe_log), each(complexes.log)),
    "log1p": function("log1p", guarded(math.log1p, floating.safe_log1p), each(complexes.log1p)),
    "expm1": function("expm1", guarded(math.expm1, floating.safe_expm1), each(complexes.expm1)),
    "sqrt": function("sqrt", guarded(math.sqrt, floating.safe_sqrt), each(complexes.sqrt)),
    "sin": function("sin", guarded(math.sin, floating.safe_sin), each(complexes.sin)),
    "cos": function("cos", guarded(math.cos, floating.safe_cos), each(complexes.cos)),
    "tanh": function("tanh", each(math.tanh), each(complexes.tanh)),
    "pow": elementwise("pow", integer=each(_integer_pow), real=guarded(math.pow, floating.safe_pow),
                       imaginary=guarded(operator.pow, complexes.safe_pow)),
    "atan2": function("atan2", each(math.atan2)),
}
