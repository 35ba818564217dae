"""Pictures of a run: Plotly figures as pure functions of a Result or of its Facts.

Each figure carries its title and its words for those who cannot see it in `layout.meta`. Colours are
those of the light page; `themed` gives the same figure in another theme.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from gigaplan.plan.result import LIMITS
from gigaplan.plan.work import halls_of
from gigaplan.report.facts import EXPLAINED_ABOVE, spans
from gigaplan.units import KW_PER_MW, MONTHS_PER_YEAR, date_text, number_text, over_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from plotly.graph_objects import Figure

    from gigaplan.money.cash import Accounts
    from gigaplan.plan import Plan, Result
    from gigaplan.report.facts import Facts, Span
    from gigaplan.units import Calendar, Series

THEMES = ("light", "dark")
PALETTE: dict[str, tuple[str, str]] = {
    "blue": ("#1c4591", "#3f8edc"),
    "amber": ("#b5760a", "#c79a3a"),
    "teal": ("#26a194", "#2fbfa6"),
    "purple": ("#6f2757", "#c98fd6"),
    "red": ("#a8451c", "#f49a70"),
    "sky": ("#1878ad", "#a6dcf7"),
    "grey": ("#6a7179", "#737b83"),
    "ink": ("#1d2329", "#e7e9eb"),
    "quiet": ("#57606a", "#a3abb3"),
    "rule": ("#e2e4e7", "#2e343a"),
}
"""Name -> colour in each theme; the first seven stay apart for the colour-blind (tests measure it)."""
DATA = ("blue", "amber", "teal", "purple", "red", "sky", "grey")
FAINT = "26"
SOFT = "80"
"""Opacity, as the last two digits of a colour."""
LIMIT_COLOUR = {
    "grid": "blue", "shell": "amber", "cooling": "sky", "chips": "purple", "cash": "red", "demand": "teal",
}  # fmt: skip
FONT = 'Inter, "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif'

PLOT_PX = 300
STRIP_PX = 34
ROW_PX = 46
ERROR_ROW_PX = 34
EDGE_PX = 96
CHAIN_PX = 360
LABEL_LETTERS = 20
"""A label on the left of a row is broken after so many letters, so that a phone keeps room."""
MOST_PARTS = 6
"""How many sites or workloads the chain draws apart."""
DSCR_SHOWN = 5.0
"""The axis of debt cover ends here: a month that owes next to nothing has a cover without bound."""
MILLION, BILLION = 1e6, 1e9
PERCENT = 100.0


def graphs() -> Any:  # noqa: ANN401
    """Return plotly's graph objects, loaded when first needed."""
    import plotly.graph_objects  # noqa: PLC0415

    return plotly.graph_objects


def colour(name: str, opacity: str = "") -> str:
    """Return a colour of the light theme, with an opacity where one is given."""
    return PALETTE[name][0] + opacity


def template(theme: str = "light") -> dict[str, Any]:
    """Return the looks that all figures share, as a Plotly template.

    Parameters
    ----------
    theme : str
        "light" or "dark".
    """
    tone = {name: both[THEMES.index(theme)] for name, both in PALETTE.items()}
    axis = {
        "gridcolor": tone["rule"], "linecolor": tone["rule"], "zerolinecolor": tone["grey"], "zerolinewidth": 1,
        "tickcolor": tone["rule"], "ticks": "outside", "automargin": True,
        "title": {"font": {"size": 12, "color": tone["quiet"]}, "standoff": 8},
    }  # fmt: skip
    return {
        "layout": {
            "font": {"family": FONT, "size": 12.5, "color": tone["quiet"]},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [tone[name] for name in DATA],
            "xaxis": {**axis, "showgrid": False},
            "yaxis": {**axis, "ticks": "", "rangemode": "tozero"},
            "legend": {
                "orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom",
                "font": {"color": tone["ink"]},
            },
            "hoverlabel": {"font": {"family": FONT, "size": 12.5}},
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        }
    }  # fmt: skip


