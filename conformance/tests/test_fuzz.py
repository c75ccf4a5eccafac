"""The fuzz lane finds planted bugs, makes the finds short, and finds nothing where nothing is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flambeau.dtypes import BY_NAME
from flambeau_conformance import cli
from flambeau_conformance.amalgam import NoScriptError
from flambeau_conformance.check import FULL, PASSED, RELEASE, UNSUPPORTED, CheckFailed
from flambeau_conformance.fuzz import checks
from flambeau_conformance.fuzz.drawing import offered, search
from flambeau_conformance.fuzz.program import Leaf, Program, ProgramError, from_json, widened
from flambeau_conformance.fuzz.running import bounds, compared, run
from flambeau_conformance.oracle import reference
from flambeau_conformance.target import Target, load
from flambeau_conformance.wrapped import wrapped

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
CORPUS = sorted(checks.CORPUS.glob("*.json"))


def one_bad_element(kernel: Any) -> Any:
    """The last element is one too large."""
    def spoiled(*arrays: Any, **attributes: Any) -> Any:
        out = np.array(kernel(*arrays, **attributes))
        if out.size:
            last = out.reshape(-1)[-1:]
            last[...] = ~last if out.dtype == bool else last + 1
        return out

    return spoiled


def without_offset(backend: Any) -> dict[str, Any]:
    def from_host(buffer: Any, shape: Any, dtype: Any, strides: Any = None, offset: int = 0, copy: bool = True) -> Any:
        return backend.from_host(buffer, shape, dtype, strides, 0, copy)

    return {"from_host": from_host}


def sum_of_memory(kernel: Any) -> Any:
    """A sum that reads a view's memory as if it were in C order."""
    def spoiled(x: Any, **attributes: Any) -> Any:
        if x.size and x.ndim > 1 and not x.flags.c_contiguous:
            x = x.ravel(order="K")[: x.size].reshape(x.shape)
        return kernel(x, **attributes)

    return spoiled


def lost_in_views(kernel: Any) -> Any:
    """A write through a strided view that goes nowhere."""
    return lambda dst, src: dst if dst.size and not dst.flags.c_contiguous else kernel(dst, src)


def doubled_slices(input: Any, *, size: Any, index: Any) -> Any:
    """A fused kernel that nothing but a gradient rule uses, off by a factor of two."""
    out = np.zeros(size, input.dtype)
    out[index] = 2 * input
    return out


PLANTED = {
    "sum-reads-memory": {"change": {"sum": sum_of_memory}},
    "write-through-view-lost": {"change": {"assign": lost_in_views}},
    "gradient-doubled": {"add": {"slice_backward": doubled_slices}},
    "concatenation-one-off": {"change": {"cat": one_bad_element}},
    "maximum-is-minimum": {"change": {"maximum": lambda kernel: np.minimum}},
}


def found(target: Target, seeds: range = range(24)) -> CheckFailed | None:
    for start in seeds:
        try:
            search(target, start, 50)
        except CheckFailed as error:
            return error
    return None


def program_in(error: CheckFailed) -> Program:
    return from_json(str(error).rpartition("; program ")[2])


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found_and_its_program_is_short(name: str):
    target = wrapped("numpy", f"fuzzed-{name}", **PLANTED[name])
    error = found(target)
    assert error is not None, "survived 1200 programs"
    program = program_in(error)
    assert len(program.lines) <= 4, program.lines
    with pytest.raises(CheckFailed):
        compared(program, target, reference())
    compared(program, load("numpy"), reference())


def test_a_layout_that_uploads_lose_is_found():
    target = wrapped("numpy", "fuzzed-offset", **without_offset(load("numpy").backend))
    assert program_in(found(target)).leaves[0].layout == "offset"


@pytest.mark.parametrize("name", ["reference", "numpy", "array-api-strict"])
def test_a_healthy_backend_shows_none(name: str):
    assert found(load(name), range(100, 103)) is None


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
@pytest.mark.parametrize("name", ["reference", "numpy", "array-api-strict"])
def test_what_was_once_wrong_stays_mended(path: Path, name: str):
    target = load(name)
    lacking = [leaf for leaf in checks.program_of(path.name).leaves if target.lacks(BY_NAME[leaf.dtype])]
    assert checks.kept(path.name, target) == (UNSUPPORTED if lacking else PASSED)


def test_the_same_seed_draws_the_same_programs():
    drawn: list[list[str]] = [[], []]
    for programs in drawn:
        search(load("numpy"), 5, 10, lambda p, into=programs: into.append(p.to_json()))
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) > 5


def test_kept_finds_are_in_every_run_and_random_programs_in_the_profile_release():
    lanes = {c.id: c.lane for c in checks.checks()}
    assert lanes["fuzz/kept/unfold-of-a-tracked-view"] == FULL
    assert lanes["fuzz/seed-00"] == lanes["fuzz/seed-39"] == RELEASE


def test_dtypes_that_the_manifest_says_no_to_are_not_drawn():
    target = load("numpy")
    without = Target("numpy", target.device, {"capabilities": {"bfloat16": "no", "float64": "no"}})
    assert {"bfloat16", "float64"} & set(offered(target)) - set(offered(without)) == {"bfloat16", "float64"}


