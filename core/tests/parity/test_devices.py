"""Devices are values, as PyTorch's are: parsed, printed, compared, hashed, copied and pickled alike, hardware or not.

What a device is used for fails here as there, with an error that is caught by what catches PyTorch's.
"""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau
from flambeau.contract import plugins
from flambeau.contract.device import TYPES
from flambeau.errors import DeviceNotAvailableError

SPELLINGS = [f"{kind}{index}" for kind in TYPES if kind != "mkldnn" for index in ("", ":0", ":1", ":17")]
MALFORMED = ["", ":", ":1", "cuda:", "cuda:-1", "cuda:x", "cuda:01", "cuda: 1", "cuda:1 ", "cuda:+1", "cuda:1.0",
             "cuda:1:2", "cuda:\u0661", "CUDA", " cuda", "cuda ", "ort", "foo", "foo:1", "cuda0", "gpu"]
ABSENT = ["cuda", "cuda:0", "cuda:1", "xpu", "mps", "mps:0", "hpu", "xla", "vulkan", "hip", "ipu", "privateuseone"]


def both(make: Callable[[Any], Any]) -> tuple[Any, Any]:
    return make(flambeau), make(torch)


def kind_of_error(call: Callable[[], Any]) -> type[BaseException] | None:
    """The builtin class of what a call raises, or None."""
    try:
        call()
    except Exception as error:
        return next(c for c in type(error).__mro__ if c.__module__ == "builtins")
    return None


def test_the_types_are_pytorchs():
    with pytest.raises(RuntimeError) as caught:
        torch.device("nothing")
    assert f"Expected one of {', '.join(TYPES)} device type" in str(caught.value)


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_string_is_read_and_shown_as_pytorchs(text: str):
    mine, their = both(lambda t: t.device(text))
    assert (mine.type, mine.index, str(mine), repr(mine)) == (their.type, their.index, str(their), repr(their))
    assert f"{mine}" == text


@pytest.mark.parametrize("text", MALFORMED)
def test_a_string_that_pytorch_refuses_is_refused(text: str):
    for library in (flambeau, torch):
        with pytest.raises(RuntimeError):
            library.device(text)


FORMS: dict[str, Callable[[Any], Any]] = {
    "type and index": lambda t: t.device("cuda", 1), "named": lambda t: t.device(type="cuda", index=1),
    "index none": lambda t: t.device("cuda", None), "only type": lambda t: t.device(type="mps"),
    "device": lambda t: t.device(t.device("cuda:1")), "device named": lambda t: t.device(device="cuda:1"),
    "cpu with index": lambda t: t.device("cpu", 3),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_constructor(form: str):
    mine, their = both(FORMS[form])
    assert repr(mine) == repr(their)


REFUSED: dict[str, Callable[[Any], Any]] = {
    "index twice": lambda t: t.device("cuda:1", 0), "negative": lambda t: t.device("cuda", -1),
    "bool index": lambda t: t.device("cuda", True), "float index": lambda t: t.device("cuda", 1.0),
    "text index": lambda t: t.device("cuda", "1"), "nothing": lambda t: t.device(), "None": lambda t: t.device(None),
    "bool": lambda t: t.device(True), "float": lambda t: t.device(1.5), "list": lambda t: t.device([]),
    "device and index": lambda t: t.device(t.device("cuda"), 1), "only index": lambda t: t.device(index=1),
    "three": lambda t: t.device("cuda", 0, 0), "unknown keyword": lambda t: t.device("cuda", number=0),
    "number without accelerator": lambda t: t.device(0), "negative number": lambda t: t.device(-1),
    "writing": lambda t: setattr(t.device("cpu"), "type", "cuda"),
    "writing another": lambda t: setattr(t.device("cpu"), "name", "cuda"),
    "reading another": lambda t: t.device("cpu").name, "order": lambda t: t.device("cpu") < t.device("cuda"),
    "default": lambda t: t.set_default_device("foo"), "subclass": lambda t: type("Mine", (t.device,), {}),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_pytorch_refuses_is_refused_with_its_kind_of_error(form: str):
    if form.startswith("number") and (torch.accelerator.is_available() or plugins.accelerator()):
        pytest.skip("there is an accelerator")
    expected = kind_of_error(lambda: REFUSED[form](torch))
    assert expected is not None
    with pytest.raises(expected):
        REFUSED[form](flambeau)


@pytest.mark.parametrize("first", ["cpu", "cpu:0", "cuda", "cuda:0", "cuda:1", "mps"])
def test_equality_and_hashes(first: str):
    for second in ("cpu", "cpu:0", "cuda", "cuda:0", "cuda:1", "mps"):
        answers = [(t.device(first) == t.device(second), t.device(first) != t.device(second),
                    t.device(first) in {t.device(second)}) for t in (flambeau, torch)]
        assert answers[0] == answers[1]
    assert flambeau.device(first) != first
    assert {flambeau.device(first): 1}[flambeau.device(first)] == 1


@pytest.mark.parametrize("text", ["cpu", "cpu:0", "cuda", "cuda:1", "mps:0", "meta", "reference"])
def test_copies_and_pickles_are_the_value(text: str):
    device = flambeau.device(text)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(device, protocol)) == device
    assert copy.copy(device) == copy.deepcopy(device) == device
    assert isinstance(device, flambeau.device)
    assert type(device) is flambeau.device


@pytest.mark.parametrize("text", ["cpu", "cuda", "cuda:1", "mps:0"])
def test_a_saved_device_is_read_by_either_library(text: str, tmp_path: Any):
    flambeau.save({"device": flambeau.device(text)}, tmp_path / "mine")
    torch.save({"device": torch.device(text)}, tmp_path / "theirs")
    assert torch.load(tmp_path / "mine", weights_only=False)["device"] == torch.device(text)
    assert flambeau.load(tmp_path / "theirs")["device"] == flambeau.device(text)
    assert flambeau.load(tmp_path / "mine")["device"] == flambeau.device(text)


# --- using one


USES: dict[str, Callable[[Any, str], Any]] = {
    "ones": lambda t, d: t.ones(1, device=d), "empty": lambda t, d: t.empty(0, device=d),
    "tensor": lambda t, d: t.tensor([1.0], device=d), "arange": lambda t, d: t.arange(3, device=d),
    "rand": lambda t, d: t.rand(2, device=d), "zeros_like": lambda t, d: t.zeros_like(t.ones(1), device=d),
    "as_tensor": lambda t, d: t.as_tensor([1.0], device=d), "to": lambda t, d: t.ones(1).to(d),
    "value": lambda t, d: t.ones(1, device=t.device(d)), "to value": lambda t, d: t.ones(1).to(t.device(d)),
    "new_zeros": lambda t, d: t.ones(1).new_zeros(2, device=d), "module": lambda t, d: t.nn.Linear(2, 2).to(d),
    "parameters": lambda t, d: t.nn.Linear(2, 2, device=d), "within": lambda t, d: _within(t, d),
}


def _within(library: Any, device: str) -> Any:
    with library.device(device):
        return library.ones(1)


@pytest.mark.parametrize("device", ABSENT)
@pytest.mark.parametrize("use", USES)
def test_only_its_use_fails(use: str, device: str):
    theirs = kind_of_error(lambda: USES[use](torch, device))
    if theirs is None or plugins.served_by(device.partition(":")[0]):
        pytest.skip(f"{device} is there")
    with pytest.raises(DeviceNotAvailableError, match=f"^device '{device}' is not available: .*; to mend it: ") as mine:
        USES[use](flambeau, device)
    assert isinstance(mine.value, AssertionError) and isinstance(mine.value, RuntimeError)
