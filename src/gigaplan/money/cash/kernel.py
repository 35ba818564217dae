"""The kernel of the accounts: futures side by side, one period after another.

All kernels that call each other stand in this file, because numba's cache looks at one file only.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gigaplan.money.debt import Loans
from gigaplan.money.tax import NEVER, TABLE, Wear

LANES = 64
"""Futures that go through the kernel side by side; the answer does not depend on it."""
LEVEL, STRAIGHT_LINE, BULLET, CUSTOM = 0, 1, 2, 3
"""Places of the profiles in `debt.PROFILES`."""

Floats: TypeAlias = NDArray[np.float64]


LINES = (
    "interest",
    "capitalised",
    "principal",
    "draw",
    "fee",
    "amortised",
    "debt",
    "reserve",
    "reserve_income",
    "tax",
    "payout",
    "cash",
)
"""Lines that the kernel writes when statements are asked for, in this order."""


class Inputs(NamedTuple):
    """Flows as the kernel takes them; a class without any has no rows."""

    revenue: Floats
    contract_in: Floats
    contract_out: Floats
    operating: Floats
    residual: Floats
    capex: tuple[Floats, ...]
    placed: tuple[Floats, ...]
    opening_wear: Floats


class Numbers(NamedTuple):
    """Columns of terms and opening position, (N,) each."""

    tax: Floats
    cap: Floats
    loss: Floats
    cash: Floats
    price: Floats
    tax_basis: Floats
    reserve_rate: Floats
    reserve_periods: Floats


class Choices(NamedTuple):
    """Structure that the kernel branches on."""

    per_year: int
    refunded: bool
    liquidated: bool
    after_tax: bool
    amortising: bool
    reserving: bool
    opened: bool


class Axis(NamedTuple):
    """The periods as the kernel sees them, counted from the first day."""

    begin: Floats
    end: Floats
    length: Floats
    year_frac: Floats
    rest_frac: Floats
    whole: Floats
    tax_year: NDArray[np.int64]
    back: NDArray[np.int64]


class Block(NamedTuple):
    """Futures side by side: rows (15, T, L), years (7, Y, L), lanes (8, L)."""

    rows: Floats
    years: Floats
    lanes: Floats


(
    EBITDA,
    GROSS,
    CAPEX,
    COVERED,
    SHARE,
    INTEREST,
    COST,
    NET,
    SERVICE,
    SERVED,
    DEBT,
    RESERVE,
    EARNED,
    AMORTISED,
    RUNNING,
) = range(15)
(TAX, PLAIN_TAX, INCOME, PLAIN, WORN, ADDED, LATE) = range(7)
"""Rows of a block, by period and by tax year."""


@njit(cache=True, error_model="numpy")
def new_block(length: int, years: int, width: int) -> Block:
    """Make room for some futures."""
    return Block(
        np.zeros((RUNNING + 1, length, width)),
        np.zeros((LATE + 1, years, width)),
        np.zeros((8, width)),
    )


@njit(cache=True, error_model="numpy")
def clear(target: Floats) -> None:
    """Set to zero."""
    for t in range(target.shape[0]):
        for k in range(target.shape[1]):
            target[t, k] = 0.0


@njit(cache=True, error_model="numpy")
def put(source: Floats, sign: float, first: int, n: int, target: Floats) -> None:
    """Add a series times a sign.

    A series of a single future is added to each; one without rows is zero.
    """
    if source.shape[1] > 1:
        for t in range(source.shape[0]):
            for k in range(n):
                target[t, k] += sign * source[t, np.uint64(first + k)]
    else:
        for t in range(source.shape[0]):
            for k in range(n):
                target[t, k] += sign * source[t, 0]


@njit(cache=True, error_model="numpy")
def gather(inputs: Inputs, first: int, n: int, block: Block) -> None:
    """Add up EBITDA, the same with sales of assets, and capital spent."""
    ebitda, capex, gross = block.rows[EBITDA], block.rows[CAPEX], block.rows[GROSS]
    clear(ebitda)
    clear(capex)
    put(inputs.revenue, 1.0, first, n, ebitda)
    put(inputs.contract_in, 1.0, first, n, ebitda)
    put(inputs.contract_out, -1.0, first, n, ebitda)
    put(inputs.operating, -1.0, first, n, ebitda)
    for t in range(gross.shape[0]):
        for k in range(n):
            gross[t, k] = ebitda[t, k]
    put(inputs.residual, 1.0, first, n, gross)
    for c in range(len(inputs.capex)):
        put(inputs.capex[c], 1.0, first, n, capex)


@njit(cache=True, error_model="numpy")
def grow_back(
    loans: Loans, j: int, first: int, n: int, axis: Axis, stop: int, block: Block
) -> None:
    """Set s(periods left) of a level loan in `share`, last period first."""
    share = block.rows[SHARE]
    growth, tail, begins = block.lanes[3], block.lanes[4], block.lanes[5]
    for k in range(n):
        growth[k], tail[k] = loans.growth[j, first + k], loans.tail[j, first + k]
        begins[k] = loans.tail_begin[j, first + k]
    for t in axis.back[len(axis.back) - stop :]:
        after = min(t + 1, stop - 1)
        for k in range(n):
            grown = 1.0 + growth[k] * share[after, k]
            share[t, k] = grown if axis.begin[t] < begins[k] else tail[k]


@njit(cache=True, error_model="numpy")
def fill_shares(
    loans: Loans, j: int, first: int, n: int, axis: Axis, stop: int, block: Block
) -> None:
    """Set the share of what is owed that each period repays.

    The first two lanes are left with start and end of repayment.
    """
    share = block.rows[SHARE]
    start, end, part = block.lanes[0], block.lanes[1], block.lanes[2]
    for k in range(n):
        start[k], end[k] = loans.start[j, first + k], loans.end[j, first + k]
        part[k] = loans.first[j, first + k]
    profile = loans.profile[j]
    if profile == LEVEL:
        grow_back(loans, j, first, n, axis, stop, block)
    for t in range(stop):
        begin, until = axis.begin[t], axis.end[t]
        for k in range(n):
            if profile == LEVEL:
                due = part[k] if begin < start[k] else 1.0 / share[t, k]
            elif profile == STRAIGHT_LINE:
                due = (until - max(begin, start[k])) / (end[k] - max(begin, start[k]))
            else:
                due = 0.0
            due = 1.0 if until >= end[k] else due
            share[t, k] = due if until > start[k] else 0.0


@njit(cache=True, error_model="numpy")
def copy_shares(loans: Loans, j: int, first: int, n: int, block: Block) -> None:
    """Set the share of what is owed that each period of a custom loan repays."""
    share = block.rows[SHARE]
    for k in range(n):
        block.lanes[0, k], block.lanes[1, k] = loans.start[j, first + k], loans.end[j, first + k]
    for t in range(share.shape[0]):
        for k in range(n):
            share[t, k] = loans.custom[j, t, first + k]


@njit(cache=True, error_model="numpy")
def gather_covered(
    inputs: Inputs, loans: Loans, j: int, first: int, n: int, block: Block
) -> Floats:
    """Return the capital spent that a loan pays for."""
    spent: Floats = block.rows[COVERED] if loans.partial[j] else block.rows[CAPEX]
    if loans.partial[j]:
        clear(spent)
        for c in range(len(inputs.capex)):
            if loans.covers[j, c]:
                put(inputs.capex[c], 1.0, first, n, spent)
    return spent


@njit(cache=True, error_model="numpy")
def last_due(loans: Loans, first: int, n: int, length: int) -> int:
    """Return after how many periods every loan of these futures has matured."""
    stop = 1.0
    for j in range(len(loans.profile)):
        for k in range(n):
            stop = max(stop, np.ceil(loans.end[j, first + k]) + 1.0)
            stop = max(stop, np.inf if loans.profile[j] == CUSTOM else 0.0)
    return int(stop) if stop < length else length


@njit(cache=True, error_model="numpy")
def borrow(
    loans: Loans,
    j: int,
    first: int,
    n: int,
    axis: Axis,
    block: Block,
    spent: Floats,
    stop: int,
    lines: Floats,
) -> None:
    """Draw, serve and repay one loan, and add it to the party's debt.

    `net` is what it brings in cash, `cost` its fee and the interest that joins it.
    """
    share, service, debt, interest, cost, net, served = (
        block.rows[SHARE],
        block.rows[SERVICE],
        block.rows[DEBT],
        block.rows[INTEREST],
        block.rows[COST],
        block.rows[NET],
        block.rows[SERVED],
    )
    lanes = block.lanes
    for k in range(n):
        lanes[2, k], lanes[3, k] = loans.geared[j, first + k], loans.rate[j, first + k]
        lanes[4, k], lanes[5, k] = loans.fee[j, first + k], loans.opening[j, first + k]
        lanes[6, k] = loans.last[j, first + k]
    joins = 1.0 if loans.capitalised[j] else 0.0
    counts = 0.0 if loans.profile[j] == BULLET else 1.0
    for t in range(stop):
        begin, until, length, year = axis.begin[t], axis.end[t], axis.length[t], axis.year_frac[t]
        for k in range(n):
            owed = lanes[5, k]
            due = owed * lanes[3, k] * year
            joined = due * min(max(lanes[0, k] - begin, 0.0), length) * joins
            repaid = owed * share[t, k]
            drawn = lanes[2, k] * spent[t, k] if until < lanes[6, k] else 0.0
            fee = lanes[4, k] * drawn
            left = owed - repaid + drawn + joined
            paid = due - joined + counts * repaid if until > lanes[0, k] else 0.0
            lanes[5, k] = left
            service[t, k] = paid
            debt[t, k] += left
            interest[t, k] += due - joined
            cost[t, k] += fee + joined
            net[t, k] += drawn - fee - (due - joined) - repaid
            served[t, k] += paid
            if lines.shape[1] > 0:
                lines[0, t, first + k] += due - joined
                lines[1, t, first + k] += joined
                lines[2, t, first + k] += repaid
                lines[3, t, first + k] += drawn
                lines[4, t, first + k] += fee


@njit(cache=True, error_model="numpy")
def hold(source: Floats, ahead: Floats, first: int, n: int, stop: int, block: Block) -> None:
    """Add to the reserve what the coming periods need.

    Fractions of a period count; nothing is needed from period `stop` on.
    """
    running, reserve = block.rows[RUNNING], block.rows[RESERVE]
    last = stop - 1
    alike = True
    for k in range(n):
        running[0, k] = source[0, k]
        alike = alike and ahead[first + k] == ahead[first]
    for t in range(1, last + 1):
        for k in range(n):
            running[t, k] = running[t - 1, k] + source[t, k]
    groups = 1 if alike else n
    for g in range(groups):
        periods = max(0.0, ahead[first + g])
        whole = int(min(periods, float(last)))
        part = periods - whole
        for t in range(last + 1):
            low = min(t + whole, last)
            high = min(low + 1, last)
            for k in range(0 if alike else g, n if alike else g + 1):
                coming = running[low, k] + part * (running[high, k] - running[low, k])
                reserve[t, k] += coming - running[t, k]


@njit(cache=True, error_model="numpy")
def finance(
    inputs: Inputs,
    loans: Loans,
    numbers: Numbers,
    axis: Axis,
    choices: Choices,
    first: int,
    n: int,
    stop: int,
    block: Block,
    lines: Floats,
) -> None:
    """Run every loan and fill the reserves."""
    reserve, debt, interest, cost, net, served, service, covered, earned = (
        block.rows[RESERVE],
        block.rows[DEBT],
        block.rows[INTEREST],
        block.rows[COST],
        block.rows[NET],
        block.rows[SERVED],
        block.rows[SERVICE],
        block.rows[COVERED],
        block.rows[EARNED],
    )
    clear(reserve)
    for target in (debt, interest, cost, net, served):
        clear(target)
    for j in range(len(loans.profile)):
        spent = gather_covered(inputs, loans, j, first, n, block)
        if loans.profile[j] == CUSTOM:
            copy_shares(loans, j, first, n, block)
        else:
            fill_shares(loans, j, first, n, axis, stop, block)
        borrow(loans, j, first, n, axis, block, spent, stop, lines)
        if loans.reserved[j]:
            hold(service, loans.reserve[j], first, n, stop, block)
    if choices.reserving:
        clear(covered)
        put(inputs.operating, 1.0, first, n, covered)
        hold(covered, numbers.reserve_periods, first, n, len(axis.begin), block)
    for k in range(n):
        block.lanes[0, k] = numbers.reserve_rate[first + k]
    for t in range(1, len(axis.begin)):
        for k in range(n):
            earned[t, k] = block.lanes[0, k] * axis.year_frac[t] * reserve[t - 1, k]


@njit(cache=True, error_model="numpy")
def close_debt(
    first: int, n: int, block: Block, opening: Floats, ratios: Floats, lines: Floats
) -> None:
    """Repay what is owed in the last period; note it, and the peak."""
    debt, net = block.rows[DEBT], block.rows[NET]
    last = debt.shape[0] - 1
    peak = block.lanes[0]
    for k in range(n):
        peak[k] = opening[k]
    for t in range(last + 1):
        for k in range(n):
            peak[k] = max(peak[k], debt[t, k])
    for k in range(n):
        ratios[2, first + k] = peak[k]
        ratios[3, first + k] = debt[last, k]
        if lines.shape[1] > 0:
            lines[2, last, first + k] += debt[last, k]
        net[last, k] -= debt[last, k]
        debt[last, k] = 0.0


@njit(cache=True, error_model="numpy")
def amortise(n: int, opening: Floats, axis: Axis, stop: int, block: Block) -> None:
    """Spread fees and capitalised interest over the debt.

    Each period bears of what is left the share that its debt has in all debt still to be owed.
    """
    running, amortised, debt, cost = (
        block.rows[RUNNING],
        block.rows[AMORTISED],
        block.rows[DEBT],
        block.rows[COST],
    )
    last = stop - 1
    left = block.lanes[0]
    clear(amortised)
    for k in range(n):
        left[k] = 0.0
        running[last, k] = debt[last - 1, k] if last > 0 else opening[k]
    for t in axis.back[len(axis.back) - last :]:
        for k in range(n):
            running[t, k] = running[t + 1, k] + (debt[t - 1, k] if t > 0 else opening[k])
    for t in range(last + 1):
        before = max(t - 1, 0)
        for k in range(n):
            owed = debt[before, k] if t > 0 else opening[k]
            share = owed / running[t, k] if running[t, k] > 0.0 else 0.0
            amortised[t, k] = left[k] * share if t < last else left[k] + cost[t, k]
        for k in range(n):
            left[k] += cost[t, k] - amortised[t, k]


@njit(cache=True, error_model="numpy")
def sum_years(
    source: Floats, weight: Floats, first: int, n: int, axis: Axis, target: Floats
) -> None:
    """Sum what is placed in service by tax year, weighted by its period."""
    clear(target)
    for t in range(source.shape[0]):
        y = axis.tax_year[t]
        if source.shape[1] > 1:
            for k in range(n):
                target[y, k] += weight[t] * source[t, np.uint64(first + k)]
        else:
            for k in range(n):
                target[y, k] += weight[t] * source[t, 0]


@njit(cache=True, error_model="numpy")
def wear_by_table(wear: Wear, c: int, first: int, n: int, block: Block) -> None:
    """Deduct vintages by a table of shares, after a bonus."""
    added, worn, late = block.years[ADDED], block.years[WORN], block.years[LATE]
    years = added.shape[0]
    for v in range(years):
        for k in range(n):
            at_once = wear.bonus[first + k] * added[v, k]
            worn[v, k] += at_once
            late[v, k] = added[v, k] - at_once
    for v in range(years):
        for y in range(v, min(v + wear.table.shape[1], years)):
            share = wear.table[c, y - v]
            for k in range(n):
                worn[y, k] += share * late[v, k]


@njit(cache=True, error_model="numpy")
def wear_straight(wear: Wear, first: int, n: int, block: Block) -> None:
    """Deduct vintages in a line from the middle of the period of service."""
    added, late, worn = block.years[ADDED], block.years[LATE], block.years[WORN]
    years = added.shape[0]
    life = block.lanes[0]
    for k in range(n):
        life[k] = wear.straight_years[first + k]
    for v in range(years):
        for y in range(v, years):
            for k in range(n):
                left = (life[k] - (y - v) + 1.0) * added[v, k] - late[v, k]
                part = min(max(left, 0.0), added[v, k]) if y > v else late[v, k]
                worn[y, k] += part / life[k]


@njit(cache=True, error_model="numpy")
def deduct(inputs: Inputs, wear: Wear, axis: Axis, first: int, n: int, block: Block) -> None:
    """Set depreciation for tax by tax year."""
    worn, added, late = block.years[WORN], block.years[ADDED], block.years[LATE]
    clear(worn)
    put(inputs.opening_wear, 1.0, first, n, worn)
    for c in range(len(inputs.placed)):
        if inputs.placed[c].shape[0] > 0 and wear.method[c] != NEVER:
            sum_years(inputs.placed[c], axis.whole, first, n, axis, added)
            if wear.method[c] == TABLE:
                wear_by_table(wear, c, first, n, block)
            else:
                sum_years(inputs.placed[c], axis.rest_frac, first, n, axis, late)
                wear_straight(wear, first, n, block)


@njit(cache=True, error_model="numpy")
def write_off(numbers: Numbers, first: int, n: int, block: Block) -> None:
    """Deduct in the last tax year what has not been deducted by then."""
    capex = block.rows[CAPEX]
    worn = block.years[WORN]
    basis = block.lanes[0]
    last = worn.shape[0] - 1
    for k in range(n):
        basis[k] = numbers.tax_basis[first + k]
    for t in range(capex.shape[0]):
        for k in range(n):
            basis[k] += capex[t, k]
    for y in range(last + 1):
        for k in range(n):
            basis[k] -= worn[y, k]
    for k in range(n):
        worn[last, k] += basis[k]


@njit(cache=True, error_model="numpy")
def levy(
    income: Floats,
    numbers: Numbers,
    choices: Choices,
    first: int,
    n: int,
    block: Block,
    tax: Floats,
) -> None:
    """Set the tax of each year; losses are carried, or refunded."""
    worn = block.years[WORN]
    loss = block.lanes[0]
    for k in range(n):
        loss[k] = numbers.loss[first + k]
    for y in range(income.shape[0]):
        for k in range(n):
            base = income[y, k] - worn[y, k]
            gain = max(base, 0.0)
            used = min(loss[k], numbers.cap[first + k] * gain)
            loss[k] = loss[k] - used + (gain - base)
            tax[y, k] = numbers.tax[first + k] * (base if choices.refunded else gain - used)


@njit(cache=True, error_model="numpy")
def assess(
    numbers: Numbers, axis: Axis, choices: Choices, first: int, n: int, block: Block
) -> None:
    """Set the tax of the party, and what it were without debt and reserves."""
    gross, earned, interest, amortised = (
        block.rows[GROSS],
        block.rows[EARNED],
        block.rows[INTEREST],
        block.rows[AMORTISED],
    )
    income, plain, tax, plain_tax = (
        block.years[INCOME],
        block.years[PLAIN],
        block.years[TAX],
        block.years[PLAIN_TAX],
    )
    clear(income)
    clear(plain)
    for t in range(len(axis.begin)):
        y = axis.tax_year[t]
        for k in range(n):
            plain[y, k] += gross[t, k]
        for k in range(n):
            income[y, k] += earned[t, k] - interest[t, k] - amortised[t, k]
    for y in range(plain.shape[0]):
        for k in range(n):
            income[y, k] += plain[y, k]
    levy(income, numbers, choices, first, n, block, tax)
    levy(plain, numbers, choices, first, n, block, plain_tax)


@njit(cache=True, error_model="numpy")
def pay_out(axis: Axis, at: int, n: int, block: Block, flow: Floats) -> None:
    """Set the flow to the owners, opening cash apart, and the project's."""
    gross, capex, reserve, earned, net = (
        block.rows[GROSS],
        block.rows[CAPEX],
        block.rows[RESERVE],
        block.rows[EARNED],
        block.rows[NET],
    )
    tax, plain_tax = block.years[TAX], block.years[PLAIN_TAX]
    owners, project = flow[0], flow[1]
    last = reserve.shape[0] - 1
    for t in range(last + 1):
        before = max(t - 1, 0)
        held = 1.0 if t > 0 else 0.0
        for k in range(n):
            kept = held * reserve[before, k] - reserve[t, k] + earned[t, k]
            owners[t, np.uint64(at + k)] = gross[t, k] - capex[t, k] + net[t, k] + kept
        for k in range(n):
            project[t, np.uint64(at + k)] = gross[t, k] - capex[t, k]
        y = axis.tax_year[t]
        if t == last or axis.tax_year[t + 1] != y:
            for k in range(n):
                owners[t, at + k] -= tax[y, k]
                project[t, at + k] -= plain_tax[y, k]


