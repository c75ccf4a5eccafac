"""An SVG badge that says how much of the contract a backend keeps."""

from __future__ import annotations

from html import escape

from ..record import PASS, UNSUPPORTED, Report
from .text import provenance

_HEIGHT, _PER_LETTER, _PADDING = 20, 6.6, 6


def render(report: Report) -> str:
    """The badge; it never says "conformant" of a part of the contract."""
    good = sum(r.outcome in (PASS, UNSUPPORTED) for r in report.records)
    asked = report.verdict.get("asked", len(report.records))
    if report.verdict.get("conformant"):
        said, colour = f"{report.contract} conformant", "#1a7f37"
    elif report.verdict.get("passed"):
        said, colour = f"{report.profile} passed, {_short_of(report, good, asked)}", "#9a6700"
    else:
        said, colour = f"{good} of {asked} checks", "#b42318"
    return _svg("flambeau contract", said, colour, provenance(report))


def _short_of(report: Report, good: int, asked: int) -> str:
    delegated = len(report.backend.get("delegated", []))
    return f"{delegated} of {report.backend.get('required')} kernels delegated" if delegated else f"{good} of {asked}"


def _svg(left: str, right: str, colour: str, about: str) -> str:
    widths = [round(len(text) * _PER_LETTER) + 2 * _PADDING for text in (left, right)]
    total = sum(widths)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{_HEIGHT}" role="img"'
        f' aria-label="{escape(left)}: {escape(right)}">',
        f"<title>{escape(left)}: {escape(right)} ({escape(about)})</title>",
        f'<rect width="{total}" height="{_HEIGHT}" rx="3" fill="#444c56"/>',
        f'<rect x="{widths[0]}" width="{widths[1]}" height="{_HEIGHT}" rx="3" fill="{colour}"/>',
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">',
        f'<text x="{widths[0] / 2}" y="14">{escape(left)}</text>',
        f'<text x="{widths[0] + widths[1] / 2}" y="14">{escape(right)}</text></g></svg>']
    return "\n".join(parts) + "\n"
