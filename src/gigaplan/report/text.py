"""A run as text for a terminal: plain, aligned, no wider than it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gigaplan.figure import joined
from gigaplan.units import date_text, number_text, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gigaplan.futures import Breakeven, Futures, Mover, Worth
    from gigaplan.plan import Plan
    from gigaplan.report.facts import Facts

MWH_PER_GWH = 1000.0
WIDEST_CELL = 72
GAP = "  "
HEADLINES = ("npv_usd", "equity_irr_frac_per_year", "dscr_min_ratio")
SIZES = ((1e9, "B"), (1e6, "M"), (1e3, "k"), (0.0, "USD"))
SHARES = (0.1, 0.5, 0.9)


def table(rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Align rows of cells; the first `left` to the left, others right.

    The first row is the heading.
    """
    if not rows:
        return []
    wide = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(rows):
        cells = [
            f"{cell:<{wide[index]}}" if index < left else f"{cell:>{wide[index]}}"
            for index, cell in enumerate(row)
        ]
        lines.append(GAP.join(cells).rstrip())
        if number == 0:
            lines.append(GAP.join("-" * width for width in wide))
    return lines


def titled(title: str, lines: Iterable[str]) -> list[str]:
    """Return lines under a title, nothing when there are none."""
    listed = list(lines)
    return ["", title, *listed] if listed else []


def summary(plan: Plan, told: Facts) -> list[str]:
    """Return a run as lines of text.

    Parameters
    ----------
    plan : Plan
        For the names of parties, sites and halls.
    told : Facts
        What the run says.
    """
    return [
        f"{told.name}: {told.start} to {told.end}, nominal USD of {told.price_year}",
        *titled("Published beside modelled", table(compared_rows(told), left=1)),
        *compared_notes(told),
        *titled("Sites", table(site_rows(plan, told))),
        *titled("Halls", table(hall_rows(told))),
        *titled("Workloads", table(work_rows(plan, told))),
        *titled("What binds, by month", binding_lines(told)),
        *titled("Parties", table(party_rows(plan, told))),
        *titled("Unit cost, all parties together", unit_lines(told)),
        *titled(
            "What one unit is worth (change of NPV; P10 to P90 over the ranges)",
            table(worth_rows(plan, told), left=2),
        ),
        *titled("Take note", [f"- {text}" for text in told.verdicts.values()]),
        "",
        f"This run {told.rests_on}; worst grade {told.worst_grade}.",
    ]


def compared_rows(told: Facts) -> list[list[str]]:
    """Return the table of published and modelled figures."""
    rows = [["", "published", "modelled", "error", "grade", "source"]]
    for one in told.compared:
        name = one.path.rpartition(".")[2]
        rows.append(
            [
                one.name,
                show(one.published, name),
                show(one.modelled, name),
                one.error_text,
                one.grade,
                one.source,
            ]
        )
    return rows if len(rows) > 1 else []


def compared_notes(told: Facts) -> list[str]:
    """Return what explains the differences."""
    return [f"  {one.name}: {one.note.strip()}" for one in told.compared if one.note]


def site_rows(plan: Plan, told: Facts) -> list[list[str]]:
    """Return the table of sites and site groups."""
    rows = [
        ["", "needs", "campus", "first power", "full power", "PUE", "capex", "energy", "its cost",
         "carbon", "water"]
    ]  # fmt: skip
    for name in (*plan.sites, *plan.site_groups):
        path = f"site.{name}"
        rows.append(
            [
                name,
                told.shown(f"{path}.needed_mw") if told.value(f"{path}.needed_mw") > 0.0 else "-",
                told.shown(f"{path}.capacity_mw"),
                since(told, f"{path}.first_power_date"),
                since(told, f"{path}.full_power_date"),
                f"{told.value(f'{path}.pue_ratio'):.3f}",
                told.shown(f"{path}.capex_usd"),
                f"{number_text(told.value(f'{path}.total_mwh') / MWH_PER_GWH)} GWh",
                told.shown(f"{path}.total_usd"),
                f"{number_text(told.value(f'{path}.total_t'))} t",
                told.shown(f"{path}.total_m3"),
            ]
        )
    return rows if len(rows) > 1 else []


def since(told: Facts, path: str) -> str:
    """Return a date, or "before" when it lies before the plan."""
    date = told.value(path)
    return "before" if date < -1e5 else date_text(date)  # noqa: PLR2004


