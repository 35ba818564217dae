"""A million futures of the Abilene plan, with ten uncertain inputs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks import Case, register
from gigaplan.futures import futures
from gigaplan.futures.draw import drawn, with_columns
from gigaplan.futures.many import Futures, chosen_figures
from gigaplan.plan import Plan, load, prepare, simulate
from gigaplan.plan.result import columns_of

PLAN = Path(__file__).parent.parent / "examples" / "abilene.yaml"
INPUTS = (
    "catalog:train.sustained_frac",
    "catalog:serve.read_frac",
    "catalog:gb200-nvl72.failures",
    "catalog:texas-west.price_usd_per_mwh",
    "sites.main.grid_mw.1.from_date",
    "catalog:us-2025.electrical_usd_per_mw",
    "catalog:gb200-nvl72.price_usd",
    "deals.compute.price",
    "deals.chip-loan.rate",
    "workloads.chat.price",
)
"""Three each of compute and site, four of money."""
REPLAYED = 1_000
"""Futures that are simulated again alone and compared to the bit."""


def abilene() -> Plan:
    """Return the prepared plan."""
    return prepare(load(PLAN))


def many(plan: Plan, size: int) -> Futures:
    """Simulate futures on all cores."""
    return futures(plan, size, seed=7, inputs=INPUTS, workers=os.cpu_count() or 1)


def alone(plan: Plan, size: int) -> None:
    """Simulate futures one at a time."""
    figures = chosen_figures(plan, INPUTS)
    for index in range(size):
        simulate(with_columns(plan, drawn(figures, 7, index, 1)))


def replay(found: Futures, count: int = REPLAYED) -> int:
    """Simulate futures again, alone, and return how many differ in any bit of any result."""
    different = 0
    for index in np.linspace(0, found.count - 1, count).astype(int):
        again = dict(columns_of(simulate(found.plan(int(index)))))
        different += any(
            not np.array_equal(
                again[path][:1], column[index : index + 1], equal_nan=column.dtype.kind == "f"
            )
            for path, column in found.columns.items()
        )
    return different


register(
    Case(
        name="futures/abilene",
        unit="future",
        sizes=(4_096, 65_536, 1_000_000),
        prepare=abilene,
        work=many,
        reference=alone,
        reference_name="one future at a time",
        reference_size=64,
    )
)
