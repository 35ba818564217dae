"""Daly's published intervals, Llama 3 and Kokolis, and the laws of goodput."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gigaplan.cluster.reliability import (
    Recovery,
    best_interval_s,
    daly_interval_s,
    effective_frac,
    goodput,
    in_service_frac,
    interruption_s,
    uptime_frac,
    young_interval_s,
)

RECOVERY = Recovery(
    title="test",
    asynchronous=True,
    detect_s=120.0,
    restart_s=480.0,
    serve_restart_s=300.0,
    state_byte=14.0,
    straggler_frac=0.02,
    planned_frac=0.01,
    replaced_frac=0.35,
    repair_h=36.0,
)
RSC_1 = 6.5 / 1000 / 8 * 365  # failures per 1,000 node-days of 8 chips, as a rate per chip-year
LLAMA_3 = 419 / 16384 / 54 * 365


@pytest.mark.parametrize(
    ("mean_min", "published", "daly", "exact", "young"),
    [
        (1440.0, 117.0, 116.7, 116.69, 120.0),
        (360.0, 57.0, 56.7, 56.71, 60.0),
        (15.0, 9.1, 9.14, 9.17, 12.2),
    ],
)
def test_intervals_of_daly_2006(
    mean_min: float, published: float, daly: float, exact: float, young: float
) -> None:
    assert daly_interval_s(300.0, mean_min * 60.0) / 60.0 == pytest.approx(daly, abs=0.05)
    assert best_interval_s(300.0, mean_min * 60.0) / 60.0 == pytest.approx(exact, abs=0.005)
    assert young_interval_s(300.0, mean_min * 60.0) / 60.0 == pytest.approx(young, abs=0.06)
    assert best_interval_s(300.0, mean_min * 60.0) / 60.0 == pytest.approx(published, abs=0.5)


def test_the_best_interval_is_best() -> None:
    write = np.array([1e-3, 1.0, 30.0, 300.0, 3000.0, 30000.0])
    mean = np.full(6, 3600.0)
    best = best_interval_s(write, mean)
    kept = effective_frac(best, write, 600.0, mean)
    for factor in (0.5, 0.99, 1.01, 2.0):
        assert np.all(effective_frac(best * factor, write, 600.0, mean) <= kept)
    # the root of 1 - u = exp(-(u + w/M)) to rounding
    share = best / mean
    assert np.max(np.abs(1.0 - share - np.exp(-(share + write / mean)))) < 1e-14


def test_mean_time_to_interruption() -> None:
    assert interruption_s(RSC_1, 16384.0) / 3600.0 == pytest.approx(1.803, abs=0.001)
    assert interruption_s(RSC_1, 131072.0) / 3600.0 == pytest.approx(0.225, abs=0.001)
    assert interruption_s(LLAMA_3, 16384.0) / 3600.0 == pytest.approx(3.09, abs=0.005)
    assert np.isinf(interruption_s(0.0, 16384.0))


@pytest.mark.parametrize(
    ("chips", "rate", "interval_s", "write_s", "restart_s", "published", "tolerance"),
    [
        (16384, RSC_1, 300.0, 0.0, 300.0, 0.93, 0.005),
        (16384, RSC_1, 3600.0, 0.0, 300.0, 0.70, 0.05),
        (12000, RSC_1, None, 10.0, 300.0, 0.90, 0.03),
        (12000, RSC_1 / 6.5, None, 300.0, 300.0, 0.90, 0.03),
        (2048, RSC_1, 3600.0, 0.0, 300.0, 0.960, 0.005),
    ],
)
def test_shares_of_kokolis_2025(
    chips: float,
    rate: float,
    interval_s: float | None,
    write_s: float,
    restart_s: float,
    published: float,
    tolerance: float,
) -> None:
    mean = interruption_s(rate, chips)
    interval = best_interval_s(write_s, mean) if interval_s is None else interval_s
    assert effective_frac(interval, write_s, restart_s, mean) == pytest.approx(
        published, abs=tolerance
    )


def test_llama_3_stays_above_nine_tenths() -> None:
    got = goodput(
        failures_count_per_chip_year=LLAMA_3,
        chips_count=16384.0,
        block_s=0.4,
        write_s=3.2,
        recovery=RECOVERY,
    )
    assert got.effective_frac > 0.9
    assert 0.85 < got.goodput_frac < got.effective_frac


def test_goodput_lies_within_bounds_at_every_size() -> None:
    chips = np.concatenate([[0.0, 1.0], np.logspace(1, 9, 50)])
    got = goodput(
        failures_count_per_chip_year=0.2,
        chips_count=chips,
        block_s=5.0,
        write_s=60.0,
        recovery=RECOVERY,
    )
    assert np.all(got.goodput_frac > 0.0)
    assert np.all(got.goodput_frac <= 1.0)
    assert np.all(np.diff(got.goodput_frac) <= 0.0)
    assert got.effective_frac[0] == 1.0


def test_faster_writes_and_restarts_never_hurt() -> None:
    times = np.linspace(0.0, 2000.0, 101)
    base = {"failures_count_per_chip_year": 0.2, "chips_count": 16384.0}
    blocking = replace(RECOVERY, asynchronous=False)
    writes = goodput(**base, block_s=1.0, write_s=times, recovery=blocking)
    assert np.all(np.diff(writes.goodput_frac) < 0.0)
    restarts = goodput(
        **base, block_s=1.0, write_s=5.0, recovery=replace(RECOVERY, restart_s=times)
    )
    assert np.all(np.diff(restarts.goodput_frac) < 0.0)
    persisted = goodput(**base, block_s=1.0, write_s=times, recovery=RECOVERY)
    assert np.all(persisted.goodput_frac[1:] > writes.goodput_frac[1:])  # writes longer than a copy


def test_extra_goodput_is_clipped() -> None:
    base: dict[str, Any] = {
        "failures_count_per_chip_year": 0.2,
        "chips_count": 1000.0,
        "block_s": 1.0,
        "write_s": 5.0,
        "recovery": RECOVERY,
    }
    plain = goodput(**base).goodput_frac
    assert goodput(**base, goodput_extra_frac=0.01).goodput_frac == pytest.approx(plain + 0.01)
    assert goodput(**base, goodput_extra_frac=0.9).goodput_frac == 1.0
    assert goodput(**base, goodput_extra_frac=-2.0).goodput_frac > 0.0


def test_replicas_and_repairs_by_hand() -> None:
    # 8 chips at 0.2 a year fail 1.6 times and are away 300 s each time
    assert uptime_frac(0.2, 8.0, 300.0) == pytest.approx(1 / (1 + 1.6 * 300 / 31536000))
    out = 0.2 * 8 / 8760 * 0.35 * 36
    assert in_service_frac(0.2, 8.0, RECOVERY) == pytest.approx(1 / (1 + out))
    assert in_service_frac(0.2, 8960.0, RECOVERY) == in_service_frac(0.2, 8.0, RECOVERY)


def test_alone_is_among_many_and_nan_stays_put() -> None:
    draw = np.random.default_rng(0)
    rate, chips, write = draw.uniform(0, 1, 61), draw.uniform(1, 1e6, 61), draw.uniform(0, 900, 61)
    rate[5], chips[9], write[13], write[14] = 0.0, np.nan, np.nan, 0.0

    def run(pick: slice) -> np.ndarray:
        return goodput(
            failures_count_per_chip_year=rate[pick],
            chips_count=chips[pick],
            block_s=write[pick] / 10.0,
            write_s=write[pick],
            recovery=RECOVERY,
        ).goodput_frac

    many = run(slice(None))
    assert list(np.flatnonzero(np.isnan(many))) == [9, 13]
    for i in range(61):
        assert np.array_equal(run(slice(i, i + 1)), many[i : i + 1], equal_nan=True)
