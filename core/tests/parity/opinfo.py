"""PyTorch's operator samples (`op_db`) run on flambeau: values, dtypes, shapes, sharing, gradients, errors.

Each OpInfo whose name flambeau has is a case. Its samples are made by PyTorch, carried over with their strides and
storage, run on both and compared. `python core/tests/parity/opinfo.py [NAME ...]` prints every difference.
"""

from __future__ import annotations

import functools
import math
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy
import torch
from invariants import compared

import flambeau
from flambeau.tensors.tensor import wrap

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.opinfo.core import OpInfo, SampleInput

DTYPES = (torch.bool, torch.uint8, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.float32,
          torch.float64, torch.complex64)
GRADIENT_DTYPES = (torch.float32, torch.float64, torch.complex64, torch.complex128)
TOLERANCES = {torch.float16: (1e-3, 1e-5), torch.bfloat16: (1.6e-2, 1e-5), torch.float32: (1.3e-6, 1e-5),
              torch.complex64: (1.3e-6, 1e-5), torch.float64: (1e-7, 1e-7), torch.complex128: (1e-7, 1e-7)}
WIDE = {torch.float16: torch.float64, torch.bfloat16: torch.float64, torch.float32: torch.float64,
        torch.complex64: torch.complex128}
TIES = {"argsort", "kthvalue", "mode", "sort", "topk"}  # which of several equal elements they pick is not promised
UNSET = {"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided", "empty_permuted"}


class Known(NamedTuple):
    """A difference that stays: where it shows, why, and for which samples. One that no longer shows is a failure."""

    op: str
    aspect: str  # values, gradients or errors
    reason: str
    dtypes: tuple[torch.dtype, ...] = ()  # () means all
    when: Callable[[Any], bool] = lambda sample: True


KNOWN: list[Known] = []


class Difference(AssertionError):
    """flambeau and PyTorch disagree on one sample."""


# --- which operators, and their counterparts


def full_name(op: OpInfo) -> str:
    return f"{op.name}/{op.variant_test_name}" if op.variant_test_name else str(op.name)


def look_up(path: str) -> Any:
    """flambeau's function of that name, None if there is none."""
    found: Any = flambeau
    for part in path.split("."):
        found = getattr(found, part, None)
    return found if callable(found) else None


def counterpart(function: Any, name: str = "") -> Any:
    """What flambeau has in place of one of PyTorch's functions; functions of op_db are rebound to flambeau's names."""
    if isinstance(function, functools.partial):
        inner = counterpart(function.func, name)
        return inner and functools.partial(inner, *function.args, **Carrier()(function.keywords))
    if isinstance(function, torch.nn.Module):
        return getattr(flambeau.nn, type(function).__name__)()
    if type(function) is types.FunctionType and not (function.__module__ or "").startswith(
            ("torch.nn", "torch.functional", "torch._")):
        return _rebound(function, name)
    own = getattr(function, "__name__", "")
    if getattr(function, "__module__", "") == "torch.nn.functional":
        own = f"nn.functional.{own}"
    return look_up(name) or look_up(own) or look_up(f"nn.functional.{own}") or getattr(flambeau.Tensor, own, None)


def _rebound(function: types.FunctionType, name: str) -> Any:
    if function.__name__ != "<lambda>" and name and look_up(name) and not function.__closure__:
        return look_up(name)
    names = {**function.__globals__, "torch": flambeau, "np": numpy, "wrapper_set_seed": _seeded}
    return types.FunctionType(function.__code__, names, function.__name__, function.__defaults__,
                              function.__closure__)


def _seeded(function: Any, *args: Any, **kwargs: Any) -> Any:
    flambeau.manual_seed(42)
    return function(*args, **kwargs)


def exists(op: OpInfo) -> bool:
    """Whether flambeau has a function or a method of that name."""
    return look_up(op.name) is not None or ("." not in op.name and hasattr(flambeau.Tensor, op.name))


