"""Modules as functions of their parameters, and the states of many modules as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, NameUnknownError
from ..functions import stack


def functional_call(module: Any, parameter_and_buffer_dicts: Any, args: Any = None,
                    kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True, strict: bool = False) -> Any:
    """The module's output on `args` with tensors of a dict, or of several, in the place of its own of those names.

    The module is left as it was. With `tie_weights` a tensor that the module has under several names is replaced under
    all of them. With `strict` the dict must have every name.

    >>> import flambeau
    >>> layer = flambeau.nn.Linear(1, 1, bias=False)
    >>> flambeau.func.functional_call(layer, {"weight": flambeau.tensor([[3.0]])}, flambeau.ones(1))
    tensor([3.])
    """
    op = "functional_call"
    given = _merged(op, parameter_and_buffer_dicts)
    own = dict(module.named_parameters(remove_duplicate=False))
    own.update(module.named_buffers(remove_duplicate=False))
    unknown = [name for name in given if name not in own]
    missing = [name for name in own if name not in given] if strict else []
    if unknown and strict:
        raise NameUnknownError(f"Unexpected key(s): {', '.join(unknown)}", op=op)
    if missing:
        raise NameUnknownError(f"Missing key(s): {', '.join(missing)}", op=op)
    if tie_weights:
        given = _tied(op, own, given)
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    former = [(owner, name, table, table[name]) for owner, name, table in _places(op, module, given)]
    try:
        for (_, value), (_, name, table, _) in zip(given.items(), former, strict=True):
            table[name] = value
        return module(*arguments, **(kwargs or {}))
    finally:
        for _, name, table, value in former:
            table[name] = value


def _merged(op: str, dicts: Any) -> dict[str, Any]:
    if isinstance(dicts, dict):
        return dict(dicts)
    if not isinstance(dicts, Sequence) or not all(isinstance(d, dict) for d in dicts):
        raise ArgumentError("Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got"
                            f" {type(dicts).__name__}", op=op)
    merged: dict[str, Any] = {}
    for d in dicts:
        if again := sorted(merged.keys() & d.keys()):
            raise ArgumentError(f"{again[0]} appears in multiple dictionaries; behavior of functional call is"
                                " ambiguous", op=op)
        merged.update(d)
    return merged


def _tied(op: str, own: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    names: dict[int, list[str]] = {}
    for name, tensor in own.items():
        names.setdefault(id(tensor), []).append(name)
    made = dict(given)
    for group in names.values():
        chosen = [name for name in group if name in given]
        if chosen and any(given[name] is not given[chosen[0]] for name in chosen):
            raise ArgumentError(f"functional_call got multiple values for keys {chosen}, which are tied. Consider using"
                                " tie_weights=False", op=op)
        made.update({name: given[chosen[0]] for name in group if chosen})
    return made


def _places(op: str, module: Any, given: dict[str, Any]) -> list[tuple[Any, str, Any]]:
    found = []
    for path in given:
        prefix, _, name = path.rpartition(".")
        try:
            owner = module.get_submodule(prefix)
        except AttributeError:
            owner = None
        table = next((t for t in (owner._parameters, owner._buffers) if name in t), None) if owner is not None else None
        if table is None:
            raise NameUnknownError(f"{type(module).__name__} has no parameter or buffer {path!r}", op=op)
        found.append((owner, name, table))
    return found


def stack_module_state(models: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of modules of one class, stacked by name: what `vmap` maps over.

    Parameters are new leaves. Raises ArgumentError for no modules, several classes, or both modes.

    >>> import flambeau
    >>> params, buffers = flambeau.func.stack_module_state([flambeau.nn.Linear(2, 1) for _ in range(3)])
    >>> params["weight"].shape
    flambeau.Size([3, 1, 2])
    """
    op = "stack_module_state"
    if not models:
        raise ArgumentError("stack_module_state: Expected at least one model, got 0.", op=op)
    if len({m.training for m in models}) > 1:
        raise ArgumentError("stack_module_state: Expected all models to have the same training/eval mode.", op=op)
    if len({type(m) for m in models}) > 1:
        raise ArgumentError("stack_module_state: Expected all models to be of the same class.", op=op)
    tables = [dict(m.named_parameters()) for m in models], [dict(m.named_buffers()) for m in models]
    params = {name: _stacked([t[name] for t in tables[0]]) for name in tables[0][0]}
    return params, {name: stack([t[name] for t in tables[1]]) for name in tables[1][0]}


def _stacked(tensors: list[Any]) -> Any:
    made = stack([t.detach() for t in tensors])
    return made.requires_grad_() if tensors[0].requires_grad else made
