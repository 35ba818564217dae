"""Bills by hand: energy, demand, minimum take."""

import numpy as np
import pytest

from gigaplan.site.tariff import bill_usd, billed_mw


def test_energy_alone() -> None:
    bill = bill_usd(np.array([[1000.0]]), np.array([[2.0]]), price_usd_per_mwh=60.0)
    assert bill == 60_000.0


def test_demand_and_minimum_take() -> None:
    # 85 % of a contract for 100 MW is billed in a month that peaks at 40 MW, and 90 when it does
    energy, peak = np.array([[20_000.0], [60_000.0]]), np.array([[40.0], [90.0]])
    bill = bill_usd(
        energy,
        peak,
        price_usd_per_mwh=50.0,
        demand_usd_per_kw_month=10.0,
        contract_mw=100.0,
        take_frac=0.85,
    )
    assert bill[:, 0] == pytest.approx([1_000_000 + 850_000, 3_000_000 + 900_000])


def test_a_bill_never_falls_with_use() -> None:
    peak = np.linspace(0.0, 200.0, 41)[:, None]
    assert np.all(np.diff(billed_mw(peak, 100.0, 0.85), axis=0) >= 0.0)
    assert billed_mw(peak, 100.0, 0.85).min() == 85.0


def test_alone_is_among_many() -> None:
    draw = np.random.default_rng(0)
    energy, peak = draw.uniform(0, 1e5, (24, 24)), draw.uniform(0, 200, (24, 24))
    price, demand = draw.uniform(20, 120, 24), draw.uniform(0, 20, 24)
    many = bill_usd(energy, peak, price_usd_per_mwh=price, demand_usd_per_kw_month=demand)
    for i in (0, 11, 23):
        one = bill_usd(
            energy[:, i : i + 1],
            peak[:, i : i + 1],
            price_usd_per_mwh=price[i : i + 1],
            demand_usd_per_kw_month=demand[i : i + 1],
        )
        assert np.array_equal(one[:, 0], many[:, i])
