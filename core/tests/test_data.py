"""Datasets, samplers and loaders: PyTorch's orders from the same seed (recorded), batches by hand."""

import collections
import os
import time

import pytest

import flambeau
from flambeau.errors import ArgumentError, PreconditionError, ShapeError, UnsupportedError, ValueRangeError, WorkerError
from flambeau.utils import data

Pair = collections.namedtuple("Pair", ["x", "y"])


def seeded(make, seed=0):
    flambeau.manual_seed(seed)
    return make()


def lists(value):
    if isinstance(value, flambeau.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {k: lists(v) for k, v in value.items()}
    return [lists(v) for v in value] if isinstance(value, (list, tuple)) else value


# -- random orders -------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "expected"), [
    (lambda: [b.tolist() for b in data.DataLoader(range(7), 3, shuffle=True)], [[0, 4, 1], [5, 2, 6], [3]]),
    (lambda: [list(s) for s in data.random_split(range(10), [0.5, 0.3, 0.2])],
     [[4, 1, 7, 5, 3], [9, 0, 8], [6, 2]]),
    (lambda: list(data.RandomSampler(range(5), True, 7)), [1, 0, 4, 3, 4, 0, 2]),
    (lambda: list(data.SubsetRandomSampler([10, 20, 30, 40])), [10, 20, 40, 30]),
    (lambda: [list(data.DistributedSampler(range(7), 2, r)) for r in (0, 1)], [[4, 5, 2, 1], [0, 3, 6, 4]]),
], ids=["loader", "split", "with replacement", "subset", "distributed"])
def test_orders_are_pytorchs(make, expected):
    assert seeded(make) == expected


def test_a_loader_leaves_the_stream_where_pytorchs_does():
    seeded(lambda: list(data.DataLoader(range(7), 3, shuffle=True)))
    assert flambeau.rand(1).item() == 0.30742281675338745


def test_a_generator_of_ones_own_leaves_the_default_one_alone():
    before = seeded(lambda: flambeau.rand(1).item())
    flambeau.manual_seed(0)
    generator = flambeau.Generator().manual_seed(5)
    first = lists(list(data.DataLoader(range(9), 4, shuffle=True, generator=generator)))
    assert flambeau.rand(1).item() == before
    assert lists(list(data.DataLoader(range(9), 4, shuffle=True, generator=generator.manual_seed(5)))) == first


def test_weights_are_respected():
    drawn = seeded(lambda: list(data.WeightedRandomSampler([0.0, 1.0, 3.0], 400)))
    assert 0 not in drawn and 250 < drawn.count(2) < 350
    assert sorted(data.WeightedRandomSampler([1.0, 1.0, 1.0], 3, replacement=False)) == [0, 1, 2]


