"""Threads that come first together, and threads whose work meets: every process starts anew, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import flambeau
from flambeau.contract import plugins
from flambeau.contract.backend import Backend, Status

TOGETHER = """
import sys, threading
import flambeau
sys.setswitchinterval(1e-6)
barrier, made, raised = threading.Barrier(20), [], []

def first():
    barrier.wait()
    try:
        made.append(work())
    except BaseException as error:
        raised.append(repr(error))

threads = [threading.Thread(target=first) for _ in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert raised == [], raised
"""


def in_a_new_process(work: str, check: str, **environment: str) -> None:
    """Runs `work` in twenty threads at once, the first thing that the process does with flambeau, then `check`."""
    code = TOGETHER.replace("import flambeau\n", f"import flambeau\n{work}\n", 1) + check
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("backend", "turn"), [("numpy", 1), ("numpy", 2), ("reference", 1)])
def test_twenty_threads_start_with_a_tensor_and_share_device_and_kind(backend: str, turn: int):
    in_a_new_process("work = lambda: flambeau.zeros(1)", """
assert len(made) == 20 and {t.tolist()[0] for t in made} == {0.0}
assert len({id(t.device) for t in made}) == len({id(t._kind) for t in made}) == 1
assert sum(t.item() for t in made) == 0 and (made[0] + made[-1]).tolist() == [0.0]
""", FLAMBEAU_BACKEND=backend)


@pytest.mark.parametrize("device", ["reference", "cpu:0"])
def test_a_device_named_first_in_twenty_threads_is_one_object(device: str):
    in_a_new_process(f"work = lambda: flambeau.ones(2, device={device!r}) * 2", f"""
assert {{t.tolist()[1] for t in made}} == {{2.0}}
assert {{id(t.device) for t in made}} == {{id(flambeau.device({device!r}).kinds[flambeau.float32].device)}}
""")


def test_a_list_of_backends_is_whole_from_the_first_look_on():
    in_a_new_process("work = lambda: tuple(flambeau.backends())",
                     "assert len(set(made)) == 1 and 'numpy' in made[0] and 'reference' in made[0], made")


def test_a_class_of_tensors_has_one_kind_and_a_named_result_one_class():
    in_a_new_process("""
from flambeau.table.dispatch import as_subclass
class Mine(flambeau.Tensor): pass
def work():
    x = as_subclass(flambeau.ones(2, 3), Mine)
    return x._kind, type(flambeau.ones(2, 3).max(0)), (x + x).tolist()[0][0]
""", "assert len({kind for kind, _, _ in made}) == len({kind for _, kind, _ in made}) == 1 and made[0][2] == 2.0")


def all_at_once(count: int, function: Callable[[int], Any]) -> list[Any]:
    """What `function(i)` answers in `count` threads that begin together."""
    barrier, answers = threading.Barrier(count), [None] * count

    def run(i: int) -> None:
        barrier.wait()
        answers[i] = function(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def impatient():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Unhurried(Backend):
    """The reference backend, which lets others run between reading a gradient and writing it."""

    name = device_type = "unhurried"

    def __init__(self) -> None:
        inner = plugins.load("reference")
        self.array_type, self.kernels = inner.array_type, inner.kernels
        for method in ("from_host", "to_host", "dtype_of", "own", "strides", "storage_offset"):
            setattr(self, method, getattr(inner, method))

    def accumulate(self, array: Any, other: Any) -> Any:
        total = self.kernels["add"](array, other)
        threading.Event().wait(0.001)
        return self.kernels["assign"](array, total)


class Descriptor:
    name = device_type = "unhurried"
    priority = 0

    def probe(self) -> Status:
        return Status("ok")

    def load(self) -> Backend:
        return Unhurried()


@pytest.fixture
def unhurried():
    plugins.register(Descriptor())
    yield "unhurried"
    plugins.withdraw("unhurried")


@pytest.mark.parametrize("inputs", [False, True])
def test_no_gradient_is_lost_where_two_walks_reach_one_leaf(unhurried: str, inputs: bool):
    leaf = flambeau.ones(3, device=unhurried, requires_grad=True)

    def step(i: int) -> None:
        for _ in range(10):
            (leaf * 2).sum().backward(inputs=[leaf] if inputs else None)

    all_at_once(4, step)
    assert leaf.grad is not None and leaf.grad.tolist() == [80.0] * 3


@pytest.mark.parametrize("device", ["numpy", "reference"])
def test_the_first_gradients_of_a_leaf_meet(device: str, impatient: None):
    for _ in range(25):
        leaf = flambeau.ones(2, device=device, requires_grad=True)
        all_at_once(4, lambda i, leaf=leaf: (leaf * (i + 1)).sum().backward())
        assert leaf.grad is not None and leaf.grad.tolist() == [10.0, 10.0]


# --- what every thread has for itself


def test_the_default_device_is_the_threads_own():
    with flambeau.device("reference"):
        here, there = flambeau.ones(1), all_at_once(1, lambda i: flambeau.ones(1))[0]
    assert (here.device.backend.name, there.device) == ("reference", flambeau.device("cpu"))
    flambeau.set_default_device("reference")
    try:
        assert all_at_once(1, lambda i: flambeau.get_default_device())[0] == flambeau.device("cpu")
    finally:
        flambeau.set_default_device(None)


def test_blocks_of_two_threads_that_overlap_end_as_they_began():
    order = [threading.Event() for _ in range(3)]

    def first() -> list[str]:
        with flambeau.device("reference"):
            order[0].set()
            order[1].wait(10)
        order[2].set()
        return [flambeau.ones(1).device.backend.name]

    def second() -> list[str]:
        order[0].wait(10)
        with flambeau.device("array-api-strict"):
            order[1].set()
            order[2].wait(10)
            inside = flambeau.ones(1).device.backend.name
        return [inside, flambeau.ones(1).device.backend.name]

    cpu = flambeau.device("cpu").backend.name
    assert all_at_once(2, lambda i: (first, second)[i]()) == [[cpu], ["array-api-strict", cpu]]
    assert flambeau.ones(1).device == flambeau.device("cpu")


def test_a_default_set_inside_a_block_ends_with_it():
    with flambeau.device("reference"), flambeau.device("cpu"):
        flambeau.set_default_device("reference")
        assert flambeau.ones(1).device == flambeau.device("reference")
    assert flambeau.get_default_device() == flambeau.device("cpu")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_forked_while_another_thread_looks_for_backends_can_look_itself():
    code = """
import os, threading, time, warnings
warnings.simplefilter("ignore")
import flambeau
from flambeau.contract import plugins
looking, plain = threading.Event(), plugins.points

def slow(group):
    looking.set()
    time.sleep(1)
    return plain(group)

plugins.points = slow
threading.Thread(target=flambeau.backends, daemon=True).start()
looking.wait()
plugins.points = plain
child = os.fork()
if child == 0:
    os._exit(0 if flambeau.zeros(1).tolist() == [0.0] else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
