"""YAML text into nodes that know their line and column; nothing is trusted or typed yet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LARGEST_FILE = 1_000_000
"""Characters; a plan of a thousand sites is a tenth of it."""
DEEPEST = 24
MOST_NODES = 100_000
MOST_PROBLEMS = 40
"""How many problems are shown."""
MOST_KEPT = 400
"""How many are looked for: each costs a search for the nearest right word."""
LONGEST_SHOWN = 60
LONGEST_PATH = 160
CONTROL = re.compile(
    "[^\\t\\n\\r\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
)
"""What no editor shows: control characters, halves of surrogate pairs, rare line ends."""
BREAK = re.compile(r"\r\n|\r|\n")
QUOTES = ("'", '"')
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it stands and what is wrong."""

    line: int
    column: int
    path: str
    message: str


class ReadError(ValueError):
    """A text could not be read; carries every problem found."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        """Keep the problems in the order of the file."""
        self.file = file
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__("\n".join(self.lines()))

    def __reduce__(self) -> tuple[type[ReadError], tuple[str, list[Problem]]]:
        """Let a worker hand the error to the process that asked."""
        return ReadError, (self.file, self.problems)

    def lines(self) -> list[str]:
        """Return one line of text for each problem, aligned."""
        shown = self.problems[:MOST_PROBLEMS]
        places = [f"{self.file}:{problem.line}:{problem.column}" for problem in shown]
        paths = [printable(problem.path)[:LONGEST_PATH] for problem in shown]
        wide = max(map(len, places), default=0)
        long = min(max(map(len, paths), default=0), LONGEST_SHOWN)
        rows = [
            f"{place:<{wide}}  {path:<{long}}  {printable(problem.message)}".rstrip()
            for place, path, problem in zip(places, paths, shown, strict=True)
        ]
        more = len(self.problems) - len(shown)
        return [*rows, f"and {more} more"] if more else rows


def printable(text: str) -> str:
    """Return a text with control characters shown as escapes."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def nothing() -> Mapping[str, Any]:
    """Return the empty mapping that all texts share."""
    return EMPTY


EMPTY: Mapping[str, Any] = {}


@dataclass(slots=True)
class Node:
    """A piece of YAML: text, a mapping or a list, and where it stands.

    Parameters
    ----------
    kind : str
        "text", "mapping" or "list".
    line, column : int
        Where it begins, counted from 1.
    text : str
        Of a text.
    plain : bool
        Whether the text stood without quotes.
    items, keys : mapping of str to Node
        Of a mapping: its values, and its keys as they stand in the file.
    members : sequence of Node
        Of a list.
    head : tuple of int
        Line and column of the key that it is the value of; of itself where it has none.
    """

    kind: str
    line: int
    column: int
    text: str = ""
    plain: bool = True
    items: Mapping[str, Node] = field(default_factory=nothing)
    keys: Mapping[str, Node] = field(default_factory=nothing)
    members: Sequence[Node] = ()
    head: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        """Let a node without a key stand where it begins."""
        if self.head == (0, 0):
            self.head = (self.line, self.column)

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


def mapping_like(node: Node, items: Mapping[str, Node], keys: Mapping[str, Node] = EMPTY) -> Node:
    """Return a mapping that stands where another node does."""
    return Node(
        "mapping", node.line, node.column, items=items, keys=keys or node.keys, head=node.head
    )


def without(node: Node, *names: str) -> Node:
    """Return a mapping with some keys left out."""
    return mapping_like(node, {key: it for key, it in node.items.items() if key not in names})


def compose(text: str, file: str) -> Node:
    """Parse YAML into nodes with marks.

    Raises
    ------
    ReadError
        On malformed YAML, aliases, tags, duplicate keys, several documents, or a text that is too
        large or too deep.
    """
    import yaml  # noqa: PLC0415  (50 ms that --help need not pay)

    text = text.removeprefix(BYTE_ORDER_MARK)
    if len(text) > LARGEST_FILE:
        message = f"the file is larger than {LARGEST_FILE:,} characters"
        raise ReadError(file, [Problem(1, 1, "", message)])
    if hidden := CONTROL.search(text):
        message = f"a control character ({hidden[0]!a}) in the file"
        raise ReadError(file, [Problem(*position(text, hidden.start()), "", message)])
    builder = Builder(file)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(type(event).__name__, event)
    except yaml.YAMLError as error:
        raise ReadError(file, [*builder.problems, malformed(text, error, builder.quoted)]) from None
    if builder.problems:
        raise ReadError(file, builder.problems)
    if builder.root is None or builder.root.kind != "mapping":
        message = "the file must be a mapping of keys to values"
        raise ReadError(file, [Problem(1, 1, "", message)])
    return builder.root


