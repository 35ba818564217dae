"""YAML text into any frozen dataclass, every mistake at its line and column.

The text is parsed to nodes that remember where they stand; scalars stay text until a field says what
they are, so that `no`, `1e6` and `12:30` mean what the field means. A plan is untrusted input: size,
depth, aliases, tags and duplicate keys are checked before anything is built.
"""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from gigaplan.figure import Figure, Ledger, check_bounds, is_quantity, joined
from gigaplan.units import ALWAYS_DATE, SUFFIXES, Steps, UnitError, parse, stem, suffix

LARGEST_FILE = 1_000_000
"""Characters; a plan of a thousand sites is a tenth of it."""
DEEPEST = 24
MOST_NODES = 200_000
MOST_PROBLEMS = 40
LONGEST_SHOWN = 60
FIGURE_KEYS = ("value", "low", "high", "basis", "source", "page", "date", "grade", "note")
GRADES = ("A", "B", "C", "D")
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,79}")
"""What a name that the user chooses (a site, a party) may look like."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it stands and what is wrong."""

    line: int
    column: int
    path: str
    message: str


class ReadError(ValueError):
    """A text could not be read; carries every problem found."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        """Keep the problems in the order of the file."""
        self.file = file
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return one line of text for each problem, aligned."""
        shown = self.problems[:MOST_PROBLEMS]
        places = [f"{self.file}:{problem.line}:{problem.column}" for problem in shown]
        wide = max(map(len, places), default=0)
        long = min(max((len(problem.path) for problem in shown), default=0), LONGEST_SHOWN)
        rows = [
            f"{place:<{wide}}  {printable(problem.path):<{long}}  {printable(problem.message)}".rstrip()
            for place, problem in zip(places, shown, strict=True)
        ]
        more = len(self.problems) - len(shown)
        return [*rows, f"and {more} more"] if more else rows


def printable(text: str) -> str:
    """Return a text with control characters shown as escapes."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


@dataclass(slots=True)
class Node:
    """A piece of YAML: text, a mapping or a list, and where it stands."""

    kind: str
    line: int
    column: int
    text: str = ""
    plain: bool = True
    items: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Node] = field(default_factory=dict)
    members: list[Node] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether the node is YAML's null."""
        return self.kind == "text" and self.plain and self.text in {"", "~", "null"}

    def short(self) -> str:
        """Return the node's text for a message."""
        if self.kind != "text":
            return f"a {self.kind}"
        text = self.text if len(self.text) <= LONGEST_SHOWN else self.text[:LONGEST_SHOWN] + "..."
        return f'"{text}"'


