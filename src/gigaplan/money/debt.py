"""Loans: level, straight, bullet or sculpted repayment, and how much debt a project carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigaplan.units import (
    MONTHS_PER_YEAR,
    Column,
    Real,
    Series,
    column,
    option,
    over_time,
    quantity,
    ratio,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gigaplan.money.returns import Periods

NEVER_DATE = 1e6
"""A date that no plan reaches [months since 2000-01]."""
WHOLE_PERIOD = 1e-9
"""What is spent in the period of the last day of drawing is still drawn."""
PROFILES = ("level", "straight", "bullet", "custom")
"""How principal is repaid; the kernel knows them by their place in this list."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loan:
    """One loan of a party, as the accounts take it, (1,) or (N,).

    It is drawn with capital spending until `draw_end_date`, or until it matures; it pays interest
    from the first draw, and is repaid from `repay_date` on over `term_years`.
    """

    share_frac: Real = quantity(
        0.0, low=0.0, high=1.0, doc="drawn over the capital spent, its fee included"
    )
    rate_frac_per_year: Real = quantity(0.0, low=0.0, high=1.0, doc="nominal, due by the period")
    term_years: Real = quantity(1.0, low=0.0, high=99.0, doc="from repay_date to maturity")
    repay_date: Real = quantity(0.0, doc="start of repayment")
    fee_frac: Real = quantity(0.0, low=0.0, high=1.0, doc="up-front fee over each draw")
    reserve_months: Real = quantity(0.0, low=0.0, doc="of coming debt service kept in reserve")
    opening_usd: Real = quantity(0.0, low=0.0, doc="owed on the first day")
    draw_end_date: Real = quantity(
        NEVER_DATE, doc="last day on which it is drawn, maturity at the latest"
    )
    profile: str = option("level", choices=PROFILES, doc="how principal is repaid")
    capitalised: bool = option(True, doc="interest before repay_date joins the loan")  # noqa: FBT003
    covers: tuple[str, ...] = option((), doc="asset classes it pays for; none named, all")
    principal_frac: Series | None = quantity(
        None, doc="custom profile: share of what is owed, by period"
    )


