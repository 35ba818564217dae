"""Text for a terminal: aligned tables, ranges in a readable size."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gigaplan.futures import Worth, futures, worth
from gigaplan.plan import load, prepare, simulate
from gigaplan.report.facts import facts
from gigaplan.report.text import clipped, futures_lines, headline_paths, ranged, summary, table

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def test_columns_align_and_text_is_not_padded_at_the_end() -> None:
    lines = table([["", "a", "long heading"], ["name", "1", "2"], ["x", "1000", "3"]])
    assert lines[0] == "         a  long heading"
    assert lines[2] == "name     1             2"
    assert lines[3] == "x     1000             3"
    assert all(line == line.rstrip() for line in lines)
    assert table([]) == []


def test_a_range_is_told_in_the_size_that_fits() -> None:
    def told(*numbers: float) -> str:
        return ranged(Worth("u", "", (), {"p": numbers}), "p")  # type: ignore[dict-item]

    assert told(2.5e6, 1e6, 4e6) == "+2.5 M (+1 to +4)"
    assert told(-2.5e3, -4e3, 1e3) == "-2.5 k (-4 to +1)"
    assert told(0.0, 0.0, 0.0) == "0"
    assert told(np.nan, 0.0, 0.0) == "-"


def test_long_paths_lose_their_middle() -> None:
    text = clipped("a" * 50 + "b" * 50)
    assert len(text) <= 72
    assert text.startswith("aaa")
    assert text.endswith("bbb")


def test_the_summary_tells_what_the_issue_asks_for() -> None:
    plan = prepare(load(EXAMPLES / "abilene.yaml"))
    said = "\n".join(summary(plan, facts(plan, simulate(plan), worth(plan, sample=2))))
    for words in ("Published beside modelled", "facility power", "chip capex", "shell capex", "first power",
                  "What binds, by month", "crusoe", "oracle", "openai", "consolidated", "equity IRR", "min DSCR",
                  "What one unit is worth", "power one month earlier", "one point of MFU", "rests on"):  # fmt: skip
        assert words in said, words
    assert "nan" not in said.lower().replace("finance", "")


def test_futures_are_told_with_the_share_that_exists() -> None:
    many = futures(load(EXAMPLES / "abilene.yaml"), 16)
    lines = futures_lines(many, headline_paths(many))
    assert lines[0].startswith("16 futures, seed 1")
    assert any("money.oracle.npv_usd" in line and "100.0 %" in line for line in lines)
