"""Contracts by the month: rent of a shell, chips by the hour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gigaplan.money.lease import Capacity, Lease, capacity_usd, rent_usd
from gigaplan.units import Calendar, column

CALENDAR = Calendar(312.0, 48)
MW = np.full((48, 1), 100.0)


def lease(**terms: Any) -> Lease:  # noqa: ANN401
    return Lease(landlord="a", tenant="b", rate_usd_per_kw_month=120.0, **terms)


def capacity(**terms: Any) -> Capacity:  # noqa: ANN401
    return Capacity(seller="a", buyer="b", price_usd_per_chip_h=2.0, **terms)


def test_rent_is_due_on_what_is_ready_used_or_not() -> None:
    paid = rent_usd(lease(term_years=2.0), MW, column(318.0), CALENDAR)
    assert paid[5, 0] == 0.0
    assert paid[6, 0] == pytest.approx(100_000 * 120.0)
    assert paid[30, 0] == 0.0


def test_rent_escalates_and_part_may_be_let() -> None:
    paid = rent_usd(lease(escalator_frac_per_year=0.02, let_frac=0.5), MW, column(312.0), CALENDAR)
    assert paid[0, 0] == pytest.approx(100_000 * 60.0)
    assert paid[12, 0] == pytest.approx(100_000 * 60.0 * 1.02)


def test_capacity_is_due_on_what_is_in_service_within_the_term() -> None:
    service, busy = np.full((48, 1), 1000.0), np.full((48, 1), 400.0)
    paid = capacity_usd(capacity(term_years=1.0), service, busy, column(312.0), CALENDAR)
    assert paid[0, 0] == pytest.approx(1000 * 744 * 2.0)
    assert paid[12, 0] == 0.0


def test_capacity_without_take_or_pay_is_due_on_use_and_may_renew() -> None:
    service, busy = np.full((48, 1), 1000.0), np.full((48, 1), 400.0)
    deal = capacity(term_years=1.0, take_or_pay_frac=0.5, renewal_price_ratio=0.5)
    paid = capacity_usd(deal, service, busy, column(312.0), CALENDAR)
    assert paid[0, 0] == pytest.approx(700 * 744 * 2.0)
    assert paid[12, 0] == pytest.approx(700 * 744 * 1.0)
