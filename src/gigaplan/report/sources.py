"""The sources that a plan rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gigaplan.catalog import sources
from gigaplan.report.facts import used_figures

if TYPE_CHECKING:
    from gigaplan.plan import Plan

FIGURES_NAMED = 3


def cited(plan: Plan) -> list[dict[str, Any]]:
    """Return every source of a plan's figures, most used first."""
    known = sources()
    by_source: dict[str, list[str]] = {}
    for figure in used_figures(plan):
        if figure.source:
            by_source.setdefault(figure.source, []).append(figure.path)
    found = []
    for key, paths in sorted(by_source.items(), key=lambda item: (-len(item[1]), item[0])):
        source = known.get(key)
        found.append(
            {
                "id": key,
                "title": source.title if source else "named by the plan itself",
                "publisher": source.publisher if source else "",
                "date": source.date if source else "",
                "link": source.link if source else "",
                "figures": paths,
            }
        )
    return found


def cite_lines(found: list[dict[str, Any]]) -> list[str]:
    """Return sources as lines of text."""
    lines = []
    for number, one in enumerate(found, 1):
        where = ", ".join(part for part in (one["publisher"], one["date"]) if part)
        lines.append(f"[{number}] {one['title']}" + (f". {where}" if where else ""))
        if one["link"]:
            lines.append(f"    {one['link']}")
        more = len(one["figures"]) - FIGURES_NAMED
        lines.append(
            f"    for {', '.join(one['figures'][:FIGURES_NAMED])}"
            + (f" and {more} more" if more > 0 else "")
        )
    return lines