def themed(figure: Figure, theme: str) -> Figure:
    """Return a figure in another theme.

    Parameters
    ----------
    figure : Figure
        As one of the functions below made it.
    theme : str
        "light" or "dark".
    """
    swap = {light: dark if theme == "dark" else light for light, dark in PALETTE.values()}

    def turned(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str):
            return swap[value[:7]] + value[7:] if value[:7] in swap else value
        if isinstance(value, dict):
            return {key: turned(member) for key, member in value.items() if key != "template"}
        if isinstance(value, list | tuple):
            return [turned(member) for member in value]
        return value

    found = graphs().Figure(turned(figure.to_dict()))
    return found.update_layout(template=template(theme))


def finished(figure: Figure, title: str, alt: str, **layout: Any) -> Figure:  # noqa: ANN401
    """Return a figure with the shared looks, its title and its words."""
    return figure.update_layout(template=template(), meta={"title": title, "alt": alt}, **layout)


def months(calendar: Calendar) -> list[str]:
    """Return the first day of each month as Plotly reads dates."""
    return [f"{date_text(date)}-01" for date in calendar.dates[:, 0]]


def scaled(most: float, unit: str) -> tuple[float, str]:
    """Return what to divide by, and the unit, so that the largest value has few digits.

    Parameters
    ----------
    most : float
        Largest magnitude that is drawn.
    unit : str
        "USD" or "MWh".
    """
    steps = {"USD": ((BILLION, "BUSD"), (MILLION, "MUSD")), "MWh": ((MILLION, "TWh"), (KW_PER_MW, "GWh"))}[unit]
    return next(((size, name) for size, name in steps if most >= size), (1.0, unit))


def largest(values: Series) -> float:
    """Return the largest magnitude that exists, 0 where none does."""
    found = np.abs(values[np.isfinite(values)])
    return float(found.max()) if found.size else 0.0


def total(series: Series) -> float:
    """Return the sum over the months of the one future that is drawn."""
    return float(over_time(series)[0])


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
    Supply, IT and facility energy are the results themselves. IT energy is shared out by the mean draw
    of a busy chip of each hall; chips that wait take the rest.
    """
    flows = supply_flows(result)
    it_mwh = sum(total(site.it_mwh) for site in result.site.values())
    if it_mwh <= 0.0:
        return None
    busy = work_mwh(plan, result, it_mwh)
    flows += [("IT equipment", name, energy_mwh) for name, energy_mwh in busy.items()]
    rest = it_mwh - sum(busy.values())
    last = "Chips waiting for work" if result.cluster else "IT of tenants"
    flows += [("IT equipment", last, rest)] if rest > it_mwh * 1e-9 else []
    met_mwh = sum(total(site.grid_mwh + site.gas_mwh) for site in result.site.values())
    divisor, unit = scaled(met_mwh, "MWh")
    said = "; ".join(f"{name} {number_text(energy_mwh / divisor)} {unit}" for name, energy_mwh in (*busy.items(), (last, rest)))
    alt = (
        f"Of {number_text(met_mwh / divisor)} {unit} over the plan, {number_text(it_mwh / divisor)} {unit} reach the IT equipment"
        f" and {number_text((met_mwh - it_mwh) / divisor)} {unit} go to cooling and power losses. IT energy by use: {said}."
        " It is shared out by the mean draw of a busy chip."
    )
    return finished(sankey(flows, divisor, unit), "From the wire to the work", alt, height=CHAIN_PX)


def supply_flows(result: Result) -> list[tuple[str, str, float]]:
    """Return (from, to, MWh) from grid and gas to IT equipment and losses, site by site."""
    apart = len(result.site) <= MOST_PARTS
    flows: dict[tuple[str, str], float] = {}
    for name, site in result.site.items():
        meter = f"Meter of {name}" if apart else "All meters"
        grid_mwh, gas_mwh, it_mwh = total(site.grid_mwh), total(site.gas_mwh), total(site.it_mwh)
        for begin, end, energy_mwh in (
            ("Grid", meter, grid_mwh),
            ("Gas on site", meter, gas_mwh),
            (meter, "IT equipment", it_mwh),
            (meter, "Cooling and power losses", grid_mwh + gas_mwh - it_mwh),
        ):
            flows[begin, end] = flows.get((begin, end), 0.0) + energy_mwh
    return [(begin, end, energy_mwh) for (begin, end), energy_mwh in flows.items() if energy_mwh > 0.0]


def work_mwh(plan: Plan, result: Result, most_mwh: float) -> dict[str, float]:
    """Return the IT energy of each workload's busy chips over the plan [MWh]."""
    home = {hall: site for site in result.site for hall in halls_at(plan, result, site)}
    found: dict[str, float] = {}
    for name, work in result.compute.items():
        halls = [hall for hall in halls_of(plan, plan.workloads[name]) if hall in home]
        hours = {hall: total(result.cluster[hall].busy_count * result.calendar.hours) for hall in halls}
        if sum(hours.values()) > 0.0:
            kw = sum(
                hours[hall] * float(result.cluster[hall].mean_kw_per_chip[0] / result.site[home[hall]].pue_ratio[0]) for hall in halls
            ) / sum(hours.values())
            found[name] = total(work.busy_count * result.calendar.hours) * kw / KW_PER_MW
    over = max(1.0, sum(found.values()) / most_mwh)
    ranked = sorted(found.items(), key=lambda pair: -pair[1])
    shown = {name: energy_mwh / over for name, energy_mwh in ranked[:MOST_PARTS]}
    others = sum(energy_mwh / over for _, energy_mwh in ranked[MOST_PARTS:])
    return {name: value for name, value in {**shown, "Other work": others}.items() if value > 0.0}


