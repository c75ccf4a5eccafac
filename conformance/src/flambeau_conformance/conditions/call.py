"""One call of a site, as conditions see it: arrays, attributes, the history of the site."""

from __future__ import annotations

import threading
from typing import Any

from flambeau.contract.backend import Backend, decode
from flambeau.dtypes import DType
from flambeau.shapes import contiguous_strides, numel
from flambeau.table.registry import TABLE, OpDef

_ENDS = 1000  # of long arrays only so many elements at either end are looked at


class Call:
    """What was asked; numbers are read when a condition asks for them."""

    __slots__ = ("_layouts", "_values", "arrays", "attributes", "base", "erred", "name", "number", "op", "shapes")

    def __init__(self, base: Backend, name: str, arrays: tuple[Any, ...], attributes: dict[str, Any], number: int = 0,
                 erred: bool = False) -> None:
        self.base, self.name, self.attributes, self.number, self.erred = base, name, attributes, number, erred
        self.arrays: list[Any] = [a for a in arrays if isinstance(a, base.array_type)]
        self.op: OpDef | None = TABLE.get(name)
        self.shapes = [tuple(a.shape) for a in self.arrays]
        self._values: dict[int, tuple[bytes, DType]] = {}
        self._layouts: dict[int, tuple[tuple[int, ...], int]] = {}

    @property
    def size(self) -> int:
        """Elements of the largest input."""
        return max(map(numel, self.shapes), default=numel(tuple(self.attributes.get("size") or ())))

    @property
    def rank(self) -> int:
        """Dims of the first input, or of what is made."""
        return len(self.shapes[0]) if self.shapes else len(tuple(self.attributes.get("size") or ()))

    @property
    def dtype(self) -> DType | None:
        """Of the first input, or the one asked for."""
        return self.base.dtype_of(self.arrays[0]) if self.arrays else self.attributes.get("dtype")

    @property
    def threaded(self) -> bool:
        """Whether another thread than the main one calls."""
        return threading.current_thread() is not threading.main_thread()

    def layout(self, i: int) -> tuple[tuple[int, ...], int]:
        """Strides and offset of an input, in elements."""
        if i not in self._layouts:
            array = self.arrays[i]
            self._layouts[i] = tuple(self.base.strides(array)), self.base.storage_offset(array)
        return self._layouts[i]

    def ordered(self, i: int) -> bool:
        """Whether an input lies in C order."""
        strides, expected = self.layout(i)[0], contiguous_strides(self.shapes[i])
        return all(s == e for n, s, e in zip(self.shapes[i], strides, expected, strict=True) if n > 1)

    def ends(self, i: int) -> tuple[bytes, DType]:
        """The bytes of an input, of a long one both ends."""
        if i not in self._values:
            array, dtype = self.arrays[i], self.base.dtype_of(self.arrays[i])
            data, width = self.base.to_host(array), dtype.itemsize
            if len(data) > 2 * _ENDS * width:
                data = bytes(data[: _ENDS * width]) + bytes(data[-_ENDS * width :])
            self._values[i] = bytes(data), dtype
        return self._values[i]

    def values(self, i: int) -> list[Any]:
        """The numbers of an input, of a long one both ends."""
        return decode(*self.ends(i))

    def indices(self) -> list[int]:
        """The inputs that hold places."""
        if self.op is None or "int64" not in self.op.kinds.values():
            return []
        kinds = [self.op.kinds[p.name] for p in self.op.inputs]
        kinds += kinds[-1:] * (len(self.arrays) - len(kinds))
        return [i for i, kind in enumerate(kinds[: len(self.arrays)]) if kind == "int64"]

    def storage(self, i: int) -> int:
        """The address at which an input's storage begins; 0 where the backend has none to give."""
        array = self.arrays[i]
        address = self.base.data_ptr(array)
        return address and address - self.base.storage_offset(array) * self.base.dtype_of(array).itemsize
