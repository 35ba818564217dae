"""Each chip-hour sold once, and what it brings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigaplan.money.revenue import (
    allocate,
    campaign,
    declined_ratio,
    run_value_usd,
    served_mtoken,
    serving_chips_count,
)
from gigaplan.units import Calendar, column, over_time

CALENDAR = Calendar(312.0, 24)
ONES = np.ones((24, 1))


@given(
    free=st.lists(st.floats(0.0, 1e5), min_size=2, max_size=2),
    wants=st.lists(st.floats(0.0, 1e5), min_size=4, max_size=4),
)
def test_no_chip_is_given_twice_and_nobody_gets_more_than_wanted(
    free: list[float], wants: list[float]
) -> None:
    halls = {"a": free[0] * ONES, "b": free[1] * ONES}
    wanted = {("x", "a"): wants[0] * ONES, ("x", "b"): wants[1] * ONES,
              ("y", "a"): wants[2] * ONES, ("y", "b"): wants[3] * ONES}  # fmt: skip
    given_out = allocate(halls, wanted, ["x", "y"])
    for hall, chips in halls.items():
        assert np.all(sum(g for (_, at), g in given_out.items() if at == hall) <= chips + 1e-6)
    for key, chips in given_out.items():
        assert np.all(chips <= wanted[key] + 1e-6)


def test_demand_met_in_one_hall_is_not_met_again_in_the_next() -> None:
    halls = {"a": 60.0 * ONES, "b": 500.0 * ONES}
    wanted = {("chat", "a"): 100.0 * ONES, ("chat", "b"): 200.0 * ONES}
    given_out = allocate(halls, wanted, ["chat"])
    assert given_out["chat", "a"][0, 0] == 60.0
    assert given_out["chat", "b"][0, 0] == pytest.approx(80.0)


def test_the_rest_goes_to_whoever_takes_any_number() -> None:
    given_out = allocate(
        {"a": 100.0 * ONES},
        {("run", "a"): 30.0 * ONES, ("rent", "a"): np.full((1, 1), np.inf)},
        ["run", "rent"],
    )
    assert given_out["rent", "a"][5, 0] == 70.0


def test_serving_chips_carry_head_room_and_serve_exactly_the_demand() -> None:
    chips = serving_chips_count(2.0 * ONES, column(4000.0), column(0.5))
    assert chips[0, 0] == 1000.0
    tokens = served_mtoken(chips, column(4000.0), column(0.5), CALENDAR.hours)
    assert tokens[0, 0] == pytest.approx(2.0 * 3600 * CALENDAR.hours[0, 0])


def test_no_operating_point_serves_nothing() -> None:
    assert np.all(serving_chips_count(ONES, column(np.nan), column(0.5)) == 0.0)
    assert np.all(served_mtoken(ONES, column(np.nan), column(0.5), CALENDAR.hours) == 0.0)


def test_a_single_run_is_done_once() -> None:
    found = campaign(ONES / 2.5, None, CALENDAR.dates)
    assert found.busy_frac[:, 0].tolist()[:4] == pytest.approx([1.0, 1.0, 0.5, 0.0])
    assert over_time(found.runs_count)[0] == pytest.approx(1.0)
    assert found.finish_date[0] == pytest.approx(314.5)


def test_half_the_chips_take_twice_as_long() -> None:
    assert campaign(0.5 * ONES / 2.0, None, CALENDAR.dates).finish_date[0] == pytest.approx(316.0)


def test_a_run_longer_than_the_plan_has_no_end() -> None:
    found = campaign(ONES / 30.0, None, CALENDAR.dates)
    assert np.isnan(found.finish_date[0])
    assert over_time(found.runs_count)[0] == pytest.approx(24.0 / 30.0)


def test_runs_in_a_rhythm_and_runs_that_are_too_long_for_it() -> None:
    found = campaign(ONES / 2.0, column(6.0), CALENDAR.dates)
    assert found.busy_frac[0, 0] == pytest.approx(1.0 / 3.0)
    assert over_time(found.runs_count)[0] == pytest.approx(4.0)
    assert found.finish_date[0] == pytest.approx(314.0)
    slow = campaign(ONES / 12.0, column(6.0), CALENDAR.dates)
    assert slow.busy_frac[0, 0] == 1.0
    assert over_time(slow.runs_count)[0] == pytest.approx(2.0)


def test_a_run_that_does_not_fit_does_nothing() -> None:
    for every in (None, column(6.0)):
        found = campaign(0.0 * ONES, every, CALENDAR.dates)
        assert np.all(found.busy_frac == 0.0)
        assert np.all(found.runs_count == 0.0)


def test_a_run_is_worth_its_chip_hours_at_the_reference() -> None:
    flop = 1000.0 * 3600.0 * 989e12 * 0.40
    assert run_value_usd(column(3.0), flop, column(989.0))[0] == pytest.approx(3000.0)


def test_prices_fall_by_their_rate_each_year() -> None:
    assert declined_ratio(column(0.2), 25)[24, 0] == pytest.approx(0.64)
