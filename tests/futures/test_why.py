"""What moves a result, and where it breaks even."""

from __future__ import annotations

import pytest

from gigaplan.figure import PathError
from gigaplan.futures import breakeven, movers
from gigaplan.plan import loads, simulate

PLAN = """\
name: t
start: 2026-01
horizon: 5 years
site: {from: texas-west, grid: 40 MW, price: {value: 50 USD/MWh, low: 40 USD/MWh, high: 80 USD/MWh}}
hall: {system: dgx-h100, chips: 16000}
workload: {kind: rent, price: {value: 2.9 USD/chip-hour, low: 1.5 USD/chip-hour, high: 4 USD/chip-hour}}
"""


def test_movers_are_the_results_at_the_ends_of_each_range() -> None:
    plan = loads(PLAN)
    path, middle, moved = movers(plan, "owner.npv")
    assert path == "money.owner.npv_usd"
    assert middle == simulate(plan).money.owner.npv_usd[0]
    assert moved[0].figure.path == "workloads.main.price_usd_per_chip_h"
    assert moved[0].at_low == simulate(plan.set("workload.price", 1.5)).money.owner.npv_usd[0]
    assert moved[0].at_high == simulate(plan.set("workload.price", 4.0)).money.owner.npv_usd[0]
    assert [one.swing for one in moved] == sorted((one.swing for one in moved), reverse=True)
    assert "sites.main.price_usd_per_mwh" in [one.figure.path for one in moved]


def test_at_break_even_the_result_is_its_target() -> None:
    plan = loads(PLAN)
    found = breakeven(plan, "workload.price", "owner.npv")
    assert len(found.values) == 1
    there = simulate(plan.set("workload.price", found.values[0])).money.owner.npv_usd[0]
    assert abs(there) < 1e-3 * abs(found.current)


def test_a_target_may_have_a_unit_and_may_be_out_of_reach() -> None:
    plan = loads(PLAN)
    found = breakeven(plan, "workload.price", "owner.npv", "100 MUSD")
    assert found.target == 1e8
    assert breakeven(plan, "site.price", "owner.npv", "900 BUSD").values == ()


def test_what_is_no_number_cannot_be_searched() -> None:
    with pytest.raises(PathError):
        breakeven(loads(PLAN), "hall.system", "owner.npv")
