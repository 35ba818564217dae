"""The page holds the facts, loads nothing, and cannot be made to run what a plan says."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.report.made import Made, indebted, made
from tests.report.test_looks import contrast

from gigaplan.futures import Worth
from gigaplan.report.page import page, resource, write_text

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
VOID = {"meta", "input", "br", "img", "link"}


class Reader(HTMLParser):
    """What a browser would see: elements with their attributes, texts, scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(run: Made) -> Reader:
    return Reader(page(*run))


def test_tables_show_the_facts() -> None:
    plan, _, told = made()
    text = read(made()).text
    for part in ("needed_mw", "capacity_mw", "first_power_date", "pue_ratio", "capex_usd"):
        assert told.shown(f"site.main.{part}") in text
    for name in (*plan.parties, "consolidated"):
        assert told.shown(f"money.{name}.npv_usd") in text
        assert told.shown(f"money.{name}.peak_equity_usd") in text
    for path in ("levelised.chip_usd_per_chip_h", "levelised.token_usd_per_mtoken"):
        assert told.shown(path) in text
    for one in told.compared:
        assert one.error_text in text
    for unit in told.worth:
        assert (unit.unit[:1].upper() + unit.unit[1:]) in text
    assert told.rests_on in text
    assert "nan" not in re.findall(r"\w+", text.lower())


def test_pictures_are_there_with_their_words() -> None:
    found = read(indebted())
    drawn = json.loads(found.scripts[0])
    places = [tag for tag in found.elements if "data-chart" in tag[1]]
    assert {tag[1]["data-chart"] for tag in places} == set(drawn["figures"])
    assert all(tag[1]["role"] == "img" and len(tag[1]["aria-label"]) > 40 for tag in places)
    names = {re.sub(r"-\d+$", "", name) for name in drawn["figures"]}
    assert names == {"errors", "chain", "power", "chips", "cash", "debt", "worth"}
    assert all(figure["data"] for figure in drawn["figures"].values())


def test_what_a_plan_says_is_text() -> None:
    run = made(HOSTILE, HOSTILE, HOSTILE)
    found = Reader(page(*run))
    assert found.open == []
    assert HOSTILE in found.text
    assert not any(tag == "img" or "onerror" in attrs for tag, attrs in found.elements)
    assert len([tag for tag, _ in found.elements if tag == "script"]) == 3
    assert json.loads(found.scripts[0])["figures"]


def test_nothing_is_loaded_and_only_our_scripts_run() -> None:
    text = page(*made())
    found = Reader(text)
    for tag, attributes in found.elements:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base", "form"}
        assert not {"src", "srcset", "action", "background", "poster"} & attributes.keys()
        assert not any(key.startswith("on") for key in attributes)
        if "href" in attributes:
            assert tag == "a"
            assert attributes["href"].startswith(("#", "https://", "http://"))
    style = resource("style.css")
    assert "url(" not in style
    assert "@import" not in style
    policy = next(a["content"] for t, a in found.elements if a.get("http-equiv"))
    assert "default-src 'none'" in policy
    allowed = policy.split("script-src")[1].split(";")[0]
    assert "unsafe" not in allowed
    for script in found.scripts[1:]:
        code = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{code}'" in allowed
    assert "fetch(" not in resource("page.js")


def test_the_page_is_small_quick_and_the_same_twice() -> None:
    run = made()
    text = page(*run)
    begin = time.perf_counter()
    assert page(*run) == text
    assert time.perf_counter() - begin < 2.0
    assert len(text.encode()) < 6_000_000


def test_headings_and_tables_are_in_order() -> None:
    found = read(made())
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    tags = [tag for tag, _ in found.elements]
    assert tags.count("caption") == tags.count("table") > 5
    assert all("scope" in attrs for tag, attrs in found.elements if tag == "th")
    assert next(attrs for tag, attrs in found.elements if tag == "html")["lang"] == "en"
    ids = [attrs["id"] for _, attrs in found.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    labels = {attrs["for"] for tag, attrs in found.elements if tag == "label" and "for" in attrs}
    assert labels <= set(ids)
    targets = {attrs["href"][1:] for _, attrs in found.elements if attrs.get("href", "")[:1] == "#"}
    assert targets <= set(ids)


def test_reasons_stand_first_those_that_block_before_warnings() -> None:
    plan, result, told = made()
    warned = replace(told, verdicts={"no_irr": "a <warning>", "over_grid": "too little power"})
    text = Reader(page(plan, result, warned)).text
    summary = text.rindex("Summary", 0, text.index("Published beside modelled What was"))
    stop, warn = (
        text.index("Stands in the way: too little power"),
        text.index("Take note: a <warning>"),
    )
    assert stop < warn < summary
    calm = Reader(page(plan, result, replace(told, verdicts={}))).text
    assert "Take note" not in calm


def test_a_plan_with_nothing_to_compare_or_weigh_has_no_empty_sections() -> None:
    plan, result, told = made()
    bare = Reader(page(plan, result, replace(told, compared=[], worth=[], figures=[], verdicts={})))
    assert "Published beside" not in bare.text
    assert "What one unit is worth" not in bare.text
    assert "Assumptions" not in bare.text


@pytest.mark.parametrize("block", [":root {", ':root[data-theme="dark"] {'])
def test_words_can_be_read_on_their_ground(block: str) -> None:
    style = resource("style.css")
    part = style[style.index(block) : style.index("}", style.index(block))]
    tone = {key: value.strip() for key, value in re.findall(r"--([\w-]+):\s*(#\w{6});", part)}
    pairs = [("ink", "paper"), ("quiet", "paper"), ("accent", "paper"), ("ink", "tint")]
    pairs += [("stop", "stop-tint"), ("warn", "warn-tint")]
    pairs += [(f"on-{grade}", grade) for grade in ("a", "b", "c", "d", "yours")]
    for word, ground in pairs:
        assert contrast(tone[word], tone[ground]) >= 4.5, (word, ground)


def test_a_text_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    write_text(path, "old\n")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_bytes() == b"old\n"
    write_text(path, "new\n")
    assert path.read_bytes() == b"new\n"
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_one_unit_of_money_for_the_whole_table() -> None:
    plan, result, told = made()
    rows = [
        Worth("large", "D", (), {"money.operator.npv_usd": (2.5e9, 1e9, 4e9)}),
        Worth("small", "", (), {"money.operator.npv_usd": (-1.25e6, -2e6, 0.0)}),
        Worth("none", "", (), {"money.operator.npv_usd": (0.0, 0.0, 0.0)}),
    ]
    text = Reader(page(plan, result, replace(told, worth=rows))).text
    assert "NPV in MUSD" in text
    assert "Large D – +2,500 +1,000 to +4,000 –" in text
    assert "Small – – -1.25 -2 to +0 –" in text
    assert "None – – 0 –" in text
