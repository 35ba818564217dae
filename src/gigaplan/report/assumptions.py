"""The figures that a run rests on, worst first, and the commands that go on from there."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from gigaplan import catalog
from gigaplan.figure import CATALOG, Figure, Grade, brief, split
from gigaplan.report.markup import NOTHING, Html, join, lines, link, table, tag, text
from gigaplan.units import Steps, number_text, show, stem, suffix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gigaplan.figure import Source
    from gigaplan.plan import Plan
    from gigaplan.report.facts import Facts

WORST_FIRST = ("D", "yours", "C", "B", "A")
MEANS = {grade.name: grade.value for grade in Grade} | {"yours": "given here without a source"}
ABSENT = "–"


def assumptions(plan: Plan, told: Facts) -> Html:
    """Return every figure the run rests on, worst first, with a filter.

    Parameters
    ----------
    plan : Plan
        For what each figure is.
    told : Facts
        With the figures.
    """
    known = catalog.sources()
    ranked = sorted(told.figures, key=lambda one: (WORST_FIRST.index(one.grade), one.path))
    rows = [figure_row(plan, one, known) for one in ranked]
    caption = (
        "Every figure the run rests on, worst grade first. The range is what futures draw from, and"
        " what every P10 to P90 above rests on."
    )
    heads = ("Figure", "Grade", "Value", "Range", "Source", "Basis and note")
    shown = table(text(caption), heads, rows, name="figures stack")
    held = [grade for grade in WORST_FIRST if any(one.grade == grade for one in ranked)]
    return join([controls(held, len(rows)), shown]) if rows else NOTHING


def controls(held: list[str], count: int) -> Html:
    """Return the filter above the table: words, and grades."""
    boxes = (
        tag(
            "label",
            Html(f'<input type="checkbox" value="{grade}" checked>'),
            text(grade),
            title=MEANS[grade],
        )
        for grade in held
    )
    search = Html(
        '<input type="search" id="find" placeholder="price, shell, nvidia …" autocomplete="off">'
    )
    return tag(
        "div",
        tag("div", tag("label", text("Find"), for_="find"), search, class_="find"),
        tag("fieldset", tag("legend", text("Grade")), *boxes, id="grades"),
        tag("p", text(f"{count} of {count} figures"), id="found", role="status"),
        class_="filter",
    )


def figure_row(plan: Plan, one: Figure, known: Mapping[str, Source]) -> list[Html]:
    """Return one figure with its range, grade, source and note."""
    name = unit_name(one.path)
    origin = cited(one.source, known, one.date, one.page)
    if not one.source and one.line and not one.path.startswith(CATALOG):
        origin = text(f"plan, line {one.line}")
    said = described(plan, one.path) or stem(name).replace("_", " ")
    return [
        lines(text(said[:1].upper() + said[1:]), tag("code", text(brief(one.path)))),
        mark(one.grade),
        text(worded(one.value, name)),
        text(spanned(one, name) if one.uncertain else ABSENT),
        origin,
        lines(text(one.basis), text(one.note)) if one.basis else text(one.note),
    ]


def mark(grade: str) -> Html:
    """Return a grade as a small mark."""
    if not grade:
        return text(ABSENT)
    return tag("span", text(grade), class_=f"mark grade-{grade}", title=MEANS.get(grade, ""))


def cited(name: str, known: Mapping[str, Source], date: str = "", where: str = "") -> Html:
    """Return a source by its title, with a link where there is one."""
    if not name:
        return text(ABSENT)
    source = known.get(name)
    if source is None:
        return lines(text(name), text(date))
    more = [part for part in (source.publisher, date or source.date, where) if part]
    return lines(link(source.link, source.title), text(", ".join(more)))


def unit_name(path: str) -> str:
    """Return the part of a path that says the unit."""
    parts = split(path.removeprefix(CATALOG))
    return next((part for part in reversed(parts) if suffix(part)), parts[-1])


def worded(value: float, name: str) -> str:
    """Return a number with the unit of its name, bare where the name has none."""
    return show(value, name) if suffix(name) else number_text(value)


def spanned(one: Figure, name: str) -> str:
    """Return a range, its unit said once where both ends have the same."""
    low, high = worded(one.low, name), worded(one.high, name)
    number, _, unit = low.partition(" ")
    return f"{number} to {high}" if unit and high.endswith(f" {unit}") else f"{low} to {high}"


def described(plan: Plan, path: str) -> str:
    """Return what a figure is, in its field's words; empty where it has none."""
    here: Any = plan.entities if path.startswith(CATALOG) else plan
    words = ""
    for key in split(path.removeprefix(CATALOG)):
        if isinstance(here, Steps):
            words = f"{words}: from" if key == "from_date" else words
        elif is_dataclass(here):
            held = next((item for item in fields(here) if item.name == key), None)
            if held is None:
                return ""
            words, here = str(held.metadata.get("doc", "")), getattr(here, key)
        elif isinstance(here, dict) and key in here:
            words, here = f"{words}, {key}" if words else "", here[key]
        elif isinstance(here, tuple) and key.isdecimal() and int(key) < len(here):
            here = here[int(key)]
        else:
            return ""
    return words


# --- how to go on ---


def onward(plan: Plan, told: Facts) -> Html:
    """Return commands that continue from here, with paths of this plan.

    Parameters
    ----------
    plan : Plan
        For the names of its parties.
    told : Facts
        With the figures.
    """
    rows = (
        join([tag("dt", tag("code", text(command))), tag("dd", text(words))])
        for command, words in commands(plan, told)
    )
    lead = "With the plan file in hand; every figure above can be changed by its path."
    return join([tag("p", text(lead)), tag("dl", *rows, class_="commands")])


def commands(plan: Plan, told: Facts) -> Iterator[tuple[str, str]]:
    """Yield commands and what they answer."""
    npv = f"money.{next(iter(plan.parties), 'owner')}.npv"
    unsure = [one for one in told.figures if one.uncertain and not one.path.endswith("_date")]
    own = [one for one in unsure if not one.path.startswith(CATALOG)]
    pick = next(iter([one for one in own if one.grade == "D"] or own or unsure), None)
    if pick is not None:
        path, high = brief(pick.path), worded(pick.high, unit_name(pick.path))
        yield f'gigaplan run plan.yaml --set {path}="{high}"', "what one changed figure changes"
        yield f"gigaplan breakeven plan.yaml {path} {npv}", "where that figure makes the NPV zero"
    yield f"gigaplan why plan.yaml {npv}", "what moves the result, with source and grade"
    yield "gigaplan futures plan.yaml -n 1e5", "P10, P50 and P90 over all ranges at once"
    yield "gigaplan cite plan.yaml", "the sources of all figures"
