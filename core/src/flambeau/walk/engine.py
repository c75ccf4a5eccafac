"""The walk back.

`walk` starts from edges with gradients and visits nodes in reverse order of creation, which visits
every consumer of a value before its producer: a heap of sequence numbers is all the bookkeeping.
At a node it runs the gradient rules of the inputs that need one; a rule is an expression in ops on
tensors, so under `create_graph` the walk is recorded like any other computation. Gradients that
meet are summed. Leaves are served last: their hooks see the whole gradient, then `.grad` grows.
"""

from __future__ import annotations

from heapq import heappop, heappush
from importlib import import_module
from typing import Any

from ..contract.locks import lock
from ..errors import ArgumentError, DTypeError, GradientError, ShapeError
from ..modes import AUTOCAST, _grad, run_with
from ..table.lifting import lift
from ..table.precision import narrowed, widened
from ..table.registry import TABLE
from ..table.room import exhausted
from ..tensors.tensor import Tensor, attach, fill, new, wrap
from ..tensors.views import bump, store
from .rules import edge_shape, fitted, node_gradients, owner, summed, unpack
from .tape import FREED, WRAPPED, Leaf, Node, Output


class Walk:
    """One backward pass: what is pending, what was summed here, what is to be captured."""

    def __init__(self, keep: bool, create: bool, needed: set[Any] | None = None,
                 captures: dict[Any, Any] | None = None) -> None:
        self.keep, self.create = keep, create
        self.heap: list[int] = []
        self.nodes: dict[int, Node] = {}
        self.pending: dict[Any, Any] = {}
        self.owned: set[Any] = set()  # edges whose pending gradient is a buffer of this walk
        self.wide: dict[Any, Any] = {}  # edges whose gradient of 16-bit floats is pending in float32, with its kind
        self.needed, self.captures = needed, captures

    def start(self, seeds: list[tuple[Tensor, Tensor]]) -> None:
        """Walks back from every root with its gradient."""
        for root, g in seeds:
            edge = root._node or root
            if self.needed is None or owner(edge) in self.needed:
                self.deliver(edge, g, False)
        self.run()

    def deliver(self, edge: Any, g: Any, fresh: bool) -> None:
        """Adds `g` to what is pending at `edge`; `fresh` says that nobody else holds it."""
        node = edge
        if type(edge) is Output:
            node, edge = edge.node, (edge.node, edge.nr)
        elif type(edge) is Leaf:
            node = edge = edge.tensor
        held = self.pending.get(edge)
        if held is not None:
            self._accumulate(edge, held, g)
            return
        self.pending[edge] = g
        if fresh:
            self.owned.add(edge)
        if isinstance(node, Node) and node.seq not in self.nodes:
            self.nodes[node.seq] = node
            heappush(self.heap, -node.seq)

    def _accumulate(self, edge: Any, held: Tensor, g: Tensor) -> None:
        if g._kind.single is not None:
            self.wide[edge] = g._kind.plain
            held, g = widened(held), widened(g)
        if edge in self.owned and held is self.pending[edge] and not self.create:
            held._array = held._kind.device.backend.accumulate(held._array, g._array)
        else:
            self.pending[edge] = TABLE["add"].call(held, g)
            self.owned.add(edge)

    def _added_to_part(self, node: Node, g: Tensor) -> bool:
        """Adds the gradient of a slice to what is pending for the whole, in place; False where that cannot be.

        The rule would make a whole of zeros for every part: of a thousand parts, a thousand times the work.
        """
        edge = node.edges[0]
        whole = (edge.node, edge.nr) if type(edge) is Output else edge.tensor if type(edge) is Leaf else edge
        held = self.pending.get(whole)
        if held is None or whole not in self.owned:
            return False
        if g._kind.single is not None and whole in self.wide:
            g = widened(g)
        kind = held._kind
        if g._kind is not kind or kind.plain is not kind or not kind.device.backend.shared_views:
            return False
        place = TABLE["slice"].kernels[kind](held._array, index=node.attrs["index"])  # type: ignore[index]
        kind.device.backend.accumulate(place, g._array)
        return True

    def _rounded(self, edge: Any, g: Any) -> Any:
        """The gradient that was pending at `edge`, in its own dtype."""
        kind = self.wide.pop(edge, None)
        return g if kind is None else narrowed(g, kind)

    def run(self) -> None:
        """Visits nodes until nothing is pending but leaves, then serves those."""
        heap, nodes, pending, deliver = self.heap, self.nodes, self.pending, self.deliver
        attrs: Any
        create, keep, capturing, wide = self.create, self.keep, self.captures is not None, self.wide
        part = TABLE["slice"]
        while heap:
            node = nodes.pop(-heappop(heap))
            g = pending.pop(node, None)
            if g is None:
                self._visit(node, self._gather(node))  # a rule may hand one of the gathered gradients on
                continue
            if wide:
                g = self._rounded(node, g)
            saved = node.saved
            op = node.op
            if (node.hooks is not None or capturing or saved is FREED or not op.simple
                    or (op.compute and node.kind.single is not None)):
                self._visit(node, g)
                continue
            edges, attrs, versions = node.edges, node.attrs, node.versions
            if op is part and not create and self._added_to_part(node, g):
                continue
            for target, function, args, named in op.rules_plan:
                edge = edges[target]
                if edge is None:
                    continue
                values = []
                for i in args:
                    value = saved[i]
                    if create or versions is not None or (isinstance(value, Tensor) and value._version is not None):
                        value = unpack(node, i, create)
                    values.append(value)
                if not named:
                    made = function(g, *values)
                else:
                    made = function(g, *values, **(attrs if named is True else {n: attrs[n] for n in named}))
                if made._array.shape != (edge.shape if type(edge) is Node else edge_shape(edge)):
                    made = summed(node, edge, target, g, made, create)
                fresh = made is not g and made._view is None and made._node is None
                for value in values:
                    if value is made:  # a rule may hand a saved tensor on
                        fresh = False
                deliver(edge, made, fresh)
            if not keep and saved and op.holds:
                node.saved = FREED
        self._serve_leaves()

    def _visit(self, node: Node, g: Any) -> None:
        """The general case of a visit: hooks, captures, custom functions, rules of several inputs."""
        needed = self.needed
        if node.hooks is not None:
            g = self._before(node, g)
        if self.captures is not None:
            self._capture(node, g)
            if not any(e is not None and owner(e) in needed for e in node.edges):  # type: ignore[operator]
                return
        if node.op is TABLE["slice"] and node.hooks is None and not self.create and self._added_to_part(node, g):
            return
        results = node_gradients(node, g, self.create, needed)
        if node.hooks is not None and node.hooks.post:
            results = _run_post_hooks(node, results, g)
        if not self.keep and node.saved and node.op.holds:
            node.saved = FREED
        for edge, made in results:
            if edge is None or made is None or (needed is not None and owner(edge) not in needed):
                continue
            if made._array.shape != edge_shape(edge):
                made = fitted(node, edge, made)
            self.deliver(edge, made, False)

    def _gather(self, node: Node) -> tuple[Any, ...]:
        """The gradients of a node with several results; zeros where none arrived."""
        grads = []
        for nr, (kind, shape) in enumerate(zip(node.kind, node.shape, strict=True)):
            g = self._rounded((node, nr), self.pending.pop((node, nr), None))
            grads.append(zeros(kind, shape) if g is None and kind is not None and node.op.materialize(node) else g)
        return tuple(grads)

    def _before(self, node: Node, g: Any) -> Any:
        """Hooks of the results, retained gradients, hooks before the node."""
        hooks = node.hooks
        single = not isinstance(g, tuple)
        grads = [_own_copy(g)] if single else list(g)
        for nr, by_id in hooks.tensor.items():  # type: ignore[union-attr]
            for hook in list(by_id.values()):
                made = hook(grads[nr])
                grads[nr] = grads[nr] if made is None else made
        for pre in list(hooks.pre.values()):  # type: ignore[union-attr]
            changed = pre(tuple(grads))
            if changed is not None:
                grads = list(changed) if isinstance(changed, (tuple, list)) else [changed]
        for nr, reference in hooks.retain.items():  # type: ignore[union-attr]
            tensor = reference()
            if tensor is not None and grads[nr] is not None:
                _store_grad(tensor, grads[nr], False, self.create)
        return grads[0] if single else tuple(grads)

    def _capture(self, node: Node, g: Any) -> None:
        captures: Any = self.captures
        if isinstance(g, tuple):
            for nr, part in enumerate(g):
                if (node, nr) in captures:
                    captures[node, nr] = part
        elif node in captures:
            captures[node] = g

    def _serve_leaves(self) -> None:
        captures, owned, create = self.captures, self.owned, self.create
        for leaf, g in list(self.pending.items()):
            if not isinstance(leaf, Tensor):
                continue
            if self.wide:
                g = self._rounded(leaf, g)
            meta = leaf._meta
            if captures is None and meta is None:
                _store_grad(leaf, g, leaf in owned, create)
                continue
            seen = meta is not None and meta.hooks  # a hook may have kept the gradient, or given one of its own
            if seen:
                for hook in list(meta.hooks.values()):  # type: ignore[union-attr]
                    made = hook(g)
                    g = g if made is None else made
            if captures is not None and leaf in captures:
                captures[leaf] = g
                continue
            _store_grad(leaf, g, leaf in owned and not seen, create)
            if meta is not None and meta.post_hooks:
                for hook in list(meta.post_hooks.values()):
                    hook(leaf)


