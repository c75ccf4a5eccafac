"""What a profiler shows of what it recorded: events, their sums by name, a table, a trace in Chrome's format."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from ..errors import ValueRangeError
from ._recording import Range

_FIELDS = ("count", "cpu_time_total", "self_cpu_time_total", "cpu_memory_usage", "self_cpu_memory_usage")
_SORTS = ("cpu_time", *_FIELDS)


def _bytes(made: Range) -> int:
    return made.memory + sum(map(_bytes, made.children))


class FunctionEvent:
    """One call. Times are in microseconds since the profiler began, memory in bytes."""

    def __init__(self, number: int, made: Range, began: int) -> None:
        self.id, self.name, self.key, self.thread = number, made.name, made.name, made.thread
        self.start, self.end = (made.start - began) / 1000, (made.end - began) / 1000
        self.cpu_time_total = (made.end - made.start) / 1000
        self.self_cpu_time_total = self.cpu_time_total - sum(c.end - c.start for c in made.children) / 1000
        self.self_cpu_memory_usage, self.cpu_memory_usage = made.memory, _bytes(made)
        self.input_shapes, self.stack, self.is_user_annotation = made.shapes, made.stack, made.user
        self.cpu_parent: FunctionEvent | None = None
        self.cpu_children: list[FunctionEvent] = []
        self.count = 1

    @property
    def cpu_time(self) -> float:
        """As `cpu_time_total`: it is one call."""
        return self.cpu_time_total

    def __repr__(self) -> str:
        return f"<FunctionEvent id={self.id} name={self.name} cpu_time={_time(self.cpu_time_total)}>"


class FunctionEventAvg:
    """The calls of one name, summed."""

    def __init__(self, first: FunctionEvent) -> None:
        self.key, self.input_shapes, self.stack = first.key, first.input_shapes, first.stack
        self.is_user_annotation = first.is_user_annotation
        self.count = self.cpu_memory_usage = self.self_cpu_memory_usage = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0

    def add(self, event: Any) -> FunctionEventAvg:
        """One more call, or those of another sum; a call within one of the same name counts in `self` only."""
        nested = isinstance(event, FunctionEvent) and _within_itself(event)
        for field in _FIELDS:
            if not (nested and field in ("cpu_time_total", "cpu_memory_usage")):
                setattr(self, field, getattr(self, field) + getattr(event, field))
        return self

    @property
    def cpu_time(self) -> float:
        """Microseconds a call."""
        return self.cpu_time_total / self.count if self.count else 0.0

    def __repr__(self) -> str:
        return f"<FunctionEventAvg key={self.key} self_cpu_time={_time(self.self_cpu_time_total)} count={self.count}>"


def _within_itself(event: FunctionEvent) -> bool:
    parent = event.cpu_parent
    while parent is not None:
        if parent.key == event.key:
            return True
        parent = parent.cpu_parent
    return False


class EventList(list[Any]):
    """Events, or sums of them, with what shows them."""

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds that all of them took."""
        return float(sum(event.self_cpu_time_total for event in self))

    def key_averages(self, group_by_input_shapes: bool = False, group_by_stack_n: int = 0) -> EventList:
        """Sums by name, and by the shapes of inputs and the innermost calls of the program where asked for."""
        sums: dict[Any, FunctionEventAvg] = {}
        for event in self:
            key = (event.key, str(event.input_shapes) if group_by_input_shapes else "",
                   tuple(event.stack[:group_by_stack_n]))
            sums.setdefault(key, FunctionEventAvg(event)).add(event)
        if not group_by_input_shapes:
            for made in sums.values():
                made.input_shapes = []
        return EventList(sums.values())

    def total_average(self) -> FunctionEventAvg:
        """The sum of all."""
        if not self:
            raise ValueRangeError("nothing was recorded", op="total_average")
        made = FunctionEventAvg(self[0])
        made.key = "Total"
        for event in self:
            made.add(event)
        return made

    def table(self, sort_by: str | None = None, row_limit: int = 100, max_src_column_width: int = 75,
              max_name_column_width: int = 55, max_shapes_column_width: int = 80, header: str | None = None,
              top_level_events_only: bool = False, time_unit: str | None = None) -> str:
        """A table of the events, largest first by `sort_by`: "cpu_time_total", "self_cpu_time_total", "cpu_time",
        "cpu_memory_usage", "self_cpu_memory_usage" or "count"; `row_limit` of them, all where it is -1."""
        if sort_by is not None and sort_by not in _SORTS:
            raise ValueRangeError(f"cannot sort by {sort_by!r}; it takes {', '.join(_SORTS)}", op="table")
        events = [e for e in self if not top_level_events_only or getattr(e, "cpu_parent", None) is None]
        if sort_by is not None:
            events.sort(key=lambda e: getattr(e, sort_by), reverse=True)
        return _table(events[: None if row_limit < 0 else row_limit], self.self_cpu_time_total, header,
                      max_name_column_width, max_shapes_column_width, time_unit)

    def __str__(self) -> str:
        return self.table()

    def export_chrome_trace(self, path: Any) -> None:
        """Writes the events as JSON that chrome://tracing and Perfetto show."""
        write_trace(self, path)


