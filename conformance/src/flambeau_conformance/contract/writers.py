"""In-place methods: what they leave in the tensor is what the op answers, wherever the tensor lies in memory.

A backend may write results straight into the array (`Backend.writer`); what else lies there, what is read while it is
written, and what is refused must not show the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flambeau.dtypes import ALL, DType
from flambeau.errors import DTypeError, FlambeauError
from flambeau.table.registry import ACCEPTS, TABLE, OpDef

from ..api import flambeau
from ..check import Check, require
from ..compare import compared
from ..draw import generator
from ..host import Host, get, put, raw, rounded
from ..target import Target
from ..tolerances import budget
from .promise import promise_each

CHECKS: list[Check] = []
_COUNT = 12
Place = Callable[[Any], tuple[Any, tuple[Any, ...]]]

# How the tensor and the op's other inputs lie in one buffer of 24 elements.
PLACES: dict[str, Place] = {
    "whole": lambda whole: (whole[:12].clone(), (whole[12:],)),
    "same object": lambda whole: (whole[:12], (whole[:12],)),
    "ahead": lambda whole: (whole[1:13], (whole[:12],)),
    "behind": lambda whole: (whole[:12], (whole[1:13],)),
    "reversed steps": lambda whole: (whole[::2], (whole[12:],)),
    "transposed": lambda whole: (whole[:12].view(3, 4).t(), (whole[12:].view(4, 3),)),
    "its own transpose": lambda whole: (whole[:9].view(3, 3), (whole[:9].view(3, 3).t(),)),
    "row": lambda whole: (whole[:12].view(3, 4), (whole[12:16],)),
    "column": lambda whole: (whole[:12].view(3, 4), (whole[12:15].view(3, 1),)),
    "one element": lambda whole: (whole[:12].view(3, 4), (whole[12],)),
    "no dims": lambda whole: (whole[3], (whole[12],)),
    "nothing": lambda whole: (whole[:0], (whole[:0],)),
}
_FEW = [(name, PLACES[name]) for name in ("whole", "ahead", "no dims")]  # where nothing is written in place


def _ops(dtype: DType) -> Iterator[OpDef]:
    for op in TABLE.values():
        if op.writes and ACCEPTS[op.accepts](dtype) and _keeps(op, dtype):
            yield op


def _keeps(op: OpDef, dtype: DType) -> bool:
    """Whether the result has the input's dtype."""
    return {"same": True, "floating": dtype.category > 1, "real": dtype.category < 3}.get(op.result[0], False)


def _buffer(op: OpDef, dtype: DType) -> Host:
    """Numbers that every op takes: no zero divisors, no large exponents."""
    random = generator(f"writers/{op.name}")
    if dtype.category == 0:
        return Host([random.random() < 0.5 for _ in range(2 * _COUNT)], (2 * _COUNT,), dtype)
    if dtype.category == 1:
        return Host([random.randint(1, 3) for _ in range(2 * _COUNT)], (2 * _COUNT,), dtype)
    values = [random.uniform(0.1, 0.9) for _ in range(2 * _COUNT)]
    return Host(rounded(values, dtype), (2 * _COUNT,), dtype)


@promise_each("writers", ALL, CHECKS)
def written(target: Target, dtype: DType) -> None:
    """`x.op_(y)` leaves `op(x, y)` in x, and nothing beside it, for every place that x and y may have."""
    for op in _ops(dtype):
        host = _buffer(op, dtype)
        for name, place in PLACES.items() if target.backend.shared_views else _FEW:
            whole = put(host, target.device)
            x, others = place(whole)
            others = others[: len(op.inputs) - 1]
            try:
                expected = op.call(x.clone(), *[y.clone() for y in others])
            except DTypeError:  # an op may refuse in its body what its row in the table takes
                break
            rest = _beside(whole, place)
            where = f"{op.name}_, {dtype.name}, {name}"
            made = getattr(x, f"{op.name}_")(*others)
            require(made is x, "in-place", f"{where}: the method must return the tensor itself")
            compared(get(x, where), get(expected), budget(op), where)
            require(_beside(whole, place) == rest, "guard", f"{where}: elements beside the tensor changed")


def _beside(whole: Any, place: Place) -> list[Any]:
    """The elements of `whole` that are not in the tensor that `place` makes of it."""
    numbers = flambeau.arange(2 * _COUNT, device=whole.device)
    taken = place(numbers)[0]
    inside = set() if taken._base is None else set(taken.reshape(-1).tolist())
    return [v for i, v in enumerate(get(whole).values) if i not in inside]


