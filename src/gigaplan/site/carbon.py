"""Carbon and water of a site's energy, where it is used (location based)."""

from __future__ import annotations

import numpy as np

from gigaplan.units import Real, Series, column

KG_PER_T = 1000.0
GAS_KG_PER_MMBTU = 53.06
"""Carbon dioxide of burnt pipeline gas, higher heating value (source epa-ghg-factors-2025)."""


def grid_t(grid_mwh: Series, carbon_kg_per_mwh: Real | Series) -> Series:
    """Carbon of grid energy, by the average of the place.

    Parameters
    ----------
    grid_mwh : Series
        Energy from the grid, any shape [MWh].
    carbon_kg_per_mwh : Real or Series
        Average of the grid [kg/MWh].

    Returns
    -------
    Series
        [tCO2], in the shape of the energy.
    """
    return np.asarray(grid_mwh * column(carbon_kg_per_mwh) / KG_PER_T)


def gas_t(
    gas_mwh: Series,
    heat_rate_mmbtu_per_mwh: Real,
    carbon_kg_per_mmbtu: Real = GAS_KG_PER_MMBTU,
) -> Series:
    """Carbon of gas burnt on the site.

    Parameters
    ----------
    gas_mwh : Series
        Electricity from it, any shape [MWh].
    heat_rate_mmbtu_per_mwh : Real
        Fuel for one MWh, higher heating value [MMBtu/MWh].
    carbon_kg_per_mmbtu : Real
        Of the fuel, combustion only [kg/MMBtu].

    Returns
    -------
    Series
        [tCO2], in the shape of the energy.
    """
    fuel = gas_mwh * column(heat_rate_mmbtu_per_mwh)
    return np.asarray(fuel * column(carbon_kg_per_mmbtu) / KG_PER_T)


def water_m3(it_mwh: Series, water_l_per_kwh: Series) -> Series:
    """Water that cooling takes on the site.

    Parameters
    ----------
    it_mwh : Series
        IT energy, any shape [MWh].
    water_l_per_kwh : Series
        Water over IT energy (`power.Facility`) [L/kWh].

    Returns
    -------
    Series
        [m3]: a litre for a kWh is a cubic metre for a MWh.
    """
    return np.asarray(it_mwh * water_l_per_kwh)
