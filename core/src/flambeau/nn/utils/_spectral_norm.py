"""Spectral normalisation: a weight divided by its largest singular value (Miyato et al., 2018)."""

from __future__ import annotations

from typing import Any

from ... import functions
from ...errors import HookError, ValueRangeError
from ...modes import no_grad
from ...tensors.tensor import Tensor
from .. import functional as F
from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from ..parameter import Parameter, is_lazy
from ._hooks import take_off

TRANSPOSED = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """`weight` with `dim` first and all others in one."""
    if dim:
        weight = weight.permute(dim, *(d for d in range(weight.dim()) if d != dim))
    return weight.flatten(1)


class SpectralNorm:
    """The hook that computes `name` from `name_orig` before every call, and in training improves the singular value."""

    _version: int = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueRangeError("Expected n_power_iterations to be positive, but got "
                                  f"n_power_iterations={n_power_iterations}")
        self.name, self.dim, self.n_power_iterations, self.eps = name, dim, n_power_iterations, eps

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        """The weight as a matrix whose rows are the parts along `dim`."""
        return as_matrix(weight, self.dim)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight divided by its singular value, which is improved first where that is wanted."""
        weight, u, v = (getattr(module, self.name + end) for end in ("_orig", "_u", "_v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v = F.normalize(functions.mv(matrix.t(), u), dim=0, eps=self.eps, out=v)
                    u = F.normalize(functions.mv(matrix, v), dim=0, eps=self.eps, out=u)
                u, v = u.clone(), v.clone()
        return weight / functions.dot(u, functions.mv(matrix, v))  # type: ignore[no-any-return]

    def remove(self, module: Module) -> None:
        """Makes the weight an ordinary parameter again."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for end in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + end)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Moves the parameter to `name_orig` and hooks the module. Raises HookError where that has been done."""
        if any(isinstance(hook, SpectralNorm) and hook.name == name for hook in module._forward_pre_hooks.values()):
            raise HookError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        made, weight = SpectralNorm(name, n_power_iterations, dim, eps), module._parameters[name]
        if weight is None:
            raise ValueRangeError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueRangeError("The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure "
                                  "to run the dummy forward before applying spectral normalization")
        with no_grad():
            vectors = [F.normalize(weight.new_empty(size).normal_(0, 1), dim=0, eps=eps)
                       for size in as_matrix(weight, dim).shape]
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        setattr(module, name, weight.data)
        for end, vector in zip(("_u", "_v"), vectors, strict=True):
            module.register_buffer(name + end, vector)
        module.register_forward_pre_hook(made)
        module._register_state_dict_hook(_StateDictHook(made))
        return made


class _StateDictHook:
    """Notes the version of the format in what `state_dict` says of the module."""

    def __init__(self, norm: SpectralNorm) -> None:
        self.norm = norm

    def __call__(self, module: Module, state_dict: Any, prefix: str, local_metadata: dict[str, Any]) -> None:
        local_metadata.setdefault("spectral_norm", {})[self.norm.name + ".version"] = self.norm._version


def spectral_norm(module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12,
                  dim: int | None = None) -> Module:
    """Divides the parameter `name` by its largest singular value, which power iteration follows; returns the module.

    `dim` counts the outputs: 1 for transposed convolutions, else 0. The old form; `parametrizations.spectral_norm` is
    the new one.
    """
    if dim is None:
        dim = 1 if isinstance(module, TRANSPOSED) else 0
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Undoes `spectral_norm`. Raises ValueRangeError where there is nothing to undo."""
    if not take_off(module, lambda hook: isinstance(hook, SpectralNorm) and hook.name == name):
        raise ValueRangeError(f"spectral_norm of '{name}' not found in {module}")
    for key, hook in module._state_dict_hooks.items():
        if isinstance(hook, _StateDictHook) and hook.norm.name == name:
            del module._state_dict_hooks[key]
            break
    return module
