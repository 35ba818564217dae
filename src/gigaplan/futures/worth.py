"""What one unit is worth: a month of power, a point of MFU, a dollar per megawatt-hour...

One call with paired columns: column 0 of each future is the plan as it is, the others have one
thing changed, always for the better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gigaplan.figure import CATALOG, GRADE_ORDER, canonical
from gigaplan.futures.draw import drawn, uncertain, with_columns
from gigaplan.money.lease import Debt
from gigaplan.plan import prepare, simulate
from gigaplan.plan.result import columns_of
from gigaplan.plan.schema import Rent, Serve, Train, most_members, set_in
from gigaplan.units import Column, UnitError, column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gigaplan.plan import Plan

SAMPLE = 48
"""Futures over which the range of a unit's worth is taken."""
MOST_COLUMNS = 16_384
"""Columns simulated at once, members of groups counted; a group of many sites has fewer futures."""
LEAST_SAMPLE = 8
LOW_FRAC, HIGH_FRAC = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that could be better, and where in a plan it is said."""

    name: str
    paths: tuple[str, ...]
    change: Callable[[Column], Column]


@dataclass(frozen=True, slots=True)
class Worth:
    """What one unit is worth.

    Parameters
    ----------
    unit : str
        Such as "power one month earlier".
    grade : str
        Worst grade of the figures that it changes.
    sources : tuple of str
        Where they come from.
    change : dict of str to tuple
        Path of a result -> its change: central, P10 and P90.
    """

    unit: str
    grade: str
    sources: tuple[str, ...]
    change: dict[str, tuple[float, float, float]]


def by(amount: float) -> Callable[[Column], Column]:
    """Return a change that adds."""
    return lambda values: values + amount


def units_of(plan: Plan) -> Iterator[Unit]:
    """Yield the units that a plan has a place for."""
    known = [path for path, _ in canonical(plan)]
    dates = tuple(
        path
        for path in known
        if path.startswith(("sites.", "site_groups."))
        and path.rpartition(".")[2] in {"from_date", "construction_date"}
        and not any(part in path for part in ("price_usd", ".hall."))
    )
    sites = [
        *(f"sites.{name}" for name in plan.sites),
        *(f"site_groups.{name}.site" for name in plan.site_groups),
    ]
    halls = [
        *(f"halls.{name}" for name in plan.halls),
        *(f"site_groups.{name}.hall" for name in plan.site_groups),
    ]
    serving = [name for name, work in plan.workloads.items() if isinstance(work, Serve)]
    used = [name for name, work in plan.workloads.items() if isinstance(work, Serve | Rent)]
    training = [name for name, work in plan.workloads.items() if isinstance(work, Train)]
    debts = [name for name, deal in plan.deals.items() if isinstance(deal, Debt)]
    found = [
        Unit("power one month earlier", dates, by(-1.0)),
        Unit("1 USD/MWh less", energy_paths(plan), by(-1.0)),
        Unit("0.01 of PUE less", tuple(f"{site}.pue_extra_ratio" for site in sites), by(-0.01)),
        Unit(
            "one point of MFU",
            tuple(f"workloads.{name}.mfu_extra_frac" for name in training),
            by(0.01),
        ),
        Unit(
            "one point of goodput", tuple(f"{hall}.goodput_extra_frac" for hall in halls), by(0.01)
        ),
        Unit(
            "five points of utilisation",
            tuple(f"workloads.{name}.utilised_frac" for name in used),
            lambda values: np.minimum(values + 0.05, 1.0),
        ),
        Unit(
            "chips 10 % cheaper",
            tuple(f"{hall}.paid_ratio" for hall in halls),
            lambda values: values * 0.9,
        ),
        Unit("a year of chip life", tuple(f"{hall}.life_extra_years" for hall in halls), by(1.0)),
        Unit(
            "100 bp less interest",
            tuple(f"deals.{name}.rate_frac_per_year" for name in debts),
            lambda values: np.maximum(values - 0.01, 0.0),
        ),
        Unit(
            "0.1 USD/Mtoken more",
            tuple(f"workloads.{name}.price_usd_per_mtoken" for name in serving),
            by(0.1),
        ),
    ]
    yield from (unit for unit in found if unit.paths)


def energy_paths(plan: Plan) -> tuple[str, ...]:
    """Return where energy prices are said: in sites, or in their places."""
    paths = []
    members = {
        **{f"sites.{name}": site for name, site in plan.sites.items()},
        **{f"site_groups.{name}.site": group.site for name, group in plan.site_groups.items()},
    }
    own = [path for path, _ in canonical(plan)]
    for path, site in members.items():
        stated = [
            known
            for known in own
            if known.startswith(f"{path}.price_usd_per_mwh") and not known.endswith("from_date")
        ]
        paths.extend(stated or [f"{CATALOG}{site.place}.price_usd_per_mwh"])
    return tuple(dict.fromkeys(paths))


def worth(plan: Plan, sample: int = SAMPLE, seed: int = 1) -> list[Worth]:
    """Return what one unit of each thing is worth to each party.

    Parameters
    ----------
    plan : Plan
        The plan.
    sample : int
        Futures that give the range.
    seed : int
        With which they are drawn.

    Returns
    -------
    list of Worth
        Changes of each party's NPV and equity IRR and of both levelised costs.
    """
    ready = prepare(plan)
    units = [unit for unit in units_of(ready) if allowed(ready, unit)]
    width = len(units) + 1
    sample = min(sample, max(LEAST_SAMPLE, MOST_COLUMNS // (width * most_members(ready))))
    numbers = dict(canonical(ready)) | {
        f"{CATALOG}{path}": value for path, value in canonical(ready.entities)
    }
    central = {path: column(value)[:1] for path, value in numbers.items()}
    draws = drawn(uncertain(ready).values(), seed, 0, sample)
    columns = {
        path: np.repeat(np.concatenate([central[path], values]), width)
        for path, values in draws.items()
    }
    for index, unit in enumerate(units):
        for path in unit.paths:
            values = columns.get(path, np.repeat(central[path], width * (sample + 1))).copy()
            values[index + 1 :: width] = unit.change(values[index + 1 :: width])
            columns[path] = values
    found = dict(columns_of(simulate(with_columns(ready, columns))))
    wanted = {path: array for path, array in found.items() if is_wanted(path)}
    return [worth_of(ready, unit, index, wanted, width) for index, unit in enumerate(units)]


def allowed(plan: Plan, unit: Unit) -> bool:
    """Return whether a unit's change stays within its figures' bounds."""
    numbers = dict(canonical(plan)) | {
        f"{CATALOG}{path}": value for path, value in canonical(plan.entities)
    }
    try:
        for path in unit.paths:
            set_in(plan, path, unit.change(column(numbers[path])[:1]))
    except UnitError:
        return False
    return True


def is_wanted(path: str) -> bool:
    """Return whether a result is one whose change is shown."""
    last = path.rpartition(".")[2]
    return (path.startswith("money.") and last in {"npv_usd", "equity_irr_frac_per_year"}) or (
        path.startswith("levelised.") and last != "shell_usd_per_kw_month"
    )


def worth_of(plan: Plan, unit: Unit, index: int, wanted: dict[str, Column], width: int) -> Worth:
    """Return the changes that one unit makes, and where its figures come from."""
    change = {}
    for path, array in wanted.items():
        whole = np.broadcast_to(array, (array.shape[0] if array.shape[0] > 1 else width,))
        moved = whole[index + 1 :: width] - whole[0::width]
        rest = moved[1:][np.isfinite(moved[1:])]
        low, high = np.quantile(rest, (LOW_FRAC, HIGH_FRAC)) if rest.size else (np.nan, np.nan)
        change[path] = (float(moved[0]), float(low), float(high))
    figures = [plan.ledger[path] for path in unit.paths if path in plan.ledger]
    grades = [figure.grade for figure in figures]
    grade = max(grades, key=GRADE_ORDER.index) if grades else ""
    return Worth(
        unit.name,
        grade,
        tuple(sorted({figure.source for figure in figures if figure.source})),
        change,
    )
