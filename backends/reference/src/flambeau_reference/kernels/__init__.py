"""Every kernel of the contract by name, gathered from the families."""

from __future__ import annotations

from . import compare, conv, create, elementwise, index, linalg, movement, reduce, sort
from ._common import Kernel

KERNELS: dict[str, Kernel] = {
    **elementwise.KERNELS, **compare.KERNELS, **reduce.KERNELS, **movement.KERNELS, **index.KERNELS,
    **sort.KERNELS, **linalg.KERNELS, **conv.KERNELS, **create.KERNELS,
}
