"""Functions that give derivatives of functions: every one takes tensors, and nests in the others and in `vmap`.

Forward derivatives are two walks back: the first gives J^T u as a function of a dummy u, whose own walk along v gives
J v; so whatever has a gradient of second order has them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any
from weakref import WeakValueDictionary

from ..errors import ArgumentError, DTypeError, GradientError, ShapeError
from ..functions import zeros_like
from ..modes import enable_grad, grad_enabled
from ..tensors.tensor import Tensor
from ..utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten
from ..walk.engine import grad as gradients
from ..walk.rules import owner
from ..walk.tape import Leaf, Node
from .batches import LEVEL, raised
from .mapping import vmap
from .trees import tensors_of

Func = Callable[..., Any]
_depth: ContextVar[int] = ContextVar("flambeau_func_depth", default=0)
_own: WeakValueDictionary[int, Tensor] = WeakValueDictionary()  # leaves that a derivative made for itself, by id


@contextmanager
def _nested() -> Any:
    """Whether another derivative or map is running around this one, within which it holds."""
    token = _depth.set(_depth.get() + 1)
    try:
        with enable_grad():
            yield _depth.get() > 1 or LEVEL.get() > 0
    finally:
        _depth.reset(token)


def _fresh(x: Tensor) -> Tensor:
    """An input to differentiate by: connected to the caller's where that one is tracked."""
    x = raised(x, LEVEL.get())  # of a derivative inside vmap every example has its own
    if x._requires_grad:
        return x.view_as(x)  # type: ignore[no-any-return]
    return _own_leaf(x)


def _own_leaf(x: Tensor) -> Tensor:
    made = x.detach().requires_grad_()
    _own[id(made)] = made
    return made


def _tracked(outputs: list[Any]) -> bool:
    """Whether a leaf of somebody else's lies behind the outputs."""
    seen: set[int] = set()
    stack = [owner(t._node or t) for t in outputs if isinstance(t, Tensor) and t._requires_grad]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Node):
            stack += [owner(e) for e in node.edges if e is not None]
        else:
            leaf = node.tensor if isinstance(node, Leaf) else node
            if _own.get(id(leaf)) is not leaf:
                return True
    return False


def _settled(tree: Any, kept: bool) -> Any:
    """Results, cut off from this derivative's own graph unless somebody needs it."""
    return tree if kept else tree_map(lambda t: t.detach() if isinstance(t, Tensor) else t, tree)


def _argnums(op: str, argnums: Any, args: tuple[Any, ...]) -> tuple[int, ...]:
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    if not chosen:
        raise ArgumentError("argnums must not be empty", op=op)
    found = []
    for n in chosen:
        if type(n) is not int:
            raise ArgumentError(f"argnum must be int or Tuple[int, ...], got: {argnums!r}", op=op)
        if not -len(args) <= n < len(args):
            raise ArgumentError(f"Got argnum={n}, but only {len(args)} positional inputs", op=op)
        found.append(n % len(args))
    if len(set(found)) < len(found):
        raise ArgumentError(f"argnums elements must be unique, got {argnums}", op=op)
    return tuple(found)


def _at(op: str, argnums: Any, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[Tensor], Any]:
    """The arguments with fresh inputs among them, those inputs as a list, and the specification of the chosen ones."""
    numbers = _argnums(op, argnums, args)
    chosen = tuple(args[n] for n in numbers) if isinstance(argnums, tuple) else args[numbers[0]]
    leaves, spec = tensors_of(op, chosen, "inputs to differentiate by")
    for leaf in leaves:
        if leaf.dtype.category < 2:
            raise DTypeError(f"can only differentiate by floating or complex inputs, got {leaf.dtype!r}", op=op,
                             dtype=leaf.dtype)
    fresh = [_fresh(leaf) for leaf in leaves]
    made = tree_unflatten(fresh, spec)
    parts = made if isinstance(argnums, tuple) else (made,)
    put = dict(zip(numbers, parts, strict=True))
    return tuple(put.get(i, arg) for i, arg in enumerate(args)), fresh, spec


