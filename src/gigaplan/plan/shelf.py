"""Which class a catalogue kind is read as, and everything that a plan names.

This is the only place that pairs dataclasses of the wings with kinds of the catalogue.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from gigaplan import catalog
from gigaplan.cluster.fabric import Fabric
from gigaplan.cluster.reliability import Recovery
from gigaplan.cluster.storage import Storage
from gigaplan.compute.roofline import Chip, System
from gigaplan.compute.serve import ServeLaw
from gigaplan.compute.train import TrainLaw
from gigaplan.compute.workload import Model
from gigaplan.figure import PathError
from gigaplan.fleet import Offer
from gigaplan.money.build import Costs
from gigaplan.money.tax import TaxLaw
from gigaplan.site.cooling import Cooling
from gigaplan.site.power import PowerChain
from gigaplan.site.supply import Place
from gigaplan.site.weather import Climate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gigaplan.plan.schema import Plan
    from gigaplan.read import Node

KINDS: dict[str, type] = {
    "chips": Chip,
    "systems": System,
    "models": Model,
    "fabrics": Fabric,
    "storages": Storage,
    "recoveries": Recovery,
    "climates": Climate,
    "coolings": Cooling,
    "chains": PowerChain,
    "places": Place,
    "costs": Costs,
    "offers": Offer,
    "policies": TaxLaw,
    "train-laws": TrainLaw,
    "serve-laws": ServeLaw,
}
"""Kind of the catalogue -> the dataclass it is read as."""

LAWS = {"train-laws": "train", "serve-laws": "serve"}
"""The law of each model that a plan uses; one of each so far."""


def named(value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield every (kind, name) of the catalogue that a dataclass names.

    Parameters
    ----------
    value : object
        A plan, or a catalogue entity.
    """
    if is_dataclass(value):
        for item in fields(value):
            below, entry = getattr(value, item.name), item.metadata.get("entry")
            if entry and below:
                yield entry, below
            elif not item.metadata.get("internal") and not item.metadata.get("quantity"):
                yield from named(below)
    elif isinstance(value, dict):
        for member in value.values():
            yield from named(member)


def with_entities(plan: Plan, own: Mapping[str, Mapping[str, Node]] | None = None) -> Plan:
    """Return the plan with every entity it names, and their figures.

    Parameters
    ----------
    plan : Plan
        Entities it has already are kept as they are (they may carry columns).
    own : mapping, optional
        Kind -> name -> node: entities written in the plan file itself.

    Raises
    ------
    ReadError
        When an entity of the catalogue is malformed.
    """
    shelf = {**plan.shelf, **{kind: dict(nodes) for kind, nodes in (own or {}).items()}}
    entities: dict[str, Any] = {}
    ledger = {
        path: figure for path, figure in plan.ledger.items() if not path.startswith("catalog:")
    }
    known = {kind: tuple(nodes) for kind, nodes in shelf.items()}
    waiting = [*named(plan), *((kind, name) for kind, name in LAWS.items())]
    while waiting:
        kind, name = waiting.pop()
        if name in entities:
            continue
        must_exist(kind, name, shelf.get(kind, {}))
        entity = catalog.load(kind, name, KINDS[kind], shelf.get(kind), known)
        entities[name] = plan.entities.get(name, entity.value)
        ledger.update(entity.ledger)
        waiting.extend(named(entity.value))
    return replace(plan, entities=dict(sorted(entities.items())), ledger=ledger, shelf=shelf)


def must_exist(kind: str, name: str, own: Mapping[str, Node]) -> None:
    """Refuse a name that neither the catalogue nor the plan itself has.

    Raises
    ------
    PathError
        Naming the nearest; one that begins alike comes first.
    """
    known = (*catalog.names(kind), *own)
    if name in known:
        return
    alike = [one for one in known if one.startswith(name)] or get_close_matches(name, known, n=1)
    near = f"; nearest: {alike[0]}" if alike else ""
    raise PathError(f'"{name}" is not in the catalogue of {kind}{near}')
