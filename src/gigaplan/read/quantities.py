"""Quantities out of nodes: bare, with provenance, by date, as lists and as mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field
from itertools import pairwise
from typing import Any, get_origin

import numpy as np

from gigaplan.figure import Figure, check_bounds, joined
from gigaplan.read.nodes import Node, mapping_like, without
from gigaplan.read.reader import UNSET, Reader, no_such_key
from gigaplan.units import ALWAYS_DATE, SUFFIXES, Steps, UnitError, parse, stem, suffix

PROVENANCE = ("basis", "source", "page", "date", "grade", "note")
FIGURE_KEYS = ("value", "low", "high", *PROVENANCE)
GRADES = ("A", "B", "C", "D")
LONGEST_NOTE = 4000


def read_quantity(
    node: Node, item: Field[Any], kinds: tuple[Any, ...], path: str, reader: Reader
) -> Any:  # noqa: ANN401
    """Read a quantity: text, figure, steps, or a list or mapping of them."""
    if Steps in kinds:
        return read_steps(node, item, path, reader)
    if get_origin(kinds[0]) is dict:
        return read_mapping_of_quantities(node, item, path, reader)
    if get_origin(kinds[0]) is tuple:
        return read_values(node, item, path, reader)
    return read_figure(node, item.name, item.metadata, path, reader)


def read_mapping_of_quantities(node: Node, item: Field[Any], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a mapping of words to quantities of one unit."""
    if node.kind != "mapping":
        reader.say(node, path, f"{node.short()} should be a mapping")
        return UNSET
    result: dict[str, Any] = {}
    for key, child in node.items.items():
        below = joined(path, key)
        if key.isprintable() and '"' not in key:
            result[key] = read_figure(child, item.name, item.metadata, below, reader)
        else:
            reader.say(node.keys[key], below, "a key is a word without quotes")
            result[key] = UNSET
    return UNSET if any(value is UNSET for value in result.values()) else result


