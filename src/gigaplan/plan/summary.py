"""Gathers what the stages worked out into a Result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gigaplan.figure import Verdict
from gigaplan.money.cash import Flows
from gigaplan.plan.books import Books, overhead_usd, ready_it_mw
from gigaplan.plan.result import (
    LIMITS,
    NOTHING_BINDS,
    HallResult,
    Levelised,
    Names,
    Result,
    Serving,
    SiteResult,
    Training,
    Work,
)
from gigaplan.plan.schema import Rent, Train
from gigaplan.plan.work import Job, Server, Trainer, hall_parts
from gigaplan.plan.yards import GAS_CARBON_KG_PER_MMBTU, annual_mean, facility_capex_usd, pooled
from gigaplan.site.carbon import KG_PER_T
from gigaplan.units import (
    HOURS_PER_YEAR,
    KW_PER_MW,
    MONTHS_PER_YEAR,
    W_PER_MW,
    Calendar,
    Column,
    Series,
    added,
    column,
    over_time,
    ratio,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gigaplan.plan.books import Used
    from gigaplan.plan.schema import Plan

__all__ = ["GAS_CARBON_KG_PER_MMBTU", "result_of"]
HOURS_PER_MONTH = HOURS_PER_YEAR / MONTHS_PER_YEAR
DAYS_PER_MONTH = 365.0 / MONTHS_PER_YEAR
SERVED_FRAC = 1.0 - 1e-9
"""A month is held by demand when less than this share of the chips in service is given out."""


def result_of(
    plan: Plan,
    calendar: Calendar,
    used: Mapping[str, Used],
    service: Mapping[str, Series],
    busy: Mapping[str, Series],
    makers: Mapping[tuple[str, str], Trainer | Server],
    work: Mapping[str, Job],
    ledger: Books,
    money: Names,
    joint: Flows,
) -> Result:
    """Return everything that a simulated plan says."""
    compute = Names(
        {name: work_result(plan, name, job, makers, used) for name, job in work.items()}
    )
    cluster = Names()
    for one in used.values():
        for hall in one.yard.halls:
            cluster[hall] = hall_result(one, hall, service[hall], busy[hall], work, calendar)
    site = Names({name: site_result(one, calendar) for name, one in used.items()})
    return Result(
        calendar=calendar,
        compute=compute,
        cluster=cluster,
        site=site,
        money=money,
        levelised=levelised(plan, calendar, ledger, joint, service, compute, used),
        verdict=verdict_of(makers, compute, used, service, money),
    )


def site_result(one: Used, calendar: Calendar) -> SiteResult:
    """Return a site or group, its members brought together."""
    yard, ground, load = one.yard, one.ground, one.load

    def whole(value: Series | Column) -> Series:
        return pooled(value, yard.members)

    capex: Column = np.zeros(1)
    for usd in facility_capex_usd(yard, ground, one.machines).values():
        capex = capex + usd
    supply = [yard.site.grid_mw, yard.site.gas_mw]
    begins = [column(steps.dates[0]) for steps in supply if np.any(column(steps.values[0]) > 0.0)]
    first_supply: Column = np.full(1, np.inf)
    for date in begins:
        first_supply = np.minimum(first_supply, date)
    last_supply = column(yard.site.grid_mw.dates[-1])
    costs = yard.shelf[yard.site.costs]
    usual = (
        np.full(1, np.nan)
        if yard.site.construction_date is None
        else column(yard.site.construction_date) + column(costs.build_months)
    )
    return SiteResult(
        capacity_mw=whole(ground.capacity_mw),
        needed_mw=whole(ground.needed_mw),
        firm_mw=whole(ground.firm_mw),
        shell_mw=whole(ground.shell_mw),
        load_mw=whole(load.load_mw),
        peak_mw=whole(load.peak_mw),
        it_mwh=whole(load.it_mwh),
        grid_mwh=whole(load.supply.grid_mwh),
        gas_mwh=whole(load.supply.gas_mwh),
        unserved_mwh=whole(load.supply.unserved_mwh),
        energy_usd=whole(load.energy_usd),
        carbon_t=whole(load.carbon_t),
        water_m3=whole(load.water_m3),
        total_mwh=over_time(whole(load.load_mw * calendar.hours)),
        total_usd=over_time(whole(load.energy_usd)),
        total_t=over_time(whole(load.carbon_t)),
        total_m3=over_time(whole(load.water_m3)),
        pue_ratio=annual_mean(whole(load.load_mw * calendar.hours), whole(load.it_mwh)),
        peak_pue_ratio=pooled(ground.peak_pue_ratio, yard.members, add=False),
        capex_usd=whole(capex),
        first_power_date=pooled(
            np.maximum(column(ground.shell_steps_mw.dates[0]), first_supply),
            yard.members,
            add=False,
        ),
        full_power_date=pooled(
            np.maximum(column(ground.shell_steps_mw.dates[-1]), last_supply),
            yard.members,
            add=False,
        ),
        usual_power_date=pooled(usual, yard.members, add=False),
    )


def hall_result(
    one: Used, hall: str, service: Series, busy: Series, work: Mapping[str, Job], calendar: Calendar
) -> HallResult:
    """Return a hall, its members brought together."""
    yard, held, made = one.yard, one.ground.held[hall], one.machines[hall]
    stock = held.deliveries
    price = made.chip_usd_per_chip + made.network_usd_per_chip
    again = column(yard.halls[hall].refresh_price_ratio)
    first = over_time(stock.bought_count * price)
    capex = first + over_time(stock.refreshed_count * again * made.chip_usd_per_chip)
    given: Series = np.zeros((1, 1))
    for job in work.values():
        given = given + job.given_count.get(hall, np.zeros((1, 1)))
    binding = held.binding if yard.members == 1 else first_member(held.binding, yard.members)
    idle = (given < SERVED_FRAC * service) & (service > 0.0)
    pue = held.facility.pue_ratio
    return HallResult(
        installed_count=pooled(stock.installed_count, yard.members),
        in_service_count=service,
        busy_count=busy,
        chip_hours_count=over_time(service * calendar.hours),
        binding=np.asarray(np.where(idle, LIMITS.index("demand"), binding)),
        peak_kw_per_chip=pooled(held.peak_kw_per_chip, yard.members, add=False),
        mean_kw_per_chip=pooled(
            made.power.mean_kw_per_chip * over_time(pue) / pue.shape[0], yard.members, add=False
        ),
        price_usd_per_chip=pooled(price, yard.members, add=False),
        first_capex_usd=pooled(first, yard.members),
        capex_usd=pooled(capex, yard.members),
        switches_count=pooled(made.bill.switches_count, yard.members),
        optics_count=pooled(made.bill.optics_count, yard.members),
    )


def first_member(binding: NDArray[np.int64], members: int) -> NDArray[np.int64]:
    """Return what binds the first member of a group; the others are like it."""
    if binding.shape[1] == 1:
        return binding
    return binding.reshape(binding.shape[0], members, -1)[:, 0, :]


def work_result(
    plan: Plan,
    name: str,
    job: Job,
    makers: Mapping[tuple[str, str], Trainer | Server],
    used: Mapping[str, Used],
) -> Work:
    """Return a workload over all its halls."""
    given: Series = np.zeros((1, 1))
    busy: Series = np.zeros((1, 1))
    revenue: Series = np.zeros((1, 1))
    halls = Names()
    work = plan.workloads[name]
    for hall in job.given_count:
        given, busy, revenue = (
            given + job.given_count[hall],
            busy + job.busy_count[hall],
            revenue + job.revenue_usd[hall],
        )
        maker = makers.get((name, hall))
        if isinstance(maker, Trainer) and isinstance(work, Train):
            halls[hall] = training(plan, work, hall, maker, job, used)
        elif isinstance(maker, Server):
            halls[hall] = Serving(
                point=maker.point,
                tokens_per_s_per_chip=maker.tokens_per_s_per_chip,
                served_mtoken=job.served_mtoken,
            )
        elif not isinstance(work, Rent):
            raise TypeError(f"{name} was not priced in {hall}")
    return Work(
        given_count=given,
        busy_count=busy,
        revenue_usd=revenue,
        served_mtoken=job.served_mtoken,
        halls=halls,
    )


def training(
    plan: Plan, work: Train, hall: str, maker: Trainer, job: Job, used: Mapping[str, Used]
) -> Training:
    """Return a training run: its length, chip-hours, energy and carbon."""
    del work
    _, system, chip = hall_parts(plan, hall)
    hours = maker.run_months * HOURS_PER_MONTH * maker.chips_count
    chip_mwh = hours * column(chip.tdp_w) / W_PER_MW
    one = next((used_one for used_one in used.values() if hall in used_one.yard.halls), None)
    if one is None:
        it_kw = column(system.power_max_kw) / system.chips * column(system.power_mean_frac)
        pue: Column = np.full(1, np.nan)
        carbon: Column = np.full(1, np.nan)
    else:
        it_kw = one.machines[hall].power.mean_kw_per_chip
        plant = one.ground.held[hall].facility.pue_ratio
        pue = over_time(plant) / plant.shape[0]
        energy = over_time(one.load.supply.grid_mwh + one.load.supply.gas_mwh)
        carbon = ratio(over_time(one.load.carbon_t), energy) * KG_PER_T
    it_mwh = hours * it_kw / KW_PER_MW
    return Training(
        step=maker.step,
        goodput_frac=maker.goodput_frac,
        chips_count=maker.chips_count,
        run_days=maker.run_months * DAYS_PER_MONTH,
        chip_hours_count=hours,
        chip_energy_mwh=chip_mwh,
        it_energy_mwh=it_mwh,
        facility_energy_mwh=it_mwh * pue,
        chip_carbon_t=chip_mwh * pue * carbon / KG_PER_T,
        facility_carbon_t=it_mwh * pue * carbon / KG_PER_T,
        finish_date=job.finish_date[hall],
    )


def discount_ratio(plan: Plan, calendar: Calendar) -> Series:
    """Return what a dollar at each month's end is worth at the start (T, N)."""
    return np.asarray(
        np.exp(-calendar.elapsed_years * np.log1p(column(plan.discount_frac_per_year))[None, :])
    )


