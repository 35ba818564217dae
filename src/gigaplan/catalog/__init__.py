"""The catalogue: what a plan can name, one YAML file for each entity, each figure with its source.

A generic loader reads any entity as the dataclass that is asked for. A plan may carry entities of its
own, with `from:` naming the one they change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from gigaplan.figure import CATALOG, Ledger, Source
from gigaplan.read import Node, Problem, Reader, ReadError, compose, read_node

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_CHAIN = 8
"""How many `from:` may follow each other."""


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
    return tuple(sorted(item.name[: -len(".yaml")] for item in folder.iterdir() if item.name.endswith(".yaml")))


@cache
def kinds() -> tuple[str, ...]:
    """Return the kinds of entity there are, sources left out."""
    found = [item.name for item in shelf().iterdir() if item.is_dir() and not item.name.startswith("_")]
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
    for item in sorted((shelf() / "sources").iterdir(), key=lambda file: str(file.name)):
        if not item.name.endswith(".yaml"):
            continue
        file = f"sources/{item.name}"
        for key, node in compose(item.read_text("utf-8"), file).items.items():
            if key in found:
                raise ReadError(file, [Problem(node.line, node.column, key, "is defined in two files")])
            found[key] = read_node(node, Source, Reader(file, {}))[0]
    return found


def node_of(kind: str, name: str, own: Mapping[str, Node], chain: tuple[str, ...] = ()) -> Node:
    """Return the node of an entity, a plan's own first, with `from:` followed.

    Raises
    ------
    ReadError
        When the name does not exist or the chain of `from:` closes on itself.
    """
    if name in chain or len(chain) >= LONGEST_CHAIN:
        mark = own[chain[-1]]
        raise ReadError("catalog", [Problem(mark.line, mark.column, f"{kind}.{name}", "from: goes in a circle")])
    if name not in own:
        return file_node(kind, name)
    node = own[name]
    base = node.items.get("from")
    if base is None:
        return node
    if base.text != name and base.text not in own and base.text not in names(kind):
        raise ReadError("catalog", [Problem(base.line, base.column, f"{kind}.{name}.from", f"{base.short()} is not in the catalogue")])
    hidden = {key: value for key, value in own.items() if not (key == name == base.text)}
    below = node_of(kind, base.text, hidden, (*chain, name))
    rest = {key: value for key, value in node.items.items() if key != "from"}
    return Node("mapping", node.line, node.column, items={**below.items, **rest}, keys={**below.keys, **node.keys})


@cache
def file_node(kind: str, name: str) -> Node:
    """Return the node of an entity's own file."""
    file = shelf() / kind / f"{name}.yaml"
    if name not in names(kind):
        raise ReadError("catalog", [Problem(1, 1, f"{kind}.{name}", f'"{name}" is not in the catalogue')])
    return compose(file.read_text("utf-8"), f"{kind}/{name}.yaml")


def load(kind: str, name: str, cls: type, own: Mapping[str, Node] | None = None) -> Entity:
    """Load one entity as a dataclass.

    Parameters
    ----------
    kind, name : str
        Such as "chips" and "h100-sxm".
    cls : type
        The dataclass that the kind is paired with.
    own : mapping, optional
        Nodes of the plan's own entities of this kind.

    Returns
    -------
    Entity
        The value, and its ledger under `catalog:NAME.FIELD`.

    Raises
    ------
    ReadError
        With every problem, at its line.
    """
    return shipped(kind, name, cls) if not own or name not in own else build(kind, name, cls, own)


@cache
def shipped(kind: str, name: str, cls: type) -> Entity:
    """Load an entity of the package, once for a process."""
    return build(kind, name, cls, {})


def build(kind: str, name: str, cls: type, own: Mapping[str, Node]) -> Entity:
    """Read an entity's node as its dataclass."""
    node = node_of(kind, name, own)
    origin = node.items.get("defaults")
    defaults = {key: value.text for key, value in origin.items.items()} if origin else {}
    body = {key: value for key, value in node.items.items() if key != "defaults"}
    known = {"sources": sources(), **{shelved: names(shelved) for shelved in kinds()}}
    reader = Reader(f"{kind}/{name}.yaml", known, prefix=f"{CATALOG}{name}.", defaults=defaults)
    value, reader = read_node(
        Node("mapping", node.line, node.column, items=body, keys=node.keys), cls, reader
    )
    return Entity(name, kind, value, reader.ledger)
