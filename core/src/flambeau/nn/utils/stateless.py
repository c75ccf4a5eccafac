"""A module called with other parameters than its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ...errors import ArgumentError, ValueRangeError
from ...spelling import public
from ...tensors.tensor import Tensor
from ..module import Module

__all__ = ["functional_call"]


def functional_call(module: Module, parameters_and_buffers: Mapping[str, Tensor], args: Any = None,
                    kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True, strict: bool = False) -> Any:
    """`module(*args, **kwargs)` with these tensors in place of the parameters and buffers of their names.

    A parameter that has several names is replaced under all of them with `tie_weights`; `strict` asks for all names.
    The module is as it was afterwards. Raises ValueRangeError for names that do not fit.

    >>> import flambeau
    >>> from flambeau import nn
    >>> functional_call(nn.Linear(1, 1, bias=False), {"weight": flambeau.tensor([[3.0]])}, flambeau.ones(1))
    tensor([3.])
    """
    if not isinstance(parameters_and_buffers, Mapping):
        raise ArgumentError("Expected parameters_and_buffers to be a dict of tensors, but got "
                            f"{type(parameters_and_buffers).__name__}")
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with replaced(module, dict(parameters_and_buffers), tie_weights, strict):
        return module(*arguments, **(kwargs or {}))


@contextmanager
def replaced(module: Module, tensors: dict[str, Tensor], tie_weights: bool, strict: bool) -> Iterator[None]:
    """Inside, the tensors of these names are the ones given."""
    own = {**dict(module.named_parameters(remove_duplicate=False)),
           **dict(module.named_buffers(remove_duplicate=False))}
    if tie_weights:
        tensors = _with_ties(own, tensors)
    if strict:
        _check_names(module, own, tensors)
    places = [(name, *_place(module, name)) for name in tensors]
    held = [table.get(leaf, _NOTHING) for _, table, leaf in places]
    try:
        for name, table, leaf in places:
            table[leaf] = tensors[name]
        yield
    finally:
        for (_, table, leaf), before in zip(places, held, strict=True):
            if before is _NOTHING:
                table.pop(leaf, None)
            else:
                table[leaf] = before


_NOTHING = object()


def _with_ties(own: dict[str, Tensor], tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors also under the other names of what they replace. Raises ValueRangeError where two differ."""
    made = dict(tensors)
    for name, tensor in tensors.items():
        for other, value in own.items():
            if name in own and other != name and value is own[name]:
                if other in tensors and tensors[other] is not tensor:
                    raise ValueRangeError(f"functional_call got multiple values for keys {sorted((name, other))}, "
                                          "which are tied. Consider using tie_weights=False")
                made[other] = tensor
    return made


def _check_names(module: Module, own: dict[str, Tensor], tensors: dict[str, Tensor]) -> None:
    unknown, missing = ([n for n in these if n not in others] for these, others in ((tensors, own), (own, tensors)))
    if unknown or missing:
        raise ValueRangeError(f"Error(s) in strict checking: missing key(s) {missing}, unexpected key(s) {unknown} for "
                              f"{type(module).__name__}")


def _place(module: Module, name: str) -> tuple[dict[str, Any], str]:
    """The table that holds the tensor of that dotted name, or where an attribute would be, and its name there."""
    path, _, leaf = name.rpartition(".")
    owner = module.get_submodule(path)
    tables: Any = (owner._parameters, owner._buffers)
    return next((table for table in tables if leaf in table), owner.__dict__), leaf


__getattr__, __dir__ = public(__name__)
