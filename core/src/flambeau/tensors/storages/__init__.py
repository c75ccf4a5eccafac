"""Storages: the memory that tensors lie in, as bytes (`UntypedStorage`) or as elements (`TypedStorage`).

A storage holds a 1-d tensor over the whole memory. Where a backend lets the same bytes be read as another dtype, all
views share them; where it does not (the reference backend keeps Python numbers), bytes are made when they are asked
for and written back when they are changed.
"""

from .legacy import (
    BFloat16Storage,
    BoolStorage,
    ByteStorage,
    CharStorage,
    ComplexDoubleStorage,
    ComplexFloatStorage,
    DoubleStorage,
    FloatStorage,
    HalfStorage,
    IntStorage,
    LongStorage,
    ShortStorage,
)
from .typed import TypedStorage
from .untyped import UntypedStorage

__all__ = ["BFloat16Storage", "BoolStorage", "ByteStorage", "CharStorage", "ComplexDoubleStorage",
           "ComplexFloatStorage", "DoubleStorage", "FloatStorage", "HalfStorage", "IntStorage", "LongStorage",
           "ShortStorage", "TypedStorage", "UntypedStorage"]