def zeros(kind: Any, shape: Any) -> Tensor:
    """Zeros standing for a gradient that never arrived."""
    kind = kind.plain
    return wrap(TABLE["full"].kernels[kind](size=tuple(shape), value=0, dtype=kind.dtype), kind)


def _own_copy(g: Tensor) -> Tensor:
    """A hook may change its gradient in place: it never gets the cached number that seeds a walk."""
    return TABLE["copy"].call(g) if g._meta is WRAPPED else g


def _run_post_hooks(node: Node, results: list[tuple[Any, Any]], g: Any) -> list[tuple[Any, Any]]:
    for hook in list(node.hooks.post.values()):  # type: ignore[union-attr]
        changed = hook(tuple(made for _, made in results), g if isinstance(g, tuple) else (g,))
        if changed is not None:
            results = [(edge, new) for (edge, _), new in zip(results, changed, strict=True)]
    return results


_growing = lock()


def _store_grad(leaf: Tensor, g: Tensor, owned: bool, create: bool) -> None:
    """`.grad` grows by g, of several threads' walks one at a time; it never shares memory with anything else."""
    with _growing:
        held = leaf._grad
        if held is None:
            leaf._grad = _first_grad(leaf, g, owned, create)
        elif create:
            leaf._grad = TABLE["add"].call(held, g)
        elif (backend := held._kind.device.backend).shared_views:
            held._array = backend.accumulate(held._array, g._array)
            bump(held)
        else:
            store(held, TABLE["add"].call(held, g))


