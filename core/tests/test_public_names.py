"""The public namespace is exactly the public names: `dir()` of a public module shows what public_names.txt declares.

A name that comes or goes is a change that users see, so it is written down there, in the same commit.
"""

import importlib
import json
import pickle
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import flambeau
from flambeau import nn
from flambeau.errors import NameUnknownError
from flambeau.moved import LATER, MOVED
from flambeau.spelling import pytorch_names

LIST = Path(__file__).parent / "public_names.txt"


def declared() -> dict[str, list[str]]:
    modules: dict[str, list[str]] = {}
    for line in LIST.read_text().splitlines():
        if line.endswith(":"):
            names = modules.setdefault(line[:-1], [])
        else:
            names += line.split()
    return modules


def fresh(code: str) -> str:
    """What a new interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("module", declared())
def test_dir_shows_the_declared_names_and_no_others(module: str):
    shown = {name for name in dir(importlib.import_module(module)) if not name.startswith("__")}
    wanted = set(declared()[module])
    assert (sorted(shown - wanted), sorted(wanted - shown)) == ([], [])


@pytest.mark.parametrize("module", declared())
def test_every_declared_name_is_there(module: str):
    found = importlib.import_module(module)
    assert [name for name in declared()[module] if not hasattr(found, name)] == []


def test_no_internal_module_is_an_attribute():
    code = ("import flambeau, types, json\nflambeau.ones(2) + 1\nprint(flambeau.ones(2))\n"
            "print(json.dumps(sorted(n for n, v in vars(flambeau).items() if isinstance(v, types.ModuleType))))")
    shown = json.loads(fresh(code).splitlines()[-1])
    assert [name for name in shown if name not in declared()["flambeau"]] == []


def test_modules_among_the_public_names_are_public():
    modules = [name for name in dir(flambeau) if isinstance(getattr(flambeau, name), ModuleType)]
    assert [name for name in modules if f"flambeau.{name}" not in declared()] == []


@pytest.mark.parametrize("old", [m for modules in MOVED.values() for m in modules] + list(LATER))
def test_modules_that_moved_are_importable_where_they_were(old: str):
    room = LATER.get(old) or next(room for room, modules in MOVED.items() if old in modules)
    code = (f"from importlib import import_module as found\nimport flambeau\n"
            f"print(found('flambeau.{old}') is found('flambeau.{room}.{old}'))")
    assert fresh(code) == "True\n"


@pytest.mark.parametrize(("owner", "name", "meant"), [
    (flambeau, "randnn", "randn"), (flambeau, "sofmax", "softmax"), (nn, "Liner", "Linear"), (nn, "Conv2D", "Conv2d"),
    (nn.functional, "rellu", "relu"), (flambeau.optim, "Addam", "Adam"), (nn.init, "xavier_nromal_", "xavier_normal_"),
    (flambeau.utils.data, "Dataloader", "DataLoader"), (flambeau.autograd, "gradchek", "gradcheck"),
])
def test_a_misspelt_name_gets_a_suggestion(owner: ModuleType, name: str, meant: str):
    with pytest.raises(NameUnknownError, match=rf"has no attribute '{name}'; did you mean '{meant}'\?"):
        getattr(owner, name)


def test_a_misspelt_method_gets_the_interpreters_suggestion():
    done = subprocess.run([sys.executable, "-c", "import flambeau; flambeau.ones(2).squeze"], capture_output=True,
                          text=True, timeout=120)
    assert "has no attribute 'squeze'. Did you mean: 'squeeze'?" in done.stderr
    assert len(dir(flambeau.ones(2))) < 750  # with more names the interpreter stops looking


def test_a_misspelt_part_of_a_module_gets_a_suggestion():
    model = nn.Sequential()
    model.encoder = nn.Linear(2, 2)
    with pytest.raises(NameUnknownError, match="'Sequential' object has no attribute 'encodr'; did you mean 'encoder'"):
        _ = model.encodr


def first_missing(pytorchs: str, ours: object) -> str:
    return next(name for name in pytorch_names()[pytorchs] if not hasattr(ours, name))


@pytest.mark.parametrize(("pytorchs", "ours"), [("torch", flambeau), ("torch.nn.functional", nn.functional),
                                                ("torch.optim", flambeau.optim),
                                                ("torch.Tensor", flambeau.ones(2))])
def test_a_name_that_only_pytorch_has_says_so(pytorchs: str, ours: object):
    name = first_missing(pytorchs, ours)
    with pytest.raises(NameUnknownError, match=f"PyTorch has {pytorchs}.{name}, flambeau does not yet; docs/cov"):
        getattr(ours, name)


def test_missing_methods_are_no_attributes_and_can_be_set():
    x = flambeau.ones(2)
    name = first_missing("torch.Tensor", x)
    assert name not in dir(x)
    assert getattr(x, name, None) is None
    setattr(x, name, 5)
    assert getattr(x, name) == 5


def test_nothing_near_is_said_of_a_name_that_resembles_none():
    with pytest.raises(NameUnknownError) as caught:
        _ = flambeau.qqqqqqqq
    assert str(caught.value) == "module 'flambeau' has no attribute 'qqqqqqqq' (FL107)"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_asking_whether_a_name_exists_works_out_no_answer():
    code = "import sys, flambeau; hasattr(flambeau, 'randnn'); print('difflib' in sys.modules)"
    assert fresh(code) == "False\n"
