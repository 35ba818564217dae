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
from gigaplan.money.tax import NEVER, TABLE, TaxLaw, Wear, by_year_usd, opening_wear_usd, wear_of, worn_usd
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
    """Series of the futures side by side, (T, LANES); (Y, LANES) by tax year; (LANES,) by future."""

    ebitda: Floats
    operating: Floats
    capex: Floats
    residual: Floats
    covered: Floats
    share: Floats
    interest: Floats
    capitalised: Floats
    principal: Floats
    draw: Floats
    fee: Floats
    service: Floats
    served: Floats
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
    lanes: Floats


@njit(cache=True, error_model="numpy")
def new_block(length: int, years: int) -> Block:
    """Make room for LANES futures."""
    t = np.zeros((22, length, LANES))
    y = np.zeros((5, years, LANES))
    return Block(
        t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12], t[13], t[14],
        t[15], t[16], t[17], t[18], t[19], t[20], t[21], y[0], y[1], y[2], y[3], y[4],
        np.zeros((8, LANES)),
    )


@njit(cache=True, error_model="numpy")
def clear(target: Floats) -> None:
    """Set to zero."""
    for t in range(target.shape[0]):
        for k in range(target.shape[1]):
            target[t, k] = 0.0


@njit(cache=True, error_model="numpy")
def add(source: Floats, sign: float, first: int, n: int, target: Floats) -> None:
    """Add a series, times a sign, of some futures; one future's worth is added to each."""
    for t in range(source.shape[0]):
        if source.shape[1] > 1:
            for k in range(n):
                target[t, k] += sign * source[t, np.uint64(first + k)]
        else:
            for k in range(n):
                target[t, k] += sign * source[t, 0]


@njit(cache=True, error_model="numpy")
def gather(inputs: Inputs, first: int, n: int, block: Block) -> None:
    """Add up what does not depend on financing."""
    for target in (block.ebitda, block.operating, block.capex, block.residual):
        clear(target)
    add(inputs.revenue, 1.0, first, n, block.ebitda)
    add(inputs.contract_in, 1.0, first, n, block.ebitda)
    add(inputs.contract_out, -1.0, first, n, block.ebitda)
    add(inputs.operating, -1.0, first, n, block.ebitda)
    add(inputs.operating, 1.0, first, n, block.operating)
    add(inputs.residual, 1.0, first, n, block.residual)
    for c in range(len(inputs.capex)):
        add(inputs.capex[c], 1.0, first, n, block.capex)


@njit(cache=True, error_model="numpy")
def fill_shares(loans: Loans, j: int, first: int, n: int, axis: Axis, share: Floats) -> None:
    """Set the share of what is owed that each period repays."""
    profile = loans.profile[j]
    for k in range(n):
        i = first + k
        start, end, growth = loans.start[j, i], loans.end[j, i], loans.growth[j, i]
        grown = loans.tail[j, i]
        for t in axis.back:
            begin, until = axis.begin[t], axis.end[t]
            grown = 1.0 + growth * grown if begin < loans.tail_begin[j, i] else grown
            part = 0.0
            if profile == CUSTOM:
                part = loans.custom[j, t, i]
            elif until > start and until >= end:
                part = 1.0
            elif until > start and profile == STRAIGHT_LINE:
                part = (until - max(begin, start)) / (end - max(begin, start))
            elif until > start and profile == LEVEL:
                part = loans.first[j, i] if begin < start else 1.0 / grown
            share[t, k] = part


