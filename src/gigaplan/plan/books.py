"""Who pays what to whom, month by month: every line of a plan's accounts by party."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gigaplan.money.build import construction_frac, escalation_ratio, remaining_usd, rise
from gigaplan.money.lease import Capacity, Lease, capacity_usd, rent_usd
from gigaplan.plan.load import MARKET
from gigaplan.plan.work import halls_of
from gigaplan.plan.yards import (
    Grounds,
    Load,
    Machine,
    Yard,
    cloud_count,
    facility_capex_usd,
    pooled,
    tiled_series,
)
from gigaplan.units import (
    MONTHS_PER_YEAR,
    Calendar,
    Column,
    Series,
    Steps,
    column,
    over_time,
    ratio,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gigaplan.plan.schema import Party, Plan
    from gigaplan.plan.work import Job


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Book:
    """The cash lines of one party, each (T, 1) or (T, N) [USD].

    Parameters
    ----------
    lines_usd : dict of str to Series
        "revenue", "contract_in", "contract_out", "operating", "energy", "residual".
    capex_usd : dict of str to Series
        By asset class of `money.cash`.
    placed_usd : dict of str to Series
        What of it enters service in each month, where that is not when it is spent.
    """

    lines_usd: dict[str, Series] = field(default_factory=dict)
    capex_usd: dict[str, Series] = field(default_factory=dict)
    placed_usd: dict[str, Series] = field(default_factory=dict)

    def add(self, line: str, amount_usd: Series) -> None:
        """Add to a line."""
        self.lines_usd[line] = (
            self.lines_usd[line] + amount_usd if line in self.lines_usd else amount_usd
        )

    def spend(self, asset: str, amount_usd: Series, placed_usd: Series | None = None) -> None:
        """Add to the capital of an asset class, and to what enters service of it."""
        before = self.capex_usd.get(asset)
        self.capex_usd[asset] = amount_usd if before is None else before + amount_usd
        entering = amount_usd if placed_usd is None else placed_usd
        self.placed_usd[asset] = entering if before is None else self.placed_usd[asset] + entering


Books = dict[str, Book]
"""Party -> Book; the market outside has one that nobody accounts for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Used:
    """A yard in use: everything that its costs depend on.

    Parameters
    ----------
    yard, ground, machines, load : Yard, Grounds, dict, Load
        As worked out before.
    """

    yard: Yard
    ground: Grounds
    machines: dict[str, Machine]
    load: Load


def lease_of(plan: Plan, site: str) -> Lease | None:
    """Return the lease of a site, None where its owner uses it."""
    return next(
        (deal for deal in plan.deals.values() if isinstance(deal, Lease) and deal.site == site),
        None,
    )


def capacity_of(plan: Plan, hall: str) -> Capacity | None:
    """Return the deal that sells a hall's chip-hours, or None."""
    return next(
        (deal for deal in plan.deals.values() if isinstance(deal, Capacity) and deal.hall == hall),
        None,
    )


def energy_payer(plan: Plan, site: str, owner: str) -> str:
    """Return who pays for the energy of a hall at a site."""
    lease = lease_of(plan, site)
    if lease is None:
        return owner
    return lease.landlord if lease.energy == "included" else lease.tenant


def party_overhead_usd(plan: Plan, party: Party, calendar: Calendar) -> Series:
    """Return what a party's being in business costs each month [USD]."""
    prices = escalation_ratio(column(plan.inflation_frac_per_year), calendar)
    return np.asarray(column(party.overhead_usd_per_year) / MONTHS_PER_YEAR * prices)


def overhead_usd(plan: Plan, calendar: Calendar) -> Series:
    """Return what the being in business of all parties costs each month [USD]."""
    total: Series = np.zeros((calendar.months, 1))
    for party in plan.parties.values():
        total = total + party_overhead_usd(plan, party, calendar)
    return total


def upkeep_payer(plan: Plan, yard: Yard) -> str:
    """Return who pays for upkeep: the tenant of a net lease, else the owner."""
    lease = lease_of(plan, yard.name)
    return lease.tenant if lease is not None and lease.net else yard.site.owner


def earner(plan: Plan, workload: str, hall: str) -> str:
    """Return who earns what a workload brings in a hall."""
    own = plan.workloads[workload].owner
    deal = capacity_of(plan, hall)
    halls = {**plan.halls, **{name: group.hall for name, group in plan.site_groups.items()}}
    return own or (deal.buyer if deal is not None else halls[hall].owner)


