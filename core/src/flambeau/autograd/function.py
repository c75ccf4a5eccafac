"""Functions with a backward written by hand.

`apply` runs forward without recording, then puts one node on the tape. The node keeps the saved
tensors (results without their place in the graph, so that no cycle arises) and the context that
forward filled. The walk calls `FunctionOp.backward`, which hands the user's backward a context
that knows the node for as long as the call lasts.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, GradientError, InplaceError, ShapeError
from ..modes import _grad, grad_enabled, is_grad_enabled, run_with
from ..table.registry import TABLE
from ..tensors.tensor import Tensor, shell, wrap
from ..tensors.views import rebase
from ..walk.rules import freed_error, modified_error
from ..walk.tape import FREED, FunctionView, Leaf, Node, Output, Packed, add_view, new_node, tick, version_of


class FunctionCtx:
    """What forward passes to backward: saved tensors, marks, and any attribute set on it."""

    __slots__ = ("__dict__", "__weakref__", "_node")

    _forward_cls: type[Function]
    _node: Node | None
    to_save: tuple[Any, ...] = ()
    dirty_tensors: tuple[Any, ...] = ()
    non_differentiable: tuple[Any, ...] = ()
    materialize_grads = True
    needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keeps tensors for backward, where `saved_tensors` gives them; each is checked to be unchanged then."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Accepted for PyTorch's sake; forward-mode differentiation does not exist here."""

    def mark_dirty(self, *args: Tensor) -> None:
        """Declares inputs that forward changed in place; each must be returned."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Declares outputs that have no gradient; backward still gets zeros in their places."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default) or None for outputs without a gradient."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` kept; raises GraphFreedError once a walk has freed it."""
        return () if self._node is None else saved_tensors(self._node)

    saved_variables = saved_tensors

    def name(self) -> str:
        """The node's name."""
        return type(self).__name__

    @property
    def next_functions(self) -> Any:
        """As on the node."""
        return () if self._node is None else self._node.next_functions


class SavedOutput:
    """A result that a Function saved: without its place in the graph, which would be a cycle."""

    __slots__ = ("nr", "tensor")

    def __init__(self, tensor: Tensor, nr: int) -> None:
        self.tensor, self.nr = tensor, nr


def saved_tensors(node: Node) -> tuple[Any, ...]:
    """The tensors a Function's node saved, checked to be unchanged, results in their places in the graph."""
    if node.saved is FREED:
        raise freed_error(node)
    return tuple(_unpacked(node, i) for i in range(len(node.saved)))


def _unpacked(node: Node, i: int) -> Any:
    value = node.saved[i]
    if value is None:
        return None
    if type(value) is Packed:
        return value.unpack(value.held)
    held = value.tensor if type(value) is SavedOutput else value
    count = version_of(held)
    if count != node.versions[i]:  # type: ignore[index]
        raise modified_error(node, f"saved tensor {i}", held, node.versions[i])  # type: ignore[index]
    if held is value:
        return value
    linked = shell(held)
    if held.dtype.category > 1:
        linked._requires_grad, linked._node = True, _edge_of(node, value.nr)
    return linked


def _edge_of(node: Node, nr: int) -> Any:
    return Output(node, nr) if type(node.kind) is tuple else node


