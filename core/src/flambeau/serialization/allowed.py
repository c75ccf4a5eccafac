"""What a file may name: PyTorch's tensors and names, Python's containers, and what the user allowed.

Each is built here from arguments that are checked first, so that nothing grows beyond what the pickle itself holds.
"""

from __future__ import annotations

import collections
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable
from typing import Any

from .. import constants, dtypes
from ..contract.device import Device
from ..tensors.tensor import Parameter, Size, Tensor
from .layout import DTYPES
from .machine import Refusal
from .parts import Builder, StorageType
from .rebuild import rebuild_from_type, rebuild_parameter, rebuild_parameter_with_state, rebuild_tensor

SAFE: dict[str, Any] = {}
ALIASES: list[Callable[[Any], str | None]] = []  # what answers with another name that files may know a class by


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Lets `load` build these classes and functions too; a pair gives one the name that files know it by.

    >>> import flambeau, fractions
    >>> flambeau.serialization.add_safe_globals([fractions.Fraction])
    """
    SAFE.update(_named(item) for item in safe_globals)


def _named(item: Any) -> tuple[str, Any]:
    value, name = item if isinstance(item, tuple) else (item, f"{item.__module__}.{item.__qualname__}")
    return name, value


def get_safe_globals() -> list[Any]:
    """What was allowed with `add_safe_globals`, in the form in which it was given."""
    return [value if _named(value) == (name, value) else (value, name) for name, value in SAFE.items()]


def clear_safe_globals() -> None:
    """Forgets what was allowed."""
    SAFE.clear()


class safe_globals:
    """Context manager: `load` builds these classes and functions too until the block ends.

    >>> import flambeau, fractions
    >>> with flambeau.serialization.safe_globals([fractions.Fraction]):
    ...     flambeau.serialization.get_safe_globals()
    [<class 'fractions.Fraction'>]
    """

    def __init__(self, safe_globals: list[Any]) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        self._before = dict(SAFE)
        add_safe_globals(self.safe_globals)

    def __exit__(self, *exc: Any) -> None:
        SAFE.clear()
        SAFE.update(self._before)


def known(name: str) -> bool:
    """Whether `load` builds that name for every file."""
    return name in TORCH or name in PYTHON


def _check(name: str, arguments: tuple[Any, ...], *kinds: tuple[type, ...], needed: int = 0) -> None:
    """Raises Refusal unless each argument is of exactly one of the types of its place."""
    if not needed <= len(arguments) <= len(kinds) or any(
            type(given) not in kind for given, kind in zip(arguments, kinds, strict=False)):
        raise Refusal(f"{name} takes no ({', '.join(type(given).__name__ for given in arguments)})")


def _ordered(*arguments: Any) -> Any:
    _check("OrderedDict", arguments, (list, tuple))
    pairs = arguments[0] if arguments else ()
    if any(type(pair) not in (list, tuple) or len(pair) != 2 or type(pair[0]) is not str for pair in pairs):
        raise Refusal("OrderedDict takes pairs of a name and a value")
    return collections.OrderedDict(pairs)


def _counter(*arguments: Any) -> Any:
    _check("Counter", arguments, (dict,))
    return collections.Counter(*arguments)


def _default(*arguments: Any) -> Any:
    factory = arguments[0] if arguments else None
    if len(arguments) > 1 or (factory is not None and factory not in _FACTORIES.values()):
        raise Refusal(f"defaultdict takes no ({', '.join(type(given).__name__ for given in arguments)})")
    return collections.defaultdict(factory)


def _set_of(kind: type) -> Callable[..., Any]:
    def build(*arguments: Any) -> Any:
        _check(kind.__name__, arguments, (list, tuple))
        items = arguments[0] if arguments else ()
        return kind(items)

    return build


def _complex(*arguments: Any) -> complex:
    _check("complex", arguments, (float, int), (float, int))
    return complex(*arguments)


def _range(*arguments: Any) -> range:
    _check("range", arguments, (int,), (int,), (int,), needed=1)
    return range(*arguments)


def _slice(*arguments: Any) -> slice:
    _check("slice", arguments, *[(int, type(None), bool, str, float)] * 3, needed=1)
    return slice(*arguments)


def _bytearray(*arguments: Any) -> bytearray:
    _check("bytearray", arguments, (bytes, str), (str,))
    return bytearray(_encoded(*arguments) if arguments and type(arguments[0]) is str else b"".join(arguments))


def _empty(*arguments: Any) -> bytes:
    _check("bytes", arguments)
    return b""


def _encoded(*arguments: Any) -> bytes:
    _check("encode", arguments, (str,), (str,), needed=1)
    encoding = arguments[1] if len(arguments) > 1 else "utf-8"
    if encoding.lower().replace("-", "").replace("_", "") not in ("latin1", "utf8", "ascii"):
        raise Refusal(f"encode knows no encoding {encoding!r}")
    return bytes(arguments[0], encoding)


def _size(*arguments: Any) -> Size:
    _check("Size", arguments, (tuple, list))
    items = arguments[0] if arguments else ()
    if any(type(item) is not int for item in items):
        raise Refusal("Size takes integers")
    return Size(items)


def _device(*arguments: Any) -> Device:
    _check("device", arguments, (str,), (int,), needed=1)
    return Device(*arguments)


def _layout(*arguments: Any) -> Any:
    if arguments != ("torch.strided",):
        raise Refusal(f"there is no layout {arguments}")
    return constants.strided


_FACTORIES: dict[str, type] = {kind.__name__: kind for kind in
                               (list, dict, int, float, bool, str, bytes, tuple, complex, set, frozenset, bytearray)}
_CALLED: dict[str, Callable[..., Any]] = {"set": _set_of(set), "frozenset": _set_of(frozenset), "complex": _complex,
                                          "range": _range, "slice": _slice, "bytearray": _bytearray,
                                          "bytes": _empty}


def _never(*arguments: Any) -> Any:
    raise Refusal("the pickle calls a type that it only has a use for as a default")


TORCH: dict[str, Any] = {
    "torch._utils._rebuild_tensor_v2": Builder(rebuild_tensor, parts=True),
    "torch._utils._rebuild_parameter": Builder(rebuild_parameter),
    "torch._utils._rebuild_parameter_with_state": Builder(rebuild_parameter_with_state),
    "torch._tensor._rebuild_from_type_v2": Builder(rebuild_from_type, parts=True),
    "torch.Tensor": Builder(_never, value=Tensor),
    "torch.nn.parameter.Parameter": Builder(_never, value=Parameter),
    "torch.Size": Builder(_size),
    "torch.device": Builder(_device),
    "torch.serialization._get_layout": Builder(_layout),
    **{f"torch.{item.name}": item for item in vars(constants).values()
       if isinstance(item, (constants.memory_format, constants.layout))},
    **{f"torch.{d.name}": d for d in dtypes.ALL},
    "torch.storage.UntypedStorage": StorageType(dtypes.uint8),
    **{f"torch.{storage}": StorageType(dtype) for storage, dtype in DTYPES.items()},
}
PYTHON: dict[str, Any] = {
    "builtins.Ellipsis": ...,
    "builtins.NotImplemented": NotImplemented,
    "collections.OrderedDict": Builder(_ordered),
    "collections.Counter": Builder(_counter),
    "collections.defaultdict": Builder(_default),
    "_codecs.encode": Builder(_encoded),
    **{f"builtins.{name}": Builder(_CALLED.get(name, _never), keyed=name in ("set", "frozenset"),
                                   value=_FACTORIES.get(name))
       for name in {*_FACTORIES, *_CALLED}},
}


def allowed(module: str, name: str, protocol: int) -> Any:
    """What a global of a file stands for."""
    spelled = f"{module}.{name}"
    if protocol < 3:  # names of Python 2
        module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
    for path in (spelled, f"{module}.{name}"):
        for table in (TORCH, PYTHON, SAFE):
            if path in table:
                return table[path]
    for value in SAFE.values():
        if any(alias(value) == spelled for alias in ALIASES):
            return value
    raise Refusal(
        f"the file refers to {spelled}, which load does not build; if you trust the file, allow it with"
        " flambeau.serialization.add_safe_globals([...]) or pass weights_only=False")

