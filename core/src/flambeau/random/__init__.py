"""Random numbers: the generator, its seeding, and what each draw is.

The same seed gives PyTorch 2.13's numbers on every device that draws from a CPU generator. A *word* is the next 32
bits of MT19937, a *double word* two of them, the high one first; u53 is the double in [0, 1) made from the low 53 bits
of a double word, u24 the float32 made from the low 24 bits of a word. "Once" means rounded once, after an exact
multiplication and addition.

| draw | per value | formula |
|---|---|---|
| `rand`, `uniform_` float32 | a word | u24 * (to - from) + from, once; the bounds are rounded to float32 first |
| ... float64 | a double word | u53 * (to - from) + from, once |
| ... float16, bfloat16 | a word | as float32, then rounded |
| ... of any dtype | | a value that rounding takes to `to` becomes `from` |
| `randint`, `random_(from, to)` | a word | from + word % (to - from) |
| ... from 2**28 values on | a double word | the same, whatever the dtype |
| `random_()` bool, integers, float16, bfloat16, float32 | a word | word % 2, % (max + 1), % (2**digits + 1) |
| `random_()` int64, float64 | a double word | double word % 2**63, % (2**53 + 1) |
| `random_(-2**63, None)` | a double word | the double word as a signed number |
| `randn`, `normal_` float32, 16 values or more, contiguous | a word | blocks of sixteen, see below |
| ... float16, bfloat16 | a word | as float32 in float32, rounded at the end |
| ... float64 | a double word | as float32, in double |
| ... fewer, or not contiguous | two double words a pair | Box-Muller in double; the second value is kept for later |
| `log_normal_` | as the pairs above | exp(value * std + mean), in double |
| `exponential_` | a double word | -1/rate * log1p(-u53), in double |
| `geometric_` | a double word | ceil(log(u53) / log1p(-p)), in double |
| `cauchy_` | a double word | tan(pi * (u53 - 0.5)) * sigma + median, once, in double |
| `bernoulli_(p)`, dropout | a double word | u53 < p |
| `bernoulli(p tensor)`, `bernoulli_(p tensor)` | a word; float64 p: a double word | u24 < p; u53 < p |
| `randperm` | n - 1 words | forward Fisher-Yates; from 214,748,364 on inside-out, n double words |
| `multinomial` without replacement, or one sample | a double word per weight | largest weights / exponential |
| `multinomial` with replacement | a double word per sample | bisection of the cumulative weights by u53 |
| `poisson` | until a product of u53 falls to exp(-rate); from 10 on two double words a try | the count; PTRS |
| `binomial` | a double word per waiting time; where 10 or more are expected two a try | the count; BTRS |
| gamma | a pair's normal and a double word a try, below 1 a double word more | Marsaglia and Tsang, in double |
| Dirichlet, beta | as gamma, with the shape in double | the shares of their sum |

A block of sixteen takes sixteen uniforms u: value j < 8 is sqrt(-2 log(1 - u[j])) cos(2 pi u[j + 8]), value j + 8 the
same with sin, every step rounded to the dtype; then * std + mean, once. Where the count is no multiple of sixteen, the
last sixteen values are drawn anew and overwrite the end; float32 and float64 first draw uniforms for all values,
float16 and bfloat16 for the whole blocks only. Doubles that go to a narrower dtype are rounded to float32 on the way.

In-place draws fill a tensor in the order of its memory, the dim with the largest stride outermost.

PyTorch's own `bernoulli_(p)` and `exponential_`, and with them dropout and multinomial, are these on AMD, Arm and
Apple processors; its builds with MKL take another stream for the two on Intel's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..contract.device import Device, resolve
from ..dtypes import uint8
from ..errors import ArgumentError, UnsupportedError, ValueRangeError
from ..modes import RANDOMNESS
from ..spelling import public
from .mt19937 import Engine, canonical_seed

if TYPE_CHECKING:
    from ..tensors.tensor import Tensor

__all__ = ["Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed",
           "set_rng_state"]

_DEFAULT_SEED = 67280421310721  # what PyTorch seeds a new Generator with


class Generator(Engine):
    """A stream of random numbers with a seed and a state of its own.

    `device` must be a CPU device; tensors on any device take numbers from such a generator. Raises UnsupportedError
    for another device.

    >>> Generator().manual_seed(7).initial_seed()
    7
    """

    __slots__ = ("_device",)

    def __init__(self, device: Any = "cpu") -> None:
        super().__init__(_DEFAULT_SEED)
        if device != "cpu":  # "cpu" itself is looked up later: making a generator loads no backend
            device = resolve(device)
            if device.type == "cuda":
                raise UnsupportedError(f"generators draw on a CPU device so far, got {device}", op="Generator",
                                       device=device)
        self._device = device

    @property
    def device(self) -> Device:
        """The device the numbers are drawn on."""
        return resolve(self._device)

    def manual_seed(self, seed: int) -> Generator:
        """Starts the stream of `seed`, an integer in [-2**63, 2**64), and returns the generator."""
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise ValueRangeError(f"seed must be an int, got {seed!r}", op="manual_seed", seed=seed)
        self.reseed(canonical_seed("manual_seed", seed))
        return self

    def seed(self) -> int:
        """Starts a stream nobody can foresee and returns its seed."""
        chosen = int.from_bytes(os.urandom(8), "little")
        self.reseed(chosen)
        return chosen

    def get_state(self) -> Tensor:
        """The state as a uint8 tensor of 5056 bytes in PyTorch's layout: PyTorch continues from it, too."""
        from ..tensors.tensor import wrap

        host, data = resolve("cpu"), self.state_bytes()
        return wrap(host.backend.from_host(data, (len(data),), uint8), host.kinds[uint8])

    def set_state(self, new_state: Tensor) -> None:
        """Continues from a state that `get_state`, here or in PyTorch, gave.

        Raises ArgumentError for what is no uint8 tensor, ValueRangeError for a tensor that holds no state.
        """
        self.load_state_bytes(_state_bytes(new_state))

    def clone_state(self) -> Generator:
        """A new generator in the same state."""
        return _restored(self._device, self.state_bytes())

    def get_offset(self) -> int:
        """Raises UnsupportedError: only a GPU's generator counts an offset."""
        raise UnsupportedError("a CPU generator has no offset", op="get_offset")

    def set_offset(self, offset: int) -> None:
        """Raises UnsupportedError: only a GPU's generator counts an offset."""
        raise UnsupportedError("a CPU generator has no offset", op="set_offset")

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._device, self.state_bytes())


