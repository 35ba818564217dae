"""The accounts of one party: one kernel over its months, for one future as for a million.

Everything that is paid falls on the last day of its period. The kernel writes what returns need; with
`statements` it also writes every line, and `Statements` puts three statements that balance beside it.
All kernels that call each other stand in this file, because numba's cache looks at one file only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gigaplan.figure import Verdict
from gigaplan.money.debt import Loan, Loans, loans_of
from gigaplan.money.returns import Periods, returns, verdict_of_roots
from gigaplan.money.tax import TABLE, TaxLaw, Wear, by_year_usd, opening_wear_usd, wear_of, worn_usd
from gigaplan.units import MONTHS_PER_YEAR, Column, Real, Series, column, option, quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

ASSET_CLASSES = ("chips", "network", "electrical", "shell", "generation", "land")
"""What capital is spent on; each has a book life and a tax method of its own."""
LANES = 32
"""Futures that go through the kernel side by side; the answer does not depend on it."""
CHUNK = 512
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

    cash_usd: Real = quantity(0.0, low=0.0, doc="cash in hand; meets shortfalls before its owners do")
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
    operating_reserve_months: Real = quantity(0.0, low=0.0, doc="of coming operating cost kept in reserve")
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


class Axis(NamedTuple):
    """The periods as the kernel sees them; time is counted in periods from the first day."""

    begin: Floats
    end: Floats
    length: Floats
    year_frac: Floats
    rest_frac: Floats
    tax_year: NDArray[np.int64]
    back: NDArray[np.int64]


LINES = ("interest", "capitalised", "principal", "draw", "fee", "amortised", "debt", "reserve",
         "reserve_income", "tax", "payout", "cash")
"""Lines that the kernel writes when statements are asked for, in this order."""


def accounts(
    periods: Periods, flows: Flows, terms: Terms, *, statements: bool = False, keep_flow: bool = False
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
    axis, choices = axis_of(periods), choices_of(periods, terms)
    numbers = numbers_of(periods, terms, count)
    loans = loans_of(terms.loans, ASSET_CLASSES, periods, count)
    wear = wear_of(terms.law, ASSET_CLASSES, count)
    length = len(periods.days)
    keep = statements or keep_flow
    width = count if keep else min(count, CHUNK)
    flow = np.empty((2, length, width))
    lines = np.empty((len(LINES), length, count) if statements else (len(LINES), 0, 0))
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


RETURN_NAMES = ("npv_usd", "irr_frac_per_year", "roots_count", "moic_ratio", "payback_years", "peak_usd")


def verdict_of(terms: Terms, flows: Flows, ratios: Floats, roots_count: Column) -> NDArray[np.int64]:
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
    """Return a series as the kernel takes it, one future's worth where all are alike by stride."""
    alike = series_usd[:, :1] if series_usd.strides[1] == 0 else series_usd
    return np.ascontiguousarray(alike, dtype=np.float64)


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
    wear = opening_wear_usd(opening.tax_usd, opening.tax_years, periods)
    return Inputs(
        *(contiguous(series) for series in (
            flows.revenue_usd, flows.contract_in_usd, flows.contract_out_usd, flows.operating_usd,
            flows.residual_usd)),
        tuple(contiguous(flows.capex_usd.get(name, nothing)) for name in ASSET_CLASSES),
        tuple(contiguous(placed.get(name, nothing)) for name in ASSET_CLASSES),
        by_year_usd(wear, periods),
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
        terms.tax_frac, terms.law.nol_cap_frac, opening.loss_usd, opening.cash_usd, opening.price_usd,
        opening.tax_usd, terms.reserve_frac_per_year,
        column(terms.operating_reserve_months) * (periods.per_year / MONTHS_PER_YEAR),
    )
    for row, value in enumerate(values):
        matrix[row] = column(value)
    return Numbers(*matrix)


