"""The error contract: after something was refused, everything is as it was, and the next call is right.

The group "errors" tries the `Bad` samples of every op; here are the promises around them: what an
error carries, what `out=`, in-place calls and indexed writes leave behind, devices that do not mix.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from flambeau import errors
from flambeau.errors import FlambeauError

from ..api import flambeau
from ..check import Check, CheckFailed, require
from ..host import raw
from ..target import Target
from .promise import promise

CHECKS: list[Check] = []


def _grid(target: Target) -> Any:
    return flambeau.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], device=target.device)


def _ints(target: Target, values: list[int]) -> Any:
    return flambeau.tensor(values, device=target.device)


def refused(call: Callable[[], Any], kind: type[Exception], what: str) -> FlambeauError:
    """The error of a call that must be refused with that class; anything else is a failure."""
    try:
        result = call()
    except kind as error:
        if not isinstance(error, FlambeauError):
            raise CheckFailed("error class", f"{what}: {type(error).__name__} is not one of flambeau's: {error}"
                              ) from error
        return error
    except Exception as error:
        raise CheckFailed("error class", f"{what}: expected {kind.__name__}, got {type(error).__name__}: {error}"
                          ) from error
    raise CheckFailed("no error", f"{what}: expected {kind.__name__}, but the call gave {result!r:.80}")


# name -> (what is called, the class of its error, the op that it names)
_CALLS: dict[str, tuple[Callable[[Target], Any], type[Exception], str]] = {
    "sizes that do not broadcast": (lambda t: _grid(t) + _grid(t)[:, :2], errors.ShapeError, "add"),
    "inner sizes of a product": (lambda t: _grid(t) @ _grid(t), errors.ShapeError, "matmul"),
    "a dim out of range": (lambda t: _grid(t).sum(2), errors.DimError, "sum"),
    "a view of another size": (lambda t: _grid(t).view(4), errors.ShapeError, "view"),
    "joined sizes": (lambda t: flambeau.cat([_grid(t), _grid(t)[:, :2]]), errors.ShapeError, "cat"),
    "an index out of range": (lambda t: _grid(t).index_select(0, _ints(t, [2])), IndexError,
                              "index_select"),
    "a dtype not taken": (lambda t: _ints(t, [1]).__lshift__(1.5), Exception, "bitwise_left_shift"),
    "no maximum of nothing": (lambda t: _grid(t)[:, :0].amax(1), Exception, "amax"),
}


@promise("error-fields", CHECKS)
def error_fields(target: Target) -> None:
    """An error has its class, a code that its text shows, the op; it survives pickling, and the next call is right."""
    for what, (call, kind, op) in _CALLS.items():
        error = refused(lambda call=call: call(target), kind, what)  # type: ignore[misc]
        require(error.op == op, "error fields", f"{what}: the error names op {error.op!r}, expected {op!r}")
        require(error.code.startswith("FL") and f"({error.code})" in str(error), "error fields",
                f"{what}: no code in {str(error)!r}")
        again = pickle.loads(pickle.dumps(error))
        require(type(again) is type(error) and str(again) == str(error) and set(again.fields) == set(error.fields),
                "error fields", f"{what}: pickled, the error became {again!r}")
        require((_grid(target) + 1).tolist() == [[1, 2, 3], [4, 5, 6]], "next op", f"after {what}, x + 1 is wrong")


@promise("out-unwritten", CHECKS)
def out_unwritten(target: Target) -> None:
    """A call that is refused leaves `out=` and its inputs as they were; one that works writes nothing but `out`."""
    x, narrow = _grid(target), _grid(target)[:, :2]
    held = raw(x)
    for what, call, kind in (
            ("sizes", lambda out: flambeau.add(x, narrow, out=out), errors.ShapeError),
            ("product", lambda out: flambeau.matmul(x, x, out=out), errors.ShapeError),
            ("index", lambda out: flambeau.index_select(x, 0, _ints(target, [7]), out=out), IndexError)):
        out = flambeau.full((2, 3), 7.0, device=target.device)
        refused(lambda call=call, out=out: call(out), kind, f"out=, {what}")  # type: ignore[misc]
        require(out.tolist() == [[7.0] * 3] * 2, "out written", f"{what}: after the error out holds {out.tolist()}")
        require(raw(x) == held, "mutated input", f"{what}: an input was changed by a call that failed")
    whole = flambeau.full((4, 3), 7.0, device=target.device)
    answered = flambeau.add(x, 1, out=whole[1:3])
    require(answered.tolist() == [[1, 2, 3], [4, 5, 6]], "value", f"out= answered {answered.tolist()}")
    require(whole.tolist() == [[7] * 3, [1, 2, 3], [4, 5, 6], [7] * 3], "guard",
            f"out= of a part: the whole holds {whole.tolist()}")


@promise("out-dtype", CHECKS)
def out_dtype(target: Target) -> None:
    """`out=` of a dtype that cannot hold the result is refused, unwritten."""
    out = flambeau.full((2, 3), 7, dtype=flambeau.int32, device=target.device)
    refused(lambda: flambeau.add(_grid(target), 0.5, out=out), errors.DTypeError, "out= of int32 for floats")
    require(out.tolist() == [[7] * 3] * 2, "out written", f"after the error out holds {out.tolist()}")


@promise("in-place-refused", CHECKS)
def in_place_refused(target: Target) -> None:
    """An in-place call or an indexed write that is refused changes nothing."""
    x = _grid(target)
    held = raw(x)
    whole = _ints(target, [1, 2, 3])
    kept = raw(whole)

    def write(index: Any, value: Any) -> None:
        x[index] = value

    calls: dict[str, tuple[Callable[[], Any], type[Exception]]] = {
        "add_ of a longer tensor": (lambda: x.add_(_grid(target).reshape(6)), errors.ShapeError),
        "copy_ of a longer tensor": (lambda: x.copy_(_grid(target).reshape(6)), errors.ShapeError),
        "a float into integers": (lambda: whole.add_(0.5), errors.DTypeError),
        "integers divided in place": (lambda: whole.div_(2), errors.DTypeError),
        "an index out of range": (lambda: write(2, 0.0), IndexError),
        "a list of indices out of range": (lambda: write([0, 5], 0.0), IndexError),
        "too many values": (lambda: write(0, _grid(target).reshape(6)), errors.ShapeError),
    }
    for what, (call, kind) in calls.items():
        refused(call, kind, what)
        require(raw(x) == held and raw(whole) == kept, "mutated input", f"{what}: the call failed and yet wrote")
    x.add_(1)
    require(x.tolist() == [[1, 2, 3], [4, 5, 6]], "next op", f"add_ after the refusals gave {x.tolist()}")


@promise("leaf-in-place", CHECKS)
def leaf_in_place(target: Target) -> None:
    """A leaf that requires a gradient is not changed in place while recording, and a changed saved value is noticed."""
    leaf = _grid(target).requires_grad_()
    refused(lambda: leaf.add_(1), errors.InplaceError, "add_ of a leaf")
    require(leaf.tolist() == [[0, 1, 2], [3, 4, 5]], "mutated input", "the leaf was changed although add_ was refused")
    middle = leaf * 1
    result = (middle * middle).sum()
    middle.add_(1)
    refused(result.backward, errors.SavedTensorModifiedError, "backward after a saved value was changed")
    require(leaf.grad is None, "gradient", "a walk that failed left a gradient behind")


@promise("devices-do-not-mix", CHECKS)
def devices_do_not_mix(target: Target) -> None:
    """Tensors with dimensions of two devices are refused, naming both; 0-d tensors of the host come along."""
    other = "reference" if target.backend.name != "reference" else "numpy"
    try:
        elsewhere = flambeau.ones(2, 3, device=other)
    except FlambeauError:
        return  # the reference is alone here: nothing to mix with
    error = refused(lambda: _grid(target) + elsewhere, errors.DeviceError, "two devices")
    require(str(elsewhere.device) in str(error) and str(target.device) in str(error), "error text",
            f"{error} does not name both devices")


@promise("integer-division-by-zero", CHECKS)
def integer_division_by_zero(target: Target) -> None:
    """Integers divided by zero raise ZeroDivisionError, which is flambeau's too, for every integer op that divides."""
    x, zeros = _ints(target, [4, 5]), _ints(target, [2, 0])
    for name in ("floor_divide", "remainder", "fmod"):
        error = refused(lambda name=name: getattr(flambeau, name)(x, zeros), RuntimeError, name)  # type: ignore[misc]
        require(isinstance(error, ZeroDivisionError) and error.op == name, "error class",
                f"{name} by zero raised {type(error).__name__} of op {error.op!r}")
