"""The accounts of one party: one kernel over its months, for one future as for a million.

Everything that is paid falls on the last day of its period. The kernel writes what returns need; with
`statements` it also writes every line, and `Statements` puts three statements that balance beside it.
All kernels that call each other stand in this file, because numba's cache looks at one file only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gigaplan.figure import Verdict
from gigaplan.money.debt import Loan, Loans, loans_of
from gigaplan.money.returns import Periods, returns, verdict_of_roots
from gigaplan.money.tax import (
    NEVER,
    TABLE,
    TaxLaw,
    Wear,
    opening_wear_usd,
    wear_of,
    worn_usd,
    year_ends,
)
from gigaplan.units import MONTHS_PER_YEAR, Column, Real, Series, column, option, quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

ASSET_CLASSES = ("chips", "network", "electrical", "shell", "generation", "land")
"""What capital is spent on; each has a book life and a tax method of its own."""
LANES = 32
"""Futures that go through the kernel side by side; the answer does not depend on it."""
CHUNK = 1024
"""Futures whose flows are kept between the accounts and their returns: they stay in the cache."""
LEVEL, STRAIGHT_LINE, BULLET, CUSTOM = 0, 1, 2, 3
"""Places of the profiles in `debt.PROFILES`."""
OWED = 0.005
"""Debt at the plan's end below half a cent is rounding [USD]."""

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flows:
    """What a party earns and spends before financing and tax, (T, 1) or (T, N) each [USD].

    Parameters
    ----------
    revenue_usd : Series
        From customers outside the plan.
    contract_in_usd, contract_out_usd : Series
        From and to other parties; they cancel on consolidation.
    operating_usd : Series
        Cash cost of operation, energy included.
    residual_usd : Series
        Proceeds of assets sold.
    capex_usd : mapping of asset class to Series
        Capital spent.
    placed_usd : mapping of asset class to Series, optional
        The part of it that enters service in each period, from when it is depreciated; left out, when
        it is spent. What is never placed stays under construction.
    """

    revenue_usd: Series
    contract_in_usd: Series
    contract_out_usd: Series
    operating_usd: Series
    residual_usd: Series
    capex_usd: Mapping[str, Series]
    placed_usd: Mapping[str, Series] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opening:
    """What a party has on the first day; its debt is a loan with `opening_usd`."""

    cash_usd: Real = quantity(
        0.0, low=0.0, doc="cash in hand; meets shortfalls before its owners do"
    )
    price_usd: Real = quantity(0.0, low=0.0, doc="paid by its owners for it in the first period")
    book_usd: Real = quantity(0.0, low=0.0, doc="book value of assets in service")
    book_years: Real = quantity(1.0, low=0.0, doc="their remaining book life")
    tax_usd: Real = quantity(0.0, low=0.0, doc="their tax basis")
    tax_years: Real = quantity(1.0, low=0.0, doc="over which it is deducted")
    loss_usd: Real = quantity(0.0, low=0.0, doc="tax losses carried forward")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """On what terms a party is financed, taxed and valued; quantities are (1,) or (N,)."""

    law: TaxLaw = option(doc="depreciation and losses")
    tax_frac: Real = quantity(0.0, low=0.0, high=1.0, doc="income tax, effective")
    discount_frac_per_year: Real = quantity(0.1, low=-0.9, doc="of the equity cash flow")
    book_life_years: dict[str, Real] = field(default_factory=dict)
    loans: tuple[Loan, ...] = option((), doc="debt")
    operating_reserve_months: Real = quantity(
        0.0, low=0.0, doc="of coming operating cost kept in reserve"
    )
    reserve_frac_per_year: Real = quantity(0.0, low=0.0, doc="interest on reserves")
    opening: Opening = field(default_factory=Opening)
    liquidated: bool = option(True, doc="what is left is written off in the last period")  # noqa: FBT003
    dscr_after_tax: bool = option(False, doc="CFADS of the DSCR is after tax")  # noqa: FBT003


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statements:
    """Income statement, cash flow and balance sheet by period, (T, N) each [USD].

    Parameters
    ----------
    revenue_usd, operating_usd, ebitda_usd : Series
        Contracts included on both sides.
    depreciation_usd, amortised_usd : Series
        Of assets; of fees and capitalised interest.
    interest_usd, reserve_income_usd, disposal_usd : Series
        Expensed interest; earned interest; proceeds of sales less what is written off.
    tax_usd, net_income_usd : Series
        Tax is expensed when paid.
    capex_usd, fee_usd, draw_usd, principal_usd, capitalised_usd, residual_usd : Series
        Cash lines of investing and financing; interest that joins the loan is no cash.
    payout_usd : Series
        Paid to the owners, less what they put in.
    cash_usd, reserve_usd, assets_usd, financing_usd : Series
        Balance sheet: cash, reserves, assets at book value, fees and interest not yet amortised.
    debt_usd, equity_usd : Series
        The other side of it.
    """

    revenue_usd: Series
    operating_usd: Series
    ebitda_usd: Series
    depreciation_usd: Series
    amortised_usd: Series
    interest_usd: Series
    reserve_income_usd: Series
    disposal_usd: Series
    tax_usd: Series
    net_income_usd: Series
    capex_usd: Series
    fee_usd: Series
    draw_usd: Series
    principal_usd: Series
    capitalised_usd: Series
    residual_usd: Series
    payout_usd: Series
    cash_usd: Series
    reserve_usd: Series
    assets_usd: Series
    financing_usd: Series
    debt_usd: Series
    equity_usd: Series


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Accounts:
    """What the accounts of a party come to, (N,) each unless said otherwise.

    Parameters
    ----------
    npv_usd, equity_irr_frac_per_year, roots_count, moic_ratio, payback_years, peak_equity_usd : Column
        Of the flow to its owners; see `returns.Returns`.
    project_npv_usd, project_irr_frac_per_year : Column
        As if it had no debt and no reserves, after the tax that it would then pay.
    dscr_min_ratio, dscr_mean_ratio : Column
        CFADS over debt service of twelve months, every period in which repayment has begun; NaN
        without debt.
    debt_peak_usd : Column
        The most that is owed.
    closing_debt_usd : Column
        Owed at the plan's end; repaid then at once, outside the DSCR.
    verdict : NDArray[np.int64]
        Bits of `figure.Verdict`.
    equity_flow_usd : Series
        Flow to the owners (T, N); (0, 0) unless asked for.
    statements : Statements, optional
        Every line, when asked for.
    """

    npv_usd: Column
    equity_irr_frac_per_year: Column
    roots_count: Column
    moic_ratio: Column
    payback_years: Column
    peak_equity_usd: Column
    project_npv_usd: Column
    project_irr_frac_per_year: Column
    dscr_min_ratio: Column
    dscr_mean_ratio: Column
    debt_peak_usd: Column
    closing_debt_usd: Column
    verdict: NDArray[np.int64]
    equity_flow_usd: Series
    statements: Statements | None = None


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
    """The periods as the kernel sees them; time is counted in periods from the first day."""

    begin: Floats
    end: Floats
    length: Floats
    year_frac: Floats
    rest_frac: Floats
    tax_year: NDArray[np.int64]
    back: NDArray[np.int64]


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


