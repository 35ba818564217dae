"""What a plan says: sites, halls, workloads, parties and deals, as frozen dataclasses.

The dataclass is the schema: `read.py` turns YAML into it, `plan.set` changes it, and inside
`simulate` its numbers are columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from gigaplan.figure import CATALOG, Ledger, canonical, replaced, resolve
from gigaplan.money.lease import Capacity, Debt, Lease
from gigaplan.units import Real, Steps, constant, option, quantity

OWNER = "owner"
"""The party that owns everything where a plan names none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """A place with power, a roof and its keeping."""

    place: str = option(
        "us-average", key="from", entry="places", doc="climate, prices, tax of a region"
    )
    owner: str = option(OWNER, doc="party that owns land, building and plant")
    grid_mw: Steps = quantity(low=0.0, high=1e5, doc="firm grid power by date")
    gas_mw: Steps = quantity(constant(0.0), low=0.0, high=1e5, doc="on-site gas generation by date")
    capacity_mw: Real | None = quantity(
        None, low=0.0, high=1e5, doc="facility power of the whole campus"
    )
    construction_date: Real | None = quantity(None, doc="ground-breaking")
    buildings: int = option(1, low=1, high=100, doc="equal buildings that follow each other")
    spacing_months: Real = quantity(
        0.0, low=0.0, high=60.0, doc="between one building and the next"
    )
    build_months: Real | None = quantity(
        None, low=0.5, high=120.0, doc="ground-breaking to first power"
    )
    shell_mw: Steps | None = quantity(
        None, low=0.0, high=1e5, doc="facility power under a roof by date, where known"
    )
    price_usd_per_mwh: Steps | None = quantity(
        None, low=-500.0, high=5000.0, doc="delivered price of grid energy"
    )
    demand_usd_per_kw_month: Real | None = quantity(
        None, low=0.0, high=500.0, doc="demand charge on the month's peak"
    )
    gas_price_usd_per_mmbtu: Real | None = quantity(
        None, low=0.0, high=100.0, doc="delivered price of gas"
    )
    carbon_kg_per_mwh: Real | None = quantity(
        None, low=0.0, high=1500.0, doc="grid carbon, location average"
    )
    chain: str = option("hyperscale", entry="chains", doc="power chain")
    cooling: str = option("liquid-dry", entry="coolings", doc="cooling of halls that name none")
    costs: str = option("us-2025", entry="costs", doc="cost book of building and operation")
    cost_ratio: Real | None = quantity(
        None, low=0.1, high=5.0, doc="this market's cost over the book's"
    )
    heat_mw: Steps | None = quantity(
        None,
        low=0.0,
        high=1e5,
        doc="IT heat that cooling can reject by date, where it is the limit",
    )
    liquid_frac: Real = quantity(
        0.5, low=0.0, high=1.0, doc="share of heat to liquid, where no hall says"
    )
    load_frac: Real = quantity(
        0.75, low=0.01, high=1.0, doc="mean over rated IT load, where no hall says"
    )
    property_tax_frac_per_year: Real | None = quantity(
        None, low=0.0, high=0.2, doc="yearly, of what was built; left out, the place's"
    )
    pue_extra_ratio: Real = quantity(
        0.0, low=-0.5, high=1.0, doc="added to the PUE that is computed"
    )
    exit_ratio: Real = quantity(
        1.0, low=0.0, high=3.0, doc="sale at the plan's end over worn value"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hall:
    """Chips of one kind at one site, or rented from a cloud."""

    site: str = option("main", doc="where it stands")
    owner: str = option(OWNER, doc="party that owns the chips")
    system: str = option("", entry="systems", doc="server, rack or pod; a cloud offer says its own")
    chips_count: Steps = quantity(low=0.0, high=1e8, doc="chips delivered by date, cumulative")
    tenure: str = option(
        "owned", choices=("owned", "cloud"), doc="owned, or rented from a cloud offer"
    )
    offer: str | None = option(None, entry="offers", doc="the cloud offer that is rented")
    fabric: str = option("rail-optimised-400g", entry="fabrics", doc="scale-out network")
    storage: str = option("parallel-file-system", entry="storages", doc="checkpoints and data")
    recovery: str = option("standard", entry="recoveries", doc="how failures are met")
    cooling: str | None = option(None, entry="coolings", doc="cooling; left out, the site's")
    price_usd_per_chip: Real | None = quantity(
        None, low=0.0, high=1e7, doc="system price per chip; left out, the catalogue's"
    )
    paid_ratio: Real = quantity(1.0, low=0.0, high=10.0, doc="price paid over the price above")
    life_years: Real | None = quantity(None, low=2.0, high=20.0, doc="economic life of the chips")
    life_extra_years: Real = quantity(0.0, low=-5.0, high=10.0, doc="added to that life")
    refresh: bool = option(False, doc="replace chips that retire, one for one")  # noqa: FBT003
    refresh_price_ratio: Real = quantity(
        1.0, low=0.0, high=5.0, doc="price of a replacement over the first price"
    )
    provision_ratio: Real = quantity(1.0, low=0.3, high=2.0, doc="power set aside over nameplate")
    goodput_extra_frac: Real = quantity(
        0.0, low=-0.9, high=0.9, doc="added to the goodput that is computed"
    )
    exit_ratio: Real = quantity(
        0.5, low=0.0, high=1.0, doc="sale at the plan's end over worn value"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pinned:
    """A parallel layout that a run is known to use."""

    tp: int = option(low=1, high=1e6, doc="tensor parallel")
    pp: int = option(1, low=1, high=1e6, doc="pipeline stages")
    vp: int = option(1, low=1, high=1e6, doc="virtual stages on each rank")
    cp: int = option(1, low=1, high=1e6, doc="context parallel")
    ep: int = option(1, low=1, high=1e6, doc="expert parallel")
    micro_batch: int = option(1, low=1, high=1e6, doc="sequences in a micro-batch")
    zero: int = option(1, low=0, high=3, doc="1 optimizer sharded, 3 weights too (FSDP)")
    shard: int = option(0, low=0, high=1e8, doc="chips that FSDP spreads over; 0: all replicas")
    recompute: str = option(
        "none", choices=("none", "selective", "full"), doc="activation recomputation"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Train:
    """A training run, once or in a rhythm."""

    model: str = option(entry="models", doc="what is trained")
    owner: str | None = option(
        None, doc="party it belongs to; left out, whoever pays for the chips"
    )
    halls: tuple[str, ...] = option((), doc="where it may run; left out, anywhere")
    chips_count: Real | None = quantity(
        None, low=1.0, high=1e8, words=("rest",), doc="chips it wants"
    )
    tokens_mtoken: Real = quantity(low=1e-6, high=1e12, doc="tokens of a run")
    every_months: Real | None = quantity(
        None, low=0.1, high=240.0, doc="a new run begins this often"
    )
    precision: str = option("bf16", choices=("bf16", "fp8"), doc="of the matmuls")
    sequence: int = option(8192, low=1, high=1e8, doc="tokens in a sequence")
    global_batch: int | None = option(
        None, low=1, high=1e8, doc="sequences in a step; left out, 16 million tokens"
    )
    layout: Pinned | None = option(None, doc="parallel layout; left out, the best")
    value_usd_per_chip_h: Real = quantity(
        0.0, low=0.0, high=1000.0, doc="internal value of a chip-hour at 40 % MFU"
    )
    mfu_extra_frac: Real = quantity(
        0.0, low=-0.9, high=0.9, doc="added to the MFU that is computed"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Serve:
    """Inference demand under a latency objective."""

    model: str = option(entry="models", doc="what is served")
    owner: str | None = option(
        None, doc="party it belongs to; left out, whoever pays for the chips"
    )
    halls: tuple[str, ...] = option((), doc="where it may run; left out, anywhere")
    chips_count: Real | None = quantity(
        None, low=1.0, high=1e8, words=("rest",), doc="the most chips it may use"
    )
    demand_mtoken_per_s: Steps | None = quantity(
        None, low=0.0, high=1e9, words=("unlimited",), doc="mean demand for output tokens"
    )
    demand_growth_frac_per_year: Real = quantity(
        0.0, low=-0.9, high=10.0, doc="yearly growth of demand"
    )
    isl_token: Real = quantity(2000.0, low=1.0, high=1e6, doc="input tokens of a request")
    osl_token: Real = quantity(300.0, low=1.0, high=1e6, doc="output tokens of a request")
    ttft_s: Real = quantity(1.0, low=0.001, high=600.0, doc="time to first token, at most")
    tpot_s: Real = quantity(0.05, low=0.0005, high=60.0, doc="time per output token, at most")
    precision: str = option("fp8", choices=("bf16", "fp8", "fp4"), doc="of weights and matmuls")
    utilised_frac: Real = quantity(
        0.5, low=0.0, high=1.0, doc="mean demand over the capacity kept for its peaks"
    )
    price_usd_per_mtoken: Real = quantity(0.0, low=0.0, high=10000.0, doc="price of output tokens")
    input_price_usd_per_mtoken: Real = quantity(
        0.0, low=0.0, high=10000.0, doc="price of input tokens"
    )
    price_decline_frac_per_year: Real = quantity(
        0.0, low=-0.9, high=0.99, doc="yearly fall of both prices"
    )
    throughput_ratio: Real = quantity(
        1.0, low=0.01, high=100.0, doc="throughput at the SLO over that computed"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rent:
    """Chips rented out to tenants by the hour."""

    owner: str | None = option(
        None, doc="party it belongs to; left out, whoever pays for the chips"
    )
    halls: tuple[str, ...] = option((), doc="where; left out, anywhere")
    chips_count: Real | None = quantity(
        None, low=0.0, high=1e8, words=("rest",), doc="chips on offer"
    )
    price_usd_per_chip_h: Steps = quantity(low=0.0, high=1000.0, doc="price of a chip for an hour")
    price_decline_frac_per_year: Real = quantity(
        0.0, low=-0.9, high=0.99, doc="yearly fall of the price"
    )
    utilised_frac: Real = quantity(0.85, low=0.0, high=1.0, doc="share of hours that is let")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opening:
    """What a party brings: assets in service, debt and cash on the first day."""

    price_usd: Real = quantity(0.0, low=0.0, doc="paid on the first day for what is in service")
    book_usd: Real = quantity(0.0, low=0.0, doc="book value and tax basis of assets in service")
    life_years: Real = quantity(5.0, low=0.1, high=60.0, doc="their remaining life")
    debt_usd: Real = quantity(0.0, low=0.0, doc="debt owed")
    debt_rate_frac_per_year: Real = quantity(0.0, low=0.0, high=1.0, doc="its interest")
    debt_term_years: Real = quantity(5.0, low=0.1, high=60.0, doc="its remaining term")
    cash_usd: Real = quantity(0.0, low=0.0, doc="cash in hand")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Party:
    """Somebody who owns, pays or earns."""

    role: str = option("", doc="what the party is, in words")
    discount_frac_per_year: Real | None = quantity(
        None, low=-0.5, high=1.0, doc="of its cash flow; left out, the plan's"
    )
    tax_frac: Real | None = quantity(
        None, low=0.0, high=0.9, doc="income tax; left out, the first site's"
    )
    cash_limit_usd: Steps | None = quantity(
        None, low=0.0, doc="the most it can have spent on chips by date"
    )
    overhead_usd_per_year: Real = quantity(0.0, low=0.0, doc="its cost of being in business")
    opening: Opening | None = option(None, doc="opening position")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteGroup:
    """Many like sites, each with one hall; members are columns."""

    members: int = option(low=1, high=100_000, doc="how many")
    site: Site = option(doc="what each is like")
    hall: Hall = option(doc="what each holds")
    spread: dict[str, str] = option({}, doc="half-widths by which members differ, by figure")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Published:
    """A published figure to hold beside the modelled one."""

    of: str = option(doc="path of the result it is compared with")
    value: str = option(doc="as published, with its unit")
    source: str = option("", doc="where it was published")
    date: str = option("", doc="when")
    grade: str = option("C", choices=("A", "B", "C", "D"), doc="how far it can be trusted")
    note: str = option("", doc="what explains a difference")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """One plan: what is built where, when, for what, by whom, on what terms."""

    name: str = option(doc="name of the plan")
    note: str = option("", doc="what it is, in words")
    start_date: Real = quantity(doc="first month")
    horizon_years: Real = quantity(10.0, low=1.0, high=50.0, doc="length of the plan")
    price_year: int = option(
        2025, low=1970, high=2200, doc="year whose nominal USD the plan's prices are in"
    )
    discount_frac_per_year: Real = quantity(
        0.10, low=-0.5, high=1.0, doc="of every party that names none"
    )
    policy: str = option("us-federal-2025", entry="policies", doc="tax law")
    inflation_frac_per_year: Real = quantity(
        0.0, low=-0.1, high=0.5, doc="yearly rise of operating cost and energy prices"
    )
    sites: dict[str, Site] = option({}, doc="places")
    site_groups: dict[str, SiteGroup] = option({}, doc="many like places")
    halls: dict[str, Hall] = option({}, doc="chips")
    workloads: dict[str, Train | Serve | Rent] = option(
        {}, doc="what the chips do, first come first served"
    )
    parties: dict[str, Party] = option({}, doc="who owns, pays and earns")
    deals: dict[str, Lease | Capacity | Debt] = option({}, doc="contracts and debt")
    published: dict[str, Published] = option({}, doc="published figures to compare with")
    entities: dict[str, Any] = field(default_factory=dict, metadata={"internal": True})
    ledger: Ledger = field(default_factory=dict, metadata={"internal": True})
    shelf: dict[str, Any] = field(default_factory=dict, metadata={"internal": True})
    marks: dict[str, tuple[int, int]] = field(default_factory=dict, metadata={"internal": True})
    chosen: Any = field(default=None, metadata={"internal": True})

    def set(self, path: str, value: object) -> Plan:
        """Return the plan with one thing changed.

        Parameters
        ----------
        path : str
            Canonical path or a unique shortening; `catalog:NAME.FIGURE` for a catalogue figure.
        value : str or Real
            "60 USD/MWh", a number in the unit of the name, or a column.

        Returns
        -------
        Plan
            A new plan; what a run had chosen for the old one is kept only by `prepare`.
        """
        return set_in(replace(self, chosen=None), path, value)

    def paths(self) -> list[str]:
        """Return the canonical path of every number the plan rests on."""
        own = [path for path, _ in canonical(self)]
        shelf = [f"{CATALOG}{path}" for path, _ in canonical(self.entities)]
        return own + shelf


def set_in(plan: Plan, path: str, value: object) -> Plan:
    """Change one thing of a plan and keep what a run had chosen for it."""
    full = settable(plan, path)
    if full.startswith(CATALOG):
        return replace(plan, entities=replaced(plan.entities, full.removeprefix(CATALOG), value))
    return replaced(plan, full, value)  # type: ignore[no-any-return]


def most_members(plan: Plan) -> int:
    """Return how many columns a future takes: members of the largest group."""
    return max((group.members for group in plan.site_groups.values()), default=1)


def settable(plan: Plan, path: str) -> str:
    """Return the canonical path that a user's words name, structure included."""
    from gigaplan.figure import structure  # noqa: PLC0415

    known = plan.paths() + [whole for whole, _ in structure(plan)]
    return resolve(list(dict.fromkeys(known)), path)
