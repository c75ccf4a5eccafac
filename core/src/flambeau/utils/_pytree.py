"""Trees: nested containers as a list of leaves and a specification that puts them back."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import ArgumentError, ValueRangeError


class NodeDef(NamedTuple):
    """How one class of container is taken apart and put together."""

    type: type
    flatten_fn: Callable[[Any], tuple[list[Any], Any]]
    unflatten_fn: Callable[[Iterable[Any], Any], Any]


class TreeSpec:
    """The shape of a nest: class of container, what else it takes to build it, and the shapes of its children."""

    __slots__ = ("children_specs", "context", "num_leaves", "num_nodes", "type")
    num_nodes: int
    num_leaves: int

    def __init__(self, type: Any, context: Any, children_specs: list[TreeSpec]) -> None:
        self.type, self.context, self.children_specs = type, context, children_specs
        self.num_nodes = 1 + sum(child.num_nodes for child in children_specs)
        self.num_leaves = sum(child.num_leaves for child in children_specs) if type is not None else 1

    @property
    def num_children(self) -> int:
        """How many children the container has."""
        return len(self.children_specs)

    def is_leaf(self) -> bool:
        """Whether this is no container."""
        return self.type is None

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The nest with these leaves."""
        return tree_unflatten(leaves, self)

    def flatten_up_to(self, tree: Any) -> list[Any]:
        """What lies in `tree` where this specification has leaves; raises ValueRangeError where the shapes differ."""
        if self.is_leaf():
            return [tree]
        children, spec = _children(tree, None)
        if spec is None or spec[0] is not self.type or len(children) != self.num_children:
            raise ValueRangeError(f"a node of {self.num_children} children of {self.type.__name__} was expected, got"
                                  f" {type(tree).__name__}", op="tree_map")
        if isinstance(tree, dict):
            children = [tree[key] for key in self.context if key in tree]
        return [leaf for part, child in zip(children, self.children_specs, strict=True)
                for leaf in child.flatten_up_to(part)]

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, TreeSpec) and self.type is other.type and self.context == other.context
                and self.children_specs == other.children_specs)

    def __hash__(self) -> int:
        return hash((self.type, self.num_nodes, self.num_leaves))

    def __repr__(self) -> str:
        if self.is_leaf():
            return "*"
        return f"TreeSpec({self.type.__name__}, {self.context}, [{', '.join(map(repr, self.children_specs))}])"


