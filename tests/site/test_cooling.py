"""The compiled formula against a plain twin, its laws, and published regions uncalibrated."""

from dataclasses import replace

import numpy as np
import pytest

from gigaplan import catalog
from gigaplan.site.cooling import Cooling, CoolingLoad, Loop, cooling_load
from gigaplan.site.power import PowerChain, facility
from gigaplan.site.weather import KELVIN, Climate, Outdoors, month_means, representative_hours
from gigaplan.units import column

PRESETS = (
    "air-economiser-dx", "evaporative", "tower-chiller", "liquid-dry", "hybrid-liquid-air"
)  # fmt: skip


def preset(name: str) -> Cooling:
    value = catalog.load("coolings", name, Cooling).value
    assert isinstance(value, Cooling)
    return value


def outdoors(name: str) -> Outdoors:
    return representative_hours(catalog.load("climates", name, Climate).value)


def loop_twin(loop: Loop, hours: Outdoors) -> tuple[np.ndarray, np.ndarray]:
    """The formulae of `Loop` in plain NumPy."""
    dry, wet = hours.dry_c, hours.wet_c
    sink = dry - column(loop.wet_frac) * (dry - wet)
    share = np.clip(
        (sink + column(loop.approach_k) - column(loop.supply_c)) / column(loop.rise_k), 0.0, 1.0
    )
    lift = sink + column(loop.condenser_k) - column(loop.supply_c) + column(loop.evaporator_k)
    evaporating = column(loop.supply_c) - column(loop.evaporator_k) + KELVIN
    cop = column(loop.carnot_frac) * evaporating / np.maximum(lift, column(loop.least_lift_k))
    rejected = 1.0 + column(loop.indoor_ratio) + share / cop
    power = column(loop.indoor_ratio) + share / cop + column(loop.outdoor_ratio) * rejected
    cycles = column(loop.cycles_ratio)
    bled = 3600.0 / 2430.0 * cycles / (cycles - 1.0)
    if loop.water == "adiabatic":
        needed = np.maximum(dry + column(loop.approach_k) - column(loop.supply_c), 0.0)
        cooled = np.minimum(needed, column(loop.wet_frac) * (dry - wet))
        return power, bled * cooled / column(loop.rise_k)
    if loop.water == "tower":
        rise = column(loop.approach_k) + column(loop.rise_k) / 2.0
        latent = 1.0 - (1.0 - (dry - wet) / rise) / hours.enthalpy_ratio
        return power, bled * rejected * np.maximum(latent, 0.0)
    return power, np.zeros_like(power)


@pytest.mark.parametrize("name", PRESETS)
def test_the_kernel_is_its_plain_twin(name: str) -> None:
    cooling, hours = preset(name), outdoors("dallas-tx")
    got = cooling_load(hours, cooling, 0.8)
    power, litres = loop_twin(cooling.air, hours)
    if cooling.liquid is not None:
        wet_power, wet_litres = loop_twin(cooling.liquid, hours)
        power, litres = 0.2 * power + 0.8 * wet_power, 0.2 * litres + 0.8 * wet_litres
    assert got.power_ratio == pytest.approx(month_means(power, hours), rel=1e-12)
    assert got.water_l_per_kwh == pytest.approx(month_means(litres, hours), rel=1e-12)
    day = replace(
        hours, dry_c=hours.design_dry_c, wet_c=hours.design_wet_c,
        enthalpy_ratio=hours.design_enthalpy_ratio,
    )  # fmt: skip
    peak, _ = loop_twin(cooling.air, day)
    if cooling.liquid is not None:
        peak = 0.2 * peak + 0.8 * loop_twin(cooling.liquid, day)[0]
    assert got.peak_ratio == pytest.approx(peak[0], rel=1e-12)


def test_one_hour_by_hand() -> None:
    loop = Loop(
        supply_c=25.0, rise_k=10.0, approach_k=5.0, condenser_k=10.0, evaporator_k=10.0,
        least_lift_k=5.0, carnot_frac=0.5, indoor_ratio=0.05, outdoor_ratio=0.02,
    )  # fmt: skip
    weather = {
        "design_dry_c": np.array([[28.0]]),
        "design_wet_c": np.array([[20.0]]),
        "design_enthalpy_ratio": np.array([[3.0]]),
    }
    hours = replace(outdoors("dallas-tx"), **weather)
    cold = replace(hours, dry_c=hours.dry_c * 0.0 - 20.0, wet_c=hours.wet_c * 0.0 - 20.0)
    got = cooling_load(cold, Cooling(title="test", air=loop), 0.0)
    # 28 + 5 - 25 = 8 of 10 K by compressor; lift 28 + 10 - 15 = 23 K; COP 0.5 x 288.15 / 23
    work = 0.8 / (0.5 * 288.15 / 23.0)
    assert got.peak_ratio == pytest.approx(0.05 + work + 0.02 * (1.05 + work), rel=1e-12)
    assert got.power_ratio == pytest.approx(0.05 + 0.02 * 1.05, rel=1e-12)
    assert np.all(got.water_l_per_kwh == 0.0)


