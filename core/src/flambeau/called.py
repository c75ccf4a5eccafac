"""Which public function an error came out of, and with what shapes: read from the stack as the error is made.

Calls that succeed pay nothing for it. From the frame that raises, the walk goes outwards through the modules that ops
consist of; the last public function among them is the one that the user called.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Any

_PACKAGE = __package__
_ROOMS = tuple(f"{_PACKAGE}.{room}" for room in (
    "amp.casting", "autograd._recording", "called", "contract.", "dtypes", "errors", "functions.", "modes",
    "nn._functional", "nn.functional", "nn._reduction", "nn._sizes", "ops.", "shapes", "table.", "tensors."))
_SOURCES = ("functions", "tensors.tensor", "nn.functional")  # whose names users call; Tensor lies in the second
_NAMESPACES = ("linalg",)  # whose functions are called by its name and their own
_SPOKEN = {"__getitem__": "index", "__setitem__": "index_put_"}
_MOST = 8  # shapes listed of one sequence
STAND_INS: dict[CodeType, CodeType] = {}  # code that `table.intercept` put in a function's, and the function's own
_names: dict[CodeType, str] = {}
_read: dict[str, int] = {}  # how many names a source had


def called() -> tuple[str, dict[str, list[str]]] | None:
    """The name of the public function that is being called and the shapes it got by argument; None outside one."""
    _learn()
    found, frame = None, sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__") or ""
        name = _name_of(frame, module)
        if name is not None:
            found = name, frame
        elif not module.startswith(_ROOMS) and not _within(frame) and (
                found is not None or module.startswith(f"{_PACKAGE}.")):
            break  # the user's code, or a layer above; what precedes the first of the rooms is a kernel
        frame = frame.f_back  # type: ignore[assignment]
    return None if found is None else (found[0], _shapes(found[1]))


def _within(frame: FrameType) -> bool:
    """Whether it runs the body of an op that was defined elsewhere."""
    caller = frame.f_back
    return caller is not None and "body" in caller.f_code.co_freevars and (
        getattr(_locals(caller)["body"], "__code__", None) is frame.f_code)


def _learn() -> None:
    """Enters the functions of every source that has got names since, and of families that were loaded since."""
    for source in _SOURCES:
        module = sys.modules.get(f"{_PACKAGE}.{source}")
        space = vars(module.Tensor if source == "tensors.tensor" else module) if module else {}
        if len(space) == _read.get(source, 0):
            continue
        count = len(space)
        for name, value in list(space.items()):
            code = _code_of(value)
            spoken = _SPOKEN.get(name, name)
            if code is not None and not spoken.startswith("_") and (code not in _names or name == code.co_name):
                _names[code] = spoken
        _read[source] = count
    if len(sys.modules) != _read.get(""):
        _learn_families()
        _read[""] = len(sys.modules)


def _learn_families() -> None:
    """Enters the public names of the families that load late and those of `flambeau.linalg`, the latter last."""
    prefix = f"{_PACKAGE}.functions."
    loaded = list(sys.modules.items())
    late: list[tuple[Any, str]] = [(module, "") for name, module in loaded if name.startswith(prefix)]
    late += [(sys.modules.get(f"{_PACKAGE}.{name}"), f"{name}.") for name in _NAMESPACES]
    for module, start in late:
        for name in getattr(module, "__all__", ()):
            code = _code_of(getattr(module, name))
            if code is not None:
                _names.setdefault(code, f"{start}{name}")


def _code_of(value: Any) -> CodeType | None:
    """The code of a function, its own while it is intercepted, too."""
    code = getattr(_inner(value), "__code__", None)
    return STAND_INS.get(code, code) if code is not None else None


def _inner(value: Any) -> Any:
    """The function of a property, or the one that a decorator has wrapped."""
    value = getattr(value, "fget", value)
    return getattr(value, "__wrapped__", value)


def _name_of(frame: FrameType, module: str) -> str | None:
    """The public name of the function that runs in `frame`: a generated caller's from its op, others' from the list."""
    if module.startswith(f"{_PACKAGE}.table.") and "op" in frame.f_code.co_freevars:
        own = str(_locals(frame)["op"].name)
        return f"{own}_" if frame.f_code.co_name == f"{own}_" else own
    return _names.get(frame.f_code)


def _locals(frame: FrameType) -> dict[str, Any]:
    """The variables of a function, of which the frame keeps no copy: it would hold on to the error being handled."""
    held = frame.f_locals
    copied = dict(held)
    if type(held) is dict:  # since Python 3.13 it is no copy
        held.clear()
    return copied


def _shapes(frame: FrameType) -> dict[str, list[str]]:
    code, held = frame.f_code, _locals(frame)
    count = code.co_argcount + code.co_kwonlyargcount
    found = {"input" if name == "self" else name: _shapes_in(held.get(name)) for name in code.co_varnames[:count]}
    if code.co_flags & 4:  # inspect.CO_VARARGS, a module slow to load
        found[""] = _shapes_in(held.get(code.co_varnames[count]))
    return found


def _shapes_in(value: Any) -> list[str]:
    """The shapes of a tensor, or of the tensors in a sequence."""
    return [str(list(v._array.shape)) for v in (value if isinstance(value, (list, tuple)) else (value,))
            if hasattr(v, "_array")]


def with_shapes(message: str, shapes: dict[str, list[str]]) -> str:
    """`message` and, unless it names them all, the shapes by argument in brackets."""
    if all(shape in message for found in shapes.values() for shape in found):
        return message
    return f"{message} ({', '.join(_listed(name, found) for name, found in shapes.items() if found)})"


def _listed(name: str, shapes: list[str]) -> str:
    more = [f"and {len(shapes) - _MOST} more"] if len(shapes) > _MOST else []
    return f"{name} {', '.join(shapes[:_MOST] + more)}".lstrip()
