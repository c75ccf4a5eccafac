"""Typed, coded exceptions.

Every class derives from `FlambeauError` and from the builtin that PyTorch raises in the same
place, so `except RuntimeError` written for PyTorch still catches. A message reads
`op: what is wrong, with the value (CODE)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    from _pickle import UnpicklingError  # what `pickle` calls by that name, without the rest of it
except ImportError:  # no CPython
    from pickle import UnpicklingError

from .called import called, with_shapes


class FlambeauError(Exception):
    """Base of every error flambeau raises on purpose.

    `code` names the rule that was broken, `op` the operation that was called (or None), `fields` the values
    that the message speaks of. Classes about sizes add the shapes that the operation got, where their message
    does not name them all.
    """

    code = "FL000"
    about_sizes = False
    of_a_call = True  # whether the public function that is being called is looked up
    path = ""  # the module it came through, "encoder.layers.2": set while it passes the calls of modules
    through: Any = None

    def __init__(self, message: str, *, op: str | None = None, **fields: Any) -> None:
        found = called() if self.of_a_call else None
        if found is not None:
            op, shapes = found
            message = with_shapes(message, shapes) if self.about_sizes else message
        super().__init__(message)
        self.message = message
        self.op = op
        self.fields = fields

    def __str__(self) -> str:
        head = f"{self.path}: " if self.path else ""
        head += f"{self.op}: " if self.op else ""
        return f"{head}{self.message} ({self.code})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.op, self.fields, self.path)


def _rebuild(kind: type[FlambeauError], message: str, op: str | None, fields: dict[str, Any],
             path: str = "") -> FlambeauError:
    made = kind(message, op=op, **fields)
    made.path = path
    return made


class ShapeError(FlambeauError, RuntimeError):
    """Sizes that do not fit each other or the operation."""

    code = "FL101"
    about_sizes = True


class DimError(FlambeauError, IndexError):
    """A dimension number outside the tensor's dimensions, or named twice."""

    code = "FL102"
    about_sizes = True


class RepeatedDimError(DimError, RuntimeError):
    """A dimension named twice: PyTorch's RuntimeError where one out of range is an IndexError."""

    code = "FL110"


class IndexRangeError(FlambeauError, IndexError, RuntimeError):
    """An index outside the dimension it selects from, or of a form that cannot index.

    PyTorch raises IndexError for `x[...]` and `index_select`, RuntimeError for `gather` and `scatter`.
    """

    code = "FL103"
    about_sizes = True


class DTypeError(FlambeauError, RuntimeError):
    """An element type that the operation does not take, or that cannot hold the result."""

    code = "FL104"


class ArgumentError(FlambeauError, TypeError):
    """An argument of the wrong Python type, missing, or not accepted."""

    code = "FL105"


class ValueRangeError(FlambeauError, ValueError, RuntimeError):
    """An argument of the right type whose value breaks the operation's rule."""

    code = "FL106"


class SizeMismatchError(ShapeError, ValueRangeError):
    """Sizes that do not fit, where PyTorch raises ValueError."""

    code = "FL115"


class NumberRangeError(ValueRangeError, OverflowError):
    """A Python number that the element type it meets cannot hold."""

    code = "FL113"


class ThreadCountError(ValueRangeError, ArgumentError):
    """A number of threads that is no positive int, or that is set a second time where PyTorch takes one."""

    code = "FL114"


class OutDTypeError(DTypeError, ArgumentError):
    """An `out` tensor whose element type the result cannot be cast to."""

    code = "FL116"


class DTypeNotOfferedError(DTypeError, NotImplementedError):
    """An operation that does not exist for an element type."""

    code = "FL111"


class ZeroDivisorError(FlambeauError, ZeroDivisionError, RuntimeError):
    """Integer division by zero."""

    code = "FL112"


class LinAlgError(FlambeauError, RuntimeError):
    """A matrix that cannot be factorised, inverted or solved with, or an iteration that does not converge."""

    code = "FL117"


