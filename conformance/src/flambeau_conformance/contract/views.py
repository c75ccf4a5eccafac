"""Views and mutation: what shares memory, and what a write through one tensor does to the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.errors import ShapeError

from ..api import flambeau
from ..check import Check, require
from ..target import Target
from .promise import promise

CHECKS: list[Check] = []

_VIEWS: dict[str, Callable[[Any], Any]] = {
    "transpose": lambda x: x.t(), "reshape": lambda x: x.reshape(3, 2), "slice": lambda x: x[:, 1:],
    "step": lambda x: x[:, ::2], "select": lambda x: x[1], "element": lambda x: x[1, 2],
    "expand": lambda x: x.expand(4, 2, 3), "unsqueeze": lambda x: x[None], "diagonal": lambda x: x.diagonal(),
    "as_strided": lambda x: x.as_strided((2, 2), (2, 1), 1),
    "chain": lambda x: x.t()[1:].reshape(-1, 1, 2)[:, 0],
}


def _grid(target: Target) -> Any:
    return flambeau.arange(6, dtype=flambeau.float32, device=target.device).reshape(2, 3).clone()


@promise("view-values", CHECKS)
def view_values(target: Target) -> None:
    """Views of views read the right elements."""
    expected = {"transpose": [[0, 3], [1, 4], [2, 5]], "reshape": [[0, 1], [2, 3], [4, 5]], "slice": [[1, 2], [4, 5]],
                "step": [[0, 2], [3, 5]], "select": [3, 4, 5], "element": 5, "expand": [[[0, 1, 2], [3, 4, 5]]] * 4,
                "unsqueeze": [[[0, 1, 2], [3, 4, 5]]], "diagonal": [0, 4], "as_strided": [[1, 2], [3, 4]],
                "chain": [[1, 4], [2, 5]]}
    for name, view in _VIEWS.items():
        found = view(_grid(target)).tolist()
        require(found == expected[name], "value", f"{name}: {found}, expected {expected[name]}")


@promise("write-to-base", CHECKS)
def write_to_base(target: Target) -> None:
    """A write to the base shows in every live view."""
    for name, view in _VIEWS.items():
        base = _grid(target)
        seen = view(base)
        base.copy_(base + 10)
        expected = view(_grid(target) + 10).tolist()
        require(seen.tolist() == expected, "view", f"{name}: after a write to the base the view holds {seen.tolist()},"
                                                   f" expected {expected}")


@promise("write-to-view", CHECKS)
def write_to_view(target: Target) -> None:
    """A write through a view shows in the base, and nowhere else in it."""
    for name, view in _VIEWS.items():
        if name in ("expand", "chain"):
            continue
        base = _grid(target)
        positions = {int(v) for v in _flat(view(base).tolist())}
        view(base).fill_(-1)
        expected = [-1 if i in positions else i for i in range(6)]
        require(_flat(base.tolist()) == expected, "view", f"{name}: after a write through the view the base holds"
                                                          f" {_flat(base.tolist())}, expected {expected}")


def _flat(value: Any) -> list[Any]:
    return [v for part in value for v in _flat(part)] if isinstance(value, list) else [value]


@promise("copies", CHECKS)
def copies(target: Target) -> None:
    """clone, arithmetic and a reshape that cannot be a view give memory of their own."""
    makers: dict[str, Callable[[Any], Any]] = {
        "clone": lambda x: x.clone(), "add": lambda x: x + 0, "mul": lambda x: x * 1, "flip": lambda x: x.flip(0),
        "reshape": lambda x: x.t().reshape(6), "cast": lambda x: x.double(), "cat": lambda x: flambeau.cat([x])}
    if _grid(target).t().is_contiguous():
        del makers["reshape"]  # without strides every reshape is a view
    for name, make in makers.items():
        base = _grid(target)
        made = make(base)
        before = made.tolist()
        base.fill_(-1)
        require(made.tolist() == before, "aliased output", f"{name}: the result changed with its input")


@promise("in-place", CHECKS)
def in_place(target: Target) -> None:
    """In-place ops, indexed writes and writes with broadcasting change what they are called on."""
    x = _grid(target)
    x += 1
    x[0] = 7
    x[:, 1] *= 2
    x[x > 10] = 0
    x.t()[2].add_(flambeau.tensor([1.0, 2.0], device=target.device))
    require(x.tolist() == [[7, 0, 8], [4, 10, 8]], "in-place", f"got {x.tolist()}")


@promise("in-place-gradients", CHECKS)
def in_place_gradients(target: Target) -> None:
    """A write through a view of a tracked tensor is seen by the gradient."""
    x = flambeau.tensor([1.0, 2.0, 3.0], device=target.device, requires_grad=True)
    y = x * 2
    y[1:].add_(x[:2] * x[:2])
    (y * y).sum().backward()
    require(x.grad is not None and x.grad.tolist() == [28.0, 100.0, 40.0], "gradient", f"got {x.grad}")


@promise("view-refused", CHECKS)
def view_refused(target: Target) -> None:
    """view never copies: strides that do not allow it raise ShapeError."""
    x = _grid(target).t()
    if x.is_contiguous():  # a backend without strides keeps every array in C order
        require(x.view(6).tolist() == [0, 3, 1, 4, 2, 5], "view", "view(6) of a transposed tensor in C order")
        return
    try:
        x.view(6)
        raised = False
    except ShapeError:
        raised = True
    require(raised, "view", "view(6) of a transposed tensor must raise ShapeError")


@promise("move", CHECKS)
def move(target: Target) -> None:
    """.to() takes values there and back, and gradients the other way."""
    x = flambeau.tensor([[1.5, -2.0]], device="reference", requires_grad=True)
    y = x.to(target.device)
    require(y.device is target.device and y.tolist() == [[1.5, -2.0]], "move", f"arrived as {y}")
    (y * y).to("reference").sum().backward()
    require(x.grad is not None and x.grad.device is x.device and x.grad.tolist() == [[3.0, -4.0]], "move",
            f"the gradient came back as {x.grad}")
