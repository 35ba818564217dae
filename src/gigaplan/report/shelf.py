"""The catalogue as text: kinds, entities, figures, sources."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np

from gigaplan import catalog
from gigaplan.figure import CATALOG, Figure, PathError, resolve
from gigaplan.plan.shelf import KINDS
from gigaplan.report.text import shown, table
from gigaplan.units import stem


def entity(name: str) -> catalog.Entity:
    """Return an entity by its name, whatever its kind.

    Raises
    ------
    PathError
        When no kind has it; names the nearest.
    """
    for kind, cls in KINDS.items():
        if name in catalog.names(kind):
            return catalog.load(kind, name, cls)
    everything = [known for kind in KINDS for known in catalog.names(kind)]
    near = difflib.get_close_matches(name, everything, n=1)
    raise PathError(f'"{name}" is not in the catalogue' + (f"; nearest: {near[0]}" if near else ""))


def catalog_lines(action: str, name: str | None) -> list[str]:
    """Return the lines of `gigaplan catalog ACTION [NAME]`."""
    if action == "list":
        rows = [["kind", "entities"], *([kind, ", ".join(catalog.names(kind))] for kind in KINDS)]
        return [
            *table(rows, left=2),
            "",
            "gigaplan catalog show NAME; gigaplan catalog why NAME.FIGURE",
        ]
    if action in KINDS:
        return list(catalog.names(action))
    if action == "why" and name:
        return why_lines(figure_of(name))
    one = entity(name if action == "show" and name else action)
    rows = [["figure", "value", "low", "high", "grade", "source", "date"]]
    for path, figure in one.ledger.items():
        rows.append(figure_row(path.removeprefix(f"{CATALOG}{one.name}."), figure))
    return [f"{getattr(one.value, 'title', one.name)} ({one.kind})", "", *table(rows)]


def figure_row(path: str, figure: Figure) -> list[str]:
    """Return the row of one figure."""
    name = unit_name(path)
    ranged = figure.uncertain
    return [
        ".".join(stem(part) for part in path.split(".")),
        shown(figure.value, name),
        shown(figure.low, name) if ranged else "",
        shown(figure.high, name) if ranged else "",
        figure.grade,
        figure.source,
        figure.date,
    ]


def unit_name(path: str) -> str:
    """Return the part of a path that carries the unit."""
    from gigaplan.units import suffix  # noqa: PLC0415

    parts = path.split(".")
    return next((part for part in reversed(parts) if suffix(part)), parts[-1])


def figure_of(name: str) -> Figure:
    """Return a figure by ENTITY.FIGURE.

    Raises
    ------
    PathError
        When there is none of that name.
    """
    known = [kind_name for kind in KINDS for kind_name in catalog.names(kind)]
    owner = max(
        (one for one in known if name == one or name.startswith(f"{one}.")),
        key=len,
        default=name.partition(".")[0],
    )
    one = entity(owner)
    rest = name.removeprefix(owner).lstrip(".")
    if not rest:
        raise PathError(
            f"say which figure, such as {owner}.{stem(next(iter(one.ledger)).rpartition('.')[2])}"
        )
    below = {path.removeprefix(f"{CATALOG}{owner}."): figure for path, figure in one.ledger.items()}
    return below[resolve(list(below), rest)]


def why_lines(figure: Figure) -> list[str]:
    """Return everything that is known about a figure."""
    source = catalog.sources().get(figure.source)
    name = unit_name(figure.path)
    rows = [
        ("value", shown(figure.value, name)),
        (
            "range",
            f"{shown(figure.low, name)} to {shown(figure.high, name)}"
            if figure.uncertain
            else "none recorded",
        ),
        ("basis", figure.basis),
        ("grade", figure.grade),
        ("date", figure.date),
        ("source", figure.source),
        ("title", source.title if source else ""),
        ("publisher", source.publisher if source else ""),
        ("link", source.link if source else ""),
        ("page", figure.page),
        ("note", figure.note),
    ]
    return [figure.path, *(f"  {key:<10} {value}" for key, value in rows if value)]


def catalog_json(action: str, name: str | None) -> Any:  # noqa: ANN401
    """Return the catalogue, an entity or a figure as JSON holds it."""
    if action == "list":
        return {kind: list(catalog.names(kind)) for kind in KINDS}
    if action in KINDS:
        return list(catalog.names(action))
    if action == "why" and name:
        return figure_json(figure_of(name))
    one = entity(name if action == "show" and name else action)
    return {
        "name": one.name,
        "kind": one.kind,
        "figures": [figure_json(figure) for figure in one.ledger.values()],
    }


def figure_json(figure: Figure) -> dict[str, Any]:
    """Return a figure as JSON holds it."""
    numbers = {
        key: float(value) if np.isfinite(value) else None
        for key, value in (("value", figure.value), ("low", figure.low), ("high", figure.high))
    }
    return {
        "path": figure.path,
        **numbers,
        "unit": figure.unit,
        "basis": figure.basis,
        "source": figure.source,
        "page": figure.page,
        "date": figure.date,
        "grade": figure.grade,
        "note": figure.note,
    }
