"""`torch.utils.collect_env`: what a report of a fault should say of the machine."""

from __future__ import annotations

import platform
import sys

from flambeau.__main__ import report


def get_pretty_env_info() -> str:
    """Versions of flambeau, its backends, Python and the system, as text."""
    return f"{report()[0]}\nPython {sys.version}\n{platform.platform()}"


def main() -> None:
    """Prints it."""
    print(get_pretty_env_info())


if __name__ == "__main__":
    main()
