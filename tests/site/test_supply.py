"""Energy is conserved, the cheaper source goes first, shortfalls are named."""

import numpy as np
import pytest

from gigaplan import catalog
from gigaplan.figure import Verdict
from gigaplan.site.supply import (
    Place,
    Supply,
    firm_mw,
    fuel_usd,
    gas_usd_per_mwh,
    served,
    served_mwh,
    supply_verdict,
)

HOURS = np.array([[744.0], [672.0]])


def two_months(load: float, grid: float, gas: float, gas_price: float) -> Supply:
    flat = np.ones((2, 1))
    return served(
        load * flat,
        1.2 * load * flat,
        HOURS,
        grid_mw=grid * flat,
        gas_mw=gas * flat,
        grid_usd_per_mwh=50.0,
        gas_usd_per_mwh=gas_price,
    )


def test_the_cheaper_goes_first() -> None:
    dear = two_months(100.0, 80.0, 60.0, 70.0)
    assert dear.grid_mwh[0, 0] == 80.0 * 744.0
    assert dear.gas_mwh[0, 0] == 20.0 * 744.0
    cheap = two_months(100.0, 80.0, 60.0, 30.0)
    assert cheap.gas_mwh[0, 0] == 60.0 * 744.0
    assert cheap.grid_mwh[0, 0] == 40.0 * 744.0
    assert cheap.grid_peak_mw[0, 0] == 60.0
    assert served_mwh(cheap)[0, 0] == 100.0 * 744.0
    assert fuel_usd(cheap, 30.0)[0, 0] == 60.0 * 744.0 * 30.0


def test_shortfalls_have_names() -> None:
    assert supply_verdict(two_months(100.0, 80.0, 60.0, 70.0))[0] == 0
    assert supply_verdict(two_months(100.0, 60.0, 50.0, 70.0))[0] == int(Verdict.OVER_GRID)
    both = int(Verdict.OVER_GRID | Verdict.UNSERVED_ENERGY)
    assert supply_verdict(two_months(100.0, 60.0, 20.0, 70.0))[0] == both


def test_energy_is_conserved_in_every_future_and_month() -> None:
    draw = np.random.default_rng(0)
    shape = (36, 36)  # as many futures as months, where an axis mixed up would hide
    load = draw.uniform(0.0, 500.0, shape)
    hours = draw.uniform(672.0, 744.0, (36, 1))
    limits = {"grid_mw": draw.uniform(0.0, 300.0, shape), "gas_mw": draw.uniform(0.0, 300.0, shape)}
    prices = {
        "grid_usd_per_mwh": draw.uniform(20.0, 90.0, 36),
        "gas_usd_per_mwh": draw.uniform(20.0, 90.0, 36),
    }
    got = served(load, 1.1 * load, hours, **limits, **prices)
    total = got.grid_mwh + got.gas_mwh + got.unserved_mwh
    assert np.max(np.abs(total - load * hours)) <= 1e-9
    assert np.all(got.unserved_mwh >= 0.0)
    assert np.all(got.grid_mwh <= limits["grid_mw"] * hours * (1 + 1e-15))
    assert np.all(got.gas_mwh <= limits["gas_mw"] * hours * (1 + 1e-15))
    short = load > limits["grid_mw"] + limits["gas_mw"]
    assert np.array_equal(got.unserved_mwh > 1e-9, short)
    for i in (0, 17, 35):
        one = served(
            load[:, i : i + 1],
            1.1 * load[:, i : i + 1],
            hours,
            grid_mw=limits["grid_mw"][:, i : i + 1],
            gas_mw=limits["gas_mw"][:, i : i + 1],
            grid_usd_per_mwh=prices["grid_usd_per_mwh"][i : i + 1],
            gas_usd_per_mwh=prices["gas_usd_per_mwh"][i : i + 1],
        )
        assert np.array_equal(one.gas_mwh[:, 0], got.gas_mwh[:, i])


def test_nan_stays_in_its_future() -> None:
    load = np.array([[100.0, np.nan, 100.0]])
    flat = np.ones((1, 1))
    got = served(
        load, load, 730.0 * flat, grid_mw=90.0 * flat, gas_mw=0.0 * flat,
        grid_usd_per_mwh=50.0, gas_usd_per_mwh=60.0,
    )  # fmt: skip
    assert list(np.isnan(got.grid_mwh[0])) == [False, True, False]
    assert list(supply_verdict(got)) == [514, 0, 514]


def test_costs_and_firm_power_by_hand() -> None:
    assert gas_usd_per_mwh(3.5, 9.3, 6.0) == pytest.approx(38.55)
    assert firm_mw(np.array([[100.0]]), np.array([[60.0]]), 0.8) == pytest.approx(148.0)


def test_places_of_the_catalogue_load() -> None:
    for name in catalog.names("places"):
        place = catalog.load("places", name, Place).value
        assert place.climate in catalog.names("climates")
        assert 10.0 < place.price_usd_per_mwh < 300.0
