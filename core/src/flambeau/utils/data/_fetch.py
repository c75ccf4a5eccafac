"""Fetching: from the indices of a batch, or a stream, to the collated batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...functions import tensor
from .collate import default_collate
from .dataset import IterableDataset, Subset, TensorDataset, items_of

Fetch = Callable[[Any], Any]


def fetcher(dataset: Any, batched: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> Fetch:
    """The function from what a sampler yields to a batch; it raises StopIteration at the end of a stream."""
    if isinstance(dataset, IterableDataset):
        return _Stream(dataset, batched, collate_fn, drop_last).fetch
    if not batched:
        return lambda index: collate_fn(dataset[index])
    if collate_fn is default_collate and type(_root(dataset)) is TensorDataset:
        return lambda indices: _rows(dataset, indices)
    return lambda indices: collate_fn(items_of(dataset, indices))


def _root(dataset: Any) -> Any:
    while type(dataset) is Subset:
        dataset = dataset.dataset
    return dataset


def _rows(dataset: Any, indices: Any) -> list[Any]:
    """What collating the samples of a TensorDataset gives, by one indexing operation per tensor."""
    while type(dataset) is Subset:
        indices = [dataset.indices[i] for i in indices]
        dataset = dataset.dataset
    chosen = tensor(indices)
    return [source[chosen] for source in dataset.tensors]


class _Stream:
    def __init__(self, dataset: Any, batched: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        self.samples = iter(dataset)
        self.batched, self.collate_fn, self.drop_last = batched, collate_fn, drop_last
        self.ended = False

    def fetch(self, indices: Any) -> Any:
        if self.ended:
            raise StopIteration
        if not self.batched:
            return self.collate_fn(next(self.samples))
        batch = []
        for _ in indices:
            try:
                batch.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not batch or (self.drop_last and len(batch) < len(indices)):
            raise StopIteration
        return self.collate_fn(batch)
