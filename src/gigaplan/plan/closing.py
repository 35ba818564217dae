"""From cash lines to accounts: each party's, and of all together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gigaplan.money.cash import Accounts, Flows, Opening, Terms, accounts
from gigaplan.money.debt import Loan
from gigaplan.money.lease import Debt
from gigaplan.money.returns import Periods, monthly_periods, returns, verdict_of_roots
from gigaplan.plan.load import MARKET
from gigaplan.plan.result import Names
from gigaplan.units import (
    MONTHS_PER_YEAR,
    Calendar,
    Column,
    Real,
    Series,
    added,
    column,
    ratio,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gigaplan.plan.books import Book, Books
    from gigaplan.plan.schema import Party, Plan

JOINT = ("revenue_usd", "operating_usd", "residual_usd")
"""Lines that add up over parties."""
CONSOLIDATED = "consolidated"


def closed(
    plan: Plan,
    ledger: Books,
    ready_date: Mapping[str, Column],
    calendar: Calendar,
    *,
    statements: bool = False,
) -> tuple[Names, Flows]:
    """Close the books of every party, and of all parties as one.

    Parameters
    ----------
    plan : Plan
        Debts, tax, discount rates, opening positions.
    ledger : Books
        Cash lines by party.
    ready_date : mapping
        Party -> when all that it builds first is in service.
    calendar : Calendar
        The months.
    statements : bool
        Whether to write every line of the accounts.

    Returns
    -------
    tuple
        Party -> Accounts, and "consolidated"; and the flows of all parties together.
    """
    periods = monthly_periods(calendar)
    flows = {name: flows_of(ledger[name], calendar) for name in plan.parties}
    closed_books = Names()
    for name, party in plan.parties.items():
        terms = terms_of(plan, name, party, ready_date[name], calendar)
        closed_books[name] = accounts(
            periods, flows[name], terms, statements=statements, keep_flow=True
        )
    joint = joint_flows(list(flows.values()), ledger[MARKET], calendar)
    closed_books[CONSOLIDATED] = together(plan, joint, closed_books, periods)
    return closed_books, joint


def flows_of(book: Book, calendar: Calendar) -> Flows:
    """Return the lines of a book as the accounts take them."""

    def line(*names: str) -> Series:
        found = [book.lines_usd[name] for name in names if name in book.lines_usd]
        return whole(added(found), calendar) if found else np.zeros((calendar.months, 1))

    return Flows(
        revenue_usd=line("revenue"),
        contract_in_usd=line("contract_in"),
        contract_out_usd=line("contract_out"),
        operating_usd=line("operating", "energy"),
        residual_usd=line("residual"),
        capex_usd={asset: whole(usd, calendar) for asset, usd in book.capex_usd.items()},
        placed_usd={
            asset: whole(book.placed_usd.get(asset, usd), calendar)
            for asset, usd in book.capex_usd.items()
        },
    )


def whole(series: Series, calendar: Calendar) -> Series:
    """Return a series with all its months, in memory of its own."""
    if series.shape[0] == calendar.months and series.flags.c_contiguous and series.flags.writeable:
        return series
    return np.array(np.broadcast_to(series, (calendar.months, series.shape[1])), order="C")


def terms_of(plan: Plan, name: str, party: Party, ready_date: Column, calendar: Calendar) -> Terms:
    """Return on what terms a party is financed, taxed and valued."""
    opening = party.opening
    return Terms(
        law=plan.entities[plan.policy],
        tax_frac=tax_frac(plan, party),
        discount_frac_per_year=discount_frac_per_year(plan, party),
        book_life_years=book_lives(plan),
        loans=loans(plan, name, party, ready_date, calendar),
        opening=Opening()
        if opening is None
        else Opening(
            cash_usd=opening.cash_usd,
            price_usd=opening.price_usd,
            book_usd=opening.book_usd,
            book_years=opening.life_years,
            tax_usd=opening.book_usd,
            tax_years=opening.life_years,
        ),
    )


def discount_frac_per_year(plan: Plan, party: Party) -> Real:
    """Return the rate that a party discounts at: its own, or the plan's."""
    return (
        plan.discount_frac_per_year
        if party.discount_frac_per_year is None
        else party.discount_frac_per_year
    )


def tax_frac(plan: Plan, party: Party) -> Real:
    """Return a party's income tax: its own, or that of the first site."""
    if party.tax_frac is not None:
        return party.tax_frac
    sites = [*plan.sites.values(), *(group.site for group in plan.site_groups.values())]
    return plan.entities[sites[0].place].tax_frac if sites else 0.0


