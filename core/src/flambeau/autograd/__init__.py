"""Differentiation: `backward`, `grad`, `Function`, and what is built on them."""

from __future__ import annotations

from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..spelling import public
from ..walk.engine import backward, grad
from . import function
from .function import Function
from .gradcheck import gradcheck, gradgradcheck

__all__ = [
    "Function", "Variable", "anomaly", "backward", "checkpoint", "detect_anomaly", "enable_grad", "forward_ad",
    "function", "functional", "grad", "gradcheck", "gradgradcheck", "graph", "inference_mode", "no_grad", "profiler",
    "set_detect_anomaly", "set_grad_enabled", "variable",
]

__getattr__, __dir__ = public(__name__, {
    "anomaly": ".anomaly", "checkpoint": ".checkpoint", "forward_ad": ".forward_ad", "functional": ".functional",
    "graph": ".graph", "profiler": ".profiler",
    "detect_anomaly": ".anomaly:detect_anomaly", "set_detect_anomaly": ".anomaly:set_detect_anomaly",
    "Variable": ".variable:Variable", "variable": ".variable:variable",
})
