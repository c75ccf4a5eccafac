"""Images of other sizes: every mode of `interpolate`.

All modes are separable. Along one dim each element of the output is a weighted sum of a few of the input, its taps:
which ones and with what weights is worked out in Python, once per size; the sum is as many gathers as there are taps.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from struct import pack, unpack
from typing import Any

from .. import functions
from ..dtypes import float64, int64, uint8
from ..errors import ArgumentError, ShapeError, UnsupportedError, ValueRangeError
from ..functions import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from ..ops.index import take_along
from ..table.precision import in_single
from ..table.refusals import require_dtype
from ..tensors.tensor import Tensor

_OP = "interpolate"
_DIMS = {"linear": 1, "bilinear": 2, "bicubic": 2, "lanczos": 2, "trilinear": 3}
_PLAIN = ("nearest", "area", "nearest-exact")
_MODES = "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact"
_AREA = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)

Taps = tuple[list[list[int]], Sequence[Sequence[float]]]  # per output element: which of the input, and their weights


def interpolate(input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
                align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
                antialias: bool = False) -> Tensor:
    """`input` (N, C, *spatial) with `size` elements per spatial dim, or `scale_factor` times as many.

    Modes are "nearest", "nearest-exact", "area", and by number of spatial dims "linear", "bilinear", "bicubic",
    "lanczos" and "trilinear". `align_corners` puts the first and last elements upon each other; `antialias` widens the
    filter where an image shrinks. Raises ValueRangeError for options that do not go together, UnsupportedError for a
    mode that does not go with the number of dims.

    >>> import flambeau
    >>> interpolate(flambeau.tensor([[[1.0, 3.0]]]), scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    if mode in _PLAIN and align_corners is not None:
        raise ValueRangeError("align_corners option can only be set with the interpolating modes: linear | bilinear |"
                              f" bicubic | trilinear, got mode {mode!r}", op=_OP)
    if recompute_scale_factor and size is not None:
        raise ValueRangeError("recompute_scale_factor is not meaningful with an explicit size.", op=_OP)
    sizes, factors = _sizes(input, size, scale_factor, mode == "area" or bool(recompute_scale_factor))
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and input.ndim == 4):
        raise ValueRangeError("Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a"
                              f" 4-D tensor as input, got mode {mode!r} and {input.ndim}-D", op=_OP)
    _check_mode(input, mode, bool(align_corners), antialias)
    _check_shape(input, sizes)
    if mode == "area":
        return _AREA[input.ndim - 3](input, sizes)
    return _resampled(input, sizes, factors, mode, bool(align_corners), antialias)


def _sizes(input: Tensor, size: Any, scale_factor: Any, recompute: bool) -> tuple[list[int], list[float | None]]:
    """The output's spatial sizes, and per dim the factor where it decides which elements are taken."""
    dims = input.ndim - 2
    if size is not None and scale_factor is not None:
        raise ValueRangeError("only one of size or scale_factor should be defined", op=_OP)
    if size is None and scale_factor is None:
        raise ValueRangeError("either size or scale_factor should be defined", op=_OP)
    name, given = ("size", size) if size is not None else ("scale_factor", scale_factor)
    every = list(given) if isinstance(given, (list, tuple)) else [given] * dims
    if len(every) != dims:
        raise ValueRangeError(f"Input and {name} must have the same number of spatial dimensions, but got input with "
                              f"spatial dimensions of {list(input.shape[2:])} and {name} of {given}.", op=_OP)
    if size is None:
        sizes = [int(n * factor) for n, factor in zip(input.shape[2:], every, strict=True)]
        return sizes, [None] * dims if recompute else every
    if not all(isinstance(n, int) or hasattr(n, "__index__") for n in every):
        raise ArgumentError("expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], "
                            f"but got size with types {[type(n) for n in every]}", op=_OP)
    return [int(n) for n in every], [None] * dims


