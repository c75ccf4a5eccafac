"""`torch.__future__`: switches of how modules convert their parameters."""

from __future__ import annotations

_noted = {"overwrite": False, "swap": False}


def set_overwrite_module_params_on_conversion(value: bool) -> None:
    """Noted; parameters keep their identity when a module converts them."""
    _noted["overwrite"] = bool(value)


def get_overwrite_module_params_on_conversion() -> bool:
    """What `set_overwrite_module_params_on_conversion` was told."""
    return _noted["overwrite"]


def set_swap_module_params_on_conversion(value: bool) -> None:
    """Noted; parameters keep their identity when a module converts them."""
    _noted["swap"] = bool(value)


def get_swap_module_params_on_conversion() -> bool:
    """What `set_swap_module_params_on_conversion` was told."""
    return _noted["swap"]
