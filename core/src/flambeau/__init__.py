"""flambeau: PyTorch's programming model on an open kernel contract.

The names are PyTorch's. Layers above the engine (`nn`, `optim`, `utils`, …) load when first used.
"""

from __future__ import annotations

from types import ModuleType as _ModuleType

from . import autograd, dtypes, errors, random
from .later import await_methods as _await_methods, lazy as _lazy
from .moved import remember as _remember
from .spelling import Missing as _Missing, public as _public
from .tensors import copying as _copying, display as _display, memory as _memory, missing as _missing
from .tensors import placement as _placement
from .constants import *
from .contract.device import Device as device, get_default_device, set_default_device
from .dtypes import (
    DType as dtype, bfloat16, bool, can_cast, complex64, complex128, float16, float32, float64, get_default_dtype,
    int8, int16, int32, int64, promote_types, uint8,
)
from .errors import OutOfMemoryError
from .tensors.interop import from_dlpack, from_numpy, frombuffer
from .modes import enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled
from .functions import *
from .contract import plugins as _plugins
from .contract.threads import *
from .random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from .table.settings import finfo, iinfo, set_default_dtype, set_default_tensor_type
from .tensors.tensor import Size, Tensor
from .tensors.typenames import *
from .tensors.questions import *

__version__ = "0.1.0"

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128

_LAZY = {
    **_lazy(),
    "accelerator": ".accelerator", "amp": ".amp", "autocast": ".amp:autocast", "GradScaler": ".amp:GradScaler",
    "backends": ".backends", "cpu": ".cpu", "cuda": ".cuda", "mps": ".mps", "xpu": ".xpu",
    "distributions": ".distributions", "testing": ".testing",
    "get_device_module": ".accelerator.modules:get_device_module",
    "func": ".func", "vmap": ".func:vmap",
    "fft": ".fft", "linalg": ".linalg", "signal": ".signal", "special": ".special",
    "sparse": ".sparse", "sparse_coo_tensor": ".sparse:sparse_coo_tensor", "spmm": ".sparse:mm",
    "nn": ".nn", "optim": ".optim", "profiler": ".profiler", "utils": ".utils", "serialization": ".serialization",
    "set_printoptions": ".tensors.printing:set_printoptions", "get_printoptions": ".tensors.printing:get_printoptions",
    "printoptions": ".tensors.printing:printoptions", "save": ".serialization:save", "load": ".serialization:load",
    "TypedStorage": ".tensors.storages:TypedStorage", "UntypedStorage": ".tensors.storages:UntypedStorage",
    "Storage": ".tensors.storages:FloatStorage",
    **{f"{kind}Storage": f".tensors.storages:{kind}Storage" for kind in (
        "BFloat16", "Bool", "Byte", "Char", "ComplexDouble", "ComplexFloat", "Double", "Float", "Half", "Int", "Long",
        "Short")},
}
_MODULES = ("autograd", "dtypes", "errors", "random")

_remember(__name__)
for _name in _missing.NAMES:
    if not hasattr(Tensor, _name):
        setattr(Tensor, _name, _Missing(_name))
for _name in [n for n, value in globals().items() if isinstance(value, _ModuleType) and n not in _MODULES]:
    del globals()[_name]  # the rooms are imported by path; as attributes they would stand among public names
_await_methods(Tensor)
del annotations

__all__ = sorted([n for n in globals() if not n.startswith("_")] + [*_LAZY])
__getattr__, __dir__ = _public(__name__, _LAZY)
