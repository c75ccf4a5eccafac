"""What a mutant is: a backend with one bug put into it, and the checks that ought to notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flambeau.contract.backend import Backend, Kernel
from flambeau.contract.device import resolve
from flambeau.dtypes import bfloat16

from ..target import Target
from ..wrapped import Change


@dataclass(frozen=True, slots=True)
class Parts:
    """What is exchanged: kernels changed, added or dropped, members of the backend, tables of its manifest."""

    change: Mapping[str, Change] = field(default_factory=dict)
    add: Mapping[str, Kernel] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)


Injection = Callable[[Backend], Parts]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One bug: `sort` is the class of bugs it stands for, `checks` are patterns of the IDs that it is shown to.

    Without any, core must refuse the backend when it is loaded.
    """

    name: str
    bug: str
    sort: str
    checks: tuple[str, ...]
    inject: Injection
    limit: float = 60.0  # seconds that a check may take
    needs: str = ""  # what a backend must have for the bug to make a difference: a key of NEEDS


NEEDS: dict[str, tuple[Callable[[Target], bool], str]] = {
    "shared views": (lambda target: target.backend.shared_views, "its arrays never change and share no memory"),
    "16-bit floats": (lambda target: target.capability("float16"), "it declares that it has no float16"),
    "dlpack": (lambda target: target.capability("dlpack"), "it declares that it exchanges no memory"),
    "a refusal": (lambda target: target.lacks(bfloat16), "it has all dtypes, and nothing to refuse"),
    "counters": (lambda target: target.backend.array_type is resolve("cpu").backend.array_type,
                 "Adam counts its steps on the CPU, so core composes the step on other devices"),
    "rules": (lambda target: target.name.partition("+")[0] == "reference", "gradient rules are core's, and looked at"
                                                                           " on the reference alone")}

CATALOGUE: dict[str, Mutant] = {}


def pointless(found: Mutant, target: Target) -> str:
    """Why the bug could make no difference on that backend; empty where it could."""
    fits, reason = NEEDS.get(found.needs, (lambda target: True, ""))
    return "" if fits(target) else reason


def mutant(name: str, sort: str, *checks: str, limit: float = 60.0,
           needs: str = "") -> Callable[[Injection], Injection]:
    """Adds the decorated injection to the catalogue; its docstring says what is wrong."""
    def register(inject: Injection) -> Injection:
        CATALOGUE[name] = Mutant(name, (inject.__doc__ or "").strip(), sort, checks, inject, limit, needs)
        return inject

    return register


def kernels(name: str, bug: str, sort: str, checks: tuple[str, ...], change: Mapping[str, Callable[[Backend], Change]],
            needs: str = "") -> None:
    """Adds a mutant that only exchanges kernels: `change` makes each from the backend it is put into."""
    def inject(base: Backend) -> Parts:
        return Parts({op: make(base) for op, make in change.items()})

    CATALOGUE[name] = Mutant(name, bug, sort, checks, inject, needs=needs)
