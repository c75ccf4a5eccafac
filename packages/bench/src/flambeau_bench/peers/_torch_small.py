"""Small work and big graphs in PyTorch's words: reading, writing, in-place ops, short rows, long chains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import rows
from ..rows import Case

KEYS: dict[str, Any] = {"slice": slice(1, 3), "int": 0, "none": None, "last": (..., 0)}
IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a.add_(b), "add-alpha": lambda a, b: a.add_(b, alpha=0.5),
    "mul-in-place": lambda a, b: a.mul_(b),
    "zero": lambda a, b: a.zero_(), "fill": lambda a, b: a.fill_(2.0), "copy": lambda a, b: a.copy_(b),
    "neg": lambda a, b: a.neg_(), "relu": lambda a, b: a.relu_(),
}


class Small:
    """The cases on a module that speaks PyTorch; `of` makes a tensor of an array."""

    def __init__(self, lib: Any, of: Callable[..., Any]) -> None:
        self.lib, self.of = lib, of

    def cases(self) -> dict[str, Callable[[], Case]]:
        """The maker of every row."""
        made: dict[str, Callable[[], Case]] = {f"read-{name}": self._reading(key) for name, key in KEYS.items()}
        made |= {f"write-{name}": self._writing(key) for name, key in KEYS.items() if name != "none"}
        made |= {name: self._changing(change) for name, change in IN_PLACE.items()}
        made |= {"read-places": self.read_places, "read-mask": self.read_mask, "write-places": self.write_places,
                 "write-mask": self.write_mask, "stack": self.stack, "stack-tracked": self.stack_tracked,
                 "softmax": self._short(lambda x: self.lib.softmax(x, -1)),
                 "log-softmax": self._short(lambda x: self.lib.log_softmax(x, -1)), "layer-norm": self.layer_norm,
                 "max-dim": self._short(lambda x: x.max(-1)[0]), "sigmoid": self.sigmoid, "randperm": self.randperm,
                 "topk": self.topk, "median": self.median, "mean": self._short(lambda x: x.mean()),
                 "cdist": self.cdist, "chain": self.chain, "rfft": self.rfft, "fft-tracked": self.fft_tracked}
        return made

    def _grid(self) -> Any:
        return self.of(rows.square(8)[0])

    def _reading(self, key: Any) -> Callable[[], Case]:
        def make() -> Case:
            x = self._grid()
            return Case(lambda: x[key])

        return make

    def _writing(self, key: Any) -> Callable[[], Case]:
        def make() -> Case:
            x, value = self._grid(), self._grid()[key].clone()

            def work() -> Any:
                x[key] = value
                return x

            return Case(work)

        return make

    def _changing(self, change: Callable[[Any, Any], Any]) -> Callable[[], Case]:
        def make() -> Case:
            a, b = map(self.of, rows.triple())
            b.fill_(1.0)
            return Case(lambda: change(a, b))

        return make

    def _short(self, function: Callable[[Any], Any]) -> Callable[[], Case]:
        def make() -> Case:
            x = self.of(rows.batch(32, 64)[0])
            return Case(lambda: function(x))

        return make

    def read_places(self) -> Case:
        x, places = self._grid(), self.lib.tensor([1, 3])
        return Case(lambda: x[places])

    def read_mask(self) -> Case:
        x = self._grid()
        mask = x > 0
        return Case(lambda: x[mask])

    def write_places(self) -> Case:
        x, places = self._grid(), self.lib.tensor([1, 3])
        value = x[:2].clone()

        def work() -> Any:
            x[places] = value
            return x

        return Case(work)

    def write_mask(self) -> Case:
        x = self._grid()
        mask = x > 0

        def work() -> Any:
            x[mask] = 0.5
            return x

        return Case(work)

    def stack(self) -> Case:
        parts = list(self.of(rows.batch(10_000, 4)[0]).unbind(0))
        return Case(lambda: self.lib.stack(parts))

    def stack_tracked(self) -> Case:
        parts = [p.detach().clone().requires_grad_() for p in self.of(rows.batch(10_000, 4)[0]).unbind(0)]

        def work() -> Any:
            self.lib.stack(parts).sum().backward()
            return parts[-1].grad

        return Case(work)

    def layer_norm(self) -> Case:
        x, layer = self.of(rows.batch(32, 64)[0]), self.lib.nn.LayerNorm(64)
        weight, bias, norm = layer.weight.detach(), layer.bias.detach(), self.lib.nn.functional.layer_norm
        return Case(lambda: norm(x, (64,), weight, bias))

    def sigmoid(self) -> Case:
        x, sigmoid = self.of(rows.batch(1, 64)[0]), self.lib.sigmoid
        return Case(lambda: sigmoid(x))

    def randperm(self) -> Case:
        self.lib.manual_seed(0)
        return Case(lambda: self.lib.randperm(10_000))

    def topk(self) -> Case:
        x = self.of(rows.batch(100, 1000)[0])
        return Case(lambda: self.lib.topk(x, 5)[0])

    def median(self) -> Case:
        x = self.of(rows.batch(100, 1000)[0])
        return Case(lambda: x.median(-1)[0])

    def cdist(self) -> Case:
        x = self.of(rows.batch(500, 128)[0])
        return Case(lambda: self.lib.cdist(x, x + 1))

    def rfft(self) -> Case:
        x = self.of(rows.batch(100, 1000)[0])
        return Case(lambda: self.lib.fft.rfft(x))

    def fft_tracked(self) -> Case:
        x = self.of(rows.square(64)[0]).requires_grad_()

        def work() -> Any:
            x.grad = None
            self.lib.fft.fft2(x)[:8, :8].abs().sum().backward()
            return x.grad

        return Case(work)

    def chain(self) -> Case:
        x = self.lib.ones(3, requires_grad=True)

        def work() -> Any:
            y = x
            for _ in range(rows.CHAIN):
                y = y * 1.0
            return y

        return Case(work, collecting=True)
