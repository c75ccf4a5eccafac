"""Hooks of all modules: called in PyTorch's order with the same things, and what they return replaces."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from programs import agree, refuse
from torch.nn.modules import module as pytorchs

KINDS = ("register_module_forward_pre_hook", "register_module_forward_hook", "register_module_full_backward_hook",
         "register_module_full_backward_pre_hook", "register_module_backward_hook")


@pytest.fixture(autouse=True)
def pytorch_forgets() -> Iterator[None]:
    """PyTorch remembers which kind of backward hooks it had last, also when they are gone."""
    pytorchs._global_is_full_backward_hook = None
    yield
    pytorchs._global_is_full_backward_hook = None


def shapes(values: Any) -> str:
    return str([None if v is None else tuple(v.shape) for v in values])


def noted(t: Any, log: list[str], *kinds: str) -> list[Any]:
    """Hooks of these kinds that write down what they get."""
    tools = importlib.import_module(f"{t.__name__}.nn.modules.module")

    def hook(kind: str) -> Any:
        def note(module: Any, *rest: Any) -> None:
            if kind == KINDS[4]:  # which inputs a node has is each library's own affair
                rest = rest[1:]
            texts = [shapes(r) if isinstance(r, tuple) else str(tuple(r.shape)) for r in rest]
            log.append(f"{kind} {type(module).__name__} {texts}")
        return note

    return [getattr(tools, kind)(hook(kind)) for kind in kinds]


@pytest.mark.parametrize("kinds", [KINDS[:4], KINDS[:1], KINDS[1:2], KINDS[2:3], KINDS[3:4], KINDS[4:]],
                         ids=["all", *KINDS])
def test_hooks_of_all_modules(kinds: Any) -> None:
    def program(t: Any) -> Any:
        log: list[str] = []
        net = t.nn.Sequential(t.nn.Linear(2, 3), t.nn.ReLU(), t.nn.Linear(3, 1))
        net[0].register_forward_hook(lambda module, args, out: log.append("its own"))
        handles = noted(t, log, *kinds)
        net(t.ones(4, 2)).sum().backward()
        for handle in handles:
            handle.remove()
        log.append("removed")
        net(t.ones(4, 2)).sum().backward()
        return log

    agree(program)


def test_what_they_return_replaces() -> None:
    def program(t: Any) -> Any:
        tools = importlib.import_module(f"{t.__name__}.nn.modules.module")
        handles = [tools.register_module_forward_pre_hook(lambda module, args: (args[0] + 1,)),
                   tools.register_module_forward_hook(lambda module, args, kwargs, out: out * 2, with_kwargs=True)]
        x = t.ones(2, requires_grad=True)
        out = t.nn.Identity()(x)
        for handle in handles:
            handle.remove()
        return [out.detach(), t.autograd.grad(out.sum(), x)[0]]

    agree(program)


def test_an_always_called_hook_runs_where_forward_raises() -> None:
    def program(t: Any) -> Any:
        tools, log = importlib.import_module(f"{t.__name__}.nn.modules.module"), []
        handle = tools.register_module_forward_hook(lambda module, args, out: log.append(type(module).__name__),
                                                    always_call=True)
        try:
            t.nn.Sequential(t.nn.Linear(2, 2))(t.ones(3))
        except RuntimeError:
            log.append("raised")
        handle.remove()
        return log

    agree(program)


@pytest.mark.parametrize("kind", ["buffer", "module", "parameter"])
def test_hooks_see_registrations(kind: str) -> None:
    def program(t: Any) -> Any:
        tools, log = importlib.import_module(f"{t.__name__}.nn.modules.module"), []
        handle = getattr(tools, f"register_module_{kind}_registration_hook")(
            lambda module, name, value: log.append(f"{type(module).__name__}.{name}"))
        t.nn.Sequential(t.nn.BatchNorm1d(2))
        layer = t.nn.Linear(2, 2)
        layer.child = t.nn.ReLU()
        layer.add_module("other", t.nn.ReLU())
        layer.weight = t.nn.Parameter(t.ones(2, 2))
        handle.remove()
        t.nn.Linear(2, 2)
        return log

    agree(program)


def test_both_kinds_of_backward_hooks_do_not_mix() -> None:
    def program(t: Any) -> Any:
        handles = noted(t, [], KINDS[2])
        try:
            handles += noted(t, [], KINDS[4])
        finally:
            for handle in handles:
                handle.remove()

    refuse(program)
