"""Who earns and who pays: terms, payers, shared limits, groups to the bit, double promises."""

from __future__ import annotations

import numpy as np
import pytest

from gigaplan.futures import futures
from gigaplan.futures.worth import units_of, worth
from gigaplan.plan import Plan, Result, loads, simulate
from gigaplan.plan.result import columns_of
from gigaplan.read import ReadError

CAMPUS = """\
name: t
start: 2026-01
horizon: 6 years
parties: {shell: {}, cloud: {}, lab: {}}
sites:
  main: {from: texas-west, owner: shell, grid: 40 MW, price: 50 USD/MWh}
halls:
  main: {owner: cloud, system: dgx-h100, chips: 8000}
workloads:
  work: {kind: rent, price: 2.9 USD/chip-hour}
"""
SALE = """\
deals:
  sale: {kind: capacity, seller: cloud, buyer: lab, price: 2 USD/chip-hour, term: 2 years}
"""
LEASE = """\
deals:
  shell: {kind: lease, landlord: shell, tenant: cloud, rate: 150 USD/kW-month, term: 12 years}
"""


def accounts(result: Result, party: str, line: str) -> np.ndarray:
    statements = getattr(result.money, party).statements
    assert statements is not None
    return np.asarray(getattr(statements, line))[:, 0]


def messages(text: str) -> dict[str, str]:
    with pytest.raises(ReadError) as caught:
        loads(text)
    return {one.path: one.message for one in caught.value.problems}


def test_after_its_term_a_contract_gives_chips_and_their_revenue_back() -> None:
    sold = simulate(loads(CAMPUS + SALE), statements=True)
    kept = simulate(loads(CAMPUS), statements=True)
    lab, cloud = (accounts(sold, party, "revenue_usd") for party in ("lab", "cloud"))
    owned = accounts(kept, "cloud", "revenue_usd")
    first = int(np.flatnonzero(owned)[0])
    assert lab[first + 3] == pytest.approx(owned[first + 3])
    assert np.all(lab[first + 26 :] == 0.0)
    assert np.allclose(cloud[first + 26 :], owned[first + 26 :])
    assert sold.money.consolidated.project_npv_usd[0] == pytest.approx(
        kept.money.consolidated.project_npv_usd[0], rel=1e-9
    )


def test_a_buyer_without_workloads_still_uses_what_it_pays_for() -> None:
    text = CAMPUS.partition("workloads:")[0] + SALE
    busy = simulate(loads(text))
    idle = simulate(loads(text.replace("term: 2", "used: 0 %, term: 2")))
    assert busy.cluster.main.busy_count.max() > 0.0
    assert busy.site.main.it_mwh[6, 0] > idle.site.main.it_mwh[6, 0]


def test_energy_is_paid_by_the_chips_owner_unless_the_rent_includes_it() -> None:
    net = simulate(loads(CAMPUS + LEASE), statements=True)
    included = loads(CAMPUS + LEASE.replace("term:", "energy: included, term:"))
    paid = simulate(included, statements=True)
    month = 20
    energy = net.site.main.energy_usd[month, 0]
    assert energy > 0.0
    for party, sign in (("cloud", -1.0), ("shell", 1.0)):
        moved = (
            accounts(paid, party, "operating_usd")[month]
            - accounts(net, party, "operating_usd")[month]
        )
        assert moved == pytest.approx(sign * energy, rel=1e-6)
    dearer = simulate(included.set("sites.main.price", "80 USD/MWh"))
    assert dearer.money.cloud.npv_usd[0] == paid.money.cloud.npv_usd[0]
    assert dearer.money.shell.npv_usd[0] < paid.money.shell.npv_usd[0]


TWO = (
    CAMPUS.replace(
        "halls:\n", "halls:\n  annex: {owner: cloud, system: dgx-h100, chips: 8000}\n"
    ).partition("workloads:")[0]
    + "workloads:\n"
)


def test_a_run_in_two_halls_is_a_run_in_each_and_tokens_are_both() -> None:
    run = "{kind: train, model: llama-3.1-70b, tokens: 5 Ttoken, chips: 2048, halls: [%s]}\n"
    both = simulate(loads(TWO + "  run: " + run % "main, annex")).compute.run
    one = simulate(loads(TWO + "  run: " + run % "main")).compute.run
    assert set(both.halls) == {"main", "annex"}
    assert np.all(both.given_count <= 2048.0 * (1 + 1e-9))
    assert both.served_mtoken.sum() <= one.served_mtoken.sum() * 2.0 * (1 + 1e-9)
    assert both.served_mtoken.sum() > 0.0


def test_the_halls_of_a_party_share_its_cash() -> None:
    text = TWO.replace("cloud: {}", "cloud: {cash_limit: 200 MUSD}")
    result = simulate(loads(text + "  rest: {kind: rent, price: 2.9 USD/chip-hour}\n"))
    spent = [result.cluster[name].first_capex_usd[0] for name in ("main", "annex")]
    assert sum(spent) == pytest.approx(200e6, rel=1e-6)


def test_gas_counts_from_its_own_date() -> None:
    text = CAMPUS.replace("grid: 40 MW", "grid: 4 MW, gas: [{from: 2028-06, value: 40 MW}]")
    service = simulate(loads(text)).cluster.main.in_service_count[:, 0]
    assert 0.0 < service[24] < 8000.0
    assert service[40] == pytest.approx(8000.0, rel=0.01)


