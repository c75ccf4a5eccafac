"""Every command of every README, as somebody types it who reads the page from top to bottom.

    python tests/readmes.py --wheels DIST [--long] [README ...]

A README gets a copy of the checkout and an environment in which nothing is installed. Its `sh` blocks run line by
line, the commands in its sentences where they stand, its `python` blocks in one interpreter; nothing of its text is
changed. What is not published yet pip takes from the wheels in DIST. nox runs in the root of the copy, everything else
in the README's own folder. A comment `# ... status 1` says how a command ends, if not with 0; what is commented as
`# ... 15 minutes`, and whole nox sessions, wait for `--long`.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^|\n\n)((?: {4}[^\n]*\n)+)")
SPAN = re.compile(r"`([^`\n]+)`")
FORM = re.compile(r"\b[A-Z]{2,}\b|\b[A-Z]\.[A-Z]\b|…|\[")  # NAME, X.Y.Z: the form of a command, nothing to be typed
SESSION = re.compile(r"\bnox -s (\w+)$")
QUICK = {"demo"}  # sessions of a few minutes; the others run with --long, once
MINUTES = re.compile(r"#.*?\b(\d+) minutes")
PATIENCE = 5  # minutes; what says that it takes longer runs with --long
DATA = {"toml", "text"}  # kinds of blocks that hold nothing to run
HOURS = 1.0  # the longest a command may take
SCRIPT = "import sys\nimport torch\nprint(torch.ones(2).sum(), sys.argv[1:])\n"
GIVEN = {"script.py": SCRIPT, "module.py": SCRIPT}  # what a reader has of his own


class Step(NamedTuple):
    """Something to run: the line it stands in, "sh" or "python", and its text."""

    line: int
    kind: str
    text: str

    @property
    def status(self) -> int:
        found = re.search(r"#.*\bstatus (\d+)", self.text) if self.kind == "sh" else None
        return int(found[1]) if found else 0

    @property
    def session(self) -> str | None:
        """The nox session that the command runs whole."""
        found = SESSION.search(self.text.partition("#")[0].rstrip())
        return found[1] if found else None

    @property
    def long(self) -> bool:
        if self.session is not None:
            return self.session not in QUICK
        said = MINUTES.search(self.text) if self.kind == "sh" else None
        return said is not None and int(said[1]) > PATIENCE


def pages() -> list[Path]:
    """Every README of the checkout."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*README.md"], cwd=ROOT, text=True,
                            capture_output=True, check=True).stdout
    return [ROOT / name for name in sorted(listed.split()) if "{{" not in name and (ROOT / name).exists()]


def projects() -> dict[str, Path]:
    """The distributions of the checkout, by name."""
    found = [path.parent for path in ROOT.glob("*/**/pyproject.toml") if ".nox" not in path.parts]
    described = [(tomllib.loads((folder / "pyproject.toml").read_text()).get("project"), folder) for folder in found]
    return {project["name"]: folder for project, folder in described if project}


def programs() -> set[str]:
    """What a command can begin with: the usual tools, and every script that a distribution brings."""
    found = {"python", "pip", "pytest", "nox", "ruff", "mypy", "git"}
    for folder in projects().values():
        found |= set(tomllib.loads((folder / "pyproject.toml").read_text())["project"].get("scripts", {}))
    return found


def steps(text: str) -> list[Step]:
    """What there is to run in a page, from top to bottom."""
    def line(at: int) -> int:
        return text.count("\n", 0, at) + 1

    found = [step for block in FENCE.finditer(text) for step in _of_block(block, line(block.start("text")))]
    prose, names = FENCE.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text), programs()
    for span in SPAN.finditer(prose):
        words = span[1].split()
        if len(words) > 1 and words[0] in names and not FORM.search(_unquoted(span[1])):
            found.append(Step(line(span.start()), "sh", span[1]))
    return sorted(found)


def _of_block(block: re.Match[str], first: int) -> Iterator[Step]:
    if block["kind"] == "python":
        yield Step(first, "python", block["text"])
    if block["kind"] == "sh":
        for number, command in enumerate(block["text"].splitlines()):
            if command.strip() and not command.startswith("#"):
                yield Step(first + number, "sh", command)


