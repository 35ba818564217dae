"""Collectives in their limits: all bandwidth, all latency, one tier, several tiers."""

import numpy as np
import pytest

from gigaplan.compute.collective import (
    Tier,
    Tiers,
    all_gather_s,
    all_reduce_s,
    all_to_all_s,
    members_by_tier,
    reduce_scatter_s,
    send_s,
    system_tiers,
)
from gigaplan.compute.roofline import Chip, System
from gigaplan.units import Column, column

NEAR = np.array([1])


def tiers(up: float = 400.0, out: float = 50.0, us: float = 0.0, domain: int = 8) -> Tiers:
    inner = Tier(bandwidth_gb_per_s=column(up), latency_us=column(us), chips=domain)
    outer = Tier(bandwidth_gb_per_s=column(out), latency_us=column(us), chips=2**31)
    return Tiers(tiers=(inner, outer))


def group(size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([size])


def test_bandwidth_limit_in_one_domain() -> None:
    took = all_reduce_s(column(4e9), group(8), tiers(), NEAR)
    assert took[0] == pytest.approx(2 * 7 / 8 * 4e9 / 400e9)
    assert all_gather_s(column(4e9), group(8), tiers(), NEAR)[0] == pytest.approx(took[0] / 2)


def test_latency_limit() -> None:
    took = all_reduce_s(column(0.0), group(8), tiers(us=2.0), NEAR)
    assert took[0] == pytest.approx(2 * 3 * 2e-6)


def test_alone_costs_nothing() -> None:
    for collective in (all_reduce_s, all_gather_s, reduce_scatter_s, all_to_all_s):
        assert collective(column(1e9), group(1), tiers(us=5.0), NEAR)[0] == 0.0


def test_a_group_across_domains_exchanges_an_eighth_outside() -> None:
    took = all_gather_s(column(8e9), group(16), tiers(), NEAR)
    assert took[0] == pytest.approx(7 / 8 * 8e9 / 400e9 + 1 / 2 * 1e9 / 50e9)


def test_a_stride_of_the_domain_meets_only_the_network() -> None:
    took = all_gather_s(column(8e9), group(16), tiers(), group(8))
    assert took[0] == pytest.approx(15 / 16 * 8e9 / 50e9)


def test_members_by_tier_cover_the_group() -> None:
    sizes, strides = np.array([1, 4, 16, 100]), np.array([1, 2, 8, 3])
    inside, outside = members_by_tier(sizes, strides, tiers(domain=72))
    assert inside.tolist() == [1, 4, 9, 24]
    assert outside.tolist() == [1, 1, 2, 5]


def test_reduce_scatter_mirrors_all_gather() -> None:
    both = [
        f(column(3e8), group(32), tiers(us=3.0), NEAR) for f in (all_gather_s, reduce_scatter_s)
    ]
    assert both[0] == both[1]


def test_all_to_all_is_bound_by_its_slowest_tier() -> None:
    # 16 chips in two domains: half of the bytes leave the domain
    took = all_to_all_s(column(16e9), group(16), tiers(), NEAR)
    assert took[0] == pytest.approx(8e9 / 50e9)
    assert all_to_all_s(column(8e9), group(8), tiers(), NEAR)[0] == pytest.approx(7e9 / 400e9)


def test_send_takes_the_link_that_reaches() -> None:
    near, far = send_s(column(4e9), tiers(us=10.0), np.array([4, 8]))
    assert near == pytest.approx(1e-5 + 4e9 / 400e9)
    assert far == pytest.approx(1e-5 + 4e9 / 50e9)


def test_more_bandwidth_or_fewer_bytes_is_never_slower() -> None:
    for collective in (all_reduce_s, all_gather_s, all_to_all_s):
        base = collective(column(1e9), group(24), tiers(us=1.0), NEAR)
        assert (collective(column(1e9), group(24), tiers(up=800.0, us=1.0), NEAR) <= base).all()
        assert (collective(column(1e9), group(24), tiers(out=100.0, us=1.0), NEAR) < base).all()
        assert (collective(column(5e8), group(24), tiers(us=1.0), NEAR) < base).all()


def test_tiers_of_a_system(h100: Chip, dgx: System) -> None:
    found = system_tiers(
        h100, dgx, bandwidth_frac=0.8, scale_up_latency_us=5.0, scale_out_latency_us=15.0
    ).tiers
    assert [tier.chips for tier in found] == [8, 2**31]
    reached: list[Column] = [column(tier.bandwidth_gb_per_s) for tier in found]
    assert [float(link[0]) for link in reached] == pytest.approx([360.0, 40.0])
