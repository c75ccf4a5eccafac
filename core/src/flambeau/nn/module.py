"""Module: the base class of everything that holds parameters.

It is put together from four parts, each in its own file: what it holds (`_base`), walking the
tree (`_traverse`), saving and loading (`_state`), being called (`_call`). Here are conversion,
modes and printing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .. import dtypes
from ..contract.device import as_device
from ..errors import ArgumentError, ValueRangeError
from ..functions import empty_like
from ..modes import no_grad
from ..tensors.tensor import Tensor
from ._call import Hooked
from ._state import StateDict

Self = TypeVar("Self", bound="Module")


def _addindent(text: str, spaces: int = 2) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(" " * spaces + line for line in rest)])


class Module(StateDict, Hooked):
    """Base class of neural network parts; parts assigned as attributes become children.

    >>> from flambeau import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layer = nn.Linear(4, 2)
    ...     def forward(self, x):
    ...         return self.layer(x).relu()
    >>> Net()
    Net(
      (layer): Linear(in_features=4, out_features=2, bias=True)
    )
    """

    dump_patches: bool = False

    # -- conversion ------------------------------------------------------------------------------

    def _apply(self: Self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        if recurse:
            for module in self.children():
                module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is not None:
                _convert_parameter(parameter, fn)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def apply(self: Self, fn: Callable[[Module], Any]) -> Self:
        """Calls `fn` on every module below and then on this one; returns this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def to(self: Self, *args: Any, **kwargs: Any) -> Self:
        """Moves and casts in place: `to(device)`, `to(dtype)`, `to(device, dtype)` or `to(tensor)`.

        The dtype, which must be floating or complex, concerns floating and complex tensors only.
        Raises ArgumentError for another dtype.
        """
        device, dtype, non_blocking, format = _parse_to(args, kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise ArgumentError("nn.Module.to only accepts floating point or complex dtypes, but got desired "
                                f"dtype={dtype}")

        def convert(tensor: Tensor) -> Tensor:
            wanted: dict[str, Any] = {} if device is None else {"device": device, "non_blocking": non_blocking}
            if dtype is not None and (tensor.is_floating_point() or tensor.is_complex()):
                wanted["dtype"] = dtype
            if format is not None and tensor.dim() in (4, 5):
                wanted["memory_format"] = format
            return tensor.to(**wanted) if wanted else tensor

        return self._apply(convert)

    def type(self: Self, dst_type: Any) -> Self:
        """Casts all parameters and buffers to `dst_type`."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def float(self: Self) -> Self:
        """Casts floating parameters and buffers to float32."""
        return self._cast_floating(dtypes.float32)

    def double(self: Self) -> Self:
        """Casts floating parameters and buffers to float64."""
        return self._cast_floating(dtypes.float64)

    def half(self: Self) -> Self:
        """Casts floating parameters and buffers to float16."""
        return self._cast_floating(dtypes.float16)

    def bfloat16(self: Self) -> Self:
        """Casts floating parameters and buffers to bfloat16."""
        return self._cast_floating(dtypes.bfloat16)

    def _cast_floating(self: Self, dtype: Any) -> Self:
        return self._apply(lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor)

    def cpu(self: Self) -> Self:
        """Moves parameters and buffers to the CPU backend."""
        return self._apply(lambda tensor: tensor.cpu())

    def cuda(self: Self, device: Any = None) -> Self:
        """Moves parameters and buffers to a CUDA device."""
        return self._apply(lambda tensor: tensor.cuda(device))

    def xpu(self: Self, device: Any = None) -> Self:
        """Moves parameters and buffers to an Intel GPU."""
        return self._apply(lambda tensor: tensor.xpu(device))

    def mtia(self: Self, device: Any = None) -> Self:
        """Moves parameters and buffers to an MTIA device."""
        return self._apply(lambda tensor: tensor.mtia(device))

    def ipu(self: Self, device: Any = None) -> Self:
        """Moves parameters and buffers to an IPU."""
        return self._apply(lambda tensor: tensor.ipu(device))

    def to_empty(self: Self, *, device: Any, recurse: bool = True) -> Self:
        """Moves parameters and buffers to `device` without copying their values."""
        return self._apply(lambda tensor: empty_like(tensor, device=device), recurse=recurse)

    def share_memory(self: Self) -> Self:
        """Moves parameters and buffers to memory that processes share, where tensors can be."""
        return self._apply(lambda tensor: tensor.share_memory_())  # type: ignore[attr-defined,no-any-return]

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Noted: a module runs as it is written, so that the result is the one that compiling would give."""

    # -- modes -----------------------------------------------------------------------------------

    def train(self: Self, mode: bool = True) -> Self:
        """Sets training mode here and below. Raises ValueRangeError for no bool."""
        if not isinstance(mode, bool):
            raise ValueRangeError("training mode is expected to be boolean", mode=mode)
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self: Self) -> Self:
        """Sets evaluation mode here and below."""
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Sets whether the parameters here and below are differentiated."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drops the gradients of all parameters, or fills them with zeros."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                if set_to_none:
                    parameter.grad = None
                else:
                    zero_gradient(parameter)

    # -- printing --------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return self.__class__.__name__

    def extra_repr(self) -> str:
        """What the repr shows between the brackets beside the children."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        extra_lines = extra.split("\n") if extra else []
        children = [f"({name}): {_addindent(repr(module))}" for name, module in self._modules.items()]
        if len(extra_lines) == 1 and not children:
            return f"{self._get_name()}({extra_lines[0]})"
        lines = extra_lines + children
        return f"{self._get_name()}({_body(lines)})"

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _body(lines: list[str]) -> str:
    return "\n  " + "\n  ".join(lines) + "\n" if lines else ""


def zero_gradient(parameter: Tensor) -> None:
    """Fills the gradient of `parameter` with zeros, off any graph."""
    grad: Any = parameter.grad
    if grad.grad_fn is not None:
        grad.detach_()
    else:
        grad.requires_grad_(False)
    grad.zero_()


def _convert_parameter(parameter: Tensor, fn: Callable[[Tensor], Tensor]) -> None:
    grad: Any = parameter.grad
    with no_grad():
        converted = fn(parameter)
        converted_grad = None if grad is None else fn(grad)
    if converted is not parameter:
        parameter.data = converted
    if converted_grad is not None and converted_grad is not grad:
        parameter.grad = converted_grad.requires_grad_(grad.requires_grad)


def _parse_to(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, bool, Any]:
    named: dict[str, Any] = dict.fromkeys(("device", "dtype", "non_blocking", "memory_format", "tensor"))
    for name in kwargs:
        if name not in named:
            raise ArgumentError(f"to() got an unexpected keyword argument '{name}'")
    named.update(kwargs)
    for position, value in enumerate(args):
        if isinstance(value, Tensor):
            named["tensor"] = value
        elif isinstance(value, dtypes.DType):
            named["dtype"] = value
        elif isinstance(value, bool) and position:
            named["non_blocking"] = value
        elif value is not None:
            named["device"] = as_device(value)
    if named["tensor"] is not None:
        named["device"], named["dtype"] = named["tensor"].device, named["tensor"].dtype
    return named["device"], named["dtype"], bool(named["non_blocking"]), named["memory_format"]
