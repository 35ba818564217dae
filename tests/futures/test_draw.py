"""Draws: keyed by identity, in range, with the value as median."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigaplan.figure import Figure
from gigaplan.futures.draw import drawn, inverse, uncertain, uniform_frac, with_columns
from gigaplan.plan import loads, prepare
from gigaplan.units import column

PLAN = """\
name: t
start: 2026-01
site: {from: texas-west, grid: 40 MW, price: {value: 50 USD/MWh, low: 40 USD/MWh, high: 80 USD/MWh}}
hall: {system: dgx-h100, chips: 16000}
workload: {kind: rent, price: 2.9 USD/chip-hour}
"""
FIGURE = Figure(path="x.price_usd_per_mwh", value=50.0, low=40.0, high=80.0)


@given(start=st.integers(0, 10_000), count=st.integers(1, 50), seed=st.integers(0, 2**31))
def test_a_draw_depends_on_seed_name_and_number_alone(start: int, count: int, seed: int) -> None:
    whole = uniform_frac(seed, "a", 0, start + count)
    assert np.array_equal(whole[start:], uniform_frac(seed, "a", start, count))
    assert not np.array_equal(whole, uniform_frac(seed, "b", 0, start + count))
    assert np.all((whole > 0.0) & (whole < 1.0))


def test_draws_spread_evenly() -> None:
    drawn_numbers = uniform_frac(1, "a", 0, 200_000)
    assert abs(drawn_numbers.mean() - 0.5) < 0.003
    counts, _ = np.histogram(drawn_numbers, bins=20, range=(0, 1))
    assert np.all(abs(counts - 10_000) < 500)


def test_the_value_is_the_median_and_the_range_holds_all() -> None:
    values = inverse(FIGURE, uniform_frac(3, "a", 0, 100_000))
    assert values.min() >= 40.0
    assert values.max() <= 80.0
    assert np.median(values) == pytest.approx(50.0, abs=0.1)
    assert inverse(FIGURE, np.array([0.5]))[0] == 50.0
    assert np.all(np.diff(inverse(FIGURE, np.linspace(0.001, 0.999, 999))) > 0.0)


def test_a_number_that_the_user_sets_is_certain() -> None:
    plan = prepare(loads(PLAN))
    assert "sites.main.price_usd_per_mwh" in uncertain(plan)
    assert "sites.main.price_usd_per_mwh" not in uncertain(plan.set("site.price", "55 USD/MWh"))


def test_columns_take_the_place_of_figures_of_plan_and_catalogue() -> None:
    plan = prepare(loads(PLAN))
    draws = drawn(uncertain(plan).values(), 1, 0, 5)
    changed = with_columns(plan, draws)
    price = changed.sites["main"].price_usd_per_mwh
    assert price is not None
    assert column(price.values[0]).shape == (5,)
    assert changed.entities["dgx-h100"].price_usd.shape == (5,)
    assert changed.chosen is plan.chosen