CASES = {full_name(op): op for op in op_db if exists(op)}
MISSING = sorted({op.name for op in op_db if not exists(op)}
                 | {alias.name for op in CASES.values() for alias in op.aliases if not look_up(alias.name)})


# --- carrying values over


class Carrier:
    """Turns PyTorch's arguments into flambeau's; tensors that share storage still do."""

    def __init__(self) -> None:
        self.tensors: dict[int, tuple[Any, Any]] = {}
        self.storages: dict[tuple[int, torch.dtype], Any] = {}

    def __call__(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, (list, tuple)):
            made = [self(v) for v in value]
            return tuple(made) if isinstance(value, torch.Size) else type(value)(made)
        if isinstance(value, dict):
            return {k: self(v) for k, v in value.items() if k not in ("device", "pin_memory")}
        if isinstance(value, slice):
            return slice(self(value.start), self(value.stop), self(value.step))
        if isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
            return getattr(flambeau, str(value).removeprefix("torch."))
        if isinstance(value, torch.device):
            return flambeau.device(str(value))
        if callable(value):
            return counterpart(value)
        return value

    def _tensor(self, t: torch.Tensor) -> Any:
        if id(t) not in self.tensors:
            made = self._plain(t.detach().resolve_conj().resolve_neg())
            if t.requires_grad:
                made.requires_grad_()
            self.tensors[id(t)] = (made, t)  # t is kept so that its id stays its own
        return self.tensors[id(t)][0]

    def _plain(self, t: torch.Tensor) -> Any:
        key = (t.untyped_storage().data_ptr(), t.dtype)
        if key not in self.storages or not key[0]:
            flat = torch.empty(0, dtype=t.dtype).set_(t.untyped_storage())
            dtype = getattr(flambeau, str(t.dtype).removeprefix("torch."))
            kind = flambeau.get_default_device().kinds[dtype]
            data = bytes(flat.view(torch.uint8).numpy()) if flat.numel() else b""
            made = wrap(kind.device.backend.from_host(data, (flat.numel(),), dtype), kind)
            self.storages[key] = (made, t)  # t is kept so that its address stays its own
        base = self.storages[key][0]
        view = flambeau.as_strided(base, tuple(t.shape), t.stride(), t.storage_offset())
        return wrap(view._array, view._kind)


def back(value: Any) -> Any:
    """A flambeau result as PyTorch's: tensors, dtypes and containers."""
    if isinstance(value, flambeau.Tensor):
        dtype = getattr(torch, value.dtype.name)
        data = bytearray(value.device.backend.to_host(value._array))
        made = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
        return made.reshape(tuple(value.shape))
    if isinstance(value, flambeau.dtype):
        return getattr(torch, value.name)
    return value


def flat(value: Any) -> list[Any]:
    return [f for v in value for f in flat(v)] if isinstance(value, (list, tuple)) else [value]


def leaves(*values: Any) -> list[Any]:
    """The tensors that require a gradient, in order, each once."""
    found: list[Any] = []
    for v in flat([list(x.values()) if isinstance(x, dict) else x for x in values]):
        if isinstance(v, (torch.Tensor, flambeau.Tensor)) and v.requires_grad and all(v is not f for f in found):
            found.append(v)
    return found


# --- samples


def samples(op: OpInfo, dtype: torch.dtype, most: int, requires_grad: bool = False, source: str = "sample_inputs",
            ) -> list[SampleInput]:
    """At most that many of the operator's samples, spread over all it has."""
    torch.manual_seed(0)
    found = [s for s in getattr(op, source)("cpu", dtype, requires_grad) if not _not_offered(s)]
    if len(found) <= most:
        return found
    return [found[round(i * (len(found) - 1) / (most - 1))] for i in range(most)]


