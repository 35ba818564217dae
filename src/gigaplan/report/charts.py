"""Pictures of a run: Plotly figures as pure functions of a Result or of its Facts.

Each figure carries its title, and its words for those who cannot see it, in `layout.meta`. Colours
are those of the light page; `looks.themed` gives the same figure in another theme.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gigaplan.plan.result import LIMITS
from gigaplan.plan.work import halls_of
from gigaplan.report.facts import EXPLAINED_ABOVE, spans
from gigaplan.report.looks import (
    LIGHT,
    SOFT,
    Spec,
    at,
    broken,
    called,
    clean,
    colour,
    drawn,
    largest,
    month_axis,
    months,
    said_number,
    scaled,
    signed_money,
    stepped,
    total,
    value_axis,
)
from gigaplan.units import KW_PER_MW, MONTHS_PER_YEAR, over_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure

    from gigaplan.money.cash import Accounts
    from gigaplan.plan import Plan, Result
    from gigaplan.report.facts import Facts, Span
    from gigaplan.units import Calendar, Series

LIMIT_COLOUR = {
    "grid": "blue",
    "shell": "amber",
    "cooling": "sky",
    "chips": "purple",
    "cash": "red",
    "demand": "teal",
}
PLOT_PX, CHAIN_PX, PANELS_PX = 300, 390, 380
EDGE_PX, STRIP_PX, UNIT_ROW_PX, ERROR_ROW_PX = 100, 34, 48, 44
"""Heights: of a plot, of its axis and legend, of one row in it."""
UPPER, LOWER = [0.47, 1.0], [0.0, 0.38]
"""Where two panels above each other stand."""
MOST_PARTS = 6
"""How many sites, halls or workloads are drawn apart."""
TOLD_FRAC = 0.08
"""A limit that binds for a smaller share of the plan is drawn without its name in it."""
DSCR_SHOWN = 5.0
"""The axis of debt cover ends here: where next to nothing is due, cover has no bound."""
MS_PER_DAY = 86_400_000.0
PERCENT = 100.0
SUPPLY, METER, IT, QUIET, WORK = range(5)
"""Kinds of node in the chain of energy: two of a name and different kind stay apart."""
FIXED = {"Grid": "blue", "Gas on site": "amber", "IT equipment": "sky"}
GRID, GAS, EQUIPMENT = ((SUPPLY, "Grid"), (SUPPLY, "Gas on site"), (IT, "IT equipment"))
LOSSES = (QUIET, "Cooling and power losses")
WAITING, TENANTS = (QUIET, "Chips waiting for work"), (WORK, "IT of tenants")
OTHERS = (WORK, "Other work")
WORK_COLOURS = ("teal", "purple", "red", "amber")
Node = tuple[int, str]
Flow = tuple[Node, Node, float]


# --- the chain: energy from the wire to the work ---


def chain(plan: Plan, result: Result) -> Figure | None:
    """Energy over the plan: from grid and gas to what the chips do with it.

    Parameters
    ----------
    plan : Plan
        For what belongs where.
    result : Result
        One future.

    Returns
    -------
    Figure or None
        A Sankey diagram; None where no site draws energy.

    Notes
    -----
    Supply, IT and facility energy are the results themselves. IT energy is shared out by the mean
    draw of a busy chip of each hall; chips that wait take the rest.
    """
    it_mwh = sum(total(site.it_mwh) for site in result.site.values())
    if not it_mwh > 0.0:
        return None
    uses = work_mwh(plan, result, it_mwh)
    rest_mwh = it_mwh - sum(uses.values())
    if rest_mwh > 1e-9 * it_mwh:
        uses[WAITING if result.cluster else TENANTS] = rest_mwh
    flows = supply_flows(result)
    flows += [(EQUIPMENT, node, energy_mwh) for node, energy_mwh in uses.items()]
    met_mwh = sum(total(site.grid_mwh + site.gas_mwh) for site in result.site.values())
    divisor, unit = scaled(met_mwh, "MWh")

    def said(energy_mwh: float) -> str:
        return f"{said_number(energy_mwh / divisor)} {unit}"

    alt = (
        f"Of {said(met_mwh)} over the plan, {said(it_mwh)} reach the IT equipment and"
        f" {said(met_mwh - it_mwh)} go to cooling and power losses. By use of IT energy: "
        + "; ".join(f"{node[1]} {said(energy_mwh)}" for node, energy_mwh in uses.items())
        + (". It is shared out by the mean draw of a busy chip." if result.cluster else ".")
    )
    trace = sankey(flows, divisor, unit)
    layout = {"height": CHAIN_PX, "margin": {"t": 18, "b": 18}}
    return drawn([trace], layout, "From the wire to the work", alt)


def supply_flows(result: Result) -> list[Flow]:
    """Return (from, to, MWh) from grid and gas to IT and losses."""
    apart = len(result.site) <= MOST_PARTS
    flows: dict[tuple[Node, Node], float] = {}
    for name, site in result.site.items():
        meter = (METER, f"Meter of {name}" if apart else "All meters")
        grid_mwh, gas_mwh, it_mwh = (total(s) for s in (site.grid_mwh, site.gas_mwh, site.it_mwh))
        for begin, end, energy_mwh in (
            (GRID, meter, grid_mwh),
            (GAS, meter, gas_mwh),
            (meter, EQUIPMENT, it_mwh),
            (meter, LOSSES, grid_mwh + gas_mwh - it_mwh),
        ):
            flows[begin, end] = flows.get((begin, end), 0.0) + energy_mwh
    return [(*ends, energy_mwh) for ends, energy_mwh in flows.items() if energy_mwh > 0.0]


def work_mwh(plan: Plan, result: Result, most_mwh: float) -> dict[Node, float]:
    """Return the IT energy of each workload's busy chips over the plan [MWh]."""
    home = {hall: site for site in result.site for hall in halls_at(plan, result, site)}
    found: dict[Node, float] = {}
    for name, work in result.compute.items():
        hours, energy_kwh = 0.0, 0.0
        for hall in halls_of(plan, plan.workloads[name]):
            if hall in home:
                one = result.cluster[hall]
                busy = total(one.busy_count * result.calendar.hours)
                chip_kw = one.mean_kw_per_chip[0] / result.site[home[hall]].pue_ratio[0]
                hours, energy_kwh = hours + busy, energy_kwh + busy * float(chip_kw)
        if hours > 0.0 and np.isfinite(energy_kwh):
            mean_mw = energy_kwh / hours / KW_PER_MW
            found[WORK, name] = total(work.busy_count * result.calendar.hours) * mean_mw
    over = max(1.0, sum(found.values()) / most_mwh)
    ranked = [(node, found[node] / over) for node in sorted(found, key=lambda key: -found[key])]
    others = sum(energy_mwh for _, energy_mwh in ranked[MOST_PARTS:])
    shown = dict([*ranked[:MOST_PARTS], *([(OTHERS, others)] if others else [])])
    return {node: energy_mwh for node, energy_mwh in shown.items() if energy_mwh > 0.0}