def _time(microseconds: float, unit: str | None = None) -> str:
    scale, name = next((s, n) for s, n in ((1e6, "s"), (1e3, "ms"), (1.0, "us"))
                       if n == unit or (unit is None and (microseconds >= s or n == "us")))
    return f"{microseconds / scale:.3f}{name}"


def _memory(count: int) -> str:
    scale, name = next((s, n) for s, n in ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB"), (1, "B"))
                       if abs(count) >= s or s == 1)
    return f"{count / scale:.2f} {name}" if scale > 1 else f"{count} B"


def _table(events: list[Any], total: float, header: str | None, names: int, shapes: int, unit: str | None) -> str:
    with_memory = any(e.cpu_memory_usage for e in events)
    with_shapes = any(e.input_shapes for e in events)
    rows = [["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg",
             *(["CPU Mem", "Self CPU Mem"] if with_memory else []), "# of Calls",
             *(["Input Shapes"] if with_shapes else [])]]
    for e in events:
        rows.append([_cut(e.key, names), _share(e.self_cpu_time_total, total), _time(e.self_cpu_time_total, unit),
                     _share(e.cpu_time_total, total), _time(e.cpu_time_total, unit), _time(e.cpu_time, unit),
                     *([_memory(e.cpu_memory_usage), _memory(e.self_cpu_memory_usage)] if with_memory else []),
                     str(e.count), *([_cut(str(e.input_shapes), shapes)] if with_shapes else [])])
    widths = [max(12, *(len(row[i]) for row in rows)) for i in range(len(rows[0]))]
    line = "  ".join("-" * width for width in widths)
    shown = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([*([line, header] if header else []), line, shown[0], line, *shown[1:], line,
                      f"Self CPU time total: {_time(total, unit)}", ""])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _share(part: float, total: float) -> str:
    return f"{100 * part / total:.2f}%" if total else "NaN"


def events_of(ranges: Iterable[Range], began: int) -> EventList:
    """The events of ranges, in the order of their beginnings, each with its parent and children."""
    ordered = sorted(ranges, key=lambda made: (made.start, -made.end))
    events = {id(made): FunctionEvent(number, made, began) for number, made in enumerate(ordered)}
    for made in ordered:
        parent = events.get(id(made.parent))
        if parent is not None:
            events[id(made)].cpu_parent = parent
            parent.cpu_children.append(events[id(made)])
    return EventList(events.values())


def write_trace(events: Iterable[FunctionEvent], path: Any, metadata: dict[str, Any] | None = None) -> None:
    """A JSON file of complete events ("ph": "X"), with the metadata beside them."""
    process = os.getpid()
    trace = [{"ph": "X", "cat": "user_annotation" if e.is_user_annotation else "cpu_op", "name": e.name, "pid": process,
              "tid": e.thread, "ts": e.start, "dur": e.end - e.start,
              "args": {"External id": e.id, **({"Input Dims": e.input_shapes} if e.input_shapes else {}),
                       **({"Call stack": ";".join(e.stack)} if e.stack else {})}} for e in events]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"schemaVersion": 1, "displayTimeUnit": "ms", **(metadata or {}), "traceEvents": trace}, file)
