"""Published engine measurements against `compute.serve`: latencies and throughput of a replica."""

from __future__ import annotations

import numpy as np

from gigaplan.compute.roofline import Chip, format_run
from gigaplan.compute.serve import (
    Engine,
    Replica,
    ServeLaw,
    decode_s,
    serve_tiers,
    serving_engine,
    serving_point,
    steady_s,
)
from gigaplan.compute.workload import BYTES_BF16, WEIGHT_BYTE, Model
from gigaplan.evidence.cases import Case, measured_of
from gigaplan.evidence.rules import Refused, chip_of, entity, model_named, rules, system_of
from gigaplan.evidence.training import Pair, whole
from gigaplan.units import column

ENDLESS_S = 1e6
"""No objective: the largest batch that fits."""


def engine_pairs(case: Case) -> tuple[list[Pair], tuple[str, ...]]:
    """Return TTFT and TPOT of a closed loop beside the model's steady state.

    Raises
    ------
    Refused
        When the layout or the format cannot be expressed.
    """
    cells = dict(case.cells)
    if whole(cells, "pp", 1) > 1:
        raise Refused("serving over pipeline stages")
    model, chip = model_named(case.model), chip_of(case.chip)
    experts, heads = (
        whole(cells, "moe_ep", 1) * whole(cells, "moe_tp", 1),
        whole(cells, "tp", 1) * whole(cells, "dp", 1),
    )
    replicas = whole(cells, "dp", 1) if not model.experts else 1
    size = max(experts, heads) if model.experts else whole(cells, "tp", 1)
    if model.experts and model.attention == "gqa" and whole(cells, "dp", 1) > 1:
        raise Refused("attention data parallel with experts spread over all, for grouped attention")
    made = engine(model, chip, case, size)
    tpot, ttft = steady_s(made, column(whole(cells, "concurrency") / replicas))
    known = {"ttft_s": float(ttft[0]), "tpot_s": float(tpot[0])}
    return [
        Pair(name, value, known[name]) for name, value in measured_of(case).items() if name in known
    ], ()


def batch_pairs(case: Case) -> tuple[list[Pair], tuple[str, ...]]:
    """Return times of a static batch, its prompt and a token beside ours.

    Raises
    ------
    Refused
        When the layout or the format cannot be expressed.
    """
    cells = dict(case.cells)
    gpus, count = whole(cells, "gpus", 1), whole(cells, "batch")
    made = engine(model_named(case.model), chip_of(case.chip), case, gpus)
    each, prompt = float(decode_s(made, column(float(count)))[0]), count * float(made.prefill_s[0])
    known = {"tpot_s": each, "prompt_s": prompt, "batch_s": prompt + each * float(cells["osl"])}
    pairs = [
        Pair(name, value, known[name]) for name, value in measured_of(case).items() if name in known
    ]
    if not pairs:
        raise Refused("nothing was measured that the model computes")
    return pairs, ()


def throughput_pairs(case: Case) -> tuple[list[Pair], tuple[str, ...]]:
    """Return output tokens per second and chip at full load beside ours.

    Raises
    ------
    Refused
        When the layout or the format cannot be expressed.
    """
    layout, gpus = case.cells.get("layout", ""), whole(dict(case.cells), "gpus", 1)
    if "pp" in layout or "x" in layout:
        raise Refused(f"layout not expressed: {layout}")
    model, chip = model_named(case.model), chip_of(case.chip)
    law: ServeLaw = entity("serve-laws", "serve", ServeLaw)
    isl, osl = (float(case.cells.get(name) or 0.0) for name in ("isl", "osl"))
    if isl <= 0.0 or osl <= 0.0:
        raise Refused("not published: lengths of requests")
    point = serving_point(
        model,
        chip,
        serve_tiers(chip, system_of(case.chip), law),
        replica_of(case, chip, gpus),
        law,
        isl_token=isl,
        osl_token=osl,
        ttft_s=ENDLESS_S,
        tpot_s=ENDLESS_S,
    )
    modelled = float(point.tokens_per_s_per_chip[0])
    if not np.isfinite(modelled):
        raise Refused("the model says that it does not fit")
    measured = measured_of(case).get("tokens_per_s_per_chip")
    if measured is None:
        raise Refused("nothing was measured that the model computes")
    return [
        Pair(
            "tokens_per_s_per_chip",
            measured / (1 if case.cells["per"] == "gpu" else gpus),
            modelled,
        )
    ], ()


def replica_of(case: Case, chip: Chip, size: int) -> Replica:
    """Return the replica of a row.

    Raises
    ------
    Refused
        When nobody knows the format, or the chip cannot run it.
    """
    filed = case.cells.get("precision", "").lower()
    if filed not in rules().precisions:
        raise Refused(f"precision not known: {filed or 'not published'}")
    made = rules().precisions[filed]
    try:
        format_run(chip, made)
    except KeyError:
        raise Refused(f"the chip has no matmul for {filed}") from None
    return Replica(tp=size, precision=made)


def engine(model: Model, chip: Chip, case: Case, size: int) -> Engine:
    """Return the prices of an engine step of a row's replica."""
    law: ServeLaw = entity("serve-laws", "serve", ServeLaw)
    replica = replica_of(case, chip, size)
    tiers = serve_tiers(chip, system_of(case.chip), law)
    element = min(BYTES_BF16, max(WEIGHT_BYTE[replica.precision], 1.0))
    isl, osl = (column(float(case.cells[name])) for name in ("isl", "osl"))
    return serving_engine(
        model, chip, tiers, replica, law, isl_token=isl, osl_token=osl, cache_byte=element
    )
