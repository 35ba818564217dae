"""One self-contained page of a run, for people who decide: words, tables, pictures, sources.

The page loads nothing: scripts, styles and data stand in it, and its policy lets the browser run
those scripts alone, by their hash.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import fields, is_dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from gigaplan import __version__, catalog
from gigaplan.figure import BLOCKING, CATALOG, GRADE_ORDER, Figure, Grade, brief, reasons, split
from gigaplan.report import charts, prose
from gigaplan.report.markup import NOTHING, Html, data, join, lines, link, table, tag, text
from gigaplan.report.text import ranged, signed, work_rows
from gigaplan.units import Steps, number_text, show, stem, suffix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gigaplan.figure import Source
    from gigaplan.futures import Worth
    from gigaplan.plan import Plan, Result
    from gigaplan.report.facts import Facts

WORST_FIRST = ("D", "yours", "C", "B", "A")
MEANS = {**{grade.name: grade.value for grade in Grade}, "yours": "given in this plan without a source"}
MOST_CHARTS = 6
"""Sites, halls and parties with pictures of their own; the tables hold them all."""
ABSENT = "–"
LEVELISED = (
    ("levelised.chip_usd_per_chip_h", "a chip in service for an hour"),
    ("levelised.token_usd_per_mtoken", "a million output tokens"),
    ("levelised.shell_usd_per_kw_month", "a kilowatt of critical IT ready for a month, energy apart"),
)


def page(plan: Plan, result: Result, told: Facts) -> str:
    """Return a run as one HTML page that needs no network.

    Parameters
    ----------
    plan : Plan
        As simulated, of one future.
    result : Result
        What `simulate` returned.
    told : Facts
        What `report.facts.facts` said of both.
    """
    figures: dict[str, Any] = {}
    parts = [
        section("summary", "Summary", opening(plan, result, told)),
        section("published", "Published beside modelled", compared(told, figures)),
        section("plan", "What is built, and what it does", built(plan, result, told, figures)),
        section("months", "Power and chips by month", by_month(plan, result, told, figures)),
        section("money", "Who earns what", money(plan, result, told, figures)),
        section("worth", "What one unit is worth", worth(plan, told, figures)),
        section("assumptions", "Assumptions", assumptions(plan, told)),
        section("next", "How to go on", onward(plan, told)),
    ]
    kept = [(name, title, body) for name, title, body in parts if body]
    contents = tag("nav", tag("ul", *(tag("li", tag("a", text(title), href=f"#{name}")) for name, title, _ in kept)), aria_label="Contents")
    main = join(
        tag("section", tag("h2", text(title), id=name), body, aria_labelledby=name) for name, title, body in kept
    )
    return document(told.name, join([header(told), tag("div", contents, tag("main", notices(told), main, id="main"), class_="columns"), footer(told)]), figures)


def section(name: str, title: str, body: Html) -> tuple[str, str, Html]:
    """Return a part of the page with its anchor and heading."""
    return name, title, body


# --- the frame ---


def resource(name: str) -> str:
    """Return a file that lies beside this module."""
    return resources.files("gigaplan.report").joinpath(name).read_text("utf-8")


def digest(script: str) -> str:
    """Return the hash by which the page's policy names a script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def document(title: str, body: Html, figures: dict[str, Any]) -> str:
    """Return the whole file: policy, style, content, data and scripts."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    scripts = [get_plotlyjs(), resource("page.js")]
    policy = (
        f"default-src 'none'; script-src {' '.join(map(digest, scripts))}; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
    looks = {theme: charts.template(theme) for theme in charts.THEMES}
    drawn = {"figures": figures, "looks": looks, "palette": list(charts.PALETTE.values())}
    return "".join([
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n',
        f"<title>{text(title)} – gigaplan</title>\n<style>\n{resource('style.css')}</style>\n</head>\n<body>\n",
        f'<a class="skip" href="#main">Skip to the summary</a>\n{body}\n',
        f'<script type="application/json" id="drawn">{data(drawn)}</script>\n',
        *(f"<script>{script}</script>\n" for script in scripts),
        "</body>\n</html>\n",
    ])  # fmt: skip


def header(told: Facts) -> Html:
    """Return the head of the page: what this is a plan of."""
    facts = f"{told.start} to {told.end} · nominal USD of {told.price_year} · worst grade {told.worst_grade}"
    toggle = tag("button", text("Dark"), type="button", id="theme", aria_label="Switch between light and dark")
    return tag(
        "header", tag("p", tag("strong", text("gigaplan")), text(" report of one run"), toggle, class_="brand"),
        tag("h1", text(told.name)), tag("p", text(told.note.strip()), class_="note") if told.note else NOTHING,
        tag("p", text(facts), class_="meta"),
    )  # fmt: skip


def footer(told: Facts) -> Html:
    """Return the foot of the page: what it rests on, and what made it."""
    return tag(
        "footer", tag("p", text(f"This run {told.rests_on}; worst grade {told.worst_grade}.")),
        tag("p", text(f"Made by gigaplan {__version__}. One future at the central values; nothing on this page was loaded from a network.")),
    )  # fmt: skip


def notices(told: Facts) -> Html:
    """Return what a reader must know first: reasons that block, then warnings."""
    if not told.verdicts:
        return NOTHING
    stops = set(reasons(BLOCKING))
    rows = sorted(told.verdicts.items(), key=lambda pair: pair[0] not in stops)
    return tag(
        "aside",
        *(
            tag("p", tag("strong", text("Stands in the way: " if name in stops else "Take note: ")), text(said), class_="stop" if name in stops else "warn")
            for name, said in rows
        ),
        aria_label="Warnings", class_="notices",
    )  # fmt: skip


def drawn(figures: dict[str, Any], name: str, figure: Any, wide: bool = False) -> Html:  # noqa: ANN401
    """Return the place of a picture, and keep the picture for the script; nothing for no picture."""
    if figure is None:
        return NOTHING
    spec = figure.to_plotly_json()
    spec["layout"].pop("template", None)
    meta = spec["layout"].pop("meta")
    figures[name] = spec
    place = tag(
        "div", class_="chart", id=f"chart-{name}", data_chart=name, role="img", aria_label=meta["alt"],
        style=f"height:{figure.layout.height}px",
    )  # fmt: skip
    return tag(
        "figure", tag("h3", text(meta["title"])), tag("div", place, class_="frame wide" if wide else "frame"), tag("figcaption", text(meta["alt"]))
    )


# --- summary ---


def opening(plan: Plan, result: Result, told: Facts) -> Html:
    """Return the summary in words, and the numbers a reader looks for first."""
    words = tag("p", text(" ".join(prose.summary(plan, result, told))), class_="lead")
    return join([words, key_numbers(plan, result, told), grades(told)])


def key_numbers(plan: Plan, result: Result, told: Facts) -> Html:
    """Return the numbers a reader looks for first."""
    chips = sum(float(np.nanmax(one.installed_count[:, 0])) for one in result.cluster.values())
    needed = sum(told.value(f"site.{site}.needed_mw") for site in result.site)
    capital = sum(told.value(f"site.{site}.capex_usd") for site in result.site)
    capital += sum(told.value(f"cluster.{hall}.first_capex_usd") for hall in result.cluster)
    first = min((told.value(f"site.{site}.first_power_date") for site in result.site), default=np.nan)
    party = next(iter(plan.parties)) if len(plan.parties) == 1 else "consolidated"
    found = (
        ("Power when complete", show(needed, "needed_mw"), needed > 0),
        ("Chips", number_text(chips), chips > 0),
        ("First power", show(first, "first_power_date"), np.isfinite(first)),
        ("Building and first chips", show(capital, "capital_usd"), capital > 0),
        ("NPV, all parties" if party == "consolidated" else "NPV", told.shown(f"money.{party}.npv_usd"), True),
        ("Cost of a chip-hour", told.shown(LEVELISED[0][0]), np.isfinite(told.value(LEVELISED[0][0]))),
    )
    return tag("dl", *(tag("div", tag("dt", text(name)), tag("dd", quantity(said))) for name, said, there in found if there), class_="keys")


def quantity(said: str) -> Html:
    """Return a shown quantity with its unit set smaller."""
    number, _, unit = said.partition(" ")
    return join([text(number), tag("small", text(f" {unit}"))]) if unit else text(number)


def grades(told: Facts) -> Html:
    """Return what the run rests on, as a bar of grades and in words."""
    counts = {grade: sum(figure.grade == grade for figure in told.figures) for grade in GRADE_ORDER}
    held = {grade: count for grade, count in counts.items() if count}
    bar = join(
        tag("span", text(f"{count} {grade}"), class_=f"grade-{grade}", style=f"flex-grow:{count}", title=f"{grade}: {MEANS[grade]}")
        for grade, count in held.items()
    )
    keys = "; ".join(f"{grade} {MEANS[grade]}" for grade in held)
    line = tag("p", text(f"This run {told.rests_on}. "), tag("small", text(f"{keys}.")), class_="rests")
    return tag("div", line, tag("div", bar, class_="bar", aria_hidden="true"), class_="rest")


# --- published, built, months ---


def compared(told: Facts, figures: dict[str, Any]) -> Html:
    """Return published figures beside those of the model."""
    known = catalog.sources()
    rows = []
    for one in told.compared:
        name = one.path.rpartition(".")[2]
        rows.append([
            lines(text(one.name[:1].upper() + one.name[1:]), text(one.note.strip())), text(show(one.published, name)), text(show(one.modelled, name)),
            text(one.error_text), chip(one.grade), cited(one.source, known, one.date),
        ])  # fmt: skip
    told_table = table(
        text("What was published, what the model says, and the difference. The model did not see these figures unless the note says so."),
        ("Figure", "Published", "Modelled", "Error", "Grade", "Source"), rows, name="compared",
    )  # fmt: skip
    return join([told_table, drawn(figures, "errors", charts.errors(told))]) if rows else NOTHING


def chip(grade: str) -> Html:
    """Return a grade as a small mark."""
    return tag("span", text(grade or ABSENT), class_=f"mark grade-{grade}", title=MEANS.get(grade, "")) if grade else text(ABSENT)


def cited(name: str, known: dict[str, Source], date: str = "", where: str = "") -> Html:
    """Return a source by its title, with a link where there is one."""
    if not name:
        return text(ABSENT)
    source = known.get(name)
    if source is None:
        return lines(text(name), text(date))
    more = ", ".join(part for part in (source.publisher, date or source.date, where) if part)
    return lines(link(source.link, source.title), text(more))


def built(plan: Plan, result: Result, told: Facts, figures: dict[str, Any]) -> Html:
    """Return the tables of sites, halls and workloads, and the chain of energy."""
    works = [[text(cell) for cell in row] for row in work_rows(plan, told)]
    return join([
        table(text("Sites: what they need in the worst hour, when power is ready, how they run and what they cost."),
              ("Site", "Needs", "Campus", "First power", "Full power", "PUE", "Worst hour", "Capital"), site_rows(plan, result, told)),
        table(text("Halls: chips, their power at the meter, and their price with network and storage."),
              ("Hall", "Chips", "Peak per chip", "Mean per chip", "All-in price", "First fleet", "With replacements"), hall_rows(plan, result, told)),
        table(text("Workloads: how fast they run where."), ("Workload", "Hall", "Speed", "Efficiency", "Latency or length", "Goodput"), works[1:], left=2),
        drawn(figures, "chain", charts.chain(plan, result), wide=True),
    ])  # fmt: skip


def site_rows(plan: Plan, result: Result, told: Facts) -> list[list[Html]]:
    """Return one row for each site."""
    rows = []
    for name in result.site:
        group = plan.site_groups.get(name)
        site = plan.sites[name] if group is None else group.site
        place = plan.entities[site.place].title
        told_of = [told.shown(f"site.{name}.{part}") for part in (
            "needed_mw", "capacity_mw", "first_power_date", "full_power_date", "pue_ratio", "peak_pue_ratio", "capex_usd")]  # fmt: skip
        rows.append([lines(text(name), text(place if group is None else f"{group.members} like sites, {place}")), *map(text, told_of)])
    return rows


def hall_rows(plan: Plan, result: Result, told: Facts) -> list[list[Html]]:
    """Return one row for each hall."""
    rows = []
    for name, one in result.cluster.items():
        path = f"cluster.{name}"
        parts = ("price_usd_per_chip", "first_capex_usd", "capex_usd")
        rows.append([
            lines(text(name), text(plan.entities[prose.hall_of(plan, name).system].title)), text(number_text(float(np.nanmax(one.installed_count[:, 0])))),
            *(text(f"{told.value(f'{path}.{part}'):.2f} kW") for part in ("peak_kw_per_chip", "mean_kw_per_chip")),
            *(text(told.shown(f"{path}.{part}")) for part in parts),
        ])  # fmt: skip
    return rows


def by_month(plan: Plan, result: Result, told: Facts, figures: dict[str, Any]) -> Html:
    """Return power and chips by month, and what binds when."""
    sites, halls = list(result.site)[:MOST_CHARTS], list(result.cluster)[:MOST_CHARTS]
    rows = [[text(one.hall), text(one.first), text(one.last), text(one.months), text(one.limit.replace("-", "nothing wanted yet"))] for one in told.spans]
    binding = table(
        text("What binds: the limit that holds the chips in service back, month by month."), ("Hall", "From", "To", "Months", "Limit"), rows,
    )  # fmt: skip
    return join([
        *(drawn(figures, f"power-{index}", charts.power(plan, result, site)) for index, site in enumerate(sites)),
        *(drawn(figures, f"chips-{index}", charts.chips(result, hall)) for index, hall in enumerate(halls)),
        folded(f"Binding limits as a table ({len(rows)} spans)", binding) if rows else NOTHING,
    ])  # fmt: skip


def folded(title: str, content: Html) -> Html:
    """Return content that opens on request, and in print."""
    return tag("details", tag("summary", text(title)), content)


# --- money ---


def parties_of(plan: Plan) -> list[str]:
    """Return the parties, and all together where there are several."""
    return [*plan.parties] if len(plan.parties) == 1 else [*plan.parties, "consolidated"]


def money(plan: Plan, result: Result, told: Facts, figures: dict[str, Any]) -> Html:
    """Return what each party earns, unit costs, and cash and debt by month."""
    parties = parties_of(plan)
    costs = [[text(words[:1].upper() + words[1:]), text(told.shown(path))] for path, words in LEVELISED if np.isfinite(told.value(path))]
    pictures = []
    for index, name in enumerate(parties[:MOST_CHARTS]):
        pictures += [drawn(figures, f"cash-{index}", charts.cash(result, name)), drawn(figures, f"debt-{index}", charts.debt(result, name))]
    return join([
        table(text("Parties: returns to their owners after debt and tax; all together, contracts between parties cancel."),
              ("Party", "Discount", "NPV", "Equity IRR", "Project IRR", "Lowest DSCR", "Peak equity", "Payback"),
              [party_row(plan, told, name) for name in parties]),
        table(text("Levelised costs of all parties together: discounted cost over discounted output, before tax and financing."),
              ("Unit", "Cost"), costs, name="narrow"),
        tag("div", *pictures, class_="pair"),
    ])  # fmt: skip


def party_row(plan: Plan, told: Facts, name: str) -> list[Html]:
    """Return what one party earns."""
    path = f"money.{name}"
    party = plan.parties.get(name)
    role = "contracts cancel" if party is None else party.role
    rate = None if party is None else party.discount_frac_per_year
    rate = plan.discount_frac_per_year if rate is None else rate
    return [
        lines(text("all together" if party is None else name), text(role)), text(show(float(np.atleast_1d(rate)[0]), "rate_frac_per_year")),
        text(told.shown(f"{path}.npv_usd")), text(percent(told.value(f"{path}.equity_irr_frac_per_year"))),
        text(percent(told.value(f"{path}.project_irr_frac_per_year"))), text(plain_number(told.value(f"{path}.dscr_min_ratio"), ".2f")),
        text(told.shown(f"{path}.peak_equity_usd")), text(plain_number(told.value(f"{path}.payback_years"), ".1f", " years")),
    ]  # fmt: skip


def percent(value: float) -> str:
    """Return a rate to a tenth of a percent."""
    return f"{100 * value:.1f} %" if np.isfinite(value) else ABSENT


def plain_number(value: float, form: str, unit: str = "") -> str:
    """Return a number in a form, a dash where there is none."""
    return f"{value:{form}}{unit}" if np.isfinite(value) else ABSENT


# --- what one unit is worth ---


def worth(plan: Plan, told: Facts, figures: dict[str, Any]) -> Html:
    """Return what one unit of each thing is worth, to one party as a picture and to all as a table."""
    parties = parties_of(plan)
    panels = [(name, drawn(figures, f"worth-{index}", charts.worth(told, name))) for index, name in enumerate(reversed(parties[-MOST_CHARTS:]))]
    panels = [(name, panel) for name, panel in panels if panel]
    choices = join(tag("option", text("all together" if name == "consolidated" else name), value=str(index)) for index, (name, _) in enumerate(panels))
    select = tag("p", tag("label", text("Seen by "), for_="party"), tag("select", choices, id="party"), class_="choice")
    heads = ["Unit", "Grade", *("all together" if name == "consolidated" else name for name in parties), "Chip-hour", "Mtoken"]
    rows = [worth_row(one, parties) for one in told.worth]
    told_table = table(
        text("Change of each party's NPV in MUSD (P10 to P90 over the ranges), of its equity IRR in points, and of the levelised costs in USD."),
        heads, rows, name="worth",
    )  # fmt: skip
    bodies = join(tag("div", panel, class_="panel", data_panel=str(index)) for index, (_, panel) in enumerate(panels))
    return join([select if len(panels) > 1 else NOTHING, bodies, told_table])


def worth_row(one: Worth, parties: Sequence[str]) -> list[Html]:
    """Return what one unit is worth to each party."""
    cells = []
    for name in parties:
        irr = one.change.get(f"money.{name}.equity_irr_frac_per_year", (np.nan,) * 3)[0]
        said = ranged(one, f"money.{name}.npv_usd")
        middle, _, rest = said.partition(" (")
        more = f"({rest}" if rest else ""
        cells.append(lines(text(middle), text(more), text(f"IRR {100 * irr:+.2f}" if np.isfinite(irr) and irr else "")))
    known = catalog.sources()
    titles = "; ".join(known[name].title if name in known else name for name in one.sources)
    return [
        lines(text(one.unit[:1].upper() + one.unit[1:]), text(titles)), chip(one.grade), *cells,
        text(signed(one, "levelised.chip_usd_per_chip_h")), text(signed(one, "levelised.token_usd_per_mtoken")),
    ]  # fmt: skip


# --- assumptions ---


def assumptions(plan: Plan, told: Facts) -> Html:
    """Return every figure the run rests on, worst first, with a filter."""
    known = catalog.sources()
    ranked = sorted(told.figures, key=lambda one: (WORST_FIRST.index(one.grade) if one.grade in WORST_FIRST else 0, one.path))
    heads = ("Figure", "Grade", "Value", "Range", "Source", "Basis and note")
    rows = [figure_row(plan, one, known) for one in ranked]
    held = [grade for grade in WORST_FIRST if any(one.grade == grade for one in ranked)]
    boxes = join(
        tag("label", Html(f'<input type="checkbox" value="{grade}" checked>'), text(f" {grade}"), title=MEANS[grade]) for grade in held
    )
    search = join([tag("label", text("Find"), for_="find"), Html('<input type="search" id="find" placeholder="price, shell, nvidia …" autocomplete="off">')])
    count = tag("p", text(f"{len(rows)} of {len(rows)} figures"), id="found", role="status")
    tools = tag("div", tag("div", search, class_="find"), tag("fieldset", tag("legend", text("Grade")), boxes, id="grades"), count, class_="filter")
    caption = text("Every figure the run rests on, worst grade first. The range is what futures draw from and what the P10 to P90 above rest on.")
    return join([tools, table(caption, heads, rows, name="figures")]) if rows else NOTHING


def figure_row(plan: Plan, one: Figure, known: dict[str, Source]) -> list[Html]:
    """Return one figure with its range, grade, source and note."""
    name = unit_name(one.path)
    span = f"{worded(one.low, name)} to {worded(one.high, name)}" if one.uncertain else ABSENT
    origin = cited(one.source, known, one.date, one.page)
    if not one.source and one.line and not one.path.startswith(CATALOG):
        origin = text(f"plan, line {one.line}")
    said = described(plan, one.path) or stem(name).replace("_", " ")
    return [
        lines(text(said[:1].upper() + said[1:]), tag("code", text(brief(one.path)))), chip(one.grade), text(worded(one.value, name)), text(span), origin,
        lines(text(one.basis), text(one.note)),
    ]  # fmt: skip


def unit_name(path: str) -> str:
    """Return the part of a path that says the unit."""
    parts = split(path.removeprefix(CATALOG))
    return next((part for part in reversed(parts) if suffix(part)), parts[-1])


def worded(value: float, name: str) -> str:
    """Return a number with the unit of its name, bare where the name has none."""
    return show(value, name) if suffix(name) else number_text(value)


def described(plan: Plan, path: str) -> str:
    """Return what a figure is, in the words of the field that holds it."""
    here: Any = plan.entities if path.startswith(CATALOG) else plan
    words = ""
    for key in split(path.removeprefix(CATALOG)):
        if isinstance(here, Steps):
            return f"{words}: from" if key == "from_date" else words
        if is_dataclass(here):
            held = next((item for item in fields(here) if item.name == key), None)
            if held is None:
                return words
            words, here = str(held.metadata.get("doc", "")), getattr(here, key)
        elif isinstance(here, dict) and key in here:
            here = here[key]
            words = f"{words}, {key}" if words else ""
        elif not key.isdecimal() or not isinstance(here, tuple):
            return words
    return words


# --- how to go on ---


def onward(plan: Plan, told: Facts) -> Html:
    """Return commands that continue from here, with paths of this plan."""
    rows = [(tag("code", text(command)), text(words)) for command, words in commands(plan, told)]
    listing = join(join([tag("dt", command), tag("dd", words)]) for command, words in rows)
    return join([tag("p", text("With the plan file in hand; every figure on this page can be changed by its path.")), tag("dl", listing, class_="commands")])


def commands(plan: Plan, told: Facts) -> Iterator[tuple[str, str]]:
    """Yield commands and what they answer."""
    party = next(iter(plan.parties), "owner")
    npv = f"money.{party}.npv_usd"
    unsure = [figure for figure in told.figures if figure.uncertain and not figure.path.startswith(CATALOG) and not figure.path.endswith("_date")]
    pick = next((figure for figure in unsure if figure.grade == "D"), unsure[0] if unsure else None)
    if pick is not None:
        name = unit_name(pick.path)
        yield f'gigaplan run plan.yaml --set {brief(pick.path)}="{worded(pick.high, name)}"', "what changes when one figure does"
        yield f"gigaplan breakeven plan.yaml {brief(pick.path)} {npv}", "where that figure makes the NPV zero"
    yield f"gigaplan why plan.yaml {npv}", "what moves the result, with source and grade"
    yield "gigaplan futures plan.yaml -n 1e5", "P10, P50 and P90 over all ranges at once"
    yield "gigaplan cite plan.yaml", "the sources of every figure, for a footnote"


Section = "Callable[..., Html]"
