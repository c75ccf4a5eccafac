"""Forward derivatives by dual numbers: inputs carry a tangent, and what is computed of them has one.

A tangent is worked out when it is asked for (`unpack_dual`), by two walks back over the graph between: what has a
gradient of second order has it. Meanwhile dual tensors require a gradient, and so does what is computed of them.
"""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import Any, NamedTuple

from ..errors import ArgumentError, DTypeError, PreconditionError, ShapeError
from ..functions import zeros_like
from ..modes import enable_grad
from ..tensors.tensor import Tensor
from ..walk.engine import grad


class UnpackedDualTensor(NamedTuple):
    """A tensor and its tangent, None where it has none."""

    primal: Any
    tangent: Any


_levels: ContextVar[tuple[list[tuple[Tensor, Tensor]], ...]] = ContextVar("flambeau_dual_levels", default=())


def enter_dual_level() -> int:
    """Begins a level and returns its number. Raises PreconditionError where there is one: levels do not nest."""
    if _levels.get():
        raise PreconditionError("Nested forward mode AD is not supported at the moment", op="enter_dual_level")
    _levels.set((*_levels.get(), []))
    return len(_levels.get()) - 1


def exit_dual_level(*, level: int | None = None) -> None:
    """Ends the level: its tangents are gone. Raises PreconditionError where it is not the one that runs."""
    held = _levels.get()
    if not held or level not in (None, len(held) - 1):
        raise PreconditionError("Trying to exit a forward AD level that was not the last one that was created",
                                op="exit_dual_level")
    _levels.set(held[:-1])


class dual_level:
    """Within the context tensors may carry tangents.

    >>> import flambeau
    >>> with dual_level():
    ...     x = make_dual(flambeau.tensor(3.0), flambeau.tensor(1.0))
    ...     unpack_dual(x * x).tangent
    tensor(6.)
    """

    def __enter__(self) -> int:
        self._number = enter_dual_level()
        return self._number

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        exit_dual_level(level=self._number)


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """The tensor with that tangent, of its shape and dtype.

    Raises PreconditionError outside a `dual_level`, ShapeError or DTypeError for a tangent unlike the tensor.
    """
    op, held = "make_dual", _levels.get()
    if not held:
        raise PreconditionError("Trying to create a dual Tensor for forward AD but no level exists, make sure to"
                                " enter_dual_level() first.", op=op)
    for given in (tensor, tangent):
        if not isinstance(given, Tensor):
            raise ArgumentError(f"expected a Tensor, got {type(given).__name__}", op=op)
    for given in (tensor, tangent):
        if given.dtype.category < 2:
            raise DTypeError(f"Expected a floating point or complex tensor, got {given.dtype!r}", op=op,
                             dtype=given.dtype)
    if tensor.shape != tangent.shape:
        raise ShapeError(f"Expected tensor and tangent to have the same shape, got {list(tensor.shape)} and"
                         f" {list(tangent.shape)}", op=op)
    with enable_grad():
        made = tensor.view_as(tensor) if tensor.requires_grad else tensor.detach().requires_grad_()
    held[-1].append((made, tangent))
    return made


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """The tensor and its tangent; outside a level, and for what depends on no dual tensor, None."""
    held = _levels.get()
    if not held or not tensor.requires_grad:
        return UnpackedDualTensor(tensor, None)
    for made, tangent in held[-1]:
        if made is tensor:
            return UnpackedDualTensor(tensor.detach(), tangent)
    return UnpackedDualTensor(tensor.detach(), _tangent(tensor, held[-1]))


def _tangent(tensor: Tensor, duals: list[tuple[Tensor, Tensor]]) -> Any:
    if not duals:
        return None
    with enable_grad():
        dummy = zeros_like(tensor).detach().requires_grad_()
        back = grad(tensor, [made for made, _ in duals], dummy, retain_graph=True, create_graph=True, allow_unused=True)
        usable = [(g, t) for g, (_, t) in zip(back, duals, strict=True) if g is not None]
        if not usable:
            return None
        tracked = [(g, t) for g, t in usable if g.requires_grad]
        if not tracked:
            return zeros_like(tensor)
        (found,) = grad([g for g, _ in tracked], [dummy], [t for _, t in tracked], retain_graph=True, allow_unused=True)
    return zeros_like(tensor) if found is None else found.detach()


__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]
