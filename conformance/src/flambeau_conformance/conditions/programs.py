"""Running a draft: what a program of a few lines sees, on any device."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flambeau.contract.device import Device
from flambeau.shapes import numel
from flambeau.table.registry import TABLE

from .. import oracle
from ..aliasing import constants, overwrite
from ..api import flambeau
from ..cases import Case, bad_cases
from ..draw import generator
from ..host import Host, get, put
from .draft import Draft
from .site import ITEM, STEP, WRITER, Site

Seen = list[Host]


def performed(draft: Draft, site: Site, device: Device, wide: bool = False) -> Seen:
    """Everything that the program can see; `wide`: computed in double precision. Raises what the backend raises."""
    if not draft.threaded:
        return _performed(draft, site, device, wide)
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(_performed(draft, site, device, wide))
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(found[0], Exception):
        raise found[0]
    result: Seen = found[0]
    return result


def _performed(draft: Draft, site: Site, device: Device, wide: bool) -> Seen:
    if draft.after_error and site.op is not None:
        for case in bad_cases(site.op):
            with suppress(Exception):
                case.call([put(h, device) for h in case.hosts], device)
    if site.kind == STEP:
        return _optimized(draft, site, device)
    if site.name == "accumulate":
        return _accumulated(draft, device)
    if site.op is None:
        return _transferred(draft, site, device)
    return _called(draft, site, device, wide)


# --- an op, called several times on numbers in turn


def turns(draft: Draft) -> int:
    """How often the op is called, each time on numbers that begin one place later."""
    return max(draft.repeats + 1, 2)


def _called(draft: Draft, site: Site, device: Device, wide: bool) -> Seen:
    function, case = _function(site), _wide_case(draft.case) if wide else draft.case
    held: list[list[Any]] = []
    calls: list[list[Any]] = []
    for turn in range(turns(draft)):
        hosts = [rotated(draft, i, turn) for i in range(len(draft.hosts))]
        calls.append(_placed(draft, oracle.widened(draft.case, hosts) if wide else hosts, device))
        held.append(case.call(calls[-1], device, function))
    seen = [get(t.detach()) for results in held for t in results]
    if site.name == "assign" or site.kind == WRITER:
        seen += [get(t.detach()) for tensors in (calls[0], calls[-1]) for t in tensors]
        return seen + [_storage(t, draft.shared) for t in calls[-1][:1]]
    for turn in (0, turns(draft) - 1):
        seen += _inputs(draft, turn, device) if wide else [get(t.detach()) for t in calls[turn]]
    return seen + (_followed(calls[-1], held[-1]) if draft.shared else [])


def _inputs(draft: Draft, turn: int, device: Device) -> Seen:
    """What the inputs must still hold after a call, in their own dtypes."""
    hosts = [rotated(draft, i, turn) for i in range(len(draft.hosts))]
    return [get(t) for t in _placed(draft, hosts, device)]


def _wide_case(case: Case) -> Case:
    if not case.op.inputs:
        return Case(case.op, oracle.wide_dtype(case.dtype), case.label, case.sample)
    return case if case.op.kind == "primitive" else case.with_dtypes(oracle.wide_dtype)


def _function(site: Site) -> Callable[..., Any] | None:
    if site.name == "assign":
        return lambda target, source: target.copy_(source)
    if site.kind == WRITER:
        return lambda *rest, **options: getattr(rest[0], f"{site.name}_")(*rest[1:], **options)
    return None


def rotated(draft: Draft, i: int, turn: int) -> Host:
    """The numbers of the input, begun `turn` places later; places that an index names stay where they are."""
    host = draft.hosts[i]
    if not turn or not host.values or draft.case.op.kinds.get(draft.case.places[i].param.name) != "T":
        return host
    start = turn % len(host.values)
    return Host([*host.values[start:], *host.values[:start]], host.shape, host.dtype)


def _placed(draft: Draft, hosts: list[Host], device: Device) -> list[Any]:
    if draft.alias == "overlap" and len(hosts) > 1 and hosts[0].shape == hosts[1].shape and hosts[0].shape:
        shape, values = hosts[0].shape, hosts[0].values
        step = numel(shape[1:])
        whole = put(Host([*values, *(values * 2)[:step]], (shape[0] + 1, *shape[1:]), hosts[0].dtype), device)
        rest = [put(h, device, p) for h, p in zip(hosts[2:], draft.placements[2:], strict=True)]
        return [whole[:-1], whole[1:], *rest] if _coin(draft) else [whole[1:], whole[:-1], *rest]
    tensors = [put(h, device, p) for h, p in zip(hosts, draft.placements, strict=True)]
    if draft.alias == "same":
        tensors = [next((tensors[k] for k in range(i) if (hosts[k].shape, hosts[k].dtype) == (h.shape, h.dtype)),
                        tensors[i]) for i, h in enumerate(hosts)]
    return tensors


def _coin(draft: Draft) -> bool:
    """One of two ways to run a program, the same in every process."""
    return generator(draft.case.label).random() < 0.5


def _storage(tensor: Any, shared: bool) -> Host:
    """All that lies in the storage up to one element behind the last; the tensor alone where nothing does."""
    if not shared or not tensor.numel():
        return get(tensor)
    end = tensor.storage_offset() + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride(), strict=True)) + 2
    for size in (end, end - 1):
        with suppress(Exception):
            return get(flambeau.as_strided(tensor, (size,), (1,), 0))
    return get(tensor)


def _followed(tensors: list[Any], results: list[Any]) -> Seen:
    """What the results hold after the inputs are overwritten."""
    for tensor in tensors:
        with suppress(Exception):  # memory that cannot be written
            overwrite(tensor, constants(tensor.dtype)[0])
    return [get(t.detach()) for t in results]


# --- other sites


def _transferred(draft: Draft, site: Site, device: Device) -> Seen:
    tensors = _placed(draft, draft.hosts, device)
    if site.kind == ITEM:
        return [Host([t.reshape(-1)[0].item()], (), t.dtype) for t in tensors if t.numel()]
    return [get(t) for t in tensors for _ in range(draft.repeats)]


def _accumulated(draft: Draft, device: Device) -> Seen:
    host = draft.hosts[0]
    leaf = put(host, device).requires_grad_()
    incoming = _placed(draft, draft.hosts, device)[-1]
    for _ in range(max(2, draft.repeats + 1)):
        (leaf * 1).backward(incoming)
    grad: Any = leaf.grad
    return [get(grad)]


def _optimized(draft: Draft, site: Site, device: Device) -> Seen:
    params = [flambeau.nn.Parameter(put(h, device, p)) for h, p in zip(draft.hosts, draft.placements, strict=True)]
    sgd = site.name == "sgd_step"
    make = flambeau.optim.SGD if sgd else flambeau.optim.Adam
    plain: dict[str, Any] = {"lr": 0.1}
    rich = {**plain, "momentum": 0.9, "weight_decay": 0.1} if sgd else {**plain, "weight_decay": 0.1, "amsgrad": True}
    optimizer = make(params, **(rich if _coin(draft) else plain))
    for _ in range(max(2, draft.repeats)):
        for i, param in enumerate(params):
            param.grad = put(rotated(draft, i, 1), device, draft.placements[i])
        optimizer.step()
    return [get(p.detach()) for p in params]


ASSIGN = TABLE["assign"]


def told(draft: Draft) -> str:
    """The program in a line."""
    how = [draft.alias, "strided" if any(draft.placements) else "", "threaded" if draft.threaded else "",
           "after an error" if draft.after_error else "", f"{draft.repeats} times" if draft.repeats > 1 else ""]
    rest = ", ".join(h for h in how if h)
    return f"{draft.case.op.name} {draft.case.dtype.name} {draft.case.sample!r}" + (f" ({rest})" if rest else "")
