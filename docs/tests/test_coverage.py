"""docs/coverage.md says of every name of PyTorch's whether it is here; `python -m flambeau coverage` writes it."""

from pathlib import Path

from flambeau import coverage

PAGE = Path(__file__).parents[1] / "coverage.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == coverage.page(), "run: python -m flambeau coverage > docs/coverage.md"