class FunctionOp:
    """What stands in the place of a table row for the nodes of one Function."""

    __slots__ = ("context", "function", "grad_name", "signature")

    rules = None
    rules_plan: tuple[()] = ()
    simple = False
    holds = True
    saves: tuple[str, ...] = ()
    auxiliary: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    name = "Function"

    def __init__(self, function: type[Function]) -> None:
        self.function = function
        self.grad_name = f"{function.__name__}Backward"
        self.signature: Any = None
        self.context: Any = type(self.grad_name, (FunctionCtx,), {"__slots__": (), "_forward_cls": function})

    def materialize(self, node: Node) -> bool:
        """Whether the walk hands zeros to backward for results without a gradient."""
        return bool(node.attrs["ctx"].materialize_grads)  # type: ignore[index]

    def context_of(self, node: Node) -> FunctionCtx:
        """The context that forward filled, knowing the node: not kept, for it would be a cycle."""
        ctx: FunctionCtx = self.context.__new__(self.context)
        ctx.__dict__, ctx._node = node.attrs["ctx"].__dict__, node  # type: ignore[index]
        return ctx

    def backward(self, node: Node, g: Any) -> list[tuple[Any, Any]]:
        """(edge, gradient) pairs from the user's backward, checked."""
        ctx = self.context_of(node)
        function = self.function.backward if self.function.vjp is Function.vjp else self.function.vjp
        made = function(ctx, *(g if isinstance(g, tuple) else (g,)))
        made = made if isinstance(made, tuple) else (made,)
        edges = node.edges
        if len(made) > len(edges) and all(m is None for m in made[len(edges):]):
            made = made[: len(edges)]
        if len(made) != len(edges):
            raise GradientError(f"function {self.grad_name} returned an incorrect number of gradients (expected"
                                f" {len(edges)}, got {len(made)})", op="backward")
        tensors = node.attrs["tensors"]  # type: ignore[index]
        return [(e, self._checked(i, e, m, tensors[i])) for i, (e, m) in enumerate(zip(edges, made, strict=True))]

    def _checked(self, i: int, edge: Any, g: Any, is_tensor: bool) -> Any:
        """A gradient of the input's dtype; raises for what is no gradient of that input."""
        if g is None:
            return None
        if not is_tensor:
            raise GradientError(f"function {self.grad_name} returned a gradient different from None at position"
                                f" {i + 1}, but the corresponding forward input was not a Tensor", op="backward")
        if not isinstance(g, Tensor):
            raise GradientError(f"function {self.grad_name} must return Tensors or None, got {type(g).__name__}"
                                f" at position {i + 1}", op="backward")
        return g if edge is None else self._converted(i, edge, g)

    def _converted(self, i: int, edge: Any, g: Tensor) -> Tensor:
        kind, shape = _target(edge)
        have = g._array.shape
        lead = len(have) - len(shape)
        if lead < 0 or any(w not in (1, h) for w, h in zip(shape, have[lead:], strict=True)):
            raise ShapeError(f"function {self.grad_name} returned an invalid gradient at index {i} - got {list(have)}"
                             f" but expected shape compatible with {list(shape)}", op="backward")
        if g._kind.plain is kind:
            return g
        if g.dtype.is_complex and not kind.dtype.is_complex:
            g = TABLE["real"].call(g)
        return TABLE["cast"].call(g, kind.dtype) if g.dtype is not kind.dtype else g


def _target(edge: Any) -> tuple[Any, Any]:
    """Kind and shape of the value that an edge leads to."""
    edge = edge.tensor if type(edge) is Leaf else edge
    if isinstance(edge, Tensor):
        return edge._kind.plain, edge._array.shape
    if type(edge) is Output:
        return edge.node.kind[edge.nr].plain, edge.node.shape[edge.nr]
    return edge.kind.plain, edge.shape


