"""What a dated cash flow is worth: NPV, IRR with every root, multiples, payback, levelised cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gigaplan.figure import Verdict
from gigaplan.units import MONTHS_PER_YEAR, Calendar, Column, Real, Series, column, over_time, ratio

DAYS_PER_YEAR = 365
"""Of the convention act/365 that XNPV and XIRR use."""
LOWEST_FRAC = -0.99
HIGHEST_FRAC = 10.0
"""Rates between which an IRR is looked for: -99 % to +1,000 % a year."""
NEAR_ONE = 0.5
"""Between this ratio and its inverse, ln x is taken as 2 (x - 1) / (x + 1)."""
BRIM = 1e-12
"""By how much the search goes beyond these rates, so that a root on one of them is found."""
ROUGH = 12
"""Periods that are taken as one where a rate is only guessed."""
ROUGH_STEPS = 4
"""Newton steps on a flow so taken."""
LANES = 32
"""Futures that go through the kernels side by side; the answer does not depend on it."""
MOST_STEPS = 100
"""Newton steps, bisections among them, after which a bracket is as narrow as numbers allow."""
CONVERGED = 1e-8
"""Newton step in ln(1 + r) that is the last: the next one would be about its square."""
NARROW = 1e-7
"""Width in ln(1 + r) below which two roots are one."""
DEEPEST = 64
"""Intervals that wait at once: more than the halvings from the widest interval to NARROW."""
NONE, ONE, OPEN = 0, 1, 2
"""What an interval holds: no root, one, or nobody knows yet."""
MOST_POINTS = 20_000
"""Points at which a cash flow is looked at before the search for roots ends."""


Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Periods:
    """The periods of a set of accounts; structure, never a column.

    Parameters
    ----------
    start_date : float
        First day [months since 2000-01].
    per_year : int
        Periods in a year: 12, 4 or 1.
    opening : bool
        Whether period 0 has no length and holds what happens on the first day.
    days : NDArray[np.int64]
        Actual days of each period (T,); flows fall on its last.
    year_frac : Floats
        Length for interest and depreciation (T,): 1 / per_year, 0 for an opening period.
    tax_year : NDArray[np.int64]
        Index of the tax year of each period (T,), from 0.
    rest_frac : Floats
        Share of the tax year that is left in the middle of the period (T,).
    """

    start_date: float
    per_year: int
    opening: bool
    days: NDArray[np.int64]
    year_frac: Floats
    tax_year: NDArray[np.int64]
    rest_frac: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Returns:
    """What a cash flow returns, each (N,).

    Parameters
    ----------
    npv_usd : Column
        At the plan's start.
    irr_frac_per_year : Column
        Effective yearly rate; NaN where the flow has none between -99 % and +1,000 %.
    roots_count : Column
        How many such rates there are.
    moic_ratio : Column
        All that comes out over all that goes in; NaN when nothing goes in.
    payback_years : Column
        From the plan's start until the sum of the flow turns positive for good; NaN when never.
    peak_usd : Column
        The most that is out at any time.
    """

    npv_usd: Column
    irr_frac_per_year: Column
    roots_count: Column
    moic_ratio: Column
    payback_years: Column
    peak_usd: Column


class Beat(NamedTuple):
    """Periods as the evaluation of a flow sees them.

    `back` is the periods from the last to the first: a loop over numbers in an array, unlike one
    that counts down, leaves the compiler free to take futures side by side.
    """

    gaps: NDArray[np.int64]
    next_which: NDArray[np.int64]
    next_steps: Floats
    back: NDArray[np.int64]


class Clock(NamedTuple):
    """The periods as the kernels see them, days counted in whole steps.

    `gaps` are the lengths that occur and `which` the one of each period; `rough` is years, in which
    a flow is first looked at.
    """

    fine: Beat
    rough: Beat
    which: NDArray[np.int64]
    forth: NDArray[np.int64]
    elapsed: Floats
    elapsed_years: Floats
    steps_per_year: float
    ends: Floats
    widths: Floats


def monthly_periods(calendar: Calendar) -> Periods:
    """Return the months of a plan as periods; tax years are calendar years."""
    month = calendar.month_of_year
    return Periods(
        start_date=float(calendar.start_date),
        per_year=MONTHS_PER_YEAR,
        opening=False,
        days=calendar.days.astype(np.int64),
        year_frac=np.full(calendar.months, 1.0 / MONTHS_PER_YEAR),
        tax_year=(calendar.years - calendar.years[0]).astype(np.int64),
        rest_frac=1.0 - (month + 0.5) / MONTHS_PER_YEAR,
    )


def annual_periods(years: int, start_date: float = 0.0) -> Periods:
    """Return an opening day and years of 365 days, as yearly models count.

    Parameters
    ----------
    years : int
        Whole years; there is one period more, the opening day.
    start_date : float
        First day [months since 2000-01].

    Notes
    -----
    The opening day belongs to the first tax year, so what is placed in service on it is depreciated
    from year 1. NPV is then the yearly sum of flow / (1 + r)^t.
    """
    length = np.ones(years + 1)
    length[0] = 0.0
    return Periods(
        start_date=start_date,
        per_year=1,
        opening=True,
        days=DAYS_PER_YEAR * length.astype(np.int64),
        year_frac=length,
        tax_year=np.maximum(np.arange(years + 1) - 1, 0),
        rest_frac=np.where(length > 0.0, 0.5, 1.0),
    )


def dated_periods(days: NDArray[np.int64]) -> Periods:
    """Return periods that end on any days, as XIRR takes them.

    Parameters
    ----------
    days : NDArray[np.int64]
        Day of each flow counted from the first day (T,), rising.
    """
    ends = np.asarray(days, dtype=np.int64)
    gaps = np.append(ends[:1], ends[1:] - ends[:-1])
    return Periods(
        start_date=0.0,
        per_year=1,
        opening=False,
        days=gaps,
        year_frac=gaps / DAYS_PER_YEAR,
        tax_year=ends // DAYS_PER_YEAR,
        rest_frac=np.full(len(gaps), 0.5),
    )


def beat_of(steps: NDArray[np.int64]) -> Beat:
    """Return periods of these lengths as the evaluation of a flow sees them."""
    gaps, which = np.unique(steps, return_inverse=True)
    return Beat(
        gaps=gaps.astype(np.int64),
        next_which=np.append(which.reshape(-1)[1:], 0).astype(np.int64),
        next_steps=np.append(steps[1:], 0).astype(np.float64),
        back=np.arange(len(steps))[::-1].copy(),
    )


@lru_cache(maxsize=16)
def clock(periods: Periods) -> Clock:
    """Return the periods as the kernels of this module see them."""
    step_days = max(int(np.gcd.reduce(periods.days)), 1)
    steps = periods.days // step_days
    elapsed = np.cumsum(steps)
    steps_per_year = DAYS_PER_YEAR / step_days
    reach = np.log1p(np.array([LOWEST_FRAC, HIGHEST_FRAC])) * (1.0 + BRIM)
    fine = beat_of(steps)
    middles = elapsed[np.minimum(np.arange(0, len(steps), ROUGH) + ROUGH // 2, len(steps) - 1)]
    return Clock(
        fine=fine,
        rough=beat_of(np.diff(middles, prepend=0)),
        which=np.searchsorted(fine.gaps, steps).astype(np.int64),
        forth=np.arange(len(steps)),
        elapsed=elapsed.astype(np.float64),
        elapsed_years=np.cumsum(periods.days) / DAYS_PER_YEAR,
        steps_per_year=steps_per_year,
        ends=np.exp(-reach / steps_per_year),
        widths=np.abs(reach) / steps_per_year,
    )


def own(series_usd: Series) -> Floats:
    """Return a series as kernels take it: in order, and not read-only.

    Numba takes a read-only array for another type, and would compile everything again for it.
    """
    rows: Floats = np.ascontiguousarray(series_usd, dtype=np.float64)
    return rows if rows.flags.writeable else rows.copy()


def gap_ratio(rate_frac_per_year: Column, time: Clock) -> Series:
    """Return what a dollar one gap later is worth, by length of gap (U, N)."""
    years = (time.fine.gaps.astype(np.float64) / time.steps_per_year)[:, None]
    return np.asarray(np.exp(-years * np.log1p(column(rate_frac_per_year))[None, :]))


def present_ratio(rate_frac_per_year: Real, periods: Periods) -> Series:
    """Return the value at the start of a dollar at the end of each period.

    Parameters
    ----------
    rate_frac_per_year : Real
        Effective yearly rate (1,) or (N,).
    periods : Periods
        The T periods.

    Returns
    -------
    Series
        (1 + r)^(-days / 365), (T, 1) or (T, N).
    """
    time = clock(periods)
    return np.asarray(np.cumprod(gap_ratio(column(rate_frac_per_year), time)[time.which], axis=0))


def npv_usd(flow_usd: Series, rate_frac_per_year: Real, periods: Periods) -> Column:
    """Return the net present value at the plan's start [USD] (N,).

    Parameters
    ----------
    flow_usd : Series
        Flow at the end of each period (T, 1) or (T, N).
    rate_frac_per_year : Real
        Effective yearly rate (1,) or (N,).
    periods : Periods
        The T periods.
    """
    return over_time(flow_usd * present_ratio(rate_frac_per_year, periods))


def levelised_cost(
    cost_usd: Series, amount: Series, rate_frac_per_year: Real, periods: Periods
) -> Column:
    """Return discounted cost over discounted delivery [USD a unit] (N,).

    Parameters
    ----------
    cost_usd : Series
        Cost at the end of each period.
    amount : Series
        What is delivered in each period: chip-hours, Mtoken, MWh.
    rate_frac_per_year : Real
        Effective yearly rate.
    periods : Periods
        The T periods.
    """
    present = present_ratio(rate_frac_per_year, periods)
    return ratio(over_time(cost_usd * present), over_time(amount * present))


def returns(flow_usd: Series, rate_frac_per_year: Real, periods: Periods) -> Returns:
    """Return NPV, IRR and multiples of cash flows.

    Parameters
    ----------
    flow_usd : Series
        Flow at the end of each period (T, 1) or (T, N) [USD].
    rate_frac_per_year : Real
        For the NPV, effective yearly rate (1,) or (N,).
    periods : Periods
        The T periods.

    Notes
    -----
    The IRR is the root of sum(flow (1 + r)^(-days/365)) nearest to zero on the side where the sum
    of the flow says it lies (above zero when the flow adds up to a gain); when that side has none,
    the nearest on the other. Where the running sums of the flow from both ends change sign at most
    once, the signs at -99 %, 0 and +1,000 % say all (Laguerre's extension of Descartes' rule);
    elsewhere the interval is halved until in each part the durations of the inflows and of the
    outflows prove that there is no root, or that the ratio of their values is monotone.

    References
    ----------
    jameson-2006
    """
    time = clock(periods)
    flow = own(flow_usd)
    rate = column(rate_frac_per_year)
    count = max(flow.shape[1], rate.shape[0])
    result = np.empty((6, count))
    measure(flow, gap_ratio(rate, time), time, result)
    open_columns = np.flatnonzero(result[2] < 0.0)
    if open_columns.size:
        search(flow, open_columns, time, result)
    npv, root, roots, moic, payback, peak = result
    return Returns(
        npv_usd=npv,
        irr_frac_per_year=yearly_frac(root, time),
        roots_count=roots,
        moic_ratio=moic,
        payback_years=payback,
        peak_usd=peak,
    )


def yearly_frac(root_ratio: Series, time: Clock) -> Series:
    """Turn the worth of a dollar one step later into a yearly rate."""
    return np.asarray(np.expm1(-time.steps_per_year * np.log(root_ratio)) + 0.0)


def irr_frac_per_year(flow_usd: Series, periods: Periods) -> Column:
    """Return the internal rate of return, NaN where there is none (N,).

    Parameters
    ----------
    flow_usd : Series
        Flow at the end of each period (T, 1) or (T, N).
    periods : Periods
        The T periods.
    """
    return returns(flow_usd, 0.0, periods).irr_frac_per_year


def irr_roots_frac_per_year(flow_usd: Series, periods: Periods) -> Series:
    """Return every internal rate of return, lowest first (R, N).

    Rows below the last root of a flow are NaN.

    Parameters
    ----------
    flow_usd : Series
        Flow at the end of each period (T, 1) or (T, N).
    periods : Periods
        The T periods.
    """
    time = clock(periods)
    flow = own(flow_usd)
    found = np.full((flow.shape[0] + 1, flow.shape[1]), np.nan)
    list_roots(flow, time, found)
    rates = np.sort(yearly_frac(found, time), axis=0)
    most = int(np.count_nonzero(~np.isnan(rates), axis=0).max(initial=0))
    return rates[: max(most, 1)]


def verdict_of_roots(roots_count: Column) -> NDArray[np.int64]:
    """Return the verdict bits that a number of roots sets (N,)."""
    verdict = np.where(roots_count == 0.0, int(Verdict.NO_IRR), 0).astype(np.int64)
    verdict[roots_count > 1.0] |= int(Verdict.SEVERAL_IRR)
    return verdict


# ---- kernels: futures side by side ------------------------------------------------------------


(
    TOTAL,
    SIGN,
    RISES,
    FALLS,
    GAINS,
    LOSSES,
    GAIN_TIME,
    LOSS_TIME,
    LOW,
    PAYBACK,
    VALUE,
    SLOPE,
    POINT,
    NEAR,
    FAR,
    BUSY,
    AT_LOW,
    AT_HIGH,
    CENTRE,
    FOUND,
) = range(20)
"""What is kept of each of the futures side by side: rows of `lanes`, (LANES,) each."""


class Room(NamedTuple):
    """What the search for every root works in; `single` is 1, its lanes."""

    single: int
    tile: Floats
    lanes: Floats
    table: Floats
    points: Floats
    widths: Floats
    brackets: Floats


@njit(cache=True, error_model="numpy")
def new_room(time: Clock, length: int) -> Room:
    """Make room for the search in one flow."""
    return Room(
        LANES // LANES,
        np.empty((length, 1)),
        np.zeros((FOUND + 1, LANES)),
        np.empty((time.fine.gaps.shape[0], LANES)),
        np.empty((2 * DEEPEST, 5)),
        np.empty(DEEPEST),
        np.empty((length + 1, 3)),
    )


@njit(cache=True, error_model="numpy")
def load(flow: Floats, first: int, n: int, tile: Floats) -> None:
    """Copy some futures side by side; a single flow is copied to each."""
    for t in range(flow.shape[0]):
        for k in range(n):
            tile[t, k] = flow[t, np.uint64(first + k) if flow.shape[1] > 1 else np.uint64(0)]


@njit(cache=True, error_model="numpy")
def add_up(flow: Floats, n: int, time: Clock, lanes: Floats) -> None:
    """Sum gains, losses and their times; find lowest sum and payback."""
    for k in range(n):
        lanes[TOTAL, k] = 0.0
        lanes[GAINS, k] = 0.0
        lanes[LOSSES, k] = 0.0
        lanes[GAIN_TIME, k] = 0.0
        lanes[LOSS_TIME, k] = 0.0
        lanes[LOW, k] = 0.0
        lanes[PAYBACK, k] = np.nan
    for t in range(flow.shape[0]):
        when = time.elapsed[t]
        for k in range(n):
            amount = flow[t, k]
            gain = max(0.0, amount)
            loss = gain - amount
            lanes[GAINS, k] += gain
            lanes[LOSSES, k] += loss
            lanes[GAIN_TIME, k] += gain * when
            lanes[LOSS_TIME, k] += loss * when
        year = time.elapsed_years[t]
        length = year - time.elapsed_years[t - 1] if t > 0 else year
        for k in range(n):
            before = lanes[TOTAL, k]
            after = before + flow[t, k]
            lanes[TOTAL, k] = after
            lanes[LOW, k] = min(lanes[LOW, k], after)
            back = year - length * (after / (after - before)) if before < 0.0 else lanes[PAYBACK, k]
            lanes[PAYBACK, k] = back if after >= 0.0 else np.nan


@njit(cache=True, error_model="numpy")
def count_changes(
    flow: Floats, n: int, order: NDArray[np.int64], total: Floats, sign: Floats, changes: Floats
) -> None:
    """Count changes of sign of the running sums, taken in one order."""
    for k in range(n):
        total[k] = 0.0
        sign[k] = 0.0
        changes[k] = 0.0
    for t in order:
        for k in range(n):
            after = total[k] + flow[t, k]
            total[k] = after
            now = (1.0 if after > 0.0 else 0.0) - (1.0 if after < 0.0 else 0.0)
            changes[k] += 1.0 if now * sign[k] < 0.0 else 0.0
            sign[k] = now if now != 0.0 else sign[k]


@njit(cache=True, error_model="numpy")
def raise_gaps(beat: Beat, n: int, point: Floats, table: Floats) -> None:
    """Raise the factor of one step to the power of every gap that occurs."""
    for k in range(n):
        result = 1.0
        reached = 0
        for u in range(beat.gaps.shape[0]):
            left = beat.gaps[u] - reached
            square = point[k]
            while left > 0:
                if left & 1:
                    result *= square
                left >>= 1
                if left > 0:
                    square *= square
            reached = beat.gaps[u]
            table[u, k] = result


@njit(cache=True, error_model="numpy")
def evaluate(flow: Floats, n: int, beat: Beat, lanes: Floats, table: Floats) -> None:
    """Set value and slope in ln(point) of the flow at its first period."""
    raise_gaps(beat, n, lanes[POINT], table)
    value, slope = lanes[VALUE], lanes[SLOPE]
    for k in range(n):
        value[k] = 0.0
        slope[k] = 0.0
    for t in beat.back:
        u = beat.next_which[t]
        steps = beat.next_steps[t]
        for k in range(n):
            later = value[k] * table[u, k]
            value[k] = later + flow[t, k]
            slope[k] = slope[k] * table[u, k] + steps * later


@njit(cache=True, error_model="numpy")
def evaluate_ends(flow: Floats, n: int, time: Clock, lanes: Floats, table: Floats) -> None:
    """Set the signs of the flow at -99 % and at +1,000 % a year.

    Where the running sums say that there is no root on that side, the sign is that of the sum.
    """
    for end in range(2):
        result = lanes[AT_LOW] if end == 0 else lanes[AT_HIGH]
        changes = lanes[FALLS] if end == 0 else lanes[RISES]
        asked = False
        for k in range(n):
            lanes[POINT, k] = time.ends[end]
            asked = asked or changes[k] != 0.0
        if asked:
            evaluate(flow, n, time.fine, lanes, table)
        for k in range(n):
            value = lanes[VALUE, k] if changes[k] != 0.0 else lanes[TOTAL, k]
            result[k] = np.sign(value)


@njit(cache=True, error_model="numpy")
def warm_up(flow: Floats, n: int, time: Clock, lanes: Floats, table: Floats, rough: Floats) -> None:
    """Bring each busy point near its root: Newton on the flow by years."""
    for g in range(rough.shape[0]):
        for k in range(n):
            rough[g, k] = 0.0
        for t in range(g * ROUGH, min((g + 1) * ROUGH, flow.shape[0])):
            for k in range(n):
                rough[g, k] += flow[t, k]
    for _ in range(ROUGH_STEPS):
        evaluate(rough, n, time.rough, lanes, table)
        for k in range(n):
            if lanes[BUSY, k] != 0.0:
                after = newton(lanes[POINT, k], lanes[VALUE, k], lanes[SLOPE, k], lanes[CENTRE, k])
                low, high = min(lanes[NEAR, k], lanes[FAR, k]), max(lanes[NEAR, k], lanes[FAR, k])
                lanes[POINT, k] = after if low < after < high else lanes[POINT, k]


@njit(cache=True, error_model="numpy")
def newton(point: float, value: float, slope: float, centre: float) -> float:
    """Return the next point of Newton's method, 0 where the step is too long.

    The flow is divided by the power of `point` that is the mean time of the losses, which makes it
    nearly convex.
    """
    incline = slope - centre * value
    step = -value / incline if incline != 0.0 else 2.0
    return point * ((2.0 + step) / (2.0 - step)) if abs(step) < 1.0 else 0.0


@njit(cache=True, error_model="numpy")
def refine(flow: Floats, n: int, time: Clock, lanes: Floats, table: Floats) -> None:
    """Narrow each busy bracket to its root: Newton, or a halving in ln.

    The value at `near` has the sign of `sign`; `point` starts inside.
    """
    end = CONVERGED / time.steps_per_year
    for _ in range(MOST_STEPS):
        working = 0.0
        for k in range(n):
            working += lanes[BUSY, k]
        if working == 0.0:
            return
        evaluate(flow, n, time.fine, lanes, table)
        for k in range(n):
            if lanes[BUSY, k] == 0.0:
                continue
            if lanes[VALUE, k] * lanes[SIGN, k] > 0.0:
                lanes[NEAR, k] = lanes[POINT, k]
            else:
                lanes[FAR, k] = lanes[POINT, k]
            after = newton(lanes[POINT, k], lanes[VALUE, k], lanes[SLOPE, k], lanes[CENTRE, k])
            low = min(lanes[NEAR, k], lanes[FAR, k])
            high = max(lanes[NEAR, k], lanes[FAR, k])
            if lanes[VALUE, k] == 0.0:
                lanes[BUSY, k] = 0.0
            elif abs(after - lanes[POINT, k]) <= end * lanes[POINT, k] and low <= after <= high:
                lanes[BUSY, k] = 0.0
                lanes[POINT, k] = after
            elif low < after < high:
                lanes[POINT, k] = after
            else:
                middle = math.sqrt(low * high)
                lanes[BUSY, k] = 1.0 if low < middle < high else 0.0
                lanes[POINT, k] = middle


@njit(cache=True, error_model="numpy")
def guess(
    gains: float, gain_time: float, losses: float, loss_time: float, low: float, high: float
) -> float:
    """Return a first point in a bracket: where two flows would balance."""
    apart = gain_time / gains - loss_time / losses
    step = -log_ratio(gains, losses) / apart if apart != 0.0 else 2.0
    point = (2.0 + step) / (2.0 - step) if abs(step) < 1.0 else 0.0
    return point if low < point < high else math.sqrt(low * high)


@njit(cache=True, error_model="numpy")
def log_ratio(above: float, below: float) -> float:
    """Return ln(above / below): right in sign, never too large in size."""
    share = above / below
    if NEAR_ONE < share < 1.0 / NEAR_ONE:
        return 2.0 * (above - below) / (above + below)
    root = math.sqrt(math.sqrt(math.sqrt(math.sqrt(share))))
    return 32.0 * (root - 1.0) / (root + 1.0)


@njit(cache=True, error_model="numpy")
def measure(flow: Floats, gap_ratios: Floats, time: Clock, result: Floats) -> None:
    """Fill NPV, root, number of roots, MOIC, payback and peak of every future."""
    count = result.shape[1]
    lanes = np.zeros((FOUND + 1, LANES))
    table = np.empty((max(time.fine.gaps.shape[0], time.rough.gaps.shape[0]), LANES))
    tile = np.empty((flow.shape[0], LANES))
    rough = np.empty((len(time.rough.back), LANES))
    for first in range(0, count, LANES):
        n = min(LANES, count - first)
        load(flow, first, n, tile)
        add_up(tile, n, time, lanes)
        count_changes(tile, n, time.forth, lanes[VALUE], lanes[SIGN], lanes[RISES])
        count_changes(tile, n, time.fine.back, lanes[VALUE], lanes[SIGN], lanes[FALLS])
        evaluate_ends(tile, n, time, lanes, table)
        aim(n, time, lanes)
        if flow.shape[0] > 2 * ROUGH:
            warm_up(tile, n, time, lanes, table, rough)
        refine(tile, n, time, lanes, table)
        for k in range(n):
            i = first + k
            result[1, i] = lanes[POINT, k] if lanes[FOUND, k] > 0.0 else np.nan
            result[2, i] = lanes[FOUND, k]
            result[3, i] = lanes[GAINS, k] / lanes[LOSSES, k] if lanes[LOSSES, k] > 0.0 else np.nan
            result[4, i] = lanes[PAYBACK, k]
            result[5, i] = 0.0 - lanes[LOW, k]
        present(tile, gap_ratios, first, n, time, lanes, table)
        for k in range(n):
            result[0, first + k] = lanes[VALUE, k]


@njit(cache=True, error_model="numpy")
def present(
    flow: Floats, gap_ratios: Floats, first: int, n: int, time: Clock, lanes: Floats, table: Floats
) -> None:
    """Set the value at the start of each future's flow."""
    for u in range(time.fine.gaps.shape[0]):
        for k in range(n):
            table[u, k] = gap_ratios[u, first + k if gap_ratios.shape[1] > 1 else 0]
    for k in range(n):
        lanes[VALUE, k] = 0.0
        lanes[SLOPE, k] = 1.0
    for t in range(flow.shape[0]):
        u = time.which[t]
        for k in range(n):
            worth = lanes[SLOPE, k] * table[u, k]
            lanes[SLOPE, k] = worth
            lanes[VALUE, k] += flow[t, k] * worth


