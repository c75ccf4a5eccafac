"""Changelog fragments: one file per change, `<issue>.<kind>.md` or `+<words>.<kind>.md`, with a sentence in it."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]
KINDS = [kind["directory"] for kind in SETTINGS["type"]]
NAME = re.compile(rf"(\d+|\+[a-z0-9-]+)\.({'|'.join(KINDS)})(\.\d+)?\.md")
FRAGMENTS = sorted(path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md")


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_fragment_has_a_name_that_towncrier_sorts_and_says_something(fragment: Path):
    assert NAME.fullmatch(fragment.name), f"{fragment.name}: expected <issue or +words>.<{'|'.join(KINDS)}>.md"
    assert len(fragment.read_text().split()) >= 3


@pytest.mark.parametrize("name", ["2.feature.md", "+faster-sum.speed.md", "14.fix.2.md"])
def test_good_names_are_accepted(name: str):
    assert NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["feature.md", "2.md", "2.feature.txt", "2.bug.md", "Faster.speed.md"])
def test_bad_names_are_refused(name: str):
    assert not NAME.fullmatch(name)
