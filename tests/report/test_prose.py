"""The summary in words holds the facts, in few sentences."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from tests.report.made import made

from gigaplan.plan import loads, prepare, simulate
from gigaplan.report.facts import Span, facts
from gigaplan.report.prose import bound, listed, month, paragraphs, sentence


def test_the_summary_says_what_when_what_binds_and_who_earns() -> None:
    plan, result, told = made()
    found = paragraphs(plan, result, told)
    whole = " ".join(found)
    assert 3 <= len(found) <= 4
    assert 5 <= len(re.findall(r"\.(?: |$)", whole)) <= 10
    assert "16,000 chips" in whole
    assert month(told.shown("site.main.first_power_date")) in whole
    assert told.shown("site.main.capex_usd") in whole
    for party in plan.parties:
        irr = told.value(f"money.{party}.equity_irr_frac_per_year")
        assert f"{100 * irr:.1f} %" in whole or "no equity IRR" in whole
    assert f"{told.value('levelised.chip_usd_per_chip_h'):.2f} USD an hour" in whole
    assert "nan" not in whole


def test_one_limit_and_several_are_told_apart() -> None:
    _, result, told = made()
    one = replace(told, spans=[Span("main", "2026-01", "2026-12", 12, "grid")])
    assert bound(result, one) == "What holds it back is grid, in 12 of 12 months."
    two = replace(told, spans=[*one.spans, Span("main", "2027-01", "2027-03", 3, "chips")])
    assert bound(result, two) == (
        "What holds it back, of 15 months: grid in 12 and chips in 3; in the end it is chips."
    )
    assert bound(result, replace(told, spans=[])) == ""


def test_a_team_that_rents_is_told_so() -> None:
    plan = prepare(
        loads(
            "name: t\nstart: 2026-01\nhorizon: 2 years\n"
            "hall: {tenure: cloud, offer: market-h100-1-year, system: dgx-h100, chips: 16}\n"
            "workload: {kind: rent, price: 3 USD/chip-hour}\n"
        )
    )
    result = simulate(plan)
    whole = " ".join(paragraphs(plan, result, facts(plan, result, [])))
    assert "16 rented chips" in whole
    assert "First power" not in whole


def test_nothing_known_is_nothing_said() -> None:
    plan, result, told = made()
    lost = replace(told, scalars=dict.fromkeys(told.scalars, np.nan), worth=[], compared=[])
    assert "nan" not in " ".join(paragraphs(plan, result, lost))


def test_words() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert month("2026-06") == "June 2026"
    assert month("never") == "never"
    assert sentence(["one", "two"], "; ") == "One; two."
    assert sentence([], "; ") == ""
