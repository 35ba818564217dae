"""Pictures draw the numbers of the result, with units, and words for those who cannot see them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.report.made import Made, indebted, made

from gigaplan.futures import Worth
from gigaplan.plan.result import LIMITS, Names
from gigaplan.report import charts
from gigaplan.units import over_time

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def every(run: Made) -> dict[str, Figure]:
    plan, result, told = run
    drawn = {
        "chain": charts.chain(plan, result),
        "power": charts.power(plan, result, "main"),
        "chips": charts.chips(result, "main"),
        "errors": charts.errors(told),
    }
    for party in (*plan.parties, "consolidated"):
        drawn[f"cash {party}"] = charts.cash(result, party)
        drawn[f"debt {party}"] = charts.debt(result, party)
        drawn[f"worth {party}"] = charts.worth(told, party)
    return {name: figure for name, figure in drawn.items() if figure is not None}


def titles(figure: Figure) -> list[str]:
    layout = figure.to_dict()["layout"]
    axes = [part for key, part in layout.items() if key.startswith(("xaxis", "yaxis"))]
    return [axis["title"]["text"] for axis in axes if "title" in axis]


@pytest.mark.parametrize("name", every(indebted()))
def test_each_picture_says_what_it_shows_and_in_which_unit(name: str) -> None:
    figure = every(indebted())[name]
    assert len(figure.layout.meta["title"]) > 5
    assert len(figure.layout.meta["alt"]) > 40
    assert "nan" not in figure.layout.meta["alt"].lower()
    assert figure.layout.height >= 150
    if name != "chain":  # its nodes say their own unit
        said = " ".join(titles(figure))
        assert any(unit in said for unit in ("MW", "chips", "USD", "%", "ratio")), said


def test_the_chain_conserves_energy() -> None:
    plan, result, _ = made()
    figure = charts.chain(plan, result)
    assert figure is not None
    node, link = figure.data[0].node, figure.data[0].link
    into = np.bincount(link.target, link.value, len(node.label))
    out = np.bincount(link.source, link.value, len(node.label))
    inner = (into > 0) & (out > 0)
    assert inner.sum() == 2
    assert into[inner] == pytest.approx(out[inner], rel=1e-9)
    site = result.site["main"]
    it_label = next(index for index, text in enumerate(node.label) if text.startswith("IT equip"))
    unit = {"MWh": 1.0, "GWh": 1e3, "TWh": 1e6}[node.label[it_label].split()[-1]]
    assert into[it_label] * unit == pytest.approx(float(over_time(site.it_mwh)[0]), rel=1e-9)
    works = [text.split("<br>")[0] for text in node.label]
    assert {"chat", "let", "Cooling and power losses"} <= set(works)


def test_power_is_drawn_as_it_is_and_limits_fill_the_months_they_bind() -> None:
    plan, result, told = made()
    figure = charts.power(plan, result, "main")
    lines = {trace.name: trace for trace in figure.data if trace.type == "scatter"}
    site = result.site["main"]
    assert list(lines["firm supply"].y) == site.firm_mw[:, 0].tolist()
    assert list(lines["mean load"].y) == site.load_mw[:, 0].tolist()
    assert len(lines["mean load"].x) == result.calendar.months
    bars = [trace for trace in figure.data if trace.type == "bar"]
    bound = [span for span in told.spans if span.limit in LIMITS]
    assert [(bar.base[0][:7], bar.name) for bar in bars] == [
        (span.first, f"binds: {span.limit}") for span in bound
    ]
    days = sum(bar.x[0] for bar in bars) / charts.MS_PER_DAY
    held = result.cluster["main"].binding[:, 0] >= 0
    assert days == pytest.approx(float(result.calendar.days[held].sum()))


def test_cash_is_the_flow_and_its_sum() -> None:
    _, result, _ = made()
    figure = charts.cash(result, "operator")
    assert figure is not None
    flow = result.money["operator"].equity_flow_usd[:, 0]
    size = {"USD": 1.0, "MUSD": 1e6, "BUSD": 1e9}
    line, bars = figure.data
    whole, part = (size[title.split()[-1]] for title in titles(figure)[1:])
    assert np.array(line.y) * whole == pytest.approx(np.cumsum(flow))
    assert np.array(bars.y) * part == pytest.approx(flow)


def test_debt_is_drawn_with_its_cover_of_twelve_months() -> None:
    _, result, _ = indebted()
    owed, cover = charts.debt_series(result.money["operator"])
    assert owed is not None
    assert cover is not None
    assert owed[0, 0] == 96e6
    assert np.isnan(cover[:23]).all()  # the twelfth month of repayment is the first that counts
    assert cover[23, 0] == pytest.approx(2.0)
    assert np.nanmin(cover) == pytest.approx(1.2)
    figure = charts.debt(result, "operator")
    assert figure is not None
    assert "1.20 at the least" in figure.layout.meta["alt"]
    assert charts.debt(result, "landlord") is None


def test_units_are_drawn_by_size_with_their_ranges() -> None:
    _, _, told = made()
    rows = [
        Worth("small", "D", (), {"money.operator.npv_usd": (1e6, -2e6, 3e6)}),
        Worth("none", "D", (), {"money.operator.npv_usd": (0.0, 0.0, 0.0)}),
        Worth("large", "A", (), {"money.operator.npv_usd": (-9e6, -20e6, -1e6)}),
        Worth("absent", "A", (), {"money.operator.npv_usd": (np.nan, np.nan, np.nan)}),
    ]
    figure = charts.worth(replace(told, worth=rows), "operator")
    assert figure is not None
    bars, whiskers = figure.data
    assert list(bars.x) == [1.0, -9.0]
    assert list(whiskers.x) == [-2.0, 3.0, None, -20.0, -1.0, None]
    assert list(figure.layout.yaxis.ticktext) == [
        "small<br><b>+1 MUSD</b>",
        "large<br><b>-9 MUSD</b>",
    ]
    assert "Without effect: none, absent" in figure.layout.meta["alt"]
    assert charts.worth(replace(told, worth=[rows[1]]), "operator") is None


def test_errors_are_drawn_in_percent_and_dates_in_months() -> None:
    _, _, told = made()
    figure = charts.errors(told)
    assert figure is not None
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    power, date = told.compared
    assert dots[0].x[0] == pytest.approx(100 * power.error_frac)
    assert dots[1].x[0] == pytest.approx(date.error_frac)
    assert charts.errors(replace(told, compared=[])) is None


def test_what_does_not_exist_is_not_drawn_and_nothing_is_raised() -> None:
    plan, result, told = made()
    site, hall = result.site["main"], result.cluster["main"]
    nothing = np.full((result.calendar.months, 1), np.nan)
    broken = replace(
        result,
        site=Names(main=replace(site, it_mwh=nothing, load_mw=nothing, peak_mw=nothing)),
        cluster=Names(main=replace(hall, busy_count=nothing, installed_count=nothing)),
        money=Names(
            {name: replace(one, equity_flow_usd=nothing) for name, one in result.money.items()}
        ),
    )
    assert charts.chain(plan, broken) is None
    assert charts.cash(broken, "operator") is None
    assert charts.power(plan, broken, "main").data
    assert charts.chips(broken, "main").data
    assert charts.worth(told, "nobody") is None
