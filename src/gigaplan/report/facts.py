"""What a run says, as plain rows: the one source of the text, the page and the JSON.

Every value is a float in the unit of its name, or a word; nothing here is a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gigaplan.figure import (
    CATALOG,
    Figure,
    PathError,
    Verdict,
    canonical,
    reasons,
    resolve,
    rests_on,
    worst_grade,
)
from gigaplan.money.lease import Lease
from gigaplan.plan.result import columns_of
from gigaplan.plan.schema import Serve
from gigaplan.plan.summary import binding_name
from gigaplan.plan.work import hall_parts
from gigaplan.read import Problem, ReadError
from gigaplan.units import (
    GIB_PER_GB,
    MONTHS_PER_YEAR,
    SUFFIXES,
    Calendar,
    UnitError,
    column,
    date_text,
    parse,
    show,
    suffix,
)

if TYPE_CHECKING:
    from gigaplan.futures import Worth
    from gigaplan.plan import Plan, Result

EXPLAINED_ABOVE = 0.30
"""A published figure that is missed by more must say why."""
MONTHS_TOLD = 12

MEANING = {
    "does_not_fit": "a model does not fit in the memory of its chips",
    "over_grid": "the halls need more power than their site will ever have",
    "below_slo_floor": "the latency asked for is below what one request alone would see",
    "negative_cfads": "cash available for debt service is negative in an operating year",
    "no_irr": "no internal rate of return between -99 % and +1,000 %",
    "several_irr": "several internal rates of return; the one nearest to zero is shown",
    "debt_outlives_plan": "debt is still owed when the plan ends",
    "not_built": "no chip enters service within the plan",
    "over_geared": "debt exceeds what it pays for",
    "unserved_energy": "supply falls short of the load in some months",
    "run_unfinished": "a training run does not end within the plan",
    "pays_first": "a party's cash flow pays before anything is put in; its IRR is a loan's, not a "
    "return",
}
"""Name of a verdict's bit -> what it means."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A published figure beside the modelled one.

    Parameters
    ----------
    name, path : str
        What it is; the path of the result.
    published, modelled : float
        In the unit of the path; dates are months since 2000-01.
    error_frac : float
        Modelled over published less one; for dates the difference in months.
    source, date, grade, note : str
        Where it was published.
    """

    name: str
    path: str
    published: float
    modelled: float
    error_frac: float
    source: str
    date: str
    grade: str
    note: str

    @property
    def error_text(self) -> str:
        """Return the error for people: "+3.1 %" or "+10 months"."""
        if not np.isfinite(self.error_frac):
            return "none"
        if self.path.endswith("_date"):
            return f"{self.error_frac:+.1f} months"
        return f"{100 * self.error_frac:+.1f} %"


@dataclass(frozen=True, slots=True)
class Span:
    """Months in which one limit binds a hall."""

    hall: str
    first: str
    last: str
    months: int
    limit: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that text, page and JSON show of a run.

    Parameters
    ----------
    name, note : str
        Of the plan.
    start, end : str
        First and last month.
    price_year : int
        Of the nominal dollars.
    scalars : dict of str to float
        Path -> value of every scalar result.
    compared : list of Compared
        Published figures.
    spans : list of Span
        Binding limits, hall by hall.
    worth : list of Worth
        What one unit is worth.
    figures : list of Figure
        What the run rests on.
    rests_on, worst_grade : str
        The same counted.
    verdicts : dict of str to str
        Reason -> what it means here.
    """

    name: str
    note: str
    start: str
    end: str
    price_year: int
    scalars: dict[str, float]
    compared: list[Compared]
    spans: list[Span]
    worth: list[Worth]
    figures: list[Figure]
    rests_on: str
    worst_grade: str
    verdicts: dict[str, str]

    def value(self, path: str) -> float:
        """Return a scalar result by its path, NaN where the plan has none."""
        return self.scalars.get(path, float("nan"))

    def shown(self, path: str) -> str:
        """Return a scalar result for people."""
        return show(self.value(path), path.rpartition(".")[2])