def faults(text: str) -> list[str]:
    """What would slip by: blocks that say no language or one that nobody runs, and forms where commands are due."""
    kinds = [block["kind"] for block in FENCE.finditer(text)]
    said = [f"a block of {kind!r}: write sh, python, or one of {sorted(DATA)}" for kind in kinds
            if kind not in {"sh", "python", *DATA}]
    said += [f"indented block {block[1].splitlines()[0].strip()!r}: fence it and say its language"
             for block in INDENTED.finditer(FENCE.sub("", text))]
    said += [f"line {step.line}: {step.text!r} cannot be typed as it stands" for step in steps(text)
             if step.kind == "sh" and FORM.search(_unquoted(step.text))]
    return said


def _unquoted(command: str) -> str:
    return re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", command)


class Reader:
    """One README's reader: a copy of the checkout, an environment, and what was read so far."""

    def __init__(self, page: Path, wheels: Path, place: Path) -> None:
        self.clone = place / "clone"
        self.folder = self.clone / page.relative_to(ROOT).parent
        self.code = ""
        _copy(self.clone)
        for name, text in GIVEN.items():
            (self.folder / name).write_text(text)
        venv.create(place / "env", with_pip=True)
        constraints = place / "wheels.txt"  # the index may have other distributions of these names
        built = [wheel.name.split("-")[:2] for wheel in wheels.glob("flambeau*.whl")]
        constraints.write_text("".join(f"{name.replace('_', '-')}=={version}\n" for name, version in built))
        clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        self.here = {**clean, "PATH": f"{place / 'env' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        self.published = {**self.here, "PIP_CONSTRAINT": " ".join([*_of_pip("constraint"), str(constraints)]),
                          "PIP_FIND_LINKS": " ".join([*_of_pip("find-links"), str(wheels)])}

    def run(self, step: Step) -> str:
        """Why the step failed; empty where it ended as the page says."""
        if step.kind == "python":
            self.code += step.text
            arguments, folder, environment = ["python", "-c", self.code], self.folder, self.here
        else:
            arguments, (folder, environment) = ["bash", "-c", step.text], self._around(step.text)
        try:
            done = subprocess.run(arguments, cwd=folder, env=environment, stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=HOURS * 3600, check=False)
        except subprocess.TimeoutExpired:
            return f"not over after {HOURS:g} h"
        return "" if done.returncode == step.status else f"ended with {done.returncode}\n{done.stdout[-4000:]}"

    def _around(self, command: str) -> tuple[Path, dict[str, str]]:
        """Where a command runs and what it sees: folders of this checkout are installed as they lie."""
        if not re.search(r"\bnox -", command):
            return self.folder, self.here if " ./" in command else self.published
        if "pip install nox" not in command:  # whoever reads on has it from the first page
            subprocess.run(["python", "-m", "pip", "install", "-q", "nox"], env=self.here, check=True,
                           capture_output=True)
        return self.clone, self.here


def _of_pip(option: str) -> list[str]:
    """What pip heeds on this machine anyway; a variable of the environment would take its place."""
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], text=True, capture_output=True).stdout
    return re.findall(rf"^\S+\.{option}='([^']*)'", said, re.MULTILINE)


def _copy(place: Path) -> None:
    """The checkout as a clone would have it, with what is not committed yet."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, text=True,
                            capture_output=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)


def read(page: Path, wheels: Path, long: bool, seen: set[str]) -> list[str]:
    """Runs a page; gives what failed. A whole session that ran for another page is not run again."""
    failed = []
    with tempfile.TemporaryDirectory() as place:
        reader = Reader(page, wheels.resolve(), Path(place).resolve())
        for step in steps(page.read_text()):
            where = f"{page.relative_to(ROOT)}:{step.line}: {step.text.splitlines()[0]}"
            if step.long and (not long or step.session in seen):
                print(f"{where} -- {'ran above' if long else 'runs with --long'}", flush=True)
                continue
            seen.add(step.session or "")
            begun = time.monotonic()
            failure = reader.run(step)
            print(f"{where} -- {'FAILED' if failure else 'ok'}, {time.monotonic() - begun:.0f} s", flush=True)
            failed += [f"{where}: {failure}"] if failure else []
    return failed


def main() -> int:
    """Runs the pages asked for, or all that have something to run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--wheels", type=Path, required=True, help="folder with a wheel of every distribution")
    parser.add_argument("--long", action="store_true", help="run the nox sessions that the pages name, too")
    parser.add_argument("pages", nargs="*", type=Path, metavar="README")
    asked, seen, failed = parser.parse_args(), set[str](), []
    for page in [path.resolve() for path in asked.pages] or pages():
        if steps(page.read_text()):
            failed += read(page, asked.wheels, asked.long, seen)
    print("\n\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
