"""What the tests of the NumPy backend share."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

import flambeau_arrayapi.testing
from flambeau_numpy import load as backend


@pytest.fixture(scope="session")
def numpy_backend():
    return backend()


@pytest.fixture(autouse=True)
def as_core_calls(request: pytest.FixtureRequest) -> Iterator[None]:
    """Kernels called here without core in between meet inf and nan as they do under it: in silence."""
    if "loud" in request.keywords:
        yield
    else:
        with np.errstate(all="ignore"):
            yield


@pytest.fixture
def call(numpy_backend):
    """Calls the kernel of an op as core would: by the dtype of its first array."""
    return partial(flambeau_arrayapi.testing.call, numpy_backend)
