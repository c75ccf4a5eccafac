"""Thread counts beside PyTorch's: what is refused, and with which builtin exception."""

import pytest
import torch

import flambeau


def outcome(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize("name", ["set_num_threads", "set_num_interop_threads"])
@pytest.mark.parametrize("arguments", [(0,), (-1,), ("2",), (1.0,), (True,), (None,), (2**40,), (), (1, 2)], ids=str)
def test_refusals_are_caught_by_what_catches_pytorchs(name, arguments):
    theirs, ours = outcome(getattr(torch, name), *arguments), outcome(getattr(flambeau, name), *arguments)
    assert theirs is not None and isinstance(ours, type(theirs))


@pytest.mark.parametrize("module", [torch, flambeau], ids=lambda module: module.__name__)
def test_a_number_is_answered_until_the_next_is_set(module):
    before = module.get_num_threads()
    for count in (2, 1):
        module.set_num_threads(count)
        assert module.get_num_threads() == count
    module.set_num_threads(before)