def hall_rows(told: Facts) -> list[list[str]]:
    """Return the table of halls."""
    rows = [["", "chip-hours", "peak per chip", "mean per chip", "price per chip", "first capex"]]
    halls = dict.fromkeys(
        path.split(".")[1] for path in told.scalars if path.startswith("cluster.")
    )
    for name in halls:
        path = f"cluster.{name}"
        rows.append(
            [
                name,
                number_text(told.value(f"{path}.chip_hours_count")),
                f"{told.value(f'{path}.peak_kw_per_chip'):.2f} kW",
                f"{told.value(f'{path}.mean_kw_per_chip'):.2f} kW",
                told.shown(f"{path}.price_usd_per_chip"),
                told.shown(f"{path}.first_capex_usd"),
            ]
        )
    return rows if len(rows) > 1 else []


def work_rows(plan: Plan, told: Facts) -> list[list[str]]:
    """Return one row for each workload and hall: how fast it runs."""
    rows = [["", "hall", "speed", "efficiency", "latency or length", "goodput"]]
    for path in told.scalars:
        parts = path.split(".")
        if path.endswith(".step.step_s"):
            base = path.removesuffix(".step.step_s")
            rows.append(
                [
                    parts[1],
                    parts[3],
                    f"{number_text(told.value(f'{base}.step.tokens_per_s_per_chip'))} token/s/chip",
                    f"MFU {100 * told.value(f'{base}.step.mfu_frac'):.1f} %",
                    f"{told.value(f'{base}.run_days'):.1f} days a run",
                    f"{100 * told.value(f'{base}.goodput_frac'):.1f} %",
                ]
            )
        elif path.endswith(".point.tpot_s"):
            base = path.removesuffix(".point.tpot_s")
            rows.append(
                [
                    parts[1],
                    parts[3],
                    f"{number_text(told.value(f'{base}.tokens_per_s_per_chip'))} token/s/chip",
                    f"batch {told.value(f'{base}.point.batch_count'):.0f}",
                    latencies(told, f"{base}.point"),
                    "",
                ]
            )
    del plan
    return rows if len(rows) > 1 else []


def latencies(told: Facts, path: str) -> str:
    """Return both latencies of an operating point."""
    first, each = 1e3 * told.value(f"{path}.ttft_s"), 1e3 * told.value(f"{path}.tpot_s")
    return f"TTFT {first:.0f} ms, TPOT {each:.1f} ms"


def binding_lines(told: Facts) -> list[str]:
    """Return the binding limits, one line for each hall."""
    by_hall: dict[str, list[str]] = {}
    for one in told.spans:
        months = one.first if one.first == one.last else f"{one.first} to {one.last}"
        by_hall.setdefault(one.hall, []).append(f"{one.limit} {months}")
    return [f"  {hall}: {'; '.join(texts)}" for hall, texts in by_hall.items()]


def party_rows(plan: Plan, told: Facts) -> list[list[str]]:
    """Return the table of parties and, if several, of all together."""
    rows = [["", "NPV", "equity IRR", "project IRR", "min DSCR", "peak equity", "role"]]
    for name in shown_parties(plan):
        path = f"money.{name}"
        role = plan.parties[name].role if name in plan.parties else "contracts cancel"
        rows.append(
            [
                name,
                told.shown(f"{path}.npv_usd"),
                equity_irr(told, path),
                told.shown(f"{path}.project_irr_frac_per_year"),
                number_or_dash(told.value(f"{path}.dscr_min_ratio")),
                told.shown(f"{path}.peak_equity_usd"),
                role,
            ]
        )
    return rows


def equity_irr(told: Facts, path: str) -> str:
    """Return an equity IRR; none where the owners never put anything in."""
    if told.value(f"{path}.peak_equity_usd") <= 0.0:
        return "none"
    return told.shown(f"{path}.equity_irr_frac_per_year")


def shown_parties(plan: Plan) -> list[str]:
    """Return a plan's parties, and "consolidated" where it has several."""
    return [*plan.parties, *(["consolidated"] if len(plan.parties) > 1 else [])]


def number_or_dash(value: float) -> str:
    """Return a ratio to two decimals, a dash where there is none."""
    return f"{value:.2f}" if np.isfinite(value) else "-"


def unit_lines(told: Facts) -> list[str]:
    """Return levelised costs."""
    lines = []
    for path, words in (
        ("levelised.chip_usd_per_chip_h", "a chip in service for an hour"),
        ("levelised.token_usd_per_mtoken", "a million output tokens"),
        (
            "levelised.shell_usd_per_kw_month",
            "a kilowatt of critical IT ready for a month, energy apart",
        ),
    ):
        if np.isfinite(told.value(path)):
            lines.append(f"  {told.shown(path):>22}  {words}")
    return lines


