"""The backend's own part, over a stand-in for CuPy that computes with NumPy: nothing here has run on a GPU."""

import subprocess
import sys

import pytest
from flambeau_arrayapi.testing import CASES, cases_for, difference, run
from flambeau_cupy import backend as module
from flambeau_cupy.backend import CupyBackend
from flambeau_reference.plugin import descriptor as reference

from flambeau.dtypes import bfloat16, float32, int64
from flambeau.errors import BackendError


@pytest.fixture
def backend(cupy):
    return CupyBackend(cupy)


def floats(backend, values, shape=None, **layout):
    data = reference.load()
    from flambeau.backend import encode

    return backend.from_host(encode(values, float32), shape or (len(values),), float32, **layout)


@pytest.mark.parametrize("op", sorted({case.op for case in CASES}))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the stand-in's floating-point flags, which CuPy does not have
def test_kernel_agrees_with_the_reference(backend, op):
    oracle = reference.load()
    cases = list(cases_for(op))
    wrong = {case.id: found for case in cases if (found := difference(op, run(case, backend), run(case, oracle)))}
    assert cases
    assert wrong == {}
