"""What the gradient rules of a node answer: saved values are read, checked, handed over.

Rules of float16 and bfloat16 run in float32 where they accumulate, that is where the op does (`compute="float32"`) or
where what they answer is to be summed to the shape of a broadcast input; the answer is rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, GraphFreedError, SavedTensorModifiedError, ShapeError
from ..ops.movement import reshape
from ..table.precision import narrowed, widened
from ..table.registry import TABLE
from ..tensors.tensor import Tensor, wrap
from .tape import FREED, UNPACK, Leaf, Node, Output, Packed, Recast, version_of


def unpack(node: Node, i: int, create: bool) -> Any:
    """The i-th value that `node` saved, checked to be what it was."""
    value = node.saved[i]
    dtype = None
    if not isinstance(value, Tensor):
        if type(value) is Packed or (type(value) is list and any(type(v) is Packed for v in value)):
            return _unpacked(node, node.op.saves[i], value, create)
        if type(value) is not Recast:
            return value
        value, dtype = value.tensor, value.dtype
    versions = node.versions
    cell = value._version
    if (0 if cell is None else cell[0]) != (0 if versions is None else versions[i]):
        raise modified_error(node, repr(node.op.saves[i]), value, 0 if versions is None else versions[i])
    if value._node is None and not value._requires_grad:
        _check_attached(node, node.op.saves[i])
    if dtype is not None:
        return TABLE["cast"].call(value, dtype)
    if create:
        name = node.op.saves[i]
        if name in node.op.ungraded:  # a floating one is no constant at second order: the rule computes it anew
            return None if value.dtype.category > 1 else value
        if name in _result_names(node.op):
            return _linked_result(node, name, value)
    return value


def _unpacked(node: Node, name: str, value: Any, create: bool) -> Any:
    """What hooks make of a value that they have packed, in its place in the graph where a graph is made."""
    if type(value) is list:
        return [_unpacked(node, name, v, False) if type(v) is Packed else v for v in value]
    made = value.unpack(value.held)
    if not isinstance(made, Tensor):
        raise ArgumentError(f"Output of saved tensor unpack_hook expected to be a Tensor, got {type(made).__name__}",
                            op="saved_tensors_hooks")
    if create and name not in node.op.ungraded:
        made = _linked_result(node, name, made) if name in _result_names(node.op) else _linked_input(node, name, made)
    return made if value.dtype is None else TABLE["cast"].call(made, value.dtype)


def _linked_input(node: Node, name: str, tensor: Tensor) -> Tensor:
    for p, edge in zip(node.op.inputs, node.edges, strict=False):
        if p.name == name and p.role != "sequence" and edge is not None:
            made = wrap(tensor._array, tensor._kind.plain)
            made._requires_grad, made._node = True, Leaf(edge) if isinstance(edge, Tensor) else edge
            return made
    return tensor


def _check_attached(node: Node, name: str) -> None:
    """Raises where an input that some node had made is in no graph any more."""
    for p, edge in zip(node.op.inputs, node.edges, strict=False):
        if p.role == "sequence":
            return
        if p.name == name and isinstance(edge, (Node, Output)):
            raise SavedTensorModifiedError(f"trying to use a saved tensor that has been detached in-place: {name!r} of"
                                           f" {node.name()}; use .detach() instead of .detach_()", op="backward")


def modified_error(node: Node, what: str, value: Tensor, expected: int) -> SavedTensorModifiedError:
    """The error for a saved tensor that was changed in place."""
    return SavedTensorModifiedError(
        f"one of the variables needed for gradient computation has been modified by an inplace operation: {what} of"
        f" {node.name()}, shape {list(value.shape)}, is at version {version_of(value)}, expected version {expected}",
        op="backward")


def _result_names(op: Any) -> tuple[str, ...]:
    return tuple(n for n in op.outputs if n not in op.ungraded) or ("out",)


def _linked_result(node: Node, name: str, value: Tensor) -> Tensor:
    """A saved result in its place in the graph, for second order."""
    linked = wrap(value._array, value._kind)
    names = _result_names(node.op)
    if value.dtype.category < 2:
        return linked
    linked._requires_grad = True
    floating = [n for n, rule in zip(names, node.op.result * len(names), strict=False) if rule not in ("int64", "bool")]
    linked._node = node if len(floating) < 2 else Output(node, floating.index(name))
    return linked


def node_gradients(node: Node, g: Any, create: bool, needed: set[Any] | None = None) -> list[tuple[Any, Any]]:
    """(edge, gradient) of every input of `node` that needs one: of a walk to some inputs, those on the way there."""
    if node.saved is FREED:
        raise freed_error(node)
    if node.op.rules is None:
        return node.op.backward(node, g)  # type: ignore[no-any-return]
    kind = _half(node)
    if kind is None or not node.op.compute:
        results = _rules_run(node, g, lambda i: unpack(node, i, create), needed)
        if kind is None or not any(_is_broadcast(edge, made, g) for edge, made in results):
            return results
    return [(edge, made if made is None or edge is None else narrowed(_fitting(node, edge, made), kind))
            for edge, made in _rules_run(node, widened(g), Wide(node, create), needed)]


def _is_broadcast(edge: Any, made: Any, g: Any) -> bool:
    """Whether a rule computed many numbers that are to be summed to one."""
    return edge is not None and made is not None and made is not g and made._array.shape != edge_shape(edge)


def _rules_run(node: Node, g: Any, read: Callable[[int], Any], needed: set[Any] | None) -> list[tuple[Any, Any]]:
    """What the rules answer to `g`; `read` gives the saved values."""
    edges = node.edges
    results: list[tuple[Any, Any]] = []
    for rule in node.op.rules:
        targets = [edges[t] for t in rule.targets] if not rule.sequence else edges[rule.targets[0] :]
        if all(t is None or (needed is not None and owner(t) not in needed) for t in targets):
            continue
        made = _answer(rule, node, g, read)
        results += zip(targets, (made,) if rule.single >= 0 and not rule.sequence else made, strict=True)
    return results


def _half(node: Node) -> Any:
    """The kind of the node's results where it is float16 or bfloat16."""
    kinds = node.kind if isinstance(node.kind, tuple) else (node.kind,)
    return next((kind for kind in kinds if kind.single is not None), None)