class Loans(NamedTuple):
    """A party's K loans as the kernel takes them, columns being (K, N)."""

    geared: NDArray[np.float64]
    rate: NDArray[np.float64]
    growth: NDArray[np.float64]
    fee: NDArray[np.float64]
    reserve: NDArray[np.float64]
    opening: NDArray[np.float64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    last: NDArray[np.float64]
    first: NDArray[np.float64]
    tail: NDArray[np.float64]
    tail_begin: NDArray[np.float64]
    custom: NDArray[np.float64]
    profile: NDArray[np.int64]
    capitalised: NDArray[np.bool_]
    reserved: NDArray[np.bool_]
    partial: NDArray[np.bool_]
    covers: NDArray[np.bool_]


def repaid_ratio(interest_frac: Column, periods_count: Column) -> Column:
    """Return what repays a dollar: the value of a dollar a period (N,).

    Parameters
    ----------
    interest_frac : Column
        Interest of a period, i.
    periods_count : Column
        How many payments, n, fractions allowed.

    Notes
    -----
    (1 - (1 + i)^-n) / i, and n where i = 0.
    """
    i, n = column(interest_frac), column(periods_count)
    worth = -np.expm1(-n * np.log1p(i)) / np.where(i == 0.0, 1.0, i)
    return np.asarray(np.where(i == 0.0, n, worth))


def grown_ratio(interest_frac: Column, periods_count: Column) -> Column:
    """Return what a dollar a period grows to: ((1 + i)^n - 1) / i (N,)."""
    i, n = column(interest_frac), column(periods_count)
    grown = np.expm1(n * np.log1p(i)) / np.where(i == 0.0, 1.0, i)
    return np.asarray(np.where(i == 0.0, n, grown))


def level_payment_usd(
    debt_usd: Real, rate_frac_per_year: Real, term_years: Real, per_year: int = 1
) -> Column:
    """Return the level payment of a loan by period [USD] (N,).

    Parameters
    ----------
    debt_usd : Real
        Owed at the start [USD].
    rate_frac_per_year : Real
        Nominal interest; a period bears rate / per_year.
    term_years : Real
        Until it is repaid [years].
    per_year : int
        Payments in a year.

    Examples
    --------
    >>> round(float(level_payment_usd(1.0, 0.07, 18.0)[0]), 10)
    0.0994126017
    """
    worth = repaid_ratio(column(rate_frac_per_year) / per_year, column(term_years) * per_year)
    return np.asarray(column(debt_usd) / worth)


def sized_debt_usd(
    cost_usd: Real,
    share_frac: Real,
    fee_frac: Real,
    rate_frac_per_year: Real,
    term_years: Real,
    reserve_months: Real,
) -> Column:
    """Return level debt that is a share of all uses [USD] (N,).

    Its own fee and the reserve for its service are among the uses.

    Parameters
    ----------
    cost_usd : Real
        All that must be paid for but fee and debt service reserve [USD].
    share_frac : Real
        Debt over total uses.
    fee_frac : Real
        Fee over debt.
    rate_frac_per_year, term_years : Real
        Of the loan, with yearly payments.
    reserve_months : Real
        Debt service set aside [months].

    Notes
    -----
    The loop debt -> fee and reserve -> uses -> debt has the fixed point
    debt = share cost / (1 - share (fee + months/12 payment)); NaN where it has none.
    """
    payment = level_payment_usd(1.0, rate_frac_per_year, term_years)
    kept = column(fee_frac) + column(reserve_months) / MONTHS_PER_YEAR * payment
    rest = 1.0 - column(share_frac) * kept
    return ratio(column(share_frac) * column(cost_usd), np.maximum(rest, 0.0))


def sam_debt_usd(
    cost_usd: Real,
    share_frac: Real,
    fee_frac: Real,
    rate_frac_per_year: Real,
    term_years: Real,
    reserve_months: Real,
) -> Column:
    """Return the debt that SAM Single Owner sizes from a share [USD] (N,).

    Parameters
    ----------
    cost_usd, share_frac, fee_frac, rate_frac_per_year, term_years, reserve_months : Real
        As in `sized_debt_usd`.

    Notes
    -----
    SAM takes its share before the fee is trued up: debt = a cost / (1 - a months/12 payment) with
    a = share (1 + share fee). It iterates to 0.001 USD; this is where it ends.

    References
    ----------
    sam-single-owner
    """
    share = column(share_frac)
    geared = share * (1.0 + share * column(fee_frac))
    payment = level_payment_usd(1.0, rate_frac_per_year, term_years)
    kept = column(reserve_months) / MONTHS_PER_YEAR * payment
    return ratio(geared * column(cost_usd), np.maximum(1.0 - geared * kept, 0.0))


def sculpted_debt_usd(
    cfads_usd: Series, dscr_ratio: Real, rate_frac_per_year: Real, per_year: int = 1
) -> Column:
    """Return the debt that CFADS carries at one DSCR throughout [USD] (N,).

    Parameters
    ----------
    cfads_usd : Series
        Cash available for debt service in each period of the loan (n, 1) or (n, N) [USD].
    dscr_ratio : Real
        CFADS over debt service.
    rate_frac_per_year : Real
        Nominal interest; a period bears rate / per_year.
    per_year : int
        Periods in a year.

    Returns
    -------
    Column
        NaN where CFADS is negative in some period: no such debt exists.
    """
    growth = 1.0 + column(rate_frac_per_year) / per_year
    service = cfads_usd / column(dscr_ratio)[None, :]
    worth = np.cumprod(np.broadcast_to(1.0 / growth, service.shape), axis=0)
    lowest = np.minimum.accumulate(cfads_usd, axis=0)[-1]
    return np.asarray(np.where(lowest < 0.0, np.nan, over_time(service * worth)))


def sculpted_principal_usd(
    cfads_usd: Series, dscr_ratio: Real, rate_frac_per_year: Real, per_year: int = 1
) -> Series:
    """Return the principal that sculpted debt repays by period [USD] (n, N).

    Parameters
    ----------
    cfads_usd, dscr_ratio, rate_frac_per_year, per_year
        As in `sculpted_debt_usd`.
    """
    interest_frac = column(rate_frac_per_year) / per_year
    owed = sculpted_debt_usd(cfads_usd, dscr_ratio, rate_frac_per_year, per_year)
    rows = []
    for cfads in cfads_usd:
        principal = cfads / column(dscr_ratio) - owed * interest_frac
        rows.append(principal)
        owed = owed - principal
    return np.stack(rows)


def owed_frac(principal_usd: Series) -> Series:
    """Return principal over what is owed before it, 1 in the last period.

    Parameters
    ----------
    principal_usd : Series
        Repaid in each period (n, 1) or (n, N) [USD].

    Returns
    -------
    Series
        The `principal_frac` of a loan with the profile "custom".
    """
    owed = np.cumsum(principal_usd[::-1], axis=0)[::-1]
    return ratio(principal_usd, owed, 1.0)


def loans_of(
    loans: Sequence[Loan], classes: tuple[str, ...], periods: Periods, count: int
) -> Loans:
    """Return a party's loans as the kernel takes them.

    Parameters
    ----------
    loans : sequence of Loan
        K loans.
    classes : tuple of str
        Asset classes in the kernel's order.
    periods : Periods
        The T periods.
    count : int
        N futures.

    Notes
    -----
    Time is counted in periods from the first day; powers are taken here. For a level loan with i a
    period, the share of what is owed that a whole period repays is 1 / s, s = ((1 + i)^n - 1) / i
    with n periods left at its start. The kernel begins with the last s (`tail`, 0 < n <= 1, or the
    one of the plan's last period) and goes back by s(n + 1) = 1 + (1 + i) s(n).
    """

    def rows(pick: Callable[[Loan], Real]) -> NDArray[np.float64]:
        matrix = np.empty((len(loans), count))
        for j, loan in enumerate(loans):
            matrix[j] = column(pick(loan))
        return matrix

    length = float(periods.per_year)
    rate = rows(lambda loan: loan.rate_frac_per_year)
    i = rate / length
    raw = (rows(lambda loan: loan.repay_date) - periods.start_date) * (length / MONTHS_PER_YEAR)
    end = raw + rows(lambda loan: loan.term_years) * length
    start = np.maximum(raw, 0.0)
    draw_end = rows(lambda loan: loan.draw_end_date) - periods.start_date
    last = draw_end * (length / MONTHS_PER_YEAR) + 1.0 + WHOLE_PERIOD
    horizon = float(len(periods.days) - periods.opening)
    tail_begin = np.clip(np.ceil(end) - 1.0, 0.0, horizon - 1.0)
    until = np.floor(start) + 1.0
    before = repaid_ratio(i, np.maximum(end - start, 0.0))
    after = repaid_ratio(i, np.maximum(end - until, 0.0))
    share = rows(lambda loan: loan.share_frac)
    fee = rows(lambda loan: loan.fee_frac)
    reserve = rows(lambda loan: loan.reserve_months) * (length / MONTHS_PER_YEAR)
    return Loans(
        geared=ratio(share, np.maximum(1.0 - share * fee, 0.0)),
        rate=rate,
        growth=1.0 + i,
        fee=fee,
        reserve=reserve,
        opening=rows(lambda loan: loan.opening_usd),
        start=start,
        end=end,
        last=np.minimum(end, last),
        first=1.0 - ratio(after, before, 0.0),
        tail=grown_ratio(i, np.maximum(end - tail_begin, 0.0)),
        tail_begin=tail_begin,
        custom=custom_shares(loans, len(periods.days), count),
        profile=np.array([PROFILES.index(loan.profile) for loan in loans], dtype=np.int64),
        capitalised=np.array([loan.capitalised for loan in loans], dtype=np.bool_),
        reserved=np.array([bool(np.any(row != 0.0)) for row in reserve], dtype=np.bool_),
        partial=np.array([bool(loan.covers) for loan in loans], dtype=np.bool_),
        covers=np.array(
            [[not loan.covers or name in loan.covers for name in classes] for loan in loans],
            dtype=np.bool_,
        ).reshape(len(loans), len(classes)),
    )


def custom_shares(loans: Sequence[Loan], length: int, count: int) -> NDArray[np.float64]:
    """Return repayment shares of loans with a profile of their own (K, T, N).

    Raises
    ------
    ValueError
        When a custom loan has no `principal_frac`.
    """
    if not any(loan.profile == "custom" for loan in loans):
        return np.zeros((len(loans), 0, 0))
    shares = np.zeros((len(loans), length, count))
    for j, loan in enumerate(loans):
        if loan.profile == "custom":
            if loan.principal_frac is None:
                raise ValueError("a loan with a custom profile needs principal_frac")
            shares[j] = loan.principal_frac
    return shares