def book_lives(plan: Plan) -> dict[str, Real]:
    """Return book lives by asset class, from the first site and hall."""
    sites = [*plan.sites.values(), *(group.site for group in plan.site_groups.values())]
    halls = [
        hall
        for hall in (*plan.halls.values(), *(group.hall for group in plan.site_groups.values()))
        if hall.tenure == "owned"
    ]
    lives: dict[str, Real] = {}
    if sites:
        costs = plan.entities[sites[0].costs]
        lives = {
            "shell": costs.facility_life_years,
            "electrical": costs.electrical_life_years,
            "generation": costs.electrical_life_years,
        }
    if halls:
        first = halls[0]
        life = column(
            plan.entities[first.system].life_years if first.life_years is None else first.life_years
        )
        lives["chips"] = lives["network"] = life + column(first.life_extra_years)
    return lives


def loans(
    plan: Plan, name: str, party: Party, ready_date: Column, calendar: Calendar
) -> tuple[Loan, ...]:
    """Return a party's loans: its debts, and what it owed on the first day."""
    found = [
        Loan(
            share_frac=deal.share_frac,
            rate_frac_per_year=deal.rate_frac_per_year,
            term_years=deal.term_years,
            repay_date=ready_date if deal.repay_date is None else deal.repay_date,
            draw_end_date=ready_date if deal.draw_end_date is None else deal.draw_end_date,
            fee_frac=deal.fee_frac,
            reserve_months=deal.reserve_months,
            profile=deal.profile,
            covers=deal.covers,
        )
        for deal in plan.deals.values()
        if isinstance(deal, Debt) and deal.party == name
    ]
    opening = party.opening
    if opening is not None and np.any(column(opening.debt_usd) > 0.0):
        found.append(
            Loan(
                opening_usd=opening.debt_usd,
                rate_frac_per_year=opening.debt_rate_frac_per_year,
                term_years=opening.debt_term_years,
                repay_date=calendar.start_date,
            )
        )
    return tuple(found)


def joint_opening(plan: Plan) -> Opening:
    """Return the opening positions of all parties together, without debt."""
    mine = [party.opening for party in plan.parties.values() if party.opening is not None]
    if not mine:
        return Opening()

    def total(values: list[Real]) -> Column:
        return np.asarray(added([column(value)[None, :] for value in values])[0])

    book = total([one.book_usd for one in mine])
    lives = total([column(one.book_usd) * column(one.life_years) for one in mine])
    years = np.maximum(ratio(lives, book, 1.0), 1.0 / MONTHS_PER_YEAR)
    return Opening(
        price_usd=total([one.price_usd for one in mine]),
        book_usd=book,
        book_years=years,
        tax_usd=book,
        tax_years=years,
        cash_usd=total([one.cash_usd for one in mine]),
    )


def joint_flows(flows: list[Flows], market: Book, calendar: Calendar) -> Flows:
    """Return the lines of all parties together; contracts between them cancel.

    What is left are the contracts with the market: what it pays, and what it is paid.
    """
    zero = np.zeros((calendar.months, 1))
    return Flows(
        **{line: added([getattr(one, line) for one in flows]) for line in JOINT},
        contract_in_usd=whole(market.lines_usd.get("contract_out", zero), calendar),
        contract_out_usd=whole(market.lines_usd.get("contract_in", zero), calendar),
        capex_usd=added_classes([one.capex_usd for one in flows]),
        placed_usd=added_classes([one.placed_usd or one.capex_usd for one in flows]),
    )


def together(plan: Plan, joint: Flows, each: Names, periods: Periods) -> Accounts:
    """Return all parties as one: contracts cancel, owners' flows add up.

    The project's returns are those of one owner without debt: the sum of all lines, taxed as one.
    """
    first = next(iter(plan.parties.values()))
    terms = Terms(
        law=plan.entities[plan.policy],
        tax_frac=tax_frac(plan, first),
        discount_frac_per_year=plan.discount_frac_per_year,
        book_life_years=book_lives(plan),
        opening=joint_opening(plan),
    )
    project = accounts(periods, joint, terms)
    equity = added([each[name].equity_flow_usd for name in plan.parties])
    rate = np.broadcast_to(column(plan.discount_frac_per_year), (equity.shape[1],))
    found = returns(np.ascontiguousarray(equity), rate, periods)
    return replace(
        project,
        npv_usd=found.npv_usd,
        equity_irr_frac_per_year=found.irr_frac_per_year,
        roots_count=found.roots_count,
        moic_ratio=found.moic_ratio,
        payback_years=found.payback_years,
        peak_equity_usd=found.peak_usd,
        verdict=verdict_of_roots(found.roots_count),
        equity_flow_usd=equity,
    )


def added_classes(each: list[Mapping[str, Series]]) -> dict[str, Series]:
    """Add capital of all parties by asset class."""
    found: dict[str, Series] = {}
    for one in each:
        for asset, usd in one.items():
            found[asset] = found[asset] + usd if asset in found else usd
    return found