def _split(op: str, result: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise ArgumentError(f"output of function f should be a tuple: (output, aux) if has_aux is True, got"
                            f" {type(result).__name__}", op=op)
    return result


def _filled(found: Any, inputs: list[Tensor]) -> list[Tensor]:
    return [zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]


def _walked(outputs: list[Tensor], inputs: list[Tensor], seeds: list[Any], create: bool) -> list[Tensor]:
    usable = [(o, s) for o, s in zip(outputs, seeds, strict=True) if o._requires_grad]
    if not usable:
        return _filled([None] * len(inputs), inputs)
    found = gradients([o for o, _ in usable], inputs, [s for _, s in usable], retain_graph=True, create_graph=create,
                      allow_unused=True)
    return _filled(found, inputs)


def grad_and_value(func: Func, argnums: Any = 0, has_aux: bool = False) -> Func:
    """Like `grad`, but the function gives (gradient, value), or (gradient, (value, aux)) with `has_aux`.

    >>> import flambeau
    >>> flambeau.func.grad_and_value(lambda x: (x * x).sum())(flambeau.tensor([1.0, 3.0]))
    (tensor([2., 6.]), tensor(10.))
    """
    op = "grad_and_value"

    @wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        outer = grad_enabled()
        with _nested() as nested:
            given, inputs, spec = _at(op, argnums, args)
            value, aux = _split(op, func(*given, **kwargs), has_aux)
            if not isinstance(value, Tensor):
                raise ArgumentError(f"Expected f(*args) to return a Tensor, got {type(value).__name__}", op=op)
            if value.ndim:
                raise ShapeError("Expected f(*args) to return a scalar tensor, got tensor with"
                                 f" {value.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?", op=op)
            kept = nested or (outer and _tracked([value, *tree_leaves(aux)]))
            found = tree_unflatten(_walked([value], inputs, [None], kept), spec)
        value, aux, found = (_settled(t, kept) for t in (value, aux, found))
        return (found, (value, aux)) if has_aux else (found, value)

    return call


def grad(func: Func, argnums: Any = 0, has_aux: bool = False) -> Func:
    """The function that gives the gradient of `func`, whose value is a tensor without dims.

    `argnums` says by which positional arguments, an int or a tuple of them; each may be a nest of tensors, and the
    gradient is nested alike. With `has_aux` `func` gives (value, aux), and the result is (gradient, aux).

    Raises ShapeError for a value with dims, ArgumentError for `argnums` or results that do not fit.

    >>> import flambeau
    >>> flambeau.func.grad(flambeau.sin)(flambeau.tensor(0.0))
    tensor(1.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return call


def vjp(func: Func, *primals: Any, has_aux: bool = False) -> Any:
    """`func(*primals)` and the function that takes a cotangent, shaped as the output, to its product with the Jacobian.

    Returns (output, vjp_fn), or (output, vjp_fn, aux) with `has_aux`.

    >>> import flambeau
    >>> output, back = flambeau.func.vjp(flambeau.sin, flambeau.zeros(2))
    >>> back(flambeau.tensor([1.0, 2.0]))
    (tensor([1., 2.]),)
    """
    op, outer = "vjp", grad_enabled()
    with _nested() as nested:
        leaves, spec = tensors_of(op, primals, "primals")
        inputs = [_fresh(leaf) for leaf in leaves]
        output, aux = _split(op, func(*tree_unflatten(inputs, spec)), has_aux)
        outputs, shape = tensors_of(op, output, "outputs")
        kept = nested or (outer and _tracked(outputs))

    def back(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        seeds, given = tensors_of(op, cotangents, "cotangents")
        if given != shape:
            raise ArgumentError(f"Expected pytree structure of cotangents to be the same as pytree structure of outputs"
                                f" to the function. cotangents: {given}, primal output: {shape}", op=op)
        around = _depth.get() > 0 or LEVEL.get() > 0
        with enable_grad():
            create = grad_enabled() if create_graph is None else create_graph
            create = create and (kept or around or any(s._requires_grad for s in seeds))
            found = _walked(outputs, inputs, seeds, create)
        return _settled(tree_unflatten(found, spec), create)

    result = _settled(output, kept)
    return (result, back, _settled(aux, kept)) if has_aux else (result, back)


def jvp(func: Func, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """`func(*primals)` and the product of its Jacobian with `tangents`, a tuple shaped as `primals`.

    Returns (output, tangent), or (output, tangent, aux) with `has_aux`. With `strict` an output that does not depend on
    the inputs raises GradientError.

    >>> import flambeau
    >>> flambeau.func.jvp(flambeau.sin, (flambeau.tensor(0.0),), (flambeau.tensor(2.0),))
    (tensor(0.), tensor(2.))
    """
    op, outer = "jvp", grad_enabled()
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise ArgumentError("Expected primals and tangents to be tuples", op=op)
    with _nested() as nested:
        leaves, spec = tensors_of(op, primals, "primals")
        directions, other = tensors_of(op, tangents, "tangents")
        if spec != other:
            raise ArgumentError("primals and tangents have different tree structures", op=op)
        for p, t in zip(leaves, directions, strict=True):
            if p.shape != t.shape:
                raise ShapeError(f"tangent has shape {list(t.shape)}, its primal {list(p.shape)}", op=op)
        inputs = [_fresh(leaf) for leaf in leaves]
        output, aux = _split(op, func(*tree_unflatten(inputs, spec)), has_aux)
        outputs, shape = tensors_of(op, output, "outputs")
        if strict and not all(o._requires_grad for o in outputs):
            raise GradientError("an output does not depend on the inputs", op=op)
        kept = nested or (outer and (_tracked(outputs) or any(t._requires_grad for t in directions)))
        found = tree_unflatten(_forward(outputs, inputs, directions, kept), shape)
    output, found, aux = (_settled(t, kept) for t in (output, found, aux))
    return (output, found, aux) if has_aux else (output, found)


def _forward(outputs: list[Tensor], inputs: list[Tensor], directions: list[Tensor], create: bool) -> list[Tensor]:
    dummies = [_own_leaf(zeros_like(o)) for o in outputs]
    back = _walked(outputs, inputs, dummies, True)
    return _walked(back, dummies, directions, create)


def linearize(func: Func, *primals: Any) -> tuple[Any, Func]:
    """`func(*primals)` and the function that takes tangents to the product of the Jacobian there with them.

    >>> import flambeau
    >>> output, forward = flambeau.func.linearize(flambeau.sin, flambeau.tensor(0.0))
    >>> forward(flambeau.tensor(3.0))
    tensor(3.)
    """
    output = func(*primals)

    def forward(*tangents: Any) -> Any:
        return jvp(func, primals, tangents)[1]

    return output, forward


def _basis(leaves: list[Tensor]) -> list[Tensor]:
    """For every element of the tensors, in order, the tensors that are 1 there and 0 elsewhere, stacked."""
    total, start, parts = sum(leaf.numel() for leaf in leaves), 0, []
    for leaf in leaves:
        rows = leaf.new_zeros((total, leaf.numel()))
        rows.diagonal(-start).fill_(1)
        parts.append(rows.reshape(total, *leaf.shape))
        start += leaf.numel()
    return parts


def _cut(stacked: Tensor, leaves: list[Tensor]) -> tuple[Tensor, ...]:
    """What belongs to each of the tensors of `_basis` in what was computed of its rows."""
    return stacked.split([leaf.numel() for leaf in leaves])  # type: ignore[no-any-return]


def jacrev(func: Func, argnums: Any = 0, *, has_aux: bool = False, chunk_size: int | None = None,
           _preallocate_and_copy: bool = False) -> Func:
    """The function that gives the Jacobian of `func`, a row per element of the output, by walks back.

    For every output its shape followed by the input's; nested as the outputs, and within as the inputs. `chunk_size`
    rows are computed at a time (None: all).

    >>> import flambeau
    >>> flambeau.func.jacrev(flambeau.sin)(flambeau.zeros(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    op = "jacrev"

    @wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        outer = grad_enabled()
        with _nested() as nested:
            given, inputs, spec = _at(op, argnums, args)
            output, aux = _split(op, func(*given, **kwargs), has_aux)
            outputs, shape = tensors_of(op, output, "outputs")
            kept = nested or (outer and _tracked(outputs))
            rows = vmap(lambda *seeds: tuple(_walked(outputs, inputs, list(seeds), True)),
                        chunk_size=chunk_size)(*_basis([o.detach() for o in outputs]))
            blocks = [_cut(r, outputs) for r in rows]
            made = [tree_unflatten([block[i].reshape(*o.shape, *x.shape)
                                    for block, x in zip(blocks, inputs, strict=True)], spec)
                    for i, o in enumerate(outputs)]
            found = tree_unflatten(made, shape)
        found, aux = _settled(found, kept), _settled(aux, kept)
        return (found, aux) if has_aux else found

    return call


def jacfwd(func: Func, argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error") -> Func:
    """The function that gives the Jacobian of `func`, a column per element of the input, by forward derivatives.

    Nested and shaped as `jacrev`'s.

    >>> import flambeau
    >>> flambeau.func.jacfwd(flambeau.sin)(flambeau.zeros(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    op = "jacfwd"

    @wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        outer = grad_enabled()
        with _nested() as nested:
            given, inputs, spec = _at(op, argnums, args)
            output, aux = _split(op, func(*given, **kwargs), has_aux)
            outputs, shape = tensors_of(op, output, "outputs")
            kept = nested or (outer and _tracked(outputs))
            columns = vmap(lambda *directions: tuple(_forward(outputs, inputs, list(directions), True)),
                           randomness=randomness)(*_basis([x.detach() for x in inputs]))
            made = [tree_unflatten([block.movedim(0, -1).reshape(*o.shape, *x.shape)
                                    for block, x in zip(_cut(column, inputs), inputs, strict=True)], spec)
                    for o, column in zip(outputs, columns, strict=True)]
            found = tree_unflatten(made, shape)
        found, aux = _settled(found, kept), _settled(aux, kept)
        return (found, aux) if has_aux else found

    return call


def hessian(func: Func, argnums: Any = 0) -> Func:
    """The function that gives the matrix of second derivatives of `func`: `jacfwd` of `jacrev`.

    >>> import flambeau
    >>> flambeau.func.hessian(lambda x: (x**3).sum())(flambeau.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


def functionalize(func: Func, *, remove: str = "mutations") -> Func:
    """`func`, called on copies of its tensors: what it writes in place stays inside.

    >>> import flambeau
    >>> x = flambeau.zeros(1)
    >>> flambeau.func.functionalize(lambda x: x.add_(1))(x), x
    (tensor([1.]), tensor([0.]))
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise ArgumentError(f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}."
                            " Valid options are: remove='mutations', 'mutations_and_views'", op="functionalize")

    @wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        leaves, spec = tree_flatten((args, kwargs))
        own = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        given, named = tree_unflatten(own, spec)
        return func(*given, **named)

    return call