class Function:
    """An operation with a forward and a backward of its own: subclass it, then call `apply`.

    `forward(ctx, *args)` (or `forward(*args)` with `setup_context(ctx, inputs, output)`) computes,
    unrecorded; `backward(ctx, *grads)` returns a gradient or None for every argument of forward.
    Under `create_graph` backward is recorded, so it can be differentiated again.

    >>> import flambeau
    >>> class Cube(flambeau.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x ** 3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         x, = ctx.saved_tensors
    ...         return g * 3 * x ** 2
    >>> x = flambeau.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    generate_vmap_rule = False
    _op: FunctionOp

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._op = FunctionOp(cls)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise GradientError("a Function is not called as an instance: make forward and backward static methods and call"
                            f" {type(self).__name__}.apply(...)", op=type(self).__name__)

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Computes the outputs; to be written by the subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Fills `ctx` after a forward that takes none."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """One gradient, or None, for every argument of forward; to be written by the subclass."""
        raise NotImplementedError("You must implement either the backward or vjp method for your custom"
                                  " autograd.Function to use it with backward mode AD.")

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """Another name for backward."""
        raise NotImplementedError("You must implement either the backward or vjp method.")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Runs forward on `args`; tensors among the outputs are recorded if a tensor among `args` requires a gradient.

        Raises GradientError if forward marked tensors wrongly, ArgumentError if it saved what is no tensor.
        """
        ctx = cls._op.context()
        ctx._node = None
        separate = cls.setup_context is not Function.setup_context
        if kwargs or separate:
            args = _positional(cls, args, kwargs, separate)
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a._requires_grad for a in args)
        tracked = any(ctx.needs_input_grad) and grad_enabled()
        edges = tuple(_input_edge(a) for a in args) if tracked else None
        made = run_with(_grad, False, _forward, cls, ctx, args, separate)
        outputs = made if isinstance(made, tuple) else (made,)
        finished = _Recorder(cls._op, ctx, args, outputs).finish(edges)
        return finished if isinstance(made, tuple) else finished[0]


def _forward(cls: type[Function], ctx: Any, args: tuple[Any, ...], separate: bool) -> Any:
    """What the user's `forward` makes, `ctx` set up beside it."""
    if not separate:
        return cls.forward(ctx, *args)
    made = cls.forward(*args)
    cls.setup_context(ctx, args, made)
    return made


def _positional(cls: type[Function], args: tuple[Any, ...], kwargs: dict[str, Any], separate: bool) -> tuple[Any, ...]:
    """Keywords in the places of forward's parameters; for a forward without context its defaults, too."""
    import inspect

    if cls._op.signature is None:
        cls._op.signature = inspect.signature(cls.forward)
    bound = cls._op.signature.bind(*args, **kwargs) if separate else cls._op.signature.bind(None, *args, **kwargs)
    if separate:
        bound.apply_defaults()
        return tuple(bound.args)
    return tuple(bound.args[1:])


