"""Small plans against what was published of them, through the same `simulate` as any plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gigaplan.evidence.cases import Case, Published
from gigaplan.evidence.rules import Refused
from gigaplan.evidence.training import Pair
from gigaplan.figure import PathError, reasons, resolve
from gigaplan.plan import Plan, loads, prepare, simulate
from gigaplan.plan.result import columns_of
from gigaplan.read import Problem, ReadError
from gigaplan.units import MONTHS_PER_YEAR, UnitError, parse

if TYPE_CHECKING:
    from numpy.typing import NDArray


def project_pairs(case: Case) -> tuple[list[Pair], tuple[str, ...]]:
    """Return what was published of a small plan beside its simulation.

    Raises
    ------
    Refused
        When the case says why it cannot be expressed, or the plan has no such result.
    ReadError
        When the plan cannot be read, or a path names nothing.
    """
    one = case.project
    if one is None or one.refuse:
        raise Refused(one.refuse if one and one.refuse else "no plan")
    result = simulate(prepare(plan_of(case)))
    arrays = dict(columns_of(result))
    years = result.calendar.months / MONTHS_PER_YEAR
    pairs = []
    for quantity, told in one.measured.items():
        try:
            modelled = sum(value_of(arrays, path, told, years) for path in told.of or (quantity,))
            if told.times is not None:
                modelled *= value_of(arrays, told.times, told, years)
            measured = parse(told.value, quantity)
        except (PathError, UnitError) as error:
            raise ReadError(
                case.file, [Problem(case.line, 1, f"{case.case_id}.{quantity}", str(error))]
            ) from None
        if not np.isfinite(modelled):
            raise Refused(
                f"the plan has no {quantity}: {', '.join(reasons(int(result.verdict[0])))}"
            )
        pairs.append(Pair(quantity, measured, modelled))
    return pairs, one.assumed


def plan_of(case: Case) -> Plan:
    """Return the plan of a case; mistakes stand at their line of the file."""
    try:
        return loads(case.plan, case.file)
    except ReadError as error:
        moved = [replace(problem, line=problem.line + case.plan_line) for problem in error.problems]
        raise ReadError(case.file, moved) from None


def value_of(
    arrays: dict[str, NDArray[np.float64]], path: str, told: Published, years: float
) -> float:
    """Return a result as one number: a column as it is, a series by `take`."""
    array = arrays[resolve(list(arrays), path)]
    if array.ndim == 1:
        per = years if told.take == "yearly" and path == told.times else 1.0
        return float(array[0]) / per
    series = array[:, 0]
    if told.take == "most":
        return float(np.nanmax(series))
    total = float(np.cumsum(series)[-1])
    return total / years if told.take == "yearly" else total
