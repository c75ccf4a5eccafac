"""Arguments and results that nest: what is said of a whole nest, or of parts of it, said of each leaf."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from ..tensors.tensor import Tensor
from ..utils._pytree import _children, tree_flatten, tree_leaves


def as_leaves(given: Any, tree: Any, what: str) -> list[Any]:
    """`given`, an int or None for all or nested as the upper part of `tree`, for every leaf of it."""
    if given is None or isinstance(given, int):
        return [given] * len(tree_leaves(tree))
    parts, kind = _children(tree, None)
    chosen, own = _children(given, None)
    if kind is None or own is None or kind[0] is not own[0] or len(parts) != len(chosen):
        if own is not None and len(chosen) == 1 and kind is None:
            return as_leaves(chosen[0], tree, what)
        raise ArgumentError(f"{what}: the dims are not compatible with the structure of what they are for", op="vmap")
    return [leaf for part, dim in zip(parts, chosen, strict=True) for leaf in as_leaves(dim, part, what)]


def tensors_of(op: str, tree: Any, what: str) -> tuple[list[Tensor], Any]:
    """The leaves, all of them tensors, and the specification; raises ArgumentError for any other leaf."""
    leaves, spec = tree_flatten(tree)
    for leaf in leaves:
        if not isinstance(leaf, Tensor):
            raise ArgumentError(f"{op}: Expected all {what} to be Tensors, got {type(leaf).__name__}", op=op)
    return leaves, spec
