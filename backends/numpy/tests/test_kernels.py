"""Every kernel over its dtypes, shapes and memory layouts, against the reference backend."""

import pytest

from flambeau_arrayapi.testing import CASES, cases_for, difference, run
from flambeau_numpy import load as backend
from flambeau_reference.plugin import descriptor as reference


@pytest.mark.parametrize("op", sorted({case.op for case in CASES}))
def test_kernel_agrees_with_the_reference(op):
    numpy, oracle = backend(), reference.load()
    wrong = {case.id: found for case in cases_for(op) if (found := difference(op, run(case, numpy), run(case, oracle)))}
    assert wrong == {}
