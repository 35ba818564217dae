"""Each chip-hour sold once: to a workload, to a tenant, or left idle; and what it brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gigaplan.units import (
    MONTHS_PER_YEAR,
    SECONDS_PER_HOUR,
    TOKENS_PER_MTOKEN,
    Column,
    Series,
    over_time,
    ratio,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NEARLY = 1.0 - 1e-9
"""A run this close to done is done: sums of shares round."""
REFERENCE_MFU_FRAC = 0.40
"""MFU at which an internal value per chip-hour is meant: the value of a run must not fall because
the run got faster. Close to what large dense runs publish (Llama 3: 0.38 to 0.43)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Share:
    """What one workload gets of one hall, each (T, 1) or (T, N).

    Parameters
    ----------
    given_count : Series
        Chips set aside for the workload.
    busy_count : Series
        Chips at work on average, at most those given.
    """

    given_count: Series
    busy_count: Series


def allocate(
    free_count: Mapping[str, Series],
    wanted_count: Mapping[tuple[str, str], Series],
    order: Sequence[str],
) -> dict[tuple[str, str], Series]:
    """Hand out the chips of every hall, workload after workload.

    Parameters
    ----------
    free_count : mapping of hall to Series
        Chips in service.
    wanted_count : mapping of (workload, hall) to Series
        The most chips that each workload can use in each hall, as if it had that hall alone.
    order : sequence of str
        Workloads, first come first served.

    Returns
    -------
    dict
        (workload, hall) -> chips given. What a workload gets in one hall lowers what it wants in
        the next in the same proportion, so demand is met once.
    """
    left = dict(free_count)
    given: dict[tuple[str, str], Series] = {}
    for workload in order:
        unmet: Series = np.ones((1, 1))
        for hall in [hall for name, hall in wanted_count if name == workload]:
            wanted = wanted_count[workload, hall]
            chips = np.minimum(left[hall], wanted * unmet)
            given[workload, hall] = chips
            left[hall] = left[hall] - chips
            unmet = unmet - np.where(
                np.isfinite(wanted),
                ratio(chips, np.where(np.isfinite(wanted), wanted, 1.0), 1.0),
                0.0,
            )
            unmet = np.maximum(unmet, 0.0)
    return given


def serving_chips_count(
    demand_mtoken_per_s: Series, tokens_per_s_per_chip: Column, utilised_frac: Column
) -> Series:
    """Return the chips that a demand needs, head-room included.

    Parameters
    ----------
    demand_mtoken_per_s : Series
        Mean demand for output tokens (T, N) [Mtoken/s].
    tokens_per_s_per_chip : Column
        At the operating point that meets the SLO (N,) [token/s].
    utilised_frac : Column
        Mean demand over the capacity kept for its peaks (N,).
    """
    per_chip = tokens_per_s_per_chip * utilised_frac / TOKENS_PER_MTOKEN
    safe = np.where(np.isfinite(per_chip) & (per_chip > 0.0), per_chip, 1.0)
    chips = demand_mtoken_per_s / safe[None, :]
    return np.asarray(np.where((np.isfinite(per_chip) & (per_chip > 0.0))[None, :], chips, 0.0))


def served_mtoken(
    given_count: Series, tokens_per_s_per_chip: Column, utilised_frac: Column, month_h: Series
) -> Series:
    """Return the tokens that chips serve in each month [Mtoken] (T, N)."""
    rate = np.where(np.isfinite(tokens_per_s_per_chip), tokens_per_s_per_chip * utilised_frac, 0.0)
    return np.asarray(given_count * rate[None, :] * SECONDS_PER_HOUR * month_h / TOKENS_PER_MTOKEN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Campaign:
    """Training over the months of a plan.

    Parameters
    ----------
    busy_frac : Series
        Share of the workload's chips at work (T, N).
    runs_count : Series
        Runs finished in the month, fractions counted (T, N).
    finish_date : Column
        End of the first run [months since 2000-01] (N,); NaN when it does not end within the plan.
    """

    busy_frac: Series
    runs_count: Series
    finish_date: Column


def campaign(pace_ratio: Series, every_months: Column | None, month_date: Series) -> Campaign:
    """Spread one training run, or one after another, over the months.

    Parameters
    ----------
    pace_ratio : Series
        Share of a run that the chips at hand do in each month, failures included (T, N); half the
        chips are half as fast, 0 where they cannot run it.
    every_months : Column, optional
        A new run begins this often; None for a single run.
    month_date : Series
        Start of each month (T, 1).

    Notes
    -----
    A single run is done when the running sum of its pace reaches 1. Runs in a rhythm that the chips
    cannot keep follow each other without a break.
    """
    done = np.minimum(np.cumsum(pace_ratio, axis=0), 1.0)
    if every_months is None:
        runs = np.concatenate([done[:1], done[1:] - done[:-1]])
    else:
        runs = np.minimum(pace_ratio, 1.0 / every_months)
    return Campaign(
        busy_frac=np.minimum(ratio(runs, pace_ratio, 0.0), 1.0),
        runs_count=runs,
        finish_date=finish_date(done, pace_ratio, month_date),
    )


def finish_date(done_ratio: Series, pace_ratio: Series, month_date: Series) -> Column:
    """Return when the first run is done (N,); NaN: not within the plan."""
    before = np.concatenate([np.zeros_like(done_ratio[:1]), done_ratio[:-1]])
    reached = (done_ratio >= NEARLY) & (before < NEARLY)
    within = np.clip(ratio(1.0 - before, pace_ratio, 0.0), 0.0, 1.0)
    when = np.where(reached, month_date + within, 0.0)
    ever = over_time(reached.astype(np.float64)) > 0.0
    return np.asarray(np.where(ever, over_time(when), np.nan))


def run_value_usd(value_usd_per_chip_h: Column, run_flop: float, dense_tflops: Column) -> Column:
    """Return what a finished training run is worth [USD] (N,).

    Parameters
    ----------
    value_usd_per_chip_h : Column
        Internal value of a chip-hour at the reference MFU.
    run_flop : float
        Model FLOP of the whole run.
    dense_tflops : Column
        Dense peak of the chip in the run's precision [TFLOP/s].
    """
    chip_hours = run_flop / (dense_tflops * 1e12 * REFERENCE_MFU_FRAC * SECONDS_PER_HOUR)
    return np.asarray(value_usd_per_chip_h * chip_hours)


def declined_ratio(decline_frac_per_year: Column, months: int) -> Series:
    """Return a price's share of its first level, month by month (T, N)."""
    years = (np.arange(months, dtype=np.float64) / MONTHS_PER_YEAR)[:, None]
    return np.asarray(np.exp(years * np.log1p(-decline_frac_per_year)[None, :]))
