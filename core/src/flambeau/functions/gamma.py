"""PyTorch's names of the gamma function's logarithm and of its derivatives."""

from __future__ import annotations

import math

from ..errors import ValueRangeError
from ..ops import gamma
from ..ops.common import floats
from ..ops.gamma import digamma, lgamma
from ..shapes import as_int
from ..table.precision import in_single
from ..table.refusals import require_dtype, require_tensors
from ..tensors.tensor import Tensor, attach
from ..tensors.views import write_out
from .create import arange
from .inplace.writes import in_place


def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The derivative of order `n` of `digamma`, of each element. Raises ValueRangeError for n < 0.

    >>> import flambeau
    >>> flambeau.polygamma(1, flambeau.tensor([1.0]))
    tensor([1.6449])
    """
    order = as_int("polygamma", "n", n)
    if order < 0:
        raise ValueRangeError(f"polygamma(n, x) does not support negative n, got {n}", op="polygamma")
    require_tensors("polygamma", input=input)
    return gamma.polygamma_op(order, input, out=out) if order else digamma(input, out=out)


@in_single
def _sum_of_logs(input: Tensor, p: int) -> Tensor:
    x = floats(input)
    steps = arange(0, p, dtype=x.dtype, device=x.device) * -0.5
    return lgamma(x.unsqueeze(-1) + steps).sum(-1) + p * (p - 1) * 0.25 * math.log(math.pi)


def mvlgamma(input: Tensor, p: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the gamma function in `p` dimensions: lgamma of x, x - 1/2, …, added up, and a constant.

    Raises ValueRangeError for p < 1.

    >>> import flambeau
    >>> flambeau.mvlgamma(flambeau.tensor([3.0]), 1)
    tensor([0.6931])
    """
    count = as_int("mvlgamma", "p", p)
    if count < 1:
        raise ValueRangeError(f"p has to be greater than or equal to 1, got {p}", op="mvlgamma")
    require_tensors("mvlgamma", input=input)
    require_dtype("mvlgamma", "real", input)
    made = _sum_of_logs(input, count)
    return made if out is None else write_out(lgamma.op, out, made)


def _polygamma(self: Tensor, n: int) -> Tensor:
    return polygamma(n, self)


attach(_polygamma, "polygamma")
attach(mvlgamma, "mvlgamma")
in_place("polygamma", _polygamma)
in_place("mvlgamma", mvlgamma)

__all__ = ["digamma", "lgamma", "mvlgamma", "polygamma"]