def levelised(
    plan: Plan,
    calendar: Calendar,
    ledger: Books,
    joint: Flows,
    service: Mapping[str, Series],
    compute: Names,
    used: Mapping[str, Used],
) -> Levelised:
    """Return discounted cost over discounted output, of all parties together.

    Notes
    -----
    Contracts between parties cancel, those with the market that cost something count; taxes, the
    cost of debt and the parties' overheads are left out. Chips bear the whole cost; tokens bear the
    share of the chip-hours that serve them.
    """
    worth = discount_ratio(plan, calendar)
    cost = added(
        [
            joint.operating_usd,
            joint.contract_out_usd,
            -joint.residual_usd,
            -overhead_usd(plan, calendar),
            *joint.capex_usd.values(),
        ]
    )
    chips = added([np.zeros((calendar.months, 1)), *service.values()])
    hours = calendar.hours * worth
    per_chip_h = ratio(over_time(cost * worth), over_time(chips * hours))
    serving = [
        one
        for one in compute.values()
        if any(isinstance(part, Serving) for part in one.halls.values())
    ]
    none: Series = np.zeros((calendar.months, 1))
    given = added([none, *(one.given_count for one in serving)])
    tokens = added([none, *(one.served_mtoken for one in serving)])
    return Levelised(
        chip_usd_per_chip_h=per_chip_h,
        token_usd_per_mtoken=per_chip_h
        * ratio(over_time(given * hours), over_time(tokens * worth)),
        shell_usd_per_kw_month=shell_cost(ledger, used, plan, worth),
    )


