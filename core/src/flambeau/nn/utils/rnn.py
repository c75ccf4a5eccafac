"""Sequences of different lengths: padded to one, or packed step by step so that no padding is computed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ... import dtypes
from ...errors import ArgumentError, ShapeError, SizeMismatchError, ValueRangeError
from ...functions import arange, cat, empty_like, sort, tensor
from ...spelling import public
from ...tensors.tensor import Tensor

__all__ = ["PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
           "pad_sequence", "unpack_sequence", "unpad_sequence"]


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """The elements of several sequences step by step, of each step those of the sequences that are not over yet.

    `data` (sum of lengths, *), `batch_sizes` how many sequences each step has, and the orders that sort the sequences
    by length, longest first, and back. Made by `pack_sequence` and `pack_padded_sequence`.
    """

    def __new__(cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None,
                unsorted_indices: Any = None) -> PackedSequence:
        if batch_sizes is None:
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes.device.type != "cpu":
            raise ArgumentError("batch_sizes should always be on CPU; sequences are packed by pack_sequence and"
                                " pack_padded_sequence", op="PackedSequence")
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With the data as `Tensor.to` gives it."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        orders = [None if order is None else order.to(data.device) for order in self[2:]]
        return type(self)(data, self.batch_sizes, *orders)

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """On a CUDA device."""
        return self.to(*args, device="cuda", **kwargs)

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """In the host's memory."""
        return self.to(*args, device="cpu", **kwargs)

    def double(self) -> PackedSequence:
        """As float64."""
        return self.to(dtype=dtypes.float64)

    def float(self) -> PackedSequence:
        """As float32."""
        return self.to(dtype=dtypes.float32)

    def half(self) -> PackedSequence:
        """As float16."""
        return self.to(dtype=dtypes.float16)

    def long(self) -> PackedSequence:
        """As int64."""
        return self.to(dtype=dtypes.int64)

    def int(self) -> PackedSequence:
        """As int32."""
        return self.to(dtype=dtypes.int32)

    def short(self) -> PackedSequence:
        """As int16."""
        return self.to(dtype=dtypes.int16)

    def char(self) -> PackedSequence:
        """As int8."""
        return self.to(dtype=dtypes.int8)

    def byte(self) -> PackedSequence:
        """As uint8."""
        return self.to(dtype=dtypes.uint8)

    def pin_memory(self) -> PackedSequence:
        """With the data in pinned memory."""
        return type(self)(self.data.pin_memory(), *self[1:])

    def is_pinned(self) -> bool:
        """Whether the data lies in pinned memory."""
        return self.data.is_pinned()

    @property
    def is_cuda(self) -> bool:
        """Whether the data lies on a CUDA device."""
        return self.data.is_cuda


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The order that undoes another."""
    if permutation is None:
        return None
    made: Tensor = empty_like(permutation)
    return made.scatter_(0, permutation, arange(permutation.numel(), device=permutation.device))


def pack_padded_sequence(input: Tensor, lengths: Any, batch_first: bool = False,
                         enforce_sorted: bool = True) -> PackedSequence:
    """Packs `input` (T, B, *), or (B, T, *) with `batch_first`, whose sequences have those lengths.

    With `enforce_sorted` they stand longest first; otherwise they are sorted here. Raises ValueRangeError for lengths
    below 1 or out of order, SizeMismatchError for another number of lengths than sequences.
    """
    lengths = tensor(lengths, dtype=dtypes.int64) if not isinstance(lengths, Tensor) else lengths.cpu()
    order = None
    if not enforce_sorted:
        lengths, order = sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, order.to(input.device))
    counts = lengths.tolist()
    padded = input.transpose(0, 1) if batch_first else input
    _check_lengths(padded, counts, enforce_sorted)
    sizes = [sum(n > t for n in counts) for t in range(counts[0])]
    data = cat([padded[t, :size] for t, size in enumerate(sizes)])
    return PackedSequence(data, tensor(sizes, dtype=dtypes.int64),
                          None if order is None else order.to(input.device), None)


def _check_lengths(padded: Tensor, counts: list[int], enforce_sorted: bool) -> None:
    op = "pack_padded_sequence"
    if padded.ndim < 2 or not padded.numel():
        raise ShapeError(f"Cannot pack empty tensors, got {list(padded.shape)}", op=op)
    if len(counts) != padded.shape[1]:
        raise SizeMismatchError(f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} (batch_size="
                                f"{padded.shape[1]})", op=op)
    if min(counts) <= 0:
        raise ValueRangeError("Length of all samples has to be greater than 0, but found an element in 'lengths' that"
                              " is <= 0", op=op)
    if counts != sorted(counts, reverse=True):
        raise ValueRangeError("`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You"
                              " can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to"
                              " sidestep this requirement if you do not need ONNX exportability.", op=op)
    if counts[0] > padded.shape[0]:
        raise ShapeError(f"Expected lengths of at most {padded.shape[0]}, the size of the input {list(padded.shape)},"
                         f" got {counts[0]}", op=op)


def pad_packed_sequence(sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0,
                        total_length: int | None = None) -> tuple[Tensor, Tensor]:
    """The padded tensor, (T, B, *) or (B, T, *), and the lengths (B), in the order before packing.

    Raises ValueRangeError for a `total_length` shorter than the longest sequence.
    """
    sizes = sequence.batch_sizes.tolist()
    if total_length is not None and total_length < len(sizes):
        raise ValueRangeError("Expected total_length to be at least the length of the longest sequence in input, but"
                              f" got total_length={total_length} and max sequence length being {len(sizes)}",
                              op="pad_packed_sequence")
    steps = [_filled_up(part, sizes[0], padding_value) for part in sequence.data.split(sizes)]
    rest = sequence.data.shape[1:]
    missing = (total_length or len(sizes)) - len(sizes)
    parts = [part.unsqueeze(0) for part in steps]
    if missing:
        parts.append(sequence.data.new_full((missing, sizes[0], *rest), padding_value))
    padded = cat(parts)
    lengths = tensor([sum(size > i for size in sizes) for i in range(sizes[0])], dtype=dtypes.int64)
    padded = padded.transpose(0, 1) if batch_first else padded
    if sequence.unsorted_indices is None:
        return padded, lengths
    order = sequence.unsorted_indices
    return padded.index_select(0 if batch_first else 1, order), lengths[order.cpu()]


def _filled_up(part: Tensor, size: int, value: float) -> Tensor:
    if part.shape[0] == size:
        return part
    return cat([part, part.new_full((size - part.shape[0], *part.shape[1:]), value)])  # type: ignore[no-any-return]


def pad_sequence(sequences: Any, batch_first: bool = False, padding_value: float = 0.0,
                 padding_side: str = "right") -> Tensor:
    """Sequences (L_i, *) in one tensor (T, B, *), or (B, T, *), T the longest; filled up on one side.

    >>> import flambeau
    >>> pad_sequence([flambeau.ones(2), flambeau.ones(3)], batch_first=True)
    tensor([[1., 1., 0.],
            [1., 1., 1.]])
    """
    if not isinstance(sequences, Iterable):
        raise ArgumentError(f"pad_sequence: Expected iterable for input sequences, but got arg of type:"
                            f" {type(sequences)}", op="pad_sequence")
    if padding_side not in ("left", "right"):
        raise ValueRangeError(f"Expected padding_side to be one of left or right, but got {padding_side}.",
                              op="pad_sequence")
    parts = list(sequences.unbind(0) if isinstance(sequences, Tensor) else sequences)
    if not parts:
        raise ShapeError("received an empty list of sequences", op="pad_sequence")
    longest = max(p.shape[0] for p in parts)
    padded = []
    for part in parts:
        missing = longest - part.shape[0]
        if missing:
            fill = part.new_full((missing, *part.shape[1:]), padding_value)
            part = cat([fill, part] if padding_side == "left" else [part, fill])
        padded.append(part.unsqueeze(0 if batch_first else 1))
    return cat(padded, 0 if batch_first else 1)  # type: ignore[no-any-return]


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded tensor, each cut to its length."""
    padded = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [sequence[:length] for sequence, length in zip(padded.unbind(0), lengths.tolist(), strict=False)]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Packs a list of sequences (L_i, *), longest first unless `enforce_sorted` is False."""
    lengths = tensor([s.shape[0] for s in sequences], dtype=dtypes.int64)
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The list of sequences that `pack_sequence` packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


__getattr__, __dir__ = public(__name__)
