"""The page that joins the wings: shapes, groups, tenure, verdicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gigaplan.figure import Verdict
from gigaplan.plan import loads, prepare, simulate
from gigaplan.plan.result import LIMITS, columns_of

BASE = """\
name: t
start: 2026-01
horizon: 6 years
site: {from: texas-west, grid: 40 MW}
hall: {system: dgx-h100, chips: 16000}
"""
RENT = "workload: {kind: rent, price: 2.9 USD/chip-hour}\n"
CAMPUS = BASE + RENT


def test_every_result_is_a_column_or_a_series() -> None:
    months = 72
    for path, array in columns_of(simulate(loads(CAMPUS))):
        assert array.ndim in (1, 2), path
        assert array.shape[-1] == 1 or array.shape == (0, 0), (path, array.shape)
        if array.ndim == 2 and array.size:
            assert array.shape[0] in (1, months), (path, array.shape)


def test_prepare_is_done_once_and_set_forgets_it() -> None:
    plan = prepare(loads(CAMPUS))
    assert prepare(plan) is plan
    assert plan.set("site.grid", "50 MW").chosen is None


def test_a_hall_larger_than_its_grid_says_so_and_runs_what_fits() -> None:
    result = simulate(loads(CAMPUS.replace("40 MW", "10 MW")))
    assert result.verdict[0] & Verdict.OVER_GRID
    assert LIMITS[result.cluster.main.binding[5, 0]] == "grid"
    assert result.site.main.peak_mw.max() <= 10.0 + 1e-9


def test_a_model_that_does_not_fit_says_so() -> None:
    text = BASE.replace("chips: 16000", "chips: 8") + (
        "workload: {kind: train, model: llama-3.1-405b, tokens: 1 Ttoken, chips: 8}\n"
    )
    result = simulate(loads(text))
    assert result.verdict[0] & Verdict.DOES_NOT_FIT
    assert np.isnan(result.compute.main.halls.main.run_days[0])


def test_an_slo_below_the_floor_says_so() -> None:
    text = BASE + "workload: {kind: serve, model: llama-3.1-405b, tpot: 0.6 ms}\n"
    result = simulate(loads(text))
    assert result.verdict[0] & Verdict.BELOW_SLO_FLOOR
    assert result.compute.main.served_mtoken.max() == 0.0


def test_a_debt_that_outlives_the_plan_says_so() -> None:
    text = CAMPUS + "deal: {debt: {share: 60 %, rate: 7 %, term: 20 years}}\n"
    result = simulate(loads(text))
    assert result.verdict[0] & Verdict.DEBT_OUTLIVES_PLAN
    assert result.money.owner.closing_debt_usd[0] > 0.0


def test_a_run_that_does_not_end_says_so() -> None:
    text = (
        BASE + "workload: {kind: train, model: llama-3.1-405b, tokens: 900 Ttoken, chips: 16000}\n"
    )
    assert simulate(loads(text)).verdict[0] & Verdict.RUN_UNFINISHED


def test_chips_that_come_too_late_build_nothing() -> None:
    text = CAMPUS.replace("chips: 16000", "chips: [{from: 2040-01, value: 16000}]")
    assert simulate(loads(text)).verdict[0] & Verdict.NOT_BUILT


GROUP = """\
name: towers
start: 2026-01
horizon: 5 years
site_groups:
  towers:
    members: 7
    site: {from: texas-dallas, grid: 60 kW, buildings: 1}
    hall: {system: dgx-h100, chips: 8}
