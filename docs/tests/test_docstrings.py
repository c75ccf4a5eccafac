"""Every example in a docstring runs and gives what it shows; `flambeau` is imported for it."""

import doctest
import importlib
import io
from pathlib import Path
from types import ModuleType

import pytest

import flambeau

ROOT = Path(__file__).parents[2]
SOURCES = ["core/src", "backends/reference/src", "backends/arrayapi/src", "backends/numpy/src", "backends/cupy/src",
           "conformance/src", "packages/bench/src", "packages/torch/src"]


class Finder(doctest.DocTestFinder):
    """Finds ops too: what their decorators return is generated, yet says in which module it was written."""

    def _from_module(self, module: ModuleType | None, object: object) -> bool:
        return getattr(object, "__module__", None) == module.__name__ or super()._from_module(module, object)


def modules_with_examples() -> list[str]:
    names = []
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*.py")):
            if ">>> " in path.read_text():
                names.append(".".join(path.relative_to(ROOT / source).with_suffix("").parts).removesuffix(".__init__"))
    return names


def failures(name: str) -> str:
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    report = io.StringIO()
    for test in Finder(exclude_empty=True).find(module, name, extraglobs={"flambeau": flambeau}):
        runner.run(test, out=report.write)
    return report.getvalue()


@pytest.mark.parametrize("module", modules_with_examples())
def test_docstring_examples(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert failures(module) == ""


def test_there_are_examples_in_core():
    assert "flambeau.dtypes" in modules_with_examples()
