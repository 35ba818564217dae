"""The accounts against a slow twin, and the laws that no set of accounts may break."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gigaplan.catalog import load
from gigaplan.figure import Verdict, replaced
from gigaplan.money.cash import (
    ASSET_CLASSES,
    Accounts,
    Flows,
    Opening,
    Statements,
    Terms,
    accounts,
)
from gigaplan.money.debt import Loan, owed_frac
from gigaplan.money.returns import Periods, annual_periods, monthly_periods
from gigaplan.money.tax import TaxLaw, table_frac
from gigaplan.units import Calendar

Floats = NDArray[np.float64]
LAW = load("policies", "us-federal-2025", TaxLaw).value
START = 312.0  # January 2026


# ---- the twin: one future, one line of arithmetic at a time ----


def at(value: object, t: int, i: int) -> float:
    """One number of a series or a column."""
    array = np.asarray(value, dtype=float)
    if array.ndim == 2:
        return float(array[t, i if array.shape[1] > 1 else 0]) if array.shape[0] else 0.0
    return float(np.atleast_1d(array)[i if array.size > 1 else 0])


def twin_loan(loan: Loan, periods: Periods, spent: list[float], i: int) -> dict[str, list[float]]:
    """Draws, interest and principal of one loan, from the definition of an annuity."""
    n, per_year = len(spent), periods.per_year
    begin = (at(loan.repay_date, 0, i) - periods.start_date) * per_year / 12.0
    end = begin + at(loan.term_years, 0, i) * per_year
    draws = (at(loan.draw_end_date, 0, i) - periods.start_date) * per_year / 12.0 + 1.0 + 1e-9
    begin = max(begin, 0.0)
    rate, fee = at(loan.rate_frac_per_year, 0, i), at(loan.fee_frac, 0, i)
    share = at(loan.share_frac, 0, i)
    share = share / (1.0 - share * fee)

    def worth(left: float) -> float:
        step = rate / per_year
        return left if step == 0.0 else 1.0 - (1.0 + step) ** -left

    owed = at(loan.opening_usd, 0, i)
    lines: dict[str, list[float]] = {
        name: [] for name in ("draw", "fee", "paid", "joined", "back", "owed", "service")
    }
    for t in range(n):
        first = float(max(t - periods.opening, 0))
        last = first if periods.opening and t == 0 else first + 1.0
        due = owed * rate * float(periods.year_frac[t])
        joined = due * min(max(begin - first, 0.0), last - first) if loan.capitalised else 0.0
        if loan.profile == "custom":
            part = at(loan.principal_frac, t, i)
        elif last <= begin:
            part = 0.0
        elif last >= end:
            part = 1.0
        elif loan.profile == "level":
            part = 1.0 - worth(end - last) / worth(end - max(first, begin))
        elif loan.profile == "straight":
            part = (last - max(first, begin)) / (end - max(first, begin))
        else:
            part = 0.0
        back = owed * part
        draw = share * spent[t] if last < min(end, draws) else 0.0
        owed = owed + draw + joined - back
        counted = due - joined + (0.0 if loan.profile == "bullet" else back)
        for name, amount in (
            ("draw", draw),
            ("fee", fee * draw),
            ("paid", due - joined),
            ("joined", joined),
            ("back", back),
            ("owed", owed),
            ("service", counted if last > begin else 0.0),
        ):
            lines[name].append(amount)
    return lines


def coming(source: list[float], t: int, periods: float) -> float:
    """What the next periods need: whole ones, and a fraction of the one after."""
    ahead = source[t + 1 :]
    whole = int(periods)
    rest = (periods - whole) * ahead[whole] if whole < len(ahead) else 0.0
    return sum(ahead[:whole]) + rest


def twin_tax_worn(
    terms: Terms, periods: Periods, placed: dict[str, list[float]], i: int
) -> list[float]:
    """Depreciation for tax by year, vintage by vintage."""
    years = int(periods.tax_year[-1]) + 1
    worn = [0.0] * years
    bonus, life = at(terms.law.bonus_frac, 0, i), at(terms.law.straight_years, 0, i)
    for name, amounts in placed.items():
        method = getattr(terms.law, f"{name}_method")
        for t, amount in enumerate(amounts):
            y0 = int(periods.tax_year[t])
            left = 1.0
            for y in range(y0, years):
                if method == "none":
                    part = 0.0
                elif method == "straight":
                    part = min((float(periods.rest_frac[t]) if y == y0 else 1.0) / life, left)
                else:
                    table = table_frac(terms.law, method)
                    part = (1.0 - bonus) * (table[y - y0] if y - y0 < len(table) else 0.0)
                    part += bonus if y == y0 else 0.0
                left -= part
                worn[y] += amount * part
    basis, over = at(terms.opening.tax_usd, 0, i), at(terms.opening.tax_years, 0, i)
    elapsed, before = 0.0, 0.0
    for y in range(years):
        elapsed += sum(
            periods.year_frac[t] for t in range(len(periods.days)) if periods.tax_year[t] == y
        )
        worn[y] += basis * (min(elapsed / over, 1.0) - before)
        before = min(elapsed / over, 1.0)
    return worn


def twin_levy(terms: Terms, income: list[float], i: int) -> list[float]:
    """Tax by year."""
    rate, cap = at(terms.tax_frac, 0, i), at(terms.law.nol_cap_frac, 0, i)
    loss, tax = at(terms.opening.loss_usd, 0, i), []
    for base in income:
        if terms.law.losses == "refunded":
            tax.append(rate * base)
        elif base < 0.0:
            loss -= base
            tax.append(0.0)
        else:
            used = min(loss, cap * base)
            loss -= used
            tax.append(rate * (base - used))
    return tax


@dataclass
class Twin:
    owners: list[float]
    project: list[float]
    dscr_min: float
    dscr_mean: float
    closing: float
    npv: float


def twin(periods: Periods, flows: Flows, terms: Terms, i: int) -> Twin:
    """The accounts of one future, in plain Python."""
    n = len(periods.days)
    time = range(n)
    capex = {name: [at(one, t, i) for t in time] for name, one in flows.capex_usd.items()}
    placed = (
        capex
        if flows.placed_usd is None
        else {name: [at(one, t, i) for t in time] for name, one in flows.placed_usd.items()}
    )
    operating = [at(flows.operating_usd, t, i) for t in time]
    ebitda = [
        at(flows.revenue_usd, t, i)
        + at(flows.contract_in_usd, t, i)
        - at(flows.contract_out_usd, t, i)
        - operating[t]
        for t in time
    ]
    sales = [at(flows.residual_usd, t, i) for t in time]
    spent = [sum(one[t] for one in capex.values()) for t in time]
    loans = [
        twin_loan(
            loan,
            periods,
            [
                sum(one[t] for name, one in capex.items() if not loan.covers or name in loan.covers)
                for t in time
            ],
            i,
        )
        for loan in terms.loans
    ]

    def sum_of(line: str) -> list[float]:
        return [sum(loan[line][t] for loan in loans) for t in time]

    draw, fee, paid, joined = sum_of("draw"), sum_of("fee"), sum_of("paid"), sum_of("joined")
    back, owed, service = sum_of("back"), sum_of("owed"), sum_of("service")
    reserve = [
        sum(
            coming(one["service"], t, at(loan.reserve_months, 0, i) * periods.per_year / 12.0)
            for one, loan in zip(loans, terms.loans, strict=True)
        )
        + coming(operating, t, at(terms.operating_reserve_months, 0, i) * periods.per_year / 12.0)
        for t in time
    ]
    closing = owed[-1]
    back[-1] += closing
    opened = sum(at(loan.opening_usd, 0, i) for loan in terms.loans)
    before = [opened, *owed[:-1]]
    left, spread = 0.0, []
    for t in time:
        whole = sum(before[t:])
        part = left * before[t] / whole if whole > 0.0 else 0.0
        part = left + fee[t] + joined[t] if t == n - 1 else part
        left += fee[t] + joined[t] - part
        spread.append(part)
    rate = at(terms.reserve_frac_per_year, 0, i)
    earned = [0.0] + [rate * float(periods.year_frac[t]) * reserve[t - 1] for t in range(1, n)]
    worn = twin_tax_worn(terms, periods, placed, i)
    if terms.liquidated:
        worn[-1] += sum(spent) + at(terms.opening.tax_usd, 0, i) - sum(worn)
    years = range(len(worn))
    plain = [
        sum(ebitda[t] + sales[t] for t in time if periods.tax_year[t] == y) - worn[y] for y in years
    ]
    income = [
        plain[y] + sum(earned[t] - paid[t] - spread[t] for t in time if periods.tax_year[t] == y)
        for y in years
    ]
    due, plain_due = twin_levy(terms, income, i), twin_levy(terms, plain, i)
    cash, price = at(terms.opening.cash_usd, 0, i), at(terms.opening.price_usd, 0, i)
    owners, project, tax = [], [], []
    for t in time:
        y = int(periods.tax_year[t])
        at_end = t == n - 1 or periods.tax_year[t + 1] != y
        tax.append(due[y] if at_end else 0.0)
        trade = ebitda[t] + sales[t] - spent[t]
        kept = reserve[t] - (reserve[t - 1] if t else 0.0)
        flow = trade - tax[t] + draw[t] - fee[t] - paid[t] - back[t] + earned[t] - kept
        used = cash if t == n - 1 else min(cash, max(-flow, 0.0))
        cash -= used
        owners.append(flow + used)
        project.append(trade - (plain_due[y] if at_end else 0.0))
    owners[0] -= price
    project[0] -= price + opened - at(terms.opening.cash_usd, 0, i)
    dscr = []
    for t in range(periods.per_year - 1, n):
        window = range(t + 1 - periods.per_year, t + 1)
        if all(service[u] > 0.0 for u in window):
            cfads = sum(ebitda[u] - (tax[u] if terms.dscr_after_tax else 0.0) for u in window)
            dscr.append(cfads / sum(service[u] for u in window))
    days = np.cumsum(periods.days)
    growth = 1.0 + at(terms.discount_frac_per_year, 0, i)
    npv = sum(
        amount * growth ** (-float(d) / 365.0) for amount, d in zip(owners, days, strict=True)
    )
    return Twin(
        owners,
        project,
        min(dscr, default=math.nan),
        sum(dscr) / len(dscr) if dscr else math.nan,
        closing,
        npv,
    )


# ---- cases ----


def campus(months: int, futures: int, seed: int = 1) -> Flows:
    """A phased campus: some lines differ by future, some are shared."""
    rng = np.random.default_rng(seed)
    ramp = np.clip((np.arange(months) - 15.0) / 9.0, 0.0, 1.0)[:, None]
    chips, shell = np.zeros((months, futures)), np.zeros((months, 1))
    chips[8:22] = rng.uniform(30.0, 50.0, (14, futures)) * 1e6
    shell[:16, 0] = np.linspace(5.0, 12.0, 16) * 1e6
    plant = np.zeros((months, futures))
    plant[4:16] = rng.uniform(4.0, 9.0, futures) * 1e6
    land, residual = np.zeros((months, 1)), np.zeros((months, futures))
    land[0] = 2e7
    residual[-1] = rng.uniform(1.0, 2.0, futures) * 1e8
    return Flows(
        revenue_usd=ramp * rng.uniform(20.0, 32.0, futures) * 1e6,
        contract_in_usd=ramp * 1e6,
        contract_out_usd=ramp * 2e6,
        operating_usd=ramp * rng.uniform(4.0, 6.0, (months, futures)) * 1e6,
        residual_usd=residual,
        capex_usd={"chips": chips, "shell": shell, "electrical": plant, "land": land},
    )


def term_loan(futures: int, seed: int = 2, **changes: Any) -> Loan:  # noqa: ANN401
    rng = np.random.default_rng(seed)
    first = Loan(
        share_frac=0.6,
        rate_frac_per_year=rng.uniform(0.05, 0.11, futures),
        term_years=rng.uniform(3.0, 5.0, futures),
        repay_date=START + rng.uniform(14.0, 22.0, futures),
        fee_frac=0.02,
        reserve_months=6.0,
    )
    return replace(first, **changes)


def deal(*loans: Loan, **changes: Any) -> Terms:  # noqa: ANN401
    first = Terms(
        law=LAW,
        tax_frac=0.25,
        discount_frac_per_year=0.12,
        loans=loans,
        operating_reserve_months=2.5,
        reserve_frac_per_year=0.03,
        book_life_years={"chips": 5.5, "shell": 25.0, "electrical": 15.0},
    )
    return replace(first, **changes)


MONTHS = monthly_periods(Calendar(START, 84))
CARRIED = replaced(LAW, "bonus_frac", 0.4)
REFUNDED = replaced(LAW, "losses", "refunded")
OPENING = Opening(
    cash_usd=4e7,
    price_usd=9e7,
    book_usd=1.5e8,
    book_years=4.3,
    tax_usd=9e7,
    tax_years=3.7,
    loss_usd=2e7,
)


def custom(months: int) -> Floats:
    """Repay a hundredth more each month from month 24 on."""
    principal = np.zeros((months, 1))
    principal[24:72, 0] = 1.01 ** np.arange(48)
    return owed_frac(principal)


CASES = {
    "level": deal(term_loan(5)),
    "paid": deal(term_loan(5, capitalised=False), law=CARRIED),
    "straight": deal(term_loan(5, profile="straight"), law=REFUNDED),
    "bullet": deal(term_loan(5, profile="bullet", reserve_months=3.7)),
    "custom": deal(
        term_loan(
            5, profile="custom", principal_frac=custom(84), term_years=4.0, repay_date=START + 24.0
        )
    ),
    "two": deal(
        term_loan(5, covers=("chips", "network")),
        term_loan(5, seed=3, share_frac=0.7, covers=("shell", "electrical"), term_years=9.0),
        law=CARRIED,
        dscr_after_tax=True,
    ),
    "opening": deal(
        Loan(opening_usd=1.2e8, rate_frac_per_year=0.07, term_years=4.0, repay_date=START - 11.0),
        opening=OPENING,
        liquidated=False,
    ),
    "none": deal(law=CARRIED),
    "drawn": deal(term_loan(5, draw_end_date=START + np.array([9.0, 12.5, 15.0, 21.9, 60.0]))),
    "free": deal(term_loan(5, rate_frac_per_year=0.0, fee_frac=0.0, reserve_months=np.arange(5.0))),
}


@pytest.mark.parametrize("case", CASES)
def test_the_kernel_equals_its_twin(case: str) -> None:
    check(MONTHS, campus(84, 5), CASES[case], 5)


def test_what_is_placed_later_is_deducted_later() -> None:
    flows = campus(84, 5)
    placed = {name: np.zeros_like(series) for name, series in flows.capex_usd.items()}
    for name, series in flows.capex_usd.items():
        placed[name][20] = 0.9 * series.sum(axis=0)  # a tenth is never finished
    check(MONTHS, replace(flows, placed_usd=placed), CASES["level"], 5)


def test_the_kernel_equals_its_twin_by_year() -> None:
    flows = campus(31, 3)
    loan = term_loan(3, repay_date=0.0 + 12.0 * 16.0, term_years=7.5, share_frac=0.5)
    check(annual_periods(30), flows, deal(loan), 3)


def test_a_long_plan_deducts_a_building_once() -> None:
    flows = campus(52, 2)
    check(
        annual_periods(51),
        flows,
        deal(liquidated=False, law=replaced(LAW, "straight_years", 39.0)),
        2,
    )


def check(periods: Periods, flows: Flows, terms: Terms, futures: int) -> None:
    """Hold flows, ratios and NPV against the twin."""
    found = accounts(periods, flows, terms, keep_flow=True)
    for i in range(futures):
        other = twin(periods, flows, terms, i)
        scale = max(abs(amount) for amount in other.owners)
        np.testing.assert_allclose(
            found.equity_flow_usd[:, i], other.owners, rtol=1e-9, atol=1e-12 * scale
        )
        for got, want in (
            (found.dscr_min_ratio, other.dscr_min),
            (found.dscr_mean_ratio, other.dscr_mean),
            (found.closing_debt_usd, other.closing),
        ):
            assert got[i] == pytest.approx(want, rel=1e-9, abs=1e-6, nan_ok=True)
        assert found.npv_usd[i] == pytest.approx(other.npv, rel=1e-9, abs=1e-9 * scale)
        worth = sum(
            amount * (1.0 + found.project_irr_frac_per_year[i]) ** (-float(day) / 365.0)
            for amount, day in zip(other.project, np.cumsum(periods.days), strict=True)
        )
        assert abs(worth) < 1e-6 * scale


# ---- laws ----


def stated(case: str) -> tuple[Flows, Statements, Accounts]:
    flows = campus(84, 5)
    found = accounts(MONTHS, flows, CASES[case], statements=True)
    assert found.statements is not None
    return flows, found.statements, found


@pytest.mark.parametrize("case", CASES)
def test_statements_balance(case: str) -> None:
    _, books, _ = stated(case)
    assets = books.cash_usd + books.reserve_usd + books.assets_usd + books.financing_usd
    np.testing.assert_allclose(assets, books.debt_usd + books.equity_usd, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_sources_are_uses_and_cash_is_kept(case: str) -> None:
    flows, books, _ = stated(case)
    before = np.vstack([np.full((1, 5), CASES[case].opening.cash_usd), books.cash_usd[:-1]])
    reserved = np.vstack([np.zeros((1, 5)), books.reserve_usd[:-1]])
    sources = books.ebitda_usd + flows.residual_usd + books.draw_usd + books.reserve_income_usd
    uses = (
        books.capex_usd
        + books.fee_usd
        + books.interest_usd
        + books.principal_usd
        + books.tax_usd
        + books.payout_usd
        + books.reserve_usd
        - reserved
        + books.cash_usd
        - before
    )
    np.testing.assert_allclose(sources, uses, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_everything_closes(case: str) -> None:
    _, books, found = stated(case)
    assert np.all(books.debt_usd[-1] == 0.0)
    lent = books.draw_usd + books.capitalised_usd
    opened = sum(float(loan.opening_usd) for loan in CASES[case].loans if case == "opening")
    np.testing.assert_allclose(
        lent.sum(axis=0) + opened, books.principal_usd.sum(axis=0), rtol=1e-12
    )
    np.testing.assert_allclose(books.cash_usd[-1], 0.0, atol=1e-6)
    np.testing.assert_allclose(books.reserve_usd[-1], 0.0, atol=1e-6)
    np.testing.assert_allclose(books.financing_usd[-1], 0.0, atol=1e-5)
    if CASES[case].liquidated:
        np.testing.assert_allclose(books.equity_usd[-1], 0.0, atol=1e-4)
    assert np.all(found.closing_debt_usd >= 0.0)


def test_book_life_changes_profit_and_not_cash() -> None:
    flows = campus(84, 5)
    short = accounts(MONTHS, flows, CASES["level"], statements=True)
    slow = replace(
        CASES["level"], book_life_years={"chips": 7.0, "shell": 40.0, "electrical": 20.0}
    )
    long = accounts(MONTHS, flows, slow, statements=True)
    assert short.statements is not None
    assert long.statements is not None
    np.testing.assert_array_equal(short.equity_flow_usd, long.equity_flow_usd)
    np.testing.assert_array_equal(short.npv_usd, long.npv_usd)
    assert np.all(short.statements.net_income_usd[40] < long.statements.net_income_usd[40])
    profit = [
        books.statements.net_income_usd.sum(axis=0) for books in (short, long) if books.statements
    ]
    np.testing.assert_allclose(profit[0], profit[1], rtol=1e-9)


def test_a_project_knows_no_debt() -> None:
    flows = campus(84, 5)
    found = [accounts(MONTHS, flows, CASES[case]) for case in ("level", "bullet")]
    bare = accounts(MONTHS, flows, deal(operating_reserve_months=0.0))
    for one in found:
        np.testing.assert_array_equal(one.project_irr_frac_per_year, bare.project_irr_frac_per_year)
    np.testing.assert_allclose(
        bare.equity_irr_frac_per_year, bare.project_irr_frac_per_year, rtol=1e-9
    )
    assert np.all(np.isnan(bare.dscr_min_ratio))


def test_statements_change_no_figure() -> None:
    flows = campus(84, 5)
    for terms in CASES.values():
        plain, full = (
            accounts(MONTHS, flows, terms),
            accounts(MONTHS, flows, terms, statements=True),
        )
        assert plain.equity_flow_usd.shape == (0, 0)
        assert plain.statements is None
        same(plain, full, slice(None))


def same(one: Accounts, other: Accounts, part: slice) -> None:
    """Every column of `one` equals that part of `other`, to the bit."""
    for item in fields(Accounts):
        mine, theirs = getattr(one, item.name), getattr(other, item.name)
        if isinstance(mine, np.ndarray) and mine.ndim == 1:
            np.testing.assert_array_equal(mine, theirs[part], err_msg=item.name)


def one_of(value: Any, i: int) -> Any:  # noqa: ANN401
    """Future i of a series, a column or a loan."""
    if isinstance(value, np.ndarray):
        return value[..., i : i + 1] if value.shape[-1] > 1 else value
    if isinstance(value, dict):
        return {name: one_of(member, i) for name, member in value.items()}
    if isinstance(value, tuple):
        return tuple(one_of(member, i) for member in value)
    if isinstance(value, Loan | Terms | Flows):
        return replace(
            value, **{item.name: one_of(getattr(value, item.name), i) for item in fields(value)}
        )
    return value


@pytest.mark.parametrize("futures", [84, 40])  # as many as months; more than stand side by side
def test_a_future_alone_is_the_same_to_the_bit(futures: int) -> None:
    flows = campus(84, futures)
    loans = term_loan(futures), term_loan(futures, seed=4, share_frac=0.2, covers=("chips",))
    terms = deal(*loans, tax_frac=np.linspace(0.1, 0.4, futures))
    many = accounts(MONTHS, flows, terms)
    for i in (0, 7, 31, 32, futures - 1):
        same(accounts(MONTHS, one_of(flows, i), one_of(terms, i)), many, slice(i, i + 1))


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    flows, terms = campus(84, 75), deal(term_loan(75))
    whole = accounts(MONTHS, flows, terms)
    monkeypatch.setattr("gigaplan.money.cash.CHUNK", 17)
    same(whole, accounts(MONTHS, flows, terms), slice(None))


def test_verdicts() -> None:
    flows = campus(84, 1)
    late = accounts(MONTHS, flows, deal(term_loan(1, term_years=10.0)))
    assert late.verdict[0] & Verdict.DEBT_OUTLIVES_PLAN
    assert late.closing_debt_usd[0] > 1e6
    poor = replace(flows, revenue_usd=0.1 * flows.revenue_usd)
    lean = accounts(MONTHS, poor, deal(term_loan(1)))
    assert lean.verdict[0] & Verdict.NEGATIVE_CFADS
    assert lean.dscr_min_ratio[0] < 0.0
    twice = accounts(MONTHS, flows, deal(term_loan(1), term_loan(1)))
    assert twice.verdict[0] & Verdict.OVER_GEARED
    nothing = Flows(
        revenue_usd=np.zeros((84, 1)),
        contract_in_usd=np.zeros((84, 1)),
        contract_out_usd=np.zeros((84, 1)),
        operating_usd=np.zeros((84, 1)),
        residual_usd=np.zeros((84, 1)),
        capex_usd={},
    )
    idle = accounts(MONTHS, nothing, deal())
    assert idle.verdict[0] == Verdict.NO_IRR
    assert idle.npv_usd[0] == 0.0


def test_a_missing_number_stays_missing_and_alone() -> None:
    flows = campus(84, 3)
    clean = accounts(MONTHS, flows, CASES["free"].__class__(law=LAW, loans=(term_loan(3),)))
    rate = np.array([0.07, np.nan, 0.08])
    loan = term_loan(3)
    found = accounts(
        MONTHS,
        flows,
        Terms(
            law=LAW,
            loans=(
                replace(loan, rate_frac_per_year=rate, repay_date=np.array([START, np.nan, START])),
            ),
        ),
    )
    assert np.isnan(found.npv_usd[1])
    assert np.isnan(found.equity_irr_frac_per_year[1])
    assert np.all(np.isfinite(found.npv_usd[[0, 2]]))
    assert np.all(np.isfinite(clean.npv_usd))


def test_an_unknown_class_is_refused() -> None:
    flows = replace(campus(84, 1), capex_usd={"boats": np.zeros((84, 1))})
    with pytest.raises(ValueError, match="boats"):
        accounts(MONTHS, flows, deal())


def test_worked_example_of_publication_946() -> None:
    """5,000 USD of 5-year property: 1,000 USD, then 1,600 USD are deducted."""
    years = annual_periods(3)
    zero = np.zeros((4, 1))
    spent, revenue = zero.copy(), np.full((4, 1), 10_000.0)
    spent[0], revenue[0] = 5_000.0, 0.0
    flows = Flows(
        revenue_usd=revenue,
        contract_in_usd=zero,
        contract_out_usd=zero,
        operating_usd=zero,
        residual_usd=zero,
        capex_usd={"chips": spent},
    )
    terms = Terms(law=replaced(LAW, "bonus_frac", 0.0), tax_frac=0.5, liquidated=False)
    found = accounts(years, flows, terms, statements=True)
    assert found.statements is not None
    np.testing.assert_allclose(found.statements.tax_usd[1:3, 0], [4_500.0, 4_200.0])


def test_read_only_and_repeated_series_are_taken() -> None:
    flows = campus(84, 3)
    wide = np.broadcast_to(flows.contract_in_usd, (84, 3))
    fixed = flows.revenue_usd.copy()
    fixed.flags.writeable = False
    again = replace(flows, contract_in_usd=wide, revenue_usd=fixed)
    same(accounts(MONTHS, flows, deal()), accounts(MONTHS, again, deal()), slice(None))


def test_asset_classes_have_a_method_in_law() -> None:
    assert all(hasattr(LAW, f"{name}_method") for name in ASSET_CLASSES)
