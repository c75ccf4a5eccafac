"""The figures of the lane, as a table for the screen and for the page."""

from __future__ import annotations

from collections.abc import Iterable

from .trials import Tally

BEGIN, END = "<!-- figures of nox -s break -->", "<!-- end of the figures -->"


def table(tallies: Iterable[Tally]) -> str:
    """A part a line: how many trials, how many violations, how the others ended."""
    return "\n".join(f"{tally.part:8} {tally.trials:6} trials {sum(tally.violations.values()):4} violations  "
                     + "; ".join(f"{end} {times}" for end, times in sorted(tally.ends.items()))
                     + "".join(f"\n         VIOLATED {kind}: {times}" for kind, times in tally.violations.most_common())
                     for tally in tallies)


def rows(tallies: Iterable[Tally]) -> list[str]:
    """The same as lines of Markdown, how many trials ended how in an order that does not change."""
    made = ["| part | trials | violations | how the others ended |", "|---|---|---|---|"]
    for tally in tallies:
        broken = "; ".join(f"{kind}: {times}" for kind, times in tally.violations.most_common()) or "0"
        ends = "; ".join(f"{end}: {times}" for end, times in sorted(tally.ends.items()))
        made.append(f"| {tally.part} | {tally.trials:,} | {broken} | {ends} |")
    return made


def page(text: str, tallies: list[Tally], seed: int, seconds: float) -> str:
    """The page with these figures in place of its old ones."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    said = f"Seed {seed}, {seconds:.0f} seconds."
    return "\n".join([before + BEGIN, said, "", *rows(tallies), END]) + after