def test_batches_of_indices():
    assert list(data.BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(data.BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
    assert len(data.BatchSampler(range(5), 2, False)) == 3 and len(data.BatchSampler(range(5), 2, True)) == 2


# -- datasets ------------------------------------------------------------------------------------


def test_datasets():
    pairs = data.TensorDataset(flambeau.arange(4), flambeau.arange(8).reshape(4, 2))
    assert lists(pairs[2]) == [2, [4, 5]] and len(pairs) == 4
    some = data.Subset(pairs, [3, 1])
    assert lists(some[0]) == [3, [6, 7]] and len(some) == 2 and lists(some[[1, 0]])[0] == [1, 3]
    both = pairs + some
    assert len(both) == 6 and lists(both[5]) == [1, [2, 3]] and lists(both[-2]) == [3, [6, 7]]
    stacked = data.StackDataset(number=range(3), letter="abc")
    assert stacked[1] == {"number": 1, "letter": "b"} and stacked.__getitems__([0, 2])[1]["letter"] == "c"
    assert data.StackDataset(range(3), "abc")[2] == (2, "c")


def test_fractions_leave_nothing_over():
    assert [len(s) for s in data.random_split(range(11), [0.25, 0.25, 0.5])] == [3, 3, 5]
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        data.random_split(range(1), [0.5, 0.5])


class Stream(data.IterableDataset):
    def __init__(self, size):
        self.size = size

    def __iter__(self):
        info = data.get_worker_info()
        return iter(range(self.size)) if info is None else iter(range(info.id, self.size, info.num_workers))

    def __len__(self):
        return self.size


def test_streams():
    assert lists(list(data.DataLoader(Stream(5), 2))) == [[0, 1], [2, 3], [4]]
    assert lists(list(data.DataLoader(Stream(5), 2, drop_last=True))) == [[0, 1], [2, 3]]
    assert list(data.DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]
    chained = Stream(2) + Stream(1)
    assert list(chained) == [0, 1, 0] and len(chained) == 3
    assert len(data.DataLoader(Stream(5), 2)) == 3


def test_a_stream_longer_than_it_says_warns():
    stream = Stream(2)
    loader = data.DataLoader(stream)
    assert len(loader) == 2
    stream.size = 3
    with pytest.warns(UserWarning, match="was reported to be 2"):
        assert [batch.item() for batch in loader] == [0, 1, 2]


# -- collating -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("samples", "expected"), [
    ([1, 2], [1, 2]), ([1.5, 2.5], [1.5, 2.5]), (["a", "b"], ["a", "b"]), ([b"a"], [b"a"]),
    ([(1, "a"), (2, "b")], [[1, 2], ("a", "b")]), ([{"x": 1}, {"x": 2}], {"x": [1, 2]}),
    ([[1, 2], [3, 4]], [[1, 3], [2, 4]]), ([True, False], [True, False]),
])
def test_default_collate(samples, expected):
    assert lists(data.default_collate(samples)) == lists(expected)


def test_default_collate_keeps_dtypes_and_named_tuples():
    assert data.default_collate([1.5]).dtype is flambeau.float64
    assert data.default_collate([1]).dtype is flambeau.int64
    assert data.default_collate([True]).dtype is flambeau.bool
    batch = data.default_collate([Pair(flambeau.ones(2), 1), Pair(flambeau.zeros(2), 2)])
    assert isinstance(batch, Pair) and lists(batch) == [[[1, 1], [0, 0]], [1, 2]]
    assert data.default_convert({"a": (1, "b")}) == {"a": [1, "b"]}


def test_loaders_of_tensors_index_once_and_give_what_collating_gives():
    pairs = data.TensorDataset(flambeau.arange(6), flambeau.arange(12.0).reshape(6, 2))
    some = data.Subset(pairs, [5, 0, 3])
    direct = [lists(b) for b in data.DataLoader(some, 2)]
    collated = [lists(b) for b in data.DataLoader(some, 2, collate_fn=lambda b: data.default_collate(b))]
    assert direct == collated == [[[5, 0], [[10, 11], [0, 1]]], [[3], [[6, 7]]]]


def test_samplers_and_single_samples():
    assert lists(list(data.DataLoader(range(5), 2, sampler=[4, 2, 0]))) == [[4, 2], [0]]
    assert lists(list(data.DataLoader(range(5), batch_sampler=[[1], [2, 3]]))) == [[1], [2, 3]]
    assert list(data.DataLoader("abc", batch_size=None)) == ["a", "b", "c"]
    assert lists(list(data.DataLoader(range(5), 2, collate_fn=sum))) == [1, 5, 4]


