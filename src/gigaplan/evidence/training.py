"""Published training runs against `compute.train`: step time, speed and memory of a layout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gigaplan.compute.roofline import FLOP_PER_TFLOP, Chip, format_run
from gigaplan.compute.train import FSDP, Layout, Recompute, TrainLaw, layout, step, train_tiers
from gigaplan.compute.workload import Convention, Model, train_flop_per_token
from gigaplan.evidence.cases import Case, measured_of
from gigaplan.evidence.rules import Refused, chip_of, entity, filled, model_named, rules, system_of

SHAPE = ("layers", "hidden", "heads", "vocab")
"""Columns that are a whole shape; the rest follows from them."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A published value beside the modelled one, in the name's unit."""

    quantity: str
    measured: float
    modelled: float


def training_pairs(case: Case) -> tuple[list[Pair], tuple[str, ...]]:
    """Return what a row measured beside the model, and what is assumed.

    Notes
    -----
    A row counts once as `step_s`: as printed, else by exact arithmetic from tokens per second, else
    from TFLOP/s by the publication's count of FLOP. What it printed counts by its own name too.

    Raises
    ------
    Refused
        When the row cannot be expressed.
    """
    cells, assumed = filled(case)
    if "lora" in f"{case.case_id} {case.note}".lower():
        raise Refused("LoRA fine-tuning: the model trains all weights")
    model = model_of(case.model, cells)
    chip = chip_of(case.chip)
    spread = layout_of(cells)
    batch, seq = whole(cells, "global_batch"), whole(cells, "seq")
    measured = measured_of(case)
    flop = (
        train_flop_per_token(model, seq, convention_of(cells))
        if "tflops_per_chip" in measured
        else 0.0
    )
    law: TrainLaw = entity("train-laws", "train", TrainLaw)
    made = step(
        model,
        chip,
        train_tiers(chip, system_of(case.chip), law),
        spread,
        law,
        global_batch=batch,
        seq=seq,
        precision=precision_of(cells, chip),
    )
    speed = float(made.tokens_per_s_per_chip[0])
    modelled = {
        "step_s": float(made.step_s[0]),
        "tokens_per_s_per_chip": speed,
        "tflops_per_chip": speed * flop / FLOP_PER_TFLOP,
        "mfu_frac": float(made.mfu_frac[0]),
        "memory_gib": float(made.memory_gib[0]),
    }
    chips = whole(cells, "chips")
    if "step_s" not in measured:
        measured["step_s"] = step_from(measured, batch * seq / chips, flop)
    assumed = tuple(name for name in assumed if matters(name, cells, measured, model))
    return [
        Pair(name, value, modelled[name]) for name, value in measured.items() if name in modelled
    ], assumed


def matters(name: str, cells: dict[str, str], measured: dict[str, float], model: Model) -> bool:
    """Return whether an assumed cell can change what a row says."""
    idle = {
        "tflops_convention": "tflops_per_chip" not in measured,
        "sequence_parallel": cells.get("tp") == "1",
        "vpp": cells.get("pp") == "1",
        "ep": not model.experts,
    }
    return not idle.get(name, False)


def step_from(measured: dict[str, float], tokens_per_chip: float, flop_per_token: float) -> float:
    """Return the step time that a speed means [s]."""
    if "tokens_per_s_per_chip" in measured:
        return tokens_per_chip / measured["tokens_per_s_per_chip"]
    if "tflops_per_chip" in measured:
        return tokens_per_chip * flop_per_token / (measured["tflops_per_chip"] * FLOP_PER_TFLOP)
    raise Refused("nothing was measured that the model computes")


def whole(cells: dict[str, str], name: str, default: int = 0) -> int:
    """Return a whole number of a row.

    Raises
    ------
    Refused
        When it is missing and there is no default.
    """
    if not cells.get(name):
        if default:
            return default
        raise Refused(f"not published: {name}")
    return int(float(cells[name]))


def yes(cells: dict[str, str], name: str, default: str) -> bool:
    """Return a switch of a row."""
    return (cells.get(name) or default).lower() in {"1", "yes", "true"}


def precision_of(cells: dict[str, str], chip: Chip) -> str:
    """Return the format of a row's matmuls.

    Raises
    ------
    Refused
        When nobody says it, or the chip cannot run it.
    """
    filed = cells.get("precision", "")
    if filed not in rules().precisions:
        raise Refused(f"precision not known: {filed or 'not published'}")
    made = rules().precisions[filed]
    try:
        format_run(chip, made)
    except KeyError:
        raise Refused(f"the chip has no matmul for {filed}") from None
    return made


def convention_of(cells: dict[str, str]) -> Convention:
    """Return how a row counts FLOP."""
    said = cells.get("tflops_convention", "")
    known = {one.value: one for one in Convention}
    return known.get(said, Convention.CAUSAL)


def model_of(name: str, cells: dict[str, str]) -> Model:
    """Return the model of a row: the catalogue's, changed by its cells.

    Raises
    ------
    Refused
        When the catalogue lacks it and the row does not give its shape.
    """
    said: dict[str, Any] = {
        key: whole(cells, key) for key in (*SHAPE, "kv_heads", "ffn", "head_dim") if cells.get(key)
    }
    for key in ("gated", "tied"):
        if cells.get(key):
            said[key] = yes(cells, key, "yes")
    try:
        base = model_named(name)
    except Refused:
        if not all(key in said for key in SHAPE) or cells.get("experts"):
            raise
        said.setdefault("ffn", 4 * said["hidden"])
        return Model(title=name, **said)
    if base.dense_layers and "layers" in said:
        # a model cut to its first layers, as benchmarks do, keeps its dense ones first
        said["dense_layers"] = (
            min(base.dense_layers, 1) if said["layers"] < base.layers else base.dense_layers
        )
    if base.experts or base.attention == "mla":
        said = {
            key: value for key, value in said.items() if key in {"layers", "vocab", "dense_layers"}
        }
    return replace(base, **said)


def layout_of(cells: dict[str, str]) -> Layout:
    """Return the parallel layout of a row.

    Raises
    ------
    Refused
        When it was not published.
    """
    chips, tp, pp = (whole(cells, name) for name in ("chips", "tp", "pp"))
    cp, sharded = whole(cells, "cp", 1), whole(cells, "fsdp", -1)
    replicas = max(chips // (tp * pp * cp), 1)
    micro = (
        whole(cells, "global_batch") // replicas
        if cells["micro_batch"] == "all"
        else whole(cells, "micro_batch")
    )
    zero = FSDP if sharded > 1 else int(cells.get("zero") or 1)
    return layout(
        chips=chips,
        tp=tp,
        pp=pp,
        vp=whole(cells, "vpp"),
        cp=cp,
        ep=whole(cells, "ep", 1),
        micro_batch=max(micro, 1),
        recompute=Recompute[cells["recompute"].upper()].name.lower(),
        sequence_parallel=yes(cells, "sequence_parallel", "1"),
        zero=zero,
        shard=max(sharded, 0),
    )
