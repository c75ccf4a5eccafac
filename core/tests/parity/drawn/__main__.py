"""The lane: `python -m drawn --programs 2000 --seed 0 --minutes 5 --device cpu`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from math import inf, sqrt

from .drawing import drawn
from .minimising import find, minimised
from .program import Program, script
from .running import Found

GOAL = 0.002


def interval(found: int, of: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for a share."""
    z, share = 1.96, found / of
    middle, reach = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - reach) / (1 + z * z / of)), (middle + reach) / (1 + z * z / of)


@dataclass
class Tally:
    """What the programs of one run came to."""

    count: int = 0
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    scripts: dict[tuple[str, str], str] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)

    def add(self, program: Program, device: str) -> None:
        """Runs one program, and shortens it if it disagrees."""
        self.count += 1
        found = find(program, device)
        if isinstance(found, Found):
            program, found = minimised(program, found, device)
            self.kinds[found.key] += 1
            self.scripts.setdefault(found.key, f"# {found}\n{script(program, device)}")
        else:
            self.ends[found] += 1


def search(device: str, seed: int, programs: int, minutes: float = inf) -> Tally:
    """Draws and runs so many programs, or what the time allows."""
    until, tally = time.monotonic() + 60 * minutes, Tally()
    while tally.count < programs and time.monotonic() < until:
        tally.add(drawn(seed * 1_000_000 + tally.count), device)
    return tally


def main() -> int:
    """Prints what was found; 1 where more programs disagree than the goal allows."""
    parser = argparse.ArgumentParser(prog="drawn", description=__doc__)
    parser.add_argument("--programs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--scripts", type=int, default=10, help="of how many kinds a program is printed")
    asked = parser.parse_args()
    tally = search(asked.device, asked.seed, asked.programs, asked.minutes)
    report(tally, asked.device, asked.scripts)
    return int(sum(tally.kinds.values()) > GOAL * tally.count)


def report(tally: Tally, device: str, scripts: int) -> None:
    """Prints the kinds by frequency, a shortest program of each of the first, and the share with its interval."""
    for (kind, rule), times in tally.kinds.most_common():
        print(f"{times:5} {kind}: {rule}")
    for key, _ in tally.kinds.most_common(scripts):
        print(f"\n{tally.scripts[key]}")
    found, count = sum(tally.kinds.values()), tally.count
    low, high = interval(found, count)
    print(f"{device}: {found} of {count} programs disagree, {1000 * found / count:.1f} in 1,000"
          f" (95 %: {1000 * low:.1f} to {1000 * high:.1f}), {len(tally.kinds)} kinds; how the others ended: "
          + ", ".join(f"{end} {times}" for end, times in tally.ends.most_common()))


if __name__ == "__main__":
    sys.exit(main())