def sankey(flows: Sequence[tuple[str, str, float]], divisor: float, unit: str) -> Figure:
    """Return a Sankey diagram of flows, each node with its quantity."""
    names = list(dict.fromkeys(name for begin, end, _ in flows for name in (begin, end)))
    fixed = {"Grid": "blue", "Gas on site": "amber", "IT equipment": "sky"}
    quiet = {"Cooling and power losses", "Chips waiting for work"}
    spare = iter(("teal", "purple", "red", "amber", "blue", "sky") * (1 + len(names)))
    tones = {
        name: fixed.get(name) or ("grey" if name in quiet or name.startswith(("Meter", "All")) else next(spare)) for name in names
    }
    through = {
        name: max(sum(size for begin, _, size in flows if begin == name), sum(size for _, end, size in flows if end == name))
        for name in names
    }
    labels = [f"{clean(name)}<br>{number_text(through[name] / divisor)} {unit}" for name in names]
    node = {
        "label": labels, "color": [colour(tones[name]) for name in names], "pad": 26, "thickness": 12, "line": {"width": 0},
        "hovertemplate": "%{label}<extra></extra>",
    }  # fmt: skip
    link = {
        "source": [names.index(begin) for begin, _, _ in flows],
        "target": [names.index(end) for _, end, _ in flows],
        "value": [size / divisor for _, _, size in flows],
        "color": [colour(tones[end if begin == "IT equipment" else begin], "4d") for begin, end, _ in flows],
        "hovertemplate": f"%{{source.label}} to %{{target.label}}: %{{value:,.4~g}} {unit}<extra></extra>",
    }
    return graphs().Figure(graphs().Sankey(node=node, link=link, arrangement="snap", textfont={"color": colour("ink"), "size": 12.5}))


