"""The runner: a crash or a hang costs one check, causes are told from consequences, the ledger is strict."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from faulty import MANIFEST, install

from flambeau_conformance import cli, record
from flambeau_conformance.pool import NotLoadableError
from flambeau_conformance.record import BLOCKED, CRASH, FAIL, KNOWN, PASS, TIMEOUT, Report
from flambeau_conformance.running import Request, Run
from flambeau_conformance.selection import Selection

LATER = datetime.date.today() + datetime.timedelta(30)


def ended(report: Report) -> dict[str, str]:
    return {r.id: r.outcome for r in report.records}


def run(*ids: str, **options) -> Report:
    return Run(Request("faulty", selection=Selection(ids=ids), **options)).execute()


def test_a_crash_costs_one_check_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, "changed['sin'] = lambda x: os.abort()")
    report = run("sign/float32/sample-00", "sin/float32/sample-00", "sin/float64/sample-00", "sqrt/float32/sample-00")
    assert ended(report) == {"sign/float32/sample-00": PASS, "sin/float32/sample-00": CRASH,
                             "sin/float64/sample-00": CRASH, "sqrt/float32/sample-00": PASS}
    (crash, _) = [r for r in report.records if r.outcome == CRASH]
    assert "SIGABRT" in crash.message
    assert "descriptor.py" in crash.message  # the backend's frame, from faulthandler
    assert report.verdict["status"] == cli.FAILED


def test_an_exit_of_the_process_is_a_crash_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, "changed['sin'] = lambda x: os._exit(0)")
    assert ended(run("sin/float32/sample-00", "cos/float32/sample-00")) == {
        "sin/float32/sample-00": CRASH, "cos/float32/sample-00": PASS}


def test_a_hang_costs_one_check_and_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, "changed['cos'] = lambda x: time.sleep(600)")
    report = run("sin/float32/sample-00", "cos/float32/sample-00", "tanh/float32/sample-00", limit=1.0)
    assert ended(report) == {"sin/float32/sample-00": PASS, "cos/float32/sample-00": TIMEOUT,
                             "tanh/float32/sample-00": PASS}
    assert "did not end within 1 s" in report.records[1].message


def test_what_keeps_killing_processes_is_not_tried_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, "changed['tan'] = changed['sin'] = lambda x: os._exit(3)")
    report = Run(Request("faulty", selection=Selection("sin", "float32"))).execute()
    outcomes = list(ended(report).values())
    assert outcomes.count(CRASH) == 3
    assert set(outcomes[3:]) == {BLOCKED}
    assert {r.blocked_by for r in report.records[3:]} == {"sin/float32/sample-00"}


def test_one_broken_kernel_is_one_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, "changed['exp'] = wrong(kernels['exp'])")
    report = run("exp/float64/sample-00", "cosh/float64/sample-00", "exp/float64/sample-00/gradient",
                 "sin/float64/sample-00")
    assert ended(report) == {"exp/float64/sample-00": FAIL, "cosh/float64/sample-00": BLOCKED,
                             "exp/float64/sample-00/gradient": BLOCKED, "sin/float64/sample-00": PASS}
    assert report.causes == [{"id": "exp/float64/sample-00", "explains": 2, "ids": [
        "cosh/float64/sample-00", "exp/float64/sample-00/gradient"]}]
    assert "exp" in next(r for r in report.records if r.id == "cosh/float64/sample-00").prerequisites


def test_a_backend_that_dies_as_it_loads_is_not_loadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, "os.abort()")
    with pytest.raises(NotLoadableError, match="cannot be loaded: the process ended with signal SIGABRT"):
        run("sin/float32/sample-00")
    assert cli.main(["run", "faulty", "-q"]) == cli.UNUSABLE


def test_what_a_backend_prints_does_not_disturb_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, "print('{\"id\": 1}'); os.write(1, b'noise\\n'); sys.stderr.write('more')")
    assert ended(run("sin/float32/sample-00")) == {"sin/float32/sample-00": PASS}


def test_the_order_is_that_of_the_contract_whatever_the_number_of_workers():
    orders = []
    for workers in (1, 3):
        request = Request("numpy", selection=Selection("ex*", "float32"), workers=workers)
        orders.append([r.id for r in Run(request).execute().records])
    assert orders[0] == orders[1]
    assert len(orders[0]) > 10


def test_a_check_that_looks_at_nothing_is_vacuous():
    from flambeau_conformance.check import PASSED, Check
    from flambeau_conformance.outcome import executed
    from flambeau_conformance.target import load

    answer = executed(Check("contract/idle", "contract", lambda target: PASSED), load("numpy"))
    assert answer["outcome"] == record.VACUOUS
    assert "without having looked at anything" in answer["message"]


def test_a_capability_nothing_was_executed_for_is_vacuous():
    from flambeau_conformance.capabilities import verified

    float16 = record.Record("neg/float16/sample-00", "values", record.UNSUPPORTED, "neg", "float16")
    float64 = record.Record("neg/float64/sample-00", "values", PASS, "neg", "float64")
    rows = {r["name"]: r["outcome"] for r in verified({"float16": "no", "bfloat16": "no"}, [float16, float64])}
    assert rows == {"complex": "vacuous", "float64": PASS, "bfloat16": "vacuous", "float16": record.UNSUPPORTED,
                    "fft": "vacuous", "linalg": "vacuous", "shared_views": "vacuous", "dlpack": "vacuous"}


def test_a_group_of_ops_is_a_capability_that_checks_of_its_ops_are_evidence_for():
    from flambeau_conformance.capabilities import verified

    held = [record.Record("linalg_svd/float32/sample-00", "values", PASS, "linalg_svd", "float32"),
            record.Record("linalg_inv_ex/float32/sample-00", "values", record.UNSUPPORTED, "linalg_inv_ex", "float32"),
            record.Record("linalg_svd/float64/sample-00/rule", "rules", PASS, "linalg_svd", "float64")]
    yes, no = [next(r for r in verified(stated, held) if r["name"] == "linalg") for stated in ({}, {"linalg": "no"})]
    assert (yes["executed"], yes["refused"], yes["outcome"]) == (1, 1, PASS)
    assert no["outcome"] == record.UNSUPPORTED


def test_the_transforms_are_a_capability_that_their_checks_are_evidence_for():
    import flambeau
    from flambeau_conformance.capabilities import verified

    assert flambeau.stft  # loads the family
    held = [record.Record("fft_c2c/complex64/sample-00", "values", PASS, "fft_c2c", "complex64"),
            record.Record("fft_r2c/float32/sample-00", "values", record.UNSUPPORTED, "fft_r2c", "float32")]
    yes, no = [next(r for r in verified(stated, held) if r["name"] == "fft") for stated in ({}, {"fft": "no"})]
    assert (yes["executed"], yes["refused"], yes["outcome"]) == (1, 1, PASS)
    assert no["outcome"] == record.UNSUPPORTED


def test_a_no_that_is_not_refused_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, manifest=MANIFEST + '\n[capabilities]\nfloat16 = "no"\n')
    (found,) = run("sin/float16/sample-00").records
    assert (found.outcome, found.kind) == (FAIL, "refusal")


def test_delegated_kernels_are_counted_and_keep_a_backend_from_being_conformant():
    from flambeau_conformance.verdict import DELEGATED, verdict_of

    backend = {"name": "x", "delegated": ["sin", "cos"], "required": 79}
    report = Report(backend, "1.0", "full", [record.Record("a", "values", PASS)])
    verdict = verdict_of(report, 1)
    assert (verdict["status"], verdict["passed"], verdict["conformant"]) == (DELEGATED, True, False)
    assert verdict["reasons"] == ["2 of 79 required kernels are delegated to another backend: sin, cos"]
    report.profile = "smoke"
    assert verdict_of(report, 1)["status"] == cli.PASSED


# --- the ledger


def entry(wanted: str, kind: str = "value", expires: datetime.date = LATER, more: str = "") -> str:
    return (f'[[known]]\nid = "{wanted}"\nkind = "{kind}"\nreason = "off by a thousandth"\n'
            f'link = "https://example.org/1"\nexpires = {expires}\n{more}')


WRONG = "changed['exp'] = wrong(kernels['exp'])"


def test_a_known_failure_does_not_fail_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, WRONG, ledger=entry("exp/float64/sample-00"))
    report = run("exp/float64/sample-00")
    assert ended(report) == {"exp/float64/sample-00": KNOWN}
    assert report.verdict["status"] == cli.PASSED
    assert "known: off by a thousandth" in report.records[0].message
    assert ended(run("exp/float64/sample-00", use_ledger=False)) == {"exp/float64/sample-00": FAIL}


@pytest.mark.parametrize(("ids", "text", "status", "why"), [
    (["sin/float64/sample-00"], entry("sin/float64/sample-00"), cli.STALE_LEDGER, "it ends as pass now"),
    (["exp/float64/sample-00"], entry("exp/float64/sample-00", "dtype"), cli.FAILED,
     "it ends as fail of kind 'value', the ledger says fail of kind 'dtype'"),
    (["exp/float64/sample-00"], entry("exp/float64/sample-00", expires=datetime.date(2020, 1, 1)), cli.FAILED,
     "it expired on 2020-01-01"),
    (["sin/float64/sample-00"], entry("sin/float65/sample-00"), cli.STALE_LEDGER,
     "no check has this ID, did you mean 'sin/float64/sample-00'?"),
    (["sin/float64/sample-00"], entry("sin/float64/sample-00", more='platform = ["somewhere-else"]\n'), cli.PASSED, ""),
], ids=["unexpected pass", "wrong kind", "expired", "unmatched", "another platform"])
def test_a_ledger_that_does_not_hold_fails(ids, text, status, why, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture):
    install(tmp_path, monkeypatch, WRONG, ledger=text)
    report = run(*ids)
    assert report.verdict["status"] == status
    assert [p["why"] for p in report.ledger["problems"]] == ([why] if why else [])
    if why:
        assert "-[[known]]" in report.ledger["patch"] or "-kind" in report.ledger["patch"]


def test_the_patch_is_what_ledger_write_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                             capsys: pytest.CaptureFixture):
    ledger = "# what we know\n\n" + entry("sin/float64/sample-00") + "\n" + entry("exp/float64/sample-00")
    package = install(tmp_path, monkeypatch, WRONG, ledger=ledger)
    saved = tmp_path / "report.json"
    chosen = ["--id", "exp/float64/sample-00", "--id", "sin/float64/sample-00", "--id", "exp/float64/sample-01"]
    assert cli.main(["run", "faulty", "-q", *chosen, "--json", str(saved)]) == cli.FAILED
    assert cli.main(["ledger", str(saved)]) == cli.STALE_LEDGER
    assert '-id = "sin/float64/sample-00"' in capsys.readouterr().out
    assert cli.main(["ledger", str(saved), "--write", "--add", "exp/float64/sample-01", "--reason", "the same",
                     "--link", "https://example.org/2"]) == cli.PASSED
    text = (package / "flambeau-ledger.toml").read_text()
    assert text.startswith("# what we know\n")
    assert "sin/float64" not in text
    assert cli.main(["run", "faulty", "-q", *chosen]) == cli.PASSED


@pytest.mark.parametrize(("text", "fault"), [
    ('[[known]]\nid = "a"\n', "lacks 'kind'"),
    ("[[known]]\n" + entry("a").partition("\n")[2] + "surprise = 1\n", "unknown member 'surprise'"),
    (entry("a").replace(str(LATER), '"soon"'), "expires is 'soon', not a date"),
    (entry("a") + entry("a"), "'a' is listed twice"), ("[[know]]\n", "unknown table 'know'"), ("known = [", "")])
def test_a_ledger_that_cannot_be_read_says_why(text, fault, tmp_path: Path, capsys: pytest.CaptureFixture):
    path = tmp_path / "ledger.toml"
    path.write_text(text)
    assert cli.main(["run", "numpy", "-q", "--id", "sin/float64/sample-00", "--ledger", str(path)]) == cli.USAGE
    assert fault in capsys.readouterr().err


# --- scripts


@pytest.mark.parametrize("wanted", ["exp/float64/sample-00", "exp/float64/sample-00/gradient"])
def test_repro_prints_a_script_that_fails_where_the_check_does(wanted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                              capsys: pytest.CaptureFixture):
    import subprocess
    import sys

    install(tmp_path, monkeypatch, WRONG)
    assert cli.main(["repro", wanted, "--backend", "faulty"]) == 0
    script = capsys.readouterr().out
    assert "flambeau_conformance" not in script
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, "give or take" in done.stdout) == (1, True), done.stderr
    healthy = script.replace("'faulty'", "'numpy'")
    assert subprocess.run([sys.executable, "-c", healthy], check=False).returncode == 0


def test_a_report_of_a_broken_backend_fits_the_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, WRONG)
    saved = tmp_path / "report.json"
    page = tmp_path / "report.html"
    assert cli.main(["run", "faulty", "-q", "--op", "exp*", "--dtype", "float64", "--json", str(saved), "--html",
                     str(page)]) == cli.FAILED
    assert "import flambeau" in page.read_text()  # the script that shows the failure
    data = json.loads(saved.read_text())
    assert set(record.schema()["required"]) == set(data)
    assert record.read(saved).to_json() == data
