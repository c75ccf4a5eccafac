"""Data loading takes PyTorch's random numbers in PyTorch's order, and makes PyTorch's batches."""

import collections

import numpy as np
import pytest
import torch

import flambeau

Point = collections.namedtuple("Point", ["x", "y"])


def plain(value):
    """A batch with its tensors as (dtype, nested lists), for comparison between the libraries."""
    if isinstance(value, (flambeau.Tensor, torch.Tensor)):
        return str(value.dtype).split(".")[-1], value.tolist()
    if isinstance(value, dict):
        return type(value).__name__, {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(v) for v in value]
    return value


def data_of(library):
    return library.utils.data if library is flambeau else torch.utils.data


def run(library, action, seed=0):
    library.manual_seed(seed)
    answer = action(library, data_of(library))
    return plain(answer), library.rand(1).item()


DRAWS = {
    "shuffled": lambda lib, d: [b for _ in range(2) for b in d.DataLoader(list(range(10)), 4, shuffle=True)],
    "in order": lambda lib, d: list(d.DataLoader(list(range(10)), 4, drop_last=True)),
    "two passes at once": lambda lib, d: (lambda loader: list(zip(loader, loader, strict=True)))(
        d.DataLoader(list(range(7)), 2, shuffle=True)),
    "own generator": lambda lib, d: list(d.DataLoader(list(range(10)), 3, shuffle=True,
                                                      generator=lib.Generator().manual_seed(3))),
    "random sampler": lambda lib, d: [list(d.RandomSampler(range(9), num_samples=n)) for n in (4, 9, 21)],
    "with replacement": lambda lib, d: list(d.RandomSampler(range(9), replacement=True, num_samples=70)),
    "with replacement, own generator": lambda lib, d: list(d.RandomSampler(
        range(9), True, 64, generator=lib.Generator().manual_seed(3))),
    "subset": lambda lib, d: list(d.SubsetRandomSampler([3, 1, 4, 1, 5])),
    "weighted": lambda lib, d: list(d.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7], 9)),
    "weighted without replacement": lambda lib, d: list(d.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7], 3, False)),
    "batches": lambda lib, d: list(d.BatchSampler(d.RandomSampler(range(7)), 3, False)),
    "split": lambda lib, d: [list(s) for s in d.random_split(range(10), [7, 2, 1])],
    "split by fractions": lambda lib, d: [list(s) for s in d.random_split(range(11), [0.5, 0.3, 0.2])],
    "split with a generator": lambda lib, d: [s.indices for s in d.random_split(
        range(10), [3, 7], generator=lib.Generator().manual_seed(42))],
    "distributed": lambda lib, d: [list(d.DistributedSampler(range(10), 3, r, seed=2, drop_last=drop))
                                   for r in range(3) for drop in (False, True)],
    "distributed, few samples": lambda lib, d: [list(d.DistributedSampler(range(2), 7, r, shuffle=False))
                                                for r in range(7)],
}


@pytest.mark.parametrize("case", DRAWS)
def test_random_orders_are_pytorchs_and_so_is_the_stream_after(case):
    assert run(flambeau, DRAWS[case]) == run(torch, DRAWS[case])


def test_a_new_epoch_of_the_distributed_sampler():
    def orders(lib, d):
        sampler = d.DistributedSampler(range(8), 2, 1)
        first = list(sampler)
        sampler.set_epoch(5)
        return first, list(sampler), len(sampler)

    assert run(flambeau, orders) == run(torch, orders)


SAMPLES = {
    "tensors": lambda lib: [lib.tensor([1.0, 2.0]), lib.tensor([3.0, 4.0])],
    "floats": lambda lib: [1.0, 2.5],
    "ints": lambda lib: [1, 2],
    "bools": lambda lib: [True, False],
    "strings": lambda lib: ["a", "b"],
    "tuples": lambda lib: [(1, "a", lib.tensor(2)), (3, "b", lib.tensor(4))],
    "lists": lambda lib: [[1, 2.0], [3, 4.0]],
    "dicts": lambda lib: [{"x": 1, "y": [2]}, {"x": 3, "y": [4]}],
    "ordered dicts": lambda lib: [collections.OrderedDict(x=1), collections.OrderedDict(x=2)],
    "named tuples": lambda lib: [Point(1, 2.0), Point(3, 4.0)],
    "arrays": lambda lib: [np.arange(3, dtype=np.int16), np.arange(3, dtype=np.int16)],
    "NumPy scalars": lambda lib: [np.float32(1.5), np.float32(2.5)],
    "NumPy doubles": lambda lib: [np.float64(1.5), np.float64(2.5)],
    "NumPy ints": lambda lib: [np.int32(1), np.int32(2)],
}


@pytest.mark.parametrize("case", SAMPLES)
def test_collated_and_converted_samples(case):
    for function in ("default_collate", "default_convert"):
        mine = getattr(data_of(flambeau), function)(SAMPLES[case](flambeau))
        other = getattr(data_of(torch), function)(SAMPLES[case](torch))
        assert plain(mine) == plain(other)


def pairs(lib):
    return data_of(lib).TensorDataset(lib.arange(10), lib.arange(20.0).reshape(10, 2))