@njit(cache=True, error_model="numpy")
def aim(n: int, time: Clock, lanes: Floats) -> None:
    """Set brackets where signs alone say how many roots there are.

    `found` is their number, -1 where signs do not say it.
    """
    for k in range(n):
        total = lanes[TOTAL, k]
        sign = np.sign(total)
        above, below = lanes[AT_HIGH, k] != sign, lanes[AT_LOW, k] != sign
        simple = lanes[RISES, k] <= 1.0 and lanes[FALLS, k] <= 1.0
        solved = simple and abs(sign * lanes[AT_LOW, k] * lanes[AT_HIGH, k]) > 0.0
        lanes[BUSY, k] = 1.0 if solved and (above or below) else 0.0
        lanes[FOUND, k] = (1.0 if above else 0.0) + (1.0 if below else 0.0) if solved else -1.0
        if lanes[BUSY, k] != 0.0:
            end = time.ends[1 if above and (sign > 0.0 or not below) else 0]
            lanes[SIGN, k] = sign
            lanes[NEAR, k] = 1.0
            lanes[FAR, k] = end
            lanes[CENTRE, k] = lanes[LOSS_TIME, k] / lanes[LOSSES, k] - time.elapsed[0]
            lanes[POINT, k] = guess(
                lanes[GAINS, k],
                lanes[GAIN_TIME, k],
                lanes[LOSSES, k],
                lanes[LOSS_TIME, k],
                min(1.0, end),
                max(1.0, end),
            )