def _not_offered(sample: SampleInput) -> bool:
    if sample.kwargs.get("sparse") is True:  # asks for sparse gradients
        return True
    values = [*flat(sample.args), *sample.kwargs.values()]
    return any(isinstance(v, torch.Generator) or (isinstance(v, torch.Tensor) and v.layout is not torch.strided)
               for v in values)


def described(sample: Any) -> str:
    """The call, short."""
    def one(v: Any) -> str:
        if isinstance(v, torch.Tensor):
            dtype = str(v.dtype).removeprefix("torch.")
            strided = "" if v.is_contiguous() else f" strides{list(v.stride())}"
            return f"{dtype}{list(v.shape)}{strided}" + (f"={v.tolist()}" if v.numel() <= 4 and not v.is_meta else "")
        if isinstance(v, (list, tuple)):
            return "(" + ", ".join(map(one, v)) + ")"
        return repr(v)

    parts = [one(v) for v in (sample.input, *sample.args)] + [f"{k}={one(v)}" for k, v in sample.kwargs.items()]
    return ", ".join(parts)[:300]


# --- one comparison


def call(function: Any, library: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """The result, or the exception raised."""
    library.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*arguments, **keywords)
        except Exception as error:
            return error


def require(met: bool, message: str) -> None:
    if not met:
        raise Difference(message)


def compare(name: str, got: Any, wanted: Any, exact: Callable[[], Any] | None = None, values: bool = True) -> None:
    """Structure, dtype, shape and values of two results; either may be an exception."""
    if isinstance(got, Exception) or isinstance(wanted, Exception):
        if isinstance(got, Exception) and isinstance(wanted, Exception):
            return
        shown = (
            f"{type(got).__name__}: {got}" if isinstance(got, Exception) else f"a result where PyTorch raises {wanted}"
        )
        raise Difference(f"{name}: {shown}") from (got if isinstance(got, Exception) else None)
    mine, their = flat(got), flat(wanted)
    require(len(mine) == len(their), f"{name}: {len(mine)} results, not {len(their)}")
    for i, (m, t) in enumerate(zip(mine, their, strict=True)):
        if not isinstance(t, torch.Tensor):
            m = back(m)
            same = m == t or (isinstance(t, float) and isinstance(m, float) and (
                math.isclose(m, t, rel_tol=1e-5) or (t != t and m != m)))
            require(same and type(m) is type(t), f"{name}: {m!r} is not {t!r}")
            continue
        require(isinstance(m, flambeau.Tensor), f"{name}: {m!r} is no tensor")
        m, t = back(m), _settled(t)
        require(m.dtype is t.dtype, f"{name}: dtype {m.dtype}, not {t.dtype}")
        require(m.shape == t.shape, f"{name}: shape {list(m.shape)}, not {list(t.shape)}")
        if values:
            near(f"{name}[{i}]", m, t, exact and (lambda i=i: flat(exact())[i]))  # type: ignore[misc]


def _settled(t: torch.Tensor) -> torch.Tensor:
    """Without lazy conjugation; half-precision complex numbers, which flambeau lacks, as single."""
    t = t.detach().resolve_conj().resolve_neg()
    return t.to(torch.complex64) if t.dtype is torch.complex32 else t


def near(name: str, mine: torch.Tensor, their: torch.Tensor, exact: Callable[[], Any] | None) -> None:
    """Within the dtype's tolerance of PyTorch's values, or as near to the exact ones as PyTorch's are."""
    rtol, atol = TOLERANCES.get(their.dtype, (0.0, 0.0))
    try:
        torch.testing.assert_close(mine, their, rtol=rtol, atol=atol, equal_nan=True)
    except AssertionError as error:
        truth = exact() if exact is not None and their.dtype in WIDE else None
        if not isinstance(truth, torch.Tensor) or truth.dtype is not WIDE[their.dtype]:
            raise Difference(f"{name}: {_shown(mine, their)}") from error
        limit = torch.nan_to_num((their.to(truth.dtype) - truth).abs()).max() + atol + rtol * truth.abs()
        off = (mine.to(truth.dtype) - truth).abs() > limit
        differs = off & (mine != their) | (torch.isfinite(mine) != torch.isfinite(their))
        require(not bool(differs.any()), f"{name}: {_shown(mine, their)} (exactly {truth.flatten()[:3].tolist()})")