def clean(text: str) -> str:
    """Return a name as text that Plotly does not read as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- power and chips by month ---


def halls_at(plan: Plan, result: Result, site: str) -> list[str]:
    """Return the halls that stand at a site; a group's hall has the group's name."""
    return [hall for hall in result.cluster if hall == site or (hall in plan.halls and plan.halls[hall].site == site)]


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
    strips = {hall: spans(hall, result.cluster[hall].binding[:, 0], result.calendar) for hall in halls}
    height_px = PLOT_PX + EDGE_PX + STRIP_PX * len(halls)
    figure = graphs().Figure()
    for name, series, tone, dash, fill in (
        ("mean load", one.load_mw, "teal", "solid", "tozeroy"),
        ("peak load", one.peak_mw, "red", "solid", "none"),
        ("under a roof", one.shell_mw, "amber", "dash", "none"),
        ("firm supply", one.firm_mw, "blue", "dot", "none"),
    ):
        figure.add_scatter(
            x=dates, y=series[:, 0], name=name, mode="lines", fill=fill, fillcolor=colour(tone, FAINT),
            line={"color": colour(tone), "dash": dash, "width": 2, "shape": "hv"},
            hovertemplate="%{y:,.0f} MW",
        )  # fmt: skip
    split = (STRIP_PX * len(halls)) / height_px if halls else 0.0
    add_strips(figure, strips)
    last = {name: number_text(largest(series)) for name, series in (
        ("firm", one.firm_mw), ("roof", one.shell_mw), ("peak", one.peak_mw), ("mean", one.load_mw))}  # fmt: skip
    alt = (
        f"Firm supply reaches {last['firm']} MW, power under a roof {last['roof']} MW; the facility draws at most {last['peak']} MW in"
        f" the worst hour and {last['mean']} MW on average."
    )
    alt += " The bars beneath say what holds each hall back: " + "; ".join(map(strip_words, strips.values())) + "." if halls else ""
    layout: dict[str, Any] = {
        "xaxis": {"type": "date", "title": {"text": "month"}, "anchor": "y2" if halls else "y", "hoverformat": "%Y-%m"},
        "yaxis": {"title": {"text": "power, MW"}, "domain": [split + 0.04 if halls else 0.0, 1.0], "tickformat": ",~g"},
    }
    if halls:
        layout["yaxis2"] = {
            "domain": [0.0, split], "anchor": "x", "ticks": "", "showgrid": False, "fixedrange": True, "autorange": "reversed",
            "title": {"text": ""},
        }  # fmt: skip
    return finished(
        figure, f"Power at {site}, and what binds", alt, height=height_px, hovermode="x unified", barmode="overlay", **layout
    )


def add_strips(figure: Figure, strips: dict[str, list[Span]]) -> None:
    """Draw one row of coloured bars for each hall: what binds it, month by month."""
    shown: set[str] = set()
    for hall, found in strips.items():
        for span in found:
            if span.limit not in LIMITS:
                continue
            begin = np.datetime64(span.first, "M")
            days = (begin + span.months).astype("datetime64[D]") - begin.astype("datetime64[D]")
            figure.add_bar(
                base=[f"{span.first}-01"], x=[float(days.astype(float)) * 86_400_000.0], y=[f"{clean(hall)} "], orientation="h",
                yaxis="y2", name=f"binds: {span.limit}", legendgroup=span.limit, showlegend=span.limit not in shown,
                marker={"color": colour(LIMIT_COLOUR[span.limit]), "line": {"width": 0}}, width=0.72,
                text=[span.limit], textposition="inside", insidetextanchor="middle", textangle=0, constraintext="none",
                hovertemplate=f"{span.limit} binds {clean(hall)}, {span.first} to {span.last}<extra></extra>",
            )  # fmt: skip
            shown.add(span.limit)


def strip_words(found: Sequence[Span]) -> str:
    """Return how many months each limit binds a hall, in words."""
    counts: dict[str, int] = {}
    for span in found:
        counts[span.limit] = counts.get(span.limit, 0) + span.months
    ranked = sorted(((count, limit) for limit, count in counts.items() if limit in LIMITS), reverse=True)
    return f"{found[0].hall}, " + ", ".join(f"{limit} in {count} months" for count, limit in ranked) if ranked else "nothing"


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
    figure = graphs().Figure()
    for name, series, tone, dash, fill in (
        ("at work, on average", one.busy_count, "teal", "solid", "tozeroy"),
        ("in service", one.in_service_count, "blue", "solid", "none"),
        ("installed", one.installed_count, "purple", "dash", "none"),
    ):
        figure.add_scatter(
            x=dates, y=series[:, 0], name=name, mode="lines", fill=fill, fillcolor=colour(tone, FAINT),
            line={"color": colour(tone), "dash": dash, "width": 2, "shape": "hv"}, hovertemplate="%{y:,.0f} chips",
        )  # fmt: skip
    most = [number_text(largest(series)) for series in (one.installed_count, one.in_service_count, one.busy_count)]
    alt = f"Of up to {most[0]} chips installed, up to {most[1]} are in service and up to {most[2]} are at work on average."
    return finished(
        figure, f"Chips of {hall}", alt, height=PLOT_PX + EDGE_PX // 2, hovermode="x unified",
        xaxis={"type": "date", "title": {"text": "month"}, "hoverformat": "%Y-%m"},
        yaxis={"title": {"text": "chips"}, "tickformat": ",~s"},
    )  # fmt: skip


# --- money by month ---


def cash(result: Result, party: str) -> Figure:
    """Cash of a party's owners by month, and its running sum.

    Parameters
    ----------
    result : Result
        One future.
    party : str
        A party, or "consolidated".
    """
    flow, dates = result.money[party].equity_flow_usd[:, 0], months(result.calendar)
    running = np.cumsum(flow)
    divisor, unit = scaled(max(largest(flow), largest(running)), "USD")
    figure = graphs().Figure()
    for name, wanted, tone in (("paid out to owners", flow > 0.0, "teal"), ("paid in by owners", flow <= 0.0, "red")):
        figure.add_bar(
            x=dates, y=np.where(wanted, flow, 0.0) / divisor, name=name, marker={"color": colour(tone), "line": {"width": 0}},
            hoverinfo="skip",
        )  # fmt: skip
    figure.add_scatter(
        x=dates, y=running / divisor, name="running sum", mode="lines", line={"color": colour("ink"), "width": 1.75},
        customdata=np.stack([flow / divisor], axis=-1),
        hovertemplate=f"%{{customdata[0]:,.4~g}} {unit} in the month, %{{y:,.4~g}} {unit} in all<extra></extra>",
    )  # fmt: skip
    deepest = int(np.argmin(running))
    alt = (
        f"Owners of {party} are {number_text(-min(0.0, float(running[deepest])) / divisor)} {unit} out of pocket at the deepest, in"
        f" {dates[deepest][:7]}, and at {number_text(float(running[-1]) / divisor)} {unit} when the plan ends."
    )
    return finished(
        figure, f"Cash to the owners of {party}", alt, height=PLOT_PX, hovermode="x unified", barmode="relative", bargap=0.0,
        xaxis={"type": "date", "title": {"text": "month"}, "hoverformat": "%Y-%m"},
        yaxis={"title": {"text": f"{unit} a month, and {unit} in all"}, "tickformat": ",~g"},
    )  # fmt: skip


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
        None where the party never owes anything.
    """
    owed, cover = debt_series(result.money[party])
    if owed is None or largest(owed) <= 0.0:
        return None
    dates = months(result.calendar)
    divisor, unit = scaled(largest(owed), "USD")
    figure = graphs().Figure()
    figure.add_scatter(
        x=dates, y=owed[:, 0] / divisor, name="debt owed", mode="lines", fill="tozeroy", fillcolor=colour("blue", FAINT),
        line={"color": colour("blue"), "width": 2, "shape": "hv"}, hovertemplate=f"%{{y:,.4~g}} {unit}",
    )  # fmt: skip
    alt = f"Debt of {party} peaks at {number_text(largest(owed) / divisor)} {unit} in {dates[int(np.argmax(owed[:, 0]))][:7]}."
    layout: dict[str, Any] = {"yaxis": {"title": {"text": f"debt owed, {unit}"}, "tickformat": ",~g"}}
    if cover is not None and np.any(np.isfinite(cover)):
        figure.add_scatter(
            x=dates, y=cover[:, 0], name="debt service cover (right)", mode="lines", yaxis="y2",
            line={"color": colour("red"), "width": 2, "dash": "dot"}, hovertemplate="%{y:.2f} times",
        )  # fmt: skip
        alt += f" Cash covers debt service {np.nanmin(cover):.2f} times at the least; below 1 it does not."
        layout["yaxis2"] = {
            "title": {"text": "DSCR, times"}, "overlaying": "y", "side": "right", "showgrid": False, "automargin": True,
            "range": [min(0.0, float(np.nanmin(cover))), min(DSCR_SHOWN, 1.15 * max(1.0, largest(cover)))], "zeroline": False,
        }  # fmt: skip
        figure.add_shape(type="line", xref="paper", x0=0, x1=1, yref="y2", y0=1, y1=1, line={"color": colour("red", SOFT), "width": 1})
    return finished(
        figure, f"Debt of {party}", alt, height=PLOT_PX, hovermode="x unified",
        xaxis={"type": "date", "title": {"text": "month"}, "hoverformat": "%Y-%m"}, **layout,
    )  # fmt: skip


