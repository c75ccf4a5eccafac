"""Reports: the same run as JSON, JUnit, Markdown, HTML and a badge; two runs side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from flambeau_conformance import cli, record, sides
from flambeau_conformance.record import Record, Report
from flambeau_conformance.reports import FORMATS, html
from flambeau_conformance.reports.text import summary
from flambeau_conformance.verdict import verdict_of

HOST = {"system": "Linux", "machine": "x86_64", "python": "3.13", "cores": 2, "tag": "linux-x86_64"}


def sample(name: str = "demo", **outcomes: str) -> Report:
    backend: dict[str, Any] = {"name": name, "distribution": name, "version": "1.0", "device": name,
                               "device_type": "cpu", "contract": ">=1.0,<2", "capabilities": {}, "unsupported": [],
                               "host": [], "delegated": [], "required": 79, "tolerances": [], "kernels": 80}
    records = [Record(f"{op}/float32/sample-00", "values", outcome, op, "float32", "elementwise",
                      "value" if outcome == "fail" else "", f"{op}: <&> \x00 </script>" if outcome == "fail" else "",
                      "exp/float32/sample-00" if outcome == "blocked" else "", 0.002,
                      ulps={"max": 2.0, "p99": 1.0, "histogram": [[0.0, 98], [1.0, 1], [2.0, 1]]})
               for op, outcome in outcomes.items()]
    report = Report(backend, "1.0", "full", records, {}, "0.1.0", HOST, 1.5)
    report.verdict = verdict_of(report, len(records))
    report.ledger = {"path": "", "entries": 0, "known": 0, "problems": [], "patch": ""}
    return report


@pytest.fixture
def broken() -> Report:
    return sample(neg="pass", exp="fail", sinh="blocked", sin="crash", cos="timeout", erf="known-failure",
                  tanh="unsupported-verified", abs="vacuous")


def fits(value: Any, schema: dict[str, Any], where: str = "report") -> None:
    """The parts of JSON Schema that ours uses."""
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
    if "type" in schema:
        assert isinstance(value, kinds[schema["type"]]), f"{where}: {value!r}"
    assert value in schema.get("enum", [value]), f"{where}: {value!r}"
    assert value == schema.get("const", value), where
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value), f"{where} lacks {set(schema['required']) - set(value)}"
        known = schema.get("properties", {})
        if schema.get("additionalProperties") is False:
            assert set(value) <= set(known), f"{where} has {set(value) - set(known)}"
        for name, member in value.items():
            rest = schema.get("additionalProperties", {})
            fits(member, known.get(name, rest if isinstance(rest, dict) else {}), f"{where}.{name}")
    if isinstance(value, list):
        for i, member in enumerate(value):
            fits(member, schema.get("items", {}), f"{where}[{i}]")


def test_json_fits_its_published_schema(broken: Report):
    fits(json.loads(FORMATS["json"](broken)), record.schema())


def test_a_real_report_fits_the_schema_too(tmp_path: Path):
    saved = tmp_path / "report.json"
    assert cli.main(["run", "numpy", "-q", "--op", "softmax", "--json", str(saved)]) == cli.PASSED
    data = json.loads(saved.read_text())
    fits(data, record.schema())
    assert {r["outcome"] for r in data["records"]} == {"pass"}
    row = next(a for a in data["accuracy"] if (a["dtype"], a["group"]) == ("float32", "values"))
    assert row["elements"] > 50
    assert 0 <= row["p99"] <= row["max"] < 20


def test_json_is_read_back(broken: Report, tmp_path: Path):
    saved = tmp_path / "report.json"
    saved.write_text(broken.text())
    assert record.read(saved).to_json() == broken.to_json()


@pytest.mark.parametrize(("text", "fault"), [("{", "is not JSON"), ("[]", "not a conformance report"),
                                             ('{"format": 99, "records": []}', "has format 99")])
def test_what_is_no_report_is_a_usage_error(text: str, fault: str, tmp_path: Path, capsys: pytest.CaptureFixture):
    path = tmp_path / "report.json"
    path.write_text(text)
    assert cli.main(["diff", str(path), str(path)]) == cli.USAGE
    assert fault in capsys.readouterr().err
    assert cli.main(["diff", "missing.json", str(path)]) == cli.USAGE


def test_junit_counts_failures_and_errors_apart(broken: Report):
    suite = ElementTree.fromstring(FORMATS["junit"](broken))[0]
    assert {k: suite.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "8", "failures": "3", "errors": "2", "skipped": "1"}
    assert len(suite.findall("testcase")) == 8


def test_markdown_names_outcomes_failures_and_accuracy(broken: Report):
    text = FORMATS["markdown"](broken)
    assert "| fail | 1 |" in text
    assert "| `sinh/float32/sample-00` | blocked | exp/float32/sample-00 |" in text


def test_html_is_one_file_with_all_records(broken: Report):
    page = FORMATS["html"](broken)
    assert "http" not in page.replace("http://www.w3.org", "")  # nothing is loaded from elsewhere
    start = page.index('type="application/json">') + len('type="application/json">')
    data = json.loads(page[start:page.index("</script>", start)])
    assert len(data["records"]) == 8
    assert "</script>" in data["records"][1][6]["message"]  # escaped, and still what it was


@pytest.mark.parametrize(("report", "said"), [
    (sample(neg="pass", tanh="unsupported-verified"), "1.0 conformant"),
    (sample(neg="pass", exp="fail"), "1 of 2 checks")])
def test_the_badge_says_how_much_is_kept(report: Report, said: str):
    assert f"flambeau contract: {said}" in FORMATS["badge"](report)
    ElementTree.fromstring(FORMATS["badge"](report))


def test_the_badge_of_a_part_never_says_conformant():
    report = sample(neg="pass")
    report.selection = {"op": "neg"}
    report.verdict = verdict_of(report, 1)
    assert "conformant" not in FORMATS["badge"](report)


def test_the_summary_names_what_failed_and_how_to_see_it(broken: Report):
    text = summary(broken)
    assert "5 failed (1 fail, 1 crash, 1 timeout, 1 blocked, 1 vacuous), 1 known failures, of 8 checks" in text
    assert "flambeau-conformance repro exp/float32/sample-00 --backend demo" in text
    assert "verdict: not conformant" in text


# --- two reports


def saved(folder: Path, name: str, report: Report) -> str:
    path = folder / name
    path.write_text(report.text())
    return str(path)


def test_diff_lists_what_an_upgrade_breaks(tmp_path: Path, capsys: pytest.CaptureFixture):
    old = saved(tmp_path, "old.json", sample(neg="pass", exp="pass", sin="fail", gone="pass"))
    new = saved(tmp_path, "new.json", sample(neg="pass", exp="fail", sin="pass", added="fail"))
    assert cli.main(["diff", old, new]) == cli.FAILED
    out = capsys.readouterr().out
    assert "breaks (2):\n  exp/float32/sample-00: pass -> fail" in out
    assert "added/float32/sample-00: absent -> fail" in out
    assert "mends (1):\n  sin/float32/sample-00: fail -> pass" in out
    assert "checks that are gone (1):\n  gone/float32/sample-00" in out
    assert cli.main(["diff", old, old]) == cli.PASSED


def test_diff_tells_what_is_only_on_probation():
    old, new = sample(neg="pass"), sample(neg="pass", late="fail")
    new.records[1].status = record.PROBATION
    assert sides.breaks(old, new) == []
    assert "will break with the next contract (on probation now) (1):" in list(sides.diff(old, new))


def test_compare_shows_two_backends_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture):
    a = saved(tmp_path, "a.json", sample("left", neg="pass", exp="pass"))
    b = saved(tmp_path, "b.json", sample("right", neg="pass", exp="fail"))
    assert cli.main(["compare", a, b]) == cli.PASSED
    out = capsys.readouterr().out
    assert "exp/float32/sample-00: pass | fail" in out
    assert "left 1.0" in out
    assert "right 1.0" in out


def test_every_format_says_what_took_part_and_when(broken: Report):
    broken.backend["libraries"] = {"numpy": "2.4.6", "BLAS openblas": "0.3.29"}
    broken.platform["date"] = "2026-11-28 12:00 UTC"
    for name, render in FORMATS.items():
        said = render(broken)
        for part in ("2.4.6", "0.3.29", "2026-11-28 12:00 UTC"):
            assert part in said, f"{name} does not say {part}"


def test_the_page_has_capabilities_ledger_delegated_kernels_debts_and_families(broken: Report):
    broken.backend["delegated"] = ["exp", "sin"]
    said = html.render(broken)
    data = json.loads(said.partition('type="application/json">')[2].partition("</script>")[0])
    facts = dict(data["facts"])
    assert list(facts) == ["Capabilities", "Ledger", "Delegated kernels", "Loosened tolerances"]
    assert facts["Delegated kernels"] == "exp; sin"
    assert sum(row[3] for row in data["families"]) == len(broken.records)


def test_compare_says_what_differs_between_two_versions_of_one_backend(broken: Report):
    import copy

    newer = copy.deepcopy(broken)
    newer.backend |= {"version": "9.9", "libraries": {"numpy": "2.5.0"}, "delegated": ["exp"]}
    said = "\n".join(sides.compare(broken, newer))
    for line in ("| 9.9", "numpy: none | 2.5.0", "delegated: [] | ['exp']"):
        assert line in said
    assert "what took part" not in "\n".join(sides.compare(broken, broken))
