"""The accounts of one party: one kernel over its months, for one future as for a million.

Everything that is paid falls on the last day of its period. The kernel writes what returns need;
asked for statements it also writes every line, and three statements that balance are made of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gigaplan.figure import Verdict
from gigaplan.money.cash.kernel import LINES, Axis, Choices, Floats, Inputs, Numbers, settle
from gigaplan.money.debt import Loan, loans_of
from gigaplan.money.returns import Periods, own, returns, verdict_of_roots
from gigaplan.money.tax import TaxLaw, opening_wear_usd, wear_of, worn_usd, year_ends
from gigaplan.units import MONTHS_PER_YEAR, Column, Real, Series, column, option, quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

ASSET_CLASSES = ("chips", "network", "electrical", "shell", "generation", "land")
"""What capital is spent on; each has a book life and a tax method of its own."""
CHUNK = 512
"""Futures whose flows are kept between the accounts and their returns: they stay in the cache."""
OWED = 0.005
"""Debt at the plan's end below half a cent is rounding [USD]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flows:
    """What a party earns and spends before financing and tax [USD].

    Each is (T, 1) or (T, N).

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
        The part of it that enters service in each period, from when it is depreciated; left out,
        when it is spent. What is never placed stays under construction.
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
    """What a party has on the first day; debt is a loan with `opening_usd`."""

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
    """On what terms a party is financed, taxed and valued, (1,) or (N,)."""

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
    """Income statement, cash flow and balance sheet by period [USD] (T, N).

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
    npv_usd, equity_irr_frac_per_year, roots_count : Column
        Of the flow to its owners; see `returns.Returns`.
    moic_ratio, payback_years, peak_equity_usd : Column
        Of the same flow.
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
    All cash beyond the opening's is paid out; what is missing, the owners put in. Reserves are
    filled by them and earn interest. Tax is paid in the last period of a tax year. What is still
    owed at the end is repaid then.

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
    discount = column(terms.discount_frac_per_year)
    found = []
    for first in range(0, count, width):
        n = min(width, count - first)
        settle(inputs, numbers, loans, wear, axis, choices, first, n, flow, lines, ratios)
        part = flow if n == width else np.ascontiguousarray(flow[:, :, :n])
        chunk = discount[first : first + n] if discount.shape[0] > 1 else discount
        owners = returns(part[0], chunk, periods)
        # Without debt the owners' flow is the project's: roots are dear, so they are sought once.
        alike = not terms.loans and np.array_equal(part[0], part[1])
        found.append((owners, owners if alike else returns(part[1], chunk, periods)))
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
    """Return a series as the kernel takes it.

    One column where all futures share it, no rows where it is zero throughout.
    """
    alike = series_usd[:, :1] if series_usd.strides[1] == 0 else series_usd
    nothing = alike.shape[1] == 1 and not np.any(alike)
    return own(alike[:0] if nothing else alike)


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
        revenue=contiguous(flows.revenue_usd),
        contract_in=contiguous(flows.contract_in_usd),
        contract_out=contiguous(flows.contract_out_usd),
        operating=contiguous(flows.operating_usd),
        residual=contiguous(flows.residual_usd),
        capex=tuple(contiguous(flows.capex_usd.get(name, nothing)) for name in ASSET_CLASSES),
        placed=tuple(contiguous(placed.get(name, nothing)) for name in ASSET_CLASSES),
        opening_wear=contiguous(opening_wear_usd(opening.tax_usd, opening.tax_years, until)),
    )


def count_of(inputs: Inputs, terms: Terms) -> int:
    """Return how many futures there are."""
    series = (*inputs[:5], *inputs.capex, *inputs.placed, inputs.opening_wear)
    widths = [int(one.shape[1]) for one in series]
    parts: tuple[Terms | TaxLaw | Opening | Loan, ...] = (
        terms,
        terms.law,
        terms.opening,
        *terms.loans,
    )
    for part in parts:
        values = [getattr(part, item.name) for item in fields(part)]
        widths += [one.shape[-1] for one in values if isinstance(one, np.ndarray) and one.ndim]
    widths += [np.size(one) for one in terms.book_life_years.values()]
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
        np.ones(len(length)),
        periods.tax_year.astype(np.int64),
        np.arange(len(length))[::-1].copy(),
    )


def statements_of(periods: Periods, flows: Flows, terms: Terms, lines: Floats) -> Statements:
    """Return three statements; book depreciation is worked out here alone."""
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
