"""report.html in a real browser: drawn, quiet, usable by keyboard, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.report.made import indebted, made

from gigaplan.report.page import page as report
from gigaplan.report.page import write_text

HOSTILE = '<img src=x onerror="window.hurt=1"></script><script>window.hurt=1</script>'
DRAWN = "html[data-drawn]"
TRACES = (
    "els => els.map(e => [e.dataset.chart, (e.data || []).length,"
    " e.querySelectorAll('path').length])"
)


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_text(path, report(*indebted()))
    return path


@pytest.fixture
def opened(page: Page, file: Path) -> Page:
    page.goto(file.as_uri())
    page.wait_for_selector(DRAWN, state="attached")
    return page


@pytest.fixture
def phone(browser: Browser, file: Path) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page.goto(file.as_uri())
    page.wait_for_selector(DRAWN, state="attached")
    yield page
    page.close()


def test_every_picture_is_drawn_and_nothing_is_asked_for(page: Page, file: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_selector(DRAWN, state="attached")
    assert asked == [file.as_uri()]
    seen = page.eval_on_selector_all("[data-chart]:visible", TRACES)
    assert len(seen) >= 8
    assert all(traces >= 1 and paths >= 1 for _, traces, paths in seen), seen


def test_pictures_show_the_numbers_of_the_result(opened: Page) -> None:
    shown = opened.evaluate(
        "() => Array.from(document.querySelector('[data-chart=power-0]')._fullData"
        ".find(trace => trace.name === 'firm supply').y)"
    )
    truth = made().result.site["main"].firm_mw[:, 0]
    assert shown == pytest.approx(truth.tolist(), rel=1e-12)


def test_the_filter_finds_words_and_grades(opened: Page) -> None:
    rows = opened.locator("table.figures tbody tr:visible")
    every = rows.count()
    assert every == len(made().told.figures)
    opened.fill("#find", "firm grid")
    found = rows.count()
    assert 0 < found < every
    assert opened.inner_text("#found") == f"{found} of {every} figures"
    opened.fill("#find", "")
    opened.uncheck("#grades input[value=D]")
    marks = set(opened.locator("table.figures tbody tr:visible .mark").all_inner_texts())
    assert "D" not in marks
    assert marks
    opened.fill("#find", "no such figure at all")
    assert rows.count() == 0


def test_the_reader_chooses_whose_worth_is_drawn(opened: Page) -> None:
    opened.select_option("#party", label="operator")
    titles = opened.locator("[data-panel]:visible h3").all_inner_texts()
    assert titles == ["What one unit is worth to operator"]
    seen = opened.eval_on_selector_all("[data-panel]:not([hidden]) [data-chart]", TRACES)
    assert seen[0][1] == 2


def test_dark_and_light_follow_the_system_and_the_button(opened: Page) -> None:
    ground = "() => getComputedStyle(document.body).backgroundColor"
    ink = "() => document.querySelector('[data-chart=chips-0]').data[0].line.color"
    light, teal = opened.evaluate(ground), opened.evaluate(ink)
    opened.click("#theme")
    opened.wait_for_selector("html[data-drawn=dark]", state="attached")
    assert opened.evaluate(ground) != light
    assert opened.evaluate(ink) != teal
    opened.click("#theme")
    opened.wait_for_selector("html[data-drawn=light]", state="attached")
    assert (opened.evaluate(ground), opened.evaluate(ink)) == (light, teal)
    opened.emulate_media(color_scheme="dark")
    assert opened.evaluate(ground) == light  # the reader has chosen


def test_a_phone_shows_all_of_it_without_scrolling_sideways(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.dataset.theme") == "dark"
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    wide = phone.eval_on_selector_all(
        "[data-chart]", "els => els.filter(e => e._fullLayout).map(e => e._fullLayout.width)"
    )
    assert wide
    assert max(wide) <= 660
    scrolls = phone.eval_on_selector_all(
        ".scroll", "els => els.map(e => [e.scrollWidth > e.clientWidth, e.tabIndex])"
    )
    assert all(not wider or index == 0 for wider, index in scrolls)


def test_the_keyboard_reaches_the_content(opened: Page) -> None:
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.textContent") == "Skip to the summary"
    opened.focus("#find")
    opened.keyboard.type("price")
    assert opened.locator("table.figures tbody tr:visible").count() > 0
    opened.focus("details summary")
    opened.keyboard.press("Enter")
    assert opened.locator("details table").is_visible()


def test_paper_is_light_open_and_narrow(opened: Page) -> None:
    opened.click("#theme")
    opened.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.evaluate("document.documentElement.dataset.theme") == "light"
    assert opened.evaluate("document.querySelector('details').open")
    wide = opened.eval_on_selector_all(
        "[data-chart]", "els => els.filter(e => e.offsetParent).map(e => e._fullLayout.width)"
    )
    assert set(wide) == {640}
    opened.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert opened.evaluate("document.documentElement.dataset.theme") == "dark"
    assert not opened.evaluate("document.querySelector('details').open")


def test_what_a_plan_says_does_not_run(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_text(path, report(*made(HOSTILE, HOSTILE, HOSTILE)))
    page.goto(path.as_uri())
    page.wait_for_selector(DRAWN, state="attached")
    assert page.evaluate("window.hurt") is None
    assert page.inner_text("h1") == HOSTILE
