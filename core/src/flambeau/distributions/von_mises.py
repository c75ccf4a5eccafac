"""The von Mises distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..functions import cos, log, rand, where, zeros
from ..modes import no_grad
from ..tensors.tensor import Size, Tensor
from . import constraints
from ._elementwise import Elementwise
from .utils import lazy_property

# Abramowitz and Stegun, Handbook of Mathematical Functions, 9.8.1 to 9.8.4: I0 and I1 below and above 3.75.
_SMALL = ((1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.360768e-1, 0.45813e-2),
          (0.5, 0.87890594, 0.51498869, 0.15084934, 0.2658733e-1, 0.301532e-2, 0.32411e-3))
_LARGE = ((0.39894228, 0.1328592e-1, 0.225319e-2, -0.157565e-2, 0.916281e-2, -0.2057706e-1, 0.2635537e-1,
           -0.1647633e-1, 0.392377e-2),
          (0.39894228, -0.3988024e-1, -0.362018e-2, 0.163801e-2, -0.1031555e-1, 0.2282967e-1, -0.2895312e-1,
           0.1787654e-1, -0.420059e-2))


def _polynomial(x: Tensor, coefficients: tuple[float, ...]) -> Tensor:
    result: Any = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        result = coefficient + x * result
    return result


def _log_modified_bessel_fn(x: Tensor, order: int = 0) -> Tensor:
    """log I_order(x) for order 0 or 1 and x > 0, to 7 digits."""
    small = _polynomial((x / 3.75) ** 2, _SMALL[order])
    small = (x.abs() * small if order == 1 else small).log()
    large = x - 0.5 * x.log() + _polynomial(3.75 / x, _LARGE[order]).log()
    return where(x < 3.75, small, large)


class VonMises(Elementwise):
    """An angle in radians around `loc`, the narrower the larger `concentration`: the normal distribution of a circle.

    >>> import flambeau
    >>> VonMises(flambeau.tensor(1.0), flambeau.tensor(4.0)).mean
    tensor(1.)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False
    _params = ("loc", "concentration")
    loc: Tensor
    concentration: Tensor

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self._set_up(loc, concentration, validate_args=validate_args)

    def log_prob(self, value: Tensor) -> Tensor:
        self._check(value)
        log_prob = self.concentration * cos(value - self.loc)
        return log_prob - math.log(2 * math.pi) - _log_modified_bessel_fn(self.concentration)

    @lazy_property
    def _proposal_r(self) -> Tensor:
        """The parameter of the wrapped Cauchy distribution that proposes, float64 as all of the drawing."""
        kappa = self.concentration.to(dtypes.float64)
        tau = 1 + (1 + 4 * kappa ** 2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * kappa)
        return where(kappa < 1e-5, 1 / kappa + kappa, (1 + rho ** 2) / (2 * rho))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws by rejection from a wrapped Cauchy distribution (Best and Fisher, 1979)."""
        with no_grad():
            loc, kappa = self.loc.to(dtypes.float64), self.concentration.to(dtypes.float64)
            angle = _rejection_sample(kappa, self._proposal_r, self._extended_shape(sample_shape))
            return ((angle + math.pi + loc) % (2 * math.pi) - math.pi).to(self.loc.dtype)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        """The circular variance."""
        ratio = _log_modified_bessel_fn(self.concentration, order=1) - _log_modified_bessel_fn(self.concentration)
        return 1 - ratio.exp()


def _rejection_sample(kappa: Tensor, r: Tensor, shape: Size) -> Tensor:
    """Angles around 0; all are proposed anew until the last is accepted, and each keeps its last accepted one."""
    x = zeros(shape, dtype=kappa.dtype, device=kappa.device)
    done = zeros(shape, dtype=dtypes.bool, device=kappa.device)
    while not done.all():
        u1, u2, u3 = rand((3, *shape), dtype=kappa.dtype, device=kappa.device).unbind()
        z = cos(math.pi * u1)
        f = (1 + r * z) / (r + z)
        c = kappa * (r - f)
        accept = (c * (2 - c) - u2 > 0) | (log(c / u2) + 1 - c >= 0)
        x, done = where(accept, (u3 - 0.5).sign() * f.acos(), x), done | accept
    return x
