"""Tax law as data: depreciation tables, bonus, carried losses; and what a party may deduct when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigaplan.units import Real, Series, column, option, quantity, ratio

if TYPE_CHECKING:
    from gigaplan.money.returns import Periods

METHODS = ("none", "macrs-3", "macrs-5", "macrs-7", "macrs-10", "macrs-15", "macrs-20", "straight")
"""How an asset class is depreciated for tax; "straight" begins in the middle of the month."""
NEVER, TABLE, STRAIGHT = 0, 1, 2
"""What the kernel tells apart."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TaxLaw:
    """The income tax of a country as far as the accounts use it.

    A table is the share of cost that each tax year deducts, the year of service first (half-year
    convention: half a year's worth, whenever in the year service begins).
    """

    title: str = option(doc="what it is")
    chips_method: str = option("macrs-5", choices=METHODS, doc="of chips, servers and racks")
    network_method: str = option("macrs-5", choices=METHODS, doc="of switches, cables and storage")
    electrical_method: str = option("macrs-15", choices=METHODS, doc="of power and cooling plant")
    shell_method: str = option("straight", choices=METHODS, doc="of buildings")
    generation_method: str = option("macrs-15", choices=METHODS, doc="of generation on the site")
    land_method: str = option("none", choices=METHODS, doc="of land")
    macrs_3_frac: tuple[Real, ...] = quantity(low=0.0, high=1.0, doc="3-year property")
    macrs_5_frac: tuple[Real, ...] = quantity(low=0.0, high=1.0, doc="5-year property")
    macrs_7_frac: tuple[Real, ...] = quantity(low=0.0, high=1.0, doc="7-year property")
    macrs_10_frac: tuple[Real, ...] = quantity(low=0.0, high=1.0, doc="10-year property")
    macrs_15_frac: tuple[Real, ...] = quantity(low=0.0, high=1.0, doc="15-year property")
    macrs_20_frac: tuple[Real, ...] = quantity(low=0.0, high=1.0, doc="20-year property")
    straight_years: Real = quantity(low=1.0, high=100.0, doc="life of the straight-line class")
    bonus_frac: Real = quantity(low=0.0, high=1.0, doc="deducted at once, of classes with a table")
    nol_cap_frac: Real = quantity(low=0.0, high=1.0, doc="of income that carried losses may offset")
    losses: str = option("carried", choices=("carried", "refunded"), doc="what a loss is good for")


class Wear(NamedTuple):
    """How each asset class is deducted, as the kernel takes it."""

    method: NDArray[np.int64]
    table: NDArray[np.float64]
    bonus: NDArray[np.float64]
    straight_years: NDArray[np.float64]


def table_frac(law: TaxLaw, method: str) -> NDArray[np.float64]:
    """Return the table of a method: the share of cost by year of service (R,)."""
    rows = getattr(law, method.replace("-", "_") + "_frac")
    return np.array([share if isinstance(share, float) else column(share)[0] for share in rows])


def wear_of(law: TaxLaw, classes: tuple[str, ...], count: int) -> Wear:
    """Return the law's depreciation as the kernel takes it.

    Parameters
    ----------
    law : TaxLaw
        Tables and methods.
    classes : tuple of str
        Asset classes in the kernel's order.
    count : int
        N futures.
    """
    methods = [getattr(law, f"{name}_method") for name in classes]
    kinds = [
        NEVER if method == "none" else STRAIGHT if method == "straight" else TABLE
        for method in methods
    ]
    tables = [
        table_frac(law, method) if kind == TABLE else np.zeros(1)
        for method, kind in zip(methods, kinds, strict=True)
    ]
    padded = np.zeros((len(classes), max(len(table) for table in tables)))
    for c, table in enumerate(tables):
        padded[c, : len(table)] = table
    bonus, years = np.empty(count), np.empty(count)
    bonus[:] = column(law.bonus_frac)
    years[:] = column(law.straight_years)
    return Wear(np.array(kinds, dtype=np.int64), padded, bonus, years)


def opening_wear_usd(basis_usd: Real, life_years: Real, until_years: Series) -> Series:
    """Return what opening assets wear off between dates, straight line [USD].

    Parameters
    ----------
    basis_usd : Real
        Value on the first day [USD] (1,) or (N,).
    life_years : Real
        Remaining life [years] (1,) or (N,).
    until_years : Series
        End of each interval, from the first day [years] (T, 1).

    Returns
    -------
    Series
        (T, 1) or (T, N).
    """
    life = column(life_years)[None, :]
    worn = np.minimum(
        ratio(
            until_years,
            np.broadcast_to(life, np.broadcast_shapes(until_years.shape, life.shape)),
            1.0,
        ),
        1.0,
    )
    usd = column(basis_usd)[None, :] * worn
    return np.concatenate([usd[:1], usd[1:] - usd[:-1]])


def year_ends(periods: Periods) -> NDArray[np.int64]:
    """Return the last period of each tax year (Y,)."""
    return np.flatnonzero(np.append(np.diff(periods.tax_year), 1) > 0)


def worn_usd(placed_usd: Series, life_years: Real, per_year: int) -> Series:
    """Return book depreciation, from the period after service [USD] (T, N).

    Parameters
    ----------
    placed_usd : Series
        Cost of what enters service by the end of each period (T, 1) or (T, N) [USD].
    life_years : Real
        Book life (1,) or (N,) [years]; fractions of a period count.
    per_year : int
        Periods in a year.

    Notes
    -----
    With A the running sum of what was placed and L the life in periods, period t bears
    (A(t - 1) - A(t - 1 - L)) / L, A interpolated: each dollar is spread over exactly L periods.
    """
    life = column(life_years) * per_year
    placed = np.broadcast_to(placed_usd, np.broadcast_shapes(placed_usd.shape, (1, life.shape[0])))
    total = np.concatenate([np.zeros((1, placed.shape[1])), np.cumsum(placed, axis=0)])
    length = placed.shape[0]
    back = np.arange(length)[:, None] - np.broadcast_to(life, (placed.shape[1],))[None, :]
    low = np.nan_to_num(np.floor(back))
    earlier = np.take_along_axis(total, np.clip(low, 0, length).astype(np.int64), axis=0)
    later = np.take_along_axis(total, np.clip(low + 1.0, 0, length).astype(np.int64), axis=0)
    ended = earlier + (back - low) * (later - earlier)
    return ratio(total[:-1] - ended, np.broadcast_to(life, ended.shape), 0.0)
