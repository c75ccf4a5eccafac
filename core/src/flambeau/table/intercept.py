"""Functions whose calls pass through somebody's hands for a while: what autocast and the profiler stand on.

A function keeps its identity and its cost while nobody asks. Intercepted, its code is replaced by a call of `passed`,
so that every name it goes by, in whatever module, method or program, leads there; released, it has its own code again.
Several may stand in its way: the one of the lowest layer comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from types import CodeType, FunctionType
from typing import Any

from ..called import STAND_INS
from ..contract.locks import lock

AUTOCAST, PROFILER = range(2)  # layers: what autocast casts is recorded as an op of its own
Through = Callable[..., Any]  # gets the function as it was, then its arguments

_changing = lock()


class Held:
    """A function that is or was intercepted, as it was."""

    __slots__ = ("chain", "code", "entry", "function", "own", "plain")

    def __init__(self, function: FunctionType, number: int) -> None:
        self.function, self.own = function, function.__code__
        self.plain = FunctionType(self.own, function.__globals__, function.__name__, function.__defaults__,
                                  function.__closure__)
        self.plain.__kwdefaults__ = function.__kwdefaults__
        self.code = _stand_in(len(self.own.co_freevars), number).replace(
            co_name=self.own.co_name, co_qualname=self.own.co_qualname)
        STAND_INS[self.code] = self.own
        self.chain: dict[int, Through] = {}
        self.entry: Any = self.plain

    def settle(self) -> None:
        """Makes the function what its chain says."""
        entry: Any = self.plain
        for layer in sorted(self.chain, reverse=True):
            entry = partial(self.chain[layer], entry)
        self.entry = entry
        self.function.__code__ = self.code if self.chain else self.own


_known: list[Held] = []
_numbers: dict[FunctionType, int] = {}


@cache
def _maker(free: int) -> Any:
    """What makes a stand-in for functions with that many free variables, whose number the language fixes."""
    names = ", ".join(f"_{i}" for i in range(free))
    source = (f"def outer({names}):\n def inner(*args, **kwargs):\n  if False: {names or 'pass'}\n"
              f"  from {__name__} import passed\n  return passed(-1, args, kwargs)\n return inner\n")
    space: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, "<flambeau intercept>", "exec"), space)
    return space["outer"](*[None] * free).__code__


def _stand_in(free: int, number: int) -> CodeType:
    code: CodeType = _maker(free)
    return code.replace(co_consts=tuple([number if constant == -1 else constant for constant in code.co_consts]))


def passed(number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The call of an intercepted function."""
    return _known[number].entry(*args, **kwargs)


def intercept(function: FunctionType, layer: int, through: Through) -> None:
    """Lets every call of the function go to `through(function, *args, **kwargs)`, until it is released."""
    with _changing:
        number = _numbers.get(function)
        if number is None:
            number = len(_known)
            _known.append(Held(function, number))
            _numbers[function] = number
        held = _known[number]
        held.chain[layer] = through
        held.settle()


def release(layer: int) -> None:
    """Takes a layer off every function."""
    with _changing:
        for held in _known:
            held.chain.pop(layer, None)
            if held.chain or held.function.__code__ is held.code:  # which an interrupt may have left
                held.settle()
