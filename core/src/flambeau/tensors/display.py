"""What `print(tensor)` shows: hands printing the values it asks for and the suffixes PyTorch adds."""

from __future__ import annotations

from typing import Any

from ..contract.device import resolve
from .tensor import Tensor, attach


def tensor_repr(tensor: Tensor) -> str:
    """The text of `repr(tensor)`."""
    from .printing import format_tensor  # loaded when something is printed

    backend = tensor.device.backend
    array = tensor._array

    def fetch(index: Any) -> Any:
        from ..ops.movement import slice_op
        from .tensor import wrap

        if not index:
            return backend.tolist(array)
        canonical = tuple(slice(*i.indices(n)) for i, n in zip(index, array.shape, strict=True))
        return backend.tolist(slice_op(wrap(array, tensor._kind.plain), canonical)._array)

    plain = tensor.device.type == "cpu" or tensor.device is resolve("cpu")
    return format_tensor(fetch, tuple(array.shape), tensor.dtype, requires_grad=tensor.requires_grad,
                         grad_fn_name=tensor.grad_fn.name() if tensor.grad_fn is not None else None,
                         device=None if plain else str(tensor.device))


def _repr(self: Tensor, *, tensor_contents: Any = None) -> str:
    return tensor_repr(self)


attach(_repr, "__repr__")
