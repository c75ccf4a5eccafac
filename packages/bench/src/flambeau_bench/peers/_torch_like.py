"""The rows written once in PyTorch's words, for PyTorch and flambeau."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import rows
from ..rows import Array, Case
from ._torch_small import Small


class TorchLike:
    """The cases on a module that speaks PyTorch."""

    def __init__(self, lib: Any) -> None:
        self.lib = lib

    def cases(self) -> dict[str, Callable[[], Case]]:
        """The maker of every row."""
        return {"mul": self.mul, "mul-tracked": self.mul_tracked, "dispatch": self.dispatch, "exp": self.exp,
                "sum": self.sum, "matmul": self.matmul, "little": self.little, "little-outside": self.little_outside,
                "mlp": lambda: self.mlp(32, 64, 64, 10), "mlp-wide": lambda: self.mlp(128, 512, 512, 10),
                "cnn": self.cnn, "sgd": lambda: self.optimizer("SGD", lr=1e-4, momentum=0.9),
                "adam": lambda: self.optimizer("Adam", lr=1e-4), **Small(self.lib, self.of).cases()}

    def of(self, array: Array, grad: bool = False) -> Any:
        """A tensor of its own memory."""
        return self.lib.from_numpy(array.copy()).requires_grad_(grad)

    def mul(self) -> Case:
        a, b = map(self.of, rows.triple())
        return Case(lambda: a * b)

    def mul_tracked(self) -> Case:
        a, b = (self.of(x, True) for x in rows.triple())
        return Case(lambda: a * b)

    def dispatch(self) -> Case:
        a, b = (self.of(x[:0]) for x in rows.triple())
        return Case(lambda: a * b)

    def exp(self) -> Case:
        a, exp = self.of(rows.triple()[0]), self.lib.exp
        return Case(lambda: exp(a))

    def sum(self) -> Case:
        a = self.of(rows.triple()[0])
        return Case(lambda: a.sum())

    def matmul(self) -> Case:
        a, b = map(self.of, rows.square(64))
        return Case(lambda: a @ b)

    def little(self) -> Case:
        tensor = self.lib.tensor

        def work() -> Any:
            x = tensor([2.0, 3.0], requires_grad=True)
            y = x * x + 3 * x + 1
            y.sum().backward()
            return x.grad

        return Case(work)

    def little_outside(self) -> Case:
        x = self.lib.tensor([2.0, 3.0], requires_grad=True)

        def work() -> Any:
            x.grad = None
            y = x * x + 3 * x + 1
            y.sum().backward()
            return x.grad

        return Case(work)

    def mlp(self, size: int, *widths: int) -> Case:
        nn, x, labels = self.lib.nn, *map(self.of, rows.batch(size, widths[0]))
        model = nn.Sequential(nn.Linear(widths[0], widths[1]), nn.ReLU(), nn.Linear(widths[1], widths[2]))
        self._start(model, rows.weights(*widths))
        return self._step(model, x, labels, self.lib.optim.SGD(model.parameters(), lr=rows.LEARNING_RATE))

    def cnn(self) -> Case:
        nn, x, labels = self.lib.nn, *map(self.of, rows.images(64))
        model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                              nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                              nn.Linear(128, 10))
        self._start(model, rows.filters())
        return self._step(model, x, labels, self.lib.optim.Adam(model.parameters(), lr=1e-3))

    def _start(self, model: Any, values: list[Array]) -> None:
        with self.lib.no_grad():
            for parameter, value in zip(model.parameters(), values, strict=True):
                parameter.copy_(self.of(value))

    def _step(self, model: Any, x: Any, labels: Any, optimizer: Any) -> Case:
        lossy = self.lib.nn.CrossEntropyLoss()

        def work() -> Any:
            optimizer.zero_grad()
            loss = lossy(model(x), labels)
            loss.backward()
            optimizer.step()
            return loss.detach()

        return Case(work)

    def optimizer(self, name: str, **options: Any) -> Case:
        values, grads = rows.gradients()
        params = [self.of(v, True) for v in values]
        for parameter, g in zip(params, grads, strict=True):
            parameter.grad = self.of(g)
        optimizer = getattr(self.lib.optim, name)(params, **options)

        def work() -> Any:
            optimizer.step()
            return params[0].detach()

        return Case(work)
