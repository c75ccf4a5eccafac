"""The report's page in headless Chromium: filter, keyboard, drill-down, copying, both themes, a thousand rows.

The browser is the one that FLAMBEAU_CHROMIUM names, or the first that the path has.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from flambeau_conformance.record import Record, Report
from flambeau_conformance.reports.html import render

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DTYPES = ("float32", "float64", "int64", "bool")
NASTY = "value: got </script><img src=x onerror=window.hurt=1> & \"quotes\" – ünïcödé"


def report(rows: int) -> Report:
    """Ops op0000, op0001, …; every tenth fails in float32, one of them with a message that would be markup."""
    records = []
    for i in range(rows):
        for dtype in DTYPES:
            bad = i % 10 == 3 and dtype == "float32"
            message = NASTY if i == 3 else f"value: op{i:04}/{dtype}/sample-00: 1 of 3 elements differ"
            outcome = "fail" if bad else "pass"
            records.append(Record(f"op{i:04}/{dtype}/sample-00", "values", outcome, f"op{i:04}", dtype,
                                  "even" if i % 2 == 0 else "odd", "value" if bad else "", message if bad else "", "",
                                  0.001, "1.0", "required", ulps={"max": float(i % 7), "p99": 0.5, "count": 3}))
    made = Report({"name": "numpy", "version": "1.0", "device": "numpy"}, "1.0", "full", records, {}, "0.1", {}, 1.0)
    made.accuracy = [{"op": f"op{i:04}", "dtype": "float32", "group": "values", "max": float(i % 7), "p99": 0.5}
                     for i in range(rows)]
    made.causes = [{"id": "op0003/float32/sample-00", "explains": 7}]
    made.verdict = {"status": 1, "passed": False, "conformant": False, "reasons": ["some checks failed"]}
    return made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    named = os.environ.get("FLAMBEAU_CHROMIUM") or next((p for n in NAMES if (p := shutil.which(n))), None)
    if named is None:
        pytest.fail("no Chromium was found: install the system's package (apt-get install chromium), or name one with"
                    " FLAMBEAU_CHROMIUM=/path/to/chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=named, args=["--no-sandbox"])
        yield opened
        opened.close()


def shown(browser: Browser, file: Path, rows: int, **options: object) -> Page:
    """The page, opened; errors in its console and requests to anywhere fail the test."""
    file.write_text(render(report(rows)), encoding="utf-8")
    context = browser.new_context(**options)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"an error in the page: {error}"))
    page.on("console", lambda said: pytest.fail(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: asked.url.startswith("file:") or pytest.fail(f"it asked for {asked.url}"))
    page.goto(file.as_uri())
    return page


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Page:
    return shown(browser, tmp_path / "report.html", 40, permissions=["clipboard-read", "clipboard-write"])


def names(page: Page) -> list[str]:
    return [text.split()[0] for text in page.locator("tbody th").all_inner_texts()]


def test_the_matrix_has_a_row_per_op_and_says_how_the_run_ended(page: Page):
    assert len(names(page)) == 40
    assert "not conformant" in page.locator("#verdict").inner_text()
    assert page.locator("tbody td.fail").count() == 4
    assert page.locator("tbody td.fail").first.inner_text() == "✗ 1"
    assert page.locator("tbody td.pass").first.inner_text() == "✓ 1"
    assert page.get_by_text("explains 7 failures").is_visible()


def test_filter_by_text_family_and_outcome(page: Page):
    page.keyboard.press("/")
    page.keyboard.type("op0013")
    assert names(page) == ["op0013"]
    page.fill("#filter", "")
    page.select_option("#family", "even")
    assert len(names(page)) == 20
    page.select_option("#family", "")
    page.get_by_role("button", name="fail 4").click()
    assert names(page) == ["op0003", "op0013", "op0023", "op0033"]
    assert "4 of 40 rows" in page.locator("#count").inner_text()
    page.get_by_role("button", name="fail 4").click()
    assert len(names(page)) == 40


def test_failing_rows_come_first(page: Page):
    assert names(page)[:5] == ["op0003", "op0013", "op0023", "op0033", "op0000"]


def test_a_column_sorts(page: Page):
    page.get_by_role("button", name="max ulp").click()
    assert page.locator("tbody tr").first.locator("td").nth(4).inner_text() == "6"


def test_arrows_enter_and_escape_reach_a_failing_case(page: Page):
    page.locator("tbody td.cell[title='op0033 float32']").focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    detail = page.locator("#detail")
    assert detail.is_visible()
    assert "op0003/float32/sample-00" in detail.inner_text()
    page.keyboard.press("Escape")
    assert not detail.is_visible()
    assert page.evaluate("document.activeElement.title") == "op0003 float32"


def test_a_message_that_looks_like_markup_stays_text(page: Page):
    page.locator("tbody td.fail").first.click()
    assert NASTY in page.locator("#detail pre").first.inner_text()
    assert page.evaluate("window.hurt") is None


def test_the_reproduction_can_be_copied(page: Page):
    page.locator("tbody td.fail").first.click()
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == (
        "flambeau-conformance repro op0003/float32/sample-00 --backend numpy")


def luminance(colour: str) -> float:
    parts = [int(p) / 255 for p in colour[4:-1].split(",")]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_are_legible(browser: Browser, tmp_path: Path, theme: str):
    page = shown(browser, tmp_path / "report.html", 20, color_scheme=theme)
    dark = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor")) < 0.2
    assert dark == (theme == "dark")
    for place in ("body", "#about", "td.pass", "td.fail", "tbody th"):
        text, back = page.locator(place).first.evaluate(
            """node => { let at = node, back = 'rgba(0, 0, 0, 0)';
              for (; back === 'rgba(0, 0, 0, 0)'; at = at.parentElement) back = getComputedStyle(at).backgroundColor;
              return [getComputedStyle(node).color, back]; }""")
        bright, dim = sorted((luminance(text), luminance(back)), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, f"{place}: {text} on {back}"
    page.click("#theme")
    assert (luminance(page.evaluate("getComputedStyle(document.body).backgroundColor")) < 0.2) != dark


def test_a_thousand_rows_stay_usable(browser: Browser, tmp_path: Path):
    started = perf_counter()
    page = shown(browser, tmp_path / "report.html", 1000)
    page.locator("tbody tr").nth(999).wait_for(state="attached")
    opened = perf_counter() - started
    typed = page.evaluate("""() => { const box = document.getElementById('filter'), times = [];
      for (const text of ['o', 'op', 'op0', 'op09', 'op099', '']) { const start = performance.now(); box.value = text;
        box.dispatchEvent(new Event('input')); document.body.offsetHeight; times.push(performance.now() - start); }
      return Math.max(...times); }""")
    print(f"opened in {opened:.2f} s, a keystroke takes at most {typed:.0f} ms")
    assert opened < 5
    assert typed < 500


def test_a_narrow_screen_has_no_sideways_scrolling_of_the_page(browser: Browser, tmp_path: Path):
    page = shown(browser, tmp_path / "report.html", 20, viewport={"width": 400, "height": 700})
    page.locator("tbody td.fail").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
