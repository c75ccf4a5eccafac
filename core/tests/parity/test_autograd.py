"""Random programs beside PyTorch's autograd: values, gradients, second order, errors, order of hooks."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flambeau
from flambeau import autograd

LEAVES = [[[0.3, -1.2, 0.7], [1.1, 0.4, -0.6], [-0.2, 0.9, 0.5]],
          [[-0.8, 0.1, 1.3], [0.6, -0.5, 0.2], [1.0, -1.1, 0.4]],
          [[0.5, 0.5, -0.3], [0.2, -0.9, 0.8], [0.7, 0.3, -0.4]]]

Step = tuple[str, int, int]
Program = list[Step]
Op = Callable[[Any, Any, Any], Any]


def assigned(lib: Any, x: Any, y: Any) -> Any:
    made = x * 1
    made[1] = y[0] * 2
    return made


def assigned_through_views(lib: Any, x: Any, y: Any) -> Any:
    made = x.clone()
    made.t()[0].mul_(y[1])
    made.view(9)[2:5].add_(y.reshape(-1)[:3])
    return made


def changed_twice(lib: Any, x: Any, y: Any) -> Any:
    made = x + y
    row = made[2]
    made.mul_(2)
    row.sub_(y[0])
    return made + row


# every op takes the library and two 3x3 tensors and gives a 3x3 tensor
PURE: dict[str, Op] = {
    "add": lambda lib, x, y: x + y, "sub": lambda lib, x, y: x - 0.5 * y, "mul": lambda lib, x, y: x * y,
    "div": lambda lib, x, y: x / (y * y + 1), "matmul": lambda lib, x, y: x @ y * 0.3,
    "sin": lambda lib, x, y: lib.sin(x), "exp": lambda lib, x, y: lib.exp(x * 0.1), "tanh": lambda lib, x, y: x.tanh(),
    "square": lambda lib, x, y: x ** 2 * 0.3, "neg": lambda lib, x, y: -x, "t": lambda lib, x, y: x.t(),
    "row": lambda lib, x, y: x[1] + y, "column": lambda lib, x, y: x[:, :1] * y,
    "sum": lambda lib, x, y: x.sum(0, keepdim=True) * y, "total": lambda lib, x, y: x.sum() * 0.1 + y,
    "amax": lambda lib, x, y: x.amax(1, keepdim=True) + y, "where": lambda lib, x, y: lib.where(y > 0, x, y),
    "cat": lambda lib, x, y: lib.cat([x, y])[1:4], "stack": lambda lib, x, y: lib.stack([x, y, x])[:, 1],
    "expand": lambda lib, x, y: x[0].expand(3, 3) + y, "reshape": lambda lib, x, y: x.reshape(9)[::1].view(3, 3) * y,
    "unbind": lambda lib, x, y: lib.stack(x.unbind(1)), "detach": lambda lib, x, y: x.detach() * y,
    "clone": lambda lib, x, y: x.clone(), "assign": assigned, "views": assigned_through_views, "twice": changed_twice,
    "pick": lambda lib, x, y: x[lib.tensor([2, 0, 2])] * y, "maximum": lambda lib, x, y: lib.maximum(x, y * 1.01),
    "no_grad": lambda lib, x, y: x * untracked(lib, y),
}
INPLACE: dict[str, Op] = {
    "mul_": lambda lib, x, y: x.mul_(y), "add_": lambda lib, x, y: x.add_(y), "tanh_": lambda lib, x, y: x.tanh_(),
    "row_": lambda lib, x, y: x[0].mul_(y[1]).expand(3, 3) + x, "zero_": lambda lib, x, y: set_zero(x),
    "copy_": lambda lib, x, y: x.copy_(y), "fill": lambda lib, x, y: filled(x, y),
}


def untracked(lib: Any, y: Any) -> Any:
    with lib.no_grad():
        return y * 2


def set_zero(x: Any) -> Any:
    x[1].zero_()
    return x


def filled(x: Any, y: Any) -> Any:
    x[:, 1] = y[:, 0]
    return x


OPS = {**PURE, **INPLACE}


def programs(names: list[str], size: int) -> st.SearchStrategy[Program]:
    number = st.integers(0, 7)
    return st.lists(st.tuples(st.sampled_from(sorted(names)), number, number), min_size=1, max_size=size)


def run(lib: Any, program: Program) -> tuple[list[Any], list[Any]]:
    """The leaves and all values of a program."""
    leaves = [lib.tensor(data, dtype=lib.float64, requires_grad=True) for data in LEAVES[:2]]
    pool = [*leaves, lib.tensor(LEAVES[2], dtype=lib.float64)]
    for name, a, b in program:
        pool.append(OPS[name](lib, pool[a % len(pool)], pool[b % len(pool)]))
    return leaves, pool


def attempt(act: Callable[[], Any]) -> Any:
    """What `act` gives, or the word that it raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return act()
        except RuntimeError:
            return "raised"


