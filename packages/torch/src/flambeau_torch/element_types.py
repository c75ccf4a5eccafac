"""PyTorch's element types of which flambeau makes no tensors: values to compare with, refused where one is made."""

from __future__ import annotations

from flambeau.dtypes import ForeignDType

uint16 = ForeignDType("uint16", 2, "H", 1, signed=False)
uint32 = ForeignDType("uint32", 4, "I", 1, signed=False)
uint64 = ForeignDType("uint64", 8, "Q", 1, signed=False)
float8_e4m3fn = ForeignDType("float8_e4m3fn", 1, "", 2)
float8_e4m3fnuz = ForeignDType("float8_e4m3fnuz", 1, "", 2)
float8_e5m2 = ForeignDType("float8_e5m2", 1, "", 2)
float8_e5m2fnuz = ForeignDType("float8_e5m2fnuz", 1, "", 2)
float8_e8m0fnu = ForeignDType("float8_e8m0fnu", 1, "", 2)
float4_e2m1fn_x2 = ForeignDType("float4_e2m1fn_x2", 1, "", 2)

__all__ = ["float4_e2m1fn_x2", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu",
           "uint16", "uint32", "uint64"]