def _input_edge(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return None
    return value._node or (value if value._requires_grad else None)


class _Recorder:
    """Turns what forward returned into what `apply` returns."""

    def __init__(self, op: FunctionOp, ctx: FunctionCtx, args: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
        self.op, self.ctx, self.args, self.outputs = op, ctx, args, outputs
        held = ctx.__dict__  # outputs left there would be a cycle
        self.to_save = held.pop("to_save", ())
        self.dirty = {id(t) for t in held.pop("dirty_tensors", ())}
        self.constant = {id(t) for t in held.pop("non_differentiable", ())}
        self.inputs = {id(a) for a in args if isinstance(a, Tensor)}
        if self.dirty - {id(o) for o in outputs}:
            raise GradientError("some elements marked as dirty during the forward method were not returned as output;"
                                " the inputs that are modified inplace must all be outputs of the Function",
                                op=op.function.__name__)

    def finish(self, edges: tuple[Any, ...] | None) -> tuple[Any, ...]:
        """The outputs, each in its place in the graph."""
        if edges is None:
            return tuple(self._untracked(o) for o in self.outputs)
        node = self._node(edges)
        made = tuple(self._tracked(o, node if len(self.outputs) == 1 else Output(node, nr))
                     for nr, o in enumerate(self.outputs))
        self._save(node, made)
        return made

    def _node(self, edges: tuple[Any, ...]) -> Node:
        node: Node = new_node(Node)
        node.op, node.seq, node.edges, node.hooks, node.saved, node.versions = self.op, tick(), edges, None, (), None
        node.attrs = {"ctx": self.ctx, "tensors": tuple(isinstance(a, Tensor) for a in self.args)}
        kinds = tuple(o._kind if isinstance(o, Tensor) else None for o in self.outputs)
        shapes = tuple(o._array.shape if isinstance(o, Tensor) else None for o in self.outputs)
        node.kind, node.shape = (kinds[0], shapes[0]) if len(kinds) == 1 else (kinds, shapes)
        return node

    def _untracked(self, output: Any) -> Any:
        if not isinstance(output, Tensor):
            return output
        if id(output) in self.inputs:
            return output if id(output) in self.dirty else _passed_through(output)
        output._node, output._requires_grad = None, False
        return output

    def _tracked(self, output: Any, edge: Any) -> Any:
        if not isinstance(output, Tensor):
            return output
        if id(output) in self.constant or output.dtype.category < 2:
            return self._untracked(output)
        if id(output) in self.dirty:
            return self._changed(output, edge)
        if id(output) in self.inputs:
            output = _passed_through(output)
        elif output._view is not None:
            output._view = FunctionView(output._view)
        output._node, output._requires_grad = edge, True
        return output

    def _changed(self, output: Tensor, edge: Any) -> Tensor:
        base = output._base
        if any(t is not None and t._requires_grad and t._node is None for t in (output, base)):
            raise InplaceError("a leaf Variable that requires grad is being used in an in-place operation",
                               op=self.op.function.__name__)
        rebase(output, edge)
        return output

    def _save(self, node: Node, made: tuple[Any, ...]) -> None:
        numbers = {id(o): nr for nr, o in enumerate(self.outputs)}
        kept: list[Any] = []
        for i, t in enumerate(self.to_save):
            if t is not None and not isinstance(t, Tensor):
                raise ArgumentError(f"save_for_backward can only save Tensors, but argument {i} is of type"
                                    f" {type(t).__name__}", op=self.op.function.__name__)
            is_result = id(t) in numbers and (id(t) not in self.inputs or id(t) in self.dirty)
            kept.append(_saved_output(made[numbers[id(t)]], numbers[id(t)]) if is_result else t)
        node.saved = tuple(kept)
        node.versions = tuple(_version_of(k) for k in kept)


def _saved_output(result: Tensor, nr: int) -> Any:
    if not result._requires_grad:
        return result
    if result._version is None:
        result._version = [0, None]
    return SavedOutput(shell(result), nr)


def _version_of(saved: Any) -> int:
    held = saved.tensor if type(saved) is SavedOutput else saved
    return 0 if held is None else version_of(held)


def _passed_through(source: Tensor) -> Tensor:
    """An input returned as it is: another tensor over the same memory."""
    made = wrap(source._array, source._kind.plain)
    if source._version is None:
        source._version = [0, None]
    made._version = source._version
    parent = source._view
    made._view = FunctionView(parent, source)
    add_view(source._version, made)
    return made


class _ErrorOp:
    """Stands at the end of gradients that must not be differentiated again."""

    rules = None
    rules_plan: tuple[()] = ()
    simple = False
    holds = True
    saves: tuple[str, ...] = ()
    grad_name = "Error"

    def backward(self, node: Node, g: Any) -> Any:
        """Raises GradientError."""
        raise GradientError("trying to differentiate twice a function that was marked with @once_differentiable",
                            op="backward")


_ONCE = _ErrorOp()


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a backward that cannot be differentiated: a walk through its gradients raises GradientError."""

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        made = run_with(_grad, False, fn, ctx, *args)
        if not is_grad_enabled() or not any(isinstance(a, Tensor) and a._requires_grad for a in args):
            return made
        return tuple(_final(m) for m in made) if isinstance(made, tuple) else _final(made)

    return wrapper


def _final(g: Any) -> Any:
    if not isinstance(g, Tensor):
        return g
    made = shell(g)
    node: Node = new_node(Node)
    node.op, node.seq, node.kind, node.shape, node.attrs = _ONCE, tick(), made._kind, made._array.shape, None
    node.edges, node.saved, node.versions, node.hooks = (), (), None, None
    made._node, made._requires_grad = node, True
    return made


class InplaceFunction(Function):
    """A Function whose instances remember whether they work in place."""

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace


__all__ = ["Function", "FunctionCtx", "InplaceFunction", "once_differentiable"]
