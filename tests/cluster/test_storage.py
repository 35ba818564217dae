"""Checkpoint sizes and times against published runs."""

import numpy as np
import pytest

from gigaplan.cluster.storage import (
    Storage,
    checkpoint_block_s,
    checkpoint_gb,
    checkpoint_write_s,
    storage_usd_per_chip,
    storage_w_per_chip,
    write_gb_per_s,
)

STORE = Storage(
    title="test",
    write_gb_per_s_per_chip=0.08,
    host_gb_per_s_per_chip=20.0,
    capacity_tb_per_chip=10.0,
    power_w_per_chip=20.0,
    price_usd_per_chip=1000.0,
    service_power_w_per_chip=15.0,
    service_price_usd_per_chip=300.0,
)


@pytest.mark.parametrize(
    ("parameters", "state", "published_tb", "tolerance"),
    [(405e9, 16.0, 6.48, 1e-12), (176e9, 14.0, 2.3, 0.10), (530e9, 14.0, 6.3, 0.20)],
)
def test_sizes_of_published_checkpoints(
    parameters: float, state: float, published_tb: float, tolerance: float
) -> None:
    size = checkpoint_gb(parameters, state) / 1000.0
    assert size == pytest.approx(published_tb, rel=tolerance)


@pytest.mark.parametrize(
    ("size_gb", "bandwidth_gb_per_s", "waste"),
    [(6480.0, 2000.0, 0.02414), (6480.0, 500.0, 0.04827), (16000.0, 500.0, 0.07585)],
)
def test_bandwidth_for_a_waste(size_gb: float, bandwidth_gb_per_s: float, waste: float) -> None:
    needed = write_gb_per_s(size_gb, waste, 3.09 * 3600.0)
    assert needed == pytest.approx(bandwidth_gb_per_s, rel=1e-3)


def test_times_scale_with_chips() -> None:
    assert checkpoint_write_s(6480.0, 24576.0, STORE) == pytest.approx(6480.0 / 24576.0 / 0.08)
    assert checkpoint_block_s(6480.0, 16384.0, STORE) == pytest.approx(6480.0 / 16384.0 / 20.0)
    assert np.isnan(checkpoint_write_s(6480.0, 0.0, STORE))


def test_store_and_service_add_up() -> None:
    assert storage_w_per_chip(STORE) == 35.0
    assert storage_usd_per_chip(STORE) == 1300.0
