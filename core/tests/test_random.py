"""The CPU streams: words, seeding, state and the sequential draws are PyTorch's; the values were recorded from 2.13."""

import copy
import hashlib
import pickle
import random as standard
import struct

import pytest

from flambeau.errors import ArgumentError, ValueRangeError
from flambeau.random import Generator, chosen_generator, draws, fork_rng, initial_seed, manual_seed, seed
from flambeau.random.mt19937 import STATE_BYTES, Engine, canonical_seed


def fingerprint(engine: Engine) -> str:
    return hashlib.sha256(engine.state_bytes()).hexdigest()[:16]


def close(values: list[float]) -> object:
    return pytest.approx(values, rel=1e-15)


@pytest.mark.parametrize(("number", "state"), [(0, "1ccf17250133dec5"), (7, "daf9268b18e87b02"),
                                               (2**32 + 5, "53de43f464fbbbb0"), (-1, "74c65bce05a4fcdd")])
def test_a_seeded_state_has_pytorchs_bytes(number: int, state: str):
    assert fingerprint(Generator().manual_seed(number)) == state


@pytest.mark.parametrize(("words", "state"), [(3, "23a93745337b31b4"), (624, "5fb8e6083bf899e5"),
                                              (625, "e8f8ab7285a3d808")])
def test_the_state_counts_words_as_pytorch_does(words: int, state: str):
    generator = Generator().manual_seed(7)
    generator.bits32(words)
    assert fingerprint(generator) == state


def test_the_state_holds_the_second_normal_of_a_pair():
    generator = Generator().manual_seed(7)
    draws.standard_normals(generator, 3)
    assert fingerprint(generator) == "5dc20bbdc68dede5"
    restored = Engine(0)
    restored.load_state_bytes(generator.state_bytes())
    assert restored.next_normal == generator.next_normal is not None
    assert draws.standard_normals(restored, 4) == draws.standard_normals(generator, 4)


def test_only_the_low_32_bits_of_a_seed_choose_the_stream_and_all_are_kept():
    wide, narrow = Engine(2**32 + 5), Engine(5)
    assert wide.bits32(8) == narrow.bits32(8)
    assert (wide.initial_seed(), narrow.initial_seed()) == (2**32 + 5, 5)


def test_words_are_the_standard_librarys_mersenne_twister():
    engine, twin = Engine(3), standard.Random()
    twin.setstate((3, (*struct.unpack("<624Q", Engine(3).state_bytes()[24:5016]), 624), None))
    assert list(engine.words32(1000)) == [twin.getrandbits(32) for _ in range(1000)]


def test_a_64_bit_draw_is_two_words_high_one_first():
    wide, narrow = Engine(3), Engine(3)
    assert list(wide.words64(300)) == [narrow.random() << 32 | narrow.random() for _ in range(300)]
    assert wide.random64() == narrow.random() << 32 | narrow.random()


def test_bulk_draws_and_single_draws_are_one_stream():
    bulk, single = Engine(11), Engine(11)
    assert bulk.bits32(700) + bulk.bits64(5) == b"".join(
        [single.bits32(1) for _ in range(700)] + [single.bits64(1) for _ in range(5)])


def test_more_words_than_one_run_of_the_standard_generator(monkeypatch: pytest.MonkeyPatch):
    expected = Engine(1).bits32(1000)
    monkeypatch.setattr("flambeau.random.mt19937._LARGEST_RUN", 256)
    assert Engine(1).bits32(1000) == expected
    assert Engine(1).bits32(0) == b""


