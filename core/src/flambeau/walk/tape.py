"""The tape: what a tracked operation leaves behind for the walk back.

A tracked result points at a `Node`. The node knows its op, the attributes, and one *edge* per
input: another Node, an `Output` of a node with several differentiable results, the leaf Tensor
itself, or None where no gradient is needed. It keeps what the op's gradient rules name: input
tensors as they are, results as bare arrays (a result points at its node, so keeping the tensor
would be a cycle). Nodes are numbered as they are made; walking them from the highest number down
visits every consumer before its producers.
"""

from __future__ import annotations

import itertools
import weakref
from typing import Any

tick = itertools.count(1).__next__
new_node = object.__new__
ref = weakref.ref
UNPACK: list[Any] = []  # walk.rules puts its reader of saved values here


# A version cell is a list [count, views]: how often the memory was changed in place, and the live
# views of it (see add_view, or None). A tensor and its views share one cell. A plain
# list because one is made for every result that a gradient rule keeps.
Version = list[Any]
MANY_VIEWS = 8


def version_of(tensor: Any) -> int:
    """How often a tensor was changed in place."""
    cell = tensor._version
    return 0 if cell is None else cell[0]


def add_view(cell: Version, view: Any) -> None:
    """Remembers `view` as long as it lives.

    A list of weak references after the length at which dead ones are cleared out: a reference with a
    callback that removes it costs three times as much.
    """
    views = cell[1]
    if views is None:
        cell[1] = [MANY_VIEWS, ref(view)]
        return
    views.append(ref(view))
    if len(views) > views[0]:
        drop_dead(views)


def drop_dead(views: list[Any]) -> None:
    """Clears out the references to views that are gone."""
    views[1:] = [reference for reference in views[1:] if reference() is not None]
    views[0] = max(MANY_VIEWS, 2 * len(views))


def live_views(tensor: Any) -> list[Any]:
    """The views of a tensor's memory that are alive."""
    cell = tensor._version
    if cell is None or cell[1] is None:
        return []
    return [view for reference in cell[1][1:] if (view := reference()) is not None]


class _Freed:
    """Stands in `Node.saved` once a walk has released the values."""

    def __bool__(self) -> bool:
        return False

    def __iter__(self) -> Any:
        return iter(())


FREED = _Freed()


class Recast:
    """A saved input that the op read in another dtype: the tensor as it was given, and that dtype.

    What is read back is the tensor's elements of then, or an error: its own version is watched, not that of a copy.
    """

    __slots__ = ("dtype", "tensor")

    def __init__(self, tensor: Any, dtype: Any) -> None:
        self.tensor, self.dtype = tensor, dtype


class Packed:
    """A saved value that hooks have packed: what they made of it, how to get it back, the dtype the op read it in."""

    __slots__ = ("dtype", "held", "unpack")

    def __init__(self, held: Any, unpack: Any, dtype: Any) -> None:
        self.held, self.unpack, self.dtype = held, unpack, dtype