def facts(plan: Plan, result: Result, worth: list[Worth]) -> Facts:
    """Gather what a run of one future says.

    Parameters
    ----------
    plan : Plan
        As simulated; its columns have one value.
    result : Result
        What `simulate` returned.
    worth : list of Worth
        What `futures.worth` returned; may be empty.
    """
    arrays = dict(columns_of(result))
    scalars = {
        path: float(array[0])
        for path, array in arrays.items()
        if array.ndim == 1 and array.dtype == np.float64
    }
    bits = int(np.bitwise_or.reduce(np.atleast_1d(result.verdict)))
    figures = used_figures(plan)
    return Facts(
        name=plan.name,
        note=plan.note,
        start=date_text(result.calendar.start_date),
        end=date_text(result.calendar.start_date + result.calendar.months - 1),
        price_year=plan.price_year,
        scalars=scalars,
        compared=compared(plan, arrays),
        spans=[
            span
            for hall, one in result.cluster.items()
            for span in spans(hall, one.binding[:, 0], result.calendar)
        ],
        worth=worth,
        figures=figures,
        rests_on=rests_on({figure.path: figure for figure in figures}),
        worst_grade=worst_grade({figure.path: figure for figure in figures}),
        verdicts={name: meaning(name, plan, arrays) for name in reasons(bits)}
        | leases_that_end(plan, arrays, result.calendar),
    )


def used_figures(plan: Plan) -> list[Figure]:
    """Return the figures that a plan rests on; what was set is the user's."""
    numbers = dict(canonical(plan)) | {
        f"{CATALOG}{path}": value for path, value in canonical(plan.entities)
    }
    found = []
    for path, figure in plan.ledger.items():
        now = float(column(numbers[path])[0]) if path in numbers else figure.value
        found.append(
            figure
            if now == figure.value
            else Figure(path=path, value=now, unit=figure.unit, note="set by hand")
        )
    return sorted(found, key=lambda figure: figure.path)


def compared(plan: Plan, arrays: dict[str, Any]) -> list[Compared]:
    """Hold every published figure of a plan beside what the model says."""
    found = []
    for name, one in plan.published.items():
        path = resolve(list(arrays), one.of)
        array = arrays[path]
        modelled = float(array[0] if array.ndim == 1 else np.nanmax(array[:, 0]))
        published = parse(one.value, path.rpartition(".")[2])
        error = (
            modelled - published
            if path.endswith("_date")
            else (modelled / published - 1.0 if published else float("nan"))
        )
        found.append(
            Compared(
                name, path, published, modelled, error, one.source, one.date, one.grade, one.note
            )
        )
    return found


def check_published(plan: Plan, result: Result, file: str) -> None:
    """Refuse published figures that name no result or have another unit.

    Raises
    ------
    ReadError
        With each at its line.
    """
    known = list(dict(columns_of(result)))
    problems = []
    for name, one in plan.published.items():
        try:
            parse(one.value, quantity_name(resolve(known, one.of)))
        except (PathError, UnitError) as error:
            line, place = plan.marks.get(f"published.{name}", (1, 1))
            problems.append(Problem(line, place, f"published.{name}", str(error)))
    if problems:
        raise ReadError(file, problems)


def quantity_name(path: str) -> str:
    """Return the last part of a path, which must carry a unit.

    Raises
    ------
    PathError
        When it has none.
    """
    name = path.rpartition(".")[2]
    if not suffix(name):
        raise PathError(f'"{path}" is not a quantity')
    return name


def spans(hall: str, codes: Any, calendar: Calendar) -> list[Span]:  # noqa: ANN401
    """Return the binding limits of a hall as runs of months."""
    found: list[Span] = []
    begin = 0
    for month in range(1, len(codes) + 1):
        if month == len(codes) or codes[month] != codes[begin]:
            first, last = (date_text(calendar.start_date + index) for index in (begin, month - 1))
            found.append(Span(hall, first, last, month - begin, binding_name(int(codes[begin]))))
            begin = month
    return found


def meaning(name: str, plan: Plan, arrays: dict[str, Any]) -> str:
    """Say what a verdict means in this plan, with its numbers where they help."""
    special = {
        "over_grid": over_grid,
        "does_not_fit": unfit,
        "below_slo_floor": slow,
        "debt_outlives_plan": owed,
    }
    told = special[name](plan, arrays) if name in special else ""
    return told or MEANING.get(name, name) + of_whom(name, plan, arrays)


def of_whom(name: str, plan: Plan, arrays: dict[str, Any]) -> str:
    """Return the parties that a verdict is about, in brackets."""
    bit = next((int(bit) for bit in Verdict if (bit.name or "").lower() == name), 0)
    found = []
    for party in plan.parties:
        verdict = arrays.get(f"money.{party}.verdict", np.zeros(1, dtype=np.int64))[0]
        lent = name == "pays_first" and arrays[f"money.{party}.peak_equity_usd"][0] <= 0.0
        if int(verdict) & bit or lent:
            found.append(party)
    return f" ({', '.join(found)})" if found else ""


