"""Hooks on what nodes save: packed when it is saved, unpacked when a gradient rule reads it.

Nodes keep their values where the generated callers put them, without a question asked. While some thread has hooks,
the callers make nodes of another class, whose `saved` packs what is put there; it costs nothing otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from threading import Lock
from types import TracebackType
from typing import Any

from ..errors import GradientError
from ..tensors import views
from ..tensors.tensor import Tensor
from ..walk.tape import FREED, Node, Packed, Recast, version_of
from . import function
from .anomaly import _namespaces

Pack = Callable[[Tensor], Any]
Hooks = tuple[Pack, Callable[[Any], Tensor]]
_hooks: ContextVar[tuple[Hooks, ...]] = ContextVar("flambeau_saved_tensors_hooks", default=())
_disabled: ContextVar[str] = ContextVar("flambeau_saved_tensors_hooks_disabled", default="")
_open, _lock = [0], Lock()  # how many contexts are open in all threads
_saved: Any = vars(Node)["saved"]
_versions: Any = vars(Node)["versions"]


class PackingNode(Node):
    """A node that packs what it saves."""

    __slots__ = ()

    @property
    def saved(self) -> Any:
        """What the node saved, as it is kept."""
        return _saved.__get__(self)

    @saved.setter
    def saved(self, value: Any) -> None:
        _saved.__set__(self, value if value is FREED or type(value) is not tuple else pack_all(value))

    @property
    def versions(self) -> Any:
        """The versions of the saved values; 0 for those that are packed, which nobody can change."""
        return _versions.__get__(self)

    @versions.setter
    def versions(self, value: Any) -> None:
        held = _saved.__get__(self)
        packed = type(held) is tuple and any(type(v) is Packed for v in held)
        _versions.__set__(self, (0,) * len(held) if packed and value is None else value)


def pack_all(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Saved values, the tensors among them packed by the innermost hooks of this thread."""
    stack = _hooks.get()
    if not stack:
        return values
    pack, unpack = stack[-1]
    return tuple(_packed(v, pack, unpack) for v in values)


def _packed(value: Any, pack: Pack, unpack: Any) -> Any:
    if type(value) is list:
        return [_packed(v, pack, unpack) for v in value]
    if not isinstance(value, (Tensor, Recast)):
        return value
    tensor, dtype = (value.tensor, value.dtype) if isinstance(value, Recast) else (value, None)
    before = version_of(tensor)
    token = _hooks.set(())  # what the hook computes is saved as it is
    try:
        held = pack(tensor)
    finally:
        _hooks.reset(token)
    if before != version_of(tensor):
        raise GradientError("A saved tensor pack hook is modifying its input in place: what it is given must stay as it"
                            " is, since others read it; work on a clone()", op="saved_tensors_hooks")
    return Packed(held, unpack, dtype)


def _switch(on: bool) -> None:
    for space in [*_namespaces(), vars(views), vars(function)]:
        if "Node" in space:
            space["Node"] = PackingNode if on else Node


class saved_tensors_hooks:
    """Within the context every tensor that a node saves is packed by one hook, and unpacked by the other when read.

    What `pack_hook(tensor)` gives is kept; `unpack_hook` of it must give a tensor of the same elements. A pack hook
    must not change its tensor. The innermost context counts.

    >>> import flambeau
    >>> x = flambeau.tensor([2.0], requires_grad=True)
    >>> with saved_tensors_hooks(lambda t: t.detach().numpy().copy(), flambeau.tensor):
    ...     y = x * x
    >>> y.backward()
    >>> x.grad
    tensor([4.])
    """

    def __init__(self, pack_hook: Pack, unpack_hook: Callable[[Any], Tensor]) -> None:
        self._entry = pack_hook, unpack_hook

    def __enter__(self) -> Any:
        if _disabled.get():
            raise GradientError(_disabled.get(), op="saved_tensors_hooks")
        with _lock:
            _open[0] += 1
            if _open[0] == 1:
                _switch(True)
        self._token = _hooks.set((*_hooks.get(), self._entry))
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        _hooks.reset(self._token)
        with _lock:
            _open[0] -= 1
            if not _open[0]:
                _switch(False)


class save_on_cpu(saved_tensors_hooks):
    """Within the context what nodes save lies in host memory, and comes back to its device when it is read."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Tensor) -> Any:
            moved = tensor.detach().cpu()
            return tensor.device, moved.clone() if moved is tensor or tensor.device.type == "cpu" else moved

        super().__init__(pack, lambda held: held[1].to(held[0]))


class disable_saved_tensors_hooks:
    """Within the context hooks on saved tensors raise GradientError with this message, where they are begun."""

    def __init__(self, error_message: str) -> None:
        self._message = error_message

    def __enter__(self) -> Any:
        if _hooks.get():
            raise GradientError(self._message, op="saved_tensors_hooks")
        self._token = _disabled.set(self._message)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        _disabled.reset(self._token)
