"""What a program may do next: numbers drawn at random become a line of Python that fits the tensors there are.

Every step accepts any numbers and makes the best of them, so that a program can be shortened and its
numbers made smaller without ever becoming invalid. What jumps (comparisons, order, rounding) is done
only to tensors that no rounding has touched; elsewhere the step leaves them as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from . import more
from .places import FLOATS, Place, Step, binary, fitting, floating, method, over_dim, smooth

EXACT: dict[str, Step] = {}  # results that are representable are exact
SMOOTH: dict[str, Step] = {}  # rounds, without jumps
JUMPS: dict[str, Step] = {}  # exact operands only

for _name in ("add", "mul", "maximum", "minimum"):
    EXACT[_name] = binary(_name)
EXACT["sub"] = lambda x, y, p, q: f"flambeau.sub({x.name}, {fitting(x, y)})" if "bool" not in (x.dtype, y.dtype) else (
    f"flambeau.bitwise_xor({x.name} != 0, {fitting(x, y)} != 0)")
EXACT["scalar"] = lambda x, y, p, q: (f"{x.name} {'+-*'[p % 3]} {q % 5 - 2}" if x.dtype != "bool"
                                      else f"{x.name} * {q % 3}")
EXACT["neg"] = lambda x, y, p, q: f"-{x.name}" if x.dtype != "bool" else f"~{x.name}"
for _name in ("clone()", "contiguous()", "reshape(-1)", "flatten()", "T.contiguous()", "unsqueeze(0)", "unsqueeze(-1)",
              "squeeze()", "detach()"):
    EXACT[_name] = method(_name)
for _name in ("abs()", "relu()", "clamp(1, 3)"):
    EXACT[_name] = lambda x, y, p, q, _name=_name: (  # type: ignore[misc]
        f"{x.name}.{_name}" if x.dtype != "bool" else f"{x.name}.clone()")
for _name in ("sum({dim}, keepdim={keep})", "cumsum({dim})", "flip({dim})", "roll({dim} + 2, {dim})",
              "transpose({dim}, 0)", "select({dim}, -1)", "narrow({dim}, 0, 1)", "movedim(0, {dim})",
              "repeat_interleave(2, dim={dim})"):
    EXACT[_name] = over_dim(_name)
EXACT["slice"] = lambda x, y, p, q: f"{x.name}[{p % 3}::{q % 3 + 1}]" if x.ndim else f"{x.name}[None]"
EXACT["last"] = lambda x, y, p, q: f"{x.name}[..., {-1 - p % 2}:, None]" if x.ndim else f"{x.name}[None, None]"
EXACT["expand"] = lambda x, y, p, q: f"{x.name}.expand({(p % 3 + 1, *x.shape)})"
EXACT["diagonal"] = lambda x, y, p, q: f"{x.name}.diagonal({p % 3 - 1})" if x.ndim > 1 else f"{x.name}.clone()"
EXACT["tril"] = lambda x, y, p, q: (f"{x.name}.{('tril', 'triu')[q % 2]}({p % 3 - 1})" if x.ndim > 1
                                    else f"{x.name}.clone()")
EXACT["cat"] = lambda x, y, p, q: (f"flambeau.cat([{x.name}, {x.name}.flip({x.dim(q)})], {x.dim(p)})" if x.ndim
                                   else f"flambeau.stack([{x.name}, {x.name}])")
EXACT["stack"] = lambda x, y, p, q: f"flambeau.stack([{x.name}, {x.name}, {x.name}], {p % (x.ndim + 1)})"
EXACT["take"] = lambda x, y, p, q: (
    f"{x.name}[flambeau.tensor([{p % x.shape[0]}, {q % x.shape[0] - x.shape[0]}, 0], device={x.name}.device)]"
    if x.ndim and x.shape[0] else f"{x.name}.clone()")
EXACT["index-add"] = lambda x, y, p, q: (
    f"{x.name}.index_put((flambeau.tensor([{p % x.shape[0]}, {p % x.shape[0]}, -1], device={x.name}.device),),"
    f" {x.name}[:1].expand({(3, *x.shape[1:])}), accumulate=True)"
    if x.ndim and x.shape[0] and x.dtype != "bool" else f"{x.name}.clone()")
EXACT["pad"] = lambda x, y, p, q: (f"flambeau.nn.functional.pad({x.name}, ({p % 3}, {q % 3}), value={q % 2})"
                                   if x.ndim else f"{x.name}.clone()")
EXACT["where"] = lambda x, y, p, q: (
    f"flambeau.where(flambeau.arange({x.shape[-1]}, device={x.name}.device) % 2 == {p % 2}, {x.name}, {fitting(x, y)})"
    if x.ndim else f"{x.name}.clone()")
EXACT["matmul"] = lambda x, y, p, q: (
    f"{x.name}.reshape({x.shape[0]}, -1) @ {x.name}.reshape({x.shape[0]}, -1).t()"
    if x.ndim and x.count and x.dtype != "bool" else f"{x.name}.clone()")
EXACT["outer"] = lambda x, y, p, q: (f"{x.name}.reshape(-1)[:3, None] * {y.name}.reshape(-1)[:2]")
EXACT["to-float"] = lambda x, y, p, q: f"{x.name}.to(flambeau.{FLOATS[p % 4]})"
EXACT["bool-sum"] = lambda x, y, p, q: f"({x.name}.reshape(-1) * 0 + 1).sum().to(flambeau.int64)"
EXACT["write"] = lambda x, y, p, q: _written(x, y, p, q)
EXACT["window"] = lambda x, y, p, q: (
    f"{x.name}.unfold({x.dim(p)}, 2, {q % 2 + 1})" if x.ndim and x.shape[x.dim(p)] >= 2 else f"{x.name}.clone()")

for _name, _source in (("tanh", "{x}.tanh()"), ("exp", "{x}.clamp(-3, 2).exp()"), ("sin", "{x}.sin()"),
                       ("sqrt", "({x}.abs() + 1).sqrt()"), ("div", "{x} / ({x} * {x} + 1)"),
                       ("log1p", "{x}.abs().log1p()"), ("sigmoid", "{x}.sigmoid()"),
                       ("gelu", "flambeau.nn.functional.gelu({x})"),
                       ("softplus", "flambeau.nn.functional.softplus({x})"),
                       ("mean", "{x}.reshape(-1)[:7].sum() / 7"), ("silu", "flambeau.nn.functional.silu({x})")):
    SMOOTH[_name] = smooth(_source)
for _name in ("softmax", "log_softmax", "logsumexp", "mean"):
    SMOOTH[f"{_name}-dim"] = lambda x, y, p, q, _name=_name: (  # type: ignore[misc]
        f"({floating(x)}).{_name}({x.dim(p)})" if x.ndim and x.count else f"{x.name}.clone()")
SMOOTH["norm"] = lambda x, y, p, q: f"(({floating(x)}).square().sum() + 1).sqrt()"
SMOOTH["conv"] = lambda x, y, p, q: (
    f"flambeau.nn.functional.conv1d(({floating(x)}).reshape(1, 1, -1), ({floating(x)}).reshape(1, 1, -1)[:, :, :2],"
    f" padding={p % 2}, stride={q % 2 + 1})" if x.count >= 2 else f"{x.name}.clone()")
SMOOTH["pool"] = lambda x, y, p, q: (f"flambeau.nn.functional.avg_pool1d(({floating(x)}).reshape(1, 1, -1), 2)"
                                     if x.count >= 2 else f"{x.name}.clone()")

for _name in ("floor", "sign", "round"):
    JUMPS[_name] = lambda x, y, p, q, _name=_name: (  # type: ignore[misc]
        f"{x.name}.{_name}()" if x.dtype != "bool" else f"{x.name}.clone()")
for _name in ("eq", "lt", "ge"):
    JUMPS[_name] = binary(_name)
for _name in ("amax({dim}, keepdim={keep})", "amin({dim}, keepdim={keep})",
              "sort({dim}, descending={keep}, stable=True)[0]",
              "argmax({dim})", "argsort({dim}, stable=True)", "max({dim})[1]", "cummax({dim})[1]"):
    JUMPS[_name] = over_dim(_name, empty=False)
JUMPS["any"] = lambda x, y, p, q: f"{x.name}.{('any', 'all')[p % 2]}()"
JUMPS["mask"] = lambda x, y, p, q: f"{x.name}[{x.name} > {p % 3}]" if x.dtype != "bool" else f"{x.name}[{x.name}]"
JUMPS["nonzero"] = lambda x, y, p, q: f"{x.name}.nonzero()"
JUMPS["fill"] = lambda x, y, p, q: f"{x.name}.masked_fill({x.name} != {p % 3}, {q % 3})"
JUMPS["cast"] = lambda x, y, p, q: f"{x.name}.to(flambeau.{('int64', 'int32', 'bool')[p % 3]})"
JUMPS["remainder"] = lambda x, y, p, q: f"{x.name} % {q % 4 - 2 or 3}" if x.dtype != "bool" else f"{x.name}.clone()"
JUMPS["divide"] = lambda x, y, p, q: f"{x.name} // {q % 4 - 2 or 3}" if x.dtype != "bool" else f"{x.name}.clone()"

EXACT.update(more.EXACT)
SMOOTH.update(more.SMOOTH)
JUMPS.update(more.JUMPS)
ALL: dict[str, Step] = {**EXACT, **SMOOTH, **JUMPS}
NAMES = tuple(ALL)

_PARTS = ("", "[:1]", "[::2]", "[..., 0]", "[..., -1:]", ".T")


def _written(x: Place, y: Place, p: int, q: int) -> str:
    """An in-place write into a part, of x itself where it may be written and of a copy elsewhere."""
    part = _PARTS[p % len(_PARTS)] if x.ndim else ""
    value = ("2", "1")[q % 2]
    call = ("add_", "mul_", "fill_", "copy_")[q % 4]
    argument = f"flambeau.full((), {value}, dtype={x.name}.dtype, device={x.name}.device)" if call == "copy_" else value
    if x.dtype == "bool" and call in ("add_", "mul_"):
        call, argument = "fill_", "True"
    if x.writable and p % 4 == 3:
        return f"({x.name}{part}.{call}({argument}), {x.name})[1]"
    return f"(lambda c: (c{part}.{call}({argument}), c)[1])({x.name}.clone())"


_ROUNDS = re.compile(r" / |tanh|exp\(|expm1|sin\(|sqrt|rsqrt|log|sigmoid|gelu|softplus|softmax|silu|mean|norm|conv"
                     r"|avg_pool|entropy|logits|var\(|std\(|loss|erf|atan|hypot|pow|reciprocal|cos|sinh|attention|mish|elu\(")


_UNSETTLED = re.compile(r"(contiguous\(\)|reshape\(-1\)|flatten\(\)|view\(-1, 1\))$")


def unsettled(line: str, shared: bool) -> bool:
    """Whether the result shares memory or not depending on strides, which not every backend has.

    Where arrays cannot change (not `shared`), a detached tensor does not see what is written into its origin.
    """
    return bool(_UNSETTLED.search(line)) or (not shared and "detach()" in line)


def rounds(line: str) -> bool:
    """Whether a line computes what few numbers are exact in, so that a result may be off although another is not."""
    return bool(_ROUNDS.search(line))


def line(drawn: Sequence[int], places: Sequence[Place]) -> tuple[str, bool]:
    """The next line from five numbers, and whether it keeps exact numbers exact."""
    number, a, b, p, q = drawn
    name = NAMES[number % len(NAMES)]
    x, y = places[-1 - a % len(places)], places[-1 - b % len(places)]
    exact = x.exact and (y.exact or name not in EXACT)
    if name in JUMPS and not (x.exact and y.exact):
        return f"{x.name}.clone()", x.exact
    return ALL[name](x, y, p, q), exact and name not in SMOOTH