@njit(cache=True, error_model="numpy")
def spend_cash(
    numbers: Numbers, first: int, at: int, n: int, opening: Floats, flow: Floats, lines: Floats
) -> None:
    """Meet shortfalls from the opening cash; add the owners' price.

    What is left of the cash is paid out in the last period.
    """
    last = flow.shape[1] - 1
    for k in range(n):
        cash = numbers.cash[first + k]
        price = numbers.price[first + k]
        for t in range(last + 1):
            used = min(cash, max(-flow[0, t, at + k], 0.0)) if t < last else cash
            cash -= used
            flow[0, t, at + k] += used
            if lines.shape[1] > 0:
                lines[10, t, first + k] = flow[0, t, at + k]
                lines[11, t, first + k] = cash
        flow[0, 0, at + k] -= price
        flow[1, 0, at + k] -= price + opening[k] - numbers.cash[first + k]


@njit(cache=True, error_model="numpy")
def cover(
    axis: Axis, choices: Choices, first: int, n: int, stop: int, block: Block, ratios: Floats
) -> None:
    """Set the lowest and the mean DSCR of twelve months of debt service.

    Where debt is nowhere served for twelve months, both are the ratio over all that is served.
    """
    cfads, served, ebitda = block.rows[RUNNING], block.rows[SERVED], block.rows[EBITDA]
    tax = block.years[TAX]
    window = choices.per_year
    last = cfads.shape[0] - 1
    for t in range(stop):
        y = axis.tax_year[t]
        bears = 1.0 if choices.after_tax and (t == last or axis.tax_year[t + 1] != y) else 0.0
        for k in range(n):
            cfads[t, k] = ebitda[t, k] - bears * tax[y, k]
    for k in range(n):
        cash = service = all_cash = all_service = total = count = 0.0
        lowest = np.inf
        run = 0
        for t in range(stop):
            run = run + 1 if served[t, k] > 0.0 else 0
            if run == 0:
                cash = service = 0.0
                continue
            cash += cfads[t, k]
            service += served[t, k]
            all_cash += cfads[t, k]
            all_service += served[t, k]
            if run > window:
                cash -= cfads[t - window, k]
                service -= served[t - window, k]
            if run >= window:
                total += cash / service
                lowest = min(lowest, cash / service)
                count += 1.0
        overall = all_cash / all_service if all_service > 0.0 else np.nan
        ratios[0, first + k] = lowest if count > 0.0 else overall
        ratios[1, first + k] = total / count if count > 0.0 else overall