def malformed(text: str, error: Any, quoted: tuple[int, int]) -> Problem:  # noqa: ANN401
    """Return what is wrong with a text that is no YAML, and where it begins.

    A quote that is not closed ends at the next one, often many lines below: `quoted` are the first
    and last line of the last text in quotes that has several.
    """
    mark, begin = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    words = getattr(error, "problem", None) or getattr(error, "reason", None) or "malformed"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = BREAK.split(text.rstrip())
    if line > len(lines):
        line, column = len(lines), len(lines[-1]) + 1
    if lines[line - 1][column - 1 : column] == "\t":
        words = "a tab; indent with blanks"
    context = getattr(error, "context", None)
    if context and begin and begin.line + 1 != line:
        words = f"{words} ({context} that begins on line {begin.line + 1})"
    if quoted[0] < quoted[1] == line:
        words = f"{words} (after a text in quotes that begins on line {quoted[0]})"
    return Problem(line, column, "", f"not YAML: {words}")


def position(text: str, index: int) -> tuple[int, int]:
    """Return line and column of a character index, counted from 1."""
    breaks = list(BREAK.finditer(text, 0, index))
    return len(breaks) + 1, index - (breaks[-1].end() if breaks else 0) + 1


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
        self.quoted = (0, 0)

    def take(self, kind: str, event: Any) -> None:  # noqa: ANN401  (PyYAML is untyped)
        """Add one event to the tree."""
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if kind == "ScalarEvent":
            self.check(event, line, column)
            plain = not event.style  # "" from the C loader, None from the other
            text = event.value.strip() if plain else event.value
            if not plain and event.style in QUOTES and event.end_mark.line >= line:
                self.quoted = (line, event.end_mark.line + 1)
            self.add(Node("text", line, column, text, plain))
        elif kind in {"MappingStartEvent", "SequenceStartEvent"}:
            self.check(event, line, column)
            if len(self.open) >= DEEPEST:
                self.refuse(line, column, f"nested deeper than {DEEPEST} levels")
            self.open.append((Node("mapping" if kind[0] == "M" else "list", line, column), []))
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            node, children = self.open.pop()
            self.close(node, children)
            self.add(node)
        elif kind == "AliasEvent":
            self.say(line, column, "", "aliases (*name) are not allowed; write the value out")
            self.add(Node("text", line, column))
        elif kind == "DocumentStartEvent":
            self.documents += 1
            if self.documents > 1:
                self.refuse(line, column, "a second document in the file")

    def say(self, line: int, column: int, path: str, message: str) -> None:
        """Note a problem; of very many, the first are enough."""
        self.problems.append(Problem(line, column, path, message))
        if len(self.problems) >= MOST_KEPT:
            raise ReadError(self.file, self.problems)

    def refuse(self, line: int, column: int, message: str) -> None:
        """Stop at once: what follows cannot be trusted to end."""
        raise ReadError(self.file, [*self.problems, Problem(line, column, "", message)])

    def check(self, event: Any, line: int, column: int) -> None:  # noqa: ANN401
        """Refuse tags and anchors, and a file of too many parts."""
        self.count += 1
        if self.count > MOST_NODES:
            self.refuse(line, column, f"more than {MOST_NODES:,} values in the file")
        if event.tag is not None and event.tag != "!":
            self.say(line, column, "", f"tags ({event.tag[:LONGEST_SHOWN]}) are not allowed")
        if event.anchor is not None:
            self.say(line, column, "", f"anchors (&{event.anchor[:LONGEST_SHOWN]}) are not allowed")

    def add(self, node: Node) -> None:
        """Hang a node below the one that is open."""
        if self.open:
            self.open[-1][1].append(node)
        else:
            self.root = node

    def close(self, node: Node, children: list[Node]) -> None:
        """Turn children of a mapping into keys and values; keep those of a list."""
        if node.kind == "list":
            node.members = children
            return
        items: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if key.kind != "text":
                self.say(key.line, key.column, "", "a key must be a word")
            elif key.text in items:
                first = keys[key.text].line
                self.say(key.line, key.column, key.text, f"duplicate key; first on line {first}")
            else:
                items[key.text], keys[key.text] = value, key
                value.head = (key.line, key.column)
        node.items, node.keys = items, keys
