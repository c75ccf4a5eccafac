"""Who takes part: groups of one, the names of backends and reductions, work that is done when it begins."""

from __future__ import annotations

from enum import Enum
from typing import Any

from flambeau.errors import ValueRangeError


class ReduceOp(Enum):
    """How values of several ranks become one; of one rank they stay what they are."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7
    PREMUL_SUM = 8


class Backend(str):
    """The name of a transport in lower case."""

    GLOO, NCCL, MPI, UCC, XCCL, UNDEFINED = "gloo", "nccl", "mpi", "ucc", "xccl", "undefined"

    def __new__(cls, name: str) -> Backend:
        return super().__new__(cls, name.lower())


def known_backend(name: str | None) -> str:
    """The backend's name as `get_backend` tells it; "cpu:gloo,cuda:nccl" is a form, too."""
    if name is None:
        return "gloo"
    parts = [part.rpartition(":")[2].lower() for part in str(name).split(",")]
    unknown = [part for part in parts if part not in ("gloo", "nccl", "mpi", "ucc", "xccl", "fake", "undefined")]
    if unknown:
        raise ValueRangeError(f"Invalid backend: {unknown[0]!r}", op="init_process_group")
    return parts[0] if len(parts) == 1 else str(name)


class ProcessGroup:
    """A group whose one member is this process."""

    def rank(self) -> int:
        """0."""
        return 0

    def size(self) -> int:
        """1."""
        return 1

    def name(self) -> str:
        """"self"."""
        return "self"


class _World:
    """The group of all processes, None before there is one."""

    @property
    def WORLD(self) -> Any:
        """The group that `init_process_group` made."""
        from . import _world

        return _world["group"]

    @property
    def NON_GROUP_MEMBER(self) -> Any:
        """What `new_group` answers to a process outside the group."""
        return _OUTSIDE


_OUTSIDE = object()
group = GroupMember = _World()


class Work:
    """What an asynchronous collective answers: it is done."""

    def __init__(self, value: Any = None) -> None:
        self._value = value

    def wait(self, timeout: Any = None) -> bool:
        """True at once."""
        return True

    def is_completed(self) -> bool:
        """True."""
        return True

    is_success = is_completed

    def result(self) -> Any:
        """The tensors that the collective wrote."""
        return self._value

    def get_future(self) -> Any:
        """A future that holds the result."""
        from ..futures import Future

        made: Future = Future()
        made.set_result(self._value)
        return made
