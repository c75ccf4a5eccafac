"""PyTorch's names of common divisors, exponents and neighbours of numbers."""

from __future__ import annotations

from typing import Any

from ..dtypes import int32
from ..errors import DTypeError
from ..ops.arithmetic import mul
from ..ops.create import cast
from ..ops.digits import frexp_op, gcd, lcm, nextafter
from ..ops.math import _pow
from ..table.dispatch import into
from ..table.lifting import lift_wide
from ..table.refusals import require_tensors
from ..table.returns import return_type
from ..tensors.tensor import Tensor, attach
from .inplace.writes import in_place
from .math import widened

_Frexp = return_type("frexp", ("mantissa", "exponent"))


def frexp(input: Tensor, *, out: Any = None) -> Any:
    """Each element as `mantissa`, from 0.5 to 1, times 2 to the power of `exponent`, an int32.

    Raises DTypeError for integers.

    >>> import flambeau
    >>> flambeau.frexp(flambeau.tensor([6.0])).exponent
    tensor([3], dtype=flambeau.int32)
    """
    require_tensors("frexp", input=input)
    if input.dtype.category != 2:
        raise DTypeError(f"only supports floating-point dtypes, got {input.dtype!r}", op="frexp", dtype=input.dtype)
    mantissa, exponent = frexp_op(input)
    made = _Frexp(mantissa, cast(exponent, int32))
    return made if out is None else into(frexp_op.op, out, made)


def ldexp(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """input times 2 to the power of `other`, broadcast.

    >>> import flambeau
    >>> flambeau.ldexp(flambeau.tensor([3.0]), flambeau.tensor([2]))
    tensor([12.])
    """
    require_tensors("ldexp", input=input, other=other)
    power = widened(other)
    return mul(input, _pow(lift_wide(power, 2.0), power), out=out)


attach(lambda self, *, out=None: frexp(self, out=out), "frexp")
attach(ldexp, "ldexp")
in_place("ldexp", ldexp)
gcd_, lcm_, ldexp_ = Tensor.gcd_, Tensor.lcm_, Tensor.ldexp_  # type: ignore[attr-defined]

__all__ = ["frexp", "gcd", "gcd_", "lcm", "lcm_", "ldexp", "ldexp_", "nextafter"]
