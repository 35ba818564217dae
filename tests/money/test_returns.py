"""Returns against published cases, an oracle on a fine grid, and their own laws."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq

from gigaplan.figure import Verdict
from gigaplan.money.returns import (
    Periods,
    annual_periods,
    dated_periods,
    irr_frac_per_year,
    irr_roots_frac_per_year,
    levelised_cost,
    monthly_periods,
    npv_usd,
    present_ratio,
    returns,
    verdict_of_roots,
)
from gigaplan.units import Calendar

Floats = NDArray[np.float64]
LOW, HIGH = np.log(0.01), np.log(11.0)
KINDS = ("usual", "late", "two", "three", "many", "none", "low", "noise", "sparse")


def flow_of(*amounts: float) -> Floats:
    return np.array(amounts)[:, None]


def test_excel_xirr_and_xnpv() -> None:
    periods = dated_periods(np.array([0, 60, 303, 411, 456]))
    flow = flow_of(-10000, 2750, 4250, 3250, 2750)
    found = returns(flow, 0.09, periods)
    assert found.irr_frac_per_year[0] == pytest.approx(0.3733625335, abs=1e-10)
    assert found.npv_usd[0] == pytest.approx(2086.647602, abs=1e-6)
    assert npv_usd(flow, 0.09, periods)[0] == pytest.approx(found.npv_usd[0], rel=1e-12)


def test_excel_irr() -> None:
    flow = flow_of(-70000, 12000, 15000, 18000, 21000, 26000)
    assert irr_frac_per_year(flow, annual_periods(5))[0] == pytest.approx(0.0866309, abs=1e-7)
    assert irr_frac_per_year(flow[:5], annual_periods(4))[0] == pytest.approx(-0.0212448, abs=1e-7)


def test_multiples() -> None:
    found = returns(flow_of(-100, -50, 60, 60, 60), 0.0, annual_periods(4))
    assert found.npv_usd[0] == pytest.approx(30.0)
    assert found.moic_ratio[0] == pytest.approx(180.0 / 150.0)
    assert found.peak_usd[0] == 150.0
    assert found.payback_years[0] == pytest.approx(3.5)
    again = returns(flow_of(-100, 150, -100, 70), 0.0, annual_periods(3))
    assert again.payback_years[0] == pytest.approx(
        2.0 + 50.0 / 70.0
    )  # for good, not the first time
    assert np.isnan(returns(flow_of(-100, 50), 0.0, annual_periods(1)).payback_years[0])


def test_roots_at_the_edges() -> None:
    flow = np.array(
        [[100, -90], [100, -100], [0, 0], [-100, 100], [-100, 1], [-100, 1100], [-100, 0.9]]
    )
    found = returns(flow.T.astype(float), 0.0, annual_periods(1))
    expected = np.array([-0.1, 0.0, np.nan, 0.0, -0.99, 10.0, np.nan])
    np.testing.assert_allclose(found.irr_frac_per_year, expected, atol=1e-12)
    np.testing.assert_array_equal(found.roots_count, [1, 1, 0, 1, 1, 1, 0])
    assert verdict_of_roots(found.roots_count)[2] == Verdict.NO_IRR


def test_every_root_is_listed() -> None:
    flow = flow_of(-1000, 6000, -11000, 6000)
    roots = irr_roots_frac_per_year(flow, annual_periods(3))
    np.testing.assert_allclose(roots[:, 0], [0.0, 1.0, 2.0], atol=1e-9)
    assert returns(flow, 0.0, annual_periods(3)).roots_count[0] == 3
    assert verdict_of_roots(np.array([3.0]))[0] == Verdict.SEVERAL_IRR
    touching = irr_roots_frac_per_year(flow_of(-1, 2.2, -1.21), annual_periods(2))
    np.testing.assert_allclose(touching, [[0.1]], atol=1e-6)


def test_a_missing_flow_is_missing() -> None:
    flow = np.array([[-100.0, -100.0], [np.nan, 120.0]])
    found = returns(flow, 0.1, annual_periods(1))
    assert np.isnan(found.irr_frac_per_year[0])
    assert np.isnan(found.npv_usd[0])
    assert found.roots_count[0] == 0
    assert found.irr_frac_per_year[1] == pytest.approx(0.2)


def test_levelised_cost() -> None:
    periods = annual_periods(2)
    cost = levelised_cost(flow_of(100, 10, 10), flow_of(0, 50, 50), 0.1, periods)
    assert cost[0] == pytest.approx((100 + 10 / 1.1 + 10 / 1.21) / (50 / 1.1 + 50 / 1.21))
    assert np.isnan(levelised_cost(flow_of(1, 1, 1), flow_of(0, 0, 0), 0.1, periods)[0])


def test_present_value_counts_actual_days() -> None:
    periods = monthly_periods(Calendar(0.0, 14))
    days = np.cumsum(periods.days)
    assert days[:3].tolist() == [31, 60, 91]  # 2000 is a leap year
    rate = np.array([0.0, 0.07, 0.5])
    expected = (1.0 + rate) ** (-days[:, None] / 365.0)
    np.testing.assert_allclose(present_ratio(rate, periods), expected, rtol=1e-13)


def ratio_on(grid: Floats, flow: Floats, years: Floats) -> Floats:
    """(gains - losses) / (gains + losses) at rates ln(1 + r), by flow."""
    weight = np.exp(-np.outer(grid, years - years.mean()))
    gains, losses = weight @ np.maximum(flow, 0.0), weight @ np.maximum(-flow, 0.0)
    whole = gains + losses
    result: Floats = np.where(
        whole > 0.0, (gains - losses) / np.where(whole > 0.0, whole, 1.0), 1.0
    )
    return result


def roots_of(flow: Floats, years: Floats, grid: Floats, on_grid: Floats) -> Floats:
    """Every change of sign on the grid, refined."""
    cells = np.flatnonzero(on_grid[:-1] * on_grid[1:] < 0.0)
    exact = grid[on_grid == 0.0]
    one = flow[:, None]

    def at(s: float) -> float:
        return float(ratio_on(np.array([s]), one, years)[0, 0])

    return np.sort([*exact, *(brentq(at, grid[c], grid[c + 1], xtol=1e-14) for c in cells)])


def shown(roots: Floats, total: float) -> float:
    """The root nearest to zero on the side of the sum of the flow, else on the other."""
    above, below = roots[roots >= 0.0], roots[roots < 0.0]
    if len(roots) == 0:
        return np.nan
    if total > 0.0:
        return float(np.expm1(above[0] if len(above) else below[-1]))
    return float(np.expm1(below[-1] if len(below) else above[0]))


def made(kind: str, length: int, rng: np.random.Generator) -> Floats:
    """A random flow of one kind."""
    flow: Floats = np.abs(rng.normal(1.0, 0.5, length)) + 0.01
    changes = {"two": 2, "three": 3, "many": int(rng.integers(4, 12))}.get(kind, 0)
    if kind == "usual":
        flow[: rng.integers(1, length)] *= -rng.uniform(0.01, 5.0)
    elif kind == "late":
        flow[: rng.integers(1, length - 1)] *= -rng.uniform(0.1, 3.0)
        flow[-1] = -rng.uniform(0.0, 3.0) * abs(flow.sum())
    elif kind == "none":
        flow *= rng.choice([-1.0, 1.0])
    elif kind == "low":
        flow[: rng.integers(1, max(2, length // 3))] *= -(10.0 ** rng.uniform(1.0, 14.0))
    elif kind == "noise":
        flow = rng.normal(size=length)
    elif kind == "sparse":
        flow = np.where(rng.random(length) < 0.1, rng.normal(size=length), 0.0)
        flow[0] = 1.0
    if changes:
        cuts = np.sort(rng.choice(np.arange(1, length), min(changes, length - 1), replace=False))
        sign = rng.choice([-1.0, 1.0])
        for start, end in zip([0, *cuts], [*cuts, length], strict=True):
            flow[start:end] *= sign * rng.uniform(0.1, 4.0)
            sign = -sign
    return flow


@pytest.mark.parametrize("length", [3, 6, 26, 41])
@pytest.mark.parametrize("each", [60])
def test_years_agree_with_the_oracle(length: int, each: int) -> None:
    agree(annual_periods(length - 1), each)


@pytest.mark.parametrize(("length", "each"), [(12, 60), (60, 60), (180, 40), (480, 15)])
def test_months_agree_with_the_oracle(length: int, each: int) -> None:
    agree(monthly_periods(Calendar(315.0, length)), each)


def agree(periods: Periods, each: int) -> None:
    """Hold returns against the oracle on every kind of flow."""
    rng = np.random.default_rng(len(periods.days))
    length = len(periods.days)
    flow = np.array([made(kind, length, rng) for kind in KINDS for _ in range(each)]).T
    years = np.cumsum(periods.days) / 365.0
    grid = np.concatenate([np.linspace(LOW, 0.0, 1001), np.linspace(0.0, HIGH, 1001)[1:]])
    found = returns(flow, 0.1, periods)
    on_grid = ratio_on(grid, flow, years)
    for i in range(flow.shape[1]):
        roots = roots_of(flow[:, i], years, grid, on_grid[:, i])
        if len(roots) != found.roots_count[i]:  # two roots between two points of the grid?
            fine = np.concatenate([np.linspace(LOW, 0.0, 60001), np.linspace(0.0, HIGH, 60001)[1:]])
            roots = roots_of(
                flow[:, i], years, fine, ratio_on(fine, flow[:, i : i + 1], years)[:, 0]
            )
        assert len(roots) == found.roots_count[i]
        np.testing.assert_allclose(
            found.irr_frac_per_year[i], shown(roots, flow[:, i].sum()), rtol=1e-9, atol=1e-9
        )


def test_a_future_alone_is_the_same_to_the_bit() -> None:
    periods = monthly_periods(Calendar(312.0, 60))
    rng = np.random.default_rng(5)
    kinds = [KINDS[i % len(KINDS)] for i in range(60)]  # as many futures as months
    flow = np.array([made(kind, 60, rng) for kind in kinds]).T
    rate = rng.uniform(0.02, 0.3, 60)
    many = returns(flow, rate, periods)
    for i in (0, 1, 2, 31, 32, 33, 59):
        alone = returns(flow[:, i : i + 1], rate[i : i + 1], periods)
        for name in many.__dataclass_fields__:
            one, among = getattr(alone, name)[0], getattr(many, name)[i]
            assert one == among or (np.isnan(one) and np.isnan(among)), name


def test_one_flow_at_many_rates() -> None:
    periods = annual_periods(3)
    flow = flow_of(-100, 40, 50, 60)
    found = returns(flow, np.linspace(0.0, 0.5, 70), periods)
    np.testing.assert_allclose(found.npv_usd, npv_usd(flow, np.linspace(0.0, 0.5, 70), periods))
    assert np.ptp(found.irr_frac_per_year) == 0.0
