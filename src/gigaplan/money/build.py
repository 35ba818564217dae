"""Dates and sizes into monthly megawatts, chips in service, and capital drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigaplan.units import (
    ALWAYS_DATE,
    MONTHS_PER_YEAR,
    Calendar,
    Column,
    Real,
    Series,
    Steps,
    column,
    on_calendar,
    option,
    over_time,
    quantity,
    share_in_service,
)

SHORTEST_LIFE_YEARS = 2.0
"""No chip is refreshed sooner; it bounds how many refreshes a plan can hold."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Costs:
    """A cost book: what a building and its keeping cost in a market and year.

    All `_usd_per_mw` are for a megawatt of critical IT load unless said otherwise.
    """

    title: str = option(doc="what the book covers")
    shell_usd_per_mw: Real = quantity(low=0.0, doc="building, offices, back of house")
    electrical_usd_per_mw: Real = quantity(low=0.0, doc="UPS, generators, switchgear, busway")
    mechanical_usd_per_mw: Real = quantity(low=0.0, doc="chillers, towers, pumps, air handling")
    fitout_usd_per_mw: Real = quantity(low=0.0, doc="white space")
    land_usd_per_mw: Real = quantity(low=0.0, doc="land")
    substation_usd_per_mw: Real = quantity(low=0.0, doc="substation and grid connection")
    liquid_premium_frac: Real = quantity(low=0.0, high=1.0, doc="extra cost of liquid cooling")
    soft_frac: Real = quantity(low=0.0, high=1.0, doc="design, permits, management over hard cost")
    contingency_frac: Real = quantity(low=0.0, high=1.0, doc="contingency over hard cost")
    gas_usd_per_kw: Real = quantity(low=0.0, doc="on-site gas generation")
    gas_om_usd_per_mwh: Real = quantity(low=0.0, doc="operation of gas generation, fuel apart")
    gas_heat_rate_mmbtu_per_mwh: Real = quantity(low=3.4, high=20.0, doc="fuel per energy")
    build_months: Real = quantity(low=0.5, high=120.0, doc="ground-breaking to first power")
    deploy_usd_per_chip: Real = quantity(low=0.0, doc="racks, cabling and installation per chip")
    it_maintenance_frac_per_year: Real = quantity(
        low=0.0, high=1.0, doc="support of IT over its price"
    )
    maintenance_frac_per_year: Real = quantity(low=0.0, high=1.0, doc="upkeep over facility cost")
    insurance_frac_per_year: Real = quantity(low=0.0, high=1.0, doc="insurance over asset cost")
    people_count_per_mw: Real = quantity(low=0.0, doc="people on site per MW of critical IT")
    salary_usd_per_person_year: Real = quantity(low=0.0, doc="full cost of one of them")
    facility_life_years: Real = quantity(low=1.0, high=60.0, doc="book life of the building")
    electrical_life_years: Real = quantity(low=1.0, high=60.0, doc="book life of plant")


def shell_mw(
    capacity_mw: Real,
    construction_date: Real,
    build_months: Real,
    buildings: int,
    spacing_months: Real,
) -> Steps:
    """Return facility power under a roof by date, building after building.

    Parameters
    ----------
    capacity_mw : Real
        Of the whole campus [MW] (1,) or (N,).
    construction_date : Real
        Ground-breaking [months since 2000-01].
    build_months : Real
        Until the first building is ready [months].
    buildings : int
        How many equal buildings.
    spacing_months : Real
        Between one building and the next [months].

    Returns
    -------
    Steps
        Cumulative megawatts.
    """
    first = column(construction_date) + column(build_months)
    dates = tuple(first + index * column(spacing_months) for index in range(buildings))
    return Steps(
        dates, tuple(column(capacity_mw) * ((index + 1) / buildings) for index in range(buildings))
    )


def from_start(steps: Steps, calendar: Calendar) -> Steps:
    """Return the same values, what has no date dated to the plan's start."""
    dates = tuple(
        np.where(column(date) <= ALWAYS_DATE, calendar.start_date, column(date))
        for date in steps.dates
    )
    return Steps(dates, steps.values)


