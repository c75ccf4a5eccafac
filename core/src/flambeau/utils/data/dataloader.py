"""DataLoader: batches of a dataset, in this process or from worker processes."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ...errors import ArgumentError, PreconditionError, UnsupportedError, ValueRangeError
from ...random import Generator
from ._fetch import fetcher
from ._workers import Workers
from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed

T = TypeVar("T", covariant=True)

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _Endless(Sampler[None]):
    """What stands for indices where the dataset is a stream."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T]):
    """Batches of `batch_size` samples; None gives single samples, converted and not collated.

    The order is that of `sampler`, or random with `shuffle`, or the dataset's; `batch_sampler`
    gives whole batches of indices. With `num_workers` processes fetch ahead, `prefetch_factor`
    batches each. Raises ValueRangeError for settings that exclude each other.

    >>> import flambeau
    >>> from flambeau.utils.data import TensorDataset
    >>> data = TensorDataset(flambeau.arange(5))
    >>> [batch.tolist() for (batch,) in DataLoader(data, batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    _iterator: _Iterator | None
    dataset: Any
    sampler: Any
    batch_sampler: Any
    batch_size: int | None

    def __init__(self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None,
                 sampler: Iterable[Any] | None = None, batch_sampler: Iterable[Any] | None = None,
                 num_workers: int = 0, collate_fn: Callable[[Any], Any] | None = None, pin_memory: bool = False,
                 drop_last: bool = False, timeout: float = 0, worker_init_fn: Callable[[int], Any] | None = None,
                 multiprocessing_context: Any = None, generator: Generator | None = None, *,
                 prefetch_factor: int | None = None, persistent_workers: bool = False, pin_memory_device: str = "",
                 in_order: bool = True) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        self._streams = isinstance(dataset, IterableDataset)
        if self._streams:
            _check_stream(shuffle, sampler, batch_sampler)
        _check_exclusive(batch_size, bool(shuffle), sampler, batch_sampler, drop_last)
        self.dataset, self.generator, self.drop_last = dataset, generator, drop_last
        self.num_workers, self.timeout, self.worker_init_fn = num_workers, timeout, worker_init_fn
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.multiprocessing_context, self.in_order = multiprocessing_context, in_order
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.sampler = self._sampler(bool(shuffle)) if sampler is None else sampler
        self.batch_size = batch_size if batch_sampler is None else None
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self.persistent_workers, self._iterator = persistent_workers, None
        self._reported_length: int | None = None
        self._ready = True

    def _sampler(self, shuffle: bool) -> Sampler[Any]:
        if self._streams:
            return _Endless()
        return RandomSampler(self.dataset, generator=self.generator) if shuffle else SequentialSampler(self.dataset)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "_ready" in self.__dict__:
            raise ValueRangeError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __iter__(self) -> _Iterator:
        if not self.persistent_workers:
            return _Iterator(self)
        if self._iterator is None or self._iterator._closed:
            self._iterator = _Iterator(self)
        else:
            self._iterator._restart()
        return self._iterator

    def __len__(self) -> int:
        if not self._streams:
            return len(self._index_sampler)
        length = self._reported_length = len(self.dataset)
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else math.ceil(length / self.batch_size)


class _Iterator:
    """One pass over a loader."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._loader = loader
        self._indices = iter(loader._index_sampler)
        seed = draw_seed(loader.generator)  # also where nothing uses it: PyTorch draws one, and so its stream goes on
        batched = loader.batch_sampler is not None
        self._yielded = 0
        self._workers: Workers | None = None
        if loader.num_workers:
            self._workers = Workers(loader, batched, seed)
            self._workers.start(self._indices)
        else:
            if loader.timeout:
                raise PreconditionError("timeout needs worker processes", timeout=loader.timeout)
            self._fetch = fetcher(loader.dataset, batched, loader.collate_fn, loader.drop_last)

    @property
    def _closed(self) -> bool:
        return self._workers is not None and not self._workers.stop.alive

    def _restart(self) -> None:
        self._indices, self._yielded = iter(self._loader._index_sampler), 0
        if self._workers is not None:
            self._workers.start(self._indices)

    def __iter__(self) -> _Iterator:
        return self

    def __next__(self) -> Any:
        batch = self._fetch(next(self._indices)) if self._workers is None else self._workers.next()
        self._yielded += 1
        reported = self._loader._reported_length
        if self._loader._streams and reported is not None and self._yielded > reported:
            warnings.warn(f"Length of IterableDataset {self._loader.dataset} was reported to be {reported} (when "
                          f"accessing len(dataloader)), but {self._yielded} samples have been fetched.", stacklevel=2)
        return batch

    def __len__(self) -> int:
        return len(self._loader._index_sampler)

    def __reduce__(self) -> Any:
        raise UnsupportedError("a running pass over a DataLoader cannot be pickled")


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool,
                   context: Any) -> None:
    if num_workers < 0:
        raise ValueRangeError("num_workers option should be non-negative; use num_workers=0 to disable "
                              "multiprocessing.", num_workers=num_workers)
    if timeout < 0:
        raise ValueRangeError("timeout option should be non-negative", timeout=timeout)
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueRangeError("prefetch_factor option could only be specified in multiprocessing. let num_workers > 0 "
                              "to enable multiprocessing, otherwise set prefetch_factor to None.")
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueRangeError("prefetch_factor option should be non-negative", prefetch_factor=prefetch_factor)
    if persistent_workers and num_workers == 0:
        raise ValueRangeError("persistent_workers option needs num_workers > 0")
    if context is not None:
        _check_context(context, num_workers)


def _check_context(context: Any, num_workers: int) -> None:
    if num_workers == 0:
        raise ValueRangeError("multiprocessing_context can only be used with multi-process loading (num_workers > 0)")
    import multiprocessing

    if isinstance(context, str):
        if context not in multiprocessing.get_all_start_methods():
            raise ValueRangeError("multiprocessing_context option should specify a valid start method in "
                                  f"{multiprocessing.get_all_start_methods()}, but got {context!r}")
    elif not isinstance(context, multiprocessing.context.BaseContext):
        raise ArgumentError("multiprocessing_context option should be a valid context object or a string specifying "
                            f"the start method, but got multiprocessing_context={context}")


def _check_stream(shuffle: bool | None, sampler: Any, batch_sampler: Any) -> None:
    for name, value, absent in (("shuffle", shuffle, shuffle in (None, False)), ("sampler", sampler, sampler is None),
                                ("batch_sampler", batch_sampler, batch_sampler is None)):
        if not absent:
            raise ValueRangeError(f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                                  f"{name}={value}")


def _check_exclusive(batch_size: int | None, shuffle: bool, sampler: Any, batch_sampler: Any,
                     drop_last: bool) -> None:
    if sampler is not None and shuffle:
        raise ValueRangeError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueRangeError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
                                  "drop_last")
    elif batch_size is None and drop_last:
        raise ValueRangeError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
