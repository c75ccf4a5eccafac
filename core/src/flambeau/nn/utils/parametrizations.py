"""Parametrizations that are there: weight and spectral normalisation, orthogonal matrices."""

from __future__ import annotations

from typing import Any

from ... import functions
from ...errors import DimError, ValueRangeError
from ...modes import no_grad
from ...spelling import public
from ...tensors.tensor import Tensor
from .. import functional as F
from ..module import Module
from ._orthogonal import MAPS, Orthogonal
from ._spectral_norm import TRANSPOSED, as_matrix
from ._weight_norm import scaled_to
from .parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return scaled_to(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Length and direction of the weight."""
        return functions.norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Makes the parameter `name` a length (original0) along `dim` times a direction (original1); returns the module.

    With `dim=None` there is one length for the whole. State dicts of the old `nn.utils.weight_norm` can be loaded.

    >>> from flambeau import nn
    >>> layer = weight_norm(nn.Linear(3, 2))
    >>> layer.parametrizations.weight.original0.shape
    flambeau.Size([2, 1])
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        old = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(rename)
    return module


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        dims = weight.dim()
        if not -dims <= dim < dims:
            raise DimError(f"Dimension out of range (expected to be in range of [-{dims}, {dims - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueRangeError("Expected n_power_iterations to be positive, but got "
                                  f"n_power_iterations={n_power_iterations}")
        self.dim, self.eps = dim % dims, eps
        if dims > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim)
            for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
                self.register_buffer(name, matrix.new_empty(size).normal_(0, 1))
            for name in ("_u", "_v"):
                setattr(self, name, F.normalize(getattr(self, name), dim=0, eps=eps))
            self._power_method(matrix, 15)

    @no_grad()  # type: ignore[untyped-decorator]
    def _power_method(self, weight_mat: Tensor, n_power_iterations: int) -> None:
        """Brings u and v nearer to the singular vectors of the largest singular value, in place."""
        for _ in range(n_power_iterations):
            F.normalize(functions.mv(weight_mat, self._v), dim=0, eps=self.eps, out=self._u)
            F.normalize(functions.mv(weight_mat.t(), self._u), dim=0, eps=self.eps, out=self._v)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # the graph keeps these while the next step improves the others
        return weight / functions.vdot(u, functions.mv(matrix, v))

    def right_inverse(self, value: Tensor) -> Tensor:
        """`value` itself, which is normalised when it is asked for."""
        return value


def _tensor_named(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueRangeError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def spectral_norm(module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12,
                  dim: int | None = None) -> Module:
    """Divides the parameter `name` by its largest singular value, which power iteration follows; returns the module.

    `dim` counts the outputs: 1 for transposed convolutions, else 0. Raises ValueRangeError for no such parameter.
    """
    weight = _tensor_named(module, name)
    if dim is None:
        dim = 1 if isinstance(module, TRANSPOSED) else 0
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))


def orthogonal(module: Module, name: str = "weight", orthogonal_map: str | None = None, *,
               use_trivialization: bool = True) -> Module:
    """Keeps the matrix `name`, or each of a batch, orthogonal: Q with Q^T Q = I, or Q Q^T = I if wider than high.

    `orthogonal_map` is "matrix_exp", "cayley" or "householder"; by default the first for square matrices and the last
    for others. With `use_trivialization` the map starts from the weight as it is. Raises ValueRangeError for fewer than
    two dims or another map; returns the module.

    >>> import flambeau
    >>> from flambeau import nn
    >>> q = orthogonal(nn.Linear(2, 3)).weight
    >>> flambeau.allclose(q.T @ q, flambeau.eye(2), atol=1e-6)
    True
    """
    weight = _tensor_named(module, name)
    if weight.dim() < 2:
        raise ValueRangeError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.dim()} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in MAPS:
        raise ValueRangeError('orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: '
                              f"{orthogonal_map}")
    made = Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)


__getattr__, __dir__ = public(__name__)
