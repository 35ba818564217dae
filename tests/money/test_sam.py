"""SAM Single Owner golden cases, through the same kernel that runs months.

Three runs of PySAM 7.1.1.post1, each with the debt that SAM sized. Flows are known to the cent, NPV
to a millionth of a dollar; a replica in yearly terms holds every flow to the same millionth.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from gigaplan.catalog import load
from gigaplan.figure import replaced
from gigaplan.money.cash import Accounts, Flows, Terms, accounts
from gigaplan.money.debt import (
    Loan,
    level_payment_usd,
    owed_frac,
    sculpted_debt_usd,
    sculpted_principal_usd,
)
from gigaplan.money.returns import annual_periods, levelised_cost
from gigaplan.money.tax import TaxLaw

Floats = NDArray[np.float64]
YEARS = 25
REVENUE = 18_164_736.0
OPERATING: Floats = 3_046_000.0 * np.float64(1.025) ** np.arange(YEARS, dtype=np.float64)
ENERGY_KWH = 756_864_000.0
INSTALLED = 109_200_000.0 + 2_866_500.0
TAX = 0.21 + 0.07 * (1.0 - 0.21)
DISCOUNT = 1.064 * 1.025 - 1.0
DEBT_B, DEBT_D2 = 71_444_127.125656, 73_133_293.045681

B = """
-47,661,309.65 11,305,491.72 14,777,806.76 10,872,631.73 8,485,327.89 8,376,774.31 6,550,836.03
4,719,760.40 4,595,777.43 4,466,059.46 4,330,278.63 4,188,085.99 4,039,110.02 3,882,955.15
3,719,200.09 3,547,396.10 3,367,065.09 3,177,697.65 6,529,974.19 9,826,433.82 9,738,453.87
9,648,274.43 9,555,840.50 9,461,095.73 9,363,982.33 12,087,997.96
"""
C = """
-47,661,309.65 30,132,663.72 7,246,937.96 6,354,110.45 5,774,215.12 5,665,661.54 5,195,279.65
4,719,760.40 4,595,777.43 4,466,059.46 4,330,278.63 4,188,085.99 4,039,110.02 3,882,955.15
3,719,200.09 3,547,396.10 3,367,065.09 3,177,697.65 6,529,974.19 9,826,433.82 9,738,453.87
9,648,274.43 9,555,840.50 9,461,095.73 9,363,982.33 12,087,997.96
"""
D2 = """
-46,247,056.51 10,901,914.65 14,406,246.23 10,534,312.22 8,181,534.16 8,108,855.01 6,320,207.51
4,527,910.79 4,444,270.96 4,356,541.10 4,264,479.03 4,167,826.73 4,066,309.22 3,959,633.47
3,847,487.07 3,729,537.02 3,605,428.21 3,474,781.99 6,690,698.36 9,826,433.82 9,738,453.87
9,648,274.43 9,555,840.50 9,461,095.73 9,363,982.33 12,087,997.96
"""


def published(text: str) -> Floats:
    return np.array([float(number.replace(",", "")) for number in text.split()])


def from_year_one(amount: float | Floats) -> Floats:
    series = np.zeros((YEARS + 1, 1))
    series[1:, 0] = amount
    return series


def on_day_one(amount: float) -> Floats:
    series = np.zeros((YEARS + 1, 1))
    series[0] = amount
    return series


def sam(
    debt: float, bonus: float = 0.0, shares: Floats | None = None, revenue: float = REVENUE
) -> Accounts:
    """Single Owner: losses refunded, a fee never deducted, half a year of reserves."""
    law = load("policies", "us-federal-2025", TaxLaw).value
    law = replaced(replaced(law, "losses", "refunded"), "bonus_frac", bonus)
    fee = 0.0275 * debt
    loan = Loan(
        share_frac=debt / (INSTALLED + fee),
        rate_frac_per_year=0.07,
        term_years=18.0,
        repay_date=0.0,
        reserve_months=6.0,
        profile="level" if shares is None else "custom",
        principal_frac=shares,
    )
    flows = Flows(
        revenue_usd=from_year_one(revenue),
        contract_in_usd=np.zeros((YEARS + 1, 1)),
        contract_out_usd=np.zeros((YEARS + 1, 1)),
        operating_usd=from_year_one(OPERATING),
        residual_usd=np.zeros((YEARS + 1, 1)),
        capex_usd={"chips": on_day_one(INSTALLED), "land": on_day_one(fee)},
    )
    terms = Terms(
        law=law,
        tax_frac=TAX,
        discount_frac_per_year=DISCOUNT,
        loans=(loan,),
        operating_reserve_months=6.0,
        reserve_frac_per_year=0.0175,
        liquidated=False,
        book_life_years={"chips": 20.0},
    )
    return accounts(annual_periods(YEARS), flows, terms, keep_flow=True)


def sculpted_shares() -> Floats:
    shares = np.zeros((YEARS + 1, 1))
    cfads = (REVENUE - OPERATING[:18])[:, None]
    shares[1:19] = owed_frac(sculpted_principal_usd(cfads, 2.0, 0.07))
    return shares


CASES = {
    "B": (sam(DEBT_B), B, 27_298_703.612810, 0.17566540, 1.904961),
    "C": (sam(DEBT_B, bonus=0.21 / TAX), C, 30_267_651.986636, 0.20503047, 1.904961),
    "D2": (sam(DEBT_D2, shares=sculpted_shares()), D2, 27_261_760.547173, 0.17655599, 2.0),
}


@pytest.mark.parametrize("case", CASES)
def test_single_owner(case: str) -> None:
    found, flows, npv, irr, dscr = CASES[case]
    np.testing.assert_allclose(found.equity_flow_usd[:, 0], published(flows), atol=0.00501)
    assert found.npv_usd[0] == pytest.approx(npv, abs=1e-5)
    assert found.equity_irr_frac_per_year[0] == pytest.approx(irr, abs=5.1e-9)
    assert found.dscr_min_ratio[0] == pytest.approx(dscr, abs=5.1e-7)
    assert found.verdict[0] == 0


def test_every_flow_of_case_b_to_a_millionth() -> None:
    """A replica in yearly terms: what the owners get in year 0 to 25."""
    service = np.zeros(YEARS + 1)
    service[1:19] = level_payment_usd(DEBT_B, 0.07, 18.0)[0]
    income = np.concatenate([[0.0], REVENUE - OPERATING])
    cost = np.concatenate([[0.0], OPERATING])
    held = 0.5 * (np.append(service[1:], 0.0) + np.append(cost[1:], 0.0))
    before = np.concatenate([[0.0], held[:-1]])
    interest, owed = np.zeros(YEARS + 1), DEBT_B
    for year in range(1, 19):
        interest[year] = 0.07 * owed
        owed -= service[year] - interest[year]
    worn = np.zeros(YEARS + 1)
    worn[1:7] = INSTALLED * np.array([0.20, 0.32, 0.192, 0.1152, 0.1152, 0.0576])
    tax = TAX * (income + 0.0175 * before - interest - worn)
    flow = income + 0.0175 * before - service - (held - before) - tax
    flow[0] -= INSTALLED + 0.0275 * DEBT_B - DEBT_B
    np.testing.assert_allclose(CASES["B"][0].equity_flow_usd[:, 0], flow, atol=1e-6)


def test_debt_of_case_d2() -> None:
    debt = sculpted_debt_usd((REVENUE - OPERATING[:18])[:, None], 2.0, 0.07)
    assert debt[0] == pytest.approx(DEBT_D2, abs=1e-5)


def test_levelised_cost_of_case_b() -> None:
    periods = annual_periods(YEARS)
    cost = from_year_one(REVENUE) - CASES["B"][0].equity_flow_usd
    energy = from_year_one(ENERGY_KWH)
    nominal = levelised_cost(cost, energy, DISCOUNT, periods)[0]
    assert 100.0 * nominal == pytest.approx(2.031017, abs=5e-7)


def test_an_irr_that_sam_does_not_find() -> None:
    """At 0.04 USD/kWh SAM prints NaN; its flow has an IRR of 40.272599 %."""
    dear = sam(DEBT_B, revenue=0.04 * ENERGY_KWH)
    assert dear.equity_irr_frac_per_year[0] == pytest.approx(0.40272599, abs=5.1e-9)
    assert dear.npv_usd[0] == pytest.approx(114_267_901.61, abs=0.01)