@njit(cache=True, error_model="numpy")
def borrow(loans: Loans, j: int, first: int, n: int, axis: Axis, block: Block) -> None:
    """Draw, serve and repay one loan, and add it to the party's debt."""
    geared, rate, fee = block.lanes[0], block.lanes[1], block.lanes[2]
    start, end, debt = block.lanes[3], block.lanes[4], block.lanes[5]
    for k in range(n):
        geared[k] = loans.geared[j, first + k]
        rate[k] = loans.rate[j, first + k]
        fee[k] = loans.fee[j, first + k]
        start[k] = loans.start[j, first + k]
        end[k] = loans.end[j, first + k]
        debt[k] = loans.opening[j, first + k]
    joins = 1.0 if loans.capitalised[j] else 0.0
    counts = 0.0 if loans.profile[j] == BULLET else 1.0
    for t in range(len(axis.begin)):
        begin, until, length, year = axis.begin[t], axis.end[t], axis.length[t], axis.year_frac[t]
        for k in range(n):
            due = debt[k] * rate[k] * year
            added = due * min(max(start[k] - begin, 0.0), length) * joins
            repaid = debt[k] * block.share[t, k]
            drawn = geared[k] * block.covered[t, k] if until < end[k] else 0.0
            debt[k] = debt[k] - repaid + drawn + added
            block.interest[t, k] += due - added
            block.capitalised[t, k] += added
            block.principal[t, k] += repaid
            block.draw[t, k] += drawn
            block.fee[t, k] += fee[k] * drawn
            block.service[t, k] = due - added + counts * repaid if until > start[k] else 0.0
            block.served[t, k] += block.service[t, k]
            block.debt[t, k] += debt[k]


@njit(cache=True, error_model="numpy")
def hold(source: Floats, ahead: Floats, first: int, n: int, running: Floats, reserve: Floats) -> None:
    """Add to the reserve what the coming periods need, fractions of a period included."""
    last = source.shape[0] - 1
    for k in range(n):
        total = 0.0
        for t in range(last + 1):
            total += source[t, k]
            running[t, k] = total
        periods = ahead[first + k] if ahead[first + k] > 0.0 else 0.0
        whole = int(min(periods, float(last)))
        part = periods - whole
        for t in range(last + 1):
            low = min(t + whole, last)
            high = min(low + 1, last)
            coming = running[low, k] + part * (running[high, k] - running[low, k])
            reserve[t, k] += coming - running[t, k]


@njit(cache=True, error_model="numpy")
def finance(
    inputs: Inputs, loans: Loans, numbers: Numbers, axis: Axis, choices: Choices, first: int, n: int,
    block: Block,
) -> None:
    """Run every loan and fill the reserves."""
    for target in (
        block.interest, block.capitalised, block.principal, block.draw, block.fee, block.served,
        block.debt, block.reserve,
    ):
        clear(target)
    for j in range(len(loans.profile)):
        clear(block.covered)
        for c in range(len(inputs.capex)):
            if loans.covers[j, c]:
                add(inputs.capex[c], 1.0, first, n, block.covered)
        fill_shares(loans, j, first, n, axis, block.share)
        borrow(loans, j, first, n, axis, block)
        if loans.reserved[j]:
            hold(block.service, loans.reserve[j], first, n, block.running, block.reserve)
    if choices.reserving:
        hold(block.operating, numbers.reserve_periods, first, n, block.running, block.reserve)
    for k in range(n):
        rate = numbers.reserve_rate[first + k]
        block.reserve_income[0, k] = 0.0
        for t in range(1, len(axis.begin)):
            block.reserve_income[t, k] = rate * axis.year_frac[t] * block.reserve[t - 1, k]


@njit(cache=True, error_model="numpy")
def close_debt(n: int, opening: Floats, block: Block, closing: Floats, peak: Floats) -> None:
    """Repay in the last period what is still owed; note it, and the most that was owed."""
    last = block.debt.shape[0] - 1
    for k in range(n):
        peak[k] = opening[k]
        for t in range(last + 1):
            peak[k] = max(peak[k], block.debt[t, k])
        closing[k] = block.debt[last, k]
        block.principal[last, k] += block.debt[last, k]
        block.debt[last, k] = 0.0


@njit(cache=True, error_model="numpy")
def amortise(n: int, opening: Floats, block: Block) -> None:
    """Spread fees and capitalised interest over the debt: by what is owed over all still to be owed."""
    last = block.debt.shape[0] - 1
    for k in range(n):
        total = 0.0
        for t in range(last, -1, -1):
            total += block.debt[t - 1, k] if t > 0 else opening[k]
            block.running[t, k] = total
        left = 0.0
        for t in range(last + 1):
            owed = block.debt[t - 1, k] if t > 0 else opening[k]
            cost = block.fee[t, k] + block.capitalised[t, k]
            share = owed / block.running[t, k] if block.running[t, k] > 0.0 else 0.0
            block.amortised[t, k] = left * share if t < last else left + cost
            left = left + cost - block.amortised[t, k]


