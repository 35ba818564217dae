"""Laws that hold for every plan, whatever its numbers: the contract of the model with its users."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gigaplan.futures import futures, uncertain
from gigaplan.futures.draw import drawn, with_columns
from gigaplan.futures.many import shard
from gigaplan.plan import Plan, Result, load, prepare, simulate
from gigaplan.plan.result import columns_of
from gigaplan.plan.schema import set_in

EXAMPLES = Path(__file__).parent.parent / "examples"
FEW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def abilene() -> Plan:
    return prepare(load(EXAMPLES / "abilene.yaml"))


def arrays(result: Result) -> dict[str, np.ndarray]:
    return dict(columns_of(result))


def same_bits(one: dict[str, np.ndarray], many: dict[str, np.ndarray], index: int) -> None:
    for path, array in one.items():
        other = many[path]
        at = index if other.shape[-1] > 1 else 0
        alone = array[..., 0]
        assert np.array_equal(alone, other[..., at], equal_nan=array.dtype.kind == "f"), path


# --- alone, among many, in any block, on any number of workers ---


@pytest.mark.parametrize("index", [0, 3, 17, 40])
def test_a_future_alone_is_that_future_among_many(abilene: Plan, index: int) -> None:
    figures = tuple(uncertain(abilene).values())
    many = simulate(with_columns(abilene, drawn(figures, 7, 0, 41)))
    alone = simulate(with_columns(abilene, drawn(figures, 7, index, 1)))
    same_bits(arrays(alone), arrays(many), index)


def test_as_many_futures_as_months_change_nothing(abilene: Plan) -> None:
    months = abilene.chosen.calendar.months
    figures = tuple(uncertain(abilene).values())
    many = simulate(with_columns(abilene, drawn(figures, 3, 0, months)))
    alone = simulate(with_columns(abilene, drawn(figures, 3, months - 1, 1)))
    same_bits(arrays(alone), arrays(many), months - 1)


def test_blocks_and_workers_change_nothing(abilene: Plan) -> None:
    few = futures(abilene, 1500, seed=5, workers=1)
    figures = few.figures
    whole, _ = shard(few.source, figures, 5, 0, 1500)
    parts = [shard(few.source, figures, 5, start, 300)[0] for start in range(0, 1500, 300)]
    for path, column in few.columns.items():
        joined = np.concatenate([part[path] for part in parts])
        assert np.array_equal(column, joined, equal_nan=column.dtype.kind == "f"), path
        assert np.array_equal(column, whole[path], equal_nan=column.dtype.kind == "f"), path


def test_a_replayed_future_gives_the_same_bits(abilene: Plan) -> None:
    many = futures(abilene, 600, seed=2)
    for index in (0, 1, 511, 512, 599):
        again = arrays(simulate(many.plan(index)))
        for path, column in many.columns.items():
            assert np.array_equal(
                again[path][:1], column[index : index + 1], equal_nan=column.dtype.kind == "f"
            ), path


def test_adding_an_input_reshuffles_nothing(abilene: Plan) -> None:
    names = list(uncertain(abilene))
    two = futures(abilene, 64, seed=9, inputs=names[:2])
    three = futures(abilene, 64, seed=9, inputs=names[:3])
    assert [figure.path for figure in two.figures] == [figure.path for figure in three.figures[:2]]
    for one, other in zip(two.figures, three.figures, strict=False):
        assert np.array_equal(
            drawn([one], 9, 0, 64)[one.path], drawn([other], 9, 0, 64)[other.path]
        )


# --- what more is worth ---

MORE = {
    "mfu": ("workloads.frontier.mfu_extra_frac", 0.05),
    "goodput": ("halls.main.goodput_extra_frac", 0.05),
    "throughput": ("workloads.chat.throughput_ratio", 1.1),
}


@FEW
@given(index=st.integers(0, 10_000))
@pytest.mark.parametrize("what", MORE)
def test_more_from_a_chip_never_costs_its_user_and_never_moves_the_landlord(
    abilene: Plan, what: str, index: int
) -> None:
    path, value = MORE[what]
    future = with_columns(abilene, drawn(tuple(uncertain(abilene).values()), 11, index, 1))
    before, after = simulate(future), simulate(set_in(future, path, value))
    gain = after.money.openai.npv_usd - before.money.openai.npv_usd
    assert gain[0] >= -1e-6 * abs(before.money.openai.npv_usd[0])
    assert after.money.crusoe.npv_usd[0] == before.money.crusoe.npv_usd[0]


@pytest.mark.parametrize("what", MORE)
def test_more_from_a_chip_is_worth_something_where_chips_bind(abilene: Plan, what: str) -> None:
    path, value = MORE[what]
    thirsty = abilene.set("chat.demand", "5000 Mtoken/s").set("frontier.every", "0.5 months")
    before, after = simulate(thirsty), simulate(thirsty.set(path, value))
    assert after.money.openai.npv_usd[0] > before.money.openai.npv_usd[0]


# --- conservation ---


@FEW
@given(seed=st.integers(0, 1_000_000))
def test_energy_is_conserved_every_month(abilene: Plan, seed: int) -> None:
    result = simulate(with_columns(abilene, drawn(tuple(uncertain(abilene).values()), seed, 0, 8)))
    hours = result.calendar.hours
    for site in result.site.values():
        load_mwh = site.load_mw * hours
        served = site.grid_mwh + site.gas_mwh + site.unserved_mwh
        assert np.allclose(load_mwh, served, rtol=1e-12, atol=1e-6)
        assert np.all(site.load_mw <= site.peak_mw * (1 + 1e-12))
        assert np.all(load_mwh >= site.it_mwh * (1 - 1e-12))


@FEW
@given(seed=st.integers(0, 1_000_000))
def test_no_chip_hour_is_sold_twice(abilene: Plan, seed: int) -> None:
    result = simulate(with_columns(abilene, drawn(tuple(uncertain(abilene).values()), seed, 0, 8)))
    given_out = sum(work.given_count for work in result.compute.values())
    service = result.cluster.main.in_service_count
    assert np.all(given_out <= service * (1 + 1e-9) + 1e-6)
    assert np.all(result.cluster.main.busy_count <= given_out * (1 + 1e-9) + 1e-6)
    assert np.all(service <= result.cluster.main.installed_count * (1 + 1e-12))
    peak = result.site.main.peak_mw
    ceiling = np.minimum(result.site.main.firm_mw, result.site.main.shell_mw)
    assert np.all(peak <= ceiling * (1 + 1e-9) + 1e-6)


@FEW
@given(seed=st.integers(0, 1_000_000))
def test_contracts_cancel_on_consolidation(abilene: Plan, seed: int) -> None:
    future = with_columns(abilene, drawn(tuple(uncertain(abilene).values()), seed, 0, 4))
    before = simulate(future).money
    dearer = set_in(
        set_in(future, "deals.shell-lease.rate_usd_per_kw_month", 155.0),
        "deals.compute.price_usd_per_chip_h",
        4.0,
    )
    after = simulate(dearer).money
    assert np.allclose(
        before.consolidated.project_npv_usd, after.consolidated.project_npv_usd, rtol=1e-9, atol=1.0
    )
    moved = after.crusoe.npv_usd - before.crusoe.npv_usd
    assert np.all(moved != 0.0)


@FEW
@given(seed=st.integers(0, 1_000_000))
def test_cash_to_owners_adds_up_over_parties(abilene: Plan, seed: int) -> None:
    money = simulate(
        with_columns(abilene, drawn(tuple(uncertain(abilene).values()), seed, 0, 4))
    ).money
    total = (
        money.crusoe.equity_flow_usd + money.oracle.equity_flow_usd + money.openai.equity_flow_usd
    )
    assert np.allclose(total, money.consolidated.equity_flow_usd, rtol=1e-12, atol=1e-3)


# --- direction ---


@pytest.mark.parametrize(
    ("path", "value", "result", "sign"),
    [
        ("sites.main.price_usd_per_mwh", 120.0, "money.oracle.npv_usd", -1),
        ("halls.main.paid_ratio", 0.8, "money.oracle.npv_usd", 1),
        ("halls.main.life_extra_years", 1.0, "money.oracle.npv_usd", 1),
        ("deals.chip-loan.rate_frac_per_year", 0.12, "money.oracle.npv_usd", -1),
        ("deals.shell-lease.rate_usd_per_kw_month", 150.0, "money.crusoe.npv_usd", 1),
        ("deals.shell-lease.rate_usd_per_kw_month", 150.0, "money.oracle.npv_usd", -1),
        ("workloads.chat.price_usd_per_mtoken", 4.0, "money.openai.npv_usd", 1),
        ("sites.main.pue_extra_ratio", 0.05, "money.oracle.npv_usd", -1),
        ("parties.crusoe.tax_frac", 0.4, "money.crusoe.npv_usd", -1),
    ],
)
def test_results_move_the_way_they_must(
    abilene: Plan, path: str, value: float, result: str, sign: int
) -> None:
    before, after = arrays(simulate(abilene)), arrays(simulate(abilene.set(path, value)))
    assert sign * (after[result][0] - before[result][0]) > 0.0


def test_columns_of_a_sweep_are_its_points(abilene: Plan) -> None:
    prices = np.linspace(20.0, 120.0, 7)
    swept = simulate(abilene.set("site.price", prices)).money.oracle.npv_usd
    for index, price in enumerate(prices):
        assert (
            simulate(abilene.set("site.price", float(price))).money.oracle.npv_usd[0]
            == swept[index]
        )
