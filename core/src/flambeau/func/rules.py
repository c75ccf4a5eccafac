"""How every op computes a whole batch: from what the table says of it, by a rule of its own, or example by example.

A rule is a kernel over `Batched` arrays. An op that broadcasts lines its inputs up behind the batch; one that maps
element by element needs nothing; one with a dim counts one further. An op of which the table tells neither is composed
of others where it has a body, and else runs for one example after the other, so that an op written tomorrow has a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import UnsupportedError
from ..ops.movement import stack
from ..shapes import broadcast_shapes, numel
from ..table.registry import TABLE, OpDef
from ..tensors.tensor import Tensor, wrap
from .arrays import Batched

Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Any], Any]:
    """Makes a function the rule of these ops; it is given the op's call on the level below first."""
    def decorate(function: Any) -> Any:
        for name in names:
            RULES[name] = _bound(function, name)
        return function

    return decorate


def _bound(function: Any, name: str) -> Rule:
    def kernel(*arrays: Any, **attrs: Any) -> Any:
        return function(TABLE[name].call, *arrays, **attrs)

    return kernel


def size_of(arrays: Any) -> int | None:
    """The length of the batch; None where no array has one."""
    return next((a.size for a in arrays if a is not None and a.size is not None), None)


def whole(array: Batched, size: int) -> Tensor:
    """The tensor below with a batch, repeated where it has none."""
    if array.size is not None:
        return array.value
    return array.value.expand(size, *array.shape)  # type: ignore[no-any-return]


def ranked(array: Batched, rank: int) -> Tensor:
    """The tensor below, dims of size 1 put between batch and shape so that the shape has `rank` dims."""
    if array.size is None or len(array.shape) >= rank:
        return array.value
    return array.value.reshape(array.size, *[1] * (rank - len(array.shape)),  # type: ignore[no-any-return]
                               *array.shape)


# --- from the table


def derived(op: OpDef) -> Rule:
    """The rule of a primitive without one of its own, from what the table says of it."""
    call = op.call
    if op.broadcast:
        return lambda *arrays, **attrs: broadcasting(call, *arrays, **attrs)
    inputs = [p.role for p in op.inputs]
    if inputs == ["tensor"] and (not op.attributes or op.attributes == ("dtype",)):
        return lambda array, **attrs: batches(call(array.value, **attrs), array.size)
    dims = [p for p in op.params if p.role == "attribute" and p.annotation in ("Dim", "Dims")]
    if inputs == ["tensor"] and len(dims) == 1 and dims[0].annotation == "Dim" and not op.view:
        return lambda array, **attrs: along(call, dims[0].name, array, **attrs)
    return lambda *arrays, **attrs: one_by_one(op, *arrays, **attrs)


def composed(op: OpDef, backend: Any) -> Rule:
    """The body of a composite on tensors of the level; what is below the level records what it records."""
    names, roles = [p.name for p in op.inputs], [p.role for p in op.inputs]
    sequence = roles.index("sequence") if "sequence" in roles else None

    def kernel(*arrays: Any, **attrs: Any) -> Any:
        kinds = backend.device.kinds
        tensors: list[Any] = [None if a is None else wrap(a, kinds[backend.dtype_of(a)]) for a in arrays]
        if sequence is not None:
            tensors[sequence:] = [tensors[sequence:]]
        made = op.body(**dict(zip(names, tensors, strict=True)), **attrs)
        return tuple(_array(m, backend) for m in made) if isinstance(made, tuple) else _array(made, backend)

    return kernel


def _array(tensor: Tensor, backend: Any) -> Batched:
    if tensor._kind.device is not backend.device:
        tensor = backend.lift(tensor)
    return tensor._array  # type: ignore[no-any-return]


def creation(op: OpDef, below: Any) -> Rule:
    """A tensor of the level below that is the same for every example."""
    def kernel(**attrs: Any) -> Batched:
        kind = below.kinds[attrs["dtype"]]
        return Batched(wrap(op.kernels[kind](**attrs), kind), None)

    return kernel


def batches(made: Any, size: int | None) -> Any:
    """Results of the level below as arrays with a batch."""
    return tuple(Batched(m, size) for m in made) if isinstance(made, tuple) else Batched(made, size)


def broadcasting(call: Rule, *arrays: Batched, **attrs: Any) -> Batched:
    """An op that broadcasts: shapes end alike behind the batch."""
    size, rank = size_of(arrays), max(len(a.shape) for a in arrays)
    return Batched(call(*[ranked(a, rank) for a in arrays], **attrs), size)