def choices_of(periods: Periods, terms: Terms) -> Choices:
    """Return the structure that the kernel branches on."""
    costly = any(bool(np.any(column(loan.fee_frac) != 0.0)) or loan.capitalised for loan in terms.loans)
    return Choices(
        per_year=periods.per_year,
        refunded=terms.law.losses == "refunded",
        liquidated=terms.liquidated,
        after_tax=terms.dscr_after_tax,
        amortising=costly,
        reserving=bool(np.any(column(terms.operating_reserve_months) != 0.0)),
    )


def axis_of(periods: Periods) -> Axis:
    """Return the periods as the kernel takes them."""
    length = np.ones(len(periods.days))
    if periods.opening:
        length[0] = 0.0
    end = np.cumsum(length)
    return Axis(
        end - length, end, length, periods.year_frac, periods.rest_frac,
        periods.tax_year.astype(np.int64), np.arange(len(length))[::-1].copy(),
    )


def statements_of(periods: Periods, flows: Flows, terms: Terms, lines: Floats) -> Statements:
    """Return three statements from the kernel's lines; depreciation for the books is here alone."""
    line = dict(zip(LINES, lines, strict=True))
    shape = lines.shape[1:]
    last = np.arange(shape[0])[:, None] == shape[0] - 1
    placed = flows.capex_usd if flows.placed_usd is None else flows.placed_usd
    opening = terms.opening
    worn = opening_wear_usd(opening.book_usd, opening.book_years, periods) + np.zeros(shape)
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
    income = (revenue - operating - worn - line["amortised"] - line["interest"]
              + line["reserve_income"] + disposal - line["tax"])
    owed = np.zeros(shape[1])
    for loan in terms.loans:
        owed = owed + column(loan.opening_usd)
    paid_in = column(opening.cash_usd) + column(opening.book_usd) - owed
    return Statements(
        revenue_usd=revenue, operating_usd=operating, ebitda_usd=revenue - operating,
        depreciation_usd=worn, amortised_usd=line["amortised"], interest_usd=line["interest"],
        reserve_income_usd=line["reserve_income"], disposal_usd=disposal, tax_usd=line["tax"],
        net_income_usd=income, capex_usd=capex, fee_usd=line["fee"], draw_usd=line["draw"],
        principal_usd=line["principal"], capitalised_usd=line["capitalised"],
        residual_usd=flows.residual_usd + np.zeros(shape), payout_usd=line["payout"],
        cash_usd=line["cash"], reserve_usd=line["reserve"], assets_usd=kept - written_off,
        financing_usd=np.cumsum(line["fee"] + line["capitalised"] - line["amortised"], axis=0),
        debt_usd=line["debt"],
        equity_usd=paid_in[None, :] + np.cumsum(income - line["payout"], axis=0),
    )


# ---- the kernel: futures side by side, one period after another ---------------------------------


class Block(NamedTuple):
    """Series of the futures side by side, (T, LANES), and (Y, LANES) by tax year."""

    ebitda: Floats
    capex: Floats
    residual: Floats
    operating: Floats
    covered: Floats
    share: Floats
    owed: Floats
    interest: Floats
    capitalised: Floats
    principal: Floats
    draw: Floats
    fee: Floats
    service: Floats
    debt: Floats
    reserve: Floats
    reserve_income: Floats
    amortised: Floats
    tax: Floats
    plain_tax: Floats
    running: Floats
    payout: Floats
    cash: Floats
    income: Floats
    plain: Floats
    wear: Floats
    added: Floats
    late: Floats
    lane: Floats


@njit(cache=True, error_model="numpy")
def new_block(length: int, years: int) -> Block:
    """Make room for LANES futures."""
    t = np.zeros((22, length, LANES))
    y = np.zeros((5, years, LANES))
    return Block(
        t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12], t[13], t[14],
        t[15], t[16], t[17], t[18], t[19], t[20], t[21], y[0], y[1], y[2], y[3], y[4],
        np.zeros((12, LANES)),
    )


@njit(cache=True, error_model="numpy")
def clear(target: Floats) -> None:
    """Set to zero."""
    for t in range(target.shape[0]):
        for k in range(target.shape[1]):
            target[t, k] = 0.0