def test_what_the_manifest_says_no_to_must_be_refused():
    program = Program((Leaf("float64", (1,), (0.5,)),))
    target = load("numpy")
    promising = Target("numpy", target.device, {"capabilities": {"float64": "no"}})
    with pytest.raises(CheckFailed, match="refusal: the manifest says no to"):
        compared(program, promising, reference())


def test_what_the_manifest_promises_must_not_be_refused():
    strict = load("array-api-strict")
    promising = Target(strict.name, strict.device, {})
    with pytest.raises(CheckFailed, match="which the manifest does not declare"):
        compared(Program((Leaf("float16", (1,), (0.5,)),)), promising, reference())


# --- what counts as the same end

HALVES = Leaf("float32", (3,), (0.5, 1.0, -2.5), "gaps", True)


def test_without_rounding_results_must_be_equal():
    program = Program((HALVES,), ("t0 * t0", "t1.sum()"))
    assert bounds(program, run(program, reference()), reference()) == [0.0] * 4  # three tensors, one gradient


def test_where_something_rounds_a_few_units_are_allowed_and_a_bias_is_not():
    program = Program((HALVES,), ("t0.tanh()",))
    allowed = bounds(program, run(program, reference()), reference())
    assert all(0 < bound < 2e-5 for bound in allowed)
    biased = wrapped("numpy", "fuzzed-bias", {"tanh": lambda k: lambda x: k(x) * np.asarray(1 + 1e-4, x.dtype)})
    with pytest.raises(CheckFailed, match="t1 is"):
        compared(program, biased, reference())


def test_errors_must_be_of_one_class():
    program = Program((HALVES,), ("t0.sum(3)",))
    compared(program, load("numpy"), reference())
    assert type(run(program, reference()).error).__name__ == "DimError"


def test_the_wide_program_has_no_narrow_floats():
    wide = widened(Program((HALVES,), ("t0.to(flambeau.float16)", "t1.float()", "t2.to(flambeau.int32)")))
    assert wide.leaves[0].dtype == "float64"
    assert wide.lines == ("t0.to(flambeau.float64)", "t1.double()", "t2.to(flambeau.int32)")


# --- programs as data, as scripts, on the command line


def test_a_program_survives_json():
    program = Program((HALVES, Leaf("bool", (), (True,))), ("t0 * 2",))
    assert from_json(program.to_json()) == program


@pytest.mark.parametrize("text", ["", "[]", '{"leaves": [{}], "lines": []}'])
def test_what_is_no_program_is_refused(text: str):
    with pytest.raises(ProgramError, match="no program"):
        from_json(text)


def executed(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("layout", ["contiguous", "transposed", "gaps", "offset"])
def test_a_script_needs_no_suite_and_says_how_it_ended(layout: str):
    leaf = Leaf("float32", (2, 3), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0), layout, True)
    script = checks.shown(Program((leaf,), ("t0.softmax(1)", "t0.sum(0)")), "numpy")
    assert "flambeau_conformance" not in script
    done = executed(script)
    assert (done.returncode, done.stdout) == (0, "it ends as on the reference\n"), done.stderr


def test_a_script_of_a_difference_ends_with_one():
    script = checks.shown(Program((HALVES,), ("t0 * 2",)), "numpy")
    done = executed(script.replace("    t1 = t0 * 2", "    t1 = t0 * (2 if device == 'numpy' else 3)"))
    assert done.returncode == 1
    assert "t1 is" in done.stdout and "gradient 0 is" in done.stdout


def test_a_check_that_found_nothing_has_no_script():
    seeded = next(c for c in checks.checks() if c.id == "fuzz/seed-00")
    with pytest.raises(NoScriptError, match="no program of fuzz/seed-00 fails"):
        checks.script(seeded, "numpy", "")


def test_the_command_keeps_what_it_finds_and_replays_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    wrapped("numpy", "fuzzed-command", change={"cat": one_bad_element})
    kept = tmp_path / "find.json"
    assert cli.main(["fuzz", "fuzzed-command", "--examples", "400", "--keep", str(kept)]) == cli.FAILED
    printed = capsys.readouterr()
    assert "flambeau.device" not in printed.err and "wrote" in printed.err
    assert compile(printed.out, "find", "exec")
    assert set(json.loads(kept.read_text())) == {"leaves", "lines"}
    assert cli.main(["fuzz", "fuzzed-command", "--replay", str(kept)]) == cli.FAILED
    assert cli.main(["fuzz", "numpy", "--replay", str(kept)]) == cli.PASSED


def test_the_command_says_what_it_tried(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["fuzz", "numpy", "--examples", "60", "--seed", "7"]) == cli.PASSED
    assert capsys.readouterr().out == "60 programs ended on 'numpy' as on the reference (seeds 7 to 8)\n"


def test_wrong_usage_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["fuzz", "numpy", "--examples", "0"]) == cli.USAGE
    assert cli.main(["fuzz", "numpy", "--replay", str(tmp_path / "none.json")]) == cli.USAGE
    assert cli.main(["fuzz", "nunpy"]) == cli.UNUSABLE
    assert "did you mean 'numpy'" in capsys.readouterr().err
