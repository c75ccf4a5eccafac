"""`vmap`: a function of one example becomes one of a batch, computed a whole batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps
from typing import Any

from ..errors import ArgumentError, ShapeError, ValueRangeError
from ..modes import RANDOMNESS
from ..tensors.tensor import Tensor
from ..utils._pytree import tree_flatten, tree_unflatten
from .batches import LEVEL, level_of, popped, pushed
from .trees import as_leaves


def vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *,
         chunk_size: int | None = None) -> Callable[..., Any]:
    """`func` mapped over a dim of its arguments: called with batches, it gives the results of every example, stacked.

    `in_dims` says which dim of each argument is the batch, as an int for all or nested as the arguments are; None: the
    argument is the same for every example. `out_dims` says where the batch goes in each result. Keyword arguments are
    mapped over their first dim. With `chunk_size` so many examples are computed at a time. `randomness` is "error",
    "same" (every example draws the same numbers) or "different".

    Inside `func` a tensor has the shape of one example. Raises ShapeError for batches of different sizes, ArgumentError
    for dims that do not fit the arguments or results that are no tensors, UnsupportedError where `func` asks for an
    element of a mapped tensor, or for a result whose size depends on the elements.

    >>> import flambeau
    >>> flambeau.vmap(flambeau.dot)(flambeau.ones(2, 3), flambeau.tensor([[1.0, 2, 3], [4, 5, 6]]))
    tensor([ 6., 15.])
    """
    if randomness not in ("error", "different", "same"):
        raise ValueRangeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got"
                              f" {randomness}", op="vmap")
    if chunk_size is not None and chunk_size < 1:
        raise ValueRangeError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})", op="vmap")

    @wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, spec, dims, size = _batches(func, in_dims, args, kwargs)
        if chunk_size is None or chunk_size >= size:
            return _run(func, leaves, spec, dims, size, out_dims, randomness)
        parts = []
        for start in range(0, size, chunk_size):
            count = min(chunk_size, size - start)
            cut = [leaf if d is None else leaf.narrow(d, start, count) for leaf, d in zip(leaves, dims, strict=True)]
            parts.append(_run(func, cut, spec, dims, count, out_dims, randomness))
        return _joined(parts, out_dims)

    return mapped


def _batches(func: Any, in_dims: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any, int]:
    name = getattr(func, "__name__", repr(func))
    if not isinstance(in_dims, (int, tuple, list)) or isinstance(in_dims, bool):
        raise ArgumentError(f"vmap({name}, in_dims={in_dims}, ...): expected `in_dims` to be int or a (potentially"
                            f" nested) tuple matching the structure of inputs, got: {type(in_dims).__name__}.",
                            op="vmap")
    if not args and not kwargs:
        raise ArgumentError(f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying"
                            " to vmap over a function with no inputs. The latter is unsupported.", op="vmap")
    leaves, spec = tree_flatten((args, kwargs))
    positional, _ = tree_flatten(args)
    chosen = tuple(in_dims) if isinstance(in_dims, list) else in_dims
    dims = as_leaves(chosen, args, f"vmap({name}, in_dims={in_dims}, ...)")
    dims += [0 if isinstance(leaf, Tensor) else None for leaf in leaves[len(positional):]]
    sizes = {}
    for i, (leaf, dim) in enumerate(zip(leaves, dims, strict=True)):
        dims[i] = _checked(name, leaf, dim)
        if dim is not None:
            sizes[leaf.shape[dims[i]]] = i
    if not sizes:
        raise ArgumentError(f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): at least one of the inputs has to be"
                            " mapped over", op="vmap")
    if len(sizes) > 1:
        raise ShapeError("vmap: Expected all tensors to have the same size in the mapped dimension, got sizes"
                         f" {sorted(sizes)} for the mapped dimension", op="vmap")
    return leaves, spec, dims, next(iter(sizes))


def _checked(name: str, leaf: Any, dim: Any) -> int | None:
    if dim is None:
        return None
    if type(dim) is not int:
        raise ArgumentError(f"vmap({name}): in_dim must be an int or None, got {dim!r}", op="vmap")
    if not isinstance(leaf, Tensor):
        raise ArgumentError(f"vmap({name}): Got in_dim={dim} for an input but the input is of type"
                            f" {type(leaf).__name__}. We cannot vmap over non-Tensor arguments, please use None as the"
                            " respective in_dim", op="vmap")
    if not -leaf.ndim <= dim < leaf.ndim:
        raise ArgumentError(f"vmap({name}): Got in_dim={dim} for some input, but that input is a Tensor of"
                            f" dimensionality {leaf.ndim} so expected in_dim to satisfy -{leaf.ndim} <= in_dim <"
                            f" {leaf.ndim}.", op="vmap")
    return dim % leaf.ndim


@contextmanager
def _level(randomness: str) -> Any:
    level = LEVEL.get() + 1
    token, mode = LEVEL.set(level), RANDOMNESS.set(randomness)
    try:
        yield level
    finally:
        LEVEL.reset(token)
        RANDOMNESS.reset(mode)


def _run(func: Any, leaves: list[Any], spec: Any, dims: list[Any], size: int, out_dims: Any, randomness: str) -> Any:
    with _level(randomness) as level:
        given = [leaf if d is None else pushed(leaf.movedim(d, 0), size, level)
                 for leaf, d in zip(leaves, dims, strict=True)]
        args, kwargs = tree_unflatten(given, spec)
        made = func(*args, **kwargs)
    outputs, shape = tree_flatten(made)
    name = getattr(func, "__name__", repr(func))
    places = as_leaves(out_dims, made, f"vmap({name}, ..., out_dims={out_dims})")
    found = []
    for output, place in zip(outputs, places, strict=True):
        if not isinstance(output, Tensor):
            raise ArgumentError(f"vmap({name}, ...): `{name}` must only return Tensors, got type"
                                f" {type(output).__name__} as a return.", op="vmap")
        found.append(_placed(name, output, place, size, level))
    return tree_unflatten(found, shape)


def _placed(name: str, output: Tensor, place: Any, size: int, level: int) -> Tensor:
    if place is None:
        if level_of(output) == level and output._array.size is not None:
            raise ArgumentError(f"vmap({name}, ..., out_dims=None): the result differs from example to example, so"
                                " that it needs a dim for them", op="vmap")
        return output._array.value if level_of(output) == level else output
    if not -output.ndim - 1 <= place <= output.ndim:
        raise ArgumentError(f"vmap({name}, ..., out_dims={place}): out_dim must satisfy -{output.ndim + 1} <= out_dim"
                            f" <= {output.ndim}", op="vmap")
    return popped(output, size, level).movedim(0, place)


def _joined(parts: list[Any], out_dims: Any) -> Any:
    from ..functions import cat

    shape = tree_flatten(parts[0])[1]
    columns = zip(*[tree_flatten(part)[0] for part in parts], strict=True)
    places = as_leaves(out_dims, parts[0], "vmap")
    return tree_unflatten([column[0] if place is None else cat(list(column), place)
                           for column, place in zip(columns, places, strict=True)], shape)
