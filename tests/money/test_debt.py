"""Loans against closed forms; every profile repays exactly what was lent."""

import numpy as np
import pytest
from numpy.typing import NDArray

from gigaplan.money.cash import ASSET_CLASSES
from gigaplan.money.debt import (
    Loan,
    grown_ratio,
    level_payment_usd,
    loans_of,
    owed_frac,
    repaid_ratio,
    sam_debt_usd,
    sculpted_debt_usd,
    sculpted_principal_usd,
    sized_debt_usd,
)
from gigaplan.money.returns import annual_periods, monthly_periods
from gigaplan.units import Calendar

CFADS = np.array([100.0, 110.0, 120.0, 130.0, 140.0])[:, None]


def test_level_payment() -> None:
    assert level_payment_usd(1.0, 0.07, 18.0)[0] == pytest.approx(0.0994126016, abs=1e-10)
    assert level_payment_usd(1200.0, 0.0, 10.0, 12)[0] == pytest.approx(10.0)
    # 100,000 at 6 % over 30 years by the month: the textbook's 599.55
    assert level_payment_usd(1e5, 0.06, 30.0, 12)[0] == pytest.approx(599.5505, abs=1e-4)


def test_annuities_are_inverse() -> None:
    rate, count = np.array([0.0, 0.005, 0.07]), np.array([12.0, 60.5, 18.0])
    grown = grown_ratio(rate, count) / np.exp(count * np.log1p(rate))
    np.testing.assert_allclose(repaid_ratio(rate, count), grown, rtol=1e-13)


def test_sculpted_debt() -> None:
    debt = sculpted_debt_usd(CFADS, 1.30, 0.06)
    assert debt[0] == pytest.approx(385.0629734070, abs=1e-10)
    principal = sculpted_principal_usd(CFADS, 1.30, 0.06)
    expected = [53.8192985, 64.7407641, 76.3175177, 88.5888764, 101.5965167]
    np.testing.assert_allclose(principal[:, 0], expected, atol=5e-8)
    assert principal.sum() == pytest.approx(debt[0], rel=1e-14)
    share = owed_frac(principal)
    assert share[-1, 0] == 1.0
    owed = debt[0]
    for paid, part in zip(principal[:, 0], share[:, 0], strict=True):
        assert owed * part == pytest.approx(paid, rel=1e-12)
        owed -= owed * part
    assert owed == 0.0


def test_no_debt_is_sculpted_on_a_loss() -> None:
    assert np.isnan(sculpted_debt_usd(np.array([[10.0], [-1.0], [10.0]]), 1.3, 0.06)[0])


def test_sam_debt() -> None:
    # cost = installed 109.2M + construction financing + half a year of operation
    cost = 109_200_000.0 + 2_866_500.0 + 1_523_000.0
    debt = sam_debt_usd(cost, 0.6, 0.0275, 0.07, 18.0, 6.0)
    assert debt[0] == pytest.approx(71_444_127.125656, abs=5e-6)


def test_sized_debt_is_the_fixed_point() -> None:
    debt = sized_debt_usd(1e8, 0.6, 0.0275, 0.07, 18.0, 6.0)[0]
    for _ in range(3):
        uses = 1e8 + 0.0275 * debt + 0.5 * debt * level_payment_usd(1.0, 0.07, 18.0)[0]
        assert debt == pytest.approx(0.6 * uses, abs=1e-6)
        debt = 0.6 * uses
    assert np.isnan(sized_debt_usd(1e8, 1.0, 1.0, 0.07, 18.0, 6.0)[0])  # it would never end


def repaid(loan: Loan, months: int = 120) -> NDArray[np.float64]:
    """The kernel's numbers of a loan on a plan that starts in January 2026."""
    loans = loans_of([loan], ASSET_CLASSES, monthly_periods(Calendar(312.0, months)), 1)
    return np.array([loans.start[0, 0], loans.end[0, 0], loans.tail_begin[0, 0], loans.tail[0, 0]])


def test_time_is_counted_in_periods() -> None:
    loan = Loan(share_frac=0.5, rate_frac_per_year=0.12, term_years=5.0, repay_date=312.0 + 6.5)
    np.testing.assert_allclose(
        repaid(loan), [6.5, 66.5, 66.0, (1.01**0.5 - 1.0) / 0.01], rtol=1e-12
    )
    late = repaid(loan, months=24)  # the plan ends with 43.5 periods to go
    np.testing.assert_allclose(late[2:], [23.0, (1.01**43.5 - 1.0) / 0.01], rtol=1e-12)
    running = Loan(opening_usd=10.0, rate_frac_per_year=0.12, term_years=5.0, repay_date=300.0)
    np.testing.assert_allclose(repaid(running)[:2], [0.0, 48.0])


def test_a_fee_is_part_of_what_a_share_pays_for() -> None:
    loan = Loan(share_frac=0.6, fee_frac=0.02, term_years=3.0)
    geared = loans_of([loan], ASSET_CLASSES, annual_periods(5), 1).geared[0, 0]
    assert geared == pytest.approx(0.6 * (1.0 + 0.02 * geared))


def test_a_custom_loan_needs_its_profile() -> None:
    with pytest.raises(ValueError, match="principal_frac"):
        loans_of([Loan(profile="custom")], ASSET_CLASSES, annual_periods(5), 1)
