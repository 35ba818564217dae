"""A plan file into a Plan: read, completed with what the catalogue holds, and checked."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gigaplan import catalog
from gigaplan.figure import PathError, canonical, joined, replaced, resolve, split
from gigaplan.money.lease import Capacity, Debt, Lease
from gigaplan.plan.schema import OWNER, Hall, Party, Plan, SiteGroup
from gigaplan.plan.shelf import KINDS, with_entities
from gigaplan.read import (
    KEY,
    LARGEST_FILE,
    MOST_KEPT,
    Node,
    Problem,
    Reader,
    ReadError,
    compose,
    nearest,
    position,
    read_node,
    there_are,
    without,
)
from gigaplan.units import UnitError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator


MOST_OWN = 1000
"""Entities that a plan file may carry: each is read with all that it follows."""
MARKET = "market"
"""The party outside a plan that pays for what nobody inside does."""
SHARED_FIGURES = ("hall.goodput_extra_frac",)
"""Figures of a group's hall that act on the workload of all its members, not on one member."""
SLACK_FRAC = 1e-9
"""How far shares that should make one may miss it by rounding."""


def load(path: str | Path) -> Plan:
    """Read a plan file.

    Parameters
    ----------
    path : str or Path
        A YAML file.

    Returns
    -------
    Plan
        Completed with the catalogue entities that it names.

    Raises
    ------
    ReadError
        With every problem, each at its line.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ReadError(str(path), [Problem(1, 1, "", f"cannot be read: {reason}")]) from None
    if len(raw) > LARGEST_FILE:
        message = f"the file is larger than {LARGEST_FILE:,} bytes"
        raise ReadError(file.name, [Problem(1, 1, "", message)])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        good = raw[: error.start].decode("utf-8")
        problem = Problem(*position(good, len(good)), "", "cannot be read: is not text in UTF-8")
        raise ReadError(file.name, [problem]) from None
    return loads(text, file.name)


def loads(text: str, file: str = "plan.yaml") -> Plan:
    """Read the text of a plan; see `load`."""
    node = compose(text, file)
    own = own_entities(node, file)
    names = {kind: (*catalog.names(kind), *own.get(kind, {})) for kind in KINDS}
    plan, reader = read_node(without(node, "catalog"), Plan, Reader(file, names))
    plan = completed(replace(plan, ledger=reader.ledger, marks=reader.marks))
    problems = [
        Problem(*nearest_mark(plan, where), where, what)
        for where, what in islice(contradictions(plan), MOST_KEPT)
    ]
    problems += own_problems(own)
    if problems:
        raise ReadError(file, problems)
    plan = with_entities(plan, own)
    problems = [
        Problem(*nearest_mark(plan, where), where, what) for where, what in mismatches(plan)
    ]
    if problems:
        raise ReadError(file, problems)
    return plan


def checked(plan: Plan, file: str) -> Plan:
    """Return a plan that was changed by hand with what it names now.

    Raises
    ------
    PathError
        When a change names nothing, or contradicts the rest of the plan.
    """
    for where, what in contradictions(plan):
        raise PathError(f"{where}: {what} (after a change of {file})")
    plan = with_entities(plan)
    for where, what in mismatches(plan):
        raise PathError(f"{where}: {what} (after a change of {file})")
    return plan


def mismatches(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield (path, message) where a plan contradicts what the catalogue says."""
    for name, hall in plan.halls.items():
        if hall.tenure == "cloud" and hall.offer is not None and hall.system:
            rented = plan.entities[hall.offer].system
            if hall.system != rented:
                yield f"halls.{name}.system", f"{hall.offer} rents {rented}; leave system out"


def own_problems(own: dict[str, dict[str, Node]]) -> list[Problem]:
    """Return what is wrong with the entities that a plan file carries."""
    known = {kind: tuple(nodes) for kind, nodes in own.items()}
    problems: list[Problem] = []
    for kind, nodes in own.items():
        for name in nodes:
            try:
                catalog.load(kind, name, KINDS[kind], nodes, known)
            except ReadError as error:
                problems += error.problems
            if len(problems) >= MOST_KEPT:
                return problems
    return problems


