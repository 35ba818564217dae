"""Layouts as columns -> step time, memory and MFU of a training run; the best layout.

The same `step` scores many layouts (L,) at one set of figures, and one layout under many futures
(N,). It adds up what one chip does for one optimizer step: matmuls, attention, passes over memory,
recomputation, exposed communication inside layers (TP, EP, CP) and between stages (PP), uneven
stages, the pipeline bubble, exposed gradient and weight traffic (DP, FSDP), the optimizer, and
stragglers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from gigaplan.compute.collective import (
    Sizes,
    Tiers,
    all_gather_s,
    all_reduce_s,
    all_to_all_s,
    reduce_scatter_s,
    send_s,
    system_tiers,
)
from gigaplan.compute.roofline import (
    FLOP_PER_TFLOP,
    Chip,
    System,
    attention_s,
    matmul_s,
    matmul_tflops,
    memory_s,
    peak_tflops,
    shape_frac,
)
from gigaplan.compute.workload import (
    BYTES_BF16,
    WEIGHT_BYTE,
    Convention,
    Model,
    attention_flop_per_token,
    attention_width,
    body_parameters_count,
    cached_width,
    dense_ffn_layers,
    embedding_parameters_count,
    expert_parameters_count,
    head_width,
    kv_head_count,
    moe_layers,
    train_flop_per_token,
    value_width,
)
from gigaplan.figure import Verdict
from gigaplan.units import GIB_PER_GB, Column, Real, column, option, quantity

GIB = 2.0**30
BACKWARD_MATMULS = 2.0
"""Products of the backward pass for each of the forward pass: for the input and for the weight."""
BACKWARD_ATTENTION = 2.5
"""Flash attention recomputes the scores: five products backward for two forward
(flash-attention-2)."""
STATE_BYTE = 12.0
"""Adam in fp32: master weight and two moments (korthikanti-2022, section 4)."""
SHARDED_BYTE = 16.0
"""FSDP keeps fp32 weight, gradient and two moments, all sharded (torchtitan)."""
OPTIMIZER_PASS_BYTE = 30.0
"""Traffic of one Adam update: 12 B of state read and written, 4 B gradient read, 2 B weight
written."""
CAST_BYTE = 4.0
"""Traffic of casting one bf16 element to 8 bit: read 2 B, write it plain and transposed."""
LOSS_BYTE = 14.0
"""Traffic of cross-entropy for a logit: bf16 written, fp32 written and read, bf16 gradient
written."""
LOGITS_BYTE = 6.0
"""Memory of a logit: fp32 value and bf16 gradient."""
NORM_PASSES = 10.0
"""Elements of width `hidden` that norms and residuals of a layer move forward: two of (2 + 3)."""
LEAST_MFU_FRAC = 0.001
"""Floor under an MFU that a plan shifts down."""
GATHERED_LAYERS = 2.0
"""Layers whose weights FSDP holds whole at a time: the one at work and the one prefetched."""

FSDP = 3
"""Stage of ZeRO that shards weights too."""

TP_CHOICES = (1, 2, 4, 8, 16, 32, 64)
MAX_PP = 64
VP_CHOICES = (1, 2, 3, 4, 5, 6, 7, 8)
CP_CHOICES = (1, 2, 4, 8, 16)
MICRO_CHOICES = (1, 2, 4, 8)
EP_CHOICES = (1, 2, 4, 8, 16, 32, 64)
SHORTEST_SHARD = 4096
"""Tokens of a sequence below which nobody splits it over chips."""


class Recompute(IntEnum):
    """What the backward pass computes again instead of keeping.

    SELECTIVE are the element-wise operators: outputs of norms and activation functions.
    (Attention's scores are never kept: flash attention computes them again in any case.)
    """

    NONE = 0
    SELECTIVE = 1
    FULL = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainLaw:
    """Empirical constants of training, the same for all chips."""

    title: str = option("", doc="name for people")
    sustained_frac: Real = quantity(
        low=0.0, high=1.0, doc="matmul speed in a long run over the short-run maximum"
    )
    tile_count: Real = quantity(low=0.0, doc="matmul dimension that halves the speed")
    attention_frac: Real = quantity(
        low=0.0, high=1.0, doc="speed of fused attention over that of a big bf16 matmul"
    )
    pass_ratio: Real = quantity(low=0.0, doc="bytes of element-wise operators over the minimum")
    layer_overlap_frac: Real = quantity(
        low=0.0, high=1.0, doc="share of TP, EP and PP traffic hidden behind arithmetic"
    )
    dp_overlap_frac: Real = quantity(
        low=0.0, high=1.0, doc="share of DP and FSDP traffic hidden behind arithmetic"
    )
    straggler_frac: Real = quantity(low=0.0, doc="loss to the slowest chip, per decade of chips")
    link_frac: Real = quantity(low=0.0, high=1.0, doc="share of a nominal link that is reached")
    scale_up_us: Real = quantity(low=0.0, doc="latency of a message in the scale-up domain")
    scale_out_us: Real = quantity(low=0.0, doc="latency of a message through the network")
    gradient_byte: Real = quantity(low=2.0, high=4.0, doc="a gradient in memory and on links")
    reserved_gib: Real = quantity(low=0.0, doc="context, communication buffers and fragments")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """How a run is spread over chips: whole-number arrays (L,).

    Notes
    -----
    Ranks are numbered with TP innermost, then CP, DP, PP; EP lies inside. `chips` are those
    allotted; those left over by TP x PP x CP x DP are idle. `zero` is 0 (replicated), 1 (optimizer
    sharded over DP) or 3 (FSDP: weights too, over `shard` chips).
    """

    chips: Sizes
    tp: Sizes
    pp: Sizes
    vp: Sizes
    cp: Sizes
    ep: Sizes
    micro_batch: Sizes
    recompute: Sizes
    sequence_parallel: Sizes
    zero: Sizes
    shard: Sizes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainStep:
    """One optimizer step: its time, its parts, its memory.

    Notes
    -----
    The parts from `matmul_s` to `adjusted_s` add up to `step_s`. `ideal_s` is 6N FLOP at the dense
    peak, so that `ideal_s / step_s` is `mfu_frac`. Shapes (1,), (N,) or (L,).
    """

    step_s: Column
    mfu_frac: Column
    mfu_causal_frac: Column
    tokens_per_s_per_chip: Column
    memory_gib: Column
    verdict: Sizes
    ideal_s: Column
    matmul_s: Column
    attention_s: Column
    memory_s: Column
    recompute_s: Column
    tp_s: Column
    ep_s: Column
    cp_s: Column
    pp_s: Column
    imbalance_s: Column
    bubble_s: Column
    dp_s: Column
    optimizer_s: Column
    straggler_s: Column
    adjusted_s: Column


PARTS = (
    "matmul_s", "attention_s", "memory_s", "recompute_s", "tp_s", "ep_s", "cp_s", "pp_s",
    "imbalance_s", "bubble_s", "dp_s", "optimizer_s", "straggler_s", "adjusted_s",
)  # fmt: skip
"""Fields of `TrainStep` that add up to `step_s`, in the order of a waterfall."""


class Run(NamedTuple):
    """What all parts of a step look at: the structure of one call."""

    model: Model
    chip: Chip
    tiers: Tiers
    layout: Layout
    law: TrainLaw
    precision: str
    seq: int
    batch: int


class Micro(NamedTuple):
    """One micro-batch on one rank's slice of all layers [s]."""

    matmul_s: Column
    head_s: Column
    attention_s: Column
    memory_s: Column
    loss_s: Column
    recompute_s: Column
    tp_s: Column
    ep_s: Column
    cp_s: Column


def train_tiers(chip: Chip, system: System, law: TrainLaw) -> Tiers:
    """Return the tiers of a system by the law's share and latencies.

    A plan passes the tiers of its fabric instead.
    """
    return system_tiers(
        chip,
        system,
        bandwidth_frac=law.link_frac,
        scale_up_latency_us=law.scale_up_us,
        scale_out_latency_us=law.scale_out_us,
    )


def layout(
    *,
    chips: int,
    tp: int = 1,
    pp: int = 1,
    vp: int = 1,
    cp: int = 1,
    ep: int = 1,
    micro_batch: int = 1,
    recompute: str = "none",
    sequence_parallel: bool = True,
    zero: int = 1,
    shard: int = 0,
) -> Layout:
    """Write down one layout (1,).

    Parameters
    ----------
    chips, tp, pp, vp, cp, ep, micro_batch : int
        As in `Layout`.
    recompute : str
        "none", "selective" or "full".
    sequence_parallel : bool
        Norms and residuals are split over TP too.
    zero : int
        0, 1 or 3.
    shard : int
        Chips that FSDP spreads the weights over; 0 = all of DP x CP.
    """
    whole, kind = max(chips // (tp * pp), 1), int(Recompute[recompute.upper()])
    values = (chips, tp, pp, vp, cp, ep, micro_batch, kind, int(sequence_parallel), zero)
    arrays = [np.array([value], dtype=np.int64) for value in (*values, shard or whole)]
    return Layout(**dict(zip((item.name for item in fields(Layout)), arrays, strict=True)))


def chosen(many: Layout, index: int) -> Layout:
    """Return one of many layouts, as arrays (1,)."""
    return Layout(
        **{item.name: getattr(many, item.name)[index : index + 1] for item in fields(many)}
    )


def data_parallel(spread: Layout) -> Sizes:
    """Return the number of model replicas of each layout (L,), at least one."""
    return np.asarray(np.maximum(spread.chips // (spread.tp * spread.pp * spread.cp), 1))


def micro_batches(spread: Layout, global_batch: int) -> Sizes:
    """Return the micro-batches of a replica in one step (L,).

    The last one may be part empty.
    """
    return np.asarray(-(-global_batch // (data_parallel(spread) * spread.micro_batch)))


def whole_divisors(number: int, largest: int) -> list[int]:
    """Return the divisors of a whole number up to a largest one (structure)."""
    return [size for size in range(1, min(number, largest) + 1) if number % size == 0]


def choices(model: Model, tiers: Tiers, seq: int) -> dict[str, list[int]]:
    """Return the sizes worth trying for each kind of parallelism (structure)."""
    domain = tiers.tiers[0].chips
    groups = model.heads if model.attention == "mla" else kv_head_count(model)
    tp = [size for size in TP_CHOICES if size <= domain]
    stages = {*whole_divisors(model.layers, MAX_PP), *whole_divisors(model.layers + 2, MAX_PP)}
    return {
        "tp": [size for size in tp if model.heads % size == 0 and groups % size == 0],
        "pp": sorted(stages),
        "vp": list(VP_CHOICES),
        "cp": [size for size in CP_CHOICES if size == 1 or seq // size >= SHORTEST_SHARD],
        "ep": [size for size in EP_CHOICES if size == 1 or divides(size, model.experts)],
        "micro_batch": list(MICRO_CHOICES),
        "recompute": [int(kind) for kind in Recompute],
        "zero": [1, FSDP],
    }


def divides(size: int, whole: int) -> bool:
    """Return whether a positive whole number divides by a size."""
    return whole > 0 and whole % size == 0


def layouts(model: Model, tiers: Tiers, *, chips: int, global_batch: int, seq: int) -> Layout:
    """Enumerate the layouts that frameworks can run, as columns.

    Parameters
    ----------
    model : Model
        Heads, layers and experts must divide.
    tiers : Tiers
        TP stays inside the innermost one.
    chips : int
        Chips allotted; a remainder stays idle.
    global_batch : int
        Sequences in one step.
    seq : int
        Tokens in a sequence.

    Returns
    -------
    Layout
        Arrays (L,). Where no layout feeds every replica with a sequence, all the others.

    Notes
    -----
    A pipeline is cut into equal chunks of layers, counting embedding and head as a layer each where
    the plain count does not divide (as Llama 3's 126 + 2). Interleaving needs as many micro-batches
    as stages. FSDP (`zero` 3) runs without a pipeline.
    """
    sizes = choices(model, tiers, seq)
    grids = np.meshgrid(*(np.array(size, dtype=np.int64) for size in sizes.values()), indexing="ij")
    grid = {name: axes.ravel() for name, axes in zip(sizes, grids, strict=True)}
    cut = grid["pp"] * grid["vp"]
    used = grid["tp"] * grid["pp"] * grid["cp"]
    replicas = chips // used
    micros = -(-global_batch // np.maximum(replicas * grid["micro_batch"], 1))
    legal = (model.layers % cut == 0) | ((model.layers + 2) % cut == 0) & (grid["pp"] > 1)
    legal &= (replicas >= 1) & (grid["ep"] <= replicas * grid["cp"] * grid["tp"])
    legal &= (grid["vp"] == 1) | (grid["pp"] > 1) & (micros >= grid["pp"])
    legal &= (grid["zero"] < FSDP) | (grid["pp"] == 1)
    fed = legal & (replicas * grid["micro_batch"] <= global_batch)
    keep = fed if fed.any() else legal
    kept = {name: values[keep] for name, values in grid.items()}
    return Layout(
        chips=np.full_like(kept["tp"], chips),
        sequence_parallel=(kept["tp"] > 1).astype(np.int64),
        shard=replicas[keep] * kept["cp"],
        **kept,
    )


class Matmul(NamedTuple):
    """Products of one shape on one rank: sizes and how many, over all layers."""

    rows_count: Column
    columns_count: Column
    depth_count: Column
    repeats_count: Column


def micro_batch_token(run: Run) -> Column:
    """Tokens of one micro-batch on one rank, before TP splits them (L,)."""
    spread = run.layout
    return np.asarray(spread.micro_batch * run.seq / spread.cp)


def attention_matmuls(model: Model, batch_token: Column, tp: Sizes) -> list[Matmul]:
    """Return the projections around attention in all layers."""
    h, a, d = model.hidden, model.heads, head_width(model)
    layers = column(model.layers)
    if model.attention == "gqa":
        wide = (a + 2 * kv_head_count(model)) * d
        return [
            Matmul(batch_token, wide / tp, column(h), layers),
            Matmul(batch_token, column(h), a * d / tp, layers),
        ]
    query = a * (model.nope_dim + model.rope_dim)
    down = (model.q_lora or query / tp) + model.kv_lora + model.rope_dim
    found = [
        Matmul(batch_token / tp, down * np.ones(1), column(h), layers),
        Matmul(
            batch_token, a * (model.nope_dim + model.value_dim) / tp, column(model.kv_lora), layers
        ),
        Matmul(batch_token, column(h), a * model.value_dim / tp, layers),
    ]
    if model.q_lora:
        found.append(Matmul(batch_token, query / tp, column(model.q_lora), layers))
    return found


def ffn_matmuls(
    model: Model, batch_token: Column, width_count: Column, repeats_count: Column
) -> list[Matmul]:
    """Return the two products of a feed-forward block (gate and up are one)."""
    h = column(model.hidden)
    return [
        Matmul(batch_token, (2 if model.gated else 1) * width_count, h, repeats_count),
        Matmul(batch_token, h, width_count, repeats_count),
    ]


def expert_matmuls(model: Model, batch_token: Column, spread: Layout) -> list[Matmul]:
    """Return the grouped products of routed experts and those of shared ones.

    Tokens are taken as evenly spread over experts; each expert is whole on its rank.
    """
    layers = moe_layers(model)
    rows = batch_token / spread.tp * model.experts_active * spread.ep / model.experts
    own = layers * model.experts / spread.ep
    found = ffn_matmuls(model, rows, column(model.expert_ffn), own)
    if model.experts_shared:
        width = model.experts_shared * model.expert_ffn / spread.tp
        found += ffn_matmuls(model, batch_token, width, column(layers))
    return found


def layer_matmuls(run: Run) -> list[Matmul]:
    """Return the forward products of all layers, without the head."""
    model, tokens, tp = run.model, micro_batch_token(run), run.layout.tp
    found = attention_matmuls(model, tokens, tp)
    if dense_ffn_layers(model):
        found += ffn_matmuls(model, tokens, model.ffn / tp, column(dense_ffn_layers(model)))
    if moe_layers(model):
        found += expert_matmuls(model, tokens, run.layout)
    return found


def product_s(run: Run, product: Matmul, speed_tflops: Column, element_byte: float) -> Column:
    """Time of the forward products of one shape on one rank [s]."""
    m, n, k, repeats = product
    share = shape_frac(m, n, k, column(run.law.tile_count))
    moved = ((m * k + k * n) * element_byte + m * n * BYTES_BF16) * repeats
    return matmul_s(2.0 * m * n * k * repeats, moved, speed_tflops * share, run.chip)


def layers_forward_s(run: Run, reached_ratio: Column) -> Column:
    """Time of the layers' matmuls, forward, one micro-batch [s]."""
    speed = matmul_tflops(run.chip, run.precision) * reached_ratio
    element = min(WEIGHT_BYTE[run.precision], BYTES_BF16)
    total: Column = np.zeros(1)
    for product in layer_matmuls(run):
        total = total + product_s(run, product, speed, element)
    return total


def head_forward_s(run: Run, reached_ratio: Column) -> Column:
    """Time of the LM head, always in bf16, forward, one micro-batch [s]."""
    model = run.model
    logits = Matmul(
        micro_batch_token(run), model.vocab / run.layout.tp, column(model.hidden), column(1)
    )
    speed = matmul_tflops(run.chip, "bf16") * reached_ratio
    return product_s(run, logits, speed, BYTES_BF16)


def attention_forward_s(run: Run, reached_ratio: Column) -> Column:
    """Time of causal attention, forward, one micro-batch [s]."""
    model, tokens, tp = run.model, micro_batch_token(run), run.layout.tp
    work = attention_flop_per_token(model, run.seq) * tokens / tp
    moved = BYTES_BF16 * attention_width(model) * model.layers * tokens / tp
    return attention_s(work, moved, column(run.law.attention_frac) * reached_ratio, run.chip)


def pass_elements_count(run: Run) -> Column:
    """Elements that element-wise operators move forward.

    Of one token, on one rank, in all layers.
    """
    model, spread = run.model, run.layout
    acts = 3 if model.gated else 2
    routed = model.experts_active + model.experts_shared
    experts = moe_layers(model) * (acts * routed * model.expert_ffn + 4 * routed * model.hidden)
    rotary = model.layers * attention_width(model)
    split = dense_ffn_layers(model) * acts * model.ffn + experts + rotary
    norms = model.layers * NORM_PASSES * model.hidden
    return np.asarray(split / spread.tp + norms / sequence_split(spread))


def sequence_split(spread: Layout) -> Sizes:
    """Return over how many ranks norms and residuals are split (L,)."""
    return np.asarray(np.where(spread.sequence_parallel > 0, spread.tp, 1))


def cast_elements_count(run: Run) -> Column:
    """Elements cast to 8 bit for the forward matmuls; 0 in 16 bit.

    Of one token, on one rank, in all layers.
    """
    if WEIGHT_BYTE[run.precision] >= BYTES_BF16:
        return np.zeros(1)
    model = run.model
    routed = model.experts_active + model.experts_shared
    dense = dense_ffn_layers(model) * (model.hidden + model.ffn)
    experts = moe_layers(model) * routed * (model.hidden + model.expert_ffn)
    attention = model.layers * (model.hidden + value_width(model))
    return np.asarray((dense + experts + attention) / run.layout.tp)


def pass_forward_s(run: Run) -> Column:
    """Time of element-wise operators, forward, one micro-batch [s]."""
    moved = BYTES_BF16 * pass_elements_count(run) * column(run.law.pass_ratio)
    return memory_s(
        (moved + CAST_BYTE * cast_elements_count(run)) * micro_batch_token(run), run.chip
    )


def loss_s(run: Run) -> Column:
    """Time of cross-entropy, forward and backward, of one micro-batch [s]."""
    moved = LOSS_BYTE * run.model.vocab * micro_batch_token(run) / run.layout.tp
    return memory_s(moved, run.chip)


def forward_tp_s(run: Run) -> Column:
    """Time of TP traffic in the forward pass of one micro-batch [s].

    Notes
    -----
    Two all-reduces of the activations for a dense layer (or, with sequence parallelism, the same
    bytes as all-gather and reduce-scatter), one for attention alone where experts are whole.
    """
    model, spread = run.model, run.layout
    moe = moe_layers(model)
    rounds = 2 * (model.layers - moe) + moe * (2 if model.experts_shared else 1)
    activations = BYTES_BF16 * model.hidden * micro_batch_token(run)
    return rounds * all_reduce_s(activations, spread.tp, run.tiers, np.ones_like(spread.tp))


def forward_ep_s(run: Run) -> Column:
    """Time to send tokens to their experts and back in one forward pass [s]."""
    model, spread = run.model, run.layout
    if not moe_layers(model):
        return np.zeros(1)
    routed = BYTES_BF16 * model.hidden * model.experts_active * micro_batch_token(run) / spread.tp
    once = all_to_all_s(routed, spread.ep, run.tiers, np.ones_like(spread.ep))
    return 2.0 * moe_layers(model) * once


def exposed_cp_s(run: Run, attention_total_s: Column) -> Column:
    """Time of the ring of keys and values that attention does not hide [s].

    Forward moves the keys and values once, backward them and their gradients.
    """
    model, spread = run.model, run.layout
    whole = BYTES_BF16 * cached_width(model) * micro_batch_token(run) * spread.cp / spread.tp
    ring = 3.0 * model.layers * all_gather_s(whole, spread.cp, run.tiers, spread.tp)
    return np.asarray(np.maximum(ring - attention_total_s, 0.0))


def micro_batch_parts(run: Run, efficiency_ratio: Column) -> Micro:
    """Price one micro-batch through all layers on one rank's slice.

    Parameters
    ----------
    run : Run
        The structure.
    efficiency_ratio : Column
        Scales reached compute [-].

    Returns
    -------
    Micro
        Seconds, forward and backward; recomputation and exposed traffic apart.
    """
    spread, law = run.layout, run.law
    reached = column(law.sustained_frac) * efficiency_ratio
    matmul, core = layers_forward_s(run, reached), attention_forward_s(run, reached)
    passes = pass_forward_s(run)
    again = (spread.recompute == Recompute.FULL).astype(np.float64)
    kept = 1.0 - column(law.layer_overlap_frac)
    rounds = 2.0 + again
    return Micro(
        matmul_s=matmul * (1.0 + BACKWARD_MATMULS),
        head_s=head_forward_s(run, reached) * (1.0 + BACKWARD_MATMULS),
        attention_s=core * (1.0 + BACKWARD_ATTENTION),
        memory_s=passes * (1.0 + BACKWARD_MATMULS),
        loss_s=loss_s(run),
        recompute_s=again * (matmul + core) + (spread.recompute > Recompute.NONE) * passes,
        tp_s=forward_tp_s(run) * rounds * kept,
        ep_s=forward_ep_s(run) * rounds * kept,
        cp_s=exposed_cp_s(run, core * (1.0 + BACKWARD_ATTENTION)),
    )


def stage_layers(model: Model, spread: Layout) -> tuple[Column, Column]:
    """Return the layers of the fullest stage (L,).

    Without and with counting embedding and head as a layer each.
    """
    chunks = spread.pp * spread.vp
    plain = -(-model.layers // chunks) * spread.vp
    ended = -(-(model.layers + 2) // chunks) * spread.vp
    return plain.astype(np.float64), ended.astype(np.float64)


def slowest_stage_s(run: Run, layer_s: Column, ends_s: Column) -> Column:
    """Time of one micro-batch on the slowest stage, forward and backward.

    Parameters
    ----------
    run : Run
        The structure.
    layer_s : Column
        One layer [s].
    ends_s : Column
        Head and loss [s].

    Returns
    -------
    Column
        [s], the better of two cuts: equal layers and the head on top of the last stage, or one
        layer fewer on the first and last stage.
    """
    plain, ended = stage_layers(run.model, run.layout)
    on_top = plain * layer_s + ends_s
    counted = np.maximum(ended * layer_s, (ended - 1.0) * layer_s + ends_s)
    return np.asarray(np.where(run.layout.pp > 1, np.minimum(on_top, counted), on_top))


def exposed_pp_s(run: Run) -> Column:
    """Time of sends between stages that one micro-batch waits for [s]."""
    spread = run.layout
    activations = BYTES_BF16 * run.model.hidden * micro_batch_token(run) / spread.tp
    once = send_s(activations, run.tiers, spread.tp * spread.cp * data_parallel(spread))
    sends = np.where(spread.pp > 1, 2.0 * spread.vp, 0.0)
    return np.asarray(sends * once * (1.0 - column(run.law.layer_overlap_frac)))


class Shards(NamedTuple):
    """Weights of one rank before DP shards them [-]."""

    dense_count: Column
    experts_count: Column


def rank_weights(run: Run) -> Shards:
    """Return the weights of the fullest rank (L,), embedding included."""
    model, spread = run.model, run.layout
    plain, _ = stage_layers(model, spread)
    tables = np.where((spread.pp == 1) & (not model.tied), 2.0, 1.0)
    dense = body_parameters_count(model) * plain / model.layers
    dense = (dense + tables * embedding_parameters_count(model)) / spread.tp
    experts = moe_layers(model) * model.experts * expert_parameters_count(model)
    return Shards(dense, experts * plain / model.layers / spread.ep)


def gradient_s(weights_count: Column, group: Sizes, run: Run, stride: Sizes) -> Column:
    """Time to sum gradients and gather weights over a group [s]."""
    summed = column(run.law.gradient_byte) * weights_count
    reduce = reduce_scatter_s(summed, group, run.tiers, stride)
    return reduce + all_gather_s(BYTES_BF16 * weights_count, group, run.tiers, stride)


def sharded_s(weights_count: Column, run: Run) -> Column:
    """Time of one round of FSDP [s].

    Weights are gathered forward and backward, gradients reduced.
    """
    spread = run.layout
    gather = all_gather_s(BYTES_BF16 * weights_count, spread.shard, run.tiers, spread.tp)
    return gather + gradient_s(weights_count, spread.shard, run, spread.tp)


def exposed_dp_s(run: Run, stage_s: Column) -> Column:
    """Time of gradient and weight traffic that nothing hides.

    Parameters
    ----------
    run : Run
        The structure.
    stage_s : Column
        One micro-batch on the slowest stage [s]: the window to hide in.

    Returns
    -------
    Column
        [s]

    Notes
    -----
    ZeRO-0 and 1 exchange once a step, under the last micro-batch; an interleaved pipeline finishes
    chunk by chunk and hides under its last round, as many micro-batches as stages. FSDP exchanges
    with every micro-batch (once a step under a pipeline) inside its shard, and sums over replicas
    once.
    """
    spread, weights = run.layout, rank_weights(run)
    group = data_parallel(spread) * spread.cp
    others = np.maximum(group * spread.tp // spread.ep, 1)
    experts = gradient_s(weights.experts_count, others, run, spread.ep)
    once = gradient_s(weights.dense_count, group, run, spread.tp) + experts
    replicas = np.maximum(group // spread.shard, 1)
    slices = column(run.law.gradient_byte) * weights.dense_count / spread.shard
    across = all_reduce_s(slices, replicas, run.tiers, spread.tp * spread.shard)
    inside = sharded_s(weights.dense_count, run)
    micros = micro_batches(spread, run.batch)
    rounds = np.where(spread.pp > 1, 1, micros)
    last = np.where(spread.vp > 1, np.minimum(micros, spread.pp), 1)
    sharded = spread.zero == FSDP
    traffic = np.where(sharded, rounds * inside + across + experts, once)
    return hidden_rest_s(traffic, np.where(sharded, rounds, last) * stage_s, run)


def hidden_rest_s(traffic_s: Column, window_s: Column, run: Run) -> Column:
    """Time of traffic left when a share, at most a window, is hidden [s]."""
    hidden = np.minimum(traffic_s * column(run.law.dp_overlap_frac), window_s)
    return np.asarray(traffic_s - hidden)


def optimizer_s(run: Run) -> Column:
    """Time of the weight update, a pass over memory [s].

    Sharded from ZeRO-1 on.
    """
    spread, weights = run.layout, rank_weights(run)
    group = data_parallel(spread) * spread.cp
    split = np.where(spread.zero == 0, 1, np.where(spread.zero == 1, group, spread.shard))
    held = weights.dense_count / split + weights.experts_count * spread.ep / (spread.tp * group)
    return memory_s(OPTIMIZER_PASS_BYTE * held, run.chip)


def layer_activations_byte(run: Run) -> Column:
    """Bytes that an average layer keeps for the backward pass (L,).

    Of one token, on one rank.

    Notes
    -----
    korthikanti-2022 equation 2 without dropout, generalised: flash attention keeps no scores; GQA,
    MLA, gated and expert blocks by their widths. Inputs of matmuls are kept in the format of the
    matmul. Those of norms are split over TP only with sequence parallelism.
    """
    model, spread = run.model, run.layout
    narrow = min(WEIGHT_BYTE[run.precision], BYTES_BF16)
    again = np.where(spread.recompute == Recompute.SELECTIVE, 0.0, narrow)
    widen = (2 if model.gated else 1) * BYTES_BF16 + again
    routed = model.experts_active + model.experts_shared
    experts = routed * (widen * model.expert_ffn + (BYTES_BF16 + narrow) * model.hidden)
    share = moe_layers(model) / model.layers
    core = BYTES_BF16 * (attention_width(model) - value_width(model)) + narrow * value_width(model)
    split = core + (1.0 - share) * widen * model.ffn + share * experts
    whole = 2.0 * (BYTES_BF16 + again) * model.hidden
    return np.asarray(split / spread.tp + whole / sequence_split(spread))


def activations_byte(run: Run) -> tuple[Column, Column]:
    """Bytes of activations on the first and on the last stage (L,)."""
    model, spread, tokens = run.model, run.layout, micro_batch_token(run)
    plain, _ = stage_layers(model, spread)
    layer = layer_activations_byte(run)
    again = spread.recompute == Recompute.FULL
    saved = np.where(again, BYTES_BF16 * model.hidden / sequence_split(spread), layer)
    working = np.where(again, layer, 0.0) * tokens
    micros = micro_batches(spread, run.batch)
    warm = np.minimum(spread.pp * (1.0 + (spread.pp - 1.0) / (spread.pp * spread.vp)), micros)
    stage = plain * saved * tokens
    logits = LOGITS_BYTE * model.vocab * tokens / spread.tp
    first = np.where(spread.pp > 1, stage * warm, stage + logits)
    return first + working, stage + logits + working


def memory_gib(run: Run) -> Column:
    """Peak memory of the fullest rank.

    Parameters
    ----------
    run : Run
        The structure and the law's reserve.

    Returns
    -------
    Column
        Weights, gradients and optimizer by sharding, activations in flight, logits, reserve [GiB].

    Notes
    -----
    Megatron's bytes: 2 + 4 for each weight and 12 over DP (ZeRO-1). FSDP shards 16 and holds two
    layers whole, or under a pipeline all weights and gradients between its rounds.
    """
    spread, weights = run.layout, rank_weights(run)
    group = data_parallel(spread) * spread.cp
    plain = BYTES_BF16 + column(run.law.gradient_byte)
    whole = plain + STATE_BYTE / np.where(spread.zero == 0, 1, group)
    two = GATHERED_LAYERS * BYTES_BF16 * layer_weights_count(run.model) / spread.tp
    gathered = np.where(spread.pp > 1, plain * weights.dense_count, two)
    sharded = SHARDED_BYTE * weights.dense_count / spread.shard + gathered
    static = np.where(spread.zero == FSDP, sharded, whole * weights.dense_count)
    others = np.maximum(group * spread.tp // spread.ep, 1)
    static = static + weights.experts_count * (plain + STATE_BYTE / others)
    first, last = activations_byte(run)
    return np.asarray((static + np.maximum(first, last)) / GIB + column(run.law.reserved_gib))


def layer_weights_count(model: Model) -> float:
    """Count the weights of an average layer without routed experts [-]."""
    return body_parameters_count(model) / model.layers


def step(
    model: Model,
    chip: Chip,
    tiers: Tiers,
    spread: Layout,
    law: TrainLaw,
    *,
    global_batch: int,
    seq: int,
    precision: str = "bf16",
    efficiency_ratio: Real = 1.0,
    mfu_extra_frac: Real = 0.0,
    throughput_ratio: Real = 1.0,
) -> TrainStep:
    """Price one optimizer step of one or many layouts.

    Parameters
    ----------
    model : Model
        The transformer.
    chip : Chip
        Figures (1,) or (N,).
    tiers : Tiers
        Links that the ranks talk over.
    spread : Layout
        (L,), or (1,) when figures are (N,).
    law : TrainLaw
        Empirical constants.
    global_batch : int
        Sequences in one step.
    seq : int
        Tokens in a sequence.
    precision : str
        Format of the layers' matmuls; attention, head and traffic stay in bf16.
    efficiency_ratio : Real
        Scales reached arithmetic [-].
    mfu_extra_frac : Real
        Added to the MFU, by 6N [-].
    throughput_ratio : Real
        Scales tokens per second [-].

    Returns
    -------
    TrainStep
        Times, parts, memory; NaN nowhere. DOES_NOT_FIT in `verdict`, for memory or for chips.

    Notes
    -----
    step = (m + (p - 1)/v) x slowest stage + exposed DP + optimizer, times stragglers, for m
    micro-batches, p stages in v chunks (1F1B, interleaved: megatron-sc21 section 2.2).

    References
    ----------
    megatron-sc21, korthikanti-2022, calculon
    """
    run = Run(model, chip, tiers, spread, law, precision, seq, global_batch)
    one = micro_batch_parts(run, column(efficiency_ratio))
    parts = stage_parts(run, one)
    before = whole_s(parts)
    parts["straggler_s"] = (
        before * column(law.straggler_frac) * np.log10(spread.chips.astype(np.float64))
    )
    raw_s = before + parts["straggler_s"]
    tokens = float(global_batch * seq)
    peak = peak_tflops(chip, precision) * FLOP_PER_TFLOP * spread.chips
    ideal = tokens * train_flop_per_token(model, seq, Convention.SIX_N) / peak
    shifted = np.maximum(ideal / raw_s + column(mfu_extra_frac), LEAST_MFU_FRAC)
    step_s = ideal / shifted / column(throughput_ratio)
    parts["adjusted_s"] = step_s - raw_s
    causal = train_flop_per_token(model, seq) / train_flop_per_token(model, seq, Convention.SIX_N)
    memory = memory_gib(run)
    return TrainStep(
        step_s=step_s,
        mfu_frac=ideal / step_s,
        mfu_causal_frac=ideal * causal / step_s,
        tokens_per_s_per_chip=tokens / (step_s * spread.chips),
        memory_gib=memory,
        verdict=step_verdict(run, memory),
        ideal_s=ideal,
        **parts,
    )


def step_verdict(run: Run, needed_gib: Column) -> Sizes:
    """Return DOES_NOT_FIT where memory, or the number of chips, falls short."""
    short = needed_gib > column(run.chip.memory_gb) * GIB_PER_GB
    short = short | (run.layout.tp * run.layout.pp * run.layout.cp > run.layout.chips)
    return np.asarray(short * int(Verdict.DOES_NOT_FIT), dtype=np.int64)


def stage_parts(run: Run, one: Micro) -> dict[str, Column]:
    """Return the parts of a step from those of a micro-batch [s].

    Parts inside a layer are means over stages; what the slowest stage takes longer is imbalance.
    """
    spread, layers = run.layout, run.model.layers
    body = one.matmul_s + one.attention_s + one.memory_s + one.recompute_s
    body = body + one.tp_s + one.ep_s + one.cp_s
    ends = one.head_s + one.loss_s
    sends = exposed_pp_s(run)
    stage = slowest_stage_s(run, body / layers, ends) + sends
    micros = micro_batches(spread, run.batch).astype(np.float64)
    each = micros / spread.pp
    return {
        "matmul_s": each * (one.matmul_s + one.head_s),
        "attention_s": each * one.attention_s,
        "memory_s": each * (one.memory_s + one.loss_s),
        "recompute_s": each * one.recompute_s,
        "tp_s": each * one.tp_s,
        "ep_s": each * one.ep_s,
        "cp_s": each * one.cp_s,
        "pp_s": micros * sends,
        "imbalance_s": micros * (stage - sends) - each * (body + ends),
        "bubble_s": (spread.pp - 1.0) / spread.vp * stage,
        "dp_s": exposed_dp_s(run, stage),
        "optimizer_s": optimizer_s(run),
    }


def whole_s(parts_s: dict[str, Column]) -> Column:
    """Sum of the parts of a step [s]."""
    total: Column = np.zeros(1)
    for part in parts_s.values():
        total = total + part
    return total


def best_layout(
    model: Model,
    chip: Chip,
    tiers: Tiers,
    law: TrainLaw,
    *,
    chips: int,
    global_batch: int,
    seq: int,
    precision: str = "bf16",
) -> Layout:
    """Return the fastest layout that fits, at central figures.

    Parameters
    ----------
    model, chip, tiers, law : Model, Chip, Tiers, TrainLaw
        As in `step`, figures (1,).
    chips, global_batch, seq : int
        As in `layouts`.
    precision : str
        As in `step`.

    Returns
    -------
    Layout
        (1,). Where none fits, the one that needs the least memory; its `step` says DOES_NOT_FIT.
    """
    many = layouts(model, tiers, chips=chips, global_batch=global_batch, seq=seq)
    priced = step(
        model, chip, tiers, many, law, global_batch=global_batch, seq=seq, precision=precision
    )
    fits = priced.verdict == 0
    if fits.any():
        return chosen(many, int(np.argmin(np.where(fits, priced.step_s, np.inf))))
    return chosen(many, int(np.argmin(priced.memory_gib)))
