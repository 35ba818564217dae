"""Switch counts of full trees, smoothness, and the tiers that collectives see."""

from dataclasses import replace

import numpy as np
import pytest

from gigaplan.cluster.fabric import Fabric, fabric_bill, fabric_tiers, leaf_chips, tiers_count
from gigaplan.units import column

FABRIC = Fabric(
    title="test",
    topology="rail-optimised",
    ports=64,
    port_gb_per_s=50.0,
    switch_power_w=800.0,
    switch_price_usd=25000.0,
    optic_power_w=8.5,
    optic_price_usd=700.0,
    nic_power_w=25.0,
    nic_price_usd=1750.0,
    latency_us=5.0,
    hop_us=0.6,
)


@pytest.mark.parametrize(
    ("chips", "switches", "tiers"),
    [(64, 1, 1), (2048, 96, 2), (65536, 5120, 3)],  # k, k^2/2 and k^3/4 ports; 1, 3k/2, 5k^2/4
)
def test_full_trees_have_their_closed_forms(chips: int, switches: int, tiers: int) -> None:
    bill = fabric_bill(column(chips), FABRIC, 50.0)
    assert bill.tiers_count == pytest.approx(tiers, rel=1e-12)
    assert bill.switches_count == pytest.approx(switches, rel=1e-12)
    assert bill.optics_count == pytest.approx(2 * chips * tiers, rel=1e-12)


def test_the_bill_is_smooth_and_rises_with_size() -> None:
    chips = np.linspace(2, 300_000, 4001)
    bill = fabric_bill(chips, FABRIC, 50.0)
    each = bill.price_usd_per_chip
    assert np.all(np.diff(each) >= -1e-9)
    assert np.all(np.diff(bill.switches_count) > 0)
    assert np.max(np.abs(np.diff(each))) < 1100.0  # no jump from one chip count to the next


def test_oversubscription_saves_switches_behind_the_leaf_only() -> None:
    full = fabric_bill(column(2048), FABRIC, 50.0)
    thin = fabric_bill(column(2048), replace(FABRIC, oversubscription_ratio=4.0), 50.0)
    assert full.switches_count == pytest.approx(96)
    assert thin.switches_count == pytest.approx((2048 + 2 * 2048 / 4) / 64)


def test_the_torus_has_the_switches_of_a_tpu_pod() -> None:
    torus = replace(FABRIC, topology="torus", ports=128, cube=4)
    bill = fabric_bill(column(4096), torus, 50.0)
    assert bill.switches_count == pytest.approx(48)
    assert bill.optics_count == pytest.approx(6144)


def test_no_fabric_costs_nothing() -> None:
    bill = fabric_bill(column(1000), replace(FABRIC, topology="none"), 50.0)
    assert bill.price_usd_per_chip == 0.0
    assert bill.power_w_per_chip == 0.0


def test_cards_are_paid_once() -> None:
    inside = fabric_bill(column(2048), FABRIC, 100.0)
    apart = fabric_bill(column(2048), replace(FABRIC, nics_in_system=False), 100.0)
    assert apart.price_usd_per_chip - inside.price_usd_per_chip == pytest.approx(2 * 1750.0)


def test_tiers_get_slower_and_wider() -> None:
    tiers = fabric_tiers(
        replace(FABRIC, oversubscription_ratio=2.0),
        scale_up_gb_per_s=450.0,
        scale_up_chips=8,
        scale_up_latency_us=2.0,
        scale_out_gb_per_s=50.0,
        chips=65536,
    ).tiers
    assert [tier.chips for tier in tiers] == [8, 256, 65536]
    assert [float(column(tier.bandwidth_gb_per_s)[0]) for tier in tiers] == [450.0, 50.0, 25.0]
    assert column(tiers[2].latency_us)[0] == pytest.approx(5.0 + 2 * 2 * 0.6)
    assert leaf_chips(replace(FABRIC, topology="fat-tree")) == 32


def test_alone_is_among_many() -> None:
    chips = np.random.default_rng(0).uniform(1, 1e6, 97)
    many = fabric_bill(chips, FABRIC, 50.0)
    for i in (0, 41, 96):
        alone = fabric_bill(chips[i : i + 1], FABRIC, 50.0)
        assert alone.price_usd_per_chip[0] == many.price_usd_per_chip[i]
        assert alone.power_w_per_chip[0] == many.power_w_per_chip[i]


def test_nothing_and_nan_stay_where_they_are() -> None:
    bill = fabric_bill(np.array([0.0, np.nan, 2048.0]), FABRIC, 50.0)
    assert bill.price_usd_per_chip[0] == 0.0
    assert np.isnan(bill.price_usd_per_chip[1])
    assert bill.switches_count[2] == pytest.approx(96)
    assert np.all(tiers_count(np.array([0.0, 1.0]), 64) == 1.0)