class LeafSpec(TreeSpec):
    """The specification of what is no container."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(None, None, [])


def _dict_flatten(d: dict[Any, Any]) -> tuple[list[Any], list[Any]]:
    return list(d.values()), list(d.keys())


@dataclass(frozen=True)
class MappingKey:
    """The place of a child in a mapping."""

    key: Any

    def get(self, mapping: Any) -> Any:
        """The child of the mapping that has this place."""
        return mapping[self.key]

    def __str__(self) -> str:
        return f"[{self.key!r}]"


def _dict_flatten_with_keys(d: dict[Any, Any]) -> tuple[list[tuple[MappingKey, Any]], list[Any]]:
    return [(MappingKey(key), value) for key, value in d.items()], list(d)


def _dict_unflatten(values: Iterable[Any], context: list[Any]) -> dict[Any, Any]:
    return dict(zip(context, values, strict=True))


SUPPORTED_NODES: dict[type, NodeDef] = {}


def register_pytree_node(cls: type, flatten_fn: Any, unflatten_fn: Any, **ignored: Any) -> None:
    """Makes `cls` a container: `flatten_fn(x)` gives its children and a context, `unflatten_fn` takes both back.

    Raises ArgumentError for a class that is one already.
    """
    if cls in SUPPORTED_NODES:
        raise ArgumentError(f"{cls} is already registered as pytree node", op="register_pytree_node")
    SUPPORTED_NODES[cls] = NodeDef(cls, flatten_fn, unflatten_fn)


_register_pytree_node = register_pytree_node
register_pytree_node(dict, _dict_flatten, _dict_unflatten)
register_pytree_node(list, lambda x: (x, None), lambda values, context: list(values))
register_pytree_node(tuple, lambda x: (list(x), None), lambda values, context: tuple(values))
register_pytree_node(namedtuple, lambda x: (list(x), type(x)), lambda values, context: context(*values))  # type: ignore[arg-type]
register_pytree_node(OrderedDict, _dict_flatten, lambda values, context: OrderedDict(zip(context, values, strict=True)))
register_pytree_node(defaultdict, lambda d: (list(d.values()), [d.default_factory, list(d)]),
                     lambda values, context: defaultdict(context[0], zip(context[1], values, strict=True)))
register_pytree_node(deque, lambda d: (list(d), d.maxlen), lambda values, context: deque(values, maxlen=context))


def _is_namedtuple(tree: Any) -> bool:
    return isinstance(tree, tuple) and hasattr(tree, "_fields") and type(tree) not in SUPPORTED_NODES


def _node_type(tree: Any) -> Any:
    return namedtuple if _is_namedtuple(tree) else type(tree)


def _is_leaf(tree: Any, is_leaf: Any = None) -> bool:
    return bool(is_leaf is not None and is_leaf(tree)) or _node_type(tree) not in SUPPORTED_NODES


def _children(tree: Any, is_leaf: Any) -> tuple[list[Any], Any]:
    if _is_leaf(tree, is_leaf):
        return [], None
    kind = _node_type(tree)
    children, context = SUPPORTED_NODES[kind].flatten_fn(tree)
    return list(children), (kind, context)


def tree_flatten(tree: Any, is_leaf: Any = None) -> tuple[list[Any], TreeSpec]:
    """The leaves in order, and the specification that puts them back."""
    leaves: list[Any] = []
    return leaves, _flatten_into(tree, leaves, is_leaf)


def _flatten_into(tree: Any, leaves: list[Any], is_leaf: Any) -> TreeSpec:
    children, node = _children(tree, is_leaf)
    if node is None:
        leaves.append(tree)
        return LeafSpec()
    kind, context = node
    return TreeSpec(kind, context, [_flatten_into(child, leaves, is_leaf) for child in children])


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """The nest of that specification with these leaves; raises ValueRangeError for another number of them."""
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueRangeError(f"a specification of {treespec.num_leaves} leaves was given {len(leaves)}",
                              op="tree_unflatten")
    return _unflatten(iter(leaves), treespec)


def _unflatten(leaves: Any, spec: TreeSpec) -> Any:
    if spec.is_leaf():
        return next(leaves)
    children = [_unflatten(leaves, child) for child in spec.children_specs]
    return SUPPORTED_NODES[spec.type].unflatten_fn(children, spec.context)


def tree_leaves(tree: Any, is_leaf: Any = None) -> list[Any]:
    """The leaves in order."""
    return tree_flatten(tree, is_leaf)[0]


tree_iter = tree_leaves


def tree_structure(tree: Any, is_leaf: Any = None) -> TreeSpec:
    """The specification alone."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: Any = None) -> Any:
    """The nest with `func` of every leaf, and of what other nests of the same shape have at its place."""
    leaves, spec = tree_flatten(tree, is_leaf)
    return tree_unflatten([func(*given) for given in zip(leaves, *map(spec.flatten_up_to, rests), strict=True)], spec)


def tree_map_(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: Any = None) -> Any:
    """Calls `func` as `tree_map` does, and gives back the nest itself."""
    tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def tree_map_only(type_or_types: Any, func: Any = None, tree: Any = None, is_leaf: Any = None) -> Any:
    """`tree_map` over the leaves of a class, or for which a predicate holds; others stay."""
    chosen = type_or_types if callable(type_or_types) and not isinstance(type_or_types, type) else (
        lambda leaf: isinstance(leaf, type_or_types))
    return tree_map(lambda leaf: func(leaf) if chosen(leaf) else leaf, tree, is_leaf=is_leaf)


def tree_map_only_(type_or_types: Any, func: Any, tree: Any, is_leaf: Any = None) -> Any:
    """Calls `func` as `tree_map_only` does, and gives back the nest itself."""
    tree_map_only(type_or_types, func, tree, is_leaf)
    return tree


def tree_all(pred: Callable[[Any], bool], tree: Any, is_leaf: Any = None) -> bool:
    """Whether `pred` holds of every leaf."""
    return all(map(pred, tree_leaves(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: Any, is_leaf: Any = None) -> bool:
    """Whether `pred` holds of some leaf."""
    return any(map(pred, tree_leaves(tree, is_leaf)))


def treespec_pprint(treespec: TreeSpec) -> str:
    """The specification as text, a star for a leaf."""
    return repr(tree_unflatten(["*"] * treespec.num_leaves, treespec)).replace("'*'", "*")