def sankey(flows: Sequence[Flow], divisor: float, unit: str) -> Spec:
    """Return a Sankey diagram of flows, each node with its quantity."""
    nodes = list(dict.fromkeys(node for begin, end, _ in flows for node in (begin, end)))
    works = [node for node in nodes if node[0] == WORK]
    tones = {
        node: FIXED.get(node[1], "grey") if node[0] in {SUPPLY, IT} else "grey" for node in nodes
    }
    tones |= {node: WORK_COLOURS[index % len(WORK_COLOURS)] for index, node in enumerate(works)}
    through = {
        node: max(sum(flow[2] for flow in flows if flow[side] == node) for side in (0, 1))
        for node in nodes
    }
    node = {
        "label": [f"{clean(n[1])}<br>{said_number(through[n] / divisor)} {unit}" for n in nodes],
        "color": [colour(tones[n]) for n in nodes],
        "pad": 28,
        "thickness": 12,
        "line": {"width": 0},
        "hovertemplate": "%{label}<extra></extra>",
    }
    link = {
        "source": [nodes.index(begin) for begin, _, _ in flows],
        "target": [nodes.index(end) for _, end, _ in flows],
        "value": [energy_mwh / divisor for _, _, energy_mwh in flows],
        "color": [colour(tones[e if b == EQUIPMENT else b], LIGHT) for b, e, _ in flows],
        "hovertemplate": f"%{{value:,.4~g}} {unit}<extra></extra>",
    }
    font = {"color": colour("ink"), "size": 12.5}
    return {"type": "sankey", "node": node, "link": link, "textfont": font}


