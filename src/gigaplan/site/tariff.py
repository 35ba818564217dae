"""What a month of electricity costs: energy, demand, minimum take.

The demand charge and the minimum come on top of the energy price; a place whose price is an average
delivered one (everything over kWh) has no demand charge of its own.
"""

from __future__ import annotations

import numpy as np

from gigaplan.units import KW_PER_MW, Real, Series, column


def billed_mw(peak_mw: Series, contract_mw: Real | Series, take_frac: Real) -> Series:
    """Demand that a month is billed for.

    Parameters
    ----------
    peak_mw : Series
        Highest draw from the grid in the month (T, N) [MW].
    contract_mw : Real or Series
        Contracted demand [MW], (N,) or (T, N).
    take_frac : Real
        Share of it that is paid for, used or not [-].

    Returns
    -------
    Series
        The larger of the two (T, N) [MW].
    """
    floor = column(contract_mw) * column(take_frac)
    return np.asarray(np.maximum(peak_mw, floor))


def bill_usd(
    energy_mwh: Series,
    peak_mw: Series,
    *,
    price_usd_per_mwh: Real | Series,
    demand_usd_per_kw_month: Real = 0.0,
    contract_mw: Real | Series = 0.0,
    take_frac: Real = 0.0,
) -> Series:
    """Electricity bill of each month.

    Parameters
    ----------
    energy_mwh : Series
        Energy from the grid (T, N) [MWh].
    peak_mw : Series
        Highest draw from the grid (T, N) [MW].
    price_usd_per_mwh : Real or Series
        Energy price [USD/MWh].
    demand_usd_per_kw_month : Real
        Charge for each kW of billed demand [USD/kW-month].
    contract_mw : Real or Series
        Contracted demand [MW].
    take_frac : Real
        Share of the contract that is paid for, used or not [-].

    Returns
    -------
    Series
        (T, N) [USD]

    Notes
    -----
    energy x price + max(peak, take x contract) x demand charge. One energy price for all hours of a
    month; no coincident peaks, ratchets over months or exit fees.
    """
    demand = billed_mw(peak_mw, contract_mw, take_frac) * KW_PER_MW
    energy = energy_mwh * column(price_usd_per_mwh)
    return np.asarray(energy + demand * column(demand_usd_per_kw_month))