def debt_series(account: Accounts) -> tuple[Series | None, Series | None]:
    """Return a party's debt and its cover by month, None where its accounts were not written out.

    Notes
    -----
    Cover is EBITDA over interest and principal, both over the last twelve months, where debt was
    repaid in each of them: the DSCR whose lowest value the accounts give.
    """
    written = account.statements
    if written is None:
        return None, None
    service = np.where(written.principal_usd > 0.0, written.interest_usd + written.principal_usd, 0.0)
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
    found = [(one.unit, *one.change.get(f"money.{party}.npv_usd", (np.nan,) * 3)) for one in told.worth]
    rows = sorted((row for row in found if any(np.isfinite(row[1:])) and any(row[1:])), key=lambda row: abs(row[1]))
    if not rows:
        return None
    divisor, unit = scaled(largest(np.array([row[1:] for row in rows])), "USD")
    names, middles, lows, highs = zip(*rows, strict=True)
    ticks = [f"{broken(name)}<br><b>{signed(middle / divisor)} {unit}</b>" for name, middle in zip(names, middles, strict=True)]
    level = list(range(len(rows)))
    figure = graphs().Figure()
    figure.add_bar(
        x=[middle / divisor for middle in middles], y=level, orientation="h", width=0.42, name="central", showlegend=False,
        marker={"color": [colour("teal" if middle >= 0.0 else "red") for middle in middles]},
        customdata=[[name, low / divisor, high / divisor] for name, _, low, high in rows],
        hovertemplate=f"%{{customdata[0]}}: %{{x:+,.4~g}} {unit}<br>P10 %{{customdata[1]:+,.4~g}}, P90 %{{customdata[2]:+,.4~g}} {unit}<extra></extra>",
    )  # fmt: skip
    gaps = [(low / divisor, high / divisor, None) for low, high in zip(lows, highs, strict=True)]
    figure.add_scatter(
        x=[point for gap in gaps for point in gap], y=[row for row in level for _ in range(3)], mode="lines+markers", hoverinfo="skip",
        line={"color": colour("ink"), "width": 1.25}, marker={"symbol": "line-ns", "size": 9, "line": {"width": 1.25, "color": colour("ink")}},
        name="P10 to P90", showlegend=False,
    )  # fmt: skip
    top = rows[-1]
    alt = (
        f"Change of the NPV of {party} for one unit of each, largest at the top; whiskers are P10 to P90 over the ranges of all"
        f" uncertain figures. {top[0].capitalize()} moves it most: {signed(top[1] / divisor)} {unit}."
    )
    still = [row[0] for row in found if row[0] not in names]
    alt += f" No effect: {', '.join(still)}." if still else ""
    return finished(
        figure, f"What one unit is worth to {party}", alt, height=EDGE_PX + ROW_PX * len(rows), bargap=0.5,
        xaxis={"title": {"text": f"change of NPV, {unit}"}, "showgrid": True, "zeroline": True, "tickformat": "+,~g"},
        yaxis={"tickvals": level, "ticktext": ticks, "title": {"text": ""}, "rangemode": "normal", "showgrid": False},
    )  # fmt: skip