# --- power and chips by month ---


def halls_at(plan: Plan, result: Result, site: str) -> list[str]:
    """Return the halls at a site; a group's hall has the group's name."""
    return [
        hall
        for hall in result.cluster
        if (plan.halls[hall].site == site if hall in plan.halls else hall == site)
    ]


def power(plan: Plan, result: Result, site: str) -> Figure:
    """Power by month at a site, with what binds each of its halls beneath.

    Parameters
    ----------
    plan : Plan
        For the halls of the site.
    result : Result
        One future.
    site : str
        A site or group.
    """
    one, dates = result.site[site], months(result.calendar)
    halls = halls_at(plan, result, site)[:MOST_PARTS]
    strips = {
        hall: spans(hall, result.cluster[hall].binding[:, 0], result.calendar) for hall in halls
    }
    said = "%{y:,.0f} MW"
    traces = [
        stepped(dates, one.load_mw, "mean load", "teal", said, filled=True),
        stepped(dates, one.peak_mw, "peak load", "red", said),
        stepped(dates, one.shell_mw, "under a roof", "amber", said, dash="dash"),
        stepped(dates, one.firm_mw, "firm supply", "blue", said, dash="dot"),
        *strip_bars(strips, result.calendar.months),
    ]
    firm, roof, peak, mean = (
        said_number(largest(series))
        for series in (one.firm_mw, one.shell_mw, one.peak_mw, one.load_mw)
    )
    alt = (
        f"Firm supply reaches {firm} MW and power under a roof {roof} MW. The facility draws up to"
        f" {peak} MW in the worst hour and {mean} MW on average."
    )
    if halls:
        words = "; ".join(strip_words(hall, found) for hall, found in strips.items())
        alt += f" The bars beneath say what holds each hall back: {words}."
    layout = power_layout(result.calendar, len(halls))
    title = f"Power at {site}, and what binds" if halls else f"Power at {site}"
    return drawn(traces, layout, title, alt)


def power_layout(calendar: Calendar, rows: int) -> Spec:
    """Return the layout of power above so many rows of binding limits."""
    height_px = PLOT_PX + EDGE_PX + STRIP_PX * rows
    split = STRIP_PX * rows / height_px
    layout = {
        "height": height_px,
        "hovermode": "x unified",
        "barmode": "overlay",
        "xaxis": month_axis(calendar, anchor="y2" if rows else "y"),
        "yaxis": value_axis("power, MW", domain=[split + 0.04 if rows else 0.0, 1.0]),
    }
    if rows:
        layout["yaxis2"] = {
            "domain": [0.0, split],
            "anchor": "x",
            "showgrid": False,
            "autorange": "reversed",
            "automargin": True,
        }
    return layout


def strip_bars(strips: Mapping[str, Sequence[Span]], count: int) -> list[Spec]:
    """Return a row of bars for each hall: what binds it, by month."""
    bars, shown = [], set()
    for hall, found in strips.items():
        for span in found:
            if span.limit not in LIMITS:
                continue
            begin = np.datetime64(span.first, "M")
            days = (begin + span.months).astype("datetime64[D]") - begin.astype("datetime64[D]")
            bars.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "base": [f"{span.first}-01"],
                    "x": [float(days.astype(np.float64)) * MS_PER_DAY],
                    "y": [f"{clean(hall)} "],
                    "yaxis": "y2",
                    "width": 0.72,
                    "name": f"binds: {span.limit}",
                    "legendgroup": span.limit,
                    "showlegend": span.limit not in shown,
                    "marker": {"color": colour(LIMIT_COLOUR[span.limit]), "line": {"width": 0}},
                    "text": [span.limit if span.months >= TOLD_FRAC * count else ""],
                    "textposition": "inside",
                    "insidetextanchor": "middle",
                    "textangle": 0,
                    "hovertemplate": f"{span.limit}, {span.first} to {span.last}<extra></extra>",
                }
            )
            shown.add(span.limit)
    return bars


def strip_words(hall: str, found: Sequence[Span]) -> str:
    """Return how many months each limit binds a hall, in words."""
    counts: dict[str, int] = {}
    for span in found:
        if span.limit in LIMITS:
            counts[span.limit] = counts.get(span.limit, 0) + span.months
    ranked = sorted(counts, key=lambda limit: -counts[limit])
    said = ", ".join(f"{limit} in {counts[limit]} months" for limit in ranked)
    return f"{hall}, {said or 'nothing'}"


