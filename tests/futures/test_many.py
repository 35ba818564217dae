"""Many futures: quantiles over those that exist, replay, choice of inputs."""

from __future__ import annotations

import numpy as np
import pytest

from gigaplan.figure import PathError
from gigaplan.futures import futures
from gigaplan.futures.many import BLOCK, FAN
from gigaplan.plan import loads

PLAN = """\
name: t
start: 2026-01
horizon: 4 years
site: {from: texas-west, grid: 40 MW}
hall: {system: dgx-h100, chips: 16000}
workload: {kind: rent, price: {value: 2.9 USD/chip-hour, low: 1.5 USD/chip-hour, high: 4 USD/chip-hour}}
deal: {debt: {share: 40 %, rate: 8 %, term: 3 years}}
"""


def test_columns_have_one_value_for_each_future_and_fans_those_of_the_first() -> None:
    many = futures(loads(PLAN), BLOCK + 7, inputs=["workload.price", "dgx-h100.price"])
    assert all(column.shape == (BLOCK + 7,) for column in many.columns.values())
    fan = many.fans["site.main.load_mw"]
    assert fan.shape == (48, min(FAN, BLOCK + 7))
    assert [figure.path for figure in many.figures] == [
        "workloads.main.price_usd_per_chip_h", "catalog:dgx-h100.price_usd"]  # fmt: skip


def test_quantiles_are_over_the_futures_that_exist() -> None:
    many = futures(loads(PLAN), 400)
    share = many.feasible_frac("money.owner.equity_irr")
    low, high = many.quantile("money.owner.equity_irr", [0.1, 0.9])
    assert 0.0 < share <= 1.0
    assert low < high
    column = many["money.owner.equity_irr"]
    assert np.count_nonzero(np.isfinite(column)) == round(share * 400)
    assert many.above_frac("money.owner.npv", 0.0) == np.mean(many["money.owner.npv"] > 0.0)


def test_futures_are_numbered_from_zero() -> None:
    many = futures(loads(PLAN), 10)
    with pytest.raises(IndexError, match="0 to 9"):
        many.plan(10)


def test_an_input_without_a_range_is_refused() -> None:
    with pytest.raises(PathError):
        futures(loads(PLAN), 10, inputs=["site.grid"])


def test_workers_change_nothing() -> None:
    alone = futures(loads(PLAN), 20_000, seed=3, inputs=["workload.price", "dgx-h100.price"])
    shared = futures(
        loads(PLAN), 20_000, seed=3, inputs=["workload.price", "dgx-h100.price"], workers=2
    )
    for path, column in alone.columns.items():
        assert np.array_equal(column, shared.columns[path], equal_nan=column.dtype.kind == "f"), (
            path
        )
