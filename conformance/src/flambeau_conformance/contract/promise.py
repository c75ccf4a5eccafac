"""How a function of the target becomes a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from flambeau.dtypes import DType
from flambeau.errors import UnsupportedError

from ..check import FULL, PASSED, UNSUPPORTED, Check, CheckFailed
from ..target import Target

Promise = Callable[[Target], None]
DTypePromise = Callable[[Target, DType], None]


def promise(name: str, into: list[Check], lane: str = FULL, since: str = "1.0",
            requires: tuple[str, ...] = ()) -> Callable[[Promise], Promise]:
    """Adds the decorated function, which raises CheckFailed, as the check `contract/<name>`."""
    def register(function: Promise) -> Promise:
        run = partial(_kept, function)
        into.append(Check(f"contract/{name}", "contract", run, since=since, requires=requires, lane=lane))
        return function

    return register


def promise_each(name: str, dtypes: Iterable[DType], into: list[Check], lane: str = FULL, since: str = "1.0",
                 requires: tuple[str, ...] = ()) -> Callable[[DTypePromise], DTypePromise]:
    """Adds the decorated function as one check per dtype; a dtype that is declared away must be refused."""
    def register(function: DTypePromise) -> DTypePromise:
        into.extend(Check(f"contract/{name}/{d.name}", "contract", partial(_kept_for, function, d), "", d.name, since,
                          requires=requires, lane=lane) for d in dtypes)
        return function

    return register


def _kept(function: Promise, target: Target) -> str:
    function(target)
    return PASSED


def _kept_for(function: DTypePromise, dtype: DType, target: Target) -> str:
    if not target.lacks(dtype):
        function(target, dtype)
        return PASSED
    try:
        function(target, dtype)
    except UnsupportedError:
        return UNSUPPORTED
    raise CheckFailed("refusal", f"the manifest says no to {dtype.name}, but nothing raised UnsupportedError")
