"""Losses of the chain by hand, the laws of PUE, and published sites from the bottom up."""

import numpy as np
import pytest

from gigaplan import catalog
from gigaplan.cluster.fabric import Fabric, fabric_bill
from gigaplan.cluster.storage import Storage, storage_w_per_chip
from gigaplan.compute.roofline import Chip, System
from gigaplan.site.cooling import Cooling, cooling_load
from gigaplan.site.power import (
    PowerChain,
    Stage,
    draw_frac,
    facility,
    facility_ratio,
    it_mw,
    it_power,
    stage_loss_frac,
)
from gigaplan.site.weather import Climate, representative_hours
from gigaplan.units import column

CHAIN = PowerChain(
    title="test",
    transformer=Stage(fixed_frac=0.002, square_frac=0.008),
    ups=Stage(fixed_frac=0.008, linear_frac=0.018, square_frac=0.015, spare_ratio=2.0),
    busway=Stage(square_frac=0.01),
    other_frac=0.01,
)


def test_a_stage_by_hand() -> None:
    # a 2N supply at full load runs at half: 0.008/0.5 + 0.018 + 0.015 x 0.5
    assert stage_loss_frac(1.0, CHAIN.ups) == pytest.approx(0.016 + 0.018 + 0.0075)
    assert np.isnan(stage_loss_frac(0.0, CHAIN.ups))


def test_pue_by_hand() -> None:
    inside = 1.0 + 0.1 + 0.0415 + 0.01 + 0.01
    assert facility_ratio(column(0.1), CHAIN, 1.0) == pytest.approx(inside * 1.01)
    assert facility_ratio(column(0.1), CHAIN, 1.0, 0.05) == pytest.approx(inside * 1.01 + 0.05)
    assert facility_ratio(column(0.1), CHAIN, 1.0, -0.5) == 1.0


def test_pue_is_at_least_one_and_worst_at_rest() -> None:
    load = np.linspace(0.05, 0.6, 56)
    pue = facility_ratio(np.zeros((1, 1)), CHAIN, load)[0]
    assert np.all(pue > 1.0)
    assert np.all(np.diff(pue) < 0.0)


def test_redundancy_costs_at_low_load() -> None:
    spare = np.array([1.0, 1.333, 2.0])
    stage = Stage(fixed_frac=0.008, linear_frac=0.018, square_frac=0.015, spare_ratio=spare)
    assert np.all(np.diff(stage_loss_frac(0.3, stage)) > 0.0)


def test_three_sizes_of_a_load() -> None:
    power = it_power(
        system_kw_per_chip=1.275,
        network_w_per_chip=150.0,
        storage_w_per_chip=40.0,
        mean_frac=0.75,
        peak_frac=0.95,
    )
    assert power.nameplate_kw_per_chip == pytest.approx(1.465)
    assert power.peak_kw_per_chip == pytest.approx(1.275 * 0.95 + 0.19)
    assert power.mean_kw_per_chip == pytest.approx(1.275 * 0.75 + 0.19)
    assert it_mw(np.array([[1e5]]), power.nameplate_kw_per_chip) == pytest.approx(146.5)
    assert draw_frac(0.8, 0.2, 0.5) == pytest.approx(0.5)


def published_kw_per_chip(
    system: str, chips: float, cooling: str, chain: str, liquid_frac: float | None = None
) -> float:
    """Facility power of a chip on the design day at Memphis, from catalogue figures alone."""
    box = catalog.load("systems", system, System).value
    chip = catalog.load("chips", box.chip, Chip).value
    fabric = catalog.load("fabrics", "rail-optimised-400g", Fabric).value
    store = catalog.load("storages", "parallel-file-system", Storage).value
    power = it_power(
        system_kw_per_chip=column(box.power_max_kw) / box.chips,
        network_w_per_chip=fabric_bill(
            column(chips), fabric, chip.scale_out_gb_per_s
        ).power_w_per_chip,
        storage_w_per_chip=storage_w_per_chip(store),
        mean_frac=box.power_mean_frac,
    )
    load = cooling_load(
        representative_hours(catalog.load("climates", "memphis-tn", Climate).value),
        catalog.load("coolings", cooling, Cooling).value,
        box.liquid_frac if liquid_frac is None else liquid_frac,
    )
    built = facility(load, catalog.load("chains", chain, PowerChain).value, load_frac=0.8)
    return float((power.nameplate_kw_per_chip * built.peak_pue_ratio)[0])


def test_colossus_1_from_the_bottom_up() -> None:
    # 100,000 H100 in liquid-cooled servers (70 % to liquid): 181 MW
    modelled = published_kw_per_chip("dgx-h100", 1e5, "liquid-dry", "hyperscale", 0.7)
    assert modelled == pytest.approx(1.81, rel=0.08)


def test_gb200_racks_from_the_bottom_up() -> None:
    modelled = published_kw_per_chip("gb200-nvl72", 550_000, "liquid-dry", "hyperscale")
    assert modelled * 72 == pytest.approx(168.6, rel=0.08)  # Bernstein: racks in a gigawatt
    assert modelled == pytest.approx(2.72, rel=0.20)  # Epoch's estimate of Colossus 2
