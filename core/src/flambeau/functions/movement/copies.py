"""Views as copies of their own: `select_copy` is `select(...).clone()`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...ops.movement import copy, expand, narrow, permute, transpose, unsqueeze
from ...table.dispatch import into
from ...tensors.tensor import Tensor, attach, named
from ..create import detach
from .join import chunk, split, unbind
from .rearrange import view_as_complex, view_as_real
from .scatters import _sliced
from .views import as_strided, diagonal, select, squeeze, t, view_as_size


def _copied(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    def made(input: Tensor, *args: Any, out: Any = None, **kwargs: Any) -> Any:
        result = view(input, *args, **kwargs)
        if isinstance(result, tuple):
            parts = tuple(copy(part) for part in result)
            return parts if out is None else into(copy.op, out, parts)
        return copy(result, out=out)

    made.__doc__ = f"A copy of what `{name.removesuffix('_copy')}` makes a view of; the arguments are the same."
    return named(made, name)  # type: ignore[no-any-return]


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    return _sliced("slice_copy", input, dim, start, end, step)


alias_copy = _copied("alias_copy", lambda input: input)
as_strided_copy = _copied("as_strided_copy", as_strided)
detach_copy = _copied("detach_copy", detach)
diagonal_copy = _copied("diagonal_copy", diagonal)
expand_copy = _copied("expand_copy", lambda input, size, *, implicit=False: expand(input, size))
narrow_copy = _copied("narrow_copy", narrow)
permute_copy = _copied("permute_copy", permute)
select_copy = _copied("select_copy", select)
slice_copy = _copied("slice_copy", _slice)
split_copy = _copied("split_copy", lambda input, split_size, dim=0: split(input, split_size, dim))
split_with_sizes_copy = _copied("split_with_sizes_copy",
                                lambda input, split_sizes, dim=0: split(input, split_sizes, dim))
squeeze_copy = _copied("squeeze_copy", squeeze)
t_copy = _copied("t_copy", t)
transpose_copy = _copied("transpose_copy", transpose)
unbind_copy = _copied("unbind_copy", unbind)
unfold_copy = _copied("unfold_copy", lambda input, dimension, size, step: input.unfold(dimension, size, step))
unsqueeze_copy = _copied("unsqueeze_copy", unsqueeze)
view_as_complex_copy = _copied("view_as_complex_copy", view_as_complex)
view_as_real_copy = _copied("view_as_real_copy", view_as_real)
view_copy = _copied("view_copy", lambda input, size=None, *, dtype=None:
                    input.view(dtype or size) if dtype or hasattr(size, "itemsize") else view_as_size(input, size))


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """The same as `chunk`."""
    return chunk(input, chunks, dim)


def unsafe_split(tensor: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """The same as `split`."""
    return split(tensor, split_size, dim)


def unsafe_split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """The same as `split_with_sizes`."""
    return split(input, split_sizes, dim)


attach(lambda self, dim, start, length: narrow_copy(self, dim, start, length), "narrow_copy")
attach(unsafe_chunk, "unsafe_chunk")
attach(unsafe_split, "unsafe_split")
attach(unsafe_split_with_sizes, "unsafe_split_with_sizes")

__all__ = [
    "alias_copy", "as_strided_copy", "detach_copy", "diagonal_copy", "expand_copy", "narrow_copy", "permute_copy",
    "select_copy", "slice_copy", "split_copy", "split_with_sizes_copy", "squeeze_copy", "t_copy", "transpose_copy",
    "unbind_copy", "unfold_copy", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "unsqueeze_copy",
    "view_as_complex_copy", "view_as_real_copy", "view_copy",
]
