"""BLAS's threads: the number reaches the library, the environment is heard, products agree, small ones stay on one."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import threadpoolctl

import flambeau_numpy
from flambeau_numpy import threads
from flambeau_numpy.kernels import linalg

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "GOTO_NUM_THREADS")
MIDDLING, LARGE = (64, 128, 128), (256, 256, 256)


@pytest.fixture
def count(numpy_backend):
    """Sets the number for one test."""
    before = numpy_backend.get_num_threads()
    yield numpy_backend.set_num_threads
    numpy_backend.set_num_threads(before)


@pytest.fixture
def pool(monkeypatch):
    """A stand-in for the library's count that keeps what it was told."""
    told = [4]
    monkeypatch.setattr(threads, "_pool", lambda: (lambda: told[-1], told.append))
    return told


def pair(rows, inner, columns, dtype=np.float32):
    """Two matrices of small whole numbers, whose products are exact in any order of summing."""
    draw = np.random.default_rng(7)
    return (draw.integers(-4, 5, (rows, inner)).astype(dtype), draw.integers(-4, 5, (inner, columns)).astype(dtype))


def in_a_fresh_interpreter(code, **environment):
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={**clean, **environment})
    return done.stdout.split()


def test_the_number_is_the_librarys(count):
    for number in (2, 1):
        count(number)
        assert {lib.num_threads for lib in threads._libraries()} == {number}
        assert flambeau_numpy.load().get_num_threads() == number


def test_it_is_set_from_any_python_thread(count):
    count(1)
    other = threading.Thread(target=count, args=(2,))
    other.start()
    other.join()
    assert flambeau_numpy.load().get_num_threads() == 2


@pytest.mark.parametrize("name", VARIABLES)
def test_the_environment_is_heard(name):
    code = "import flambeau_numpy; print(flambeau_numpy.load().get_num_threads())"
    assert in_a_fresh_interpreter(code, **{name: "1"}) == ["1"]


@pytest.mark.parametrize("value", ["", "0", "many"])
def test_a_variable_that_says_nothing_changes_nothing(value):
    code = "import flambeau_numpy; print(flambeau_numpy.load().get_num_threads())"
    assert in_a_fresh_interpreter(code, MKL_NUM_THREADS=value) == in_a_fresh_interpreter(code)


def test_threadpoolctl_is_imported_when_asked_for():
    code = ("import sys, flambeau_numpy; backend = flambeau_numpy.load(); print('threadpoolctl' in sys.modules); "
            "backend.get_num_threads(); print('threadpoolctl' in sys.modules)")
    assert in_a_fresh_interpreter(code) == ["False", "True"]


@pytest.mark.parametrize("shape", [(8, 8, 8), (96, 96, 96), MIDDLING, (128, 128, 128), LARGE, (1, 2048, 2048)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
def test_any_number_of_threads_gives_the_same_product(shape, dtype, count):
    x, y = pair(*shape, dtype)
    expected = pair(*shape, np.int64)[0] @ pair(*shape, np.int64)[1]
    for number in (1, 2):
        count(number)
        assert np.array_equal(linalg.matmul(x, y), expected)
        assert np.array_equal(linalg.linear(x, y.T, None), expected)
        assert np.array_equal(linalg.linear_grad_weight(x.T, y), expected)


@pytest.mark.parametrize("product", [
    lambda x, y: linalg.matmul(x, y),
    lambda x, y: linalg.matmul(x[None], y),
    lambda x, y: linalg.linear(x, y.T, None),
    lambda x, y: linalg.linear(x[None], y.T, None),
    lambda x, y: linalg.linear_grad_weight(x.T, y),
], ids=["matmul", "stack", "linear", "linear of a stack", "gradient of weight"])
@pytest.mark.parametrize(("shape", "expected"), [
    ((8, 8, 8), [4]), ((64, 64, 64), [4]), (MIDDLING, [4, 1, 4]), ((128, 128, 128), [4, 1, 4]), (LARGE, [4]),
], ids=str)
def test_products_of_middling_size_run_on_one_thread(product, shape, expected, pool):
    product(*pair(*shape))
    assert pool == expected


def test_the_number_comes_back_when_a_product_fails(pool):
    x, y = pair(*MIDDLING)
    with pytest.raises(ValueError):
        linalg.matmul(x, y[1:])
    assert pool == [4, 1, 4]


def test_one_thread_is_left_alone(monkeypatch):
    def refuse(number):
        raise AssertionError(f"set to {number}")

    monkeypatch.setattr(threads, "_pool", lambda: (lambda: 1, refuse))
    linalg.matmul(*pair(*MIDDLING))


def test_limits_of_ones_own_hold(count):
    count(2)
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        linalg.matmul(*pair(*MIDDLING))
        assert flambeau_numpy.load().get_num_threads() == 1


def test_python_threads_share_the_library(count):
    count(2)
    wrong = []

    def work(shape):
        x, y = pair(*shape)
        expected = pair(*shape, np.int64)[0] @ pair(*shape, np.int64)[1]
        wrong.extend(n for n in range(200) if not np.array_equal(linalg.matmul(x, y), expected))

    running = [threading.Thread(target=work, args=(shape,)) for shape in (MIDDLING, LARGE, MIDDLING)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert not wrong
    assert flambeau_numpy.load().get_num_threads() == 2
