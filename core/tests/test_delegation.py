"""Kernels borrowed from another backend: right by way of host memory, counted, replaced one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import flambeau
from flambeau import dtypes, errors, later
from flambeau.contract import plugins
from flambeau.contract.backend import Backend, Status, decode, gathered
from flambeau.contract.delegation import borrowed
from flambeau.table.registry import TABLE, check_backend

later.load()
REQUIRED = {op.name for op in TABLE.values() if op.kind == "primitive"}


@dataclass(frozen=True)
class Bytes:
    data: bytes
    shape: tuple[int, ...]
    dtype: Any


class Borrower(Backend):
    """A backend that has arrays, and kernels only where it is given some."""

    name = device_type = "borrower"
    array_type = Bytes
    shared_views = False

    def __init__(self, lender: str = "reference", **own: Any) -> None:
        self.kernels = {**borrowed(self, lender), **own}

    def from_host(self, buffer, shape, dtype, strides=None, offset=0, copy=True):
        return Bytes(gathered(buffer, shape, dtype, strides, offset), tuple(shape), dtype)

    def to_host(self, array):
        return array.data

    def dtype_of(self, array):
        return array.dtype


class Descriptor:
    name = device_type = "borrower"
    priority = 0

    def probe(self) -> Status:
        return Status("ok")

    def load(self) -> Backend:
        return Borrower()


@pytest.fixture
def borrower() -> Iterator[str]:
    plugins.register(Descriptor())
    yield "borrower"
    plugins.withdraw("borrower")


def numbers(array: Bytes) -> list[Any]:
    return decode(array.data, array.dtype)


def test_every_required_kernel_is_lent_and_nothing_else():
    backend = Borrower()
    check_backend(backend)
    assert set(backend.kernels) == set(backend.delegated) == REQUIRED


def test_a_kernel_of_ones_own_is_no_longer_delegated():
    backend = Borrower(neg=lambda x: x, exp=lambda x: x)
    assert REQUIRED - set(backend.delegated) == {"neg", "exp"}


def test_backends_that_borrow_nothing_delegate_nothing():
    assert list(plugins.load("reference").delegated) == list(plugins.load("numpy").delegated) == []


@pytest.mark.parametrize("lender", ["reference", "numpy"])
def test_attributes_reach_the_lender_and_results_come_back_as_own_arrays(lender: str):
    backend = Borrower(lender)
    x = backend.from_host(b"\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40", (2, 2), dtypes.float32)
    out = backend.kernels["sum"](x, dim=(0,), keepdim=True, dtype=dtypes.float64)
    assert (type(out), out.shape, out.dtype, numbers(out)) == (Bytes, (1, 2), dtypes.float64, [4.0, 6.0])


def test_several_results_no_arrays_and_0d_arrays_are_moved_too():
    kernels = Borrower().kernels
    x = Borrower().from_host(bytes([3, 1, 2]), (3,), dtypes.uint8)
    values, places = kernels["sort"](x, dim=0, descending=False)
    assert (numbers(values), numbers(places), places.dtype) == ([1, 2, 3], [1, 2, 0], dtypes.int64)
    full = kernels["full"](size=(), value=True, dtype=dtypes.bool)
    assert (full.shape, numbers(full)) == ((), [True])


def test_a_program_with_gradients_runs_where_everything_is_borrowed(borrower: str):
    x = flambeau.tensor([[1.0, 2.0], [3.0, 4.0]], device=borrower, requires_grad=True)
    y = (x.t() @ x).softmax(1)
    y[0, 1].backward()
    host = x.detach().to("cpu").requires_grad_()
    (host.t() @ host).softmax(1)[0, 1].backward()
    assert x.grad is not None and host.grad is not None
    assert flambeau.allclose(x.grad.to("cpu"), host.grad, atol=1e-6)
    z = flambeau.zeros(3, device=borrower)
    z[1:] += 2
    assert z.tolist() == [0.0, 2.0, 2.0]


def test_errors_are_the_ones_of_every_backend(borrower: str):
    with pytest.raises(errors.ShapeError, match="sizes 2 and 3 do not broadcast"):
        flambeau.ones(2, device=borrower) + flambeau.ones(3, device=borrower)


def test_lenders_that_cannot_lend_are_refused_by_name():
    with pytest.raises(errors.BackendNotFoundError, match="'nobody'"):
        Borrower("nobody")
    with pytest.raises(errors.ContractError, match="'borrower' cannot borrow kernels from itself"):
        Borrower("borrower")
