"""Every figure stands in the table, worst first, with where it comes from."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.report.made import made

from gigaplan.catalog import sources
from gigaplan.figure import Figure, Source, resolve
from gigaplan.report.assumptions import (
    assumptions,
    cited,
    commands,
    described,
    figure_row,
    spanned,
    unit_name,
)
from gigaplan.report.markup import plain


def test_every_figure_is_there_worst_first() -> None:
    plan, _, told = made()
    found = assumptions(plan, told)
    grades = re.findall(r'<span class="mark grade-(\w+)"', found)
    assert len(grades) == len(told.figures)
    order = ["D", "yours", "C", "B", "A"]
    assert grades == sorted(grades, key=order.index)
    assert f"{len(grades)} of {len(grades)} figures" in found
    assert assumptions(plan, replace(told, figures=[])) == ""


def test_a_row_says_value_range_source_and_note() -> None:
    plan, _, told = made()
    one = next(
        figure for figure in told.figures if figure.path == "workloads.let.price_usd_per_chip_h"
    )
    cells = [plain(cell) for cell in figure_row(plan, one, sources())]
    assert cells[0].startswith("Price of a chip for an hour")
    assert cells[1:4] == ["D", "2.9 USD/chip-hour", "2 to 3.5 USD/chip-hour"]
    assert cells[4].startswith("plan, line ")
    cited_one = next(figure for figure in told.figures if figure.source and figure.note)
    row = figure_row(plan, cited_one, sources())
    assert sources()[cited_one.source].title in plain(row[4])
    assert cited_one.note in plain(row[5])


def test_words_come_from_the_field() -> None:
    plan, _, _ = made()
    assert described(plan, "sites.main.grid_mw.0.value") == "firm grid power by date"
    assert described(plan, "sites.main.grid_mw.0.from_date") == "firm grid power by date: from"
    assert described(plan, "catalog:dgx-h100.price_usd")
    assert described(plan, "sites.nowhere.grid_mw") == ""
    assert described(plan, "no.such.thing") == ""


def test_units_are_said_once_in_a_range() -> None:
    price = Figure(path="sites.main.price_usd_per_mwh", value=47.0, low=38.0, high=70.0)
    assert unit_name(price.path) == "price_usd_per_mwh"
    assert spanned(price, "price_usd_per_mwh") == "38 to 70 USD/MWh"
    cost = Figure(path="x.capex_usd", value=1e9, low=9e8, high=2e9)
    assert spanned(cost, "capex_usd") == "900 MUSD to 2 BUSD"
    assert unit_name("halls.main.chips_count.1.value") == "chips_count"
    assert unit_name("catalog:gb200.dense_tflops.bf16") == "dense_tflops"


def test_a_source_links_to_the_web_only() -> None:
    known = {
        "good": Source(title="T", publisher="P", date="2025", link="https://a.example/x"),
        "bad": Source(title="T<i>", publisher="P", date="2025", link="javascript:alert(1)"),
    }
    assert 'href="https://a.example/x"' in cited("good", known)
    assert "javascript" not in cited("bad", known)
    assert "T&lt;i&gt;" in cited("bad", known)
    assert cited("unknown", known, "2024") == "unknown<small>2024</small>"
    assert cited("", known) == "–"


def test_commands_name_what_exists() -> None:
    plan, _, told = made()
    found = [command for command, _ in commands(plan, told)]
    path = found[1].split()[3]
    assert resolve(plan.paths(), path)
    assert any("money.landlord.npv" in command for command in found)
    assert resolve(list(told.scalars), "money.landlord.npv") == "money.landlord.npv_usd"
    changed = re.fullmatch(r'gigaplan run plan.yaml --set (\S+)="(.*)"', found[0])
    assert changed is not None
    assert plan.set(changed[1], changed[2]) is not None


def test_nearly_every_figure_has_words_of_its_own() -> None:
    plan, _, _ = made()
    bare = [path for path in plan.ledger if not described(plan, path)]
    assert len(bare) <= 0.1 * len(plan.ledger), bare
