"""Parameter and Buffer: tensors that a module registers when they are assigned to it; and such of unknown shape."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError, ValueRangeError
from ..functions import empty
from ..spelling import public
from ..tensors.tensor import Parameter, Tensor, fill, new, wrap

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "UninitializedTensorMixin",
           "is_lazy"]


class _BufferMeta(type(Tensor)):  # type: ignore[misc]
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that a module registers as a buffer; `persistent` says whether it is part of the state dict.

    What is made is a plain tensor with a mark, so that operations on it cost no more than on any other.
    """

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        source = empty(0) if data is None else data
        made: Any = source.detach().requires_grad_(source.requires_grad)
        made.persistent, made._is_buffer = persistent, True
        return made


class UninitializedTensorMixin:
    """What a tensor of unknown shape is: a dtype and a device without elements, until it is materialized.

    To compute with it, or to ask for its shape, is an error that says so; it can be cast and moved.
    """

    __slots__ = ()
    cls_to_become: type

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Makes an ordinary parameter or tensor of it, with the shape given and elements that are not set."""
        held = self.data
        self.data = empty(shape, device=held.device if device is None else device,
                          dtype=held.dtype if dtype is None else dtype)
        self.__class__ = self.cls_to_become  # type: ignore[assignment]

    @property
    def _array(self) -> Any:
        raise ValueRangeError(
            "Attempted to use an uninitialized parameter. This error happens when you are using a `LazyModule` or "
            f"explicitly manipulating `flambeau.nn.parameter.{type(self).__name__}` objects. When using LazyModules "
            "Call `forward` with a dummy batch to initialize the parameters before calling flambeau functions")

    @_array.setter
    def _array(self, value: Any) -> None:
        _ARRAY.__set__(self, value)

    @property
    def data(self: Any) -> Tensor:
        """An empty tensor of the dtype and on the device that the elements will have."""
        return wrap(_ARRAY.__get__(self), self._kind.plain)

    @data.setter
    def data(self: Any, value: Tensor) -> None:
        _DATA.fset(self, value)

    @property
    def shape(self) -> Any:
        """Not known yet: raises ShapeError."""
        raise ShapeError("Can't access the shape of an uninitialized parameter or buffer. This error usually happens in"
                         " `load_state_dict` when trying to load an uninitialized parameter into an initialized one. "
                         "Call `forward` to initialize the parameters before accessing their attributes.")

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """An empty tensor of another dtype or on another device, for `data`."""
        return self.data.to(*args, **kwargs)

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Itself: a tensor of unknown shape has nothing to copy to, and takes only another such."""
        if not is_lazy(src):
            raise ValueRangeError("cannot copy elements into an uninitialized parameter; materialize it first")
        return self

    def share_memory_(self) -> Any:
        """Raises ShapeError: there is no memory yet."""
        raise ShapeError("Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the "
                         "parameters before calling `module.share_memory()`.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        return type(self), (self.requires_grad,)

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype)
        return memo[id(self)]


_ARRAY: Any = Tensor.__dict__["_array"]
_DATA: Any = Tensor.__dict__["data"]


def _cast_or_move(name: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Tensor:
        return getattr(self.data, name)(*args, **kwargs)  # type: ignore[no-any-return]

    method.__name__, method.__doc__ = name, Tensor.__dict__[name].__doc__ if name in Tensor.__dict__ else None
    return method


for _name in ("bfloat16", "char", "cpu", "cuda", "double", "float", "half", "int", "long", "short", "type"):
    setattr(UninitializedTensorMixin, _name, _cast_or_move(_name))


def _without_elements(cls: type, requires_grad: bool, device: Any, dtype: Any) -> Any:
    held = empty(0, device=device, dtype=dtype)
    made: Any = new(cls)
    fill(made, held._array, held._kind.plain)
    made.requires_grad = requires_grad
    return made


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc]
    """A parameter whose shape is not known yet; `materialize` makes a Parameter of it.

    >>> parameter = UninitializedParameter()
    >>> parameter
    <UninitializedParameter>
    >>> parameter.materialize((2, 3))
    >>> parameter.shape
    flambeau.Size([2, 3])
    """

    __slots__ = ()
    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        return _without_elements(cls, requires_grad, device, dtype)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):  # type: ignore[misc]
    """A buffer whose shape is not known yet; `materialize` makes a tensor of it."""

    __slots__ = ()
    cls_to_become = Tensor

    def __new__(cls, requires_grad: bool = False, device: Any = None, dtype: Any = None,
                persistent: bool = True) -> Any:
        made = _without_elements(cls, requires_grad, device, dtype)
        made.persistent, made._is_buffer = persistent, True
        return made


def is_lazy(param: Any) -> bool:
    """Whether `param` is a parameter or buffer whose shape is not known yet."""
    return isinstance(param, UninitializedTensorMixin)


__getattr__, __dir__ = public(__name__)
