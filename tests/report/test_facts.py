"""Facts of a run: errors against what was published, spans, what it rests on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gigaplan.plan import load, loads, prepare, simulate
from gigaplan.read import ReadError
from gigaplan.report.facts import as_json, check_published, facts, spans, used_figures
from gigaplan.units import Calendar

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PLAN = """\
name: t
start: 2026-01
site: {from: texas-west, grid: 40 MW}
hall: {system: dgx-h100, chips: 16000}
workload: {kind: rent, price: 2.9 USD/chip-hour}
published:
  power: {of: site.main.needed_mw, value: 30 MW, note: ours}
  day: {of: site.main.first_power, value: 2026-04}
"""


def test_errors_are_shares_and_for_dates_months() -> None:
    plan = prepare(loads(PLAN))
    told = {one.name: one for one in facts(plan, simulate(plan), []).compared}
    assert told["power"].error_frac == pytest.approx(told["power"].modelled / 30.0 - 1.0)
    assert told["day"].error_text == "-3.0 months"


def test_published_figures_must_name_a_result_in_its_unit() -> None:
    for wrong in ("of: site.main.nothing, value: 30 MW", "of: site.main.needed_mw, value: 30 USD"):
        plan = prepare(loads(PLAN.replace("of: site.main.needed_mw, value: 30 MW", wrong)))
        with pytest.raises(ReadError) as caught:
            check_published(plan, simulate(plan), "plan.yaml")
        assert caught.value.problems[0].line == 7


def test_months_with_one_limit_are_one_span() -> None:
    found = spans("main", np.array([-1, -1, 0, 0, 3]), Calendar(312.0, 5))
    assert [(one.first, one.last, one.limit) for one in found] == [
        ("2026-01", "2026-02", "-"), ("2026-03", "2026-04", "grid"), ("2026-05", "2026-05", "chips")]  # fmt: skip


def test_what_is_set_by_hand_counts_as_the_users() -> None:
    plan = prepare(loads(PLAN).set("catalog:dgx-h100.price", "250000 USD"))
    figure = next(one for one in used_figures(plan) if one.path == "catalog:dgx-h100.price_usd")
    assert figure.grade == "yours"
    assert figure.value == 250000.0


def test_json_has_no_nan_and_holds_every_result() -> None:
    plan = prepare(load(EXAMPLES / "abilene.yaml"))
    told = as_json(facts(plan, simulate(plan), []))
    text = json.dumps(told, allow_nan=False)
    assert "money.crusoe.npv_usd" in text
    assert told["worst_grade"] == "D"
    assert {one["limit"] for one in told["binding"]} >= {"chips", "demand"}


def test_what_is_missed_by_much_says_why() -> None:
    for file in sorted(EXAMPLES.glob("*.yaml")):
        plan = prepare(load(file))
        for one in facts(plan, simulate(plan), []).compared:
            assert one.path.endswith("_date") or abs(one.error_frac) <= 0.30 or one.note, (
                file.name,
                one.name,
            )


@pytest.mark.parametrize(("term", "said"), [("8 years", "in 2033-05"), ("15 years", "")])
def test_a_lease_that_ends_before_the_plan_is_told(term: str, said: str) -> None:
    plan = prepare(load(EXAMPLES / "abilene.yaml").set("shell-lease.term", term))
    told = facts(plan, simulate(plan), []).verdicts.get("lease_ends", "")
    assert said in told
    assert bool(told) == bool(said)
