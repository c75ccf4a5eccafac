"""JUnit XML, as CI servers read it.

Crashes and timeouts are errors, other failures failures; what the ledger knows, and what is only on
probation, is reported as skipped with the reason, since the format has no word for it.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as xml

from ..record import BLOCKED, CRASH, FAIL, KNOWN, TIMEOUT, UNSUPPORTED, VACUOUS, Record, Report
from .text import provenance

_TAGS = {FAIL: "failure", BLOCKED: "failure", VACUOUS: "failure", CRASH: "error", TIMEOUT: "error"}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """The report as XML."""
    counts = [_tag(r) for r in report.records]
    suite = xml.Element("testsuite", name=f"flambeau-conformance {report.name}", tests=str(len(counts)),
                        failures=str(counts.count("failure")), errors=str(counts.count("error")),
                        skipped=str(counts.count("skipped")), time=f"{report.seconds:.3f}")
    properties = xml.SubElement(suite, "properties")
    for name, value in (("contract", report.contract), ("profile", report.profile), ("suite", report.suite),
                        ("status", str(report.verdict.get("status", ""))),
                        ("provenance", provenance(report))):
        xml.SubElement(properties, "property", name=name, value=value)
    for record in report.records:
        _case(suite, record)
    root = xml.Element("testsuites")
    root.append(suite)
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _tag(record: Record) -> str:
    tag = _TAGS.get(record.outcome, "")
    return "skipped" if record.outcome == KNOWN or (tag and not record.counts) else tag


def _case(suite: xml.Element, record: Record) -> None:
    case = xml.SubElement(suite, "testcase", classname=f"{record.group}.{record.op or 'contract'}", name=record.id,
                          time=f"{record.seconds:.6f}")
    tag = _tag(record)
    if tag:
        said = xml.SubElement(case, tag, message=_clean(record.message.splitlines()[0] if record.message else ""),
                              type=record.kind or record.outcome)
        if tag != "skipped":
            said.text = _clean(record.message + (f"\nexplained by {record.blocked_by}" if record.blocked_by else ""))
    elif record.outcome == UNSUPPORTED:
        xml.SubElement(xml.SubElement(case, "properties"), "property", name="outcome", value=record.outcome)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
