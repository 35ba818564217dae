"""Accounts that others computed against `money.cash`: yearly periods, one loan, one asset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gigaplan.evidence.cases import Case, measured_of, number
from gigaplan.evidence.rules import Refused, entity
from gigaplan.evidence.training import Pair
from gigaplan.money.cash import Accounts, Flows, Terms, accounts
from gigaplan.money.debt import Loan, sam_debt_usd
from gigaplan.money.returns import annual_periods
from gigaplan.money.tax import TaxLaw
from gigaplan.units import MONTHS_PER_YEAR

POLICY = "us-federal-2025"
"""Holds the MACRS tables; what else it says is replaced by the case's rules."""


def accounts_pairs(case: Case) -> tuple[list[Pair], tuple[str, ...]]:
    """Return NPV, IRR, cover, debt and flows as published, beside ours.

    Raises
    ------
    Refused
        When its tax or its debt is not in the accounts.
    """
    if case.cells["bonus"] != "none":
        raise Refused("a bonus for federal tax alone: one table serves federal and state tax here")
    if case.cells["debt_sizing"] != "share":
        raise Refused("level debt sized by a DSCR: not in the accounts yet")
    made, debt = project_accounts(case)
    flow = made.equity_flow_usd[:, 0]
    modelled = {
        "npv_usd": float(made.npv_usd[0]),
        "equity_irr_frac_per_year": float(made.equity_irr_frac_per_year[0]),
        "dscr_min_ratio": float(made.dscr_min_ratio[0]),
        "debt_usd": debt,
        "equity_usd": -float(flow[0]),
    }
    pairs = [Pair(name, value, modelled[name]) for name, value in measured_of(case).items()]
    published = [float(text) for text in case.cells["flows_usd"].split()]
    return pairs + [
        Pair("equity_flow_usd", told, float(ours))
        for told, ours in zip(published, flow, strict=True)
    ], ()


def project_accounts(case: Case) -> tuple[Accounts, float]:
    """Return the accounts of a row, and the debt that it is sized to [USD]."""
    cell = {name: number(text) or 0.0 for name, text in case.cells.items()}
    years = int(cell["years"])
    spent = cell["installed_usd"] + cell["financing_usd"]
    yearly = (
        cell["operating_usd_per_year"] + cell["insurance_frac_per_year"] * cell["installed_usd"]
    )
    reserve = yearly * cell["operating_reserve_months"] / MONTHS_PER_YEAR
    debt = float(
        sam_debt_usd(
            spent + reserve,
            cell["debt_frac"],
            cell["debt_fee_frac"],
            cell["debt_rate_frac_per_year"],
            cell["debt_years"],
            cell["debt_reserve_months"],
        )[0]
    )
    fee = cell["debt_fee_frac"] * debt
    opening = np.concatenate([[1.0], np.zeros(years)])[:, None]
    growth = np.exp(np.arange(-1, years) * np.log1p(cell["inflation_frac_per_year"]))[:, None]
    flows = Flows(
        revenue_usd=cell["revenue_usd_per_year"] * (1.0 - opening),
        contract_in_usd=np.zeros((1, 1)),
        contract_out_usd=np.zeros((1, 1)),
        operating_usd=yearly * growth * (1.0 - opening),
        residual_usd=np.zeros((1, 1)),
        # SAM neither depreciates nor deducts the loan's fee: it stands as an asset that never wears
        capex_usd={"chips": spent * opening, "land": fee * opening},
    )
    law: TaxLaw = entity("policies", POLICY, TaxLaw)
    loan = Loan(
        share_frac=debt / (spent + fee),
        rate_frac_per_year=cell["debt_rate_frac_per_year"],
        term_years=cell["debt_years"],
        reserve_months=cell["debt_reserve_months"],
        capitalised=False,
    )
    terms = Terms(
        law=replace(
            law, chips_method="macrs-5", bonus_frac=0.0, nol_cap_frac=1.0, losses="refunded"
        ),
        tax_frac=cell["tax_frac"],
        discount_frac_per_year=(1.0 + cell["real_discount_frac_per_year"])
        * (1.0 + cell["inflation_frac_per_year"])
        - 1.0,
        book_life_years={"chips": float(years)},
        loans=(loan,),
        operating_reserve_months=cell["operating_reserve_months"],
        reserve_frac_per_year=cell["reserve_frac_per_year"],
        liquidated=False,
    )
    return accounts(annual_periods(years), flows, terms, keep_flow=True), debt
