"""Every kernel over array_api_strict, which raises on what the standard does not promise, against the reference."""

import pytest

from flambeau_arrayapi.strict import descriptor
from flambeau_arrayapi.testing import CASES, cases_for, difference, refuses, run, supported
from flambeau_reference.plugin import descriptor as reference

UNSPECIFIED = {"as_strided"}  # without strides there is no storage but the elements in C order


@pytest.mark.parametrize("op", sorted({case.op for case in CASES} - UNSPECIFIED))
def test_kernel_agrees_with_the_reference(op):
    strict, oracle = descriptor.load(), reference.load()
    cases = [case for case in cases_for(op) if supported(case, strict)]
    wrong = {case.id: found for case in cases if (found := difference(op, run(case, strict), run(case, oracle)))}
    assert cases
    assert wrong == {}


@pytest.mark.parametrize("op", sorted({case.op for case in CASES}))
def test_dtype_the_library_lacks_is_refused(op):
    strict = descriptor.load()
    cases = [case for case in cases_for(op) if not supported(case, strict)]
    assert [case.id for case in cases if not refuses(case, strict)] == []
