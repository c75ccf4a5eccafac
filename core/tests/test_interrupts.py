"""KeyboardInterrupt, raised at every bytecode of the frames that hold a mode, leaves every mode as it was.

Frames of a `with` statement's own `__exit__` are left out: what strikes there before its first call cannot be met by
code written in Python.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

import flambeau
from flambeau.autograd import anomaly
from flambeau.contract import device
from flambeau.modes import _grad, _inference, run_with
from flambeau.table import quiet
from flambeau.walk import engine

HOME = os.path.dirname(flambeau.__file__)
ENGINE = ("walk/engine.py", "modes.py", "table/quiet.py", "table/dispatch.py")


class Interrupt:
    """Raises KeyboardInterrupt at the n-th bytecode that is executed in some of flambeau's files."""

    def __init__(self, n: int, files: tuple[str, ...] = ENGINE) -> None:
        self.left, self.files = n, tuple(os.path.join(HOME, *name.split("/")) for name in files)

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in self.files or frame.f_code.co_name == "__exit__":
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self.step

    def step(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "opcode":
            self.left -= 1
            if self.left < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self.step


def interrupted(work: Callable[[], Any], files: tuple[str, ...] = ENGINE) -> Iterator[int]:
    """Runs `work` again and again, each time one bytecode further, until it comes to its end."""
    n, reached = 0, True
    while reached:
        before = sys.gettrace()
        sys.settrace(Interrupt(n, files))
        try:
            work()
            reached = False
        except KeyboardInterrupt:
            n += 1
        finally:
            sys.settrace(before)
        yield n


def modes() -> tuple[Any, ...]:
    """Everything that a mode, a block, a repeated call or the growing of a gradient changes."""
    return (flambeau.is_grad_enabled(), flambeau.is_inference_mode_enabled(), device._default.get(),
            quiet._repeating.get(), dict(anomaly._settings), engine._growing._is_owned())


class Doubled(flambeau.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    @flambeau.autograd.function.once_differentiable
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2


@pytest.mark.parametrize("options", [{}, {"create_graph": True}, {"inputs": True}], ids=["", "create_graph", "inputs"])
def test_backward_leaves_every_mode_at_every_bytecode(options: dict[str, Any]):
    seen, before = 0, modes()
    weight = flambeau.tensor([1.0, 2.0], requires_grad=True)
    other = flambeau.tensor([3.0, 4.0], requires_grad=True)
    other.register_hook(lambda g: g * 1)
    if "inputs" in options:
        options = {"inputs": [weight]}

    def work() -> None:
        weight.grad = other.grad = None
        for _ in range(2):  # the first gradient of a leaf, and one that is added
            (weight * other).sum().backward(**options)

    for n in interrupted(work, ("walk/engine.py", "modes.py")):
        seen = n
        assert modes() == before, f"after bytecode {n}"
        assert weight.grad is None or weight.grad.tolist() in ([3.0, 4.0], [6.0, 8.0])
    assert seen > 1000
    assert weight.grad is not None and weight.grad.tolist() == [6.0, 8.0]


@pytest.mark.parametrize("work", [
    lambda x: flambeau.autograd.grad(x.exp().sum(), x), lambda x: Doubled.apply(x).sum().backward(),
    lambda x: flambeau.no_grad()(x.exp)(), lambda x: flambeau.enable_grad()(x.exp)(),
    lambda x: flambeau.inference_mode()(x.exp)(), lambda x: flambeau.nn.functional.gelu(x.to("reference")),
], ids=["grad", "function", "no_grad", "enable_grad", "inference_mode", "composition"])
def test_what_changes_a_mode_puts_it_back(work: Callable[[Any], Any]):
    seen, before, x = 0, modes(), flambeau.ones(2, requires_grad=True)
    for n in interrupted(lambda: work(x), ("walk/engine.py", "modes.py")):
        seen = n
        assert modes() == before, f"after bytecode {n}"
    assert seen > 10


@pytest.mark.parametrize(("enter", "file"), [
    (lambda: flambeau.no_grad().__enter__(), "modes.py"), (lambda: flambeau.enable_grad().__enter__(), "modes.py"),
    (lambda: flambeau.inference_mode().__enter__(), "modes.py"),
    (lambda: flambeau.device("reference").__enter__(), "contract/device.py"),
    (lambda: anomaly.detect_anomaly().__enter__(), "autograd/anomaly.py"),
], ids=["no_grad", "enable_grad", "inference_mode", "device", "detect_anomaly"])
@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_an_interrupt_while_a_block_is_entered_enters_nothing(enter: Callable[[], Any], file: str):
    """At every line; what a `with` enters without an error is left again by its `__exit__`."""
    enter_name, before, lines = "__enter__", modes(), set()

    def strike(number: int) -> None:
        def step(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line" and frame.f_lineno not in passed:
                passed.append(frame.f_lineno)
                if len(passed) > number:
                    sys.settrace(None)
                    raise KeyboardInterrupt
            return step

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            inside = frame.f_code.co_filename.endswith(os.path.join(*file.split("/")))
            return step if inside and frame.f_code.co_name in (enter_name, "_switch", "_install") else None

        passed: list[int] = []
        sys.settrace(trace)
        enter()

    for number in range(30):
        former = sys.gettrace()
        try:
            strike(number)
        except KeyboardInterrupt:
            lines.add(number)
            sys.settrace(former)
            assert modes() == before, f"at line {number} of those that are run"
        else:
            sys.settrace(former)
            break
    assert len(lines) >= 3
    _grad.set(before[0])
    _inference.set(before[1])
    device._default.set(before[2])
    anomaly.set_detect_anomaly(False)
    assert modes() == before


def test_anomaly_mode_that_was_half_switched_is_switched_whole_the_next_time():
    x = flambeau.ones(1, requires_grad=True)
    plain = flambeau.sum.op.call.__globals__["tick"]
    for _ in interrupted(lambda: anomaly.set_detect_anomaly(False).__exit__(), ("autograd/anomaly.py",)):
        assert flambeau.sum.op.call.__globals__["tick"] is plain and not anomaly.is_anomaly_enabled()
        break
    anomaly._settings["whole"] = False  # as after an interrupt that nothing could meet
    flambeau.sum.op.call.__globals__["tick"] = anomaly._recording_tick
    anomaly.set_detect_anomaly(False)
    assert flambeau.sum.op.call.__globals__["tick"] is plain
    (x * 2).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2.0]


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, ValueError, flambeau.errors.GradientError])
def test_what_a_hook_raises_leaves_the_modes(raised: type[BaseException]):
    before, x = modes(), flambeau.ones(2, requires_grad=True)

    def hook(g: Any) -> None:
        flambeau.set_grad_enabled(True)
        raise raised("enough")

    x.register_hook(hook)
    with pytest.raises(raised, match="enough"):
        (x * 2).sum().backward()
    assert modes() == before and x.grad is None


def test_a_variable_is_put_back_though_the_interrupt_strikes_as_it_is_put_back():
    points = 0
    for n in interrupted(lambda: run_with(_grad, False, lambda: None), ("modes.py",)):
        points = n
        assert flambeau.is_grad_enabled()
    assert points > 20
