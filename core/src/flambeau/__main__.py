"""`python -m flambeau doctor`: which backends are installed, which can be used, and how to mend the rest.

`python -m flambeau coverage`: which of PyTorch's public names are here, module by module, as a Markdown page.
"""

from __future__ import annotations

import sys

USAGE = "usage: python -m flambeau doctor | coverage"


def report() -> tuple[str, bool]:
    """The text that `doctor` prints, and whether some CPU backend can be used."""
    import platform

    from . import __version__
    from .contract import plugins
    from .contract.backend import CONTRACT
    from .errors import FlambeauError

    lines = [f"flambeau {__version__}, kernel contract {CONTRACT[0]}.{CONTRACT[1]}, Python {platform.python_version()}"]
    found = plugins.installed()
    if not found:
        lines.append("no backend is installed; to mend it: python -m pip install flambeau-numpy")
    for name, entry in sorted(found.items()):
        where = f" ({entry.distribution} {entry.version})".replace(" )", ")") if entry.distribution else ""
        lines.append(f"{name}{where}: {_state(entry)}")
    try:
        preferred = plugins.preferred("cpu")
    except FlambeauError as error:
        preferred = None
        lines.append(str(error))
    lines.append(f'device("cpu") is {preferred.name}' if preferred else 'device("cpu"): no usable backend')
    return "\n".join(lines), preferred is not None


def _state(entry: object) -> str:
    from .contract import plugins
    from .contract.discovery import told
    from .errors import FlambeauError

    status = entry.status  # type: ignore[attr-defined]
    if not status.ok:
        return f"{status.code}: {status.reason}\n    to mend it: {status.fix}"
    try:
        backend = plugins.load(entry.name)  # type: ignore[attr-defined]
    except FlambeauError as error:
        return f"fails to load: {error}"
    note = f" ({status.reason})" if status.reason else ""
    try:
        return (f"ok{note}, device type {backend.device_type!r}, {backend.device_count()} device(s),"
                f" {backend.get_num_threads()} thread(s)")
    except Exception as error:
        return f"loads, but does not answer: {told(error)}"


def main(arguments: list[str]) -> int:
    """Runs the command; exit status 0 if a CPU backend can be used, 1 if not, 2 for wrong usage."""
    if arguments == ["coverage"]:
        from .coverage import page

        print(page(), end="")
        return 0
    if arguments != ["doctor"]:
        print(USAGE, file=sys.stderr)
        return 2
    text, usable = report()
    print(text)
    return 0 if usable else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