LOADERS = {
    "pairs": lambda lib, d: d.DataLoader(pairs(lib), 4),
    "pairs of a subset": lambda lib, d: d.DataLoader(d.Subset(d.Subset(pairs(lib), [5, 3, 8, 1]), [3, 0, 2]), 2),
    "pairs, own collate": lambda lib, d: d.DataLoader(pairs(lib), 4, collate_fn=lambda batch: len(batch)),
    "single samples": lambda lib, d: d.DataLoader(pairs(lib), batch_size=None),
    "a sampler": lambda lib, d: d.DataLoader(pairs(lib), 2, sampler=[3, 1, 4]),
    "a batch sampler": lambda lib, d: d.DataLoader(pairs(lib), batch_sampler=[[1, 2], [3]]),
    "concatenated": lambda lib, d: d.DataLoader(pairs(lib) + d.Subset(pairs(lib), [2, 1]), 5),
    "stacked": lambda lib, d: d.DataLoader(d.StackDataset(range(4), "abcd"), 3),
    "stacked by name": lambda lib, d: d.DataLoader(d.StackDataset(number=range(4), letter="abcd"), 3),
    "a list": lambda lib, d: d.DataLoader([(i, str(i)) for i in range(5)], 2),
}


@pytest.mark.parametrize("case", LOADERS)
def test_batches_and_their_number(case):
    mine, other = (LOADERS[case](lib, data_of(lib)) for lib in (flambeau, torch))
    assert plain(list(mine)) == plain(list(other))
    assert len(mine) == len(other)


def stream(lib, size):
    class Stream(data_of(lib).IterableDataset):
        def __iter__(self):
            return iter(range(size))

        def __len__(self):
            return size

    return Stream()


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, None])
def test_streams(batch_size, drop_last):
    def batches(lib):
        data = stream(lib, 4) + stream(lib, 3)
        loader = data_of(lib).DataLoader(data, batch_size, drop_last=drop_last and batch_size is not None)
        return plain(list(loader)), len(loader)

    assert batches(flambeau) == batches(torch)


ERRORS = {
    "sampler and shuffle": lambda lib, d: d.DataLoader([1], sampler=[0], shuffle=True),
    "batch sampler and size": lambda lib, d: d.DataLoader([1], batch_size=2, batch_sampler=[[0]]),
    "drop_last of single samples": lambda lib, d: d.DataLoader([1], batch_size=None, drop_last=True),
    "negative workers": lambda lib, d: d.DataLoader([1], num_workers=-1),
    "negative timeout": lambda lib, d: d.DataLoader([1], timeout=-1),
    "persistence without workers": lambda lib, d: d.DataLoader([1], persistent_workers=True),
    "batch size": lambda lib, d: d.DataLoader([1], batch_size=0),
    "set after": lambda lib, d: setattr(d.DataLoader([1]), "batch_size", 3),
    "shuffled stream": lambda lib, d: d.DataLoader(stream(lib, 3), shuffle=True),
    "no samples to shuffle": lambda lib, d: d.DataLoader([], shuffle=True),
    "replacement": lambda lib, d: d.RandomSampler([1], replacement=3),
    "lengths": lambda lib, d: d.random_split([1, 2], [1, 2]),
    "drop_last": lambda lib, d: d.BatchSampler([1], 2, 3),
    "tensor sizes": lambda lib, d: d.TensorDataset(lib.zeros(2), lib.zeros(3)),
    "no datasets": lambda lib, d: d.ConcatDataset([]),
    "stream in concat": lambda lib, d: d.ConcatDataset([stream(lib, 2)]),
    "concat index": lambda lib, d: d.ConcatDataset([[1]])[-2],
    "unequal lists": lambda lib, d: d.default_collate([[1], [1, 2]]),
    "weights": lambda lib, d: d.WeightedRandomSampler([[0.1]], 2),
    "rank": lambda lib, d: d.DistributedSampler([1], 2, 2),
    "stacked lengths": lambda lib, d: d.StackDataset([1], [1, 2]),
    "no item": lambda lib, d: d.Dataset()[0],
    "an object": lambda lib, d: d.default_collate([object()]),
}


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_has_pytorchs_type_and_text(case):
    caught = []
    for lib in (flambeau, torch):
        with pytest.raises(Exception) as info:
            ERRORS[case](lib, data_of(lib))
        caught.append(info.value)
    mine, other = caught
    assert isinstance(mine, next(kind for kind in type(other).__mro__ if kind.__module__ == "builtins"))
    assert str(other).rstrip(".") in str(mine)  # ours may name the op and the sizes beside it


class Squares(flambeau.utils.data.Dataset):
    def __len__(self):
        return 11

    def __getitem__(self, index):
        info = flambeau.utils.data.get_worker_info()
        return index * index, info.id if info else -1, flambeau.rand(()).item()


class TorchSquares(torch.utils.data.Dataset):
    def __len__(self):
        return 11

    def __getitem__(self, index):
        info = torch.utils.data.get_worker_info()
        return index * index, info.id if info else -1, torch.rand(()).item()


@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_workers_take_the_same_samples_and_draw_the_same_numbers():
    def batches(lib, d):
        return list(d.DataLoader(Squares() if lib is flambeau else TorchSquares(), 3, shuffle=True, num_workers=2))

    assert run(flambeau, batches) == run(torch, batches)