def own_entities(node: Node, file: str) -> dict[str, dict[str, Node]]:
    """Return the entities that a plan carries under `catalog:`, by kind."""
    section = node.items.get("catalog")
    if section is None:
        return {}
    if section.kind != "mapping":
        message = f"{section.short()} should be a mapping of kinds"
        raise ReadError(file, [Problem(section.line, section.column, "catalog", message)])
    problems: list[Problem] = []
    for kind, names in section.items.items():
        path, mark = joined("catalog", kind), section.keys[kind]
        if kind not in KINDS:
            near = nearest(kind, KINDS)
            hint = f'did you mean "{near}"?' if near else there_are(KINDS)
            problems.append(Problem(mark.line, mark.column, path, f"no such kind; {hint}"))
        elif names.kind != "mapping":
            message = f"{names.short()} should be a mapping of names to entities"
            problems.append(Problem(mark.line, mark.column, path, message))
        else:
            problems += islice(bad_names(section, kind), MOST_KEPT)
    if sum(len(names.items) for names in section.items.values()) > MOST_OWN:
        message = f"more than {MOST_OWN:,} entities"
        problems.append(Problem(*section.head, "catalog", message))
    if problems:
        raise ReadError(file, problems)
    return {kind: dict(names.items) for kind, names in section.items.items()}


def bad_names(section: Node, kind: str) -> Iterator[Problem]:
    """Yield what is wrong with the names of a plan's own entities of a kind.

    A figure is known by the name of its entity, so no two entities of any kind share one.
    """
    others = [other for other in KINDS if other != kind]
    taken = {name for other in others for name in catalog.names(other)}
    for other in section.items.keys() & set(others):
        taken |= section.items[other].items.keys()
    for name, entity in section.items[kind].items.items():
        mark = section.items[kind].keys[name]
        path = joined(f"catalog.{kind}", name)
        if not KEY.fullmatch(name):
            message = "a name is made of letters, digits, blanks, - . and _ (80 at most)"
            yield Problem(mark.line, mark.column, path, message)
        elif name in taken:
            yield Problem(mark.line, mark.column, path, "is the name of something of another kind")
        elif entity.kind != "mapping":
            message = f"{entity.short()} should be a mapping of keys to figures"
            yield Problem(entity.line, entity.column, path, message)


def nearest_mark(plan: Plan, path: str) -> tuple[int, int]:
    """Return where the file says a path, or the nearest key above it."""
    while path and path not in plan.marks:
        path = path.rpartition(".")[0]
    return plan.marks.get(path, (1, 1))


def completed(plan: Plan) -> Plan:
    """Add the party that owns all where a plan names none."""
    if plan.parties:
        only = next(iter(plan.parties)) if len(plan.parties) == 1 else None
        return plan if only is None or OWNER in plan.parties else adopted(plan, only)
    return replace(plan, parties={OWNER: Party()})


def adopted(plan: Plan, party: str) -> Plan:
    """Give everything without an owner to the only party of a plan."""

    def own(thing: Any) -> Any:  # noqa: ANN401
        return replace(thing, owner=party) if thing.owner == OWNER else thing

    return replace(
        plan,
        sites={name: own(site) for name, site in plan.sites.items()},
        halls={name: own(hall) for name, hall in plan.halls.items()},
        site_groups={
            name: replace(group, site=own(group.site), hall=own(group.hall))
            for name, group in plan.site_groups.items()
        },
        deals={
            name: replace(deal, party=party)
            if isinstance(deal, Debt) and deal.party == OWNER
            else deal
            for name, deal in plan.deals.items()
        },
    )