workload: {kind: rent, price: 4 USD/chip-hour}
"""


def test_a_group_of_like_sites_is_so_many_times_one() -> None:
    seven = simulate(loads(GROUP))
    one = simulate(loads(GROUP.replace("members: 7", "members: 1")))
    assert seven.site.towers.capex_usd[0] == pytest.approx(7 * one.site.towers.capex_usd[0])
    assert np.allclose(seven.site.towers.grid_mwh, 7 * one.site.towers.grid_mwh)
    assert seven.money.owner.npv_usd[0] == pytest.approx(7 * one.money.owner.npv_usd[0], rel=1e-9)


def test_members_that_differ_average_out_and_columns_stay_apart() -> None:
    spread = GROUP.replace(
        "members: 7", 'members: 7\n    spread: {site.price: "30 USD/MWh"}'
    ).replace("grid: 60 kW", "grid: 60 kW, price: 70 USD/MWh")
    plain = GROUP.replace("grid: 60 kW", "grid: 60 kW, price: 70 USD/MWh")
    wide, flat = simulate(loads(spread)), simulate(loads(plain))
    assert np.allclose(wide.site.towers.grid_mwh, flat.site.towers.grid_mwh)
    assert not np.allclose(wide.site.towers.energy_usd, flat.site.towers.energy_usd, rtol=1e-6)
    assert np.allclose(wide.site.towers.energy_usd, flat.site.towers.energy_usd, rtol=0.2)
    prices = np.array([3.0, 4.0, 5.0])
    three = simulate(loads(spread).set("workload.price", prices))
    for index, price in enumerate(prices):
        alone = simulate(loads(spread).set("workload.price", float(price)))
        assert alone.money.owner.npv_usd[0] == three.money.owner.npv_usd[index]
        assert np.array_equal(
            alone.site.towers.energy_usd[:, 0], three.site.towers.energy_usd[:, -1]
        )


CLOUD = """\
name: team
start: 2026-01
horizon: 2 years
hall: {tenure: cloud, offer: nebius-h100, chips: 64}
workload: {kind: serve, model: llama-3.1-8b, price: 0.5 USD/Mtoken}
"""


def test_a_cloud_plan_has_no_site_and_no_capital() -> None:
    result = simulate(loads(CLOUD))
    assert not result.site
    hours = float(result.calendar.hours.cumsum()[-1])
    offer = loads(CLOUD).entities["nebius-h100"].price_usd_per_chip_h
    assert result.levelised.chip_usd_per_chip_h[0] == pytest.approx(offer, rel=1e-9)
    assert result.compute.main.given_count[0, 0] == 64
    assert hours > 0


SHELL = """\
name: shell
start: 2026-01
horizon: 17 years
party: {discount: 8 %}
site: {from: virginia-north, construction: 2026-01, capacity: 100 MW, grid: 100 MW, buildings: 2, spacing: 6 months}
deal: {lease: {landlord: main, tenant: market, rate: 150 USD/kW-month, net: yes}}
"""


def test_a_powered_shell_needs_no_chips_and_passes_energy_through() -> None:
    result = simulate(loads(SHELL))
    assert result.site.main.it_mwh.max() > 0.0
    dearer = simulate(loads(SHELL).set("site.price", "200 USD/MWh"))
    assert dearer.money.main.npv_usd[0] == result.money.main.npv_usd[0]
    included = loads(SHELL.replace("net: yes", "net: yes, energy: included"))
    assert simulate(included).money.main.npv_usd[0] < result.money.main.npv_usd[0]
    assert np.isfinite(result.levelised.shell_usd_per_kw_month[0])


def test_power_that_comes_in_steps_powers_chips_in_steps() -> None:
    text = CAMPUS.replace(
        "grid: 40 MW", "grid: [{from: 2026-03, value: 10 MW}, {from: 2027-01, value: 40 MW}]"
    )
    service = simulate(loads(text)).cluster.main.in_service_count[:, 0]
    assert service[0] == 0.0
    assert 0.0 < service[3] < service[14]


def test_cash_can_bind() -> None:
    text = CAMPUS + "party: {cash_limit: 100 MUSD}\n"
    result = simulate(loads(text))
    assert LIMITS[result.cluster.main.binding[5, 0]] == "cash"
    assert result.cluster.main.first_capex_usd[0] == pytest.approx(100e6, rel=1e-6)


def test_the_examples_folder_is_where_the_tests_think() -> None:
    assert (Path(__file__).parent.parent.parent / "examples").is_dir()
