"""Jacobians, Hessians and their products, by walking back once or twice.

`jvp` is two walks: the first gives J^T u as a function of a dummy u, whose own walk along v gives J v.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, GradientError, ShapeError, ValueRangeError
from ..functions import stack, zeros, zeros_like
from ..modes import enable_grad
from ..spelling import public
from ..tensors.tensor import Tensor
from ..walk.engine import grad

Func = Callable[..., Any]


def _as_tuple(value: Any, what: str, op: str) -> tuple[bool, tuple[Tensor, ...]]:
    """Whether it was a tuple, and it as one of Tensors; raises ArgumentError for anything else."""
    was_tuple = isinstance(value, tuple)
    values = value if was_tuple else (value,)
    for i, v in enumerate(values):
        if not isinstance(v, Tensor):
            place = f" at index {i}" if was_tuple else ""
            raise ArgumentError(f"the {what} given to {op} must be either a Tensor or a tuple of Tensors, but the"
                                f" value{place} has type {type(v).__name__}", op=op)
    return was_tuple, values


def _prepared(inputs: tuple[Tensor, ...], create_graph: bool) -> tuple[Tensor, ...]:
    """Inputs to differentiate by: in the caller's graph if it wants one, else leaves of their own."""
    if create_graph:
        return tuple(x.view_as(x) if x.requires_grad else x.detach().requires_grad_(True) for x in inputs)
    return tuple(x.detach().requires_grad_(True) for x in inputs)


def _finished(values: tuple[Any, ...], was_tuple: bool, create_graph: bool) -> Any:
    made = values if create_graph else tuple(_detached(v) for v in values)
    return made if was_tuple else made[0]


def _detached(value: Any) -> Any:
    return tuple(_detached(v) for v in value) if isinstance(value, tuple) else value.detach()


def _check_strict(outputs: tuple[Tensor, ...], strict: bool, op: str) -> None:
    for i, o in enumerate(outputs):
        if strict and not o.requires_grad:
            raise GradientError(f"output {i} of the user-provided function does not require gradients; the outputs must"
                                " be computed in a differentiable manner from the input when running in strict mode",
                                op=op)


def _grads(outputs: tuple[Tensor, ...], inputs: tuple[Tensor, ...], seeds: Any, create_graph: bool) -> list[Any]:
    """The gradient for each input, None where the outputs do not depend on it."""
    given = [None] * len(outputs) if seeds is None else seeds
    usable = [(o, s) for o, s in zip(outputs, given, strict=True) if o.requires_grad]
    if not usable:
        return [None] * len(inputs)
    return list(grad([o for o, _ in usable], inputs, [s for _, s in usable], retain_graph=True,
                     create_graph=create_graph, allow_unused=True))


def _filled(found: list[Any], inputs: tuple[Tensor, ...], strict: bool, create_graph: bool, op: str) -> tuple[Any, ...]:
    for i, g in enumerate(found):
        if strict and g is None:
            raise GradientError(f"the output of the user-provided function is independent of input {i}; this is not"
                                " allowed in strict mode", op=op)
        if strict and create_graph and not g.requires_grad:
            raise GradientError(f"the derivative with respect to input {i} is independent of the inputs; this is not"
                                " allowed in strict mode when create_graph=True", op=op)
    return tuple(zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True))


def _check_v(v: Any, like: tuple[Tensor, ...], was_tuple: bool, what: str, op: str) -> tuple[Tensor, ...]:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise GradientError(f"the vector v can only be None if {what} is a single Tensor with a single element",
                                op=op)
        return (like[0].detach() * 0 + 1,)
    _, values = _as_tuple(v, "v", op)
    if len(values) != len(like):
        raise GradientError(f"v is a tuple of invalid length: should be {len(like)} but got {len(values)}", op=op)
    for i, (a, b) in enumerate(zip(values, like, strict=True)):
        if a.shape != b.shape:
            raise ShapeError(f"v has invalid size at index {i}: should be {list(b.shape)} but got {list(a.shape)}",
                             op=op)
    return values