@njit(cache=True, error_model="numpy")
def add(source: Floats, sign: float, first: int, n: int, target: Floats) -> None:
    """Add a series, times a sign, of some futures."""
    wide = source.shape[1] > 1
    for t in range(source.shape[0]):
        if wide:
            for k in range(n):
                target[t, k] += sign * source[t, np.uint64(first + k)]
        else:
            amount = sign * source[t, 0]
            for k in range(n):
                target[t, k] += amount


@njit(cache=True, error_model="numpy")
def gather(inputs: Inputs, first: int, n: int, block: Block) -> None:
    """Add up what does not depend on financing."""
    clear(block.ebitda)
    clear(block.operating)
    clear(block.capex)
    clear(block.residual)
    add(inputs.revenue, 1.0, first, n, block.ebitda)
    add(inputs.contract_in, 1.0, first, n, block.ebitda)
    add(inputs.contract_out, -1.0, first, n, block.ebitda)
    add(inputs.operating, 1.0, first, n, block.operating)
    add(inputs.residual, 1.0, first, n, block.residual)
    for t in range(block.ebitda.shape[0]):
        for k in range(n):
            block.ebitda[t, k] -= block.operating[t, k]
    for c in range(len(inputs.capex)):
        add(inputs.capex[c], 1.0, first, n, block.capex)


@njit(cache=True, error_model="numpy")
def fill_shares(loans: Loans, j: int, first: int, n: int, axis: Axis, share: Floats) -> None:
    """Set the share of what is owed that each period repays."""
    profile = loans.profile[j]
    for k in range(n):
        i = first + k
        start, end = loans.start[j, i], loans.end[j, i]
        growth, tail, tail_begin = loans.growth[j, i], loans.tail[j, i], loans.tail_begin[j, i]
        grown = tail
        for t in axis.back:
            begin, until = axis.begin[t], axis.end[t]
            if begin < tail_begin:
                grown = 1.0 + growth * grown
            if not until > start:
                part = 0.0
            elif not until < end:
                part = 1.0
            elif profile == BULLET:
                part = 0.0
            elif profile == STRAIGHT_LINE:
                part = (until - max(begin, start)) / (end - max(begin, start))
            elif begin < start:
                part = loans.first[j, i]
            else:
                part = 1.0 / grown
            share[t, k] = loans.custom[j, t, i] if profile == CUSTOM else part


@njit(cache=True, error_model="numpy")
def borrow(loans: Loans, j: int, first: int, n: int, axis: Axis, block: Block) -> None:
    """Draw, serve and repay one loan, and add it to the party's debt."""
    geared, rate, fee, start, end, debt = block.lane[0], block.lane[1], block.lane[2], block.lane[3], block.lane[4], block.lane[5]
    for k in range(n):
        i = first + k
        geared[k] = loans.geared[j, i]
        rate[k] = loans.rate[j, i]
        fee[k] = loans.fee[j, i]
        start[k] = loans.start[j, i]
        end[k] = loans.end[j, i]
        debt[k] = loans.opening[j, i]
    joins = 1.0 if loans.capitalised[j] else 0.0
    amortises = 0.0 if loans.profile[j] == BULLET else 1.0
    for t in range(len(axis.begin)):
        begin, until, length, year = axis.begin[t], axis.end[t], axis.length[t], axis.year_frac[t]
        for k in range(n):
            owed = debt[k]
            waiting = min(max(start[k] - begin, 0.0), length)
            due = owed * rate[k] * year
            added = due * waiting * joins
            paid = due - added
            repaid = owed * block.share[t, k]
            drawn = geared[k] * block.covered[t, k] if until < end[k] else 0.0
            debt[k] = owed + drawn + added - repaid
            block.interest[t, k] += paid
            block.capitalised[t, k] += added
            block.principal[t, k] += repaid
            block.draw[t, k] += drawn
            block.fee[t, k] += fee[k] * drawn
            block.service[t, k] = paid + amortises * repaid if until > start[k] else 0.0
            block.debt[t, k] += debt[k]