def accounts(
    periods: Periods,
    flows: Flows,
    terms: Terms,
    *,
    statements: bool = False,
    keep_flow: bool = False,
) -> Accounts:
    """Return the accounts of one party.

    Parameters
    ----------
    periods : Periods
        The T periods; months, or years as yearly models count.
    flows : Flows
        Before financing and tax.
    terms : Terms
        Financing, tax, valuation, opening position.
    statements : bool
        Whether to write every line (for few futures).
    keep_flow : bool
        Whether to return the equity flow (T, N); statements do so too.

    Notes
    -----
    All cash beyond the opening's is paid out; what is missing, the owners put in. Reserves are filled
    by them and earn interest. Tax is paid in the last period of a tax year. What is still owed at the
    end is repaid then.

    References
    ----------
    sam-single-owner, irs-946
    """
    inputs = inputs_of(periods, flows, terms)
    count = count_of(inputs, terms)
    axis, choices = axis_of(periods), choices_of(periods, terms, statements=statements)
    numbers = numbers_of(periods, terms, count)
    loans = loans_of(terms.loans, ASSET_CLASSES, periods, count)
    wear = wear_of(terms.law, ASSET_CLASSES, count)
    length = len(periods.days)
    keep = statements or keep_flow
    width = count if keep else min(count, CHUNK)
    flow = np.empty((2, length, width))
    lines = np.zeros((len(LINES), length, count) if statements else (len(LINES), 0, 0))
    ratios = np.empty((4, count))
    discount = np.broadcast_to(column(terms.discount_frac_per_year), (count,))
    found = []
    for first in range(0, count, width):
        n = min(width, count - first)
        settle(inputs, numbers, loans, wear, axis, choices, first, n, flow, lines, ratios)
        part = flow if n == width else np.ascontiguousarray(flow[:, :, :n])
        chunk = discount[first : first + n]
        found.append((returns(part[0], chunk, periods), returns(part[1], chunk, periods)))
    equity, project = (
        {name: np.concatenate([getattr(pair[side], name) for pair in found]) for name in names}
        for side, names in ((0, RETURN_NAMES), (1, RETURN_NAMES[:2]))
    )
    return Accounts(
        npv_usd=equity["npv_usd"],
        equity_irr_frac_per_year=equity["irr_frac_per_year"],
        roots_count=equity["roots_count"],
        moic_ratio=equity["moic_ratio"],
        payback_years=equity["payback_years"],
        peak_equity_usd=equity["peak_usd"],
        project_npv_usd=project["npv_usd"],
        project_irr_frac_per_year=project["irr_frac_per_year"],
        dscr_min_ratio=ratios[0],
        dscr_mean_ratio=ratios[1],
        debt_peak_usd=ratios[2],
        closing_debt_usd=ratios[3],
        verdict=verdict_of(terms, flows, ratios, equity["roots_count"]),
        equity_flow_usd=flow[0] if keep else np.zeros((0, 0)),
        statements=statements_of(periods, flows, terms, lines) if statements else None,
    )


