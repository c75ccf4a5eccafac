"""`torch.backends.cuda`: not built; its switches may be set."""

from __future__ import annotations

from types import SimpleNamespace

matmul = SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=True,
                         allow_bf16_reduced_precision_reduction=True)


def is_built() -> bool:
    """False."""
    return False


def flash_sdp_enabled() -> bool:
    """False: attention is computed from its parts."""
    return False


mem_efficient_sdp_enabled = flash_sdp_enabled


def math_sdp_enabled() -> bool:
    """True."""
    return True


def enable_flash_sdp(enabled: bool) -> None:
    """Changes nothing: there is one way to compute attention."""


enable_mem_efficient_sdp = enable_math_sdp = enable_flash_sdp