def _check_mode(input: Tensor, mode: str, align_corners: bool, antialias: bool) -> None:
    wanted = _DIMS.get(mode)
    if input.ndim not in (3, 4, 5) or (wanted is None and mode not in _PLAIN):
        raise UnsupportedError(f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the "
                               f"modes: {_MODES} (got {mode})", op=_OP)
    if wanted is not None and wanted != input.ndim - 2:
        raise UnsupportedError(f"Got {input.ndim}D input, but {mode} mode needs {wanted + 2}D input", op=_OP)
    if mode == "lanczos" and align_corners:
        raise ValueRangeError("Lanczos mode does not support align_corners=True", op=_OP)
    if mode == "lanczos" and not antialias:
        raise ValueRangeError("Lanczos mode requires antialias=True", op=_OP)
    takes = "real floating" if input.dtype is not uint8 or mode in ("linear", "trilinear") else "real number"
    require_dtype(_OP, takes, input)


def _check_shape(input: Tensor, sizes: list[int]) -> None:
    if min(input.shape[1:]) < 1:
        raise ShapeError(f"Non-empty {input.ndim}D data tensor expected but got a tensor with sizes "
                         f"{list(input.shape)}", op=_OP)
    if min(sizes) < 1:
        raise ShapeError("Input and output sizes should be greater than 0, but got input "
                         f"{list(input.shape[2:])} and output {sizes}", op=_OP)


@in_single
def _resampled(input: Tensor, sizes: list[int], factors: list[float | None], mode: str, align_corners: bool,
               antialias: bool) -> Tensor:
    x, single = input, input.dtype is not float64
    summed = _summed_bytes if input.dtype is uint8 else _summed
    for dim in range(input.ndim - 1, 1, -1):  # the last first: its sums are PyTorch's inner ones
        count, made, factor = input.shape[dim], sizes[dim - 2], factors[dim - 2]
        if mode.startswith("nearest"):
            x = _gathered(x, dim, _nearest(count, made, factor, mode == "nearest-exact", single))
        else:
            x = summed(x, dim, _taps(count, made, _step(count, made, factor, align_corners), mode, align_corners,
                                     antialias))
    return x


def _gathered(x: Tensor, dim: int, places: Sequence[int]) -> Tensor:
    return take_along(x, dim, functions.tensor(places, device=x.device))


def _summed(x: Tensor, dim: int, taps: Taps) -> Tensor:
    """The weighted sums of the taps along one dim, gather by gather."""
    places, weights = taps
    shape = [1] * x.ndim
    shape[dim] = -1
    made: Any = None
    for at, weight in zip(zip(*places, strict=True), zip(*weights, strict=True), strict=True):
        part = _gathered(x, dim, at) * functions.tensor(weight, dtype=x.dtype, device=x.device).reshape(shape)
        made = part if made is None else made + part
    return made  # type: ignore[no-any-return]


def _summed_bytes(x: Tensor, dim: int, taps: Taps) -> Tensor:
    """The same of uint8, rounded to uint8 after every dim: weights are whole numbers of 16 bits, as in PyTorch."""
    places, weights = taps
    weights = [_gathered_weights(*row) for row in zip(places, weights, strict=True)]
    largest, bits = max(max(row) for row in weights), 0
    while bits < 22 and int(0.5 + largest * (1 << (bits + 1))) < 1 << 15:
        bits += 1
    whole = [[math.floor(w * (1 << bits) + 0.5) for w in row] for row in weights]
    total = _summed(x.to(int64), dim, (places, whole))
    return ((total + (1 << (bits - 1))) >> bits).clamp(0, 255).to(uint8)


def _gathered_weights(places: list[int], weights: Sequence[float]) -> list[float]:
    """The weights of a row, those of one place added up where it comes first."""
    return [0.0 if at in places[:i] else sum(w for p, w in zip(places, weights, strict=True) if p == at)
            for i, at in enumerate(places)]


def _single(value: float) -> float:
    """`value` rounded to float32."""
    return float(unpack("f", pack("f", value))[0])


