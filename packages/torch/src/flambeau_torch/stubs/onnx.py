"""`torch.onnx`: models are not exported yet."""

from __future__ import annotations

from enum import Enum
from typing import Any

from flambeau.errors import UnsupportedError


class TrainingMode(Enum):
    """How a model would be exported."""

    EVAL, PRESERVE, TRAINING = range(3)


class OperatorExportTypes(Enum):
    """How operators would be exported."""

    ONNX, ONNX_ATEN, ONNX_ATEN_FALLBACK, ONNX_FALLTHROUGH = range(4)


def is_in_onnx_export() -> bool:
    """False."""
    return False


def export(*args: Any, **kwargs: Any) -> Any:
    """Raises UnsupportedError: models are not exported yet."""
    raise UnsupportedError("models are not exported yet", op="onnx.export")


register_custom_op_symbolic = dynamo_export = export

__all__ = ["OperatorExportTypes", "TrainingMode", "dynamo_export", "export", "is_in_onnx_export",
           "register_custom_op_symbolic"]
