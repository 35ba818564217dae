"""Sites with their halls: what limits the chips, what they draw, what the energy costs.

A yard is one site with the halls on it, or a group of like sites with one hall each. The members
of a group lie along the column axis, member after member, so that the same functions serve both.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gigaplan.cluster.fabric import FabricBill, fabric_bill
from gigaplan.cluster.reliability import in_service_frac
from gigaplan.cluster.storage import storage_usd_per_chip, storage_w_per_chip
from gigaplan.figure import canonical, is_quantity, replaced, resolve
from gigaplan.money.build import (
    SHORTEST_LIFE_YEARS,
    Deliveries,
    deliveries,
    facility_usd_per_mw,
    from_start,
    shell_mw,
)
from gigaplan.plan.result import LIMITS, NOTHING_BINDS
from gigaplan.site.carbon import gas_t, grid_t, water_m3
from gigaplan.site.cooling import cooling_load
from gigaplan.site.power import Facility, ItPower, facility, it_power
from gigaplan.site.supply import Supply, firm_mw, fuel_usd, gas_usd_per_mwh, served
from gigaplan.site.tariff import bill_usd
from gigaplan.site.weather import Outdoors, with_design_day
from gigaplan.units import (
    KW_PER_MW,
    Calendar,
    Column,
    Series,
    Steps,
    column,
    constant,
    on_calendar,
    over_time,
    parse,
    ratio,
    stack,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gigaplan.compute.roofline import Chip, System
    from gigaplan.plan.schema import Hall, Plan, Site, SiteGroup

GOLDEN_FRAC = 0.6180339887498949
"""Spreads members evenly in an order of its own for each figure (the golden ratio's fraction)."""
GAS_CARBON_KG_PER_MMBTU = 53.06
"""EPA's factor for pipeline gas, combustion only; a constant of the fuel, not of a plan."""
TIE_FRAC = 1.0 - 1e-9
"""A limit this close to the chips delivered is no limit."""
SUMMED = ("mw", "mwh", "usd", "count", "t", "m3", "mtoken")
"""Suffixes of what members of a group add up; the rest is averaged."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Yard:
    """One site and its halls, or a group of like ones.

    Parameters
    ----------
    name : str
        Of the site or group.
    site : Site
        With columns of members where it is a group.
    halls : dict of str to Hall
        In the order in which they take power.
    members : int
        1 for a site.
    shelf : mapping
        Catalogue entities.
    """

    name: str
    site: Site
    halls: dict[str, Hall]
    members: int
    shelf: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Machine:
    """The chips of a hall and all around them, per chip.

    Parameters
    ----------
    final_count : Column
        Chips when all are delivered.
    bill : FabricBill
        Scale-out network.
    power : ItPower
        IT power of a chip, busy.
    idle_kw_per_chip : Column
        IT power of a chip at rest [kW].
    chip_usd_per_chip, network_usd_per_chip : Column
        Price of system and installation; of network and store.
    life_years : Column
        Economic life.
    working_frac : Column
        Share of chips that are not out for repair.
    """

    system: System
    chip: Chip
    final_count: Column
    bill: FabricBill
    power: ItPower
    idle_kw_per_chip: Column
    chip_usd_per_chip: Column
    network_usd_per_chip: Column
    life_years: Column
    working_frac: Column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """Chips of a hall and what holds them back, by month.

    Parameters
    ----------
    deliveries : Deliveries
        Installed, bought, replaced.
    in_service_count : Series
        Powered chips.
    binding : NDArray
        Index into LIMITS, demand left out (T, N).
    facility : Facility
        PUE and water of the hall.
    peak_kw_per_chip : Column
        Facility power set aside for a chip [kW].
    """

    deliveries: Deliveries
    in_service_count: Series
    binding: NDArray[np.int64]
    facility: Facility
    peak_kw_per_chip: Column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grounds:
    """What a yard has before anybody uses it.

    Parameters
    ----------
    capacity_mw, needed_mw : Column
        Facility power when complete; what the halls need of it.
    firm_mw, shell_mw : Series
        Supply to count on; power under a roof.
    shell_steps_mw : Steps
        The latter by date.
    peak_pue_ratio : Column
        Facility over IT in the worst hour, of the first hall or of the bare shell.
    rated_mw : Column
        Critical IT load that the campus is built for: its power over the PUE of its design, without
        what the plan adds to it.
    bare : Facility
        Of the first hall, or of the shell alone.
    held : dict of str to Held
        By hall.
    """

    capacity_mw: Column
    needed_mw: Column
    firm_mw: Series
    shell_mw: Series
    shell_steps_mw: Steps
    peak_pue_ratio: Column
    rated_mw: Column
    bare: Facility
    held: dict[str, Held]


def yards(plan: Plan) -> list[Yard]:
    """Return every site and group of a plan with its halls."""
    singles = [
        Yard(
            name=name,
            site=site,
            members=1,
            shelf=plan.entities,
            halls={
                key: hall
                for key, hall in plan.halls.items()
                if hall.tenure == "owned" and hall.site == name
            },
        )
        for name, site in plan.sites.items()
    ]
    return singles + [group_yard(plan, name, group) for name, group in plan.site_groups.items()]


def group_yard(plan: Plan, name: str, group: SiteGroup) -> Yard:
    """Return a group as a yard whose columns hold its members."""
    width = width_of(plan)
    if width > 1:
        group = tiled(group, group.members, width)
    for path, half in group.spread.items():
        group = spread_out(group, path, half, width)
    shelf = tiled(plan.entities, group.members, width) if width > 1 else plan.entities
    return Yard(
        name=name, site=group.site, halls={name: group.hall}, members=group.members, shelf=shelf
    )


def width_of(plan: Plan) -> int:
    """Return how many futures a plan carries: its longest column's length."""
    own = (column(value).shape[0] for _, value in canonical(plan))
    shelf = (column(value).shape[0] for _, value in canonical(plan.entities))
    return max((*own, *shelf), default=1)


def tiled(value: Any, members: int, width: int) -> Any:  # noqa: ANN401
    """Repeat every column of futures for each member of a group."""
    if isinstance(value, Steps):
        return Steps(
            tuple(tiled(date, members, width) for date in value.dates),
            tuple(tiled(number, members, width) for number in value.values),
        )
    if is_dataclass(value):
        changes = {
            item.name: tiled(getattr(value, item.name), members, width)
            for item in fields(value)
            if is_quantity(item)
            or is_dataclass(getattr(value, item.name))
            or isinstance(getattr(value, item.name), dict)
        }
        return replace(value, **changes)  # type: ignore[type-var]
    if isinstance(value, dict):
        return {key: tiled(member, members, width) for key, member in value.items()}
    if isinstance(value, tuple):
        return tuple(tiled(member, members, width) for member in value)
    if isinstance(value, np.ndarray) and value.shape[0] == width > 1:
        return np.tile(value, members)
    return value


def spread_path(group: SiteGroup, path: str) -> str:
    """Return the path, below a group, of a figure that members differ by.

    Raises
    ------
    PathError
        When the words name nothing or several things.
    """
    return resolve(
        [known for known, _ in canonical({"site": group.site, "hall": group.hall})], path
    )


def spread_out(group: SiteGroup, path: str, half: str, width: int) -> SiteGroup:
    """Spread one figure evenly over the members, `half` to either side.

    Members take the places (m + 1) x golden ratio mod 1, times a number of the figure's own, so
    that two figures do not rise together.
    """
    own = spread_path(group, path)
    stride = 1 + sum(map(ord, own)) % 7
    places = (np.arange(1, group.members + 1) * GOLDEN_FRAC * stride) % 1.0
    offsets = np.repeat(2.0 * places - 1.0, width)
    middle = column(dict(canonical({"site": group.site, "hall": group.hall}))[own])
    where, _, rest = own.partition(".")
    changed = replaced(
        getattr(group, where), rest, middle + offsets * parse(half, own.rpartition(".")[2])
    )
    return replace(group, **{where: changed})


def pooled(value: Series | Column, members: int, *, add: bool = True) -> Series:
    """Bring members together: (T, M x N) -> (T, N), or (M x N,) -> (N,).

    Members are added one after another, those that are alike too, so that one future alone gives
    the same bits as among many; with `add` off the sum is divided by their number.
    """
    if members == 1:
        return value
    if value.shape[-1] == 1:
        apart = np.broadcast_to(value[..., None], (*value.shape[:-1], members, 1))
    else:
        apart = value.reshape(*value.shape[:-1], members, -1)
    total = np.cumsum(apart, axis=-2)[..., -1, :]
    return total if add else total / float(members)


def machine(yard: Yard, name: str) -> Machine:
    """Work out the chips of a hall, their network, store, power and price."""
    hall, shelf = yard.halls[name], yard.shelf
    system: System = shelf[hall.system]
    chip: Chip = shelf[system.chip]
    costs = shelf[yard.site.costs]
    final = column(hall.chips_count.values[-1])
    bill = fabric_bill(final, shelf[hall.fabric], chip.scale_out_gb_per_s)
    store = shelf[hall.storage]
    shared = {
        "network_w_per_chip": bill.power_w_per_chip,
        "storage_w_per_chip": storage_w_per_chip(store),
    }
    nameplate = column(system.power_max_kw) / system.chips
    listed = column(system.price_usd) / system.chips
    bought = listed if hall.price_usd_per_chip is None else column(hall.price_usd_per_chip)
    life = column(system.life_years if hall.life_years is None else hall.life_years)
    return Machine(
        system=system,
        chip=chip,
        final_count=final,
        bill=bill,
        power=it_power(system_kw_per_chip=nameplate, mean_frac=system.power_mean_frac, **shared),
        idle_kw_per_chip=it_power(
            system_kw_per_chip=nameplate, mean_frac=system.idle_frac, **shared
        ).mean_kw_per_chip,
        chip_usd_per_chip=bought * column(hall.paid_ratio) + column(costs.deploy_usd_per_chip),
        network_usd_per_chip=bill.price_usd_per_chip + storage_usd_per_chip(store),
        life_years=np.maximum(life + column(hall.life_extra_years), SHORTEST_LIFE_YEARS),
        working_frac=in_service_frac(
            system.failures_count_per_chip_year, system.chips, shelf[hall.recovery]
        ),
    )


def hall_facility(
    yard: Yard, hall: Hall | None, made: Machine | None, outdoors: Outdoors
) -> Facility:
    """Return PUE and water of a hall; of a bare shell when there is none."""
    cooling = yard.shelf[(hall.cooling if hall else None) or yard.site.cooling]
    liquid = column(yard.site.liquid_frac) if made is None else column(made.system.liquid_frac)
    mean = (
        column(yard.site.load_frac)
        if made is None
        else ratio(made.power.mean_kw_per_chip, made.power.nameplate_kw_per_chip, 1.0)
    )
    return facility(
        cooling_load(outdoors, cooling, liquid),
        yard.shelf[yard.site.chain],
        load_frac=mean,
        pue_extra_ratio=yard.site.pue_extra_ratio,
    )


def shell_by_date(yard: Yard, capacity_mw: Column, calendar: Calendar) -> Steps:
    """Return facility power under a roof by date.

    As stated; else as built from the ground-breaking on; else just in time for the power, phase by
    phase.
    """
    site, costs = yard.site, yard.shelf[yard.site.costs]
    if site.shell_mw is not None:
        return site.shell_mw
    if site.construction_date is not None:
        months = costs.build_months if site.build_months is None else site.build_months
        return shell_mw(
            capacity_mw, site.construction_date, months, site.buildings, site.spacing_months
        )
    return just_in_time_mw(site, capacity_mw, calendar)


def just_in_time_mw(site: Site, capacity_mw: Column, calendar: Calendar) -> Steps:
    """Return buildings that are ready when power is, in order of date."""
    rises = []
    for power in (site.grid_mw, site.gas_mw):
        if not np.any([np.any(column(mw) > 0.0) for mw in power.values]):
            continue
        before: Column = np.zeros(1)
        dated = from_start(power, calendar)
        for date, mw in zip(dated.dates, dated.values, strict=True):
            rises.append((column(date), column(mw) - before))
            before = column(mw)
    if not rises:
        return constant(capacity_mw)
    dates = stack([date for date, _ in rises])
    sizes = stack([size for _, size in rises])
    width = max(dates.shape[1], sizes.shape[1])
    dates = np.broadcast_to(dates, (len(rises), width))
    sizes = np.broadcast_to(sizes, (len(rises), width))
    order = np.argsort(dates, axis=0, kind="stable")
    dates = np.take_along_axis(dates, order, axis=0)
    reached = np.cumsum(np.take_along_axis(sizes, order, axis=0), axis=0)
    return Steps(tuple(dates), tuple(np.minimum(row, capacity_mw) for row in reached))


def grounds(
    yard: Yard,
    machines: Mapping[str, Machine],
    purses: dict[str, Series],
    outdoors: Outdoors,
    calendar: Calendar,
) -> Grounds:
    """Work out what a yard can hold and what each hall may run, by month.

    `purses` holds what each party with a limit can still spend on chips by date; it is drawn down.
    """
    site = yard.site
    outdoors = with_design_day(outdoors, yard.shelf[yard.shelf[site.place].climate])
    plants = {
        name: hall_facility(yard, hall, machines[name], outdoors)
        for name, hall in yard.halls.items()
    }
    bare = next(iter(plants.values())) if plants else hall_facility(yard, None, None, outdoors)
    each = {
        name: machines[name].power.nameplate_kw_per_chip
        * plant.peak_pue_ratio
        * column(yard.halls[name].provision_ratio)
        / KW_PER_MW
        for name, plant in plants.items()
    }
    needed: Column = np.zeros(1)
    for name, per_chip in each.items():
        needed = needed + machines[name].final_count * per_chip
    firm = firm_mw(on_calendar(site.grid_mw, calendar), on_calendar(site.gas_mw, calendar), 1.0)
    capacity = final_capacity_mw(site, needed)
    steps = shell_by_date(yard, capacity, calendar)
    shell = on_calendar(steps, calendar)
    left = {"grid": firm, "shell": shell}
    if site.heat_mw is not None:
        left["cooling"] = on_calendar(site.heat_mw, calendar)
    held = {}
    for name, hall in yard.halls.items():
        made = machines[name]
        draw = {"grid": each[name], "shell": each[name]}
        draw["cooling"] = made.power.nameplate_kw_per_chip / KW_PER_MW
        most = {limit: power / draw[limit] for limit, power in left.items()}
        cash = purses.get(hall.owner)
        if cash is not None:
            share = tiled_series(cash, yard.members) / float(yard.members)
            most["cash"] = share / (made.chip_usd_per_chip + made.network_usd_per_chip)
        held[name] = hold(hall, made, plants[name], each[name], most, calendar)
        if cash is not None:
            purses[hall.owner] = np.maximum(cash - spent_usd(held[name], made, yard.members), 0.0)
        count = held[name].in_service_count
        left = {name: np.maximum(power - count * draw[name], 0.0) for name, power in left.items()}
    return Grounds(
        capacity_mw=capacity,
        needed_mw=needed,
        firm_mw=firm,
        shell_mw=shell,
        shell_steps_mw=steps,
        peak_pue_ratio=bare.peak_pue_ratio,
        bare=bare,
        held=held,
        rated_mw=capacity / (bare.peak_pue_ratio - column(site.pue_extra_ratio)),
    )


def final_capacity_mw(site: Site, needed_mw: Column) -> Column:
    """Return a campus's size: as stated, its shell's, its need or supply."""
    if site.capacity_mw is not None:
        return column(site.capacity_mw)
    if site.shell_mw is not None:
        return column(site.shell_mw.values[-1])
    supply = column(site.grid_mw.values[-1]) + column(site.gas_mw.values[-1])
    return np.asarray(np.where(needed_mw > 0.0, needed_mw, supply))


def spent_usd(held: Held, made: Machine, members: int) -> Series:
    """Return what the chips of a hall have cost by date [USD]."""
    price = made.chip_usd_per_chip + made.network_usd_per_chip
    return np.cumsum(pooled(held.deliveries.bought_count * price, members), axis=0)


def hold(
    hall: Hall,
    made: Machine,
    plant: Facility,
    per_chip_mw: Column,
    most: dict[str, Series],
    calendar: Calendar,
) -> Held:
    """Return the chips of a hall in service, and what holds back the rest."""
    stock = deliveries(hall.chips_count, made.life_years, calendar, refresh=hall.refresh)
    most["chips"] = stock.installed_count
    if "cash" in most:
        paid = np.minimum(ratio(most["cash"], stock.installed_count, 1.0), 1.0)
        stock = Deliveries(
            **{item.name: getattr(stock, item.name) * paid for item in fields(stock)}
        )
    least, binding = most["chips"], np.full((1, 1), LIMITS.index("chips"))
    for index, limit in enumerate(LIMITS[:-1]):
        if limit in most:
            binding = np.where(most[limit] < least * TIE_FRAC, index, binding)
            least = np.minimum(least, most[limit])
    binding = np.broadcast_to(binding, least.shape)
    wanted = stock.installed_count > 0.0
    return Held(
        deliveries=stock,
        in_service_count=least * made.working_frac,
        binding=np.asarray(
            np.where(wanted | (binding != LIMITS.index("chips")), binding, NOTHING_BINDS)
        ),
        facility=plant,
        peak_kw_per_chip=per_chip_mw * KW_PER_MW,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Load:
    """What a yard draws and what that costs, by month; members still apart.

    Parameters
    ----------
    it_mwh : Series
        IT energy.
    load_mw, peak_mw : Series
        Facility power, mean and worst hour.
    supply : Supply
        From grid and gas.
    energy_usd : Series
        Bill and fuel.
    carbon_t, water_m3 : Series
        Emissions and water.
    hall_frac : dict of str to Series
        Each hall's share of the load.
    """

    it_mwh: Series
    load_mw: Series
    peak_mw: Series
    supply: Supply
    energy_usd: Series
    carbon_t: Series
    water_m3: Series
    hall_frac: dict[str, Series]


def load(
    yard: Yard,
    ground: Grounds,
    machines: Mapping[str, Machine],
    busy_frac: Mapping[str, Series],
    price_ratio: Series,
    calendar: Calendar,
) -> Load:
    """Work out the energy of a yard from the share of its chips at work.

    Parameters
    ----------
    yard, ground : Yard, Grounds
        The site and what it holds.
    machines : mapping
        Hall -> Machine.
    busy_frac : mapping
        Hall -> share of chips in service that are at work (T, N), members alike.
    price_ratio : Series
        Energy prices over those of the price year (T, N).
    calendar : Calendar
        The months.
    """
    zero = np.zeros((calendar.months, 1))
    it, mean, peak, water = zero, zero, zero, zero
    draws = {}
    for name, held in ground.held.items():
        power = machines[name].power
        busy = tiled_series(busy_frac[name], yard.members)
        kw = busy * power.mean_kw_per_chip + (1.0 - busy) * machines[name].idle_kw_per_chip
        hall_it = held.in_service_count * kw / KW_PER_MW
        pue = held.facility.pue_ratio[calendar.month_of_year]
        draws[name] = hall_it * pue
        it, mean = it + hall_it, mean + draws[name]
        peak = (
            peak
            + held.in_service_count
            * power.peak_kw_per_chip
            / KW_PER_MW
            * held.facility.peak_pue_ratio
        )
        water = water + water_m3(
            hall_it * calendar.hours, held.facility.water_l_per_kwh[calendar.month_of_year]
        )
    if not ground.held:
        it = (
            np.minimum(ground.shell_mw, ground.firm_mw)
            / ground.peak_pue_ratio
            * column(yard.site.load_frac)
        )
        mean = it * ground.bare.pue_ratio[calendar.month_of_year]
        peak = np.minimum(ground.shell_mw, ground.firm_mw)
        water = water_m3(it * calendar.hours, ground.bare.water_l_per_kwh[calendar.month_of_year])
    return metered(yard, (it, mean, peak, water), draws, price_ratio, calendar)


def tiled_series(series: Series, members: int) -> Series:
    """Repeat a series of futures for each member that is held apart."""
    return np.tile(series, (1, members)) if members > 1 and series.shape[1] > 1 else series


def metered(
    yard: Yard,
    drawn: tuple[Series, Series, Series, Series],
    draws: Mapping[str, Series],
    price_ratio: Series,
    calendar: Calendar,
) -> Load:
    """Serve a load from grid and gas, and bill it."""
    site, place, costs = yard.site, yard.shelf[yard.site.place], yard.shelf[yard.site.costs]
    it, mean, peak, water = drawn
    price = on_calendar(
        constant(place.price_usd_per_mwh)
        if site.price_usd_per_mwh is None
        else site.price_usd_per_mwh,
        calendar,
    )
    rise = tiled_series(price_ratio, yard.members)
    fuel = (
        place.gas_usd_per_mmbtu
        if site.gas_price_usd_per_mmbtu is None
        else site.gas_price_usd_per_mmbtu
    )
    burn = gas_usd_per_mwh(fuel, costs.gas_heat_rate_mmbtu_per_mwh, costs.gas_om_usd_per_mwh)
    supply = served(
        mean,
        peak,
        calendar.hours,
        grid_mw=on_calendar(site.grid_mw, calendar),
        gas_mw=on_calendar(site.gas_mw, calendar),
        grid_usd_per_mwh=price,
        gas_usd_per_mwh=burn,
    )
    demand = (
        place.demand_usd_per_kw_month
        if site.demand_usd_per_kw_month is None
        else site.demand_usd_per_kw_month
    )
    bill = bill_usd(
        supply.grid_mwh,
        supply.grid_peak_mw,
        price_usd_per_mwh=price,
        demand_usd_per_kw_month=demand,
        contract_mw=on_calendar(site.grid_mw, calendar),
        take_frac=place.take_frac,
    )
    grid_carbon = (
        place.carbon_kg_per_mwh if site.carbon_kg_per_mwh is None else site.carbon_kg_per_mwh
    )
    return Load(
        it_mwh=it * calendar.hours,
        load_mw=mean,
        peak_mw=peak,
        supply=supply,
        energy_usd=(bill + fuel_usd(supply, burn)) * rise
        + water * column(place.water_usd_per_m3) * rise,
        carbon_t=grid_t(supply.grid_mwh, grid_carbon)
        + gas_t(supply.gas_mwh, costs.gas_heat_rate_mmbtu_per_mwh, GAS_CARBON_KG_PER_MMBTU),
        water_m3=water,
        hall_frac={name: ratio(draw, mean, 0.0) for name, draw in draws.items()},
    )


def facility_capex_usd(
    yard: Yard, ground: Grounds, machines: Mapping[str, Machine]
) -> dict[str, Column]:
    """Return the cost of building and plant by asset class [USD] (N,)."""
    costs, place = yard.shelf[yard.site.costs], yard.shelf[yard.site.place]
    first = next(iter(machines.values()), None)
    liquid = column(yard.site.liquid_frac) if first is None else column(first.system.liquid_frac)
    market = column(place.cost_ratio if yard.site.cost_ratio is None else yard.site.cost_ratio)
    it_mw = ground.rated_mw
    each = facility_usd_per_mw(costs, market, liquid)
    gas = column(yard.site.gas_mw.values[-1]) * KW_PER_MW * column(costs.gas_usd_per_kw)
    return {**{name: it_mw * usd for name, usd in each.items()}, "generation": gas}


def cloud_count(hall: Hall, calendar: Calendar) -> Series:
    """Return the chips rented from a cloud by month (T, 1) or (T, N)."""
    return on_calendar(hall.chips_count, calendar)


def annual_mean(load_mwh: Series, it_mwh: Series) -> Column:
    """Return facility over IT energy over the whole plan (N,)."""
    return ratio(over_time(load_mwh), over_time(it_mwh), 1.0)
