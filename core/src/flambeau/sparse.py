"""Sparse tensors in coordinate form (COO), PyTorch's `torch.sparse`: products with dense tensors and what they need.

A sparse tensor is a Tensor of a device of its own whose every kernel refuses, naming the op. What has a sparse meaning
is a method or a function here, written in ordinary ops on its indices and values: the values carry the graph, so that
gradients reach them and the dense operand without a rule of their own.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, NoReturn

from . import dtypes
from .constants import sparse_coo
from .contract.backend import Backend, Kernel
from .contract.device import Device, Kind, _link
from .dtypes import DType
from .errors import ArgumentError, DTypeError, IndexRangeError, ShapeError, UnsupportedError
from .functions import as_tensor, stack, unique, zeros
from .shapes import numel
from .spelling import public
from .tensors.tensor import Size, Tensor, new, wrap


def _refuse(name: str) -> NoReturn:
    raise UnsupportedError(f"{name} is not offered for sparse tensors; use .to_dense()", op=name)


class Coo(NamedTuple):
    """What a sparse tensor holds: indices (D, N), values (N, *) and the sizes."""

    indices: Tensor
    values: Tensor
    shape: tuple[int, ...]
    coalesced: bool


class SparseBackend(Backend):
    """The backend of sparse tensors over the device `below`: it has no kernels, and says so."""

    name = "sparse"
    array_type = Coo
    shared_views = False
    level = 1  # a dense operand comes to it, to be refused with the op's name

    def __init__(self, below: Device) -> None:
        self.below, self.device_type = below, below.type
        self.kernels: dict[str, Kernel] = {}

    def kernel(self, name: str, dtype: DType) -> Kernel | None:
        return lambda *arrays, **attrs: _refuse(name)

    def lift(self, tensor: Tensor) -> Tensor:
        """A stand-in of that shape without values: the op that asks for it is refused."""
        nothing = zeros((0,), dtype=tensor.dtype, device=self.below)
        return wrap(Coo(nothing, nothing, tuple(tensor.shape), True), _device(self.below).kinds[tensor.dtype])

    def to_host(self, array: Coo) -> NoReturn:
        _refuse("reading elements (item, tolist, numpy)")

    def from_host(self, *args: Any, **options: Any) -> NoReturn:
        _refuse("making from host memory")

    def dtype_of(self, array: Coo) -> DType:
        return array.values._kind.dtype

    def strides(self, array: Coo) -> NoReturn:
        _refuse("stride")

    def device_count(self) -> int:
        return 1

    def for_device(self, index: int | None) -> SparseBackend:
        return self


@cache
def _device(below: Device) -> Device:
    made = object.__new__(Device)
    for slot, value in (("_name", below._name), ("type", below.type), ("index", below.index), ("_home", made),
                        ("backend", SparseBackend(below))):
        object.__setattr__(made, slot, value)
    kinds = {dtype: Kind(dtype, made) for dtype in dtypes.ALL}
    _link(kinds)
    object.__setattr__(made, "kinds", kinds)
    return made


def _wrap(coo: Coo) -> SparseTensor:
    made: SparseTensor = new(SparseTensor)
    kind = _device(coo.values.device).kinds[coo.values.dtype]
    made._array, made._kind, made._requires_grad = coo, kind.of_subclass(SparseTensor), False
    made._node = made._grad = made._version = made._meta = made._view = None
    return made


class SparseTensor(Tensor):
    """A tensor of which only the elements that are not zero are kept; made by `sparse_coo_tensor`."""

    is_sparse = True
    _array: Coo

    @property
    def layout(self) -> Any:
        """Always sparse_coo."""
        return sparse_coo

    @property
    def device(self) -> Any:
        """Where the values live."""
        return self._array.values.device

    @property
    def requires_grad(self) -> bool:
        """Whether the values do: they carry the graph."""
        return self._array.values.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        raise UnsupportedError("a sparse tensor is no leaf of the graph; set requires_grad on the values that it is"
                               " made of", op="requires_grad")

    def sparse_dim(self) -> int:
        """The number of dimensions that have indices."""
        return int(self._array.indices.shape[0])

    def dense_dim(self) -> int:
        """The number of dimensions of one value."""
        return self._array.values.ndim - 1

    def _nnz(self) -> int:
        return int(self._array.values.shape[0])

    def _indices(self) -> Tensor:
        return self._array.indices

    def _values(self) -> Tensor:
        return self._array.values

    def is_coalesced(self) -> bool:
        """Whether no index comes twice and they are in order."""
        return self._array.coalesced

    def indices(self) -> Tensor:
        """The indices (sparse_dim, nnz) of a coalesced tensor."""
        return self._checked("indices").indices

    def values(self) -> Tensor:
        """The values (nnz, *) of a coalesced tensor."""
        return self._checked("values").values

    def _checked(self, name: str) -> Coo:
        if not self._array.coalesced:
            raise ArgumentError(f"Cannot get {name} on an uncoalesced tensor, please call .coalesce() first", op=name)
        return self._array

    def _flat(self) -> Tensor:
        places: Tensor = zeros(self._nnz(), dtype=dtypes.int64, device=self.device)
        for row, size in zip(self._array.indices, self.shape, strict=False):
            places = places * size + row
        return places

    def coalesce(self) -> SparseTensor:
        """The same tensor with its indices in order, the values of those that come twice added up."""
        if self._array.coalesced:
            return self
        _, values, shape, _ = self._array
        found, inverse = unique(self._flat(), return_inverse=True)
        summed = zeros((found.shape[0], *values.shape[1:]), dtype=values.dtype, device=values.device)
        rows: list[Tensor] = []
        rest = found
        for size in reversed(shape[:self.sparse_dim()]):
            rows.insert(0, rest % size)
            rest = rest // size
        return _wrap(Coo(stack(rows), summed.index_add(0, inverse, values), shape, True))

    def to_dense(self) -> Tensor:
        """The dense tensor of the same elements."""
        values, split = self._array.values, self.sparse_dim()
        flat = zeros((numel(self.shape[:split]), *values.shape[1:]), dtype=values.dtype, device=values.device)
        dense: Tensor = flat.index_add(0, self._flat(), values).reshape(self.shape)
        return dense

    def to_sparse(self) -> SparseTensor:
        """The tensor itself."""
        return self

    def detach(self) -> SparseTensor:
        """The same elements outside the graph."""
        return _wrap(self._array._replace(values=self._array.values.detach()))

    def clone(self, *, memory_format: Any = None) -> SparseTensor:
        """A copy, recorded; there are no strides for a memory format to set."""
        coo = self._array
        return _wrap(coo._replace(indices=coo.indices.clone(), values=coo.values.clone()))

    def t(self) -> SparseTensor:
        """The transpose of a matrix."""
        if self.ndim != 2 or self.sparse_dim() != 2:
            raise ShapeError(f"t() of a sparse tensor expects 2 sparse dimensions, got {list(self.shape)}", op="t")
        coo = self._array
        return _wrap(Coo(coo.indices.flip(0), coo.values, coo.shape[::-1], False))

    def mm(self, mat2: Any, *, out: Any = None) -> Tensor:
        """The product with a dense matrix."""
        if out is not None:
            _refuse("mm with out=")
        return mm(self, mat2)

    def matmul(self, other: Any, *, out: Any = None) -> Tensor:
        """The product with a dense matrix."""
        return self.mm(other, out=out)

    __matmul__ = matmul

    @property
    def data(self) -> SparseTensor:
        """The same elements outside the graph."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        _refuse("data")

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        indices, values, shape, _ = self._array
        held = repr(indices).replace("\n", "\n" + " " * 15)
        text = repr(values).replace("\n", "\n" + " " * 14)
        return f"tensor(indices={held},\n       values={text},\n       size={tuple(shape)}, nnz={self._nnz()}," \
               f" layout={sparse_coo!r})"