# ---- kernels: every root of one flow ----------------------------------------------------------


@njit(cache=True, error_model="numpy")
def moments(time: Clock, point: float, room: Room) -> tuple[float, float, float, float]:
    """Return value and time-weighted value of gains and of losses at a point."""
    room.lanes[POINT, 0] = point
    raise_gaps(time.fine, room.single, room.lanes[POINT], room.table)
    gains = losses = gain_time = loss_time = 0.0
    worth = 1.0
    for t in range(room.tile.shape[0]):
        worth *= room.table[time.which[t], 0] if t > 0 else 1.0
        amount = room.tile[t, 0] * worth
        gain = max(0.0, amount)
        loss = gain - amount
        gains += gain
        losses += loss
        gain_time += gain * time.elapsed[t]
        loss_time += loss * time.elapsed[t]
    return gains, losses, gain_time, loss_time


@njit(cache=True, error_model="numpy")
def look(time: Clock, point: float, room: Room, row: int) -> tuple[float, float]:
    """Write what is known at a point, and return gains and losses there.

    A row is the point, the sign, |ln(gains / losses)| and the mean times of gains and of losses.
    """
    gains, losses, gain_time, loss_time = moments(time, point, room)
    room.points[row, 0] = point
    room.points[row, 1] = np.sign(gains - losses)
    room.points[row, 2] = abs(log_ratio(gains, losses))
    room.points[row, 3] = gain_time / gains
    room.points[row, 4] = loss_time / losses
    return gains, losses