RETURN_NAMES = (
    "npv_usd",
    "irr_frac_per_year",
    "roots_count",
    "moic_ratio",
    "payback_years",
    "peak_usd",
)


def verdict_of(
    terms: Terms, flows: Flows, ratios: Floats, roots_count: Column
) -> NDArray[np.int64]:
    """Return what a reader must know of each future (N,)."""
    verdict = verdict_of_roots(roots_count)
    verdict = verdict | np.where(ratios[0] < 0.0, int(Verdict.NEGATIVE_CFADS), 0)
    verdict = verdict | np.where(ratios[3] > OWED, int(Verdict.DEBT_OUTLIVES_PLAN), 0)
    for name in flows.capex_usd:
        share = np.zeros(1)
        for loan in terms.loans:
            if not loan.covers or name in loan.covers:
                share = share + column(loan.share_frac)
        verdict = verdict | np.where(share > 1.0, int(Verdict.OVER_GEARED), 0)
    return verdict


def contiguous(series_usd: Series) -> Floats:
    """Return a series as the kernel takes it: one column where all share it, no rows where it is zero."""
    alike = series_usd[:, :1] if series_usd.strides[1] == 0 else series_usd
    nothing = alike.shape[1] == 1 and not np.any(alike)
    return np.ascontiguousarray(alike[:0] if nothing else alike, dtype=np.float64)


def inputs_of(periods: Periods, flows: Flows, terms: Terms) -> Inputs:
    """Return the flows as the kernel takes them.

    Raises
    ------
    ValueError
        When an asset class is unknown.
    """
    placed = flows.capex_usd if flows.placed_usd is None else flows.placed_usd
    for name in (*flows.capex_usd, *placed):
        if name not in ASSET_CLASSES:
            raise ValueError(f'"{name}" is no asset class; there are {", ".join(ASSET_CLASSES)}')
    nothing = np.zeros((0, 1))
    opening = terms.opening
    until = np.cumsum(periods.year_frac)[year_ends(periods), None]
    return Inputs(
        *(
            contiguous(series)
            for series in (
                flows.revenue_usd,
                flows.contract_in_usd,
                flows.contract_out_usd,
                flows.operating_usd,
                flows.residual_usd,
            )
        ),
        tuple(contiguous(flows.capex_usd.get(name, nothing)) for name in ASSET_CLASSES),
        tuple(contiguous(placed.get(name, nothing)) for name in ASSET_CLASSES),
        contiguous(opening_wear_usd(opening.tax_usd, opening.tax_years, until)),
    )


