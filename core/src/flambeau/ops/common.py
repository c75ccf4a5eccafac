"""What families share: samples of a few shapes, the rule of ops without derivative, polynomials of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import NoDerivativeError
from ..table.samples import Bad, Sample, arr

UNARY = (lambda: [Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0)), Sample(arr(2, 0, 3))])
BINARY = (lambda: [Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(3)), Sample(arr(4, 1), arr(3)), Sample(arr(), arr(2)),
                    Sample(arr(0, 3), arr(3)), Sample(arr(), arr()),
                    Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])
DIVISION = (lambda: [Sample(arr(3), arr(3, nonzero=True)), Sample(arr(2, 3), arr(3, nonzero=True)),
                      Sample(arr(4, 1), arr(3, nonzero=True)), Sample(arr(), arr(2, nonzero=True)),
                      Sample(arr(0, 3), arr(3, nonzero=True)), Sample(arr(), arr(nonzero=True)),
                      Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])
POWERS = (lambda: [Sample(arr(3, low=0.2, high=3), arr(3)), Sample(arr(2, 3, low=0.2, high=3), arr(3)),
                    Sample(arr(4, 1, low=0.2, high=3), arr(3)), Sample(arr(low=0.2, high=3), arr(2)),
                    Sample(arr(0, 3), arr(3)), Sample(arr(low=0.2, high=3), arr()),
                    Sample(arr(4, fill=[-2, -1, 3, 2]), arr(4, fill=[3, 2, -1, 0]), gradcheck=False),
                    Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])


def domain(low: float, high: float) -> Any:
    return lambda: [Sample(arr(3, low=low, high=high)), Sample(arr(2, 3, low=low, high=high)),
                    Sample(arr(low=low, high=high)), Sample(arr(0, low=low, high=high))]


CURVES = (lambda: [Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0)),
                 Sample(arr(6, fill=[-100.0, -3.5, -0.0, 0.5, 3.5, 100.0]), gradcheck=False)])
TWO = (lambda: [Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(2, 3)), Sample(arr(), arr()), Sample(arr(0), arr(0))])
ONE = (lambda: [Sample(arr(3)), Sample(arr(2, 3)), Sample(arr()), Sample(arr(0))])
PAIRS = (lambda: [Sample(arr(3), arr(3)), Sample(arr(2, 3), arr(3)), Sample(arr(), arr(2)), Sample(arr(0, 3), arr(3)),
                   Bad(arr(2), arr(3), raises="ShapeError", match="broadcast")])


def underived(made: Any, *inputs: str) -> None:
    """PyTorch has no derivative: backward through the op raises, where a number would be taken for one."""

    def rule(g):
        raise NoDerivativeError(f"derivative for {made.__name__} is not implemented", op=made.__name__)

    for name in inputs:
        made.grad(name)(rule)


def polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """The polynomial of a tensor by Horner's rule, the coefficient of the highest power first."""
    made: Any = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        made = made * x + coefficient
    return made


def chebyshev(x: Any, coefficients: Sequence[float]) -> Any:
    """The Chebyshev series in x / 2 by Clenshaw's rule, the highest degree first, the last one counted half."""
    made: Any = coefficients[0]
    before: Any = 0
    last: Any = 0
    for coefficient in coefficients[1:]:
        last, before = before, made
        made = x * before - last + coefficient
    return (made - last) * 0.5


def floats(input: Any) -> Any:
    """Integers in the default floating dtype: what the body of a function of floats computes with."""
    kind = input._kind.floating
    return input if kind is input._kind.plain else input.to(kind.dtype)