def along(call: Rule, name: str, array: Batched, **attrs: Any) -> Any:
    """An op along one dim, which is one further behind the batch."""
    if array.size is None:
        return batches(call(array.value, **attrs), None)
    value = array.value if array.shape else array.value.reshape(array.size, 1)
    attrs[name] += 1
    made = batches(call(value, **attrs), array.size)
    return made if array.shape else _each(made, lambda a: Batched(a.value.reshape(a.size), a.size))


def _each(made: Any, change: Callable[[Batched], Batched]) -> Any:
    return tuple(map(change, made)) if isinstance(made, tuple) else change(made)


def one_by_one(op: OpDef, *arrays: Any, **attrs: Any) -> Any:
    """The op for one example after the other, the results stacked."""
    size = size_of(arrays)
    sequence = any(p.role == "sequence" for p in op.inputs)
    lead = len(op.inputs) - 1 if sequence else len(arrays)

    def run(i: int | None) -> Any:
        given = [None if a is None else a.value if a.size is None else a.value[i] for a in arrays]
        call = [*given[:lead], given[lead:]] if sequence else given
        return op.call(*call, **attrs)

    if size is None:
        return batches(run(None), None)
    if not size:
        raise UnsupportedError("an empty batch cannot be computed example by example", op=op.name)
    results = [run(i) for i in range(size)]
    if isinstance(results[0], tuple):
        return tuple(Batched(stack(list(parts)), size) for parts in zip(*results, strict=True))
    return Batched(stack(results), size)


# --- movement


@rule("view", "reshape")
def _(call: Rule, array: Batched, *, size: Any) -> Batched:
    return Batched(array.value.reshape(size if array.size is None else (array.size, *size)), array.size)


@rule("permute")
def _(call: Rule, array: Batched, *, dims: Any) -> Batched:
    return Batched(call(array.value, dims if array.size is None else (0, *(d + 1 for d in dims))), array.size)


@rule("expand")
def _(call: Rule, array: Batched, *, size: Any) -> Batched:
    return Batched(call(ranked(array, len(size)), size if array.size is None else (array.size, *size)), array.size)


@rule("slice")
def _(call: Rule, array: Batched, *, index: Any) -> Batched:
    return Batched(call(array.value, index if array.size is None else (slice(0, array.size, 1), *index)), array.size)


@rule("as_strided")
def _(call: Rule, array: Batched, *, size: Any, stride: Any, storage_offset: int) -> Batched:
    if array.size is None:
        return Batched(call(array.value.clone(), size, stride, storage_offset), None)
    examples = TABLE["copy"].call(array.value.reshape(array.size, numel(array.shape)))
    width = numel(array.shape)
    return Batched(call(examples, (array.size, *size), (width, *stride), storage_offset), array.size)


@rule("diagonal")
def _(call: Rule, array: Batched, *, offset: int, dim1: int, dim2: int) -> Batched:
    further = array.size is not None
    return Batched(call(array.value, offset, dim1 + further, dim2 + further), array.size)


@rule("flip")
def _(call: Rule, array: Batched, *, dims: Any) -> Batched:
    return Batched(call(array.value, dims if array.size is None else tuple(d + 1 for d in dims)), array.size)


@rule("roll")
def _(call: Rule, array: Batched, *, shifts: Any, dims: Any) -> Batched:
    return Batched(call(array.value, shifts, dims if array.size is None else tuple(d + 1 for d in dims)), array.size)


@rule("pad")
def _(call: Rule, array: Batched, *, padding: Any, value: Any) -> Batched:
    return Batched(call(array.value, padding if array.size is None else ((0, 0), *padding), value), array.size)


@rule("cat")
def _(call: Rule, *arrays: Batched, dim: int) -> Batched:
    size = size_of(arrays)
    if size is None:
        return Batched(call([a.value for a in arrays], dim), None)
    return Batched(call([whole(a, size) for a in arrays], dim + 1), size)


@rule("assign")
def _(call: Rule, target: Batched, source: Batched) -> Batched:
    rank, size = len(target.shape), size_of((target, source))
    shape = target.shape if size is None else (size, *target.shape)
    if broadcast_shapes("copy_", source.shape, target.shape) != target.shape:
        source = Batched(source.value.reshape(*([] if source.size is None else [source.size]), *target.shape),
                         source.size)
    return Batched(TABLE["copy"].call(ranked(source, rank).expand(*shape)), size)


# --- reductions


@rule("sum", "prod", "amax", "amin")
def _(call: Rule, array: Batched, *, dim: Any, **attrs: Any) -> Batched:
    if array.size is None:
        return Batched(call(array.value, dim, **attrs), None)
    if not array.shape:
        made = call(array.value.reshape(array.size, 1), (1,), **{**attrs, "keepdim": False})
        return Batched(made, array.size)
    return Batched(call(array.value, tuple(d + 1 for d in dim), **attrs), array.size)


