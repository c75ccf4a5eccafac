"""Every Python example in the documentation runs, and prints what it says it prints.

The blocks of one document run in order, in an interpreter of their own, and share their names. A block that
starts with `>>>` is a doctest. In any other block a comment after a `print(...)` call, or the comment lines after
it, state what the call prints; a block marked ```` ```python no-run ```` is only compiled.
"""

import __future__

import ast
import contextlib
import doctest
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python(?P<mark>[^\n]*)\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
FOLDERS = ["", "docs", "docs/guides", "docs/decisions", "core", "backends/*", "conformance", "packages/*"]


def documents() -> list[Path]:
    found = {path for folder in FOLDERS for path in ROOT.glob(f"{folder}/*.md" if folder else "*.md")}
    return sorted(path for path in found if BLOCK.search(path.read_text()))


def printed_by(statement: ast.stmt, lines: list[str], following: ast.stmt | None) -> str | None:
    """What the comments beside and below a top-level `print` say that it prints."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"):
        return None
    end = statement.end_lineno or statement.lineno
    stop = following.lineno - 1 if following else len(lines)
    beside = lines[end - 1][statement.end_col_offset:].strip()
    below = []
    for line in lines[end:stop]:
        if not line.startswith("#"):
            break
        below.append(line)
    comments = [text.removeprefix("#").removeprefix(" ") for text in [beside, *below] if text]
    return "\n".join(comments).strip() or None


def run_block(code: str, names: dict[str, Any], where: str) -> Iterator[tuple[str, str]]:
    """Runs a block statement by statement; yields (what it said it prints, what it printed)."""
    body, lines = ast.parse(code, where).body, code.split("\n")
    for statement, following in zip(body, [*body[1:], None], strict=True):
        out, deferred = io.StringIO(), names.get("annotations") is __future__.annotations  # once imported, for good
        flags = __future__.annotations.compiler_flag if deferred else 0
        with contextlib.redirect_stdout(out):
            exec(compile(ast.Module([statement], []), where, "exec", flags, dont_inherit=True), names)
        expected = printed_by(statement, lines, following)
        if expected is not None:
            yield expected, out.getvalue().strip()


def run_doctest(code: str, names: dict[str, Any], where: str) -> None:
    test = doctest.DocTestParser().get_doctest(code, names, where, where, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    report = io.StringIO()
    runner.run(test, out=report.write, clear_globs=False)
    names.update(test.globs)
    assert not runner.failures, report.getvalue()


def run_document(document: Path) -> None:
    text, names = document.read_text(), {"__name__": "__main__"}
    for block in BLOCK.finditer(text):
        code = "\n" * text.count("\n", 0, block.start("code")) + block["code"]
        if "no-run" in block["mark"]:
            ast.parse(code, str(document))
        elif block["code"].lstrip().startswith(">>>"):
            run_doctest(code, names, str(document))
        else:
            for expected, printed in run_block(code, names, str(document)):
                assert printed == expected, f"{document}: said {expected!r}, printed {printed!r}"


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_document_examples_print_what_they_say(document: Path, tmp_path: Path):
    done = subprocess.run([sys.executable, __file__, str(document)], cwd=tmp_path, capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("code", "pairs"), [
    ("print(1 + 1)  # 2", [("2", "2")]),
    ("print(1 + 1)  # 3", [("3", "2")]),
    ("print('a\\nb')\n# a\n# b\n\n# a remark", [("a\nb", "a\nb")]),
    ("x = 5  # five\nprint(x)", []),
])
def test_comment_after_print_is_the_expected_output(code: str, pairs: list[tuple[str, str]]):
    assert list(run_block(code, {}, "example")) == pairs


def test_wrong_doctest_fails():
    with pytest.raises(AssertionError, match="Expected"):
        run_doctest(">>> 1 + 1\n3\n", {}, "example")


if __name__ == "__main__":
    run_document(Path(sys.argv[1]))