@njit(cache=True, error_model="numpy")
def copy(points: Floats, to: int, origin: int) -> None:
    """Copy what is known of one point."""
    for j in range(points.shape[1]):
        points[to, j] = points[origin, j]


@njit(cache=True, error_model="numpy")
def judge(here: Floats, there: Floats, width: float) -> int:
    """Say what an interval holds: NONE, ONE root, or OPEN: not known yet.

    ln(gains / losses) has the slope gain_time - loss_time in ln(point), and both mean times rise
    with the point; so their values at the two ends bound the slope.
    """
    lower, upper = (here, there) if here[0] < there[0] else (there, here)
    least = lower[3] - upper[4]
    most = upper[3] - lower[4]
    if least > 0.0 or most < 0.0:
        return ONE if here[1] * there[1] < 0.0 else NONE
    if here[1] * there[1] > 0.0 and here[2] + there[2] > max(-least, most) * width:
        return NONE
    return OPEN


@njit(cache=True, error_model="numpy")
def note(brackets: Floats, found: int, here: Floats, there: Floats, holds: int, joined: int) -> int:
    """Enter the root of an interval that is halved no more; return how many.

    A bracket is its near end, its far end and the sign at the near end; sign 0 says that the two
    ends are one to our eyes. What cannot be told apart from the root before it is the same root.
    """
    crosses = here[1] * there[1] < 0.0
    exact = there[1] == 0.0
    if holds == NONE and not exact:
        return found
    if joined > 0 and holds != ONE:
        if not crosses or brackets[found - 1, 2] != 0.0:
            return found
        found -= 1
    brackets[found, 0] = there[0] if exact else here[0]
    brackets[found, 1] = there[0]
    brackets[found, 2] = here[1] if crosses else 0.0
    return found + 1


