"""Every kernel against PyTorch's, over the shared cases."""

import pytest

from flambeau_arrayapi.testing import CASES, cases_for
from flambeau_arrayapi.testing.parity import check
from flambeau_numpy import load as backend


@pytest.mark.parametrize("op", sorted({case.op for case in CASES}))
def test_kernel_gives_what_pytorch_gives(op):
    wrong = {case.id: found for case in cases_for(op) if (found := check(case, backend()))}
    assert wrong == {}
