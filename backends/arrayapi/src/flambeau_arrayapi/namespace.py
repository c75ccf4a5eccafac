"""What every kernel here works with: the standard's functions and the dtypes that the library has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flambeau import dtypes as fd
from flambeau.dtypes import DType
from flambeau.errors import UnsupportedError

Array = Any  # an array of the namespace
HALVES = frozenset({fd.float16, fd.bfloat16})


class Namespace:
    """A namespace of the standard (`xp`), its dtypes, the device new arrays go to, and the way to the host.

    `dtypes` names the library's dtype objects where they are not attributes of `xp`; `via_host(name)`
    is the kernel that computes op `name` on the host.
    """

    def __init__(self, xp: Any, name: str, via_host: Callable[[str], Callable[..., Any]], device: Any = None,
                 shared_views: bool = False, dtypes: Mapping[DType, Any] | None = None) -> None:
        self.xp, self.name, self.via_host, self.shared_views = xp, name, via_host, shared_views
        self.where = {} if device is None else {"device": device}
        self.dtypes = {d: getattr(xp, d.name) for d in fd.ALL if hasattr(xp, d.name)} | dict(dtypes or {})
        self._of = {native: d for d, native in self.dtypes.items()}

    def native(self, dtype: DType) -> Any:
        """The library's dtype; raises UnsupportedError where it has none."""
        try:
            return self.dtypes[dtype]
        except KeyError:
            raise UnsupportedError(self.lacks(dtype), op="from_host", dtype=dtype, backend=self.name) from None

    def lacks(self, dtype: DType) -> str:
        """Why `dtype` is not to be had here."""
        return f"the library behind backend {self.name!r} has no {dtype.name}"

    def of(self, array: Array) -> DType:
        """The dtype of an array, as flambeau's."""
        found = self._of.get(array.dtype)
        return found if found is not None else self._learned(array.dtype)

    def _learned(self, native: Any) -> DType:
        """Of arrays that name their dtype by an object equal to the namespace's, but of another hash (NumPy's do)."""
        self._of[native] = next(d for d, named in self.dtypes.items() if native == named)
        return self._of[native]

    def fresh(self, array: Array) -> Array:
        """A copy."""
        return self.xp.asarray(array, copy=True)

    def astype(self, array: Array, dtype: DType) -> Array:
        """`array` as `dtype`; the array itself where it is of that type already."""
        return self.xp.astype(array, self.native(dtype), copy=False)

    def arange(self, length: int) -> Array:
        """int64 places 0 to `length` - 1."""
        return self.xp.arange(length, dtype=self.dtypes[fd.int64], **self.where)

    def ints(self, values: list[int]) -> Array:
        """int64 array of Python ints."""
        if not values:
            return self.arange(0)
        return self.xp.asarray(values, dtype=self.dtypes[fd.int64], **self.where)

    def accumulator(self, dtype: DType) -> DType:
        """The type in which sums and products of `dtype` accumulate."""
        return fd.float32 if dtype in HALVES else dtype
