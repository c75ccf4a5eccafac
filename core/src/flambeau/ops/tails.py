"""What is left of functions where their plain formula has lost its digits: no ops, only expressions in them."""

from __future__ import annotations

from .. import dtypes
from ..tensor import Tensor
from . import elementwise as e
from .bounds import clamp_number
from .create import cast

_FAR = 28.0  # exp(-28 * 28) is zero in every dtype

# (1 + 2x) exp(x^2) erfc(x) in powers of t = (x - 3) / (x + 3), from the Chebyshev series on 0.5 <= x <= 28, computed
# with 50 digits; the form is that of Shepherd and Laframboise, Mathematics of Computation 36 (1981).
_SCALED = (
    1.25300805826972965, -0.135621106124581201, -0.0475622943534511681, 0.129645158702763924, -0.119273663415275866,
    0.0683080273438589993, -0.0237705149195956242, 0.00252939181816837523, 0.00188869037240440312,
    -0.000779832294000067676, -0.000105159901137790177, 0.000125099500567119017, 4.94994681487587596e-6,
    -0.0000201012466607897222, -7.32795096781209764e-7, 3.47453115165674957e-6, 3.58921510493614507e-7,
    -6.21063687832799676e-7, -1.43127611316218603e-7, 1.07742811447517832e-7, 4.12785485491009594e-8,
    -1.78228834853559567e-8, -6.76435264964689011e-9, 2.493890904878516e-9)


def erfc_from_half(input: Tensor) -> Tensor:
    """erfc(x) where x >= 0.5, within 6 units in the last place; float16 and bfloat16 in float32."""
    dtype = input._kind.dtype
    if dtype.itemsize == 2:
        return cast(erfc_from_half(cast(input, dtypes.float32)), dtype)
    x = clamp_number(input, 0.5, _FAR)
    t = (x - 3) / (x + 3)
    scaled = t * _SCALED[-1] + _SCALED[-2]
    for coefficient in _SCALED[-3::-1]:
        scaled = scaled * t + coefficient
    return _exp_of_minus_square(x) * scaled / (x * 2 + 1)


def _exp_of_minus_square(x: Tensor) -> Tensor:
    """exp(-x^2): squared in two parts, the first exactly, since the exponential turns a lost digit into many."""
    head = e.floor(x * 64) / 64
    return e.exp(-head * head) * e.exp(-(x - head) * (x + head))
