"""The rules by which cases are read: what may be fitted on, what fills a gap, what explains a miss.

Rules go by source, software, family or model, never by row and never by outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any

from gigaplan import catalog
from gigaplan.compute.roofline import Chip, System
from gigaplan.compute.workload import Model
from gigaplan.evidence.cases import Case
from gigaplan.read import Node, compose, read
from gigaplan.units import option

TEST, FIT = "test", "fit"


class Refused(Exception):  # noqa: N818  (no error: a case that a model cannot answer)
    """A case that the model cannot express; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Use:
    """Whether a family may be fitted on."""

    family: str = option("*", doc="pattern of families")
    use: str = option(TEST, choices=(FIT, TEST), doc="fitted on, or only tested")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """What may be fitted on, by model; the first pattern that matches decides."""

    training: tuple[Use, ...] = option((), doc="training steps")
    serving: tuple[Use, ...] = option((), doc="engine steps and throughput")
    cluster: tuple[Use, ...] = option((), doc="failures and checkpoints")
    site: tuple[Use, ...] = option((), doc="power, energy, PUE")
    money: tuple[Use, ...] = option((), doc="cost and accounts")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fill:
    """What empty cells of some rows hold.

    A cell that a published recipe fills is a fact; one filled by a framework's default is assumed.
    """

    source: str = option("*", doc="pattern of sources")
    software: str = option("*", doc="pattern of software")
    model: str = option("*", doc="pattern of models")
    fill: dict[str, str] = option(doc="column -> what it holds when empty")
    assumed: bool = option(True, doc="nobody published it for these rows")  # noqa: FBT003
    why: str = option("", doc="where the values come from")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """How an operator cools and powers its buildings."""

    cooling: str = option(doc="cooling of the catalogue")
    chain: str = option(doc="power chain of the catalogue")
    load: str = option("0.75", doc="mean over rated IT load")
    why: str = option("", doc="who says so")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rules:
    """Rules of sources, in the order in which they apply."""

    training: tuple[Fill, ...] = option((), doc="of training rows")
    precisions: dict[str, str] = option({}, doc="format as filed -> format of the matmuls")
    aliases: dict[str, str] = option({}, doc="model as filed -> model of the same shape")
    operators: dict[str, Design] = option({}, doc="operator -> design of its buildings")
    regions: dict[str, str] = option({}, doc="operator and region -> climate")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """Why the rows of a family miss by more than a model should."""

    family: str = option("*", doc="pattern of families")
    case: str = option("*", doc="pattern of cases")
    quantity: str = option("*", doc="pattern of quantities")
    side: str = option(
        "both", choices=("both", "over", "under"), doc="modelled over or under measured"
    )
    text: str = option(doc="the explanation")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanations:
    """All explanations, the first that matches first."""

    explanations: tuple[Explanation, ...] = option((), doc="in order")


def text_of(name: str) -> str:
    """Return the text of a file of rules."""
    return (resources.files("gigaplan.evidence") / name).read_text("utf-8")


@cache
def rules() -> Rules:
    """Return the rules that fill gaps."""
    made: Rules = read(text_of("defaults.yaml"), Rules, "evidence/defaults.yaml")[0]
    return made


@cache
def split() -> Split:
    """Return what may be fitted on."""
    made: Split = read(text_of("split.yaml"), Split, "evidence/split.yaml")[0]
    return made


@cache
def explanations() -> tuple[Explanation, ...]:
    """Return the explanations of large misses."""
    made: Explanations = read(
        text_of("explanations.yaml"), Explanations, "evidence/explanations.yaml"
    )[0]
    return made.explanations


def use_of(case: Case) -> str:
    """Return whether a case may be fitted on."""
    key = {"training": "training", "engine": "serving", "throughput": "serving"}.get(
        case.form, case.wing
    )
    uses: tuple[Use, ...] = getattr(split(), key, ())
    return next((one.use for one in uses if fnmatchcase(case.family, one.family)), TEST)


def explained(case: Case, quantity: str, error_frac: float) -> str:
    """Return why a case misses a quantity, "" when nobody has said."""
    side = "over" if error_frac > 0.0 else "under"
    for one in explanations():
        fits = fnmatchcase(case.family, one.family) and fnmatchcase(case.case_id, one.case)
        if fits and fnmatchcase(quantity, one.quantity) and one.side in {"both", side}:
            return one.text
    return ""


def filled(case: Case) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return a training row with empty cells filled, and which are assumed."""
    cells = dict(case.cells)
    assumed = []
    for rule in rules().training:
        fits = fnmatchcase(case.source, rule.source) and fnmatchcase(
            cells.get("software", ""), rule.software
        )
        if not fits or not fnmatchcase(case.model, rule.model):
            continue
        for name, value in rule.fill.items():
            if not cells.get(name):
                cells[name] = value
                assumed += [name] if rule.assumed else []
    return cells, tuple(assumed)


@cache
def own(kind: str) -> Mapping[str, Node]:
    """Return the shapes and variants that only evidence needs, by kind."""
    return compose(text_of("variants.yaml"), "evidence/variants.yaml").items[kind].items


@cache
def entity(kind: str, name: str, cls: type) -> Any:  # noqa: ANN401  (any dataclass of the catalogue)
    """Return an entity of the catalogue, or a variant of evidence's own.

    Raises
    ------
    Refused
        When there is none of that name.
    """
    variants = own(kind) if kind in {"models", "chips"} else {}
    if name not in variants and name not in catalog.names(kind):
        raise Refused(f"{kind[:-1]} not in the catalogue: {name}")
    return catalog.load(kind, name, cls, variants).value


def chip_of(name: str) -> Chip:
    """Return a chip by its name."""
    made: Chip = entity("chips", name, Chip)
    return made


def model_named(name: str) -> Model:
    """Return a model by its name, or by one that has the same shape."""
    made: Model = entity("models", rules().aliases.get(name, name), Model)
    return made


@cache
def system_of(chip: str) -> System:
    """Return the first system of the catalogue that holds a chip.

    Raises
    ------
    Refused
        When none does.
    """
    node = own("chips").get(chip)
    wanted = node.items["from"].text if node is not None and "from" in node.items else chip
    for name in catalog.names("systems"):
        made: System = catalog.load("systems", name, System).value
        if made.chip == wanted:
            return made
    raise Refused(f"no system in the catalogue holds {wanted}")
