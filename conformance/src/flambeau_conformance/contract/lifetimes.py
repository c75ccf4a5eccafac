"""What outlives what: exchanged memory and its owners, processes and their children, and running out of memory."""

from __future__ import annotations

import gc
import inspect
import os
import pickle
import subprocess
import sys
import weakref
from select import select
from typing import Any

from flambeau.errors import OutOfMemoryError, UnsupportedError
from flambeau.tensors.tensor import wrap

from ..api import flambeau
from ..check import PASSED, UNSUPPORTED, Check, CheckFailed, require
from ..target import Target
from .promise import promise

CHECKS: list[Check] = []
_PATIENCE = 30.0  # seconds that a child process may take


# --- DLPack


class _Exporter:
    """Hands out another tensor's memory through DLPack, and dies when nothing needs it any more."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def __dlpack__(self, **options: Any) -> Any:
        return self.tensor.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        found: tuple[int, int] = self.tensor.__dlpack_device__()
        return found


def _exchange(target: Target) -> None:
    x = flambeau.arange(6, dtype=flambeau.float32, device=target.device).reshape(2, 3)
    kind, number = x.__dlpack_device__()
    require(isinstance(kind, int) and isinstance(number, int), "dlpack", f"__dlpack_device__ gave {kind!r}, {number!r}")
    _kept_alive(target)
    _imported(target)
    _with_gradient(target)


def _kept_alive(target: Target) -> None:
    """The importer keeps the memory alive, through however many junk allocations."""
    x = flambeau.arange(1000, dtype=flambeau.float32, device=target.device)
    there = target.backend.from_dlpack(_Exporter(x))
    del x
    gc.collect()
    junk = [flambeau.full((1000,), -1.0, device=target.device) for _ in range(8)]
    there = wrap(there, target.device.kinds[flambeau.float32])
    require(there.tolist() == list(range(1000)), "dlpack", "memory that was exchanged did not outlive its first owner")
    del junk


def _imported(target: Target) -> None:
    """An exporter that is gone when nobody looks at its memory any more; a view may be imported as such."""
    x = flambeau.arange(12, dtype=flambeau.float32, device=target.device).reshape(3, 4)
    for name, part in (("whole", x), ("columns", x[:, 1:3]), ("transposed", x.t()), ("element", x[1, 2])):
        found = wrap(target.backend.from_dlpack(_Exporter(part)), target.device.kinds[flambeau.float32])
        require(tuple(found.shape) == tuple(part.shape) and found.tolist() == part.tolist(), "dlpack",
                f"{name}: imported as {found.tolist()}, exported {part.tolist()}")
    owner = x.clone()
    gone = weakref.ref(owner)
    there = target.backend.from_dlpack(_Exporter(owner))
    del owner, there, found
    gc.collect()
    require(gone() is None, "leak", "a tensor whose memory was exchanged lives on after both sides have dropped it")


def _with_gradient(target: Target) -> None:
    x = flambeau.ones(2, device=target.device, requires_grad=True)
    try:
        x.__dlpack__()
    except RuntimeError as error:
        require("gradient" in str(error), "dlpack", f"exporting a tensor that requires a gradient: {error}")
    else:
        raise CheckFailed("no error", "a tensor that requires a gradient was exported")


def _dlpack(target: Target) -> str:
    """Memory exchanged through DLPack lives as long as either side needs it, and no longer."""
    if target.capability("dlpack"):
        _exchange(target)
        return PASSED
    x = flambeau.ones(2, device=target.device)
    for what, call in (("export", x.__dlpack__), ("import", lambda: target.backend.from_dlpack(_Exporter(x)))):
        try:
            call()
        except UnsupportedError as error:
            require(error.op and error.fields.get("backend"), "refusal", f"{what}: {error} must name op and backend")
        else:
            raise CheckFailed("refusal", f"the manifest says no to dlpack, but the {what} worked")
    return UNSUPPORTED


CHECKS.append(Check("contract/dlpack", "contract", _dlpack))

# --- processes


def _little(device: Any) -> list[Any]:
    x = flambeau.arange(6, dtype=flambeau.float32, device=device).reshape(2, 3).requires_grad_()
    loss = (x @ x.t()).tanh().sum() + x.exp().mean()
    loss.backward()
    return [loss.item(), x.grad.tolist()]


@promise("processes/fork", CHECKS)
def forked(target: Target) -> None:
    """A forked child computes what its parent does, at once and with kernels it has not called; the parent goes on."""
    if not hasattr(os, "fork"):
        require(sys.platform == "win32", "fork", f"{sys.platform} has no fork")
        return
    expected = _little(target.device)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _in_child(target, writing)
    os.close(writing)
    data = _read(reading, child)
    require(data, "fork", "the child ended without an answer")
    found = pickle.loads(data)
    require(found == [expected, [0, 1, 2, 3]], "fork", f"the child computed {found}, the parent {expected}")
    require(_little(target.device) == expected, "fork", "after the fork the parent computes something else")


def _in_child(target: Target, writing: int) -> None:
    try:
        found: Any = [_little(target.device),
                      flambeau.tensor([3, 1, 2, 0], device=target.device).sort()[0].tolist()]
    except BaseException as error:
        found = f"{type(error).__name__}: {error}"
    os.write(writing, pickle.dumps(found))
    os._exit(0)  # nothing of the parent's is to be wound up here


def _read(reading: int, child: int) -> bytes:
    try:
        ready, _, _ = select([reading], [], [], _PATIENCE)
        if not ready:
            os.kill(child, 9)
        require(ready, "hang", f"the child did not answer within {_PATIENCE:g} s")
        return os.read(reading, 1 << 16)
    finally:
        os.close(reading)
        os.waitpid(child, 0)


_SPAWNED = """
import pickle, sys
from typing import Any
import flambeau
{little}
device = flambeau.device(sys.argv[1])
sent = pickle.loads(sys.stdin.buffer.read())
sys.stdout.buffer.write(pickle.dumps([_little(device), (sent + 1).tolist(), str(sent.device)]))
"""


@promise("processes/spawn", CHECKS)
def spawned(target: Target) -> None:
    """A process of its own computes the same bits, and a tensor sent to it arrives on the same device."""
    x = flambeau.tensor([1.5, -2.0], device=target.device)
    script = _SPAWNED.replace("{little}", inspect.getsource(_little))
    done = subprocess.run([sys.executable, "-c", script, target.name], input=pickle.dumps(x), capture_output=True,
                          timeout=2 * _PATIENCE, check=False)
    require(done.returncode == 0, "spawn", f"the process ended with {done.returncode}: {done.stderr.decode()[-400:]}")
    found = pickle.loads(done.stdout)
    expected = [_little(target.device), [2.5, -1.0], str(x.device)]
    require(found == expected, "spawn", f"the process computed {found}, here it is {expected}")


# --- memory


@promise("out-of-memory", CHECKS)
def out_of_memory(target: Target) -> None:
    """What no memory can hold is refused with a coded error; nothing changes, and the next calls are right."""
    x = flambeau.ones(4, device=target.device)
    before = target.backend.memory_stats().get("allocated", 0)
    for size in ((2**50,), (2**61,), (2**48, 4)):
        try:
            flambeau.full(size, 1.5, device=target.device)
        except OutOfMemoryError as error:
            require(error.op and error.code in str(error), "error fields", f"full of {size}: {error} names no op, code")
        except Exception as error:
            raise CheckFailed("error", f"full of {size} raised {type(error).__name__}: {error}, which must be"
                                       " OutOfMemoryError") from error
        else:
            raise CheckFailed("no error", f"full of {size} was not refused")
        require((x + 1).tolist() == [2] * 4 and x.tolist() == [1] * 4, "next op", f"after full of {size}: x + 1")
    held = target.backend.memory_stats().get("allocated", 0) - before
    require(held <= 0, "leak", f"{held} bytes are held after calls that were refused")