def _first_grad(leaf: Tensor, g: Tensor, owned: bool, create: bool) -> Tensor:
    if create:
        return g if owned or g._node is not None else TABLE["copy"].call(g)
    array = g._array if owned else TABLE["copy"].kernels[g._kind.plain](g._array)
    kind = leaf._kind
    made: Any = new(Tensor if kind.subclass is None else kind.subclass)
    fill(made, array, kind)
    return made  # type: ignore[no-any-return]


# --- entry points


def _seed(root: Tensor, gradient: Any, op: str) -> Any:
    if not root._requires_grad:
        raise GradientError("element 0 of tensors does not require grad and does not have a grad_fn", op=op)
    if gradient is None:
        if root.numel() != 1:
            raise GradientError(f"grad can be implicitly created only for scalar outputs, got shape"
                                f" {list(root.shape)}; pass gradient=", op=op)
        if root.dtype.is_complex:
            raise GradientError("grad can be implicitly created only for real scalar outputs but got"
                                f" {root.dtype!r}", op=op)
        kind = root._kind.plain
        if not root._array.shape:
            return lift(root, 1)
        return wrap(TABLE["full"].kernels[kind](size=tuple(root._array.shape), value=1, dtype=kind.dtype), kind)
    if not isinstance(gradient, Tensor):
        raise ArgumentError(f"gradients can be either Tensors or None, got {type(gradient).__name__}", op=op)
    if gradient._array.shape != root._array.shape:
        raise ShapeError(f"mismatch in shape: the gradient has shape {list(gradient.shape)} and the output"
                         f" {list(root.shape)}", op=op)
    if gradient.dtype.is_complex != root.dtype.is_complex:
        raise DTypeError(f"the gradient is {gradient.dtype!r}, the output {root.dtype!r}", op=op)
    if gradient._kind.plain is not root._kind.plain:
        gradient = TABLE["cast"].call(gradient, root.dtype)
    return gradient