def vjp(func: Func, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """`func(inputs)` and the product of `v` with its Jacobian.

    `v` has the shape of the output; it may be left out for a single number. Raises GradientError in
    `strict` mode for an output or input that nothing connects.

    >>> import flambeau
    >>> x = flambeau.tensor([1.0, 2.0])
    >>> vjp(lambda x: x * x, x, flambeau.tensor([1.0, 10.0]))[1]
    tensor([ 2., 40.])
    """
    with enable_grad():
        inputs_tuple, given = _as_tuple(inputs, "inputs", "vjp")
        at = _prepared(given, create_graph)
        outputs_tuple, outputs = _as_tuple(func(*at), "outputs of the user-provided function", "vjp")
        _check_strict(outputs, strict, "vjp")
        weights = _check_v(v, outputs, outputs_tuple, "the output", "vjp")
        products = _filled(_grads(outputs, at, weights, create_graph), given, strict, create_graph, "vjp")
    return _finished(outputs, outputs_tuple, create_graph), _finished(products, inputs_tuple, create_graph)


def jvp(func: Func, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """`func(inputs)` and the product of its Jacobian with `v`, which has the shapes of the inputs.

    `v` may be left out for a single number; errors as for `vjp`.

    >>> import flambeau
    >>> x = flambeau.tensor([1.0, 2.0])
    >>> jvp(lambda x: x * x, x, flambeau.tensor([1.0, 10.0]))[1]
    tensor([ 2., 40.])
    """
    with enable_grad():
        inputs_tuple, given = _as_tuple(inputs, "inputs", "jvp")
        weights = _check_v(v, given, inputs_tuple, "the input to the user-provided function", "jvp")
        at = _prepared(given, create_graph)
        outputs_tuple, outputs = _as_tuple(func(*at), "outputs of the user-provided function", "jvp")
        _check_strict(outputs, strict, "jvp")
        dummies = tuple(zeros_like(o).detach().requires_grad_(True) for o in outputs)
        back = [(g, w) for g, w in zip(_grads(outputs, at, dummies, True), weights, strict=True) if g is not None]
        found = _grads(tuple(g for g, _ in back), dummies, [w for _, w in back], create_graph)
        products = _filled(found, outputs, strict, create_graph, "jvp")
    return _finished(outputs, outputs_tuple, create_graph), _finished(products, outputs_tuple, create_graph)


def _rows(output: Tensor, inputs: tuple[Tensor, ...], create_graph: bool, strict: bool, op: str) -> tuple[Tensor, ...]:
    """For each input the stacked gradients of the output's elements: output.shape + input.shape."""
    flat = output.reshape(-1)
    columns: list[list[Tensor]] = [[] for _ in inputs]
    for i in range(flat.numel()):
        found = _filled(_grads((flat[i],), inputs, None, create_graph), inputs, strict, create_graph, op)
        for column, g in zip(columns, found, strict=True):
            column.append(g)
    return tuple(stack(column).reshape((*output.shape, *x.shape)) if column
                 else zeros((*output.shape, *x.shape), dtype=x.dtype, device=x.device)
                 for column, x in zip(columns, inputs, strict=True))


def jacobian(func: Func, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
             strategy: str = "reverse-mode") -> Any:
    """The derivative of every element of `func(*inputs)` by every element of the inputs.

    A Tensor of shape output.shape + input.shape; a tuple over outputs, over inputs, or nested, where
    those are tuples. `vectorize` and `strategy` are accepted and change nothing but PyTorch's speed.
    Raises ValueRangeError for an unknown strategy, GradientError in `strict` mode.

    >>> import flambeau
    >>> jacobian(lambda x: x * x, flambeau.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueRangeError(f"expected strategy to be either 'forward-mode' or 'reverse-mode', got {strategy!r}",
                              op="jacobian")
    with enable_grad():
        inputs_tuple, given = _as_tuple(inputs, "inputs", "jacobian")
        at = _prepared(given, create_graph)
        outputs_tuple, outputs = _as_tuple(func(*at), "outputs of the user-provided function", "jacobian")
        _check_strict(outputs, strict, "jacobian")
        table = tuple(_finished(_rows(o, at, create_graph, strict, "jacobian"), inputs_tuple, create_graph)
                      for o in outputs)
    return table if outputs_tuple else table[0]


def _single(func: Func, op: str) -> Func:
    """`func`, checked to give one number."""

    def wrapped(*args: Any) -> Any:
        out = func(*args)
        if not isinstance(out, Tensor):
            raise GradientError(f"the function given to {op} should return a single Tensor", op=op)
        if out.numel() != 1:
            raise GradientError(f"the Tensor returned by the function given to {op} should contain a single element",
                                op=op)
        return out.reshape(())

    return wrapped


def hessian(func: Func, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
            outer_jacobian_strategy: str = "reverse-mode") -> Any:
    """The second derivatives of `func`, which gives one number: for inputs a, b a block of a.shape + b.shape.

    Raises GradientError if `func` gives anything else.

    >>> import flambeau
    >>> hessian(lambda x: (x ** 3).sum(), flambeau.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    inputs_tuple, given = _as_tuple(inputs, "inputs", "hessian")
    scalar = _single(func, "hessian")

    def gradients(*args: Tensor) -> tuple[Tensor, ...]:
        at = tuple(x.view_as(x) for x in args)
        out = scalar(*at)
        _check_strict((out,), strict, "hessian")
        return _filled(_grads((out,), at, None, True), at, strict, strict, "hessian")

    blocks = jacobian(gradients, given, create_graph, strict, vectorize, outer_jacobian_strategy)
    return blocks if inputs_tuple else blocks[0][0]


def vhp(func: Func, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """`func(inputs)` and the product of `v`, which has the inputs' shapes, with its Hessian.

    >>> import flambeau
    >>> vhp(lambda x: (x ** 3).sum(), flambeau.tensor([1.0, 2.0]), flambeau.tensor([1.0, 1.0]))[1]
    tensor([ 6., 12.])
    """
    with enable_grad():
        inputs_tuple, given = _as_tuple(inputs, "inputs", "vhp")
        weights = _check_v(v, given, inputs_tuple, "the input to the user-provided function", "vhp")
        at = _prepared(given, create_graph)
        out = _single(func, "vhp")(*at)
        _check_strict((out,), strict, "vhp")
        first = _filled(_grads((out,), at, None, True), at, strict, strict, "vhp")
        products = _filled(_grads(first, at, weights, create_graph), given, strict, create_graph, "vhp")
    return _finished((out,), False, create_graph), _finished(products, inputs_tuple, create_graph)


def hvp(func: Func, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """`func(inputs)` and the product of its Hessian with `v`; for real inputs the same as `vhp`, by one walk more.

    >>> import flambeau
    >>> hvp(lambda x: (x ** 3).sum(), flambeau.tensor([1.0, 2.0]), flambeau.tensor([1.0, 1.0]))[1]
    tensor([ 6., 12.])
    """
    with enable_grad():
        inputs_tuple, given = _as_tuple(inputs, "inputs", "hvp")
        weights = _check_v(v, given, inputs_tuple, "the input to the user-provided function", "hvp")
        at = _prepared(given, create_graph)
        out = _single(func, "hvp")(*at)
        _check_strict((out,), strict, "hvp")
        first = _filled(_grads((out,), at, None, True), at, strict, strict, "hvp")
        dummies = tuple(zeros_like(g).detach().requires_grad_(True) for g in first)
        back = [(g, w) for g, w in zip(_grads(first, at, dummies, True), weights, strict=True) if g is not None]
        found = _grads(tuple(g for g, _ in back), dummies, [w for _, w in back], create_graph)
        products = _filled(found, given, strict, create_graph, "hvp")
    return _finished((out,), False, create_graph), _finished(products, inputs_tuple, create_graph)


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
__getattr__, __dir__ = public(__name__)