def contradictions(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield path and message of what leads nowhere or cannot be."""
    known = set(plan.parties)
    for name, site in plan.sites.items():
        yield from unknown(f"sites.{quoted(name)}.owner", site.owner, {*known, MARKET}, "party")
        yield from site_gaps(f"sites.{quoted(name)}", site)
    for name, group in plan.site_groups.items():
        yield from group_gaps(f"site_groups.{quoted(name)}", name, group, plan)
    for name, hall in plan.halls.items():
        yield from unknown(f"halls.{quoted(name)}.owner", hall.owner, known, "party")
        yield from hall_gaps(f"halls.{quoted(name)}", hall, plan)
    halls = {*plan.halls, *plan.site_groups}
    for name, work in plan.workloads.items():
        for place in work.halls:
            yield from unknown(f"workloads.{quoted(name)}.halls", place, halls, "hall")
        if work.owner is not None:
            yield from unknown(f"workloads.{quoted(name)}.owner", work.owner, known, "party")
    for name, deal in plan.deals.items():
        yield from deal_gaps(f"deals.{quoted(name)}", deal, plan)
    yield from oversold(plan)
    if not plan.sites and not plan.site_groups and not plan.halls:
        yield "name", "the plan has no sites and no halls: there is nothing to simulate"
    if plan.workloads and not halls:
        yield "workloads", "there are workloads and no hall to run them in"


def group_gaps(path: str, name: str, group: SiteGroup, plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what a group of sites lacks or contradicts."""
    known = set(plan.parties)
    yield from unknown(f"{path}.site.owner", group.site.owner, {*known, MARKET}, "party")
    yield from unknown(f"{path}.hall.owner", group.hall.owner, known, "party")
    yield from site_gaps(f"{path}.site", group.site)
    if group.hall.tenure != "owned":
        yield f"{path}.hall.tenure", "the halls of a group are owned; rent from a cloud in a hall"
    else:
        yield from machine_gaps(f"{path}.hall", group.hall)
    if not 1 <= group.members <= 100_000:  # noqa: PLR2004
        yield f"{path}.members", "a group has 1 to 100,000 members"
    if name in {*plan.sites, *plan.halls}:
        yield path, "is the name of a site or hall too"
    for short, half in group.spread.items():
        try:
            check_spread(group, short, half)
        except (PathError, UnitError) as error:
            yield joined(f"{path}.spread", short), str(error)


def oversold(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what two deals, or a deal and a workload, promise twice."""
    sold: dict[str, tuple[str, str]] = {}
    let: dict[str, float] = {}
    for name, deal in plan.deals.items():
        where = f"deals.{quoted(name)}"
        if isinstance(deal, Capacity):
            if deal.hall in sold:
                first, _ = sold[deal.hall]
                yield f"{where}.hall", f"{first} sells all chips of {deal.hall} already"
            sold.setdefault(deal.hall, (name, deal.seller))
        elif isinstance(deal, Lease):
            let[deal.site] = let.get(deal.site, 0.0) + float(np.max(deal.let_frac))
            if let[deal.site] > 1.0 + SLACK_FRAC:
                yield f"{where}.let", f"{100.0 * let[deal.site]:.4g} % of {deal.site} is let by now"
    for name, work in plan.workloads.items():
        for hall in work.halls or (*plan.halls, *plan.site_groups):
            contract, seller = sold.get(hall, ("", None))
            if work.owner is not None and work.owner == seller:
                path = f"workloads.{quoted(name)}.owner"
                yield path, f'"{seller}" has sold the chips of {hall} ({contract})'


def check_spread(group: SiteGroup, short: str, half: str) -> None:
    """Refuse a spread of what a group does not say, or beyond bounds.

    Raises
    ------
    PathError
        When the words name no figure of the group.
    UnitError
        When the half-width is of another unit, or takes a member out of bounds.
    """
    figures = dict(canonical({"site": group.site, "hall": group.hall}))
    figure = resolve(list(figures), short)
    if figure in SHARED_FIGURES:
        reason = "the members of a group share what they serve"
        raise PathError(f"{short} cannot spread: {reason}; give it a range instead")
    width = parse(half, split(figure)[-1])
    where, _, rest = figure.partition(".")
    for edge in (figures[figure] - width, figures[figure] + width):
        replaced(getattr(group, where), rest, edge)


def quoted(name: str) -> str:
    """Return a name as it stands in a path."""
    return joined("", name)


def unknown(path: str, name: str, known: set[str], what: str) -> Iterator[tuple[str, str]]:
    """Yield a message when a name is not among those known."""
    if name not in known:
        near = nearest(name, known)
        hint = f"nearest: {near}" if near else there_are(known)
        yield path, f'"{name}" is not a {what} of this plan; {hint}'


def site_gaps(path: str, site: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield what a site lacks or contradicts."""
    if not 1 <= site.buildings <= 100:  # noqa: PLR2004
        yield f"{path}.buildings", "a site has 1 to 100 buildings"


def hall_gaps(path: str, hall: Hall, plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what a hall lacks or contradicts."""
    if hall.tenure == "cloud":
        if hall.offer is None and hall.price_usd_per_chip is None:
            yield f"{path}.tenure", "a hall rented from a cloud needs an offer"
    elif hall.site not in plan.sites:
        yield from unknown(f"{path}.site", hall.site, set(plan.sites), "site")
    yield from machine_gaps(path, hall)


def machine_gaps(path: str, hall: Hall) -> Iterator[tuple[str, str]]:
    """Yield what a hall's chips lack or contradict."""
    if hall.tenure == "owned" and not hall.system:
        yield f"{path}.system", "missing: server, rack or pod, such as dgx-h100"
    if hall.tenure == "owned" and hall.offer is not None:
        yield f"{path}.offer", "only a hall with tenure: cloud rents an offer"
    yield from falling(path, hall)


def falling(path: str, hall: Hall) -> Iterator[tuple[str, str]]:
    """Yield a message when the chips that a hall has had become fewer."""
    if any(np.any(later < earlier) for earlier, later in pairwise(hall.chips_count.values)):
        yield (
            f"{path}.chips",
            "become fewer on a later date; they are all delivered so far, and retire by `life`",
        )


def deal_gaps(path: str, deal: Lease | Capacity | Debt, plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what a deal lacks or contradicts."""
    known = set(plan.parties)
    if isinstance(deal, Debt):
        yield from unknown(f"{path}.party", deal.party, known, "party")
        return
    if isinstance(deal, Lease):
        giver, taker = ("landlord", deal.landlord), ("tenant", deal.tenant)
        yield from unknown(f"{path}.site", deal.site, {*plan.sites, *plan.site_groups}, "site")
        owner = plan.sites[deal.site].owner if deal.site in plan.sites else deal.landlord
        if deal.site in plan.site_groups:
            owner = plan.site_groups[deal.site].site.owner
    else:
        giver, taker = ("seller", deal.seller), ("buyer", deal.buyer)
        yield from unknown(f"{path}.hall", deal.hall, {*plan.halls, *plan.site_groups}, "hall")
        owner = plan.halls[deal.hall].owner if deal.hall in plan.halls else deal.seller
    if not (isinstance(deal, Lease) and giver[1] == MARKET):
        yield from unknown(f"{path}.{giver[0]}", giver[1], known, "party")
    if taker[1] != MARKET:
        yield from unknown(f"{path}.{taker[0]}", taker[1], known, "party")
    if giver[1] == taker[1]:
        yield f"{path}.{taker[0]}", f"{giver[0]} and {taker[0]} are one party"
    if owner != giver[1] and giver[1] in {*known, MARKET}:
        yield (
            f"{path}.{giver[0]}",
            f'"{giver[1]}" does not own what the deal is about; "{owner}" does',
        )