def shifted(steps: Steps, months: Column) -> Steps:
    """Return the same values, each a number of months later."""
    return Steps(tuple(column(date) + months for date in steps.dates), steps.values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deliveries:
    """Chips over the months of a plan, each (T, 1) or (T, N).

    Parameters
    ----------
    installed_count : Series
        Delivered and not retired, averaged over the month.
    bought_count : Series
        Delivered in the month as part of the first fleet.
    refreshed_count : Series
        Bought in the month to replace what retires.
    """

    installed_count: Series
    bought_count: Series
    refreshed_count: Series


def deliveries(
    chips_count: Steps, life_years: Column, calendar: Calendar, *, refresh: bool
) -> Deliveries:
    """Return chips installed, bought and replaced by month.

    Parameters
    ----------
    chips_count : Steps
        Cumulative chips delivered by date.
    life_years : Column
        Economic life (1,) or (N,) [years].
    calendar : Calendar
        The T months.
    refresh : bool
        Whether chips that retire are replaced, chip for chip.

    Notes
    -----
    A number without a date is delivered, and bought, when the plan starts. What was delivered on a
    date before that is in service from the first month and not bought again. A delivery inside a
    month counts for the rest of it. Retirement is the delivery, one life later.
    """
    chips_count = from_start(chips_count, calendar)
    life_months = column(life_years) * MONTHS_PER_YEAR
    delivered = on_calendar(chips_count, calendar)
    bought = rise(chips_count, calendar)
    most = turns(chips_count, calendar) if refresh else 1
    refreshed = np.zeros((1, 1))
    retired = np.zeros((1, 1))
    for turn in range(1, most + 1):
        later = shifted(chips_count, turn * life_months)
        if refresh:
            refreshed = refreshed + rise(later, calendar)
        else:
            retired = on_calendar(later, calendar)
    return Deliveries(
        installed_count=delivered - retired,
        bought_count=bought,
        refreshed_count=np.broadcast_to(refreshed, (calendar.months, refreshed.shape[1])),
    )


def turns(chips_count: Steps, calendar: Calendar) -> int:
    """Return how often the oldest chips could be replaced by the plan's end."""
    oldest = min(float(np.min(date)) for date in chips_count.dates)
    months = calendar.start_date + calendar.months - oldest
    return max(1, int(np.ceil(months / MONTHS_PER_YEAR / SHORTEST_LIFE_YEARS)))


def rise(steps: Steps, calendar: Calendar) -> Series:
    """Return how much steps rise within each month (T, 1) or (T, N).

    A step before the first day of the plan rose before it and does not count.
    """
    total = np.zeros((calendar.months, 1))
    before: Column = np.zeros(1)
    for date, value in zip(steps.dates, steps.values, strict=True):
        after = column(value)
        start = column(date)[None, :] - calendar.dates
        inside = (start >= 0.0) & (start < 1.0)
        total = total + np.where(inside, (after - before)[None, :], 0.0)
        before = after
    return total


def facility_usd_per_mw(costs: Costs, cost_ratio: Column, liquid_frac: Column) -> dict[str, Column]:
    """Return the cost of a megawatt of critical IT by asset class [USD/MW].

    Parameters
    ----------
    costs : Costs
        The cost book.
    cost_ratio : Column
        The market's cost over the book's.
    liquid_frac : Column
        Share of the heat that leaves in liquid; the premium scales with it.

    Returns
    -------
    dict of str to Column
        "shell", "electrical" (with mechanical plant) and "land".
    """
    over = 1.0 + column(costs.soft_frac) + column(costs.contingency_frac)
    premium = 1.0 + column(costs.liquid_premium_frac) * liquid_frac
    shell = column(costs.shell_usd_per_mw) + column(costs.fitout_usd_per_mw)
    plant = column(costs.electrical_usd_per_mw) + column(costs.mechanical_usd_per_mw)
    return {
        "shell": shell * over * premium * cost_ratio,
        "electrical": (plant * premium * cost_ratio + column(costs.substation_usd_per_mw)) * over,
        "land": column(costs.land_usd_per_mw) * np.ones(1),
    }


def construction_frac(ready_mw: Steps, build_months: Column, calendar: Calendar) -> Series:
    """Return the share of the final size that is paid in each month (T, N).

    Parameters
    ----------
    ready_mw : Steps
        Cumulative size by date of readiness.
    build_months : Column
        How long before readiness the spending on a phase begins [months].

    Notes
    -----
    Spending on each phase follows the S-curve 3u^2 - 2u^3 of elapsed time u in 0..1. What
    was ready before the plan starts was paid before it; of a phase under way, what is spent is due
    in the first month.
    """
    final = column(ready_mw.values[-1])
    total = np.zeros((calendar.months, 1))
    before: Column = np.zeros(1)
    for date, value in zip(ready_mw.dates, ready_mw.values, strict=True):
        after = column(value)
        begin = column(date) - build_months
        size = np.where(
            column(date) >= calendar.start_date,
            (after - before) / np.where(final == 0.0, 1.0, final),
            0.0,
        )
        spent = spent_frac((calendar.dates + 1.0 - begin[None, :]) / build_months[None, :])
        monthly = np.concatenate([spent[:1], spent[1:] - spent[:-1]])
        total = total + size[None, :] * monthly
        before = after
    return total


def spent_frac(elapsed_frac: Series) -> Series:
    """Return cumulative spending, 0 to 1, for elapsed time as a share."""
    u = np.clip(elapsed_frac, 0.0, 1.0)
    return np.asarray(u * u * (3.0 - 2.0 * u))


def remaining_usd(capex_usd: Series, life_years: Column, calendar: Calendar) -> Column:
    """Return what straight-line wear leaves of capital at the end [USD] (N,)."""
    left_years = (calendar.months - 1.0 - np.arange(calendar.months, dtype=np.float64))[
        :, None
    ] / MONTHS_PER_YEAR
    kept = np.clip(1.0 - left_years / life_years[None, :], 0.0, 1.0)
    return over_time(capex_usd * kept)


def escalation_ratio(rate_frac_per_year: Column, calendar: Calendar) -> Series:
    """Return growth since the plan's start, compounding yearly (T, N)."""
    years = (np.arange(calendar.months, dtype=np.float64) / MONTHS_PER_YEAR)[:, None]
    return np.asarray(np.exp(years * np.log1p(rate_frac_per_year)[None, :]))


def grown_ratio(rate_frac_per_year: Column, from_date: Column, calendar: Calendar) -> Series:
    """Return growth since a day, compounding yearly, 1 before it (T, N)."""
    elapsed = np.maximum(calendar.dates - from_date[None, :], 0.0) / MONTHS_PER_YEAR
    return np.asarray(np.exp(elapsed * np.log1p(rate_frac_per_year)[None, :]))


def active_frac(from_date: Column, term_years: Column, calendar: Calendar) -> Series:
    """Return the share of each month within a contract's term (T, N)."""
    until = from_date + term_years * MONTHS_PER_YEAR
    return share_in_service(from_date, calendar) - share_in_service(until, calendar)