def _shown(mine: torch.Tensor, their: torch.Tensor) -> str:
    same = (mine == their) | ((mine != mine) & (their != their))
    at = (~same).nonzero()[0].tolist() if same.shape else []
    wide = torch.float64 if not mine.is_complex() else torch.complex128
    most = (mine.to(wide) - their.to(wide)).abs().nan_to_num().max().item()
    return f"at {at} {mine[tuple(at)].item()!r}, not {their[tuple(at)].item()!r}, off by at most {most:.3g}"


def widen(value: Any) -> Any:
    """The same argument in double precision."""
    if isinstance(value, torch.Tensor):
        made = value.detach().to(WIDE.get(value.dtype, value.dtype))
        return made.requires_grad_() if value.requires_grad else made
    if isinstance(value, (list, tuple)):
        return type(value)(widen(v) for v in value)
    if isinstance(value, dict):
        return {k: widen(v) for k, v in value.items()}
    return WIDE.get(value, value) if isinstance(value, torch.dtype) else value


# --- values


def check_values(op: OpInfo, sample: SampleInput, first: bool) -> None:
    """The function, and for the first samples its method, aliases and in-place form."""
    name = full_name(op)
    carry = Carrier()
    theirs, mine = (sample.input, *sample.args), carry((sample.input, *sample.args))
    keywords, my_keywords = sample.kwargs, carry(sample.kwargs)
    wanted = call(op.op, torch, theirs, keywords)
    got = call(counterpart(op.op, op.name), flambeau, mine, my_keywords)
    set_values = op.name not in UNSET

    def exact() -> Any:
        return compared(op.name, call(op.op, torch, widen(theirs), widen(keywords)))

    if op.name in TIES and not sample.kwargs.get("stable"):
        got, wanted = _positions_as_values(got, wanted, sample.input)
    compare(name, compared(op.name, got), compared(op.name, wanted), exact, set_values)
    if not isinstance(wanted, Exception):
        _check_sharing(name, (got, mine[0]), (wanted, sample.input))
    if first:
        for label, function, reference in _other_forms(op):
            got, wanted = call(function, flambeau, mine, my_keywords), call(reference, torch, theirs, keywords)
            if op.name in TIES:
                got, wanted = _positions_as_values(got, wanted, sample.input)
            compare(label, compared(op.name, got), compared(op.name, wanted), exact, set_values)
    if (first or (isinstance(sample.input, torch.Tensor) and not sample.input.is_contiguous())) and not isinstance(
            wanted, Exception) and not sample.broadcasts_input:
        _check_inplace(op, sample, exact)


def _positions_as_values(got: Any, wanted: Any, source: torch.Tensor) -> tuple[Any, Any]:
    """Where equal elements may be listed in any order: the elements that the positions pick, instead of those."""
    if isinstance(got, Exception) or isinstance(wanted, Exception):
        return got, wanted
    mine, their = back(flat(got)[-1]), flat(wanted)[-1]
    for dim in range(source.ndim):
        lacks = their.ndim < source.ndim
        at = [i.unsqueeze(dim) if lacks else i for i in (mine, their)]
        fits = all(i.shape[d] == source.shape[d] for i in at for d in range(source.ndim) if d != dim)
        if fits and all(bool((i < source.shape[dim]).all()) for i in at):
            picked = [source.gather(dim, i) for i in at]
            if torch.allclose(*[p.to(torch.float64) for p in picked], equal_nan=True):
                return flat(got)[:-1], flat(wanted)[:-1]
    return got, wanted


