"""Collating: a list of samples made into one batch of the samples' structure."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

from ...dtypes import BY_NAME, float64
from ...errors import ArgumentError, ShapeError
from ...functions import as_tensor, stack, tensor
from ...tensors.tensor import Tensor

CollateMap = dict[Any, Callable[..., Any]]


def _no_collate(kind: Any) -> ArgumentError:
    return ArgumentError("default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
                         f"{kind}")


def _from_numpy(value: Any) -> bool:
    return type(value).__module__ == "numpy" and hasattr(value, "dtype")


def _holds_text(value: Any) -> bool:
    return value.dtype.kind in "SUOa"


def default_convert(data: Any) -> Any:
    """`data` with the NumPy arrays and scalars in it made tensors; its structure is kept.

    >>> default_convert([1, "a"])
    [1, 'a']
    """
    if isinstance(data, Tensor):
        return data
    if _from_numpy(data):
        return data if _holds_text(data) else as_tensor(data)
    if isinstance(data, Mapping):
        return _mapped(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple):
        parts = [default_convert(part) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else parts
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _sequenced(data, [default_convert(part) for part in data])
    return data


def _mapped(like: Mapping[Any, Any], values: dict[Any, Any]) -> Any:
    """`values` in a mapping of the class of `like`, or a dict where that class takes none."""
    try:
        if isinstance(like, MutableMapping):
            clone = copy.copy(like)
            clone.update(values)
            return clone
        return type(like)(values)  # type: ignore[call-arg]
    except TypeError:
        return values


def _sequenced(like: Sequence[Any], values: list[Any]) -> Any:
    """`values` in a sequence of the class of `like`, or a list where that class takes none."""
    try:
        if isinstance(like, MutableSequence):
            clone = copy.copy(like)
            for place, value in enumerate(values):
                clone[place] = value
            return clone
        return type(like)(values)  # type: ignore[call-arg]
    except TypeError:
        return values


def collate(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    """A batch from samples; `collate_fn_map` says for classes how, structures are descended into.

    Raises ArgumentError for samples of another class, ShapeError for sequences of different lengths.
    """
    first = batch[0]
    found = _collator(first, collate_fn_map or {})
    if found is not None:
        return found(batch, collate_fn_map=collate_fn_map)

    def below(samples: Any) -> Any:
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _mapped(first, {key: below([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*map(below, zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        other = next((i for i, sample in enumerate(batch) if len(sample) != len(first)), None)
        if other is not None:
            raise ShapeError(f"each element in list of batch should be of equal size, but sample 0 has {len(first)}"
                             f" and sample {other} has {len(batch[other])}", op="collate")
        columns = [below(column) for column in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _sequenced(first, columns)
    raise _no_collate(type(first))


def _collator(sample: Any, collators: CollateMap) -> Callable[..., Any] | None:
    if type(sample) in collators:
        return collators[type(sample)]
    return next((collators[kind] for kind in collators if isinstance(sample, kind)), None)


def collate_tensor_fn(batch: Sequence[Tensor], *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """The tensors stacked along a new first dim."""
    return stack(list(batch), 0)


def collate_float_fn(batch: Sequence[float], *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """A float64 tensor of the numbers."""
    return tensor(list(batch), dtype=float64)


def collate_int_fn(batch: Sequence[int], *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """An int64 or bool tensor of the numbers."""
    return tensor(list(batch))


def collate_str_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """The strings as they are."""
    return batch


class _NumpyMeta(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return _from_numpy(value)


class _NumpyValue(metaclass=_NumpyMeta):
    """Stands for NumPy's arrays and scalars, known without importing NumPy."""


def collate_numpy_fn(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    """NumPy arrays stacked, NumPy scalars in one tensor of their dtype."""
    first = batch[0]
    if _holds_text(first):
        raise _no_collate(first.dtype)
    if not hasattr(first, "__len__"):
        return tensor([value.item() for value in batch], dtype=BY_NAME[first.dtype.name])
    return collate([as_tensor(value) for value in batch], collate_fn_map=collate_fn_map)


default_collate_fn_map: CollateMap = {
    Tensor: collate_tensor_fn, _NumpyValue: collate_numpy_fn, float: collate_float_fn, int: collate_int_fn,
    str: collate_str_fn, bytes: collate_str_fn}


def default_collate(batch: Sequence[Any]) -> Any:
    """A batch from samples: tensors stacked, numbers made tensors, strings kept, structures descended into.

    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)
