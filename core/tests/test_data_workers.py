"""Worker processes in trouble: killed, stuck, interrupted, left behind. Nobody hangs and nothing is left over.

Limits of time are generous, for a machine that does other things too; the figures without load are in the comments.
"""

import contextlib
import multiprocessing
import os
import pathlib
import signal
import socket
import subprocess
import sys
import textwrap
import time

import pytest

import flambeau
from flambeau.errors import WorkerError
from flambeau.utils import data
from flambeau.utils.data import _channel, _workers

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

SIZE = 4_000_000  # float32: batches of 16 MB
LONG = 60.0
SOON = 5.0


class Large(data.Dataset):
    """Samples of 16 MB."""

    def __init__(self, count=8, size=SIZE):
        self.count, self.size = count, size

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return flambeau.full((self.size,), float(index))


class Slow(data.Dataset):
    """Samples that take `seconds`, and the first worker's a long time."""

    def __init__(self, seconds=LONG):
        self.seconds = seconds

    def __len__(self):
        return 100

    def __getitem__(self, index):
        time.sleep(LONG if data.get_worker_info().id == 0 else self.seconds)
        return index


def pids(iterator):
    return [worker.process.pid for worker in iterator._workers.workers]


def lives(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def shared_files():
    return set(os.listdir("/dev/shm"))


def comes_true(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@contextlib.contextmanager
def within(seconds):
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


@pytest.fixture(autouse=True)
def bounded():
    """A test that hangs fails."""

    def hangs(number, frame):
        raise TimeoutError("hangs")

    former = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(2 * int(LONG))
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks at processes under /proc")


# -- what arrives --------------------------------------------------------------------------------


class Everything(data.Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        made = {dtype: flambeau.arange(4).to(dtype) + index for dtype in (flambeau.uint8, flambeau.int64,
                flambeau.bfloat16, flambeau.float16, flambeau.float64, flambeau.complex64)}
        return {"kinds": list(made.values()), "empty": flambeau.zeros(0, 3), "number": flambeau.tensor(index),
                "turned": flambeau.arange(6).reshape(2, 3).T, "weight": flambeau.nn.Parameter(flambeau.ones(2)),
                "text": "x" * 100_000, "none": None}


@pytest.mark.parametrize("start", ["fork", pytest.param("spawn", marks=pytest.mark.slow),
                                   pytest.param("forkserver", marks=pytest.mark.slow)])
def test_batches_are_what_they_are_without_workers(start):
    loader = data.DataLoader(Everything(), None, num_workers=2, multiprocessing_context=start)
    for index, (got, expected) in enumerate(zip(loader, map(Everything().__getitem__, range(3)), strict=True)):
        tensors = zip([*got["kinds"], got["empty"], got["number"], got["turned"], got["weight"]],
                      [*expected["kinds"], expected["empty"], expected["number"], expected["turned"],
                       expected["weight"]], strict=True)
        for mine, theirs in tensors:
            assert (type(mine), mine.dtype, mine.shape, mine.tolist()) == (type(theirs), theirs.dtype, theirs.shape,
                                                                           theirs.tolist())
        assert (got["text"], got["none"], got["number"].item()) == (expected["text"], None, index)
        assert got["weight"].requires_grad
        got["kinds"][4].add_(1)
        assert got["kinds"][4].tolist() == [index + 1 + i for i in range(4)], "a batch can be written to"


def test_a_batch_does_not_change_when_later_ones_come():
    batches = list(data.DataLoader(Large(12, 10_000), None, num_workers=1, prefetch_factor=1))
    assert [(b.min().item(), b.max().item()) for b in batches] == [(i, i) for i in range(12)]


def test_memory_is_used_again():
    """The shared memory holds the batches that are under way, however many there were."""
    loader = data.DataLoader(Large(40, 250_000), None, num_workers=1, prefetch_factor=2, persistent_workers=True)
    iterator = iter(loader)
    assert [batch[0].item() for batch in iterator] == list(range(40))
    assert os.fstat(iterator._workers.workers[0].channel.incoming.file).st_size < 5 * 1_000_100


def test_gaps_are_filled_first():
    region = _channel.Region()
    places = [region.write(number, [memoryview(bytes(100))]) for number in range(3)]
    region.release(1)
    assert region.write(3, [memoryview(b"a" * 100)]) == places[1]
    assert region.read(places[1], 1) == [b"a" * 100]
    assert region.write(4, [memoryview(bytes(101))]) > places[2]
    region.release(0)
    region.release(3)
    assert region.write(5, [memoryview(bytes(150))]) == places[0]
    region.close()


@pytest.mark.parametrize(("count", "batch", "ahead"), [(3000, 1, 600), (200_000, 100_000, 2)])
def test_many_orders_and_long_ones_do_not_fill_the_line(count, batch, ahead):
    loader = data.DataLoader(range(count), batch, num_workers=1, prefetch_factor=ahead, timeout=LONG)
    assert sum([len(got) for got in loader]) == count


def test_the_default_timeout_of_sockets_is_not_the_workers():
    socket.setdefaulttimeout(0.05)
    try:
        iterator = iter(data.DataLoader(range(4), num_workers=1))
        time.sleep(0.3)
        assert [got.item() for got in iterator] == [0, 1, 2, 3]
    finally:
        socket.setdefaulttimeout(None)


def test_no_room_for_a_batch_is_an_error_of_that_batch():
    resource = pytest.importorskip("resource")

    def limit(worker):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    with pytest.raises(OSError, match=r"Caught OSError in DataLoader worker process 0(.|\n)*File too large"):
        next(iter(data.DataLoader(Large(), None, num_workers=1, worker_init_fn=limit)))


# -- a worker dies -------------------------------------------------------------------------------


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def half_a_value(monkeypatch):
    whole = os.pwrite

    def pwrite(file, part, offset):
        if data.get_worker_info() is None or len(part) < SIZE:
            return whole(file, part, offset)
        whole(file, part[: len(part) // 2], offset)
        return die()

    monkeypatch.setattr(os, "pwrite", pwrite)


def half_a_message(monkeypatch):
    whole = _channel.Channel.send

    def send(self, number, kind, value):
        if data.get_worker_info() is None:
            return whole(self, number, kind, value)
        self.line.sendall(bytes(10))
        return die()

    monkeypatch.setattr(_channel.Channel, "send", send)


@pytest.mark.parametrize("killed", [half_a_value, half_a_message])
@pytest.mark.parametrize("timeout", [0, 5])
def test_a_worker_killed_while_it_sends_is_reported(monkeypatch, killed, timeout):
    killed(monkeypatch)
    with within(SOON), pytest.raises(WorkerError, match=r"DataLoader worker \(pid\(s\) \d+.*\) exited unexpectedly"):
        list(data.DataLoader(Large(), None, num_workers=2, timeout=timeout))


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.04, 0.06, 0.08])
def test_a_worker_killed_at_any_time_is_reported(delay):
    iterator = iter(data.DataLoader(Large(1000), None, num_workers=2, timeout=LONG))
    next(iterator)
    time.sleep(delay)
    os.kill(pids(iterator)[0], signal.SIGKILL)
    with within(SOON), pytest.raises(WorkerError, match="exited unexpectedly"):
        for _ in iterator:
            pass
    assert not any(lives(pid) for pid in pids(iterator)), "the others ended too"
    with pytest.raises(WorkerError, match="exited unexpectedly"):
        next(iterator)


def test_a_dead_worker_is_noticed_while_another_works():
    iterator = iter(data.DataLoader(Slow(), None, num_workers=2))
    time.sleep(0.2)
    os.kill(pids(iterator)[1], signal.SIGKILL)
    with within(2), pytest.raises(WorkerError, match=rf"pid\(s\) {pids(iterator)[1]}\) exited"):  # 0.01
        next(iterator)


def test_a_dead_worker_is_noticed_while_another_delivers():
    iterator = iter(data.DataLoader(Slow(0.5), None, num_workers=2, prefetch_factor=20))
    time.sleep(0.2)
    os.kill(pids(iterator)[0], signal.SIGKILL)
    with within(2), pytest.raises(WorkerError, match="exited unexpectedly"):
        next(iterator)


def test_a_dead_worker_is_noticed_though_its_child_holds_its_files():
    def fork(worker):
        if os.fork() == 0:
            time.sleep(3)
            os._exit(0)
        die()

    with within(2), pytest.raises(WorkerError, match="exited unexpectedly"):  # 0.25
        list(data.DataLoader(range(4), num_workers=1, worker_init_fn=fork))


def test_a_persistent_loader_gets_new_workers_after_a_death():
    loader = data.DataLoader(range(4), num_workers=2, persistent_workers=True)
    iterator = iter(loader)
    os.kill(pids(iterator)[1], signal.SIGKILL)
    with pytest.raises(WorkerError, match="exited unexpectedly"):
        list(iterator)
    assert [got.item() for got in loader] == [0, 1, 2, 3]


def test_the_timeout_holds_where_a_worker_is_stopped():
    iterator = iter(data.DataLoader(Large(1000), None, num_workers=1, timeout=0.3))
    next(iterator)
    os.kill(pids(iterator)[0], signal.SIGSTOP)
    with within(SOON), pytest.raises(WorkerError, match=r"timed out after 0.3 seconds"):
        for _ in iterator:
            pass
    with within(2):  # 0.1
        iterator._workers.stop()
    assert not lives(pids(iterator)[0])


# -- the loop is left ----------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", [Slow(), Large(1000)])
def test_closing_does_not_wait_for_busy_workers(dataset):
    iterator = iter(data.DataLoader(dataset, None, num_workers=4))
    time.sleep(0.2)
    workers = pids(iterator)
    with within(2):  # 0.11
        del iterator
    assert not any(lives(pid) for pid in workers)


def test_the_workers_end_with_the_pass():
    iterator = iter(data.DataLoader(range(4), num_workers=2))
    assert len(list(iterator)) == 4
    assert not any(lives(pid) for pid in pids(iterator))
    assert list(iterator) == []


def test_idle_workers_end_by_themselves(monkeypatch):
    """None holds another's line open, so each sees that the loader has closed it."""
    monkeypatch.setattr(_workers, "_CLOSE_SECONDS", LONG)
    first, second = [iter(data.DataLoader(range(40), num_workers=2)) for _ in range(2)]
    processes = [worker.process for worker in first._workers.workers]
    next(first), next(second)
    with within(SOON):  # 0.01
        first._workers.stop()
    assert [process.exitcode for process in processes] == [0, 0]


def test_files_are_closed():
    def opened():
        return len(os.listdir("/proc/self/fd"))

    list(data.DataLoader(range(4), num_workers=2))
    before = opened()
    for _ in range(3):
        next(iter(data.DataLoader(range(4), num_workers=2)))
    assert opened() == before


def test_workers_that_cannot_start_leave_none_behind(monkeypatch):
    context, started = multiprocessing.get_context("fork"), []

    def start(self):
        if started:
            raise OSError("no more processes")
        started.append(self)
        whole(self)

    whole = context.Process.start
    monkeypatch.setattr(context.Process, "start", start)
    with pytest.raises(OSError, match="no more processes"):
        iter(data.DataLoader(range(4), num_workers=2, multiprocessing_context="fork"))
    assert not lives(started[0].pid)


def test_a_pass_goes_on_after_ctrl_c():
    """However often it comes, and whenever, later batches and passes are whole."""
    loader = data.DataLoader(Large(30, 100), None, num_workers=2, persistent_workers=True, timeout=LONG)

    armed = False

    def interrupt(number, frame):
        nonlocal armed
        if armed:  # an alarm that arrives after the pass is over must not leave this test by another way
            armed = False
            raise KeyboardInterrupt

    former, interrupted = signal.signal(signal.SIGALRM, interrupt), 0
    try:
        for trial in range(60):
            iterator, got = iter(loader), []
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, 0.0002 * (1 + trial % 20))
                got = [batch[0].item() for batch in iterator]
                armed = False
            except KeyboardInterrupt:
                interrupted += 1
            rest = [batch[0].item() for batch in iterator]
            assert rest == sorted(rest), "in order"
            assert all(batch not in rest for batch in got), "none twice"
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert interrupted
    assert [batch[0].item() for batch in loader] == list(range(30))


# -- the loader's process ends -------------------------------------------------------------------

PROGRAM = """
import os, signal, sys, time
import flambeau
from flambeau.utils import data

class Large(data.Dataset):
    def __len__(self):
        return 1000

    def __getitem__(self, index):
        if index > 2 and {busy}:
            time.sleep(60)
        return flambeau.full((4_000_000,), float(index))

def main():
    iterator = iter(data.DataLoader(Large(), None, num_workers=3, persistent_workers={persistent}))
    next(iterator)
    workers = iterator._workers.workers
    print(*[worker.process.pid for worker in workers], flush=True)
    for batch in iterator:
        {leave}

main()
{after}
"""

ENDS = {
    "exception": ("raise KeyError('left')", 1),
    "break": ("break", 0),
    "exit": ("sys.exit(3)", 3),
    "exit at once": ("os._exit(4)", 4),
    "terminated": ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    "killed": ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    "Ctrl-C": ("os.killpg(os.getpid(), signal.SIGINT)", -signal.SIGINT),
}


def launch(leave, busy=False, persistent=False, after=""):
    program = textwrap.dedent(PROGRAM).format(leave=leave, busy=busy, persistent=persistent, after=after)
    process = subprocess.Popen([sys.executable, "-W", "ignore::DeprecationWarning", "-c", program],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    return process, [int(pid) for pid in process.stdout.readline().split()]


@needs_proc
@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_however_the_program_ends(end):
    files = shared_files()
    leave, code = ENDS[end]
    process, workers = launch(leave, busy=end in ("exit", "Ctrl-C"), persistent=end in ("break", "exit"))
    _, errors = process.communicate(timeout=LONG)
    assert len(workers) == 3
    assert process.returncode == code
    assert comes_true(lambda: not any(map(lives, workers)), SOON), "workers end with their parent"  # 0.5
    assert comes_true(lambda: shared_files() <= files, SOON)
    assert errors.count("Traceback") == (end in ("exception", "Ctrl-C")), errors


@needs_proc
def test_workers_in_the_middle_of_a_sample_end_with_a_killed_parent():
    process, workers = launch("time.sleep(60)", busy=True)
    time.sleep(0.3)
    process.kill()
    process.communicate(timeout=LONG)
    assert comes_true(lambda: not any(map(lives, workers)), SOON)  # 0.5


@needs_proc
def test_nothing_of_a_loader_has_a_name():
    iterator = iter(data.DataLoader(Large(), None, num_workers=2))
    next(iterator)
    for pid in [os.getpid(), *pids(iterator)]:
        opened = [os.readlink(f"/proc/{pid}/fd/{file}") for file in os.listdir(f"/proc/{pid}/fd")
                  if os.path.lexists(f"/proc/{pid}/fd/{file}")]
        assert [name for name in opened if name.startswith("/dev/shm") and "(deleted)" not in name] == []
        assert sum(["flambeau-batches" in name for name in opened]) >= 2


@needs_proc
def test_a_fork_of_the_program_leaves_its_workers_alone():
    process, _ = launch("""
        count = 1
        if os.fork() == 0:
            iterator._workers.stop()
            os._exit(0)
        os.wait()
        for count, batch in enumerate(iterator, 3):
            if batch[0].item() != count - 1:
                sys.exit(5)
            if count == 40:
                sys.exit(6)
        """.strip())
    assert process.communicate(timeout=LONG) == ("", "")
    assert process.returncode == 6
