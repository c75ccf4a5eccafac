"""Every kernel of the contract by name, gathered from the families."""

from __future__ import annotations

from . import arithmetic, compare, complex, conv, create, index, linalg, math, movement, reduce, sort, special
from ._common import Kernel

KERNELS: dict[str, Kernel] = {
    **arithmetic.KERNELS, **math.KERNELS, **special.KERNELS, **complex.KERNELS, **compare.KERNELS, **reduce.KERNELS,
    **movement.KERNELS, **index.KERNELS, **sort.KERNELS, **linalg.KERNELS, **conv.KERNELS, **create.KERNELS,
}
