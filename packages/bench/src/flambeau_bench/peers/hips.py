"""HIPS autograd: functions on NumPy arrays, differentiated by tracing them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from .. import rows
from ..rows import Array, Case

TITLE = "HIPS autograd"


def load(threads: int) -> tuple[str, dict[str, Callable[[], Case]], Callable[[Any], Any]]:
    """Version, the makers of the rows, and the way from a result to NumPy."""
    import autograd
    import autograd.numpy as anp
    from autograd.core import VJPNode
    from autograd.tracer import new_box, trace_stack

    work = _Rows(autograd, anp, VJPNode, new_box, trace_stack)
    return version("autograd"), work.cases(), lambda array: getattr(array, "_value", array)


class _Rows:
    def __init__(self, autograd: Any, anp: Any, node: Any, new_box: Any, trace_stack: Any) -> None:
        self.autograd, self.anp, self.node, self.new_box, self.trace_stack = autograd, anp, node, new_box, trace_stack

    def cases(self) -> dict[str, Callable[[], Case]]:
        """The rows it can do: it has no two-dimensional convolution over channels."""
        return {"mul": lambda: self.mul(slice(None)), "mul-tracked": self.mul_tracked,
                "dispatch": lambda: self.mul(slice(0)), "exp": self.exp, "sum": self.sum, "matmul": self.matmul,
                "little": self.little, "little-outside": self.little_outside,
                "mlp": lambda: self.mlp(32, 64, 64, 10), "mlp-wide": lambda: self.mlp(128, 512, 512, 10)}

    def mul(self, part: slice) -> Case:
        (a, b), multiply = (x[part] for x in rows.triple()), self.anp.multiply
        return Case(lambda: multiply(a, b))

    def mul_tracked(self) -> Case:
        held: list[Any] = []

        @contextmanager
        def tracing() -> Iterator[None]:
            with self.trace_stack.new_trace() as trace:
                held[:] = [self.new_box(x, trace, self.node.new_root()) for x in rows.triple()]
                yield

        return Case(lambda: held[0] * held[1], tracing)

    def exp(self) -> Case:
        a, exp = rows.triple()[0], self.anp.exp
        return Case(lambda: exp(a))

    def sum(self) -> Case:
        a, total = rows.triple()[0], self.anp.sum
        return Case(lambda: total(a))

    def matmul(self) -> Case:
        (a, b), matmul = rows.square(64), self.anp.matmul
        return Case(lambda: matmul(a, b))

    def _little(self) -> Callable[[Array], Any]:
        anp = self.anp
        return self.autograd.grad(lambda x: anp.sum(x * x + 3 * x + 1))  # type: ignore[no-any-return]

    def little(self) -> Case:
        gradient, array = self._little(), self.anp.array
        return Case(lambda: gradient(array([2.0, 3.0])))

    def little_outside(self) -> Case:
        gradient, x = self._little(), self.anp.array([2.0, 3.0])
        return Case(lambda: gradient(x))

    def mlp(self, size: int, *widths: int) -> Case:
        anp, params = self.anp, rows.weights(*widths)
        x, labels = rows.batch(size, widths[0])
        places = anp.arange(size)

        def loss(params: list[Array]) -> Any:
            first, shift, second, last = params
            hidden = anp.maximum(anp.dot(x, first.T) + shift, 0)
            scores = anp.dot(hidden, second.T) + last
            top = anp.max(scores, axis=1, keepdims=True)
            total = anp.log(anp.sum(anp.exp(scores - top), axis=1)) + top[:, 0]
            return anp.mean(total - scores[places, labels])

        with_gradient = self.autograd.value_and_grad(loss)

        def work() -> Any:
            value, grads = with_gradient(params)
            for p, g in zip(params, grads, strict=True):
                p -= rows.LEARNING_RATE * g
            return value

        return Case(work)
