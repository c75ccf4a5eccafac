"""Names of `torch` itself that only PyTorch programs need: typed constructors, compilers, private helpers."""

from __future__ import annotations

from typing import Any

import flambeau
from flambeau.errors import ValueRangeError

from ..element_types import *  # noqa: F403
from ..legacy import *  # noqa: F403 - the typed constructors
from ._foreach import *  # noqa: F403
from .jit import fork, wait

__version__ = "2.13.0+flambeau"


def compile(model: Any = None, **options: Any) -> Any:
    """The function or module itself: there is no compiler, and its meaning is the same without one."""
    return (lambda function: function) if model is None else model


def _assert(condition: Any, message: str) -> None:
    """Raises AssertionError with the message where the condition does not hold."""
    if not condition:
        raise AssertionError(message)


def _told(kind: type[Exception]) -> Any:
    def check(cond: Any, message: Any = None) -> None:
        if not cond:
            raise kind("Expected cond to be True, but got False" if message is None else message())

    check.__doc__ = f"Raises {kind.__name__} with what `message()` says where the condition does not hold."
    return check


_check, _check_index, _check_value = _told(RuntimeError), _told(IndexError), _told(ValueError)
_check_type, _check_not_implemented = _told(TypeError), _told(NotImplementedError)


def _check_is_size(i: int, message: Any = None, *, max: int | None = None) -> None:
    """Raises RuntimeError unless `i` could be a size."""
    _check(i >= 0 and (max is None or i <= max), message)


def _shape_as_tensor(self: Any) -> Any:
    """The size of a tensor as an int64 tensor."""
    return flambeau.tensor(list(self.shape), dtype=flambeau.int64)


def _reshape_from_tensor(self: Any, shape: Any) -> Any:
    """`reshape` to a size that an integer tensor holds."""
    return self.reshape(shape.tolist())


def _softmax_backward_data(grad_output: Any, output: Any, dim: int, input_dtype: Any) -> Any:
    """The gradient of a softmax from its output."""
    weighed = grad_output * output
    return (weighed - output * weighed.sum(dim, keepdim=True)).to(input_dtype)


def _segment_reduce(data: Any, reduce: str, **options: Any) -> Any:
    """`segment_reduce`."""
    return flambeau.segment_reduce(data, reduce, **options)


def cond(pred: Any, true_fn: Any, false_fn: Any, operands: Any = ()) -> Any:
    """`true_fn(*operands)` where `pred`, a bool or a tensor of one element, holds, else `false_fn(*operands)`."""
    if not callable(true_fn) or not callable(false_fn):
        raise ValueRangeError("true_fn and false_fn must be callable", op="cond")
    return (true_fn if bool(pred) else false_fn)(*operands)


def while_loop(cond_fn: Any, body_fn: Any, carried_inputs: Any) -> Any:
    """`body_fn` of the carried values, again and again, while `cond_fn` of them holds."""
    while bool(cond_fn(*carried_inputs)):
        carried_inputs = body_fn(*carried_inputs)
    return carried_inputs


def is_deterministic() -> bool:
    """`are_deterministic_algorithms_enabled`."""
    return bool(flambeau.are_deterministic_algorithms_enabled())


__all__ = ["__version__", "compile", "cond", "fork", "wait", "while_loop"]
