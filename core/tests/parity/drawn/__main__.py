"""The lane: `python -m drawn --programs 2000 --seed 0 --minutes 5 --device cpu`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from math import sqrt

from .drawing import drawn
from .minimising import find, minimised
from .program import script

GOAL = 0.002


def interval(found: int, of: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for a share."""
    z, share = 1.96, found / of
    middle, reach = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - reach) / (1 + z * z / of)), (middle + reach) / (1 + z * z / of)


def search(device: str, seed: int, programs: int, minutes: float) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], str], int]:
    """How often each kind of disagreement was found, a script of each, and how many programs were run."""
    until = time.monotonic() + 60 * minutes
    kinds: Counter[tuple[str, str]] = Counter()
    scripts: dict[tuple[str, str], str] = {}
    count = 0
    for count in range(1, programs + 1):
        program = drawn(seed * 1_000_000 + count)
        found = find(program, device)
        if found is not None:
            program, found = minimised(program, found, device)
            kinds[found.key] += 1
            scripts.setdefault(found.key, f"# {found}\n{script(program, device)}")
        if time.monotonic() > until:
            break
    return kinds, scripts, count


def main() -> int:
    """Prints what was found; 1 where more programs disagree than the goal allows."""
    parser = argparse.ArgumentParser(prog="drawn", description=__doc__)
    parser.add_argument("--programs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--scripts", type=int, default=10, help="of how many kinds a program is printed")
    asked = parser.parse_args()
    kinds, scripts, count = search(asked.device, asked.seed, asked.programs, asked.minutes)
    found = sum(kinds.values())
    for (kind, rule), times in kinds.most_common():
        print(f"{times:5} {kind}: {rule}")
    for key, _ in kinds.most_common(asked.scripts):
        print(f"\n{scripts[key]}")
    low, high = interval(found, count)
    print(f"{asked.device}: {found} of {count} programs disagree, {1000 * found / count:.1f} in 1,000"
          f" (95 %: {1000 * low:.1f} to {1000 * high:.1f}), {len(kinds)} kinds")
    return int(found > GOAL * count)


if __name__ == "__main__":
    sys.exit(main())
