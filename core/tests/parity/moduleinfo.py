"""PyTorch's module samples (`module_db`) run on flambeau: parameters drawn, outputs, gradients, repr.

A sample is a module's constructor arguments and what it is called with. Either library builds the module from the same
seed and calls it in training and in evaluation mode. `python core/tests/parity/moduleinfo.py [NAME ...]` prints every
difference.
"""

from __future__ import annotations

import copy
import functools
import sys
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import opinfo
import torch
from opinfo import Carrier, Difference, call, compare, leaves, require

import flambeau

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import ModuleInfo, module_db

DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64, torch.complex128)
INFOS = {info.name: info for info in module_db if info.module_cls.__module__.startswith("torch.nn.modules")}


class Case(NamedTuple):
    """One sample, in one mode."""

    info: ModuleInfo
    dtype: torch.dtype
    training: bool
    sample: Any


def cases(info: ModuleInfo, dtypes: tuple[torch.dtype, ...] = DTYPES) -> Iterator[Case]:
    """Every sample of a module for the dtypes that it takes; in both modes where they differ."""
    for dtype in dtypes:
        if dtype not in info.supported_dtypes("cpu"):
            continue
        for training in (True, False) if info.train_and_eval_differ else (True,):
            torch.manual_seed(0)
            for sample in info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True,
                                                  training=training):
                yield Case(info, dtype, training, sample)


def described(case: Case) -> str:
    """The sample, short."""
    made, given = case.sample.constructor_input, case.sample.forward_input
    shown = [opinfo.described(torch.testing._internal.opinfo.core.SampleInput(
        None, args=tuple(part.args), kwargs=part.kwargs)).removeprefix("None").lstrip(", ")
        for part in (made, given) if part is not None]
    mode = "train" if case.training else "eval"
    return f"{case.info.name}({shown[0]})({shown[1] if len(shown) > 1 else ''}) {case.dtype} {mode}"


class ModuleCarrier(Carrier):
    """Carries encoder layers too, which TransformerEncoder takes as an argument."""

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, torch.nn.TransformerEncoderLayer):
            return super().__call__(value)
        made = flambeau.nn.TransformerEncoderLayer(
            value.self_attn.embed_dim, value.self_attn.num_heads, value.linear1.out_features, value.dropout.p,
            super().__call__(value.activation), value.norm1.eps, value.self_attn.batch_first, value.norm_first,
            value.linear1.bias is not None, dtype=super().__call__(value.linear1.weight.dtype))
        made.load_state_dict(super().__call__(dict(value.state_dict())))
        return made


def _build(library: Any, case: Case, arguments: Any, keywords: dict[str, Any]) -> Any:
    cls = getattr(library.nn, case.info.module_cls.__name__)
    dtype = getattr(library, str(case.dtype).removeprefix("torch."))
    default = library.get_default_dtype()
    library.set_default_dtype(dtype if dtype.is_floating_point else default)
    try:
        made = call(cls, library, arguments, keywords)
    finally:
        library.set_default_dtype(default)
    return made if isinstance(made, Exception) else made.to(dtype).train(case.training)


def check(case: Case) -> None:
    """Raises Difference where the two libraries disagree on a sample."""
    carry, made, given = ModuleCarrier(), case.sample.constructor_input, case.sample.forward_input
    theirs = _build(torch, case, tuple(made.args), made.kwargs)
    mine = _build(flambeau, case, carry(tuple(made.args)), carry(made.kwargs))
    name = case.info.name
    if isinstance(theirs, Exception) or isinstance(mine, Exception):
        compare(f"{name}()", mine, theirs)
        return
    require(flambeau.rand(1).item() == torch.rand(1).item(), f"{name}: another number of random draws")
    _compare_states(name, mine, theirs)
    if given is None:
        return
    arguments = tuple(given.args), given.kwargs
    my_arguments = carry(arguments[0]), carry(arguments[1])
    exact = _Run(_wide(theirs), *map(opinfo.widen, arguments))
    wanted, got = _Run(theirs, *arguments), _Run(mine, *my_arguments)
    compare(name, got.result, wanted.result, lambda: exact.result)
    if not isinstance(wanted.result, Exception):
        _compare_states(f"{name}, after the call", mine, theirs)
        _compare_gradients(name, got, wanted, exact)


def _compare_states(name: str, mine: Any, theirs: Any) -> None:
    mine_state, their_state = mine.state_dict(), theirs.state_dict()
    require(list(mine_state) == list(their_state), f"{name}: state {list(mine_state)}, not {list(their_state)}")
    for key in their_state:
        if "Uninitialized" not in type(their_state[key]).__name__:
            compare(f"{name}.{key}", mine_state[key], their_state[key])
    wanted = repr(theirs).replace("torch.", "flambeau.")
    require(repr(mine) == wanted, f"{name}: repr {mine!r}, not {wanted}")


def _wide(module: Any) -> Any:
    """A copy in double precision."""
    return copy.deepcopy(module)._apply(lambda t: t.to(opinfo.WIDE.get(t.dtype, t.dtype)))


class _Run:
    """A call of a module, made once it is asked for."""

    def __init__(self, module: Any, arguments: Any, keywords: Any) -> None:
        self.module, self.arguments, self.keywords = module, arguments, keywords
        self.library = torch if isinstance(module, torch.nn.Module) else flambeau

    @functools.cached_property
    def result(self) -> Any:
        return call(self.module, self.library, self.arguments, self.keywords)

    @property
    def outputs(self) -> list[Any]:
        return [t for t in opinfo.flat(self.result) if t is not None and t.requires_grad]

    @property
    def inputs(self) -> list[Any]:
        return [*leaves(*opinfo.flat(self.arguments), *self.keywords.values()), *self.module.parameters()]

    def gradients(self, weights: list[torch.Tensor]) -> Any:
        carry = Carrier()
        given = weights if self.library is torch else [carry(w) for w in weights]
        return call(self.library.autograd.grad, self.library, (self.outputs, self.inputs, given),
                    {"allow_unused": True})


def _compare_gradients(name: str, got: _Run, wanted: _Run, exact: _Run) -> None:
    count = len(wanted.outputs)
    require(len(got.outputs) == count, f"{name}: {len(got.outputs)} outputs with a gradient, not {count}")
    if count and wanted.inputs:
        weights = [torch.rand_like(t) for t in wanted.outputs]
        compare(f"{name}, gradient", got.gradients(weights), wanted.gradients(weights),
                functools.cache(lambda: exact.gradients(opinfo.widen(weights))))


def differences(info: ModuleInfo) -> tuple[list[str], int]:
    """What disagrees in a module's samples, and how many samples there were."""
    found, count = [], 0
    for case in cases(info):
        count += 1
        try:
            check(case)
        except Difference as difference:
            found.append(f"{difference} | {described(case)}")
    return found, count


def main(names: list[str]) -> None:
    """Prints every difference of the modules named, or of all, and how many samples agree."""
    passed = total = 0
    for name, info in INFOS.items():
        if names and not any(n in name for n in names):
            continue
        found, count = differences(info)
        passed, total = passed + count - len(found), total + count
        print(f"{name}: {count - len(found)} of {count}", *found, sep="\n  ", flush=True)
    print(f"{passed} of {total} samples agree")


if __name__ == "__main__":
    main(sys.argv[1:])
