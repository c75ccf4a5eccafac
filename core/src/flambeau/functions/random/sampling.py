"""Random tensors: made fresh, like others, and drawn in place. What each draw is stands in `flambeau.random`."""

from __future__ import annotations

import math
from typing import Any

from ...contract.device import Kind
from ...dtypes import DType, float32, float64, int64
from ...errors import ArgumentError, DTypeError, ShapeError, SizeMismatchError, UnsupportedError, ValueRangeError
from ...modes import grad_enabled
from ...ops.arithmetic import div, mul
from ...ops.create import cast, full_op, kind_for
from ...ops.movement import slice_op
from ...ops.random import redrawn
from ...ops.reduce import amax, amin, argmax
from ...ops.reduce import sum as sum_op
from ...random import chosen_generator, draws
from ...random.mt19937 import Engine
from ...shapes import as_int, as_size, broadcast_shapes, non_negative, numel
from ...table.dispatch import into
from ...table.room import check_room, exhausted, no_room
from ...tensors.tensor import Tensor
from ...tensors.views import check_writable
from ..create import _named_size, _size, detach, empty
from ..sort import sort
from .allowed import any_integer, between, chances, count, from_on, require, require_floating, require_real, uniform
from .allowed import normal as normal_op
from .draw import Flat, below, check_distinct, doubles, exponential, fresh, laid_out, memory_order, overwrite, whole

_ABSENT: Any = object()


def rand(*size: Any, generator: Any = None, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
         device: Any = None, requires_grad: bool = False, pin_memory: bool = False, **named: Any) -> Tensor:
    """Uniform numbers in [0, 1), of a floating or complex dtype.

    Raises UnsupportedError for another dtype.

    >>> import flambeau
    >>> _ = flambeau.manual_seed(0)
    >>> flambeau.rand(2)
    tensor([0.4963, 0.7682])
    """
    kind = _kind(dtype, device, out)
    return _made("rand", _sizes("rand", size, named), kind, generator, out, requires_grad,
                 uniform("rand", kind, 0, 1))


def randn(*size: Any, generator: Any = None, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
          device: Any = None, requires_grad: bool = False, pin_memory: bool = False, **named: Any) -> Tensor:
    """Normal numbers of mean 0 and variance 1, of a floating or complex dtype.

    Raises UnsupportedError for another dtype.

    >>> import flambeau
    >>> _ = flambeau.manual_seed(0)
    >>> flambeau.randn(2)
    tensor([ 1.5410, -0.2934])
    """
    kind = _kind(dtype, device, out)
    return _made("randn", _sizes("randn", size, named), kind, generator, out, requires_grad,
                 normal_op("randn", kind, 0.0, 1.0, True))


