"""Families that load late: what is declared of them is what they define, and a program cannot tell."""

import subprocess
import sys
from importlib import import_module

import pytest

import flambeau
from flambeau import later
from flambeau.table.registry import TABLE

FAMILIES = sorted({**later.FUNCTIONS, **later.METHODS})


@pytest.mark.parametrize("family", FAMILIES)
def test_the_declared_functions_are_the_modules_own(family: str):
    declared = later.FUNCTIONS.get(family, "").split()
    assert sorted(import_module(f"flambeau.functions.{family}").__all__) == sorted(declared)
    assert all(name in flambeau.__all__ for name in declared)


PROGRAM = """
import sys, flambeau
from importlib import import_module
from flambeau import Tensor, later
family = sys.argv[1]
before = {n: v for n, v in vars(Tensor).items()}
import_module(f"flambeau.functions.{family}")
own = sorted(n for n, v in vars(Tensor).items() if before.get(n) is not v)
print(*own)
"""


@pytest.mark.parametrize("family", FAMILIES)
def test_the_declared_methods_are_what_the_module_puts_on_tensor(family: str):
    """Those of other families that it is the first to load count as theirs."""
    made = subprocess.run([sys.executable, "-c", PROGRAM, family], capture_output=True, text=True, check=True)
    declared = later.METHODS.get(family, "").split()
    others = {name for other, names in later.METHODS.items() if other != family for name in names.split()}
    assert sorted(set(made.stdout.split()) - others) == sorted(declared)


def test_importing_flambeau_loads_none_of_them():
    program = "import sys, flambeau; flambeau.zeros(1); print(*[m for m in sys.modules if '.functions.' in m])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert [family for family in FAMILIES if f"flambeau.functions.{family}" in loaded] == []


def test_a_method_that_is_not_there_yet_loads_its_family_and_is_replaced():
    class Tensor:
        pass

    methods, later.METHODS = later.METHODS, {"pool": "max_pool2d"}
    try:
        later.await_methods(Tensor)
        held = Tensor.__dict__["max_pool2d"]
        with pytest.raises(flambeau.errors.RegistryError, match="does not define"):
            Tensor().max_pool2d  # noqa: B018 - the module attaches no such method
        Tensor.max_pool2d = flambeau.max_pool2d
        assert held.__get__(None, Tensor) is flambeau.max_pool2d
    finally:
        later.METHODS = methods


def test_an_op_of_such_a_family_is_pickled_by_name():
    program = ("import pickle, sys\nimport flambeau\n"
               "op = pickle.loads(bytes.fromhex(sys.argv[1]))\nassert op.name == 'convolution'\n")
    import pickle

    flambeau.conv1d  # noqa: B018 - loads it here
    saved = pickle.dumps(TABLE["convolution"]).hex()
    subprocess.run([sys.executable, "-c", program, saved], check=True)


def test_a_family_of_the_name_of_a_function_does_not_hide_it():
    later.load()
    functions = import_module("flambeau.functions")
    names = {*functions.__all__, *" ".join(later.FUNCTIONS.values()).split()}
    assert [name for name in sorted(names) if not callable(getattr(functions, name))] == []


def test_to_load_all_leaves_no_op_out():
    program = ("import sys; from pathlib import Path; from flambeau import later, ops; later.load();"
               " print(*[p.stem for p in Path(ops.__path__[0]).glob('*.py')"
               " if p.stem != '__init__' and f'flambeau.ops.{p.stem}' not in sys.modules])")
    left = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert left.stdout.split() == []
