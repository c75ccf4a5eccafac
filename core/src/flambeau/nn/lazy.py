"""Modules that learn the sizes of their parameters from the first input."""

from __future__ import annotations

from itertools import chain
from typing import Any

from ..errors import PreconditionError, ShapeError, UnsupportedError
from ..modes import no_grad
from .parameter import is_lazy


class LazyModuleMixin:
    """Lets a module begin with parameters of unknown shape, which `initialize_parameters` makes real at the first call.

    A subclass puts UninitializedParameter and UninitializedBuffer where it does not know a shape, and names in
    `cls_to_become` the class it is of from then on. Raises UnsupportedError where it does not define
    `initialize_parameters`, PreconditionError where that leaves a parameter without a shape.
    """

    cls_to_become: type | None = None
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[safe-super]
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def _lazy_load_hook(self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, strict: bool,
                        missing_keys: list[str], unexpected_keys: list[str], error_msgs: list[str]) -> None:
        """Gives parameters without a shape that of the tensor that is about to be loaded."""
        for name, parameter in chain(self._parameters.items(), self._buffers.items()):
            loaded = state_dict.get(prefix + name)
            if is_lazy(parameter) and loaded is not None and not is_lazy(loaded):
                with no_grad():
                    parameter.materialize(loaded.shape)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materializes the parameters to fit an input; every subclass defines it."""
        raise UnsupportedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether any parameter or buffer has no shape yet."""
        return any(map(is_lazy, chain(self._parameters.values(), self._buffers.values())))

    def _infer_parameters(self, module: Any, args: Any, kwargs: Any = None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise PreconditionError(f"module {type(self).__name__} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _replicate_for_data_parallel(self) -> Any:
        raise ShapeError("Modules with uninitialized parameters can't be used with `DataParallel`. Run a dummy forward "
                         "pass to correctly initialize the modules")
