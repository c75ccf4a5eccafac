"""PyTorch's module samples: the same parameters from the same seed, the same repr, outputs and gradients."""

import warnings

import moduleinfo
import pytest
import torch

MOST = 5  # samples of a module; `python core/tests/parity/moduleinfo.py` runs all


@pytest.mark.parametrize("name", moduleinfo.INFOS)
def test_samples(name: str) -> None:
    every = list(moduleinfo.cases(moduleinfo.INFOS[name], (torch.float32,)))
    step = max(1, len(every) // MOST)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in every[::step]:
            try:
                moduleinfo.check(case)
            except moduleinfo.Difference as difference:
                found.append(f"{difference} | {moduleinfo.described(case)}")
    assert every
    assert not found, "\n".join(found)