def count_of(inputs: Inputs, terms: Terms) -> int:
    """Return how many futures there are."""
    series = [*inputs[:5], *inputs.capex, *inputs.placed, inputs.opening_wear]
    widths = [one.shape[1] for one in series]
    for part in (terms, terms.law, terms.opening, *terms.loans):
        for name in part.__dataclass_fields__:
            value = getattr(part, name)
            if isinstance(value, float | np.ndarray):
                widths.append(np.atleast_1d(np.asarray(value)).shape[-1])
    return max(widths)


def numbers_of(periods: Periods, terms: Terms, count: int) -> Numbers:
    """Return the columns of the terms, each as long as there are futures."""
    opening = terms.opening
    matrix = np.empty((8, count))
    values = (
        terms.tax_frac,
        terms.law.nol_cap_frac,
        opening.loss_usd,
        opening.cash_usd,
        opening.price_usd,
        opening.tax_usd,
        terms.reserve_frac_per_year,
        column(terms.operating_reserve_months) * (periods.per_year / MONTHS_PER_YEAR),
    )
    for row, value in enumerate(values):
        matrix[row] = column(value)
    return Numbers(*matrix)


def choices_of(periods: Periods, terms: Terms, *, statements: bool) -> Choices:
    """Return the structure that the kernel branches on."""
    brought = (
        terms.opening.cash_usd,
        terms.opening.price_usd,
        *(loan.opening_usd for loan in terms.loans),
    )
    costly = any(
        bool(np.any(column(loan.fee_frac) != 0.0)) or loan.capitalised for loan in terms.loans
    )
    return Choices(
        per_year=periods.per_year,
        refunded=terms.law.losses == "refunded",
        liquidated=terms.liquidated,
        after_tax=terms.dscr_after_tax,
        amortising=costly,
        reserving=bool(np.any(column(terms.operating_reserve_months) != 0.0)),
        opened=statements or any(np.any(column(value) != 0.0) for value in brought),
    )


@lru_cache(maxsize=16)
def axis_of(periods: Periods) -> Axis:
    """Return the periods as the kernel takes them."""
    length = np.ones(len(periods.days))
    if periods.opening:
        length[0] = 0.0
    end = np.cumsum(length)
    return Axis(
        end - length,
        end,
        length,
        periods.year_frac,
        periods.rest_frac,
        periods.tax_year.astype(np.int64),
        np.arange(len(length))[::-1].copy(),
    )


def statements_of(periods: Periods, flows: Flows, terms: Terms, lines: Floats) -> Statements:
    """Return three statements from the kernel's lines; depreciation for the books is here alone."""
    line = dict(zip(LINES, lines, strict=True))
    shape = lines.shape[1:]
    last = np.arange(shape[0])[:, None] == shape[0] - 1
    placed = flows.capex_usd if flows.placed_usd is None else flows.placed_usd
    opening = terms.opening
    until = np.cumsum(periods.year_frac)[:, None]
    worn = opening_wear_usd(opening.book_usd, opening.book_years, until) + np.zeros(shape)
    for name, series in placed.items():
        if name in terms.book_life_years:
            worn = worn + worn_usd(series, terms.book_life_years[name], periods.per_year)
    capex = np.zeros(shape)
    for series in flows.capex_usd.values():
        capex = capex + series
    kept = column(opening.book_usd)[None, :] + np.cumsum(capex - worn, axis=0)
    written_off = np.where(last & terms.liquidated, kept, 0.0)
    revenue = flows.revenue_usd + flows.contract_in_usd + np.zeros(shape)
    operating = flows.operating_usd + flows.contract_out_usd + np.zeros(shape)
    disposal = flows.residual_usd - written_off
    income = (
        revenue
        - operating
        - worn
        - line["amortised"]
        - line["interest"]
        + line["reserve_income"]
        + disposal
        - line["tax"]
    )
    owed = np.zeros(shape[1])
    for loan in terms.loans:
        owed = owed + column(loan.opening_usd)
    paid_in = column(opening.cash_usd) + column(opening.book_usd) - owed
    return Statements(
        revenue_usd=revenue,
        operating_usd=operating,
        ebitda_usd=revenue - operating,
        depreciation_usd=worn,
        amortised_usd=line["amortised"],
        interest_usd=line["interest"],
        reserve_income_usd=line["reserve_income"],
        disposal_usd=disposal,
        tax_usd=line["tax"],
        net_income_usd=income,
        capex_usd=capex,
        fee_usd=line["fee"],
        draw_usd=line["draw"],
        principal_usd=line["principal"],
        capitalised_usd=line["capitalised"],
        residual_usd=flows.residual_usd + np.zeros(shape),
        payout_usd=line["payout"],
        cash_usd=line["cash"],
        reserve_usd=line["reserve"],
        assets_usd=kept - written_off,
        financing_usd=np.cumsum(line["fee"] + line["capitalised"] - line["amortised"], axis=0),
        debt_usd=line["debt"],
        equity_usd=paid_in[None, :] + np.cumsum(income - line["payout"], axis=0),
    )


