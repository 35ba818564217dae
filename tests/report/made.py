"""A small run with two parties, a lease, a loan and something published, for tests to look at."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from typing import NamedTuple

import numpy as np

from gigaplan.futures import worth
from gigaplan.money.cash import Accounts, Statements
from gigaplan.plan import Plan, Result, loads, prepare, simulate
from gigaplan.plan.result import Names
from gigaplan.report.facts import Facts, facts

PLAN = """\
name: NAME
note: NOTE
start: 2026-01
horizon: 6 years
parties:
  landlord: {role: "ROLE", discount: 9 %}
  operator: {role: owns the chips}
site:
  from: texas-west
  owner: landlord
  construction:
    {value: 2025-01, source: energynewsbeat-abilene, date: 2025-09, grade: C, note: "REMARK"}
  grid: [{from: 2026-04, low: 2026-02, high: 2026-09, value: 30 MW, grade: D}]
hall:
  owner: operator
  system: dgx-h100
  chips: [{from: 2026-06, value: 8000}, {from: 2027-01, value: 16000}]
workloads:
  chat: {kind: serve, model: llama-3.1-8b, chips: 4000, demand: 20 Mtoken/s, price: 0.4 USD/Mtoken}
  let:
    kind: rent
    chips: rest
    price: {value: 2.9 USD/chip-hour, low: 2 USD/chip-hour, high: 3.5 USD/chip-hour, grade: D}
deals:
  shell:
    {kind: lease, landlord: landlord, tenant: operator, rate: 130 USD/kW-month, term: 10 years}
  loan:
    kind: debt
    party: operator
    share: 50 %
    rate: {value: 8 %, low: 6 %, high: 10 %, grade: D}
    term: 4 years
published:
  peak power:
    {of: site.main.needed_mw, value: 30 MW, source: techspot-abilene, date: 2025-05, note: "REMARK"}
  first power: {of: site.main.first_power, value: 2026-06}
"""


class Made(NamedTuple):
    """A plan, its result and what it says."""

    plan: Plan
    result: Result
    told: Facts


@cache
def made(
    name: str = "Two parties", note: str = "A small campus.", role: str = "lets the shell"
) -> Made:
    text = PLAN.replace("NAME", quoted(name)).replace("NOTE", quoted(note))
    text = text.replace('"ROLE"', quoted(role)).replace('"REMARK"', quoted(note))
    plan = prepare(loads(text))
    result = simulate(plan)
    told = facts(plan, result, worth(plan, sample=6))
    return Made(plan, result, told)


@cache
def indebted() -> Made:
    """The same run; the operator's statements show a loan that it pays back."""
    plan, result, told = made()
    account = with_loan(result.money["operator"], result.calendar.months)
    money = Names({**result.money, "operator": account})
    return Made(plan, replace(result, money=money), told)


def with_loan(account: Accounts, months: int) -> Accounts:
    """Accounts with a debt of 96 MUSD, all of it repaid in equal parts from the second year on."""
    nothing = np.zeros((months, 1))
    late = (np.arange(months) >= 12)[:, None] & (np.arange(months) < 36)[:, None]
    written = Statements(**{item.name: nothing for item in fields(Statements)})
    principal = np.where(late, 4e6, 0.0)
    written = replace(
        written,
        principal_usd=principal,
        interest_usd=np.where(late, 1e6, 0.0),
        ebitda_usd=np.where(late, np.where(np.arange(months) < 24, 10e6, 6e6)[:, None], 0.0),
        debt_usd=96e6 - np.cumsum(principal, axis=0),
    )
    return replace(account, statements=written, closing_debt_usd=np.zeros(1))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