@njit(cache=True, error_model="numpy")
def write(axis: Axis, first: int, n: int, block: Block, lines: Floats) -> None:
    """Write the lines of statements that are not written elsewhere."""
    amortised, debt, reserve, earned = (
        block.rows[AMORTISED],
        block.rows[DEBT],
        block.rows[RESERVE],
        block.rows[EARNED],
    )
    tax = block.years[TAX]
    for t in range(lines.shape[1]):
        y = axis.tax_year[t]
        at_end = t + 1 == lines.shape[1] or axis.tax_year[t + 1] != y
        for k in range(n):
            lines[5, t, first + k] = amortised[t, k]
            lines[6, t, first + k] = debt[t, k]
            lines[7, t, first + k] = reserve[t, k]
            lines[8, t, first + k] = earned[t, k]
            lines[9, t, first + k] = tax[y, k] if at_end else 0.0


@njit(cache=True, error_model="numpy")
def settle(
    inputs: Inputs,
    numbers: Numbers,
    loans: Loans,
    wear: Wear,
    axis: Axis,
    choices: Choices,
    start: int,
    count: int,
    flow: Floats,
    lines: Floats,
    ratios: Floats,
) -> None:
    """Run the accounts of some futures; flows are written from column 0 on."""
    block = new_block(len(axis.begin), axis.tax_year[-1] + 1, min(LANES, count))
    opening = block.lanes[7]
    for at in range(0, count, LANES):
        first, n = start + at, min(LANES, count - at)
        gather(inputs, first, n, block)
        stop = last_due(loans, first, n, len(axis.begin))
        finance(inputs, loans, numbers, axis, choices, first, n, stop, block, lines)
        for k in range(n):
            opening[k] = 0.0
            for j in range(len(loans.profile)):
                opening[k] += loans.opening[j, first + k]
        close_debt(first, n, block, opening, ratios, lines)
        if choices.amortising:
            amortise(n, opening, axis, stop, block)
        deduct(inputs, wear, axis, first, n, block)
        if choices.liquidated:
            write_off(numbers, first, n, block)
        assess(numbers, axis, choices, first, n, block)
        pay_out(axis, at, n, block, flow)
        if choices.opened:
            spend_cash(numbers, first, at, n, opening, flow, lines)
        cover(axis, choices, first, n, stop, block, ratios)
        write(axis, first, n, block, lines)
