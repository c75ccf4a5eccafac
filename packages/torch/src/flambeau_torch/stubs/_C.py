"""`torch._C`: the few names of PyTorch's compiled module that programs take from there."""

from __future__ import annotations

from typing import Any

from flambeau import Generator, Size, default_generator, device, dtype, layout, memory_format
from flambeau.tensors.tensor import Tensor as TensorBase

from .futures import Future

_TensorBase = TensorBase
_functions: Any = None


def _get_tracing_state() -> None:
    """None: nothing is being traced."""


def _is_tracing() -> bool:
    """False."""
    return False


def _log_api_usage_once(event: str) -> None:
    """Nothing is logged."""


def _get_default_device() -> str:
    """The type of the device on which tensors are made."""
    from flambeau import get_default_device

    return str(get_default_device())


def _get_accelerator() -> Any:
    """The CPU: there is no accelerator."""
    return device("cpu")


def _get_privateuse1_backend_name() -> str:
    """"privateuseone"."""
    return "privateuseone"


def _noted(*args: Any, **kwargs: Any) -> None:
    """Noted for nothing: there is no compiler to be told."""


_jit_set_profiling_executor = _jit_set_profiling_mode = _jit_set_autocast_mode = _jit_set_bailout_depth = _noted
_jit_override_can_fuse_on_cpu = _jit_override_can_fuse_on_gpu = _jit_set_texpr_fuser_enabled = _noted
_jit_set_nvfuser_enabled = _jit_set_nvfuser_guard_mode = _set_math_sdp_allow_fp16_bf16_reduction = _noted
_set_graph_executor_optimize = _debug_only_are_vmap_fallback_warnings_enabled = _noted


def _jit_can_fuse_on_cpu() -> bool:
    """False."""
    return False


_jit_can_fuse_on_gpu = _has_mkldnn = _jit_can_fuse_on_cpu


def _disabled_torch_function_impl(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """The function's own answer."""
    return func(*args, **(kwargs or {}))


class DisableTorchFunctionSubclass:
    """A context manager that does nothing: no `__torch_function__` is asked."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        pass


DisableTorchFunction = DisableTorchFunctionSubclass

__all__ = ["DisableTorchFunction", "DisableTorchFunctionSubclass", "Future", "Generator", "Size", "TensorBase",
           "default_generator", "device", "dtype", "layout", "memory_format"]
