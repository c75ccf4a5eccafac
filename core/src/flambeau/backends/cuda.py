"""`backends.cuda`: whether CUDA can be used; its switches are noted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from ..contract.plugins import served_by as _served_by
from ..spelling import public as _public

matmul = SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=True,
                         allow_bf16_reduced_precision_reduction=True, allow_fp16_accumulation=False,
                         fp32_precision="none")
_attention = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True, "low_precision": False}


def is_built() -> bool:
    """Whether a backend for CUDA is installed and can be used."""
    return _served_by("cuda") is not None


def is_flash_attention_available() -> bool:
    """False: attention is computed from its parts, or by a backend's own kernel."""
    return False


def flash_sdp_enabled() -> bool:
    """What `enable_flash_sdp` was told."""
    return _attention["flash"]


def mem_efficient_sdp_enabled() -> bool:
    """What `enable_mem_efficient_sdp` was told."""
    return _attention["mem_efficient"]


def math_sdp_enabled() -> bool:
    """What `enable_math_sdp` was told."""
    return _attention["math"]


def cudnn_sdp_enabled() -> bool:
    """What `enable_cudnn_sdp` was told."""
    return _attention["cudnn"]


def fp16_bf16_reduction_math_sdp_allowed() -> bool:
    """What `allow_fp16_bf16_reduction_math_sdp` was told."""
    return _attention["low_precision"]


def enable_flash_sdp(enabled: bool) -> None:
    """Noted: there is one way to compute attention."""
    _attention["flash"] = enabled


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Noted."""
    _attention["mem_efficient"] = enabled


def enable_math_sdp(enabled: bool) -> None:
    """Noted."""
    _attention["math"] = enabled


def enable_cudnn_sdp(enabled: bool) -> None:
    """Noted."""
    _attention["cudnn"] = enabled


def allow_fp16_bf16_reduction_math_sdp(enabled: bool) -> None:
    """Noted: float16 and bfloat16 are summed in float32."""
    _attention["low_precision"] = enabled


@contextmanager
def sdp_kernel(enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True,
               enable_cudnn: bool = True) -> Iterator[None]:
    """Notes the four inside the `with` block."""
    before = dict(_attention)
    _attention.update(flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient, cudnn=enable_cudnn)
    try:
        yield
    finally:
        _attention.update(before)


__all__ = [
    "allow_fp16_bf16_reduction_math_sdp", "cudnn_sdp_enabled", "enable_cudnn_sdp", "enable_flash_sdp",
    "enable_math_sdp", "enable_mem_efficient_sdp", "flash_sdp_enabled", "fp16_bf16_reduction_math_sdp_allowed",
    "is_built", "is_flash_attention_available", "math_sdp_enabled", "matmul", "mem_efficient_sdp_enabled", "sdp_kernel",
]
__getattr__, __dir__ = _public(__name__)
