"""Workloads on halls: how fast, how reliably, how many chips, and what they bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gigaplan.cluster.fabric import fabric_tiers
from gigaplan.cluster.reliability import goodput, uptime_frac
from gigaplan.cluster.storage import checkpoint_block_s, checkpoint_gb, checkpoint_write_s
from gigaplan.compute.roofline import peak_tflops
from gigaplan.compute.serve import Replica, ServePoint, best_replica, serve_tiers, serving_point
from gigaplan.compute.train import Layout, TrainStep, best_layout, layout, step
from gigaplan.compute.workload import Convention, parameters_count, train_flop_per_token
from gigaplan.money.revenue import (
    allocate,
    campaign,
    declined_ratio,
    run_value_usd,
    served_mtoken,
    serving_chips_count,
)
from gigaplan.plan.schema import Serve, Train
from gigaplan.units import (
    HOURS_PER_YEAR,
    MONTHS_PER_YEAR,
    SECONDS_PER_HOUR,
    TOKENS_PER_MTOKEN,
    Calendar,
    Column,
    Series,
    added,
    column,
    on_calendar,
    ratio,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gigaplan.compute.collective import Tiers
    from gigaplan.compute.roofline import Chip, System
    from gigaplan.plan.schema import Hall, Plan, Rent

BATCH_TOKENS = 16_777_216
"""Tokens in a step where the plan is silent: 16 Mi, as Llama 3 405B used for most of its run."""
SECONDS_PER_MONTH = HOURS_PER_YEAR / MONTHS_PER_YEAR * SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trainer:
    """A training workload in one hall.

    Parameters
    ----------
    step : TrainStep
        One optimizer step.
    goodput_frac : Column
        Share of time that makes progress.
    chips_count : Column
        Chips that it wants.
    run_months : Column
        Length of a run on all of them [months].
    """

    step: TrainStep
    goodput_frac: Column
    chips_count: Column
    run_months: Column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Server:
    """An inference workload in one hall.

    Parameters
    ----------
    point : ServePoint
        Operating point under the SLO.
    tokens_per_s_per_chip : Column
        Output tokens at that point, uptime and the plan's ratio included.
    """

    point: ServePoint
    tokens_per_s_per_chip: Column


def all_halls(plan: Plan) -> dict[str, Hall]:
    """Return every hall, those of site groups under the group's name."""
    return {**plan.halls, **{name: group.hall for name, group in plan.site_groups.items()}}


def halls_of(plan: Plan, work: Train | Serve | Rent) -> list[str]:
    """Return the halls that a workload may run in, in order."""
    return list(work.halls) or list(all_halls(plan))


def members_of(plan: Plan, hall: str) -> int:
    """Return how many like halls stand behind a name."""
    return plan.site_groups[hall].members if hall in plan.site_groups else 1


def hall_parts(plan: Plan, name: str) -> tuple[Hall, System, Chip]:
    """Return a hall with its system and chip."""
    hall = all_halls(plan)[name]
    offer = plan.entities[hall.offer] if hall.tenure == "cloud" and hall.offer else None
    system = plan.entities[offer.system if offer is not None else hall.system]
    return hall, system, plan.entities[system.chip]


def tiers_of(plan: Plan, name: str, chips: int) -> Tiers:
    """Return the levels of links in a hall, as the training law reaches them."""
    hall, system, chip = hall_parts(plan, name)
    law = plan.entities["train"]
    return fabric_tiers(
        plan.entities[hall.fabric],
        scale_up_gb_per_s=chip.scale_up_gb_per_s,
        scale_up_chips=system.scale_up_chips,
        scale_up_latency_us=law.scale_up_us,
        scale_out_gb_per_s=chip.scale_out_gb_per_s,
        bandwidth_frac=law.link_frac,
        chips=chips,
    )


