"""Datasets: what maps an index to a sample, and what yields samples."""

from __future__ import annotations

import bisect
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

from ...errors import IndexRangeError, PreconditionError, UnsupportedError, ValueRangeError
from ...functions import randperm
from ...random import Generator
from ...tensors.tensor import Tensor

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """Samples by index; subclasses define `__getitem__` and mostly `__len__`, and may define `__getitems__`."""

    def __getitem__(self, index: Any) -> T:
        raise UnsupportedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Any) -> Any:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T], Iterable[T]):
    """Samples in a stream; subclasses define `__iter__`."""

    def __add__(self, other: Any) -> ChainDataset:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample i holds the i-th slice of every tensor. Raises PreconditionError for different first sizes.

    >>> import flambeau
    >>> TensorDataset(flambeau.arange(3), flambeau.zeros(3, 2))[1]
    (tensor(1), tensor([0., 0.]))
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensors[0].size(0) != tensor.size(0) for tensor in tensors):
            raise PreconditionError("Size mismatch between tensors: their first sizes are"
                                    f" {', '.join(str(t.size(0)) for t in tensors)}", op="TensorDataset")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].size(0))


class StackDataset(Dataset[Any]):
    """Sample i holds sample i of every dataset, in a tuple or, for datasets given by name, a dict.

    Raises ValueRangeError for no datasets, for both kinds, and for different lengths.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueRangeError("Supported either ``tuple``- (via ``args``) or ``dict``- (via ``kwargs``) like "
                                  "input/output, but both types are given.")
        self.datasets: Any = args or kwargs
        parts = self._parts()
        if not parts:
            raise ValueRangeError("At least one dataset should be passed")
        self._length = len(parts[0])
        if any(len(dataset) != self._length for dataset in parts):
            raise ValueRangeError("Size mismatch between datasets")

    def _parts(self) -> list[Any]:
        return list(self.datasets.values() if isinstance(self.datasets, dict) else self.datasets)

    def _joined(self, parts: Sequence[Any]) -> Any:
        if isinstance(self.datasets, dict):
            return dict(zip(self.datasets, parts, strict=True))
        return tuple(parts)

    def __getitem__(self, index: Any) -> Any:
        return self._joined([dataset[index] for dataset in self._parts()])

    def __getitems__(self, indices: list[Any]) -> list[Any]:
        columns = []
        for dataset in self._parts():
            items = items_of(dataset, indices)
            if len(items) != len(indices):
                raise ValueRangeError(f"Nested dataset's output size mismatch. Expected {len(indices)}, got "
                                      f"{len(items)}")
            columns.append(items)
        return [self._joined(sample) for sample in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


def items_of(dataset: Any, indices: Sequence[Any]) -> Any:
    """The samples of several indices: in one call where the dataset has `__getitems__`."""
    if callable(getattr(dataset, "__getitems__", None)):
        return dataset.__getitems__(indices)
    return [dataset[index] for index in indices]


class ConcatDataset(Dataset[T]):
    """Datasets one after the other. Raises PreconditionError for none, and for iterable ones."""

    datasets: list[Any]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise PreconditionError("datasets should not be an empty iterable")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise PreconditionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """Where each dataset ends."""
        return list(accumulate(len(part) for part in sequence))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if index < -len(self):
            raise ValueRangeError("absolute value of index should not exceed dataset length", index=index)
        place = index + len(self) if index < 0 else index
        part = bisect.bisect_right(self.cumulative_sizes, place)
        if part == len(self.datasets):
            raise IndexRangeError(f"index {index} is out of range for {len(self)} samples", index=index)
        return self.datasets[part][place - (self.cumulative_sizes[part - 1] if part else 0)]


class ChainDataset(IterableDataset[Any]):
    """Iterable datasets one after the other. Raises PreconditionError for others, when it is walked."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def _checked(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise PreconditionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for dataset in self._checked():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._checked())


class Subset(Dataset[T]):
    """The samples of `dataset` at `indices`.

    Raises UnsupportedError for a subclass that overrides `__getitem__` and not `__getitems__`,
    which the loader would call instead.
    """

    dataset: Any
    indices: Sequence[int]

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        kind = type(self)
        if kind.__getitem__ is not Subset.__getitem__ and kind.__getitems__ is Subset.__getitems__:
            raise UnsupportedError(f"{kind.__name__} overrides __getitem__ but not __getitems__, which DataLoader "
                                   "calls; override it too, with [self[i] for i in indices]")
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> Any:
        return items_of(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[float], generator: Generator | None = None) -> list[Subset[Any]]:
    """Subsets of the given lengths, or fractions that sum to 1, of a random permutation.

    Samples that fractions leave over go to the subsets in turn. Raises ValueRangeError for lengths
    that do not sum to the dataset's, and for a fraction outside [0, 1].

    >>> import flambeau
    >>> parts = random_split(range(10), [0.7, 0.3], flambeau.Generator().manual_seed(42))
    >>> list(parts[1])
    [9, 3, 7]
    """
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        counts = _counts(len(dataset), lengths)
    else:
        counts = [int(length) for length in lengths]
    if sum(counts) != len(dataset):
        raise ValueRangeError("Sum of input lengths does not equal the length of the input dataset!")
    order = randperm(len(dataset), generator=generator).tolist()
    return [Subset(dataset, order[end - count:end]) for end, count in zip(accumulate(counts), counts, strict=True)]


def _counts(size: int, fractions: Sequence[float]) -> list[int]:
    for index, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueRangeError(f"Fraction at index {index} is not between 0 and 1")
    counts = [math.floor(size * fraction) for fraction in fractions]
    for left_over in range(size - sum(counts)):
        counts[left_over % len(counts)] += 1
    for index, count in enumerate(counts):
        if count == 0:
            warnings.warn(f"Length of split at index {index} is 0. This might result in an empty dataset.",
                          stacklevel=3)
    return counts
