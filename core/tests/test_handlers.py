"""What a signal's handler raises reaches the program as it is, whatever flambeau did then; nothing is done twice."""

from __future__ import annotations

import functools
import io
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import flambeau
from flambeau import errors
from flambeau.contract import plugins
from flambeau.contract.backend import Status
from flambeau.interrupts import handlers_error, suppressed
from flambeau.table.registry import TABLE


class Struck(OSError, ValueError, TypeError):
    """An exception that much code expects."""


def strike(number: int, frame: Any) -> None:
    raise Struck("time is up")


class Handlers:
    def method(self, number: int, frame: Any) -> None:
        raise Struck("time is up")

    def __call__(self, number: int, frame: Any) -> None:
        raise Struck("time is up")


@pytest.fixture(params=[strike, Handlers().method, Handlers(), functools.partial(strike)],
                ids=["function", "method", "object", "partial"])
def handler(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """A handler that is installed; nothing sends its signal, the tests call it where one would come."""
    former = signal.signal(signal.SIGUSR1, request.param)
    yield request.param
    signal.signal(signal.SIGUSR1, former)


def striking(handler: Callable[..., Any], file: str, function: str) -> Callable[..., Any]:
    """A trace function that lets the handler run as a function of that file begins."""

    def trace(frame: Any, event: str, argument: Any) -> None:
        if frame.f_code.co_filename.endswith(file) and frame.f_code.co_name == function:
            sys.settrace(None)
            handler(signal.SIGUSR1, frame)

    return trace


def struck(handler: Callable[..., Any], file: str, function: str, work: Callable[[], Any]) -> None:
    """Raises what comes out of `work` while the handler strikes."""
    former = sys.gettrace()
    sys.settrace(striking(handler, file, function))
    try:
        work()
    finally:
        sys.settrace(former)


def saved() -> io.BytesIO:
    file = io.BytesIO()
    flambeau.save({"x": flambeau.ones(2)}, file)
    file.seek(0)
    return file


@pytest.mark.parametrize(("file", "function", "work"), [
    ("kernels/_common.py", "rows", lambda: flambeau.ones(2, device="reference").sum()),
    ("serialization/archive.py", "read", lambda: flambeau.load(saved())),
    ("serialization/machine.py", "take", lambda: flambeau.load(saved())),
    ("", "_RealGetContents", lambda: flambeau.load(saved())),
    ("serialization/writing.py", "_tensor", saved),
    ("contract/backend.py", "encode", lambda: flambeau.tensor([1.0])),
])
def test_it_comes_out_as_it_went_in(handler: Callable[..., Any], file: str, function: str, work: Any) -> None:
    with pytest.raises(Struck, match="time is up"):
        struck(handler, file, function, work)


def test_what_zipfile_swallows_is_not_taken_for_damage(handler: Callable[..., Any]) -> None:
    class Seeking(io.BytesIO):
        struck = False

        def seek(self, offset: int, whence: int = 0) -> int:
            if whence == 2 and offset and not self.struck:  # where zipfile suppresses OSError
                self.struck = True
                handler(signal.SIGUSR1, None)
            return super().seek(offset, whence)

    file = Seeking(saved().getvalue())
    assert flambeau.load(file)["x"].tolist() == [1, 1] and file.struck


def test_an_update_in_place_is_not_done_again(handler: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    x = flambeau.ones(3, device="reference")
    table = TABLE["add"].writers
    plain = table[x._kind]

    def written(*arrays: Any) -> None:
        plain(*arrays)
        handler(signal.SIGUSR1, None)

    monkeypatch.setitem(table, x._kind, written)
    with pytest.raises(Struck):
        x.add_(flambeau.ones(3, device="reference"))
    assert x.tolist() == [2.0, 2.0, 2.0]


def test_a_backend_is_not_broken_by_it(handler: Callable[..., Any]) -> None:
    loads = []

    class Descriptor:
        name = device_type = "interrupted"
        priority = 0

        def probe(self) -> Status:
            return Status("ok")

        def load(self) -> Any:
            loads.append(1)
            if len(loads) == 1:
                handler(signal.SIGUSR1, None)
            return plugins.load("reference")

    plugins.register(Descriptor())
    try:
        with pytest.raises(Struck):
            plugins.load("interrupted")
        assert plugins.load("interrupted") is plugins.load("reference")
    finally:
        plugins.withdraw("interrupted")


def test_an_assignment_is_not_done_again(handler: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    x, times = flambeau.zeros(3, device="reference"), []
    assign = TABLE["assign"].kernels[x._kind]

    def struck_once(*arrays: Any) -> None:
        times.append(1)
        assign(*arrays)
        handler(signal.SIGUSR1, None)

    monkeypatch.setitem(TABLE["assign"].kernels, x._kind, struck_once)
    with pytest.raises(Struck):
        x[0] = 5.0
    assert times == [1]


def test_an_error_that_was_there_before_is_not_taken_for_the_calls(handler: Callable[..., Any]) -> None:
    with pytest.raises(errors.ShapeError):
        try:
            handler(signal.SIGUSR1, None)
        except Struck:
            flambeau.ones(2) + flambeau.ones(3)
    with pytest.raises(errors.SerializationError, match="not a zip archive"):
        try:
            handler(signal.SIGUSR1, None)
        except Struck:
            flambeau.load(io.BytesIO(b"nothing"))


def test_an_exception_made_of_the_handlers_leads_to_it(handler: Callable[..., Any]) -> None:
    try:
        try:
            handler(signal.SIGUSR1, None)
        except Struck as error:
            raise RuntimeError("a codec failed") from error
    except RuntimeError as wrapped:
        assert handlers_error(wrapped) is wrapped.__cause__
    assert handlers_error(Struck("raised nowhere")) is None


def test_only_errors_of_its_own_are_suppressed(handler: Callable[..., Any]) -> None:
    with suppressed(OSError):
        raise Struck("of the code itself")
    with pytest.raises(Struck), suppressed(OSError):
        handler(signal.SIGUSR1, None)
    with pytest.raises(KeyError), suppressed(OSError):
        raise KeyError
