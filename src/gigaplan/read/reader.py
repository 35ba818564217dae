"""What reading gathers, and the words that messages share."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any

from gigaplan.figure import Ledger, is_quantity
from gigaplan.read.nodes import MOST_KEPT, Node, Problem, ReadError
from gigaplan.units import stem, suffix

MOST_NAMED = 8
"""How many right words a message lists."""
LONGEST_NAME = 80
"""A longer word is near to nothing."""


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
    origins : mapping
        The same by top-level key, where the keys come from several files; goes before `defaults`.
    """

    file: str
    names: Mapping[str, Collection[str]]
    prefix: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=dict)
    marks: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def say(self, node: Node, path: str, message: str) -> None:
        """Note a problem at a node."""
        self.note(Problem(node.line, node.column, path, message))

    def note(self, problem: Problem) -> None:
        """Note a problem; of very many, the first are enough."""
        self.problems.append(problem)
        if len(self.problems) >= MOST_KEPT:
            raise ReadError(self.file, self.problems)


UNSET = object()
"""What a part is while it has a problem: the whole is not built then."""


def yaml_key(item: Field[Any]) -> str:
    """Return the key that a plan file uses for a field."""
    return item.metadata.get("key") or (stem(item.name) if is_quantity(item) else item.name)


@cache
def fields_by_key(kind: type) -> dict[str, Field[Any]]:
    """Return the fields of a dataclass that a file may set, by their keys."""
    return {yaml_key(item): item for item in fields(kind) if not item.metadata.get("internal")}


@cache
def needed(kind: type) -> frozenset[str]:
    """Return the keys of a dataclass that have no default."""
    return frozenset(key for key, item in fields_by_key(kind).items() if is_needed(item))


def is_needed(item: Field[Any]) -> bool:
    """Return whether a field has no default."""
    return item.default is MISSING and item.default_factory is MISSING


def no_such_key(key: str, known: Collection[str]) -> str:
    """Return the message for an unknown key, with the nearest known."""
    near = nearest(key, known) or (nearest(stem(key), known) if suffix(key) else "")
    return "no such key" + (f'; did you mean "{near}"?' if near else f"; {there_are(known)}")


def nearest(word: str, known: Collection[str], cutoff: float = 0.6) -> str:
    """Return the known word nearest to another, or "" when none is near."""
    if len(word) > LONGEST_NAME:
        return ""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)), "")


def there_are(known: Collection[str]) -> str:
    """Return the first of the words that would be right, for a message."""
    words = sorted(known)
    more = f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
    return f"there are {', '.join(words[:MOST_NAMED])}{more}" if words else "there are none"


def one_member(node: Node) -> Node:
    """Wrap a node as the single member `main` of a mapping."""
    key = Node("text", *node.head, "main")
    return Node(
        "mapping", node.line, node.column, items={"main": node}, keys={"main": key}, head=node.head
    )