# ---- the kernel: futures side by side, one period after another ---------------------------------


class Block(NamedTuple):
    """Series of the futures side by side, (T, LANES); (Y, LANES) by tax year; (8, LANES)."""

    ebitda: Floats
    gross: Floats
    capex: Floats
    covered: Floats
    share: Floats
    interest: Floats
    cost: Floats
    net: Floats
    service: Floats
    served: Floats
    debt: Floats
    reserve: Floats
    earned: Floats
    amortised: Floats
    tax: Floats
    plain_tax: Floats
    running: Floats
    income: Floats
    plain: Floats
    wear: Floats
    added: Floats
    late: Floats
    lanes: Floats


@njit(cache=True, error_model="numpy")
def new_block(length: int, years: int, width: int) -> Block:
    """Make room for some futures."""
    t = np.zeros((15, length, width))
    y = np.zeros((7, years, width))
    return Block(
        t[0],
        t[1],
        t[2],
        t[3],
        t[4],
        t[5],
        t[6],
        t[7],
        t[8],
        t[9],
        t[10],
        t[11],
        t[12],
        t[13],
        y[0],
        y[1],
        t[14],
        y[2],
        y[3],
        y[4],
        y[5],
        y[6],
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
    """Add a series times a sign; one of a single future is added to each, one without rows is zero."""
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
    """Add up what does not depend on financing: EBITDA, that with sales, capital spent."""
    clear(block.ebitda)
    clear(block.capex)
    put(inputs.revenue, 1.0, first, n, block.ebitda)
    put(inputs.contract_in, 1.0, first, n, block.ebitda)
    put(inputs.contract_out, -1.0, first, n, block.ebitda)
    put(inputs.operating, -1.0, first, n, block.ebitda)
    for t in range(block.gross.shape[0]):
        for k in range(n):
            block.gross[t, k] = block.ebitda[t, k]
    put(inputs.residual, 1.0, first, n, block.gross)
    for c in range(len(inputs.capex)):
        put(inputs.capex[c], 1.0, first, n, block.capex)


@njit(cache=True, error_model="numpy")
def fill_shares(
    loans: Loans, j: int, first: int, n: int, axis: Axis, stop: int, share: Floats, lanes: Floats
) -> None:
    """Set the share of what is owed that each period repays.

    For a level loan `share` first holds s(periods left), from the last period back.
    """
    start, end, begins, growth, tail, part = (
        lanes[0],
        lanes[1],
        lanes[2],
        lanes[3],
        lanes[4],
        lanes[5],
    )
    for k in range(n):
        start[k], end[k] = loans.start[j, first + k], loans.end[j, first + k]
        growth[k], tail[k] = loans.growth[j, first + k], loans.tail[j, first + k]
        part[k], begins[k] = loans.first[j, first + k], loans.tail_begin[j, first + k]
    profile = loans.profile[j]
    last = stop - 1
    if profile == LEVEL:
        for t in axis.back[len(axis.back) - stop :]:
            after = min(t + 1, last)
            for k in range(n):
                grown = 1.0 + growth[k] * share[after, k]
                share[t, k] = grown if axis.begin[t] < begins[k] else tail[k]
    for t in range(last + 1):
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
    if profile == CUSTOM:
        for t in range(last + 1):
            for k in range(n):
                share[t, k] = loans.custom[j, t, first + k]


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
    lanes = block.lanes
    for k in range(n):
        lanes[2, k], lanes[3, k] = loans.geared[j, first + k], loans.rate[j, first + k]
        lanes[4, k], lanes[5, k] = loans.fee[j, first + k], loans.opening[j, first + k]
    joins = 1.0 if loans.capitalised[j] else 0.0
    counts = 0.0 if loans.profile[j] == BULLET else 1.0
    for t in range(stop):
        begin, until, length, year = axis.begin[t], axis.end[t], axis.length[t], axis.year_frac[t]
        for k in range(n):
            owed = lanes[5, k]
            due = owed * lanes[3, k] * year
            added = due * min(max(lanes[0, k] - begin, 0.0), length) * joins
            repaid = owed * block.share[t, k]
            drawn = lanes[2, k] * spent[t, k] if until < lanes[1, k] else 0.0
            fee = lanes[4, k] * drawn
            debt = owed - repaid + drawn + added
            service = due - added + counts * repaid if until > lanes[0, k] else 0.0
            lanes[5, k] = debt
            block.service[t, k] = service
            block.debt[t, k] += debt
            block.interest[t, k] += due - added
            block.cost[t, k] += fee + added
            block.net[t, k] += drawn - fee - (due - added) - repaid
            block.served[t, k] += service
            if lines.shape[1] > 0:
                lines[0, t, first + k] += due - added
                lines[1, t, first + k] += added
                lines[2, t, first + k] += repaid
                lines[3, t, first + k] += drawn
                lines[4, t, first + k] += fee


@njit(cache=True, error_model="numpy")
def hold(source: Floats, ahead: Floats, first: int, n: int, stop: int, block: Block) -> None:
    """Add to the reserve what the coming periods need, fractions of a period included.

    Nothing is needed from period `stop` on.
    """
    last = stop - 1
    running = block.running
    alike = True
    for k in range(n):
        running[0, k] = source[0, k]
        alike = alike and ahead[first + k] == ahead[first]
    for t in range(1, last + 1):
        for k in range(n):
            running[t, k] = running[t - 1, k] + source[t, k]
    groups = 1 if alike else n
    for g in range(groups):
        periods = ahead[first + g] if ahead[first + g] > 0.0 else 0.0
        whole = int(min(periods, float(last)))
        part = periods - whole
        for t in range(last + 1):
            low = min(t + whole, last)
            high = min(low + 1, last)
            for k in range(0 if alike else g, n if alike else g + 1):
                coming = running[low, k] + part * (running[high, k] - running[low, k])
                block.reserve[t, k] += coming - running[t, k]


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
    clear(block.reserve)
    for target in (block.debt, block.interest, block.cost, block.net, block.served):
        clear(target)
    for j in range(len(loans.profile)):
        spent = block.covered if loans.partial[j] else block.capex
        if loans.partial[j]:
            clear(block.covered)
            for c in range(len(inputs.capex)):
                if loans.covers[j, c]:
                    put(inputs.capex[c], 1.0, first, n, block.covered)
        fill_shares(loans, j, first, n, axis, stop, block.share, block.lanes)
        borrow(loans, j, first, n, axis, block, spent, stop, lines)
        if loans.reserved[j]:
            hold(block.service, loans.reserve[j], first, n, stop, block)
    if choices.reserving:
        clear(block.covered)
        put(inputs.operating, 1.0, first, n, block.covered)
        hold(block.covered, numbers.reserve_periods, first, n, len(axis.begin), block)
    for k in range(n):
        block.lanes[0, k] = numbers.reserve_rate[first + k]
    for t in range(1, len(axis.begin)):
        for k in range(n):
            block.earned[t, k] = block.lanes[0, k] * axis.year_frac[t] * block.reserve[t - 1, k]


@njit(cache=True, error_model="numpy")
def close_debt(
    first: int, n: int, block: Block, opening: Floats, ratios: Floats, lines: Floats
) -> None:
    """Repay in the last period what is still owed; note it, and the most that was owed."""
    last = block.debt.shape[0] - 1
    peak = block.lanes[0]
    for k in range(n):
        peak[k] = opening[k]
    for t in range(last + 1):
        for k in range(n):
            peak[k] = block.debt[t, k] if block.debt[t, k] > peak[k] else peak[k]
    for k in range(n):
        ratios[2, first + k] = peak[k]
        ratios[3, first + k] = block.debt[last, k]
        if lines.shape[1] > 0:
            lines[2, last, first + k] += block.debt[last, k]
        block.net[last, k] -= block.debt[last, k]
        block.debt[last, k] = 0.0


@njit(cache=True, error_model="numpy")
def amortise(n: int, opening: Floats, axis: Axis, stop: int, block: Block) -> None:
    """Spread fees and capitalised interest over the debt: by what is owed over all still to be owed."""
    last = stop - 1
    running, left = block.running, block.lanes[0]
    clear(block.amortised)
    for k in range(n):
        left[k] = 0.0
        running[last, k] = block.debt[last - 1, k] if last > 0 else opening[k]
    for t in axis.back[len(axis.back) - last :]:
        for k in range(n):
            running[t, k] = running[t + 1, k] + (block.debt[t - 1, k] if t > 0 else opening[k])
    for t in range(last + 1):
        before = max(t - 1, 0)
        for k in range(n):
            owed = block.debt[before, k] if t > 0 else opening[k]
            share = owed / running[t, k] if running[t, k] > 0.0 else 0.0
            block.amortised[t, k] = left[k] * share if t < last else left[k] + block.cost[t, k]
        for k in range(n):
            left[k] += block.cost[t, k] - block.amortised[t, k]


@njit(cache=True, error_model="numpy")
def sum_years(source: Floats, first: int, n: int, axis: Axis, rest: bool, target: Floats) -> None:
    """Sum what is placed in service by tax year; `rest`: by the share of that year that is left."""
    clear(target)
    for t in range(source.shape[0]):
        y = axis.tax_year[t]
        weight = axis.rest_frac[t] if rest else 1.0
        if source.shape[1] > 1:
            for k in range(n):
                target[y, k] += weight * source[t, np.uint64(first + k)]
        else:
            for k in range(n):
                target[y, k] += weight * source[t, 0]


@njit(cache=True, error_model="numpy")
def wear_by_table(wear: Wear, c: int, first: int, n: int, block: Block) -> None:
    """Deduct vintages by a table of shares, after a bonus."""
    years = block.added.shape[0]
    for v in range(years):
        for k in range(n):
            at_once = wear.bonus[first + k] * block.added[v, k]
            block.wear[v, k] += at_once
            block.late[v, k] = block.added[v, k] - at_once
    for v in range(years):
        for y in range(v, min(v + wear.table.shape[1], years)):
            share = wear.table[c, y - v]
            for k in range(n):
                block.wear[y, k] += share * block.late[v, k]


@njit(cache=True, error_model="numpy")
def wear_straight(wear: Wear, first: int, n: int, block: Block) -> None:
    """Deduct vintages in a straight line from the middle of the period of service."""
    years = block.added.shape[0]
    life = block.lanes[0]
    for k in range(n):
        life[k] = wear.straight_years[first + k]
    for v in range(years):
        for y in range(v, years):
            for k in range(n):
                left = (life[k] - (y - v) + 1.0) * block.added[v, k] - block.late[v, k]
                part = min(max(left, 0.0), block.added[v, k]) if y > v else block.late[v, k]
                block.wear[y, k] += part / life[k]


@njit(cache=True, error_model="numpy")
def deduct(
    inputs: Inputs,
    numbers: Numbers,
    wear: Wear,
    axis: Axis,
    choices: Choices,
    first: int,
    n: int,
    block: Block,
) -> None:
    """Set depreciation for tax by tax year."""
    clear(block.wear)
    put(inputs.opening_wear, 1.0, first, n, block.wear)
    for c in range(len(inputs.placed)):
        if inputs.placed[c].shape[0] > 0 and wear.method[c] != NEVER:
            sum_years(inputs.placed[c], first, n, axis, False, block.added)
            if wear.method[c] == TABLE:
                wear_by_table(wear, c, first, n, block)
            else:
                sum_years(inputs.placed[c], first, n, axis, True, block.late)
                wear_straight(wear, first, n, block)
    if choices.liquidated:
        basis = block.lanes[0]
        last = block.wear.shape[0] - 1
        for k in range(n):
            basis[k] = numbers.tax_basis[first + k]
        for t in range(len(axis.begin)):
            for k in range(n):
                basis[k] += block.capex[t, k]
        for y in range(last + 1):
            for k in range(n):
                basis[k] -= block.wear[y, k]
        for k in range(n):
            block.wear[last, k] += basis[k]


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
    loss = block.lanes[0]
    for k in range(n):
        loss[k] = numbers.loss[first + k]
    for y in range(income.shape[0]):
        for k in range(n):
            base = income[y, k] - block.wear[y, k]
            gain = max(base, 0.0)
            used = min(loss[k], numbers.cap[first + k] * gain)
            loss[k] = loss[k] - used + (gain - base)
            tax[y, k] = numbers.tax[first + k] * (base if choices.refunded else gain - used)


@njit(cache=True, error_model="numpy")
def assess(
    numbers: Numbers, axis: Axis, choices: Choices, first: int, n: int, block: Block
) -> None:
    """Set the tax of the party, and what it would be without debt and reserves."""
    clear(block.income)
    clear(block.plain)
    for t in range(len(axis.begin)):
        y = axis.tax_year[t]
        for k in range(n):
            block.plain[y, k] += block.gross[t, k]
        for k in range(n):
            block.income[y, k] += block.earned[t, k] - block.interest[t, k] - block.amortised[t, k]
    for y in range(block.plain.shape[0]):
        for k in range(n):
            block.income[y, k] += block.plain[y, k]
    levy(block.income, numbers, choices, first, n, block, block.tax)
    levy(block.plain, numbers, choices, first, n, block, block.plain_tax)


@njit(cache=True, error_model="numpy")
def pay_out(axis: Axis, at: int, n: int, block: Block, flow: Floats) -> None:
    """Set the owners' flow, as if there were no cash in hand, and the project's; tax at year ends."""
    gross, capex, reserve = block.gross, block.capex, block.reserve
    owners, project = flow[0], flow[1]
    last = reserve.shape[0] - 1
    for t in range(last + 1):
        before = max(t - 1, 0)
        held = 1.0 if t > 0 else 0.0
        for k in range(n):
            kept = held * reserve[before, k] - reserve[t, k] + block.earned[t, k]
            owners[t, np.uint64(at + k)] = gross[t, k] - capex[t, k] + block.net[t, k] + kept
        for k in range(n):
            project[t, np.uint64(at + k)] = gross[t, k] - capex[t, k]
        y = axis.tax_year[t]
        if t == last or axis.tax_year[t + 1] != y:
            for k in range(n):
                owners[t, at + k] -= block.tax[y, k]
                project[t, at + k] -= block.plain_tax[y, k]


@njit(cache=True, error_model="numpy")
def spend_cash(
    numbers: Numbers, first: int, at: int, n: int, opening: Floats, flow: Floats, lines: Floats
) -> None:
    """Meet shortfalls from the opening cash, pay out what is left of it, and add the owners' price."""
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
    """Set the lowest and the mean DSCR over twelve months in which debt is served throughout."""
    window, cfads, served = choices.per_year, block.running, block.served
    last = cfads.shape[0] - 1
    for t in range(stop):
        y = axis.tax_year[t]
        bears = 1.0 if choices.after_tax and (t == last or axis.tax_year[t + 1] != y) else 0.0
        for k in range(n):
            cfads[t, k] = block.ebitda[t, k] - bears * block.tax[y, k]
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
    for t in range(lines.shape[1]):
        y = axis.tax_year[t]
        at_end = t + 1 == lines.shape[1] or axis.tax_year[t + 1] != y
        for k in range(n):
            lines[5, t, first + k] = block.amortised[t, k]
            lines[6, t, first + k] = block.debt[t, k]
            lines[7, t, first + k] = block.reserve[t, k]
            lines[8, t, first + k] = block.earned[t, k]
            lines[9, t, first + k] = block.tax[y, k] if at_end else 0.0


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
        deduct(inputs, numbers, wear, axis, choices, first, n, block)
        assess(numbers, axis, choices, first, n, block)
        pay_out(axis, at, n, block, flow)
        if choices.opened:
            spend_cash(numbers, first, at, n, opening, flow, lines)
        cover(axis, choices, first, n, stop, block, ratios)
        write(axis, first, n, block, lines)