def _nearest(count: int, made: int, factor: float | None, exact: bool, single: bool) -> list[int]:
    """Which of `count` elements each of `made` repeats; computed, as PyTorch does, in the precision of the input."""
    rounded: Callable[[float], float] = _single if single else float
    step = rounded(1.0 / factor) if factor is not None and factor > 0 else rounded(count / made)
    return [min(int(rounded((i + 0.5 if exact else i) * step)), count - 1) for i in range(made)]


def _step(count: int, made: int, factor: float | None, align_corners: bool) -> float:
    """How far apart in the input two neighbours of the output lie."""
    if align_corners:
        return (count - 1) / (made - 1) if made > 1 else 0.0
    return 1.0 / factor if factor is not None and factor > 0 else count / made


def _taps(count: int, made: int, step: float, mode: str, align_corners: bool, antialias: bool) -> Taps:
    if count == made and mode.endswith("linear") and not antialias:
        return [[i] for i in range(made)], [[1.0]] * made
    if antialias:
        return _filtered(count, made, step, *_FILTERS[mode])
    places, weights = [], []
    cubic = mode == "bicubic"
    for i in range(made):
        source = step * i if align_corners else step * (i + 0.5) - 0.5
        source = source if cubic else max(source, 0.0)
        low = math.floor(source)
        low = low if cubic else min(low, count - 1)
        t = min(max(source - low, 0.0), 1.0)
        around = range(low - 1, low + 3) if cubic else range(low, low + 2)
        places.append([min(max(at, 0), count - 1) for at in around])
        weights.append(cubic_weights(t) if cubic else [1 - t, t])
    return places, weights


def cubic_weights(t: Any) -> list[Any]:
    """The weights of the four elements around a place `t` after the second (Keys, 1981; a = -0.75)."""
    a = -0.75
    outer = [((a * x - 5 * a) * x + 8 * a) * x - 4 * a for x in (t + 1, 2 - t)]
    inner = [((a + 2) * x - (a + 3)) * x * x + 1 for x in (t, 1 - t)]
    return [outer[0], *inner, outer[1]]


def _triangle(x: float) -> float:
    return max(1.0 - abs(x), 0.0)


def _cubic(x: float) -> float:
    x, a = abs(x), -0.5
    if x < 1.0:
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * a if x < 2.0 else 0.0


def _lanczos(x: float) -> float:
    if not -3.0 <= x < 3.0:
        return 0.0
    return _sinc(x) * _sinc(x / 3)


def _sinc(x: float) -> float:
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


_FILTERS: dict[str, tuple[Callable[[float], float], int]] = {
    "bilinear": (_triangle, 2), "bicubic": (_cubic, 4), "lanczos": (_lanczos, 6)}


def _filtered(count: int, made: int, step: float, weigh: Callable[[float], float], width: int) -> Taps:
    """Taps of a filter that is as wide as the step where an image shrinks; all rows as long as the longest."""
    wide = max(step, 1.0)
    reach = width / 2 * wide
    places, weights = [], []
    for i in range(made):
        middle = step * (i + 0.5)
        first = max(int(middle - reach + 0.5), 0)
        last = min(int(middle + reach + 0.5), count)
        raw = [weigh((at - middle + 0.5) / wide) for at in range(first, last)]
        total = sum(raw) or 1.0
        places.append(list(range(first, last)))
        weights.append([w / total for w in raw])
    most = max(map(len, places))
    for at, weight in zip(places, weights, strict=True):
        weight += [0.0] * (most - len(at))
        at += [at[-1] if at else 0] * (most - len(at))
    return places, weights


def upsample(input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
             align_corners: bool | None = None) -> Tensor:
    """The old name of `interpolate`."""
    warnings.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """The old name of `interpolate` in mode "nearest"."""
    warnings.warn("`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.",
                  stacklevel=2)
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """The old name of `interpolate` in mode "bilinear" with `align_corners`."""
    warnings.warn("`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.",
                  stacklevel=2)
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
