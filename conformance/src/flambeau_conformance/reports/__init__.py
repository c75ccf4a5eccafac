"""The forms of a report: each a function from a Report to text."""

from __future__ import annotations

from collections.abc import Callable

from ..record import Report
from . import badge, html, junit, markdown

Render = Callable[[Report], str]

FORMATS: dict[str, Render] = {
    "json": lambda report: report.text(), "junit": junit.render, "markdown": markdown.render, "html": html.render,
    "badge": badge.render}