def _refusal(name: str) -> Any:
    return lambda self, *args, **options: _refuse(name)


def _conversion(name: str) -> Any:
    def convert(self: SparseTensor, *args: Any, **options: Any) -> SparseTensor:
        """The values as the method of that name converts them; the indices where they are."""
        values = getattr(self._array.values, name)(*args, **options)
        return _wrap(self._array._replace(indices=self._array.indices.to(values.device), values=values))

    return convert


for _name in ("stride", "storage_offset", "data_ptr", "is_contiguous", "numpy", "__array__", "__dlpack__", "tolist",
              "item", "untyped_storage", "storage", "__reduce_ex__", "__deepcopy__", "__iter__",
              "__bool__", "__float__", "__int__"):
    setattr(SparseTensor, _name, _refusal(_name))
for _name in ("to", "cpu", "cuda", "double", "float", "half", "bfloat16"):
    setattr(SparseTensor, _name, _conversion(_name))


def mm(sparse: Tensor, dense: Tensor) -> Tensor:
    """The product of a sparse matrix (N, M) and a dense one (M, P): (N, P).

    Gradients reach the values of `sparse` and `dense`. Raises ShapeError where the sizes do not fit, DTypeError where
    the dtypes differ, ArgumentError where `sparse` is not sparse.

    >>> import flambeau
    >>> adjacency = flambeau.sparse_coo_tensor([[0, 1], [1, 0]], [2.0, 3.0], (2, 2))
    >>> flambeau.sparse.mm(adjacency, flambeau.tensor([[1.0], [10.0]]))
    tensor([[20.],
            [ 3.]])
    """
    if not isinstance(sparse, SparseTensor) or isinstance(dense, SparseTensor) or not isinstance(dense, Tensor):
        raise ArgumentError(f"expected a sparse and a dense tensor, got {type(sparse).__name__} and"
                            f" {type(dense).__name__}", op="sparse.mm")
    if sparse.sparse_dim() != 2 or sparse.ndim != 2 or dense.ndim != 2 or sparse.shape[1] != dense.shape[0]:
        raise ShapeError(f"{list(sparse.shape)} and {list(dense.shape)} cannot be multiplied as matrices",
                         op="sparse.mm")
    if sparse.dtype is not dense.dtype:
        raise DTypeError(f"expected both of one dtype, got {sparse.dtype!r} and {dense.dtype!r}", op="sparse.mm",
                         dtype=dense.dtype)
    (rows, columns), values = sparse._array.indices, sparse._array.values
    out = zeros((sparse.shape[0], dense.shape[1]), dtype=dense.dtype, device=dense.device)
    return out.index_add(0, rows, values.unsqueeze(1) * dense.index_select(0, columns))


