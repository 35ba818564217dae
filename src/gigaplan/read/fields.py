"""Nodes into dataclasses: the fields say what their keys, words and numbers mean."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import Field, is_dataclass
from typing import Any, Literal, get_args, get_origin

from gigaplan.figure import alternatives, hints, is_quantity, joined, plain_number
from gigaplan.read.nodes import Node, Problem, ReadError, compose, without
from gigaplan.read.quantities import read_quantity
from gigaplan.read.reader import (
    UNSET,
    Reader,
    fields_by_key,
    is_needed,
    nearest,
    needed,
    no_such_key,
    one_member,
    there_are,
)
from gigaplan.units import UnitError

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,79}")
"""What a name that the user chooses (a site, a party) may look like."""
LONGEST_LINE = 2000


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
        `names`, `prefix`, `defaults`, `origins` of `Reader`.

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
    items = fields_by_key(kind)
    if node.kind != "mapping":
        keys = ", ".join(list(items)[:3])
        reader.say(node, path, f"{node.short()} should be a mapping with keys such as {keys}")
        return UNSET
    values: dict[str, Any] = {}
    said: dict[str, str] = {}
    for key, child in node.items.items():
        item, value_node = field_of(key, child, kind)
        if item is None:
            reader.say(node.keys[key], joined(path, key), no_such_key(key, items))
        elif item.name in said:
            message = f"said twice: as {said[item.name]} and as {key}"
            reader.say(node.keys[key], joined(path, key), message)
        else:
            below = joined(path, item.name)
            reader.marks[below] = (node.keys[key].line, node.keys[key].column)
            if reader.origins and not path:
                reader.defaults = reader.origins.get(key, {})
            said[item.name] = key
            values[item.name] = read_field(value_node, item, hints(kind)[item.name], below, reader)
    for key, item in items.items():
        if item.name not in values and is_needed(item):
            message = f"missing: {item.metadata.get('doc') or key}"
            reader.note(Problem(*node.head, joined(path, key), message))
            values[item.name] = UNSET
    return UNSET if any(value is UNSET for value in values.values()) else kind(**values)


def field_of(key: str, node: Node, kind: type) -> tuple[Field[Any] | None, Node]:
    """Return the field that a key sets, and the node it is set to.

    The singular of a mapping of names sets its member `main`: `site` stands for `sites.main`.
    """
    items = fields_by_key(kind)
    if key in items:
        return items[key], node
    plural = key[:-1] + "ies" if key.endswith("y") else key + "s"
    if plural in items and is_mapping(hints(kind)[items[plural].name]):
        return items[plural], one_member(node)
    return None, node


def is_mapping(hint: Any) -> bool:  # noqa: ANN401
    """Return whether a field is a mapping of names to dataclasses."""
    return get_origin(hint) is dict


def read_field(node: Node, item: Field[Any], hint: Any, path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read the value of one field by its type."""
    kinds = alternatives(hint)
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
        message = f"{node.short()} should be a mapping with a kind: {', '.join(by_name)}"
        reader.say(node, path, message)
        return UNSET
    first = next(iter(node.items), "")
    if len(node.items) == 1 and first in by_name:
        return read_dataclass(node.items[first], by_name[first], path, reader)
    if "kind" in node.items:
        word = node.items["kind"]
        if word.text in by_name:
            return read_dataclass(without(node, "kind"), by_name[word.text], path, reader)
        near = nearest(word.text, by_name)
        hint = f'; did you mean "{near}"?' if near else ""
        message = f"{word.short()} is no kind; {there_are(by_name)}{hint}"
        reader.say(word, joined(path, "kind"), message)
        return UNSET
    chosen = kind_of(node, kinds)
    if chosen is None:
        below = all(child.kind == "mapping" for child in node.items.values())
        several = "; for several, write the plural with their names below" if below else ""
        message = f"missing: say kind: {', '.join(by_name)}{several}"
        reader.note(Problem(*node.head, joined(path, "kind"), message))
        return UNSET
    return read_dataclass(node, chosen, path, reader)


def kind_of(node: Node, kinds: tuple[Any, ...]) -> Any:  # noqa: ANN401
    """Return the kind whose keys a mapping has, or most of; None if unclear.

    A mapping that fits several kinds names none of them. One that fits none is read as the kind it
    shares most keys with, so that the message is about the key that is wrong.
    """
    keys = set(node.items)
    fitting = [kind for kind in kinds if needed(kind) <= keys <= set(fields_by_key(kind))]
    if fitting:
        return fitting[0] if len(fitting) == 1 else None
    shared = [len(keys & set(fields_by_key(kind))) for kind in kinds]
    best = max(shared)
    return kinds[shared.index(best)] if best > 0 and shared.count(best) == 1 else None


def read_mapping(node: Node, item: Field[Any], hint: Any, path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a mapping of names to dataclasses, or of words to words."""
    if node.kind != "mapping":
        reader.say(node, path, f"{node.short()} should be a mapping of names")
        return UNSET
    result: dict[str, Any] = {}
    for key, child in node.items.items():
        below = joined(path, key)
        reader.marks[below] = (node.keys[key].line, node.keys[key].column)
        if KEY.fullmatch(key):
            result[key] = read_field(child, item, hint, below, reader)
        else:
            message = "a name is made of letters, digits, blanks, - . and _ (80 at most)"
            reader.say(node.keys[key], below, message)
            result[key] = UNSET
    return UNSET if any(value is UNSET for value in result.values()) else result


def read_list(node: Node, item: Field[Any], hint: Any, path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read a list of dataclasses or words."""
    if node.kind != "list":
        reader.say(node, path, f"{node.short()} should be a list")
        return UNSET
    result = [
        read_field(child, item, hint, joined(path, str(index)), reader)
        for index, child in enumerate(node.members)
    ]
    return UNSET if any(value is UNSET for value in result) else tuple(result)


def read_word(node: Node, item: Field[Any], kind: Any, path: str, reader: Reader) -> Any:  # noqa: ANN401
    """Read structure: a word, a whole number, a plain number, yes or no."""
    if node.kind != "text":
        reader.say(node, path, f"should be a word or a number, not {node.short()}")
        return UNSET
    if kind is str or get_origin(kind) is Literal:
        choices = get_args(kind) if kind is not str else item.metadata.get("choices")
        return read_name(node, item.metadata.get("entry"), choices or (), path, reader)
    if kind is bool:
        if node.text.lower() in {"yes", "true", "no", "false"}:
            return node.text.lower() in {"yes", "true"}
        reader.say(node, path, f"{node.short()} should be yes or no")
        return UNSET
    try:
        return plain_number(node.text, item.metadata, whole=kind is int)
    except UnitError as error:
        reader.say(node, path, str(error).replace(f'"{node.text}"', node.short()))
        return UNSET


def read_name(
    node: Node, entry: str | None, choices: Collection[str], path: str, reader: Reader
) -> Any:  # noqa: ANN401
    """Read a text; one that names a catalogue entry or a choice must exist."""
    text = " ".join(node.text.split()) if "\n" in node.text else node.text
    if not text.isprintable() or len(text) > LONGEST_LINE:
        reader.say(node, path, f"{node.short()} is not a line of plain text")
        return UNSET
    known = choices or (reader.names[entry] if entry and entry in reader.names else None)
    if known is not None and text not in known:
        near = nearest(text, known, cutoff=0.3)
        where = "not in the catalogue" if entry else "not a choice"
        hint = f"nearest: {near}" if near and not choices else there_are(known)
        reader.say(node, path, f"{node.short()} is {where}; {hint}")
        return UNSET
    return text
