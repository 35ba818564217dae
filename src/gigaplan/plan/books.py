"""Who pays what to whom, month by month: every line of a plan's accounts by party."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gigaplan.money.build import (
    construction_frac,
    escalation_ratio,
    from_start,
    remaining_usd,
    rise,
)
from gigaplan.money.lease import Capacity, Lease, capacity_usd, rent_usd, sold_ratio
from gigaplan.plan.load import MARKET
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


LONGEST_PHASE_MONTHS = 24.0
"""After its first service a party repays at the latest: lenders do not wait for a next phase."""
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


def leases_of(plan: Plan, site: str) -> list[Lease]:
    """Return the leases of a site."""
    return [deal for deal in plan.deals.values() if isinstance(deal, Lease) and deal.site == site]


def capacity_of(plan: Plan, hall: str) -> Capacity | None:
    """Return the deal that sells a hall's chip-hours, or None."""
    return next(
        (deal for deal in plan.deals.values() if isinstance(deal, Capacity) and deal.hall == hall),
        None,
    )


def energy_payer(plan: Plan, site: str, owner: str) -> str:
    """Return who pays for a hall's energy: its owner, or its landlord."""
    mine = next((lease for lease in leases_of(plan, site) if lease.tenant == owner), None)
    return mine.landlord if mine is not None and mine.energy == "included" else owner


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


def upkeep_lines(made: Books, plan: Plan, yard: Yard, cost_usd: Series) -> None:
    """Write a site's keeping: net tenants bear their share of it."""
    rest: Column = np.ones(1)
    for lease in leases_of(plan, yard.name):
        if lease.net:
            share = column(lease.let_frac)
            made[lease.tenant].add("operating", cost_usd * share)
            rest = rest - share
    made[yard.site.owner].add("operating", cost_usd * rest)


def revenue_lines(
    made: Books, plan: Plan, name: str, hall: str, revenue_usd: Series, sold_frac: Series | None
) -> None:
    """Write what a workload brings in a hall, to whoever has the chips.

    Outside the term of a contract the chips, and what they earn, are their owner's.
    """
    own = plan.workloads[name].owner
    deal = capacity_of(plan, hall)
    halls = {**plan.halls, **{group: one.hall for group, one in plan.site_groups.items()}}
    if own is not None or deal is None or sold_frac is None:
        made[own or halls[hall].owner].add("revenue", revenue_usd)
        return
    made[deal.buyer].add("revenue", revenue_usd * sold_frac)
    made[deal.seller].add("revenue", revenue_usd * (1.0 - sold_frac))


def books(
    plan: Plan,
    used: Mapping[str, Used],
    work: Mapping[str, Job],
    busy: Mapping[str, Series],
    calendar: Calendar,
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
    busy : mapping
        Hall -> chips at work.
    calendar : Calendar
        The months.
    """
    made: Books = {name: Book() for name in (*plan.parties, MARKET)}
    prices = escalation_ratio(column(plan.inflation_frac_per_year), calendar)
    for one in used.values():
        upkeep = site_lines(made[one.yard.site.owner], one, prices, calendar)
        upkeep_lines(made, plan, one.yard, upkeep)
        for hall in one.yard.halls:
            hall_lines(made[one.yard.halls[hall].owner], one, hall, prices, calendar)
        energy_lines(made, plan, one)
    cloud_lines(made, plan, calendar)
    sold = {}
    for deal in plan.deals.values():
        if isinstance(deal, Capacity):
            _, _, first = service_of(deal.hall, used, plan, calendar)
            sold[deal.hall] = sold_ratio(deal, first, calendar)[0]
    for name, job in work.items():
        for hall, revenue in job.revenue_usd.items():
            revenue_lines(made, plan, name, hall, revenue, sold.get(hall))
    deal_lines(made, plan, used, busy, calendar)
    for name, party in plan.parties.items():
        made[name].add("operating", party_overhead_usd(plan, party, calendar))
    return made


def site_lines(book: Book, one: Used, price_ratio: Series, calendar: Calendar) -> Series:
    """Write a site's building and its sale; return its keeping [USD]."""
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
    gas = from_start(yard.site.gas_mw, calendar)
    gas_drawn = construction_frac(gas, months, calendar)
    gas_ready = ratio(rise(gas, calendar), column(gas.values[-1])[None, :], 0.0)
    for asset, usd in whole.items():
        spent = usd * (gas_drawn if asset == "generation" else drawn)
        placed = usd * (gas_ready if asset == "generation" else ready)
        book.spend(asset, pooled(spent, yard.members), pooled(placed, yard.members))
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
    cost = yearly / MONTHS_PER_YEAR * built * tiled_series(price_ratio, yard.members)
    return pooled(cost, yard.members)


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
    book.add("operating", pooled(upkeep * tiled_series(price_ratio, yard.members), yard.members))


def energy_lines(made: Books, plan: Plan, one: Used) -> None:
    """Write the energy of a yard to whoever pays for it, hall by hall."""
    yard, load = one.yard, one.load
    if not yard.halls:
        passed = any(lease.energy != "included" for lease in leases_of(plan, yard.name))
        payer = MARKET if passed else yard.site.owner
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
                * column(hall.paid_ratio)
            )
            made[hall.owner].add("operating", cost)


def deal_lines(
    made: Books,
    plan: Plan,
    used: Mapping[str, Used],
    busy: Mapping[str, Series],
    calendar: Calendar,
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
            service, members, first = service_of(deal.hall, used, plan, calendar)
            whole = pooled(service, members)
            paid = capacity_usd(deal, whole, busy[deal.hall], first, calendar)
            made[deal.seller].add("contract_in", paid)
            made[deal.buyer].add("contract_out", paid)


def ready_it_mw(one: Used) -> Series:
    """Return the critical IT load that is under a roof and powered [MW]."""
    share = ratio(
        np.minimum(one.ground.shell_mw, one.ground.firm_mw), one.ground.capacity_mw[None, :], 0.0
    )
    return np.asarray(share * one.ground.rated_mw)


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
    """Return when all that each party builds first is in service.

    What comes more than two years after a party's first service is another phase.
    """
    start = column(calendar.start_date)
    last = dict.fromkeys((*plan.parties, MARKET), start)
    first = dict.fromkeys((*plan.parties, MARKET), np.full(1, np.inf))
    for one in used.values():
        members = one.yard.members
        built = [(one.yard.site.owner, one.ground.shell_steps_mw)]
        built += [(hall.owner, hall.chips_count) for hall in one.yard.halls.values()]
        for owner, steps in built:
            begins = np.maximum(pooled(column(steps.dates[0]), members, add=False), start)
            first[owner] = np.minimum(first[owner], begins)
            last[owner] = np.maximum(last[owner], latest(steps, members))
    return {
        name: np.maximum(np.minimum(date, first[name] + LONGEST_PHASE_MONTHS), start)
        for name, date in last.items()
    }


def latest(steps: Steps, members: int) -> Column:
    """Return the last date of steps, averaged over members."""
    return pooled(column(steps.dates[-1]), members, add=False)