def _other_forms(op: OpInfo) -> Iterator[tuple[str, Any, Any]]:
    if op.method_variant is not None:
        yield f"Tensor.{op.name}", _form(op.method_variant, op.name), op.method_variant
    for alias in op.aliases:
        if look_up(alias.name):
            yield alias.name, counterpart(alias.op, alias.name), alias.op
        if alias.method_variant is not None:
            yield f"Tensor.{alias.name}", _form(alias.method_variant, alias.name), alias.method_variant


def _form(method: Any, name: str) -> Any:
    own = getattr(method, "__name__", "<lambda>")
    found = counterpart(method) if own == "<lambda>" else getattr(flambeau.Tensor, own, None)
    return found or _missing(f"Tensor.{own if own != '<lambda>' else name}")


def _missing(name: str) -> Callable[..., Any]:
    def raises(*args: Any, **kwargs: Any) -> Any:
        raise Difference(f"flambeau has no {name}")

    return raises


def _check_sharing(name: str, mine: tuple[Any, Any], theirs: tuple[Any, Any]) -> None:
    (got, source), (wanted, original) = mine, theirs
    if not isinstance(original, torch.Tensor) or not original.numel():
        return
    at = original.untyped_storage().data_ptr()
    for m, t in zip(flat(got), flat(wanted), strict=True):
        if isinstance(t, torch.Tensor) and t.numel() and not original.is_conj():
            shares = t.untyped_storage().data_ptr() == at
            ours = _root(m._array) is _root(source._array)
            require(ours == shares, f"{name}: {'shares memory' if ours else 'a copy'} where PyTorch"
                                    f" {'shares memory' if shares else 'copies'}")


def _root(array: Any) -> Any:
    while getattr(array, "base", None) is not None:
        array = array.base
    return array


def _check_inplace(op: OpInfo, sample: SampleInput, exact: Callable[[], Any]) -> None:
    variants = [op.inplace_variant, *[a.inplace_variant for a in op.aliases]]
    for variant in variants:
        if variant is None or not isinstance(sample.input, torch.Tensor):
            continue
        name = f"Tensor.{getattr(variant, '__name__', op.name + '_')}"
        target = sample.input.detach().clone(memory_format=torch.preserve_format)
        carry = Carrier()
        my_target = carry(target)
        arguments, keywords = carry(sample.args), carry(sample.kwargs)
        got = call(_form(variant, op.name), flambeau, (my_target, *arguments), keywords)
        wanted = call(variant, torch, (target, *sample.args), sample.kwargs)
        compare(name, got, wanted, exact)
        require(isinstance(wanted, Exception) or got is my_target, f"{name}: does not return the tensor itself")


# --- gradients


def check_gradients(op: OpInfo, sample: SampleInput, second: bool) -> None:
    """Gradients of the outputs weighted with random numbers, and gradients of those."""
    name = full_name(op)
    carry = Carrier()
    mine = carry((sample.input, *sample.args)), carry(sample.kwargs)
    got = call(counterpart(op.op, op.name), flambeau, *mine)
    wanted = call(op.op, torch, (sample.input, *sample.args), sample.kwargs)
    if isinstance(wanted, Exception):
        return

    def exact(order: int = 1) -> Any:
        wide = widen((sample.input, *sample.args)), widen(sample.kwargs)
        outputs = compared(op.name, call(op.op, torch, *wide))
        return [torch.zeros(()) if g is None else g for g in torch_gradients(outputs, leaves(*wide))[0]]

    if isinstance(got, Exception):
        raise Difference(f"{name}: {type(got).__name__}: {got}") from got
    got, wanted = compared(op.name, got), compared(op.name, wanted)
    pairs = [(w, g) for w, g in zip(flat(wanted), flat(got), strict=True) if isinstance(w, torch.Tensor)]
    for w, g in pairs:
        require(w.requires_grad == g.requires_grad, f"{name}: requires_grad is {g.requires_grad}")
    their_leaves, my_leaves = leaves(sample.input, sample.args, sample.kwargs), leaves(*mine)
    if not their_leaves or not any(w.requires_grad for w, _ in pairs):
        return
    first, weights = torch_gradients(wanted, their_leaves, second)
    my_first = my_gradients(got, my_leaves, weights, second)
    _compare_gradients(f"gradient of {name}", my_first, first, exact)
    if second:
        _check_second(name, (my_first, my_leaves), (first, their_leaves))