def books(
    plan: Plan, used: Mapping[str, Used], work: Mapping[str, Job], calendar: Calendar
) -> Books:
    """Write every line of every party.

    Parameters
    ----------
    plan : Plan
        Deals and parties.
    used : mapping
        Site or group -> Used.
    work : mapping
        Workload -> Job.
    calendar : Calendar
        The months.
    """
    made: Books = {name: Book() for name in (*plan.parties, MARKET)}
    prices = escalation_ratio(column(plan.inflation_frac_per_year), calendar)
    for one in used.values():
        site_lines(
            made[one.yard.site.owner], made[upkeep_payer(plan, one.yard)], one, prices, calendar
        )
        for hall in one.yard.halls:
            hall_lines(made[one.yard.halls[hall].owner], one, hall, prices, calendar)
        energy_lines(made, plan, one)
    cloud_lines(made, plan, calendar)
    for name, job in work.items():
        for hall, revenue in job.revenue_usd.items():
            made[earner(plan, name, hall)].add("revenue", revenue)
    deal_lines(made, plan, used, work, calendar)
    for name, party in plan.parties.items():
        made[name].add("operating", party_overhead_usd(plan, party, calendar))
    return made


def site_lines(
    book: Book, keeper: Book, one: Used, price_ratio: Series, calendar: Calendar
) -> None:
    """Write a site's building, its keeping and its sale at the end."""
    yard, ground = one.yard, one.ground
    costs, place = yard.shelf[yard.site.costs], yard.shelf[yard.site.place]
    months = column(
        costs.build_months if yard.site.build_months is None else yard.site.build_months
    )
    drawn = construction_frac(ground.shell_steps_mw, months, calendar)
    whole = facility_capex_usd(yard, ground, one.machines)
    lives = {
        "shell": costs.facility_life_years,
        "electrical": costs.electrical_life_years,
        "generation": costs.electrical_life_years,
    }
    left: Column = np.zeros(1)
    ready = ratio(rise(ground.shell_steps_mw, calendar), ground.capacity_mw[None, :], 0.0)
    for asset, usd in whole.items():
        spent = usd * drawn
        book.spend(asset, pooled(spent, yard.members), pooled(usd * ready, yard.members))
        worn = (
            remaining_usd(spent, column(lives[asset]), calendar)
            if asset in lives
            else over_time(spent)
        )
        left = left + worn
    add_at_end(book, pooled(left * column(yard.site.exit_ratio), yard.members), calendar)
    built = ratio(ground.shell_mw, ground.capacity_mw[None, :], 0.0)
    plant = sum_of([usd for asset, usd in whole.items() if asset != "land"])
    tax = (
        place.property_tax_frac_per_year
        if yard.site.property_tax_frac_per_year is None
        else yard.site.property_tax_frac_per_year
    )
    yearly = plant * (
        column(costs.maintenance_frac_per_year)
        + column(costs.insurance_frac_per_year)
        + column(tax)
    )
    people = ground.rated_mw * column(costs.people_count_per_mw)
    yearly = yearly + people * column(costs.salary_usd_per_person_year)
    cost = yearly / MONTHS_PER_YEAR * built * tiled_series(price_ratio, yard.members, built)
    keeper.add("operating", pooled(cost, yard.members))


def sum_of(columns: list[Column]) -> Column:
    """Add columns one after another."""
    total: Column = np.zeros(1)
    for one in columns:
        total = total + one
    return total


def add_at_end(book: Book, amount_usd: Column, calendar: Calendar) -> None:
    """Add proceeds in the last month of the plan."""
    last = (np.arange(calendar.months) == calendar.months - 1).astype(np.float64)[:, None]
    book.add("residual", last * amount_usd[None, :])


def hall_lines(book: Book, one: Used, hall: str, price_ratio: Series, calendar: Calendar) -> None:
    """Write a hall's chips, network and their keeping and sale."""
    yard, made, stock = one.yard, one.machines[hall], one.ground.held[hall].deliveries
    costs, own = yard.shelf[yard.site.costs], yard.halls[hall]
    again = column(own.refresh_price_ratio)
    chips = (stock.bought_count + stock.refreshed_count * again) * made.chip_usd_per_chip
    network = stock.bought_count * made.network_usd_per_chip
    book.spend("chips", pooled(chips, yard.members))
    book.spend("network", pooled(network, yard.members))
    left = remaining_usd(chips, made.life_years, calendar) * column(own.exit_ratio)
    add_at_end(book, pooled(left, yard.members), calendar)
    rate = column(costs.it_maintenance_frac_per_year) + column(costs.insurance_frac_per_year)
    price = made.chip_usd_per_chip + made.network_usd_per_chip
    upkeep = stock.installed_count * price * rate / MONTHS_PER_YEAR
    book.add(
        "operating", pooled(upkeep * tiled_series(price_ratio, yard.members, upkeep), yard.members)
    )