@njit(cache=True, error_model="numpy")
def sum_years(source: Floats, first: int, n: int, axis: Axis, block: Block) -> None:
    """Sum what is placed in service by tax year, plainly and by the share of its year that is left."""
    clear(block.added)
    clear(block.late)
    for t in range(source.shape[0]):
        y, rest = axis.tax_year[t], axis.rest_frac[t]
        for k in range(n):
            amount = source[t, np.uint64(first + k) if source.shape[1] > 1 else np.uint64(0)]
            block.added[y, k] += amount
            block.late[y, k] += rest * amount


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
    for v in range(years):
        for y in range(v, years):
            for k in range(n):
                life = wear.straight_years[first + k]
                left = (life - (y - v) + 1.0) * block.added[v, k] - block.late[v, k]
                part = min(max(left, 0.0), block.added[v, k]) if y > v else block.late[v, k]
                block.wear[y, k] += part / life


@njit(cache=True, error_model="numpy")
def deduct(
    inputs: Inputs, numbers: Numbers, wear: Wear, axis: Axis, choices: Choices, first: int, n: int,
    block: Block,
) -> None:
    """Set depreciation for tax by tax year."""
    clear(block.wear)
    add(inputs.opening_wear, 1.0, first, n, block.wear)
    for c in range(len(inputs.placed)):
        if inputs.placed[c].shape[0] > 0 and wear.method[c] != NEVER:
            sum_years(inputs.placed[c], first, n, axis, block)
            if wear.method[c] == TABLE:
                wear_by_table(wear, c, first, n, block)
            else:
                wear_straight(wear, first, n, block)
    if choices.liquidated:
        last = block.wear.shape[0] - 1
        for k in range(n):
            basis = numbers.tax_basis[first + k]
            for t in range(len(axis.begin)):
                basis += block.capex[t, k]
            for y in range(last + 1):
                basis -= block.wear[y, k]
            block.wear[last, k] += basis


@njit(cache=True, error_model="numpy")
def levy(
    income: Floats, numbers: Numbers, axis: Axis, choices: Choices, first: int, n: int, block: Block,
    tax: Floats,
) -> None:
    """Set the tax of each year, paid in its last period; losses are carried, or refunded."""
    loss = block.lanes[0]
    clear(tax)
    for k in range(n):
        loss[k] = numbers.loss[first + k]
    last = len(axis.tax_year) - 1
    for t in range(last + 1):
        y = axis.tax_year[t]
        if t == last or axis.tax_year[t + 1] != y:
            for k in range(n):
                base = income[y, k] - block.wear[y, k]
                gain = max(base, 0.0)
                used = min(loss[k], numbers.cap[first + k] * gain)
                loss[k] = loss[k] - used + (gain - base)
                tax[t, k] = numbers.tax[first + k] * (base if choices.refunded else gain - used)


@njit(cache=True, error_model="numpy")
def assess(numbers: Numbers, axis: Axis, choices: Choices, first: int, n: int, block: Block) -> None:
    """Set the tax of the party, and what it would be without debt and reserves."""
    clear(block.income)
    clear(block.plain)
    for t in range(len(axis.begin)):
        y = axis.tax_year[t]
        for k in range(n):
            block.plain[y, k] += block.ebitda[t, k] + block.residual[t, k]
            block.income[y, k] += block.reserve_income[t, k] - block.interest[t, k] - block.amortised[t, k]
    for y in range(block.plain.shape[0]):
        for k in range(n):
            block.income[y, k] += block.plain[y, k]
    levy(block.income, numbers, axis, choices, first, n, block, block.tax)
    levy(block.plain, numbers, axis, choices, first, n, block, block.plain_tax)


