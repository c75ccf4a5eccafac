"""The graph as an object: nodes, edges, hooks over several tensors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..errors import GradientError, ValueRangeError
from ..spelling import public
from ..tensors.tensor import Tensor
from ..tensors.views import bump
from ..walk.tape import AccumulateGrad, Node


class GradientEdge(NamedTuple):
    """A place in the graph: a node and the number of one of its results."""

    node: Any
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place in the graph that `tensor`'s gradient goes to.

    Raises GradientError for a tensor that requires none.
    """
    if not tensor.requires_grad:
        raise GradientError("it is not possible to get the gradient edge of a Tensor that does not require gradients",
                            op="get_gradient_edge")
    return GradientEdge(tensor.grad_fn or AccumulateGrad(tensor), tensor.output_nr)


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Counts an in-place change that was made behind autograd's back."""
    for t in [tensor] if isinstance(tensor, Tensor) else tensor:
        bump(t)


class _Handle:
    """Takes several hooks away at once."""

    def __init__(self, handles: list[Any]) -> None:
        self._handles = handles

    def remove(self) -> None:
        """Forgets the hooks."""
        for handle in self._handles:
            handle.remove()

    def __enter__(self) -> _Handle:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all") -> _Handle:
    """`fn` runs once per walk: on all gradients (`mode="all"`), or on the first known (`mode="any"`).

    Raises ValueRangeError for another mode. A gradient that never arrives makes "all" wait for the next walk.
    """
    if mode not in ("all", "any"):
        raise ValueRangeError(f"expects mode to be one of ('all', 'any') but got {mode!r}",
                              op="register_multi_grad_hook")
    found: list[Any] = [None] * len(tensors)
    lock = threading.Lock()

    def hook_of(i: int) -> Callable[[Tensor], None]:
        def hook(g: Tensor) -> None:
            with lock:
                fresh = all(f is None for f in found)
                found[i] = g
                complete = all(f is not None for f in found)
                values = list(found)
                if complete:
                    found[:] = [None] * len(tensors)
            if mode == "any" and fresh:
                fn(g)
            elif mode == "all" and complete:
                fn(values)

        return hook

    return _Handle([t.register_hook(hook_of(i)) for i, t in enumerate(tensors)])


_LATE = ("disable_saved_tensors_hooks", "save_on_cpu", "saved_tensors_hooks")

__all__ = ["GradientEdge", "Node", "get_gradient_edge", "increment_version", "register_multi_grad_hook", *_LATE]
__getattr__, __dir__ = public(__name__, {name: f"..saved:{name}" for name in _LATE})
