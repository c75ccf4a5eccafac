"""`beside(name, *args)`: one call on PyTorch and on flambeau, compared in values, dtypes, gradients of two orders."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.nn import functional

import flambeau
from flambeau import functions

ULPS = {torch.float16: 2.0**-10, torch.bfloat16: 2.0**-7, torch.float32: 2.0**-23, torch.float64: 2.0**-52,
        torch.complex64: 2.0**-23, torch.complex128: 2.0**-52}


def dtype_of(dtype: torch.dtype) -> Any:
    return getattr(flambeau, str(dtype).removeprefix("torch."))


def ours(value: Any) -> Any:
    """A torch argument as flambeau's."""
    if isinstance(value, torch.Tensor):
        made = flambeau.tensor(value.detach().tolist(), dtype=dtype_of(value.dtype)).reshape(tuple(value.shape))
        return made.requires_grad_() if value.requires_grad else made
    if isinstance(value, torch.dtype):
        return dtype_of(value)
    return type(value)(ours(v) for v in value) if type(value) in (list, tuple) else value


def theirs(value: Any) -> Any:
    """A flambeau result as torch's."""
    dtype = getattr(torch, value.dtype.name)
    return torch.tensor(value.detach().tolist(), dtype=dtype).reshape(tuple(value.shape))


def look_up(library: Any, name: str) -> Callable[..., Any]:
    """The function of that name, in the main namespace alone where it begins with "torch."."""
    found: Any
    parts = name.split(".")
    if parts[0] == "torch":
        found, parts = library, parts[1:]
    elif library is flambeau:
        found = flambeau if hasattr(flambeau, parts[0]) else functions
    else:
        found = functional if hasattr(functional, parts[0]) else torch
    for part in parts:
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def flat(result: Any) -> list[Any]:
    return [r for part in result for r in flat(part)] if isinstance(result, (tuple, list)) else [result]


class Beside:
    """Compares one call; `ulps` is the distance allowed, in units of the largest element."""

    def __call__(self, name: str, *args: Any, ulps: float = 16, second: bool = True, **kwargs: Any) -> Any:
        mine_args, mine_kwargs = [ours(a) for a in args], {k: ours(v) for k, v in kwargs.items()}
        wanted = look_up(torch, name)(*args, **kwargs)
        got = look_up(flambeau, name)(*mine_args, **mine_kwargs)
        self.same(got, wanted, ulps)
        theirs_in = [a for a in (*flat(args), *kwargs.values()) if isinstance(a, torch.Tensor) and a.requires_grad]
        mine_in = [a for a in (*flat(mine_args), *mine_kwargs.values())
                   if isinstance(a, flambeau.Tensor) and a.requires_grad]
        if theirs_in:
            self._gradients((flat(wanted), theirs_in), (flat(got), mine_in), ulps * 4, second)
        return got

    def same(self, got: Any, wanted: Any, ulps: float = 16) -> None:
        """The same structure, dtypes, shapes and nearly the same values."""
        assert len(flat(got)) == len(flat(wanted))
        for mine, their in zip(flat(got), flat(wanted), strict=True):
            if not isinstance(their, torch.Tensor):
                assert mine == their
                continue
            assert mine.dtype is dtype_of(their.dtype), f"{mine.dtype} is not {their.dtype}"
            assert tuple(mine.shape) == tuple(their.shape)
            assert mine.requires_grad == their.requires_grad
            self.near(theirs(mine), their.detach(), ulps)

    @staticmethod
    def near(mine: torch.Tensor, their: torch.Tensor, ulps: float, scale: float = 1e-30) -> None:
        step = ULPS.get(their.dtype)
        if step is None or not their.numel():
            assert torch.equal(mine, their), f"{mine}\n{their}"
            return
        finite = their[torch.isfinite(their)]
        most = float(finite.abs().max()) if finite.numel() else 1.0
        torch.testing.assert_close(mine, their, rtol=ulps * step, atol=ulps * step * max(most, scale), equal_nan=True)

    def _gradients(self, their: Any, mine: Any, ulps: float, second: bool) -> None:
        (wanted, wanted_in), (got, got_in) = their, mine
        pairs = [(w, g) for w, g in zip(wanted, got, strict=True) if w.requires_grad]
        seeds = [torch.randn_like(w.detach()) for w, _ in pairs]
        twice = second and all(w.dtype in (torch.float64, torch.complex128) for w, _ in pairs)
        first = torch.autograd.grad([w for w, _ in pairs], wanted_in, seeds, create_graph=twice, allow_unused=True)
        mine_first = flambeau.autograd.grad([g for _, g in pairs], got_in, [ours(s) for s in seeds],
                                            create_graph=twice, allow_unused=True)
        for w, g in zip(first, mine_first, strict=True):
            assert (w is None) == (g is None)
            if w is not None:
                assert g.dtype is dtype_of(w.dtype)
                self.near(theirs(g), w.detach(), ulps)
        if twice:
            both = [(w, g) for w, g in zip(first, mine_first, strict=True) if w is not None and w.requires_grad]
            self._second([(w, g) for w, g in both if g.requires_grad], wanted_in, got_in, ulps)
            if not any(g.requires_grad for _, g in both) and both:
                self._second_is_zero([w for w, _ in both], wanted_in)

    def _second(self, pairs: list[Any], wanted_in: Any, got_in: Any, ulps: float) -> None:
        if not pairs:
            return
        seeds = [torch.randn_like(w.detach()) for w, _ in pairs]
        second = torch.autograd.grad([w for w, _ in pairs], wanted_in, seeds, allow_unused=True)
        mine = flambeau.autograd.grad([g for _, g in pairs], got_in, [ours(s) for s in seeds], allow_unused=True)
        for source, w, g in zip(wanted_in, second, mine, strict=True):
            zero = torch.zeros_like(source.detach())
            self.near(zero if g is None else theirs(g), zero if w is None else w.detach(), ulps * 16, 1.0)

    @staticmethod
    def _second_is_zero(first: list[Any], wanted_in: Any) -> None:
        for w in torch.autograd.grad([w.sum() for w in first], wanted_in, allow_unused=True):
            assert w is None or float(w.abs().max() if w.numel() else 0) < 1e-12

    @staticmethod
    def raises(name: str, *args: Any, **kwargs: Any) -> None:
        """Both raise, ours an error that is caught where PyTorch's is."""
        with pytest.raises(Exception) as wanted:
            look_up(torch, name)(*args, **kwargs)
        kind = wanted.type if wanted.type.__module__ == "builtins" else RuntimeError
        kind = RuntimeError if kind is NotImplementedError else kind
        with pytest.raises(kind) as got:
            look_up(flambeau, name)(*[ours(a) for a in args], **{k: ours(v) for k, v in kwargs.items()})
        assert isinstance(got.value, flambeau.errors.FlambeauError)


@pytest.fixture(params=["cpu", "reference"])
def beside(request: pytest.FixtureRequest) -> Iterator[Beside]:
    """On the default backend, with its fused kernels, and on the reference, which runs the compositions."""
    torch.manual_seed(0)
    flambeau.manual_seed(0)
    with flambeau.device(request.param):
        yield Beside()
