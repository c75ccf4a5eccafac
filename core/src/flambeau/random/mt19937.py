"""PyTorch's CPU generator: MT19937 words, the seeding, the cached normal and the state's byte layout.

The standard library's `random.Random` is the same engine, so the words come from it at C speed: `getrandbits(32 * n)`
is n draws, the first in the lowest bits. Around it this module keeps what PyTorch adds:

- Seeding uses the low 32 bits of a 64-bit seed; `initial_seed` gives the seed back whole.
- A 64-bit draw is two words, the high one first.
- A Box-Muller pair drawn one value at a time keeps its second value for the next call (`next_normal`).
- The state is a 5056-byte record, little-endian: seed u64, left i32, seeded i32, next u64, 624 words as u64, then
  normal_x, normal_y, normal_rho as f64, normal_is_valid i32 and 4 bytes of padding, then the float cache (f32), its
  flag, 3 bytes of padding. `normal_y` holds the cached normal; x, rho and the float cache are unused on the CPU.
"""

from __future__ import annotations

import random
import struct
import sys
from array import array
from typing import Any

from ..errors import ArgumentError, ValueRangeError

_SIZE = 624
_RECORD = struct.Struct("<QiiQ624QdddixxxxfBxxx")
_LARGEST_RUN = 1 << 24  # words asked of getrandbits at once: its count of bits is a C int in CPython 3.11

STATE_BYTES = _RECORD.size


def canonical_seed(op: str, seed: Any) -> int:
    """What `int()` makes of `seed` as an unsigned 64-bit number; negative ones count down from 2**64.

    Raises ArgumentError for what is no number, ValueRangeError outside [-2**63, 2**64).
    """
    try:
        number = int(seed)
    except TypeError as error:
        raise ArgumentError(f"seed must be an int, got {seed!r}", op=op, seed=seed) from error
    except ValueError as error:
        raise ValueRangeError(f"seed must be an int, got {seed!r}", op=op, seed=seed) from error
    if not -(1 << 63) <= number < 1 << 64:
        raise ValueRangeError(f"seed {number} is outside [-2**63, 2**64)", op=op, seed=number)
    return number % (1 << 64)


def seeded_words(seed: int) -> tuple[int, ...]:
    """The 624 words that MT19937 starts from for a 32-bit seed."""
    word = seed & 0xFFFFFFFF
    words = [word]
    for i in range(1, _SIZE):
        word = (1812433253 * (word ^ (word >> 30)) + i) & 0xFFFFFFFF
        words.append(word)
    return tuple(words)


class Engine:
    """A stream of words with PyTorch's seeding, normal cache and state record."""

    __slots__ = ("__weakref__", "_seed", "_seeded_words", "_words", "next_normal")

    def __init__(self, seed: int) -> None:
        self._words = random.Random(0)  # not for secrets: the stream is the specification
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Starts the stream of `seed`, an unsigned 64-bit number, and forgets the cached normal."""
        self._seed = seed
        self._seeded_words = seeded_words(seed)
        self._words.setstate((3, (*self._seeded_words, _SIZE), None))
        self.next_normal: float | None = None

    def initial_seed(self) -> int:
        """The seed this stream was started from, as an unsigned 64-bit number."""
        return self._seed

    def bits32(self, n: int) -> bytes:
        """`n` draws of 32 bits as little-endian words."""
        draw = self._words.getrandbits
        if n <= _LARGEST_RUN:
            return draw(32 * n).to_bytes(4 * n, "little") if n else b""
        runs = [_LARGEST_RUN] * (n // _LARGEST_RUN) + [n % _LARGEST_RUN]
        return b"".join(draw(32 * run).to_bytes(4 * run, "little") for run in runs if run)

    def bits64(self, n: int) -> bytes:
        """`n` draws of 64 bits, two words each and the high one first, as little-endian numbers."""
        words = array("I", self.bits32(2 * n))
        words[0::2], words[1::2] = words[1::2], words[0::2]
        return words.tobytes()

    def words32(self, n: int) -> array[int]:
        """`n` draws of 32 bits as unsigned numbers."""
        return _numbers("I", self.bits32(n))

    def words64(self, n: int) -> array[int]:
        """`n` draws of 64 bits as unsigned numbers."""
        return _numbers("Q", self.bits64(n))

    def random(self) -> int:
        """One draw of 32 bits."""
        return self._words.getrandbits(32)

    def random64(self) -> int:
        """One draw of 64 bits."""
        high = self._words.getrandbits(32)
        return high << 32 | self._words.getrandbits(32)

    def state_bytes(self) -> bytes:
        """The stream's state in PyTorch's own layout."""
        *words, index = self._words.getstate()[1]
        fresh = index == _SIZE and tuple(words) == self._seeded_words  # nothing drawn yet: PyTorch writes next = 0
        cached = self.next_normal
        return _RECORD.pack(self._seed, _SIZE + 1 - index, 1, 0 if fresh else index, *words,
                            0.0, cached or 0.0, 0.0, cached is not None, 0.0, 0)

    def load_state_bytes(self, data: bytes) -> None:
        """Continues from a state that `state_bytes`, or PyTorch, wrote.

        Raises ValueRangeError for another length or a record that is no MT19937 state; the stream is then unchanged.
        """
        if len(data) != STATE_BYTES:
            raise ValueRangeError(f"a generator state has {STATE_BYTES} bytes, got {len(data)}", op="set_state")
        seed, left, seeded, following, *words = _RECORD.unpack(data)
        *words, _, cached, _, is_cached, _, _ = words
        if seeded != 1 or not 0 < left <= _SIZE or following not in (_SIZE + 1 - left, 0 if left == 1 else -1):
            raise ValueRangeError(f"not an MT19937 state: seeded={seeded}, left={left}, next={following}",
                                  op="set_state")
        state = tuple(word & 0xFFFFFFFF for word in words)
        self._words.setstate((3, (*state, _SIZE + 1 - left), None))
        self._seed = seed
        self._seeded_words = state if following == 0 else ()
        self.next_normal = cached if is_cached else None


def _numbers(code: str, data: bytes) -> array[int]:
    numbers = array(code, data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
