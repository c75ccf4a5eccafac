"""Memory for time: forget what a part of the graph saved, run that part again when the walk needs it.

The part runs once as usual and leaves its nodes on the tape; then every one of these nodes loses its
saved values to an `_Absent`. The first value a walk asks for runs the function again, from the
same random state; the nodes of that run have the same order, so their saved values serve. The
graph itself never changes: gradients reach parameters that the function closes over, hooks, `grad`
with `inputs`, and second order all work.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .. import random
from ..errors import GradientError, UnsupportedError, ValueRangeError
from ..modes import AUTOCAST, enable_grad, is_grad_enabled
from ..tensors.tensor import Tensor
from ..walk.tape import FREED, Leaf, Node, Output, tick

Contexts = Callable[[], tuple[Any, Any]]


class CheckpointError(GradientError):
    """A function that did something else when it was run again."""

    code = "FL306"


def noop_context_fn() -> tuple[Any, Any]:
    """No contexts around forward and the second run."""
    return contextlib.nullcontext(), contextlib.nullcontext()


class _Absent:
    """Stands in `Node.saved`; fetches the values when asked for one."""

    __slots__ = ("__weakref__", "_segment", "value")

    def __init__(self, segment: _Segment) -> None:
        self._segment = segment
        self.value: Any = None

    def _fetch(self) -> Any:
        if self.value is None:
            self._segment.recompute()
        return self.value

    def __getitem__(self, i: int) -> Any:
        return self._fetch()[i]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._fetch())

    def __len__(self) -> int:
        return len(self._fetch())

    def __bool__(self) -> bool:
        return True


class _Segment:
    """One checkpointed call: how to run it again, and whose values that gives."""

    def __init__(self, call: Callable[[], Any], preserve_rng_state: bool, again: Any) -> None:
        self.call, self.again, self.autocast = call, again, AUTOCAST.get()
        self.state = random.get_rng_state() if preserve_rng_state else None
        self.absent: list[weakref.ref[_Absent]] = []
        self.signature: list[Any] = []

    def forget(self, nodes: list[Node]) -> None:
        """Takes the saved values away from the nodes."""
        self.signature = [_signature(n) for n in nodes]
        for node in nodes:
            absent = _Absent(self)
            self.absent.append(weakref.ref(absent))
            if node.saved:
                node.saved = absent

    def recompute(self) -> None:
        """Runs the function again and hands the values it saves to all that wait for them."""
        with enable_grad(), self._random_state(), self._casts(), self.again:
            start = tick()
            nodes = _nodes(self.call(), start)
        if [_signature(n) for n in nodes] != self.signature:
            raise CheckpointError(f"the function did something else when it was run again: {len(self.signature)}"
                                  f" operations were recorded in forward, {len(nodes)} now, or they differ in kind or"
                                  " shape; does it depend on state that changed in between?", op="checkpoint")
        for reference, node in zip(self.absent, nodes, strict=True):
            absent = reference()
            if absent is not None:
                absent.value = node.saved

    def _casts(self) -> Any:
        return contextlib.nullcontext() if self.autocast is None else self.autocast.again()

    def _random_state(self) -> Any:
        if self.state is None:
            return contextlib.nullcontext()
        forked = contextlib.ExitStack()
        forked.enter_context(random.fork_rng())
        random.set_rng_state(self.state)
        return forked


def _signature(node: Node) -> Any:
    return node.op.grad_name, node.shape


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from _tensors(v)


def _node(edge: Any) -> Node | None:
    edge = edge.node if type(edge) is Output else edge
    return None if type(edge) is Leaf or not isinstance(edge, Node) else edge


def _nodes(outputs: Any, start: int) -> list[Node]:
    """The nodes made after `start` that lead to `outputs`, in order of creation."""
    found: dict[int, Node] = {}
    stack = [_node(t._node) for t in _tensors(outputs)]
    while stack:
        node = stack.pop()
        if node is not None and node.seq > start and node.seq not in found and node.saved is not FREED:
            found[node.seq] = node
            stack += [_node(e) for e in node.edges]
    return [found[seq] for seq in sorted(found)]


def checkpoint(function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None,
               context_fn: Contexts = noop_context_fn, determinism_check: str = "default", debug: bool = False,
               early_stop: bool = True, preserve_rng_state: bool = True, **kwargs: Any) -> Any:
    """`function(*args, **kwargs)` without keeping what its backward needs: that is computed again by the walk.

    `preserve_rng_state` gives the second run the random numbers of the first. `use_reentrant` is
    accepted; both settings behave as PyTorch's `False`. Raises CheckpointError, at the walk, if the
    second run records other operations; UnsupportedError for `debug`.

    >>> import flambeau
    >>> x = flambeau.tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda x: (x.exp() * x).sum(), x, use_reentrant=False).backward()
    >>> x.grad
    tensor([ 5.4366, 22.1672])
    """
    if debug:
        raise UnsupportedError("debug=True is not supported", op="checkpoint")
    if determinism_check not in ("default", "none"):
        raise ValueRangeError(f"determinism_check must be 'default' or 'none', got {determinism_check!r}",
                              op="checkpoint")
    if not is_grad_enabled():
        return function(*args, **kwargs)
    first, again = context_fn()
    segment = _Segment(lambda: function(*args, **kwargs), preserve_rng_state, again)
    start = tick()
    with first:
        outputs = function(*args, **kwargs)
    segment.forget(_nodes(outputs, start))
    return outputs


def _chain(functions: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        for function in functions:
            value = function(value)
        return value

    return run


def checkpoint_sequential(functions: Iterable[Callable[[Any], Any]], segments: int, input: Any,
                          use_reentrant: bool | None = None, **kwargs: Any) -> Any:
    """Runs a sequence of functions in `segments` parts, each but the last checkpointed.

    `preserve_rng_state` may be given; any other keyword raises ValueRangeError.
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueRangeError(f"unexpected keyword arguments: {', '.join(kwargs)}", op="checkpoint_sequential")
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(steps) // segments
    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        input = checkpoint(_chain(steps[start:end]), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return _chain(steps[end:])(input)


__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn"]
