"""Scores: every case beside the model, counted by quantity, each (family x chip) group one vote."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gigaplan.evidence.accounts import accounts_pairs
from gigaplan.evidence.cases import WINGS, Case, measured_of, number, opened, shipped
from gigaplan.evidence.cluster import is_bound, long_pairs, within
from gigaplan.evidence.projects import project_pairs
from gigaplan.evidence.rules import FIT, Refused, explained, use_of
from gigaplan.evidence.serving import batch_pairs, engine_pairs, throughput_pairs
from gigaplan.evidence.shapes import shape_pairs, system_pairs
from gigaplan.evidence.site import region_pairs
from gigaplan.evidence.training import Pair, training_pairs
from gigaplan.read import Problem, ReadError
from gigaplan.units import parse

EXPLAINED_ABOVE = 0.30
"""A row that misses by more must say why."""

EVALUATIONS: dict[str, Callable[[Case], tuple[list[Pair], tuple[str, ...]]]] = {
    "training": training_pairs,
    "engine": engine_pairs,
    "batch": batch_pairs,
    "throughput": throughput_pairs,
    "shape": shape_pairs,
    "system": system_pairs,
    "long": long_pairs,
    "region": region_pairs,
    "project": project_pairs,
    "accounts": accounts_pairs,
}
"""Form of a case -> what answers it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One published value beside the modelled one, or why there is none.

    Parameters
    ----------
    case : Case
        Where it was published.
    quantity : str
        House name.
    measured, modelled, error_frac : float, optional
        In the unit of the name; modelled over measured less one. None where refused.
    reason : str
        Why it was refused; why it misses by much.
    use : str
        "fit" or "test".
    assumed : tuple of str
        Inputs that nobody published.
    within : bool, optional
        Whether it lies within the tolerance that the case names.
    """

    case: Case
    quantity: str
    measured: float | None
    modelled: float | None
    error_frac: float | None
    reason: str
    use: str
    assumed: tuple[str, ...] = ()
    within: bool | None = None

    @property
    def group(self) -> tuple[str, str]:
        """Return what has one vote."""
        return self.case.family, self.case.chip

    @property
    def unexplained(self) -> bool:
        """Return whether it misses by much and nobody has said why."""
        return (
            self.error_frac is not None
            and abs(self.error_frac) > EXPLAINED_ABOVE
            and not self.reason
        )


def score(wing: str | None = None, extra_cases: Sequence[str] = ()) -> dict[str, Any]:
    """Score the models against published measurements.

    Parameters
    ----------
    wing : str, optional
        One wing only.
    extra_cases : sequence of str
        Case files to score in place of those shipped.

    Returns
    -------
    dict
        As JSON holds it: wings with cases, refusals, scores by quantity, and every row.

    Raises
    ------
    ReadError
        When the wing does not exist, or a case file is malformed, at its line.
    """
    if wing is not None and wing not in WINGS:
        problem = Problem(
            1, 1, "wing", f'"{wing}" is no wing with evidence; there are {", ".join(WINGS)}'
        )
        raise ReadError("gigaplan evidence", [problem])
    wanted = WINGS if wing is None else (wing,)
    if extra_cases:
        cases = [case for path in extra_cases for case in opened(path)]
        found = [one for one in WINGS if one in wanted and any(case.wing == one for case in cases)]
        return {
            "wings": [
                wing_score(one, [case for case in cases if case.wing == one]) for one in found
            ]
        }
    return {"wings": [wing_score(one, shipped(one)) for one in wanted]}


def wing_score(wing: str, cases: Sequence[Case]) -> dict[str, Any]:
    """Return the score of one wing as JSON holds it."""
    rows = [row for case in cases for row in rows_of(case)]
    answers = {row.case.case_id for row in rows if row.error_frac is not None}
    refused = {row.case.case_id: row.reason for row in rows if row.case.case_id not in answers}
    reasons = Counter(refused.values())
    tested = [row for row in rows if row.use != FIT]
    return {
        "wing": wing,
        "cases": len(cases),
        "refused": len(refused),
        "refusals": dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        "quantities": by_quantity(tested),
        "without_assumed": by_quantity([row for row in tested if not row.assumed]),
        "fit": by_quantity([row for row in rows if row.use == FIT]),
        "by": {
            "source": split_by(tested, lambda row: row.case.source),
            "chip": split_by(tested, lambda row: row.case.chip),
            "model": split_by(tested, lambda row: row.case.model),
        },
        "rows": [row_json(row) for row in rows],
    }


def rows_of(case: Case) -> list[Row]:
    """Return what one case says, a refusal being a row of its own."""
    use = use_of(case)
    try:
        pairs, assumed = EVALUATIONS[case.form](case)
    except Refused as refusal:
        return [
            Row(case, name, value, None, None, str(refusal), use)
            for name, value in published(case).items()
        ]
    return [answered(case, pair, use, assumed) for pair in pairs]


def answered(case: Case, pair: Pair, use: str, assumed: tuple[str, ...]) -> Row:
    """Return a published value beside the modelled; 0 error within a bound."""
    inside = within(case, pair) if case.form == "long" else None
    error = 0.0 if inside and is_bound(case) else pair.modelled / pair.measured - 1.0
    reason = reason_of(case, pair.quantity, error)
    return Row(
        case, pair.quantity, pair.measured, pair.modelled, error, reason, use, assumed, inside
    )


def reason_of(case: Case, quantity: str, error_frac: float) -> str:
    """Return why a row misses, where it misses by much."""
    if abs(error_frac) <= EXPLAINED_ABOVE:
        return ""
    own = case.project.measured[quantity].note if case.project is not None else ""
    return own or explained(case, quantity, error_frac)


def published(case: Case) -> dict[str, float | None]:
    """Return what a case measured by name, as told without the model."""
    if case.project is not None:
        return {name: parse(told.value, name) for name, told in case.project.measured.items()}
    if case.form == "long":
        return {case.cells["quantity"]: number(case.cells["measured"])}
    return dict(measured_of(case)) or {case.form: None}


def by_quantity(rows: Iterable[Row]) -> dict[str, dict[str, float | int]]:
    """Return the score of each quantity, those with most cases first."""
    kept: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.error_frac is not None:
            kept[row.quantity].append(row)
    return {
        name: statistics(mine)
        for name, mine in sorted(kept.items(), key=lambda item: (-len(item[1]), item[0]))
    }


def statistics(rows: Sequence[Row]) -> dict[str, float | int]:
    """Return the score of rows of one quantity.

    Notes
    -----
    `group_median_abs_frac` is the median over groups of the group's median absolute error; the
    others are over rows, `bias_frac` the mean of signed errors.
    """
    errors = np.array([row.error_frac for row in rows], dtype=np.float64)
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row.error_frac is not None:
            groups[row.group].append(abs(row.error_frac))
    told: dict[str, float | int] = {
        "n": len(rows),
        "groups": len(groups),
        "median_abs_frac": float(np.median(np.abs(errors))),
        "group_median_abs_frac": float(np.median([np.median(mine) for mine in groups.values()])),
        "mean_abs_frac": float(np.mean(np.abs(errors))),
        "p90_abs_frac": float(np.percentile(np.abs(errors), 90.0)),
        "bias_frac": float(np.mean(errors)),
    }
    judged = [row.within for row in rows if row.within is not None]
    if judged:
        told |= {"judged": len(judged), "within": sum(judged)}
    return told


def split_by(
    rows: Iterable[Row], key: Callable[[Row], str]
) -> dict[str, dict[str, dict[str, float | int]]]:
    """Return the scores apart by a property of the case, where it has one."""
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if key(row):
            parts[key(row)].append(row)
    return {name: scored for name, mine in sorted(parts.items()) if (scored := by_quantity(mine))}


def row_json(row: Row) -> dict[str, Any]:
    """Return a row as JSON holds it."""
    told = {
        "case_id": row.case.case_id,
        "quantity": row.quantity,
        "measured": row.measured,
        "modelled": row.modelled,
        "error_frac": row.error_frac,
        "reason": row.reason,
        "source": row.case.source,
        "family": row.case.family,
        "chip": row.case.chip,
        "model": row.case.model,
        "use": row.use,
        "assumed": list(row.assumed),
        "note": row.case.note,
    }
    return told if row.within is None else told | {"within": row.within}
