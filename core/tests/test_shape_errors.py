"""Sizes that do not fit: every error names the function that was called and the shape of every tensor it got.

Each valid call is made again and again with one shape changed: a size one more, one less or none, a dim more or less,
no dims at all. What is refused has to say what was asked of it; what is taken is none of this test's business.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from calls import CALLS, Call, function

import flambeau
from flambeau import later
from flambeau.errors import DTypeError, FlambeauError
from flambeau.table.registry import TABLE
from flambeau.table.samples import Bad, arr

SPOKEN = {"__getitem__": "index", "__setitem__": "index_put_", "__matmul__": "matmul", "__add__": "add",
          "__sub__": "sub", "__mul__": "mul", "__lt__": "lt"}
Shape = tuple[int, ...]


def made(a: arr, shape: Shape, dtype: str) -> flambeau.Tensor:
    if a.fill is not None and shape == a.shape:
        elements = [a.fill[i % len(a.fill)] for i in range(math.prod(shape))]
        return flambeau.tensor(elements, dtype=getattr(flambeau, a.dtype or dtype)).reshape(shape)
    return flambeau.full(shape, 1 if a.low is None else a.low).to(getattr(flambeau, a.dtype or dtype))


def wrong(shape: Shape) -> Iterator[Shape]:
    for d, n in enumerate(shape):
        yield from ((*shape[:d], other, *shape[d + 1 :]) for other in {n + 1, max(n - 1, 0), 0} - {n})
    yield from ((2, *shape), shape[1:], ())


def variants(value: Any) -> Iterator[Any]:
    """`value` with one shape changed, for each place in it and each change."""
    if isinstance(value, arr):
        for shape in wrong(value.shape):
            yield arr(*shape, dtype=value.dtype, low=value.low)
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from (type(value)([*value[:i], changed, *value[i + 1 :]]) for changed in variants(item))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from ({**value, key: changed} for changed in variants(item))


def built(value: Any, dtype: str) -> Any:
    if isinstance(value, arr):
        return made(value, value.shape, dtype)
    if isinstance(value, dict):
        return {key: built(item, dtype) for key, item in value.items()}
    return type(value)([built(v, dtype) for v in value]) if isinstance(value, (list, tuple)) else value


def shapes(value: Any) -> list[Shape]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [shape for item in value for shape in shapes(item)]
    return [value.shape] if isinstance(value, arr) else []


def quietly(called: Any, args: tuple[Any, ...], kwargs: dict[str, Any], dtype: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return called(*built(args, dtype), **built(kwargs, dtype))


def check(names: set[str], called: Any, args: tuple[Any, ...], kwargs: dict[str, Any], dtype: str) -> None:
    for given, named in variants((args, kwargs)):
        try:
            quietly(called, given, named, dtype)
        except DTypeError as error:
            assert error.op in names
        except FlambeauError as error:
            assert error.op in names, str(error)
            unsaid = [shape for shape in shapes((given, named)) if str(list(shape)) not in str(error)]
            assert not unsaid, f"{error} | {given} {named}"


@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_functions(call: Call) -> None:
    called = function(flambeau, call.path)
    names = {SPOKEN.get(call.name, call.name), getattr(called, "__name__", "")}
    check(names, called, call.args, call.kwargs, "float32")


later.load()
OPS = [op for op in TABLE.values() if op.samples is not None and op.body.__module__.startswith("flambeau.")]


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_ops(op: Any) -> None:
    dtype = {"integral": "int64", "integer": "int64", "complex": "complex64"}.get(op.accepts, "float32")
    for sample in op.samples():
        if not isinstance(sample, Bad):
            check({op.name}, op.call, sample.args, sample.kwargs, dtype)


def test_calls_are_valid() -> None:
    for call in CALLS:
        called = function(flambeau, call.path)
        for dtype in ("float32", "int64"):
            try:
                quietly(called, call.args, call.kwargs, dtype)
            except DTypeError:
                continue
            break
        else:
            pytest.fail(f"{call} is no valid call")


@pytest.mark.parametrize(("call", "text"), [
    (lambda: flambeau.nn.Linear(4, 5)(flambeau.ones(2, 3)),
     "linear: input and weight shapes cannot be multiplied: the last sizes, 3 and 4, are not equal"
     " (input [2, 3], weight [5, 4], bias [5]) (FL101)"),
    (lambda: flambeau.ones(2, 3).mm(flambeau.ones(2)),
     "mm: expected 2-D and 2-D tensors, got 2-D and 1-D (input [2, 3], mat2 [2]) (FL101)"),
    (lambda: flambeau.ones(2, 3).view(7),
     "view: shape [7] is invalid for input of size 6: it holds 7 elements (input [2, 3]) (FL101)"),
    (lambda: flambeau.ones(2, 3).reshape(4, -1),
     "reshape: shape [4, -1] is invalid for input of size 6: 6 elements are not a multiple of 4 (input [2, 3])"
     " (FL101)"),
    (lambda: flambeau.stack([flambeau.ones(2)] * 3 + [flambeau.ones(3), flambeau.ones(2), flambeau.ones(4)]),
     "stack: stack expects each tensor to be equal size, but got [2] at 0, but [3] at 3, [4] at 5 (FL101)"),
    (lambda: flambeau.ones(2, 3).add_(flambeau.ones(4)),
     "add_: sizes 3 and 4 do not broadcast at dim -1: shapes [2, 3], [4] (FL101)"),
    (lambda: flambeau.ones(2, 3).sum(5),
     "sum: dim 5 is out of range for 2 dimensions, expected -2 to 1 (input [2, 3]) (FL102)"),
])
def test_texts(call: Any, text: str) -> None:
    with pytest.raises(FlambeauError) as caught:
        call()
    assert str(caught.value) == text
