"""Names as PyTorch's programs print them: classes say that they live in torch."""

from __future__ import annotations

from typing import Any

from flambeau import dtypes
from flambeau.contract.device import Device
from flambeau.serialization.allowed import ALIASES
from flambeau.tensors.tensor import Parameter, Size, Tensor

_CORE: dict[type, tuple[str, str]] = {
    Tensor: ("torch", "Tensor"), Parameter: ("torch.nn.parameter", "Parameter"), Size: ("torch", "Size"),
    dtypes.DType: ("torch", "dtype"), Device: ("torch", "device"),
}
_PLACES = {
    "flambeau.nn.norm": "torch.nn.modules.normalization", "flambeau.nn.containers": "torch.nn.modules.container",
    "flambeau.nn.parameter_containers": "torch.nn.modules.container", "flambeau.nn.parameter": "torch.nn.parameter",
    "flambeau.nn.multihead": "torch.nn.modules.activation", "flambeau.nn.unpooling": "torch.nn.modules.pooling",
    "flambeau.nn.utils._orthogonal": "torch.nn.utils.parametrizations",
}
_AS_IT_IS = ("flambeau.nn.attention", "flambeau.nn.parallel", "flambeau.nn.utils")
_BATCH = ("BatchNorm", "SyncBatchNorm", "InstanceNorm")
_former: dict[type, tuple[str, str]] = {}


def rename() -> None:
    """Gives the central classes PyTorch's names."""
    for cls, (module, name) in _CORE.items():
        _set(cls, module, name)
    if former not in ALIASES:
        ALIASES.append(former)


def restore() -> None:
    """Gives every renamed class its own name back."""
    for cls, (module, name) in _former.items():
        cls.__module__, cls.__name__, cls.__qualname__ = module, name, name
    _former.clear()


def former(cls: Any) -> str | None:
    """The name that a class had before it was given PyTorch's: files that were saved before that know it by this."""
    names = _former.get(cls) if isinstance(cls, type) else None
    return None if names is None else ".".join(names)


def adopt(found: Any) -> None:
    """Lets a class of flambeau's upper layers say where it would live in PyTorch."""
    if isinstance(found, type) and found not in _former and found.__module__.startswith("flambeau."):
        _set(found, _place(found), found.__name__)


def _set(cls: type, module: str, name: str) -> None:
    if cls not in _former:
        _former[cls] = cls.__module__, cls.__name__
        cls.__module__, cls.__name__, cls.__qualname__ = module, name, name


def _place(cls: Any) -> str:
    home = cls.__module__
    if home in _PLACES and not cls.__name__.startswith(_BATCH):
        return _PLACES[home]
    if home == "flambeau.nn.norm":
        return "torch.nn.modules.instancenorm" if "Instance" in cls.__name__ else "torch.nn.modules.batchnorm"
    if home.startswith("flambeau.optim._schedule"):
        return "torch.optim.lr_scheduler"
    if home.startswith("flambeau.distributions.transforms."):
        return "torch.distributions.transforms"
    if home.startswith("flambeau.tensors.storages."):
        return "torch.storage"
    if home == "flambeau.tensors.storages":  # the old classes
        return "torch"
    if home == "flambeau.nn._lazy_layers":
        ready = cls.cls_to_become
        return ready.__module__ if ready in _former else _place(ready)
    if home.startswith("flambeau.nn.") and not home.startswith(_AS_IT_IS):
        return f"torch.nn.modules.{home.rpartition('.')[2]}"
    return f"torch{home[len('flambeau'):]}"