def plain(values: Any) -> Any:
    return [None if v is None else v.tolist() for v in values] if values != "raised" else values


def close(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
        return all(close(a, b) for a, b in zip(ours, theirs, strict=True))
    if isinstance(theirs, float) and isinstance(ours, float):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(ours) and math.isnan(theirs))
    return bool(ours == theirs)


def both(act: Callable[[Any], Any]) -> tuple[Any, Any]:
    ours, theirs = (plain(attempt(lambda: act(lib))) for lib in (flambeau, torch))  # noqa: B023 - called at once
    return ours, theirs


QUICK = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@QUICK
@given(programs(list(PURE), 14))
def test_values_and_gradients(program: Program):
    def act(lib: Any) -> Any:
        leaves, pool = run(lib, program)
        out = pool[-1].sum()
        if out.requires_grad:
            out.backward()
        return [pool[-1].detach(), *[x.grad for x in leaves]]

    ours, theirs = both(act)
    assert close(ours, theirs)


@QUICK
@given(programs(list(PURE), 9))
def test_second_order(program: Program):
    def act(lib: Any) -> Any:
        leaves, pool = run(lib, program)
        grad = lib.autograd.grad
        first = grad(pool[-1].sin().sum(), leaves, create_graph=True, allow_unused=True)
        length = sum((g * g).sum() for g in first if g is not None)
        second = grad(length, leaves, allow_unused=True, create_graph=True)
        third = [g for g in second if g is not None and g.requires_grad]
        return [*second, *(grad(sum(g.sum() for g in third), leaves, allow_unused=True) if third else ())]

    ours, theirs = both(act)
    assert close(ours, theirs)


@QUICK
@given(programs([*OPS, *INPLACE, *INPLACE], 10))
def test_programs_that_change_values_in_place_agree_or_both_raise(program: Program):
    def act(lib: Any) -> Any:
        leaves, pool = run(lib, program)
        out = pool[-1].sum()
        if out.requires_grad:
            out.backward()
        return [pool[-1].detach(), *[x.grad for x in leaves]]

    ours, theirs = both(act)
    assert close(ours, theirs)


@QUICK
@given(programs(list(PURE), 8), st.integers(0, 7), st.integers(0, 7))
def test_gradients_of_inner_values_and_of_several_roots(program: Program, a: int, b: int):
    def act(lib: Any) -> Any:
        leaves, pool = run(lib, program)
        roots = [pool[-1], pool[a % len(pool)]]
        roots = [r for r in roots if r.requires_grad]
        inner = [p for p in (pool[b % len(pool)], *leaves) if p.requires_grad]
        weights = [lib.tensor(LEAVES[2], dtype=lib.float64) for _ in roots]
        return lib.autograd.grad(roots, inner, weights, allow_unused=True)

    ours, theirs = both(act)
    assert close(ours, theirs)


