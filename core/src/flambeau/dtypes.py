"""The twelve element types and PyTorch's promotion rules between them."""

from __future__ import annotations

from typing import Any

_NAMESPACE = ["flambeau"]  # what reprs print before a name; a compatibility layer may set another


class DType:
    """An element type; compare with `is`.

    `itemsize` is in bytes; `format` is the code of `struct` for one element ("" where struct has
    none: bfloat16 and the complex types); `category` orders bool < integer < floating < complex.
    """

    __slots__ = ("bits", "category", "complex", "format", "is_complex", "is_floating_point", "is_signed",
                 "itemsize", "name", "real")

    name: str
    itemsize: int
    format: str
    category: int
    is_floating_point: Any
    is_complex: Any
    is_signed: Any
    bits: int
    real: DType
    complex: DType

    def __init__(self, name: str, itemsize: int, format: str, category: int, signed: Any = True) -> None:
        self.name, self.itemsize, self.format, self.category = name, itemsize, format, category
        self.is_floating_point, self.is_complex, self.is_signed = category == 2, category == 3, signed
        self.bits = 8 * itemsize
        self.real = self.complex = self

    def __repr__(self) -> str:
        return f"{_NAMESPACE[0]}.{self.name}"

    def __reduce__(self) -> str:
        return self.name

    def to_real(self) -> DType:
        """The floating type of a complex type's parts; any other type itself."""
        return self.real

    def to_complex(self) -> DType:
        """The complex type whose parts hold this floating type."""
        return self.complex


class ForeignDType(DType):
    """A dtype that programs may name and compare with, and of which no backend makes tensors."""

    __slots__ = ()


bool = DType("bool", 1, "?", 0, signed=False)
uint8 = DType("uint8", 1, "B", 1, signed=False)
int8 = DType("int8", 1, "b", 1)
int16 = DType("int16", 2, "h", 1)
int32 = DType("int32", 4, "i", 1)
int64 = DType("int64", 8, "q", 1)
float16 = DType("float16", 2, "e", 2)
bfloat16 = DType("bfloat16", 2, "", 2)
float32 = DType("float32", 4, "f", 2)
float64 = DType("float64", 8, "d", 2)
complex64 = DType("complex64", 8, "", 3)
complex128 = DType("complex128", 16, "", 3)

ALL = (bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex64, complex128)
HALVES = (float16, bfloat16)
INTEGERS = (uint8, int8, int16, int32, int64)
FLOATING = (float16, bfloat16, float32, float64)
COMPLEX = (complex64, complex128)
BY_NAME = {d.name: d for d in ALL}
ALIASES = {"half": float16, "float": float32, "double": float64, "short": int16, "int": int32, "long": int64,
           "cfloat": complex64, "cdouble": complex128}

for _real, _complex in ((float32, complex64), (float64, complex128)):
    _complex.real, _complex.complex, _real.complex = _real, _complex, _complex
float16.complex = bfloat16.complex = complex64


def _join_same_category(a: DType, b: DType) -> DType:
    if a.category == 1:
        if a.is_signed != b.is_signed:
            unsigned, signed = (b, a) if a.is_signed else (a, b)
            return int16 if signed.itemsize <= unsigned.itemsize else signed
        return a if a.itemsize >= b.itemsize else b
    if {a, b} == {float16, bfloat16}:
        return float32
    return a if a.itemsize >= b.itemsize else b


def _join(a: DType, b: DType) -> DType:
    if a is b:
        return a
    if a.category == b.category:
        return _join_same_category(a, b)
    low, high = (a, b) if a.category < b.category else (b, a)
    if high.is_complex and low is float64:
        return complex128
    return high


_PROMOTION = {(a, b): _join(a, b) for a in ALL for b in ALL}


