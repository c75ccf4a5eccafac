"""The distribution "torch" while flambeau stands in for it: `importlib.metadata.version("torch")` answers."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, DistributionFinder
from typing import Any

from .stubs.version import __version__


class StandInDistribution(Distribution):
    """A distribution of which only name and version are known."""

    def read_text(self, filename: str) -> str | None:
        """The text of METADATA; there are no other files."""
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: torch\nVersion: {__version__}\nSummary: flambeau under PyTorch's name\n"

    def locate_file(self, path: Any) -> Any:
        """Where a file of the distribution would lie: beside this module."""
        from pathlib import Path

        return Path(__file__).parent / path


def find(context: Any = None) -> Iterator[Distribution]:
    """The stand-in, where somebody looks for "torch" or for every distribution."""
    name = (context or DistributionFinder.Context()).name
    if name is None or name.lower() == "torch":
        yield StandInDistribution()
