"""What the tests of the NumPy backend share."""

from functools import partial

import pytest

import flambeau_arrayapi.testing
from flambeau_numpy import load as backend


@pytest.fixture(scope="session")
def numpy_backend():
    return backend()


@pytest.fixture
def call(numpy_backend):
    """Calls the kernel of an op as core would: by the dtype of its first array."""
    return partial(flambeau_arrayapi.testing.call, numpy_backend)
