"""Plans as people write them, right and wrong."""

from __future__ import annotations

import numpy as np
import pytest

from gigaplan.money.lease import Debt
from gigaplan.plan import loads, simulate
from gigaplan.read import ReadError

GOOD = """\
name: My campus
start: 2026-01
site:
  from: texas-west
  grid: [{from: 2026-06, value: 20 MW}, {from: 2027-03, value: 60 MW}]
hall: {system: gb200-nvl72, chips: 7200}
workloads:
  tenants: {kind: rent, chips: rest, price: 2.9 USD/chip-hour, utilised: 85 %}
deal: {debt: {share: 65 %, rate: 8.5 %, term: 5 years}}
"""


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(ReadError) as caught:
        loads(text)
    return [(one.line, one.path, one.message) for one in caught.value.problems]


def test_the_short_form_means_main_and_the_only_party_owns_all() -> None:
    plan = loads(GOOD)
    assert list(plan.sites) == list(plan.halls) == list(plan.deals) == ["main"]
    assert list(plan.parties) == ["owner"]
    assert plan.sites["main"].owner == plan.halls["main"].owner == "owner"
    assert simulate(plan).money.owner.npv_usd.shape == (1,)


def test_a_plan_with_one_party_gives_everything_to_it() -> None:
    plan = loads(GOOD + "parties: {acme: {discount: 8 %}}\n")
    assert plan.sites["main"].owner == plan.halls["main"].owner == "acme"
    deal = plan.deals["main"]
    assert isinstance(deal, Debt)
    assert deal.party == "acme"


@pytest.mark.parametrize(
    ("change", "line", "path", "words"),
    [
        (("texas-west", "texas-wst"), 4, "sites.main.place", "nearest: texas-west"),
        (("20 MW", "3 USD"), 5, "grid_mw.0.value", "is money"),
        (("gb200-nvl72", "gb20-nvl72"), 6, "halls.main.system", "nearest: gb200-nvl72"),
        (("kind: rent", "kind: rnt"), 8, "workloads.tenants.kind", "did you mean"),
        (("utilised: 85 %", "utilised: 185 %"), 8, "utilised_frac", "at most 1"),
        (("65 %", "nan"), 9, "share_frac", "not a quantity"),
        (("grid:", "grdi:"), 5, "sites.main.grdi", 'did you mean "grid"'),
        (("2027-03", "2026-03"), 5, "grid_mw", "must rise"),
        (("site:", "sites:"), 3, "sites", ""),
    ],
)
def test_every_mistake_is_named_at_its_line(
    change: tuple[str, str], line: int, path: str, words: str
) -> None:
    found = problems(GOOD.replace(*change))
    assert any(at == line and path in where and words in what for at, where, what in found) or (
        change[0] == "site:" and found
    ), found


@pytest.mark.parametrize(
    ("more", "path", "words"),
    [
        ("deals: {lease: {kind: lease, landlord: owner, tenant: bob, rate: 100 USD/kW-month}}", "deals.lease.tenant", "bob"),
        ("deals: {x: {kind: capacity, seller: owner, buyer: owner, price: 2 USD/chip-hour}}", "deals.x.buyer", "one party"),
        ("deals: {x: {kind: debt, party: bob, share: 1 %, rate: 1 %, term: 1 years}}", "deals.x.party", "bob"),
        ("halls: {b: {system: dgx-h100, chips: 8, site: nowhere}}", "halls.b.site", "nowhere"),
        ("halls: {b: {system: dgx-h100, chips: 8, tenure: cloud}}", "halls.b.tenure", "offer"),
        ("workloads: {w: {kind: rent, price: 1 USD/chip-hour, halls: [attic]}}", "workloads.w.halls", "attic"),
    ],
)  # fmt: skip
def test_names_that_lead_nowhere_are_named(more: str, path: str, words: str) -> None:
    key = more.partition(":")[0]
    singular = {"deals": "deal:", "halls": "hall:", "workloads": "workloads:"}[key]
    kept = [line for line in GOOD.splitlines() if not line.startswith(singular)]
    if key == "workloads":
        kept = [line for line in kept if not line.startswith("  tenants")]
    found = problems("\n".join([*kept, more]))
    assert any(where == path and words in what for _, where, what in found), found


def test_an_entity_of_ones_own_changes_one_of_the_catalogue() -> None:
    own = """\
catalog:
  chips:
    my-chip: {from: h100-sxm, title: Mine, memory: 200 GB}
  systems:
    my-server: {from: dgx-h100, chip: my-chip, chips: 4}
"""
    plan = loads(GOOD.replace("gb200-nvl72", "my-server") + own)
    assert plan.entities["my-chip"].memory_gb == 200.0
    assert plan.entities["my-server"].chips == 4
    assert plan.entities["my-chip"].tdp_w == 700.0


def test_an_entity_in_a_circle_or_of_an_unknown_kind_is_refused_at_its_line() -> None:
    circle = "catalog: {chips: {a: {from: b}, b: {from: a}}}\n"
    found = problems(
        GOOD.replace("gb200-nvl72", "s")
        + circle.replace("}}\n", "}, systems: {s: {from: dgx-h100, chip: a}}}\n").replace(
            "}}, systems", "}, systems"
        )
    )
    assert found
    assert any(
        "catalog.gadgets" in where for _, where, _ in problems(GOOD + "catalog: {gadgets: {}}\n")
    )


def test_a_number_set_outside_its_bounds_is_refused_for_columns_too() -> None:
    plan = loads(GOOD)
    with pytest.raises(ValueError, match="at most 1"):
        plan.set("tenants.utilised", np.array([0.5, 1.2]))
    with pytest.raises(ValueError, match=r"could mean|nothing is called"):
        plan.set("no.such.thing", 1.0)
