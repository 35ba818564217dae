"""Two plans side by side: what they say differently, and what that changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from gigaplan.figure import canonical, structure
from gigaplan.plan import Plan, simulate
from gigaplan.plan.result import columns_of
from gigaplan.report.text import shown, table
from gigaplan.units import Steps, column

SHOWN_RESULTS = (
    "npv_usd",
    "equity_irr_frac_per_year",
    "dscr_min_ratio",
    "chip_usd_per_chip_h",
    "token_usd_per_mtoken",
    "capex_usd",
    "needed_mw",
    "chip_hours_count",
    "pue_ratio",
)

WIDEST_VALUE = 32
"""Characters of what one plan says; a note is longer."""


def said(plan: Any) -> dict[str, str]:  # noqa: ANN401
    """Return everything that a plan says, as text, by path."""
    found = {path: shown(float(column(value)[0]), name_of(path)) for path, value in canonical(plan)}
    found |= {
        path: str(value)
        for path, value in structure(plan)
        if value is not None and not isinstance(value, Steps)
    }
    return found


def name_of(path: str) -> str:
    """Return the name that carries the unit of a path."""
    last = path.rpartition(".")[2]
    return last if last != "value" else path.split(".")[-3]


def differences(named: dict[str, Plan]) -> dict[str, Any]:
    """Return what two plans say differently and what that changes.

    Parameters
    ----------
    named : dict of str to Plan
        Two plans by what they are called; one when a plan is compared with itself.
    """
    labels, plans = [*named], [*named.values()]
    first, second = labels[0], labels[-1]
    plans = [plans[0], plans[-1]]
    texts = [said(plan) for plan in plans]
    inputs = {
        path: [text.get(path, "-") for text in texts]
        for path in dict.fromkeys([*texts[0], *texts[1]])
        if texts[0].get(path) != texts[1].get(path)
    }
    results = [dict(columns_of(simulate(plan))) for plan in plans]
    changed: dict[str, list[float | None]] = {}
    for path in dict.fromkeys([*results[0], *results[1]]):
        pair = [scalar(result.get(path)) for result in results]
        if name_of(path) in SHOWN_RESULTS and pair[0] != pair[1]:
            changed[path] = pair
    return {"plans": [first, second], "inputs": inputs, "results": changed}


def scalar(array: Any) -> float | None:  # noqa: ANN401
    """Return the one value of a scalar result, None where there is none."""
    if array is None or array.ndim != 1 or not np.isfinite(array[0]):
        return None
    return float(array[0])


def brief(text: str) -> str:
    """Return what a plan says, cut where it is prose."""
    return text if len(text) <= WIDEST_VALUE else f"{text[: WIDEST_VALUE - 3]}..."


def diff_lines(found: dict[str, Any]) -> list[str]:
    """Return differences as lines of text."""
    heading = ["", *found["plans"]]
    inputs = [
        heading,
        *([path, *(brief(value) for value in values)] for path, values in found["inputs"].items()),
    ]
    results = [heading]
    for path, values in found["results"].items():
        results.append(
            [path, *("none" if value is None else shown(value, name_of(path)) for value in values)]
        )
    if len(inputs) == 1:
        return ["the two plans say the same"]
    return ["What they say", *table(inputs), "", "What that changes", *table(results)]