def batch_of(work: Train) -> int:
    """Return the sequences in a step."""
    return work.global_batch or max(1, BATCH_TOKENS // work.sequence)


def wanted_chips(plan: Plan, work: Train, hall: str) -> int:
    """Return the chips that a layout is made for, at central figures."""
    if work.chips_count is not None:
        return int(np.median(column(work.chips_count)))
    return max(
        1,
        int(np.median(column(all_halls(plan)[hall].chips_count.values[-1])))
        * members_of(plan, hall),
    )


def train_layout(plan: Plan, work: Train, hall: str) -> Layout:
    """Choose the parallel layout of a run, or take the one that the plan pins."""
    _, _, chip = hall_parts(plan, hall)
    chips = wanted_chips(plan, work, hall)
    if work.layout is not None:
        pinned = work.layout
        return layout(
            chips=chips,
            tp=pinned.tp,
            pp=pinned.pp,
            vp=pinned.vp,
            cp=pinned.cp,
            ep=pinned.ep,
            micro_batch=pinned.micro_batch,
            recompute=pinned.recompute,
            zero=pinned.zero,
            shard=pinned.shard,
        )
    return best_layout(
        plan.entities[work.model],
        chip,
        tiers_of(plan, hall, chips),
        plan.entities["train"],
        chips=chips,
        global_batch=batch_of(work),
        seq=work.sequence,
        precision=work.precision,
    )


def trainer(plan: Plan, workload: str, name: str, spread: Layout) -> Trainer:
    """Price a training workload in one hall, with the layout that was chosen."""
    work = plan.workloads[workload]
    if not isinstance(work, Train):
        raise TypeError(f"{workload} is not a training workload")
    hall, system, chip = hall_parts(plan, name)
    model = plan.entities[work.model]
    chips = int(spread.chips[0])
    made = step(
        model,
        chip,
        tiers_of(plan, name, chips),
        spread,
        plan.entities["train"],
        global_batch=batch_of(work),
        seq=work.sequence,
        precision=work.precision,
        mfu_extra_frac=work.mfu_extra_frac,
    )
    recovery, store = plan.entities[hall.recovery], plan.entities[hall.storage]
    size = checkpoint_gb(parameters_count(model), recovery.state_byte)
    wanted = column(float(chips)) if work.chips_count is None else column(work.chips_count)
    kept = goodput(
        failures_count_per_chip_year=system.failures_count_per_chip_year,
        chips_count=wanted,
        block_s=checkpoint_block_s(size, wanted, store),
        write_s=checkpoint_write_s(size, wanted, store),
        recovery=recovery,
        goodput_extra_frac=hall.goodput_extra_frac,
    ).goodput_frac
    rate = made.tokens_per_s_per_chip * wanted * kept
    rate = np.where(made.verdict == 0, rate, np.nan)
    return Trainer(
        step=made,
        goodput_frac=kept,
        chips_count=wanted,
        run_months=column(work.tokens_mtoken) * TOKENS_PER_MTOKEN / rate / SECONDS_PER_MONTH,
    )


def serve_replica(plan: Plan, work: Serve, name: str) -> Replica:
    """Choose the replica with the most tokens per chip under the SLO."""
    _, system, chip = hall_parts(plan, name)
    law = plan.entities["serve"]
    return best_replica(
        plan.entities[work.model],
        chip,
        serve_tiers(chip, system, law),
        law,
        isl_token=work.isl_token,
        osl_token=work.osl_token,
        ttft_s=work.ttft_s,
        tpot_s=work.tpot_s,
        precision=work.precision,
    )


def server(plan: Plan, workload: str, name: str, replica: Replica) -> Server:
    """Price an inference workload in one hall, with its chosen replica."""
    work = plan.workloads[workload]
    if not isinstance(work, Serve):
        raise TypeError(f"{workload} is not an inference workload")
    hall, system, chip = hall_parts(plan, name)
    law = plan.entities["serve"]
    point = serving_point(
        plan.entities[work.model],
        chip,
        serve_tiers(chip, system, law),
        replica,
        law,
        isl_token=work.isl_token,
        osl_token=work.osl_token,
        ttft_s=work.ttft_s,
        tpot_s=work.tpot_s,
        throughput_ratio=work.throughput_ratio,
    )
    up = uptime_frac(
        system.failures_count_per_chip_year,
        float(replica.tp),
        plan.entities[hall.recovery].serve_restart_s,
    )
    up = np.clip(up + column(hall.goodput_extra_frac), 0.0, 1.0)
    return Server(point=point, tokens_per_s_per_chip=point.tokens_per_s_per_chip * up)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """A workload over its halls, by month.

    Parameters
    ----------
    given_count : dict of str to Series
        Hall -> chips set aside.
    busy_count : dict of str to Series
        Hall -> chips at work on average.
    revenue_usd : dict of str to Series
        Hall -> what it brings.
    served_mtoken : Series
        Tokens served or trained.
    finish_date : dict of str to Column
        Hall -> end of the first training run.
    """

    given_count: dict[str, Series]
    busy_count: dict[str, Series]
    revenue_usd: dict[str, Series]
    served_mtoken: Series
    finish_date: dict[str, Column]


def jobs(
    plan: Plan,
    free_count: Mapping[str, Series],
    makers: Mapping[tuple[str, str], Trainer | Server],
    calendar: Calendar,
) -> dict[str, Job]:
    """Hand the chips in service to the workloads and work out what each does.

    Parameters
    ----------
    plan : Plan
        Its workloads, first come first served.
    free_count : mapping
        Hall -> chips in service (T, N).
    makers : mapping
        (workload, hall) -> how fast it runs there.
    calendar : Calendar
        The months.
    """
    wanted = {
        (name, hall): wanted_count(work, makers.get((name, hall)), calendar)
        for name, work in plan.workloads.items()
        for hall in halls_of(plan, work)
    }
    given = allocate(free_count, wanted, list(plan.workloads))
    result = {}
    for name, work in plan.workloads.items():
        mine = {hall: chips for (key, hall), chips in given.items() if key == name}
        if isinstance(work, Train):
            result[name] = train_job(plan, work, name, mine, makers, calendar)
        elif isinstance(work, Serve):
            result[name] = serve_job(work, name, mine, makers, calendar)
        else:
            result[name] = rent_job(work, mine, calendar)
    return result


def wanted_count(
    work: Train | Serve | Rent, maker: Trainer | Server | None, calendar: Calendar
) -> Series:
    """Return the most chips that a workload can use of a hall it has alone."""
    most: Series = (
        np.full((1, 1), np.inf) if work.chips_count is None else column(work.chips_count)[None, :]
    )
    if isinstance(maker, Trainer):
        return most if work.chips_count is None else maker.chips_count[None, :]
    if (
        isinstance(maker, Server)
        and isinstance(work, Serve)
        and work.demand_mtoken_per_s is not None
    ):
        growth = declined_ratio(-column(work.demand_growth_frac_per_year), calendar.months)
        demand = on_calendar(work.demand_mtoken_per_s, calendar) * growth
        return np.minimum(
            most,
            serving_chips_count(demand, maker.tokens_per_s_per_chip, column(work.utilised_frac)),
        )
    return most


def train_job(
    plan: Plan,
    work: Train,
    name: str,
    given: dict[str, Series],
    makers: Mapping[tuple[str, str], Trainer | Server],
    calendar: Calendar,
) -> Job:
    """Run a training workload on the chips it was given."""
    every = None if work.every_months is None else column(work.every_months)
    flop = train_flop_per_token(plan.entities[work.model], work.sequence, Convention.SIX_N)
    paces = {hall: pace(chips, makers[name, hall]) for hall, chips in given.items()}
    whole = added(list(paces.values()))
    # In units of a run a month: halls add up, and one run is done once over all of them.
    runs = campaign(whole, every, calendar.dates)
    tokens_each = column(work.tokens_mtoken) * TOKENS_PER_MTOKEN
    busy, revenue = {}, {}
    for hall, chips in given.items():
        _, _, chip = hall_parts(plan, hall)
        each = run_value_usd(
            column(work.value_usd_per_chip_h), flop, peak_tflops(chip, work.precision)
        )
        share = ratio(paces[hall], whole, 0.0)
        busy[hall] = chips * runs.busy_frac * np.where(paces[hall] > 0.0, 1.0, 0.0)
        revenue[hall] = runs.runs_count * share * each * tokens_each
    return Job(
        given_count=given,
        busy_count=busy,
        revenue_usd=revenue,
        served_mtoken=runs.runs_count * column(work.tokens_mtoken),
        finish_date=dict.fromkeys(given, runs.finish_date),
    )


def pace(chips_count: Series, maker: Trainer | Server) -> Series:
    """Return how much of a run some chips of a hall do in a month (T, N)."""
    if not isinstance(maker, Trainer):
        raise TypeError("a training workload was not priced as one")
    months = np.where(np.isfinite(maker.run_months), maker.run_months, np.inf)
    return np.asarray(chips_count / maker.chips_count / months)


def serve_job(
    work: Serve,
    name: str,
    given: dict[str, Series],
    makers: Mapping[tuple[str, str], Trainer | Server],
    calendar: Calendar,
) -> Job:
    """Serve tokens on the chips that were given."""
    price = column(work.price_usd_per_mtoken) + column(work.input_price_usd_per_mtoken) * column(
        work.isl_token
    ) / column(work.osl_token)
    level = declined_ratio(column(work.price_decline_frac_per_year), calendar.months)
    busy, revenue = {}, {}
    tokens: Series = np.zeros((calendar.months, 1))
    for hall, chips in given.items():
        maker = makers[name, hall]
        if not isinstance(maker, Server):
            raise TypeError("an inference workload was not priced as one")
        out = served_mtoken(
            chips, maker.tokens_per_s_per_chip, column(work.utilised_frac), calendar.hours
        )
        busy[hall] = chips * column(work.utilised_frac)
        revenue[hall] = out * price * level
        tokens = tokens + out
    return Job(
        given_count=given,
        busy_count=busy,
        revenue_usd=revenue,
        served_mtoken=tokens,
        finish_date={},
    )


def rent_job(work: Rent, given: dict[str, Series], calendar: Calendar) -> Job:
    """Rent out the chips that were given."""
    price = on_calendar(work.price_usd_per_chip_h, calendar)
    level = declined_ratio(column(work.price_decline_frac_per_year), calendar.months)
    busy = {hall: chips * column(work.utilised_frac) for hall, chips in given.items()}
    revenue = {hall: chips * calendar.hours * price * level for hall, chips in busy.items()}
    return Job(
        given_count=given,
        busy_count=busy,
        revenue_usd=revenue,
        served_mtoken=np.zeros((calendar.months, 1)),
        finish_date={},
    )
