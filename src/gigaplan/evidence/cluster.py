"""Published failures, checkpoints and fabrics against `cluster`, row by row of the long form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gigaplan.cluster.fabric import Fabric, clos_bill
from gigaplan.cluster.reliability import (
    Recovery,
    best_interval_s,
    daly_interval_s,
    effective_frac,
    goodput,
    interruption_s,
    young_interval_s,
)
from gigaplan.cluster.storage import (
    Storage,
    checkpoint_block_s,
    checkpoint_gb,
    checkpoint_write_s,
    write_gb_per_s,
)
from gigaplan.compute.roofline import System
from gigaplan.compute.workload import parameters_count
from gigaplan.evidence.cases import Case, number
from gigaplan.evidence.rules import Refused, entity, model_named, system_of
from gigaplan.evidence.training import Pair
from gigaplan.units import HOURS_PER_DAY, HOURS_PER_YEAR, SECONDS_PER_HOUR, Column, column

GPUS = {
    "a100": "a100-sxm-80",
    "h100": "h100-sxm",
    "h200": "h200-sxm",
    "b200": "b200-sxm",
    "gb200": "gb200",
    "mi300x": "mi300x",
}
"""A chip as reliability papers call it -> its name in the catalogue."""
DAYS_PER_YEAR = HOURS_PER_YEAR / HOURS_PER_DAY
NODES = 1000.0
NODE_CHIPS = 8.0
RECOVERY, STORE, FABRIC = "standard", "parallel-file-system", "fat-tree-400g"
"""What the catalogue holds for a fleet of which only the size is published."""
SECONDS_PER_MINUTE = 60.0
GB_PER_TB = 1000.0
GB_PER_GBIT = 0.125
UNITS: dict[str, tuple[str, float]] = {
    "h": ("mttf_h", 1.0),
    "day": ("mttf_h", HOURS_PER_DAY),
    "frac": ("ettr_frac", 1.0),
    "percent": ("frac", 0.01),
    "min": ("s", SECONDS_PER_MINUTE),
    "s": ("s", 1.0),
    "count": ("count", 1.0),
    "TB": ("gb", GB_PER_TB),
    "GB": ("gb", 1.0),
    "TB/s": ("gb_per_s", GB_PER_TB),
    "per_1000_node_day": ("failures_per_1000_node_days", 1.0),
    "B_per_param": ("state_byte", 1.0),
    "switch": ("switches_count", 1.0),
}
"""Unit as filed -> last part of the quantity's name, and the house unit over it."""
NO_RESULT = {
    "input": "an input, not a result",
    "report only": "reported only",
    "verify before use": "not verified by its source",
    "internal regression only": "a prototype's own number",
    "needs-user-trace": "needs a trace that is not here",
}
HINT = re.compile(r"^(abs|rel|poisson95)\s*±?\s*([0-9.]+)\s*(%?)")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a long row, by name; a missing one refuses the row."""

    words: Mapping[str, str]

    def __contains__(self, name: str) -> bool:
        """Return whether an input is given."""
        return name in self.words

    def value(self, name: str, default: float | None = None) -> float:
        """Return a number, or refuse the row that lacks it."""
        found = number(self.words.get(name, ""))
        if found is None and default is None:
            raise Refused(f"not published: {name}")
        return default if found is None else found  # type: ignore[return-value]

    def word(self, name: str) -> str:
        """Return a word, or refuse the row that lacks it."""
        if name not in self.words:
            raise Refused(f"not published: {name}")
        return self.words[name]


def long_pairs(case: Case) -> tuple[list[Pair], tuple[str, ...]]:
    """Return what a long row measured beside what the model says.

    Raises
    ------
    Refused
        When it is no result, or nothing here computes it.
    """
    cells = case.cells
    if number(cells["measured"]) in {None, 0.0}:
        raise Refused(
            "a date, not a quantity"
            if cells["measured"] and number(cells["measured"]) is None
            else "nothing was measured"
        )
    for words in (cells.get("tolerance_hint", ""), cells.get("status", "")):
        for start, why in NO_RESULT.items():
            if words.startswith(start):
                raise Refused(why)
    inputs = Inputs(dict(part.split("=", 1) for part in cells["inputs"].split(";") if "=" in part))
    if inputs.words.get("form") == "first-order":
        raise Refused("a first-order formula; the model takes the exact one")
    what = f"{cells['quantity']} [{cells['unit']}]".lower()
    for pattern, name, law in LAWS:
        if re.search(pattern, what):
            unit = UNITS.get(cells["unit"])
            if unit is None:
                raise Refused(f"unit not known: {cells['unit']}")
            modelled = float(np.asarray(law(inputs)).ravel()[0])
            return [Pair(name, float(cells["measured"]) * unit[1], modelled)], ()
    raise Refused(f"nothing computes it yet: {cells['quantity'].split(':')[0].split(',')[0]}")


def is_bound(case: Case) -> bool:
    """Return whether a row gives a bound, not a value."""
    return case.cells.get("tolerance_hint", "").startswith(("lower bound", "upper bound"))


def within(case: Case, pair: Pair) -> bool | None:
    """Return whether a row lies within its tolerance; None without one."""
    hint = case.cells.get("tolerance_hint", "")
    if hint.startswith("lower bound"):
        return pair.modelled >= pair.measured
    if hint.startswith("upper bound"):
        return pair.modelled <= pair.measured
    found = HINT.match(hint)
    if found is None:
        return abs(pair.modelled / pair.measured - 1.0) < 1e-6 if hint.startswith("exact") else None  # noqa: PLR2004
    size = float(found[2])
    relative = size / 100.0 if found[3] else size * UNITS[case.cells["unit"]][1] / pair.measured
    return abs(pair.modelled / pair.measured - 1.0) <= relative


def system_in(inputs: Inputs) -> System:
    """Return the system that a paper's chips stand in."""
    gpu = inputs.word("gpu").lower()
    return system_of(GPUS.get(gpu, gpu))