@rule("argmax", "argmin")
def _(call: Rule, array: Batched, *, dim: int | None, keepdim: bool) -> Batched:
    if array.size is None:
        return Batched(call(array.value, dim, keepdim), None)
    if dim is None or not array.shape:
        made = call(array.value.reshape(array.size, numel(array.shape)), 1, False)
        return Batched(made.reshape(array.size, *[1] * len(array.shape)) if keepdim else made, array.size)
    return Batched(call(array.value, dim + 1, keepdim), array.size)


# --- products


@rule("matmul")
def _(call: Rule, left: Batched, right: Batched) -> Batched:
    size = size_of((left, right))
    a, b = left, right
    if len(a.shape) == 1:
        a = Batched(a.value.unsqueeze(-2), a.size)
    if len(b.shape) == 1:
        b = Batched(b.value.unsqueeze(-1), b.size)
    rank = max(len(a.shape), len(b.shape))
    made = call(ranked(a, rank), ranked(b, rank))
    if len(left.shape) == 1:
        made = made.squeeze(-2)
    if len(right.shape) == 1:
        made = made.squeeze(-1)
    return Batched(made, size)


@rule("unfold", "fold")
def _(call: Rule, array: Batched, **attrs: Any) -> Batched:
    if array.size is None:
        return Batched(call(array.value, **attrs), None)
    made = call(array.value.reshape(array.size * array.shape[0], *array.shape[1:]), **attrs)
    return Batched(made.reshape(array.size, array.shape[0], *made.shape[1:]), array.size)


# --- index


@rule("gather", "scatter", "scatter_add")
def _(call: Rule, *arrays: Batched, dim: int) -> Batched:
    names = ("input", "index", "src")[:len(arrays)]
    size = size_of(arrays)
    if size is None:
        return Batched(call(**dict(zip(names, [a.value for a in arrays], strict=True)), dim=dim), None)
    given = [whole(a, size) for a in arrays]
    if not arrays[0].shape:
        given = [g.reshape(size, 1) for g in given]
    made = call(**dict(zip(names, given, strict=True)), dim=dim + 1)
    return Batched(made if arrays[0].shape else made.reshape(size, *made.shape[1:-1]), size)


@rule("take")
def _(call: Rule, array: Batched, index: Batched, *, dim: int) -> Batched:
    if index.size is None:
        return Batched(call(array.value, index=index.value, dim=dim + (array.size is not None)), array.size)
    value = whole(array, index.size)
    lead, rest = array.shape[:dim], array.shape[dim + 1:]
    flat = index.value.reshape(index.size, *[1] * len(lead), numel(index.shape), *[1] * len(rest))
    flat = flat.expand(index.size, *lead, numel(index.shape), *rest)
    picked = TABLE["gather"].call(value, index=flat, dim=dim + 1)
    return Batched(picked.reshape(index.size, *lead, *index.shape, *rest), index.size)


def _places(size: int, indices: Any, like: Tensor) -> list[Tensor]:
    """The numbers of the examples, and indices lined up behind them."""
    rank = max(len(i.shape) for i in indices)
    numbers = TABLE["cumsum"].call(like.new_ones((size,), dtype=indices[0].value.dtype), 0) - 1
    return [numbers.reshape(size, *[1] * rank),
            *[ranked(i, rank) if i.size is not None else i.value for i in indices]]


@rule("index")
def _(call: Rule, array: Batched, *indices: Batched) -> Batched:
    size = size_of((array, *indices))
    if size is None or (array.size is None and size is not None):
        return Batched(call(array.value, [ranked(i, max(len(j.shape) for j in indices)) for i in indices]), size)
    return Batched(call(array.value, _places(size, indices, array.value)), size)


@rule("index_put")
def _(call: Rule, array: Batched, values: Batched, *indices: Batched, accumulate: bool) -> Batched:
    size = size_of((array, values, *indices))
    if size is None:
        return Batched(call(array.value, values.value, [i.value for i in indices], accumulate=accumulate), None)
    shape = broadcast_shapes("index_put", *[i.shape for i in indices]) + array.shape[len(indices):]
    given = ranked(values, len(shape)).expand(size, *shape)
    return Batched(call(whole(array, size), given, _places(size, indices, array.value), accumulate=accumulate),
                   size)


@rule("nonzero", "masked_select")
def _(call: Rule, *arrays: Batched) -> Batched:
    if size_of(arrays) is None:
        return Batched(call(*[a.value for a in arrays]), None)
    raise UnsupportedError("the size of the result would differ from example to example; use where() with a mask",
                           op="vmap")
