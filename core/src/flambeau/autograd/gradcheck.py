"""Gradients against numeric differences.

Real and imaginary parts count as separate real numbers, so one comparison serves real and complex:
the numeric Jacobian moves each by `eps` to both sides, the analytic one takes one walk per part of
each output, and PyTorch's convention (the gradient of the real part of conj(v) * output) makes the
two agree exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ArgumentError, GradientError, ValueRangeError
from ..modes import no_grad
from ..tensors.tensor import Tensor
from ..walk.engine import grad


class GradcheckError(GradientError):
    """A gradient that differs from the numeric one."""

    code = "FL305"


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _parts(t: Any) -> list[float]:
    """The elements as real numbers: a complex one gives two."""
    flat = t.detach().reshape(-1).tolist()
    return [p for z in flat for p in (z.real, z.imag)] if t.dtype.is_complex else flat


def _from_parts(parts: Sequence[float], like: Any) -> Any:
    values: Sequence[Any] = parts
    if like.dtype.is_complex:
        values = [complex(re, im) for re, im in zip(parts[::2], parts[1::2], strict=True)]
    return like.new_tensor(values, dtype=like.dtype).reshape(tuple(like.shape))


def _differentiable(outputs: Any) -> list[Tensor]:
    return [o for o in _tuple(outputs) if isinstance(o, Tensor) and o.dtype.category > 1]


def _numeric(fn: Callable[..., Any], inputs: tuple[Any, ...], which: int, eps: float,
             direction: list[float] | None) -> list[list[list[float]]]:
    """Per output the rows d(parts of output)/d(part of input `which`), or the one row along `direction`."""
    start = _parts(inputs[which])
    steps = [direction] if direction is not None else [
        [float(i == j) for j in range(len(start))] for i in range(len(start))]
    rows: list[list[list[float]]] = []
    for step in steps:
        sides = []
        for sign in (eps, -eps):
            moved = _from_parts([p + sign * s for p, s in zip(start, step, strict=True)], inputs[which])
            moved.requires_grad_(True)  # so that a Function sees the needs_input_grad it will see
            made = fn(*inputs[:which], moved, *inputs[which + 1:])
            sides.append([_parts(o) for o in _differentiable(made)])
        rows.append([[(a - b) / (2 * eps) for a, b in zip(up, down, strict=True)]
                     for up, down in zip(*sides, strict=True)])
    count = len(rows[0]) if rows else 0
    return [[row[o] for row in rows] for o in range(count)]


def _analytic(outputs: list[Tensor], inputs: list[Tensor]) -> list[list[list[list[float]]]]:
    """[output][input][part of output] -> row over the parts of the input."""
    table = []
    for out in outputs:
        columns: list[list[list[float]]] = [[] for _ in inputs]
        count = len(_parts(out))
        for i in range(count):
            seed = _from_parts([float(i == j) for j in range(count)], out)
            for held, g in zip(columns, _gradients([out], inputs, [seed]), strict=True):
                held.append(g)
        table.append(columns)
    return table


def _gradients(outputs: list[Tensor], inputs: list[Tensor], seeds: list[Tensor]) -> list[list[float]]:
    usable = [(o, s) for o, s in zip(outputs, seeds, strict=True) if o.requires_grad]
    if not usable:
        return [[0.0] * len(_parts(x)) for x in inputs]
    found = grad([o for o, _ in usable], inputs, [s for _, s in usable], retain_graph=True, allow_unused=True)
    for g, x in zip(found, inputs, strict=True):
        if g is not None and (g.shape != x.shape or g.dtype is not x.dtype):
            raise GradcheckError(f"the gradient has shape {list(g.shape)} and {g.dtype!r}, its input"
                                 f" {list(x.shape)} and {x.dtype!r}", op="gradcheck")
    return [[0.0] * len(_parts(x)) if g is None else _parts(g) for g, x in zip(found, inputs, strict=True)]


def _close(a: float, b: float, rtol: float, atol: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or abs(a - b) <= atol + rtol * abs(b)


class _Check:
    """One run of gradcheck: the function, its inputs, the tolerances."""

    def __init__(self, fn: Callable[..., Any], inputs: Any, eps: float, atol: float, rtol: float) -> None:
        self.fn, self.inputs, self.eps, self.atol, self.rtol = fn, _tuple(inputs), eps, atol, rtol
        self.which = [i for i, x in enumerate(self.inputs) if isinstance(x, Tensor) and x.requires_grad]
        if not self.which:
            raise ValueRangeError("gradcheck expects at least one input tensor to require gradient, but none of the"
                                  " them have requires_grad=True.", op="gradcheck")
        for i in self.which:
            if not isinstance(self.inputs[i], Tensor) or self.inputs[i].dtype.category < 2:
                raise ArgumentError(f"input {i} is no floating tensor", op="gradcheck")
        self.tensors = [self.inputs[i] for i in self.which]

    def outputs(self) -> list[Tensor]:
        """The differentiable outputs of one recorded run."""
        return _differentiable(self.fn(*self.inputs))

    def compare_all(self) -> None:
        """Every element of every Jacobian."""
        analytic = _analytic(self.outputs(), self.tensors)
        with no_grad():
            fixed = tuple(x.detach() if isinstance(x, Tensor) else x for x in self.inputs)
            for position, which in enumerate(self.which):
                numeric = _numeric(self.fn, fixed, which, self.eps, None)
                for o, rows in enumerate(numeric):
                    self._compare(o, position, rows, _transposed(analytic[o][position], len(rows)))

    def compare_projected(self) -> None:
        """One random direction of the inputs against one of the outputs."""
        from ..random import Generator

        draw = Generator().manual_seed(0)
        outputs = self.outputs()
        seeds = [_random_like(o, draw) for o in outputs]
        analytic = _gradients(outputs, self.tensors, seeds)
        with no_grad():
            fixed = tuple(x.detach() if isinstance(x, Tensor) else x for x in self.inputs)
            for position, which in enumerate(self.which):
                direction = _parts(_random_like(self.inputs[which], draw))
                moved = _numeric(self.fn, fixed, which, self.eps, direction)
                numeric = sum(a * b for rows, s in zip(moved, seeds, strict=True)
                              for a, b in zip(rows[0], _parts(s), strict=True))
                walked = sum(a * b for a, b in zip(analytic[position], direction, strict=True))
                self._compare(0, position, [[numeric]], [[walked]])

    def _compare(self, output: int, position: int, numeric: list[list[float]], analytic: list[list[float]]) -> None:
        pairs = [(a, n) for ra, rn in zip(analytic, numeric, strict=True) for a, n in zip(ra, rn, strict=True)]
        if all(_close(a, n, self.rtol, self.atol) for a, n in pairs):
            return
        raise GradcheckError(f"Jacobian mismatch for output {output} with respect to input {position},\n"
                             f"numerical:{numeric}\nanalytical:{analytic}\n", op="gradcheck")


def _random_like(t: Any, draw: Any) -> Any:
    from ..functions import randn

    count = len(_parts(t))
    return _from_parts(randn(count, generator=draw).tolist(), t) if count else t.detach()


def _transposed(rows: list[list[float]], count: int) -> list[list[float]]:
    """Rows per part of the output to rows per part of the input."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def gradcheck(func: Callable[..., Any], inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
              raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
              check_grad_dtypes: bool = False, check_batched_grad: bool = False,
              check_batched_forward_grad: bool = False, check_forward_ad: bool = False,
              check_backward_ad: bool = True, fast_mode: bool = False, masked: bool | None = None) -> bool:
    """Whether the gradients of `func` at `inputs` (float64 is advisable) agree with numeric differences.

    Raises GradcheckError if they do not and `raise_exception`; ValueRangeError without an input that
    requires a gradient. `fast_mode` compares along one random direction.

    >>> import flambeau
    >>> x = flambeau.tensor([0.5, 2.0], dtype=flambeau.float64, requires_grad=True)
    >>> gradcheck(lambda x: (x * x).sum(), x)
    True
    """
    _refuse(check_forward_ad=check_forward_ad, check_batched_grad=check_batched_grad,
            check_batched_forward_grad=check_batched_forward_grad)
    try:
        check = _Check(func, inputs, eps, atol, rtol)
        if check_backward_ad:
            (check.compare_projected if fast_mode else check.compare_all)()
            _check_repeats(check, nondet_tol)
            if check_undefined_grad:
                _check_undefined(check)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _refuse(**options: bool) -> None:
    from ..errors import UnsupportedError

    for name, value in options.items():
        if value:
            raise UnsupportedError(f"{name}=True needs what flambeau does not have yet", op="gradcheck")


