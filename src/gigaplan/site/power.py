"""From the grid connection to the chips: losses, PUE, and the three sizes of a load.

Nameplate is what the label says, peak what is drawn in the worst hour, mean what the meter counts.
They are kept apart: wires and plant are sized by the peak, bills come from the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigaplan.site.cooling import CoolingLoad
from gigaplan.units import KW_PER_MW, Column, Real, Series, column, option, quantity, ratio

W_PER_KW = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """One stage of the power chain: losses c + b p + a p^2 of its rating."""

    fixed_frac: Real = quantity(0.0, low=0.0, high=0.5, doc="c: loss at no load")
    linear_frac: Real = quantity(0.0, low=0.0, high=0.5, doc="b: loss that grows with the load")
    square_frac: Real = quantity(0.0, low=0.0, high=0.5, doc="a: loss that grows with its square")
    spare_ratio: Real = quantity(1.0, low=1.0, doc="installed over needed rating: 2 for 2N")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PowerChain:
    """A building's electrical design."""

    title: str = option(doc="name for people")
    transformer: Stage = option(doc="from the site's voltage to the hall's; carries everything")
    ups: Stage = option(doc="uninterruptible supply; carries the systems")
    busway: Stage = option(doc="from the supply to the racks; carries the systems")
    other_frac: Real = quantity(
        low=0.0, high=0.5, doc="light, offices, controls, heaters over the rated IT power"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facility:
    """What a building draws over its IT power.

    Parameters
    ----------
    pue_ratio : Series
        Facility over IT energy, by month of the year (12, N) [-].
    water_l_per_kwh : Series
        Water over IT energy, by month of the year (12, N) [L/kWh].
    peak_pue_ratio : Column
        Facility over IT power in the worst hour to build for (N,) [-].
    """

    pue_ratio: Series
    water_l_per_kwh: Series
    peak_pue_ratio: Column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItPower:
    """IT power of one chip and its share of all around it.

    Parameters
    ----------
    nameplate_kw_per_chip, peak_kw_per_chip, mean_kw_per_chip : Column
        What labels say, the worst hour and the mean, each (1,) or (N,) [kW/chip].
    """

    nameplate_kw_per_chip: Column
    peak_kw_per_chip: Column
    mean_kw_per_chip: Column


def stage_loss_frac(load_frac: Real, stage: Stage) -> Column:
    """Loss of a stage over what it delivers.

    Parameters
    ----------
    load_frac : Real
        Delivered over needed rating [-].
    stage : Stage
        The stage.

    Returns
    -------
    Column
        c/p + b + a p with p = load over installed rating [-]; NaN without load.

    Notes
    -----
    Spare units share the load, so redundancy lowers p and shows in the fixed loss.
    """
    share = column(load_frac) / column(stage.spare_ratio)
    fixed = ratio(column(stage.fixed_frac), share)
    return np.asarray(fixed + column(stage.linear_frac) + column(stage.square_frac) * share)


def facility_ratio(
    cooling_ratio: Series, chain: PowerChain, load_frac: Real, pue_extra_ratio: Real = 0.0
) -> Series:
    """Facility over IT power: PUE.

    Parameters
    ----------
    cooling_ratio : Series
        Cooling over IT power [-].
    chain : PowerChain
        The electrical design.
    load_frac : Real
        IT power over rated IT power [-].
    pue_extra_ratio : Real
        Added to the result, which stays at 1 or above [-].

    Returns
    -------
    Series
        (1 + cooling + UPS + busway + other) (1 + transformer), in the shape of `cooling_ratio`.

    Notes
    -----
    Losses in power supplies and rack shelves belong to IT (ISO/IEC 30134-2). Cooling and everything
    else bypass the UPS. The transformer's rating is the whole facility's.
    """
    load = column(load_frac)
    supply = stage_loss_frac(load, chain.ups) + stage_loss_frac(load, chain.busway)
    other = ratio(column(chain.other_frac), load)
    inside = 1.0 + cooling_ratio + (supply + other)
    whole = inside * (1.0 + stage_loss_frac(load, chain.transformer))
    return np.asarray(np.maximum(whole + column(pue_extra_ratio), 1.0))


def facility(
    load: CoolingLoad,
    chain: PowerChain,
    *,
    load_frac: Real,
    peak_load_frac: Real = 1.0,
    pue_extra_ratio: Real = 0.0,
) -> Facility:
    """PUE and water by month, and PUE in the worst hour.

    Parameters
    ----------
    load : CoolingLoad
        Of the cooling system (`cooling.cooling_load`).
    chain : PowerChain
        The electrical design.
    load_frac, peak_load_frac : Real
        Mean and peak IT power over rated IT power [-].
    pue_extra_ratio : Real
        Added to both PUE [-].

    Returns
    -------
    Facility
        What a building draws over its IT power.
    """
    return Facility(
        pue_ratio=facility_ratio(load.power_ratio, chain, load_frac, pue_extra_ratio),
        water_l_per_kwh=load.water_l_per_kwh,
        peak_pue_ratio=facility_ratio(load.peak_ratio, chain, peak_load_frac, pue_extra_ratio),
    )


def draw_frac(power_mean_frac: Real, idle_frac: Real, busy_frac: Real) -> Column:
    """Mean draw of a system over its nameplate.

    Parameters
    ----------
    power_mean_frac : Real
        When busy [-].
    idle_frac : Real
        At rest [-].
    busy_frac : Real
        Share of the time that it is busy [-].

    Returns
    -------
    Column
        [-]
    """
    rest = column(idle_frac)
    return np.asarray(rest + (column(power_mean_frac) - rest) * column(busy_frac))


def it_power(
    *,
    system_kw_per_chip: Real,
    network_w_per_chip: Real,
    storage_w_per_chip: Real,
    mean_frac: Real,
    peak_frac: Real = 1.0,
) -> ItPower:
    """IT power for each chip: its system, its share of network and store.

    Parameters
    ----------
    system_kw_per_chip : Real
        Nameplate of the system over its chips [kW/chip].
    network_w_per_chip, storage_w_per_chip : Real
        Draw of fabric, and of store and service nodes [W/chip].
    mean_frac, peak_frac : Real
        Mean and peak draw of the systems over nameplate [-].

    Returns
    -------
    ItPower
        Nameplate, peak and mean.

    Notes
    -----
    Switches, optics and stores draw much the same at any load; only the systems follow it.
    """
    around = (column(network_w_per_chip) + column(storage_w_per_chip)) / W_PER_KW
    system = column(system_kw_per_chip)
    return ItPower(
        nameplate_kw_per_chip=system + around,
        peak_kw_per_chip=system * column(peak_frac) + around,
        mean_kw_per_chip=system * column(mean_frac) + around,
    )


def it_mw(chips_count: Series, power_kw_per_chip: Real) -> Series:
    """IT power of a number of chips.

    Parameters
    ----------
    chips_count : Series
        Chips in service [-], any shape.
    power_kw_per_chip : Real
        A field of `ItPower` [kW/chip].

    Returns
    -------
    Series
        [MW]
    """
    return np.asarray(chips_count * column(power_kw_per_chip) / KW_PER_MW)
