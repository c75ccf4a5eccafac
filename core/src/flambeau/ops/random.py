"""Draws as ops, and how draws move with the parameters of their distribution."""

from __future__ import annotations

from typing import Any

from ..contract.backend import encode
from ..table.dispatch import composite
from ..table.samples import Sample, arr
from ..tensors.tensor import Tensor, wrap
from .common import underived
from .create import zeros_of
from .movement import copy


@composite(name="redrawn", saves="", nondiff="values", grad_name="NormalBackward0", out=False,
           samples=lambda: [Sample(arr(3), arr(3, requires_grad=False)), Sample(arr(0), arr(0, requires_grad=False))])
def redrawn(input: Tensor, values: Tensor) -> Tensor:
    """`values`, in the place of `input`, of which nothing remains."""
    made: Tensor = copy(values)
    return made


@redrawn.grad("input")
def _(g):
    return zeros_of(g, tuple(g.shape))


def _drawn_samples():
    """Parameters, and draws that finite differences do not move: the gradient is that of the quantile."""
    return [Sample(arr(3, low=0.5, high=3), arr(3, low=0.1, high=0.9, requires_grad=False), gradcheck=False),
            Sample(arr(0), arr(0, requires_grad=False), gradcheck=False)]


@composite(name="standard_gamma_drawn", saves="input out", nondiff="values", grad_name="StandardGammaBackward0",
           dtypes="real floating", out=False, samples=_drawn_samples)
def standard_gamma_drawn(input: Tensor, values: Tensor) -> Tensor:
    """`values`, drawn from standard gamma distributions of the shapes in `input`."""
    made: Tensor = copy(values)
    return made


@standard_gamma_drawn.grad("input")
def _(g, input, out):
    return g * standard_gamma_grad(input, out)


@composite(name="dirichlet_drawn", saves="input out", nondiff="values", grad_name="_DirichletBackward",
           dtypes="real floating", out=False, samples=_drawn_samples)
def dirichlet_drawn(input: Tensor, values: Tensor) -> Tensor:
    """`values`, shares along the last dim drawn from the Dirichlet distribution of the concentrations in `input`."""
    made: Tensor = copy(values)
    return made


@dirichlet_drawn.grad("input")
def _(g, input, out):
    total = input.sum(-1, True).expand(tuple(input.shape))
    return dirichlet_grad(out, input, total) * (g - (out * g).sum(-1, True))


def _slope_samples(count):
    return lambda: [Sample(*(arr(2, 3, low=0.2, high=0.4) for _ in range(count - 1)), arr(2, 3, low=0.6, high=0.9),
                           gradcheck=False),
                    Sample(*(arr(0) for _ in range(count)), gradcheck=False)]


@composite(name="standard_gamma_grad", saves="", dtypes="real floating", grad_name="NotImplemented", out=False,
           samples=_slope_samples(2))
def standard_gamma_grad(input: Tensor, output: Tensor) -> Tensor:
    """How a draw `output` from the standard gamma distribution moves with its shape `input`, at a fixed quantile."""
    from ..random.implicit import gamma_slope

    return _on_host(gamma_slope, input, output)


@composite(name="dirichlet_grad", saves="", dtypes="real floating", grad_name="NotImplemented", out=False,
           samples=_slope_samples(3))
def dirichlet_grad(x: Tensor, alpha: Tensor, total: Tensor) -> Tensor:
    """How a share `x` of concentration `alpha` among `total` moves with `alpha`, over 1 - x."""
    from ..random.implicit import beta_slope

    return _on_host(lambda x, alpha, total: beta_slope(x, alpha, total - alpha), x, alpha, total)


underived(standard_gamma_grad, "input", "output")
underived(dirichlet_grad, "x", "alpha", "total")


def _on_host(function: Any, *inputs: Tensor) -> Tensor:
    """A function of numbers for each element of tensors of one shape, computed in double where the caller runs."""
    shape, kind = tuple(inputs[0].shape), inputs[0]._kind.plain
    flat = [t.detach().reshape((-1,)).tolist() for t in inputs]
    values = [function(*row) for row in zip(*flat, strict=True)]
    return wrap(kind.device.backend.from_host(encode(values, kind.dtype), shape, kind.dtype), kind)
