"""Fleets over the years: what a chip-hour and a million tokens cost, owned or rented."""

from __future__ import annotations

from dataclasses import dataclass

from gigaplan.units import Real, option, quantity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offer:
    """A cloud's offer of chips by the hour."""

    title: str = option(doc="instance or product")
    provider: str = option(doc="who rents it out")
    system: str = option(doc="what it is", entry="systems")
    price_usd_per_chip_h: Real = quantity(low=0.0, doc="price of a chip for an hour")
    commitment: str = option("on-demand", doc="on-demand, or the length of the commitment")
    region: str = option("", doc="where")
