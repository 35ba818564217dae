"""Tax tables against Publication 946; every dollar is deducted once."""

import numpy as np
import pytest

from gigaplan.catalog import load
from gigaplan.money.cash import ASSET_CLASSES
from gigaplan.money.returns import annual_periods, monthly_periods
from gigaplan.money.tax import (
    METHODS,
    TABLE,
    TaxLaw,
    opening_wear_usd,
    table_frac,
    wear_of,
    worn_usd,
    year_ends,
)
from gigaplan.units import Calendar

LAW = load("policies", "us-federal-2025", TaxLaw).value


def test_tables_are_those_of_publication_946() -> None:
    five = [0.20, 0.32, 0.192, 0.1152, 0.1152, 0.0576]
    np.testing.assert_allclose(table_frac(LAW, "macrs-5"), five, rtol=1e-14)
    seven = [0.1429, 0.2449, 0.1749, 0.1249, 0.0893, 0.0892, 0.0893, 0.0446]
    np.testing.assert_allclose(table_frac(LAW, "macrs-7"), seven, rtol=1e-14)
    fifteen = table_frac(LAW, "macrs-15")
    np.testing.assert_allclose(fifteen[:6], [0.05, 0.095, 0.0855, 0.077, 0.0693, 0.0623])
    assert fifteen[-1] == pytest.approx(0.0295)


@pytest.mark.parametrize("years", [3, 5, 7, 10, 15, 20])
def test_a_table_deducts_a_dollar(years: int) -> None:
    table = table_frac(LAW, f"macrs-{years}")
    assert len(table) == years + 1
    assert table.sum() == pytest.approx(1.0, abs=1e-12)
    # declining balance at 200 % (150 % from 15 years on), half a year first, to two or three digits
    speed = (2.0 if years <= 10 else 1.5) / years
    assert table[0] == pytest.approx(speed / 2.0, abs=1e-4)
    assert table[1] == pytest.approx(speed * (1.0 - speed / 2.0), abs=1e-4)


def test_a_law_as_the_kernel_takes_it() -> None:
    wear = wear_of(LAW, ASSET_CLASSES, 3)
    assert wear.method[ASSET_CLASSES.index("chips")] == TABLE
    assert wear.method[ASSET_CLASSES.index("land")] == 0
    assert wear.table.shape == (len(ASSET_CLASSES), 16)
    assert wear.straight_years.tolist() == [39.0] * 3
    assert set(METHODS) >= {LAW.chips_method, LAW.shell_method, LAW.land_method}


def test_books_spread_each_dollar_over_its_life() -> None:
    placed = np.zeros((40, 1))
    placed[[0, 3, 10], 0] = [120.0, 60.0, 7.0]
    life = np.array([1.0, 1.625, 0.5])  # 12, 19.5 and 6 months
    worn = worn_usd(placed, life, 12)
    np.testing.assert_allclose(worn.sum(axis=0), 187.0, rtol=1e-13)
    assert worn[0, 0] == 0.0
    assert worn[1, 0] == pytest.approx(10.0)
    assert worn[12, 0] == pytest.approx(10.0 + 5.0 + 7.0 / 12.0)
    assert worn[13, 0] == pytest.approx(5.0 + 7.0 / 12.0)
    assert worn[20, 1] == pytest.approx(0.5 * 120.0 / 19.5 + 60.0 / 19.5 + 7.0 / 19.5)


def test_a_long_life_is_cut_by_the_plan() -> None:
    placed = np.full((12, 2), 24.0)
    worn = worn_usd(placed, np.array([2.0]), 12)
    np.testing.assert_allclose(worn[:, 0], np.arange(12.0))


def test_opening_assets_wear_in_a_line() -> None:
    until = np.array([[1.0], [2.0], [3.0]])
    worn = opening_wear_usd(100.0, np.array([2.5, 0.5]), until)
    np.testing.assert_allclose(worn, [[40.0, 100.0], [40.0, 0.0], [20.0, 0.0]])


def test_the_end_of_a_tax_year() -> None:
    assert year_ends(annual_periods(3)).tolist() == [1, 2, 3]
    assert year_ends(monthly_periods(Calendar(315.0, 15))).tolist() == [8, 14]  # from April