def sparse_coo_tensor(indices: Any, values: Any, size: Any = None, *, dtype: DType | None = None, device: Any = None,
                      requires_grad: bool = False) -> Tensor:
    """A sparse tensor with `values` (N, *) at `indices` (D, N); values of one index add up.

    Without `size` the smallest that holds every index. Raises ShapeError where the sizes do not fit, IndexRangeError
    for an index outside them.

    >>> import flambeau
    >>> flambeau.sparse_coo_tensor([[0, 1], [1, 0]], [2.0, 3.0], (2, 2)).to_dense()
    tensor([[0., 2.],
            [3., 0.]])
    """
    if requires_grad:
        raise UnsupportedError("a sparse tensor is no leaf of the graph; make it of values that require gradients",
                               op="sparse_coo_tensor")
    values = as_tensor(values, dtype=dtype, device=device)
    indices = as_tensor(indices, dtype=dtypes.int64, device=values.device)
    if indices.ndim != 2 or values.ndim < 1 or values.shape[0] != indices.shape[1]:
        raise ShapeError(f"expected indices (D, N) and values (N, *), got {list(indices.shape)} and"
                         f" {list(values.shape)}", op="sparse_coo_tensor")
    if size is None and not indices.shape[1]:
        raise ArgumentError("size must be given where there are no values", op="sparse_coo_tensor")
    largest = [int(row.max().item()) for row in indices] if indices.shape[1] else []
    shape = tuple(size) if size is not None else (*[most + 1 for most in largest], *values.shape[1:])
    _check(indices, largest, values, shape)
    return _wrap(Coo(indices, values, Size(shape), False))


def _check(indices: Tensor, largest: list[int], values: Tensor, shape: tuple[int, ...]) -> None:
    split = indices.shape[0]
    if len(shape) != split + values.ndim - 1 or tuple(shape[split:]) != tuple(values.shape[1:]):
        raise ShapeError(f"size {list(shape)} does not fit {split} rows of indices and values of shape"
                         f" {list(values.shape)}", op="sparse_coo_tensor")
    if largest and indices.min().item() < 0:
        raise IndexRangeError(f"found negative index {indices.min().item()}", op="sparse_coo_tensor")
    for dim, most in enumerate(largest):
        if most >= shape[dim]:
            raise IndexRangeError(f"size is inconsistent with indices: for dim {dim}, size is {shape[dim]} but found"
                                  f" index {most}", op="sparse_coo_tensor")


def FloatTensor(indices: Tensor, values: Tensor, size: Any = None) -> Tensor:
    """The legacy constructor of a sparse float32 tensor; see `sparse_coo_tensor`."""
    if values.dtype is not dtypes.float32:
        raise DTypeError(f"expected float32 values, got {values.dtype!r}", op="sparse.FloatTensor", dtype=values.dtype)
    return sparse_coo_tensor(indices, values, size)


__all__ = ["FloatTensor", "mm"]
__getattr__, __dir__ = public(__name__)