def chips(result: Result, hall: str) -> Figure:
    """Chips of a hall by month: installed, in service and at work.

    Parameters
    ----------
    result : Result
        One future.
    hall : str
        A hall or group.
    """
    one, dates = result.cluster[hall], months(result.calendar)
    said = "%{y:,.0f} chips"
    traces = [
        stepped(dates, one.busy_count, "at work, on average", "teal", said, filled=True),
        stepped(dates, one.in_service_count, "in service", "blue", said),
        stepped(dates, one.installed_count, "installed", "purple", said, dash="dash"),
    ]
    installed, service, busy = (
        said_number(largest(series))
        for series in (one.installed_count, one.in_service_count, one.busy_count)
    )
    alt = (
        f"Of up to {installed} chips installed, up to {service} are in service and up to {busy} are"
        " at work on average."
    )
    layout = {
        "height": PLOT_PX + EDGE_PX // 2,
        "hovermode": "x unified",
        "xaxis": month_axis(result.calendar),
        "yaxis": value_axis("chips", tickformat=",~s"),
    }
    return drawn(traces, layout, f"Chips of {hall}", alt)


# --- money by month ---


def cash(result: Result, party: str) -> Figure | None:
    """Cash of a party's owners by month, and its running sum.

    Parameters
    ----------
    result : Result
        One future.
    party : str
        A party, or "consolidated".

    Returns
    -------
    Figure or None
        None where no cash moves, or its accounts have no number.
    """
    flow, dates = result.money[party].equity_flow_usd[:, 0], months(result.calendar)
    if not np.all(np.isfinite(flow)) or largest(flow) == 0.0:
        return None
    running = np.cumsum(flow)
    (whole, unit), (part, part_unit) = scaled(largest(running), "USD"), scaled(largest(flow), "USD")
    sign = np.where(flow >= 0.0, "teal", "red")
    line = stepped(dates, running / whole, "running sum", "ink", f"%{{y:,.4~g}} {unit}")
    line["line"] |= {"shape": "linear"}
    bars = {
        "type": "bar",
        "x": dates,
        "width": (result.calendar.days * MS_PER_DAY).tolist(),
        "offset": 0,
        "y": flow / part,
        "yaxis": "y2",
        "name": "in the month",
        "marker": {"color": [colour(str(name)) for name in sign], "line": {"width": 0}},
        "hovertemplate": f"%{{y:+,.4~g}} {part_unit}",
    }
    deepest = int(np.argmin(running))
    depth = said_number(-float(running[deepest]) / whole)
    last = f"{said_number(float(running[-1]) / whole)} {unit}"
    alt = (
        f"Above, the running sum: its owners are {depth} {unit} out of pocket at the deepest, in"
        f" {dates[deepest][:7]}, and stand at {last} when the plan ends."
        if running[deepest] < 0.0
        else f"Above, the running sum: never out of pocket, its owners end at {last}."
    )
    alt += " Below, each month: up is paid out to them, down is paid in."
    layout = {
        "height": PANELS_PX,
        "hovermode": "x unified",
        "showlegend": False,
        "bargap": 0.0,
        "xaxis": month_axis(result.calendar, anchor="y2"),
        "yaxis": value_axis(f"running sum, {unit}", domain=UPPER),
        "yaxis2": value_axis(f"in a month, {part_unit}", domain=LOWER),
    }
    return drawn([line, bars], layout, f"Cash to the owners of {called(party)}", alt)


