"""`torch.utils.mobile_optimizer`: there is no program for phones to optimise."""

from __future__ import annotations

from typing import Any

from flambeau.errors import UnsupportedError


def optimize_for_mobile(script_module: Any, *args: Any, **kwargs: Any) -> Any:
    """Raises UnsupportedError: modules run in Python only."""
    raise UnsupportedError("modules run in Python only, there is no program for phones", op="optimize_for_mobile")


__all__ = ["optimize_for_mobile"]