def _aslist(value: Any) -> list[Any]:
    if value is None or isinstance(value, Tensor):
        return [value]
    return list(value)


def backward(tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
             grad_variables: Any = None, inputs: Any = None) -> None:
    """Accumulates the gradients of `tensors` into the leaves they came from.

    Raises GradientError for tensors outside any graph or non-scalar ones without a gradient.
    """
    roots = _aslist(tensors)
    grads = _aslist(grad_tensors) if grad_tensors is not None else [None] * len(roots)
    if len(grads) != len(roots):
        raise GradientError(f"got {len(roots)} tensors and {len(grads)} gradients", op="backward")
    keep = create_graph if retain_graph is None else retain_graph
    seeds = [(t, _seed(t, g, "backward")) for t, g in zip(roots, grads, strict=True)]
    if inputs is None:
        walk = Walk(keep, create_graph)
        _run(walk, seeds)
        return
    targets = _aslist(inputs)
    if not targets:
        raise GradientError("'inputs' argument to backward cannot be empty", op="backward")
    found = _captured(seeds, targets, keep, create_graph)
    for target, g in zip(targets, found, strict=True):
        if g is not None:
            _unlocked(_store_grad, target, g, False, create_graph)


def _run(walk: Walk, seeds: list[tuple[Tensor, Tensor]]) -> None:
    try:
        _unlocked(run_with, _grad, walk.create, run_with, AUTOCAST, None, walk.start, seeds)
    except MemoryError as error:
        raise exhausted("backward", error) from None


def _unlocked(function: Any, *args: Any) -> None:
    """`function(...)`; an interrupt that strikes as a leaf's lock is given back leaves it open all the same."""
    within = _growing._is_owned()  # a signal's handler that walks back while a gradient grows
    try:
        function(*args)
    except BaseException:
        while not within and _growing._is_owned():
            _growing.release()
        raise


def _captured(seeds: list[tuple[Tensor, Tensor]], targets: list[Tensor], keep: bool, create: bool) -> list[Any]:
    """The gradients of `targets`, accumulated nowhere."""
    keys = []
    for i, t in enumerate(targets):
        if not isinstance(t, Tensor):
            raise ArgumentError(f"inputs must be Tensors, got {type(t).__name__}", op="grad")
        if not t._requires_grad:
            raise GradientError(f"one of the differentiated Tensors does not require grad (input {i})", op="grad")
        edge = t._node or t
        keys.append((edge.node, edge.nr) if type(edge) is Output else edge)
    captures: dict[Any, Any] = dict.fromkeys(keys)
    needed = _paths([root._node or root for root, _ in seeds], keys)
    walk = Walk(keep, create, needed, captures)
    _run(walk, seeds)
    return [None if captures[k] is None else _own_copy(captures[k]) for k in keys]


