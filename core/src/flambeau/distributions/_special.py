"""The special functions that densities and moments are written in, loaded with the first of them."""

from __future__ import annotations

from ..tensors.tensor import Tensor


def lgamma(input: Tensor) -> Tensor:
    """The logarithm of the gamma function's absolute value."""
    from .. import special

    return special.gammaln(input)


def digamma(input: Tensor) -> Tensor:
    """The derivative of `lgamma`."""
    from .. import special

    return special.digamma(input)


def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`."""
    from .. import special

    return special.multigammaln(input, p)


def erfinv(input: Tensor) -> Tensor:
    """The inverse of `erf`."""
    from .. import special

    return special.erfinv(input)


def gammainc(concentration: Tensor, value: Tensor) -> Tensor:
    """The regularized lower incomplete gamma function."""
    from .. import special

    return special.gammainc(concentration, value)
