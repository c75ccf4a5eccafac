"""`torch._inductor` without a compiler."""

from __future__ import annotations

from typing import Any

from flambeau.errors import UnsupportedError


def cudagraph_mark_step_begin() -> None:
    """Nothing to mark."""


def list_mode_options(mode: str | None = None, dynamic: bool | None = None) -> dict[str, Any]:
    """No options."""
    return {}


def list_options() -> list[str]:
    """No options."""
    return []


def aoti_compile_and_package(*args: Any, **kwargs: Any) -> str:
    """Raises UnsupportedError: there is no compiler."""
    raise UnsupportedError("there is no compiler", op="_inductor.aoti_compile_and_package")


aoti_load_package = aot_compile = compile = aoti_compile_and_package
