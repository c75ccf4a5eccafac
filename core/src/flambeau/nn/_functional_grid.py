"""Images read at arbitrary places: `grid_sample`, and `affine_grid`, which makes the places of an affine map."""

from __future__ import annotations

import warnings
from functools import reduce
from itertools import product
from operator import mul
from typing import Any, NamedTuple

from .. import functions
from ..dtypes import int64
from ..errors import DTypeError, ShapeError, UnsupportedError, ValueRangeError
from ..shapes import contiguous_strides, numel
from ..table.precision import in_single
from ..table.refusals import require_dtype
from ..tensors.tensor import Tensor
from ._functional_resample import cubic_weights

_CHANGED = ("Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please "
            "specify align_corners=True if the old behavior is desired. See the documentation of grid_sample for "
            "details.")


class _Tap(NamedTuple):
    """One of the elements along a dim that a place is read from."""

    at: Tensor  # int64, inside the input
    weight: Tensor  # zero where it would lie outside and counts as zero


def grid_sample(input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros",
                align_corners: bool | None = None) -> Tensor:
    """`input` (N, C, *in) read at the places `grid` (N, *out, dims): (N, C, *out), for 2 or 3 spatial dims.

    Places are (x, y) or (x, y, z), -1 and 1 being the edges, or the middles of the outermost elements with
    `align_corners`. `mode` is "bilinear", "nearest" or "bicubic" (2 dims only); outside are "zeros", the "border"
    repeated or its "reflection". Raises ValueRangeError for another mode, ShapeError for sizes that do not fit.

    >>> import flambeau
    >>> image = flambeau.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> grid_sample(image, flambeau.zeros(1, 1, 1, 2), align_corners=False)
    tensor([[[[2.5000]]]])
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueRangeError(f"expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'",
                              op="grid_sample", mode=mode)
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueRangeError("expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
                              f"'{padding_mode}'", op="grid_sample", padding_mode=padding_mode)
    if align_corners is None:
        warnings.warn(_CHANGED, stacklevel=2)
    _check(input, grid, mode)
    return _sampled(input, grid, mode, padding_mode, bool(align_corners))


def _check(input: Tensor, grid: Tensor, mode: str) -> None:
    dims = input.ndim - 2
    if input.dtype is not grid.dtype:
        raise DTypeError(f"expected input and grid to have same dtype, but input has {input.dtype!r} and grid has "
                         f"{grid.dtype!r}", op="grid_sample")
    require_dtype("grid_sample", "real floating", input)
    if input.ndim not in (4, 5) or grid.ndim != input.ndim:
        raise ShapeError("expected 4D or 5D input and grid with same number of dimensions, but got input with sizes "
                         f"{list(input.shape)} and grid with sizes {list(grid.shape)}", op="grid_sample")
    if input.shape[0] != grid.shape[0]:
        raise ShapeError("expected grid and input to have same batch size, but got input with sizes "
                         f"{list(input.shape)} and grid with sizes {list(grid.shape)}", op="grid_sample")
    if grid.shape[-1] != dims:
        raise ShapeError(f"expected grid to have size {dims} in last dimension, but got grid with sizes "
                         f"{list(grid.shape)}", op="grid_sample")
    if min(input.shape[2:]) < 1:
        raise ShapeError("expected input to have non-empty spatial dimensions, but input has sizes "
                         f"{list(input.shape)}", op="grid_sample")
    if mode == "bicubic" and dims != 2:
        raise ShapeError(f"bicubic interpolation only supports 4D input, got {input.ndim}D", op="grid_sample")


@in_single
def _sampled(input: Tensor, grid: Tensor, mode: str, padding_mode: str, align_corners: bool) -> Tensor:
    size, out = tuple(input.shape[2:]), tuple(grid.shape[1:-1])
    axes = []
    for n, place in zip(reversed(size), grid.unbind(-1), strict=True):
        place = place.reshape(place.shape[0], 1, numel(out))  # (N, 1, places)
        place = (place + 1) / 2 * (n - 1) if align_corners else ((place + 1) * n - 1) / 2
        axes.append(_taps(place, n, mode, padding_mode, align_corners))
    flat = input.flatten(2)
    channels = (*flat.shape[:2], numel(out))
    made: Any = None
    for taps in product(*reversed(axes)):
        at: Any = sum(tap.at * step for tap, step in zip(taps, contiguous_strides(size), strict=True))
        part = flat.gather(2, at.expand(channels)) * reduce(mul, (tap.weight for tap in taps))
        made = part if made is None else made + part
    return made.reshape(*input.shape[:2], *out)  # type: ignore[no-any-return]


def _taps(place: Tensor, size: int, mode: str, padding_mode: str, align_corners: bool) -> list[_Tap]:
    """What is read along one dim, for places counted in elements."""
    if mode != "bicubic":
        place = _brought_in(place, size, padding_mode, align_corners)
    if mode == "nearest":
        nearest = place.round()
        return [_tap(nearest, 1 + (nearest - nearest.detach()), size)]  # no weight, but a gradient of zeros
    low = place.detach().floor()
    t = place - low
    if mode == "bilinear":
        return [_tap(low, 1 - t, size), _tap(low + 1, t, size)]
    return [_tap(_brought_in(low + offset, size, padding_mode, align_corners), weight, size)
            for offset, weight in zip((-1, 0, 1, 2), cubic_weights(t), strict=True)]


def _tap(at: Tensor, weight: Tensor, size: int) -> _Tap:
    at = at.detach()
    inside = (at >= 0) & (at < size)
    return _Tap(functions.where(inside, at, 0).to(int64), weight * inside)


def _brought_in(place: Tensor, size: int, padding_mode: str, align_corners: bool) -> Tensor:
    """Places outside as those inside that stand for them; at the edge and beyond no gradient is passed on."""
    if padding_mode == "zeros":
        return place
    if padding_mode == "reflection":
        place = _reflected(place, 0.0, size - 1.0) if align_corners else _reflected(place, -0.5, float(size))
    edge = place.detach().clamp(0, size - 1)
    return functions.where((place > 0) & (place < size - 1), place, edge)


def _reflected(place: Tensor, low: float, span: float) -> Tensor:
    """Places mirrored at `low` and at `low + span` until they lie between."""
    if span == 0:
        return place * 0
    distance = (place - low).abs()
    turns = (distance.detach() / span).floor()
    rest = distance - turns * span
    return functions.where(turns % 2 == 0, rest + low, span - rest + low)


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The places that `grid_sample` reads for affine maps `theta` (N, 2, 3) or (N, 3, 4): (N, *spatial, dims).

    `size` is the shape of the output, (N, C, H, W) or (N, C, D, H, W). Raises ValueRangeError where the two do not fit.

    >>> import flambeau
    >>> affine_grid(flambeau.eye(3)[None, :2], (1, 1, 1, 2), align_corners=False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    if align_corners is None:
        warnings.warn(_CHANGED, stacklevel=2)
    if not theta.is_floating_point():
        raise ValueRangeError(f"Expected theta to have floating point type, but got {theta.dtype!r}", op="affine_grid")
    spatial = tuple(size)[2:]
    dims = len(spatial)
    if dims not in (2, 3):
        raise UnsupportedError("affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
                               f"respectively. Got size {size}.", op="affine_grid")
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (dims, dims + 1):
        raise ValueRangeError(f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size "
                              f"{size}. Got {theta.shape}.", op="affine_grid")
    if align_corners and min(spatial) == 1:
        warnings.warn("Since version 1.3.0, affine_grid behavior has changed for unit-size grids when "
                      "align_corners=True. This is not an intended use case of affine_grid. See the documentation of "
                      "affine_grid for details.", stacklevel=2)
    elif min(size) <= 0:
        raise ValueRangeError(f"Expected non-zero, positive output size. Got {size}", op="affine_grid")
    if theta.shape[0] != size[0]:
        raise ShapeError(f"Expected one matrix per sample: {size[0]} for size {size}, got {theta.shape[0]}",
                         op="affine_grid")
    return _affine_places(theta, spatial, bool(align_corners))


@in_single
def _affine_places(theta: Tensor, spatial: tuple[int, ...], align_corners: bool) -> Tensor:
    steps = [_from_minus_one(theta, n, align_corners) for n in spatial]
    places = [*reversed(functions.meshgrid(*steps, indexing="ij")), functions.ones(spatial, dtype=theta.dtype,
                                                                                   device=theta.device)]
    base = functions.stack(places, -1).reshape(1, -1, len(spatial) + 1)  # (1, places, dims + 1)
    made = functions.matmul(base, theta.transpose(1, 2))
    return made.reshape(theta.shape[0], *spatial, len(spatial))


def _from_minus_one(like: Tensor, count: int, align_corners: bool) -> Tensor:
    if count <= 1:
        return like.new_zeros((count,))
    even = functions.linspace(-1, 1, count, dtype=like.dtype, device=like.device)
    return even if align_corners else even * (count - 1) / count
