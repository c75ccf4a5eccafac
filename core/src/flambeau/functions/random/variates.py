"""Random tensors whose every element has parameters of its own: gamma, Dirichlet, Poisson and binomial draws.

They are drawn one after another on the host: PyTorch's draws, at Python's speed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...dtypes import DType, float64
from ...errors import DTypeError, ShapeError, UnsupportedError, ValueRangeError
from ...ops.random import dirichlet_drawn, standard_gamma_drawn
from ...ops.random import dirichlet_grad as dirichlet_grad_op
from ...ops.random import standard_gamma_grad as standard_gamma_grad_op
from ...random import chosen_generator
from ...table.settings import finfo
from ...tensors.tensor import Tensor
from ..create import detach
from .draw import doubles, fresh, laid_out
from .sampling import _in_place_of


def _require_floating(op: str, input: Tensor, narrow: bool = False) -> None:
    """Raises UnsupportedError for other dtypes than float32 and float64, or 16-bit floats where `narrow`."""
    if not input.is_floating_point() or (input.dtype.itemsize == 2 and not narrow):
        raise UnsupportedError(f"not implemented for {input.dtype!r}", op=op, dtype=input.dtype)


def _require_rates(rates: list[float]) -> None:
    wrong = next((rate for rate in rates if not rate >= 0), None)
    if wrong is not None:
        raise ValueRangeError(f"invalid Poisson rate, expected rate to be non-negative, got {wrong}", op="poisson")


def _listed(input: Tensor) -> list[Any]:
    values: list[Any] = detach(input).reshape((-1,)).tolist()
    return values


def _filled(values: list[float], like: Tensor) -> Tensor:
    kind = like._kind.plain
    return fresh(laid_out(doubles(values, kind), tuple(like.shape), None), kind)


def _each(op: str, draw: Callable[..., float], generator: Any, *inputs: list[Any]) -> list[float]:
    engine = chosen_generator(op, generator)
    return [draw(engine, *row) for row in zip(*inputs, strict=True)]


def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """Poisson draws of the rates in `input`, in its shape and dtype; the gradient is 0.

    Raises ValueRangeError for a rate that is negative or nan.

    >>> import flambeau
    >>> flambeau.poisson(flambeau.tensor([0.0, 0.0]))
    tensor([0., 0.])
    """
    from ...random import variates

    _require_floating("poisson", input, narrow=True)
    rates = _listed(input)
    _require_rates(rates)
    return _in_place_of(input, _filled(_each("poisson", variates.poisson, generator, rates), input))


def binomial(count: Tensor, prob: Tensor, generator: Any = None) -> Tensor:
    """Binomial draws: how many of `count` events of probability `prob` happen, tensors of one dtype that broadcast.

    Raises DTypeError for two dtypes, ValueRangeError for integers.

    >>> import flambeau
    >>> flambeau.binomial(flambeau.tensor([3.0, 3.0]), flambeau.tensor([0.0, 1.0]))
    tensor([0., 3.])
    """
    from ...random import variates
    from ..movement import broadcast_tensors

    for name, input in (("count", count), ("prob", prob)):
        if not input.is_floating_point():
            raise ValueRangeError(f"binomial only supports floating-point dtypes for {name}, got: {input.dtype!r}",
                                  op="binomial")
    _require_floating("binomial", count)
    if count.dtype is not prob.dtype:
        raise DTypeError(f"count and prob must have one dtype, got {count.dtype!r} and {prob.dtype!r}", op="binomial")
    count, prob = broadcast_tensors(detach(count), detach(prob))
    return _filled(_each("binomial", variates.binomial, generator, _listed(count), _listed(prob)), count)


def _standard_gamma(input: Tensor, generator: Any = None) -> Tensor:
    """Gamma draws of the shapes in `input` and of scale 1, whose gradient is that of the draw at its quantile."""
    from ...random import variates

    _require_floating("_standard_gamma", input)
    least, shapes = finfo(input.dtype).tiny, _listed(input)
    singles = [input.dtype is not float64] * len(shapes)
    drawn = [max(v, least) for v in _each("_standard_gamma", variates.gamma, generator, shapes, singles)]
    made: Tensor = standard_gamma_drawn(input, _filled(drawn, input))
    return made


def _sample_dirichlet(input: Tensor, generator: Any = None) -> Tensor:
    """Dirichlet draws along the last dim, of the concentrations in `input`, with the gradient of `_dirichlet_grad`."""
    from ...random import variates

    _require_floating("_sample_dirichlet", input)
    if input.ndim < 1:
        raise ShapeError("concentrations must have at least one dim", op="_sample_dirichlet")
    rows = detach(input).reshape((-1, input.shape[-1])).tolist() if input.numel() else []
    engine = chosen_generator("_sample_dirichlet", generator)
    gammas = [[variates.gamma(engine, alpha) for alpha in row] for row in rows]
    drawn = [share for row in gammas for share in _shares(row, input.dtype)]
    made: Tensor = dirichlet_drawn(input, _filled(drawn, input))
    return made


def _shares(gammas: list[float], dtype: DType) -> list[float]:
    """The parts of their sum, kept inside the open interval that the dtype has between 0 and 1."""
    total, info = sum(gammas), finfo(dtype)
    if math.isnan(total):
        return [math.nan] * len(gammas)
    return [min(1.0 - info.eps / 2, max(info.tiny, g / total if total else 0.0)) for g in gammas]


def _standard_gamma_grad(input: Tensor, output: Tensor) -> Tensor:
    """How the draw `output` of shape `input` moves with it; it has no derivative itself."""
    made: Tensor = standard_gamma_grad_op(input, output)
    return made


def _dirichlet_grad(x: Tensor, alpha: Tensor, total: Tensor) -> Tensor:
    """How the share `x` moves with its concentration `alpha` out of `total`, over 1 - x; it has no derivative."""
    made: Tensor = dirichlet_grad_op(x, alpha, total)
    return made


__all__ = ["binomial", "poisson"]
