"""Whole programs, small enough to know the answer."""

from __future__ import annotations

from typing import Any

from ..api import flambeau
from ..check import Check, require
from ..target import Target
from .promise import promise

CHECKS: list[Check] = []


@promise("little-program", CHECKS)
def little_program(target: Target) -> None:
    """The README's program prints exactly its comment."""
    x = flambeau.tensor([2.0, 3.0], requires_grad=True, device=target.device)
    y = x * x + 3 * x + 1
    y.sum().backward()
    shown = repr(x.grad)
    aside = f", device='{target.device}'" if "device=" in shown else ""
    require(shown == f"tensor([7., 9.]{aside})", "program", f"printed {shown}")


@promise("second-order", CHECKS)
def second_order(target: Target) -> None:
    """The derivative of a derivative of x**3 is 6x."""
    x = flambeau.tensor([1.0, -2.0], requires_grad=True, device=target.device)
    (first,) = flambeau.autograd.grad((x * x * x).sum(), x, create_graph=True)
    (second,) = flambeau.autograd.grad(first.sum(), x)
    require(first.tolist() == [3.0, 12.0] and second.tolist() == [6.0, -12.0], "gradient",
            f"first {first.tolist()}, second {second.tolist()}")


@promise("accumulation", CHECKS)
def accumulation(target: Target) -> None:
    """.grad grows over walks, in memory of its own."""
    x = flambeau.tensor([1.0, 2.0], requires_grad=True, device=target.device)
    incoming = flambeau.tensor([10.0, 20.0], device=target.device)
    x.backward(incoming)
    x.backward(incoming)
    require(x.grad is not None and x.grad.tolist() == [20.0, 40.0], "gradient", f"got {x.grad}")
    require(incoming.tolist() == [10.0, 20.0], "mutated input", f"the incoming gradient became {incoming.tolist()}")


@promise("regression", CHECKS)
def regression(target: Target) -> None:
    """Gradient descent on a line finds it."""
    x = flambeau.tensor([[0.0], [1.0], [2.0], [3.0]], device=target.device)
    y = x * 2 - 1
    weight: Any = flambeau.zeros(1, 1, device=target.device, requires_grad=True)
    bias: Any = flambeau.zeros(1, device=target.device, requires_grad=True)
    for _ in range(200):
        loss = ((x @ weight + bias - y) ** 2).mean()
        loss.backward()
        with flambeau.no_grad():
            for p in (weight, bias):
                p -= 0.1 * p.grad
                p.grad = None
    require(abs(weight.item() - 2) < 1e-3 and abs(bias.item() + 1) < 1e-3, "program",
            f"found weight {weight.item()}, bias {bias.item()}, expected 2 and -1")


@promise("large", CHECKS)
def large(target: Target) -> None:
    """A million elements: sums, views and a matrix product come out as formulas say."""
    n = 1000
    x = flambeau.arange(n * n, device=target.device).reshape(n, n)
    require(x.sum().item() == (n * n - 1) * n * n // 2, "value", f"sum of 0..999999 is {x.sum().item()}")
    require(x.t()[7, 993].item() == 993 * n + 7, "value", "an element far into a transposed view")
    ones = flambeau.ones(n, 50, device=target.device)
    product = ones.t() @ ones
    require(product.min().item() == product.max().item() == n, "value", "ones.T @ ones is not 1000 everywhere")
