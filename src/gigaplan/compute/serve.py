"""One replica of a served model: the largest batch that meets the SLO, and its tokens per second.

A replica is `tp` chips that hold the model once. In the steady state each engine step gives every
one of the B running requests a token; as requests finish, others take their place, and the chips
share their time between the inputs of these and the outputs of all. All figures are columns; the
batch is found bit by bit, in a fixed number of steps, so that a future alone and among many gets
the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gigaplan.compute.collective import Sizes, Tiers, all_reduce_s, system_tiers
from gigaplan.compute.roofline import (
    BYTE_PER_GB,
    FLOP_PER_TFLOP,
    Chip,
    System,
    matmul_tflops,
    memory_byte_per_s,
)
from gigaplan.compute.workload import (
    BYTES_BF16,
    WEIGHT_BYTE,
    Model,
    attention_flop_per_token,
    attention_parameters_count,
    body_parameters_count,
    decode_attention_flop_per_token,
    embedding_parameters_count,
    expert_parameters_count,
    kv_byte_per_token,
    matmul_flop_per_token,
    moe_layers,
)
from gigaplan.figure import Verdict
from gigaplan.units import Column, Real, column, option, power, quantity, ratio

US_PER_S = 1e6
MS_PER_S = 1e3
LEAST_COUNT = 1.0 / 64.0
"""Finest step of a mean batch in the search; a straight line goes on from there."""
BATCH_BITS = 21
"""Binary digits of the batch in those steps: up to 32,767 requests, far beyond what engines run."""
TP_CHOICES = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ServeLaw:
    """Empirical constants of serving engines."""

    title: str = option("", doc="name for people")
    engine_ms: Real = quantity(low=0.0, doc="scheduler, sampling and host, each engine step")
    request_us: Real = quantity(low=0.0, doc="the same for each running request, each step")
    layer_us: Real = quantity(low=0.0, doc="launch and latency of a layer's kernels, each step")
    reduce_us: Real = quantity(low=0.0, doc="latency of one small all-reduce in the domain")
    read_frac: Real = quantity(
        low=0.0, high=1.0, doc="share of reachable memory bandwidth that decoding uses"
    )
    arithmetic_frac: Real = quantity(
        low=0.0, high=1.0, doc="share of a big matmul's speed that serving reaches"
    )
    attention_frac: Real = quantity(
        low=0.0, high=1.0, doc="speed of attention over that of a big bf16 matmul"
    )
    link_frac: Real = quantity(low=0.0, high=1.0, doc="share of a nominal link that is reached")
    memory_frac: Real = quantity(low=0.0, high=1.0, doc="share of memory that the engine may use")
    reserved_gb: Real = quantity(low=0.0, doc="context, graphs, activations and buffers of a chip")
    imbalance_ratio: Real = quantity(low=1.0, doc="busiest expert rank over the mean")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replica:
    """Chips that hold the model once, and its format (structure)."""

    tp: int = option(doc="chips of a replica")
    precision: str = option("fp8", doc="format of weights and matmuls")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ServePoint:
    """Where a replica runs when its SLO binds; columns (1,) or (N,).

    Notes
    -----
    NaN where `verdict` names a reason. `prefill_frac` is the share of time spent on inputs.
    `floor_ttft_s` and `floor_tpot_s` are what one request alone would see.
    """

    batch_count: Column
    tokens_per_s_per_chip: Column
    input_tokens_per_s_per_chip: Column
    ttft_s: Column
    tpot_s: Column
    floor_ttft_s: Column
    floor_tpot_s: Column
    prefill_frac: Column
    weights_gb: Column
    cache_gb: Column
    capacity_count: Column
    verdict: Sizes


class Engine(NamedTuple):
    """What an engine step of a replica costs, by its parts."""

    model: Model
    fixed_s: Column
    request_s: Column
    dense_read_s: Column
    experts_read_s: Column
    token_s: Column
    cache_read_s: Column
    score_s: Column
    prefill_s: Column
    admitted_ratio: Column
    capacity_count: Column
    weights_gb: Column
    cache_gb: Column


def serve_tiers(chip: Chip, system: System, law: ServeLaw) -> Tiers:
    """Return the tiers of a system as a replica sees them."""
    return system_tiers(
        chip,
        system,
        bandwidth_frac=law.link_frac,
        scale_up_latency_us=law.reduce_us,
        scale_out_latency_us=law.reduce_us,
    )


def replicas(model: Model, tiers: Tiers, precision: str = "fp8") -> tuple[Replica, ...]:
    """Return the replica sizes worth trying (structure).

    Parameters
    ----------
    model : Model
        Query heads must divide over the chips.
    tiers : Tiers
        The innermost one bounds a replica.
    precision : str
        Format of the weights.
    """
    domain = tiers.tiers[0].chips
    fitting = [size for size in TP_CHOICES if size <= domain and model.heads % size == 0]
    return tuple(Replica(tp=size, precision=precision) for size in fitting)


def cache_split(model: Model, replica: Replica) -> float:
    """Return over how many chips the cache of a request is split (structure).

    GQA splits key-value heads; beyond their number chips hold copies. MLA runs attention data
    parallel: each chip keeps whole requests, a share of them.
    """
    if model.attention == "mla":
        return float(replica.tp)
    return float(min(replica.tp, model.kv_heads or model.heads))


def attention_split(model: Model, replica: Replica) -> float:
    """Return over how many chips attention weights are split.

    One for MLA, which runs attention data parallel.
    """
    return 1.0 if model.attention == "mla" else float(replica.tp)


def chip_weights_byte(model: Model, replica: Replica) -> tuple[float, float, float]:
    """Bytes of weights on one chip, in three parts.

    Those read in every step, all routed experts, and the input embedding.

    The embedding is stored but looked up, not read whole. Head and embedding are in bf16.
    """
    element = WEIGHT_BYTE[replica.precision]
    attention = model.layers * attention_parameters_count(model)
    body = (body_parameters_count(model) - attention) / replica.tp
    body += attention / attention_split(model, replica)
    table = embedding_parameters_count(model) * BYTES_BF16 / replica.tp
    experts = moe_layers(model) * model.experts * expert_parameters_count(model) / replica.tp
    return body * element + table, experts * element, 0.0 if model.tied else table


def hit_frac(model: Model, tokens_count: Column) -> Column:
    """Share of the routed experts that a step's tokens touch.

    Parameters
    ----------
    model : Model
        Experts and how many a token visits.
    tokens_count : Column
        Tokens of the step [-].

    Returns
    -------
    Column
        1 - (1 - k/E)^n for even routing [-]; 0 for a dense model.
    """
    if not moe_layers(model):
        return np.zeros(1)
    missed = 1.0 - model.experts_active / model.experts
    if missed <= 0.0:
        return np.ones_like(tokens_count)
    return np.asarray(1.0 - power(column(missed), tokens_count))


def serving_engine(
    model: Model,
    chip: Chip,
    tiers: Tiers,
    replica: Replica,
    law: ServeLaw,
    *,
    isl_token: Column,
    osl_token: Column,
    cache_byte: float,
) -> Engine:
    """Price the parts of an engine step of a replica.

    Parameters
    ----------
    model, chip, tiers, replica, law : Model, Chip, Tiers, Replica, ServeLaw
        As in `serving_point`.
    isl_token, osl_token : Column
        Mean input and output of a request [token].
    cache_byte : float
        Size of a cached element [byte].

    Returns
    -------
    Engine
        Seconds for the step, for a request, for a token.
    """
    read, experts, table = chip_weights_byte(model, replica)
    bandwidth = memory_byte_per_s(chip) * column(law.read_frac)
    scores = matmul_tflops(chip, "bf16") * FLOP_PER_TFLOP * column(law.attention_frac)
    context = isl_token + osl_token / 2.0
    cached = kv_byte_per_token(model, cache_byte) / cache_split(model, replica) * context
    token_s = token_pass_s(model, chip, tiers, replica, law)
    prompt = isl_token * attention_flop_per_token(model, 1.0) / replica.tp / scores
    usable = column(chip.memory_gb) * column(law.memory_frac) - column(law.reserved_gb)
    weights = column((read + experts + table) / BYTE_PER_GB)
    room = np.maximum(usable - weights, 0.0) * BYTE_PER_GB
    return Engine(
        model=model,
        fixed_s=fixed_step_s(model, tiers, replica, law),
        request_s=column(law.request_us) / US_PER_S,
        dense_read_s=read / bandwidth,
        experts_read_s=experts / bandwidth * expert_imbalance_ratio(model, law),
        token_s=token_s,
        cache_read_s=cached / bandwidth,
        score_s=context * decode_attention_flop_per_token(model, 1.0) / replica.tp / scores,
        prefill_s=isl_token * (token_s + prompt),
        admitted_ratio=1.0 / osl_token,
        capacity_count=room / cached,
        weights_gb=weights,
        cache_gb=room / BYTE_PER_GB,
    )


def token_pass_s(model: Model, chip: Chip, tiers: Tiers, replica: Replica, law: ServeLaw) -> Column:
    """Time of one token of a large pass: arithmetic and links [s]."""
    speed = matmul_tflops(chip, replica.precision) * FLOP_PER_TFLOP * column(law.arithmetic_frac)
    spread = expert_imbalance_ratio(model, law)
    work = matmul_flop_per_token(model) / replica.tp / speed * spread
    return work + token_link_s(model, tiers, replica)


def expert_imbalance_ratio(model: Model, law: ServeLaw) -> Column:
    """Busiest rank of experts over the mean [-]; 1 for a dense model."""
    return column(law.imbalance_ratio) if moe_layers(model) else np.ones(1)


def reduces(model: Model) -> int:
    """Return the all-reduces of one pass: two in each layer."""
    return 2 * model.layers


def token_link_s(model: Model, tiers: Tiers, replica: Replica) -> Column:
    """Time of one token on links in a pass, latency aside [s]."""
    group, near = np.array([replica.tp]), np.ones(1, dtype=np.int64)
    once = all_reduce_s(column(BYTES_BF16 * model.hidden), group, tiers, near)
    return reduces(model) * (once - all_reduce_s(np.zeros(1), group, tiers, near))


def fixed_step_s(model: Model, tiers: Tiers, replica: Replica, law: ServeLaw) -> Column:
    """Time of a step that no batch changes [s].

    Host, launches of kernels, latency of small all-reduces.
    """
    group, near = np.array([replica.tp]), np.ones(1, dtype=np.int64)
    kernels = model.layers * column(law.layer_us) / US_PER_S
    links = reduces(model) * all_reduce_s(np.zeros(1), group, tiers, near)
    return column(law.engine_ms) / MS_PER_S + kernels + links


def decode_s(engine: Engine, batch_count: Column) -> Column:
    """Time of a step that gives every running request one token.

    Parameters
    ----------
    engine : Engine
        Prices.
    batch_count : Column
        Running requests [-].

    Returns
    -------
    Column
        Host, then weights against arithmetic, then cache [s].
    """
    weights = engine.dense_read_s + engine.experts_read_s * hit_frac(engine.model, batch_count)
    body = np.maximum(weights, engine.token_s * batch_count)
    each = engine.request_s + np.maximum(engine.cache_read_s, engine.score_s)
    return engine.fixed_s + body + each * batch_count


def steady_s(engine: Engine, batch_count: Column) -> tuple[Column, Column]:
    """Time per output token and to the first token, steady state.

    Parameters
    ----------
    engine : Engine
        Prices.
    batch_count : Column
        Mean running requests [-]; below one the replica idles at times.

    Returns
    -------
    tuple of Column
        TPOT and TTFT [s].

    Notes
    -----
    A step admits batch / output requests on average and pays for their inputs, in chunks that fill
    the chip: TPOT = step + batch / output x prefill. A prompt gets the time that decoding leaves
    (processor sharing): TTFT = prefill x TPOT / step + step.
    """
    step = decode_s(engine, np.maximum(batch_count, 1.0))
    tpot = step + batch_count * engine.admitted_ratio * engine.prefill_s
    return tpot, engine.prefill_s * tpot / step + step


def meets(engine: Engine, batch_count: Column, ttft_s: Column, tpot_s: Column) -> NDArray[np.bool_]:
    """Return where a batch meets the SLO and fits in the cache."""
    tpot, ttft = steady_s(engine, batch_count)
    return (tpot <= tpot_s) & (ttft <= ttft_s) & (batch_count <= engine.capacity_count)


def largest_batch_count(engine: Engine, ttft_s: Column, tpot_s: Column) -> Column:
    """Return the largest mean batch that meets the SLO.

    Parameters
    ----------
    engine : Engine
        Prices.
    ttft_s, tpot_s : Column
        The SLO [s].

    Returns
    -------
    Column
        [-]; 0 where even one request alone misses it.

    Notes
    -----
    Both latencies rise with the batch, so its binary digits are found from the highest down to
    1/64; a straight line through the last interval keeps figures smooth.
    """
    batch = np.zeros(np.broadcast(ttft_s, tpot_s, *engine[1:]).shape)
    for bit in reversed(range(BATCH_BITS)):
        tried = batch + LEAST_COUNT * (1 << bit)
        batch = np.where(meets(engine, tried, ttft_s, tpot_s), tried, batch)
    tpot_below, ttft_below = steady_s(engine, batch)
    tpot_above, ttft_above = steady_s(engine, batch + LEAST_COUNT)
    part = np.minimum(
        ratio(tpot_s - tpot_below, tpot_above - tpot_below, 1.0),
        ratio(ttft_s - ttft_below, ttft_above - ttft_below, 1.0),
    )
    part = np.minimum(part, (engine.capacity_count - batch) / LEAST_COUNT)
    return np.asarray(batch + np.clip(part, 0.0, 1.0) * LEAST_COUNT)


def serving_point(
    model: Model,
    chip: Chip,
    tiers: Tiers,
    replica: Replica,
    law: ServeLaw,
    *,
    isl_token: Real,
    osl_token: Real,
    ttft_s: Real,
    tpot_s: Real,
    cache_byte: float = 0.0,
    throughput_ratio: Real = 1.0,
) -> ServePoint:
    """Find where a replica runs at its SLO.

    Parameters
    ----------
    model : Model
        The transformer.
    chip : Chip
        Figures (1,) or (N,).
    tiers : Tiers
        Links of the replica (`serve_tiers`).
    replica : Replica
        Chips and format.
    law : ServeLaw
        Empirical constants.
    isl_token, osl_token : Real
        Mean input and output of a request [token].
    ttft_s, tpot_s : Real
        Time to first token and per output token that must be met [s].
    cache_byte : float
        Size of a cached element [byte]; 0 = one byte for formats of 8 bit and less, else two.
    throughput_ratio : Real
        Scales the tokens per second at the SLO [-].

    Returns
    -------
    ServePoint
        The largest batch, its latencies and throughput.

    Notes
    -----
    Mean batch, no queue: arrivals are smooth. The queue comes with `compute.queueing`.

    References
    ----------
    pope-2022, splitwise
    """
    isl, osl, first, each = (column(value) for value in (isl_token, osl_token, ttft_s, tpot_s))
    element = cache_byte or min(BYTES_BF16, max(WEIGHT_BYTE[replica.precision], 1.0))
    engine = serving_engine(
        model, chip, tiers, replica, law, isl_token=isl, osl_token=osl, cache_byte=element
    )
    batch = largest_batch_count(engine, first, each)
    floor_tpot, floor_ttft = steady_s(engine, np.zeros(1))
    tpot, ttft = steady_s(engine, batch)
    absent = verdict_of(engine, batch)
    rate = ratio(batch, tpot) / replica.tp * column(throughput_ratio)
    gap = np.where(absent == 0, 0.0, np.nan)
    return ServePoint(
        batch_count=batch + gap,
        tokens_per_s_per_chip=rate + gap,
        input_tokens_per_s_per_chip=rate * isl / osl + gap,
        ttft_s=ttft + gap,
        tpot_s=tpot + gap,
        floor_ttft_s=floor_ttft,
        floor_tpot_s=floor_tpot,
        prefill_frac=ratio(batch * engine.prefill_s * engine.admitted_ratio, tpot) + gap,
        weights_gb=engine.weights_gb,
        cache_gb=engine.cache_gb,
        capacity_count=engine.capacity_count,
        verdict=absent,
    )


def verdict_of(engine: Engine, batch_count: Column) -> Sizes:
    """Return why there is no operating point.

    No room for a request, or an SLO that one request alone misses.
    """
    roomless = engine.capacity_count < 1.0
    missed = ~roomless & (batch_count <= 0.0)
    found = roomless * int(Verdict.DOES_NOT_FIT) + missed * int(Verdict.BELOW_SLO_FLOOR)
    return np.asarray(found, dtype=np.int64)


def best_replica(
    model: Model,
    chip: Chip,
    tiers: Tiers,
    law: ServeLaw,
    *,
    isl_token: Real,
    osl_token: Real,
    ttft_s: Real,
    tpot_s: Real,
    precision: str = "fp8",
) -> Replica:
    """Return the replica with the most tokens per second and chip at the SLO.

    Parameters
    ----------
    model, chip, tiers, law : Model, Chip, Tiers, ServeLaw
        As in `serving_point`, figures (1,).
    isl_token, osl_token, ttft_s, tpot_s : Real
        As in `serving_point`, (1,).
    precision : str
        Format of the weights.

    Returns
    -------
    Replica
        Where none has an operating point, the largest: its point says why.
    """
    candidates = replicas(model, tiers, precision)
    rates = [
        serving_point(
            model, chip, tiers, replica, law,
            isl_token=isl_token, osl_token=osl_token, ttft_s=ttft_s, tpot_s=tpot_s,
        ).tokens_per_s_per_chip[0]
        for replica in candidates
    ]  # fmt: skip
    if np.isnan(rates).all():
        return candidates[-1]
    return candidates[int(np.nanargmax(rates))]
