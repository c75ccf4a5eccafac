"""MyGrad: tensors over NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import rows
from ..rows import Array, Case

TITLE = "MyGrad"


def load(threads: int) -> tuple[str, dict[str, Callable[[], Case]], Callable[[Any], Any]]:
    """Version, the makers of the rows, and the way from a result to NumPy."""
    import mygrad
    from mygrad.nnet import relu, softmax_crossentropy

    work = _Rows(mygrad, relu, softmax_crossentropy)
    return mygrad.__version__, work.cases(), lambda t: t.data if isinstance(t, mygrad.Tensor) else t


class _Rows:
    def __init__(self, mygrad: Any, relu: Any, lossy: Any) -> None:
        self.mygrad, self.relu, self.lossy = mygrad, relu, lossy

    def cases(self) -> dict[str, Callable[[], Case]]:
        """The rows it can do: it brings no optimizers, so a step of SGD is written out and those rows are left out."""
        return {"mul": lambda: self.mul(slice(None)), "mul-tracked": self.mul_tracked,
                "dispatch": lambda: self.mul(slice(0)), "exp": self.exp, "sum": self.sum, "matmul": self.matmul,
                "little": self.little, "little-outside": self.little_outside,
                "mlp": lambda: self.mlp(32, 64, 64, 10), "mlp-wide": lambda: self.mlp(128, 512, 512, 10)}

    def _untracked(self, work: Callable[[], Any]) -> Case:
        return Case(work, lambda: self.mygrad.no_autodiff)

    def _of(self, array: Array) -> Any:
        return self.mygrad.tensor(array.copy())

    def mul(self, part: slice) -> Case:
        a, b = (self._of(x[part]) for x in rows.triple())
        return self._untracked(lambda: a * b)

    def mul_tracked(self) -> Case:
        a, b = map(self._of, rows.triple())
        return Case(lambda: a * b)

    def exp(self) -> Case:
        a, exp = self._of(rows.triple()[0]), self.mygrad.exp
        return self._untracked(lambda: exp(a))

    def sum(self) -> Case:
        a = self._of(rows.triple()[0])
        return self._untracked(lambda: a.sum())

    def matmul(self) -> Case:
        a, b = map(self._of, rows.square(64))
        return self._untracked(lambda: a @ b)

    def little(self) -> Case:
        tensor = self.mygrad.tensor

        def work() -> Any:
            x = tensor([2.0, 3.0])
            y = x * x + 3 * x + 1
            y.sum().backward()
            return x.grad

        return Case(work)

    def little_outside(self) -> Case:
        x = self.mygrad.tensor([2.0, 3.0])

        def work() -> Any:
            y = x * x + 3 * x + 1
            y.sum().backward()
            return x.grad

        return Case(work)

    def mlp(self, size: int, *widths: int) -> Case:
        matmul, relu, lossy = self.mygrad.matmul, self.relu, self.lossy
        params = [self._of(w) for w in rows.weights(*widths)]
        x, labels = rows.batch(size, widths[0])

        def work() -> Any:
            first, shift, second, last = params
            hidden = relu(matmul(x, first.T) + shift)
            loss = lossy(matmul(hidden, second.T) + last, labels)
            loss.backward()
            for p in params:
                p.data -= rows.LEARNING_RATE * p.grad
            return loss.data

        return Case(work)
