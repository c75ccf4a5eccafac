"""The file that is read, as errors name it."""

from __future__ import annotations

import os
from typing import Any

from ..errors import SerializationError


class Source:
    """Makes the errors about one file; each names the file, the entry in it and the rule that it breaks."""

    def __init__(self, f: Any) -> None:
        self.name = os.fspath(f) if isinstance(f, (str, os.PathLike)) else f"a {type(f).__name__}"

    def fault(self, rule: str, entry: str | None = None) -> SerializationError:
        """The error for what is wrong at an entry, or with the file as a whole."""
        where = str(self.name) if entry is None else f"{entry!r} of {self.name}"
        return SerializationError(f"{rule} (in {where})", op="load", file=self.name, entry=entry, rule=rule)