def worth_rows(plan: Plan, told: Facts) -> list[list[str]]:
    """Return the table of what one unit is worth, by party."""
    parties = shown_parties(plan)
    rows = [["", "grade", *parties, "USD/chip-hour", "USD/Mtoken"]]
    for one in told.worth:
        cells = [ranged(one, f"money.{party}.npv_usd") for party in parties]
        rows.append(
            [
                one.unit,
                one.grade or "-",
                *cells,
                signed(one, "levelised.chip_usd_per_chip_h"),
                signed(one, "levelised.token_usd_per_mtoken"),
            ]
        )
    return rows if len(rows) > 1 else []


def ranged(one: Worth, path: str) -> str:
    """Return a change of NPV with its range, in k, M or B."""
    middle, low, high = one.change.get(path, (np.nan, np.nan, np.nan))
    if not np.isfinite(middle):
        return "-"
    if middle == low == high == 0.0:
        return "0"
    largest = max(abs(middle), abs(low), abs(high))
    size, letter = next(pair for pair in SIZES if largest >= pair[0])
    size = size or 1.0
    return f"{middle / size:+,.1f} {letter} ({low / size:+,.0f} to {high / size:+,.0f})"


def signed(one: Worth, path: str) -> str:
    """Return a small change with its sign."""
    middle = one.change.get(path, (np.nan,) * 3)[0]
    return f"{middle:+.4f}" if np.isfinite(middle) else "-"


def futures_lines(many: Futures, paths: Sequence[str]) -> list[str]:
    """Return quantiles of results over futures.

    Parameters
    ----------
    many : Futures
        Outcomes.
    paths : sequence of str
        Results to show.
    """
    rows = [["", "P10", "P50", "P90", "above 0 (DSCR: 1)", "exists in"]]
    for path in paths:
        name = path.rpartition(".")[2]
        level = 1.0 if name.startswith("dscr") else 0.0
        rows.append(
            [
                path,
                *(show(float(value), name) for value in many.quantile(path, SHARES)),
                f"{100 * many.above_frac(path, level):.1f} %",
                f"{100 * many.feasible_frac(path):.1f} %",
            ]
        )
    return [
        f"{many.count:,} futures, seed {many.seed}, {len(many.figures)} uncertain figures",
        "",
        *table(rows),
    ]


def headline_paths(many: Futures) -> list[str]:
    """Return the results that are shown when none are asked for."""
    parties = tuple(f"money.{joined('', name)}." for name in shown_parties(many.source))
    money = [
        path
        for path in many.columns
        if path.startswith(parties) and path.rpartition(".")[2] in HEADLINES
    ]
    unit = [path for path in many.columns if path.startswith("levelised.")]
    return [path for path in money + unit if many.feasible_frac(path) > 0.0]


def mover_lines(path: str, middle: float, moved: Sequence[Mover], most: int) -> list[str]:
    """Return what moves a result, strongest first."""
    name = path.rpartition(".")[2]
    rows = [["figure", "grade", "from", "to", "result at low", "at high", "source"]]
    for one in moved[:most]:
        last = one.figure.path.rpartition(".")[2]
        last = last if last != "value" else one.figure.path.split(".")[-3]
        rows.append(
            [
                clipped(one.figure.path),
                one.figure.grade,
                shown(one.figure.low, last),
                shown(one.figure.high, last),
                show(one.at_low, name),
                show(one.at_high, name),
                one.figure.source or f"line {one.figure.line}",
            ]
        )
    rest = len(moved) - most
    return [
        f"{path} is {show(middle, name)}",
        "",
        *table(rows, left=2),
        *([f"and {rest} more figures"] if rest > 0 else []),
    ]


def shown(value: float, name: str) -> str:
    """Return a number with the unit of its name, bare where the name has none."""
    try:
        return show(value, name)
    except KeyError:
        return number_text(value)


def clipped(text: str) -> str:
    """Return a text no wider than a cell, its middle left out."""
    if len(text) <= WIDEST_CELL:
        return text
    half = (WIDEST_CELL - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def breakeven_lines(found: Breakeven) -> list[str]:
    """Return where a result reaches its target."""
    name = found.path.rpartition(".")[2]
    name = name if name != "value" else found.path.split(".")[-3]
    result = found.result
    target = show(found.target, result.rpartition(".")[2])
    current = show(found.current, result.rpartition(".")[2])
    here = f"{found.path} is {shown(found.now, name)}; {result} is then {current}"
    if not found.values:
        return [
            here,
            f"from {shown(found.low, name)} to {shown(found.high, name)} it never reaches {target}",
        ]
    return [here, *(f"{result} reaches {target} at {shown(value, name)}" for value in found.values)]