def debt(result: Result, party: str) -> Figure | None:
    """Debt owed by a party by month, and how far its cash covers the service.

    Parameters
    ----------
    result : Result
        One future.
    party : str
        A party, or "consolidated".

    Returns
    -------
    Figure or None
        None where the party never owes anything, or its statements were not written.
    """
    owed, cover = debt_series(result.money[party])
    if owed is None or cover is None or largest(owed) <= 0.0:
        return None
    dates = months(result.calendar)
    divisor, unit = scaled(largest(owed), "USD")
    due = stepped(dates, owed / divisor, "debt", "blue", f"%{{y:,.4~g}} {unit}", filled=True)
    due["line"] |= {"shape": "linear"}
    traces = [due]
    peak = dates[int(np.argmax(owed[:, 0]))][:7]
    alt = f"Above, debt peaks at {said_number(largest(owed) / divisor)} {unit} in {peak}."
    layout: Spec = {
        "height": PANELS_PX,
        "hovermode": "x unified",
        "showlegend": False,
        "xaxis": month_axis(result.calendar),
        "yaxis": value_axis(f"debt, {unit}"),
    }
    if np.any(np.isfinite(cover)):
        traces.append(stepped(dates, cover, "DSCR", "red", "%{y:.2f}") | {"yaxis": "y2"})
        traces[1]["line"] |= {"shape": "linear"}
        low = float(np.nanmin(cover))
        alt += (
            f" Below, cash over debt service of twelve months is {low:.2f} at the least; under 1,"
            " owners must pay in."
        )
        reach = [min(0.0, low), min(DSCR_SHOWN, 1.15 * max(1.0, largest(cover)))]
        layout["xaxis"]["anchor"] = "y2"
        layout["yaxis"]["domain"] = UPPER
        layout["yaxis2"] = value_axis("DSCR, ratio", domain=LOWER, range=reach)
        rule = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": 1, "y1": 1}
        layout["shapes"] = [rule | {"line": {"color": colour("ink", SOFT), "width": 1}}]
    return drawn(traces, layout, f"Debt of {called(party)}", alt)


def debt_series(account: Accounts) -> tuple[Series | None, Series | None]:
    """Return a party's debt and its cover by month, None if not written.

    Notes
    -----
    Cover is EBITDA over interest and principal, both over the last twelve months, where debt was
    repaid in each of them: the DSCR whose lowest value the accounts give. What is still owed at the
    end is repaid outside of it.
    """
    written = account.statements
    if written is None:
        return None, None
    principal = written.principal_usd.copy()
    principal[-1] = principal[-1] - account.closing_debt_usd
    service = np.where(principal > 0.0, written.interest_usd + principal, 0.0)
    cover = np.full_like(service, np.nan)
    for month in range(MONTHS_PER_YEAR - 1, service.shape[0]):
        year = slice(month - MONTHS_PER_YEAR + 1, month + 1)
        if np.all(service[year] > 0.0):
            cover[month] = over_time(written.ebitda_usd[year]) / over_time(service[year])
    return written.debt_usd, cover


# --- what one unit is worth, and how far off the model is ---


def worth(told: Facts, party: str) -> Figure | None:
    """Change of a party's NPV by one unit of each thing, with P10 to P90.

    Parameters
    ----------
    told : Facts
        With what one unit is worth.
    party : str
        A party, or "consolidated".

    Returns
    -------
    Figure or None
        None where nothing moves the party.
    """
    path = at("money", party, "npv_usd")
    found = {one.unit: one.change.get(path, (np.nan,) * 3) for one in told.worth}
    moving = [name for name, change in found.items() if np.isfinite(change[0]) and any(change)]
    ranked = sorted(moving, key=lambda name: abs(found[name][0]))
    if not ranked:
        return None
    divisor, unit = scaled(largest([found[name] for name in ranked]), "USD")
    still = [name for name in found if name not in ranked]
    top = ranked[-1]
    alt = (
        f"Change of NPV for one unit of each, largest on top; whiskers are P10 to P90 over the"
        f" ranges of all uncertain figures. Most is {top}: {signed_money(found[top][0])}."
        + (f" Without effect: {', '.join(still)}." if still else "")
    )
    label = [f"{broken(name)}<br><b>{signed_money(found[name][0])}</b>" for name in ranked]
    axis = {"title": {"text": f"change of NPV, {unit}"}, "tickformat": ",~g", "showgrid": True}
    layout = {
        "height": EDGE_PX + UNIT_ROW_PX * len(ranked),
        "showlegend": False,
        "xaxis": {**axis, "zeroline": True},
        "yaxis": {"tickvals": list(range(len(ranked))), "ticktext": label, "showgrid": False}
        | {"range": [-0.6, len(ranked) - 0.4], "zeroline": False},
    }
    changes = []
    for name in ranked:
        middle, low, high = (part / divisor for part in found[name])
        changes.append((name, middle, low, high))
    return drawn(
        worth_bars(changes, unit), layout, f"What one unit is worth to {called(party)}", alt
    )