def signed(value: float) -> str:
    """Return a number with its sign, to three figures or so."""
    return ("+" if value > 0.0 else "") + (f"{value:,.0f}" if abs(value) >= PERCENT else f"{value:,.2g}" if abs(value) < 1.0 else f"{value:,.1f}")


def broken(name: str) -> str:
    """Return a label on as many lines as a phone needs."""
    return "<br>".join(textwrap.wrap(clean(name), LABEL_LETTERS))


def errors(told: Facts) -> Figure | None:
    """Modelled over published, less one, for each published figure; dates in months.

    Parameters
    ----------
    told : Facts
        With what was published.

    Returns
    -------
    Figure or None
        None where nothing was published.
    """
    dated = [one for one in told.compared if one.path.endswith("_date") and np.isfinite(one.error_frac)]
    plain = [one for one in told.compared if not one.path.endswith("_date") and np.isfinite(one.error_frac)]
    if not dated and not plain:
        return None
    panels = [(rows, factor, unit) for rows, factor, unit in ((plain, PERCENT, "%"), (dated, 1.0, "months")) if rows]
    count = len(dated) + len(plain)
    figure = graphs().Figure()
    layout: dict[str, Any] = {}
    top = 1.0
    for number, (rows, factor, unit) in enumerate(panels, 1):
        key = "" if number == 1 else "2"
        add_lollipops(figure, [(one.name, factor * one.error_frac, one.error_text) for one in rows], unit, key)
        share = len(rows) / count * (1.0 if len(panels) == 1 else 0.78)
        reach = 1.25 * max([abs(factor * one.error_frac) for one in rows] + [10.0])
        layout[f"xaxis{key}"] = {
            "range": [-reach, reach], "anchor": f"y{key}", "title": {"text": f"modelled less published, {unit}"},
            "tickformat": "+~g", "showgrid": True, "zeroline": True,
        }  # fmt: skip
        layout[f"yaxis{key}"] = {"domain": [max(0.0, top - share), top], "anchor": f"x{key}", "autorange": "reversed", "showgrid": False, "title": {"text": ""}}
        top -= share + 0.22
    if plain:
        edge = PERCENT * EXPLAINED_ABOVE
        figure.add_shape(
            type="rect", x0=-edge, x1=edge, xref="x", yref="y domain", y0=0, y1=1, layer="below",
            line={"width": 0}, fillcolor=colour("grey", "1a"),
        )  # fmt: skip
    said = "; ".join(f"{one.name} {one.error_text}" for one in told.compared)
    alt = f"Errors of the model against what was published: {said}."
    alt += f" The band is {PERCENT * EXPLAINED_ABOVE:.0f} %: a larger miss must say why." if plain else ""
    height_px = EDGE_PX * len(panels) + ERROR_ROW_PX * count
    return finished(figure, "How far the model is from what was published", alt, height=height_px, showlegend=False, **layout)


def add_lollipops(figure: Figure, rows: Iterable[tuple[str, float, str]], unit: str, key: str) -> None:
    """Draw one dot on a stick for each (name, error, words)."""
    names, values, words = zip(*rows, strict=True)
    names = tuple(broken(name) for name in names)
    sticks = [point for value in values for point in (0.0, value, None)]
    figure.add_scatter(
        x=sticks, y=[name for name in names for _ in range(3)], mode="lines", hoverinfo="skip", xaxis=f"x{key}", yaxis=f"y{key}",
        line={"color": colour("blue", SOFT), "width": 2},
    )  # fmt: skip
    figure.add_scatter(
        x=values, y=names, mode="markers+text", text=words, xaxis=f"x{key}", yaxis=f"y{key}", cliponaxis=False,
        textposition=["middle right" if value >= 0.0 else "middle left" for value in values],
        marker={"color": colour("blue"), "size": 10}, textfont={"color": colour("ink")},
        hovertemplate=f"%{{y}}: %{{x:+.1f}} {unit}<extra></extra>",
    )  # fmt: skip
