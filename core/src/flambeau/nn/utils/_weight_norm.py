"""Weight normalisation: length and direction of a weight as two parameters (Salimans & Kingma, 2016)."""

from __future__ import annotations

import warnings
from typing import Any

from ... import functions
from ...errors import HookError, ValueRangeError
from ...tensors.tensor import Tensor
from ..module import Module
from ..parameter import Parameter, is_lazy
from ._hooks import take_off


def scaled_to(v: Tensor, g: Tensor, dim: int) -> Tensor:
    """`v` with its parts along `dim` scaled to the lengths `g`."""
    return v * (g / functions.norm_except_dim(v, 2, dim))


class WeightNorm:
    """The hook that computes `name` from `name_g` and `name_v` before every call."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight from its length and direction."""
        return scaled_to(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"), self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Splits the parameter and hooks the module. Raises HookError where that has been done."""
        warnings.warn("`flambeau.nn.utils.weight_norm` is deprecated in favor of "
                      "`flambeau.nn.utils.parametrizations.weight_norm`.", FutureWarning, stacklevel=3)
        if any(isinstance(hook, WeightNorm) and hook.name == name for hook in module._forward_pre_hooks.values()):
            raise HookError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        made, weight = WeightNorm(name, dim), getattr(module, name)
        if is_lazy(weight):
            raise ValueRangeError("The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to "
                                  "run the dummy forward before applying weight normalization")
        del module._parameters[name]
        module.register_parameter(name + "_g", Parameter(functions.norm_except_dim(weight.detach(), 2, made.dim)))
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, made.compute_weight(module))
        module.register_forward_pre_hook(made)
        return made

    def remove(self, module: Module) -> None:
        """Makes the weight one parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"], module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Splits the parameter `name` into `name_g`, its length along `dim` (None: of the whole), and `name_v`.

    The old form; `parametrizations.weight_norm` is the new one. Returns the module.
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Undoes `weight_norm`. Raises ValueRangeError where there is nothing to undo."""
    if take_off(module, lambda hook: isinstance(hook, WeightNorm) and hook.name == name):
        return module
    raise ValueRangeError(f"weight_norm of '{name}' not found in {module}")