def torch_gradients(outputs: Any, inputs: Any, create_graph: bool = False) -> tuple[Any, list[torch.Tensor]]:
    chosen = [o for o in flat(outputs) if isinstance(o, torch.Tensor) and o.requires_grad]
    torch.manual_seed(1)
    weights = [torch.randn(o.shape, dtype=torch.complex128 if o.is_complex() else torch.float64).to(o.dtype)
               for o in chosen]
    found = torch.autograd.grad(chosen, inputs, weights, create_graph=create_graph, allow_unused=True)
    return found, weights


def my_gradients(outputs: Any, inputs: Any, weights: Any, create_graph: bool = False) -> Any:
    chosen = [o for o in flat(outputs) if isinstance(o, flambeau.Tensor) and o.requires_grad]
    try:
        return flambeau.autograd.grad(chosen, inputs, Carrier()(weights), create_graph=create_graph, allow_unused=True)
    except Exception as error:
        raise Difference(f"gradient: {type(error).__name__}: {error}") from error


def _compare_gradients(name: str, mine: Any, theirs: Any, exact: Callable[[], Any] | None) -> None:
    for i, (m, t) in enumerate(zip(mine, theirs, strict=True)):
        require((m is None) == (t is None), f"{name}: {'None' if m is None else 'a tensor'} for input {i}")
        if t is not None:
            compare(f"{name} in input {i}", m, t, exact and (lambda i=i: exact()[i]))  # type: ignore[misc]


def _check_second(name: str, mine: tuple[Any, Any], theirs: tuple[Any, Any]) -> None:
    (my_first, my_leaves), (first, their_leaves) = mine, theirs
    wanted = [g for g in first if g is not None and g.requires_grad]
    if not wanted:
        return
    found, weights = torch_gradients(wanted, their_leaves)
    at = [i for i, g in enumerate(first) if g is not None and g.requires_grad]
    chosen = [(my_first[i], w) for i, w in zip(at, weights, strict=True) if my_first[i].requires_grad]
    got = my_gradients([g for g, _ in chosen], my_leaves, [w for _, w in chosen]) if chosen else [None] * len(found)
    for i, (m, t) in enumerate(zip(got, found, strict=True)):
        zero = torch.zeros_like(their_leaves[i])
        near(f"second-order gradient of {name} in input {i}", zero if m is None else back(m),
             zero if t is None else _settled(t), None)


# --- errors


def check_error(op: OpInfo, case: Any) -> None:
    """What PyTorch refuses, flambeau refuses with an exception of the same builtin class."""
    carry, sample = Carrier(), case.sample_input

    def attempt() -> Any:
        return counterpart(op.op, op.name)(*carry((sample.input, *sample.args)), **carry(sample.kwargs))

    wanted = call(op.op, torch, (sample.input, *sample.args), sample.kwargs)
    got = call(attempt, flambeau, (), {})
    if not isinstance(wanted, Exception):  # a case that PyTorch's own suite no longer reaches
        compare(op.name, got, wanted)
        return
    require(isinstance(got, Exception), f"{op.name}: no error, PyTorch raises {case.error_type}: {case.error_regex}")
    require(isinstance(got, case.error_type), f"{op.name}: {type(got).__name__}: {got}, not {case.error_type}")
    require(isinstance(got, flambeau.errors.FlambeauError) or type(got) in (TypeError, ValueError),
            f"{op.name}: uncoded {type(got).__name__}: {got}")
