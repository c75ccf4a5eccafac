"""Comparisons and the truth of elements: bool results, one C loop each."""

from __future__ import annotations

import operator
from typing import Any

from flambeau import dtypes
from flambeau.dtypes import DType

from ._common import Kernel, each, elementwise


def _bool(dtype: DType) -> DType:
    return dtypes.bool


def _comparison(name: str, function: Any, ordered: bool) -> Kernel:
    loop = each(function)
    return elementwise(name, boolean=loop, integer=loop, real=loop, imaginary=None if ordered else loop,
                       to=_bool, exact=True)


KERNELS: dict[str, Kernel] = {
    "eq": _comparison("eq", operator.eq, ordered=False),
    "lt": _comparison("lt", operator.lt, ordered=True),
    "le": _comparison("le", operator.le, ordered=True),
    "logical_not": _comparison("logical_not", operator.not_, ordered=False),
}