@promise_each("writers-refused", [d for d in ALL if d.category], CHECKS)
def refused(target: Target, dtype: DType) -> None:
    """An in-place op that would need a larger tensor raises and changes nothing; the next one works."""
    for op in _ops(dtype):
        if len(op.inputs) < 2:
            continue
        host = _buffer(op, dtype)
        x, y = put(host, target.device)[:4], put(host, target.device)[:12].view(3, 4)
        before = raw(x)
        try:
            getattr(x, f"{op.name}_")(y)
            raised = False
        except FlambeauError:
            raised = True
        require(raised and raw(x) == before, "mutated input",
                f"{op.name}_, {dtype.name}: a result of shape [3, 4] does not fit into [4]: it must raise and leave the"
                " tensor alone")
        z = y[0].clone()
        compared(get(getattr(x, f"{op.name}_")(z)), get(op.call(put(host, target.device)[:4], z)), budget(op),
                 f"{op.name}_, {dtype.name}, after a refusal")


@promise_each("writers-counted", (flambeau.float32,), CHECKS)
def counted(target: Target, dtype: DType) -> None:
    """Every in-place op counts as a change: a gradient that needs the old value raises."""
    for op in _ops(dtype):
        x = put(_buffer(op, dtype), target.device)[:12].clone()
        weight = flambeau.ones(12, device=target.device, requires_grad=True)
        product = weight * x
        getattr(x, f"{op.name}_")(*[x.clone() for _ in op.inputs[1:]])
        try:
            product.sum().backward()
            raised = False
        except FlambeauError:
            raised = True
        require(raised, "in-place", f"{op.name}_: a tensor saved for a gradient was changed, and nothing raised")


_KEYS: dict[str, tuple[Any, list[int]]] = {  # along the first of 4 rows, and the rows that are meant
    "places": ([2, 0], [2, 0]), "one place": ([3], [3]), "from the end": ([-1, 1], [3, 1]), "none": ([], []),
    "a mask": ([True, False, False, True], [0, 3]), "a mask of nothing": ([False] * 4, []),
}


@promise_each("writers-indexed", (flambeau.float32, flambeau.int64, flambeau.bool, flambeau.bfloat16), CHECKS)
def indexed(target: Target, dtype: DType) -> None:
    """`x[key] = v` by numbers of rows, a mask of rows or of elements, wherever x lies, writes there and only there."""
    device = target.device
    for name, (key, rows) in _KEYS.items():
        index = flambeau.tensor(key, device=device, dtype=flambeau.bool if "mask" in name else flambeau.int64)
        for place in ("rows", "steps", "transposed"):
            for value in ("number", "row", "rows"):
                x, expected = _grid_at(place, dtype, device)
                values: Any = {"number": 1, "row": flambeau.ones(3, dtype=dtype, device=device),
                               "rows": flambeau.ones(len(rows), 3, dtype=dtype, device=device)}[value]
                x[index] = values
                for row in rows:
                    expected[row] = [1, 1, 1]
                require(x.tolist() == expected, "in-place", f"{name}, {place}, {value}, {dtype.name}: {x.tolist()}")
    x, expected = _grid_at("steps", dtype, device)
    x[x == 0] = 1
    require(x.tolist() == [[v or 1 for v in row] for row in expected], "in-place", f"mask of elements: {x.tolist()}")
    misfits: list[tuple[Any, Any]] = [([0, 4], 1), ([0, -5], 1),
                                      ([0, 1], flambeau.ones(2, 2, dtype=dtype, device=device)),
                                      ([True, True, False, False], flambeau.ones(3, 3, dtype=dtype, device=device))]
    for bad, value in misfits:
        x, expected = _grid_at("rows", dtype, device)
        try:
            x[flambeau.tensor(bad, device=device)] = value
            raised = False
        except FlambeauError:
            raised = True
        require(raised and x.tolist() == expected, "mutated input", f"x[{bad}] = … must raise and leave x alone")


def _grid_at(place: str, dtype: DType, device: Any) -> tuple[Any, list[list[Any]]]:
    """A tensor of 4 rows and 3 columns that lies in memory as `place` says, and its elements."""
    numbers = [i % 2 if dtype.category == 0 else i for i in range(24)]
    whole = flambeau.tensor(numbers, dtype=dtype, device=device)
    made = {"rows": lambda: whole[:12].view(4, 3), "steps": lambda: whole.view(8, 3)[::2],
            "transposed": lambda: whole[:12].view(3, 4).t()}[place]()
    return made, made.tolist()