def rate_count_per_chip_year(inputs: Inputs) -> Column:
    """Return failures of a chip in a year: the row's or the catalogue's."""
    if "failures_per_1000_node_day" in inputs:
        per_node_day = inputs.value("failures_per_1000_node_day") / NODES
        return column(per_node_day * DAYS_PER_YEAR / inputs.value("gpus_per_node", NODE_CHIPS))
    return column(system_in(inputs).failures_count_per_chip_year)


def mean_s(inputs: Inputs) -> Column:
    """Return the mean time between interruptions of the row's job [s]."""
    for name, seconds in (("mtti_min", SECONDS_PER_MINUTE), ("mtti_h", SECONDS_PER_HOUR)):
        if name in inputs:
            return column(inputs.value(name) * seconds)
    return interruption_s(rate_count_per_chip_year(inputs), inputs.value("gpus"))


def mttf_h(inputs: Inputs) -> Column:
    """Return the mean time to failure of a job [h]."""
    return mean_s(inputs) / SECONDS_PER_HOUR


def failures_per_1000_node_days(inputs: Inputs) -> Column:
    """Return failures in a thousand days of a node, at the catalogue's rate."""
    return (
        rate_count_per_chip_year(inputs)
        * inputs.value("gpus_per_node", NODE_CHIPS)
        / DAYS_PER_YEAR
        * NODES
    )


def interruptions_count(inputs: Inputs) -> Column:
    """Return how often a run is interrupted in its days."""
    return column(inputs.value("days") * HOURS_PER_DAY) / mttf_h(inputs)


def ettr_frac(inputs: Inputs) -> Column:
    """Return the effective share of a run's time.

    With the interval, write and restart of the row; else at the best interval, as the catalogue's
    recovery and store have it, for the row's model.
    """
    mean = mean_s(inputs)
    if "restart_min" not in inputs:
        return fleet_effective_frac(inputs)
    restart = inputs.value("restart_min") * SECONDS_PER_MINUTE
    if "interval_min" in inputs:
        return effective_frac(
            inputs.value("interval_min") * SECONDS_PER_MINUTE,
            inputs.value("write_s", 0.0),
            restart,
            mean,
        )
    write = inputs.value("write_s")
    return effective_frac(young_interval_s(write, mean), write, restart, mean)


def fleet_effective_frac(inputs: Inputs) -> Column:
    """Return the effective share of time in a fleet of the catalogue."""
    recovery: Recovery = entity("recoveries", RECOVERY, Recovery)
    store: Storage = entity("storages", STORE, Storage)
    chips = inputs.value("gpus")
    size = checkpoint_gb(parameters_count(model_named(inputs.word("model"))), recovery.state_byte)
    return goodput(
        failures_count_per_chip_year=rate_count_per_chip_year(inputs),
        chips_count=chips,
        block_s=checkpoint_block_s(size, chips, store),
        write_s=checkpoint_write_s(size, chips, store),
        recovery=recovery,
    ).effective_frac


