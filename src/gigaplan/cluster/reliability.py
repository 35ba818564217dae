"""Failures, checkpoints and restarts: the share of time that does useful work.

A job that runs on all its chips or not at all fails with the sum of their rates. What it loses to
writing checkpoints, to work since the last one and to restarts is taken from the exact form for
exponential failures, at the interval that loses least. The share lies in (0, 1] at every size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigaplan.units import (
    HOURS_PER_YEAR,
    SECONDS_PER_HOUR,
    Column,
    Real,
    column,
    option,
    quantity,
    ratio,
)

SECONDS_PER_YEAR = HOURS_PER_YEAR * SECONDS_PER_HOUR
NEWTON_STEPS = 5
"""From Daly's start the third step is exact to rounding for any write below 2 M; two to spare."""
LEAST_FRAC = float(np.finfo(np.float64).tiny)
"""A goodput that underflows stays above zero, so that nothing divides by it."""

LARGEST_EXPONENT = 700.0
"""exp() of more overflows; the share is then smaller than any use of it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recovery:
    """How a fleet comes back after a failure, and what else it loses."""

    title: str = option(doc="name for people")
    asynchronous: bool = option(
        default=True, doc="whether a checkpoint stops the job only for the copy to the hosts"
    )
    repair_chips: int = option(8, doc="most chips that one repair takes out: a server, some trays")
    detect_s: Real = quantity(low=0.0, doc="from a failure to its detection")
    restart_s: Real = quantity(
        low=0.0, doc="from detection to the first new step, loading included"
    )
    serve_restart_s: Real = quantity(low=0.0, doc="from a failure to a serving replica's return")
    state_byte: Real = quantity(low=0.0, doc="training state of one parameter")
    straggler_frac: Real = quantity(low=0.0, high=1.0, doc="time lost to slow chips and hosts")
    planned_frac: Real = quantity(low=0.0, high=1.0, doc="time lost to planned maintenance")
    replaced_frac: Real = quantity(
        low=0.0, high=1.0, doc="failures that take the whole system out for repair"
    )
    repair_h: Real = quantity(low=0.0, doc="from taking a system out to its return")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Goodput:
    """Where the time of a training job goes, each (1,) or (N,).

    Parameters
    ----------
    interruption_s : Column
        Mean time between interruptions of the job [s].
    interval_s : Column
        Work between two checkpoints [s].
    effective_frac : Column
        Share left by checkpoints, lost work and restarts [-].
    goodput_frac : Column
        The same less stragglers and planned maintenance [-].
    """

    interruption_s: Column
    interval_s: Column
    effective_frac: Column
    goodput_frac: Column


def interruption_s(failures_count_per_chip_year: Real, chips_count: Real) -> Column:
    """Mean time between interruptions of a job.

    Parameters
    ----------
    failures_count_per_chip_year : Real
        Interruptions that one chip and its share of all else cause [1/chip/year].
    chips_count : Real
        Chips that the job needs [-].

    Returns
    -------
    Column
        1 / (rate x chips) [s]; infinite without failures.
    """
    rate = column(failures_count_per_chip_year) * column(chips_count)
    return ratio(np.full_like(rate, SECONDS_PER_YEAR), rate, np.inf)


def young_interval_s(write_s: Real, mean_s: Real) -> Column:
    """Young's first-order interval between checkpoints.

    Parameters
    ----------
    write_s : Real
        Time w that a checkpoint stops the job [s].
    mean_s : Real
        Mean time to interruption M [s].

    Returns
    -------
    Column
        sqrt(2 w M) [s].

    References
    ----------
    young-1974
    """
    return np.asarray(np.sqrt(2.0 * column(write_s) * column(mean_s)))


def daly_interval_s(write_s: Real, mean_s: Real) -> Column:
    """Daly's higher-order interval between checkpoints.

    Parameters
    ----------
    write_s : Real
        Time w that a checkpoint stops the job [s].
    mean_s : Real
        Mean time to interruption M [s].

    Returns
    -------
    Column
        sqrt(2 w M) (1 + sqrt(w/2M)/3 + (w/2M)/9) - w, and M where w reaches 2 M [s].

    References
    ----------
    daly-2006
    """
    write, mean = column(write_s), column(mean_s)
    half = ratio(write, 2.0 * mean, 0.0)
    root = np.sqrt(half)
    series = young_interval_s(write, mean) * (1.0 + root / 3.0 + half / 9.0) - write
    return np.asarray(np.where(half < 1.0, series, mean))


def best_interval_s(write_s: Real, mean_s: Real) -> Column:
    """Interval between checkpoints that loses least, from the exact form.

    Parameters
    ----------
    write_s : Real
        Time w that a checkpoint stops the job [s].
    mean_s : Real
        Mean time to interruption M [s].

    Returns
    -------
    Column
        Work t between two checkpoints [s]; 0 for w = 0 and infinite for M infinite.

    Notes
    -----
    The minimum of (exp((t + w)/M) - 1)/t solves 1 - u = exp(-(u + w/M)) with u = t/M: Newton with a
    fixed number of steps from Daly's interval. The function is concave and falls, so the steps stay
    on one side and converge.

    References
    ----------
    daly-2006
    """
    write, mean = column(write_s), column(mean_s)
    endless = np.isinf(mean)
    finite = np.where(endless, 1.0, mean)
    waste = write / finite
    share = daly_interval_s(write, finite) / finite
    for _ in range(NEWTON_STEPS):
        left = np.exp(-(share + waste))
        # both sides vanish for w = 0, where the best interval is no interval
        step = ratio(1.0 - share - left, left - 1.0, 0.0)
        share = np.clip(share - step, 0.0, 1.0)
    return np.asarray(np.where(endless, np.where(write > 0.0, np.inf, 0.0), share * finite))


def effective_frac(interval_s: Real, write_s: Real, restart_s: Real, mean_s: Real) -> Column:
    """Share of the time that does new work, by the exact form.

    Parameters
    ----------
    interval_s : Real
        Work t between two checkpoints [s].
    write_s : Real
        Time w that a checkpoint stops the job [s].
    restart_s : Real
        Time R to be running again after a failure, work that an unfinished asynchronous write
        loses included [s].
    mean_s : Real
        Mean time to interruption M [s].

    Returns
    -------
    Column
        t / (M exp(R/M) (exp((t + w)/M) - 1)), in (0, 1] [-].

    Notes
    -----
    Exponential failures, also during writes and restarts. For t to 0 without writing the limit
    exp(-R/M) is taken.

    References
    ----------
    daly-2006
    """
    interval, write, mean = column(interval_s), column(write_s), column(mean_s)
    endless = np.isinf(mean)
    finite = np.where(endless, 1.0, mean)
    span = np.where(np.isinf(interval), 0.0, interval)
    tries = np.expm1(np.minimum((span + write) / finite, LARGEST_EXPONENT))
    kept = np.exp(-column(restart_s) / finite) * ratio(span / finite, tries, 1.0)
    free = np.where(np.isinf(interval), 1.0, ratio(span, span + write, 1.0))
    return np.asarray(np.clip(np.where(endless, free, kept), LEAST_FRAC, 1.0))


def goodput(
    *,
    failures_count_per_chip_year: Real,
    chips_count: Real,
    block_s: Real,
    write_s: Real,
    recovery: Recovery,
    goodput_extra_frac: Real = 0.0,
) -> Goodput:
    """Where the time of one gang job goes.

    Parameters
    ----------
    failures_count_per_chip_year : Real
        Of the system, everything that stops the job [1/chip/year].
    chips_count : Real
        Chips of the job [-].
    block_s : Real
        Copy of a checkpoint to the hosts (`storage.checkpoint_block_s`) [s].
    write_s : Real
        Write into the store (`storage.checkpoint_write_s`) [s].
    recovery : Recovery
        Restarts and other losses.
    goodput_extra_frac : Real
        Added to the result, which stays within (0, 1] [-].

    Returns
    -------
    Goodput
        Interval, effective share and goodput.

    Notes
    -----
    Synchronous checkpoints stop the job for the write. Asynchronous ones stop it for the copy; the
    next cannot start before the last is written, and a failure loses, on top of the work since the
    last checkpoint, the time that one takes to be written. Stragglers and planned maintenance
    multiply.

    References
    ----------
    daly-2006, kokolis-reliability-2025
    """
    mean = interruption_s(failures_count_per_chip_year, chips_count)
    write = column(write_s)
    stops = column(block_s) if recovery.asynchronous else write
    behind = write if recovery.asynchronous else np.zeros_like(write)
    interval = np.maximum(best_interval_s(stops, mean), behind)
    restart = column(recovery.detect_s) + column(recovery.restart_s) + behind
    effective = effective_frac(interval, stops, restart, mean)
    others = (1.0 - column(recovery.straggler_frac)) * (1.0 - column(recovery.planned_frac))
    total = np.clip(effective * others + column(goodput_extra_frac), LEAST_FRAC, 1.0)
    return Goodput(
        interruption_s=mean, interval_s=interval, effective_frac=effective, goodput_frac=total
    )


def uptime_frac(failures_count_per_chip_year: Real, chips_count: Real, restart_s: Real) -> Column:
    """Share of the time that a serving replica answers.

    Parameters
    ----------
    failures_count_per_chip_year : Real
        Of the system [1/chip/year].
    chips_count : Real
        Chips of one replica, all of which it needs [-].
    restart_s : Real
        From a failure to its return [s].

    Returns
    -------
    Column
        M / (M + R) [-]: a renewal process; it keeps no state worth a checkpoint.
    """
    rate = column(failures_count_per_chip_year) * column(chips_count) / SECONDS_PER_YEAR
    return np.asarray(1.0 / (1.0 + rate * column(restart_s)))


def in_service_frac(
    failures_count_per_chip_year: Real, system_chips_count: Real, recovery: Recovery
) -> Column:
    """Share of the systems that are not out for repair.

    Parameters
    ----------
    failures_count_per_chip_year : Real
        Of the system [1/chip/year].
    system_chips_count : Real
        Chips of a system; a rack or pod loses no more than `repair_chips` of them at a time [-].
    recovery : Recovery
        Replaced share, size and time of repair.

    Returns
    -------
    Column
        [-]

    Notes
    -----
    By Palm's theorem rate x time systems are in repair, whatever the law of the repair time, if
    crews do not queue.
    """
    together = np.minimum(column(system_chips_count), recovery.repair_chips)
    rate = column(failures_count_per_chip_year) * together / HOURS_PER_YEAR
    out = rate * column(recovery.replaced_frac) * column(recovery.repair_h)
    return np.asarray(1.0 / (1.0 + out))