DRAWS = {
    "permutation": (lambda g: draws.permutation(g, 10), [5, 0, 3, 4, 1, 7, 9, 6, 8, 2], "b9a5bfdb2348adce"),
    "empty permutation": (lambda g: draws.permutation(g, 0), [], "daf9268b18e87b02"),
    "integers": (lambda g: draws.integers(g, 8, -5, 15), [-5, 2, -4, 6, 8, 7, -3, 9], "6f68beddc09816be"),
    "integers of 40 bits": (lambda g: draws.integers(g, 4, -5, 2**40 + 5),
                            [752589289487, 108678733351, 291927467744, 650436095315], "6f68beddc09816be"),
    "largest span of single words": (lambda g: draws.integers(g, 3, 0, 2**28 - 1), [59306160, 171107527, 128500261],
                                     "23a93745337b31b4"),
    "smallest span of double words": (lambda g: draws.integers(g, 3, 0, 2**28), [171107524, 27798006, 174903507],
                                      "855b920b20631514"),
    "normals": (lambda g: draws.normals(g, 3, 0.0, 1.0) + draws.normals(g, 2, 1.5, 0.25),
                [-0.1467950974849952, 0.7861412987235358, 0.9468216090039564, 1.2214139946847422, 1.9226975314485584],
                "634ce888cc905dfc"),
    "log normals": (lambda g: draws.log_normals(g, 3, 0.1, 0.5),
                    [1.0269594551598344, 1.6373361940601319, 1.7743085620021521], "5dc20bbdc68dede5"),
    "exponentials": (lambda g: draws.exponentials(g, 3, 1.7),
                     [0.19273171940181116, 0.18810792417775202, 1.1653973260464425], "855b920b20631514"),
    "cauchys": (lambda g: draws.cauchys(g, 3, 0.1, 1.7),
                [-1.3119448174361985, -1.3640451948082175, 3.7752167874614897], "855b920b20631514"),
    "geometrics": (lambda g: draws.geometrics(g, 5, 0.1), [13.0, 13.0, 2.0, 4.0, 1.0], "a5865e82ce5cf576"),
    "categories": (lambda g: draws.categories(g, [0.1, 0.2, 0.3, 0.4], 8, True), [1, 1, 3, 3, 3, 3, 1, 2],
                   "d2ec846d4e0489f5"),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_pytorchs_and_take_as_many_words(name: str):
    draw, values, state = DRAWS[name]
    generator = Generator().manual_seed(7)
    drawn = draw(generator)
    assert drawn == (close(values) if any(type(v) is float for v in values) else values)
    assert fingerprint(generator) == state


def test_a_huge_permutation_runs_inside_out_on_64_bit_draws(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(draws, "_WIDE_PERMUTATION", 4)
    engine, twin = Engine(5), Engine(5)
    expected: list[int] = []
    for i in range(50):
        j = twin.random64() % (i + 1)
        expected.append(i)
        expected[i] = expected[j]
        expected[j] = i
    assert draws.permutation(engine, 50) == expected
    assert sorted(expected) == list(range(50))


@pytest.mark.parametrize(("a", "b", "c", "expected"), [
    (0.1, 10.0, -1.0, 5.551115123125783e-17),  # 0.1 is not a tenth: the exact product shows it
    (3.0, 2.0, 1.0, 7.0), (1e308, 10.0, -1e308, float("inf")), (-1e308, 10.0, 1e308, float("-inf")),
    (float("inf"), 2.0, 1.0, float("inf")), (2.0, 3.0, float("-inf"), float("-inf"))])
def test_fused_rounds_once(a: float, b: float, c: float, expected: float):
    assert draws.fused(a, b, c) == expected


def test_scaling_by_nothing_leaves_every_bit():
    values = draws.standard_normals(Engine(1), 20)
    assert draws.scaled(values, 1.0, 0.0) == values


@pytest.mark.parametrize(("value", "expected"), [(0.1, 0.10000000149011612), (1e39, float("inf")),
                                                 (-1e39, float("-inf")), (-0.0, -0.0)])
def test_to_single_is_float32(value: float, expected: float):
    assert struct.pack("<d", draws.to_single(value)) == struct.pack("<d", expected)


def test_log_normals_and_their_like_stay_finite_or_turn_infinite():
    assert draws.log_normals(Engine(1), 2, 1e6, 1.0) == [float("inf")] * 2


# --- seeds


@pytest.mark.parametrize(("given", "kept"), [(0, 0), (-1, 2**64 - 1), (-(2**63), 2**63), (2**64 - 1, 2**64 - 1),
                                             (1.7, 1), ("12", 12), (True, 1)])
def test_manual_seed_takes_what_int_takes(given: object, kept: int):
    with fork_rng():
        assert manual_seed(given).initial_seed() == initial_seed() == kept


@pytest.mark.parametrize(("given", "error", "message"), [
    (2**64, ValueRangeError, r"seed 18446744073709551616 is outside \[-2\*\*63, 2\*\*64\) \(FL106\)"),
    (-(2**63) - 1, ValueRangeError, "is outside"), ("a", ValueRangeError, "seed must be an int, got 'a'"),
    (None, ArgumentError, "seed must be an int, got None"), ([1], ArgumentError, r"got \[1\]")])
def test_seeds_that_are_none(given: object, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        canonical_seed("manual_seed", given)


@pytest.mark.parametrize("given", [1.5, "1", True, None])
def test_a_generator_takes_only_ints_as_seed(given: object):
    with pytest.raises(RuntimeError, match="manual_seed: seed must be an int"):
        Generator().manual_seed(given)  # type: ignore[arg-type]


def test_seed_is_a_new_one_each_time():
    generator = Generator()
    first = generator.seed()
    assert first == generator.initial_seed() != generator.seed()
    with fork_rng():
        assert seed() == initial_seed()


def test_a_new_generator_has_pytorchs_default_seed():
    assert Generator().initial_seed() == 67280421310721


def test_seeding_forgets_the_cached_normal():
    generator = Generator().manual_seed(7)
    draws.standard_normals(generator, 1)
    assert draws.standard_normals(generator.manual_seed(7), 2) == close([-0.1467950974849952, 0.7861412987235358])


def test_generators_are_independent_and_copy_with_their_state():
    generator = Generator().manual_seed(1)
    draws.standard_normals(generator, 3)
    copies = [generator.clone_state(), copy.deepcopy(generator), pickle.loads(pickle.dumps(generator))]
    expected = draws.standard_normals(generator, 5)
    assert [draws.standard_normals(twin, 5) for twin in copies] == [expected] * 3


def test_fork_rng_puts_the_default_generator_back():
    generator = manual_seed(5)
    before = generator.state_bytes()
    with fork_rng():
        draws.uniforms(manual_seed(6), 3)
    assert generator.state_bytes() == before
    with fork_rng(enabled=False):
        generator.random()
    assert generator.state_bytes() != before


def test_an_offset_is_a_gpu_generators():
    with pytest.raises(NotImplementedError, match="a CPU generator has no offset"):
        Generator().get_offset()
    with pytest.raises(NotImplementedError, match="a CPU generator has no offset"):
        Generator().set_offset(3)


def test_what_is_no_generator_is_named():
    with pytest.raises(TypeError, match="rand: generator must be a Generator or None, got int"):
        chosen_generator("rand", 3)


# --- states


@pytest.mark.parametrize(("spoil", "message"), [
    (lambda s: s[:10], "a generator state has 5056 bytes, got 10"),
    (lambda s: bytes(STATE_BYTES), "not an MT19937 state: seeded=0, left=0, next=0"),
    (lambda s: s[:8] + struct.pack("<ii", 625, 1) + s[16:], "left=625"),
    (lambda s: s[:16] + struct.pack("<Q", 9) + s[24:], "next=9")])
def test_a_broken_state_is_refused_and_changes_nothing(spoil, message: str):
    engine = Engine(4)
    engine.bits32(10)
    before = engine.state_bytes()
    with pytest.raises(ValueRangeError, match=message):
        engine.load_state_bytes(spoil(before))
    assert engine.state_bytes() == before


@pytest.mark.parametrize("words", [0, 1, 623, 624, 625, 1248])
def test_a_state_continues_the_stream_and_reads_back(words: int):
    engine, restored = Engine(9), Engine(0)
    engine.bits32(words)
    restored.load_state_bytes(engine.state_bytes())
    assert restored.state_bytes() == engine.state_bytes()
    assert restored.initial_seed() == 9
    assert restored.bits32(1300) == engine.bits32(1300)
