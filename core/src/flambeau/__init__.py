"""flambeau: PyTorch's programming model on an open kernel contract.

The names are PyTorch's. Layers above the engine (`nn`, `optim`, `utils`, …) load when first used.
"""

from __future__ import annotations

import importlib as _importlib
from typing import Any as _Any

from . import autograd, errors
from .tensors import copying as _copying
from .constants import *
from .contract.device import device, get_default_device, set_default_device
from .dtypes import (
    DType as dtype, bfloat16, bool, can_cast, complex64, complex128, float16, float32, float64, get_default_dtype,
    int8, int16, int32, int64, promote_types, uint8,
)
from .tensors.interop import from_dlpack, from_numpy, frombuffer
from .modes import enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled
from .functions import *
from .contract.plugins import backends
from .random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from .table.settings import finfo, iinfo, set_default_dtype, set_default_tensor_type
from .tensors.tensor import Size, Tensor

__version__ = "0.1.0"

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128

_LAZY = {"nn": ".nn", "optim": ".optim", "utils": ".utils", "serialization": ".serialization"}
_LAZY_NAMES = {"set_printoptions": ".printing", "get_printoptions": ".printing", "printoptions": ".printing",
               "save": ".serialization", "load": ".serialization"}


def __getattr__(name: str) -> _Any:
    if name in _LAZY:
        return _importlib.import_module(_LAZY[name], __name__)
    if name in _LAZY_NAMES:
        return getattr(_importlib.import_module(_LAZY_NAMES[name], __name__), name)
    raise errors.NameUnknownError(f"module 'flambeau' has no attribute {name!r}")
