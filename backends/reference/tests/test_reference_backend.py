"""The backend object: discovery, host formats, layout, element access."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import resources
from typing import Any

import pytest
from reference_arrays import BACKEND, INF, KERNELS, NAN, make, text

from flambeau import dtypes
from flambeau.contract.backend import bfloat16_bits, decode, encode
from flambeau.dtypes import DType
from flambeau.errors import ShapeError, UnsupportedError
from flambeau_reference import Array
from flambeau_reference.kernels import LATER
from flambeau_reference.plugin import descriptor

CONTRACT = (
    "abs", "add", "amax", "amin", "arange", "argmax", "argmin", "as_strided", "assign", "atan2", "bitwise_and",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "cast", "cat", "ceil",
    "complex", "copy", "cos", "cummax", "cummin", "cumprod", "cumsum", "diagonal", "div", "eq", "erf", "exp",
    "expand", "expm1", "flip", "floor", "floor_divide", "fmod", "fold", "full", "gather", "imag", "index",
    "index_put", "le", "log", "log1p", "logical_not", "lt", "masked_select", "matmul", "maximum", "minimum", "mul",
    "neg", "nonzero", "pad", "permute", "pow", "prod", "real", "remainder", "roll", "round", "scatter", "scatter_add",
    "searchsorted", "sign", "sin", "slice", "sort", "sqrt", "sub", "sum", "take", "tanh", "trunc", "unfold", "view",
    "where",
)
FACTORS = ("geqrf", "linalg_cholesky_ex", "linalg_eig", "linalg_eigh", "linalg_ldl_factor_ex", "linalg_lu_factor_ex",
           "linalg_qr", "linalg_solve_triangular", "linalg_svd",
           "fft_c2c", "fft_c2r", "fft_r2c")  # of groups that a backend may do without
SAMPLES: dict[str, list[Any]] = {
    "bool": [True, False], "uint8": [0, 255], "int8": [-128, 127], "int16": [-32768, 32767], "int32": [-(2**31), 5],
    "int64": [-(2**63), 2**63 - 1], "float16": [65504.0, -0.0, INF, 2.0**-24], "bfloat16": [1.5, -INF, 2.0**-133],
    "float32": [0.1 + 0.2 - 0.30000000000000004, 2.0**-149, -INF], "float64": [0.1, 5e-324],
    "complex64": [1.5 - 2j, complex(-0.0, INF)], "complex128": [0.1 + 0.2j, complex(INF, -0.0)],
}


EXACTER = {"erfc"}  # composites whose body has no digits left where the oracle must have them


def test_every_kernel_of_the_contract_is_there_and_none_beside() -> None:
    for family in LATER:
        BACKEND.load_family(family)
    assert sorted(set(KERNELS) - EXACTER) == sorted((*CONTRACT, *FACTORS))


def test_descriptor_is_usable_everywhere_and_yields_to_other_cpu_backends() -> None:
    assert (descriptor.name, descriptor.device_type, descriptor.priority) == ("reference", "cpu", 0)
    assert descriptor.probe().ok
    assert type(descriptor.load()) is type(BACKEND)


def test_the_descriptor_s_module_loads_no_kernels() -> None:
    program = ("import sys, flambeau_reference.plugin as p; p.descriptor.probe(); "
               "sys.exit('flambeau_reference.kernels' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_manifest_claims_everything_but_dlpack() -> None:
    """Its arrays are lists, of which there is no memory to exchange."""
    manifest = tomllib.loads(resources.files("flambeau_reference").joinpath("flambeau-backend.toml").read_text())
    assert manifest["backend"]["name"] == "reference"
    assert {name for name, says in manifest["capabilities"].items() if says != "yes"} == {"dlpack"}
    assert "unsupported" not in manifest


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=repr)
def test_host_formats_go_in_and_out_unchanged(dtype: DType) -> None:
    raw = encode(SAMPLES[dtype.name], dtype)
    array = BACKEND.from_host(raw, (len(SAMPLES[dtype.name]),), dtype)
    assert BACKEND.to_host(array) == raw
    assert BACKEND.dtype_of(array) is dtype
    assert text(BACKEND.tolist(array)) == text(decode(raw, dtype))


def test_nan_survives_the_host() -> None:
    for dtype in (*dtypes.FLOATING, *dtypes.COMPLEX):
        value = BACKEND.item(make(NAN, dtype))
        assert value != value


def test_from_host_lays_the_array_out_as_the_strides_say() -> None:
    raw = encode(list(range(12)), dtypes.int32)
    array = BACKEND.from_host(raw, (2, 3), dtypes.int32, (1, 4), 2)
    assert BACKEND.tolist(array) == [[2, 6, 10], [3, 7, 11]]
    assert BACKEND.strides(array) == (1, 4)
    assert BACKEND.storage_offset(array) == 2
    assert BACKEND.to_host(array) == encode([2, 6, 10, 3, 7, 11], dtypes.int32)


def test_from_host_takes_stride_0_an_offset_without_strides_and_any_buffer() -> None:
    raw = encode([1.0, 2.0, 3.0], dtypes.float32)
    assert BACKEND.tolist(BACKEND.from_host(raw, (2, 2), dtypes.float32, (0, 1), 1)) == [[2.0, 3.0], [2.0, 3.0]]
    assert BACKEND.tolist(BACKEND.from_host(bytearray(raw), (2,), dtypes.float32, None, 1)) == [2.0, 3.0]
    assert BACKEND.tolist(BACKEND.from_host(memoryview(raw), (0, 5), dtypes.float32)) == []


def test_from_host_refuses_to_reach_outside_the_buffer() -> None:
    raw = encode([1.0, 2.0], dtypes.float32)
    with pytest.raises(ShapeError, match=r"from_host: elements 0 to 3 lie outside a buffer of 8 bytes \(float32\)"):
        BACKEND.from_host(raw, (3,), dtypes.float32)
    with pytest.raises(ShapeError, match="elements -1 to 1 lie outside"):
        BACKEND.from_host(raw, (2,), dtypes.float32, (-1,), 0)


def test_the_host_s_buffer_is_not_shared() -> None:
    raw = bytearray(encode([1.0], dtypes.float32))
    array = BACKEND.from_host(raw, (1,), dtypes.float32, copy=False)
    raw[:] = b"\0\0\0\0"
    assert BACKEND.tolist(array) == [1.0]


def test_tolist_gives_a_list_of_one_s_own() -> None:
    array = make([1.0, 2.0])
    BACKEND.tolist(array).clear()
    assert BACKEND.tolist(array) == [1.0, 2.0]


def test_data_ptr_is_alike_for_aliases_only() -> None:
    array = make([[1.0, 2.0], [3.0, 4.0]])
    row = KERNELS["slice"](array, index=(1,))
    assert BACKEND.data_ptr(KERNELS["permute"](array, dims=(1, 0))) == BACKEND.data_ptr(array)
    assert BACKEND.data_ptr(row) == BACKEND.data_ptr(array) + 8
    assert BACKEND.data_ptr(KERNELS["copy"](array)) != BACKEND.data_ptr(array)


def test_dlpack_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="backend 'reference' does not export DLPack"):
        BACKEND.dlpack(make([1.0]))


def test_bfloat16_rounds_the_double_once_to_nearest_even() -> None:
    values = [1.0 + 2.0**-8, 1.0 + 3 * 2.0**-8, 1.0 + 2.0**-8 + 2.0**-40, 3.38e38, 3.4e38, 2.0**-134, 2.0**-133 * 1.5,
              -(2.0**-134) * 1.01, 2.0**-126 * (1 + 2.0**-8), 1e300, 0.1, -0.0]
    result = KERNELS["cast"](make(values, dtypes.float64), dtype=dtypes.bfloat16)
    expected = [bfloat16_bits(v) for v in values]
    assert BACKEND.to_host(result) == b"".join(bits.to_bytes(2, "little") for bits in expected)
    assert BACKEND.tolist(result)[:4] == [1.0, 1.015625, 1.0078125, 3.3762391092936863e38]


def test_array_shows_its_elements() -> None:
    assert repr(Array([1, 2], (2,), dtypes.int64)) == "Array([1, 2], shape=(2,), dtype=int64)"
