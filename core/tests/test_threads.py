"""Thread counts: PyTorch's four functions, their errors, and which backends they reach."""

import os
import subprocess
import sys

import numpy
import pytest

import flambeau
from flambeau.contract import plugins, threads
from flambeau.contract.backend import Backend, Status
from flambeau.errors import ThreadCountError
from flambeau.utils import data


class Counting(Backend):
    """A backend that keeps the number; with no kernels, for the table is not asked here."""

    name = "counting"

    def __init__(self):
        self.threads = 8

    def get_num_threads(self):
        return self.threads

    def set_num_threads(self, n):
        self.threads = n


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """Every test begins as a program does, and leaves the libraries as they were."""
    monkeypatch.setattr(threads, "_asked", threads._Asked())
    before = {backend: backend.get_num_threads() for backend in plugins.loaded()}
    yield
    for backend, count in before.items():
        backend.set_num_threads(count)


@pytest.fixture
def counting(monkeypatch):
    """A descriptor of `Counting`, registered and not loaded yet."""
    descriptor = type("Descriptor", (), {"name": "counting", "device_type": "counting", "priority": 0,
                                         "probe": lambda self: Status("ok"), "load": lambda self: Counting()})()
    monkeypatch.setattr(plugins, "check_backend", lambda backend: None)
    plugins.register(descriptor)
    yield
    del plugins.installed()["counting"]


@pytest.mark.parametrize("function", [flambeau.set_num_threads, flambeau.set_num_interop_threads])
@pytest.mark.parametrize(("value", "text"), [
    (0, "expects a positive integer up to 2147483647, but got 0"),
    (-3, "expects a positive integer up to 2147483647, but got -3"),
    (2**31, "expects a positive integer up to 2147483647, but got 2147483648"),
    (1.0, "expects an int, but got float"),
    (True, "expects an int, but got bool"),
    ("2", "expects an int, but got str"),
    (None, "expects an int, but got NoneType"),
])
def test_only_positive_ints_are_numbers_of_threads(function, value, text):
    before = flambeau.get_num_threads(), flambeau.get_num_interop_threads()
    with pytest.raises(ThreadCountError) as caught:
        function(value)
    assert str(caught.value) == f"{function.__name__}: {text} (FL114)"
    assert all(isinstance(caught.value, kind) for kind in (RuntimeError, ValueError, TypeError))
    assert (flambeau.get_num_threads(), flambeau.get_num_interop_threads()) == before


def test_what_is_asked_for_is_answered():
    for count in (2, 1, numpy.int64(2)):
        flambeau.set_num_threads(count)
        assert flambeau.get_num_threads() == count


def test_the_number_reaches_backends_in_use_and_those_that_come_later(counting):
    flambeau.set_num_threads(3)
    backend = plugins.load("counting")
    assert backend.get_num_threads() == 3
    flambeau.set_num_threads(2)
    assert backend.get_num_threads() == 2


def test_a_backend_that_nobody_told_keeps_its_own_number(counting):
    assert plugins.load("counting").get_num_threads() == 8


def test_a_backend_without_threads_accepts_and_says_one():
    reference = plugins.load("reference")
    flambeau.set_num_threads(2)
    assert reference.get_num_threads() == 1


def test_the_interop_number_is_set_once():
    assert flambeau.get_num_interop_threads() == 1
    flambeau.set_num_interop_threads(4)
    with pytest.raises(ThreadCountError, match="set once, and it was set to 4 already; got 2"):
        flambeau.set_num_interop_threads(2)
    assert flambeau.get_num_interop_threads() == 4


def test_the_preferred_backend_answers():
    code = "import flambeau; flambeau.set_num_threads(2); print(flambeau.get_num_threads())"
    for name, expected in (("numpy", "2"), ("reference", "1")):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                              env={**os.environ, "FLAMBEAU_BACKEND": name})
        assert done.stdout.strip() == expected


def test_doctor_shows_the_number():
    done = subprocess.run([sys.executable, "-m", "flambeau", "doctor"], capture_output=True, text=True, check=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    lines = {line.split(" ")[0]: line for line in done.stdout.splitlines()}
    assert lines["numpy"].endswith("1 device(s), 1 thread(s)") and lines["reference"].endswith("1 thread(s)")


class Threads(data.Dataset):
    """Samples that say how many threads there are where they are made."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return flambeau.get_num_threads()


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_a_data_loading_worker_has_one_thread(start):
    flambeau.set_num_threads(2)
    loader = data.DataLoader(Threads(), num_workers=1, multiprocessing_context=start)
    assert [batch.tolist() for batch in loader] == [[1], [1]]
    assert flambeau.get_num_threads() == 2
