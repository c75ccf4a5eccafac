"""Differentiation: `backward`, `grad`, `Function`, and what is built on them."""

from __future__ import annotations

import importlib as _importlib
from typing import Any as _Any

from ..autograd import function
from ..errors import NameUnknownError as _NameUnknownError
from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..walk.engine import backward, grad
from .function import Function
from .gradcheck import gradcheck, gradgradcheck

_LAZY = ("anomaly", "checkpoint", "functional", "graph")
_LAZY_NAMES = {"detect_anomaly": "anomaly", "set_detect_anomaly": "anomaly", "Variable": "variable",
               "variable": "variable"}


def __getattr__(name: str) -> _Any:
    if name in _LAZY:
        return _importlib.import_module(f".{name}", __name__)
    if name not in _LAZY_NAMES:
        raise _NameUnknownError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(_importlib.import_module(f".{_LAZY_NAMES[name]}", __name__), name)
    globals()[name] = found  # over the submodule of the same name
    return found


__all__ = ["Function", "Variable", "backward", "detect_anomaly", "enable_grad", "function", "grad", "gradcheck",
           "gradgradcheck", "inference_mode", "no_grad", "set_detect_anomaly", "set_grad_enabled", "variable"]