@njit(cache=True, error_model="numpy")
def pay_out(numbers: Numbers, opening: Floats, first: int, n: int, block: Block) -> None:
    """Pay out all cash, or call for what is missing; set the owners' flow and the project's.

    The project's flow ends in `running`.
    """
    cash = block.lanes[0]
    last = block.debt.shape[0] - 1
    for k in range(n):
        cash[k] = numbers.cash[first + k]
    for t in range(last + 1):
        for k in range(n):
            before = block.reserve[t - 1, k] if t > 0 else 0.0
            trade = block.ebitda[t, k] + block.residual[t, k] - block.capex[t, k]
            debt = block.draw[t, k] - block.fee[t, k] - block.interest[t, k] - block.principal[t, k]
            kept = block.reserve_income[t, k] - (block.reserve[t, k] - before)
            flow = trade - block.tax[t, k] + debt + kept
            used = min(cash[k], max(-flow, 0.0)) if t < last else cash[k]
            cash[k] -= used
            block.cash[t, k] = cash[k]
            block.payout[t, k] = flow + used
            block.running[t, k] = trade - block.plain_tax[t, k]
    for k in range(n):
        block.running[0, k] -= numbers.price[first + k] + opening[k] - numbers.cash[first + k]


@njit(cache=True, error_model="numpy")
def cover(choices: Choices, first: int, n: int, block: Block, ratios: Floats) -> None:
    """Set the lowest and the mean DSCR over twelve months in which debt is served throughout."""
    window = choices.per_year
    for k in range(n):
        cash = service = all_cash = all_service = total = count = 0.0
        lowest = np.inf
        run = 0
        for t in range(block.served.shape[0]):
            run = run + 1 if block.served[t, k] > 0.0 else 0
            if run == 0:
                continue
            if run == 1:
                cash = service = 0.0
            cfads = block.ebitda[t, k] - (block.tax[t, k] if choices.after_tax else 0.0)
            cash += cfads
            service += block.served[t, k]
            all_cash += cfads
            all_service += block.served[t, k]
            if run > window:
                cash -= block.ebitda[t - window, k] - (
                    block.tax[t - window, k] if choices.after_tax else 0.0
                )
                service -= block.served[t - window, k]
            if run >= window:
                total += cash / service
                lowest = min(lowest, cash / service)
                count += 1.0
        overall = all_cash / all_service if all_service > 0.0 else np.nan
        ratios[0, first + k] = lowest if count > 0.0 else overall
        ratios[1, first + k] = total / count if count > 0.0 else overall


@njit(cache=True, error_model="numpy")
def write(numbers: Numbers, block: Block, first: int, at: int, n: int, flow: Floats, lines: Floats) -> None:
    """Write the two flows, and every line where there is room for them."""
    for t in range(flow.shape[1]):
        for k in range(n):
            flow[0, t, np.uint64(at + k)] = block.payout[t, k]
            flow[1, t, np.uint64(at + k)] = block.running[t, k]
    for k in range(n):
        flow[0, 0, at + k] -= numbers.price[first + k]
    if lines.shape[1] > 0:
        kept = (
            block.interest, block.capitalised, block.principal, block.draw, block.fee, block.amortised,
            block.debt, block.reserve, block.reserve_income, block.tax, block.payout, block.cash,
        )
        for row in range(len(kept)):
            for t in range(lines.shape[1]):
                for k in range(n):
                    lines[row, t, first + k] = kept[row][t, k]


@njit(cache=True, error_model="numpy")
def settle(
    inputs: Inputs, numbers: Numbers, loans: Loans, wear: Wear, axis: Axis, choices: Choices,
    start: int, count: int, flow: Floats, lines: Floats, ratios: Floats,
) -> None:
    """Run the accounts of some futures; flows are written from column 0 on."""
    block = new_block(len(axis.begin), axis.tax_year[-1] + 1)
    opening, closing, peak = block.lanes[1], block.lanes[6], block.lanes[7]
    for at in range(0, count, LANES):
        first, n = start + at, min(LANES, count - at)
        gather(inputs, first, n, block)
        finance(inputs, loans, numbers, axis, choices, first, n, block)
        for k in range(n):
            opening[k] = 0.0
            for j in range(len(loans.profile)):
                opening[k] += loans.opening[j, first + k]
        close_debt(n, opening, block, closing, peak)
        if choices.amortising:
            amortise(n, opening, block)
        deduct(inputs, numbers, wear, axis, choices, first, n, block)
        assess(numbers, axis, choices, first, n, block)
        pay_out(numbers, opening, first, n, block)
        cover(choices, first, n, block, ratios)
        for k in range(n):
            ratios[2, first + k] = peak[k]
            ratios[3, first + k] = closing[k]
        write(numbers, block, first, at, n, flow, lines)
