"""What the tests of the array API kernels share."""

from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def as_core_calls() -> Iterator[None]:
    """Kernels called here without core in between meet inf and nan as they do under it: in silence."""
    with np.errstate(all="ignore"):
        yield
