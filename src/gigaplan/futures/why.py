"""What moves a result, and where it breaks even."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigaplan.figure import CATALOG, Figure, PathError, canonical, resolve
from gigaplan.futures.draw import uncertain, with_columns
from gigaplan.plan import Plan, prepare, simulate
from gigaplan.plan.result import columns_of
from gigaplan.plan.schema import set_in, settable
from gigaplan.units import Column, UnitError, column, parse

POINTS = 65
"""Values tried in each pass of a search for break-even."""
PASSES = 4
"""Passes; each narrows the range by the number of points."""
WIDEST = 8.0
"""Without a range of its own an input is searched from an eighth to eight times its value."""


@dataclass(frozen=True, slots=True)
class Mover:
    """One input and what a result becomes at the ends of its range."""

    figure: Figure
    at_low: float
    at_high: float

    @property
    def swing(self) -> float:
        """Return how far the result moves between the ends; NaN is nothing."""
        return abs(self.at_high - self.at_low) if np.isfinite(self.at_high - self.at_low) else 0.0


def result_column(plan: Plan, path: str, count: int) -> tuple[str, Column]:
    """Simulate a plan with columns; return one result and its whole path."""
    found = dict(columns_of(simulate(plan)))
    whole = resolve([name for name, array in found.items() if array.ndim == 1], path)
    return whole, np.broadcast_to(found[whole], (count,))


def movers(plan: Plan, path: str) -> tuple[str, float, list[Mover]]:
    """Return a result and how each uncertain figure moves it, strongest first.

    Parameters
    ----------
    plan : Plan
        The plan.
    path : str
        A scalar result, such as "money.owner.equity_irr"; a unique shortening will do.

    Returns
    -------
    tuple
        The result's whole path, its central value, and one Mover for each figure with a range.

    Notes
    -----
    One call with paired columns: column 0 is central, 2k + 1 and 2k + 2 hold figure k at its ends.
    """
    ready = prepare(plan)
    figures = list(uncertain(ready).values())
    count = 2 * len(figures) + 1
    columns = {}
    for index, figure in enumerate(figures):
        values = np.full(count, figure.value)
        values[2 * index + 1] = figure.low
        values[2 * index + 2] = figure.high
        columns[figure.path] = values
    whole, answer = result_column(with_columns(ready, columns), path, count)
    moved = [
        Mover(figure, float(answer[2 * index + 1]), float(answer[2 * index + 2]))
        for index, figure in enumerate(figures)
    ]
    return whole, float(answer[0]), sorted(moved, key=lambda mover: -mover.swing)


@dataclass(frozen=True, slots=True)
class Breakeven:
    """Where a result reaches a target along one input."""

    path: str
    now: float
    result: str
    target: float
    current: float
    values: tuple[float, ...]
    low: float
    high: float


def breakeven(plan: Plan, path: str, result: str, target: float | str = 0.0) -> Breakeven:
    """Find the values of an input at which a result equals a target.

    Parameters
    ----------
    plan : Plan
        The plan.
    path : str
        A number of the plan or of its catalogue.
    result : str
        A scalar result.
    target : float or str
        In the unit of the result, or a text with its own.

    Returns
    -------
    Breakeven
        Every crossing within the searched range, none if there is none.

    Raises
    ------
    PathError
        When the path is not a number.
    """
    ready = prepare(plan)
    full = settable(ready, path)
    numbers = dict(plan_numbers(ready))
    if full not in numbers:
        raise PathError(
            f'"{path}" is not a number that can be searched; where the plan leaves one out, set it '
            "first, or search the figure of the catalogue that stands for it"
        )
    now = float(column(numbers[full])[0])
    low, high = search_range(ready, full, now)
    whole, current = result_column(ready, result, 1)
    wanted = parse(target, whole.rpartition(".")[2]) if isinstance(target, str) else target
    values = crossings(ready, full, whole, wanted, low, high)
    return Breakeven(full, now, whole, wanted, float(current[0]), tuple(values), low, high)


def plan_numbers(plan: Plan) -> list[tuple[str, Column]]:
    """Return every number of a plan and its catalogue with its path."""
    own = [(path, column(value)) for path, value in canonical(plan)]
    return own + [(f"{CATALOG}{path}", column(value)) for path, value in canonical(plan.entities)]


def search_range(plan: Plan, path: str, now: float) -> tuple[float, float]:
    """Return the range to search: wide around the value, within its bounds."""
    figure = plan.ledger.get(path)
    if path.endswith("_date"):
        return now - 60.0, now + 60.0
    if now == 0.0:
        return (figure.low, figure.high) if figure is not None and figure.uncertain else (0.0, 1.0)
    low, high = sorted((now / WIDEST, now * WIDEST))
    return (low, min(high, 1.0)) if path.endswith("_frac") else (low, high)


def crossings(
    plan: Plan, path: str, result: str, target: float, low: float, high: float
) -> list[float]:
    """Return where the result crosses the target, narrowed in passes."""
    grid = np.linspace(low, high, POINTS)
    values = tried(plan, path, result, grid) - target
    found = []
    for index in np.flatnonzero(
        np.isfinite(values[:-1] * values[1:]) & (values[:-1] * values[1:] <= 0.0)
    ):
        begin, end = grid[index], grid[index + 1]
        for _ in range(PASSES - 1):
            inner = np.linspace(begin, end, POINTS)
            moved = tried(plan, path, result, inner) - target
            change = np.flatnonzero(moved[:-1] * moved[1:] <= 0.0)
            if not change.size:
                break
            begin, end = inner[change[0]], inner[change[0] + 1]
        found.append(float(0.5 * (begin + end)))
    return found


def tried(plan: Plan, path: str, result: str, values: Column) -> Column:
    """Return a result with one input set to each of the values."""
    try:
        return result_column(set_in(plan, path, values), result, len(values))[1]
    except UnitError:
        inside = [value_or_nan(plan, path, result, float(value)) for value in values]
        return np.array(inside)


def value_or_nan(plan: Plan, path: str, result: str, value: float) -> float:
    """Return a result at one value of an input, NaN where out of bounds."""
    try:
        return float(result_column(set_in(plan, path, value), result, 1)[1][0])
    except UnitError:
        return float("nan")
