"""Tensors out of storages, as the pickle's calls of PyTorch's `_rebuild_…` functions describe them."""

from __future__ import annotations

import collections
from typing import Any

from ..contract.device import Device
from ..dtypes import DType
from ..shapes import contiguous_strides, numel
from ..tensors.copying import of_class
from ..tensors.tensor import Parameter, Size, Tensor, wrap
from .machine import Refusal, attributes
from .mapping import array_over
from .parts import Builder, Part

_BITS = ("conj", "neg")
_MOST_DIMS = 64
_COPIES = 16  # of a storage, where tensors cannot share one


class Storage(Part):
    """Memory read from the file; becomes an array when the first tensor on it is built."""

    def __init__(self, data: bytearray | memoryview, dtype: DType, device: Device, location: str) -> None:
        self.data, self.dtype, self.device, self.location = data, dtype, device, location
        self.count = len(data) // dtype.itemsize
        self.base: Tensor | None = None
        self.tensors, self.copied, self.lazy = 0, 0, False
        self.typed: Any = None

    def bare(self) -> Any:
        """The storage as a program has it, the same one each time."""
        if self.typed is None:
            from ..tensors.storages import TypedStorage

            self.tensors += 1
            self.typed = TypedStorage(wrap_storage=self.tensor().untyped_storage(), dtype=self.dtype, _internal=True)
            self.typed._part = self
        return self.typed

    def tensor(self) -> Tensor:
        """The whole memory as a 1-d tensor."""
        if self.base is None:
            if isinstance(self.data, memoryview):
                array = array_over(self.data, self.dtype, self.device)
            else:
                array = self.device.backend.from_host(self.data, (self.count,), self.dtype, copy=False)
            self.data = bytearray()
            self.base = wrap(array, self.device.kinds[self.dtype])
        return self.base


def _sizes(name: str, given: Any) -> tuple[int, ...]:
    if type(given) not in (tuple, list, Size) or any(type(item) is not int or item < 0 for item in given):
        raise Refusal(f"a tensor's {name} is no row of integers from 0 on")
    return tuple(given)


def _check_extent(storage: Storage, shape: tuple[int, ...], strides: tuple[int, ...], offset: Any) -> None:
    """Raises Refusal for a tensor that reaches outside its storage."""
    if len(shape) != len(strides) or len(shape) > _MOST_DIMS:
        raise Refusal(f"a tensor has {len(shape)} sizes and {len(strides)} strides")
    if type(offset) is not int or offset < 0:
        raise Refusal("a tensor's offset is no integer from 0 on")
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if 0 not in shape and last >= storage.count:
        raise Refusal(f"a tensor of shape {list(shape)}, strides {list(strides)} and offset {offset} reaches outside"
                      f" its storage of {storage.count} elements")


def _count_copy(storage: Storage, elements: int) -> None:
    """Raises Refusal where tensors that cannot share their storage's memory would copy it again and again."""
    storage.copied += elements
    if storage.copied > _COPIES * (storage.count + 1):
        raise Refusal(f"tensors with {storage.copied} elements lie on a storage of {storage.count}, and on"
                      f" {str(storage.device)!r} each would be a copy; load them elsewhere with map_location")


def rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any = False,
                   hooks: Any = None, metadata: Any = None) -> Tensor:
    """`torch._utils._rebuild_tensor_v2`."""
    storage = getattr(storage, "_part", storage)  # of a trusted file
    if not isinstance(storage, Storage):
        raise Refusal("a tensor has no storage")
    shape, strides, bits = _sizes("size", size), _sizes("stride", stride), _bits(metadata)
    _check_flags(requires_grad, hooks)
    _check_extent(storage, shape, strides, offset)
    if bits or not storage.device.backend.shared_views:
        _count_copy(storage, numel(shape))
    storage.tensors += 1
    base, kind = storage.tensor(), storage.device.kinds[storage.dtype]
    if strides == contiguous_strides(shape) and offset == 0 and numel(shape) == base.numel() > 0:
        made = base.reshape(shape)
    else:
        made = base.as_strided(shape, strides, offset)
    for bit in bits:
        storage.lazy = True
        made = getattr(made, bit)()
    made = wrap(made._array, kind)
    if requires_grad:
        made.requires_grad = True
    return made


def _check_flags(requires_grad: Any, hooks: Any) -> None:
    if type(requires_grad) is not bool:
        raise Refusal("whether a tensor requires a gradient is neither True nor False")
    if hooks is not None and type(hooks) not in (dict, collections.OrderedDict):
        raise Refusal("a tensor's hooks are no dict")
    if hooks:
        raise Refusal("a tensor brings hooks, which are functions")


def _bits(metadata: Any) -> list[str]:
    """The operations that PyTorch left undone, conjugation and negation, and that are done here."""
    if metadata is None:
        return []
    if type(metadata) is not dict or any(bit not in _BITS or type(on) is not bool for bit, on in metadata.items()):
        raise Refusal(f"a tensor's metadata {metadata!r:.100} are not among conj and neg")
    return [bit for bit in _BITS if metadata.get(bit)]


def check_lazy(storage: Storage) -> None:
    """Raises Refusal where the conjugate of a tensor shares its memory: here it has memory of its own."""
    if storage.lazy and storage.tensors > 1:
        raise Refusal("a tensor with a conjugate or negative bit shares its memory with another one, which"
                      " flambeau cannot express; save its .resolve_conj().resolve_neg()")


def rebuild_parameter(data: Any, requires_grad: Any, hooks: Any = None) -> Parameter:
    """`torch._utils._rebuild_parameter`."""
    if not isinstance(data, Tensor):
        raise Refusal("a parameter has no tensor")
    _check_flags(requires_grad, hooks)
    made: Parameter = Parameter(data, requires_grad)
    return made


def rebuild_parameter_with_state(data: Any, requires_grad: Any, hooks: Any, state: Any) -> Parameter:
    """`torch._utils._rebuild_parameter_with_state`: a parameter that has attributes."""
    made = rebuild_parameter(data, requires_grad, hooks)
    vars(made).update(_state(state))
    return made


def rebuild_from_type(function: Any, kind: Any, arguments: Any, state: Any) -> Any:
    """`torch._tensor._rebuild_from_type_v2`: a tensor of a subclass, or that has attributes."""
    kind = kind.value if isinstance(kind, Builder) else kind
    if not isinstance(function, Builder) or type(arguments) is not tuple or not isinstance(kind, type):
        raise Refusal("a tensor of a class of its own is made of no function, class and arguments")
    made = function.build(*arguments)
    if not issubclass(kind, Tensor) or not isinstance(made, Tensor):
        raise Refusal(f"{kind.__name__} is no class of tensors")
    made = of_class(made, kind)
    vars(made).update(_state(state))
    return made


def _state(state: Any) -> dict[str, Any]:
    plain, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
    if slots or isinstance(plain, Part):
        raise Refusal("a tensor's attributes lie in slots")
    return attributes(plain or {})