def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest type that holds both, by PyTorch's table.

    >>> promote_types(uint8, int8), promote_types(int64, float16)
    (flambeau.int16, flambeau.float16)
    """
    try:
        return _PROMOTION[type1, type2]
    except KeyError:
        from .errors import ArgumentError

        raise ArgumentError(f"expected two dtypes, got {type1!r} and {type2!r}", op="promote_types") from None


_LARGEST: dict[DType, Any] = {d: (1 << (d.bits - (d.name != "uint8"))) - 1 for d in INTEGERS} | {
    float16: 65504.0, bfloat16: (2 - 2.0**-7) * 2.0**127, float32: (2 - 2.0**-23) * 2.0**127}
_C_NAMES = {float16: "c10::Half", bfloat16: "c10::BFloat16", float32: "float", float64: "double", int32: "int",
            complex64: "c10::complex<float>", complex128: "c10::complex<double>"}


def fits(value: Any, dtype: DType) -> Any:
    """Whether a Python number converts to `dtype` as PyTorch allows: into uint8 also the negatives down to -255."""
    if (type(value) is float or type(value) is int) and 0 <= value < 128:  # most are
        return True
    if isinstance(value, complex):
        real, imag = value.real, value.imag
        return fits(real, dtype) and (fits(imag, dtype) if dtype.is_complex else imag == 0 or dtype is bool)
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return False
    dtype = dtype.real
    most = _LARGEST.get(dtype)
    if most is None:
        return True
    if dtype.category == 2:
        return -most <= value <= most or value - value != 0
    least = -most if not dtype.is_signed and isinstance(value, int) else -most - 1 if dtype.is_signed else 0
    return least <= value <= most


def wrapped(value: Any, dtype: DType) -> Any:
    """The number as `dtype` stores it: a real one without an imaginary part, an integer modulo its bits."""
    if dtype is bool:
        return value != 0
    if dtype.category < 3 and isinstance(value, complex):
        value = value.real
    if dtype.category > 1:
        return float(value) if isinstance(value, int) else value
    value = int(value) & ((1 << dtype.bits) - 1)
    return value - (1 << dtype.bits) if dtype.is_signed and value >> (dtype.bits - 1) else value


def fit(value: Any, dtype: DType, op: Any = None) -> Any:
    """`value` if `dtype` holds it; raises NumberRangeError otherwise."""
    if fits(value, dtype):
        return value
    raise misfit(value, dtype, op)


def held(value: Any, dtype: DType, op: Any = None) -> Any:
    """The number as a factor of tensors of `dtype`; raises NumberRangeError where that does not hold it.

    Half precision computes in float32, so that is what must hold it there.
    """
    if type(value) is int and dtype.category and -128 < value < 128:
        return value
    wide = float32 if dtype.category == 2 and dtype.itemsize == 2 else dtype
    return wrapped(fit(value, wide, op), wide)


def misfit(value: Any, dtype: DType, op: Any = None) -> Any:
    """The error for a number that `dtype` does not hold."""
    from .errors import NumberRangeError

    shown = f"an integer of {value.bit_length()} bits" if isinstance(value, int) and value.bit_length() > 64 else value
    if isinstance(value, int) and value.bit_length() > 63 and dtype.name in ("int64", "bool"):
        text = f"Overflow when unpacking long: {shown}"
    else:
        name = _C_NAMES.get(dtype, f"{dtype.name}_t" if dtype.category else "bool")
        text = f"value cannot be converted to type {name} without overflow: {shown}"
    return NumberRangeError(text, op=op, value=value, dtype=dtype)


def can_cast(from_: DType, to: DType) -> Any:
    """Whether PyTorch lets a result of type `from_` be written into a tensor of type `to`."""
    if from_.category > to.category:
        return False
    return not (from_.category == 1 and to is bool)


class _Default:
    __slots__ = ("dtype",)

    def __init__(self) -> None:
        self.dtype = float32


_default = _Default()


def get_default_dtype() -> DType:
    """The floating type of new tensors made from Python floats."""
    return _default.dtype


def set_default_dtype(d: DType) -> None:
    """Makes `d` (a floating type) the type of new tensors made from Python floats.

    Raises DTypeError for a type that is not floating.
    """
    from .errors import ArgumentError, DTypeError, UnsupportedError

    if not isinstance(d, DType):
        raise ArgumentError(f"expected a dtype, got {d!r}", op="set_default_dtype")
    if isinstance(d, ForeignDType):
        raise UnsupportedError(f"there are no tensors of {d!r}", op="set_default_dtype")
    if not d.is_floating_point:
        raise DTypeError(f"only floating-point types are supported as the default type, got {d!r}",
                         op="set_default_dtype")
    _default.dtype = d


def category_of(value: Any) -> int:
    """0 for bool, 1 for int, 2 for float, 3 for complex."""
    if value is True or value is False:
        return 0
    return 1 if isinstance(value, int) else 2 if isinstance(value, float) else 3


def scalar_dtype(value: Any) -> DType:
    """The dtype a Python number brings into promotion."""
    category = category_of(value)
    if category < 2:
        return int64 if category else bool
    return get_default_dtype() if category == 2 else get_default_dtype().complex


def of_scalar(value: Any) -> DType:
    """The type a Python number takes when a tensor is made from it alone."""
    kind = type(value)
    if kind is float:
        return _default.dtype
    if kind.__name__ == "bool":
        return bool
    if isinstance(value, int):
        return int64
    if isinstance(value, complex):
        return _default.dtype.complex
    if kind.__name__.startswith("bool"):
        return bool
    return int64 if hasattr(value, "__index__") else _default.dtype


__all__ = [
    "ALIASES", "ALL", "BY_NAME", "COMPLEX", "FLOATING", "INTEGERS", "DType", "bfloat16", "bool", "can_cast",
    "complex64", "complex128", "float16", "float32", "float64", "get_default_dtype", "int8", "int16", "int32",
    "int64", "of_scalar", "promote_types", "set_default_dtype", "uint8",
]


def __dir__() -> list[str]:
    return sorted(__all__)