def randint(*args: Any, low: Any = None, high: Any = None, size: Any = None, generator: Any = None,
            out: Tensor | None = None, dtype: DType | None = None, layout: Any = None, device: Any = None,
            requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Integers from `low` up to, not including, `high`: `randint(high, size)` from 0, `randint(low, high, size)`.

    Raises ValueRangeError for an empty range or one that the dtype does not hold.

    >>> import flambeau
    >>> _ = flambeau.manual_seed(0)
    >>> flambeau.randint(10, (4,))
    tensor([4, 9, 3, 0])
    """
    low, high, size = _randint_arguments(list(args), low, high, size)
    kind = _kind(int64 if dtype is None and out is None else dtype, device, out)
    return _made("randint", non_negative("randint", as_size("randint", size)), kind, generator, out, requires_grad,
                 between("randint", kind.dtype, low, high))


def _randint_arguments(args: list[Any], low: Any, high: Any, size: Any) -> tuple[int, int, Any]:
    if size is None and len(args) > 1:
        size = args.pop()
    if len(args) == 2:
        low, high = args
    elif len(args) == 1:
        low, high = (low, args[0]) if high is None else (args[0], high)
    if high is None or not isinstance(size, (tuple, list)):
        raise ArgumentError(f"expected randint(high, size) or randint(low, high, size) with a tuple as size, got"
                            f" low={low!r}, high={high!r}, size={size!r}", op="randint")
    return as_int("randint", "low", 0 if low is None else low), as_int("randint", "high", high), size


def randperm(n: int, *, generator: Any = None, out: Tensor | None = None, dtype: DType | None = None,
             layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """The integers from 0 to n-1 in random order.

    Raises ValueRangeError where the dtype does not hold them.

    >>> import flambeau
    >>> _ = flambeau.manual_seed(0)
    >>> flambeau.randperm(4)
    tensor([0, 1, 3, 2])
    """
    n, = non_negative("randperm", (as_int("randperm", "n", n),))
    kind = _kind(int64 if dtype is None and out is None else dtype, device, out)
    if kind.dtype.category not in (1, 2):
        raise UnsupportedError(f"not implemented for {kind.dtype!r}", op="randperm", dtype=kind.dtype)
    if n > count(kind.dtype):
        raise ValueRangeError(f"{kind.dtype!r} does not hold {n} different numbers from 0", op="randperm", n=n)
    return _made("randperm", (n,), kind, generator, out, requires_grad,
                 lambda engine, n, kind: whole(draws.permutation(engine, n), kind))


def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, out: Tensor | None = None,
           dtype: DType | None = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Tensor:
    """Normal numbers; mean and standard deviation are numbers (then `size` is needed) or tensors that broadcast.

    Raises ValueRangeError for a negative standard deviation.
    """
    if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
        if size is None:
            raise ArgumentError("with numbers as mean and std a size is needed", op="normal")
        kind = _kind(dtype, device, out)
        return _made("normal", non_negative("normal", as_size("normal", size)), kind, generator, out, requires_grad,
                     normal_op("normal", kind, mean, std, True))
    made = _normal_of(mean, std, generator)
    return made if out is None else into(full_op.op, out, made)


def _normal_of(mean: Any, std: Any, generator: Any) -> Tensor:
    lead = mean if isinstance(mean, Tensor) else std
    shapes = [tuple(t.shape) for t in (mean, std) if isinstance(t, Tensor)]
    if isinstance(std, Tensor) and std.numel() and not std.is_complex() and not bool(amin(std) >= 0.0):
        raise ValueRangeError("expects all elements of std >= 0.0", op="normal")
    kind, spread = lead._kind.plain, 1.0 if isinstance(std, Tensor) else std
    flat = normal_op("normal", kind, 0.0, spread, True)
    drawn: Any = _made("normal", broadcast_shapes("normal", *shapes), kind, generator, None, False, flat)
    if isinstance(std, Tensor):
        drawn = cast(mul(drawn, detach(std)), kind.dtype)
    drawn = cast(drawn + (detach(mean) if isinstance(mean, Tensor) else mean), kind.dtype)
    return _in_place_of(std, _in_place_of(mean, drawn))


def _in_place_of(source: Any, drawn: Tensor) -> Tensor:
    """The draws, recorded with a gradient of zero where they were drawn from a tensor that requires one."""
    if isinstance(source, Tensor) and source._requires_grad and grad_enabled() and source.shape == drawn.shape:
        return redrawn(source, drawn)  # type: ignore[no-any-return]
    return drawn


def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None, out: Tensor | None = None) -> Tensor:
    """1 with the probability that stands in `input` (or `p` everywhere), else 0; of the shape and dtype of `input`.

    Raises ValueRangeError for a probability outside [0, 1].

    >>> import flambeau
    >>> flambeau.bernoulli(flambeau.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    kind = input._kind.plain if out is None else out._kind.plain
    chance = detach(input) if p is None else p
    made = _made("bernoulli", tuple(input.shape), kind, generator, None, False,
                 chances("bernoulli", kind, chance, tuple(input.shape), None))
    return _in_place_of(input, made) if out is None else into(full_op.op, out, made)


def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None,
                out: Tensor | None = None) -> Tensor:
    """Category numbers (int64) drawn by the weights in `input`, a vector or one row per draw: (rows, num_samples).

    Raises ValueRangeError for weights that are negative, not finite or sum to 0, and for more samples than there are
    categories without replacement.

    >>> import flambeau
    >>> flambeau.multinomial(flambeau.tensor([0.0, 3.0]), 2, replacement=True)
    tensor([1, 1])
    """
    num_samples = as_int("multinomial", "num_samples", num_samples)
    _check_weights(input, num_samples, replacement)
    if out is not None and out.dtype is not int64:
        raise DTypeError(f"out must be int64, got {out.dtype!r}", op="multinomial", dtype=out.dtype)
    engine, weights = chosen_generator("multinomial", generator), detach(input)
    sample = _with_replacement if replacement and num_samples > 1 else _without_replacement
    if not input.numel():
        made = empty((*input.shape[:-1], num_samples), dtype=int64, device=input.device)
    else:
        made = sample(engine, weights, num_samples)
    return made if out is None else into(full_op.op, out, made)


def _check_weights(input: Tensor, samples: int, replacement: bool) -> None:
    if not input.is_floating_point():
        raise DTypeError(f"only takes floating-point weights, got {input.dtype!r}", op="multinomial", dtype=input.dtype)
    if input.ndim not in (1, 2):
        raise ShapeError(f"weights must have 1 or 2 dims, got {input.ndim}", op="multinomial")
    if samples <= 0:
        raise ValueRangeError(f"cannot draw {samples} samples", op="multinomial", num_samples=samples)
    if not replacement and samples > input.shape[-1]:
        raise SizeMismatchError(f"cannot draw {samples} samples from {input.shape[-1]} categories without replacement",
                                op="multinomial", num_samples=samples)
    if not input.numel():
        return
    low, high = amin(detach(input), None).item(), amax(detach(input), None).item()
    if not (low >= 0 and high < math.inf):
        raise ValueRangeError("weights contain inf, nan or a negative number", op="multinomial")
    if not amin(sum_op(detach(input), -1, dtype=float64 if input.dtype is float64 else float32), None).item() > 0:
        raise ValueRangeError("the weights sum to 0", op="multinomial")


def _without_replacement(engine: Engine, weights: Tensor, samples: int) -> Tensor:
    order, kind = memory_order(weights), weights._kind.plain
    waits = laid_out(exponential(engine, weights.numel(), kind, 1.0), weights.shape, order)
    scores = div(weights, waits)
    if samples == 1:
        return argmax(scores, -1, True)  # type: ignore[no-any-return]
    _, indices = sort(scores, -1, True)
    *lead, _ = indices.shape
    rows = [slice(0, size, 1) for size in lead]
    return fresh(slice_op(indices, (*rows, slice(0, samples, 1))).contiguous(), indices._kind)


def _with_replacement(engine: Engine, weights: Tensor, samples: int) -> Tensor:
    rows = weights.tolist() if weights.ndim == 2 else [weights.tolist()]
    single = weights.dtype is not float64
    drawn = [index for row in rows for index in draws.categories(engine, row, samples, single)]
    made = whole(drawn, weights.device.kinds[int64])
    return fresh(laid_out(made, (*weights.shape[:-1], samples), None), made._kind)


def rand_like(input: Tensor, *, generator: Any = None, dtype: DType | None = None, layout: Any = None,
              device: Any = None, requires_grad: bool = False, memory_format: Any = None,
              pin_memory: bool = False) -> Tensor:
    """Uniform numbers in [0, 1) in the size, dtype and device of `input`, unless told otherwise."""
    kind = kind_for(dtype, device, input)
    return _alike("rand_like", input, kind, generator, requires_grad, _order(input, memory_format),
                  uniform("rand_like", kind, 0, 1))


def randn_like(input: Tensor, *, generator: Any = None, dtype: DType | None = None, layout: Any = None,
               device: Any = None, requires_grad: bool = False, memory_format: Any = None,
               pin_memory: bool = False) -> Tensor:
    """Normal numbers of mean 0 and variance 1 in the size, dtype and device of `input`, unless told otherwise."""
    kind, order = kind_for(dtype, device, input), _order(input, memory_format)
    return _alike("randn_like", input, kind, generator, requires_grad, order,
                  normal_op("randn_like", kind, 0.0, 1.0, order is None))


def randint_like(input: Tensor, low: Any, high: Any = None, *, generator: Any = None, dtype: DType | None = None,
                 layout: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None,
                 pin_memory: bool = False) -> Tensor:
    """Integers below `low`, or from `low` up to `high`, in the size, dtype and device of `input`."""
    kind = kind_for(dtype, device, input)
    first, last = (0, low) if high is None else (low, high)
    flat = between("randint_like", kind.dtype, as_int("randint_like", "low", first),
                    as_int("randint_like", "high", last))
    return _alike("randint_like", input, kind, generator, requires_grad, _order(input, memory_format), flat)


def mask_like(input: Tensor, p: float, generator: Any = None) -> Tensor:
    """A boolean tensor of the shape of `input`, true with probability `p`: the draw behind dropout."""
    engine, n = chosen_generator("dropout", generator), numel(input._array.shape)
    flat = below(engine, n, input.device, p)
    return laid_out(flat, input._array.shape, memory_order(input))


def _order(input: Tensor, memory_format: Any) -> list[int] | None:
    if memory_format is None or "preserve" in repr(memory_format):
        return memory_order(input)
    return None


def uniform_(self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fills with uniform numbers from `from_` to `to`.

    Raises ValueRangeError for bounds in the wrong order or out of the dtype's range.
    """
    return _refill("uniform_", self, generator, uniform("uniform_", self._kind, from_, to))


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fills with normal numbers. Raises ValueRangeError for a negative standard deviation."""
    return _refill("normal_", self, generator, normal_op("normal_", self._kind, mean, std, self.is_contiguous()))


def random_(self: Tensor, from_: Any = _ABSENT, to: Any = _ABSENT, *, generator: Any = None) -> Tensor:
    """Fills with integers: all the dtype counts exactly, below the one bound given, or from the first to the second.

    Raises ValueRangeError for an empty range or one that the dtype does not hold.
    """
    dtype = self._kind.dtype
    if from_ is _ABSENT and to is _ABSENT:
        flat = any_integer(dtype)
    elif to is None:
        flat = from_on(dtype, as_int("random_", "from", from_))
    else:
        low, high = (0, from_) if to is _ABSENT else (0 if from_ is _ABSENT else from_, to)
        flat = between("random_", dtype, as_int("random_", "from", low), as_int("random_", "to", high))
    return _refill("random_", self, generator, flat)


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Fills with 1 with probability `p` (a number, or a tensor that broadcasts), else 0.

    Raises ValueRangeError for a probability outside [0, 1].
    """
    flat = chances("bernoulli_", self._kind, p, tuple(self.shape), memory_order(self))
    return _refill("bernoulli_", self, generator, flat)


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fills with exponential numbers of rate `lambd`. Raises ValueRangeError unless it is positive."""
    require_floating("exponential_", self.dtype)
    require(lambd > 0.0, "exponential_", f"expects lambda > 0.0, but found lambda={lambd}")
    return _refill("exponential_", self, generator, lambda e, n, kind: exponential(e, n, kind, float(lambd)))


def geometric_(self: Tensor, p: float, *, generator: Any = None) -> Tensor:
    """Fills with the number of the trial on which an event of probability `p` first happens.

    Raises ValueRangeError unless 0 < p < 1.
    """
    require(0 < p < 1, "geometric_", f"expects p to be in (0, 1), but got p={p}")
    if self.dtype.category not in (1, 2):
        raise UnsupportedError(f"not implemented for {self.dtype!r}", op="geometric_", dtype=self.dtype)
    return _refill("geometric_", self, generator, lambda e, n, kind: doubles(draws.geometrics(e, n, p), kind))


def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fills with numbers of the Cauchy distribution. Raises ValueRangeError unless `sigma` is positive."""
    require_floating("cauchy_", self.dtype)
    require(sigma > 0.0, "cauchy_", f"expects sigma > 0.0, but found sigma={sigma}")
    return _refill("cauchy_", self, generator,
                   lambda e, n, kind: doubles(draws.cauchys(e, n, median, sigma), kind))


def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Tensor:
    """Fills with exponentials of normal numbers. Raises ValueRangeError unless `std` is positive."""
    require_real("log_normal_", self.dtype)
    require(std > 0.0, "log_normal_", f"expects std > 0.0, but found std={std}")
    return _refill("log_normal_", self, generator,
                   lambda e, n, kind: doubles(draws.log_normals(e, n, mean, std), kind))


for _method in (uniform_, normal_, random_, bernoulli_, exponential_, geometric_, cauchy_, log_normal_, bernoulli,
                multinomial):
    setattr(Tensor, _method.__name__, _method)


def _kind(dtype: DType | None, device: Any, out: Tensor | None) -> Kind:
    kind = kind_for(dtype, device, out if isinstance(out, Tensor) else None)
    if isinstance(out, Tensor) and kind.dtype is not out.dtype:
        raise DTypeError(f"dtype {kind.dtype!r} does not match that of out, {out.dtype!r}", op="out", dtype=kind.dtype)
    return kind


def _sizes(op: str, size: Any, named: dict[str, Any]) -> tuple[int, ...]:
    if named:
        size = _named_size(op, size, named)
    if not size:
        raise ArgumentError("a size is needed", op=op)
    return _size(op, size)


def _made(op: str, size: tuple[int, ...], kind: Kind, generator: Any, out: Any, requires_grad: bool,
          flat: Flat) -> Tensor:
    made = _drawn(chosen_generator(op, generator), size, kind, flat, None)
    if out is not None:
        return into(full_op.op, out, made)  # type: ignore[no-any-return]
    return fresh(made, kind, requires_grad)


def _alike(op: str, input: Tensor, kind: Kind, generator: Any, requires_grad: bool, order: list[int] | None,
           flat: Flat) -> Tensor:
    made = _drawn(chosen_generator(op, generator), tuple(input.shape), kind, flat, order)
    return fresh(made, kind, requires_grad)


def _drawn(engine: Engine, size: tuple[int, ...], kind: Kind, flat: Flat, order: list[int] | None) -> Tensor:
    n = numel(size)
    if not n:
        return empty(size, dtype=kind.dtype, device=kind.device)
    check_room("random", size, kind.dtype)
    try:
        return laid_out(flat(engine, n, kind), size, order)
    except MemoryError:
        raise no_room("random", size, kind.dtype) from None


def _refill(op: str, self: Tensor, generator: Any, flat: Flat) -> Tensor:
    engine = chosen_generator(op, generator)
    check_writable(op, self)
    check_distinct(op, self)
    if not self.numel():
        return self
    try:
        return overwrite(op, self, flat(engine, self.numel(), self._kind.plain), memory_order(self))
    except MemoryError as error:
        raise exhausted(op, error) from None

__all__ = [
    "bernoulli", "multinomial", "normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like",
    "randperm",
]
