"""Returns against pyxirr and numpy-financial, on random flows of every kind.

Both return one root of those that a flow may have, or none where they give up; ours is the one that
`gigaplan.money.returns.returns` describes, from -99 % to +1,000 % a year. So theirs must be among
`irr_roots_frac_per_year`, or outside these rates; and pyxirr's own net present value must vanish at
every root of ours.
"""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.money.test_returns import KINDS, made

from gigaplan.money.returns import (
    Periods,
    annual_periods,
    dated_periods,
    irr_roots_frac_per_year,
    monthly_periods,
    npv_usd,
    returns,
)
from gigaplan.units import Calendar

pyxirr = pytest.importorskip("pyxirr", reason="needs uv run --group rivals")
financial = pytest.importorskip("numpy_financial", reason="needs uv run --group rivals")
pytestmark = pytest.mark.rivals

Floats = NDArray[np.float64]
START = date(2026, 4, 1)
START_DATE = 315.0
"""The same day, in months since 2000-01."""
LOW, HIGH = -0.99, 10.0
EDGE = 1e-6
CLOSE = 1e-7
"""In ln(1 + r) among several roots, where two that nearly touch are badly told apart."""
ALONE = 1e-8
"""In ln(1 + r) where there is one change of sign; pyxirr ends at about 6e-9."""
NPV = 1e-13
"""Over the sum of the flow's amounts; pyxirr sums in another order."""
ZERO = 1e-12
"""Net present value at a root over the sum of the present amounts, as pyxirr has it."""
RATES = (-0.3, 0.0, 0.05, 0.4, 2.0)


def flows_of(length: int, each: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    return np.array([made(kind, length, rng) for kind in KINDS for _ in range(each)]).T


def month_dates(length: int) -> list[date]:
    """The plan's first day and every first of a month after it, from the calendar itself."""
    months = [START.month - 1 + k for k in range(length + 1)]
    return [date(START.year + month // 12, month % 12 + 1, 1) for month in months]


def listed(roots: Floats) -> Floats:
    return roots[~np.isnan(roots)]


def inside(rate: float) -> bool:
    return LOW + EDGE < rate < HIGH - EDGE


def apart(rate: float, roots: Floats) -> float:
    """Distance in ln(1 + r) to the nearest root."""
    return float(np.abs(np.log1p(roots) - np.log1p(rate)).min(initial=np.inf))


def changes_of(flow: Floats) -> int:
    signs = np.sign(flow[flow != 0.0])
    return sum(one != other for one, other in pairwise(signs.tolist()))


def agree(periods: Periods, dates: list[date], flow: Floats) -> dict[str, int]:
    """Hold every flow against pyxirr; return how often what happened."""
    found = returns(flow, 0.1, periods)
    roots = irr_roots_frac_per_year(flow, periods)
    years = np.array([(day - START).days for day in dates[1:]]) / 365.0
    seen = {"alone": 0, "among several": 0, "beyond": 0, "neither": 0, "only ours": 0}
    for i in range(flow.shape[1]):
        amounts = [0.0, *flow[:, i].tolist()]
        size = np.abs(flow[:, i]).sum()
        assert abs(found.npv_usd[i] - pyxirr.xnpv(0.1, dates, amounts)) < NPV * size
        own = listed(roots[:, i])
        for root in own:
            present = np.abs(flow[:, i]) * np.exp(-years * np.log1p(root))
            assert abs(pyxirr.xnpv(root, dates, amounts)) < ZERO * present.sum()
        theirs = pyxirr.xirr(dates, amounts, silent=True)
        if theirs is None:
            seen["only ours" if own.size else "neither"] += 1
        elif not inside(theirs):
            seen["beyond"] += 1
        elif changes_of(flow[:, i]) == 1:
            assert apart(theirs, found.irr_frac_per_year[i : i + 1]) < ALONE
            seen["alone"] += 1
        else:
            assert apart(theirs, own) < CLOSE
            seen["among several"] += 1
    return seen


@pytest.mark.parametrize("length", [12, 60, 180])
def test_months_agree_with_pyxirr(length: int) -> None:
    periods = monthly_periods(Calendar(START_DATE, length))
    seen = agree(periods, month_dates(length), flows_of(length, 40, length))
    assert seen["alone"] > 30
    assert seen["among several"] > 40


@pytest.mark.parametrize("length", [5, 20, 100])
def test_any_dates_agree_with_pyxirr(length: int) -> None:
    rng = np.random.default_rng(1000 + length)
    days = np.cumsum(rng.integers(1, 200, length))
    dates = [START, *(START + timedelta(days=int(day)) for day in days)]
    seen = agree(dated_periods(days), dates, flows_of(length, 40, length))
    assert seen["alone"] > 30
    assert seen["among several"] > 40


@pytest.mark.parametrize("rate", RATES)
def test_npv_agrees_with_both(rate: float) -> None:
    """numpy-financial counts whole years, pyxirr days."""
    flow = flows_of(26, 10, 7)
    years = npv_usd(flow, rate, annual_periods(25))
    months = monthly_periods(Calendar(START_DATE, 26))
    by_month = npv_usd(flow, rate, months)
    dates = month_dates(26)
    for i in range(flow.shape[1]):
        size = (np.abs(flow[:, i]) * np.exp(-np.arange(26) * min(np.log1p(rate), 0.0))).sum()
        assert abs(years[i] - financial.npv(rate, flow[:, i])) < NPV * size
        assert abs(by_month[i] - pyxirr.xnpv(rate, dates, [0.0, *flow[:, i].tolist()])) < NPV * size


@pytest.mark.parametrize("length", [6, 26, 41])
def test_years_agree_with_numpy_financial(length: int) -> None:
    """It solves a polynomial by eigenvalues: every real root there is, the one nearest to zero."""
    periods = annual_periods(length - 1)
    flow = flows_of(length, 25, length)
    found, roots = returns(flow, 0.1, periods), irr_roots_frac_per_year(flow, periods)
    seen = 0
    for i in range(flow.shape[1]):
        theirs = float(financial.irr(flow[:, i]))
        if np.isnan(theirs) or not inside(theirs):
            continue
        alone = changes_of(flow[:, i]) == 1
        own = found.irr_frac_per_year[i : i + 1] if alone else listed(roots[:, i])
        assert apart(theirs, own) < CLOSE
        seen += 1
    assert seen > 60
