"""What an estimate reads like: lines for the terminal, a page for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .estimate import Estimate, interval

_HEAD = """# The suite, estimated

Mutants drawn from a grammar, (a kernel or another member of the backend) × (a condition) × (a corruption), and how many
of them the suite kills. A mutant counts if a program of the same grammar tells it from the healthy backend by more than
twice the tolerance; without one it is an equivalent. Every mutant is shown the checks in which its condition holds,
until one fails that passes on the healthy backend. The seed was drawn after the suite was written.

    flambeau-conformance mutants --random {count} --seed {seed} {bases} --markdown docs/conformance/random.md

`flambeau-conformance run "numpy+random-7.12"` puts mutant 12 of seed 7 into NumPy and runs the suite on it.
"""


def text(found: Estimate) -> Iterable[str]:
    """The estimate in lines: the share, the survivors by class with a witness each, the gaps."""
    counted, survived = len(found.counted), len(found.survivors)
    low, high = interval(counted - survived, counted)
    yield (f"{found.base}, profile {found.profile}, seed {found.seed}: {counted - survived} of {counted} mutants"
           f" killed, {percent(counted - survived, counted)} (95% interval {100 * low:.1f} to {100 * high:.1f});"
           f" {len(found.fates) - counted} of {len(found.fates)} drawn are equivalents")
    for (condition, corruption), fates in found.classes().items():
        one = fates[0]
        yield f"  {len(fates)} × {condition} × {corruption}: [{one.seed}] {one.bug}; told by {one.witness}"
    missing = sum(map(len, found.gaps.values()))
    yield f"  {found.pairs - missing} of {found.pairs} pairs of site and class of conditions are met"
    for sort, sites in sorted(found.gaps.items(), key=lambda item: -len(item[1])):
        yield f"  never {sort}: {', '.join(sites)}"


def percent(hits: int, count: int) -> str:
    """A share in percent."""
    return f"{100 * hits / count:.1f}%" if count else "none"


def page(found: Sequence[Estimate]) -> str:
    """The Markdown page."""
    first = found[0]
    head = _HEAD.format(count=len(first.fates), seed=first.seed, bases=" ".join(e.base for e in found))
    rows = ["| backend | profile | seed | killed | share | 95% interval | equivalents |", f"|{'---|' * 7}"]
    rows += [_row(e) for e in found]
    return "\n".join([head, *rows, *(line for e in found for line in _survivors(e)),
                      *(line for e in found for line in _gaps(e))]) + "\n"


def _row(e: Estimate) -> str:
    counted, killed = len(e.counted), len(e.counted) - len(e.survivors)
    low, high = interval(killed, counted)
    return (f"| {e.base} | {e.profile} | {e.seed} | {killed} of {counted} | {percent(killed, counted)} |"
            f" {100 * low:.1f} to {100 * high:.1f} | {len(e.fates) - counted} of {len(e.fates)} |")


def _survivors(e: Estimate) -> Iterable[str]:
    yield from ("", f"## What survives on {e.base}", "")
    if not e.survivors:
        yield "Nothing."
        return
    yield from ("| condition | corruption | survivors | one of them | a program that tells it |", f"|{'---|' * 5}")
    for (condition, corruption), fates in e.classes().items():
        told = fates[0].witness.replace("|", "\\|")
        yield f"| {condition} | {corruption} | {len(fates)} | {fates[0].bug} (`{fates[0].seed}`) | `{told[:160]}` |"


def _gaps(e: Estimate) -> Iterable[str]:
    missing = sum(map(len, e.gaps.values()))
    yield from ("", f"## What no check meets on {e.base}", "",
                f"{e.pairs - missing} of {e.pairs} pairs of site and class of conditions are met; some cannot be.", "",
                "| condition | sites where it is never met |", "|---|---|")
    for sort, sites in sorted(e.gaps.items(), key=lambda item: -len(item[1])):
        yield f"| {sort} | {', '.join(sites)} |"