class Wide:
    """Reads what a node of 16-bit floats saved, in float32; results, which were rounded, are computed anew.

    They are not where the op does not save its inputs, but for what users never see: that the rules compute.
    """

    def __init__(self, node: Node, create: bool) -> None:
        self.node, self.create = node, create
        self.held: dict[int, Any] = {}

    def __call__(self, i: int) -> Any:
        """The i-th value."""
        if i not in self.held:
            self.held[i] = self._read(self.node.op, self.node.op.saves[i], i)
        return self.held[i]

    def _read(self, op: Any, name: str, i: int) -> Any:
        value = unpack(self.node, i, self.create)
        if not isinstance(value, Tensor) or value._kind.single is None:
            return widened(value)
        if name in op.ungraded:
            return None
        inputs = [p.name for p in op.inputs]
        if name in inputs or not set(inputs) <= set(op.saves):
            return widened(value)
        attrs = dict(self.node.attrs or {})
        if attrs.get("dtype") is value._kind.dtype:
            attrs["dtype"] = value._kind.single.dtype
        made = op.call(**{n: self(op.saves.index(n)) for n in inputs}, **attrs)
        return made[op.outputs.index(name)] if isinstance(made, tuple) else made


def _fitting(node: Node, edge: Any, g: Tensor) -> Tensor:
    return g if g._array.shape == edge_shape(edge) else fitted(node, edge, g)


def summed(node: Node, edge: Any, target: int, g: Tensor, made: Tensor, create: bool) -> Tensor:
    """What the rule of one input made of `g`, `fitted`; made anew in float32, so that the sum is rounded once."""
    if made is g or made._kind.single is None:
        return fitted(node, edge, made)
    rule = next(r for r in node.op.rules if r.single == target)
    anew: Tensor = narrowed(fitted(node, edge, _answer(rule, node, widened(g), Wide(node, create))), made._kind.plain)
    return anew


def _answer(rule: Any, node: Node, g: Any, read: Callable[[int], Any]) -> Any:
    attrs = node.attrs or {}
    named = attrs if rule.attrs is None else {n: attrs[n] for n in rule.attrs}
    return rule.function(g, *map(read, rule.args), **named)


def freed_error(node: Node) -> GraphFreedError:
    """The error for a walk through a node whose saved values are gone."""
    return GraphFreedError(
        f"trying to backward through the graph a second time, or to use saved tensors of {node.name()} after they"
        " have been freed; specify retain_graph=True for the first backward", op="backward")


def owner(edge: Any) -> Any:
    """The node or leaf that an edge leads to."""
    if type(edge) is Leaf:
        return edge.tensor
    return edge.node if type(edge) is Output else edge


def edge_shape(edge: Any) -> Any:
    """The shape of the value that an edge leads to."""
    if type(edge) is Node:
        return edge.shape
    if type(edge) is Output:
        return edge.node.shape[edge.nr]
    return edge.shape if isinstance(edge, Node) else owner(edge)._array.shape


def fitted(node: Node, edge: Any, g: Tensor) -> Tensor:
    """A gradient of the broadcast shape, summed to the shape of the input it belongs to."""
    want = edge_shape(edge)
    have = g._array.shape
    lead = len(have) - len(want)
    if lead < 0 or any(w not in (1, h) for w, h in zip(want, have[lead:], strict=True)):
        raise ShapeError(f"{node.name()} returned a gradient of shape {list(have)} for an input of shape {list(want)}",
                         op="backward")
    dims = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(want) if n == 1 and have[i + lead] != 1)
    summed: Tensor = TABLE["sum"].call(g, dims, True) if dims else g
    return reshape(summed, tuple(want)) if lead else summed


UNPACK.append(unpack)
