"""Tensors under `copy` and `pickle`."""

from __future__ import annotations

import copy
from typing import Any

from .. import dtypes
from ..contract.device import resolve
from ..errors import GradientError
from ..table.registry import TABLE
from ..table.room import exhausted
from .tensor import Parameter, Tensor, attach, fill, new, wrap


def _from_bytes(cls: type, data: bytes | bytearray, shape: tuple[int, ...], dtype: str, device: str,
                requires_grad: bool, attributes: dict[str, Any]) -> Tensor:
    """A tensor from its pickle."""
    place, element = resolve(device), dtypes.BY_NAME[dtype]
    kind = place.kinds[element]
    copied = not isinstance(data, bytearray)  # that is the unpickler's, who hands it over
    made = of_class(wrap(place.backend.from_host(data, shape, element, copy=copied), kind), cls)
    made._requires_grad = requires_grad
    made.__dict__.update(attributes)
    return made  # type: ignore[no-any-return]


def of_class(tensor: Tensor, cls: type) -> Any:
    """The elements of a tensor outside the graph as one of class `cls`."""
    if type(tensor) is cls:
        return tensor
    made: Any = new(cls)
    plain = tensor._kind.plain
    fill(made, tensor._array, plain if cls in (Tensor, Parameter) else plain.of_subclass(cls))
    made._requires_grad = tensor._requires_grad
    return made


def _reduce(self: Tensor, protocol: Any) -> tuple[Any, ...]:
    if self._node is not None:
        raise GradientError("only leaf tensors can be pickled; call .detach() first", op="pickle")
    host = self.device.backend.to_host(self._array)
    data = _buffer(host) if protocol >= 5 else bytes(host)  # which can travel beside the pickle
    return _from_bytes, (type(self), data, tuple(self.shape), self.dtype.name, str(self.device), self.requires_grad,
                         dict(self.__dict__))


def _deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    if self._node is not None:
        raise GradientError("Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol"
                            " at the moment.", op="deepcopy")
    if id(self) in memo:
        return memo[id(self)]  # type: ignore[no-any-return]
    made: Any = new(type(self))
    try:
        fill(made, TABLE["copy"].kernels[self._kind.plain](self._array), self._kind)
    except MemoryError as error:
        raise exhausted("deepcopy", error) from None
    made._requires_grad = self._requires_grad
    memo[id(self)] = made
    if self._grad is not None:
        made._grad = copy.deepcopy(self._grad, memo)
    made.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return made  # type: ignore[no-any-return]


attach(_reduce, "__reduce_ex__")
attach(_deepcopy, "__deepcopy__")


def _buffer(host: Any) -> Any:
    from pickle import PickleBuffer  # whoever pickles has imported it; `import flambeau` need not

    return PickleBuffer(host)
