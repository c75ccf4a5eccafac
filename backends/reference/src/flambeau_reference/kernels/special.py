"""Error functions."""

from __future__ import annotations

import math

from ._common import Kernel, each, function

KERNELS: dict[str, Kernel] = {
    "erf": function("erf", each(math.erf)),
    "erfc": function("erfc", each(math.erfc)),
}
