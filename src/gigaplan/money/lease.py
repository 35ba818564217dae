"""Contracts between parties: powered shell by the kilowatt-month, compute by the chip-hour.

A contract is one party's outflow and another's inflow, once; on consolidation it cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigaplan.money.build import active_frac, grown_ratio
from gigaplan.units import (
    KW_PER_MW,
    MONTHS_PER_YEAR,
    Calendar,
    Column,
    Real,
    Series,
    column,
    option,
    quantity,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lease:
    """A powered shell let by the kilowatt of critical IT load and month.

    The rent is due on what is ready, used or not; energy is passed through to the tenant unless the
    rent includes it.
    """

    landlord: str = option(doc="party that owns the site")
    tenant: str = option(
        doc="party that pays the rent; a name outside the plan's parties is the market"
    )
    site: str = option("main", doc="the site that is let")
    rate_usd_per_kw_month: Real = quantity(low=0.0, doc="rent of a kW of critical IT for a month")
    from_date: Real | None = quantity(
        None, doc="first day; left out, when the first building is ready"
    )
    term_years: Real = quantity(15.0, low=0.0, high=99.0, doc="length")
    escalator_frac_per_year: Real = quantity(0.0, low=-0.5, high=0.5, doc="yearly rise of the rent")
    energy: str = option(
        "passed-through", choices=("passed-through", "included"), doc="who pays for energy"
    )
    net: bool = option(
        default=False, doc="triple net: the tenant pays upkeep, staff, insurance and property tax"
    )
    let_frac: Real = quantity(1.0, low=0.0, high=1.0, doc="share of the ready power that is let")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capacity:
    """Chips of a hall sold by the hour for a term, paid whether used or not."""

    seller: str = option(doc="party that owns the chips")
    buyer: str = option(doc="party that pays; a name outside the plan's parties is the market")
    hall: str = option("main", doc="the hall whose chips are sold")
    price_usd_per_chip_h: Real = quantity(low=0.0, doc="price of a chip for an hour")
    from_date: Real | None = quantity(None, doc="first day; left out, when chips enter service")
    term_years: Real = quantity(5.0, low=0.0, high=99.0, doc="length")
    escalator_frac_per_year: Real = quantity(
        0.0, low=-0.9, high=0.5, doc="yearly change of the price"
    )
    used_frac: Real = quantity(
        0.7, low=0.0, high=1.0, doc="share of the hours that a buyer without workloads uses"
    )
    take_or_pay_frac: Real = quantity(1.0, low=0.0, high=1.0, doc="share due even when idle")
    renewal_price_ratio: Real = quantity(
        0.0, low=0.0, high=10.0, doc="price after the term over the price before; 0 ends it"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Debt:
    """One tranche of debt of a party, drawn with its capital spending."""

    party: str = option("owner", doc="the borrower")
    share_frac: Real = quantity(low=0.0, high=1.0, doc="debt over the capital it pays for")
    rate_frac_per_year: Real = quantity(low=0.0, high=1.0, doc="interest, nominal")
    term_years: Real = quantity(low=0.1, high=60.0, doc="from the start of repayment")
    repay_date: Real | None = quantity(
        None, doc="first repayment; left out, when all that is built first is in service"
    )
    draw_end_date: Real | None = quantity(
        None, doc="last day of drawing; left out, when all that is built first is in service"
    )
    fee_frac: Real = quantity(0.0, low=0.0, high=0.2, doc="up-front fee over each draw")
    profile: str = option(
        "level", choices=("level", "straight", "bullet"), doc="how principal is repaid"
    )
    reserve_months: Real = quantity(0.0, low=0.0, high=36.0, doc="debt service kept in reserve")
    covers: tuple[str, ...] = option(
        (), doc="asset classes it pays for (chips, shell...); left out, all"
    )


def rent_usd(lease: Lease, let_mw: Series, first_date: Column, calendar: Calendar) -> Series:
    """Return the rent of each month [USD] (T, 1) or (T, N).

    Parameters
    ----------
    lease : Lease
        Terms.
    let_mw : Series
        Critical IT power that is ready [MW].
    first_date : Column
        When the first building is ready, used where the lease names no day.
    calendar : Calendar
        The T months.
    """
    begin = first_date if lease.from_date is None else column(lease.from_date)
    active = active_frac(begin, column(lease.term_years), calendar)
    rate = column(lease.rate_usd_per_kw_month) * column(lease.let_frac) * KW_PER_MW
    return np.asarray(
        let_mw
        * active
        * rate[None, :]
        * grown_ratio(column(lease.escalator_frac_per_year), begin, calendar)
    )


def sold_ratio(deal: Capacity, first_date: Column, calendar: Calendar) -> tuple[Series, Series]:
    """Return the share of each month sold, and its share of the first price.

    Both (T, N). After the term the deal goes on at its renewal price; where that is 0 it ends.
    """
    begin = first_date if deal.from_date is None else column(deal.from_date)
    within = active_frac(begin, column(deal.term_years), calendar)
    until = begin + column(deal.term_years) * MONTHS_PER_YEAR
    after = np.clip(calendar.dates + 1.0 - until[None, :], 0.0, 1.0)
    renewal = column(deal.renewal_price_ratio)[None, :]
    sold = within + after * np.where(renewal > 0.0, 1.0, 0.0)
    return np.asarray(sold), np.asarray(within + after * renewal)


def capacity_usd(
    deal: Capacity,
    service_count: Series,
    busy_count: Series,
    first_date: Column,
    calendar: Calendar,
) -> Series:
    """Return what the buyer of chip-hours pays each month [USD] (T, N).

    Parameters
    ----------
    deal : Capacity
        Terms.
    service_count, busy_count : Series
        Chips in service, and at work, of the hall.
    first_date : Column
        When its first chips enter service, used where the deal names no day.
    calendar : Calendar
        The T months.
    """
    begin = first_date if deal.from_date is None else column(deal.from_date)
    _, level = sold_ratio(deal, first_date, calendar)
    growth = grown_ratio(column(deal.escalator_frac_per_year), begin, calendar)
    due_h = calendar.hours * level * growth
    firm = column(deal.take_or_pay_frac)[None, :]
    paid_count = busy_count + firm * (service_count - busy_count)
    return np.asarray(paid_count * due_h * column(deal.price_usd_per_chip_h)[None, :])
