"""From cash lines to accounts: each party's, and of all together."""

from __future__ import annotations
from dataclasses import dataclass
import numpy as np
from gigaplan.money.returns import monthly_periods, returns
from gigaplan.plan.result import Names
from gigaplan.units import column, Column, Series

@dataclass
class Accounts:
    npv_usd: Column
    equity_irr_frac_per_year: Column
    project_irr_frac_per_year: Column
    dscr_min_ratio: Column
    peak_equity_usd: Column
    equity_usd: Series
    verdict: Column

def closed(plan, ledger, calendar):
    periods = monthly_periods(calendar)
    out = Names()
    total = np.zeros((calendar.months, 1))
    for name, party in plan.parties.items():
        b = ledger[name]
        f = np.zeros((calendar.months,1))
        for line, s in b.lines.items():
            f = f + (s if line in ("revenue","contract_in","residual") else -s)
        for s in b.capex.values(): f = f - s
        total = total + f
        out[name] = acc(f, party.discount_frac_per_year or plan.discount_frac_per_year, periods)
    out["consolidated"] = acc(total, plan.discount_frac_per_year, periods)
    return out

def acc(f, r, periods):
    R = returns(f, r, periods)
    return Accounts(R.npv_usd, R.irr_frac_per_year, R.irr_frac_per_year, R.npv_usd*np.nan, R.peak_usd, f, np.zeros(1,dtype=np.int64))