@QUICK
@given(programs(list(PURE), 8))
def test_hooks_see_the_same_gradients_and_may_replace_them(program: Program):
    def act(lib: Any) -> Any:
        _, pool = run(lib, program)
        seen: list[Any] = []
        tracked = [p for p in pool if p.requires_grad]
        for i, p in enumerate(tracked):
            p.register_hook(lambda g, i=i: seen.append((i, g.detach().clone())))
            p.register_hook(lambda g: g * 0.5)
            if not p.is_leaf:
                p.retain_grad()
        pool[-1].sum().backward() if pool[-1].requires_grad else None
        order = lib.tensor([float(i) for i, _ in sorted(seen, key=lambda s: s[0])])
        kept = [p.grad for p in tracked]
        return [order, *[g for _, g in sorted(seen, key=lambda s: s[0])], *kept]

    ours, theirs = both(act)
    assert close(ours, theirs)


def test_hooks_of_a_chain_run_in_pytorchs_order():
    def act(lib: Any) -> list[str]:
        seen: list[str] = []
        x = lib.tensor([1.0, 2.0], requires_grad=True)
        y = x * 2
        z = y * y
        x.register_hook(lambda g: seen.append("x"))
        y.register_hook(lambda g: seen.append("y 1"))
        y.register_hook(lambda g: seen.append("y 2"))
        z.grad_fn.register_hook(lambda i, o: seen.append("after z"))
        z.grad_fn.register_prehook(lambda o: seen.append("before z"))
        y.grad_fn.register_hook(lambda i, o: seen.append("after y"))
        x.register_post_accumulate_grad_hook(lambda t: seen.append(f"leaf {t.grad.tolist()}"))
        z.sum().backward()
        return seen

    assert act(flambeau) == act(torch)


GRADIENT_NAMES = ["x + y", "x - y", "x * y", "x / y", "x.exp()", "x.sin()", "x.tanh()", "-x", "x.sum()", "x.mean()",
                  "x.view(9)", "x.expand(2, 3, 3)", "x.clone()", "lib.cat([x, y])", "lib.where(x > 0, x, y)", "x.abs()",
                  "x.amax(0)", "x.permute(1, 0)", "x.relu()", "x.sigmoid()", "x.softmax(0)", "x.reshape(9)", "x[0:2]"]


@pytest.mark.parametrize("text", GRADIENT_NAMES)
def test_names_of_nodes_that_agree(text: str):
    def name(lib: Any) -> str:
        x, y = (lib.tensor(data, requires_grad=True) for data in LEAVES[:2])
        made = eval(text, {"x": x, "y": y, "lib": lib})
        return str(made.grad_fn.name())

    assert name(flambeau) == name(torch)


class Scaled:
    """One custom Function for either library."""

    @staticmethod
    def of(lib: Any) -> Any:
        class Scale(lib.autograd.Function):  # type: ignore[misc, name-defined]
            @staticmethod
            def forward(ctx: Any, x: Any, y: Any, factor: float) -> Any:
                out = x * y * factor
                ctx.save_for_backward(x, y, out)
                ctx.factor = factor
                return out, x - y, (x > y)

            @staticmethod
            def backward(ctx: Any, g: Any, h: Any, _: Any) -> Any:
                _, y, out = ctx.saved_tensors
                return g * y * ctx.factor + h, g * out / y - h, None

        return Scale


def test_a_function_with_several_outputs_to_third_order():
    def act(lib: Any) -> Any:
        x, y = (lib.tensor(data, dtype=lib.float64, requires_grad=True) for data in LEAVES[:2])
        scale = Scaled.of(lib)
        a, b, mask = scale.apply(x, y, 1.5)
        out = (a.sin() * b + mask).sum()
        first = lib.autograd.grad(out, [x, y], create_graph=True)
        second = lib.autograd.grad(sum((g * g).sum() for g in first), [x, y], create_graph=True)
        third = lib.autograd.grad(sum(g.sum() for g in second), [x, y])
        return [a.detach(), b.detach(), mask, *first, *second, *third]

    ours, theirs = both(act)
    assert close(ours, theirs)


