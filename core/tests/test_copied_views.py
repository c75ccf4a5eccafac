"""Where PyTorch shares memory and flambeau copies, writing into the copy raises instead of being lost."""

from __future__ import annotations

from typing import Any

import pytest

import flambeau

COPIES: dict[str, Any] = {
    "real": lambda x: x.real, "imag": lambda x: x.imag, "view_as_real": flambeau.view_as_real,
    "a view of real": lambda x: x.real[0], "detached": lambda x: x.imag.detach(),
    "view(dtype)": lambda x: x.view(flambeau.float32), "view(dtype) of a view": lambda x: x[0].view(flambeau.int64),
    "view_as_complex": lambda x: flambeau.view_as_complex(flambeau.view_as_real(x).clone()),
}
WRITES: dict[str, Any] = {
    "fill_": lambda v: v.fill_(1), "zero_": lambda v: v.zero_(), "setitem": lambda v: v.__setitem__(0, 1),
    "add_": lambda v: v.add_(1), "copy_": lambda v: v.copy_(flambeau.ones(())),
}


@pytest.mark.parametrize("device", ["cpu", "reference"])
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("copy", COPIES)
def test_writing_raises(copy: str, write: str, device: str) -> None:
    with flambeau.device(device):
        x = flambeau.tensor([[1 + 2j, 3], [4, 5]])
        made = COPIES[copy](x)
        before = made.tolist()
        with pytest.raises(flambeau.errors.InplaceError, match="copy where PyTorch shares memory"):
            WRITES[write](made)
        assert made.tolist() == before
        assert WRITES[write](made.clone()) is None or write != "setitem"


def test_gradients_and_files_are_as_before(tmp_path: Any) -> None:
    x = flambeau.tensor([1 + 2j, 3], requires_grad=True)
    x.real.sum().backward()
    assert x.grad.tolist() == [1, 1]
    flambeau.save(x.detach().imag, tmp_path / "part")
    assert flambeau.load(tmp_path / "part").tolist() == [2, 0]
