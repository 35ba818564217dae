"""A replica at its SLO: limits, laws, verdicts, measured rows."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from gigaplan import catalog
from gigaplan.compute.collective import Tiers
from gigaplan.compute.roofline import Chip, System
from gigaplan.compute.serve import (
    Replica,
    ServeLaw,
    ServePoint,
    best_replica,
    decode_s,
    hit_frac,
    replicas,
    serve_tiers,
    serving_engine,
    serving_point,
    steady_s,
)
from gigaplan.compute.workload import Model
from gigaplan.figure import Verdict
from gigaplan.units import Real, column

LOAD: dict[str, Any] = {"isl_token": 2000.0, "osl_token": 300.0, "ttft_s": 1.0, "tpot_s": 0.04}
NO_LIMIT: dict[str, Any] = {"ttft_s": 1e6, "tpot_s": 1e6}


@pytest.fixture(scope="module")
def tiers(h100: Chip, dgx: System, serve_law: ServeLaw) -> Tiers:
    return serve_tiers(h100, dgx, serve_law)


def test_the_slo_binds_and_is_met(
    llama_70b: Model, h100: Chip, tiers: Tiers, serve_law: ServeLaw
) -> None:
    point = serving_point(llama_70b, h100, tiers, Replica(tp=4), serve_law, **LOAD)
    assert point.verdict[0] == 0
    assert point.tpot_s[0] == pytest.approx(0.04, rel=1e-3)
    assert point.ttft_s[0] <= 1.0
    assert point.tokens_per_s_per_chip[0] == pytest.approx(
        point.batch_count[0] / point.tpot_s[0] / 4
    )
    assert point.input_tokens_per_s_per_chip[0] == pytest.approx(
        point.tokens_per_s_per_chip[0] * 2000 / 300
    )
    assert point.floor_tpot_s[0] < point.tpot_s[0]
    assert 0.0 < point.prefill_frac[0] < 1.0


def test_memory_by_hand(llama_70b: Model, h100: Chip, tiers: Tiers, serve_law: ServeLaw) -> None:
    point = serving_point(llama_70b, h100, tiers, Replica(tp=4), serve_law, **(LOAD | NO_LIMIT))
    tables = 2 * 128256 * 8192
    weights = (70.552e9 - tables + 2 * tables) / 4 / 1e9
    assert point.weights_gb[0] == pytest.approx(weights, rel=1e-3)
    room = h100.memory_gb * 0.92 - 4 - weights
    assert point.cache_gb[0] == pytest.approx(room, rel=1e-3)
    # 8-bit cache: half of 327,680 bytes a token, over four chips
    held = room * 1e9 / (327680 / 2 / 4 * 2150)
    assert point.capacity_count[0] == pytest.approx(held, rel=1e-3)
    assert point.batch_count[0] == pytest.approx(held, rel=1e-2)


def test_one_request_reads_the_weights_once(llama_70b: Model, h100: Chip, tiers: Tiers) -> None:
    free = ServeLaw(
        engine_ms=0.0, request_us=0.0, layer_us=0.0, reduce_us=0.0, read_frac=1.0,
        arithmetic_frac=1.0, attention_frac=1.0, link_frac=1.0, memory_frac=1.0, reserved_gb=0.0,
        imbalance_ratio=1.0,
    )  # fmt: skip
    point = serving_point(
        llama_70b, h100, tiers, Replica(tp=1, precision="fp4"), free,
        isl_token=1.0, osl_token=1.0, **NO_LIMIT,
    )  # fmt: skip
    read = (70.552e9 - 2 * 1.0507e9) * 0.5625 + 2 * 1.0507e9
    assert point.floor_tpot_s[0] == pytest.approx(read / (3350e9 * 0.887), rel=1e-3)


def test_does_not_fit(llama_405b: Model, h100: Chip, tiers: Tiers, serve_law: ServeLaw) -> None:
    point = serving_point(
        llama_405b, h100, tiers, Replica(tp=8, precision="bf16"), serve_law, **LOAD
    )
    assert point.verdict[0] == Verdict.DOES_NOT_FIT
    assert np.isnan(point.tokens_per_s_per_chip[0])


@pytest.mark.parametrize("slo", [{"tpot_s": 0.004}, {"ttft_s": 0.01}])
def test_below_the_floor(
    llama_70b: Model, h100: Chip, tiers: Tiers, serve_law: ServeLaw, slo: dict[str, float]
) -> None:
    point = serving_point(llama_70b, h100, tiers, Replica(tp=8), serve_law, **(LOAD | slo))
    assert point.verdict[0] == Verdict.BELOW_SLO_FLOOR
    assert np.isnan(point.batch_count[0])
    assert np.isfinite(point.floor_tpot_s[0])
    met = {"ttft_s": point.floor_ttft_s[0] * 1.01, "tpot_s": point.floor_tpot_s[0] * 1.01}
    just = serving_point(llama_70b, h100, tiers, Replica(tp=8), serve_law, **(LOAD | met))
    assert just.verdict[0] == 0
    assert just.batch_count[0] > 0.0


def bettered(chip: Chip, name: str, factor: Real) -> Chip:
    old = getattr(chip, name)
    dear = {key: peak * factor for key, peak in old.items()} if isinstance(old, dict) else None
    change: dict[str, Any] = {name: dear or old * factor}
    return replace(chip, **change)


BETTER = ["dense_tflops", "memory_bandwidth_gb_per_s", "memory_gb", "scale_up_gb_per_s"]


@pytest.mark.parametrize("name", BETTER)
@pytest.mark.parametrize("shape", ["llama_70b", "deepseek"])
def test_a_better_chip_never_serves_less(
    name: str,
    shape: str,
    h100: Chip,
    dgx: System,
    serve_law: ServeLaw,
    request: pytest.FixtureRequest,
) -> None:
    model: Model = request.getfixturevalue(shape)
    base = replace(h100, memory_gb=150.0)
    factor = np.linspace(1.0, 2.0, 101)
    better = bettered(base, name, factor)
    for slo in ({}, {"ttft_s": 0.25}, {"tpot_s": 0.02}, NO_LIMIT):
        point = serving_point(
            model,
            better,
            serve_tiers(better, dgx, serve_law),
            Replica(tp=8),
            serve_law,
            **(LOAD | slo),
        )
        rate = np.broadcast_to(point.tokens_per_s_per_chip, factor.shape)
        assert (np.diff(rate) >= -1e-6 * rate[1:]).all()


def test_a_looser_slo_never_serves_less(
    deepseek: Model, h100: Chip, dgx: System, serve_law: ServeLaw
) -> None:
    big = replace(h100, memory_gb=150.0)
    links = serve_tiers(big, dgx, serve_law)
    limits = np.linspace(0.02, 0.2, 200)
    point = serving_point(
        deepseek,
        big,
        links,
        Replica(tp=8),
        serve_law,
        **(LOAD | {"tpot_s": limits, "ttft_s": 60.0}),
    )
    assert (np.diff(point.tokens_per_s_per_chip) >= -1e-9).all()
    # smooth: no jumps by whole requests, no plateaus between them
    assert (np.diff(point.batch_count) > 0).all()


def test_hit_experts(llama_70b: Model, deepseek: Model) -> None:
    tokens = np.array([1.0, 8.0, 1e5])
    assert (hit_frac(llama_70b, tokens) == 0.0).all()
    assert hit_frac(deepseek, tokens) == pytest.approx(1 - (1 - 8 / 256) ** tokens)


def test_both_latencies_rise_with_the_batch(
    deepseek: Model, h100: Chip, tiers: Tiers, serve_law: ServeLaw
) -> None:
    engine = serving_engine(
        deepseek, h100, tiers, Replica(tp=8), serve_law,
        isl_token=column(2000.0), osl_token=column(300.0), cache_byte=1.0,
    )  # fmt: skip
    batches = np.linspace(0.0, 2000.0, 4001)
    tpot, ttft = steady_s(engine, batches)
    assert (np.diff(tpot) >= 0).all()
    assert (np.diff(ttft) >= -1e-12).all()
    assert (np.diff(batches / tpot) > 0).all()


def test_replicas_stay_in_their_domain(llama_70b: Model, tiers: Tiers) -> None:
    assert [replica.tp for replica in replicas(llama_70b, tiers)] == [1, 2, 4, 8]


def test_best_replica_is_the_best(
    llama_70b: Model, h100: Chip, tiers: Tiers, serve_law: ServeLaw
) -> None:
    best = best_replica(llama_70b, h100, tiers, serve_law, **LOAD)
    rates = [
        serving_point(llama_70b, h100, tiers, each, serve_law, **LOAD).tokens_per_s_per_chip[0]
        for each in replicas(llama_70b, tiers)
    ]
    chosen = serving_point(llama_70b, h100, tiers, best, serve_law, **LOAD)
    assert chosen.tokens_per_s_per_chip[0] == np.nanmax(rates)
    nowhere = best_replica(llama_70b, h100, tiers, serve_law, **(LOAD | {"tpot_s": 1e-4}))
    assert nowhere.tp == 8


def test_the_plans_handle(llama_70b: Model, h100: Chip, tiers: Tiers, serve_law: ServeLaw) -> None:
    plain = serving_point(llama_70b, h100, tiers, Replica(tp=4), serve_law, **LOAD)
    more = serving_point(
        llama_70b, h100, tiers, Replica(tp=4), serve_law, throughput_ratio=1.2, **LOAD
    )
    assert more.tokens_per_s_per_chip[0] == pytest.approx(plain.tokens_per_s_per_chip[0] * 1.2)
    assert more.tpot_s[0] == plain.tpot_s[0]


@pytest.mark.parametrize("shape", ["llama_70b", "deepseek"])
def test_alone_is_among_many_to_the_bit(
    shape: str,
    uncertain_h100: Chip,
    alone_h100: list[Chip],
    dgx: System,
    serve_law: ServeLaw,
    request: pytest.FixtureRequest,
) -> None:
    model: Model = request.getfixturevalue(shape)

    def made(chip: Chip) -> ServePoint:
        roomy = replace(chip, memory_gb=1.6 * chip.memory_gb)
        links = serve_tiers(roomy, dgx, serve_law)
        return serving_point(model, roomy, links, Replica(tp=8), serve_law, **LOAD)

    many = made(uncertain_h100)
    for index, chip in enumerate(alone_h100):
        one = made(chip)
        for item in fields(ServePoint):
            among = np.broadcast_to(getattr(many, item.name), (len(alone_h100),))
            assert np.array_equal(getattr(one, item.name)[0], among[index], equal_nan=True), (
                item.name
            )


# TensorRT-LLM, Llama-3.3-70B on two H100, fp8, full load (a family that was not fitted on)
@pytest.mark.parametrize(
    ("isl", "osl", "measured"), [(1000.0, 1000.0, 2209.0), (8192.0, 1024.0, 398.0)]
)
def test_published_throughput_at_full_load(
    llama_70b: Model, h100: Chip, tiers: Tiers, serve_law: ServeLaw,
    isl: float, osl: float, measured: float,
) -> None:  # fmt: skip
    point = serving_point(
        llama_70b, h100, tiers, Replica(tp=2), serve_law, isl_token=isl, osl_token=osl, **NO_LIMIT
    )
    assert point.tokens_per_s_per_chip[0] == pytest.approx(measured, rel=0.2)


# vLLM on eight MI300X, Llama-3.1-70B fp8, 128 in and 2,048 out: seconds for a static batch
@pytest.mark.parametrize(("batch", "measured"), [(1, 17.236), (8, 19.677), (32, 24.932)])
def test_latency_floor_of_small_batches(
    llama_70b: Model, serve_law: ServeLaw, batch: int, measured: float
) -> None:
    chip: Chip = catalog.load("chips", "mi300x", Chip).value
    system: System = catalog.load("systems", "mi300x-8", System).value
    engine = serving_engine(
        llama_70b, chip, serve_tiers(chip, system, serve_law), Replica(tp=8), serve_law,
        isl_token=column(128.0), osl_token=column(2048.0), cache_byte=1.0,
    )  # fmt: skip
    running = column(float(batch))
    took = running * engine.prefill_s + 2048 * decode_s(engine, running)
    assert took[0] == pytest.approx(measured, rel=0.25)