def shell_cost(ledger: Books, used: Mapping[str, Used], plan: Plan, worth: Series) -> Column:
    """Return the levelised cost of a kW of critical IT for a month.

    Only where sites have owners that own nothing else; NaN otherwise.
    """
    landlords = {one.yard.site.owner for one in used.values()}
    busy = {
        one.yard.halls[hall].owner for one in used.values() for hall in one.yard.halls
    } & landlords
    if (
        busy
        or not landlords <= set(plan.parties)
        or not landlords
        or any(hall.owner in landlords for hall in plan.halls.values())
    ):
        return np.full(1, np.nan)
    nothing: Series = np.zeros((worth.shape[0], 1))
    cost = added(
        [
            nothing,
            *(
                usd
                for name in sorted(landlords)
                for usd in (
                    ledger[name].lines_usd.get("operating", nothing),
                    -ledger[name].lines_usd.get("residual", nothing),
                    *ledger[name].capex_usd.values(),
                )
            ),
        ]
    )
    ready = added(
        [
            nothing,
            *(pooled(ready_it_mw(one), one.yard.members) * KW_PER_MW for one in used.values()),
        ]
    )
    return ratio(over_time(cost * worth), over_time(ready * worth))


def verdict_of(
    makers: Mapping[tuple[str, str], Trainer | Server],
    compute: Names,
    used: Mapping[str, Used],
    service: Mapping[str, Series],
    money: Names,
) -> NDArray[np.int64]:
    """Return every reason that any stage found, as bits (N,)."""
    bits: NDArray[np.int64] = np.zeros(1, dtype=np.int64)
    for maker in makers.values():
        found = maker.step.verdict if isinstance(maker, Trainer) else maker.point.verdict
        bits = bits | np.asarray(found, dtype=np.int64)
    for work in compute.values():
        for part in work.halls.values():
            if isinstance(part, Training):
                late = ~np.isfinite(part.finish_date) & np.isfinite(part.run_days)
                bits = bits | np.where(late, int(Verdict.RUN_UNFINISHED), 0)
    for one in used.values():
        short = over_time(pooled(one.load.supply.unserved_mwh, one.yard.members)) > 0.0
        ever = np.maximum(one.ground.firm_mw[-1], 0.0) + 1e-9
        over = pooled((one.ground.needed_mw > ever).astype(np.float64), one.yard.members) > 0.0
        bits = (
            bits
            | np.where(short, int(Verdict.UNSERVED_ENERGY), 0)
            | np.where(over, int(Verdict.OVER_GRID), 0)
        )
    total: Column = np.zeros(1)
    for count in service.values():
        total = total + over_time(count)
    if service:
        bits = bits | np.where(total > 0.0, 0, int(Verdict.NOT_BUILT))
    for account in money.values():
        lent = (account.peak_equity_usd <= 0.0) & np.isfinite(account.equity_irr_frac_per_year)
        bits = bits | np.asarray(account.verdict) | np.where(lent, int(Verdict.PAYS_FIRST), 0)
    return np.asarray(bits)


def binding_name(code: int) -> str:
    """Return the name of a binding limit."""
    return "-" if code == NOTHING_BINDS else LIMITS[code]