def compose(text: str, file: str) -> Node:
    """Parse YAML into nodes with marks.

    Raises
    ------
    ReadError
        On malformed YAML, aliases, tags, duplicate keys, several documents, or a text that is too
        large or too deep.
    """
    import yaml  # noqa: PLC0415  (50 ms that --help need not pay)

    if len(text) > LARGEST_FILE:
        raise ReadError(file, [Problem(1, 1, "", f"the file is larger than {LARGEST_FILE:,} characters")])
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = Builder(file)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(type(event).__name__, event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, place = (mark.line + 1, mark.column + 1) if mark else position(text, getattr(error, "position", 0))
        words = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        raise ReadError(file, [*builder.problems, Problem(line, place, "", f"not YAML: {words}")]) from None
    except RecursionError:
        raise ReadError(file, [Problem(1, 1, "", "the file is nested too deep")]) from None
    if builder.problems:
        raise ReadError(file, builder.problems)
    if builder.root is None or builder.root.kind != "mapping":
        raise ReadError(file, [Problem(1, 1, "", "the file must be a mapping of keys to values")])
    return builder.root


def position(text: str, index: int) -> tuple[int, int]:
    """Return line and column of a character index, counted from 1."""
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1


class Builder:
    """Builds nodes from YAML events without recursion."""

    def __init__(self, file: str) -> None:
        """Start with nothing."""
        self.file = file
        self.root: Node | None = None
        self.open: list[tuple[Node, list[Node]]] = []
        self.problems: list[Problem] = []
        self.count = 0
        self.documents = 0

    def take(self, kind: str, event: Any) -> None:  # noqa: ANN401  (PyYAML is untyped)
        """Add one event to the tree."""
        line, place = event.start_mark.line + 1, event.start_mark.column + 1
        if kind == "DocumentStartEvent":
            self.documents += 1
            if self.documents > 1:
                self.refuse(line, place, "a second document in the file")
        elif kind == "AliasEvent":
            self.problems.append(Problem(line, place, "", "aliases (*name) are not allowed; write the value out"))
            self.add(Node("text", line, place))
        elif kind == "ScalarEvent":
            self.check(event, line, place)
            plain = event.style is None
            self.add(Node("text", line, place, event.value if not plain else event.value.strip(), plain))
        elif kind in {"MappingStartEvent", "SequenceStartEvent"}:
            self.check(event, line, place)
            if len(self.open) >= DEEPEST:
                self.refuse(line, place, f"nested deeper than {DEEPEST} levels")
            self.open.append((Node("mapping" if kind[0] == "M" else "list", line, place), []))
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            node, children = self.open.pop()
            self.close(node, children)
            self.add(node)

    def refuse(self, line: int, place: int, message: str) -> None:
        """Stop at once: what follows cannot be trusted to end."""
        raise ReadError(self.file, [*self.problems, Problem(line, place, "", message)])

    def check(self, event: Any, line: int, place: int) -> None:  # noqa: ANN401
        """Refuse tags and anchors, and a file of too many parts."""
        self.count += 1
        if self.count > MOST_NODES:
            self.refuse(line, place, f"more than {MOST_NODES:,} values in the file")
        if event.tag is not None and event.tag != "!":
            self.problems.append(Problem(line, place, "", f"tags ({event.tag}) are not allowed"))
        if event.anchor is not None:
            self.problems.append(Problem(line, place, "", f"anchors (&{event.anchor}) are not allowed"))

    def add(self, node: Node) -> None:
        """Hang a node below the one that is open."""
        if self.open:
            self.open[-1][1].append(node)
        else:
            self.root = node

    def close(self, node: Node, children: list[Node]) -> None:
        """Turn the children of a mapping into keys and values; keep those of a list."""
        if node.kind == "list":
            node.members = children
            return
        for key, value in zip(children[::2], children[1::2], strict=True):
            if key.kind != "text":
                self.problems.append(Problem(key.line, key.column, "", "a key must be a word"))
            elif key.text in node.items:
                self.problems.append(
                    Problem(key.line, key.column, key.text, f"duplicate key; first on line {node.keys[key.text].line}")
                )
            else:
                node.items[key.text] = value
                node.keys[key.text] = key


@dataclass(slots=True)
class Reader:
    """What reading one text gathers: problems, figures and marks.

    Parameters
    ----------
    file : str
        Name for messages.
    names : mapping of str to collection of str
        Catalogue kind -> the names that a field with that `entry` may hold.
    prefix : str
        What canonical paths of figures begin with, such as "catalog:h100-sxm.".
    defaults : mapping
        Provenance of figures that do not state their own.
    """

    file: str
    names: Mapping[str, Collection[str]]
    prefix: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=dict)
    marks: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def say(self, node: Node, path: str, message: str) -> None:
        """Note a problem at a node."""
        self.problems.append(Problem(node.line, node.column, path, message))


UNSET = object()
"""What a part is while it has a problem: the whole is not built then."""


@cache
def hints(kind: type) -> dict[str, Any]:
    """Return the types of a dataclass's fields."""
    return get_type_hints(kind)


def yaml_key(item: Field[Any]) -> str:
    """Return the key that a plan file uses for a field."""
    return item.metadata.get("key") or (stem(item.name) if is_quantity(item) else item.name)


def read(text: str, kind: type, file: str = "plan.yaml", **options: Any) -> tuple[Any, Reader]:  # noqa: ANN401
    """Read YAML text as an instance of a dataclass.

    Parameters
    ----------
    text : str
        The YAML.
    kind : type
        A frozen dataclass whose fields are made by `units.quantity` and `units.option`.
    file : str
        Name for messages.
    **options
        `names`, `prefix`, `defaults` of `Reader`.

    Returns
    -------
    tuple
        The instance, and the Reader with its ledger and marks.

    Raises
    ------
    ReadError
        With every problem of the text.
    """
    return read_node(compose(text, file), kind, Reader(file, options.pop("names", {}), **options))


def read_node(node: Node, kind: type, reader: Reader) -> tuple[Any, Reader]:
    """Read a composed node; see `read`."""
    value = read_dataclass(node, kind, "", reader)
    if reader.problems:
        raise ReadError(reader.file, reader.problems)
    return value, reader


