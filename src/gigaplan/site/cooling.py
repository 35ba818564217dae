"""Heat out of the building: energy and water for cooling, from the weather.

One loop formula serves air economisers, evaporative coolers, cooling towers with a waterside
economiser and dry coolers: a sink (dry bulb, wet bulb or between), what it can supply for free, a
compressor for the rest, fans and pumps, and the water that evaporates. A cooling system is one loop
for air and, where chips are liquid cooled, one for liquid.

The formula of an hour (`hour_use`) is compiled; representative hours and full years run through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gigaplan.site.weather import KELVIN, Outdoors
from gigaplan.units import MONTHS_PER_YEAR, Column, Real, Series, column, option, quantity

WATERS = ("none", "adiabatic", "tower")
DRY, ADIABATIC, TOWER = range(3)
KJ_PER_KWH = 3600.0
LATENT_KJ_PER_L = 2430.0
"""Heat of evaporation of a litre of water near 30 degC; ASHRAE Fundamentals 2017, chapter 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loop:
    """One way for heat from chips to the outside.

    Notes
    -----
    The sink lies between dry bulb T (`wet_frac` 0) and wet bulb T_w (1); `water` says how it gets
    there: not at all, by wetting the intake when that is needed, or in a tower all the time.

    sink = T - wet_frac (T - T_w). The compressor takes the share s of the heat that the sink
    cannot, s = clip((sink + approach - supply) / rise, 0, 1): an economiser in series, by parts.
    COP = carnot_frac T_evap / lift with lift = sink + condenser - supply + evaporator. No humidity
    limit on outside air is kept, and fans do not slow down at part load.

    Water, adiabatic: air that rises by `rise` carries the heat, so wetting it by dT evaporates
    dT / rise of the heat; only as far as needed, and no further than `wet_frac`. Tower: all heat
    but the sensible share, (1 - depression / rise of the air) / enthalpy ratio, where the air
    leaves at the mean water temperature; above all of it where dry air is cooled too. Bleeding
    multiplies by C / (C - 1).
    """

    water: str = option("none", doc="how water is used", choices=WATERS)
    wet_frac: Real = quantity(
        0.0, low=0.0, high=1.0, doc="how far water brings the sink from dry to wet bulb"
    )
    supply_c: Real = quantity(low=0.0, high=70.0, doc="air or liquid that enters the systems")
    rise_k: Real = quantity(low=1.0, doc="warming of it in the systems")
    approach_k: Real = quantity(low=0.0, doc="coldest free supply over the sink")
    condenser_k: Real = quantity(low=0.0, doc="condensing temperature over the sink")
    evaporator_k: Real = quantity(low=0.0, doc="supply over the evaporating temperature")
    least_lift_k: Real = quantity(low=0.0, doc="smallest lift that a compressor can run at")
    carnot_frac: Real = quantity(
        low=0.05, high=1.0, doc="compressor's COP over Carnot's, its fans included"
    )
    indoor_ratio: Real = quantity(low=0.0, doc="power of indoor fans or pumps over the heat")
    outdoor_ratio: Real = quantity(
        low=0.0, doc="power of outdoor fans and pumps over heat rejected"
    )
    cycles_ratio: Real = quantity(
        4.0, low=1.01, doc="concentration of the water when it is bled off"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cooling:
    """A building's cooling: a loop for air, and one for liquid if it has it."""

    title: str = option(doc="name for people")
    air: Loop = option(doc="the heat that goes to air")
    liquid: Loop | None = option(None, doc="the heat that goes to liquid; none: all goes to air")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoolingLoad:
    """What cooling takes, per unit of IT power.

    Parameters
    ----------
    power_ratio : Series
        Cooling power over IT power, by month of the year (12, N) [-].
    water_l_per_kwh : Series
        Water over IT energy, by month of the year (12, N) [L/kWh].
    peak_ratio : Column
        Cooling power over IT power in the worst hour to build for (N,) [-].
    """

    power_ratio: Series
    water_l_per_kwh: Series
    peak_ratio: Column


class LoopRow(NamedTuple):
    """What an hour's formula needs of one future's loop, divisions done."""

    wet_frac: float
    supply_c: float
    approach_k: float
    per_rise: float
    lift_k: float
    least_lift_k: float
    work_per_k: float
    indoor_ratio: float
    outdoor_ratio: float
    litres_l_per_kwh: float
    per_air_rise: float


class Hours(NamedTuple):
    """Weather that the kernel runs over, each (H,)."""

    month: NDArray[np.int64]
    weight_frac: NDArray[np.float64]
    dry_c: NDArray[np.float64]
    wet_c: NDArray[np.float64]
    dampness: NDArray[np.float64]


def loop_columns(loop: Loop) -> list[Column]:
    """Derive what does not depend on the weather, in the order of `LoopRow`."""
    cycles = column(loop.cycles_ratio)
    evaporating = column(loop.supply_c) - column(loop.evaporator_k) + KELVIN
    derived = {
        "wet_frac": column(loop.wet_frac),
        "supply_c": column(loop.supply_c),
        "approach_k": column(loop.approach_k),
        "per_rise": 1.0 / column(loop.rise_k),
        "lift_k": column(loop.condenser_k) + column(loop.evaporator_k),
        "least_lift_k": column(loop.least_lift_k),
        "work_per_k": 1.0 / (column(loop.carnot_frac) * evaporating),
        "indoor_ratio": column(loop.indoor_ratio),
        "outdoor_ratio": column(loop.outdoor_ratio),
        "litres_l_per_kwh": KJ_PER_KWH / LATENT_KJ_PER_L * cycles / (cycles - 1.0),
        "per_air_rise": 1.0 / (column(loop.approach_k) + column(loop.rise_k) / 2.0),
    }
    return [derived[name] for name in LoopRow._fields]


@njit(cache=True)
def row(table: NDArray[np.float64], i: int) -> LoopRow:
    """Return the loop of future i from a table (11, N)."""
    return LoopRow(
        table[0, i],
        table[1, i],
        table[2, i],
        table[3, i],
        table[4, i],
        table[5, i],
        table[6, i],
        table[7, i],
        table[8, i],
        table[9, i],
        table[10, i],
    )


@njit(cache=True)
def hour_use(
    loop: LoopRow, water: int, dry_c: float, wet_c: float, dampness: float
) -> tuple[float, float]:
    """Power [-] and water [L/kWh] over a loop's heat in an hour; see `Loop`."""
    depression = dry_c - wet_c
    over = dry_c - loop.wet_frac * depression - loop.supply_c
    driven = min(max((over + loop.approach_k) * loop.per_rise, 0.0), 1.0)
    work = driven * max(over + loop.lift_k, loop.least_lift_k) * loop.work_per_k
    rejected = 1.0 + loop.indoor_ratio + work
    power = loop.indoor_ratio + work + loop.outdoor_ratio * rejected
    litres = 0.0
    if water == ADIABATIC:
        needed = max(dry_c + loop.approach_k - loop.supply_c, 0.0)
        wetted = min(needed, loop.wet_frac * depression)
        litres = loop.litres_l_per_kwh * wetted * loop.per_rise
    elif water == TOWER:
        latent = 1.0 - (1.0 - depression * loop.per_air_rise) * dampness
        litres = loop.litres_l_per_kwh * rejected * max(latent, 0.0)
    return power, litres


@njit(cache=True)
def both_use(
    loops: tuple[LoopRow, LoopRow],
    waters: tuple[int, int],
    share: float,
    dry_c: float,
    wet_c: float,
    dampness: float,
) -> tuple[float, float]:
    """Power [-] and water [L/kWh] of air and liquid over IT power in one hour."""
    power, litres = hour_use(loops[0], waters[0], dry_c, wet_c, dampness)
    if share > 0.0:
        wet_power, wet_litres = hour_use(loops[1], waters[1], dry_c, wet_c, dampness)
        power = (1.0 - share) * power + share * wet_power
        litres = (1.0 - share) * litres + share * wet_litres
    return power, litres


@njit(cache=True)
def month_use(
    tables: tuple[NDArray[np.float64], NDArray[np.float64]],
    waters: tuple[int, int],
    futures: NDArray[np.float64],
    hours: Hours,
    power: NDArray[np.float64],
    litres: NDArray[np.float64],
    peak: NDArray[np.float64],
) -> None:
    """Fill power and water by month (N, 12) and the peak (N,).

    `futures` (4, N) holds the liquid share and the design day's weather.
    """
    for i in range(peak.size):
        loops = row(tables[0], i), row(tables[1], i)
        share = futures[0, i]
        design, _ = both_use(loops, waters, share, futures[1, i], futures[2, i], futures[3, i])
        for h in range(hours.dry_c.size):
            used, drunk = both_use(
                loops, waters, share, hours.dry_c[h], hours.wet_c[h], hours.dampness[h]
            )
            power[i, hours.month[h]] += hours.weight_frac[h] * used
            litres[i, hours.month[h]] += hours.weight_frac[h] * drunk
        peak[i] = max(design, power[i].max())


def cooling_load(outdoors: Outdoors, cooling: Cooling, liquid_frac: Real) -> CoolingLoad:
    """Cooling by month and on the design day.

    Parameters
    ----------
    outdoors : Outdoors
        Hours of the place, representative or all of a year.
    cooling : Cooling
        The system.
    liquid_frac : Real
        Share of the systems' heat that goes to liquid; without a liquid loop all goes to air [-].

    Returns
    -------
    CoolingLoad
        By month of the year, and the peak.

    Notes
    -----
    The peak is the design day's, and never below a month's mean: representative hours are made for
    means, and their extremes are not to be built for.
    """
    second = cooling.liquid or cooling.air
    share = column(liquid_frac) if cooling.liquid else np.zeros(1)
    design = [outdoors.design_dry_c[0], outdoors.design_wet_c[0]]
    design.append(1.0 / outdoors.design_enthalpy_ratio[0])
    air, liquid = loop_columns(cooling.air), loop_columns(second)
    table = np.stack(np.broadcast_arrays(*air, *liquid, share, *design))
    power = np.zeros((table.shape[1], MONTHS_PER_YEAR))
    litres = np.zeros_like(power)
    peak = np.zeros(table.shape[1])
    count = len(air)
    month_use(
        (table[:count], table[count : 2 * count]),
        (WATERS.index(cooling.air.water), WATERS.index(second.water)),
        table[2 * count :],
        kernel_hours(outdoors),
        power,
        litres,
        peak,
    )
    # min and max in the kernel may swallow a NaN: put it back
    missing = np.any(np.isnan(table), axis=0)
    return CoolingLoad(
        power_ratio=np.where(missing, np.nan, power.T),
        water_l_per_kwh=np.where(missing, np.nan, litres.T),
        peak_ratio=np.where(missing, np.nan, peak),
    )


def kernel_hours(outdoors: Outdoors) -> Hours:
    """Return the hours of a place as the kernel takes them."""
    return Hours(
        month=outdoors.month,
        weight_frac=np.ascontiguousarray(outdoors.weight_frac[:, 0]),
        dry_c=np.ascontiguousarray(outdoors.dry_c[:, 0]),
        wet_c=np.ascontiguousarray(outdoors.wet_c[:, 0]),
        dampness=np.ascontiguousarray(1.0 / outdoors.enthalpy_ratio[:, 0]),
    )
