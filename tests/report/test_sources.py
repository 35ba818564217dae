"""What a plan cites."""

from __future__ import annotations

from gigaplan.plan import loads
from gigaplan.report.sources import cite_lines, cited

PLAN = """\
name: t
start: 2026-01
site: {from: texas-west, grid: 40 MW}
hall: {system: dgx-h100, chips: 16000}
workload: {kind: rent, price: {value: 2.9 USD/chip-hour, source: my-broker}}
"""


def test_sources_are_cited_most_used_first_and_ones_own_too() -> None:
    found = cited(loads(PLAN))
    counts = [len(one["figures"]) for one in found]
    assert counts == sorted(counts, reverse=True)
    own = next(one for one in found if one["id"] == "my-broker")
    assert own["figures"] == ["workloads.main.price_usd_per_chip_h"]
    lines = cite_lines(found)
    assert lines[0].startswith("[1] ")
    assert len([line for line in lines if line.startswith("[")]) == len(found)