def read_dataclass(node: Node, kind: type, path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a mapping as a dataclass, noting unknown and missing keys."""
    if node.kind != "mapping":
        reader.say(node, path, f"{node.short()} should be a mapping with keys such as {example_keys(kind)}")
        return UNSET
    items = {yaml_key(item): item for item in fields(kind) if not item.metadata.get("internal")}
    values: dict[str, Any] = {}
    for key, child in node.items.items():
        item = items.get(key)
        if item is None and key + "s" in items and is_mapping(hints(kind)[items[key + "s"].name]):
            item = items[key + "s"]
            child = one_member(child)  # noqa: PLW2901  (the short form: site -> sites.main)
        if item is None:
            reader.say(node.keys[key], joined(path, key), no_such_key(key, items))
        elif item.name in values:
            reader.say(node.keys[key], joined(path, key), f"said twice: as {key} and as {yaml_key(item)}")
        else:
            below = joined(path, item.name)
            reader.marks[below] = (node.keys[key].line, node.keys[key].column)
            values[item.name] = read_field(child, item, hints(kind)[item.name], below, reader)
    for key, item in items.items():
        if item.name not in values and item.default is MISSING and item.default_factory is MISSING:
            reader.say(node, joined(path, key), f"missing: {item.metadata.get('doc') or key}")
            values[item.name] = UNSET
    if any(value is UNSET for value in values.values()):
        return UNSET
    return kind(**values)


def example_keys(kind: type) -> str:
    """Return the first keys of a dataclass for a message."""
    return ", ".join([yaml_key(item) for item in fields(kind) if not item.metadata.get("internal")][:3])


def no_such_key(key: str, known: Collection[str]) -> str:
    """Return the message for a key that does not exist, with the nearest that does."""
    near = difflib.get_close_matches(key, list(known), n=1)
    if not near and suffix(key):
        near = difflib.get_close_matches(stem(key), list(known), n=1)
    return "no such key" + (f'; did you mean "{near[0]}"?' if near else f"; there are {', '.join(sorted(known))}")


def one_member(node: Node) -> Node:
    """Wrap a node as the single member `main` of a mapping."""
    return Node("mapping", node.line, node.column, items={"main": node}, keys={"main": node})


def is_mapping(hint: Any) -> bool:  # noqa: ANN401
    """Return whether a field is a mapping of names to dataclasses."""
    return get_origin(hint) is dict


def members(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Return the alternatives of a union, None left out; the hint itself when it is none."""
    if get_origin(hint) in {Union, types.UnionType}:
        return tuple(part for part in get_args(hint) if part is not type(None))
    return (hint,)


def read_field(node: Node, item: Field[Any], hint: Any, path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read the value of one field by its type."""
    kinds = members(hint)
    if node.empty:
        if type(None) in get_args(hint):
            return None
        reader.say(node, path, "has no value")
        return UNSET
    if is_quantity(item):
        if node.kind == "text" and node.text in item.metadata["words"]:
            return None
        return read_quantity(node, item, kinds, path, reader)
    if all(is_dataclass(kind) for kind in kinds):
        return read_union(node, kinds, path, reader)
    if is_mapping(kinds[0]):
        return read_mapping(node, item, get_args(kinds[0])[1], path, reader)
    if get_origin(kinds[0]) is tuple:
        return read_list(node, item, get_args(kinds[0])[0], path, reader)
    return read_word(node, item, kinds[0], path, reader)


def read_union(node: Node, kinds: tuple[Any, ...], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a mapping as the dataclass that its `kind:` or its keys name."""
    if len(kinds) == 1:
        return read_dataclass(node, kinds[0], path, reader)
    by_name = {kind.__name__.lower(): kind for kind in kinds}
    if node.kind != "mapping":
        reader.say(node, path, f"{node.short()} should be a mapping with a kind: {', '.join(by_name)}")
        return UNSET
    first = next(iter(node.items), "")
    if len(node.items) == 1 and first in by_name and node.items[first].kind == "mapping":
        return read_dataclass(node.items[first], by_name[first], path, reader)
    if "kind" in node.items:
        word = node.items["kind"]
        if word.text not in by_name:
            near = difflib.get_close_matches(word.text, by_name, n=1)
            reader.say(
                word, joined(path, "kind"), f"{word.short()} is no kind; there are {', '.join(by_name)}"
                + (f'; did you mean "{near[0]}"?' if near else ""),
            )
            return UNSET
        rest = {key: value for key, value in node.items.items() if key != "kind"}
        chosen = by_name[word.text]
        return read_dataclass(Node("mapping", node.line, node.column, items=rest, keys=node.keys), chosen, path, reader)
    fitting = [kind for kind in kinds if set(node.items) <= {yaml_key(item) for item in fields(kind)}
               and {yaml_key(item) for item in fields(kind)
                    if item.default is MISSING and item.default_factory is MISSING} <= set(node.items)]
    if len(fitting) != 1:
        reader.say(node, joined(path, "kind"), f"missing: say kind: {', '.join(by_name)}")
        return UNSET
    return read_dataclass(node, fitting[0], path, reader)


def read_mapping(node: Node, item: Field[Any], hint: Any, path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a mapping of names to dataclasses, or of words to words."""
    if node.kind != "mapping":
        reader.say(node, path, f"{node.short()} should be a mapping of names")
        return UNSET
    result: dict[str, Any] = {}
    for key, child in node.items.items():
        below = joined(path, key)
        reader.marks[below] = (node.keys[key].line, node.keys[key].column)
        if not KEY.fullmatch(key):
            reader.say(node.keys[key], below, "a name is made of letters, digits, blanks, - . and _ (80 at most)")
            result[key] = UNSET
        else:
            result[key] = read_field(child, item, hint, below, reader)
    return UNSET if any(value is UNSET for value in result.values()) else result


def read_list(node: Node, item: Field[Any], hint: Any, path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a list of dataclasses or words."""
    if node.kind != "list":
        reader.say(node, path, f"{node.short()} should be a list")
        return UNSET
    result = [read_field(child, item, hint, joined(path, str(index)), reader) for index, child in enumerate(node.members)]
    return UNSET if any(value is UNSET for value in result) else tuple(result)


def read_word(node: Node, item: Field[Any], kind: Any, path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read structure: a word, a whole number, a plain number, yes or no."""
    if node.kind != "text":
        reader.say(node, path, f"should be a word or a number, not {node.short()}")
        return UNSET
    if kind is str:
        return read_name(node, item, path, reader)
    if kind is bool:
        if node.text.lower() in {"yes", "true", "no", "false"}:
            return node.text.lower() in {"yes", "true"}
        reader.say(node, path, f"{node.short()} should be yes or no")
        return UNSET
    try:
        number = parse(node.text, "any_count")
    except UnitError:
        number = np.nan
    low, high = item.metadata.get("low"), item.metadata.get("high")
    if not np.isfinite(number) or (kind is int and number != int(number)):
        reader.say(node, path, f"{node.short()} should be a {'whole ' if kind is int else ''}number")
        return UNSET
    if (low is not None and number < low) or (high is not None and number > high):
        reader.say(node, path, f"{node.short()} should lie between {low:g} and {high:g}")
        return UNSET
    return kind(number)


def read_name(node: Node, item: Field[Any], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a text; one that names a catalogue entry or a choice must exist."""
    text, entry, choices = node.text, item.metadata.get("entry"), item.metadata.get("choices")
    if any(not letter.isprintable() for letter in text) or len(text) > 400:  # noqa: PLR2004
        reader.say(node, path, f"{node.short()} is not a line of plain text")
        return UNSET
    known = choices or (sorted(reader.names[entry]) if entry and entry in reader.names else None)
    if known is not None and text not in known:
        near = difflib.get_close_matches(text, known, n=1, cutoff=0.3)
        where = "not in the catalogue" if entry else "not a choice"
        hint = f"; nearest: {near[0]}" if near else f"; there are {', '.join(list(known)[:8])}"
        reader.say(node, path, f"{node.short()} is {where}{hint}")
        return UNSET
    return text


def read_quantity(node: Node, item: Field[Any], kinds: tuple[Any, ...], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a quantity: a text, a figure with provenance, steps, a list or a mapping of them."""
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
    result = {
        key: read_figure(child, item.name, item.metadata, joined(path, key), reader)
        for key, child in node.items.items()
    }
    return UNSET if any(value is UNSET for value in result.values()) else result


def read_figure(node: Node, name: str, bounds: Mapping[str, Any], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read one number, bare or with range and provenance, into the ledger."""
    if node.kind == "list":
        reader.say(node, path, f"does not change with time; write one value such as {SUFFIXES[suffix(name)].example}")
        return UNSET
    parts = {"value": node} if node.kind == "text" else node.items
    for key in parts:
        if key not in FIGURE_KEYS:
            reader.say(node.keys[key], joined(path, key), no_such_key(key, FIGURE_KEYS))
    if "value" not in parts:
        reader.say(node, path, f"missing: value, such as {SUFFIXES[suffix(name)].example}")
        return UNSET
    numbers = {
        key: read_number(parts[key], name, bounds, path if key == "value" else joined(path, key), reader)
        for key in ("value", "low", "high") if key in parts
    }
    if any(number is None for number in numbers.values()):
        return UNSET
    check_range(node, numbers, path, reader)
    note_figure(node, parts, numbers, name, path, reader)
    return numbers["value"]


def read_number(node: Node, name: str, bounds: Mapping[str, Any], path: str, reader: Reader) -> float | None:
    """Read a text as a number in the unit of a name, within bounds; None with a problem."""
    if node.kind != "text":
        reader.say(node, path, f"should be a quantity such as {SUFFIXES[suffix(name)].example}, not {node.short()}")
        return None
    try:
        value = parse(node.text, name)
        check_bounds(value, name, bounds)
    except UnitError as error:
        reader.say(node, path, str(error))
        return None
    return value


def check_range(node: Node, numbers: Mapping[str, Any], path: str, reader: Reader) -> None:
    """Refuse a range that does not hold its value, or half a range."""
    if ("low" in numbers) != ("high" in numbers):
        reader.say(node, path, "a range needs both low and high")
    elif "low" in numbers and not numbers["low"] <= numbers["value"] <= numbers["high"]:
        reader.say(node, path, "the value must lie between low and high")


def note_figure(
    node: Node, parts: Mapping[str, Node], numbers: Mapping[str, Any], name: str, path: str, reader: Reader
) -> None:
    """Enter a figure into the ledger, its provenance completed from the defaults."""
    said = {key: parts[key].text for key in FIGURE_KEYS[3:] if key in parts}
    origin = {**reader.defaults, **said}
    grade = origin.get("grade", "yours")
    if grade not in {*GRADES, "yours"}:
        reader.say(parts.get("grade", node), joined(path, "grade"), f'"{grade}" is no grade; there are {", ".join(GRADES)}')
    sources = reader.names.get("sources")
    source = origin.get("source", "")
    if source and sources is not None and reader.prefix and source not in sources:
        reader.say(parts.get("source", node), joined(path, "source"), f'"{source}" is not among the sources')
    reader.ledger[reader.prefix + path] = Figure(
        path=reader.prefix + path, value=numbers["value"], low=numbers.get("low", np.nan),
        high=numbers.get("high", np.nan), unit=SUFFIXES[suffix(name)].unit, basis=origin.get("basis", ""),
        source=source, page=origin.get("page", ""), date=origin.get("date", ""), grade=grade,
        note=origin.get("note", ""), line=node.line,
    )


def read_values(node: Node, item: Field[Any], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a list of quantities (`{values: [...], unit: ...}` or a plain list)."""
    parts = node.items if node.kind == "mapping" else {"values": node}
    listed = parts.get("values")
    if listed is None or listed.kind != "list" or not listed.members:
        reader.say(node, path, "should be a list of values")
        return UNSET
    unit = " " + parts["unit"].text if "unit" in parts else ""
    result = []
    for index, member in enumerate(listed.members):
        worded = Node("text", member.line, member.column, member.text + unit) if member.kind == "text" else member
        result.append(read_number(worded, item.name, item.metadata, joined(path, str(index)), reader))
    if any(value is None for value in result):
        return UNSET
    rest = {key: value for key, value in parts.items() if key in FIGURE_KEYS}
    note_figure(node, rest, {"value": result[0]}, item.name, path, reader)
    return tuple(result)


def read_steps(node: Node, item: Field[Any], path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a value that may change on dates: one figure, or a list of `{from, value}`."""
    if node.kind != "list":
        value = read_figure(node, item.name, item.metadata, path, reader)
        return UNSET if value is UNSET else Steps((ALWAYS_DATE,), (value,))
    if not node.members:
        reader.say(node, path, "an empty list; write steps such as {from: 2027-06, value: 200 MW}")
        return UNSET
    dates, values = [], []
    for index, member in enumerate(node.members):
        date, value = read_step(member, item, joined(path, str(index)), reader)
        dates.append(date)
        values.append(value)
    if any(part is UNSET for part in (*dates, *values)):
        return UNSET
    if any(later <= earlier for earlier, later in zip(dates, dates[1:], strict=False)):
        reader.say(node, path, "the dates of the steps must rise")
        return UNSET
    return Steps(tuple(dates), tuple(values))


def read_step(node: Node, item: Field[Any], path: str, reader: Reader) -> tuple[Any, Any]:
    """Read one step; `low` and `high` that are dates belong to its date."""
    if node.kind != "mapping" or "value" not in node.items:
        reader.say(node, path, "a step is {from: DATE, value: QUANTITY}")
        return UNSET, UNSET
    rest = {key: child for key, child in node.items.items() if key != "from"}
    dated = {key: rest.pop(key) for key in ("low", "high") if key in rest and is_date(rest[key])}
    date: Any = ALWAYS_DATE
    if "from" in node.items:
        begin = node.items["from"]
        parts = Node("mapping", begin.line, begin.column, items={"value": begin, **dated}, keys=node.keys)
        known = Node("mapping", begin.line, begin.column, items={**parts.items, **{
            key: child for key, child in rest.items() if key in FIGURE_KEYS[3:]}}, keys=node.keys)
        date = read_figure(begin if begin.kind == "mapping" else known, "from_date", {}, joined(path, "from_date"), reader)
    body = Node("mapping", node.line, node.column, items=rest, keys=node.keys)
    return date, read_figure(body, item.name, item.metadata, joined(path, "value"), reader)


def is_date(node: Node) -> bool:
    """Return whether a node's text is a date."""
    try:
        parse(node.text, "from_date")
    except UnitError:
        return False
    return node.kind == "text" and "-" in node.text


def json_schema(kind: type) -> dict[str, Any]:
    """Return a JSON Schema of a dataclass as it is written in a plan file."""
    definitions: dict[str, Any] = {}
    top = schema_of(kind, definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": definitions}


def schema_of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return the schema of a type; dataclasses go to the definitions."""
    kinds = members(hint)
    if len(kinds) > 1:
        return {"anyOf": [schema_of(kind, definitions) for kind in kinds]}
    kind = kinds[0]
    if is_dataclass(kind):
        name = getattr(kind, "__name__", "")
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = dataclass_schema(kind, definitions)
        return {"$ref": f"#/$defs/{name}"}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": schema_of(get_args(kind)[1], definitions)}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": schema_of(get_args(kind)[0], definitions)}
    return {"type": {int: "integer", bool: "boolean", float: "number"}.get(kind, "string")}


def dataclass_schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return the schema of one dataclass, its keys without units."""
    properties: dict[str, Any] = {}
    required = []
    for item in fields(kind):
        if item.metadata.get("internal"):
            continue
        hint = hints(kind)[item.name]
        part = quantity_schema(item, members(hint)) if is_quantity(item) else schema_of(hint, definitions)
        doc = item.metadata.get("doc")
        properties[yaml_key(item)] = {**part, "description": doc} if doc and "$ref" not in part else part
        if item.metadata.get("choices"):
            properties[yaml_key(item)]["enum"] = list(item.metadata["choices"])
        if item.default is MISSING and item.default_factory is MISSING:
            required.append(yaml_key(item))
        if is_mapping(members(hint)[0]) and not is_quantity(item) and item.name.endswith("s"):
            properties[item.name[:-1]] = schema_of(get_args(members(hint)[0])[1], definitions)
    properties.setdefault("kind", {"type": "string"})
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def quantity_schema(item: Field[Any], kinds: tuple[Any, ...]) -> dict[str, Any]:
    """Return the schema of a quantity: a text with a unit, a figure, or steps."""
    one = {"type": ["string", "number"], "examples": [SUFFIXES[suffix(item.name)].example]}
    figure = {"type": "object", "properties": {key: {"type": ["string", "number"]} for key in FIGURE_KEYS},
              "required": ["value"], "additionalProperties": False}
    forms: list[dict[str, Any]] = [one, figure]
    if Steps in kinds:
        forms.append({"type": "array", "items": {"type": "object", "required": ["value"]}})
    if get_origin(kinds[0]) is dict:
        return {"type": "object", "additionalProperties": {"anyOf": forms}}
    return {"anyOf": forms}
