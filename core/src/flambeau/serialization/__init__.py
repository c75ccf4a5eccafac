"""`save` and `load` in PyTorch's .pt layout; files go both ways between flambeau and PyTorch.

`writing` makes a pickle and streams the tensors' memory behind it, `atomic` puts the file in its place. `archive` reads
the zip with suspicion, `mapping` lays tensors into the file itself, `machine` follows the pickle without running
anything, `allowed` says what it may name, `keys` what it may hash, and `rebuild` makes the tensors; `packages` knows
where they go, `options` what is set for all files.
"""

from ..spelling import public
from .allowed import SAFE as _SAFE  # noqa: F401
from .allowed import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals
from .options import (
    LoadEndianness,
    get_crc32_options,
    get_default_load_endianness,
    get_default_mmap_options,
    set_crc32_options,
    set_default_load_endianness,
    set_default_mmap_options,
    skip_data,
)
from .packages import (
    default_restore_location,
    location_tag,
    register_package,
    validate_cuda_device,
    validate_hpu_device,
)
from .reading import load
from .writing import save

_LAZY = {name: f".helpers:{name}" for name in (
    "SourceChangeWarning", "StorageType", "check_module_version_greater_or_equal", "get_unsafe_globals_in_checkpoint",
    "mkdtemp", "normalize_storage_type", "storage_to_tensor_type")}

__all__ = [
    "LoadEndianness", "add_safe_globals", "clear_safe_globals", "default_restore_location", "get_crc32_options",
    "get_default_load_endianness", "get_default_mmap_options", "get_safe_globals", "load", "location_tag",
    "register_package", "safe_globals", "save", "set_crc32_options", "set_default_load_endianness",
    "set_default_mmap_options", "skip_data", "validate_cuda_device", "validate_hpu_device", *_LAZY,
]
__getattr__, __dir__ = public(__name__, _LAZY)