class Node:
    """One recorded operation; what `grad_fn` shows."""

    __slots__ = ("__weakref__", "attrs", "edges", "hooks", "kind", "op", "saved", "seq", "shape", "versions")

    op: Any
    seq: int
    kind: Any  # of the result (a tuple of them for several)
    shape: Any  # of the result (a tuple of shapes for several)
    attrs: dict[str, Any] | None
    edges: tuple[Any, ...]
    saved: Any  # per name in op.saves: an input Tensor (or a Recast of one), None, or a result's array
    versions: tuple[int, ...] | None  # of the saved values, when saved; None: all zero
    hooks: NodeHooks | None

    def name(self) -> str:
        """The name that reprs print, as PyTorch's: "MulBackward0"."""
        return str(self.op.grad_name)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes that the gradient goes to next, each with the number of its output."""
        edges: Any = self.edges
        if self.attrs and "ctx" in self.attrs:  # a custom Function's arguments that are no tensors have no edge
            edges = [e for e, is_tensor in zip(edges, self.attrs["tensors"], strict=True) if is_tensor]
        return tuple(_public_edge(e) for e in edges)

    @property
    def metadata(self) -> dict[str, Any]:
        """A dict that lives with the node."""
        return self._hooks().metadata

    def _hooks(self) -> NodeHooks:
        if self.hooks is None:
            self.hooks = NodeHooks()
        return self.hooks

    def register_hook(self, hook: Any) -> Any:
        """`hook(grad_inputs, grad_outputs)` runs after the node; it may return new grad_inputs."""
        return RemovableHandle(self._hooks().post, hook)

    def register_prehook(self, hook: Any) -> Any:
        """`hook(grad_outputs)` runs before the node; it may return new grad_outputs."""
        return RemovableHandle(self._hooks().pre, hook)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_saved_"):
            return self._saved_value(name[len("_saved_"):])
        if name not in Node.__slots__ and self.attrs and "ctx" in self.attrs:
            return getattr(self.op.context_of(self), name)
        raise AttributeError(f"{self.name()!r} object has no attribute {name!r}")

    def _saved_value(self, name: str) -> Any:
        if self.attrs and name in self.attrs:
            return self.attrs[name]
        names = {"self": "input", "result": "out"}
        name = names.get(name, name)
        if name in self.op.saves and self.saved == ():
            return None
        if name not in self.op.saves:
            raise AttributeError(f"{self.name()!r} saves no {name!r}")
        return UNPACK[0](self, self.op.saves.index(name), True)


class AccumulateGrad:
    """What `next_functions` shows for a leaf."""

    __slots__ = ("variable",)

    def __init__(self, variable: Any) -> None:
        self.variable = variable

    def name(self) -> str:
        """As PyTorch names it."""
        return "AccumulateGrad"

    next_functions: tuple[()] = ()

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


def _public_edge(edge: Any) -> tuple[Any, int]:
    if edge is None or type(edge) is Node:
        return edge, 0
    if type(edge) is Output:
        return edge.node, edge.nr
    if type(edge) is Leaf:
        return AccumulateGrad(edge.tensor), 0
    if isinstance(edge, Node):
        return edge, 0
    return AccumulateGrad(edge), 0


class Output:
    """The edge to one of several differentiable results of a node."""

    __slots__ = ("node", "nr")

    def __init__(self, node: Node, nr: int) -> None:
        self.node, self.nr = node, nr


class Leaf:
    """The edge to a leaf whose tensor takes part under another identity (a subclass unwrapped for a kernel)."""

    __slots__ = ("tensor",)

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor


class NodeHooks:
    """What users hang on a node: hooks before and after it, hooks of its results, retained grads."""

    __slots__ = ("metadata", "post", "pre", "retain", "tensor")

    def __init__(self) -> None:
        self.pre: dict[int, Any] = {}
        self.post: dict[int, Any] = {}
        self.tensor: dict[int, dict[int, Any]] = {}  # output number -> hooks of that result
        self.retain: dict[int, weakref.ref[Any]] = {}  # output number -> result whose .grad is kept
        self.metadata: dict[str, Any] = {}


class RemovableHandle:
    """Takes a hook away again: `handle.remove()`, or leaving a `with` block."""

    __slots__ = ("__weakref__", "_hooks", "id")
    _next = itertools.count()

    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self._hooks = hooks
        self.id = next(self._next)
        hooks[self.id] = hook

    def remove(self) -> None:
        """Forgets the hook; a second call does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


class View:
    """Of what a tensor is a view: the base that owns the memory and the ops that lead from it.

    A view of a view continues its `parent`: it names the last op alone, so that a chain of views costs what it is long.
    """

    __slots__ = ("attrs", "base", "distinct", "expands", "leaf", "op", "parent", "since")

    base: Any
    parent: View | None
    op: Any  # the last one; None for the base's own elements
    attrs: Any  # of that op; the value alone where there is one
    expands: bool  # whether `expand` is among the ops
    leaf: Any  # the leaf, itself a view of `base`, that this is a view of; None for most
    since: int  # how often the memory had been changed when it was made
    distinct: bool  # whether they are all of those that never lead to one place twice

    def __init__(self, like: View | None, base: Any = None) -> None:
        """The view that `like` is, or all of `base`."""
        self.since = 0 if like is None else like.since
        if like is None:
            self.base, self.parent, self.op, self.attrs, self.leaf = base, None, None, None, None
            self.expands, self.distinct = False, True
        else:
            self.base, self.parent, self.op, self.attrs = like.base, like.parent, like.op, like.attrs
            self.leaf, self.expands, self.distinct = like.leaf, like.expands, like.distinct

    @property
    def replay(self) -> tuple[tuple[Any, dict[str, Any] | None], ...]:
        """The ops that lead from the base, in order, each with its attributes."""
        steps: list[tuple[Any, dict[str, Any] | None]] = []
        view: View | None = self
        while view is not None:
            if view.op is not None:
                alone = view.op.alone
                steps.append((view.op, {alone: view.attrs} if alone else view.attrs))
            view = view.parent
        return tuple(reversed(steps))


DISTINCT = frozenset({"view", "slice", "permute", "diagonal"})


class FunctionView(View):
    """A view that a custom Function returned: its gradient is the Function's, so it is not changed in place."""

    __slots__ = ()


class CopyView(View):
    """What PyTorch shares and flambeau copied (parts of complex numbers, bytes as another dtype): not to be written."""

    __slots__ = ()


class MovedView(View):
    """A view that was given other memory by `.data`: it is written as a view of its base is, and reaches it no more."""

    __slots__ = ()


class Meta:
    """The rare parts of a tensor: hooks of a leaf, whether its gradient is kept."""

    __slots__ = ("hooks", "name", "post_hooks", "retains")
    wrapped = False  # whether it is a Python number in a tensor's clothes: lowest in promotion

    def __init__(self) -> None:
        self.hooks: dict[int, Any] | None = None
        self.post_hooks: dict[int, Any] | None = None
        self.retains = False
        self.name: str | None = None


class _Wrapped(Meta):
    __slots__ = ()
    wrapped = True


WRAPPED = _Wrapped()