def energy_lines(made: Books, plan: Plan, one: Used) -> None:
    """Write the energy of a yard to whoever pays for it, hall by hall."""
    yard, load = one.yard, one.load
    if not yard.halls:
        lease = lease_of(plan, yard.name)
        payer = yard.site.owner if lease is None or lease.energy == "included" else MARKET
        made[payer].add("energy", pooled(load.energy_usd, yard.members))
        return
    for hall, own in yard.halls.items():
        part = load.energy_usd * load.hall_frac[hall]
        made[energy_payer(plan, yard.name, own.owner)].add("energy", pooled(part, yard.members))


def cloud_lines(made: Books, plan: Plan, calendar: Calendar) -> None:
    """Write the rent of chips from a cloud, due for every hour they are held."""
    for hall in plan.halls.values():
        if hall.tenure == "cloud" and hall.offer is not None:
            offer = plan.entities[hall.offer]
            cost = (
                cloud_count(hall, calendar)
                * calendar.hours
                * column(offer.price_usd_per_chip_h)
                * column(hall.price_ratio)
            )
            made[hall.owner].add("operating", cost)


def deal_lines(
    made: Books, plan: Plan, used: Mapping[str, Used], work: Mapping[str, Job], calendar: Calendar
) -> None:
    """Write each contract once to both of its parties."""
    for deal in plan.deals.values():
        if isinstance(deal, Lease):
            one = used[deal.site]
            ready = ready_it_mw(one)
            first = column(one.ground.shell_steps_mw.dates[0])
            paid = pooled(
                rent_usd(deal, ready, np.maximum(first, calendar.start_date), calendar),
                one.yard.members,
            )
            made[deal.landlord].add("contract_in", paid)
            made[deal.tenant].add("contract_out", paid)
        elif isinstance(deal, Capacity):
            paid = capacity_line(deal, used, plan, work, calendar)
            made[deal.seller].add("contract_in", paid)
            made[deal.buyer].add("contract_out", paid)


def ready_it_mw(one: Used) -> Series:
    """Return the critical IT load that is under a roof and powered [MW]."""
    share = ratio(
        np.minimum(one.ground.shell_mw, one.ground.firm_mw), one.ground.capacity_mw[None, :], 0.0
    )
    return np.asarray(share * one.ground.rated_mw)


def capacity_line(
    deal: Capacity,
    used: Mapping[str, Used],
    plan: Plan,
    work: Mapping[str, Job],
    calendar: Calendar,
) -> Series:
    """Return what the buyer of a hall's chip-hours pays each month [USD]."""
    service, members, first = service_of(deal.hall, used, plan, calendar)
    busy: Series = np.zeros((calendar.months, 1))
    for name, job in work.items():
        if deal.hall in halls_of(plan, plan.workloads[name]):
            busy = busy + job.busy_count[deal.hall]
    return capacity_usd(deal, pooled(service, members), busy, first, calendar)


def service_of(
    hall: str, used: Mapping[str, Used], plan: Plan, calendar: Calendar
) -> tuple[Series, int, Column]:
    """Return a hall's chips in service, its members, and its first day."""
    for one in used.values():
        if hall in one.yard.halls:
            held = one.ground.held[hall].in_service_count
            whole = pooled(held, one.yard.members)
            begun = np.logical_or.accumulate(whole > 0.0, axis=0)
            waiting = over_time((~begun).astype(np.float64))
            return held, one.yard.members, calendar.start_date + waiting
    return cloud_count(plan.halls[hall], calendar), 1, column(calendar.start_date)


def ready_dates(plan: Plan, used: Mapping[str, Used], calendar: Calendar) -> dict[str, Column]:
    """Return when all that each party builds first is in service."""
    found = {name: column(calendar.start_date) for name in (*plan.parties, MARKET)}
    for one in used.values():
        owner = one.yard.site.owner
        found[owner] = np.maximum(found[owner], latest(one.ground.shell_steps_mw, one.yard.members))
        for hall in one.yard.halls.values():
            found[hall.owner] = np.maximum(
                found[hall.owner], latest(hall.chips_count, one.yard.members)
            )
    return found


def latest(steps: Steps, members: int) -> Column:
    """Return the last date of steps, averaged over members."""
    return pooled(column(steps.dates[-1]), members, add=False)
