"""Where the megawatts come from: a place, its grid by date, gas beside the hall.

Each month the cheaper of grid and gas serves first, within its limit; what neither can serve is
reported, never lost: grid + gas + unserved = load.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigaplan.figure import Verdict
from gigaplan.units import Real, Series, column, option, quantity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A region to build in: its climate, prices, grid and taxes."""

    title: str = option(doc="name for people")
    climate: str = option(doc="its weather", entry="climates")
    price_usd_per_mwh: Real = quantity(doc="electricity, delivered")
    demand_usd_per_kw_month: Real = quantity(
        0.0, low=0.0, doc="demand charge, where the price does not hold it"
    )
    take_frac: Real = quantity(
        0.0, low=0.0, high=1.0, doc="share of contracted demand paid for, used or not"
    )
    carbon_kg_per_mwh: Real = quantity(low=0.0, doc="grid average, location based")
    water_usd_per_m3: Real = quantity(low=0.0, doc="water and sewer")
    gas_usd_per_mmbtu: Real = quantity(low=0.0, doc="natural gas, delivered")
    tax_frac: Real = quantity(low=0.0, high=1.0, doc="income tax, all levels")
    property_tax_frac_per_year: Real = quantity(0.0, low=0.0, doc="of property's value")
    cost_ratio: Real = quantity(1.0, low=0.0, doc="cost of building over the cost book's")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Supply:
    """How the load of a site is met, each (T, N).

    Parameters
    ----------
    grid_mwh, gas_mwh, unserved_mwh : Series
        Energy of the month [MWh]; their sum is the load.
    grid_peak_mw, gas_peak_mw, unserved_peak_mw : Series
        The same of the worst hour [MW].
    """

    grid_mwh: Series
    gas_mwh: Series
    unserved_mwh: Series
    grid_peak_mw: Series
    gas_peak_mw: Series
    unserved_peak_mw: Series


def firm_mw(grid_mw: Series, gas_mw: Series, gas_firm_frac: Real) -> Series:
    """Power that a site can count on.

    Parameters
    ----------
    grid_mw, gas_mw : Series
        Connection and installed gas (T, N) [MW].
    gas_firm_frac : Real
        Share of the gas that runs with the largest units out [-].

    Returns
    -------
    Series
        (T, N) [MW]
    """
    return np.asarray(grid_mw + gas_mw * column(gas_firm_frac))


def gas_usd_per_mwh(
    gas_usd_per_mmbtu: Real | Series, heat_rate_mmbtu_per_mwh: Real, upkeep_usd_per_mwh: Real = 0.0
) -> Series:
    """Running cost of on-site gas.

    Parameters
    ----------
    gas_usd_per_mmbtu : Real or Series
        Price of the fuel [USD/MMBtu].
    heat_rate_mmbtu_per_mwh : Real
        Fuel for one MWh, higher heating value [MMBtu/MWh].
    upkeep_usd_per_mwh : Real
        Variable operation and maintenance [USD/MWh].

    Returns
    -------
    Series
        [USD/MWh], in the shape of the price.
    """
    fuel = column(gas_usd_per_mmbtu) * column(heat_rate_mmbtu_per_mwh)
    return np.asarray(fuel + column(upkeep_usd_per_mwh))


def shared(
    load_mw: Series, grid_mw: Series, gas_mw: Series, gas_first: NDArray[np.bool_]
) -> tuple[Series, Series, Series]:
    """Split a load between grid, gas and nobody.

    Parameters
    ----------
    load_mw : Series
        What is wanted (T, N) [MW].
    grid_mw, gas_mw : Series
        Limits (T, N) [MW].
    gas_first : NDArray
        Where gas serves before the grid.

    Returns
    -------
    tuple of Series
        Grid, gas and unserved (T, N) [MW].
    """
    first = np.minimum(load_mw, np.where(gas_first, gas_mw, grid_mw))
    rest = load_mw - first
    second = np.minimum(rest, np.where(gas_first, grid_mw, gas_mw))
    grid, gas = np.where(gas_first, second, first), np.where(gas_first, first, second)
    return grid, gas, rest - second


def served(
    mean_mw: Series,
    peak_mw: Series,
    hours_h: Series,
    *,
    grid_mw: Series,
    gas_mw: Series,
    grid_usd_per_mwh: Real | Series,
    gas_usd_per_mwh: Real | Series,
) -> Supply:
    """Meet a load month by month, the cheaper source first.

    Parameters
    ----------
    mean_mw, peak_mw : Series
        Mean and worst hour of the facility (T, N) [MW].
    hours_h : Series
        Hours of each month (T, 1) [h].
    grid_mw, gas_mw : Series
        What connection and gas plant can give (T, N) [MW].
    grid_usd_per_mwh, gas_usd_per_mwh : Real or Series
        Running cost of each [USD/MWh].

    Returns
    -------
    Supply
        Energy and peaks.

    Notes
    -----
    The load is taken as flat at its mean, as training fleets nearly are; the peaks are split the
    same way, and say what the worst hour draws from each.
    """
    gas_first = np.asarray(column(gas_usd_per_mwh) < column(grid_usd_per_mwh))
    grid, gas, short = shared(mean_mw, grid_mw, gas_mw, gas_first)
    grid_peak, gas_peak, short_peak = shared(peak_mw, grid_mw, gas_mw, gas_first)
    return Supply(
        grid_mwh=grid * hours_h,
        gas_mwh=gas * hours_h,
        unserved_mwh=short * hours_h,
        grid_peak_mw=grid_peak,
        gas_peak_mw=gas_peak,
        unserved_peak_mw=short_peak,
    )


def supply_verdict(supply: Supply) -> NDArray[np.int64]:
    """Say which futures are short of energy or of power in some month.

    Parameters
    ----------
    supply : Supply
        How the load is met.

    Returns
    -------
    NDArray
        `UNSERVED_ENERGY` where any month is short of energy, `OVER_GRID` where any is short in its
        worst hour, as bits (N,).
    """
    energy = np.any(supply.unserved_mwh > 0.0, axis=0)
    power = np.any(supply.unserved_peak_mw > 0.0, axis=0)
    return np.asarray(
        np.where(energy, int(Verdict.UNSERVED_ENERGY), 0)
        | np.where(power, int(Verdict.OVER_GRID), 0)
    )


def served_mwh(supply: Supply) -> Series:
    """Energy that the site gets, from grid and gas (T, N) [MWh]."""
    return np.asarray(supply.grid_mwh + supply.gas_mwh)


def fuel_usd(supply: Supply, cost_usd_per_mwh: Real | Series) -> Series:
    """Running cost of the gas that is burnt.

    Parameters
    ----------
    supply : Supply
        How the load is met.
    cost_usd_per_mwh : Real or Series
        `gas_usd_per_mwh` [USD/MWh].

    Returns
    -------
    Series
        (T, N) [USD]
    """
    return np.asarray(supply.gas_mwh * column(cost_usd_per_mwh))
