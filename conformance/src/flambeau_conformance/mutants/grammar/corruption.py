"""What a corruption is: how a call goes wrong, and at which sites it can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flambeau.contract.backend import Kernel

from ...conditions.call import Call
from ...conditions.site import Site


@dataclass(slots=True)
class Wrong:
    """One wrong call: the site, the kernel beneath, the arguments, and what this mutant remembers."""

    site: Site
    kernel: Kernel
    call: Call
    arrays: tuple[Any, ...]
    memory: dict[Any, Any] = field(default_factory=dict)

    def right(self) -> Any:
        """What the healthy backend answers."""
        return self.kernel(*self.arrays, **self.call.attributes)

    def with_arrays(self, arrays: tuple[Any, ...]) -> Any:
        """What it answers to other arrays."""
        return self.kernel(*arrays, **self.call.attributes)


@dataclass(frozen=True, slots=True)
class Corruption:
    """`run` answers in the kernel's place. `name` is the class that a score is broken down by."""

    name: str
    run: Callable[[Wrong], Any]
    fits: Callable[[Site], bool]
