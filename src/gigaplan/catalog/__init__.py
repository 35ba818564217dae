"""The catalogue: what a plan can name, one YAML file for each entity, each figure with its source.

A generic loader reads any entity as the dataclass that is asked for. A plan may carry entities of
its own, with `from:` naming the one they change: what they say replaces what that one says, key by
key.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from gigaplan.figure import CATALOG, Ledger, Source, joined
from gigaplan.read import (
    Node,
    Problem,
    Reader,
    ReadError,
    compose,
    mapping_like,
    nearest,
    read_node,
    there_are,
)

LONGEST_CHAIN = 8
"""How many `from:` may follow each other."""
PLAN_FILE = "(plan)"
"""The file that problems of a plan's own entities are said to be in; its reader knows the name."""
SOURCE_ID = re.compile(r"^([A-Za-z0-9][\w.-]*):(?=\s)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entity:
    """A catalogue entity as a dataclass, with the figures it rests on."""

    name: str
    kind: str
    value: Any
    ledger: Ledger = field(default_factory=dict)


def shelf() -> Any:  # noqa: ANN401  (importlib's Traversable has no common name across versions)
    """Return the folder that the catalogue is read from."""
    return resources.files("gigaplan.catalog")


@cache
def names(kind: str) -> tuple[str, ...]:
    """Return the names of all entities of a kind, sorted."""
    folder = shelf() / kind
    if not folder.is_dir():
        return ()
    return tuple(
        sorted(
            item.name[: -len(".yaml")] for item in folder.iterdir() if item.name.endswith(".yaml")
        )
    )


@cache
def kinds() -> tuple[str, ...]:
    """Return the kinds of entity there are, sources left out."""
    found = [
        item.name for item in shelf().iterdir() if item.is_dir() and not item.name.startswith("_")
    ]
    return tuple(sorted(name for name in found if name != "sources"))


@cache
def sources() -> dict[str, Source]:
    """Return every source by its id.

    Raises
    ------
    ReadError
        When two files define the same id.
    """
    found: dict[str, Source] = {}
    for file, text in source_files().items():
        for key, node in compose(text, file).items.items():
            if key in found:
                problem = Problem(node.line, node.column, key, "is defined in two files")
                raise ReadError(file, [problem])
            found[key] = read_node(node, Source, Reader(file, {}))[0]
    return found


@cache
def source_files() -> dict[str, str]:
    """Return the text of every file of sources, by its name."""
    files = sorted((shelf() / "sources").iterdir(), key=lambda item: str(item.name))
    return {
        f"sources/{item.name}": item.read_text("utf-8")
        for item in files
        if item.name.endswith(".yaml")
    }


@cache
def source_ids() -> frozenset[str]:
    """Return the ids of all sources, without reading what they say."""
    return frozenset(key for text in source_files().values() for key in SOURCE_ID.findall(text))


def chain_of(kind: str, name: str, own: Mapping[str, Node]) -> list[Node]:
    """Return the nodes of an entity and of those it follows by `from:`.

    An own entity may change the one of the catalogue that has its name.

    Raises
    ------
    ReadError
        When a name does not exist, or the chain of `from:` closes on itself or is too long.
    """
    mine = name in own
    chain = [own[name] if mine else file_node(kind, name)]
    passed = {(mine, name)}
    while base := chain[-1].items.get("from"):
        above, name = name, base.text
        mine = mine and name != above and name in own
        path = f"{kind}.{above}.from"
        if not mine and name not in names(kind):
            known = (*names(kind), *own)
            near = nearest(name, known, cutoff=0.3)
            hint = f"nearest: {near}" if near else there_are(known)
            message = f"{base.short()} is not in the catalogue; {hint}"
            raise ReadError(PLAN_FILE, [Problem(base.line, base.column, path, message)])
        if (mine, name) in passed or len(chain) > LONGEST_CHAIN:
            message = "from: goes in a circle, or on for too long"
            raise ReadError(PLAN_FILE, [Problem(base.line, base.column, path, message)])
        passed.add((mine, name))
        chain.append(own[name] if mine else file_node(kind, name))
    return chain


@cache
def file_node(kind: str, name: str) -> Node:
    """Return the node of an entity's own file."""
    if name not in names(kind):
        near = nearest(name, names(kind), cutoff=0.3)
        hint = f"nearest: {near}" if near else there_are(names(kind))
        message = f'"{name}" is not in the catalogue; {hint}'
        raise ReadError("catalog", [Problem(1, 1, f"{kind}.{name}", message)])
    file = shelf() / kind / f"{name}.yaml"
    return compose(file.read_text("utf-8"), f"{kind}/{name}.yaml")


def load(
    kind: str,
    name: str,
    cls: type,
    own: Mapping[str, Node] | None = None,
    known: Mapping[str, Collection[str]] | None = None,
) -> Entity:
    """Load one entity as a dataclass.

    Parameters
    ----------
    kind, name : str
        Such as "chips" and "h100-sxm".
    cls : type
        The dataclass that the kind is paired with.
    own : mapping, optional
        Nodes of the plan's own entities of this kind.
    known : mapping, optional
        Kind -> names that the plan's own entities may name beside the catalogue's.

    Returns
    -------
    Entity
        The value, and its ledger under `catalog:NAME.FIELD`.

    Raises
    ------
    ReadError
        With every problem, at its line; of an own entity, in the file `PLAN_FILE`.
    """
    if own and name in own:
        return build(kind, name, cls, own, known or {})
    return shipped(kind, name, cls)


@cache
def shipped(kind: str, name: str, cls: type) -> Entity:
    """Load an entity of the package, once for a process."""
    return build(kind, name, cls, {}, {"sources": source_ids()})


def build(
    kind: str,
    name: str,
    cls: type,
    own: Mapping[str, Node],
    known: Mapping[str, Collection[str]],
) -> Entity:
    """Read an entity's node, with what it follows, as its dataclass.

    A figure keeps the provenance of the file that says it: one that a plan changes is the plan's.
    """
    chain = chain_of(kind, name, own)
    items: dict[str, Node] = {}
    keys: dict[str, Node] = {}
    origins: dict[str, dict[str, str]] = {}
    for node in reversed(chain):
        defaults = node.items.get("defaults")
        shared = {key: it.text for key, it in defaults.items.items()} if defaults else {}
        for key in (key for key in node.items if key not in {"from", "defaults"}):
            items[key], keys[key], origins[key] = node.items[key], node.keys[key], shared
    names_of = {shelved: (*names(shelved), *known.get(shelved, ())) for shelved in kinds()}
    reader = Reader(
        PLAN_FILE if name in own else f"{kind}/{name}.yaml",
        {**known, **names_of},
        prefix=f"{CATALOG}{joined('', name)}.",
        origins=origins,
    )
    value, reader = read_node(mapping_like(chain[0], items, keys), cls, reader)
    return Entity(name, kind, value, reader.ledger)