def state_byte(inputs: Inputs) -> Column:
    """Return bytes of a parameter's state: the row's or the catalogue's."""
    recovery: Recovery = entity("recoveries", RECOVERY, Recovery)
    return column(inputs.value("bytes_per_param", float(column(recovery.state_byte)[0])))


def size_gb(inputs: Inputs) -> Column:
    """Return the size of a checkpoint [GB]."""
    if "size_tb" in inputs and "params_b" not in inputs:
        return column(inputs.value("size_tb") * GB_PER_TB)
    return checkpoint_gb(inputs.value("params_b") * 1e9, state_byte(inputs))


def write_s(inputs: Inputs) -> Column:
    """Return the time to write a checkpoint into the row's store [s]."""
    if "write_min" in inputs:
        return column(inputs.value("write_min") * SECONDS_PER_MINUTE)
    if "bandwidth_gbit_per_s" in inputs:
        bandwidth = inputs.value("bandwidth_gbit_per_s") * GB_PER_GBIT
    else:
        bandwidth = inputs.value("bandwidth_tb_per_s") * GB_PER_TB
    store: Storage = entity("storages", STORE, Storage)
    return checkpoint_write_s(
        size_gb(inputs), 1.0, replace(store, write_gb_per_s_per_chip=bandwidth)
    )


def young_s(inputs: Inputs) -> Column:
    """Return Young's interval [s]."""
    return young_interval_s(write_s(inputs), mean_s(inputs))


def daly_s(inputs: Inputs) -> Column:
    """Return Daly's interval [s]."""
    return daly_interval_s(write_s(inputs), mean_s(inputs))


def best_s(inputs: Inputs) -> Column:
    """Return the interval that loses least [s]."""
    return best_interval_s(write_s(inputs), mean_s(inputs))


def waste_frac(inputs: Inputs) -> Column:
    """Return the share lost to writing and repeating at Young's interval."""
    return 1.0 - effective_frac(young_s(inputs), write_s(inputs), 0.0, mean_s(inputs))


def bandwidth_gb_per_s(inputs: Inputs) -> Column:
    """Return the bandwidth that keeps the waste to a share [GB/s]."""
    return write_gb_per_s(size_gb(inputs), inputs.value("waste_frac"), mean_s(inputs))


def switches_count(inputs: Inputs) -> Column:
    """Return the switches of a full fat tree."""
    radix = int(inputs.value("radix"))
    half = radix / 2.0
    endpoints = 2.0
    for _ in range(int(inputs.value("tiers"))):
        endpoints *= half
    fabric: Fabric = entity("fabrics", FABRIC, Fabric)
    return clos_bill(column(endpoints), replace(fabric, ports=radix, oversubscription_ratio=1.0))[0]


Law = Callable[[Inputs], Any]
LAWS: tuple[tuple[str, str, Law], ...] = (
    (r"mean time to .*failure of .*\[(h|day)\]", "mttf_h", mttf_h),
    (r"mean time to unexpected interruption", "mttf_h", mttf_h),
    (r"^unexpected interruptions \[count\]", "interruptions_count", interruptions_count),
    (
        r"^unexpected interruptions per 1000 node-days",
        "failures_per_1000_node_days",
        failures_per_1000_node_days,
    ),
    (r"^ettr\b.*\[frac\]|^effective training time", "ettr_frac", ettr_frac),
    (r"write and lost work share", "waste_frac", waste_frac),
    (r"^young (interval|optimum)|young optimum", "checkpoint_interval_s", young_s),
    (r"optimum of the exact", "checkpoint_interval_s", best_s),
    (r"optimal compute time between checkpoints|daly", "checkpoint_interval_s", daly_s),
    (r"checkpoint write time", "checkpoint_write_s", write_s),
    (r"bandwidth for a waste target", "store_gb_per_s", bandwidth_gb_per_s),
    (r"^bytes per parameter", "state_byte", state_byte),
    (r"^checkpoint size", "checkpoint_gb", size_gb),
    (r"^switches of a non-blocking", "switches_count", switches_count),
)
"""Pattern of a quantity with its unit -> house name and what computes it; the first that fits."""
