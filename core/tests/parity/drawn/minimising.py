"""Takes away every line that a disagreement does not need (delta debugging over the lines)."""

from __future__ import annotations

from .program import Program
from .running import Found, run


def find(program: Program, device: str) -> Found | str:
    """Where the program disagrees, or how it ended."""
    try:
        return run(program, device)
    except Found as found:
        return found


def minimised(program: Program, found: Found, device: str) -> tuple[Program, Found]:
    """The shortest program, by removal of runs of lines, that disagrees on the same kind of thing."""
    size = max(1, len(program) // 2)
    while size:
        start = 0
        while start < len(program):
            shorter = program[:start] + program[start + size :]
            again = find(shorter, device)
            if isinstance(again, Found) and again.kind == found.kind:
                program, found = shorter, again
            else:
                start += size
        size //= 2
    return program, found
