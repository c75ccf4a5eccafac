"""`torch.utils.benchmark`: how long a statement takes, repeated until it can be told."""

from __future__ import annotations

import timeit as _timeit
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

from flambeau import get_num_threads, set_num_threads

timer = _timeit.default_timer


class Measurement:
    """Times of one statement: `times` has seconds of one execution, a value per measurement."""

    def __init__(self, number_per_run: int, raw_times: list[float], task: dict[str, Any]) -> None:
        self.number_per_run, self.raw_times, self.task_spec = number_per_run, raw_times, task

    @property
    def times(self) -> list[float]:
        """Seconds of one execution, sorted."""
        return sorted(t / self.number_per_run for t in self.raw_times)

    @property
    def median(self) -> float:
        """The median, in seconds."""
        return median(self.times)

    @property
    def mean(self) -> float:
        """The mean, in seconds."""
        return sum(self.times) / len(self.times)

    @property
    def iqr(self) -> float:
        """The distance of the quartiles, in seconds; 0 for fewer than two measurements."""
        if len(self.times) < 2:
            return 0.0
        low, _, high = quantiles(self.times, n=4, method="inclusive")
        return high - low

    def __repr__(self) -> str:
        value, unit = next(((self.median * scale, unit) for scale, unit in ((1, "s"), (1e3, "ms"), (1e6, "us"))
                            if self.median * scale >= 1), (self.median * 1e9, "ns"))
        title = self.task_spec.get("label") or self.task_spec["stmt"]
        return (f"<torch.utils.benchmark.Measurement object>\n{title}\n  Median: {value:.2f} {unit}\n"
                f"  {len(self.times)} measurements, {self.number_per_run} runs each,"
                f" {self.task_spec['num_threads']} thread(s)")


class Timer:
    """Times `stmt` after `setup`, with names from `globals`, on `num_threads` threads (1)."""

    def __init__(self, stmt: str = "pass", setup: str = "pass", global_setup: str = "", timer: Any = timer,
                 globals: dict[str, Any] | None = None, label: str | None = None, sub_label: str | None = None,
                 description: str | None = None, env: str | None = None, num_threads: int = 1,
                 language: Any = "python") -> None:
        self._timer = _timeit.Timer(stmt, setup, timer, dict(globals or {}))
        self._task = {"stmt": stmt, "label": label, "sub_label": sub_label, "description": description, "env": env,
                      "num_threads": num_threads}

    def _run(self, number: int) -> float:
        former = get_num_threads()
        set_num_threads(self._task["num_threads"])  # type: ignore[arg-type]
        try:
            return max(self._timer.timeit(number), 1e-9)
        finally:
            set_num_threads(former)

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """One measurement of `number` executions, after a few to warm up."""
        self._run(max(number // 100, 2))
        return Measurement(number, [self._run(number)], self._task)

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """Raises NotImplementedError, as in PyTorch: use `timeit`, `blocked_autorange` or `adaptive_autorange`."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def autorange(self, callback: Callable[[int, float], Any] | None = None) -> None:
        """Raises NotImplementedError, as in PyTorch: use `blocked_autorange`."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def _number(self, seconds: float) -> int:
        number = 1
        while self._run(number) < seconds and number < 1 << 30:
            number *= 2
        return number

    def blocked_autorange(self, callback: Callable[[int, float], Any] | None = None,
                          min_run_time: float = 0.2) -> Measurement:
        """Measurements of so many executions that timing costs little, until `min_run_time` seconds are spent."""
        number, taken = self._number(min_run_time / 1000), []
        while sum(taken) < min_run_time:
            taken.append(self._run(number))
            if callback is not None:
                callback(number, taken[-1])
        return Measurement(number, taken, self._task)

    def adaptive_autorange(self, threshold: float = 0.1, *, min_run_time: float = 0.01, max_run_time: float = 10.0,
                           callback: Callable[[int, float], Any] | None = None) -> Measurement:
        """As `blocked_autorange`, until the quartiles lie within `threshold` of the median, or `max_run_time`."""
        number, taken = self._number(0.05 / 1000), []
        while True:
            taken.append(self._run(number))
            if callback is not None:
                callback(number, taken[-1])
            made = Measurement(number, taken, self._task)
            steady = len(taken) > 3 and made.iqr / made.median < threshold
            if sum(taken) >= max_run_time or (steady and sum(taken) >= min_run_time):
                return made


class Compare:
    """A table of measurements: a row per statement (`sub_label`), a column per description."""

    def __init__(self, results: list[Measurement]) -> None:
        self._results = list(results)

    def extend_results(self, results: list[Measurement]) -> None:
        """Adds measurements."""
        self._results += results

    def trim_significant_figures(self) -> None:
        """Nothing: medians are shown to three figures."""

    def colorize(self, rowwise: bool = False) -> None:
        """Nothing: the table has no colours."""

    def print(self) -> None:
        """Prints the table."""
        print(self)

    def __str__(self) -> str:
        columns = list(dict.fromkeys(str(r.task_spec["description"]) for r in self._results))
        rows: dict[str, dict[str, float]] = {}
        for r in self._results:
            name = str(r.task_spec["sub_label"] or r.task_spec["stmt"])
            rows.setdefault(name, {})[str(r.task_spec["description"])] = r.median * 1e6
        width = max(map(len, rows), default=0)
        lines = [" " * width + "".join(f" | {c:>12}" for c in columns)]
        lines += [name.ljust(width) + "".join(f" | {cells[c]:12.3g}" if c in cells else " | " + " " * 12
                                               for c in columns) for name, cells in rows.items()]
        return "\n".join([*lines, "Times are in microseconds (us)."])


__all__ = ["Compare", "Measurement", "Timer", "timer"]