@pytest.mark.parametrize(("action", "error", "text"), [
    (lambda: data.DataLoader([1], sampler=[0], shuffle=True), ValueRangeError, "mutually exclusive with shuffle"),
    (lambda: data.DataLoader([1], 2, batch_sampler=[[0]]), ValueRangeError, "mutually exclusive with batch_size"),
    (lambda: data.DataLoader([1], None, drop_last=True), ValueRangeError, "disables auto-batching"),
    (lambda: data.DataLoader([1], num_workers=-1), ValueRangeError, "num_workers option should be non-negative"),
    (lambda: data.DataLoader([1], prefetch_factor=2), ValueRangeError, "only be specified in multiprocessing"),
    (lambda: data.DataLoader([1], multiprocessing_context="fork"), ValueRangeError, "num_workers > 0"),
    (lambda: data.DataLoader([1], 0), ValueRangeError, "positive integer value, but got batch_size=0"),
    (lambda: setattr(data.DataLoader([1]), "dataset", 3), ValueRangeError, "should not be set after DataLoader is"),
    (lambda: data.DataLoader(Stream(1), shuffle=True), ValueRangeError, "expected unspecified shuffle option"),
    (lambda: data.TensorDataset(flambeau.ones(2), flambeau.ones(3)), PreconditionError, "Size mismatch"),
    (lambda: data.ConcatDataset([]), PreconditionError, "should not be an empty iterable"),
    (lambda: data.ConcatDataset([[1]])[1], IndexError, "index 1 is out of range for 1 samples"),
    (lambda: data.random_split([1, 2], [3]), ValueRangeError, "Sum of input lengths does not equal"),
    (lambda: data.default_collate([[1], [1, 2]]), ShapeError, "should be of equal size"),
    (lambda: data.default_collate([object()]), ArgumentError, "found <class 'object'>"),
    (lambda: data.Dataset()[0], UnsupportedError, "should implement __getitem__"),
    (lambda: data.DistributedSampler([1], 2, 5), ValueRangeError, "Invalid rank 5"),
    (lambda: data.StackDataset([1], [1, 2]), ValueRangeError, "Size mismatch between datasets"),
    (lambda: data.RandomSampler([]), ValueRangeError, "positive integer value, but got num_samples=0"),
])
def test_misuse_raises(action, error, text):
    with pytest.raises(error, match=text):
        action()


def test_a_subset_that_overrides_half():
    class Doubled(data.Subset):
        def __getitem__(self, index):
            return 2 * super().__getitem__(index)

    with pytest.raises(UnsupportedError, match="Doubled overrides __getitem__ but not __getitems__"):
        Doubled([1], [0])


# -- worker processes ----------------------------------------------------------------------------

workers = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


class Told(data.Dataset):
    """Samples that say in which worker they were made; some raise or die."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        info = data.get_worker_info()
        return index, info.id, info.num_workers, info.seed


class Failing(Told):
    def __getitem__(self, index):
        if index == 3:
            raise KeyError("no sample three")
        return index


class Dying(Told):
    def __getitem__(self, index):
        os._exit(3)


class Slow(Told):
    def __getitem__(self, index):
        time.sleep(20)


@workers
def test_workers_share_the_batches_and_keep_their_order():
    assert data.get_worker_info() is None
    loader = data.DataLoader(Told(), 2, num_workers=2)
    batches = lists(list(loader))
    assert [b[0] for b in batches] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert [b[1] for b in batches] == [[0, 0], [1, 1], [0, 0], [1, 1]]
    assert batches[1][3][0] == batches[0][3][0] + 1
    assert lists(list(loader))[0][3] != batches[0][3], "every pass has a seed of its own"


@workers
def test_persistent_workers_serve_several_passes():
    loader = data.DataLoader(range(6), 2, num_workers=2, persistent_workers=True)
    first = iter(loader)
    assert lists(next(first)) == [0, 1]
    assert lists(list(loader)) == [[0, 1], [2, 3], [4, 5]]
    assert lists(list(loader)) == [[0, 1], [2, 3], [4, 5]]


@workers
def test_workers_share_a_stream():
    batches = lists(list(data.DataLoader(Stream(7), 2, num_workers=2)))
    assert sorted(n for batch in batches for n in batch) == list(range(7))


@workers
def test_an_exception_travels_with_its_traceback():
    loader = iter(data.DataLoader(Failing(), 2, num_workers=1))
    assert lists(next(loader)) == [0, 1]
    with pytest.raises(KeyError, match=r"in DataLoader worker process 0.*no sample three"):
        next(loader)


@workers
def test_a_function_is_called_in_each_worker():
    def fail(worker):
        raise ValueError(f"worker {worker} has no data")

    with pytest.raises(ValueError, match="worker 0 has no data"):
        list(data.DataLoader(range(4), num_workers=1, worker_init_fn=fail))


@workers
def test_a_worker_that_dies_is_reported():
    with pytest.raises(WorkerError, match=r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly"):
        list(data.DataLoader(Dying(), num_workers=1))


@workers
def test_a_worker_that_takes_too_long_is_reported():
    with pytest.raises(WorkerError, match=r"timed out after 0.5 seconds"):
        list(data.DataLoader(Slow(), num_workers=1, timeout=0.5))