@pytest.mark.parametrize("name", PRESETS)
def test_hotter_is_never_better(name: str) -> None:
    hours = outdoors("leesburg-va")
    before = cooling_load(hours, preset(name), 0.8)
    for warmer in (0.3, 2.0, 9.0):
        hot = replace(
            hours,
            dry_c=hours.dry_c + warmer,
            wet_c=hours.wet_c + warmer,
            design_dry_c=hours.design_dry_c + warmer,
            design_wet_c=hours.design_wet_c + warmer,
        )
        after = cooling_load(hot, preset(name), 0.8)
        assert np.all(after.power_ratio >= before.power_ratio)
        assert np.all(after.peak_ratio >= before.peak_ratio)
        before = after


@pytest.mark.parametrize("name", PRESETS)
def test_no_month_is_above_the_peak(name: str) -> None:
    got = cooling_load(outdoors("singapore"), preset(name), 0.8)
    assert np.all(got.peak_ratio >= got.power_ratio.max(axis=0))
    assert np.all(got.power_ratio > 0.0)
    assert np.all(got.water_l_per_kwh >= 0.0)


def test_warmer_liquid_needs_less() -> None:
    cooling = preset("liquid-dry")
    assert cooling.liquid is not None
    supply = np.array([20.0, 27.0, 32.0, 40.0, 45.0])
    warm = replace(cooling, liquid=replace(cooling.liquid, supply_c=supply))
    got = cooling_load(outdoors("phoenix-az"), warm, 1.0)
    assert np.all(np.diff(got.peak_ratio) <= 0.0)
    assert np.all(np.diff(got.power_ratio, axis=1) <= 1e-15)


def test_air_only_buildings_take_all_heat_to_air() -> None:
    cooling, hours = preset("evaporative"), outdoors("dallas-tx")
    assert np.array_equal(
        cooling_load(hours, cooling, 0.0).power_ratio, cooling_load(hours, cooling, 0.9).power_ratio
    )


def pieces(load: CoolingLoad, i: int) -> list[np.ndarray]:
    return [load.power_ratio[:, i], load.water_l_per_kwh[:, i], load.peak_ratio[[i]]]


def test_alone_is_among_many_and_nan_stays_put() -> None:
    draw = np.random.default_rng(0)
    base, hours = preset("hybrid-liquid-air"), outdoors("dallas-tx")
    supply, carnot, share = draw.uniform(22, 28, 12), draw.uniform(0.4, 0.7, 12), np.full(12, 0.8)
    carnot[4] = np.nan

    def run(pick: slice) -> CoolingLoad:
        air = replace(base.air, supply_c=supply[pick], carnot_frac=carnot[pick])
        return cooling_load(hours, replace(base, air=air), share[pick])

    many = run(slice(None))
    assert list(np.flatnonzero(np.isnan(many.peak_ratio))) == [4]
    assert list(np.flatnonzero(np.isnan(many.power_ratio[0]))) == [4]
    for i in range(12):
        for one, among in zip(pieces(run(slice(i, i + 1)), 0), pieces(many, i), strict=True):
            assert np.array_equal(one, among, equal_nan=True)


# Operator and region of the Green Software Foundation's table, the year's mean; designs by family:
# Google towers and its own chain, the others evaporative, towers where water use says so.
REGIONS = [
    ("Google N. Virginia", "leesburg-va", "tower-chiller", "hyperscale", 1.087, None),
    ("AWS N. Virginia", "leesburg-va", "evaporative", "ups-block-redundant", 1.15, 0.12),
    ("AWS Sydney", "sydney-au", "evaporative", "ups-block-redundant", 1.16, 0.12),
    ("AWS Singapore", "singapore", "tower-chiller", "ups-block-redundant", 1.32, 1.68),
    ("AWS N. California", "santa-clara-ca", "evaporative", "ups-block-redundant", 1.18, None),
    ("Azure Virginia", "leesburg-va", "evaporative", "ups-block-redundant", 1.144, 0.17),
]


@pytest.mark.parametrize(("region", "place", "design", "chain", "pue", "wue"), REGIONS)
def test_published_regions_uncalibrated(
    region: str, place: str, design: str, chain: str, pue: float, wue: float | None
) -> None:
    load = cooling_load(outdoors(place), preset(design), 0.0)
    built = facility(load, catalog.load("chains", chain, PowerChain).value, load_frac=0.7)
    assert sum(built.pue_ratio[:, 0]) / 12 == pytest.approx(pue, abs=0.07), region
    if wue is not None:
        litres = sum(built.water_l_per_kwh[:, 0]) / 12
        assert litres == pytest.approx(wue, abs=max(0.3, 0.4 * wue)), region