def worth_bars(changes: Sequence[tuple[str, float, float, float]], unit: str) -> list[Spec]:
    """Return bars of (name, central, P10, P90), and their whiskers."""
    level = range(len(changes))
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [middle for _, middle, _, _ in changes],
        "y": list(level),
        "width": 0.42,
        "marker": {"color": [colour("teal" if row[1] >= 0.0 else "red") for row in changes]},
        "customdata": [[clean(name), low, high] for name, _, low, high in changes],
        "hovertemplate": f"%{{customdata[0]}}: %{{x:+,.4~g}} {unit}<br>P10"
        f" %{{customdata[1]:+,.4~g}}, P90 %{{customdata[2]:+,.4~g}} {unit}<extra></extra>",
    }
    thin = {"color": colour("ink"), "width": 1.25}
    whiskers = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [point for _, _, low, high in changes for point in (low, high, None)],
        "y": [row for row in level for _ in range(3)],
        "hoverinfo": "skip",
        "line": thin,
        "marker": {"symbol": "line-ns", "size": 9, "line": thin},
    }
    return [bars, whiskers]


def errors(told: Facts) -> Figure | None:
    """Modelled over published, less one; for dates in months.

    Parameters
    ----------
    told : Facts
        With what was published.

    Returns
    -------
    Figure or None
        None where nothing was published.
    """
    known = [one for one in told.compared if np.isfinite(one.error_frac)]
    dated = [one for one in known if one.path.endswith("_date")]
    plain = [one for one in known if not one.path.endswith("_date")]
    panels = [
        (rows, factor, unit)
        for rows, factor, unit in ((plain, PERCENT, "%"), (dated, 1.0, "months"))
        if rows
    ]
    if not panels:
        return None
    traces: list[Spec] = []
    layout: Spec = {
        "height": EDGE_PX * len(panels) + ERROR_ROW_PX * len(known),
        "showlegend": False,
    }
    gap = EDGE_PX / layout["height"] if len(panels) > 1 else 0.0
    top = 1.0
    for (rows, factor, unit), key in zip(panels, ("", "2"), strict=False):
        names = [f"{broken(one.name)}<br><b>{one.error_text}</b>" for one in rows]
        values = [factor * one.error_frac for one in rows]
        traces += [
            trace | {"xaxis": f"x{key}", "yaxis": f"y{key}"} for trace in dots(names, values)
        ]
        bottom = top - (1.0 - gap) * len(rows) / len(known)
        layout |= error_axes(key, unit, largest([*values, 10.0]), [max(0.0, bottom), top])
        top = bottom - gap
    if plain:
        layout["shapes"] = [band(PERCENT * EXPLAINED_ABOVE)]
    alt = "Model less what was published: "
    alt += "; ".join(f"{one.name} {one.error_text}" for one in known) + "."
    alt += (
        f" A miss outside the band of {PERCENT * EXPLAINED_ABOVE:.0f} % must say why."
        if plain
        else ""
    )
    return drawn(traces, layout, "How far the model is from what was published", alt)


def error_axes(key: str, unit: str, most: float, domain: list[float]) -> Spec:
    """Return the axes of one panel of errors."""
    reach = 1.12 * most
    return {
        f"xaxis{key}": {
            "range": [-reach, reach],
            "anchor": f"y{key}",
            "title": {"text": f"modelled less published, {unit}"},
            "tickformat": ",~g",
            "showgrid": True,
            "zeroline": True,
        },
        f"yaxis{key}": {
            "domain": domain,
            "anchor": f"x{key}",
            "autorange": "reversed",
            "showgrid": False,
        },
    }


def band(edge: float) -> Spec:
    """Return the band of errors that need no word."""
    ends = {"x0": -edge, "x1": edge, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}
    return (
        {"type": "rect", "layer": "below", "line": {"width": 0}}
        | ends
        | {"fillcolor": colour("grey", "1a")}
    )


def dots(names: Sequence[str], values: Sequence[float]) -> list[Spec]:
    """Return one dot on a stick for each name."""
    shared = {"type": "scatter", "hoverinfo": "skip"}
    sticks = {
        "mode": "lines",
        "x": [point for value in values for point in (0.0, value, None)],
        "y": [name for name in names for _ in range(3)],
        "line": {"color": colour("blue", SOFT), "width": 2},
    }
    heads = {"mode": "markers", "x": list(values), "y": list(names)}
    return [shared | sticks, shared | heads | {"marker": {"color": colour("blue"), "size": 10}}]