def _paths(roots: list[Any], keys: list[Any]) -> set[Any]:
    """The nodes and leaves on a way from the roots to the targets."""
    wanted = {k[0] if isinstance(k, tuple) else k for k in keys}
    seen: dict[int, Node] = {}
    stack = [owner(r) for r in roots]
    while stack:
        node = stack.pop()
        if isinstance(node, Node) and node.seq not in seen:
            seen[node.seq] = node
            stack += [owner(e) for e in node.edges if e is not None]
    needed = set(wanted)
    for seq in sorted(seen):
        node = seen[seq]
        if any(e is not None and owner(e) in needed for e in node.edges):
            needed.add(node)
    return needed


def grad(outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None,
         create_graph: bool = False, allow_unused: bool | None = None, is_grads_batched: bool = False,
         materialize_grads: bool = False) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; `.grad` is left alone.

    Raises GradientError for an input that the outputs do not depend on, unless `allow_unused` or
    `materialize_grads`.
    """
    if is_grads_batched:
        return _batched(outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads)
    if materialize_grads and allow_unused is False:
        raise GradientError("allow_unused must be left out or True when materialize_grads=True", op="grad")
    roots, targets = _aslist(outputs), _aslist(inputs)
    given = _aslist(grad_outputs) if grad_outputs is not None else [None] * len(roots)
    if len(given) != len(roots):
        raise GradientError(f"got {len(roots)} tensors and {len(given)} gradients", op="grad")
    keep = create_graph if retain_graph is None else retain_graph
    seeds = [(t, _seed(t, g, "grad")) for t, g in zip(roots, given, strict=True)]
    found = _captured(seeds, targets, keep, create_graph)
    if materialize_grads:
        return tuple(zeros(t._kind, t._array.shape) if g is None else g for t, g in zip(targets, found, strict=True))
    if not allow_unused and any(g is None for g in found):
        i = next(i for i, g in enumerate(found) if g is None)
        raise GradientError(f"one of the differentiated Tensors appears to not have been used in the graph (input {i});"
                            " set allow_unused=True if this is the desired behavior", op="grad")
    return tuple(found)


def _batched(outputs: Any, inputs: Any, grad_outputs: Any, *options: Any) -> tuple[Any, ...]:
    """`grad` for many gradients of the outputs at once: each has a first dim for them, and so has each result."""
    if grad_outputs is None:
        raise ArgumentError("is_grads_batched=True needs grad_outputs, a batch for every output", op="grad")
    vmap: Any = import_module("flambeau.func").vmap  # a layer above, which only such a call needs
    unused: list[int] = []

    def walk(*seeds: Any) -> tuple[Any, ...]:
        found = grad(outputs, inputs, seeds, *options)
        unused[:] = [i for i, g in enumerate(found) if g is None]
        return tuple(g for g in found if g is not None)

    made = iter(vmap(walk)(*_aslist(grad_outputs)))
    return tuple(None if i in unused else next(made) for i in range(len(_aslist(inputs))))


def _backward_method(self: Tensor, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
                     inputs: Any = None) -> None:
    """Accumulates the gradient of this tensor, scalar unless `gradient` is given, into the leaves it came from."""
    if inputs is None:
        walk = Walk(create_graph if retain_graph is None else retain_graph, create_graph)
        _run(walk, [(self, _seed(self, gradient, "backward"))])
    else:
        backward(self, gradient, retain_graph, create_graph, inputs=inputs)


attach(_backward_method, "backward")

__all__ = ["Walk", "backward", "grad", "node_gradients"]
