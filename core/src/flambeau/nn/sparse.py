"""Embedding: a table of vectors looked up by index."""

from __future__ import annotations

from typing import Any

from ..errors import PreconditionError, UnsupportedError
from ..functions import empty
from ..modes import no_grad
from ..tensors.tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


class _Table(Module):
    """A table of vectors; the row `padding_idx` starts at zero."""

    weight: Tensor
    padding_idx: int | None

    def reset_parameters(self) -> None:
        """Draws the table anew from the normal distribution; the padding row is zero."""
        init.normal_(self.weight)
        self._fill_padding_idx_with_zero()

    def _fill_padding_idx_with_zero(self) -> None:
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)


class Embedding(_Table):
    """`weight[input]`: indices of any shape (*) to (*, embedding_dim).

    The row `padding_idx` starts at zero and gets no gradient; `max_norm` scales longer rows down,
    in place, when they are looked up. Raises PreconditionError for a padding index outside the
    table or a weight of another shape, UnsupportedError for `sparse` gradients.

    >>> import flambeau
    >>> Embedding(10, 3)(flambeau.tensor([[1, 2], [4, 5]])).shape
    flambeau.Size([2, 2, 3])
    """

    __constants__ = ("num_embeddings", "embedding_dim", "padding_idx", "max_norm", "norm_type",
                     "scale_grad_by_freq", "sparse")

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None,
                 max_norm: float | None = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False,
                 sparse: bool = False, _weight: Tensor | None = None, _freeze: bool = False, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__()
        if sparse:
            raise UnsupportedError("sparse gradients are not offered; use sparse=False", op="Embedding")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = _padding_index(padding_idx, num_embeddings)
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        if _weight is None:
            table = empty((num_embeddings, embedding_dim), device=device, dtype=dtype)
            self.weight = Parameter(table, requires_grad=not _freeze)
            self.reset_parameters()
        elif tuple(_weight.shape) != (num_embeddings, embedding_dim):
            raise PreconditionError("Shape of weight does not match num_embeddings and embedding_dim")
        else:
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type,
                           self.scale_grad_by_freq, self.sparse)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, plain in (("padding_idx", None), ("max_norm", None), ("norm_type", 2),
                            ("scale_grad_by_freq", False)):
            if getattr(self, name) != plain:
                text += f", {name}={getattr(self, name)}"
        return text

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None,
                        max_norm: float | None = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False,
                        sparse: bool = False) -> Embedding:
        """An Embedding over a table that is there, shared and by default not trained.

        Raises PreconditionError unless the table has 2 dimensions.
        """
        if embeddings.dim() != 2:
            raise PreconditionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        return cls(rows, columns, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, _weight=embeddings,
                   _freeze=freeze)


def _padding_index(index: int | None, rows: int) -> int | None:
    if index is None:
        return None
    if index != 0 and not -rows <= index < rows:
        raise PreconditionError("Padding_idx must be within num_embeddings", padding_idx=index)
    return index if index >= 0 else rows + index


class EmbeddingBag(_Table):
    """Rows of a table looked up in bags and put together by `mode`: "sum", "mean" or "max"; to (B, embedding_dim).

    Bags are the rows of an input (B, N), or follow one another in (N) and begin at `offsets` (B). Raises
    PreconditionError for a padding index outside the table or a weight of another shape.

    >>> import flambeau
    >>> bag = EmbeddingBag.from_pretrained(flambeau.tensor([[1.0, 2.0], [3.0, 4.0]]), mode="sum")
    >>> bag(flambeau.tensor([[0, 1], [1, 1]]))
    tensor([[4., 6.],
            [6., 8.]])
    """

    __constants__ = ("num_embeddings", "embedding_dim", "max_norm", "norm_type", "scale_grad_by_freq", "mode",
                     "sparse", "include_last_offset", "padding_idx")

    def __init__(self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None,
                 norm_type: float = 2.0, scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
                 _weight: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        if sparse:
            raise UnsupportedError("sparse gradients are not offered; use sparse=False", op="EmbeddingBag")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.padding_idx = _padding_index(padding_idx, num_embeddings)
        if _weight is None:
            self.weight = Parameter(empty((num_embeddings, embedding_dim), device=device, dtype=dtype))
            self.reset_parameters()
        elif tuple(_weight.shape) != (num_embeddings, embedding_dim):
            raise PreconditionError("Shape of weight does not match num_embeddings and embedding_dim")
        else:
            self.weight = Parameter(_weight)
        self.mode, self.sparse, self.include_last_offset = mode, sparse, include_last_offset

    def forward(self, input: Tensor, offsets: Tensor | None = None,
                per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq,
                               self.mode, self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, plain in (("max_norm", None), ("norm_type", 2), ("scale_grad_by_freq", False), ("mode", None),
                            ("padding_idx", None)):
            if getattr(self, name) != plain:
                text += f", {name}={getattr(self, name)!r}"
        return text

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, max_norm: float | None = None,
                        norm_type: float = 2.0, scale_grad_by_freq: bool = False, mode: str = "mean",
                        sparse: bool = False, include_last_offset: bool = False,
                        padding_idx: int | None = None) -> EmbeddingBag:
        """An EmbeddingBag over a table that is there, shared and by default not trained.

        Raises PreconditionError unless the table has 2 dimensions.
        """
        if embeddings.dim() != 2:
            raise PreconditionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        made = cls(rows, columns, max_norm, norm_type, scale_grad_by_freq, mode, sparse, _weight=embeddings,
                   include_last_offset=include_last_offset, padding_idx=padding_idx)
        made.weight.requires_grad = not freeze
        return made
