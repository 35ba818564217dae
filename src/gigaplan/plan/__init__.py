"""The whole model on one page: a plan is prepared, then simulated.

`prepare` makes every choice at the central values. `simulate` is pure, and the same code for one
future and for a million: chips and their surroundings, what limits them, what they do, what they
draw, who pays whom, and what is left for each party.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gigaplan.compute.serve import Replica
from gigaplan.compute.train import Layout
from gigaplan.figure import is_quantity
from gigaplan.money.build import escalation_ratio
from gigaplan.plan.books import Used, books, capacity_of, ready_dates
from gigaplan.plan.closing import closed
from gigaplan.plan.load import load, loads
from gigaplan.plan.result import Result
from gigaplan.plan.schema import Plan, Serve, Train
from gigaplan.plan.shelf import with_entities
from gigaplan.plan.summary import result_of
from gigaplan.plan.work import halls_of, jobs, serve_replica, server, train_layout, trainer
from gigaplan.plan.yards import cloud_count, grounds, machine, pooled, yards
from gigaplan.plan.yards import load as drawn_load
from gigaplan.site.weather import Outdoors, representative_hours
from gigaplan.units import MONTHS_PER_YEAR, Calendar, Steps, column, on_calendar, ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gigaplan.plan.work import Job, Server, Trainer
    from gigaplan.units import Series

__all__ = ["Choices", "Plan", "Result", "load", "loads", "prepare", "simulate"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choices:
    """What a run settles once, at central values, for all its futures.

    Parameters
    ----------
    calendar : Calendar
        The months.
    layouts : dict
        (workload, hall) -> parallel layout of a training run.
    replicas : dict
        (workload, hall) -> replica of an inference workload.
    outdoors : dict of str to Outdoors
        Climate -> its representative hours.
    """

    calendar: Calendar
    layouts: dict[tuple[str, str], Layout]
    replicas: dict[tuple[str, str], Replica]
    outdoors: dict[str, Outdoors]


def prepare(plan: Plan) -> Plan:
    """Return the plan with every choice made at its central values.

    Parameters
    ----------
    plan : Plan
        Columns in it count with their median.

    Returns
    -------
    Plan
        Ready to be simulated, alone or with columns in place of its figures.
    """
    if plan.chosen is not None:
        return plan
    plan = with_entities(plan)
    middle = central(plan)
    layouts, replicas = {}, {}
    for name, work in middle.workloads.items():
        for hall in halls_of(middle, work):
            if isinstance(work, Train):
                layouts[name, hall] = train_layout(middle, work, hall)
            elif isinstance(work, Serve):
                replicas[name, hall] = serve_replica(middle, work, hall)
    climates = {plan.entities[name].climate for name in {yard.site.place for yard in yards(middle)}}
    chosen = Choices(
        calendar=Calendar(
            float(np.floor(column(middle.start_date)[0])),
            int(np.ceil(column(middle.horizon_years)[0] * MONTHS_PER_YEAR)),
        ),
        layouts=layouts,
        replicas=replicas,
        outdoors={name: representative_hours(plan.entities[name]) for name in climates},
    )
    return replace(plan, chosen=chosen)


def central(value: Any) -> Any:  # noqa: ANN401
    """Return a plan, or a part, with each column replaced by its median."""
    if isinstance(value, np.ndarray):
        return float(np.median(value))
    if isinstance(value, Steps):
        return Steps(central(value.dates), central(value.values))
    if isinstance(value, dict):
        return {key: central(member) for key, member in value.items()}
    if isinstance(value, tuple):
        return tuple(central(member) for member in value)
    if is_dataclass(value) and not isinstance(value, type):
        inner = [
            item.name
            for item in fields(value)
            if is_quantity(item) or not item.metadata.get("internal") or item.name == "entities"
        ]
        return replace(value, **{name: central(getattr(value, name)) for name in inner})
    return value


def simulate(plan: Plan, *, statements: bool = False) -> Result:
    """Simulate a plan: one future, or as many as its columns are long.

    Parameters
    ----------
    plan : Plan
        Prepared or not; its numbers may be columns (N,).
    statements : bool
        Whether to write every line of every party's accounts, month by month (for few futures).

    Returns
    -------
    Result
        Every quantity as a column or a series; NaN where a verdict says why.

    Notes
    -----
    One pass, in the order in which the world happens; no stage looks ahead. The energy that halls
    draw follows what their chips do, which follows what power they were given at nameplate.
    """
    plan = prepare(plan)
    chosen: Choices = plan.chosen
    calendar = chosen.calendar

    # The ground: what each site can power and house, and which chips that puts in service.
    places = yards(plan)
    machines = {yard.name: {hall: machine(yard, hall) for hall in yard.halls} for yard in places}
    purses = {
        name: on_calendar(party.cash_limit_usd, calendar)
        for name, party in plan.parties.items()
        if party.cash_limit_usd is not None
    }
    ground = {
        yard.name: grounds(
            yard,
            machines[yard.name],
            purses,
            chosen.outdoors[yard.shelf[yard.site.place].climate],
            calendar,
        )
        for yard in places
    }
    service = {
        hall: pooled(held.in_service_count, yard.members)
        for yard in places
        for hall, held in ground[yard.name].held.items()
    }
    service |= {
        name: cloud_count(hall, calendar)
        for name, hall in plan.halls.items()
        if hall.tenure == "cloud"
    }

    # The work: how fast each workload runs in each hall, and which chips it gets.
    makers: dict[tuple[str, str], Trainer | Server] = {
        (name, hall): trainer(plan, name, hall, layout)
        for (name, hall), layout in chosen.layouts.items()
    }
    makers |= {
        (name, hall): server(plan, name, hall, replica)
        for (name, hall), replica in chosen.replicas.items()
    }
    work = jobs(plan, service, makers, calendar)
    busy = {hall: busy_count(plan, work, hall, chips) for hall, chips in service.items()}

    # The meter: what that draws, from where, at what price, with what carbon and water.
    rise = escalation_ratio(column(plan.inflation_frac_per_year), calendar)
    used = {}
    for yard in places:
        share = {hall: ratio(busy[hall], service[hall], 0.0) for hall in yard.halls}
        drawn = drawn_load(yard, ground[yard.name], machines[yard.name], share, rise, calendar)
        used[yard.name] = Used(
            yard=yard, ground=ground[yard.name], machines=machines[yard.name], load=drawn
        )

    # The money: who pays whom, and what is left for each party and for all together.
    ledger = books(plan, used, work, busy, calendar)
    ready = ready_dates(plan, used, calendar)
    money, joint = closed(plan, ledger, ready, calendar, statements=statements)
    return result_of(plan, calendar, used, service, busy, makers, work, ledger, money, joint)


def busy_count(plan: Plan, work: Mapping[str, Job], hall: str, service_count: Series) -> Series:
    """Return the chips of a hall that are at work, over all workloads (T, N).

    Chips that are sold by the hour and have no workload in the plan work as their buyer is said to.
    """
    mine = [job.busy_count[hall] for job in work.values() if hall in job.busy_count]
    deal = capacity_of(plan, hall)
    if not mine and deal is not None:
        return service_count * column(deal.used_frac)
    total: Series = np.zeros_like(service_count)
    for chips in mine:
        total = total + chips
    return total
