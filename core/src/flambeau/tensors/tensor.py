"""The Tensor: a native array, its kind, and its place in the graph.

This file holds the slots, the properties and what needs no operation; the ops attach their
methods when they register.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from .. import dtypes
from ..contract.device import Device, Kind
from ..dtypes import DType
from ..errors import ArgumentError, DTypeError, GradientError, ShapeError, SizeMismatchError, ValueRangeError
from ..shapes import ORDERS, canonical_dim, lie, numel
from ..spelling import Missing
from ..walk.tape import Meta, MovedView, Output, RemovableHandle, View

if TYPE_CHECKING:
    from ._methods import TensorMethods
else:
    TensorMethods = object  # the methods are attached when the ops register

new = object.__new__


class Size(tuple[int, ...]):
    """A tensor's shape; a tuple that prints as PyTorch's."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements."""
        return numel(self)

    def __repr__(self) -> str:
        return f"{dtypes._NAMESPACE[0]}.Size({list(self)})"

    def __getitem__(self, key: Any) -> Any:
        item = tuple.__getitem__(self, key)
        return Size(item) if isinstance(key, slice) else item

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))


class Tensor(TensorMethods):
    """An n-dimensional array on a device that records what is done to it.

    Make one with `flambeau.tensor(data)`; `Tensor(2, 3)` is PyTorch's legacy constructor of an
    uninitialised float32 tensor.
    """

    __slots__ = ("__dict__", "__weakref__", "_array", "_grad", "_kind", "_meta", "_node", "_requires_grad", "_version",
                 "_view")

    _array: Any
    _kind: Kind
    _requires_grad: bool
    _node: Any  # the edge to what made it; None for a leaf
    _grad: Tensor | None
    _version: list[Any] | None
    _meta: Meta | None
    _view: View | None

    __array_priority__ = 1000  # so that NumPy leaves mixed operators to us
    __hash__ = object.__hash__

    # --- what it is

    dtype: Any = property(attrgetter("_kind.dtype"), doc="The element type.")
    device: Any = property(attrgetter("_kind.device"), doc="Where the elements live.")

    @property
    def shape(self) -> Size:
        """The sizes, outermost first."""
        return Size(self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._array.shape)

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self._array.shape)

    ndimension = dim

    def size(self, dim: int | None = None) -> Any:
        """The sizes, or the size of dimension `dim`."""
        if dim is None:
            return Size(self._array.shape)
        shape = self._array.shape
        if not shape:
            raise_no_dims("size", dim)
        return shape[canonical_dim("size", dim, len(shape))]

    def numel(self) -> int:
        """The number of elements."""
        return numel(self._array.shape)

    nelement = numel

    def __len__(self) -> int:
        if not self._array.shape:
            raise ArgumentError("len() of a 0-d tensor", op="len")
        return int(self._array.shape[0])

    def element_size(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize  # type: ignore[no-any-return]

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize  # type: ignore[no-any-return]

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.numel() * self.dtype.itemsize  # type: ignore[no-any-return]

    def is_floating_point(self) -> bool:
        """Whether the dtype is one of float16, bfloat16, float32, float64."""
        return self.dtype.is_floating_point  # type: ignore[no-any-return]

    def is_complex(self) -> bool:
        """Whether the dtype is complex64 or complex128."""
        return self.dtype.is_complex  # type: ignore[no-any-return]

    def is_signed(self) -> bool:
        """Whether the dtype can hold negative numbers."""
        return self.dtype.is_signed  # type: ignore[no-any-return]

    def stride(self, dim: int | None = None) -> Any:
        """Distance between neighbours along each dimension, or along `dim`, in elements."""
        strides = self.device.backend.strides(self._array)
        if dim is None:
            return tuple(strides)
        return strides[canonical_dim("stride", dim, len(strides))]

    def storage_offset(self) -> int:
        """Distance of the first element from the start of the storage, in elements."""
        return int(self.device.backend.storage_offset(self._array))

    def data_ptr(self) -> int:
        """Address of the first element."""
        return int(self.device.backend.data_ptr(self._array))

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements lie in C order without gaps, or in the memory format given."""
        shape = self._array.shape
        if memory_format is not None and (order := ORDERS.get(getattr(memory_format, "name", ""))) is not None:
            return len(order) == len(shape) and lie(shape, self.stride(), order)
        return self._kind.device.backend.contiguous(self._array)  # type: ignore[no-any-return]

    @property
    def layout(self) -> Any:
        """Always strided."""
        from ..constants import strided

        return strided

    is_sparse = is_quantized = is_nested = False

    @property
    def is_cuda(self) -> bool:
        """Whether the device is a CUDA GPU."""
        return bool(self.device.type == "cuda")

    @property
    def is_cpu(self) -> bool:
        """Whether the device is a CPU."""
        return bool(self.device.type == "cpu")

    def get_device(self) -> int:
        """The device's index, -1 on a CPU."""
        return -1 if self.is_cpu else self.device.index or 0

    # --- its place in the graph

    @property
    def requires_grad(self) -> bool:
        """Whether operations on it are recorded; of a view also whether those on its base are, as in PyTorch."""
        return self._requires_grad or (self._view is not None and self._view.base._requires_grad
                                       and self._kind.dtype.category > 1)

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if self._node is not None and not value:
            raise GradientError("you can only change requires_grad flags of leaf tensors; to use a result without its"
                                " graph use x.detach()", op="requires_grad")
        if value and self.dtype.category < 2:
            raise DTypeError(f"only tensors of floating or complex dtype can require gradients, got {self.dtype!r}",
                             op="requires_grad", dtype=self.dtype)
        if value and not self._requires_grad and self._version is not None and self._version[1]:
            AWAITED[0](self)
        self._requires_grad = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Sets `requires_grad` and returns the tensor itself."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made it."""
        return self._node is None

    @property
    def grad_fn(self) -> Any:
        """The node that made it, None for a leaf."""
        edge = self._node
        return edge.node if type(edge) is Output else edge

    @property
    def output_nr(self) -> int:
        """Which of its node's results it is."""
        edge = self._node
        return edge.nr if type(edge) is Output else 0

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` accumulated, or None."""
        if self._grad is None and self._node is not None and not self.retains_grad:
            import warnings

            warnings.warn("The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad"
                          " attribute won't be populated during backward(). Call .retain_grad() on it first, or use"
                          " the leaf.", UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            self._check_grad(value)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def _check_grad(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise ArgumentError(f"a gradient must be a Tensor or None, got {type(value).__name__}", op="grad")
        if value is self:
            raise GradientError("a tensor cannot be its own gradient", op="grad")
        if value._array.shape != self._array.shape:
            raise ShapeError(f"a gradient of shape {list(value.shape)} does not fit a tensor of shape"
                             f" {list(self.shape)}", op="grad")
        if value.dtype is not self.dtype or value.device is not self.device:
            raise DTypeError(f"a gradient of {value.dtype!r} on {value.device} does not fit a tensor of {self.dtype!r}"
                             f" on {self.device}", op="grad")

    @property
    def _base(self) -> Tensor | None:
        return None if self._view is None else self._view.base

    def _is_view(self) -> bool:
        return self._view is not None

    def is_inference(self) -> bool:
        """Always False: inference mode makes ordinary tensors here."""
        return False

    @property
    def data(self) -> Tensor:
        """The same elements outside the graph; changes are shared and not counted."""
        return wrap(self._array, self._kind.plain)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise ArgumentError(f"data must be a Tensor, got {type(value).__name__}", op="data")
        subclass = self._kind.subclass
        self._array = value._array
        self._kind = value._kind.plain if subclass is None else value._kind.plain.of_subclass(subclass)
        if self._version is not None:
            self._version = [self._version[0], None]
        if self._view is not None:
            self._view = MovedView(self._view)

    def _leaf_meta(self) -> Meta:
        if self._meta is None:
            self._meta = Meta()
        return self._meta

    def retain_grad(self) -> None:
        """Keeps `.grad` of a tensor that is not a leaf, too."""
        if not self._requires_grad:
            raise GradientError("can't retain_grad on a tensor that has requires_grad=False", op="retain_grad")
        if self._node is None or self.retains_grad:
            return
        import weakref

        self._leaf_meta().retains = True
        self.grad_fn._hooks().retain[self.output_nr] = weakref.ref(self)

    @property
    def retains_grad(self) -> bool:
        """Whether `.grad` of this tensor, not a leaf, is kept."""
        return self._meta is not None and not self._meta.wrapped and self._meta.retains

    def register_hook(self, hook: Any) -> RemovableHandle:
        """`hook(grad)` runs when the gradient is known; what it returns, unless None, takes its place."""
        if not self._requires_grad:
            raise GradientError("cannot register a hook on a tensor that doesn't require gradient", op="register_hook")
        if self._node is not None:
            hooks = self.grad_fn._hooks().tensor.setdefault(self.output_nr, {})
        else:
            meta = self._leaf_meta()
            if meta.hooks is None:
                meta.hooks = {}
            hooks = meta.hooks
        return RemovableHandle(hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Any) -> RemovableHandle:
        """`hook(tensor)` runs after this leaf's `.grad` was accumulated."""
        if self._node is not None or not self._requires_grad:
            raise GradientError("post accumulate grad hooks cannot be registered on non-leaf tensors",
                                op="register_post_accumulate_grad_hook")
        meta = self._leaf_meta()
        if meta.post_hooks is None:
            meta.post_hooks = {}
        return RemovableHandle(meta.post_hooks, hook)

    # --- as Python values

    def item(self) -> Any:
        """The only element as a Python number."""
        if self.numel() != 1:
            raise SizeMismatchError(f"a Tensor with {self.numel()} elements cannot be converted to Scalar", op="item")
        return self.device.backend.item(self._array)

    def tolist(self) -> Any:
        """Nested lists of Python numbers; the number itself for a 0-d tensor."""
        return self.device.backend.tolist(self._array)

    def __bool__(self) -> bool:
        if self.numel() != 1:
            what = "no values" if not self.numel() else "more than one value"
            raise ValueRangeError(f"Boolean value of Tensor with {what} is ambiguous", op="bool")
        return bool(self.device.backend.item(self._array))

    def __int__(self) -> int:
        return int(self._real())

    def __float__(self) -> float:
        return float(self._real())

    def _real(self) -> Any:
        """The one element as a real number. Raises ValueRangeError for an imaginary part, which it would lose."""
        value = self.item()
        if type(value) is not complex:
            return value
        if value.imag:
            raise ValueRangeError(f"{value} cannot be converted to a real number without losing its imaginary part",
                                  op="item")
        return value.real

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self.dtype.category > 1 or self.numel() != 1:
            raise ArgumentError("only integer tensors of a single element can be converted to an index", op="index")
        return int(self.item())

    def __iter__(self) -> Iterator[Any]:
        if not self._array.shape:
            raise ArgumentError("iteration over a 0-d tensor", op="iter")
        return iter(self.unbind(0))

    def __format__(self, spec: str) -> str:
        if not self._array.shape and (spec or type(self) is Tensor):
            return format(self.item(), spec)
        return format(repr(self), spec) if spec else repr(self)

    def __dir__(self) -> list[str]:
        lacking = {name for name, value in vars(Tensor).items() if type(value) is Missing}
        return sorted(set(object.__dir__(self)) - lacking)


AWAITED: list[Any] = []  # views puts here what tells a tensor's views that it requires a gradient from now on


def raise_no_dims(op: str, dim: Any) -> None:
    """Raises for a dimension asked of a 0-d tensor."""
    from ..errors import DimError

    raise DimError(f"dimension {dim} specified but the tensor has no dimensions", op=op, dim=dim, ndim=0)


class Parameter(Tensor):
    """A tensor that a Module counts among its parameters; it requires a gradient unless told otherwise."""

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            raise ArgumentError(f"data must be a Tensor, got {type(data).__name__}", op="Parameter")
        made = new(cls)
        plain = data._kind.plain
        fill(made, data._array, plain if cls is Parameter else plain.of_subclass(cls))
        made.requires_grad = requires_grad
        return made

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return "Parameter containing:\n" + Tensor.__repr__(self)


def attach(value: Any, *names: str) -> None:
    """Makes a function a method of Tensor, or a property one of its properties, under these names."""
    for name in names:
        setattr(Tensor, name, value)


def named(function: Any, name: str) -> Any:
    """A function made for a name: what it is called everywhere, in tracebacks and errors too."""
    function.__name__ = function.__qualname__ = name
    function.__code__ = function.__code__.replace(co_name=name, co_qualname=name)
    return function


def fill(made: Tensor, array: Any, kind: Kind) -> None:
    """Sets the slots of a fresh tensor outside the graph."""
    made._array, made._kind, made._requires_grad = array, kind, False
    made._node = made._grad = made._version = made._meta = made._view = None


def wrap(array: Any, kind: Kind) -> Tensor:
    """A native array as a tensor outside the graph."""
    made: Tensor = new(Tensor)
    made._array, made._kind, made._requires_grad = array, kind, False
    made._node = made._grad = made._version = made._meta = made._view = None
    return made


def shell(tensor: Tensor) -> Tensor:
    """The same elements and version cell without a place in the graph: how a node keeps its own result."""
    made: Tensor = new(Tensor)
    made._array, made._kind, made._requires_grad = tensor._array, tensor._kind.plain, False
    made._version = tensor._version
    made._node = made._grad = made._meta = made._view = None
    return made


def alias(tensor: Tensor) -> Tensor:
    """The same elements, version cell and place in the graph under another identity."""
    made = shell(tensor)
    made._node, made._requires_grad = tensor._node, tensor._requires_grad
    return made


def layout(tensor: Tensor) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Where a tensor's elements lie in its memory: shape, strides, offset."""
    return tuple(tensor._array.shape), tuple(tensor.stride()), tensor.storage_offset()


def kind_on(device: Device, dtype: DType) -> Kind:
    """The kind of plain tensors of that dtype on that device."""
    return device.kinds[dtype]


def unmapped(tensor: Tensor) -> Tensor:
    """The tensor itself; while a function is being mapped, the elements of all examples: what a check looks at."""
    while tensor._kind.device.backend.level:
        tensor = tensor._array.value
    return tensor