def test_chips_are_replaced_when_they_retire_only_if_asked() -> None:
    long = CAMPUS.replace("horizon: 6", "horizon: 12")
    once = simulate(loads(long)).cluster.main
    again = simulate(loads(long.replace("chips: 8000", "chips: 8000, refresh: yes"))).cluster.main
    assert once.in_service_count[-1, 0] == 0.0
    assert again.in_service_count[-1, 0] == pytest.approx(once.in_service_count[0, 0])
    assert again.capex_usd.sum() > 1.5 * once.capex_usd.sum()
    assert again.first_capex_usd[0] == once.first_capex_usd[0]


GROUP = """\
name: towers
start: 2026-01
horizon: 5 years
site_groups:
  towers:
    members: 7
    spread: {site.price: "30 USD/MWh"}
    site: {from: texas-dallas, grid: 60 kW, price: 70 USD/MWh}
    hall: {system: dgx-h100, chips: 8}
workload: {kind: rent, price: {value: 4 USD/chip-hour, low: 3 USD/chip-hour, high: 5 USD/chip-hour}}
"""


def replayed(plan: Plan, count: int, inputs: tuple[str, ...]) -> int:
    """Return how many of so many futures differ in a bit when simulated alone."""
    found = futures(plan, count, seed=3, inputs=inputs)
    wrong = 0
    for index in range(count):
        again = dict(columns_of(simulate(found.plan(index))))
        wrong += any(
            not np.array_equal(again[path][:1], column[index : index + 1], equal_nan=True)
            for path, column in found.columns.items()
            if column.dtype.kind == "f"
        )
    return wrong


@pytest.mark.parametrize("count", [1, 6, 7, 8, 60])
def test_futures_of_a_group_are_alone_what_they_are_together(count: int) -> None:
    inputs = ("workloads.main.price", "catalog:texas-dallas.cost")
    assert replayed(loads(GROUP), count, inputs[:1]) == 0
    assert replayed(loads(GROUP), count, inputs) == 0


def test_worth_says_nothing_of_a_point_that_cannot_be_gained() -> None:
    plan = loads(CAMPUS).set("halls.main.goodput_extra", "90 %")
    assert "one point of goodput" in [unit.name for unit in units_of(plan)]
    told = [row.unit for row in worth(plan, sample=8)]
    assert told
    assert "one point of goodput" not in told


SECOND = "  again: {kind: capacity, seller: cloud, buyer: market, price: 1 USD/chip-hour}\n"
OTHER = "  other: {kind: lease, landlord: shell, tenant: lab, let: 60 %, rate: 90 USD/kW-month}\n"


def test_what_is_sold_twice_is_refused_where_it_is_sold_again() -> None:
    assert "already" in messages(CAMPUS + SALE + SECOND)["deals.again.hall"]
    assert "160 %" in messages(CAMPUS + LEASE + OTHER)["deals.other.let"]
    half = LEASE.replace("rate:", "let: 40 %, rate:")
    assert simulate(loads(CAMPUS + half + OTHER)).money.lab.npv_usd[0] < 0.0
    owner = CAMPUS.replace("kind: rent", "kind: rent, owner: cloud") + SALE
    assert "sold" in messages(owner)["workloads.work.owner"]


def test_chips_delivered_so_far_never_become_fewer() -> None:
    fewer = "chips: [{from: 2026-06, value: 8000}, {from: 2027-06, value: 4000}]"
    found = messages(CAMPUS.replace("chips: 8000", fewer))
    assert "fewer" in found["halls.main.chips"]
    found = messages(GROUP.replace("chips: 8", fewer))
    assert "fewer" in found["site_groups.towers.hall.chips"]


def test_what_members_share_cannot_spread() -> None:
    found = messages(GROUP.replace('site.price: "30 USD/MWh"', 'hall.goodput_extra: "1 %"'))
    assert "share" in found['site_groups.towers.spread."hall.goodput_extra"']


def test_a_group_needs_a_system_of_its_own() -> None:
    found = messages(GROUP.replace("system: dgx-h100, ", ""))
    assert "missing" in found["site_groups.towers.hall.system"]
    cloud = "tenure: cloud, offer: nebius-h100, "
    found = messages(GROUP.replace("system: dgx-h100, ", cloud))
    assert "owned" in found["site_groups.towers.hall.tenure"]


def test_a_shell_without_dates_is_ready_when_power_is_and_as_large() -> None:
    power = "grid: [{from: 2026-03, value: 2 MW}, {from: 2027-06, value: 8 MW}]"
    text = CAMPUS.replace("grid: 40 MW", power + ", gas: [{from: 2026-09, value: 3 MW}]")
    site = simulate(loads(text)).site.main
    assert site.shell_mw[1, 0] == 0.0
    assert [site.shell_mw[month, 0] for month in (4, 10, 24)] == pytest.approx([2.0, 5.0, 11.0])
    late = simulate(loads(text).set("sites.main.gas_mw.0.from_date", "2028-01")).site.main
    assert [late.shell_mw[month, 0] for month in (4, 10, 20, 30)] == pytest.approx(
        [2.0, 2.0, 8.0, 11.0]
    )
