"""The pages of the documentation say what the program does: their sessions are run."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

import pytest
from tools import sessions

from gigaplan.figure import BLOCKING
from gigaplan.plan import loads, result, simulate

ROOT = Path(__file__).resolve().parent.parent
PAGES = sessions.pages()
RESULT = re.compile(r"^\| `(\w+)` \| ([\w/]+) \| (.*) \|$", re.MULTILINE)
YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_sessions_print_what_the_page_shows(page: Path) -> None:
    blocks = sessions.sessions(page.read_text("utf-8"))
    sessions.play(blocks)
    told = [sessions.difference(one) for block in blocks for one in block]
    found = "\n\n".join(words for words in told if words)
    assert not found, f"\n{found}\n\npython tools/sessions.py --update rewrites the pages"


def test_there_are_sessions() -> None:
    assert {"README.md", "ten-minutes.md"} <= {page.name for page in PAGES}
    assert (
        sum(len(block) for page in PAGES for block in sessions.sessions(page.read_text("utf-8")))
        >= 12
    )


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))],
    ids=lambda page: page.name,
)
def test_links_lead_somewhere(page: Path) -> None:
    gone = [
        link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()
    ]
    assert not gone


def test_the_design_lists_every_field_of_the_results() -> None:
    rows = RESULT.findall((ROOT / "docs" / "design.md").read_text("utf-8"))
    assert len(rows) > 10
    for name, room, told in rows:
        kind = getattr(import_module(f"gigaplan.{room.replace('/', '.')}"), name)
        assert {item.name for item in fields(kind)} == set(re.findall(r"`(\w+)`", told)), name
    listed = {name for name, _, _ in rows}
    assert {name for name in result.__all__ if is_dataclass(getattr(result, name))} <= listed


def test_the_plan_that_the_design_shows_can_be_read() -> None:
    blocks = YAML.findall((ROOT / "docs" / "design.md").read_text("utf-8"))
    plan = loads(next(block for block in blocks if block.startswith("# my-campus.yaml")))
    assert not int(simulate(plan).verdict[0]) & int(BLOCKING)


def test_decisions_are_short() -> None:
    long = [
        page.name
        for page in (ROOT / "docs" / "why").glob("0*.md")
        if len(page.read_text("utf-8").splitlines()) > 40
    ]
    assert not long


class TestSessions:
    """The comparison itself."""

    def test_blanks_and_rules_do_not_count(self) -> None:
        assert sessions.same_line("a   b", "a b")
        assert sessions.same_line("----  --", "--  ------")

    def test_numbers_may_be_near_and_no_more(self) -> None:
        assert sessions.same_line("MFU 33.9 %", "MFU 34.0 %")
        assert not sessions.same_line("MFU 33.9 %", "MFU 35.0 %")
        assert not sessions.same_line("40 figures", "41 figures")
        assert not sessions.same_line("-1.0 %", "+1.0 %")

    def test_dates_are_words(self) -> None:
        assert not sessions.same_line("from 2026-05", "from 2026-06")

    def test_dots_stand_for_words_and_lines(self) -> None:
        assert sessions.same_line("a ... z", "a b c z")
        assert not sessions.first_missing(["a", "...", "z"], ["a", "b", "c", "z"])
        assert sessions.first_missing(["a", "z"], ["a", "b", "z"])
        assert sessions.first_missing(["a"], ["a", "b"])
        assert sessions.first_missing(["..."], ["a"]) == ""

    def test_a_block_holds_commands_codes_and_output(self) -> None:
        first, second = sessions.block_sessions(
            '$ gigaplan run a.yaml --set x="1 MW"\n# exit 3\nno\n$ gigaplan check \\\n  b.yaml\n'
        )
        assert first.words == ["run", "a.yaml", "--set", "x=1 MW"]
        assert (first.code, first.shown) == (3, ["no"])
        assert second.words == ["check", "b.yaml"]
        assert sessions.block_sessions("$ uv run pytest\n") == []

    def test_an_update_keeps_what_was_left_out(self) -> None:
        one = sessions.Session(
            words=[],
            prompt=[],
            shown=["NPV 12.0 a", "...", "IRR 5 ..."],
            printed=["NPV 13.5 a", "x", "IRR 6 % b"],
        )
        shown, lost = sessions.renewed(one)
        assert shown == ["NPV 13.5 a", "...", "IRR 6 ..."]
        assert not lost