def read_figure(node: Node, name: str, bounds: Mapping[str, Any], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read one number, bare or with range and provenance, into the ledger."""
    example = SUFFIXES[suffix(name)].example
    if node.kind == "list":
        reader.say(node, path, f"does not change with time; write one value such as {example}")
        return UNSET
    parts: Mapping[str, Node] = {"value": node} if node.kind == "text" else node.items
    before = len(reader.problems)
    for key in parts:
        if key not in FIGURE_KEYS:
            reader.say(node.keys[key], joined(path, key), no_such_key(key, FIGURE_KEYS))
    if "value" not in parts:
        reader.say(node, path, f"missing: value, such as {example}")
        return UNSET
    numbers: dict[str, float] = {}
    for key in ("value", "low", "high"):
        if key in parts:
            below = path if key == "value" else joined(path, key)
            number = read_number(parts[key], name, bounds, below, reader)
            if number is not None:
                numbers[key] = number
    if len(reader.problems) == before:
        check_range(node, numbers, path, reader)
        note_figure(node, parts, numbers, name, path, reader)
    return numbers["value"] if len(reader.problems) == before else UNSET


def read_number(
    node: Node, name: str, bounds: Mapping[str, Any], path: str, reader: Reader
) -> float | None:
    """Read a number in a name's unit, within bounds; None with a problem."""
    if node.kind != "text" or node.empty:
        said = "has no value" if node.empty else f"should be one, not {node.short()}"
        unit = SUFFIXES[suffix(name)]
        reader.say(node, path, f"{said}; {stem(name)} is {unit.dimension}, such as {unit.example}")
        return None
    try:
        value = parse(node.text, name)
        check_bounds(value, name, bounds)
    except UnitError as error:
        reader.say(node, path, str(error).replace(f'"{node.text}"', node.short()))
        return None
    return value


def check_range(node: Node, numbers: Mapping[str, float], path: str, reader: Reader) -> None:
    """Refuse a range that does not hold its value, or half a range."""
    if ("low" in numbers) != ("high" in numbers):
        reader.say(node, path, "a range needs both low and high")
    elif "low" in numbers and not numbers["low"] <= numbers["value"] <= numbers["high"]:
        reader.say(node, path, "the value must lie between low and high")


def note_figure(
    node: Node,
    parts: Mapping[str, Node],
    numbers: Mapping[str, float],
    name: str,
    path: str,
    reader: Reader,
) -> None:
    """Enter a figure into the ledger, completed from the defaults."""
    said = {
        key: said_text(parts[key], joined(path, key), reader) for key in PROVENANCE if key in parts
    }
    origin = {**reader.defaults, **said}
    grade = origin.get("grade", "yours")
    if grade not in {*GRADES, "yours"}:
        message = f'"{grade}" is no grade; there are {", ".join(GRADES)}'
        reader.say(parts.get("grade", node), joined(path, "grade"), message)
    sources = reader.names.get("sources")
    source = origin.get("source", "")
    if source and sources is not None and source not in sources:
        message = f'"{source}" is not among the sources'
        reader.say(parts.get("source", node), joined(path, "source"), message)
    reader.ledger[reader.prefix + path] = Figure(
        path=reader.prefix + path,
        value=numbers["value"],
        low=numbers.get("low", np.nan),
        high=numbers.get("high", np.nan),
        unit=SUFFIXES[suffix(name)].unit,
        basis=origin.get("basis", ""),
        source=source,
        page=origin.get("page", ""),
        date=origin.get("date", ""),
        grade=grade,
        note=origin.get("note", ""),
        line=node.line,
    )


def said_text(node: Node, path: str, reader: Reader) -> str:
    """Return a line of provenance; line breaks become blanks."""
    text = " ".join(node.text.split())
    if node.kind != "text" or not text.isprintable() or len(text) > LONGEST_NOTE:
        reader.say(node, path, f"{node.short()} is not a line of plain text")
    return text


def read_values(node: Node, item: Field[Any], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a list of quantities, plain or `{values: [...], unit: ...}`."""
    parts: Mapping[str, Node] = node.items if node.kind == "mapping" else {"values": node}
    before = len(reader.problems)
    known = ("values", "unit", *FIGURE_KEYS[1:])
    for key in parts:
        if key not in known:
            reader.say(node.keys[key], joined(path, key), no_such_key(key, known))
    unit = " " + parts["unit"].text if "unit" in parts else ""
    lists = {
        key: read_numbers(parts.get(key, node), item, unit, path, reader)
        for key in ("values", "low", "high")
        if key in parts or key == "values"
    }
    if len({len(numbers) for numbers in lists.values()}) > 1:
        reader.say(node, path, "values, low and high must be of one length")
    if len(reader.problems) > before:
        return UNSET
    note_figure(node, parts, {"value": lists["values"][0]}, item.name, path, reader)
    for index, value in enumerate(lists["values"]):
        numbers = {key: members[index] for key, members in lists.items() if key != "values"}
        check_range(node, {**numbers, "value": value}, joined(path, str(index)), reader)
    return tuple(lists["values"]) if len(reader.problems) == before else UNSET


def read_numbers(node: Node, item: Field[Any], unit: str, path: str, reader: Reader) -> list[float]:
    """Read numbers that share a unit; one with a problem is left out."""
    if node.kind != "list" or not node.members:
        reader.say(node, path, "should be a list of values")
        return []
    result = []
    for index, member in enumerate(node.members):
        worded = member
        if member.kind == "text" and not member.empty:
            worded = Node("text", member.line, member.column, member.text + unit)
        number = read_number(worded, item.name, item.metadata, joined(path, str(index)), reader)
        result += [] if number is None else [number]
    return result


def read_steps(node: Node, item: Field[Any], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read what may change on dates: one figure, or a list of steps."""
    if node.kind == "mapping" and "from" in node.items:
        node = Node("list", node.line, node.column, members=[node], head=node.head)
    if node.kind != "list":
        value = read_figure(node, item.name, item.metadata, path, reader)
        return UNSET if value is UNSET else Steps((ALWAYS_DATE,), (value,))
    if not node.members:
        reader.say(node, path, "an empty list; write steps such as {from: 2027-06, value: ...}")
        return UNSET
    dates, values = [], []
    for index, member in enumerate(node.members):
        alone = len(node.members) == 1
        date, value = read_step(member, item, (path, index), reader, alone=alone)
        dates.append(date)
        values.append(value)
    if any(part is UNSET for part in (*dates, *values)):
        return UNSET
    for index, (earlier, later) in enumerate(pairwise(dates)):
        if later <= earlier:
            message = "the dates of the steps must rise"
            reader.say(node.members[index + 1], joined(path, str(index + 1)), message)
            return UNSET
    return Steps(tuple(dates), tuple(values))


def read_step(
    node: Node, item: Field[Any], place: tuple[str, int], reader: Reader, *, alone: bool
) -> tuple[Any, Any]:
    """Read one step; `low` and `high` that are dates belong to its date.

    The only step of a list, where it has no date, is a value like any other.
    """
    path = joined(place[0], str(place[1]))
    if node.kind != "mapping" or "value" not in node.items:
        reader.say(node, path, "a step is {from: DATE, value: QUANTITY}")
        return UNSET, UNSET
    ranged = [key for key in ("low", "high") if key in node.items and is_date(node.items[key])]
    date: Any = ALWAYS_DATE
    if "from" in node.items:
        date = read_begin(node, ranged, joined(path, "from_date"), reader)
    elif ranged:
        reader.say(node.items[ranged[0]], joined(path, ranged[0]), "a date; the step has no from:")
        date = UNSET
    body = without(node, "from", *ranged)
    whole = place[0] if alone and "from" not in node.items else joined(path, "value")
    return date, read_figure(body, item.name, item.metadata, whole, reader)


def read_begin(node: Node, ranged: list[str], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read the date of a step, with the range and source that are its own."""
    begin = node.items["from"]
    if begin.kind == "mapping":
        if ranged:
            message = "a second range for the date; write it below from:"
            reader.say(node.items[ranged[0]], joined(path, ranged[0]), message)
        return read_figure(begin, "from_date", {}, path, reader)
    shared = {key: node.items[key] for key in (*ranged, *PROVENANCE) if key in node.items}
    if begin.kind == "list" or not shared:
        return read_figure(begin, "from_date", {}, path, reader)
    whole = mapping_like(begin, {"value": begin, **shared}, node.keys)
    return read_figure(whole, "from_date", {}, path, reader)


def is_date(node: Node) -> bool:
    """Return whether a node's text is a date."""
    try:
        parse(node.text, "from_date")
    except UnitError:
        return False
    return node.kind == "text" and "-" in node.text
