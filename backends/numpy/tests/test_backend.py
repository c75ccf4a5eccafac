"""The backend around the kernels: discovery, imports, warnings, exchange with other libraries."""

import subprocess
import sys
import threading
import tomllib
import warnings
from importlib.resources import files

import ml_dtypes
import numpy as np
import pytest

import flambeau
import flambeau_numpy
from flambeau import dtypes as fd
from flambeau.errors import FlambeauError, UnsupportedError
from flambeau_arrayapi.testing import call
from flambeau_numpy.plugin import NumpyDescriptor, descriptor


def _modules_after(statement):
    code = f"import sys; {statement}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_the_descriptor_imports_no_array_library():
    loaded = _modules_after("from flambeau_numpy.plugin import descriptor; descriptor.probe()")
    assert not loaded & {"numpy", "scipy", "ml_dtypes"}


def test_loading_imports_neither_scipy_nor_the_reference_backend():
    loaded = _modules_after("import flambeau_numpy; flambeau_numpy.load()")
    assert "numpy" in loaded
    assert not loaded & {"scipy", "flambeau_reference"}


def test_probe_names_what_is_missing_and_how_to_get_it(monkeypatch):
    assert descriptor.probe().ok
    monkeypatch.setattr("flambeau_numpy.plugin.find_spec", lambda name: None if name == "scipy" else object())
    status = NumpyDescriptor().probe()
    assert (status.ok, status.reason, status.fix) == (False, "scipy cannot be found", "python -m pip install scipy")


def test_there_is_one_backend(numpy_backend):
    assert descriptor.load() is numpy_backend
    assert (numpy_backend.name, numpy_backend.device_type, numpy_backend.array_type) == ("numpy", "cpu", np.ndarray)


def test_every_primitive_has_a_kernel_for_float32(numpy_backend):
    from flambeau.table.registry import TABLE

    primitives = [op.name for op in TABLE.values() if op.kind == "primitive"]
    assert primitives
    assert [name for name in primitives if name not in numpy_backend.kernels] == []


def test_the_manifest_says_that_nothing_is_missing():
    manifest = tomllib.loads(files(flambeau_numpy).joinpath("flambeau-backend.toml").read_text())
    assert manifest["backend"] == {"name": "numpy", "contract": ">=1.0,<2"}
    assert set(manifest["capabilities"].values()) == {"yes"}
    assert "unsupported" not in manifest


def _divide_by_zero(backend):
    return call(backend, "div", np.ones(2, np.float32), np.zeros(2, np.float32))


def test_ieee_results_come_without_warnings(numpy_backend):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flambeau_numpy.silence_warnings()
        assert np.isinf(_divide_by_zero(numpy_backend)).all()


def test_ieee_results_come_without_warnings_in_other_threads(numpy_backend):
    failures = []

    def work():
        try:
            flambeau.ones(3, device="numpy") / flambeau.zeros(3, device="numpy")
        except (RuntimeWarning, FlambeauError) as warning:
            failures.append(warning)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []


@pytest.mark.loud
def test_the_users_own_numpy_still_warns():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.divide(np.ones(1), np.zeros(1))


def test_dlpack_shares_memory_both_ways(numpy_backend):
    source = np.arange(3, dtype=np.float32)
    taken = numpy_backend.from_dlpack(source)
    source[0] = 5
    assert taken.tolist() == [5, 1, 2]
    assert numpy_backend.dlpack_device(source) == (1, 0)
    assert "dltensor" in repr(numpy_backend.dlpack(source))


def test_bfloat16_says_that_it_has_no_dlpack(numpy_backend):
    with pytest.raises(UnsupportedError, match="does not export bfloat16"):
        numpy_backend.dlpack(np.zeros(2, ml_dtypes.bfloat16))


@pytest.mark.parametrize("dtype", fd.ALL)
def test_elements_survive_the_way_in_and_out(numpy_backend, dtype):
    x = numpy_backend.kernel("cast", fd.int64)(np.arange(6).reshape(2, 3), dtype=dtype)
    data = bytes(numpy_backend.to_host(x.T))
    back = numpy_backend.from_host(data, (3, 2), dtype)
    assert len(data) == 6 * dtype.itemsize
    assert numpy_backend.dtype_of(back) is dtype
    assert back.tolist() == x.T.tolist()
    assert numpy_backend.item(back[2:, 1]) == x[1, 2].item()