def over_grid(plan: Plan, arrays: dict[str, Any]) -> str:
    """Say which site lacks how many megawatts."""
    for site in (*plan.sites, *plan.site_groups):
        needed, firm = arrays[f"site.{site}.needed_mw"][0], arrays[f"site.{site}.firm_mw"][-1, 0]
        if needed > firm:
            return (
                f"the halls of {site} need {show(needed, 'needed_mw')} in the worst hour and the "
                f"site will have {show(firm, 'firm_mw')}; more power, fewer chips or a lower "
                "provision would fit"
            )
    return ""


def owed(plan: Plan, arrays: dict[str, Any]) -> str:
    """Say who still owes what when the plan ends."""
    found = {
        name: arrays.get(f"money.{name}.closing_debt_usd", np.zeros(1))[0] for name in plan.parties
    }
    each = [
        f"{name} owes {show(float(usd), 'debt_usd')}" for name, usd in found.items() if usd > 1.0
    ]
    return f"the plan ends before its debt does: {', '.join(each)}" if each else ""


def leases_that_end(plan: Plan, arrays: dict[str, Any], calendar: Calendar) -> dict[str, str]:
    """Say which leases end before the plan does: no rent follows them."""
    found = []
    for name, deal in plan.deals.items():
        if isinstance(deal, Lease):
            first = arrays[f"site.{deal.site}.first_power_date"]
            begin = column(first if deal.from_date is None else deal.from_date)[0]
            end = float(begin + column(deal.term_years)[0] * MONTHS_PER_YEAR)
            if end < calendar.start_date + calendar.months - 1.0:
                found.append(f"{name} in {date_text(end)}")
    if not found:
        return {}
    said = (
        f"a lease ends before the plan does ({', '.join(found)}); after it the site earns no rent"
    )
    return {"lease_ends": said}


def unfit(plan: Plan, arrays: dict[str, Any]) -> str:
    """Say which model needs how much memory of which chip."""
    for path, array in arrays.items():
        parts = path.split(".")
        if path.endswith(".step.memory_gib"):
            _, _, chip = hall_parts(plan, parts[3])
            room = column(chip.memory_gb)[0] * GIB_PER_GB
            if array[0] > room:
                return (
                    f"{parts[1]} needs {array[0]:,.0f} GiB a chip at best, and {chip.title} has "
                    f"{room:,.0f}; more chips, recomputation or a smaller model would fit"
                )
        if path.endswith(".point.capacity_count") and array[0] < 1.0:
            return (
                f"{parts[1]} leaves no room for the cache of one request in {parts[3]}; more chips "
                "in a replica or a narrower format would fit"
            )
    return ""


def slow(plan: Plan, arrays: dict[str, Any]) -> str:
    """Say which workload asks for less than its floor, and what the floor is."""
    for path, array in arrays.items():
        if not path.endswith(".point.floor_tpot_s"):
            continue
        name = path.split(".")[1]
        work = plan.workloads[name]
        first = arrays[path.replace("floor_tpot_s", "floor_ttft_s")][0]
        if not isinstance(work, Serve) or not (
            array[0] > column(work.tpot_s)[0] or first > column(work.ttft_s)[0]
        ):
            continue
        return (
            f"{name} asks for {1e3 * column(work.ttft_s)[0]:,.0f} ms to the first token and "
            f"{1e3 * column(work.tpot_s)[0]:,.1f} ms for each; one request alone takes "
            f"{1e3 * first:,.0f} and {1e3 * array[0]:,.1f} ms; faster memory, more chips in a "
            "replica or a narrower format lower it"
        )
    return ""


def as_json(told: Facts) -> dict[str, Any]:
    """Return the facts as JSON holds them: no NaN, time, host or path."""

    def plain(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, float):
            return value if np.isfinite(value) else None
        if isinstance(value, dict):
            return {key: plain(member) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [plain(member) for member in value]
        return value

    return {
        "plan": told.name,
        "start": told.start,
        "end": told.end,
        "price_year": told.price_year,
        "published": [
            {
                "name": one.name,
                "path": one.path,
                "unit": SUFFIXES[suffix(one.path.rpartition(".")[2])].unit,
                **plain(
                    {"published": one.published, "modelled": one.modelled, "error": one.error_frac}
                ),
                "source": one.source,
                "grade": one.grade,
                "note": one.note,
            }
            for one in told.compared
        ],
        "binding": [
            {"hall": one.hall, "from": one.first, "to": one.last, "limit": one.limit}
            for one in told.spans
        ],
        "results": plain(told.scalars),
        "worth": [
            {
                "unit": one.unit,
                "grade": one.grade,
                "sources": list(one.sources),
                "change": {
                    path: plain({"central": mid, "p10": low, "p90": high})
                    for path, (mid, low, high) in one.change.items()
                },
            }
            for one in told.worth
        ],
        "rests_on": told.rests_on,
        "worst_grade": told.worst_grade,
        "verdicts": told.verdicts,
    }
