"""Windows and their adjoint, both by `take`: no array is written to, so libraries whose arrays never change serve."""

from __future__ import annotations

from ..namespace import Array, Namespace
from ..registry import ALL, HALVES, in_float32, kernel, register
from .movement import strided_places

Sizes = tuple[int, ...]


def _count(sizes: Sizes) -> int:
    count = 1
    for n in sizes:
        count *= n
    return count


@kernel("unfold")
def unfold(ns: Namespace, x: Array, *, kernel_size: Sizes, dilation: Sizes, stride: Sizes) -> Array:
    spatial = tuple(x.shape[2:])
    out = tuple((n - d * (k - 1) - 1) // s + 1
                for n, k, d, s in zip(spatial, kernel_size, dilation, stride, strict=True))
    if min(out) < 0:
        raise ValueError(f"kernel {kernel_size} does not fit into {spatial}")
    rows = [_count(spatial[d + 1:]) for d in range(len(spatial))]
    steps = tuple(r * s for r, s in zip(rows, stride, strict=True)) + tuple(
        r * d for r, d in zip(rows, dilation, strict=True))
    places = ns.xp.reshape(strided_places(ns, out + kernel_size, steps, 0), (-1,))
    flat = ns.xp.reshape(x, (*x.shape[:2], _count(spatial)))
    return ns.xp.reshape(ns.xp.take(flat, places, axis=2), (*x.shape[:2], *out, *kernel_size))


def _sources(size: int, out: int, kernel: int, dilation: int, stride: int) -> list[int]:
    """For each place and kernel element the flat window element that covers it, or one past the last for none."""
    sources = []
    for place in range(size):
        for k in range(kernel):
            o, rest = divmod(place - k * dilation, stride)
            sources.append(o * kernel + k if rest == 0 and 0 <= o < out else out * kernel)
    return sources


def fold(ns: Namespace, x: Array, *, size: Sizes, dilation: Sizes, stride: Sizes) -> Array:
    """One dim after the other: gather what covers each place (zero where nothing does), then sum."""
    xp, spatial = ns.xp, len(size)
    for d in range(spatial):
        out, taps = x.shape[2], x.shape[2 + spatial - d]
        order = [a for a in range(x.ndim) if a not in (2, 2 + spatial - d)]
        x = xp.permute_dims(x, (*order, 2, 2 + spatial - d))
        x = xp.reshape(x, (*x.shape[:-2], out * taps))
        x = xp.concat([x, xp.zeros((*x.shape[:-1], 1), dtype=x.dtype, **ns.where)], axis=-1)
        places = ns.ints(_sources(size[d], out, taps, dilation[d], stride[d]))
        covered = xp.reshape(xp.take(x, places, axis=x.ndim - 1), (*x.shape[:-1], size[d], taps))
        x = xp.sum(covered, axis=-1, dtype=x.dtype)
    return x


kernel("fold", tuple(d for d in ALL if d not in HALVES))(fold)
register("fold", in_float32(fold), HALVES)
