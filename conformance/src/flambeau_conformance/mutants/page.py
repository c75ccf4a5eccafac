"""What a score reads like: a line for the terminal, a page for the documentation.

The page depends on nothing but what was killed by what: no times, no dates, and no counts where
chance has a part in them, so that two runs give the same page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from .promises import JUSTIFIED, kills_by_op, promise_of
from .score import LOADING, Result

# Chance or timing has a part in how many checks these fail.
UNSTEADY = {"thread race", "per-thread mode", "nondeterminism", "leak", "stale asynchronous read", "guard"}

_HEAD = """# The suite, tested

Every bug below was put into each of these backends, and the checks named by the mutant were run on the result. A mutant
is killed when at least one check fails that passes on the healthy backend. `flambeau-conformance mutants` repeats it,
with another backend's name also for that backend; `nox -s mutants` fails if one survives.

    flambeau-conformance mutants --markdown docs/conformance/mutants.md

`flambeau-conformance run numpy+lost-nan-amax` runs the suite on one mutant and reports on it as on any backend.
"""


def _score(results: Iterable[Result]) -> dict[str, tuple[int, int, int]]:
    """By base: killed, counted, pointless."""
    found: dict[str, tuple[int, int, int]] = {}
    for r in results:
        killed, counted, pointless = found.get(r.base, (0, 0, 0))
        found[r.base] = killed + r.killed, counted + (not r.pointless), pointless + bool(r.pointless)
    return found


def summary(results: Sequence[Result]) -> str:
    """The score by backend, and the survivors."""
    lines = [f"{base}: {killed} of {counted} mutants killed, {pointless} make no difference there"
             for base, (killed, counted, pointless) in _score(results).items()]
    return "\n".join([*lines, *[f"SURVIVED: {r.mutant.name} on {r.base} ({r.shown} checks): {r.mutant.bug}"
                                for r in results if r.survived]])


def page(results: Sequence[Result], by_promise: dict[str, list[str]]) -> str:
    """The Markdown page."""
    return "\n".join([_HEAD, *_totals(results), "", *_by_mutant(results), *_by_check(results, by_promise)]) + "\n"


def _totals(results: Sequence[Result]) -> list[str]:
    names = list(dict.fromkeys(r.mutant.name for r in results))
    sorts = {r.mutant.sort for r in results}
    rows = [f"| {base} | {killed} of {counted} | {pointless} |"
            for base, (killed, counted, pointless) in _score(results).items()]
    return [f"{len(names)} mutants of {len(sorts)} classes.", "", "| backend | killed | make no difference there |",
            "|---|---|---|", *rows]


def _by_mutant(results: Sequence[Result]) -> list[str]:
    bases = list(dict.fromkeys(r.base for r in results))
    grouped: dict[str, dict[str, dict[str, Result]]] = defaultdict(lambda: defaultdict(dict))
    for r in results:
        grouped[r.mutant.sort][r.mutant.name][r.base] = r
    lines = ["## By mutant", "", "How many of the checks that it was shown to killed it, and the first of them with the"
             " kind of failure."]
    for sort, mutants in sorted(grouped.items()):
        lines += ["", f"### {sort[0].upper()}{sort[1:]}", "", f"| mutant | the bug | {' | '.join(bases)} |",
                  f"|---|---|{'---|' * len(bases)}"]
        for name, by_base in mutants.items():
            cells = " | ".join(_cell(by_base[base]) for base in bases)
            lines.append(f"| {name} | {next(iter(by_base.values())).mutant.bug} | {cells} |")
    return lines


def _cell(result: Result) -> str:
    if result.pointless:
        return f"– ({result.pointless})"
    if not result.killers:
        return "**survived**"
    check, kind = next(iter(result.killers.items()))
    if check == LOADING:
        return "refused when it is loaded"
    if result.mutant.sort in UNSTEADY:
        return f"`{promise_of(check)}`"
    return f"{len(result.killers)} of {result.shown}: `{check}` ({kind})"


def _by_check(results: Sequence[Result], by_promise: dict[str, list[str]]) -> list[str]:
    lines = ["", "## By check", "", "Which mutants each promise killed, on any of the backends.", "",
             "| promise | mutants | |", "|---|---|---|"]
    lines += [f"| `{promise}` | {len(names)} | {', '.join(sorted(names)) or JUSTIFIED.get(promise, '**none**')} |"
              for promise, names in _steady(results, by_promise).items()]
    lines += ["", "## By op", "", "Which mutants the checks of each op killed: values, special numbers, gradients,"
              " errors. (The others are tried in the suite's own tests: every op in turn gets one wrong element.)", "",
              "| op | mutants |", "|---|---|"]
    return lines + [f"| `{op}` | {', '.join(sorted(names))} |" for op, names in kills_by_op(results).items()]


def _steady(results: Sequence[Result], by_promise: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without what chance killed, but for promises that nothing else shows."""
    unsteady = {r.mutant.name for r in results if r.mutant.sort in UNSTEADY}
    return {promise: [n for n in names if n not in unsteady] or names for promise, names in by_promise.items()}
