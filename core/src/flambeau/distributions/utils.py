"""What the families share: broadcasting of parameters, probabilities and logits, properties worked out once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

from ..dtypes import get_default_dtype
from ..errors import ValueRangeError
from ..functions import arange, broadcast_tensors, log, log1p, sigmoid, softmax
from ..functions import tensor as as_tensor
from ..modes import enable_grad
from ..spelling import public
from ..table.settings import finfo
from ..tensors.tensor import Size, Tensor

euler_constant = 0.57721566490153286060  # Euler-Mascheroni
Number = (int, float, bool)


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors as tensors of one shape; numbers take dtype and device of the first tensor.

    Raises ValueRangeError for anything else.

    >>> import flambeau
    >>> broadcast_all(0, flambeau.ones(2))
    (tensor([0., 0.]), tensor([1., 1.]))
    """
    if not all(isinstance(v, (Tensor, *Number)) for v in values):
        raise ValueRangeError("Input arguments must all be instances of Number, torch.Tensor or objects implementing"
                              f" __torch_function__. Got {', '.join(type(v).__name__ for v in values)}")
    lead = next((v for v in values if isinstance(v, Tensor)), None)
    options: dict[str, Any] = {"dtype": get_default_dtype()}
    if lead is not None:
        options = {"dtype": lead.dtype, "device": lead.device}
    return tuple(broadcast_tensors(*(v if isinstance(v, Tensor) else as_tensor(v, **options) for v in values)))


def standard_normal(shape: Sequence[int], like: Tensor) -> Tensor:
    """Standard normal draws in the dtype and on the device of `like`."""
    drawn: Tensor = like.new_empty(tuple(shape)).normal_()
    return drawn


def sum_rightmost(value: Tensor, dim: int) -> Tensor:
    """The sum over the last `dim` dims."""
    if dim == 0:
        return value
    return value.reshape((*value.shape[:-dim], -1)).sum(-1)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Logits as probabilities: of one event each if `is_binary`, else of the categories along the last dim.

    >>> import flambeau
    >>> logits_to_probs(flambeau.zeros(2))
    tensor([0.5000, 0.5000])
    """
    return sigmoid(logits) if is_binary else softmax(logits, dim=-1)


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities kept from 0 and 1 by the dtype's eps."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities as logits: log-odds if `is_binary`, else logarithms; those of 0 and 1 are finite.

    >>> import flambeau
    >>> probs_to_logits(flambeau.tensor([0.5]), is_binary=True)
    tensor([0.])
    """
    clamped = clamp_probs(probs)
    return log(clamped) - log1p(-clamped) if is_binary else log(clamped)


class lazy_property:
    """A property that is worked out when first asked for, under `enable_grad`, and kept in the instance."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        update_wrapper(self, wrapped)  # type: ignore[arg-type]

    def __get__(self, instance: Any, obj_type: Any = None) -> Any:
        if instance is None:
            return _LazyAndProperty(self.wrapped)
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


class _LazyAndProperty(lazy_property, property):
    """What the class answers for a lazy property: documentation tools take it for a property."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        property.__init__(self, wrapped)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The entries on and below diagonal `diag` of square matrices, row by row: (..., n, n) to (..., length).

    Raises ValueRangeError for a diagonal outside the matrix.
    """
    n = mat.shape[-1]
    if diag < -n or diag >= n:
        raise ValueRangeError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    return mat.reshape((*mat.shape[:-2], n * n))[..., _tril_places(n, diag, mat)]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """The square matrices whose entries on and below diagonal `diag` are given row by row; the others are 0.

    Raises ValueRangeError for a length that fills no such triangle.
    """
    length = vec.shape[-1]
    n = (-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * length + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if round(n) - n > finfo(vec.dtype).eps:
        raise ValueRangeError(f"The size of last dimension is {length} which cannot be expressed as the lower"
                              " triangular part of a square D x D matrix.")
    size = round(n)
    flat = vec.new_zeros((*vec.shape[:-1], size * size))
    places = _tril_places(size, diag, vec).expand(vec.shape)
    return flat.scatter(-1, places, vec).reshape((*vec.shape[:-1], size, size))


def _tril_places(n: int, diag: int, like: Tensor) -> Tensor:
    """Where in a flattened n x n matrix the entries on and below the diagonal lie."""
    rows = arange(n, device=like.device)
    mask = rows < rows.view(-1, 1) + (diag + 1)
    return mask.reshape(-1).nonzero().squeeze(-1)


def as_shape(shape: Any) -> Size:
    """A shape given as any sequence, as a Size."""
    return shape if isinstance(shape, Size) else Size(shape)


__all__ = ["broadcast_all", "clamp_probs", "euler_constant", "lazy_property", "logits_to_probs", "probs_to_logits",
           "tril_matrix_to_vec", "vec_to_tril_matrix"]
__getattr__, __dir__ = public(__name__)
