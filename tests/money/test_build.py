"""Dates and sizes into months: chips, buildings, spending."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigaplan.money.build import (
    active_frac,
    construction_frac,
    deliveries,
    escalation_ratio,
    remaining_usd,
    rise,
    shell_mw,
    spent_frac,
)
from gigaplan.units import Calendar, Steps, column, constant, on_calendar, over_time

CALENDAR = Calendar(312.0, 120)


def test_chips_without_a_date_are_bought_in_the_first_month_and_retire_after_their_life() -> None:
    stock = deliveries(constant(1000.0), column(5.0), CALENDAR, refresh=False)
    assert stock.bought_count[0, 0] == 1000.0
    assert over_time(stock.bought_count)[0] == 1000.0
    assert np.all(stock.installed_count[:60] == 1000.0)
    assert np.all(stock.installed_count[60:] == 0.0)


def test_chips_delivered_before_the_plan_are_there_and_not_bought_again() -> None:
    stock = deliveries(Steps((300.0,), (500.0,)), column(5.0), CALENDAR, refresh=False)
    assert over_time(stock.bought_count)[0] == 0.0
    assert stock.installed_count[0, 0] == 500.0
    assert stock.installed_count[48, 0] == 0.0


def test_a_delivery_inside_a_month_counts_for_the_rest_of_it() -> None:
    stock = deliveries(Steps((314.25,), (400.0,)), column(5.0), CALENDAR, refresh=False)
    assert stock.installed_count[2, 0] == pytest.approx(300.0)
    assert stock.bought_count[2, 0] == 400.0


def test_refreshed_chips_never_leave_and_are_bought_once_a_life() -> None:
    stock = deliveries(constant(100.0), column(3.0), CALENDAR, refresh=True)
    assert np.all(stock.installed_count == 100.0)
    assert over_time(stock.refreshed_count)[0] == 300.0
    assert list(np.flatnonzero(stock.refreshed_count[:, 0])) == [36, 72, 108]


@given(
    life_years=st.floats(2.0, 9.0),
    dates=st.lists(st.floats(305.0, 420.0), min_size=1, max_size=4, unique=True),
)
def test_what_is_bought_explains_what_is_installed(life_years: float, dates: list[float]) -> None:
    steps = Steps(tuple(sorted(dates)), tuple(100.0 * (i + 1) for i in range(len(dates))))
    stock = deliveries(steps, column(life_years), CALENDAR, refresh=False)
    assert np.all(stock.installed_count >= -1e-9)
    assert np.all(stock.installed_count <= on_calendar(steps, CALENDAR) + 1e-9)
    inside = [value for date, value in zip(steps.dates, np.diff([0.0, *steps.values]), strict=True)
              if 312.0 <= date < 432.0]  # fmt: skip
    assert over_time(stock.bought_count)[0] == pytest.approx(sum(inside))


def test_buildings_follow_each_other() -> None:
    steps = shell_mw(800.0, 312.0, 10.0, 4, 3.0)
    assert [float(column(date)[0]) for date in steps.dates] == [322.0, 325.0, 328.0, 331.0]
    assert [float(column(value)[0]) for value in steps.values] == [200.0, 400.0, 600.0, 800.0]


def test_spending_is_an_s_curve_that_ends_at_one() -> None:
    share = construction_frac(Steps((336.0,), (100.0,)), column(24.0), CALENDAR)
    assert over_time(share)[0] == pytest.approx(1.0)
    assert share[11, 0] > share[0, 0]
    assert np.all(share[24:] == 0.0)
    assert spent_frac(np.array([[0.5]]))[0, 0] == 0.5


def test_spending_under_way_falls_due_in_the_first_month_and_old_buildings_are_free() -> None:
    late = construction_frac(Steps((313.0,), (100.0,)), column(24.0), CALENDAR)
    assert late[0, 0] == pytest.approx(1.0, abs=0.01)
    old = construction_frac(Steps((300.0,), (100.0,)), column(24.0), CALENDAR)
    assert np.all(old == 0.0)


def test_straight_line_wear_leaves_what_is_left() -> None:
    capex = np.zeros((120, 1))
    capex[119] = 100.0
    capex[59] = 100.0
    assert remaining_usd(capex, column(10.0), CALENDAR)[0] == pytest.approx(150.0)


def test_a_contract_is_active_for_its_term() -> None:
    active = active_frac(column(313.5), column(1.0), CALENDAR)
    assert over_time(active)[0] == pytest.approx(12.0)
    assert active[1, 0] == pytest.approx(0.5)
    assert active[13, 0] == pytest.approx(0.5)


def test_escalation_compounds_yearly() -> None:
    rate = escalation_ratio(column(0.03), CALENDAR)
    assert rate[0, 0] == 1.0
    assert rate[12, 0] == pytest.approx(1.03)
    assert rate[24, 0] == pytest.approx(1.03**2)


def test_rise_of_columns_is_the_rise_of_each() -> None:
    dates = np.array([313.0, 320.5, 305.0])
    both = rise(Steps((dates,), (np.array([5.0, 7.0, 9.0]),)), CALENDAR)
    for index, date in enumerate(dates):
        alone = rise(Steps((float(date),), (5.0 + 2 * index,)), CALENDAR)
        assert np.array_equal(alone[:, 0], both[:, index])