@njit(cache=True, error_model="numpy")
def isolate(time: Clock, side: int, room: Room, found: int) -> int:
    """Bracket the roots on one side of 0 %, nearest first; return how many.

    Interval d waits with its ends in rows 2 d + 2 and 2 d + 3 of `points`; rows 0 and 1 are in
    hand. The first interval, from 0 % to the end, is there already.
    """
    points, widths = room.points, room.widths
    depth = found - found
    widths[depth] = time.widths[side]
    narrow = NARROW / time.steps_per_year
    depth += 1
    joined = 0
    for _ in range(MOST_POINTS):
        if depth == 0 or found >= room.brackets.shape[0]:
            break
        depth -= 1
        top = 2 * depth + 2
        for end in range(2):
            copy(points, end, top + end)
        holds = judge(points[0], points[1], widths[depth])
        if holds == OPEN and widths[depth] > narrow:
            look(time, math.sqrt(points[0, 0] * points[1, 0]), room, top)
            for end in range(2):
                copy(points, top + 2 + end, end * top)
            widths[depth] *= 0.5
            widths[depth + 1] = widths[depth]
            depth += 2
        else:
            found = note(room.brackets, found, points[0], points[1], holds, joined)
            joined = 1 if holds == OPEN or points[1, 1] == 0.0 else 0
    return found


