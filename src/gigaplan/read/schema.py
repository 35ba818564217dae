"""The JSON Schema of a dataclass as a plan file writes it, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, is_dataclass
from typing import Any, get_args, get_origin

from gigaplan.figure import alternatives, hints, is_quantity
from gigaplan.read.quantities import FIGURE_KEYS
from gigaplan.read.reader import fields_by_key, needed
from gigaplan.units import SUFFIXES, Steps, suffix

Schema = dict[str, Any]

TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""An editor takes `2026` for a number and `on` for a boolean; to the reader both are words."""


def json_schema(kind: type, entities: Mapping[str, type] | None = None) -> Schema:
    """Return a JSON Schema of a dataclass as it is written in a plan file.

    Parameters
    ----------
    kind : type
        The dataclass.
    entities : mapping, optional
        Catalogue kind -> dataclass, for entities that the file itself may carry under `catalog:`.
    """
    definitions: Schema = {}
    top = {**dataclass_schema(kind, definitions)}
    if entities:
        shelves = {name: own_schema(entity, definitions) for name, entity in entities.items()}
        shelf = {"type": "object", "properties": shelves, "additionalProperties": False}
        top["properties"] = {**top["properties"], "catalog": shelf}
    address = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": address, **top, "$defs": definitions}


def own_schema(entity: type, definitions: Schema) -> Schema:
    """Return the schema of a plan's own entities of one kind."""
    whole = dataclass_schema(entity, definitions)
    extra = {"from": TEXT, "defaults": {"type": "object", "additionalProperties": TEXT}}
    one = {**whole, "properties": {**whole["properties"], **extra}}
    one.pop("required")
    return {"type": "object", "additionalProperties": one}


def schema_of(hint: Any, definitions: Schema) -> Schema:  # noqa: ANN401
    """Return the schema of a type; dataclasses go to the definitions."""
    kinds = alternatives(hint)
    if len(kinds) > 1 and all(is_dataclass(kind) for kind in kinds):
        return union_schema(kinds, definitions)
    kind = kinds[0]
    if is_dataclass(kind):
        name = getattr(kind, "__name__", "")
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = dataclass_schema(kind, definitions)  # type: ignore[arg-type]
        return {"$ref": f"#/$defs/{name}"}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": schema_of(get_args(kind)[1], definitions)}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": schema_of(get_args(kind)[0], definitions)}
    numbers = {int: ["integer", "string"], float: ["number", "string"], bool: ["boolean", "string"]}
    return {"type": numbers[kind]} if kind in numbers else {**TEXT}


def union_schema(kinds: tuple[Any, ...], definitions: Schema) -> Schema:
    """Return the schema of a mapping that is of one of several kinds."""
    forms: list[Schema] = []
    for kind in kinds:
        name = kind.__name__.lower()
        reference = schema_of(kind, definitions)
        whole = definitions[kind.__name__]
        spoken = {"kind": {"const": name}, **whole["properties"]}
        forms.append({**whole, "properties": spoken})
        forms.append(
            {
                "type": "object",
                "properties": {name: reference},
                "required": [name],
                "additionalProperties": False,
            }
        )
    return {"anyOf": forms}


def dataclass_schema(kind: type, definitions: Schema) -> Schema:
    """Return the schema of one dataclass, its keys without units."""
    properties: Schema = {}
    required = sorted(needed(kind))
    for key, item in fields_by_key(kind).items():
        hint = hints(kind)[item.name]
        kinds = alternatives(hint)
        quantity = is_quantity(item)
        part = quantity_schema(item, kinds) if quantity else schema_of(hint, definitions)
        if item.metadata.get("choices"):
            part = {"type": "string", "enum": list(item.metadata["choices"])}
        if type(None) in get_args(hint):
            part = {"anyOf": [part, {"type": "null"}]}
        doc = item.metadata.get("doc")
        properties[key] = {**part, "description": doc} if doc and "$ref" not in part else part
        singular = key[:-3] + "y" if key.endswith("ies") else key[:-1]
        if get_origin(kinds[0]) is dict and not quantity and key.endswith("s"):
            properties[singular] = schema_of(get_args(kinds[0])[1], definitions)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def quantity_schema(item: Field[Any], kinds: tuple[Any, ...]) -> Schema:
    """Return the schema of a quantity: a text with a unit, a figure, or steps."""
    one = {"type": ["string", "number"], "examples": [SUFFIXES[suffix(item.name)].example]}
    figure: Schema = {
        "type": "object",
        "properties": dict.fromkeys(FIGURE_KEYS, TEXT),
        "required": ["value"],
        "additionalProperties": False,
    }
    forms: list[Schema] = [one, figure]
    if Steps in kinds:
        begin = {"anyOf": [{"type": ["string", "number"]}, figure]}
        step = {**figure, "properties": {**figure["properties"], "from": begin}}
        forms += [step, {"type": "array", "items": step, "minItems": 1}]
    if get_origin(kinds[0]) is dict:
        return {"type": "object", "additionalProperties": {"anyOf": forms}}
    if get_origin(kinds[0]) is tuple:
        values: Schema = {"type": "array", "items": {"type": ["string", "number"]}}
        lists = {"values": values, "low": values, "high": values}
        whole = {**figure["properties"], **lists, "unit": TEXT}
        whole.pop("value")
        mapped = {**figure, "properties": whole, "required": ["values"]}
        return {"anyOf": [values, mapped]}
    return {"anyOf": forms}
