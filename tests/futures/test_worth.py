"""What one unit is worth is what changing the plan by one unit changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigaplan.futures import worth
from gigaplan.plan import load, loads, simulate

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SHELL = """\
name: shell
start: 2026-01
horizon: 17 years
site: {from: virginia-north, construction: 2026-01, capacity: 100 MW, grid: 100 MW}
deal: {lease: {landlord: owner, tenant: market, rate: 150 USD/kW-month}}
"""


def test_a_unit_is_worth_what_the_change_changes() -> None:
    plan = load(EXAMPLES / "abilene.yaml")
    units = {one.unit: one for one in worth(plan, sample=4)}
    assert len(units) == 10
    before = simulate(plan).money
    cheaper = simulate(plan.set("hall.paid", 0.9)).money
    change = units["chips 10 % cheaper"].change["money.oracle.npv_usd"][0]
    assert change == pytest.approx(cheaper.oracle.npv_usd[0] - before.oracle.npv_usd[0], rel=1e-9)
    dearer = simulate(plan.set("chat.price", 3.3)).money
    change = units["0.1 USD/Mtoken more"].change["money.openai.npv_usd"][0]
    assert change == pytest.approx(dearer.openai.npv_usd[0] - before.openai.npv_usd[0], rel=1e-6)


def test_the_range_holds_and_the_grade_is_the_worst_of_what_is_changed() -> None:
    units = {one.unit: one for one in worth(load(EXAMPLES / "abilene.yaml"), sample=16)}
    middle, low, high = units["100 bp less interest"].change["money.crusoe.npv_usd"]
    assert low <= high
    assert middle > 0.0
    assert units["1 USD/MWh less"].grade == "A"
    assert units["power one month earlier"].grade == "D"


def test_a_plan_without_chips_has_only_the_units_it_has_a_place_for() -> None:
    names = {one.unit for one in worth(loads(SHELL), sample=2)}
    assert "chips 10 % cheaper" not in names
    assert {"1 USD/MWh less", "0.01 of PUE less", "power one month earlier"} <= names