def _check_repeats(check: _Check, tolerance: float) -> None:
    first, second = (_analytic(check.outputs(), check.tensors) for _ in range(2))
    flat = [[v for out in run for column in out for row in column for v in row] for run in (first, second)]
    if any(not _close(a, b, 0.0, tolerance) for a, b in zip(*flat, strict=True)):
        raise GradcheckError("backward is not reentrant, i.e., running backward with the same input and grad_output"
                             " multiple times gives different values", op="gradcheck")


def _check_undefined(check: _Check) -> None:
    """Gradients that never arrive (None among several outputs) must not break backward."""
    outputs = [o for o in check.outputs() if o.requires_grad]
    for o in outputs if len(outputs) > 1 else []:
        grad(o, check.tensors, o.detach() * 0, retain_graph=True, allow_unused=True)


def gradgradcheck(func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6,
                  atol: float = 1e-5, rtol: float = 1e-3, gen_non_contig_grad_outputs: bool = False,
                  raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
                  check_grad_dtypes: bool = False, check_batched_grad: bool = False, check_fwd_over_rev: bool = False,
                  check_rev_over_rev: bool = True, fast_mode: bool = False, masked: bool = False) -> bool:
    """Whether the second derivatives of `func` at `inputs` and `grad_outputs` agree with numeric differences.

    `grad_outputs` are drawn at random when left out; errors as in `gradcheck`.
    """
    tupled = _tuple(inputs)
    outputs = [o for o in _differentiable(func(*tupled)) if o.requires_grad]
    seeds = tuple(_drawn(outputs)) if grad_outputs is None else _tuple(grad_outputs)

    def gradients(*args: Any) -> tuple[Any, ...]:
        given, weights = args[: len(tupled)], args[len(tupled):]
        given = tuple(x if not isinstance(x, Tensor) or x.requires_grad or not t.requires_grad
                      else x.detach().requires_grad_(True) for x, t in zip(given, tupled, strict=True))
        from ..modes import enable_grad

        with enable_grad():
            made = [o for o in _differentiable(func(*given)) if o.requires_grad]
            wanted = [x for x in given if isinstance(x, Tensor) and x.requires_grad]
            return grad(made, wanted, weights, create_graph=True, materialize_grads=True)

    return gradcheck(gradients, (*tupled, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
                     nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad,
                     check_grad_dtypes=check_grad_dtypes, check_batched_grad=check_batched_grad, fast_mode=fast_mode,
                     check_forward_ad=check_fwd_over_rev)


def _drawn(outputs: list[Tensor]) -> list[Tensor]:
    from ..random import Generator

    draw = Generator().manual_seed(1)
    return [_random_like(o, draw).requires_grad_(True) for o in outputs]


__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