class NameUnknownError(FlambeauError, AttributeError):
    """A public name that does not exist here; `hint`, asked when the error is shown, says which was meant."""

    code = "FL107"
    of_a_call = False  # `hasattr` is to cost little

    def __init__(self, message: str, *, op: str | None = None, hint: Callable[[], str] | None = None,
                 **fields: Any) -> None:
        super().__init__(message, op=op, **fields)
        self._hint = hint

    def __str__(self) -> str:
        self._settle()
        return super().__str__()

    def __reduce__(self) -> tuple[Any, ...]:
        self._settle()
        return super().__reduce__()

    def _settle(self) -> None:
        if self._hint is not None:
            self.message, self._hint = self.message + self._hint(), None


class DeviceError(FlambeauError, RuntimeError):
    """A device that does not exist or tensors on devices that do not mix."""

    code = "FL201"


class BackendError(FlambeauError, RuntimeError):
    """A backend that cannot be loaded, or failed inside a kernel."""

    code = "FL202"


class BackendNotFoundError(BackendError):
    """No installed backend answers to the name."""

    code = "FL203"


class ContractError(BackendError, LookupError):
    """A backend that breaks the kernel contract: missing or unknown kernels, bad manifest."""

    code = "FL204"


class DeviceNotAvailableError(DeviceError, BackendError, AssertionError):
    """A device that was named and cannot be used here: which, why, and the mend.

    PyTorch raises AssertionError where it was built without that hardware, RuntimeError where the driver is missing.
    """

    code = "FL207"
    of_a_call = False  # which call came first to need it says nothing


class UnsupportedError(FlambeauError, NotImplementedError):
    """An operation, or a dtype of it, that this backend or this version does not offer."""

    code = "FL205"


class OutOfMemoryError(BackendError, MemoryError):
    """A result that the device has no memory for, or that no memory could hold; the device stays usable."""

    code = "FL206"


class GradientError(FlambeauError, RuntimeError):
    """A request that automatic differentiation cannot honour."""

    code = "FL301"


class NoDerivativeError(GradientError, NotImplementedError):
    """A walk back through an operation that has no derivative."""

    code = "FL307"


class GraphFreedError(GradientError):
    """A second walk through a graph whose saved values were already freed."""

    code = "FL302"


class SavedTensorModifiedError(GradientError):
    """A tensor saved for backward was changed in place afterwards."""

    code = "FL303"


class InplaceError(GradientError):
    """An in-place operation that would break the graph."""

    code = "FL304"


class RegistryError(FlambeauError, ValueError):
    """An op definition that breaks the op table's rules."""

    code = "FL401"


class SerializationError(FlambeauError, UnpicklingError, RuntimeError):
    """A file that cannot be read, or holds a type that loading does not build; `fields` name file, entry and rule."""

    code = "FL501"


class KeyNameError(FlambeauError, KeyError):
    """A name that cannot be registered, or a key that is not there."""

    code = "FL108"


class PreconditionError(ValueRangeError, AssertionError):
    """A condition on arguments that PyTorch checks by assertion."""

    code = "FL109"


class StateDictError(FlambeauError, RuntimeError):
    """A state dict whose keys, sizes or layout do not fit what it is loaded into."""

    code = "FL601"


class HookError(FlambeauError, RuntimeError):
    """A hook that answered what its place does not allow, or a method that is only reached by mistake."""

    code = "FL602"


class WorkerError(FlambeauError, RuntimeError):
    """A data-loading process that died, did not answer in time, or failed beyond its own exception."""

    code = "FL603"


class NotCloseError(FlambeauError, AssertionError):
    """Values that a test holds to be the same and that are not."""

    code = "FL701"
    of_a_call = False  # a test calls it, and reads of its own values


__all__ = [
    "ArgumentError", "BackendError", "BackendNotFoundError", "ContractError", "DTypeError", "DTypeNotOfferedError",
    "DeviceError", "DeviceNotAvailableError", "DimError", "FlambeauError", "GradientError", "GraphFreedError",
    "HookError", "IndexRangeError", "InplaceError", "KeyNameError", "LinAlgError", "NameUnknownError",
    "NoDerivativeError", "NotCloseError", "OutDTypeError", "OutOfMemoryError", "PreconditionError", "RegistryError",
    "RepeatedDimError",
    "SavedTensorModifiedError", "SerializationError", "ShapeError", "SizeMismatchError", "StateDictError",
    "ThreadCountError", "UnsupportedError", "ValueRangeError", "WorkerError", "ZeroDivisorError",
]


def __dir__() -> list[str]:
    return __all__