def _restored(device: Any, state: bytes) -> Generator:
    generator = Generator(device)
    generator.load_state_bytes(state)
    return generator


def _state_bytes(state: Any) -> bytes:
    if getattr(state, "dtype", None) is not uint8:
        found = getattr(state, "dtype", type(state).__name__)
        raise ArgumentError(f"a generator state is a uint8 tensor, got {found}", op="set_state")
    return bytes(state.reshape(-1).tolist())


default_generator = Generator()
default_generator.seed()


def chosen_generator(op: str, generator: Any) -> Generator:
    """The generator an op was given, or the default one; raises ArgumentError for anything else.

    While a function is being mapped, examples draw the same numbers or none (`vmap(randomness=)`).
    """
    if (randomness := RANDOMNESS.get()) and randomness != "same":
        raise UnsupportedError("a random number was asked for while a function is being mapped: with randomness='same'"
                               " every example gets the same; for different ones draw the batch before vmap", op=op,
                               randomness=randomness)
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise ArgumentError(f"generator must be a Generator or None, got {type(generator).__name__}", op=op)
    return generator


def manual_seed(seed: Any) -> Generator:
    """Seeds the default generator and returns it; `seed` is what `int()` takes, in [-2**63, 2**64).

    >>> manual_seed(0).initial_seed()
    0
    """
    default_generator.reseed(canonical_seed("manual_seed", seed))
    return default_generator


def seed() -> int:
    """Seeds the default generator with a number nobody can foresee, and returns it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed the default generator was started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state, see `Generator.get_state`."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Sets the default generator's state, see `Generator.set_state`."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, _caller: str = "fork_rng", _devices_kw: str = "devices",
             device_type: str = "cuda") -> Iterator[None]:
    """Inside the `with` block numbers may be drawn and seeds set; after it the default generator stands as before.

    The other arguments are PyTorch's, for generators of GPUs; all devices draw from the default generator here.
    """
    state = default_generator.state_bytes() if enabled else None
    try:
        yield
    finally:
        if state is not None:
            default_generator.load_state_bytes(state)
__getattr__, __dir__ = public(__name__)
