"""A bad plugin never stops a good one: it is reported with the reason and the mend, and every other backend works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import flambeau
from flambeau import errors
from flambeau.contract import plugins
from flambeau.contract.backend import Backend, Status
from flambeau.contract.discovery import Installed, examine, merged

SOUND = """
from flambeau.contract.backend import Status
class Descriptor:
    name, device_type, priority = {name!r}, "cpu", {priority}
    def probe(self): return Status("ok")
    def load(self):
        from flambeau_reference.plugin import descriptor
        return descriptor.load()
descriptor = Descriptor()
"""
FAILING = SOUND + """
def fail(): {load}
descriptor.load = fail
"""
BROKEN = {  # distribution: its module, what doctor says of it
    "exits": ("raise SystemExit('goodbye')", "SystemExit: goodbye"),
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "cancels": ("class Stop(BaseException): pass\nraise Stop('here')", "Stop: here"),
    "mute": ("class Bad(Exception):\n    def __str__(self): raise ValueError\nraise Bad", "Bad"),
    "anonymous": (SOUND.format(name="anonymous", priority=5) + "del Descriptor.name", "the descriptor has no name"),
    "unhashable": (SOUND.format(name=["a"], priority=5), "the descriptor's name must be of type str, got ['a']"),
    "colon": (SOUND.format(name="colon:1", priority=5), "the name of a backend is not empty and has no colon"),
    "typeless": (SOUND.format(name="typeless", priority=5) + "Descriptor.device_type = None",
                 "the descriptor's device_type must be of type str, got None"),
    "plain": (SOUND.format(name="plain", priority=5) + "del Descriptor.priority", "the descriptor has no priority"),
    "eager": (SOUND.format(name="eager", priority="'high'"), "priority must be of type int, got 'high'"),
    "silent": (SOUND.format(name="silent", priority=5) + "Descriptor.probe = lambda self: None",
               "probe() must return a Status of three strings, got None"),
    "digits": (SOUND.format(name="digits", priority=5) + "Descriptor.probe = lambda self: Status(0)",
                "probe() must return a Status of three strings, got Status(code=0"),
    "probing": (SOUND.format(name="probing", priority=5) + "Descriptor.probe = lambda self: exit(3)", "SystemExit: 3"),
}
LOADS = {
    "leaves": ("raise SystemExit(4)", "SystemExit: 4"),
    "lacks": ("raise ImportError('no chip')", "ImportError: no chip"),
    "empty": ("return None", "load() returned NoneType"),
    "bare": ("from flambeau.contract.backend import Backend; made = Backend(); made.name = 'bare'; return made",
             "AttributeError"),
}


def distribution(folder: Path, name: str, module: str, group: str = "flambeau.backends",
                 point: str | None = None) -> None:
    """Lays an installed distribution of one module into `folder`."""
    (folder / f"{name}.py").write_text(module)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{point or f'{name} = {name}:descriptor'}\n")


def program(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs Python with what lies in `folder` installed."""
    path = os.pathsep.join([*([os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []), str(folder)])
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": path, **environment})


ADDING = SOUND.format(name="added", priority=0) + """
from flambeau.contract.hooks import hookimpl
class Plugin:
    @hookimpl
    def flambeau_backends(self): {body}
descriptor_of_backend, descriptor = descriptor, Plugin()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything bad at once, and one plugin that is well."""
    made = tmp_path_factory.mktemp("installed")
    for name, (module, _) in BROKEN.items():
        distribution(made, name, module)
    for i, (name, (load, _)) in enumerate(LOADS.items()):
        distribution(made, name, FAILING.format(name=name, priority=90 + i, load=load))
    distribution(made, "first", SOUND.format(name="twin", priority=99))
    distribution(made, "second", SOUND.format(name="twin", priority=98))
    distribution(made, "shadow", "raise ImportError('no chip')", point="numpy = shadow:descriptor")
    distribution(made, "adding", ADDING.format(body="return [descriptor_of_backend]"), "flambeau.plugins")
    distribution(made, "leaving", "raise SystemExit(5)", "flambeau.plugins")
    distribution(made, "raising", ADDING.format(body="raise OSError('no bus')"), "flambeau.plugins")
    return made


@pytest.fixture(scope="module")
def doctor(folder: Path) -> list[str]:
    """The lines that `doctor` prints of all that; warnings are errors."""
    done = program(folder, "-W", "error", "-m", "flambeau", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", BROKEN)
def test_doctor_says_of_a_broken_plugin_why_and_how_to_mend_it(doctor: list[str], name: str):
    i = next(i for i, line in enumerate(doctor) if f"({name} 1.0): " in line)
    assert doctor[i].startswith(f"{name} ({name} 1.0): broken: ") and BROKEN[name][1] in doctor[i]
    assert doctor[i + 1] == f"    to mend it: reinstall or remove {name}"


@pytest.mark.parametrize("name", LOADS)
def test_doctor_says_why_a_backend_does_not_load(doctor: list[str], name: str):
    line = next(line for line in doctor if line.startswith(f"{name} ({name} 1.0): fails to load: "))
    assert LOADS[name][1] in line


def test_doctor_names_both_distributions_of_one_name(doctor: list[str]):
    line = next(line for line in doctor if line.startswith("twin (first and second): ambiguous: "))
    assert "first 1.0 (first:descriptor)" in line and "second 1.0 (second:descriptor)" in line
    assert "shadow 1.0 (shadow:descriptor) (shadow 1.0): broken: ImportError: no chip" in doctor


def test_doctor_lists_the_plugins_that_fail_and_what_others_add(doctor: list[str]):
    assert {"leaving (leaving): broken: SystemExit: 5", "raising: broken: OSError: no bus"} <= set(doctor)
    assert any(line.startswith("added: ok, device type 'cpu'") for line in doctor)


def test_doctor_says_that_every_sound_backend_works(doctor: list[str]):
    for name in ("numpy", "reference"):
        assert any(line.startswith(f"{name} (flambeau-{name} ") and "): ok, " in line for line in doctor)
    assert doctor[-1] == 'device("cpu") is numpy'


def test_programs_run_on_the_next_backend_and_are_told_once(folder: Path):
    code = """
import flambeau as f
def attempt(name):
    try: return f.ones(1, device=name).tolist()
    except RuntimeError as error: return error
print(f.ones(2).device.backend.name, attempt('reference'), f.backends()['exits'].code)
for name in ('lacks', 'twin', 'exits'): print(attempt(name))
"""
    done = program(folder, "-W", "error", "-c", code)
    lines = done.stdout.splitlines()
    assert lines[0] == "numpy [1.0] broken", done.stderr
    assert "backend 'lacks' cannot be used: failed to load: ImportError: no chip; to mend it: reinst" in lines[1]
    assert "first 1.0" in lines[2] and "second 1.0" in lines[2] and "uninstall one of them" in lines[2]
    assert "backend 'exits' cannot be used: SystemExit: goodbye" in lines[3]
    assert done.stderr.count("backend 'lacks' failed to load: ImportError: no chip") == 1
    assert len(done.stderr.splitlines()) == len(LOADS)  # on the log, from the one of the highest priority on


def test_a_backend_asked_for_by_name_is_not_replaced(folder: Path):
    code = """
import flambeau as f
for make in (lambda: f.ones(1), lambda: f.device('lacks').backend, lambda: f.ones(1, device='lacks')):
    try: print(make())
    except RuntimeError as error: print(error)
"""
    asked = program(folder, "-c", code, FLAMBEAU_BACKEND="lacks").stdout.splitlines()
    assert len(asked) == 3 and all("'lacks'" in line and "ImportError: no chip" in line for line in asked)


def test_a_list_of_entry_points_that_cannot_be_read_hides_no_other(tmp_path: Path):
    distribution(tmp_path, "torn", "", point="not an entry point")
    done = program(tmp_path, "-c", "import flambeau as f; print({n: s.code for n, s in f.backends().items()})")
    found = eval(done.stdout, {"__builtins__": {}})
    assert (found["torn"], found["numpy"], found["reference"]) == ("broken", "ok", "ok")


# --- within one process


class Described:
    """A descriptor with some of its members changed or left out."""

    def __init__(self, name: Any = "odd", **members: Any) -> None:
        given = {"name": name, "device_type": "odd", "priority": 1, "probe": lambda: Status("ok"),
                 "load": lambda: plugins.load("reference"), **members}
        for member, value in given.items():
            if value is not ...:
                setattr(self, member, value)


@pytest.fixture
def declare():
    def add(**members: Any) -> None:
        plugins.register(Described(**members))

    yield add
    plugins.withdraw("odd")


@pytest.mark.parametrize(("members", "reason"), [
    ({"priority": ...}, "the descriptor has no priority"),
    ({"priority": True}, "priority must be of type int, got True"),
    ({"priority": None}, "priority must be of type int, got None"), ({"probe": ...}, "AttributeError: "),
    ({"probe": lambda: ("ok", "", "")}, "probe() must return a Status of three strings, got ('ok'"),
])
def test_a_descriptor_that_breaks_the_contract_is_broken(declare: Any, members: dict[str, Any], reason: str):
    declare(**members)
    status = flambeau.backends()["odd"]
    assert status.code == "broken" and reason in status.reason
    with pytest.raises(errors.BackendError, match="backend 'odd' cannot be used: "):
        flambeau.ones(1, device="odd")
    assert flambeau.ones(1).tolist() == [1.0]


@pytest.mark.parametrize("name", [..., None, ["a"], "", "a:b", 7])
def test_a_backend_without_a_name_is_not_declared(name: Any):
    before = flambeau.backends()
    with pytest.raises(errors.ContractError, match=r"no backend can be declared by <.*Described"):
        plugins.register(Described(name))
    assert flambeau.backends() == before


def test_an_interrupt_is_no_plugins_fault(declare: Any):
    def stop() -> Status:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(lambda: Described(probe=stop), Installed("odd"))
    calls = []

    def load() -> Backend:
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return plugins.load("reference")

    declare(load=load)
    with pytest.raises(KeyboardInterrupt):
        plugins.load("odd")
    assert plugins.load("odd") is plugins.load("reference") and len(calls) == 2


def test_a_broken_entry_never_hides_a_sound_one():
    def entry(source: str, **members: Any) -> Installed:
        return examine(lambda: Described(**members), Installed("odd", source, source, "1"))

    for order in ([0, 1], [1, 0]):
        both = [entry("good"), entry("bad", probe=lambda: None)]
        found = merged([both[i] for i in order], {})
        assert found["odd"].status.ok and found["bad 1 (bad)"].status.code == "broken"
    three = merged([entry("a"), entry("b"), entry("c")], {})["odd"]
    assert three.status.code == "ambiguous" and not three.status.ok
    assert all(name in three.status.reason for name in ("a", "b", "c 1 (c)"))
    one = Described()
    twice = merged([examine(lambda: one, Installed("odd", s)) for s in ("x", "y")], {})
    assert list(twice) == ["odd"] and twice["odd"].status.ok  # one descriptor under two entry points
