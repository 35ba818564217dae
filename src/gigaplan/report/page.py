"""One self-contained page of a run, for people who decide: words, tables, pictures, sources.

The page loads nothing: scripts, styles and data stand in it, and its policy lets the browser run
those scripts alone, by their hash.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from gigaplan import __version__, catalog
from gigaplan.figure import BLOCKING, GRADE_ORDER, reasons
from gigaplan.plan.work import hall_parts
from gigaplan.report import charts, looks, prose
from gigaplan.report.assumptions import MEANS, assumptions, cited, mark, onward
from gigaplan.report.files import replacing
from gigaplan.report.looks import at
from gigaplan.report.markup import NOTHING, Html, data, join, lines, table, tag, text
from gigaplan.report.text import work_rows
from gigaplan.units import number_text, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gigaplan.futures import Worth
    from gigaplan.plan import Plan, Result
    from gigaplan.report.facts import Facts

MOST_CHARTS = 6
"""Sites, halls and parties with pictures of their own; the tables hold them all."""
ABSENT = "–"
SMALL_USD = 5e-5
"""A change of a unit cost below this is written as none."""
SMALL_POINTS = 0.005
TABLE_UNITS = ((1e6, "MUSD"), (1e3, "kUSD"), (1.0, "USD"))
SHOWN_UNITS = 10.0
"""The largest number of a table has at least two digits before its point."""
WHOLE_FROM = 100.0
PARTY_HEADS = (
    "Party",
    "Discount",
    "NPV",
    "Equity IRR",
    "Project IRR",
    "Lowest DSCR",
    "Peak equity",
    "Payback",
)
SITE_PARTS = (
    "needed_mw",
    "capacity_mw",
    "first_power_date",
    "full_power_date",
    "pue_ratio",
    "peak_pue_ratio",
    "capex_usd",
)
LEVELISED = (
    ("levelised.chip_usd_per_chip_h", "A chip in service for an hour"),
    ("levelised.token_usd_per_mtoken", "A million output tokens"),
    (
        "levelised.shell_usd_per_kw_month",
        "A kilowatt of critical IT ready for a month, energy apart",
    ),
)


def page(plan: Plan, result: Result, told: Facts) -> str:
    """Return a run as one HTML page that needs no network.

    Parameters
    ----------
    plan : Plan
        As simulated, of one future.
    result : Result
        What `simulate` returned; with statements, debt by month is drawn too.
    told : Facts
        What `report.facts.facts` said of both.
    """
    figures: dict[str, Any] = {}
    parts = [
        ("summary", "Summary", opening(plan, result, told)),
        ("published", "Published beside modelled", compared(told, figures)),
        ("plan", "What is built, and what it does", built(plan, result, told, figures)),
        (
            "months",
            f"Power{' and chips' if result.cluster else ''} by month",
            by_month(plan, result, told, figures),
        ),
        ("money", "Who earns what", money(plan, result, told, figures)),
        ("worth", "What one unit is worth", worth(plan, told, figures)),
        ("assumptions", "Assumptions", assumptions(plan, told)),
        ("next", "How to go on", onward(plan, told)),
    ]
    kept = [part for part in parts if part[2]]
    items = (tag("li", tag("a", text(title), href=f"#{name}")) for name, title, _ in kept)
    contents = tag("nav", tag("ul", *items), aria_label="Contents")
    sections = join(
        tag("section", tag("h2", text(title), id=name), body, aria_labelledby=name)
        for name, title, body in kept
    )
    middle = tag("div", contents, tag("main", notices(told), sections, id="main"), class_="columns")
    return document(told.name, join([header(told), middle, footer(told)]), figures)


def write_text(path: Path, content: str) -> None:
    """Write a text: the file holds the old content or all of the new.

    Parameters
    ----------
    path : Path
        Its folder is made where it does not exist.
    content : str
        Written as UTF-8.
    """
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8", newline="\n")


# --- the frame ---


def resource(name: str) -> str:
    """Return a file that lies beside this module."""
    return resources.files("gigaplan.report").joinpath(name).read_text("utf-8")


def digest(script: str) -> str:
    """Return the hash by which the page's policy names a script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def document(title: str, body: Html, figures: dict[str, Any]) -> str:
    """Return the whole file: policy, style, content, data and scripts."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415  (as slow as looks.drawn says)

    scripts = [get_plotlyjs(), resource("page.js")]
    policy = (
        f"default-src 'none'; script-src {' '.join(map(digest, scripts))};"
        " style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    templates = {theme: looks.template(theme) for theme in looks.THEMES}
    drawn = {"figures": figures, "looks": templates, "palette": list(looks.PALETTE.values())}
    return "".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="color-scheme" content="light dark">\n',
            '<meta name="referrer" content="no-referrer">\n',
            f"<title>{text(title)} – gigaplan</title>\n",
            f"<style>\n{resource('style.css')}</style>\n</head>\n<body>\n",
            f'<a class="skip" href="#main">Skip to the summary</a>\n{body}\n',
            f'<script type="application/json" id="drawn">{data(drawn)}</script>\n',
            *(f"<script>{script}</script>\n" for script in scripts),
            "</body>\n</html>\n",
        ]
    )


def header(told: Facts) -> Html:
    """Return the head of the page: what this is a plan of."""
    facts = (
        f"{told.start} to {told.end} · nominal USD of {told.price_year}"
        f" · worst grade {told.worst_grade}"
    )
    toggle = tag("button", text("Dark"), type="button", id="theme")
    brand = join([tag("strong", text("gigaplan")), text(" report of one run"), toggle])
    note = told.note.strip()
    return tag(
        "header",
        tag("div", brand, class_="brand"),
        tag("h1", text(told.name)),
        tag("p", text(note), class_="note") if note else NOTHING,
        tag("p", text(facts), class_="meta"),
    )


def footer(told: Facts) -> Html:
    """Return the foot of the page: what it rests on, and what made it."""
    made = (
        f"Made by gigaplan {__version__}: one future, at the central values. Nothing on this page"
        " was loaded from a network."
    )
    rests = f"This run {told.rests_on}; worst grade {told.worst_grade}."
    return tag("footer", tag("p", text(rests)), tag("p", text(made)))


def notices(told: Facts) -> Html:
    """Return what a reader must know first: reasons that block, then warnings."""
    stops = set(reasons(BLOCKING))
    blocking = [said for name, said in told.verdicts.items() if name in stops]
    others = [said for name, said in told.verdicts.items() if name not in stops]
    kinds = (("stop", "Stands in the way", blocking), ("warn", "Take note", others))
    rows = [
        tag("p", tag("strong", text(f"{title}: ")), text(said), class_=kind)
        for kind, title, found in kinds
        for said in found
    ]
    return tag("aside", *rows, aria_label="Warnings", class_="notices") if rows else NOTHING


def picture(figures: dict[str, Any], name: str, figure: Any, frame: str = "frame") -> Html:  # noqa: ANN401
    """Return the place of a picture, and keep the picture for the script."""
    if figure is None:
        return NOTHING
    spec = figure.to_plotly_json()
    spec["layout"].pop("template", None)
    meta = spec["layout"].pop("meta")
    figures[name] = spec
    place = tag(
        "div",
        class_="chart",
        data_chart=name,
        role="img",
        aria_label=f"{meta['title']}. {meta['alt']}",
        style=f"height:{spec['layout']['height']}px",
    )
    caption = tag("figcaption", text(meta["alt"]))
    return tag("figure", tag("h3", text(meta["title"])), tag("div", place, class_=frame), caption)


# --- summary ---


def opening(plan: Plan, result: Result, told: Facts) -> Html:
    """Return the summary in words, and the numbers a reader looks for first."""
    words = (tag("p", text(said)) for said in prose.paragraphs(plan, result, told))
    return join([tag("div", *words, class_="lead"), key_numbers(plan, result, told), grades(told)])


def key_numbers(plan: Plan, result: Result, told: Facts) -> Html:
    """Return the numbers a reader looks for first."""
    chips = sum(looks.largest(one.installed_count) for one in result.cluster.values())
    needed = sum(complete_mw(told, site) for site in result.site)
    rented = sum(prose.rented_count(hall) for hall in plan.halls.values())
    capital = sum(told.value(at("site", site, "capex_usd")) for site in result.site)
    capital += sum(told.value(at("cluster", hall, "first_capex_usd")) for hall in result.cluster)
    dates = [told.value(at("site", site, "first_power_date")) for site in result.site]
    first = min((date for date in dates if np.isfinite(date)), default=np.nan)
    party = parties_of(plan)[-1]
    npv = "NPV" if party in plan.parties else "NPV of all parties"
    per_hour = told.value(LEVELISED[0][0])
    found = (
        ("Power when complete", show(needed, "needed_mw"), needed > 0.0),
        ("Chips", number_text(chips), chips > 0.0),
        ("Rented chips", number_text(rented), rented > 0.0),
        ("First power", show(first, "first_date"), np.isfinite(first)),
        (
            "Building and first chips" if chips else "Building and plant",
            show(capital, "capital_usd"),
            capital > 0.0,
        ),
        (npv, told.shown(at("money", party, "npv_usd")), True),
        ("Cost of a chip-hour", told.shown(LEVELISED[0][0]), np.isfinite(per_hour)),
    )
    cells = (
        tag("div", tag("dt", text(name)), tag("dd", split_unit(said)))
        for name, said, there in found
        if there
    )
    return tag("dl", *cells, class_="keys")


def complete_mw(told: Facts, site: str) -> float:
    """Return the power of a site when complete: its need, or its size [MW]."""
    needed = told.value(at("site", site, "needed_mw"))
    return needed if needed > 0.0 else told.value(at("site", site, "capacity_mw"))


def split_unit(said: str) -> Html:
    """Return a shown quantity with its unit set smaller."""
    number, _, unit = said.partition(" ")
    return join([text(number), tag("small", text(f" {unit}"))]) if unit else text(number)


def grades(told: Facts) -> Html:
    """Return what the run rests on, as a bar of grades and in words."""
    counts = {
        grade: sum(one.grade == grade for one in told.figures)
        for grade in GRADE_ORDER
        if any(one.grade == grade for one in told.figures)
    }
    bar = (
        tag("span", text(f"{count} {grade}"), class_=f"grade-{grade}", style=f"flex-grow:{count}")
        for grade, count in counts.items()
    )
    keys = "; ".join(f"{grade} {MEANS[grade]}" for grade in counts)
    words = tag("p", text(f"This run {told.rests_on}. "), tag("small", text(f"{keys}.")))
    return tag("div", words, tag("div", *bar, class_="bar", aria_hidden="true"), class_="rests")


# --- published, built, months ---


def compared(told: Facts, figures: dict[str, Any]) -> Html:
    """Return published figures beside those of the model."""
    known = catalog.sources()
    rows = []
    for one in told.compared:
        name = one.path.rpartition(".")[2]
        said = one.name[:1].upper() + one.name[1:]
        rows.append(
            [
                lines(text(said), text(one.note.strip())),
                text(show(one.published, name)),
                text(show(one.modelled, name)),
                text(one.error_text),
                mark(one.grade),
                cited(one.source, known, one.date),
            ]
        )
    if not rows:
        return NOTHING
    caption = "What was published, what the model says, and by how much they differ."
    heads = ("Figure", "Published", "Modelled", "Error", "Grade", "Source")
    shown = table(text(caption), heads, rows, name="compared stack")
    return join([shown, picture(figures, "errors", charts.errors(told))])


def built(plan: Plan, result: Result, told: Facts, figures: dict[str, Any]) -> Html:
    """Return the tables of sites, halls and work, and the chain of energy."""
    sites = "Sites: need in the worst hour, power when ready, PUE on average and in the worst hour."
    halls = "Halls: chips, their power at the meter, their price with network and storage."
    work = [[text(cell or ABSENT) for cell in row] for row in work_rows(plan, told)]
    return join(
        [
            table(
                text(sites),
                ("Site", "Needs", "Campus", "First", "Full", "PUE", "Worst PUE", "Capital"),
                site_rows(plan, result, told),
            ),
            table(
                text(halls),
                (
                    "Hall",
                    "Chips",
                    "Peak each",
                    "Mean each",
                    "Price each",
                    "First fleet",
                    "All fleets",
                ),
                hall_rows(plan, result, told),
            ),
            table(
                text("Workloads: how fast they run, and where."),
                ("Workload", "Hall", "Speed", "Efficiency", "Latency or length", "Goodput"),
                work[1:],
                left=2,
            ),
            picture(figures, "chain", charts.chain(plan, result), "frame wide"),
        ]
    )


def site_rows(plan: Plan, result: Result, told: Facts) -> list[list[Html]]:
    """Return one row for each site."""
    rows = []
    for name in result.site:
        group = plan.site_groups.get(name)
        site = plan.sites[name] if group is None else group.site
        like = "" if group is None else f"{group.members} like sites, "
        place = text(f"{like}{plan.entities[site.place].title}")
        said = (text(told.shown(at("site", name, part))) for part in SITE_PARTS)
        rows.append([lines(text(name), place), *said])
    return rows


def hall_rows(plan: Plan, result: Result, told: Facts) -> list[list[Html]]:
    """Return one row for each hall."""
    rows = []
    for name, one in result.cluster.items():
        system = hall_parts(plan, name)[1].title
        kilowatts = (
            told.value(at("cluster", name, f"{part}_kw_per_chip")) for part in ("peak", "mean")
        )
        money = ("price_usd_per_chip", "first_capex_usd", "capex_usd")
        rows.append(
            [
                lines(text(name), text(system)),
                text(number_text(looks.largest(one.installed_count))),
                *(text(f"{kw:.2f} kW") for kw in kilowatts),
                *(text(told.shown(at("cluster", name, part))) for part in money),
            ]
        )
    return rows


def by_month(plan: Plan, result: Result, told: Facts, figures: dict[str, Any]) -> Html:
    """Return power and chips by month, and what binds when."""
    rows = []
    for one in told.spans:
        limit = "nothing is wanted yet" if one.limit == "-" else one.limit
        words = (one.hall, one.first, one.last, one.months, limit)
        rows.append([text(word) for word in words])
    caption = "What binds: the limit that holds the chips in service back, month by month."
    binding = table(text(caption), ("Hall", "From", "To", "Months", "Limit"), rows, name="narrow")
    title = tag("summary", text(f"Binding limits as a table ({len(rows)} spans)"))
    sites, halls = list(result.site)[:MOST_CHARTS], list(result.cluster)[:MOST_CHARTS]
    return join(
        [
            *(
                picture(figures, f"power-{index}", charts.power(plan, result, site))
                for index, site in enumerate(sites)
            ),
            *(
                picture(figures, f"chips-{index}", charts.chips(result, hall))
                for index, hall in enumerate(halls)
            ),
            tag("details", title, binding) if rows else NOTHING,
        ]
    )


# --- money ---


def parties_of(plan: Plan) -> list[str]:
    """Return the parties, and all together where there are several."""
    return [*plan.parties] if len(plan.parties) == 1 else [*plan.parties, looks.CONSOLIDATED]


def money(plan: Plan, result: Result, told: Facts, figures: dict[str, Any]) -> Html:
    """Return what each party earns, unit costs, and cash and debt by month."""
    parties = parties_of(plan)
    costs = [
        [text(words), text(told.shown(path))]
        for path, words in LEVELISED
        if np.isfinite(told.value(path))
    ]
    pictures = []
    for index, name in enumerate(parties[:MOST_CHARTS]):
        both = [
            picture(figures, f"cash-{index}", charts.cash(result, name)),
            picture(figures, f"debt-{index}", charts.debt(result, name)),
        ]
        pictures.append(tag("div", *both, class_="pair"))
    returns = "Returns to the owners of each party, after debt and tax."
    levelised = "Levelised costs of all parties together: discounted cost over discounted output,"
    return join(
        [
            table(
                text(returns),
                PARTY_HEADS,
                [party_row(plan, told, name) for name in parties],
            ),
            table(
                text(f"{levelised} before tax and financing."),
                ("Unit", "Cost"),
                costs,
                name="narrow",
            ),
            *pictures,
        ]
    )


def party_row(plan: Plan, told: Facts, name: str) -> list[Html]:
    """Return what one party earns."""
    party = plan.parties.get(name)
    rate = None if party is None else party.discount_frac_per_year
    rate = plan.discount_frac_per_year if rate is None else rate
    role = "contracts between them cancel" if party is None else party.role
    return [
        lines(text(looks.called(name)), text(role)),
        text(show(float(np.atleast_1d(rate)[0]), "discount_frac_per_year")),
        text(told.shown(at("money", name, "npv_usd"))),
        text(percent(told.value(at("money", name, "equity_irr_frac_per_year")))),
        text(percent(told.value(at("money", name, "project_irr_frac_per_year")))),
        text(formed(told.value(at("money", name, "dscr_min_ratio")), ".2f")),
        text(told.shown(at("money", name, "peak_equity_usd"))),
        text(formed(told.value(at("money", name, "payback_years")), ".1f", " years")),
    ]


def percent(value: float) -> str:
    """Return a rate to a tenth of a percent."""
    return formed(100.0 * value, ".1f", " %")


def formed(value: float, form: str, unit: str = "") -> str:
    """Return a number in a form, a dash where there is none."""
    return f"{value:{form}}{unit}" if np.isfinite(value) else ABSENT


# --- what one unit is worth ---


def worth(plan: Plan, told: Facts, figures: dict[str, Any]) -> Html:
    """Return what one unit is worth: a picture by party, a table of all."""
    parties = parties_of(plan)
    panels: dict[str, Html] = {}
    for index, name in enumerate(reversed(parties[-MOST_CHARTS:])):
        drawn = picture(figures, f"worth-{index}", charts.worth(told, name))
        if drawn:
            panels[name] = drawn
    heads = ["Unit", "Grade", *map(looks.called, parties), "Chip-hour", "Mtoken"]
    size, unit = worth_size(told, parties)
    caption = (
        f"Change of each party's NPV in {unit}, with P10 to P90 over the ranges, and of its equity"
        " IRR in points; change of the levelised costs in USD."
    )
    rows = [worth_row(one, parties, size) for one in told.worth]
    bodies = [tag("div", body, data_panel=str(index)) for index, body in enumerate(panels.values())]
    shown = table(text(caption), heads, rows, name="worth")
    return join([choice(list(panels)) if len(panels) > 1 else NOTHING, *bodies, shown])


def choice(parties: Sequence[str]) -> Html:
    """Return the control that chooses whose worth is drawn."""
    options = (
        tag("option", text(looks.called(name)), value=str(index))
        for index, name in enumerate(parties)
    )
    label = tag("label", text("Seen by "), for_="party")
    return tag("p", label, tag("select", *options, id="party"), class_="choice")


def worth_size(told: Facts, parties: Sequence[str]) -> tuple[float, str]:
    """Return one unit of money for the whole table, so that rows compare."""
    paths = [at("money", name, "npv_usd") for name in parties]
    most = looks.largest(
        [one.change[path] for one in told.worth for path in paths if path in one.change]
    )
    return next(pair for pair in TABLE_UNITS if most >= SHOWN_UNITS * pair[0] or pair[0] == 1.0)


def worth_row(one: Worth, parties: Sequence[str], size: float) -> list[Html]:
    """Return what one unit is worth to each party."""
    known = catalog.sources()
    titles = "; ".join(known[name].title if name in known else name for name in one.sources)
    return [
        lines(text(one.unit[:1].upper() + one.unit[1:]), text(titles)),
        mark(one.grade),
        *(worth_cell(one, name, size) for name in parties),
        text(cost_change(one, LEVELISED[0][0])),
        text(cost_change(one, LEVELISED[1][0])),
    ]


def worth_cell(one: Worth, party: str, size: float) -> Html:
    """Return the change of a party's NPV, its range, that of its IRR."""
    absent = (np.nan,) * 3
    change = one.change.get(at("money", party, "npv_usd"), absent)
    points = 100.0 * one.change.get(at("money", party, "equity_irr_frac_per_year"), absent)[0]
    if not any(change):
        return text("0")
    middle, low, high = (amount(value / size) for value in change)
    irr = f"IRR {points:+.2f}" if abs(points) >= SMALL_POINTS else ""
    return lines(text(middle), text(f"{low} to {high}" if low != ABSENT else ""), text(irr))


def amount(value: float) -> str:
    """Return a change with its sign: three figures, whole from a hundred on."""
    return formed(value, "+,.0f" if abs(value) >= WHOLE_FROM else "+.3g")


def cost_change(one: Worth, path: str) -> str:
    """Return the change of a unit cost."""
    middle = one.change.get(path, (np.nan,) * 3)[0]
    return "0" if abs(middle) < SMALL_USD else formed(middle, "+.4f")