@njit(cache=True, error_model="numpy")
def find(time: Clock, room: Room) -> tuple[int, int]:
    """Bracket every root of one flow; return how many to 0 %, and in all."""
    gains, losses = look(time, time.ends[0], room, 3)
    if not (gains > 0.0 and losses > 0.0 and gains + losses < np.inf):
        return 0, 0
    gains, losses = look(time, 1.0, room, 2)
    room.lanes[CENTRE, 0] = room.points[2, 4] - time.elapsed[0]
    found = 0
    if gains == losses:
        room.brackets[0, 0] = 1.0
        room.brackets[0, 1] = 1.0
        room.brackets[0, 2] = 0.0
        found = 1
    below = found
    for side in range(2):
        below = found
        if side > 0:
            look(time, 1.0, room, 2)
            look(time, time.ends[side], room, 3)
        found = isolate(time, side, room, found)
    return below, found


@njit(cache=True, error_model="numpy")
def polish(time: Clock, room: Room, bracket: Floats) -> float:
    """Return the root within a bracket; `find` set the losses' centre."""
    if bracket[2] == 0.0:
        return math.sqrt(bracket[0] * bracket[1])
    lanes = room.lanes
    lanes[NEAR, 0] = bracket[0]
    lanes[FAR, 0] = bracket[1]
    lanes[SIGN, 0] = bracket[2]
    lanes[POINT, 0] = math.sqrt(bracket[0] * bracket[1])
    lanes[BUSY, 0] = 1.0
    refine(room.tile, room.single, time, lanes, room.table)
    return float(lanes[POINT, 0])


@njit(cache=True, error_model="numpy")
def search(flow: Floats, open_columns: NDArray[np.int64], time: Clock, result: Floats) -> None:
    """Write the root that is shown and how many there are."""
    room = new_room(time, flow.shape[0])
    for i in open_columns:
        load(flow, i, room.single, room.tile)
        below, found = find(time, room)
        total = 0.0
        for t in range(flow.shape[0]):
            total += room.tile[t, 0]
        above = found > below and (total > 0.0 or below == 0)
        result[2, i] = found
        if found > 0:
            result[1, i] = polish(time, room, room.brackets[below if above else 0])


@njit(cache=True, error_model="numpy")
def list_roots(flow: Floats, time: Clock, result: Floats) -> None:
    """Write every root of every flow (R, N)."""
    room = new_room(time, flow.shape[0])
    for i in range(flow.shape[1]):
        load(flow, i, room.single, room.tile)
        _, found = find(time, room)
        for r in range(found):
            result[r, i] = polish(time, room, room.brackets[r])
