"""Every kernel of the contract by name, gathered from the families; those of `LATER` join when first used."""

from __future__ import annotations

from importlib import import_module

from . import arithmetic, compare, complex, create, index, linalg, math, movement, reduce, sort, special
from ._common import Kernel

KERNELS: dict[str, Kernel] = {
    **arithmetic.KERNELS, **math.KERNELS, **special.KERNELS, **complex.KERNELS, **compare.KERNELS, **reduce.KERNELS,
    **movement.KERNELS, **index.KERNELS, **sort.KERNELS, **linalg.KERNELS, **create.KERNELS,
}
LATER = frozenset({"conv", "decomposition", "fft"})


def load_family(family: str) -> None:
    """Adds the kernels of a family of `LATER` to `KERNELS`."""
    if family in LATER:
        KERNELS.update(import_module(f".{family}", __name__).KERNELS)