FUNCTIONALS = {
    "jacobian": lambda lib, f, x, v: lib.autograd.functional.jacobian(f, x),
    "vjp": lambda lib, f, x, v: lib.autograd.functional.vjp(f, x, v)[1],
    "jvp": lambda lib, f, x, v: lib.autograd.functional.jvp(f, x, v)[1],
    "hessian": lambda lib, f, x, v: lib.autograd.functional.hessian(lambda *a: f(*a).sum(), x),
    "hvp": lambda lib, f, x, v: lib.autograd.functional.hvp(lambda *a: f(*a).sum(), x, v)[1],
    "vhp": lambda lib, f, x, v: lib.autograd.functional.vhp(lambda *a: f(*a).sum(), x, v)[1],
}


def flattened(value: Any) -> list[Any]:
    return [v for part in value for v in flattened(part)] if isinstance(value, tuple) else [value]


@pytest.mark.parametrize("name", FUNCTIONALS)
@pytest.mark.parametrize("count", [1, 2])
def test_functional(name: str, count: int):
    def act(lib: Any) -> Any:
        values = tuple(lib.tensor(data, dtype=lib.float64) for data in LEAVES[:count])
        weights = tuple(lib.tensor(LEAVES[2], dtype=lib.float64) for _ in values)
        many = count > 1
        f = (lambda x, y: (x @ y).sin() * x) if many else (lambda x: (x @ x).sin())
        v: Any = weights if many and name != "vjp" else weights[0]
        return flattened(FUNCTIONALS[name](lib, f, values if many else values[0], v))

    ours, theirs = both(act)
    assert close(ours, theirs)


COMPLEX: list[Callable[[Any], Any]] = [lambda z: z * z, lambda z: z.abs(), lambda z: z.conj() * z, lambda z: z.exp(),
                                       lambda z: z / (z * z + 2), lambda z: z.real * z, lambda z: z.imag,
                                       lambda z: (z @ z).sin()]


@pytest.mark.parametrize("f", COMPLEX)
def test_complex_gradients(f: Callable[[Any], Any]):
    def act(lib: Any) -> Any:
        z = lib.tensor([[1 + 2j, -0.5j], [0.3 - 1j, 2.0]], dtype=lib.complex128, requires_grad=True)
        w = f(z)
        (w * w.conj()).real.sum().backward() if w.is_complex() else (w * w).sum().backward()
        return [lib.view_as_real(z.grad)]

    ours, theirs = both(act)
    assert close(ours, theirs)


def test_checkpoint_gives_the_gradients_and_the_random_numbers_of_the_plain_run():
    from torch.utils.checkpoint import checkpoint as torch_checkpoint

    from flambeau.utils.checkpoint import checkpoint

    def act(lib: Any) -> Any:
        x, w = (lib.tensor(data, dtype=lib.float64, requires_grad=True) for data in LEAVES[:2])
        lib.manual_seed(3)
        again = checkpoint if lib is flambeau else torch_checkpoint
        out = again(lambda x: (x @ w).exp() * lib.rand(3, 3, dtype=lib.float64), x, use_reentrant=False)
        after = lib.rand(2, dtype=lib.float64)
        out.sum().backward()
        return [out.detach(), x.grad, w.grad, after, lib.rand(2, dtype=lib.float64)]

    ours, theirs = both(act)
    assert close(ours, theirs)


def test_gradcheck_agrees_on_right_and_wrong_gradients():
    class Wrong(autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2.1

    x = flambeau.tensor(LEAVES[0], dtype=flambeau.float64, requires_grad=True)
    assert autograd.gradcheck(lambda x: x * 2, x)
    assert not autograd.gradcheck(Wrong.apply, x, raise_exception=False)
