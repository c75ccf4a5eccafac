"""The Wishart distribution."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..errors import PreconditionError, ValueRangeError
from ..functions import arange, diag_embed, matmul, randn, tril_indices, where, zeros
from ..functions import tensor as as_tensor
from ..shapes import broadcast_shapes
from ..table.settings import finfo
from ..tensors.tensor import Size, Tensor
from . import constraints
from ._matrices import WithCovariance, log_diagonal, require_matrix, solve_lower
from ._special import digamma, mvlgamma
from .chi2 import Chi2
from .exp_family import ExponentialFamily
from .utils import Number

_LOG_2 = math.log(2)


class Wishart(WithCovariance, ExponentialFamily):
    """Random scatter matrices: x @ x.mT of `df` normal columns with the covariance given in one of three forms.

    Raises PreconditionError, an AssertionError, unless exactly one is given, ValueRangeError unless df > n - 1.

    >>> import flambeau
    >>> Wishart(flambeau.tensor(2.0), scale_tril=flambeau.eye(2)).mean
    tensor([[2., 0.],
            [0., 2.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, df: Any, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
                 scale_tril: Tensor | None = None, validate_args: bool | None = None) -> None:
        forms = {"scale_tril": scale_tril, "covariance_matrix": covariance_matrix,
                 "precision_matrix": precision_matrix}
        given = [matrix for matrix in forms.values() if matrix is not None]
        if len(given) != 1:
            raise PreconditionError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be"
                                    " specified.")
        matrix, = given
        require_matrix("scale_tril", matrix)
        batch_shape = self._set_df(df, matrix)
        self._set_matrix(forms, batch_shape)
        if self.df.lt(matrix.shape[-1]).any():
            warnings.warn("Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df <"
                          " ndim.", stacklevel=2)
        super().__init__(batch_shape, matrix.shape[-2:], validate_args=validate_args)
        self._set_factor(forms)
        self._dist_chi2 = self._chi_squared(self.df)

    def _set_df(self, df: Any, matrix: Tensor) -> Size:
        """Keeps the degrees of freedom as a tensor of the batch shape, and returns that."""
        n = matrix.shape[-1]
        if isinstance(df, Number):
            batch_shape = Size(matrix.shape[:-2])
            self.df = as_tensor(df, dtype=matrix.dtype, device=matrix.device)
        else:
            batch_shape = Size(broadcast_shapes("Wishart", tuple(matrix.shape[:-2]), tuple(df.shape)))
            self.df = df.expand(batch_shape)
        if self.df.le(n - 1).any():
            raise ValueRangeError(f"Value of df={df} expected to be greater than ndim - 1 = {n - 1}.")
        return batch_shape

    def _chi_squared(self, df: Tensor) -> Chi2:
        """The squares of the diagonal in Bartlett's decomposition, with df, df - 1, ... degrees of freedom."""
        n = self._event_shape[-1]
        return Chi2(df=df.expand(self._batch_shape).unsqueeze(-1) - arange(n, dtype=df.dtype, device=df.device))

    @property
    def arg_constraints(self) -> Any:
        return {"covariance_matrix": constraints.positive_definite, "precision_matrix": constraints.positive_definite,
                "scale_tril": constraints.lower_cholesky, "df": constraints.greater_than(self.event_shape[-1] - 1)}

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new, batch_shape = self._get_checked_instance(Wishart, _instance), Size(batch_shape)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril.expand(batch_shape + self.event_shape)
        new.df = self.df.expand(batch_shape)
        self._expand_matrices(new, batch_shape)
        self._settle(new, batch_shape, self.event_shape)
        new._dist_chi2 = new._chi_squared(new.df)
        return new

    def _df_of_matrices(self, df: Tensor) -> Tensor:
        return df.expand(self._batch_shape).unsqueeze(-1).unsqueeze(-1)

    @property
    def mean(self) -> Tensor:
        return self._df_of_matrices(self.df) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._event_shape[-1] - 1
        return self._df_of_matrices(where(factor <= 0, math.nan, factor)) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        covariance = self.covariance_matrix
        diagonal = covariance.diagonal(dim1=-2, dim2=-1)
        products = diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2)
        return self._df_of_matrices(self.df) * (covariance.pow(2) + products)

    def _bartlett_sampling(self, sample_shape: Any) -> Tensor:
        """Draws by Bartlett's decomposition: a triangle of normals with roots of chi-squared draws as diagonal."""
        p = self._event_shape[-1]
        roots = self._dist_chi2.rsample(sample_shape).sqrt()
        diagonal = diag_embed(roots.clamp(min=finfo(roots.dtype).eps))
        shape = (*sample_shape, *self._batch_shape)
        drawn = randn((*shape, p * (p - 1) // 2), dtype=roots.dtype, device=roots.device)
        rows, columns = tril_indices(p, p, offset=-1, device=roots.device)
        places = (rows * p + columns).expand(drawn.shape)
        lower = zeros((*shape, p * p), dtype=roots.dtype, device=roots.device).scatter(-1, places, drawn)
        factor = matmul(self._unbroadcasted_scale_tril, diagonal + lower.reshape((*shape, p, p)))
        return matmul(factor, factor.mT)

    def rsample(self, sample_shape: Any = (), max_try_correction: int | None = None) -> Tensor:
        """Draws through which gradients flow; singular ones are drawn anew, `max_try_correction` (10) times at most."""
        sample = self._bartlett_sampling(sample_shape)
        for attempt in range(10 if max_try_correction is None else max_try_correction):
            sound = self.support.check(sample)
            if sound.all():
                break
            if attempt == 0:
                warnings.warn("Singular sample detected.", stacklevel=2)
            sample = where(sound.unsqueeze(-1).unsqueeze(-1), sample, self._bartlett_sampling(sample_shape))
        return sample

    def log_prob(self, value: Tensor) -> Tensor:
        from .. import linalg

        self._check(value)
        nu, p, factor = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        half = solve_lower(factor, value)
        ratio = solve_lower(factor, half.mT).diagonal(dim1=-2, dim2=-1).sum(-1)  # the trace of covariance^-1 @ value
        return (-nu * (p * _LOG_2 / 2 + log_diagonal(factor)) - mvlgamma(nu / 2, p)
                + (nu - p - 1) / 2 * linalg.slogdet(value).logabsdet - ratio / 2)

    def entropy(self) -> Tensor:
        nu, p = self.df, self._event_shape[-1]
        return ((p + 1) * (p * _LOG_2 / 2 + log_diagonal(self._unbroadcasted_scale_tril)) + mvlgamma(nu / 2, p)
                - (nu - p - 1) / 2 * _mvdigamma(nu / 2, p) + nu * p / 2)

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        from .. import linalg

        p = self._event_shape[-1]
        more = y + (p + 1) / 2
        return more * (-linalg.slogdet(-2 * x).logabsdet + _LOG_2 * p) + mvlgamma(more, p)


def _mvdigamma(x: Tensor, p: int) -> Tensor:
    """The derivative of the multivariate log gamma function."""
    return digamma(x.unsqueeze(-1) - arange(p, dtype=x.dtype, device=x.device) / 2).sum(-1)
