"""Every public function takes the element types that PyTorch's takes, alone and mixed, and refuses the others."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import pytest
import torch
from calls import CALLS, Call, function

import flambeau
from flambeau.table.samples import arr

ALONE = ("bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64")
MIXED = (("float32", "float64"), ("float32", "int64"), ("int64", "float32"), ("float32", "complex64"),
         ("complex64", "float32"), ("float32", "bool"), ("bool", "float32"), ("int64", "int32"), ("float16", "float32"),
         ("float32", "float16"), ("float32", "float32", "float64"))
LACKS = "PyTorch's CPU kernel lacks the dtype; its meaning is not in doubt"
INTEGERS, HALVES = ("uint8", "int32"), ("float16", "bfloat16", "float16/float32")
KNOWN: dict[str, tuple[tuple[str, ...], str]] = {
    "cdist": (("float16", "bfloat16"), LACKS), "pad": (("bool", "bool/float32"), LACKS),
    "multi_margin_loss": (("float16", "bfloat16"), LACKS),
    **{f"conv_transpose{n}d": (INTEGERS, LACKS) for n in (1, 2, 3)},
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "lp_pool1d", "lp_pool2d"), (INTEGERS, LACKS)),
    "avg_pool3d": ((*INTEGERS, *HALVES), LACKS), "local_response_norm": ((*INTEGERS, *HALVES), LACKS),
    "unique_consecutive": (("complex64", "complex64/float32"), LACKS),
    "view_as_complex": (("float16", "float16/float32"), "no complex numbers of half precision"),
    "rms_norm": (("float32/complex64",), "a complex weight for a real input"),
    "binary_cross_entropy_with_logits": (("float32/complex64",), "a complex target for real logits"),
}
UNCHECKED = {f"conv_transpose{n}d": "float32/float32/float64" for n in (1, 2)}  # by PyTorch: a bias of another dtype


def made(library: Any, value: Any, dtypes: Any) -> Any:
    if isinstance(value, arr):
        dtype = getattr(library, value.dtype or next(dtypes))
        return library.full(value.shape, 1 if value.low is None else value.low, dtype=library.int64).to(dtype)
    if isinstance(value, dict):
        return {name: made(library, item, dtypes) for name, item in value.items()}
    return type(value)(made(library, v, dtypes) for v in value) if isinstance(value, (list, tuple)) else value


def refused(library: Any, call: Call, dtypes: tuple[str, ...]) -> Exception | None:
    """The exception, None where the call is taken."""
    given = itertools.chain(dtypes, itertools.repeat(dtypes[-1]))
    args, kwargs = made(library, call.args, given), made(library, call.kwargs, given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function(library, call.path)(*args, **kwargs)
        except Exception as error:
            return error
    return None


@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_dtypes(call: Call) -> None:
    differs = {}
    for dtypes in (*((name,) for name in ALONE), *MIXED):
        mine, theirs = refused(flambeau, call, dtypes), refused(torch, call, dtypes)
        assert mine is None or isinstance(mine, flambeau.errors.FlambeauError), mine
        if (mine is None) is not (theirs is None) and UNCHECKED.get(call.name) != "/".join(dtypes):
            differs["/".join(dtypes)] = mine or theirs
    known = KNOWN.get(call.name, ((), ""))[0]
    assert set(differs) <= set(known), differs


@pytest.mark.parametrize("name", KNOWN)
def test_known_differences_are_still_there(name: str) -> None:
    calls = [call for call in CALLS if call.name == name]
    for dtypes in KNOWN[name][0]:
        pair = tuple(dtypes.split("/"))
        assert any((refused(flambeau, c, pair) is None) is not (refused(torch, c, pair) is None) for c in calls), dtypes
